"""What is said of pairs: which pair is meant, and what two objects can be to each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from codegen.plan import make_plan
from codegen.plan_terms import Chosen, walk
from codegen.profile import Profile
from tests.codegen.conftest import clause, criteria_of, cut, event, quadruplet_of, when


@pytest.mark.parametrize(
    ("what", "operator", "value"),
    [
        ("jet_pair.charge_product", "==", -1),
        ("jet_pair.charge", "==", 0),
        ("jet_pair.charge", "is", "opposite charge"),
        ("jet_lepton.charge", "is", "opposite charge"),
    ],
)
def test_charges_of_jets_are_not_known(profile: Profile, what: str, operator: str, value: Any) -> None:
    plan = make_plan(criteria_of(cut("x", what, operator, value)), profile)
    assert [missing.reason for missing in plan.not_applied] == ["the ntuple has no electric charge of jets"]


def test_jets_have_no_flavour_to_compare(profile: Profile) -> None:
    same = when("same flavour", clause("jet_pair", "other", "same", name="flavour"))
    plan = make_plan(criteria_of(cut("x", "jet_pair.mass", ">", 5, when=same)), profile)
    assert [(m.reason, m.review) for m in plan.not_applied] == [("jets have no flavour that could be compared", True)]


def test_both_pairs_are_the_two_that_the_criteria_choose(profile: Profile) -> None:
    both = cut("that both lepton pairs are heavy", "lepton_pair.mass", ">", 12, "GeV")
    [missing] = make_plan(criteria_of(both), profile).not_applied
    assert (missing.reason, missing.review) == (
        "it is said of both lepton pairs, and the criteria do not say which they are",
        True,
    )
    plan = make_plan(criteria_of(both, composites=quadruplet_of()), profile)
    assert plan.not_applied == ()
    chosen = {term.name for step in plan.steps for term in walk(step.requirement) if isinstance(term, Chosen)}
    assert chosen == {"leading_pair", "subleading_pair"}


def test_each_pair_is_every_pair_of_selected_objects(selected: Callable[..., list[bool]]) -> None:
    three = event([(13, 1, 40, 0, 0), (13, -1, 30, 0, 1.5), (13, 1, 20, 0, 1.6)])
    each = cut("that each muon pair is wide", "muon_pair.delta_r", ">", 0.5)
    leading = cut("that the muon pair is wide", "muon_pair.delta_r", ">", 0.5)
    assert selected([three], each) == [False]
    assert selected([three], leading) == [True]


def test_an_electron_and_a_muon_have_charges(selected: Callable[..., list[bool]]) -> None:
    events = [event([(11, 1, 40, 0, 0), (13, charge, 30, 0, 1.5)]) for charge in (1, -1)]
    assert selected(events, cut("x", "electron_muon.charge", "is", "opposite charge")) == [False, True]
    assert selected(events, cut("x", "electron_muon.charge", "is", "opposite charge", role="veto")) == [True, False]
