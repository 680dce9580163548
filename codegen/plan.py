"""From selection criteria and a dataset profile to a typed plan, in which every cut has exactly one place.

A cut becomes part of a step, a filter of objects, or an entry of `not_applied` with its reason. How a cut is read is
told by the modules for objects (`plan_objects`), composites (`plan_systems`) and events (`plan_requirements`).
"""

from __future__ import annotations

from collections.abc import Sequence

from codegen.plan_columns import either, plural
from codegen.plan_fields import Needs, object_plan
from codegen.plan_model import (
    Field,
    HistogramPlan,
    MergedPlan,
    ObjectPlan,
    Plan,
    RegionPlan,
    Step,
    UnplannableError,
)
from codegen.plan_objects import Collections
from codegen.plan_observables import planned
from codegen.plan_overlaps import not_applied, removes_overlaps
from codegen.plan_remarks import adopted, left_out, objection, of_bins, of_conflicts, of_nothing
from codegen.plan_requirements import Requirements
from codegen.plan_systems import GROUPS, MIXED, PAIRS, Systems
from codegen.plan_terms import Always, Chosen, Count, Exists, Members, Objects, Quantity, Requirement, Term, walk
from codegen.profile import HistogramAxis, Profile
from kb.bins import binned, bins, conflicts
from kb.bosons import with_pairs_named
from kb.existence import counted
from kb.ssc import Cut, SelectionCriteria, Subject, Variable

__all__ = ["Plan", "make_plan"]


def make_plan(criteria: SelectionCriteria, profile: Profile) -> Plan:
    """Plan the selection on ntuples of a profile; what they cannot express is in `Plan.not_applied`, never lost."""
    return _Planner(criteria, profile).plan()


