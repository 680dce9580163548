"""A proposed profile is valid, and good enough to run with."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from codegen.dataset import open_dataset
from codegen.profile import Profile
from codegen.proposal import propose
from codegen.toys import write_toys
from kb.errors import DataError
from tests.codegen.conftest import masks_of
from tests.codegen.formats import (
    ATLAS_2025,
    NANOAOD,
    PHYSLITE,
    Branches,
    two_leptons,
    write_atlas_2025,
    write_nanoaod,
    write_physlite,
)
from tests.codegen.test_formats import pair_of


def proposed(path: Path) -> Profile:
    return Profile.model_validate(tomllib.loads(propose("My data", path)))


@pytest.mark.parametrize(
    ("write", "branches"), [(write_nanoaod, NANOAOD), (write_physlite, PHYSLITE), (write_atlas_2025, ATLAS_2025)]
)
def test_a_selection_runs_by_a_proposed_profile(
    write: Callable[[Path], Path], branches: Branches, tmp_path: Path
) -> None:
    path = write(tmp_path / "data.root")
    (tmp_path / "profile.toml").write_text(propose("My data", path), encoding="utf-8")
    profile = open_dataset(str(tmp_path)).profile
    assert profile.name == "my-data"
    assert masks_of(pair_of("muon"), profile, path)["selected"] == two_leptons(path, branches)


def test_units_kinds_flags_and_triggers_are_guessed_from_names_and_values(tmp_path: Path) -> None:
    profile = proposed(write_toys(tmp_path, seed=1, events=50)["toy_ZZ4lep"])
    assert set(profile.objects) >= {"electron", "muon", "lepton", "jet", "met"}
    where = profile.objects["muon"].where
    assert where is not None
    assert str(where) == "lep_type == 13"
    pt, jet = profile.branch("muon", "pt"), profile.branch("jet", "pt")
    assert pt is not None
    assert jet is not None
    assert (pt.branch, pt.unit, jet.unit) == ("lep_pt", "MeV", "MeV")
    assert profile.branch("muon", "d0_sig") is not None
    assert profile.flag("electron", "id", "tight") is not None
    assert profile.flag("electron", "trigger", "matched") is not None
    isolation = profile.collections["lepton"].isolation
    assert [(sum_.component, sum_.cone, sum_.relative, sum_.unit) for sum_ in isolation] == [
        ("track", 0.3, False, "MeV"),
        ("calorimeter", 0.2, False, "MeV"),
    ]
    assert profile.named_triggers("single-lepton triggers") == ("electron", "muon")
    assert profile.identifiers == {"run": "runNumber", "event": "eventNumber"}


def test_real_files_are_described_much_as_their_profiles_do(shared: Path) -> None:
    for entry in ("atlas_2025_exactly4lep", "atlas_physlite"):
        dataset = open_dataset(str(shared / "data" / entry))
        guessed = proposed(next(iter(dataset.samples.values())).files[0])
        for name in ("electron", "muon", "jet", "photon"):
            for variable in ("pt", "eta", "phi"):
                known, found = dataset.profile.branch(name, variable), guessed.branch(name, variable)
                assert known is not None
                assert found is not None
                assert (found.branch, found.unit) == (known.branch, known.unit)


def test_what_has_no_objects_gets_no_profile(tmp_path: Path) -> None:
    with uproot.recreate(tmp_path / "x.root") as file:
        file.mktree("t", {"temperature": np.dtype("f4")}).extend({"temperature": np.ones(3, "f4")})
    with pytest.raises(DataError, match="no branches of tree 't' look like"):
        propose("x", tmp_path / "x.root")
    with pytest.raises(DataError, match="has no tree 'u'"):
        propose("x", tmp_path / "x.root", "u")
    (tmp_path / "y.root").write_bytes(b"<html>")
    with pytest.raises(DataError, match="cannot be read"):
        propose("y", tmp_path / "y.root")


def test_simulated_truth_is_not_taken_for_what_was_measured(tmp_path: Path) -> None:
    momenta = {name: ak.Array([[10.0], [20.0, 30.0]]) for name in ("pt", "eta", "phi")}
    lists = {name: ak.zip(momenta) for name in ("truth_muon", "mu")}
    with uproot.recreate(tmp_path / "x.root") as file:
        file.mktree("t", {name: value.type.content for name, value in lists.items()}).extend(lists)
    branch = proposed(tmp_path / "x.root").branch("muon", "pt")
    assert branch is not None
    assert branch.branch == "mu_pt"
