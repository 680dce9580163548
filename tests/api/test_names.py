"""Papers go by the names that users write: ids with and without versions, of arXiv and of files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.cli import main
from api.intake import take_in
from api.names import find_paper, newest
from api.source import Source
from api.workspace import Workspace
from kb.errors import InputError, PaperNotFoundError
from tests.ingest.sheets import Sheet, pdf_of

Cli = Callable[..., str]
STAMP = "arXiv:1712.02304v2 [hep-ex] 19 Mar 2018"
LATEX = "\\documentclass{article}\\begin{document}\\section{Selection}\nMuons must have $p_T > %d$ GeV.\\end{document}"


def tex(folder: Path, name: str, threshold: int = 25) -> Path:
    path = folder / name
    path.write_text(LATEX % threshold, encoding="utf-8")
    return path


def pdf(folder: Path, name: str) -> Path:
    sheet = Sheet()
    sheet.text(72, 740, "2 Selection", size=14, font="B")
    sheet.lines(72, 700, "Muons are required to have a transverse momentum above 25 GeV.", "They have to be central.")
    sheet.text(30, 300, STAMP, size=12, angle=90)
    path = folder / name
    path.write_bytes(pdf_of(sheet))
    return path


def taken(workspace: Workspace, path: Path, name: str | None = None) -> tuple[str, int]:
    made = take_in(workspace, Source.of_request(Source.of(str(path), arxiv_id=name).request()))
    return made.arxiv_id, made.version


@pytest.fixture
def hints(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Return what runs a command that fails, and returns its hint."""
    monkeypatch.setenv("COLUMNS", "100")

    def run(*args: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main.run(args)
        assert ended.value.code in {2, 3}
        return capsys.readouterr().err.partition("hint: ")[2].strip()

    return run


def test_a_stamped_pdf_is_the_version_of_its_stamp(workspace: Workspace, tmp_path: Path) -> None:
    assert taken(workspace, pdf(tmp_path, "a-search.pdf")) == ("a-search", 2)
    assert workspace.store.paper("a-search").version == 2
    assert workspace.store.document("a-search").version == 2


def test_the_name_of_an_eprint_and_the_users_words_tell_its_version(workspace: Workspace, tmp_path: Path) -> None:
    assert taken(workspace, tex(tmp_path, "1712.02304v3.tex")) == ("1712.02304", 3)
    assert taken(workspace, tex(tmp_path, "1712.02304.tex")) == ("1712.02304", 1)
    assert taken(workspace, tex(tmp_path, "note.tex"), "1712.02304v2") == ("1712.02304", 2)
    assert taken(workspace, tex(tmp_path, "note.tex"), "arXiv:hep-ex/0309045v4") == ("hep-ex/0309045", 4)
    assert [paper.version for paper in workspace.store.versions("1712.02304")] == [1, 2, 3]


def test_a_name_that_is_no_arxiv_id_is_taken_as_it_is(workspace: Workspace, tmp_path: Path) -> None:
    assert taken(workspace, tex(tmp_path, "notev2.tex")) == ("notev2", 1)
    assert taken(workspace, tex(tmp_path, "x.tex"), "draft-3v2") == ("draft-3v2", 1)


def test_an_upload_is_the_version_that_its_form_names(workspace: Workspace, tmp_path: Path) -> None:
    path = tex(tmp_path, "note.tex")
    with TestClient(create_app(workspace)) as client:
        sent = {"file": ("note.tex", path.read_bytes())}
        made = client.post("/v1/papers", files=sent, data={"id": "1712.02304v2"})
        assert made.json()["makes"] == "/v1/papers/1712.02304"
    assert workspace.store.jobs()[0].request["version"] == 2


def test_a_paper_is_found_by_its_id_with_and_without_a_version(workspace: Workspace, tmp_path: Path) -> None:
    for name in ("1712.02304v1.tex", "1712.02304v2.tex", "notev2.tex"):
        taken(workspace, tex(tmp_path, name))
    store = workspace.store
    assert str(find_paper(store, "1712.02304v1")) == "1712.02304v1"
    assert str(find_paper(store, "https://arxiv.org/abs/1712.02304")) == "1712.02304"
    assert str(find_paper(store, "notev2")) == "notev2"
    assert str(find_paper(store, "notev2v1")) == "notev2v1"
    assert find_paper(store, "notev2v1").version == 1
    assert newest(store, "1712.02304v2", doing="an analysis") == "1712.02304"
    with pytest.raises(InputError, match="takes the newest version"):
        newest(store, "1712.02304v1", doing="an analysis")
    with pytest.raises(PaperNotFoundError):
        newest(store, "nothing", doing="an analysis")


def test_forget_says_what_to_type(workspace: Workspace, tmp_path: Path, hints: Cli) -> None:
    for name in ("1712.02304v1.tex", "1712.02304v2.tex", "my-note.tex"):
        taken(workspace, tex(tmp_path, name))
    workspace.close()
    assert hints("forget", "my-nte").startswith("perhaps you mean cutbook forget my-note; ")
    assert hints("forget", "nothing") == "the names that forget takes are those of: cutbook papers"
    assert hints("forget", "1712.02304v1").endswith("cutbook forget 1712.02304")
    assert hints("forget", "my-notev3").endswith("cutbook forget my-note")


def test_forget_takes_the_only_version_by_its_name(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken(workspace, tex(tmp_path, "1712.02304v2.tex"))
    workspace.close()
    with pytest.raises(SystemExit) as ended:
        main.run(["forget", "arXiv:1712.02304v2"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("Forgot 1712.02304v2")
    assert workspace.store.papers() == []


def test_an_unknown_paper_is_fetched_by_arxivs_id_and_brought_in_by_any_other(workspace: Workspace, hints: Cli) -> None:
    taken_in = hints("cuts", "1712.02304v2")
    assert taken_in == "ingest it first: cutbook ingest 1712.02304v2"
    assert "cutbook ingest FILE --id my-note" in hints("cuts", "my-note")
