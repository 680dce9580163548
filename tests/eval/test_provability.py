"""Kinds of cuts that real papers state are proven: probes are run in this interpreter, by the code that is emitted."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import uproot

from codegen.emit import emit_with_distributions
from codegen.plan import make_plan
from codegen.profile import Profile, load_profile
from codegen.result import CutProbes, Probes
from codegen.runner import Measured
from eval.probes.specimen import Anatomy, write_rows
from eval.probes.table import Table
from kb.ssc import Cut, ObjectDefinition, OverlapRemoval, Region, SelectionCriteria
from tests.codegen.conftest import criteria_of, cut

EACH: dict[str, Any] = {"scope": "object"}
JET_PT = cut("jet-pt", "jet.pt", ">", 30, "GeV", **EACH)


@pytest.fixture(scope="module")
def atlas() -> Profile:
    return load_profile("atlas-2020").model_copy(update={"histograms": ()})


@pytest.fixture(scope="module")
def cms() -> Profile:
    return load_profile("cms-nanoaod").model_copy(update={"histograms": ()})


def probed(criteria: SelectionCriteria, profile: Profile, folder: Path, *changes: tuple[str, str]) -> Probes:
    """Probe the emitted code, or what `changes` make of it."""
    source = emit_with_distributions(make_plan(criteria, profile))
    for right, wrong in changes:
        assert right in source
        source = source.replace(right, wrong)
    empty = folder / "empty.root"
    anatomy = Anatomy(profile)
    write_rows(empty, anatomy, [anatomy.empty()])
    table = Table.of(criteria, profile, shown(source, profile.tree, empty).measured)
    files = table.write(folder)
    return table.judged({name: shown(source, profile.tree, path) for name, [path] in files.items()})


def shown(source: str, tree: str, path: Path) -> Any:
    module: dict[str, Any] = {"__name__": "emitted", "__doc__": ""}
    exec(compile(source, "analysis.py", "exec"), module)
    analysis = module["Analysis"](None, None, alone=True)
    with uproot.open(path) as file:
        analysis.add(file[tree].arrays())
    measured = Measured.model_validate(analysis.report(), strict=False)
    return SimpleNamespace(masks=analysis.masks(), measured=measured)


def open_(probes: Probes) -> dict[str, str]:
    """Return what is not proven, and why."""
    return {one.cut_id: one.reason for one in probes.cuts if one.verdict != "proven"}


def of(probes: Probes, cut_id: str) -> CutProbes:
    return next(one for one in probes.cuts if one.cut_id == cut_id)


def removal(name: str, removed: str, kept: str, distance: float) -> tuple[Cut, ObjectDefinition]:
    stated = cut(name, f"{removed}_{kept}.delta_r", "<", distance, role="veto", **EACH)
    dropped = OverlapRemoval(removed=removed, kept=kept, cut=name)
    return stated, ObjectDefinition(name=f"clean {name}", object=removed, overlap_removal=(dropped,))


def test_a_removal_shows_where_few_objects_are_asked_for(atlas: Profile, tmp_path: Path) -> None:
    """With at most one jet, a jet is seen to be dropped at a photon only if there is another one."""
    near, clean = removal("near", "jet", "photon", 0.4)
    cuts = (JET_PT, near, cut("one", "jet.count", "<=", 1), cut("gamma", "photon.pt", ">", 150, "GeV", rank=1))
    found = probed(criteria_of(*cuts, objects=(clean,)), atlas, tmp_path)
    assert open_(found) == {}
    first, *_ = of(found, "near").points
    assert (first.where, first.threshold) == ("threshold", 0.4)


def test_objects_show_by_what_is_dropped_for_them(atlas: Profile, tmp_path: Path) -> None:
    """Nothing is asked of photons but that jets are away from them."""
    near, clean = removal("near", "jet", "photon", 0.4)
    soft = cut("soft", "photon.pt", ">", 20, "GeV", **EACH)
    criteria = criteria_of(JET_PT, soft, near, cut("one", "jet.count", "<=", 1), objects=(clean,))
    (good := tmp_path / "good").mkdir()
    assert open_(probed(criteria, atlas, good)) == {}
    (bad := tmp_path / "bad").mkdir()
    assert of(probed(criteria, atlas, bad, ("photons.pt > 20.0", "photons.pt > 21.0")), "soft").verdict == "wrong"


def test_objects_show_in_a_region_that_alone_looks_at_them(atlas: Profile, tmp_path: Path) -> None:
    muons = cut("mu", "muon.pt", ">", 20, "GeV", **EACH)
    veto = cut("veto", "muon.count", "==", 0, scope="region", regions=("SR",))
    regions = (Region(name="SR", kind="signal"),)
    criteria = criteria_of(muons, cut("e", "electron.count", ">=", 1), veto, regions=regions)
    assert open_(probed(criteria, atlas, tmp_path)) == {}


def test_what_another_cut_of_a_region_implies_shows_by_itself(atlas: Profile, tmp_path: Path) -> None:
    """Nobody has a pair without two electrons."""
    cuts = (
        cut("two", "electron.count", "==", 2, scope="region", regions=("CR",)),
        cut("pair", "electron_pair.mass", ">", 20, "GeV", scope="region", regions=("CR",)),
    )
    criteria = criteria_of(cut("met", "met.pt", ">", 30, "GeV"), *cuts, regions=(Region(name="CR", kind="control"),))
    assert open_(probed(criteria, atlas, tmp_path)) == {}


def test_what_a_cut_of_the_baseline_implies_of_what_it_is_made_of_shows_by_itself(
    atlas: Profile, tmp_path: Path
) -> None:
    two = cut("two", "electron.count", "==", 2, scope="region", regions=("CR",))
    z = cut("z", "electron_pair.mass", "in", (81, 101), "GeV")
    criteria = criteria_of(z, two, regions=(Region(name="CR", kind="control"),))
    assert open_(probed(criteria, atlas, tmp_path)) == {}


def test_bins_side_by_side_are_shown_to_leave_no_gap(atlas: Profile, tmp_path: Path) -> None:
    edges = ((200, 350), (350, 500))
    bins = [cut(f"{a}", "met.pt", "in", (a, b), "GeV", closed="right", any_of="met") for a, b in edges]
    last = cut("500", "met.pt", ">", 500, "GeV", any_of="met")
    criteria = criteria_of(cut("met", "met.pt", ">", 200, "GeV"), *bins, last)
    (good := tmp_path / "good").mkdir()
    found = probed(criteria, atlas, good)
    assert open_(found) == {}
    assert {point.threshold for point in of(found, "350").points} == {350.0, 500.0}
    (bad := tmp_path / "bad").mkdir()
    assert of(probed(criteria, atlas, bad, ("<= 500.0", "<= 499.0")), "350").verdict == "wrong"


def test_sums_of_masses_that_are_stored_are_proven(cms: Profile, tmp_path: Path) -> None:
    cuts = [
        cut("low", "event.mj", "in", (250, 400), "GeV", scope="region", regions=("R1",)),
        cut("high", "event.mj", ">", 400, "GeV", scope="region", regions=("R2",)),
    ]
    regions = (Region(name="R1", kind="control"), Region(name="R2", kind="signal"))
    assert open_(probed(criteria_of(*cuts, regions=regions), cms, tmp_path)) == {}


def test_of_a_cut_that_asks_no_more_than_another_it_is_said(atlas: Profile, tmp_path: Path) -> None:
    loose = cut("loose", "jet.pt", ">", 20, "GeV", **EACH)
    found = probed(criteria_of(loose, JET_PT, cut("n", "jet.count", ">=", 2)), atlas, tmp_path)
    assert set(open_(found)) == {"loose"}
    assert "more is asked by “jet p_T > 30 GeV”" in open_(found)["loose"]


def test_of_objects_that_nothing_looks_at_it_is_said(atlas: Profile, tmp_path: Path) -> None:
    unused = cut("unused", "photon.pt", ">", 20, "GeV", **EACH)
    found = probed(criteria_of(unused, JET_PT, cut("n", "jet.count", ">=", 2)), atlas, tmp_path)
    assert set(open_(found)) == {"unused"}
    assert "nothing that is asked of events or drawn depends on it" in open_(found)["unused"]