class _Planner:
    """Sorts the cuts, has each read, and puts the readings in order."""

    def __init__(self, criteria: SelectionCriteria, profile: Profile) -> None:
        criteria = with_pairs_named(criteria)
        self.bins = bins(criteria)
        self.conflicts = conflicts(criteria)
        self.criteria = criteria = binned(criteria, [one for one in self.bins if not one.whole])
        self.profile = profile
        self.objections: dict[str, UnplannableError] = {}
        self.counted = counted(criteria)
        self.overlaps = {removal.cut for known in criteria.objects for removal in known.overlap_removal}
        self.filters, self.events = self._sorted()
        named = {cut.subject.definition or "" for group in self.events for cut in group}
        self.collections = Collections(criteria, profile, self.filters, named)
        self.systems = Systems(criteria, self.collections)
        self.requirements = Requirements(profile, self.collections, self.systems)
        self.attached: set[str] = set()
        self.not_drawn: list[tuple[str, str]] = []
        self.not_built: list[tuple[str, str]] = []

    def _is_filter(self, cut: Cut) -> bool:
        """Say whether a cut selects objects, not events."""
        if cut.id in self.overlaps:
            return True
        kind = cut.subject.object
        single = kind == "lepton" or kind in self.profile.objects
        counts = cut.variable.id == "count" or cut.subject.rank is not None
        return cut.scope == "object" and single and kind != "met" and not counts

    def _regions_of(self, cut: Cut) -> frozenset[str]:
        listed = {region.name for region in self.criteria.regions if cut.id in region.cuts}
        return frozenset({*cut.regions, *listed})

    def _sorted(self) -> tuple[list[Cut], list[list[Cut]]]:
        groups: dict[str, list[Cut]] = {}
        count_of = {cut_id: count for count, alike in self.counted.items() for cut_id in alike}
        for cut in self.criteria.cuts:
            if cut.status == "rejected":
                self._object([cut], UnplannableError("it was rejected in review"))
            else:
                alone = f"cut {count_of.get(cut.id, cut.id)}"
                groups.setdefault(f"any {cut.any_of}" if cut.any_of else alone, []).append(cut)
        for whole in (one for one in self.bins if one.whole):
            for cut_id in whole.cuts:
                self.objections[cut_id] = of_nothing(self.criteria, whole, cut_id)
        for conflict in self.conflicts:
            for cut_id in (conflict.first, conflict.second) if conflict.own else ():
                self.objections.setdefault(cut_id, objection(self.criteria, conflict, cut_id))
        filters: list[Cut] = []
        events: list[list[Cut]] = []
        for group in groups.values():
            if refused := next((problem for c in group if (problem := self.objections.get(c.id))), None):
                self._object(group, refused)
            elif not all(self._is_filter(cut) for cut in group):
                events.append(group)
            elif any(self._regions_of(cut) for cut in group):
                self._object(group, UnplannableError("it selects objects in one region only", review=True))
            else:
                filters += group
        return filters, events

    def _object(self, group: Sequence[Cut], problem: UnplannableError) -> None:
        for cut in group:
            self.objections[cut.id] = problem

    def _overlapping(self, cut: Cut) -> tuple[str, str] | None:
        """Return the kinds of objects of which a cut removes those that overlap, the removed one first if it says."""
        if cut.id in self.overlaps:
            return self.collections.overlapping(cut)
        return MIXED.get(cut.subject.object) if removes_overlaps(cut) else None

    # Putting it together --------------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        read = self._read_events()
        baseline = sorted((entry for entry in read if not entry[1]), key=lambda entry: self._order(*entry))
        steps = [self._step(cuts, requirement) for cuts, _, requirement in baseline]
        every = [self._region(name, read) for name in self._regions_in_order()]
        self.collections.complete(self.filters)
        steps += self._unasked()
        gone = left_out(self.criteria, every, self.objections)
        regions = adopted(every, gone)
        histograms = (*self._observables(), *self._histograms())
        self.objections |= self.collections.objections
        needs = self._needs(steps, regions, histograms)
        objects = self._objects(needs)
        made = {plan.name for plan in objects}
        merged = self.collections.merged.items()
        return Plan(
            paper=self.criteria.paper,
            profile=self.profile,
            cuts={cut.id: cut for cut in self.criteria.cuts},
            objects=objects,
            merged=tuple(MergedPlan(name, name.replace("_", " "), p) for name, p in merged if set(p) <= made),
            composites=tuple(self.systems.built.values()),
            steps=tuple(steps),
            regions=regions,
            histograms=histograms,
            not_applied=tuple(
                not_applied(cut, problem, self._overlapping(cut), self.profile)
                for cut in self.criteria.cuts
                if (problem := self.objections.get(cut.id)) is not None
            ),
            missing=self._missing(needs),
            not_drawn=tuple(self.not_drawn),
            not_built=tuple(self.not_built),
            left_out=tuple(gone.items()),
            remarks=(
                *of_bins(self.criteria, self.bins, self._is_applied),
                *of_conflicts(self.criteria, self.conflicts, self._is_applied),
            ),
        )

    def _is_applied(self, cut_id: str) -> bool:
        return cut_id not in self.objections

    def _read_events(self) -> list[tuple[list[Cut], frozenset[str], Requirement]]:
        """Read every group of alternatives; a group is parted where its cuts hold in different regions."""
        read: list[tuple[list[Cut], frozenset[str], Requirement]] = []
        for group in self.events:
            built = dict(self.systems.built)
            try:
                counting = next((cut for cut in group if cut.id in self.counted), None)
                if counting is not None:
                    others = [cut for cut in group if cut is not counting]
                    requirement = self.requirements.counts.existing(counting, others)
                else:
                    requirement = either([self.requirements.of(cut) for cut in group])
            except UnplannableError as problem:
                self.systems.built = built
                self._object(group, problem)
                continue
            parted: dict[frozenset[str], list[Cut]] = {}
            for cut in group:
                parted.setdefault(self._regions_of(cut), []).append(cut)
            read += [(cuts, regions, requirement) for regions, cuts in parted.items()]
        return read

    def _order(self, cuts: Sequence[Cut], _: frozenset[str], requirement: Requirement) -> int:
        """Return the place of a step: what is cheap, and what later steps build on, comes first."""
        first = next((cut for cut in cuts if cut.id in self.counted), cuts[0])
        if first.variable.id == "count":
            return 3 if isinstance(requirement, Exists) else 2
        if first.scope == "trigger" or first.variable.id == "trigger":
            return 0
        if first.scope == "cleaning" or first.variable.id == "cleaning":
            return 1
        if isinstance(requirement, Exists):
            return 3
        composite = any(isinstance(term, Members | Chosen) for term in walk(requirement))
        if first.subject.rank is not None and first.subject.object not in {*PAIRS, *MIXED, *GROUPS}:
            return 4 if composite else 2
        return 5 if first.subject.object in {*PAIRS, *MIXED} else 6

    def _step(self, cuts: Sequence[Cut], requirement: Requirement) -> Step:
        joined = any(cut.id in self.counted for cut in cuts)
        label = (" and " if joined else " or ").join(cut.statement() for cut in cuts)
        ids = tuple(cut.id for cut in cuts)
        divided = any(set(ids) & set(one.cuts) for one in self.bins)
        note = "Bins: these exclude each other, and one of them must hold." if divided else ""
        return Step(label, requirement, ids, self._attach(requirement), note)

    def _attach(self, term: object) -> tuple[str, ...]:
        """Return the filters of the collections that a term is the first to use."""
        found: list[str] = []
        needs = Needs(self.systems.built, self.collections.merged)
        for name in [name for name in self.collections.selected if name in needs.bases(term)]:
            for selected in self.collections.selected[name].filters:
                fresh = [cut_id for cut_id in selected.cut_ids if cut_id not in self.attached]
                self.attached.update(fresh)
                for other in _others(selected.requirement, name) if fresh else ():
                    found += self._attach(other)
                found += fresh
        return tuple(dict.fromkeys(found))

    def _unasked(self) -> list[Step]:
        """Return a step that removes nothing for every collection that no requirement on events uses."""
        steps: list[Step] = []
        for name, selected in self.collections.selected.items():
            ids = self._attach(Objects(name))
            if ids:
                title = selected.definition or plural(selected.kind)
                steps.append(Step(f"{title}: selected, not required", Always(), (), ids))
        return steps

    def _regions_in_order(self) -> list[str]:
        """Return the regions, parents first."""
        known = {region.name: region.parent for region in self.criteria.regions}
        order: list[str] = []
        for name in known:
            line = [name]
            while (parent := known.get(line[-1])) in known and parent not in line:
                line.append(str(parent))
            order += [region for region in reversed(line) if region not in order]
        return order

    def _region(self, name: str, read: Sequence[tuple[list[Cut], frozenset[str], Requirement]]) -> RegionPlan:
        region = next(region for region in self.criteria.regions if region.name == name)
        own = sorted((entry for entry in read if name in entry[1]), key=lambda entry: self._order(*entry))
        parent = region.parent if region.parent in {known.name for known in self.criteria.regions} else None
        return RegionPlan(
            name, region.kind, parent, tuple(self._step(cuts, requirement) for cuts, _, requirement in own)
        )

    # Histograms and fields ------------------------------------------------------------------------------------------

    def _observables(self) -> tuple[HistogramPlan, ...]:
        """Plan what the criteria ask to see; what it needs is built if need be."""
        found: list[HistogramPlan] = []
        for observable in self.criteria.observables:
            built = dict(self.systems.built)
            try:
                found.append(planned(observable, self.requirements))
            except UnplannableError as problem:
                self.systems.built = built
                self.not_drawn.append((observable.name, problem.reason))
        return tuple(found)

    def _histograms(self) -> tuple[HistogramPlan, ...]:
        """Plan the profile's histograms of what the selection builds anyway."""
        found: list[HistogramPlan] = []
        named = {observable.name for observable in self.criteria.observables}
        for axis in self.profile.histograms:
            if axis.name in named:
                continue
            before = (dict(self.systems.built), dict(self.collections.selected), dict(self.collections.merged))
            try:
                quantity = self._histogram(axis)
            except UnplannableError as problem:
                self.not_built.append((axis.name, problem.reason))
                continue
            if before[0].keys() == self.systems.built.keys() and before[1].keys() == self.collections.selected.keys():
                found.append(HistogramPlan(axis, quantity))
            else:
                self.systems.built, self.collections.selected, self.collections.merged = before
                self.not_built.append((axis.name, "the selection uses nothing of what it shows"))
        return tuple(found)

    def _histogram(self, axis: HistogramAxis) -> Quantity:
        if axis.variable == "count":
            return Count(self.collections.collection(axis.object))
        if axis.object in PAIRS and not self.systems.pairs:
            message = "no pairs are chosen"
            raise UnplannableError(message)
        if axis.object == "fourlepton" and not self.systems.built:
            message = "no four leptons are chosen"
            raise UnplannableError(message)
        return self.requirements.quantity(Subject(object=axis.object, rank=axis.rank), Variable(id=axis.variable))

    def _needs(self, *roots: object) -> Needs:
        needs = Needs(self.systems.built, self.collections.merged)
        terms: list[Term] = []
        for root in roots:
            for item in root if isinstance(root, list | tuple) else ():
                if isinstance(item, Step):
                    terms += walk(item.requirement)
                elif isinstance(item, RegionPlan):
                    terms += [term for step in item.steps for term in walk(step.requirement)]
                elif isinstance(item, HistogramPlan):
                    terms += walk(item.quantity)
        for selected in self.collections.selected.values():
            needs.add(Objects(selected.name))
            terms += [term for known in selected.filters for term in walk(known.requirement)]
        needs.read(terms)
        return needs

    def _objects(self, needs: Needs) -> tuple[ObjectPlan, ...]:
        """Return the selected collections that anything is computed from; what one is kept away from comes first."""
        plans: dict[str, ObjectPlan] = {}
        shared = {part: parts for parts in self.collections.merged.values() for part in parts}
        for name, selected in self.collections.selected.items():
            columns = set().union(*(needs.columns.get(part, set()) for part in shared.get(name, (name,))))
            plans[name] = object_plan(selected, self.profile, columns, needs.flags.get(name, {}))
        return tuple(plans.values())

    def _missing(self, needs: Needs) -> tuple[Field, ...]:
        fields = []
        for column in ("pt", "phi", "met_sig"):
            branch = self.profile.branch("met", column)
            if column in needs.missing and branch is not None:
                fields.append(Field(column, branch))
        return tuple(fields)


def _others(requirement: Requirement, name: str) -> list[Objects]:
    """Return the other collections that a filter looks at."""
    return [term for term in walk(requirement) if isinstance(term, Objects) and term.name != name]
