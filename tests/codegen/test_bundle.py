"""A bundle is the analysis and the proof that it is unchanged."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from codegen.bundle import MANIFEST, verify_bundle, write_bundle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plots").mkdir()
    (tmp_path / "analysis.py").write_text("print('cuts')\n")
    (tmp_path / "plots" / "m4l.png").write_bytes(b"\x89PNG")
    return tmp_path


def test_the_same_files_give_the_same_bytes(folder: Path) -> None:
    names = ["analysis.py", "plots/m4l.png"]
    first = write_bundle(folder, names, folder / "a.zip").read_bytes()
    (folder / "analysis.py").touch()
    assert write_bundle(folder, reversed(names), folder / "b.zip").read_bytes() == first


def test_a_whole_bundle_verifies_and_a_tampered_one_says_what_changed(folder: Path) -> None:
    bundle = write_bundle(folder, ["analysis.py", "plots/m4l.png"], folder / "a.zip")
    assert verify_bundle(bundle) == []
    tampered = folder / "tampered.zip"
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(tampered, "w") as new:
        new.writestr(MANIFEST, old.read(MANIFEST))
        new.writestr("analysis.py", "print('no cuts')\n")
        new.writestr("extra.txt", "")
    assert verify_bundle(tampered) == [
        "extra.txt: not in the manifest",
        "plots/m4l.png: missing",
        "analysis.py: changed",
    ]


def test_a_file_that_is_not_there_is_no_bundle(folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_bundle(folder, ["result.json"], folder / "a.zip")
    assert not (folder / "a.zip").exists()
