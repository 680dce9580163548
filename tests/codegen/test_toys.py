"""Toy collisions look like the real files and have something for every cut of a four-lepton selection to remove."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from codegen.decays import MASS_HIGGS, MASS_Z, boost, breit_wigner, decay, moving
from codegen.toys import write_toys

ALL = ("toy_H125_ZZ4lep", "toy_ZZ4lep", "toy_Zjets", "data_toy")


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_toys(tmp_path_factory.mktemp("toys"), seed=1, events=2000)


@pytest.fixture(scope="module")
def events(toys: dict[str, Path]) -> dict[str, Any]:
    return {name: uproot.open(path)["mini"].arrays() for name, path in toys.items()}


def _masses(lep: Any, first: int, last: int) -> Any:
    """Invariant mass [GeV] of the leptons first … last-1."""
    pt, eta, phi, energy = (lep[f"lep_{name}"][:, first:last] / unit for name, unit in
                            (("pt", 1000), ("eta", 1), ("phi", 1), ("E", 1000)))  # fmt: skip
    squared = ak.sum(energy, axis=1) ** 2
    for part in (pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)):
        squared = squared - ak.sum(part, axis=1) ** 2
    return ak.to_numpy(np.sqrt(np.maximum(squared, 0)))


def test_branches_are_those_of_the_real_tree(shared: Path, toys: dict[str, Path]) -> None:
    with uproot.open(shared / "data/atlas_2020_4lep/MC/mc_361106.Zee.4lep.root") as real:
        kinds = {branch.name: branch.typename for branch in real["mini"].branches}
    for path in toys.values():
        with uproot.open(path) as file:
            ours = {branch.name: branch.typename for branch in file["mini"].branches}
        assert set(ours) == set(kinds)
        for name, kind in kinds.items():
            element = kind.removeprefix("std::vector<").removesuffix(">")
            counter = name.endswith("_n")
            assert ours[name].removesuffix("[]") == ("int32_t" if counter else element), name


def test_the_catalogue_has_the_structure_of_the_real_one(shared: Path, toys: dict[str, Path]) -> None:
    real = json.loads((shared / "data/atlas_2020_4lep/samples.json").read_text())
    ours = json.loads((toys["data_toy"].parents[1] / "samples.json").read_text())
    assert set(ours) == set(real)
    keys = set(next(iter(real["infos"].values())))
    assert {frozenset(info) for info in ours["infos"].values()} == {frozenset(keys)}
    assert set(ours["infos"]) == set(toys) - {"data_toy"}


def test_the_same_seed_gives_the_same_collisions(tmp_path: Path) -> None:
    runs = [write_toys(tmp_path / name, seed=seed, events=50) for name, seed in (("a", 3), ("b", 3), ("c", 4))]
    for name in ALL:
        first, again, other = (uproot.open(run[name])["mini"].arrays() for run in runs)
        assert ak.array_equal(first, again)
        assert not ak.array_equal(first, other)


def test_each_simulated_sample_has_the_events_asked_for(events: dict[str, Any]) -> None:
    assert {len(events[name]) for name in ALL[:3]} == {2000}
    for array in events.values():
        assert len(np.unique(array.eventNumber)) == len(array)
        assert set(array.lep_n) == {4, 5}


def test_leptons_fall_in_transverse_momentum_and_are_on_their_mass_shell(events: dict[str, Any]) -> None:
    for array in events.values():
        assert ak.all(array.lep_pt[:, 1:] <= array.lep_pt[:, :-1])
        # Single precision leaves a relative 1e-7 of the energy.
        momentum = array.lep_pt * np.cosh(array.lep_eta)
        assert ak.all(abs(array.lep_E / momentum - 1) < 2e-3)


def test_the_higgs_boson_stands_at_its_mass(events: dict[str, Any]) -> None:
    four = events["toy_H125_ZZ4lep"]
    assert np.median(_masses(four[four.lep_n == 4], 0, 4)) == pytest.approx(MASS_HIGGS, abs=0.3)


def test_the_continuum_has_its_z_peak(events: dict[str, Any]) -> None:
    four = events["toy_ZZ4lep"]
    counts, _ = np.histogram(_masses(four[four.lep_n == 4], 0, 4), bins=[70, 80, 97, 107])
    assert counts[1] > 5 * max(counts[0], counts[2])


def test_data_are_the_sum_of_the_processes_within_their_fluctuation(
    toys: dict[str, Path], events: dict[str, Any]
) -> None:
    infos = json.loads((toys["data_toy"].parents[1] / "samples.json").read_text())["infos"]
    expected = sum(
        10_000 * info["xsec"] * float(ak.sum(events[name].mcWeight)) / info["sumw"] for name, info in infos.items()
    )
    assert abs(len(events["data_toy"]) - expected) < 5 * expected**0.5


def test_weights_are_near_one_and_absent_in_data(events: dict[str, Any]) -> None:
    for name in ALL[:3]:
        assert set(np.abs(events[name].mcWeight)) == {1.0}
        product = events[name].scaleFactor_PILEUP * events[name].scaleFactor_ELE * events[name].scaleFactor_MUON
        assert 0.9 < ak.mean(product) < 1.1
    assert ak.all(events["data_toy"].mcWeight == 0)
    assert ak.all(events["data_toy"].XSection == 1)


LEPTON_CUTS = {
    "electron pt": lambda e: e.lep_pt[e.lep_type == 11] > 7000,
    "electron eta": lambda e: abs(e.lep_eta[e.lep_type == 11]) < 2.47,
    "muon pt": lambda e: e.lep_pt[e.lep_type == 13] > 5000,
    "muon eta": lambda e: abs(e.lep_eta[e.lep_type == 13]) < 2.7,
    "z0 sin theta": lambda e: abs(e.lep_z0 / np.cosh(e.lep_eta)) < 0.5,
    "electron d0 significance": lambda e: e.lep_tracksigd0pvunbiased[e.lep_type == 11] < 5,
    "muon d0 significance": lambda e: e.lep_tracksigd0pvunbiased[e.lep_type == 13] < 3,
    "muon d0 beyond its significance": lambda e: (
        abs(e.lep_trackd0pvunbiased[(e.lep_type == 13) & (e.lep_tracksigd0pvunbiased < 3)]) < 1
    ),
    "jet pt": lambda e: e.jet_pt > 30000,
    "jet eta": lambda e: abs(e.jet_eta) < 4.5,
    "leading pt": lambda e: e.lep_pt[:, 0] > 20000,
    "second pt": lambda e: e.lep_pt[:, 1] > 15000,
    "third pt": lambda e: e.lep_pt[:, 2] > 10000,
    "trigger": lambda e: e.trigE | e.trigM,
    "charge": lambda e: ak.sum(e.lep_charge[:, :4], axis=1) == 0,
    "flavour": lambda e: ak.sum(e.lep_type[:, :4], axis=1) % 4 == 0,
    "track isolation": lambda e: e.lep_ptcone30 / e.lep_pt < 0.15,
    "electron calorimeter isolation": lambda e: (e.lep_etcone20 / e.lep_pt)[e.lep_type == 11] < 0.20,
    "muon calorimeter isolation": lambda e: (e.lep_etcone20 / e.lep_pt)[e.lep_type == 13] < 0.30,
    "identification": lambda e: e.lep_isTightID,
}


@pytest.mark.parametrize("name", LEPTON_CUTS)
def test_every_cut_removes_some_and_keeps_most(events: dict[str, Any], name: str) -> None:
    passed = ak.to_numpy(ak.flatten(LEPTON_CUTS[name](ak.concatenate(list(events.values()))), axis=None))
    assert 0.4 < passed.mean() < 1


def test_pair_cuts_have_pairs_on_both_sides(events: dict[str, Any]) -> None:
    four = ak.concatenate(list(events.values()))
    lep = ak.zip({name: four[f"lep_{name}"] for name in ("pt", "eta", "phi", "charge")} | {"flavour": four.lep_type})
    one, two = ak.unzip(ak.combinations(lep, 2))
    turn = (one.phi - two.phi + np.pi) % (2 * np.pi) - np.pi
    distance = np.hypot(one.eta - two.eta, turn)
    mass = np.sqrt(2 * one.pt * two.pt * (np.cosh(one.eta - two.eta) - np.cos(turn))) / 1000
    partners = (one.flavour == two.flavour) & (one.charge + two.charge == 0)
    assert ak.sum(distance[one.flavour == two.flavour] < 0.1) > 5
    assert ak.sum(distance[one.flavour != two.flavour] < 0.2) > 5
    assert ak.sum(mass[partners] < 5) > 5
    closest = ak.to_numpy(ak.fill_none(ak.min(abs(mass[partners] - MASS_Z), axis=1), 1e3))
    assert 0.5 < np.mean(closest < 15) < 1


def test_a_decay_keeps_energy_momentum_and_mass() -> None:
    rng = np.random.default_rng(5)
    mass = breit_wigner(rng, 1000, 40, 140)
    parent = moving(rng, mass, 20)
    first, second = decay(rng, parent, mass, np.full(1000, 0.1), np.full(1000, 1.0))
    np.testing.assert_allclose(first + second, parent, rtol=1e-9, atol=1e-7)
    squared = second[:, 0] ** 2 - np.sum(second[:, 1:] ** 2, axis=1)
    np.testing.assert_allclose(squared, 1.0, atol=1e-6)


def test_a_particle_at_rest_boosts_into_its_frame() -> None:
    frame = np.array([[np.hypot(91.0, 50.0), 0.0, 30.0, 40.0]])
    np.testing.assert_allclose(boost(np.array([[91.0, 0, 0, 0]]), frame), frame)


def test_no_events_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one event"):
        write_toys(tmp_path, events=0)
