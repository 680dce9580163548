"""A b jet is a jet: code, reference loop, RDataFrame, probes and exports ask of it what is asked of jets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from codegen.dataset import Dataset, open_dataset
from codegen.emit import emit, emit_with_distributions
from codegen.export_adl import to_adl
from codegen.plan import make_plan
from codegen.profile import Profile, load_profile
from codegen.rdf_emit import emit_rdataframe
from codegen.result import Probes
from codegen.runner import run_analysis
from codegen.toys import write_toys
from eval.interpretation import Interpretation
from eval.probes.table import probe
from kb.distil import distil
from kb.ssc import Cut, ObjectDefinition, OverlapRemoval, SelectionCriteria
from tests.codegen.conftest import Event, clause, criteria_of, cut, event, when
from tests.distil.papers import paper
from tests.eval.readings import agreed

E, MU = 11, 13
EACH: dict[str, Any] = {"scope": "object"}
JET_PT = cut("jet-pt", "jet.pt", ">", 30, "GeV", **EACH)
JET_ETA = cut("jet-eta", "jet.abs_eta", "<", 2.4, **EACH)
ONE_B = cut("one-b", "bjet.count", ">=", 1)


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("atlas-2020")


def tagged(*jets: tuple[float, float, float], score: float = 0.99, **more: Any) -> Event:
    """Return an event with b jets (pT in GeV, η, φ) and an electron far from them."""
    leptons = more.pop("leptons", [(E, 1, 40, 0, 3)])
    return event(leptons, jets, MV2c10=[score] * len(jets), **more)


def selects(profile: Profile, folder: Path, events: Sequence[Event], *cuts: Cut, **more: Any) -> list[bool]:
    return agreed(criteria_of(*cuts, **more), profile, folder, *events)


# What jets must be ----------------------------------------------------------------------------------------------------


def test_a_b_jet_must_be_what_a_jet_must_be(profile: Profile, tmp_path: Path) -> None:
    events = [tagged((31, 0, 0)), tagged((29, 0, 0)), tagged((31, 2.3, 0)), tagged((31, 2.5, 0))]
    assert selects(profile, tmp_path, events, JET_PT, JET_ETA, ONE_B) == [True, False, True, False]


def test_the_sentence_of_a_paper_about_jets_is_one_about_b_jets(profile: Profile, tmp_path: Path) -> None:
    text = (
        "# Objects\n\nElectrons must have p_T > 20 GeV. Jets have p_T > 30 GeV and |η| < 2.4, and are removed if they "
        "are within ΔR < 0.4 of an electron. Events must have at least one b-tagged jet."
    )
    criteria = distil(paper(text))
    near = [(E, 1, 40, 0, 0.2)]
    events = [tagged((40, 0, 0)), tagged((20, 0, 0)), tagged((40, 0, 0), leptons=near)]
    assert agreed(criteria, profile, tmp_path, *events) == [True, False, False]


def test_jets_that_overlap_with_leptons_are_no_b_jets(profile: Profile, tmp_path: Path) -> None:
    near = cut("near", "jet_electron.delta_r", "<", 0.4, role="veto", **EACH)
    clean = ObjectDefinition(
        name="clean jet", object="jet", overlap_removal=(OverlapRemoval(removed="jet", kept="electron", cut="near"),)
    )
    events = [tagged((50, 0, 0)), tagged((50, 0, 3.2)), tagged((50, 0, 3.2), (50, 1, 1))]
    assert selects(profile, tmp_path, events, near, ONE_B, objects=(clean,)) == [True, False, True]


def test_b_jets_take_part_in_removals_that_are_done_in_turn(profile: Profile, tmp_path: Path) -> None:
    """Jets at electrons go first, then electrons at the b jets that are left."""
    first = cut("jets", "jet_electron.delta_r", "<", 0.2, role="veto", **EACH)
    then = cut("electrons", "jet_electron.delta_r", "<", 0.4, role="veto", **EACH)
    clean = ObjectDefinition(
        name="clean",
        object="jet",
        overlap_removal=(
            OverlapRemoval(removed="jet", kept="electron", cut="jets"),
            OverlapRemoval(removed="electron", kept="bjet", cut="electrons"),
        ),
    )
    one = cut("one-e", "electron.count", "==", 1)
    events = [tagged((50, 0, 2.9)), tagged((50, 0, 2.7)), tagged((50, 0, 0))]
    assert selects(profile, tmp_path, events, first, then, one, objects=(clean,)) == [True, False, True]
    assert selects(profile, tmp_path, events, first, then, ONE_B, objects=(clean,)) == [False, True, True]


def test_a_condition_on_jets_is_one_on_b_jets(profile: Profile, tmp_path: Path) -> None:
    forward = when("for |η| > 2", clause("jet", "abs_eta", 2, ">"))
    harder = cut("forward", "jet.pt", ">", 50, "GeV", when=forward, **EACH)
    events = [tagged((40, 1, 0)), tagged((40, 2.2, 0)), tagged((60, 2.2, 0))]
    assert selects(profile, tmp_path, events, harder, ONE_B) == [True, False, True]


def test_a_looser_threshold_of_b_jets_is_their_own(profile: Profile, tmp_path: Path) -> None:
    own = cut("b-pt", "bjet.pt", ">", 20, "GeV", **EACH)
    events = [tagged((25, 0, 0)), tagged((15, 0, 0)), tagged((25, 2.5, 0))]
    assert selects(profile, tmp_path, events, JET_PT, JET_ETA, own, ONE_B) == [True, False, False]


def test_a_tighter_threshold_of_b_jets_is_their_own(profile: Profile, tmp_path: Path) -> None:
    own = cut("b-pt", "bjet.pt", ">", 50, "GeV", **EACH)
    two_jets = cut("two", "jet.count", ">=", 2)
    events = [tagged((60, 0, 0), (35, 1, 1)), tagged((45, 0, 0), (35, 1, 1)), tagged((60, 0, 0), (25, 1, 1))]
    assert selects(profile, tmp_path, events, JET_PT, own, ONE_B, two_jets) == [True, False, False]


def test_what_only_some_b_jets_must_be_adds_to_what_jets_must_be(profile: Profile, tmp_path: Path) -> None:
    own = cut("b-pt", "bjet.pt", ">", 20, "GeV", when=when("outside", clause("bjet", "abs_eta", 1.5, ">")), **EACH)
    assert selects(profile, tmp_path, [tagged((25, 0, 0)), tagged((25, 2, 0))], JET_PT, own, ONE_B) == [False, False]


def test_a_bound_on_the_other_side_adds_up(profile: Profile, tmp_path: Path) -> None:
    soft = cut("soft", "bjet.pt", "<", 100, "GeV", **EACH)
    events = [tagged((50, 0, 0)), tagged((20, 0, 0)), tagged((120, 0, 0))]
    assert selects(profile, tmp_path, events, JET_PT, soft, ONE_B) == [True, False, False]


def test_b_jets_are_the_jets_of_their_role(profile: Profile, tmp_path: Path) -> None:
    """Signal b jets are signal jets; what veto jets must be is nothing to them."""
    cuts = (
        cut("signal-pt", "jet.pt", ">", 40, "GeV", **EACH),
        cut("veto-pt", "jet.pt", ">", 60, "GeV", **EACH),
        cut("n", "bjet.count", ">=", 1, definition="signal bjet"),
        cut("none", "jet.count", "==", 0, definition="veto jet"),
    )
    objects = (
        ObjectDefinition(name="signal jet", object="jet", cuts=("signal-pt",)),
        ObjectDefinition(name="veto jet", object="jet", cuts=("veto-pt",)),
        ObjectDefinition(name="signal bjet", object="bjet"),
    )
    events = [tagged((50, 0, 0)), tagged((30, 0, 0)), tagged((70, 0, 0))]
    assert selects(profile, tmp_path, events, *cuts, objects=objects) == [True, False, False]


def test_tight_leptons_are_loose_ones_but_for_what_is_said_of_them_anew(profile: Profile, tmp_path: Path) -> None:
    cuts = (
        cut("loose-pt", "muon.pt", ">", 25, "GeV", **EACH),
        cut("loose-eta", "muon.abs_eta", "<", 2.0, **EACH),
        cut("other-pt", "muon.pt", ">", 10, "GeV", **EACH),
        cut("n", "muon.count", "==", 1, definition="other muon"),
    )
    objects = (
        ObjectDefinition(name="loose muon", object="muon", cuts=("loose-pt", "loose-eta")),
        ObjectDefinition(name="other muon", object="muon", parent="loose muon", cuts=("other-pt",)),
    )
    events = [event([(MU, 1, pt, eta, 0)]) for pt, eta in ((12, 0), (30, 0), (12, 2.2), (8, 0))]
    assert selects(profile, tmp_path, events, *cuts, objects=objects) == [True, True, False, False]


def test_what_is_asked_of_leptons_is_asked_of_electrons_besides_their_own(profile: Profile, tmp_path: Path) -> None:
    cuts = (
        cut("l-pt", "lepton.pt", ">", 20, "GeV", **EACH),
        cut("e-pt", "electron.pt", ">", 10, "GeV", **EACH),
        cut("n", "electron.count", "==", 1),
    )
    events = [event([(E, 1, pt, 0, 0)]) for pt in (15, 25)]
    assert selects(profile, tmp_path, events, *cuts) == [False, True]


def test_large_radius_jets_are_no_jets(profile: Profile) -> None:
    plan = make_plan(criteria_of(JET_PT, cut("fat", "fatjet.count", ">=", 1)), profile)
    fat = next(known for known in plan.objects if known.kind == "fatjet")
    assert fat.filters == ()


def test_the_code_says_what_b_jets_take_over_and_what_not(profile: Profile) -> None:
    own = cut("b-pt", "bjet.pt", ">", 20, "GeV", **EACH)
    plan = make_plan(criteria_of(JET_PT, JET_ETA, own, ONE_B), profile)
    for source in (emit(plan), emit_rdataframe(plan)):
        start = source.index("Return the selected bjets")
        function = source[start : source.index("by_pt(", start)]
        assert "jet-eta: jet |η| < 2.4" in function
        assert "Taken over: bjets are jets." in function
        assert "In place of jet-pt (jet p_T > 30 GeV)." in function
        assert "the profile's own" in function
        assert "jet-pt: jet" not in function


def test_adl_takes_jets_for_b_jets_unless_a_bound_is_replaced() -> None:
    medium = cut("b-tag", "bjet.btag", "is", "70%", **EACH)
    text = to_adl(criteria_of(JET_PT, JET_ETA, medium, ONE_B))
    assert "object bjets\n  take jets\n  select BTag(Jet)" in text
    own = cut("b-pt", "bjet.pt", ">", 20, "GeV", **EACH)
    block = to_adl(criteria_of(JET_PT, JET_ETA, own, ONE_B)).split("object bjets")[1].split("region")[0]
    assert "pT(Jet) > 20" in block
    assert "AbsEta(Jet) < 2.4" in block
    assert "pT(Jet) > 30" not in block


def test_a_quotient_is_no_significance_of_the_ntuple() -> None:
    """E_T^miss/√H_T is not what NanoAOD keeps as the significance of the missing momentum."""
    criteria = criteria_of(cut("q", "met.met_sig", ">", 5, name="E_T^miss/√H_T"), cut("s", "met.met_sig", ">", 5))
    nano = load_profile("cms-nanoaod")
    assert [one.cut_id for one in make_plan(criteria, nano).not_applied] == ["q"]
    assert set(Interpretation(criteria, nano).not_applied) == {"q"}


def test_a_removal_between_two_distances_is_applied_by_all(profile: Profile, tmp_path: Path) -> None:
    ring = cut("ring", "jet_electron.delta_r", "in", (0.2, 0.4), role="veto", **EACH)
    clean = ObjectDefinition(
        name="clean", object="electron", overlap_removal=(OverlapRemoval(removed="electron", kept="jet", cut="ring"),)
    )
    events = [tagged((50, 0, 3 - distance)) for distance in (0.1, 0.3, 0.5)]
    one = cut("n", "electron.count", ">=", 1)
    assert selects(profile, tmp_path, events, ring, one, objects=(clean,)) == [True, False, True]


# Working points -------------------------------------------------------------------------------------------------------


def test_a_stated_working_point_replaces_the_profile_s_own(profile: Profile, tmp_path: Path) -> None:
    """The profile's own is at 0.82 (70 %), the point of 77 % at 0.65."""
    events = [tagged((50, 0, 0), score=score) for score in (0.9, 0.7, 0.5)]
    assert selects(profile, tmp_path, events, ONE_B) == [True, False, False]
    looser = cut("point", "bjet.btag", "is", "77%", **EACH)
    assert selects(profile, tmp_path, events, looser, ONE_B) == [True, True, False]


