"""Systems built from an event's objects, by the words of the criteria: pairs, and quadruplets of two pairs.

Leading pair: of the pairs that leave another pair over, the one its choice prefers. Subleading pair: of those left,
the one its choice prefers. A system of three or more alike: of all groups of so many, the one its choice prefers. Among
equals the one of the lowest places in pT order wins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from eval.event import DISTANCES, InexpressibleError, Particle, distance, mass, transverse
from kb.ssc import Choice, Composite, PairRequirement, SelectionCriteria, Subject, Variable
from kb.vocabulary import unit_factor

Pair = tuple[Particle, Particle]

# What pairs are made of.
PAIRS = {
    "lepton_pair": "lepton",
    "electron_pair": "electron",
    "muon_pair": "muon",
    "jet_pair": "jet",
    "bjet_pair": "bjet",
    "photon_pair": "photon",
}
_MEASURES: dict[str, Callable[[Pair], float]] = {
    "mass": mass,
    "pt": transverse,
    "delta_r": lambda pair: distance(*pair, "delta_r"),
}
_RELATED: dict[PairRequirement, Callable[[Particle, Particle], bool]] = {
    "same_flavour": lambda one, other: one.kind == other.kind,
    "different_flavour": lambda one, other: one.kind != other.kind,
    "opposite_charge": lambda one, other: one.charge * other.charge < 0,
    "same_charge": lambda one, other: one.charge * other.charge > 0,
}


def related(pair: Pair, requires: Sequence[PairRequirement]) -> bool:
    """Say whether two objects are to each other as required."""
    return all(_RELATED[requirement](*pair) for requirement in requires)


def preference(choice: Choice | None) -> Callable[[Any], float]:
    """Return what is smallest for the preferred pair or group; without a choice all are equal."""
    if choice is None:
        return lambda pair: 0.0
    measure = _MEASURES[choice.variable.id]
    if choice.mode == "closest":
        target = (choice.target or 0.0) * unit_factor(choice.unit)
        return lambda pair: abs(measure(pair) - target)
    return measure if choice.mode == "smallest" else lambda pair: -measure(pair)


@dataclass(frozen=True)
class Recipe:
    """The composites of the criteria that are built in each event."""

    pairs: tuple[Composite, ...] = ()
    whole: Composite | None = None
    groups: Mapping[str, Composite] = field(default_factory=dict)
    """Systems of three or more objects that a choice prefers, by name."""
    made_of: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    """The object that each is made of, and the definition of that, if it has one."""

    @classmethod
    def of(cls, criteria: SelectionCriteria) -> Recipe:
        """Find the pairs that are chosen, leading first, and the system made of them, if the criteria have them."""
        chosen = [c for c in criteria.composites if c.object.endswith("_pair") and (c.rank or c.choice)]
        whole = next((c for c in criteria.composites if c.object == "fourlepton"), None)
        groups = {c.name: c for c in criteria.composites if c.choice is not None and size(c) > 2}
        named = {known.name: known.object for known in criteria.objects}
        made_of = {name: _made_of(composite.constituents[0], named) for name, composite in groups.items()}
        return cls(tuple(sorted(chosen, key=lambda c: c.rank or 1)[:2]), whole, groups, made_of)

    @property
    def systems(self) -> dict[str, tuple[str, int]]:
        """What chosen systems of three or more are made of, and of how many, by the objects that they are."""
        return {known.object: (self.made_of[name][0], size(known)) for name, known in self.groups.items()}

    def group(self, subject: Subject) -> Composite | None:
        """Return the chosen system of three or more that a subject is as a whole, if it is one."""
        composite = self.groups.get(subject.definition or "")
        return composite if composite is not None and composite.object == subject.object else None

    def refuse_unknown(self, definition: str | None) -> None:
        """Refuse a chosen system that is not of objects alike, or chosen by what is not known."""
        composite = self.groups.get(definition or "")
        if composite is None:
            return
        if len(set(composite.constituents)) > 1 or composite.requires:
            message = f"the {composite.name} is a system of different objects"
            raise InexpressibleError(message)
        if composite.choice is not None and composite.choice.variable.id not in {"mass", "pt"}:
            message = f"the {composite.name} is chosen by its {composite.choice.variable.id}, which is not known"
            raise InexpressibleError(message)

    @property
    def quadruplet(self) -> bool:
        """Whether two pairs are chosen."""
        return len(self.pairs) == 2

    @property
    def has_four(self) -> bool:
        """Whether the criteria speak of a system of four leptons, chosen or leading."""
        return self.quadruplet or self.whole is not None

    def gathered(self, name: str, particles: Sequence[Particle]) -> list[Particle] | None:
        """Return the objects of a chosen system, or None where the event has too few."""
        composite = self.groups[name]
        groups = list(combinations(particles, size(composite)))
        return list(min(groups, key=preference(composite.choice))) if groups else None

    def choose(self, particles: Sequence[Particle]) -> tuple[Pair, ...] | None:
        """Return the chosen pairs in the order of `pairs`, or None where the event does not have them."""
        everything = list(combinations(particles, 2))
        if not self.pairs:
            return None
        lead = self.pairs[0]
        firsts = [pair for pair in everything if related(pair, lead.requires)]
        if not self.quadruplet:
            return (min(firsts, key=preference(lead.choice)),) if firsts else None
        sub = self.pairs[1]
        seconds = [pair for pair in everything if related(pair, sub.requires)]
        firsts = [pair for pair in firsts if any(_disjoint(pair, other) for other in seconds)]
        if not firsts:
            return None
        first = min(firsts, key=preference(lead.choice))
        left = [pair for pair in seconds if _disjoint(first, pair)]
        return first, min(left, key=preference(sub.choice))


def _made_of(constituent: str, definitions: Mapping[str, str]) -> tuple[str, str | None]:
    return (definitions[constituent], constituent) if constituent in definitions else (constituent, None)


def size(composite: Composite) -> int:
    """Return of how many objects a system is made."""
    return composite.count or len(composite.constituents)


def _disjoint(one: Pair, other: Pair) -> bool:
    return not any(a is b for a in one for b in other)


def pair_measure(variable: Variable) -> Callable[[Pair], float] | None:
    """Return how a variable of a pair is computed, or None for one that is not known."""
    if variable.id in DISTANCES:
        return lambda pair: distance(*pair, variable.id)
    known: dict[str, Callable[[Pair], float]] = {
        "mass": mass,
        "pt": transverse,
        "charge": lambda pair: pair[0].charge + pair[1].charge,
        "charge_product": lambda pair: pair[0].charge * pair[1].charge,
    }
    return known.get(variable.id)


def group_measure(variable: Variable) -> Callable[[Sequence[Particle]], float] | None:
    """Return how a variable of a system of several objects is computed, or None for one that is not known."""
    known: dict[str, Callable[[Sequence[Particle]], float]] = {
        "mass": mass,
        "pt": transverse,
        "charge": lambda members: sum(member.charge for member in members),
    }
    return known.get(variable.id)
