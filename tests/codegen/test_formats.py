"""The same selection runs on every format, and selects what a loop written by hand selects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.analysis import analyse
from codegen.dataset import open_dataset
from codegen.plan import make_plan
from eval.reference import reference_masks
from kb.ssc import SelectionCriteria
from tests.codegen.conftest import clause, criteria_of, cut, masks_of, when
from tests.codegen.formats import (
    ATLAS_2025,
    NANOAOD,
    PHYSLITE,
    PHYSLITE_ELECTRONS,
    Branches,
    rows,
    two_leptons,
    write_atlas_2025,
    write_nanoaod,
    write_physlite,
)

GENERATED = [(write_nanoaod, NANOAOD), (write_physlite, PHYSLITE), (write_atlas_2025, ATLAS_2025)]


def pair_of(kind: str) -> SelectionCriteria:
    """Return a selection of two muons, or electrons, of opposite charge around the Z mass."""
    return criteria_of(
        cut("eta", f"{kind}.abs_eta", "<", 2.4, scope="object"),
        cut("two", f"{kind}.count", "==", 2),
        cut("pt-1", f"{kind}.pt", ">", 20, "GeV", rank=1),
        cut("pt-2", f"{kind}.pt", ">", 10, "GeV", rank=2),
        cut("charges", f"{kind}_pair.charge_product", "==", -1),
        cut("mass", f"{kind}_pair.mass", "in", (70, 110), "GeV", closed="neither"),
    )


def selected(criteria: SelectionCriteria, path: Path) -> list[bool]:
    """Return which events of a file the code selects; the reference must select the same."""
    profile = open_dataset(str(path)).profile
    found = masks_of(criteria, profile, path)["selected"]
    reference = reference_masks(criteria, profile, [path])
    assert (reference.selected, reference.not_applied) == (found, {})
    return found


@pytest.mark.parametrize(("write", "branches"), GENERATED)
def test_two_muons_of_generated_files(write: Callable[[Path], Path], branches: Branches, tmp_path: Path) -> None:
    path = write(tmp_path / "data_1.root")
    expected = two_leptons(path, branches)
    assert 3 < sum(expected) < len(expected) / 2
    assert selected(pair_of("muon"), path) == expected


@pytest.mark.parametrize(
    ("name", "kind", "branches", "count"),
    [
        ("cms_nanoaod/coffea_nano_dy.root", "muon", NANOAOD, 5),
        ("cms_nanoaod/nanoAOD_2015_CMS_Open_Data_ttbar.root", "muon", NANOAOD, 0),
        ("atlas_physlite/coffea_PHYSLITE_example.root", "muon", PHYSLITE, 0),
        ("atlas_physlite/coffea_PHYSLITE_example.root", "electron", PHYSLITE_ELECTRONS, 29),
        ("atlas_2025_exactly4lep", "muon", ATLAS_2025, 53),
    ],
)
def test_two_leptons_of_real_files(shared: Path, name: str, kind: str, branches: Branches, count: int) -> None:
    path = shared / "data" / name
    path = next(path.glob("*.root")) if path.is_dir() else path
    expected = two_leptons(path, branches)
    assert sum(expected) == count
    assert selected(pair_of(kind), path) == expected


def test_levels_bits_and_flags_are_working_points(tmp_path: Path) -> None:
    nanoaod = write_nanoaod(tmp_path / "nano.root")
    tight = criteria_of(
        cut("id", "muon.id", "is", "tight", scope="object"),
        cut("iso", "muon.isolation", "is", "medium", scope="object"),
        cut("e-id", "electron.id", "is", "loose", scope="object"),
        cut("muons", "muon.count", ">=", 1),
        cut("electrons", "electron.count", ">=", 1),
    )
    names = ("Muon_tightId", "Muon_pfIsoId", "Electron_cutBased")
    expected = [
        any(flag and level >= 3 for flag, level in zip(row[names[0]], row[names[1]], strict=True))
        and any(level >= 2 for level in row[names[2]])
        for row in rows(nanoaod, "Events", *names)
    ]
    assert any(expected)
    assert selected(tight, nanoaod) == expected
    physlite = write_physlite(tmp_path / "physlite.root")
    medium = criteria_of(cut("id", "muon.id", "is", "medium", scope="object"), cut("muons", "muon.count", ">=", 1))
    expected = [
        any(quality & 7 <= 1 for quality in row["AnalysisMuonsAuxDyn.quality"])
        for row in rows(physlite, "CollectionTree", "AnalysisMuonsAuxDyn.quality")
    ]
    assert any(expected)
    assert selected(medium, physlite) == expected


def test_a_trigger_is_meant_by_kind_or_by_its_path(tmp_path: Path) -> None:
    path = write_nanoaod(tmp_path / "nano.root")
    for text, branch in (("single-muon triggers", "HLT_IsoMu24"), ("HLT_Mu17_Mu8_v2", "HLT_Mu17_Mu8")):
        criteria = criteria_of(cut("trigger", "event.trigger", "is", text, scope="trigger"))
        assert selected(criteria, path) == [row[branch] for row in rows(path, "Events", branch)]
    profile = open_dataset(str(path)).profile
    plan = make_plan(criteria_of(cut("t", "event.trigger", "is", "HLT_Ele27_WPTight", scope="trigger")), profile)
    assert "no trigger 'HLT_Ele27_WPTight'" in plan.not_applied[0].reason


def test_what_a_file_lacks_is_not_applied(tmp_path: Path) -> None:
    criteria = criteria_of(
        cut("met", "met.pt", ">", 30, "GeV"),
        cut("jets", "jet.count", ">=", 1),
        cut("d0", "muon.d0", "<", 0.2, "mm", scope="object"),
        cut("tight", "muon.id", "is", "tight", scope="object"),
    )
    profile = open_dataset(str(write_physlite(tmp_path / "lite.root"))).profile
    reasons = {missing.cut_id: missing.reason for missing in make_plan(criteria, profile).not_applied}
    assert set(reasons) == {"met", "jets", "d0"}
    assert reasons["jets"] == "the ntuple has no jets"
    profile = open_dataset(str(write_nanoaod(tmp_path / "nano.root"))).profile
    reasons = {missing.cut_id: missing.reason for missing in make_plan(criteria, profile).not_applied}
    assert set(reasons) == {"jets"}


def four_leptons() -> SelectionCriteria:
    """Return trigger, a matched lepton, three thresholds, identification, isolation, flavour and charge."""
    matched = when("trigger-matched", clause("lepton", "trigger", "matched"))
    return criteria_of(
        cut("trigger", "event.trigger", "is", "single-lepton triggers", scope="trigger"),
        cut("e-id", "electron.id", "is", "medium", scope="object"),
        cut("mu-id", "muon.id", "is", "loose", scope="object"),
        cut("iso", "lepton.isolation", "is", "loose", scope="object"),
        cut("matched", "lepton.count", ">=", 1, when=matched),
        *(cut(f"pt-{n}", "lepton.pt", ">", pt, "GeV", rank=n) for n, pt in ((1, 20), (2, 15), (3, 10))),
        cut("charge", "fourlepton.charge", "==", 0),
        cut("flavour", "fourlepton.other", "is", "4e or 4μ or 2e2μ", name="flavour"),
    )


def four_by_hand(path: Path) -> list[bool]:
    """Select the same in a loop."""
    names = ["pt", "charge", "type", "isLooseID", "isMediumID", "isLooseIso", "isTrigMatched"]
    passes = []
    for row in rows(path, "analysis", "trigE", "trigM", *(f"lep_{name}" for name in names)):
        kept = []
        for pt, charge, kind, loose, medium, isolated, matched in zip(*(row[f"lep_{n}"] for n in names), strict=True):
            if isolated and (medium if kind == 11 else loose):
                kept.append((pt, charge, kind, matched))
        kept.sort(reverse=True)
        four = kept[:4]
        passes.append(
            (row["trigE"] or row["trigM"])
            and len(four) == 4
            and any(lepton[3] for lepton in kept)
            and all(lepton[0] > pt for lepton, pt in zip(four, (20, 15, 10), strict=False))
            and sum(lepton[1] for lepton in four) == 0
            and sum(lepton[2] == 11 for lepton in four) in {0, 2, 4}
        )
    return passes


def test_four_leptons_of_the_release_of_2025(tmp_path: Path) -> None:
    path = write_atlas_2025(tmp_path / "data15_periodD.root", size=3000)
    expected = four_by_hand(path)
    assert sum(expected) > 3
    assert selected(four_leptons(), path) == expected


def test_four_leptons_of_the_real_release_of_2025(shared: Path, tmp_path: Path) -> None:
    dataset = open_dataset(str(shared / "data" / "atlas_2025_exactly4lep"))
    assert (dataset.profile.name, list(dataset.samples)) == ("atlas-2025", ["data15_periodD"])
    result = analyse(four_leptons(), dataset, tmp_path, reference=reference_masks)
    assert (result.coverage.applied, result.coverage.total) == (10, 10)
    assert result.validation.status == "agrees"
    [file] = dataset.samples["data15_periodD"].files
    assert result.samples["data15_periodD"].selected == sum(four_by_hand(file)) == 1


def test_simulation_of_2025_is_weighted_by_its_own_branches(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write_atlas_2025(tmp_path / "data" / "ODEO_data15_periodD.root")
    write_atlas_2025(tmp_path / "data" / "ODEO_mc_345060.root", simulated=True)
    dataset = open_dataset(str(tmp_path / "data"))
    assert {name: (s.kind, s.normalised) for name, s in dataset.samples.items()} == {
        "data15_periodD": ("data", True),
        "mc_345060": ("mc", True),
    }
    result = analyse(pair_of("muon"), dataset, tmp_path / "out")
    weight = 36.1 * 1000 * 0.5 * 0.25 * 1.2 / 4000.0 * 0.9
    simulated = result.samples["mc_345060"]
    assert simulated.selected == result.samples["data15_periodD"].weighted > 0
    assert simulated.weighted == pytest.approx(weight * simulated.selected, rel=1e-6)


def test_simulation_without_its_weights_is_only_counted(tmp_path: Path) -> None:
    dataset = open_dataset(str(write_atlas_2025(tmp_path / "ODEO_mc_345060.root")))
    assert [(s.kind, s.normalised) for s in dataset.samples.values()] == [("mc", False)]
