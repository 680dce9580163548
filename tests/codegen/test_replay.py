"""A bundle is run again: the same data give the same numbers, and what was changed is found."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from codegen.analysis import analyse
from codegen.bundle import write_bundle
from codegen.dataset import open_dataset
from codegen.replay import open_bundle, replay
from codegen.sandbox import choose
from codegen.toys import write_toys
from eval.reference import reference_masks
from kb.errors import DataError, InputError, SandboxError
from kb.ssc import SelectionCriteria


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        choose()
    except SandboxError as error:
        pytest.skip(f"generated code cannot run here: {error}")
    folder = tmp_path_factory.mktemp("data") / "toys"
    write_toys(folder, seed=3, events=100)
    return folder


@pytest.fixture(scope="module")
def analysed(data: Path, hzz4l: SelectionCriteria, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("out")
    analyse(hzz4l, open_dataset(str(data)), output, reference=reference_masks)
    return output


def test_every_number_comes_out_again(analysed: Path, data: Path) -> None:
    found = replay(analysed / "bundle.zip", data)
    assert found.agrees
    assert found.compared > 500
    assert found.software == ()


def test_data_are_known_by_content_and_not_by_name(analysed: Path, data: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for number, file in enumerate(sorted(data.rglob("*.root"))):
        shutil.copy(file, moved / f"{number}.root")
    assert replay(analysed / "bundle.zip", moved).agrees
    (moved / "0.root").unlink()
    with pytest.raises(DataError, match="has not the data of this bundle") as caught:
        replay(analysed / "bundle.zip", moved)
    assert caught.value.hint


def rewritten(analysed: Path, folder: Path, name: str, change: tuple[str, str]) -> Path:
    """Make a bundle anew, checksums and all, after a change to one of its files."""
    with zipfile.ZipFile(analysed / "bundle.zip") as archive:
        names = [entry for entry in archive.namelist() if entry != "manifest.json"]
        archive.extractall(folder)
    text = (folder / name).read_text(encoding="utf-8")
    assert change[0] in text
    (folder / name).write_text(text.replace(*change, 1), encoding="utf-8")
    return write_bundle(folder, names, folder / "changed.zip")


def test_a_number_that_was_changed_is_found(analysed: Path, data: Path, tmp_path: Path) -> None:
    result = json.loads((analysed / "result.json").read_text(encoding="utf-8"))
    name = next(iter(result["samples"]))
    events = result["samples"][name]["events"]
    bundle = rewritten(analysed, tmp_path, "result.json", (f'"events": {events}', f'"events": {events + 1}'))
    found = replay(bundle, data)
    assert [(one.path, one.then, one.now) for one in found.different] == [
        (f"samples.{name}.events", events + 1, events)
    ]


def test_code_that_was_changed_is_not_run(analysed: Path, data: Path, tmp_path: Path) -> None:
    bundle = rewritten(analysed, tmp_path, "analysis.py", ("import", "# changed\nimport"))
    with pytest.raises(InputError, match=r"analysis\.py is not the one"):
        replay(bundle, data)


def test_what_is_no_bundle_is_said(analysed: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.zip"
    other.write_bytes(b"no zip")
    with pytest.raises(InputError, match="is no bundle"):
        open_bundle(other)
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(InputError, match=r"no manifest\.json"):
        open_bundle(other)
    torn = tmp_path / "torn.zip"
    with zipfile.ZipFile(analysed / "bundle.zip") as old, zipfile.ZipFile(torn, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name) if name != "ssc.json" else b"{}")
    with pytest.raises(InputError, match=r"was changed: ssc\.json: changed"):
        open_bundle(torn)


def test_a_bundle_says_what_its_code_needs(analysed: Path) -> None:
    lines = (analysed / "requirements.txt").read_text().splitlines()
    assert {line.split("==")[0] for line in lines} == {"awkward", "hist", "numpy", "uproot", "vector"}
    code = (analysed / "analysis.py").read_text()
    assert all(f"import {name}" in code for name in ("awkward", "numpy", "uproot"))
