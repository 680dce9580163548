"""Objects besides those that the selection asks for: `additional lepton`, `a third lepton`.

An additional object is one that meets its own definition and is none of the selected ones. Where the criteria ask for N
objects of the kind, selected ones beyond N are additional too.
"""

from __future__ import annotations

from collections.abc import Callable

from eval.composition import PAIRS, Recipe
from eval.event import InexpressibleError
from eval.filters import LEPTONS, Filters
from eval.inequality import satisfies
from eval.scene import Scene
from eval.verdicts import Test
from kb.ssc import Cut, ObjectDefinition, SelectionCriteria

_SIZES = {"fourlepton": 4, "trilepton": 3}


class Surplus:
    """Which kinds of objects the criteria ask for, and how many of them."""

    def __init__(self, criteria: SelectionCriteria) -> None:
        self.definitions = {known.name: known for known in criteria.objects if known.besides}
        self._four = Recipe.of(criteria).quadruplet
        self._plain = [
            cut
            for cut in criteria.cuts
            if cut.status != "rejected" and cut.role == "select" and cut.subject.definition not in self.definitions
        ]
        self._where = {
            cut.id: {*cut.regions, *(region.name for region in criteria.regions if cut.id in region.cuts)}
            for cut in criteria.cuts
        }
        chosen = any(
            c.object in PAIRS and PAIRS[c.object] in LEPTONS and (c.rank or c.choice) for c in criteria.composites
        )
        found = {_member(cut) for cut in self._plain if _asks(cut)} | ({"lepton"} if chosen else set())
        self.kinds = found | (LEPTONS if "lepton" in found else set())

    def definition(self, cut: Cut) -> ObjectDefinition | None:
        """Return the definition of the additional objects that a cut counts; None if it counts others."""
        return self.definitions.get(cut.subject.definition or "") if cut.variable.id == "count" else None

    def _wanted(self, kind: str, cut: Cut) -> int | None:
        """Return how many objects of a kind the events of a cut must have, if that is one number."""
        if kind == "lepton" and self._four:
            return 4
        regions = self._where[cut.id]
        near = [c for c in self._plain if not self._where[c.id] or not regions or self._where[c.id] & regions]
        told = [(c, _told(c)) for c in near if _member(c) == kind]
        exact = {number for c, number in told if number and c.operator == "==" and c.subject.object == kind}
        numbers = exact or {max((number for _, number in told if number), default=0)} - {0}
        if len(numbers) == 1:
            return next(iter(numbers))
        if numbers or kind != "lepton":
            return None
        named = [flavour for flavour in ("electron", "muon") if any(_member(c) == flavour and _told(c) for c in near)]
        flavours = [self._wanted(flavour, cut) for flavour in named]
        return sum(number for number in flavours if number) if flavours and None not in flavours else None

    def test(self, cut: Cut, definition: ObjectDefinition, filters: Filters, *, plain: bool) -> Test:
        """Return what a number of additional objects asks; InexpressibleError where none could be told apart."""
        if not plain or not isinstance(cut.value, int | float):
            message = "it is no plain number of additional objects"
            raise InexpressibleError(message)
        found, asked = self.number(cut, definition, filters), self._wanted(cut.subject.object, cut) or 0
        return lambda scene: satisfies(found(scene) - asked, cut)

    def number(self, cut: Cut, definition: ObjectDefinition, filters: Filters) -> Callable[[Scene], float]:
        """Return how many objects there are, those that are asked for among them if it is known how many these are."""
        name = cut.subject.object
        parts = filters.ntuple.kinds(name)
        asked = [part for part in parts if part in self.kinds]
        open_to_more = any(part not in asked or filters.limits(part, definition.besides) for part in parts)
        own = open_to_more and filters.says_of(name, definition.name)
        number = self._wanted(name, cut)
        if number is None and not own:
            message = f"the criteria do not say how many {name}s there are besides the additional ones"
            raise InexpressibleError(message)

        def count(scene: Scene) -> float:
            selected = {p.place: p for part in asked for p in scene.selected(part, definition.besides)}
            extra = [p for p in scene.selected(name, definition.name) if p.place not in selected] if own else []
            return float(len(extra) + (len(selected) if number is not None else 0))

        return count


def _member(cut: Cut) -> str:
    return PAIRS.get(cut.subject.object, "lepton" if cut.subject.object in _SIZES else cut.subject.object)


def _asks(cut: Cut) -> bool:
    """Say whether selected events have what a cut is about: it counts it, ranks it or builds something of it."""
    return bool(_told(cut)) or cut.subject.rank is not None or cut.subject.object in {*PAIRS, *_SIZES}


def _told(cut: Cut) -> int:
    """Return the number of objects that a cut asks for at least; 0 for another cut."""
    counts = cut.variable.id == "count" and cut.operator in {"==", ">="} and cut.when is None and cut.any_of is None
    if not counts or not isinstance(cut.value, int | float) or cut.value < 1:
        return 0
    return int(cut.value) * (2 if cut.subject.object in PAIRS else _SIZES.get(cut.subject.object, 1))
