"""Deformations of an event along one number: the pT of an object, an angle, an isolation sum, the missing momentum."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from eval.company import MIXED
from eval.composition import PAIRS
from eval.probes.gauge import SUMS
from eval.probes.nudges import Nudges
from eval.probes.specimen import Anatomy, Place, Row
from kb.ssc import Cut, Variable

_STEPS = (-0.8, -0.4, -0.2, -0.1, -0.04, -0.015, 0.0, 0.015, 0.04, 0.1, 0.2, 0.4, 0.8)


@dataclass(frozen=True)
class Handle:
    """A family of events: `at(value)` is the event in which a branch has this value.

    `grid` rises; where `start` is given, values are looked at from there on, up and down, until something changes.
    """

    at: Callable[[float], Row]
    grid: tuple[float, ...]
    whole: bool = False
    start: float | None = None


def ordinal(value: float) -> int:
    """Number the single-precision values in their order.

    >>> ordinal(1.0) - ordinal(0.99999994), ordinal(0.0) == ordinal(-0.0)
    (1, True)
    """
    (bits,) = struct.unpack("<i", struct.pack("<f", value))
    return int(bits) if bits >= 0 else -(bits & 0x7FFFFFFF)


def from_ordinal(number: int) -> float:
    """Return the single-precision value of a number given by `ordinal`.

    >>> from_ordinal(ordinal(-2.5)), from_ordinal(ordinal(0.5))
    (-2.5, 0.5)
    """
    bits = number if number >= 0 else -number | 0x80000000
    (value,) = struct.unpack("<f", struct.pack("<I", bits & 0xFFFFFFFF))
    return float(value)


def direct(
    nudges: Nudges, row: Row, place: Place, kind: str, variable: Variable, amount: float, *, reach: float = 0.03
) -> Handle | None:
    """Return the deformation of one object's variable around an amount in normal units, or None if it cannot be set."""
    found = nudges.handle(row, place, kind, variable)
    if found is None:
        return None
    part, branch, scale = found
    anatomy = nudges.anatomy
    middle = amount * scale
    if anatomy.lists[place[0]][branch] == "i4":
        middle = round(middle)
        at = lambda value: anatomy.put(row, place, branch, value)  # noqa: E731
        return Handle(at, (middle - 2, middle - 1, middle, middle + 1, middle + 2), whole=True)
    step = max(abs(middle) * reach, 1e-3 * abs(scale))
    if part:
        return Handle(lambda value: anatomy.move(row, place, part, value), (middle - step, middle + step))
    return Handle(lambda value: anatomy.put(row, place, branch, value), (middle - step, middle + step))


def missing(anatomy: Anatomy, row: Row, amount: float) -> Handle | None:
    """Return the deformation of the missing transverse momentum around an amount in GeV."""
    branch = anatomy.profile.branch("met", "pt")
    if branch is None:
        return None
    name, middle = branch.branch, amount / branch.factor
    step = max(abs(middle) * 0.03, 1e-3 / branch.factor)
    return Handle(lambda value: anatomy.put_scalar(row, name, value), (middle - step, middle + step))


def general(nudges: Nudges, row: Row, cut: Cut) -> Iterator[Handle]:
    """Yield deformations that may change what a cut measures: of every object that it could be about."""
    anatomy = nudges.anatomy
    name, variable = cut.subject.object, cut.variable.id
    met = anatomy.profile.collections.get("met")
    if name in {"met", "event"} or "met" in MIXED.get(name, ()) or variable in {"mt", "met_sig"}:
        if (branch := anatomy.profile.branch("met", "pt")) is not None and met is not None:
            yield Handle(
                _setter(anatomy, row, branch.branch),
                _rising(float(row[branch.branch])),
                start=float(row[branch.branch]),
            )
        if (branch := anatomy.profile.branch("met", "phi")) is not None and variable not in SUMS and name != "met":
            yield Handle(
                _setter(anatomy, row, branch.branch),
                _around(float(row[branch.branch])),
                start=float(row[branch.branch]),
            )
    kinds = nudges.constituents(name)
    if name == "event" and variable in {*SUMS, "mht", "mj"}:
        sums = {"mht": ("jet",), "mj": ("fatjet",)}.get(variable) or SUMS[variable]
        kinds = tuple(part for kind in sums for part in anatomy.profile.parts(kind))
    places = [(place, kind) for kind in kinds for place in anatomy.places(row, kind)]
    places.sort(key=lambda entry: -anatomy.momentum(row, *entry)[0])
    several = name in PAIRS or name in anatomy.systems or name in MIXED
    angles = several or variable in {"mt", "mht", "delta_r", "delta_phi"}
    for part in ("pt", "phi", "eta") if angles else ("pt",):
        for place, kind in places[:8]:
            branch = anatomy.profile.branch(kind, part)
            if branch is None or (variable == "mt" and part == "eta"):
                continue
            current = float(row[branch.branch][place[1]])
            grid = _rising(current) if part == "pt" else _around(current) if part == "phi" else _across(current)
            yield Handle(lambda value, p=place, q=part: anatomy.move(row, p, q, value), grid, start=current)  # type: ignore[misc]
    if variable == "mj":
        for place, kind in places:
            if (branch := anatomy.profile.branch(kind, "mass")) is not None:
                current = float(row[branch.branch][place[1]])
                at = lambda value, p=place, b=branch.branch: anatomy.put(row, p, b, value)  # noqa: E731
                yield Handle(at, _rising(current), start=current)
            elif (branch := anatomy.profile.branch(kind, "energy")) is not None:
                current = float(row[branch.branch][place[1]])
                yield Handle(
                    lambda value, p=place, b=branch.branch: anatomy.put(row, p, b, value),  # type: ignore[misc]
                    tuple(current * (1 + n / 20) for n in range(12)),
                )


def turning(anatomy: Anatomy, row: Row, place: Place, kind: str) -> Iterator[Handle]:
    """Yield deformations of the direction of one object."""
    _, eta, phi, _ = anatomy.momentum(row, place, kind)
    yield Handle(lambda value: anatomy.move(row, place, "phi", value), _around(phi), start=phi)
    yield Handle(lambda value: anatomy.move(row, place, "eta", value), _across(eta), start=eta)


def _setter(anatomy: Anatomy, row: Row, branch: str) -> Callable[[float], Row]:
    return lambda value: anatomy.put_scalar(row, branch, value)


def _rising(current: float) -> tuple[float, ...]:
    return tuple(max(current, 1.0) * 1.12**power for power in (-12, -8, -5, -3, -2, -1, 0, 1, 2, 3, 5, 8, 12))


def _around(current: float) -> tuple[float, ...]:
    return tuple(angle for step in _STEPS if abs(angle := current + 2 * step) < 3.14159)


def _across(current: float) -> tuple[float, ...]:
    return tuple(eta for step in _STEPS if abs(eta := current + step) < 2.6)
