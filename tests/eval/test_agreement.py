"""Disagreement between code and reference is found, placed and counted; published yields are compared to six digits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from codegen.plan import make_plan
from codegen.plan_model import Plan
from codegen.profile import load_profile
from eval.agreement import SampleAgreement, compare_sample, load_yields
from eval.benchmarks import OPENDATA4L
from eval.reference import ReferenceMasks
from kb.errors import InputError
from kb.ssc import Region
from tests.eval.conftest import by_hand, criteria_of

REFERENCE = ReferenceMasks(
    passes={"met": [True, True, True, False], "n": [True, True, False, True], "ht": [True, False, True, True]},
    selected=[True, True, False, False],
    regions={"R": [True, False, False, False]},
)
AGREEING = {
    "step_000": [True, True, False, True],
    "step_001": REFERENCE.selected,
    "selected": REFERENCE.selected,
    "region_000_step_000": REFERENCE.regions["R"],
}


@pytest.fixture(scope="module")
def plan() -> Plan:
    cuts = (
        by_hand("met", "met.pt", ">", 50, "GeV"),
        by_hand("n", "jet.count", ">=", 1),
        by_hand("ht", "event.ht", ">", 100, "GeV", scope="region", regions=("R",)),
    )
    criteria = criteria_of(*cuts, regions=(Region(name="R", kind="signal"),))
    return make_plan(criteria, load_profile("atlas-2020"))


def compared(plan: Plan, **changed: list[bool]) -> SampleAgreement:
    """Compare a run with these masks after each step, for the baseline, and in one region."""
    masks = {name: np.array(flags) for name, flags in (AGREEING | changed).items()}
    return compare_sample("s", plan, masks, REFERENCE)


def test_equal_masks_agree_on_every_event(plan: Plan) -> None:
    found = compared(plan)
    assert found == SampleAgreement("s", events=4, selected=2, steps=3, agreeing=4)
    assert found.share == 1


def test_one_event_that_differs_at_one_step_is_named(plan: Plan) -> None:
    found = compared(plan, step_000=[True, True, True, True])
    assert found.agreeing == 3
    assert found.first == f"event 2 at '{plan.steps[0].label}': reference fails"


def test_a_wrong_region_is_noticed_although_the_baseline_agrees(plan: Plan) -> None:
    found = compared(plan, region_000_step_000=REFERENCE.selected)
    assert found.first == f"event 1 at 'R: {plan.regions[0].steps[0].label}': reference fails"


def test_a_region_is_compared_as_the_reference_composes_it(plan: Plan) -> None:
    composed = ReferenceMasks(REFERENCE.passes, REFERENCE.selected, {"R": [False, False, False, False]})
    masks = {name: np.array(flags) for name, flags in AGREEING.items()}
    assert compare_sample("s", plan, masks, composed).agreeing == 3


def test_different_numbers_of_events_are_no_comparison(plan: Plan) -> None:
    with pytest.raises(InputError, match="1 events in the run, 4 in the reference"):
        compared(plan, **{key: [True] for key in AGREEING})


def test_the_published_numbers_load_and_a_broken_file_is_refused(tmp_path: Path) -> None:
    assert load_yields(OPENDATA4L / "yields.json")["loose"]["raw"]["data_A"] == 27
    (tmp_path / "yields.json").write_text(json.dumps({"other": 1}))
    with pytest.raises(InputError, match="no published yields"):
        load_yields(tmp_path / "yields.json")
