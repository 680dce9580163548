"""Regions that replace what holds elsewhere have events of their own, in the emitted code and in the reference."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.plan import make_plan
from codegen.profile import load_profile
from eval.reference import reference_masks
from kb.distil import distil
from kb.ssc import SelectionCriteria
from tests.codegen.conftest import event, masks_of, write_events
from tests.distil.papers import paper

E, MU = 11, 13
ONE, TWO = [(MU, 1, 40, 0, 0)], [(MU, 1, 40, 0, 0), (MU, -1, 30, 0, 2)]
TWO_JETS = [(90, 0, 1), (80, 1, 3)]

EVENTS = (
    event(ONE, TWO_JETS, met=150),
    event(ONE, [(90, 0, 1)], met=150),
    event(TWO, TWO_JETS, met=150),
    event(ONE, TWO_JETS, met=60),
    event(TWO, TWO_JETS, met=60),
)

SELECTION = "Events must contain exactly one lepton and E_T^miss > 100 GeV."
REGIONS = {
    "a count that leaves no room for the baseline's": (
        f"{SELECTION} SR1 requires at least two jets. CR1 requires exactly two leptons.",
        {"SR1": [True, False, False, False, False], "CR1": [False, False, True, False, False]},
    ),
    "a window beside the baseline's": (
        f"{SELECTION} SR1 requires at least two jets. CR1 requires 20 < E_T^miss < 80 GeV.",
        {"SR1": [True, False, False, False, False], "CR1": [False, False, False, True, False]},
    ),
    "a looser threshold": (
        f"{SELECTION} SR1 requires at least two jets. VR1 requires E_T^miss > 50 GeV and at least two jets.",
        {"SR1": [True, False, False, False, False], "VR1": [True, False, False, True, False]},
    ),
    "a region that builds on such a one": (
        f"{SELECTION} SR1 requires at least two jets. CR1 requires exactly two leptons. "
        "In addition to the requirements of CR1, at least two jets are required in CR2.",
        {"CR1": [False, False, True, False, False], "CR2": [False, False, True, False, False]},
    ),
    "no other region has a name": (
        f"{SELECTION} CR1 requires exactly two leptons.",
        {"baseline selection": [True, True, False, False, False], "CR1": [False, False, True, False, False]},
    ),
    "a region like another but for one cut": (
        "SR1 requires exactly one lepton, E_T^miss > 100 GeV and at least two jets. "
        "CR1 has the same requirements as SR1 except that E_T^miss must be between 20 and 80 GeV.",
        {"SR1": [True, False, False, False, False], "CR1": [False, False, False, True, False]},
    ),
}


def read(text: str) -> SelectionCriteria:
    return distil(paper(f"# Event selection\n\n{text}"))


@pytest.mark.parametrize(("text", "expected"), REGIONS.values(), ids=REGIONS)
def test_the_events_of_regions(text: str, expected: dict[str, list[bool]], tmp_path: Path) -> None:
    criteria, profile = read(text), load_profile("atlas-2020")
    file = write_events(tmp_path / "events.root", *EVENTS)
    reference = reference_masks(criteria, profile, [file])
    assert {name: reference.regions[name] for name in expected} == expected
    masks = masks_of(criteria, profile, file)
    places = {region.name: place for place, region in enumerate(make_plan(criteria, profile).regions)}
    for name, passed in expected.items():
        region = make_plan(criteria, profile).regions[places[name]]
        last = f"region_{places[name]:03d}_step_{len(region.steps) - 1:03d}"
        assert masks[last] == passed
