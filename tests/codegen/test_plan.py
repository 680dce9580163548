"""Every cut has one place in a plan: a step, a filter of objects, or the list of what is not applied."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegen.emit import emit
from codegen.emit_source import library
from codegen.plan import make_plan
from codegen.plan_model import Plan
from codegen.plan_names import RESERVED, identifier
from codegen.plan_terms import Curve, Within, walk
from codegen.profile import Profile, load_profile
from kb.ssc import (
    Clause,
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
from kb.vocabulary import vocabulary


def cut(name: str, what: str, operator: str, value: object, unit: str = "1", **more: object) -> Cut:
    thing, variable = what.split(".")
    fields: dict[str, object] = {"scope": "event", "unit": unit} | more
    subject = {"object": thing, "rank": fields.pop("rank", None), "definition": fields.pop("definition", None)}
    what_ = {"id": variable} | {key: fields.pop(key) for key in ("cone", "component", "reference") if key in fields}
    fields |= {"id": name, "subject": subject, "variable": what_, "operator": operator, "value": value}
    return Cut.model_validate(fields | {"origin": Origin(extractor="human")})


def plan_of(profile: Profile, *cuts: Cut, **more: object) -> Plan:
    fields = {"paper": Paper(arxiv_id="note", document_hash="0" * 64), "cuts": cuts} | more
    return make_plan(SelectionCriteria.model_validate(fields), profile)


def reasons(plan: Plan) -> dict[str, str]:
    return {entry.cut_id: entry.reason for entry in plan.not_applied}


def test_the_benchmark_has_every_cut_in_one_place(hzz4l: SelectionCriteria, profile: Profile) -> None:
    plan = make_plan(hzz4l, profile)
    assert len(plan.cuts) == 28
    assert set(reasons(plan)) == {"mu-tagged-pt", "tagged", "chi2-4mu", "chi2-other"}
    placed = [cut_id for step in plan.steps for cut_id in step.all_cut_ids]
    placed += [cut_id for region in plan.regions for step in region.steps for cut_id in step.all_cut_ids]
    assert sorted(placed) == sorted(set(plan.cuts) - set(reasons(plan)))


def test_what_the_ntuple_lacks_is_named(hzz4l: SelectionCriteria, profile: Profile) -> None:
    found = reasons(make_plan(hzz4l, profile))
    assert found["mu-tagged-pt"] == "the ntuple has no flag 'calorimeter-tagged' (identification) of muons"
    assert found["chi2-4mu"] == "the ntuple has no fit quality of vertices"


def test_object_cuts_stand_with_the_first_step_that_uses_the_objects(
    hzz4l: SelectionCriteria, profile: Profile
) -> None:
    steps = {step.cut_ids: step for step in make_plan(hzz4l, profile).steps}
    assert {"e-pt", "mu-pt", "z0", "track-iso"} <= set(steps["pairs",].object_cut_ids)
    assert steps["pt-1",].object_cut_ids == ()
    assert steps[()].object_cut_ids == ("jet-pt", "jet-eta"), "jets are selected though nothing requires them"


def test_cheap_steps_come_first_and_regions_last(hzz4l: SelectionCriteria, profile: Profile) -> None:
    plan = make_plan(hzz4l, profile)
    order = [step.cut_ids[0] for step in plan.steps if step.cut_ids]
    assert order.index("trigger") < order.index("pairs") < order.index("pt-1") < order.index("m12")
    assert "m4l" not in order
    assert [(region.name, region.steps[0].cut_ids) for region in plan.regions] == [("signal region", ("m4l",))]


def test_thresholds_are_in_normal_units(hzz4l: SelectionCriteria, profile: Profile) -> None:
    plan = make_plan(hzz4l, profile)
    values = {f.cut_ids[0]: f.requirement.right for o in plan.objects for f in o.filters}  # type: ignore[union-attr]
    assert values["mu-d0"] == 1.0, "0.1 cm are 1 mm"
    assert values["jet-pt"] == 30.0, "0.03 TeV are 30 GeV"


def test_a_threshold_may_follow_another_mass(hzz4l: SelectionCriteria, profile: Profile) -> None:
    step = next(step for step in make_plan(hzz4l, profile).steps if step.cut_ids == ("m34",))
    assert isinstance(step.requirement, Within)
    assert any(isinstance(term, Curve) and term.points == ((140, 12), (190, 50)) for term in walk(step.requirement))


def test_only_needed_branches_are_planned(profile: Profile) -> None:
    plan = plan_of(profile, cut("pt", "jet.pt", ">", 30, "GeV", scope="object"), cut("n", "jet.count", ">=", 2))
    assert [[field.name for field in known.fields] for known in plan.objects] == [["pt"]]


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        (cut("x", "jet.tau21", "<", 0.5, scope="object"), "N-subjettiness ratio of jets"),
        (cut("x", "electron.id", "is", "medium", scope="object"), "no flag 'medium'"),
        (cut("x", "muon.iso_rel", "<", 0.1, component="track", cone=0.2, scope="object"), "in a cone of ΔR = 0.2"),
        (cut("x", "photon.pt", ">", 140, "GeV", scope="trigger"), "requirement inside the trigger"),
        (cut("x", "event.trigger", "is", "E_T^miss", scope="trigger"), "no trigger 'E_T^miss' (it has: electron"),
        (cut("x", "track.pt", ">", 10, "GeV"), "of tracks"),
        (cut("x", "event.aplanarity", ">", 0.1), "no aplanarity"),
        (cut("x", "muon.pt", ">", 20, "GeV", when=Condition(text="in the barrel")), "in the barrel"),
        (cut("x", "lepton_pair.mass", ">", 20, "GeV", rank=2), "how lepton pairs are ranked"),
        (cut("x", "muon.pt", ">", 5, "GeV", status="rejected"), "rejected"),
        (cut("x", "jet.delta_r", ">", 0.4, scope="object"), "which of the two objects is removed"),
        (cut("x", "event.other", "<", 1), "do not name the quantity"),
    ],
)
def test_what_cannot_be_applied_says_why(profile: Profile, stated: Cut, reason: str) -> None:
    plan = plan_of(profile, stated)
    assert plan.applied == ()
    assert reason in reasons(plan)["x"]


def test_an_object_cut_of_one_region_needs_review(profile: Profile) -> None:
    stated = cut("x", "muon.pt", ">", 50, "GeV", scope="object", regions=("tight",))
    plan = plan_of(profile, stated, regions=(Region(name="tight", kind="signal"),))
    assert plan.not_applied[0].review


def test_alternatives_are_applied_together_or_not_at_all(profile: Profile) -> None:
    one = cut("one", "met.pt", ">", 100, "GeV", any_of="a")
    two = cut("two", "event.ht", ">", 300, "GeV", any_of="a")
    lost = cut("lost", "event.aplanarity", ">", 0.1, any_of="a")
    assert [step.cut_ids for step in plan_of(profile, one, two).steps] == [("one", "two")]
    assert set(reasons(plan_of(profile, one, two, lost))) == {"one", "two", "lost"}


def test_objects_defined_by_each_other_are_selected_in_turn(profile: Profile) -> None:
    jets = cut("jets", "jet.delta_r", ">", 0.2, scope="object", reference=("electron",))
    electrons = cut("electrons", "electron.delta_r", ">", 0.4, scope="object", reference=("jet",))
    plan = plan_of(profile, jets, electrons, cut("n", "jet.count", ">=", 1))
    assert set(plan.applied) == {"jets", "electrons", "n"}
    assert [known.name for known in plan.objects] == ["electrons_before_overlaps", "jets", "electrons"]


def test_objects_near_others_of_their_kind_are_not_dropped_on_both_sides(profile: Profile) -> None:
    near = cut("near", "jet.delta_r", ">", 0.4, scope="object", reference=("jet",))
    assert "which of two objects of one kind" in reasons(plan_of(profile, near))["near"]


def test_definitions_keep_their_cuts_apart(profile: Profile) -> None:
    cuts = (
        cut("loose", "muon.pt", ">", 5, "GeV", scope="object", definition="veto muon"),
        cut("tight", "muon.pt", ">", 30, "GeV", scope="object", definition="signal muon"),
        cut("eta", "muon.abs_eta", "<", 2.5, scope="object"),
        cut("n", "muon.count", "==", 1, definition="signal muon"),
        cut("veto", "muon.count", "<=", 1, definition="veto muon"),
    )
    names = ("signal muon", "veto muon")
    plan = plan_of(profile, *cuts, objects=tuple(ObjectDefinition(name=n, object="muon") for n in names))
    filters = {known.name: [f.cut_ids[0] for f in known.filters] for known in plan.objects}
    assert filters == {"signal_muons": ["tight", "eta"], "veto_muons": ["loose", "eta"]}


def test_overlap_removal_names_what_stays(profile: Profile) -> None:
    near = cut("near", "jet_electron.delta_r", "<", 0.2, scope="object", role="veto")
    removal = OverlapRemoval(removed="jet", kept="electron", cut="near")
    jets = ObjectDefinition(name="clean jet", object="jet", overlap_removal=(removal,))
    plan = plan_of(profile, near, cut("n", "jet.count", ">=", 1), objects=(jets,))
    assert plan.applied == ("near", "n")
    assert [known.kind for known in plan.objects] == ["electron", "jet"], "electrons are selected first"


def test_names_of_papers_become_names_of_code() -> None:
    assert identifier("signal region (4μ)") == "signal_region_4mu"
    assert identifier("τ_h") == "tau_h"


def test_names_of_papers_do_not_hide_functions(profile: Profile) -> None:
    taken = {*library("emit_parts.py").names, *library("emit_driver.py").names}
    assert {name for name in taken if name.islower()} <= RESERVED
    pair = cut("n", "muon.count", ">=", 1, definition="pair")
    plan = plan_of(profile, pair, objects=(ObjectDefinition(name="pair", object="muon"),))
    assert not set(plan.names) & RESERVED


OBJECTS, VARIABLES = sorted(vocabulary().objects), sorted(vocabulary().variables)
VALUES = st.one_of(
    st.tuples(st.sampled_from([">", ">=", "<", "<=", "==", "!="]), st.floats(-10, 1000)),
    st.tuples(st.sampled_from(["in", "not_in"]), st.tuples(st.floats(0, 50), st.floats(50, 100))),
    st.tuples(st.just("is"), st.sampled_from(["tight", "4e", "same flavour", "lepton", 'a "b" \\ \n c'])),
)
CLAUSES = st.builds(
    lambda thing, variable, value: Clause(
        subject=Subject(object=thing), variable=Variable(id=variable), operator=value[0], value=value[1]
    ),
    st.sampled_from(OBJECTS),
    st.sampled_from(VARIABLES),
    VALUES,
)
CUTS = st.builds(
    lambda thing, variable, value, rank, scope, role, any_of, region, clauses: {
        "subject": {"object": thing, "rank": rank},
        "variable": {"id": variable, "reference": ("electron",) if variable.startswith("delta") else ()},
        "operator": value[0],
        "value": value[1],
        "scope": scope,
        "role": role,
        "any_of": any_of,
        "regions": region,
        "when": Condition(text="if", clauses=clauses) if clauses else None,
    },
    st.sampled_from([*OBJECTS, "electron", "muon", "lepton", "jet", "lepton_pair", "fourlepton"]),
    st.sampled_from([*VARIABLES, "pt", "count", "mass", "abs_eta"]),
    VALUES,
    st.sampled_from([None, None, 1, 2, 3]),
    st.sampled_from(["trigger", "cleaning", "object", "event", "region"]),
    st.sampled_from(["select", "veto"]),
    st.sampled_from([None, None, None, "either"]),
    st.sampled_from([(), (), ("SR",)]),
    st.lists(CLAUSES, max_size=2).map(tuple),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(CUTS, min_size=1, max_size=6))
def test_no_cut_is_ever_lost_and_no_criteria_break_the_compiler(drawn: list[dict[str, object]]) -> None:
    origin = Origin(extractor="human")
    cuts = [Cut.model_validate({"id": f"c{i}", "origin": origin, **fields}) for i, fields in enumerate(drawn)]
    plan = plan_of(load_profile("atlas-2020"), *cuts, regions=(Region(name="SR", kind="signal"),))
    applied, missing = set(plan.applied), set(reasons(plan))
    assert applied | missing == {c.id for c in cuts}
    assert not applied & missing
    compile(emit(plan), "analysis.py", "exec")
