"""A folder of ROOT files becomes samples, by the words of its profile."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import uproot

from codegen.dataset import list_datasets, open_dataset
from codegen.profile import PROFILES
from codegen.toys import write_toys
from kb.errors import DataError, DatasetNotFoundError
from tests.codegen.conftest import event

Write = Callable[..., Path]


def test_toys_open_like_open_data(tmp_path: Path) -> None:
    files = write_toys(tmp_path / "toys", seed=1, events=20)
    dataset = open_dataset(str(tmp_path / "toys"))
    assert dataset.profile.name == "atlas-2020"
    assert set(dataset.samples) == set(files)
    kinds = {name: sample.kind for name, sample in dataset.samples.items()}
    assert {"data", "mc"} == set(kinds.values())
    assert all(sample.normalised for sample in dataset.samples.values())


def test_a_dataset_has_the_name_of_its_folder_or_of_its_profile(tmp_path: Path) -> None:
    write_toys(tmp_path / "my_toys", seed=1, events=20)
    for name in ("my_toys", "My-Toys", "atlas-2020", "atlas-2020-4lep", str(tmp_path / "my_toys")):
        assert open_dataset(name, folders=[tmp_path]).name == "my_toys"
    assert [(entry.name, entry.files) for entry in list_datasets([tmp_path, tmp_path / "nowhere"])] == [("my_toys", 4)]


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    write_toys(tmp_path / "toys", seed=1, events=20)
    with pytest.raises(DatasetNotFoundError) as caught:
        open_dataset("atlas-1999", folders=[tmp_path])
    assert "toys" in caught.value.hint


def test_a_folder_without_root_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no data", encoding="utf-8")
    with pytest.raises(DataError, match="no ROOT file"):
        open_dataset(str(tmp_path))


def test_a_single_file_is_a_dataset_too(write: Write) -> None:
    path = write(event(), name="data_A.4lep.root")
    write(event(), name="data_B.4lep.root")
    dataset = open_dataset(str(path))
    assert (dataset.name, list(dataset.samples), dataset.folder) == ("data_A.4lep", ["data_A"], path)


def test_a_folder_of_broken_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data_A.root").write_bytes(b"root" + bytes(40))
    with pytest.raises(DataError, match=r"data_A\.root is damaged or cut off"):
        open_dataset(str(tmp_path))
    (tmp_path / "data_A.root").write_bytes(b"<html>not found</html>")
    (tmp_path / "data_B.root").write_bytes(b"")
    with pytest.raises(DataError, match=r"data_A\.root is no ROOT file, nor can the other 1"):
        open_dataset(str(tmp_path))


def test_a_foreign_tree_is_refused(tmp_path: Path) -> None:
    with uproot.recreate(tmp_path / "other.root") as file:
        file.mktree("Events", {"nMuon": np.dtype("i4")})
        file["Events"].extend({"nMuon": np.array([1, 2], dtype="i4")})
    with pytest.raises(DataError, match="no profile fits"):
        open_dataset(str(tmp_path))


def test_flat_folders_and_several_files_per_sample(write: Write, tmp_path: Path) -> None:
    for name in ("data_A.1.root", "data_A.2.root", "mc_361106.Zee.4lep.root"):
        write(event(), name=name)
    dataset = open_dataset(str(tmp_path))
    assert {name: len(sample.files) for name, sample in dataset.samples.items()} == {"data_A": 2, "Zee": 1}
    assert not dataset.samples["Zee"].normalised, "no cross-section is known"


def test_numbers_of_the_samples_are_checked(write: Write, tmp_path: Path) -> None:
    write(event(), name="mc_1.Zee.root")
    table = {"infos": {"Zee": {"xsec": 1950.5, "sumw": 0, "red_eff": 1}}}
    (tmp_path / "samples.json").write_text(json.dumps(table), encoding="utf-8")
    with pytest.raises(DataError, match="'sumw' is 0"):
        open_dataset(str(tmp_path))
    (tmp_path / "samples.json").write_text("[]", encoding="utf-8")
    with pytest.raises(DataError, match=r"samples\.json"):
        open_dataset(str(tmp_path))


def test_a_folder_may_bring_its_own_profile(write: Write, tmp_path: Path) -> None:
    write(event(), name="data_A.root")
    text = (PROFILES / "atlas-2020.toml").read_text(encoding="utf-8")
    (tmp_path / "profile.toml").write_text(text.replace('"atlas-2020"', '"mine"'), encoding="utf-8")
    assert open_dataset(str(tmp_path)).profile.name == "mine"


def test_real_open_data(shared: Path) -> None:
    dataset = open_dataset("atlas_2020_4lep", folders=[shared / "data"])
    assert [name for name, sample in dataset.samples.items() if sample.kind == "data"] == [
        f"data_{period}" for period in "ABCD"
    ]
    assert dataset.samples["Zee"].cross_section == 1950.5295
    assert dataset.samples["ttW"].sum_of_weights == 4075279.75386


def test_plots_of_toys_are_not_headed_open_data(tmp_path: Path) -> None:
    write_toys(tmp_path, events=10)
    assert open_dataset(str(tmp_path)).title == "Toy data"
    (tmp_path / "dataset.toml").unlink()
    assert open_dataset(str(tmp_path)).title == "ATLAS Open Data"
    (tmp_path / "dataset.toml").write_text("title = Toy data")
    with pytest.raises(DataError, match=r"dataset\.toml: .*line 1"):
        open_dataset(str(tmp_path))
