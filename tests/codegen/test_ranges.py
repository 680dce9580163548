"""Masks flip exactly at the ends of a range, and as the ends are told: in emitted code and in the reference alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegen.profile import Profile, load_profile
from eval.inequality import satisfies
from eval.reference import reference_masks
from kb.ssc import Clause, Cut, Piecewise, Subject, Variable
from tests.codegen.conftest import criteria_of, cut, event, masks_of, when, write_events

LOW, HIGH = 50.0, 106.0
WHERE = ("below", "at low", "above low", "inside", "below high", "at high", "above")
INSIDE = {
    "both": {"at low", "above low", "inside", "below high", "at high"},
    "left": {"at low", "above low", "inside", "below high"},
    "right": {"above low", "inside", "below high", "at high"},
    "neither": {"above low", "inside", "below high"},
}
ENDS = [(operator, closed) for operator in ("in", "not_in") for closed in INSIDE]


def around(edge: float) -> list[float]:
    """Return the stored momenta [MeV] next to an edge [GeV]: single precision has none between them."""
    stored = np.float32(1000 * edge)
    steps = (np.nextafter(stored, np.float32(0)), stored, np.nextafter(stored, np.float32(np.inf)))
    return [float(step) for step in steps]


def of_momentum(stored: float) -> dict[str, Any]:
    """Return an event whose one electron and missing momentum have this magnitude [MeV]."""
    return event([(11, 1, stored / 1000, 0, 0)], met=stored / 1000)


@pytest.fixture(scope="module")
def momenta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of one event for each place of `WHERE`."""
    values = [*around(LOW), 80_000.0, *around(HIGH)]
    return write_events(tmp_path_factory.mktemp("ranges") / "momenta.root", *map(of_momentum, values))


def bounded(what: str, operator: str, closed: str, **more: Any) -> Cut:
    return cut("x", what, operator, (LOW, HIGH), "GeV", closed=closed, **more)


def told(what: str, operator: str, closed: str) -> Clause:
    thing, variable = what.split(".")
    fields = {"subject": {"object": thing}, "variable": {"id": variable}, "operator": operator, "closed": closed}
    return Clause.model_validate({**fields, "value": (LOW, HIGH), "unit": "GeV"})


ONE_ELECTRON = cut("n", "electron.count", "==", 1)
Selection = Callable[[str, str], list[Cut]]
SELECTIONS: dict[str, Selection] = {
    "an event": lambda operator, closed: [bounded("met.pt", operator, closed)],
    "a ranked object": lambda operator, closed: [bounded("lepton.pt", operator, closed, rank=1)],
    "each object": lambda operator, closed: [bounded("electron.pt", operator, closed, scope="object"), ONE_ELECTRON],
}
REJECTIONS: dict[str, Selection] = {
    "a veto of events": lambda operator, closed: [bounded("met.pt", operator, closed, role="veto")],
    "a veto of objects": lambda operator, closed: [
        bounded("electron.pt", operator, closed, scope="object", role="veto"),
        ONE_ELECTRON,
    ],
    "a condition on events": lambda operator, closed: [
        cut("n", "jet.count", "==", 1, when=when("there", told("met.pt", operator, closed)))
    ],
    "a condition on objects": lambda operator, closed: [
        cut(
            "x", "electron.pt", ">", 1, "TeV", scope="object", when=when("there", told("electron.pt", operator, closed))
        ),
        ONE_ELECTRON,
    ],
}


def selected_by_both(profile: Profile, file: Path, *cuts: Cut) -> list[bool]:
    """Return which events the emitted code selects, which must be those of the reference."""
    criteria = criteria_of(*cuts)
    found = masks_of(criteria, profile, file)["selected"]
    assert reference_masks(criteria, profile, [file]).selected == found
    return found


