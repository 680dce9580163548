"""Cuts of one region that exclude each other divide it: one of them must hold, in code, loop, probes and exports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.dataset import Dataset, open_dataset
from codegen.emit import emit, emit_with_distributions
from codegen.export_adl import to_adl
from codegen.export_coffea import to_coffea
from codegen.plan import make_plan
from codegen.profile import Profile, load_profile
from codegen.rdf_emit import emit_rdataframe
from codegen.result import Probes
from codegen.runner import run_analysis
from codegen.toys import write_toys
from eval.divisions import Divisions
from eval.probes.table import probe
from kb.bins import bins, conflicts
from kb.ssc import Cut, Region, SelectionCriteria
from tests.codegen.conftest import Event, clause, criteria_of, cut, event, when
from tests.eval.readings import agreed

E, MU = 11, 13
SR, CR = Region(name="SR", kind="signal"), Region(name="CR", kind="control")
IN_SR: dict[str, Any] = {"scope": "region", "regions": ("SR",)}
TWO, MORE = cut("two", "jet.count", "==", 2, **IN_SR), cut("more", "jet.count", ">=", 3, **IN_SR)


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("atlas-2020")


def jets(number: int, **more: Any) -> Event:
    return event([(E, 1, 40, 0, 0)], [(50, 0.1 * place, 3) for place in range(number)], **more)


def test_numbers_of_objects_that_exclude_each_other_are_bins(profile: Profile, tmp_path: Path) -> None:
    criteria = criteria_of(TWO, MORE, regions=(SR,))
    assert agreed(criteria, profile, tmp_path, *map(jets, range(5)), region="SR") == [False, False, True, True, True]


def test_windows_of_a_mass_are_bins(profile: Profile, tmp_path: Path) -> None:
    low = cut("low", "met.pt", "in", (50, 100), "GeV", closed="left", **IN_SR)
    high = cut("high", "met.pt", "in", (100, 150), "GeV", closed="left", **IN_SR)
    events = [jets(0, met=met) for met in (40, 50, 99, 100, 149, 160)]
    found = agreed(criteria_of(low, high, regions=(SR,)), profile, tmp_path, *events, region="SR")
    assert found == [False, True, True, True, True, False]


def test_what_does_not_divide_still_holds_for_all_bins(profile: Profile, tmp_path: Path) -> None:
    met = cut("met", "met.pt", ">", 100, "GeV", **IN_SR)
    events = [jets(2, met=200), jets(3, met=200), jets(2, met=50), jets(1, met=200)]
    found = agreed(criteria_of(TWO, met, MORE, regions=(SR,)), profile, tmp_path, *events, region="SR")
    assert found == [True, True, False, False]


def test_cuts_that_can_hold_together_are_no_bins(profile: Profile, tmp_path: Path) -> None:
    few = cut("few", "jet.count", "<=", 3, **IN_SR)
    criteria = criteria_of(MORE, few, regions=(SR,))
    assert agreed(criteria, profile, tmp_path, *map(jets, range(5)), region="SR") == [False, False, False, True, False]
    assert not make_plan(criteria, profile).remarks


def test_bins_in_the_distance_from_the_z_mass(profile: Profile, tmp_path: Path) -> None:
    on = cut("on", "lepton_pair.mass", "<", 10, "GeV", note="|m_ll - m_Z|", **IN_SR)
    off = cut("off", "lepton_pair.mass", ">", 30, "GeV", note="|m_ll - m_Z|", **IN_SR)
    pair = [event([(E, 1, pt, 0, 0), (E, -1, pt, 0, 3.14159265)]) for pt in (45.6, 35, 25)]  # m = 2 pT
    assert agreed(criteria_of(on, off, regions=(SR,)), profile, tmp_path, *pair, region="SR") == [True, False, True]


def test_flavours_of_one_region_are_bins(profile: Profile, tmp_path: Path) -> None:
    four = [cut(n, "fourlepton.other", "is", n, name="flavour", **IN_SR) for n in ("4e", "4μ")]
    events = [event([(k, s, 40, 0, n) for n, (k, s) in enumerate(kinds)]) for kinds in (
        [(E, 1), (E, -1), (E, 1), (E, -1)], [(MU, 1), (MU, -1), (MU, 1), (MU, -1)], [(E, 1), (E, -1), (MU, 1), (MU, -1)]
    )]  # fmt: skip
    assert agreed(criteria_of(*four, regions=(SR,)), profile, tmp_path, *events, region="SR") == [True, True, False]


def test_bins_that_leave_nothing_out_ask_for_nothing(profile: Profile, tmp_path: Path) -> None:
    signs = [cut(s, "lepton_pair.charge", "is", s, **IN_SR) for s in ("opposite", "same")]
    number = [cut(f"n{o}", "jet.count", o, 1, **IN_SR) for o in ("<", ">=")]
    met = cut("met", "met.pt", ">", 50, "GeV", **IN_SR)
    criteria = criteria_of(*signs, *number, met, regions=(SR,))
    events = [event([(E, 1, 40, 0, 0), (E, sign, 30, 0, 2)], met=met) for sign, met in ((1, 60), (-1, 60), (1, 40))]
    assert agreed(criteria, profile, tmp_path, *events, region="SR") == [True, True, False]
    missing = {one.cut_id: one for one in make_plan(criteria, profile).not_applied}
    assert set(missing) == {"opposite", "same", "n<", "n>="}
    assert "as bins of SR, it and n>= (jet N ≥ 1) leave nothing out together" in missing["n<"].reason


def test_what_is_asked_and_vetoed_at_once_is_asked_about(profile: Profile, tmp_path: Path) -> None:
    """No electron, and at least one: which of the two is meant, nobody can tell but a reader."""
    cuts = (cut("none", "electron.count", "==", 0), cut("some", "electron.count", ">=", 1))
    events = [event([(E, 1, 40, 0, 0)][:n]) for n in (0, 1)]
    assert agreed(criteria_of(*cuts), profile, tmp_path, *events) == [True, True]
    missing = make_plan(criteria_of(*cuts), profile).not_applied
    assert [one.review for one in missing] == [True, True]
    assert "exclude each other, and leave nothing out together" in missing[0].reason


def test_bins_of_different_conditions_are_none(profile: Profile, tmp_path: Path) -> None:
    """Two jets where the missing momentum is low, three where it is high: each is asked in its place."""
    low = cut("low", "jet.count", "==", 2, when=when("low", clause("met", "pt", 100, "<")), **IN_SR)
    high = cut("high", "jet.count", "==", 3, when=when("high", clause("met", "pt", 100, ">=")), **IN_SR)
    events = [jets(2, met=50), jets(3, met=50), jets(2, met=150), jets(3, met=150)]
    found = agreed(criteria_of(low, high, regions=(SR,)), profile, tmp_path, *events, region="SR")
    assert found == [True, False, False, True]


def test_alternatives_are_bins_beside_what_they_exclude(profile: Profile, tmp_path: Path) -> None:
    either = [cut(f"n{n}", "jet.count", "==", n, any_of="pair", **IN_SR) for n in (1, 2)]
    criteria = criteria_of(*either, cut("four", "jet.count", ">=", 4, **IN_SR), regions=(SR,))
    assert agreed(criteria, profile, tmp_path, *map(jets, range(5)), region="SR") == [False, True, True, False, True]


def test_a_veto_may_be_a_bin(profile: Profile, tmp_path: Path) -> None:
    low = cut("low", "met.pt", ">", 100, "GeV", role="veto", **IN_SR)
    high = cut("high", "met.pt", ">", 200, "GeV", **IN_SR)
    criteria = criteria_of(low, high, regions=(SR,))
    events = [jets(0, met=met) for met in (50, 150, 250)]
    assert agreed(criteria, profile, tmp_path, *events, region="SR") == [True, False, True]
    assert "select not (MET > 100) or (MET > 200)" in to_adl(criteria)


def test_a_baseline_that_excludes_itself_is_divided_and_asks_for_review(profile: Profile, tmp_path: Path) -> None:
    criteria = criteria_of(cut("five", "jet.count", "==", 2), cut("six", "jet.count", ">=", 4))
    assert agreed(criteria, profile, tmp_path, *map(jets, range(5))) == [False, False, True, False, True]
    (remark,) = make_plan(criteria, profile).remarks
    assert remark.review
    assert "nothing says which region is divided so" in remark.text


def test_objects_of_two_kinds_of_place_are_those_of_either(profile: Profile, tmp_path: Path) -> None:
    central = cut("central", "jet.abs_eta", "<", 1.4, scope="object")
    outer = cut("outer", "jet.abs_eta", "in", (1.6, 2.5), scope="object")
    events = [event([], [(50, eta, 0)]) for eta in (0, 1.5, 2, 3)]
    found = agreed(criteria_of(central, outer, cut("n", "jet.count", ">=", 1)), profile, tmp_path, *events)
    assert found == [True, False, True, False]


def test_a_cut_that_is_rejected_divides_nothing(profile: Profile, tmp_path: Path) -> None:
    gone = MORE.model_copy(update={"status": "rejected"})
    criteria = criteria_of(TWO, gone, regions=(SR,))
    assert agreed(criteria, profile, tmp_path, *map(jets, range(5)), region="SR") == [False, False, True, False, False]


def test_the_code_and_the_exports_say_that_they_are_bins(profile: Profile) -> None:
    criteria = criteria_of(TWO, MORE, regions=(SR,))
    plan = make_plan(criteria, profile)
    (remark,) = plan.remarks
    assert not remark.review
    assert "bins, of which one must hold in SR" in remark.text
    for source in (emit(plan), emit_rdataframe(plan)):
        assert "two (jet N = 2) / more (jet N ≥ 3)" in " ".join(source.split())
        assert "Bins: these exclude each other, and one of them must hold." in source
    assert "select (Size(jets) == 2) or (Size(jets) >= 3)  # two, more" in to_adl(criteria)
    assert '"SR: jet N = 2 or jet N ≥ 3"' in to_coffea(plan)


def test_cuts_of_overlapping_regions_that_exclude_each_other_are_asked_about(profile: Profile, tmp_path: Path) -> None:
    """Two jets in both regions, three or more in one of them: nobody divides a region like this."""
    both = cut("both", "jet.count", "==", 2, scope="region", regions=("SR", "CR"))
    met = cut("met", "met.pt", ">", 100, "GeV", **IN_SR)
    criteria = criteria_of(both, MORE, met, regions=(SR, CR))
    assert agreed(criteria, profile, tmp_path, jets(2, met=150), jets(3, met=50), region="SR") == [True, False]
    missing = {one.cut_id: one for one in make_plan(criteria, profile).not_applied}
    assert set(missing) == {"both", "more"}
    assert all(one.review and "exclude each other in SR" in one.reason for one in missing.values())


def test_a_region_that_excludes_the_baseline_is_told_to_have_no_events(profile: Profile, tmp_path: Path) -> None:
    criteria = criteria_of(cut("any", "jet.count", ">=", 4), TWO, regions=(SR,))
    assert agreed(criteria, profile, tmp_path, *map(jets, range(5)), region="SR") == [False] * 5
    (remark,) = make_plan(criteria, profile).remarks
    assert (remark.about, remark.review) == ("SR", True)
    assert "no event can be in it: two (jet N = 2) excludes any (jet N ≥ 4)" in remark.text


# Regions without a cut ------------------------------------------------------------------------------------------------


def test_a_region_whose_only_cut_was_rejected_is_left_out(profile: Profile, tmp_path: Path) -> None:
    gone = TWO.model_copy(update={"status": "rejected"})
    criteria = criteria_of(cut("met", "met.pt", ">", 50, "GeV"), gone, regions=(SR,))
    assert agreed(criteria, profile, tmp_path, jets(2, met=60), jets(2, met=40)) == [True, False]
    plan = make_plan(criteria, profile)
    assert plan.regions == ()
    assert plan.left_out == (("SR", "its only cut was rejected in review (two); it would be all of the baseline"),)
    for source in (emit(plan), emit_rdataframe(plan)):
        assert "Regions left out:" in source
        assert "SR: its only cut was rejected in review" in source
    assert "# region SR is left out: its cuts were all rejected in review" in to_adl(criteria)
    assert "region SR " not in to_adl(criteria).replace("# region SR is", "")


def test_a_region_without_a_cut_that_the_ntuple_can_apply_is_left_out(profile: Profile, tmp_path: Path) -> None:
    chi2 = cut("chi2", "vertex.chi2", "<", 6, **IN_SR)
    plan = make_plan(criteria_of(chi2, regions=(SR,)), profile)
    ((name, reason),) = plan.left_out
    assert name == "SR"
    assert reason.startswith("none of its cuts can be applied (chi2: the ntuple has no")


def test_what_builds_on_a_region_that_is_left_out_stays(profile: Profile, tmp_path: Path) -> None:
    grand = Region(name="grand", kind="signal")
    SR_of = SR.model_copy(update={"parent": "grand"})
    child = Region(name="child", kind="signal", parent="SR")
    cuts = (
        cut("met", "met.pt", ">", 50, "GeV", scope="region", regions=("grand",)),
        TWO.model_copy(update={"status": "rejected"}),
        cut("ht", "jet.count", ">=", 1, scope="region", regions=("child",)),
    )
    criteria = criteria_of(*cuts, regions=(grand, SR_of, child))
    events = [jets(1, met=60), jets(1, met=40), jets(0, met=60)]
    assert agreed(criteria, profile, tmp_path, *events, region="child") == [True, False, False]
    assert {known.name: known.parent for known in make_plan(criteria, profile).regions} == {
        "grand": None,
        "child": "grand",
    }


def test_of_alternatives_those_that_are_not_rejected_stay(profile: Profile, tmp_path: Path) -> None:
    cuts = [cut(f"n{n}", "jet.count", "==", n, any_of="either") for n in (1, 2)]
    cuts[0] = cuts[0].model_copy(update={"status": "rejected"})
    assert agreed(criteria_of(*cuts), profile, tmp_path, *map(jets, range(4))) == [False, False, True, False]


# Two readings that know nothing of each other -------------------------------------------------------------------------

_OPERATORS = (">", ">=", "<", "<=", "==", "!=")
_NUMBERS = st.integers(0, 4).map(float)


@st.composite
def _cuts(draw: st.DrawFn) -> tuple[Cut, ...]:
    what = draw(st.sampled_from(["jet.count", "met.pt"]))
    found = []
    for number in range(draw(st.integers(2, 4))):
        more: dict[str, Any] = {"role": draw(st.sampled_from(["select", "veto"]))}
        places = draw(st.sampled_from([(), ("SR",), ("CR",), ("SR", "CR")]))
        if draw(st.booleans()):
            low = draw(_NUMBERS)
            ends = draw(st.sampled_from(["both", "left", "right", "neither"]))
            operator = draw(st.sampled_from(["in", "not_in"]))
            found.append(cut(f"c{number}", what, operator, (low, low + 1), closed=ends, regions=places, **more))
        else:
            operator = draw(st.sampled_from(_OPERATORS))
            found.append(cut(f"c{number}", what, operator, draw(_NUMBERS), regions=places, **more))
    return tuple(found)


@given(_cuts())
def test_compiler_and_loop_find_the_same_bins(cuts: tuple[Cut, ...]) -> None:
    criteria = criteria_of(*cuts, regions=(SR, CR))
    divided = Divisions.of(criteria)
    groups: dict[str, set[str]] = {}
    for known in divided.criteria.cuts:
        if known.any_of:
            groups.setdefault(known.any_of, set()).add(known.id)
    found = [one for one in bins(criteria) if not one.whole]
    assert {frozenset(one.cuts) for one in found} == {frozenset(group) for group in groups.values()}
    refused = {cut_id for one in conflicts(criteria) if one.own for cut_id in (one.first, one.second)}
    refused |= {cut_id for one in bins(criteria) if one.whole for cut_id in one.cuts}
    assert refused == set(divided.refused)


# Probes ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("divided-toys")
    write_toys(folder, seed=2, events=5)
    return open_dataset(str(folder))


def probed(criteria: SelectionCriteria, toys: Dataset, work: Path, right: str = "", wrong: str = "") -> Probes:
    work.mkdir()
    source = emit_with_distributions(make_plan(criteria, toys.profile))
    assert right in source
    (script := work / "analysis.py").write_text(source.replace(right, wrong) if right else source)
    name, sample = next(iter(toys.samples.items()))
    measured = run_analysis(script, {name: sample.files}, work / "run").samples[name].measured
    return probe(criteria, toys, script, measured)


def test_probes_show_each_bin_and_see_one_that_is_lost(toys: Dataset, tmp_path: Path) -> None:
    criteria = criteria_of(cut("met", "met.pt", ">", 50, "GeV"), TWO, MORE, regions=(SR,))
    shown = probed(criteria, toys, tmp_path / "good")
    assert {one.cut_id: one.reason for one in shown.cuts if one.verdict != "proven"} == {}
    and_ = probed(criteria, toys, tmp_path / "and", "(ak.num(jets) == 2) | (", "(ak.num(jets) == 2) & (")
    assert and_.wrong > 0
    few = probed(criteria, toys, tmp_path / "few", "(ak.num(jets) >= 3)", "(ak.num(jets) >= 4)")
    assert {one.cut_id: one.verdict for one in few.cuts}["more"] == "wrong"
    lost = probed(criteria, toys, tmp_path / "lost", "(ak.num(jets) == 2) | (", "(ak.num(jets) == 9) | (")
    assert lost.wrong > 0


def test_probes_show_windows_side_by_side(toys: Dataset, tmp_path: Path) -> None:
    low = cut("low", "met.pt", "in", (50, 100), "GeV", closed="left", **IN_SR)
    high = cut("high", "met.pt", "in", (100, 150), "GeV", closed="left", **IN_SR)
    criteria = criteria_of(cut("n", "jet.count", ">=", 1), low, high, regions=(SR,))
    shown = probed(criteria, toys, tmp_path / "good")
    assert {one.cut_id: one.reason for one in shown.cuts if one.verdict != "proven"} == {}
    wrong = probed(criteria, toys, tmp_path / "wrong", "150.0", "149.0")
    assert {one.cut_id: one.verdict for one in wrong.cuts} == {"n": "proven", "low": "proven", "high": "wrong"}
