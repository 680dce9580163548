"""What a requirement cuts away, what is seen in each region, and which events are in two regions at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codegen.emit import emit_with_distributions
from codegen.measured import Measured, merged
from codegen.plan import make_plan
from codegen.plan_distributions import distributions
from codegen.profile import Profile
from kb.ssc import Region, SelectionCriteria
from tests.codegen.conftest import criteria_of, cut, event

MU = 13
PAIR = [(MU, 1, 50, 0, 0), (MU, -1, 40, 0, 2)]
EVENTS = (
    event(PAIR, met=80),
    event(PAIR, met=30),
    event(PAIR[:1], met=90),
    event(PAIR[:1], met=20),
    event([(MU, 1, 15, 0, 0), (MU, -1, 12, 0, 2)], met=70),
)


def measured(criteria: SelectionCriteria, profile: Profile, file: Path) -> Measured:
    namespace: dict[str, Any] = {"__name__": "emitted", "__doc__": ""}
    exec(compile(emit_with_distributions(make_plan(criteria, profile)), "analysis.py", "exec"), namespace)
    analysis = namespace["Analysis"](None, None)
    for piece in namespace["pieces"](str(file), analysis.branches):
        analysis.add(piece)
    return Measured.model_validate(analysis.report())


@pytest.fixture
def two(profile: Profile, write: Callable[..., Path]) -> Measured:
    """Return what is measured of a selection of two muons and missing momentum, with two regions."""
    cuts = (
        cut("two", "muon.count", "==", 2),
        cut("lead", "muon.pt", ">", 20, "GeV", rank=1),
        cut("met", "met.pt", ">", 50, "GeV"),
        cut("high", "met.pt", ">", 75, "GeV", regions=("high",)),
        cut("low", "met.pt", "<", 90, "GeV", regions=("low",)),
    )
    regions = (Region(name="high", kind="signal"), Region(name="low", kind="control"))
    return measured(criteria_of(*cuts, regions=regions), profile, write(*EVENTS))


def test_events_that_fail_only_one_requirement_show_what_it_cuts_away(two: Measured) -> None:
    filled = {
        histogram.label: [
            (round(low, 6), int(value)) for low, value in zip(histogram.edges, histogram.values, strict=False) if value
        ]
        for histogram in two.histograms.values()
        if histogram.without is not None and histogram.without[0] is None
    }
    # Of the events with two muons and a hard leading one, one has 80 and one 30 GeV; bins are 3.75 GeV wide.
    assert filled["E_T^miss p_T"] == [(30.0, 1), (78.75, 1)]
    assert filled["number of muons"] == [(0.5, 1), (1.5, 1)]
    assert filled["leading μ p_T"] == [(15.0, 1), (49.5, 1)]


def test_a_distribution_tells_which_step_is_left_out_and_its_threshold(two: Measured) -> None:
    told = {(h.without, tuple(h.thresholds)) for h in two.histograms.values() if h.without is not None}
    labels = [step.label for step in two.cutflow]
    assert ((None, labels.index("E_T^miss p_T > 50 GeV")), (50.0,)) in told
    assert (("high", 0), (75.0,)) in told


def test_a_region_has_the_histograms_of_its_own_events(two: Measured) -> None:
    assert sum(two.regions["high"].histograms["met"].values) == 1
    assert sum(two.histograms["met"].values) == 1


def test_regions_that_share_events_are_seen_to(two: Measured) -> None:
    assert two.overlaps.raw == [[1, 1], [1, 1]]
    doubled = merged([two, two])
    assert doubled.overlaps.raw == [[2, 2], [2, 2]]
    assert doubled.regions["high"].histograms["met"].values == [
        2 * v for v in two.regions["high"].histograms["met"].values
    ]


def test_selection_and_cutflow_are_those_without_distributions(
    profile: Profile, write: Callable[..., Path], selected: Callable[..., list[bool]]
) -> None:
    pair = cut("mass", "muon_pair.mass", ">", 10, "GeV")
    cuts = (cut("met", "met.pt", ">", 50, "GeV"), pair)
    found = measured(criteria_of(*cuts), profile, write(*EVENTS))
    assert found.selected == sum(selected(EVENTS, *cuts))
    of_met = next(h for h in found.histograms.values() if h.thresholds == [50.0])
    assert sum(of_met.values) == 3, "the event with 30 GeV and two heavy muons is among them"


def test_a_requirement_that_compares_no_number_has_no_distribution(profile: Profile) -> None:
    named = cut("charge", "muon_pair.charge", "is", "opposite charge")
    assert distributions(make_plan(criteria_of(named), profile)) == ()
