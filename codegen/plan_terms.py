"""The terms of a plan: what is counted, computed and compared, without saying in which language.

    Collections (a list per event)      Objects  OfKind  Leading  Members  Remaining  Pairs
    Systems (at most one per event)     Nth  First  Chosen  LeadingPair  Whole  Missing
    Quantities (numbers)                Attribute  Distance  Count  Total  Extreme  Sum  TransverseMass  TransverseSum
                                        Offset  EventValue  Curve
    Requirements (true or false)        Compare  Within  Flagged  KindIs  Related  Flavours  Near  Exists  Every  Some
                                        All  Any  Not  Always

Numbers are in GeV, mm, ns, 1. A quantity of a system that an event lacks is undefined, and a comparison with it false.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Literal

from codegen.profile import Flag
from kb.ssc import Closed

Relation = Literal["opposite_charge", "same_charge", "same_flavour", "different_flavour"]
DistanceKind = Literal["delta_r", "delta_phi", "delta_eta"]
Comparison = Literal[">", ">=", "<", "<=", "==", "!="]
RangeOperator = Literal["in", "not_in"]


class Term:
    """Any part of an expression."""


# Collections ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Objects(Term):
    """The selected objects of this name, pT descending."""

    name: str


@dataclass(frozen=True)
class OfKind(Term):
    """The electrons, say, of a list of leptons."""

    of: Collection
    kind: str


@dataclass(frozen=True)
class Leading(Term):
    """The `count` objects of highest pT; undefined for events with fewer."""

    of: Collection
    count: int


@dataclass(frozen=True)
class Members(Term):
    """The objects that a composite of the plan is made of, pT descending; undefined where there is none."""

    composite: str


@dataclass(frozen=True)
class Remaining(Term):
    """The objects of a list, of which a pair is chosen, that are not in the pair; undefined where there is none."""

    of: Collection
    pair: str


@dataclass(frozen=True)
class Pairs(Term):
    """All pairs of two objects of `of`, or of one of `of` and one of `other`, that are `related`."""

    of: Collection
    other: Collection | None = None
    related: tuple[Relation, ...] = ()


Collection = Objects | OfKind | Leading | Members | Remaining | Pairs


# Systems -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Nth(Term):
    """The object of the n-th highest pT."""

    of: Collection
    rank: int


@dataclass(frozen=True)
class First(Term):
    """The object of the n-th highest pT, which every event has that is looked at."""

    of: Collection
    rank: int


@dataclass(frozen=True)
class LeadingPair(Term):
    """The two objects of highest pT, which every event has that is looked at."""

    of: Collection


@dataclass(frozen=True)
class Chosen(Term):
    """A pair that a composite of the plan chooses, by its name."""

    name: str


@dataclass(frozen=True)
class Whole(Term):
    """All objects of a list, added up."""

    of: Collection


@dataclass(frozen=True)
class Missing(Term):
    """The missing transverse momentum."""


System = Nth | First | Chosen | LeadingPair | Whole | Missing


# Quantities ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attribute(Term):
    """A variable, by vocabulary id (isolation: `track_isolation` …), of a system, or of each object of a list."""

    of: Collection | System
    variable: str


@dataclass(frozen=True)
class Distance(Term):
    """Absolute distance between two systems, or between the two objects of each pair (`second` None)."""

    kind: DistanceKind
    first: Collection | System
    second: Collection | System | None = None


@dataclass(frozen=True)
class Count(Term):
    """Length of a list."""

    of: Collection
    where: Requirement | None = None


@dataclass(frozen=True)
class Total(Term):
    """Scalar sum of a variable over a list."""

    of: Collection
    variable: str


@dataclass(frozen=True)
class Extreme(Term):
    """Largest (or smallest) value of a quantity that each object of a list has; undefined for an empty list."""

    of: Quantity
    largest: bool = True


@dataclass(frozen=True)
class Sum(Term):
    """Sum of quantities."""

    terms: tuple[Quantity, ...]


@dataclass(frozen=True)
class TransverseMass(Term):
    """√(2 p_T1 p_T2 (1 − cos Δφ))."""

    first: Collection | System
    second: System


@dataclass(frozen=True)
class TransverseSum(Term):
    """Magnitude of the sum of two transverse momenta."""

    first: Collection | System
    second: System


@dataclass(frozen=True)
class Offset(Term):
    """|of − value|."""

    of: Quantity
    value: float


@dataclass(frozen=True)
class EventValue(Term):
    """A number that the ntuple holds per event, by its branch; multiplied with `factor`."""

    branch: str
    factor: float = 1.0


@dataclass(frozen=True)
class Curve(Term):
    """A threshold: linear between `points` (x, y) of `of`, constant outside."""

    of: Quantity
    points: tuple[tuple[float, float], ...]


Quantity = (
    Attribute | Distance | Count | Total | Extreme | Sum | TransverseMass | TransverseSum | Offset | EventValue | Curve
)


# Requirements --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Compare(Term):
    """left operator right."""

    left: Quantity
    operator: Comparison
    right: float | Curve


@dataclass(frozen=True)
class Within(Term):
    """`of` is in the range from `low` to `high` with the ends that belong to it, or `outside`: in what it leaves."""

    of: Quantity
    low: float | Curve
    high: float | Curve
    outside: bool = False
    closed: Closed = "both"


@dataclass(frozen=True)
class Flagged(Term):
    """A flag of an event (`of` None), or of each object of a list or a system by the name of its field."""

    flag: Flag
    of: Collection | System | None = None
    field: str = ""


@dataclass(frozen=True)
class KindIs(Term):
    """Each object is of this kind (an electron, say)."""

    of: Collection | System
    kind: str


@dataclass(frozen=True)
class Related(Term):
    """The two objects of each pair are to each other as told."""

    of: Pairs | Chosen
    relation: Relation


@dataclass(frozen=True)
class Flavours(Term):
    """The list holds these numbers of electrons and muons, in one of the `mixtures`."""

    of: Collection
    mixtures: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Near(Term):
    """Each object of `of` is so far from `every` object of `other` (else: from at least one)."""

    of: Collection
    other: Collection
    kind: DistanceKind
    operator: Comparison | RangeOperator
    value: float | tuple[float, float]
    every: bool
    closed: Closed = "both"
    """Which ends belong to the range, if `value` is one."""


@dataclass(frozen=True)
class Exists(Term):
    """The event has a system."""

    of: System


@dataclass(frozen=True)
class Every(Term):
    """Holds for all of a list (also for an empty one)."""

    of: Requirement


@dataclass(frozen=True)
class Some(Term):
    """Holds for at least one of a list."""

    of: Requirement


@dataclass(frozen=True)
class All(Term):
    """All hold."""

    parts: tuple[Requirement, ...]


@dataclass(frozen=True)
class Any(Term):
    """At least one holds."""

    parts: tuple[Requirement, ...]


@dataclass(frozen=True)
class Not(Term):
    """It does not hold."""

    part: Requirement


@dataclass(frozen=True)
class Always(Term):
    """Holds for every event."""


Requirement = (
    Compare | Within | Flagged | KindIs | Related | Flavours | Near | Exists | Every | Some | All | Any | Not | Always
)


def walk(term: object) -> Iterator[Term]:
    """Yield a term and every term inside it, outermost first."""
    if isinstance(term, tuple):
        for part in term:
            yield from walk(part)
    elif isinstance(term, Term):
        yield term
        if is_dataclass(term):
            for field in fields(term):
                yield from walk(getattr(term, field.name))


def is_list(term: object) -> bool:
    """Say whether a quantity or requirement has one value per object (or pair), not per event."""
    match term:
        case Objects() | OfKind() | Leading() | Members() | Remaining() | Pairs():
            return True
        case Attribute() | KindIs() | Related() | Flagged():
            return is_list(term.of)
        case Distance() | TransverseMass() | TransverseSum():
            return is_list(term.first) or is_list(term.second)
        case Near():
            return True
        case Compare():
            return is_list(term.left)
        case Within() | Offset():
            return is_list(term.of)
        case All() | Any():
            return any(is_list(part) for part in term.parts)
        case Not():
            return is_list(term.part)
        case Sum():
            return any(is_list(part) for part in term.terms)
        case _:
            return False
