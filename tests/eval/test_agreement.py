"""Disagreement between code and reference is found, placed and counted; published yields are compared to six digits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from codegen.runner import Measured, RegionCount, SampleRun, Step
from eval.agreement import SampleAgreement, YieldCheck, compare_sample, load_yields
from eval.benchmarks import OPENDATA4L
from eval.reference import ReferenceMasks
from kb.errors import InputError

Flow = list[tuple[str, list[bool]]]

REFERENCE = ReferenceMasks(
    passes={"a": [True, True, True, False], "b": [True, True, False, True], "r": [True, False, True, True]},
    selected=[True, True, False, False],
    regions={"R": [True, False, False, False]},
)


def steps(flow: Flow) -> list[Step]:
    return [Step(cut_ids=[name], label=name, raw=sum(mask), weighted=sum(mask), sumw2=0) for name, mask in flow]


def compared(flow: Flow, region: Flow, selected: list[bool]) -> SampleAgreement:
    """Compare a run with these masks after each step, and in one region."""
    masks = {f"step_{number:03d}": np.array(mask) for number, (_, mask) in enumerate(flow)}
    masks |= {f"region_000_step_{number:03d}": np.array(mask) for number, (_, mask) in enumerate(region)}
    measured = Measured(
        events=len(selected),
        selected=sum(selected),
        weighted=sum(selected),
        cutflow=steps(flow),
        regions={"R": RegionCount(cutflow=steps(region))},
        histograms={},
    )
    masks["selected"] = np.array(selected)
    return compare_sample(
        "s", SampleRun(measured=measured, masks=masks, stdout="", seconds=0, peak_memory=None), REFERENCE
    )


BASELINE: Flow = [("a", [True, True, True, False]), ("b", [True, True, False, False])]
REGION: Flow = [("r", [True, False, False, False])]
SELECTED = [True, True, False, False]


def test_equal_masks_agree_on_every_event() -> None:
    found = compared(BASELINE, REGION, SELECTED)
    assert found == SampleAgreement("s", events=4, selected=2, steps=3, agreeing=4)
    assert found.share == 1


def test_one_event_that_differs_at_one_step_is_named() -> None:
    wrong: Flow = [("a", [True, True, False, False]), BASELINE[1]]
    found = compared(wrong, REGION, SELECTED)
    assert found.agreeing == 3
    assert found.first == "event 2 at 'a': reference passes"


def test_a_wrong_region_is_noticed_although_the_baseline_agrees() -> None:
    found = compared(BASELINE, [("r", SELECTED)], SELECTED)
    assert found.first == "event 1 at 'R: r': reference fails"


def test_different_numbers_of_events_are_no_comparison() -> None:
    with pytest.raises(InputError, match="1 events in the run, 4 in the reference"):
        compared([("a", [True])], [("r", [True])], [True])


@pytest.mark.parametrize(
    ("kind", "published", "measured", "agrees"),
    [
        ("raw", 146, 146, True),
        ("raw", 146, 147, False),
        ("weighted", 43.141792, 43.1417905, True),
        ("weighted", 43.141792, 43.14190, False),
    ],
)
def test_counts_must_be_equal_and_weighted_yields_agree_to_six_digits(
    kind: str, published: float, measured: float, agrees: bool
) -> None:
    assert YieldCheck("loose", "Zee", kind, published, measured).agrees is agrees


def test_the_published_numbers_load_and_a_broken_file_is_refused(tmp_path: Path) -> None:
    assert load_yields(OPENDATA4L / "yields.json")["loose"]["raw"]["data_A"] == 27
    (tmp_path / "yields.json").write_text(json.dumps({"other": 1}))
    with pytest.raises(InputError, match="no published yields"):
        load_yields(tmp_path / "yields.json")
