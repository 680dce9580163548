"""The reference loop reads each form of a cut as a physicist does."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codegen.profile import Branch, Profile, load_profile
from eval.reference import ReferenceMasks, reference_masks
from kb.ssc import (
    Clause,
    Composite,
    Condition,
    Cut,
    ObjectDefinition,
    Origin,
    OverlapRemoval,
    Paper,
    Region,
    SelectionCriteria,
    Subject,
    Variable,
)

E, MU = 11, 13
Make = Callable[..., Path]


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("atlas-2020")


def cut(name: str, what: str, operator: str, value: Any, unit: str = "1", **more: Any) -> Cut:
    thing, variable = what.split(".")
    subject = Subject(object=thing, rank=more.pop("rank", None), definition=more.pop("definition", None))
    fields: dict[str, Any] = {"scope": "event", "operator": operator, "value": value, "unit": unit} | more
    reference = fields.pop("reference", ())
    return Cut(
        id=name,
        subject=subject,
        variable=Variable(id=variable, reference=reference),
        origin=Origin(extractor="human"),
        **fields,
    )


def masks_of(profile: Profile, file: Path, *cuts: Cut, **more: Any) -> ReferenceMasks:
    criteria = SelectionCriteria(paper=Paper(arxiv_id="x", document_hash="0" * 64), cuts=cuts, **more)
    return reference_masks(criteria, profile, [file])


def test_counts_see_only_objects_that_pass_their_own_cuts(event: Make, profile: Profile) -> None:
    file = event([(MU, 1, 30.0, 0.0, 0.0), (MU, -1, 4.0, 0.0, 1.0), (E, 1, 30.0, 2.6, 2.0)])
    cuts = (
        cut("pt", "muon.pt", ">", 5, "GeV", scope="object"),
        cut("eta", "electron.abs_eta", "<", 2.47, scope="object"),
    )
    found = masks_of(profile, file, *cuts, cut("n", "lepton.count", "==", 1))
    assert found.selected == [True]
    assert masks_of(profile, file, cut("n", "lepton.count", "==", 3)).selected == [True]


def test_a_veto_rejects_events_that_have_what_it_states(event: Make, profile: Profile) -> None:
    file = event([(E, 1, 30.0, 0.0, 0.0)], met=50)
    veto = cut("v", "lepton.count", ">=", 1, role="veto")
    assert masks_of(profile, file, veto).selected == [False]
    assert masks_of(profile, file, cut("m", "met.pt", "<", 20, "GeV", role="veto")).selected == [True]


def test_a_rank_beyond_the_number_of_objects_fails(event: Make, profile: Profile) -> None:
    file = event([(E, 1, 30.0, 0.0, 0.0)])
    assert masks_of(profile, file, cut("a", "lepton.pt", ">", 1, "GeV", rank=2)).selected == [False]


def test_alternatives_need_one_of_them(event: Make, profile: Profile) -> None:
    file = event([(E, 1, 30.0, 0.0, 0.0), (E, -1, 12.0, 0.0, 2.0)])
    first = cut("a", "lepton.pt", ">", 40, "GeV", rank=1, any_of="thresholds")
    second = cut("b", "lepton.pt", ">", 10, "GeV", rank=2, any_of="thresholds")
    found = masks_of(profile, file, first, second)
    assert (found.passes["a"], found.passes["b"], found.selected) == ([True], [True], [True])


def test_alternatives_of_which_one_cannot_be_asked_are_both_left_out(event: Make, profile: Profile) -> None:
    file = event([(E, 1, 30.0, 0.0, 0.0)])
    asked = cut("a", "lepton.pt", ">", 40, "GeV", rank=1, any_of="x")
    found = masks_of(profile, file, asked, cut("b", "vertex.chi2", "<", 6, any_of="x"))
    assert set(found.not_applied) == {"a", "b"}


def test_a_condition_on_the_object_limits_a_cut_to_those_that_meet_it(event: Make, profile: Profile) -> None:
    file = event([(E, 1, 8.0, 0.0, 0.0), (E, -1, 8.0, 2.0, 1.0)])
    central = Clause(subject=Subject(object="electron"), variable=Variable(id="abs_eta"), operator="<", value=1.5)
    hard = cut(
        "pt", "electron.pt", ">", 10, "GeV", scope="object", when=Condition(text="if central", clauses=(central,))
    )
    assert masks_of(profile, file, hard, cut("n", "electron.count", "==", 1)).selected == [True]


def test_the_mass_of_a_pair_may_be_asked_as_distance_from_the_z(event: Make, profile: Profile) -> None:
    near = event([(E, 1, 45.6, 0.0, 0.0), (E, -1, 45.6, 0.0, math.pi)])
    window = cut("z", "lepton_pair.mass", "<", 15, "GeV", note="m_Z")
    assert masks_of(profile, near, window).selected == [True]
    far = event([(E, 1, 5.0, 0.0, 0.0), (E, -1, 5.0, 0.0, math.pi)])
    assert masks_of(profile, far, window).selected == [False]


def test_a_mass_in_the_ntuple_makes_the_energy_where_there_is_none(event: Make, profile: Profile) -> None:
    lep = profile.collections["lep"]
    variables = {name: branch for name, branch in lep.variables.items() if name not in {"energy", "z0"}}
    variables["mass"] = Branch(branch="lep_z0", unit="GeV")
    massive = lep.model_copy(update={"variables": variables})
    known = profile.model_copy(update={"collections": {**profile.collections, "lep": massive}})
    file = event([(MU, 1, 3.0, 0.0, 0.0), (MU, -1, 3.0, 0.0, math.pi)], z0=[4.0, 4.0])
    window = cut("m", "muon_pair.mass", "in", (9.999, 10.001), "GeV")
    assert masks_of(known, file, window).selected == [True]


def test_overlapping_jets_are_removed_and_the_lepton_kept(event: Make, profile: Profile) -> None:
    file = event([(E, 1, 30.0, 0.0, 0.0)], jets=[(40.0, 0.1, 0.1), (40.0, 2.0, 2.0)])
    removal = cut("or", "jet.delta_r", "<", 0.4, scope="object", reference=("electron",))
    objects = ObjectDefinition(
        name="jets",
        object="jet",
        cuts=("or",),
        overlap_removal=(OverlapRemoval(removed="jet", kept="electron", cut="or"),),
    )
    assert masks_of(profile, file, removal, cut("n", "jet.count", "==", 1), objects=(objects,)).selected == [True]


def test_objects_defined_by_each_other_are_selected_in_turn(event: Make, profile: Profile) -> None:
    """The electron drops the jet on it, and the jet that is left drops the electron."""
    file = event([(E, 1, 30.0, 0.0, 0.0)], jets=[(40.0, 0.1, 0.0), (40.0, 0.3, 0.0)])
    one = cut("a", "jet.delta_r", ">", 0.2, scope="object", reference=("electron",))
    other = cut("b", "electron.delta_r", ">", 0.4, scope="object", reference=("jet",))
    counts = (cut("jets", "jet.count", "==", 1), cut("electrons", "electron.count", "==", 0))
    masks = masks_of(profile, file, one, other, *counts)
    assert masks.not_applied == {}
    assert masks.selected == [True]


def test_objects_near_others_of_their_kind_are_not_dropped_on_both_sides(event: Make, profile: Profile) -> None:
    near = cut("near", "jet.delta_r", ">", 0.4, scope="object", reference=("jet",))
    assert "which of the two" in masks_of(profile, event([]), near).not_applied["near"]


def test_a_named_definition_has_its_own_cuts_and_those_it_inherits(event: Make, profile: Profile) -> None:
    file = event([(MU, 1, 30.0, 0.0, 0.0), (MU, -1, 8.0, 0.0, 1.0), (MU, -1, 4.0, 0.0, 2.0)])
    cuts = (
        cut("loose", "muon.pt", ">", 5, "GeV", scope="object", definition="loose muon"),
        cut("tight", "muon.pt", ">", 20, "GeV", scope="object", definition="tight muon"),
        cut("n-loose", "muon.count", "==", 2, definition="loose muon"),
        cut("n-tight", "muon.count", "==", 1, definition="tight muon"),
    )
    objects = (
        ObjectDefinition(name="loose muon", object="muon", cuts=("loose",)),
        ObjectDefinition(name="tight muon", object="muon", parent="loose muon", cuts=("tight",)),
    )
    found = masks_of(profile, file, *cuts, objects=objects)
    assert (found.passes["n-loose"], found.passes["n-tight"]) == ([True], [True])


def test_muons_meet_the_definitions_of_muons_and_of_leptons(event: Make, profile: Profile) -> None:
    file = event([(MU, 1, 30.0, 0.0, 0.0), (MU, 1, 30.0, 2.65, 1.0)], z0=[9.0, 0.0])
    cuts = (
        cut("eta", "muon.abs_eta", "<", 2.5, scope="object"),
        cut("z0", "lepton.z0", "<", 1, "mm", scope="object"),
        cut("none", "lepton.count", "==", 0),
    )
    objects = (
        ObjectDefinition(name="selected muon", object="muon", cuts=("eta",)),
        ObjectDefinition(name="selected lepton", object="lepton", cuts=("z0",)),
    )
    assert masks_of(profile, file, *cuts, objects=objects).selected == [True]


def test_a_region_inherits_from_its_parent_and_leaves_the_baseline_alone(event: Make, profile: Profile) -> None:
    file = event([(E, 1, 30.0, 0.0, 0.0)], met=50)
    cuts = (
        cut("base", "lepton.count", ">=", 1),
        cut("parent", "met.pt", ">", 100, "GeV", scope="region", regions=("P",)),
        cut("child", "lepton.pt", ">", 20, "GeV", rank=1, scope="region", regions=("C",)),
    )
    regions = (
        Region(name="P", kind="preselection"),
        Region(name="C", kind="signal", parent="P"),
        Region(name="D", kind="control", cuts=("child",)),
    )
    found = masks_of(profile, file, *cuts, regions=regions)
    assert (found.selected, found.passes["child"]) == ([True], [True])
    assert found.regions == {"P": [False], "C": [False], "D": [True]}


def test_a_channel_condition_spares_events_of_other_channels(event: Make, profile: Profile) -> None:
    four_muons = Clause(
        subject=Subject(object="fourlepton"), variable=Variable(id="other", name="flavour"), operator="is", value="4μ"
    )
    only = Condition(text="in the 4μ channel", clauses=(four_muons,))
    asked = cut("pt", "lepton.pt", ">", 1000, "GeV", rank=1, when=only)
    whole = (Composite(name="four", object="fourlepton", constituents=("lepton",), count=4),)
    directions = [(1, 30.0, 0.0, 0.0), (-1, 30.0, 0.0, 1.0), (1, 30.0, 0.0, 2.0), (-1, 30.0, 0.0, 3.0)]
    for kind, passes in ((MU, False), (E, True)):
        file = event([(kind, *rest) for rest in directions])
        assert masks_of(profile, file, asked, composites=whole).selected == [passes]


def test_transverse_mass_and_azimuth_are_taken_with_the_missing_momentum(event: Make, profile: Profile) -> None:
    file = event([(E, 1, 40.0, 1.0, math.pi)], jets=[(50.0, 3.0, 1.0), (30.0, 0.0, 0.1)], met=40)
    assert masks_of(profile, file, cut("mt", "event.mt", "in", (79.9, 80.1), "GeV")).selected == [True]
    every = cut("dphi", "jet_met.delta_phi", ">", 0.5)
    leading = cut("dphi", "jet_met.delta_phi", ">", 0.5, rank=1)
    assert masks_of(profile, file, every).selected == [False]
    assert masks_of(profile, file, leading).selected == [True]
