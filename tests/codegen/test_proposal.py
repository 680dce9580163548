"""A proposed profile is valid, and good enough to run with."""

from __future__ import annotations

import math
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
from eval.reference import reference_masks
from kb.errors import DataError
from tests.codegen.conftest import masks_of
from tests.codegen.formats import (
    ATLAS_2025,
    MUON,
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


NUMBERED = {"Run": "i4", "Q1": "i4", "Q2": "i4"} | dict.fromkeys(
    (f"{v}{n}" for v in ("pt", "eta", "phi", "E") for n in (1, 2)), "f8"
)


def numbered_muons(path: Path) -> tuple[Path, list[bool]]:
    """Write two muons per event as branches of their own; return which events make a Z boson."""
    rng = np.random.default_rng(4)
    flat = {name: rng.uniform(0.1, 1.0, 300).astype(kind) for name, kind in NUMBERED.items()}
    for n in (1, 2):
        flat[f"Q{n}"] = rng.choice([-1, 1], 300).astype("i4")
        flat[f"pt{n}"], flat[f"eta{n}"] = rng.normal(40, 15, 300).clip(4), rng.uniform(-2.6, 2.6, 300)
        flat[f"phi{n}"] = rng.uniform(-3.1, 3.1, 300)
        flat[f"E{n}"] = np.hypot(flat[f"pt{n}"] * np.cosh(flat[f"eta{n}"]), MUON)
    with uproot.recreate(path) as file:
        file.mktree("events", {name: values.dtype for name, values in flat.items()}).extend(flat)
    passes = []
    for i in range(300):
        pt, eta, phi, charge = ([float(flat[f"{v}{n}"][i]) for n in (1, 2)] for v in ("pt", "eta", "phi", "Q"))
        mass = math.sqrt(2 * pt[0] * pt[1] * (math.cosh(eta[0] - eta[1]) - math.cos(phi[0] - phi[1])))
        inside = all(abs(value) < 2.4 for value in eta) and max(pt) > 20 and min(pt) > 10
        passes.append(inside and charge[0] * charge[1] < 0 and 70 < mass < 110)
    return path, passes


def test_objects_with_branches_of_their_own_are_read_as_lists(tmp_path: Path) -> None:
    path, expected = numbered_muons(tmp_path / "Zmumu.root")
    profile = proposed(path)
    assert profile.collections["muon"].slots == ("1", "2")
    fitted = profile.fitted(NUMBERED)
    assert list(fitted.objects) == ["muon", "lepton"]
    assert profile.fitted([name for name in NUMBERED if name != "eta2"]).objects == {}
    assert sum(expected) > 5
    assert masks_of(pair_of("muon"), fitted, path)["selected"] == expected
    reference = reference_masks(pair_of("muon"), fitted, [path])
    assert (reference.selected, reference.not_applied) == (expected, {})


def test_a_real_ntuple_of_two_muons_is_described(shared: Path) -> None:
    path = shared / "data" / "cms_nanoaod" / "uproot-Zmumu.root"
    profile = proposed(path)
    found = masks_of(pair_of("muon"), profile, path)["selected"]
    assert sum(found) == 1900
    assert reference_masks(pair_of("muon"), profile, [path]).selected == found


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


def test_shifted_weights_are_offered_as_variations_of_their_nominal_ones(tmp_path: Path) -> None:
    path = write_toys(tmp_path, seed=1, events=50)["toy_ZZ4lep"]
    with uproot.open(path) as file:
        arrays = file["mini"].arrays(library="np")
    flat = {name: values for name, values in arrays.items() if values.dtype != object}
    flat |= {f"scaleFactor_MUON_{side}": flat["scaleFactor_MUON"] for side in ("UP", "DOWN")}
    flat |= {f"puWeight{side}": flat["mcWeight"] for side in ("", "Up", "Down")}
    flat |= {
        "weight_theory_up": flat["mcWeight"],
        "weight_theory_dn": flat["mcWeight"],
        "weight_odd_up": flat["mcWeight"],
    }
    jagged = {name: ak.Array(list(arrays[name])) for name in ("lep_pt", "lep_eta", "lep_phi")}
    lepton = ak.zip({name.removeprefix("lep_"): values for name, values in jagged.items()})
    new = tmp_path / "new.root"
    with uproot.recreate(new) as file:
        file.mktree("t", {"lep": lepton.type.content} | {name: values.dtype for name, values in flat.items()})
        file["t"].extend({"lep": lepton, **flat})
    text = propose("My data", new)
    head, weights = text.split("# [weight]")
    uncommented = head + "[weight]" + weights.replace("\n# ", "\n")
    found = Profile.model_validate(tomllib.loads(uncommented)).weight
    assert found is not None
    assert set(found.factors) == {"mcWeight", "puWeight", *(name for name in arrays if name.startswith("scaleFactor_"))}
    muon, theory = found.variations["scalefactor_muon"], found.variations["weight_theory"]
    assert (muon.replaces, muon.up.branch, muon.down.branch) == (
        "scaleFactor_MUON",
        "scaleFactor_MUON_UP",
        "scaleFactor_MUON_DOWN",
    )
    assert (theory.replaces, theory.up.branch, theory.down.branch) == (None, "weight_theory_up", "weight_theory_dn")
    assert found.variations["puweight"].replaces == "puWeight"
    assert len(found.variations) == 3
