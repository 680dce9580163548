"""What selection criteria ask of one event, and what the ntuple cannot answer."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

from codegen.profile import Profile
from eval.company import MIXED, measure_of, meetings
from eval.composition import PAIRS, Pair, Recipe, pair_measure, related
from eval.decisions import cleaning, decision, menu_of, paths_named
from eval.divisions import Divisions
from eval.event import InexpressibleError, Menu, Ntuple
from eval.existence import Existence
from eval.filters import LEPTONS, Filters
from eval.inequality import flavour_mixtures, how_many, related_by, relations, satisfies, unsigned_offset
from eval.quantities import GROUPS, SUMS, Quantities, of_charges
from eval.scene import Scene
from eval.surplus import Surplus
from eval.verdicts import Test, any_of, is_of_event, numeric, opposite, when
from kb.bosons import with_pairs_named
from kb.ssc import Clause, Cut, PairRequirement, Piecewise, SelectionCriteria, Subject


class Interpretation:
    """The criteria in the terms of one kind of ntuple; `not_applied` says why a cut is left out."""

    def __init__(self, criteria: SelectionCriteria, profile: Profile) -> None:
        divisions = Divisions.of(with_pairs_named(criteria))
        self.criteria = criteria = divisions.criteria
        self.ntuple = Ntuple(profile, paths_named(criteria, profile))
        self.recipe = Recipe.of(criteria)
        self.filters = Filters(criteria, self.ntuple)
        self.quantities = Quantities(self.ntuple, self.recipe, self.pairs)
        self.surplus = Surplus(criteria)
        self.composites = {composite.name: composite for composite in criteria.composites}
        self.not_applied: dict[str, str] = {}
        self.tests: dict[str, Test] = {}
        """Of the applied cuts on events, by id; alternatives share one."""
        self.menus: list[Menu] = []
        """Of triggers; a file that has no way of one whole does not tell whether the trigger has fired."""
        self.existence = Existence(criteria, self.ntuple, self._required, self._count_test)
        groups: dict[str, list[Cut]] = {}
        for cut in criteria.cuts:
            if cut.status == "rejected":
                self.not_applied[cut.id] = "it was rejected in review"
                continue
            alone = self.existence.count_of.get(cut.id, cut.id)
            groups.setdefault(f"alternatives {cut.any_of}" if cut.any_of else alone, []).append(cut)
        # What is selected is known before what is counted of it.
        for group in sorted(groups.values(), key=lambda group: not all(map(self.filters.is_filter, group))):
            try:
                self._refuse(divisions.refused, group)
                self._read(tuple(group))
            except InexpressibleError as finding:
                self.not_applied |= {cut.id: str(finding) for cut in group}
        applied = [cut for cut in criteria.cuts if cut.id not in self.not_applied]
        self.baseline = [cut.id for cut in applied if not self.regions_of(cut)]
        stated = {
            name for cut_id in self.tests for cut in [criteria.cut(cut_id)] if cut for name in self.regions_of(cut)
        }
        # A region without a test of its own would be another by a second name.
        self.regional = {
            region.name: self._inherited(region.name, applied) for region in criteria.regions if region.name in stated
        }

    def regions_of(self, cut: Cut) -> set[str]:
        """Return the regions a cut is stated for; none if it is part of the baseline."""
        return {*cut.regions, *(region.name for region in self.criteria.regions if cut.id in region.cuts)}

    def _inherited(self, name: str | None, applied: list[Cut]) -> list[str]:
        parents = {region.name: region.parent for region in self.criteria.regions}
        line: list[str] = []
        while name is not None and name not in line:
            line.append(name)
            name = parents.get(name)
        return [cut.id for cut in applied if self.regions_of(cut) & set(line)]

    def _refuse(self, refused: dict[str, str], group: list[Cut]) -> None:
        for cut in group:
            if cut.id in refused:
                raise InexpressibleError(refused[cut.id])

    def _read(self, group: tuple[Cut, ...]) -> None:
        if all(self.filters.is_filter(cut) for cut in group):
            if any(self.regions_of(cut) for cut in group):
                message = "it selects objects in one region only"
                raise InexpressibleError(message)
            self.filters.add(group)
            return
        if self.existence.is_asked(group):
            self.tests |= dict.fromkeys([cut.id for cut in group], self.existence.test(group))
            return
        tests = [self.test_of(cut) for cut in group]
        for cut in group:
            self.tests[cut.id] = any_of(tests)
        if menu := frozenset[frozenset[str]]().union(*(menu_of(self.ntuple, cut) for cut in group)):
            self.menus.append(menu)

    def test_of(self, cut: Cut) -> Test:
        """Return what one cut on events asks, by itself; InexpressibleError says what the ntuple lacks for it."""
        test = self._plain_test(cut)
        if cut.role == "veto":
            return lambda scene: not test(scene)
        return test

    def _plain_test(self, cut: Cut) -> Test:
        subject, variable = cut.subject, cut.variable
        if cut.scope == "trigger" or variable.id == "trigger":
            return decision(self.ntuple, cut)
        if cut.scope == "cleaning" or variable.id == "cleaning":
            return cleaning(self.ntuple, cut)
        known = {*PAIRS, *GROUPS, *MIXED, "event", *self.ntuple.profile.objects}
        self.recipe.refuse_unknown(subject.definition)
        if subject.object not in known and self.recipe.group(subject) is None:
            message = f"the ntuple has no {variable.name or variable.id} of the {subject.object.replace('_', ' ')}"
            raise InexpressibleError(message)
        applies, within = self.conditions(cut)
        if variable.id == "count":
            return when(applies, self._count_test(cut, within))
        if subject.object in PAIRS:
            return when(applies, self._pair_test(cut, within))
        if within:
            message = f"its condition '{cut.when.text if cut.when else ''}' is not about what it cuts on"
            raise InexpressibleError(message)
        if subject.object in GROUPS and cut.operator == "is":
            return when(applies, self._flavour_test(cut))
        if subject.object in self.ntuple.profile.objects and subject.object != "met":
            if cut.operator == "is":
                return when(applies, self._flag_test(cut))
            if subject.rank is None and variable.id != "mt" and variable.id not in SUMS:
                return when(applies, self._every_test(cut))
        if subject.object in MIXED:
            return when(applies, self._meeting_test(cut))
        if cut.operator == "is":
            message = f"the ntuple has no flag '{cut.value}' of the {subject.object.replace('_', ' ')}"
            raise InexpressibleError(message)
        quantity = self.quantities.of(subject, variable)
        return when(applies, lambda scene: self._satisfied(scene, quantity(scene), cut))

    def _meeting_test(self, cut: Cut) -> Test:
        parts, named = MIXED[cut.subject.object], related_by(cut)
        if cut.subject.rank is not None and "met" not in parts:
            message = f"it does not say whether the {parts[0]} or the {parts[1]} is ranked"
            raise InexpressibleError(message)
        for part in parts:
            self.ntuple.kinds(part)
        if cut.operator == "is" and (named is None or "met" in parts):
            message = f"'{cut.value}' is no relation of {' and '.join(parts)}"
            raise InexpressibleError(message)
        wanted = (named,) if cut.operator == "is" and named else ()
        for part in parts:
            self.ntuple.refuse_unknown(part, wanted or of_charges(cut.variable))
        measure = None if wanted else measure_of(cut.subject.object, cut.variable)

        def test(scene: Scene) -> bool:
            results = [
                related(pair, wanted) if measure is None else self._satisfied(scene, measure(pair), cut)
                for pair in meetings(scene, cut.subject)
            ]
            return any(results) if cut.role == "veto" else all(results)

        return test

    def _satisfied(self, scene: Scene, value: float | None, cut: Cut) -> bool:
        return value is not None and satisfies(
            unsigned_offset(cut, value), cut, lambda curve: self._along(scene, curve)
        )

    def _along(self, scene: Scene, curve: Piecewise) -> float | None:
        return self.quantities.of(curve.subject, curve.variable)(scene)

    def conditions(self, cut: Cut) -> tuple[list[Test], list[Clause]]:
        """Part a condition into tests of the event and clauses about the objects or pairs that are cut on."""
        if cut.when is None:
            return [], []
        if not cut.when.clauses or (
            cut.when.combine == "any" and len(cut.when.clauses) > 1 and cut.variable.id != "count"
        ):
            message = f"its condition '{cut.when.text}' is not understood"
            raise InexpressibleError(message)
        tests: list[Test] = []
        within: list[Clause] = []
        for clause in cut.when.clauses:
            about, value = clause.subject.object, clause.value
            if isinstance(value, str) and (about in GROUPS or (about == "event" and flavour_mixtures(value))):
                channel = self._mixture(value)
                tests.append(opposite(channel) if clause.operator == "!=" else channel)
            elif isinstance(value, str) or (about == cut.subject.object and not is_of_event(clause)):
                within.append(clause)
            else:
                quantity = self.quantities.of(clause.subject, clause.variable)
                tests.append(numeric(quantity, clause))
        return tests, within

    def _mixture(self, text: str) -> Test:
        allowed = flavour_mixtures(text)
        if not allowed:
            message = f"'{text}' is no composition of electrons and muons"
            raise InexpressibleError(message)

        def test(scene: Scene) -> bool:
            four = scene.group(sum(allowed[0]))
            kinds = [particle.kind for particle in four or ()]
            return (kinds.count("electron"), kinds.count("muon")) in allowed

        return test

    def _flavour_test(self, cut: Cut) -> Test:
        return self._mixture(str(cut.value))

    def _count_test(self, cut: Cut, within: list[Clause]) -> Test:
        name = cut.subject.object
        if name in GROUPS:
            return lambda scene: satisfies(int(scene.group(GROUPS[name]) is not None), cut)
        further = self.surplus.definition(cut)
        if further is not None and name not in PAIRS:
            return self.surplus.test(cut, further, self.filters, plain=not within)
        number = self.number_of(cut, within)
        if number is None:
            return lambda scene: scene.chosen is not None
        return lambda scene: satisfies(number(scene), cut)

    def number_of(self, cut: Cut, within: list[Clause]) -> Callable[[Scene], float] | None:
        """Return how many objects or pairs a cut counts, of those in its condition; None for the pairs of a quadruplet.

        Those are there, or they are not.
        """
        if cut.subject.object in PAIRS:
            return self._number_of_pairs(cut, within)
        name, definition = cut.subject.object, cut.subject.definition
        for kind in self.ntuple.kinds(name):
            for clause in within:
                self.filters.clause_holds(clause, self.ntuple.probe(kind))
        condition = cut.when if within else None
        told = [
            clause.operator == "is" and self.filters.is_default_point(name, clause.variable.id) for clause in within
        ]
        # A working point in the condition is meant in place of the profile's own.
        bare = any(told) if cut.when is None or cut.when.combine == "all" else bool(told) and all(told)

        def number(scene: Scene) -> float:
            found = scene.selected(name, definition, bare=bare)
            return float(sum(condition is None or self.filters.condition_holds(condition, p) for p in found))

        return number

    def _number_of_pairs(self, cut: Cut, within: list[Clause]) -> Callable[[Scene], float] | None:
        name = cut.subject.object
        requires = (*self._required(cut.subject.definition), *relations(within))
        if self.recipe.quadruplet and name == "lepton_pair":
            built = self.recipe.pairs[0].requires
            if cut.operator in {">=", "=="} and cut.value == 2 and set(requires) <= set(built):
                return None
        of = PAIRS[name]
        self.ntuple.refuse_unknown(of, requires)
        demands = [self._demand(clause, of) for clause in within if not relations([clause])]
        if demands and cut.when is not None and cut.when.combine == "any" and len(cut.when.clauses) > 1:
            message = f"its condition '{cut.when.text}' is not understood"
            raise InexpressibleError(message)

        def number(scene: Scene) -> float:
            pairs = [pair for pair in combinations(scene.selected(of, None), 2) if related(pair, requires)]
            return float(sum(all(demand(pair) for demand in demands) for pair in pairs))

        return number

    def _demand(self, clause: Clause, of: str) -> Callable[[Pair], bool]:
        measure = pair_measure(clause.variable)
        if measure is None or isinstance(clause.value, str):
            message = f"{clause.variable.name or clause.variable.id} of a pair is not known"
            raise InexpressibleError(message)
        self.ntuple.refuse_unknown(of, of_charges(clause.variable))
        return lambda pair: satisfies(measure(pair), clause)

    def _required(self, definition: str | None) -> tuple[PairRequirement, ...]:
        composite = self.composites.get(definition or "")
        return composite.requires if composite else ()

    def relations_of(self, cut: Cut) -> tuple[PairRequirement, ...]:
        """Return what the two objects of the pairs are to each other that a cut is about."""
        return (*self._required(cut.subject.definition), *relations(cut.when.clauses if cut.when else ()))

    def _pair_test(self, cut: Cut, within: list[Clause]) -> Test:
        subject, variable = cut.subject, cut.variable
        told = relations(within)
        self.ntuple.refuse_unknown(PAIRS[subject.object], told)
        if len(told) < len(within):
            message = f"its condition '{cut.when.text if cut.when else ''}' is not about flavour or charge"
            raise InexpressibleError(message)
        measure = pair_measure(variable)
        wanted: tuple[PairRequirement, ...] = ()
        if cut.operator == "is":
            named = related_by(cut)
            if named is None:
                message = f"'{cut.value}' is no relation of two objects"
                raise InexpressibleError(message)
            wanted = (named,)
        elif measure is None:
            message = f"{variable.id} of a pair is not known"
            raise InexpressibleError(message)
        self.ntuple.refuse_unknown(PAIRS[subject.object], wanted or of_charges(variable))
        pairs = self.pairs(subject, how_many(cut))

        def test(scene: Scene) -> bool:
            found = pairs(scene)
            if found is None:
                return False
            about = [pair for pair in found if related(pair, told)]
            if wanted:
                results = [related(pair, wanted) for pair in about]
            else:
                assert measure is not None
                results = [self._satisfied(scene, measure(pair), cut) for pair in about]
            return any(results) if cut.role == "veto" else all(results)

        return test

    def pairs(self, subject: Subject, said: str = "") -> Callable[[Scene], list[Pair] | None]:
        """Return the pairs a cut is about: the chosen one of a rank or name, else all of the system, else all.

        `said` is "both" or "all" where the paper says so.
        """
        of = PAIRS[subject.object]
        self.ntuple.kinds(of)
        for composite in self.recipe.pairs:
            self.ntuple.refuse_unknown(PAIRS[composite.object], composite.requires)
        for place, composite in enumerate(self.recipe.pairs):
            ranked = subject.rank is not None and subject.rank == (composite.rank or place + 1)
            if ranked or subject.definition == composite.name:
                return lambda scene, place=place: [scene.chosen[place]] if scene.chosen else None  # type: ignore[misc]
        if subject.rank is not None:
            message = "the criteria do not say how pairs are ranked"
            raise InexpressibleError(message)
        requires = self._required(subject.definition)
        self.ntuple.refuse_unknown(of, requires)
        if said == "both" and subject.definition is None:
            if of not in LEPTONS or not self.recipe.quadruplet:
                message = "it is said of both pairs, and nobody says which they are"
                raise InexpressibleError(message)
            return lambda scene: list(scene.chosen) if scene.chosen else None
        in_system = of in LEPTONS and self.recipe.has_four
        if of in LEPTONS and len(self.recipe.pairs) == 1 and not in_system and not requires:
            return lambda scene: [scene.chosen[0]] if scene.chosen else None

        def pairs(scene: Scene) -> list[Pair] | None:
            objects = scene.group(4) if in_system else scene.selected(of, None)
            if objects is None:
                return None
            if not in_system and not requires and said != "all":  # 'the mass of the two jets'
                objects = objects[:2]
                if len(objects) < 2:
                    return None
            return [pair for pair in combinations(objects, 2) if related(pair, requires)]

        return pairs

    def _every_test(self, cut: Cut) -> Test:
        name = cut.subject.object
        for kind in self.ntuple.kinds(name):
            self.ntuple.measure(self.ntuple.probe(kind), cut.variable)

        def test(scene: Scene) -> bool:
            found = scene.leading(name, cut.subject.definition)
            return all(self._satisfied(scene, self.ntuple.measure(p, cut.variable), cut) for p in found or ())

        return test

    def _flag_test(self, cut: Cut) -> Test:
        name, variable, point, rank = cut.subject.object, cut.variable.id, str(cut.value), cut.subject.rank
        for kind in self.ntuple.kinds(name):
            self.ntuple.flagged(self.ntuple.probe(kind), variable, point)

        def test(scene: Scene) -> bool:
            flags = [self.ntuple.flagged(p, variable, point) for p in scene.leading(name, cut.subject.definition) or ()]
            return all(flags) if rank is None else len(flags) >= rank and flags[rank - 1]

        return test