@pytest.mark.parametrize(("operator", "closed"), ENDS)
@pytest.mark.parametrize("about", [*SELECTIONS, *REJECTIONS])
def test_a_mask_flips_exactly_at_the_end_that_belongs_to_the_range(
    about: str, operator: str, closed: str, momenta: Path, profile: Profile
) -> None:
    cuts = (SELECTIONS | REJECTIONS)[about](operator, closed)
    kept = {place for place in WHERE if (place in INSIDE[closed]) == (operator == "in")}
    wanted = [(place in kept) == (about in SELECTIONS) for place in WHERE]
    assert selected_by_both(profile, momenta, *cuts) == wanted


@pytest.mark.parametrize(
    ("closed", "inside"), [("both", {2, 3, 4}), ("left", {2, 3}), ("right", {3, 4}), ("neither", {3})]
)
def test_numbers_of_jets_may_exclude_an_end(closed: str, inside: set[int], tmp_path: Path, profile: Profile) -> None:
    numbers = range(1, 6)
    file = write_events(tmp_path / "jets.root", *(event(jets=[(30 + i, 0, i) for i in range(n)]) for n in numbers))
    for operator in ("in", "not_in"):
        stated = cut("n", "jet.count", operator, (2, 4), closed=closed)
        assert selected_by_both(profile, file, stated) == [(n in inside) == (operator == "in") for n in numbers]


@pytest.mark.parametrize(("closed", "at_the_threshold"), [("both", True), ("left", True), ("neither", False)])
def test_a_threshold_that_follows_another_quantity_may_be_excluded(
    closed: str, at_the_threshold: bool, tmp_path: Path, profile: Profile
) -> None:
    # At a missing momentum of 150 GeV the threshold is 30 GeV.
    rising = Piecewise(
        subject=Subject(object="met"), variable=Variable(id="pt"), unit="GeV", points=((100, 20), (200, 40))
    )
    electrons = [event([(11, 1, stored / 1000, 0, 0)], met=150) for stored in around(30)]
    file = write_events(tmp_path / "threshold.root", *electrons)
    stated = cut("x", "lepton.pt", "in", (rising, 115), "GeV", rank=1, closed=closed)
    assert selected_by_both(profile, file, stated) == [False, at_the_threshold, True]
    outside = stated.model_copy(update={"operator": "not_in"})
    assert selected_by_both(profile, file, outside) == [True, not at_the_threshold, False]


@pytest.mark.parametrize(("operator", "closed"), ENDS)
def test_an_undefined_number_is_neither_inside_nor_outside(operator: str, closed: str) -> None:
    assert not satisfies(float("nan"), bounded("met.pt", operator, closed))


GRID = (20.0, LOW, 80.0, HIGH)


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of events at, just below and just above every number of `GRID`."""
    values = [value for edge in GRID for value in around(edge)]
    return write_events(tmp_path_factory.mktemp("ranges") / "grid.root", *map(of_momentum, values))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    what=st.sampled_from([("met.pt", "event", None), ("lepton.pt", "event", 1), ("electron.pt", "object", None)]),
    operator=st.sampled_from(["in", "not_in"]),
    closed=st.sampled_from(sorted(INSIDE)),
    ends=st.tuples(st.sampled_from(GRID), st.sampled_from(GRID)).map(sorted),
    unit=st.sampled_from([("MeV", 1000), ("GeV", 1), ("TeV", 0.001)]),
    role=st.sampled_from(["select", "veto"]),
)
def test_code_and_reference_agree_on_every_event_at_an_end(
    grid: Path,
    what: tuple[str, str, int | None],
    operator: str,
    closed: str,
    ends: list[float],
    unit: tuple[str, float],
    role: str,
) -> None:
    about, scope, rank = what
    value = tuple(end * unit[1] for end in ends)
    stated = cut("x", about, operator, value, unit[0], closed=closed, scope=scope, rank=rank, role=role)
    selected_by_both(load_profile("atlas-2020"), grid, stated, ONE_ELECTRON)
