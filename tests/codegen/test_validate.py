"""The validator agrees with what is right and finds what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from codegen.plan import make_plan
from codegen.plan_model import Plan
from codegen.profile import Profile
from codegen.result import Probes, SampleResult
from codegen.validate import compare_masks, compare_yields, judge
from kb.errors import DataError
from kb.ssc import Region
from tests.codegen.conftest import criteria_of, cut


@pytest.fixture
def plan(profile: Profile) -> Plan:
    cuts = (
        cut("met", "met.pt", ">", 50, "GeV"),
        cut("n", "jet.count", ">=", 1),
        cut("ht", "event.ht", ">", 100, "GeV", scope="region", regions=("tail",)),
    )
    return make_plan(criteria_of(*cuts, regions=(Region(name="tail", kind="signal"),)), profile)


@dataclass
class Flags:
    """A reference's flags."""

    passes: dict[str, list[bool]]
    selected: list[bool]
    regions: dict[str, list[bool]] = field(default_factory=dict)


FLAGS = Flags(
    passes={"n": [True, True, False, True], "met": [True, False, True, True], "ht": [False, True, True, True]},
    selected=[True, False, False, True],
)
MASKS = {
    "step_000": [True, True, False, True],
    "step_001": [True, False, False, True],
    "selected": [True, False, False, True],
    "region_000_step_000": [False, False, False, True],
    "event": [11, 12, 13, 14],
    "run": [1, 1, 1, 1],
}


def arrays(**changed: list[bool]) -> dict[str, np.ndarray[tuple[int], np.dtype[np.generic]]]:
    return {name: np.array(values) for name, values in (MASKS | changed).items()}


def test_equal_masks_agree_on_every_event(plan: Plan) -> None:
    found = compare_masks(plan, {"data": arrays()}, {"data": FLAGS})
    assert (found.events, found.agreeing, found.agreement, found.disagreements) == (4, 4, 1.0, ())
    assert judge(found, ()).status == "agrees"


def test_the_first_step_that_differs_is_named(plan: Plan) -> None:
    wrong = arrays(step_001=[True, True, False, True], selected=[True, True, False, True])
    found = compare_masks(plan, {"data": wrong}, {"data": FLAGS})
    assert found.agreeing == 3
    (first,) = found.disagreements
    assert (first.index, first.event, first.cut_ids) == (1, 12, ("met",))
    assert first.code_passes
    assert not first.reference_passes
    assert judge(found, ()).status == "disagrees"


def test_a_region_that_differs_is_found(plan: Plan) -> None:
    wrong = arrays(region_000_step_000=[True, False, False, True])
    found = compare_masks(plan, {"data": wrong}, {"data": FLAGS})
    assert found.disagreements[0].cut_ids == ("ht",)


def test_a_region_is_what_the_reference_says_it_is(plan: Plan) -> None:
    flags = Flags(FLAGS.passes, FLAGS.selected, {"tail": [False] * 4})
    found = compare_masks(plan, {"data": arrays()}, {"data": flags})
    (only,) = found.disagreements
    assert (only.index, only.step) == (3, f"tail: {plan.regions[0].steps[0].label}")


def test_a_cut_that_only_one_side_applies_is_no_agreement(plan: Plan) -> None:
    passes = {"n": FLAGS.passes["n"], "met": FLAGS.passes["met"], "other": [True] * 4}
    masks = arrays(region_000_step_000=[True, False, False, True])
    found = compare_masks(plan, {"data": masks}, {"data": Flags(passes, FLAGS.selected)})
    assert found.agreement == 1.0
    assert (found.only_code, found.only_reference) == (("ht",), ("other",))
    assert judge(found, ()).status == "disagrees"


def test_different_numbers_of_events_are_refused(plan: Plan) -> None:
    with pytest.raises(DataError, match="4 events in the run, 3 in the reference"):
        compare_masks(plan, {"data": arrays()}, {"data": Flags(FLAGS.passes, FLAGS.selected[:3])})


def test_yields_agree_to_six_digits() -> None:
    def sample(selected: int, weighted: float) -> SampleResult:
        return SampleResult(
            kind="mc", normalised=True, events=9, selected=selected, weighted=weighted, sumw2=1, cutflow=()
        )

    measured = {"Zee": sample(5, 43.14179316), "ttbar": sample(6, 28.1330)}
    published: dict[str, dict[str, float]] = {
        "Zee": {"selected": 5, "weighted": 43.141792},
        "ttbar": {"weighted": 28.132816},
        "ggH": {"weighted": 1},
    }
    found = compare_yields(measured, published)
    assert [(y.sample, y.quantity, y.agrees) for y in found] == [
        ("Zee", "selected", True),
        ("Zee", "weighted", True),
        ("ttbar", "weighted", False),
    ]
    assert judge(None, found).status == "disagrees"
    assert judge(None, found[:2]).status == "agrees"


def test_nothing_compared_is_not_validated() -> None:
    assert judge(None, ()).status == "not_validated"


def test_agreement_on_events_of_which_none_is_left_shows_nothing(plan: Plan) -> None:
    nobody = Flags({name: [False] * 4 for name in FLAGS.passes}, [False] * 4)
    found = compare_masks(plan, {"data": {key: np.zeros(4, dtype=bool) for key in MASKS}}, {"data": nobody})
    assert (found.agreeing, found.left) == (4, 0)
    assert judge(found, ()).status == "not_validated"
    probes = Probes(events=2, proven=1, wrong=0, not_provable=0)
    assert judge(found, (), probes).status == "agrees"