def test_a_point_that_the_ntuple_lacks_leaves_the_profile_s_own_and_says_so(profile: Profile, tmp_path: Path) -> None:
    unknown = cut("point", "bjet.btag", "is", "85%", **EACH)
    events = [tagged((50, 0, 0), score=score) for score in (0.9, 0.7)]
    assert selects(profile, tmp_path, events, unknown, ONE_B) == [True, False]
    (missing,) = make_plan(criteria_of(unknown, ONE_B), profile).not_applied
    assert missing.review
    assert "no flag '85%'" in missing.reason
    assert "the profile's own working point is taken instead: jet_MV2c10 > 0.824427" in missing.reason


def test_a_point_in_the_condition_of_a_count_is_the_one_that_is_meant(profile: Profile, tmp_path: Path) -> None:
    point = when("at the 77% point", clause("bjet", "btag", "77%"))
    loose = cut("loose", "bjet.count", ">=", 2, when=point)
    events = [tagged((50, 0, 0), (40, 1, 1), score=score) for score in (0.9, 0.7, 0.5)]
    assert selects(profile, tmp_path, events, loose) == [True, True, False]
    tight = cut("tight", "bjet.count", ">=", 1)
    assert selects(profile, tmp_path, events, loose, tight) == [True, False, False]


def test_the_code_says_that_the_tagger_is_the_file_s(profile: Profile) -> None:
    named = cut("point", "bjet.btag", "is", "77%", name="DL1r", **EACH)
    source = emit(make_plan(criteria_of(named, ONE_B), profile))
    assert "The paper's tagger is DL1r; this is the point of the file's." in source


