"""What a cut measures, computed once more from the branches, without the reference's choices of objects.

For a cut on the leading pair, say, the masses of all pairs are given. Where the reference changes its mind between two
neighbouring events, one of these numbers must pass the number in the criteria; otherwise the reference is wrong, or
the change has another cause. Masses are sums over pairs, m² = Σ m_i² + 2 Σ (E_i E_j − p_i · p_j).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from typing import Any

from eval.company import MIXED
from eval.composition import PAIRS
from eval.event import DISTANCES, InexpressibleError, Ntuple
from eval.inequality import Z_MASS, unsigned_offset
from eval.probes.specimen import Anatomy, Place
from eval.scene import Scene
from kb.bounds import scaled
from kb.ssc import Bound, Clause, Cut, PairRequirement, Piecewise, Subject, Variable
from kb.vocabulary import unit_factor

SUMS = {"ht": ("jet",), "lt": ("lepton",), "st": ("jet", "lepton"), "meff": ("jet", "lepton")}
WHOLE = frozenset({"count", "charge", "charge_product", "n_tracks"})
"""Variables that are whole numbers."""
_EXACT = frozenset({"pt", "eta", "abs_eta", "phi", "d0", "d0_sig", "z0", "iso_rel", "iso_abs", "charge", "n_tracks"})
_ROUNDING = 1e-12
_CLOSE = 2e-5

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Body:
    """Momentum and mass of an object, in GeV."""

    pt: float
    eta: float
    phi: float
    mass: float


@dataclass(frozen=True)
class Edge:
    """An end of what a cut allows, in normal units."""

    name: str
    bound: Bound

    def segment(self, x: float | None) -> int | None:
        """Return between which points of a threshold function x lies; None for a plain number."""
        if not isinstance(self.bound, Piecewise) or x is None:
            return None
        return sum(x > point[0] for point in self.bound.points)


@dataclass(frozen=True)
class Reading:
    """One number that an event has for a cut."""

    label: tuple[Any, ...]
    kind: str | None
    value: float
    negative: bool = False
    plain: bool = False


@dataclass(frozen=True)
class Crossing:
    """A number that passes an edge between two events."""

    edge: str
    kind: str | None
    segment: int | None
    negative: bool
    threshold: float
    low: float
    high: float
    plain: bool = False
    """Whether the number is a value of the ntuple, although it need not be."""


def edges(cut: Cut | Clause) -> tuple[Edge, ...]:
    """Return the ends of what a cut allows: one for an inequality, two for a range and for |m − m_Z|."""
    value = cut.normal_value if isinstance(cut, Cut) else _normal(cut)
    if isinstance(value, str):
        return ()
    if isinstance(value, tuple):
        return Edge("lower end", value[0]), Edge("upper end", value[1])
    if isinstance(cut, Cut) and unsigned_offset(cut, Z_MASS) == 0.0 and not isinstance(value, Piecewise):
        return Edge("lower end", Z_MASS - value), Edge("upper end", Z_MASS + value)
    return (Edge("threshold", value),)


def _normal(clause: Clause) -> Any:
    factor = unit_factor(clause.unit)
    if isinstance(clause.value, tuple):
        return scaled(clause.value[0], factor), scaled(clause.value[1], factor)
    return clause.value if isinstance(clause.value, str) else scaled(clause.value, factor)


class Gauge:
    """Measures made-up events."""

    def __init__(self, anatomy: Anatomy, scene_of: Callable[[Row], Scene]) -> None:
        self.anatomy = anatomy
        self.profile = anatomy.profile
        self.ntuple = Ntuple(anatomy.profile)
        self.scene_of = scene_of

    def crossings(self, cut: Cut | Clause, one: Row, other: Row) -> list[Crossing]:
        """Return what passes an edge of the cut from one event to the other, its neighbour."""
        found: list[Crossing] = []
        before = {reading.label: reading for reading in self.readings(one, cut.subject, cut.variable)}
        after = {reading.label: reading for reading in self.readings(other, cut.subject, cut.variable)}
        for edge in edges(cut):
            for x, at_one, at_other in self._thresholds(edge, one, other):
                for label in (label for label in before if label in after):
                    low, high = before[label].value, after[label].value
                    side, next_side = low - at_one, high - at_other
                    scale = max(abs(at_one), abs(low), 1e-3)
                    whole = cut.variable.id in WHOLE
                    near = whole or (abs(low - high) < _CLOSE * scale and abs(side) < _CLOSE * scale)
                    if near and side * next_side <= 0 and side != next_side:
                        kind, negative = before[label].kind, before[label].negative
                        found.append(
                            Crossing(edge.name, kind, edge.segment(x), negative, at_one, low, high, before[label].plain)
                        )
        return found

    def _thresholds(self, edge: Edge, one: Row, other: Row) -> Iterator[tuple[float | None, float, float]]:
        """Yield what a threshold follows, and the threshold in both events."""
        bound = edge.bound
        if not isinstance(bound, Piecewise):
            yield None, bound, bound
            return
        before = {r.label: r.value for r in self.readings(one, bound.subject, bound.variable)}
        after = {r.label: r.value for r in self.readings(other, bound.subject, bound.variable)}
        for label in (label for label in before if label in after):
            yield before[label], bound.at(before[label]), bound.at(after[label])

    def exact(self, cut: Cut | Clause, crossing: Crossing) -> int | None:
        """Return which of two neighbours (0, 1) has exactly the threshold, where rounding cannot matter."""
        central = cut.variable.id == "z0_sintheta" and crossing.plain
        if crossing.segment is not None or (self._computed(cut) and not central):
            return None
        return next((i for i, value in enumerate((crossing.low, crossing.high)) if value == crossing.threshold), None)

    def blurred(self, cut: Cut | Clause, crossing: Crossing) -> list[int]:
        """Return which of two neighbours are so near to the threshold that rounding decides."""
        if (not self._computed(cut) or crossing.plain) and crossing.segment is None:
            return []
        tolerance = _ROUNDING * max(abs(crossing.threshold), 1.0)
        return [
            i for i, value in enumerate((crossing.low, crossing.high)) if abs(value - crossing.threshold) < tolerance
        ]

    def _computed(self, cut: Cut | Clause) -> bool:
        """Say whether a number is the result of a computation whose last digits depend on its order."""
        if cut.variable.id in WHOLE or cut.variable.id in SUMS:
            return False
        single = cut.subject.object in self.anatomy.kinds or cut.subject.object in {"lepton", "met"}
        return not single or cut.variable.id not in _EXACT

    # Readings ---------------------------------------------------------------------------------------------------------

    def readings(self, row: Row, subject: Subject, variable: Variable) -> list[Reading]:
        """Return every number that could be meant; none for what is not known here."""
        try:
            return list(self._readings(row, subject.object, variable))
        except (InexpressibleError, KeyError, ZeroDivisionError):
            return []

    def again(self, row: Row, subject: Subject, variable: Variable, label: tuple[Place, ...]) -> Reading | None:
        """Return one of the readings by its label, or None if the event no longer has it."""
        if any(place[1] >= self.anatomy.number(row, place[0]) for place in label):
            return None
        members = [(place, self.anatomy.kind(row, place)) for place in label]
        apart = variable.id in DISTANCES and bool(variable.reference)
        if subject.object in MIXED or variable.id == "mt" or apart:
            other = members[1] if len(members) > 1 else None
            return next(self._of_meeting(members[0], other, row, variable), None)
        if subject.object in PAIRS or subject.object in self.anatomy.systems:
            return next(self._of_group(members, row, variable), None)
        return next(self._of_one(row, *members[0], variable), None)

    def related(self, row: Row, label: tuple[Place, ...], relations: Sequence[PairRequirement]) -> bool:
        """Say whether two objects are to each other as told."""
        kinds = [self.anatomy.kind(row, place) for place in label]
        charges = [self._charge(row, place) for place in label] if any("charge" in r for r in relations) else [0]
        facts: dict[PairRequirement, bool] = {
            "same_flavour": len(set(kinds)) == 1,
            "different_flavour": len(set(kinds)) > 1,
            "opposite_charge": math.prod(charges) < 0,
            "same_charge": math.prod(charges) > 0,
        }
        return all(facts[relation] for relation in relations)

    def _readings(self, row: Row, name: str, variable: Variable) -> Iterator[Reading]:
        if variable.id == "count":
            return
        if name == "met" and variable.id in {"pt", "phi"}:
            yield Reading((), None, self.ntuple.missing_momentum(row, variable.id))
        elif name in PAIRS:
            places = self._placed(row, PAIRS[name])
            for one, other in combinations(places, 2):
                yield from self._of_group((one, other), row, variable)
        elif name in self.anatomy.systems:
            of, number = self.anatomy.systems[name]
            for group in combinations(self._placed(row, of), number):
                yield from self._of_group(group, row, variable)
        elif name in MIXED:
            first, second = MIXED[name]
            others: list[tuple[Place, str] | None] = [None] if second == "met" else [*self._placed(row, second)]
            for part, partner in product(self._placed(row, first), others):
                yield from self._of_meeting(part, partner, row, variable)
        elif variable.id in SUMS or variable.id in {"mht", "mj"}:
            yield Reading((), None, self._sum(row, variable.id))
        elif variable.id == "mt":
            for one in self._placed(row, "lepton" if name == "event" else name):
                yield from self._of_meeting(one, None, row, variable)
        elif name in self.anatomy.profile.objects:
            for place, kind in self._placed(row, name):
                yield from self._of_one(row, place, kind, variable)
        if variable.id in DISTANCES and variable.reference and name in self.anatomy.profile.objects:
            for one in self._placed(row, name):
                for reference in variable.reference:
                    for other in self._placed(row, self._object(reference)):
                        if one[0] != other[0]:
                            yield from self._of_meeting(one, other, row, variable)

    def _object(self, name: str) -> str:
        definition = self.scene_of({}).filters.definitions.get(name)
        return definition.object if definition else name

    def _placed(self, row: Row, name: str) -> list[tuple[Place, str]]:
        parts = self.profile.parts(name)
        return [(place, part) for part in parts for place in self.anatomy.places(row, part, self._bare)]

    @cached_property
    def _bare(self) -> frozenset[str]:
        """The kinds of which the criteria state working points, so that the profile's own need not count."""
        return self.scene_of({}).filters.pointed

    def _body(self, row: Row, place: Place, kind: str) -> Body:
        pt, eta, phi, mass = self.anatomy.momentum(row, place, kind)
        return Body(pt, eta, phi, mass)

    def _of_one(self, row: Row, place: Place, kind: str, variable: Variable) -> Iterator[Reading]:
        name = variable.id
        raw = {"abs_eta": "eta", "z0_sintheta": "z0"}.get(name, name)
        if name in {"iso_rel", "iso_abs"}:
            isolation = self.profile.isolation(kind, variable)
            if isolation is None:
                return
            value = self.anatomy.amount(row, place, isolation)
            pt = self.anatomy.momentum(row, place, kind)[0]
            if (name == "iso_rel") != isolation.relative:
                value = value / pt if name == "iso_rel" else value * pt
            yield Reading((place,), kind, value)
        elif name in {"rapidity", "abs_rapidity"}:
            body = self._body(row, place, kind)
            value = math.asinh(body.pt * math.sinh(body.eta) / math.hypot(body.pt, body.mass))
            yield Reading((place,), kind, abs(value) if name == "abs_rapidity" else value, value < 0)
        elif name == "mass":
            yield Reading((place,), kind, self.anatomy.momentum(row, place, kind)[3])
        elif (branch := self.profile.branch(kind, raw)) is not None:
            value = self.anatomy.amount(row, place, branch)
            if branch.factor < 1:  # as it is exact
                value = float(row[branch.branch][place[1]]) / round(1 / branch.factor, 9)
            if name == "z0_sintheta":
                value *= math.sin(2 * math.atan(math.exp(-self.anatomy.momentum(row, place, kind)[1])))
            signed = name in {"abs_eta", "d0", "d0_sig", "z0", "z0_sintheta"}
            central = name == "z0_sintheta" and self.anatomy.momentum(row, place, kind)[1] == 0
            yield Reading((place,), kind, abs(value) if signed else value, signed and value < 0, central)

    def _of_group(self, group: Sequence[tuple[Place, str]], row: Row, variable: Variable) -> Iterator[Reading]:
        places = tuple(place for place, _ in group)
        kinds = "".join(sorted(kind[0] for _, kind in group))
        if variable.id in {"charge", "charge_product"}:
            charges = [self._charge(row, place) for place in places]
            yield Reading(places, kinds, float(sum(charges) if variable.id == "charge" else math.prod(charges)))
            return
        bodies = [self._body(row, place, kind) for place, kind in group]
        if variable.id in DISTANCES:
            yield self._distance(places, kinds, bodies[0], bodies[1], variable.id)
        elif variable.id in {"mass", "pt"}:
            yield Reading(places, kinds, mass(bodies) if variable.id == "mass" else transverse(bodies))

    def _charge(self, row: Row, place: Place) -> int:
        return int(row[self.profile.collections[place[0]].variables["charge"].branch][place[1]])

    def _of_meeting(
        self, one: tuple[Place, str], other: tuple[Place, str] | None, row: Row, variable: Variable
    ) -> Iterator[Reading]:
        first = self._body(row, *one)
        label = (one[0],) if other is None else (one[0], other[0])
        if other is None:
            pt, phi = (self.ntuple.missing_momentum(row, part) for part in ("pt", "phi"))
            second = Body(pt, 0.0, phi, 0.0)
            if variable.id == "mt":
                yield Reading(label, one[1], 2 * math.sqrt(first.pt * pt) * abs(math.sin((first.phi - phi) / 2)))
                return
        else:
            second = self._body(row, *other)
        if variable.id in DISTANCES:
            yield self._distance(label, one[1], first, second, variable.id)
        elif variable.id in {"mass", "pt"}:
            value = mass([first, second]) if variable.id == "mass" else transverse([first, second])
            yield Reading(label, one[1], value)

    def _distance(self, label: tuple[Any, ...], kind: str, one: Body, other: Body, name: str) -> Reading:
        across, around = one.eta - other.eta, (one.phi - other.phi + math.pi) % math.tau - math.pi
        if name == "delta_r":
            return Reading(label, kind, math.sqrt(across**2 + around**2))
        value = around if name == "delta_phi" else across
        return Reading(label, kind, abs(value), value < 0)

    def _sum(self, row: Row, name: str) -> float:
        """Add up the objects that the reference selects."""
        scene = self.scene_of(row)
        of = {"mht": ("jet",), "mj": ("fatjet",)}.get(name) or SUMS[name]
        found = [p for part in of for p in scene.selected(part, None)]
        bodies = [
            Body(p.pt, p.eta, p.phi, math.sqrt(max(p.momentum[0] ** 2 - (p.pt * math.cosh(p.eta)) ** 2, 0)))
            for p in found
        ]
        if name == "mht":
            return transverse(bodies)
        if name == "mj":
            return sum(self.ntuple.measure(p, Variable(id="mass")) for p in found)
        total = sum(body.pt for body in bodies)
        return total + self.ntuple.missing_momentum(row, "pt") if name in {"st", "meff"} else total


def mass(bodies: Sequence[Body]) -> float:
    """Return the invariant mass in GeV."""
    square = sum(body.mass**2 for body in bodies)
    for one, other in combinations(bodies, 2):
        energies = math.hypot(one.pt * math.cosh(one.eta), one.mass) * math.hypot(
            other.pt * math.cosh(other.eta), other.mass
        )
        along = math.cos(one.phi - other.phi) + math.sinh(one.eta) * math.sinh(other.eta)
        square += 2 * (energies - one.pt * other.pt * along)
    return math.sqrt(max(square, 0.0))


def transverse(bodies: Sequence[Body]) -> float:
    """Return the transverse momentum of the sum in GeV."""
    square = sum(body.pt**2 for body in bodies)
    for one, other in combinations(bodies, 2):
        square += 2 * one.pt * other.pt * math.cos(one.phi - other.phi)
    return math.sqrt(max(square, 0.0))
