"""Objects that are counted with all that is said of them; see `kb.existence` for which cuts these are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

from eval.composition import PAIRS, Pair, pair_measure, related
from eval.event import InexpressibleError, Ntuple
from eval.inequality import related_by, satisfies, unsigned_offset
from eval.quantities import of_charges
from eval.scene import Scene
from eval.verdicts import Test, opposite
from kb.existence import conditional, counted, number
from kb.ssc import Clause, Cut, PairRequirement, SelectionCriteria


class Existence:
    """Tells which cuts are said of pairs that must exist, and tests all of one sentence together."""

    def __init__(
        self,
        criteria: SelectionCriteria,
        ntuple: Ntuple,
        required: Callable[[str | None], tuple[PairRequirement, ...]],
        count_test: Callable[[Cut, list[Clause]], Test],
    ) -> None:
        self.ntuple = ntuple
        self.required = required
        self.count_test = count_test
        of = counted(criteria)
        self.count_of = {cut_id: count for count, alike in of.items() for cut_id in (count, *alike)}
        """The cut that counts the pairs, by the id of every cut that is said of them."""
        self.cuts = {cut.id: cut for cut in criteria.cuts}

    def is_asked(self, group: Sequence[Cut]) -> bool:
        """Say whether cuts are all said of the same pairs that must exist."""
        return all(cut.id in self.count_of for cut in group)

    def beside(self, cut: Cut) -> tuple[Cut, ...]:
        """Return all cuts that are said of the pairs that a cut is about; none for another kind of cut."""
        of = self.count_of.get(cut.id)
        return tuple(self.cuts[one] for one, count in self.count_of.items() if count == of) if of else ()

    def test(self, group: Sequence[Cut]) -> Test:
        """Return the test that there are so many pairs of which all other cuts of the group hold."""
        [count] = [cut for cut in group if cut.variable.id == "count"]
        if count.subject.object not in PAIRS:
            whole = conditional(count, tuple(cut for cut in group if cut is not count))
            met = self.count_test(whole, list(whole.when.clauses if whole.when else ()))
            return opposite(met) if count.role == "veto" else met
        of = PAIRS[count.subject.object]
        self.ntuple.kinds(of)
        alike = self.required(count.subject.definition)
        told = {cut.id: named for cut in group if (named := _relation_of(cut)) is not None}
        demands = [self._demand(cut, of) for cut in group if cut is not count and cut.id not in told]
        apart = number(count) == 2
        if apart and demands:
            message = "it is asked of two pairs without a common object"
            raise InexpressibleError(message)
        relations = (*alike, *told.values())
        self.ntuple.refuse_unknown(of, relations)

        def test(scene: Scene) -> bool:
            if apart and scene.recipe.quadruplet and set(relations) <= set(scene.recipe.pairs[0].requires):
                return scene.chosen is not None
            pairs = [p for p in combinations(scene.selected(of, None), 2) if related(p, relations)]
            found = [pair for pair in pairs if all(demand(pair) for demand in demands)]
            if apart:
                return any(not set(map(id, one)) & set(map(id, other)) for one, other in combinations(found, 2))
            return satisfies(len(found), count)

        return test

    def _demand(self, cut: Cut, of: str) -> Callable[[Pair], bool]:
        if cut.operator == "is":
            message = f"'{cut.value}' is no relation of two objects"
            raise InexpressibleError(message)
        measure = pair_measure(cut.variable)
        if measure is None:
            message = f"{cut.variable.id} of a pair is not known"
            raise InexpressibleError(message)
        self.ntuple.refuse_unknown(of, of_charges(cut.variable))
        return lambda pair: satisfies(unsigned_offset(cut, measure(pair)), cut)


def _relation_of(cut: Cut) -> PairRequirement | None:
    """Return what a cut asks two objects to be to each other; None for one on a number."""
    if cut.variable.id == "charge_product" and cut.operator == "==":
        return "opposite_charge" if cut.value == -1 else "same_charge"
    return related_by(cut) if cut.operator == "is" else None
