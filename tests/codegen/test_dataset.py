"""A folder of ROOT files becomes samples, by the words of its profile."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from codegen.dataset import list_datasets, open_dataset
from codegen.profile import PROFILES, load_profile
from codegen.recognition import unread
from codegen.toys import write_toys
from kb.errors import DataError, DatasetNotFoundError
from tests.codegen.conftest import event, write_events
from tests.codegen.formats import write_atlas_2025, write_nanoaod, write_physlite

Write = Callable[..., Path]


def test_a_file_that_a_library_cannot_read_is_told_in_our_words(tmp_path: Path) -> None:
    text, cut_off, whole = (tmp_path / name for name in ("text.root", "cut_off.root", "whole.root"))
    write_events(whole, event())
    text.write_text("no data at all")
    cut_off.write_bytes(whole.read_bytes()[:600])
    raw = "expected Chunk of length 9, received 5 bytes"
    assert unread(text, raw) == "it is no ROOT file"
    assert unread(cut_off, raw).startswith("it is damaged or cut off (")
    assert unread(whole, raw) == f"it is damaged or cut off ({raw})"
    lacking = "tree 'mini' has no branch lep_pt"
    assert unread(whole, lacking) == lacking
    (tmp_path / "empty.root").touch()
    assert unread(tmp_path / "empty.root", "it is empty") == "it is empty"


def test_a_copy_of_a_file_is_counted_once_and_named(tmp_path: Path) -> None:
    first = write_events(tmp_path / "data_A.root", event(), event())
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
    (tmp_path / "one" / "data_A.root").write_bytes(first.read_bytes())
    write_events(tmp_path / "two" / "data_A.root", event(), event([(13, 1, 50, 0, 0)]))
    dataset = open_dataset(str(tmp_path))
    assert [path.parent.name for path in dataset.samples["data_A"].files] == [tmp_path.name, "two"]
    [(name, reason)] = dataset.left_out.items()
    assert (name, "the same as data_A.root, byte for byte" in reason) == ("one/data_A.root", True)


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


@pytest.mark.parametrize(
    ("write_format", "name"),
    [(write_nanoaod, "cms-nanoaod"), (write_physlite, "atlas-physlite"), (write_atlas_2025, "atlas-2025")],
)
def test_files_are_told_by_tree_and_branches(write_format: Write, name: str, tmp_path: Path) -> None:
    assert open_dataset(str(write_format(tmp_path / "x.root", 20))).profile.name == name


def test_where_several_profiles_fit_all_are_listed(tmp_path: Path) -> None:
    write_nanoaod(tmp_path / "a.root", 20)
    write_physlite(tmp_path / "b.root", 20)
    with pytest.raises(DataError, match="several profiles fit") as caught:
        open_dataset(str(tmp_path))
    assert "cms-nanoaod (tree Events, 1 file" in caught.value.message
    assert "atlas-physlite (tree CollectionTree, 1 file" in caught.value.message
    assert "--profile" in caught.value.hint
    dataset = open_dataset(str(tmp_path), profile=load_profile("cms-nanoaod"))
    assert list(dataset.samples) == ["a"]
    assert "no tree 'Events'" in dataset.left_out["b.root"]
    with pytest.raises(DataError, match="atlas-2025 does not fit"):
        open_dataset(str(tmp_path), profile=load_profile("atlas-2025"))


def test_samples_may_be_folders_and_simulation_told_by_a_branch(tmp_path: Path) -> None:
    for folder, name, simulated in (("DY", "1F3A", True), ("DY", "77B0", True), ("Muons", "0C11", False)):
        (tmp_path / folder).mkdir(exist_ok=True)
        write_nanoaod(tmp_path / folder / f"{name}.root", 20, simulated=simulated)
    samples = open_dataset(str(tmp_path)).samples
    assert {name: (sample.kind, len(sample.files)) for name, sample in samples.items()} == {
        "Muons": ("data", 1),
        "DY": ("mc", 2),
    }
    assert not samples["DY"].normalised
    table = {"DY": {"xsec": 6025.2, "sumw": 1000.0}}
    (tmp_path / "samples.json").write_text(json.dumps(table), encoding="utf-8")
    assert not open_dataset(str(tmp_path)).samples["DY"].normalised, "nobody knows the luminosity"
    (tmp_path / "dataset.toml").write_text("luminosity = 16.4", encoding="utf-8")
    dataset = open_dataset(str(tmp_path))
    assert (dataset.profile.luminosity, dataset.samples["DY"].normalised) == (16.4, True)
    (tmp_path / "dataset.toml").write_text("luminosity = -1", encoding="utf-8")
    with pytest.raises(DataError, match="not a positive number"):
        open_dataset(str(tmp_path))


def test_a_branch_that_one_sample_lacks_is_lacking(tmp_path: Path) -> None:
    write_nanoaod(tmp_path / "a.root", 20)
    with uproot.recreate(tmp_path / "b.root") as file:
        muons = ak.zip({name: ak.Array([[1.0], []]) for name in ("pt", "eta", "phi", "charge", "mass")})
        file.mktree("Events", {"Muon": muons.type.content}).extend({"Muon": muons})
    profile = open_dataset(str(tmp_path)).profile
    assert (list(profile.objects), list(profile.cleaning)) == (["muon", "lepton"], [])


def test_a_trigger_path_that_one_era_has_is_no_less_known_for_the_others(tmp_path: Path) -> None:
    write_nanoaod(tmp_path / "Run2015.root", 20, paths={"HLT_IsoMu20": 0.5})
    write_nanoaod(tmp_path / "Run2018.root", 20, paths={"HLT_IsoMu24": 0.5})
    profile = open_dataset(str(tmp_path)).profile
    assert profile.trigger_paths == ("HLT_IsoMu20", "HLT_IsoMu24")
    assert profile.triggers["muon"].branches == ("HLT_IsoMu20", "HLT_IsoMu24")


def test_files_numbered_as_atlas_does_are_found(tmp_path: Path) -> None:
    write_physlite(tmp_path / "x.root", 20).rename(tmp_path / "DAOD_PHYSLITE.1._000001.pool.root.1")
    assert list(open_dataset(str(tmp_path)).samples) == ["DAOD_PHYSLITE.1._000001"]


def test_real_files_of_every_format_are_recognised(shared: Path) -> None:
    found = {entry.name: open_dataset(str(entry.folder)) for entry in list_datasets([shared / "data"])}
    assert {name: dataset.profile.name for name, dataset in found.items()} == {
        "atlas_2020_4lep": "atlas-2020",
        "atlas_2025_exactly4lep": "atlas-2025",
        "atlas_physlite": "atlas-physlite",
        "cms_nanoaod": "cms-nanoaod",
    }
    assert list(found["cms_nanoaod"].left_out) == ["uproot-Zmumu.root"]
