"""Numbers of objects, of pairs and of systems as requirements; objects besides the selected ones among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import eq, ge, gt, le, lt, ne

from codegen.plan_columns import both, compare, either, plural, scaled
from codegen.plan_company import additional
from codegen.plan_flavours import relation, relations
from codegen.plan_model import UnplannableError
from codegen.plan_objects import Collections
from codegen.plan_systems import GROUPS, MIXED, PAIRS, Systems
from codegen.plan_terms import Always, Count, Exists, Not, Pairs, Quantity, Relation, Requirement, Sum
from kb.existence import conditional, number
from kb.ssc import Clause, Cut, ObjectDefinition, Piecewise, Variable


class Counts:
    """Writes counts.

    `bounded` writes operator and value of a cut on a quantity, `of_pair` a variable of pairs of a kind.
    """

    def __init__(
        self,
        collections: Collections,
        systems: Systems,
        bounded: Callable[[Quantity, Cut], Requirement],
        of_pair: Callable[[Pairs, str, Variable], Quantity],
    ) -> None:
        self.collections = collections
        self.columns = collections.columns
        self.systems = systems
        self._bounded = bounded
        self._of_pair = of_pair

    def of(self, cut: Cut, within: Sequence[Clause]) -> Requirement:
        """Write one count; `within` are the clauses of its condition that are about the counted objects."""
        name = cut.subject.object
        if name in GROUPS:
            return self._existing(Exists(self.systems.whole_of(GROUPS[name])), cut)
        if name in PAIRS:
            return self._of_pairs(cut, within)
        if name in MIXED or name in {"event", "met"}:
            message = f"a number of {plural(name)} is not defined"
            raise UnplannableError(message, review=True)
        parts = self.columns.parts(name)
        definition = additional(self.collections.definitions, cut.subject.definition)
        if definition is not None:
            return self._additional(cut, definition, within)
        combine = cut.when.combine if cut.when else "all"
        # A working point in the condition is the one that is meant, not one more.
        told = [self.columns.tells(name, clause) for clause in within]
        bare = any(told) if combine == "all" else bool(told) and all(told)
        objects = self.collections.collection(name, cut.subject.definition, bare=bare)
        if not within:
            return self._bounded(Count(objects), cut)
        clauses = [self.columns.clause(objects, part, clause) for clause in within for part in parts[:1]]
        for part in parts[1:]:
            for clause in within:
                self.columns.clause(objects, part, clause)
        return self._bounded(Count(objects, both(clauses) if combine == "all" else either(clauses)), cut)

    def _additional(self, cut: Cut, definition: ObjectDefinition, within: Sequence[Clause]) -> Requirement:
        """Write a number of objects besides those that the selection asks for.

        Where it asks for N of them, what it has more than N are additional too.
        """
        if within or not isinstance(cut.value, int | float):
            message = "it is no plain number of additional objects"
            raise UnplannableError(message, review=True)
        asked, name = self.collections.asked, cut.subject.object
        number = asked.number(name, asked.regions[cut.id])
        counted = self.collections.besides(name, definition)
        if number is None and not counted:
            message = f"it does not say how many {plural(name)} are selected, besides which there may be others"
            raise UnplannableError(message, review=True)
        if number is not None:
            parts = self.columns.parts(name)
            kinds = [name] if set(parts) <= asked.kinds else [part for part in parts if part in asked.kinds]
            counted = [*(self.collections.collection(kind, definition.besides) for kind in kinds), *counted]
            cut = cut.model_copy(update={"value": cut.value + number})
        terms: list[Quantity] = [Count(objects) for objects in counted]
        return self._bounded(terms[0] if len(terms) == 1 else Sum(tuple(terms)), cut)

    def _existing(self, exists: Exists, cut: Cut) -> Requirement:
        """Write a count of systems of which an event has one or none."""
        if isinstance(cut.value, str | tuple | Piecewise) or cut.operator in {"is", "in", "not_in"}:
            message = "it is no plain number of systems"
            raise UnplannableError(message, review=True)
        compare_with = {">": gt, ">=": ge, "<": lt, "<=": le, "==": eq, "!=": ne}[cut.operator]
        none, one = compare_with(0, cut.value), compare_with(1, cut.value)
        if none == one:
            return Always() if one else Not(Always())
        return exists if one else Not(exists)

    def _of_pairs(self, cut: Cut, within: Sequence[Clause]) -> Requirement:
        name = cut.subject.object
        requires = (*self.systems.requirements(cut.subject.definition), *relations(within))
        if cut.operator in {">=", "=="} and cut.value == 2 and self._are_chosen(name, requires):
            return Exists(self.systems.chosen(0))
        of = PAIRS[name]
        self.columns.relatable(of, requires)
        pairs = Pairs(self.collections.collection(of), None, requires)
        numbers = [clause for clause in within if not relations([clause])]
        if not numbers:
            return self._bounded(Count(pairs), cut)
        several = cut.when is not None and cut.when.combine == "any" and len(cut.when.clauses) > 1
        if several or any(isinstance(clause.value, str) for clause in numbers):
            message = f"its condition '{cut.when.text if cut.when else ''}' is not written as one of pairs"
            raise UnplannableError(message, review=True)
        demands = [
            compare(self._of_pair(pairs, of, clause.variable), clause.operator, scaled(clause), clause.closed)
            for clause in numbers
        ]
        return self._bounded(Count(pairs, both(demands)), cut)

    def _are_chosen(self, name: str, related: Sequence[Relation]) -> bool:
        """Say whether two pairs of leptons with these relations are those that the criteria choose."""
        if not self.systems.has_quadruplet or name != "lepton_pair":
            return False
        return set(related) <= set(self.systems.pairs[0].requires)

    def existing(self, count: Cut, alike: Sequence[Cut]) -> Requirement:
        """Write that there are as many objects as one cut counts, of which all others hold; see `kb.existence`."""
        if count.subject.object not in PAIRS:
            counted = conditional(count, tuple(alike))
            return self.of(counted, counted.when.clauses if counted.when else ())
        kind = PAIRS[count.subject.object]
        told = {cut.id: _relation_of(cut) for cut in alike}
        named = [one for one in told.values() if one is not None]
        related = tuple(dict.fromkeys((*self.systems.requirements(count.subject.definition), *named)))
        self.columns.relatable(kind, related)
        bounds = [cut for cut in alike if told[cut.id] is None]
        if number(count) == 2:
            if bounds:
                message = f"it is asked of two {plural(count.subject.object)} that have no object in common"
                raise UnplannableError(message, review=True)
            if self._are_chosen(count.subject.object, related):
                return Exists(self.systems.chosen(0))
            return Exists(self.systems.apart(kind, related))
        pairs = Pairs(self.collections.collection(kind), None, related)
        demands = [self._bounded(self._of_pair(pairs, kind, cut.variable), cut) for cut in bounds]
        return self._bounded(Count(pairs, both(demands) if demands else None), count)


def _relation_of(cut: Cut) -> Relation | None:
    """Return what a cut asks two objects to be to each other; None for one on a number."""
    if cut.variable.id == "charge_product" and cut.operator == "==":
        return "opposite_charge" if cut.value == -1 else "same_charge"
    return relation(f"{cut.value} {cut.variable.name or cut.variable.id}") if cut.operator == "is" else None