def test_alternative_points_replace_it_too(profile: Profile, tmp_path: Path) -> None:
    points = [cut(f"p{p}", "bjet.btag", "is", f"{p}%", any_of="point", **EACH) for p in (70, 77)]
    events = [tagged((50, 0, 0), score=score) for score in (0.9, 0.7, 0.5)]
    assert selects(profile, tmp_path, events, *points, ONE_B) == [True, True, False]


def conditional(point: str, words: str, operator: str, value: float) -> Cut:
    """Return a working point of b jets that is stated for some of them."""
    told = when(words, clause("bjet", "pt", value, operator))
    return cut(f"p{point}", "bjet.btag", "is", f"{point}%", when=told, **EACH)


def test_a_point_that_is_stated_for_some_objects_holds_for_these_only(profile: Profile, tmp_path: Path) -> None:
    """77 % (0.65) above 100 GeV; below, the profile's own point (70 %, 0.82)."""
    looser = conditional("77", "for p_T > 100 GeV", ">", 100)
    events = [tagged((pt, 0, 0), score=score) for pt in (120, 80) for score in (0.9, 0.7, 0.5)]
    assert selects(profile, tmp_path, events, looser, ONE_B) == [True, True, False, True, False, False]
    source = emit(make_plan(criteria_of(looser, ONE_B), profile))
    assert "none of the conditions holds for which a working point is stated: the profile's own" in " ".join(
        line.strip("# ") for line in source.splitlines()
    )


