"""From a paper to a validated analysis, as a user goes: by the command line, in a home of its own."""

from __future__ import annotations

import gzip
import io
import json
import os
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.codegen.formats import NANOAOD, PHYSLITE, Branches, two_leptons, write_nanoaod, write_physlite

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "eval" / "benchmarks"
LATEX = "\\documentclass{{article}}\\begin{{document}}{}\\end{{document}}"
DATA_EVENTS = {"loose": (27, 86, 146, 248), "pt": (21, 66, 116, 209)}


def cutbook(*args: str | Path, home: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CUTBOOK_")}
    environment = {**inherited, "CUTBOOK_HOME": str(home), "COLUMNS": "120", "NO_COLOR": "1", **settings}
    command = [str(Path(sys.executable).with_name("cutbook")), *map(str, args)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def done(*args: str | Path, home: Path) -> str:
    ran = cutbook(*args, home=home)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with the bundled papers."""
    home = tmp_path_factory.mktemp("home")
    note = BENCHMARKS / "hzz4l"
    for name, file in (("hzz4l", "main"), ("hzz4l-leptons", "leptons"), ("hzz4l-jets", "jets")):
        done("ingest", note / f"{file}.tex", "--id", name, home=home)
    done("ingest", *(BENCHMARKS / "opendata4l" / f"{name}.tex" for name in DATA_EVENTS), home=home)
    return home


def records(home: Path) -> list[tuple[Any, ...]]:
    """Return everything of the record store that tells papers and cuts apart."""
    database = next(home.glob("*.db"), None) or next(home.glob("*.sqlite*"))
    with sqlite3.connect(database) as store:
        found = store.execute("select id, arxiv_id, version from cuts order by id, arxiv_id, version").fetchall()
        return [*found, *store.execute("select arxiv_id, version, document_hash from papers order by 1, 2").fetchall()]


def test_papers_may_come_in_any_order(home: Path) -> None:
    """The main note was read first; what it delegates was added when its companions came."""
    cuts = json.loads(done("cuts", "hzz4l", "--format", "json", home=home))
    assert len([cut for cut in cuts if cut["region"] != "signal region"]) == 27
    delegated = [cut for cut in cuts if len(cut["evidence"]) > 1 and cut["evidence"][0]["kind"] == "delegated"]
    assert {e["arxiv_id"] for cut in delegated for e in cut["evidence"]} >= {"hzz4l", "hzz4l-leptons", "hzz4l-jets"}


@pytest.mark.parametrize("selection", sorted(DATA_EVENTS))
def test_real_data_give_the_published_numbers(home: Path, shared: Path, tmp_path: Path, selection: str) -> None:
    out = tmp_path / "out"
    done("analyse", selection, "--dataset", shared / "data" / "atlas_2020_4lep", "--out", out, home=home)
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    samples = result["samples"]
    assert tuple(samples[f"data_{period}"]["selected"] for period in "ABCD") == DATA_EVENTS[selection]
    published = json.loads((shared / "data" / "atlas_2020_4lep" / "published_yields.json").read_text())
    for name in ("Zee", "Zmumu", "ttbar_lep"):
        # The published numbers are single-precision sums with about six digits.
        assert samples[name]["weighted"] == pytest.approx(published[f"{selection}_weighted"][name], rel=2e-6)
    assert result["coverage"]["applied"] == result["coverage"]["total"]
    assert result["not_applied"] == []


def test_the_code_gives_the_same_numbers_by_hand_and_again(home: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for out in (first, second):
        done("analyse", "hzz4l", "--dataset", "toys", "--out", out, home=home)
    for name in ("analysis.py", "result.json", "bundle.zip"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    samples = json.loads((first / "result.json").read_text())["samples"]
    for name, files in {"toy_Zjets": "MC/*Zjets*.root", "data_toy": "Data/*.root"}.items():
        paths = sorted((home / "data" / "toys").glob(files))
        by_hand = tmp_path / f"{name}.json"
        subprocess.run(
            [sys.executable, first / "analysis.py", *paths, "--json", by_hand, "--sample", name],
            check=True,
            capture_output=True,
            cwd=tmp_path,
        )
        found = json.loads(by_hand.read_text())
        for key in ("events", "selected", "weighted"):
            assert found[key] == pytest.approx(samples[name][key], rel=1e-9), (name, key)


def _tar(*members: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, data in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


_BLANK_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("broken.tar.gz", _tar(("main.tex", b"\\documentclass{article}" * 2000))[:60], "source_unreadable"),
        ("escape.tar.gz", _tar(("../main.tex", b"\\documentclass{article}")), "archive_unsafe"),
        ("empty.pdf", b"", "source_unreadable"),
        ("blank.pdf", _BLANK_PDF, "source_without_text"),
        ("half.pdf", b"%PDF-1.5\n" + bytes(range(200)), "source_unreadable"),
        ("page.tar.gz", b"<!DOCTYPE html><html><body>Sorry</body></html>", "source_unreadable"),
        ("notes.gz", gzip.compress(b"no LaTeX at all"), "source_unreadable"),
    ],
)
def test_a_file_that_is_no_paper_is_a_clear_error_and_changes_nothing(
    home: Path, tmp_path: Path, name: str, data: bytes, code: str
) -> None:
    (tmp_path / name).write_bytes(data)
    before = records(home)
    ran = cutbook("ingest", tmp_path / name, home=home)
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"error[{code}]: ")
    assert "hint: " in ran.stderr
    assert records(home) == before


def test_a_latex_file_in_cp1251_is_read(tmp_path: Path) -> None:
    body = "Выбор событий. Muons are required to have $p_T > 5$ GeV."
    text = LATEX.replace("}}", "}}\\usepackage[cp1251]{{inputenc}}", 1).format(body)
    (tmp_path / "russian.tex").write_bytes(text.encode("cp1251"))
    own = tmp_path / "home"
    done("ingest", tmp_path / "russian.tex", home=own)
    (cut,) = json.loads(done("cuts", "russian", "--format", "json", home=own))
    assert (cut["object"], cut["variable"], cut["value"]) == ("muon", "pt", 5)


DIMUON = (
    r"\section{Event selection} Muons must have $|\eta| < 2.4$. Events must contain exactly two muons of opposite "
    r"charge. The leading muon must have $p_T > 20$~GeV and the subleading muon $p_T > 10$~GeV. The invariant mass of "
    r"the two muons must satisfy $70 < m_{\mu\mu} < 110$~GeV."
)


@pytest.mark.parametrize(("write", "branches"), [(write_nanoaod, NANOAOD), (write_physlite, PHYSLITE)])
def test_a_dimuon_selection_runs_on_other_formats(
    write: Callable[[Path], Path], branches: Branches, tmp_path: Path
) -> None:
    (tmp_path / "dimuon.tex").write_text(LATEX.format(DIMUON), encoding="utf-8")
    done("ingest", tmp_path / "dimuon.tex", home=tmp_path / "home")
    (tmp_path / "data").mkdir()
    path = write(tmp_path / "data" / "Run2016H.root")
    out = tmp_path / "out"
    said = done("analyse", "dimuon", "--dataset", tmp_path / "data", "--out", out, home=tmp_path / "home")
    assert "6 of 6 cuts applied" in said
    assert "(100 %)" in said
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert result["samples"]["Run2016H"]["selected"] == sum(two_leptons(path, branches)) > 0
