"""A folder that is used again keeps its user's files, and nothing of earlier runs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.analysis import analyse
from codegen.dataset import open_dataset
from codegen.leftovers import LIST, remember
from codegen.sandbox import choose
from kb.errors import SandboxError
from tests.codegen.conftest import criteria_of, cut, event, write_events


def wrote(folder: Path, *names: str) -> list[str]:
    """Write files as a run does, and say what was removed for them."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"a plot, {name}")
    return remember(folder, names)


def test_plots_of_an_earlier_run_are_removed_and_its_folders_if_they_are_empty(tmp_path: Path) -> None:
    assert wrote(tmp_path, "result.json", "plots/m4l.png", "plots/regions/SR.png") == []
    assert wrote(tmp_path, "result.json", "plots/met.png") == ["plots/m4l.png", "plots/regions/SR.png"]
    assert not (tmp_path / "plots" / "regions").exists()
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == ["met.png"]


def test_files_of_the_user_stay_whatever_they_are_called(tmp_path: Path) -> None:
    wrote(tmp_path, "plots/m4l.png", "plots/regions/SR.png")
    (tmp_path / "plots" / "mine.png").write_text("a plot of my own")
    (tmp_path / "plots" / "regions" / "notes.txt").write_text("what I saw")
    (tmp_path / "plots" / "m4l.png").write_text("the plot, with my arrow in it")
    assert wrote(tmp_path, "plots/met.png") == ["plots/regions/SR.png"]
    left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert left == [LIST, "plots/m4l.png", "plots/met.png", "plots/mine.png", "plots/regions/notes.txt"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    wrote(tmp_path, "plots/m4l.png")
    (tmp_path / "elsewhere.png").write_bytes((tmp_path / "plots" / "m4l.png").read_bytes())
    (tmp_path / "plots" / "m4l.png").unlink()
    (tmp_path / "plots" / "m4l.png").symlink_to(tmp_path / "elsewhere.png")
    assert wrote(tmp_path, "plots/met.png") == []
    assert (tmp_path / "elsewhere.png").exists()


@given(name=st.sampled_from(["../outside.txt", "/etc/hostname", "plots/../../outside.txt", "", "."]))
def test_no_list_leads_out_of_its_folder(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("out") / "inner"
    folder.mkdir()
    outside = folder.parent / "outside.txt"
    outside.write_text("not ours")
    checksum = hashlib.sha256(outside.read_bytes()).hexdigest()
    (folder / LIST).write_text(json.dumps({name: checksum}))
    assert wrote(folder, "result.json") == []
    assert outside.exists()


@pytest.mark.parametrize("content", ["no JSON", "[1]", "null"])
def test_a_list_that_is_none_of_ours_removes_nothing(content: str, tmp_path: Path) -> None:
    (tmp_path / LIST).write_text(content)
    (tmp_path / "mine.txt").write_text("mine")
    assert wrote(tmp_path, "result.json") == []
    assert (tmp_path / "mine.txt").exists()


def test_an_output_folder_used_twice_holds_the_second_run_only(tmp_path: Path) -> None:
    try:
        choose()
    except SandboxError as error:
        pytest.skip(f"generated code cannot run here: {error}")
    pair = [(13, -1, 50, 0.1, 0.2), (13, 1, 40, 0.3, -2.5)]
    for name in ("data_A", "data_B"):
        write_events(tmp_path / name / f"{name}.root", event(pair, met=30))
    out = tmp_path / "out"
    two = criteria_of(cut("two", "lepton.count", "==", 2), cut("met", "met.pt", ">", 20, "GeV"))
    analyse(two, open_dataset(str(tmp_path / "data_A")), out)
    (out / "plots" / "mine.png").write_bytes(b"mine")
    assert (out / "plots" / "met.png").exists()
    one = criteria_of(cut("pt", "lepton.pt", ">", 20, "GeV", rank=1))
    result = analyse(one, open_dataset(str(tmp_path / "data_B")), out)
    plots = {path.relative_to(out).as_posix() for path in (out / "plots").rglob("*") if path.is_file()}
    assert plots == {*result.plots, "plots/mine.png"}
    assert [path.name for path in (out / "samples").iterdir()] == ["data_B"]