def test_points_that_are_stated_below_and_above_a_number_are_all_there_is(profile: Profile, tmp_path: Path) -> None:
    """Loose (77 %) below 100 GeV, tight (70 %) from there on: the profile's own is asked of none."""
    loose, tight = conditional("77", "below", "<", 100), conditional("70", "above", ">=", 100)
    events = [tagged((pt, 0, 0), score=score) for pt in (80, 100) for score in (0.9, 0.7, 0.5)]
    expected = [True, True, False, True, False, False]
    assert selects(profile, tmp_path, events, loose, tight, ONE_B) == expected
    plan = make_plan(criteria_of(loose, tight, ONE_B), profile)
    assert all(known.where is None for known in plan.objects)
    assert [known.cut_ids for one in plan.objects for known in one.filters] == [("p77",), ("p70",)]


def test_a_point_for_all_objects_stands_beside_one_for_some(profile: Profile, tmp_path: Path) -> None:
    all_, tighter = cut("all", "bjet.btag", "is", "77%", **EACH), conditional("70", "above", ">", 100)
    events = [tagged((pt, 0, 0), score=score) for pt in (80, 120) for score in (0.9, 0.7, 0.5)]
    assert selects(profile, tmp_path, events, all_, tighter, ONE_B) == [True, True, False, True, False, False]


def test_a_point_for_some_objects_leaves_a_count_at_another_point_alone(profile: Profile, tmp_path: Path) -> None:
    looser = conditional("77", "for p_T > 100 GeV", ">", 100)
    counted = cut("n", "bjet.count", ">=", 1, when=when("at the 77% point", clause("bjet", "btag", "77%")))
    events = [tagged((pt, 0, 0), score=score) for pt in (120, 80) for score in (0.9, 0.7, 0.5)]
    assert selects(profile, tmp_path, events, looser, counted) == [True, True, False, True, True, False]


def test_any_object_may_have_a_working_point_of_its_own(profile: Profile, tmp_path: Path) -> None:
    flags = {"id": {"tight": {"branch": "lep_isTightID"}}}
    lep = profile.collections["lep"].model_dump() | {"flags": flags}
    own = {"collection": "lep", "where": {"branch": "lep_isTightID"}, "point_of": "id", "mass": 0.1}
    raw = profile.model_dump() | {"collections": {**profile.model_dump()["collections"], "lep": lep}}
    raw["objects"] = {**raw["objects"], "muon": own}
    lep["flags"]["id"]["any"] = {"branch": "lep_pt", "above": 0}
    mine = Profile.model_validate(raw)
    n = cut("n", "muon.count", "==", 1)
    events = [event([(MU, 1, 40, 0, 0)], tight=[flag]) for flag in (1, 0)]
    assert selects(mine, tmp_path, events, n) == [True, False]
    assert selects(mine, tmp_path, events, cut("any", "muon.id", "is", "any", **EACH), n) == [True, True]


# Probes ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("special-toys")
    write_toys(folder, seed=2, events=5)
    return open_dataset(str(folder))


def probed(criteria: SelectionCriteria, toys: Dataset, work: Path, *changes: tuple[str, str]) -> Probes:
    source = emit_with_distributions(make_plan(criteria, toys.profile))
    for right, wrong in changes:
        assert right in source
        source = source.replace(right, wrong)
    (script := work / "analysis.py").write_text(source)
    name, sample = next(iter(toys.samples.items()))
    measured = run_analysis(script, {name: sample.files}, work / "run").samples[name].measured
    return probe(criteria, toys, script, measured)


def test_probes_show_that_b_jets_meet_the_cuts_of_jets(toys: Dataset, tmp_path: Path) -> None:
    criteria = criteria_of(JET_PT, JET_ETA, ONE_B, cut("two", "jet.count", ">=", 1))
    (good := tmp_path / "good").mkdir()
    shown = probed(criteria, toys, good)
    assert {one.cut_id: one.reason for one in shown.cuts if one.verdict != "proven"} == {}
    assert any("bjets" in point.where for one in shown.cuts for point in one.points)
    (bad := tmp_path / "bad").mkdir()
    found = probed(criteria, toys, bad, ("keep = bjets.pt > 30.0", "keep = bjets.pt > 20.0"))
    assert {one.cut_id: one.verdict for one in found.cuts}["jet-pt"] == "wrong"


def test_probes_see_a_default_point_that_is_asked_for_besides(toys: Dataset, tmp_path: Path) -> None:
    criteria = criteria_of(cut("point", "bjet.btag", "is", "77%", **EACH), ONE_B)
    (good := tmp_path / "good").mkdir()
    assert probed(criteria, toys, good).wrong == 0
    (bad := tmp_path / "bad").mkdir()
    both = ("keep = bjets.btag_n77", 'keep = (column(events, "jet_MV2c10") > 0.8244273) & bjets.btag_n77')
    assert probed(criteria, toys, bad, both).wrong > 0
