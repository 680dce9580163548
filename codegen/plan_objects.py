"""Selected collections: which objects of the ntuple a cut means, and the filters that select them.

A collection is an object kind of the profile with a definition of the paper ('signal electron'), or with none. Cuts
without a definition hold for every collection of their kind. What is more special (b jets, definitions with a parent)
takes over the filters of what is more general; see `kb.inheritance`. A working point that the paper states of b jets
stands in place of the profile's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

from codegen.plan_columns import DISTANCES, PLURALS, Columns, both, constrain, either, near_to, plural
from codegen.plan_company import Asked, additional
from codegen.plan_model import Filter, UnplannableError
from codegen.plan_names import free, identifier
from codegen.plan_points import NOTE, OWN_POINT, conditions, cover, tells
from codegen.plan_terms import Any, DistanceKind, Flagged, Not, Objects, Requirement
from codegen.profile import Profile
from kb.inheritance import general, special, stands_in
from kb.ssc import Condition, Cut, ObjectDefinition, SelectionCriteria

_BEFORE = "_before_overlaps"


@dataclass
class Selected:
    """A collection in the making."""

    name: str
    kind: str
    definition: str | None
    chain: frozenset[str]
    cut_ids: tuple[str, ...]
    """Of the paper's filters, in its order."""
    filters: list[Filter] = field(default_factory=list)
    before: bool = False
    """Whether later removals of overlaps are still to come."""
    bare: bool = False
    """Whether the profile's own working point does not count: another is stated."""
    partly: bool = False
    """Whether it counts all the same where no condition holds under which another is stated."""
    note: str = ""
    """What is to be said of the profile's own working point."""


class Collections:
    """Selected collections of the criteria, made when they are asked for.

    `filters` are the cuts on single objects; `objections` collects those that cannot be applied, by cut id.
    """

    def __init__(
        self, criteria: SelectionCriteria, profile: Profile, filters: Sequence[Cut], named: Iterable[str]
    ) -> None:
        self.columns = Columns(profile)
        self.definitions = {definition.name: definition for definition in criteria.objects}
        self.selected: dict[str, Selected] = {}
        self.merged: dict[str, tuple[str, ...]] = {}
        self.objections: dict[str, UnplannableError] = {}
        self.taken: set[str] = set()
        self._making: list[tuple[object, ...]] = []
        self._owners = self._find_owners(filters)
        self._overlaps = {o.cut: (o.removed, o.kept) for d in criteria.objects for o in d.overlap_removal}
        self._distances = {cut.id: kept for cut in filters if (kept := self._kept(cut)) is not None}
        self._named = set(named)
        self.asked = Asked(criteria)
        self._built = [name for c in criteria.composites for name in c.constituents if name in self.definitions]
        self._groups = self._feasible(filters)
        self._turns = self._find_turns()
        """Places of the removals that are done one after the other, by cut id."""

    # Which definition -----------------------------------------------------------------------------------------------

    def _find_owners(self, filters: Sequence[Cut]) -> dict[str, frozenset[str]]:
        owners: dict[str, frozenset[str]] = {}
        for cut in filters:
            named = {name for name, definition in self.definitions.items() if cut.id in definition.cuts}
            if cut.subject.definition in self.definitions:
                named.add(str(cut.subject.definition))
            owners[cut.id] = frozenset(named)
        return owners

    def _chain(self, name: str | None) -> tuple[str, ...]:
        chain: list[str] = []
        while name in self.definitions and name not in chain:
            chain.append(str(name))
            name = self.definitions[str(name)].parent
        return tuple(chain)

    def _default(self, kind: str) -> str | None:
        """Return the definition that is meant where none is named.

        It is the one that systems are built from, or else the most refined one that no cut on events names.
        """
        for name in self._built:
            if self.definitions[name].object == kind:
                return name
        taken = {definition.parent for definition in self.definitions.values()} | self._named
        taken |= {kept for _, kept in self._overlaps.values()}
        taken |= {name for name in self.definitions if additional(self.definitions, name)}
        free = [name for name, known in self.definitions.items() if known.object == kind and name not in taken]
        return max(free, key=lambda name: len(self._chain(name)), default=None)

    def _lines(self, kind: str, definition: str | None) -> frozenset[str]:
        """Return the definitions that objects of a kind meet, also as what they are besides: b jets those of jets."""
        own, above = self._own_lines(kind, definition), general(kind)
        if above is None or any(self.definitions[name].object == above for name in own):
            return own
        named = {name.replace(kind, above) for name in own if kind in name} & set(self.definitions)
        return own.union(*(self._own_lines(above, name) for name in named or [None]))

    def _own_lines(self, kind: str, definition: str | None) -> frozenset[str]:
        """Return the definitions that objects of a kind meet: muons those of 'signal muon' and of 'signal lepton'."""
        starts: set[str | None]
        if definition in self.definitions:
            text = str(definition)
            starts = {text}
            if kind in {"electron", "muon"}:
                starts |= {text.replace("lepton", kind), text.replace(kind, "lepton")}
        else:
            starts = {self._default(kind), self._default("lepton") if kind in {"electron", "muon"} else None}
        return frozenset(part for start in starts for part in self._chain(start))

    # Collections ----------------------------------------------------------------------------------------------------

    def collection(
        self, kind: str, definition: str | None = None, before: int | None = None, *, bare: bool = False
    ) -> Objects:
        """Return a selected collection, and make it first if need be.

        `before` that place, no removals are done; `bare` collections meet no working point but those that are stated.
        """
        parts = self.columns.parts(kind)
        known = definition if definition in self.definitions else None
        names = tuple(self._make(part, known, before, bare=bare).name for part in parts)
        if parts == (kind,):
            return Objects(names[0])
        for name, members in self.merged.items():
            if members == names:
                return Objects(name)
        wanted = identifier(f"{known}s") if known else PLURALS.get(kind, f"{kind}s")
        name = self._free(wanted if before is None else f"{wanted}{_BEFORE}")
        self.merged[name] = names
        return Objects(name)

    def _make(self, kind: str, definition: str | None, before: int | None = None, *, bare: bool = False) -> Selected:
        chain = self._lines(kind, definition)
        about = [group for group in self._groups if self._applies(group[0], kind, chain)]
        own = [group for group in about if not self._replaced(group, about, kind)]
        point = self.columns.profile.default_point(kind)
        told = [group for group in own if point is not None and tells(group, point)]
        partly = [] if bare else conditions(told)
        bare = point is not None and (bare or bool(told))
        done = [group for group in own if before is None or not self._removes(group) or self._place(group) < before]
        key = (kind, chain, tuple(cut.id for group in done for cut in group), bare, bool(partly))
        if key in self._making:
            message = "its objects are defined by each other"
            raise UnplannableError(message, review=True)
        for selected in self.selected.values():
            if (selected.kind, selected.chain, selected.cut_ids, selected.bare, selected.partly) == key:
                return selected
        wanted = PLURALS.get(kind, f"{kind}s")
        if definition:
            base = self.definitions[definition].object
            text = definition if base == kind else definition.replace(base, kind)
            wanted = identifier(f"{text}s" if kind in text else f"{text} {kind}s")
        if bare and not told:
            wanted = f"{wanted}_of_any_point"
        wanted = wanted if done == own else f"{wanted}{_BEFORE}"
        selected = Selected(self._free(wanted), kind, definition, chain, key[2], before=done != own, bare=bare)
        selected.partly = bool(partly)
        if point is not None and not bare:
            selected.note = f"No working point of {plural(kind)} is stated that could be applied: the profile's own."
        self._making.append(key)
        try:
            selected.filters += self._elsewhere(selected, partly)
            for group in done:
                parts = [self._filter(cut, Objects(selected.name), kind) for cut in group]
                note = self._origin(group, about, kind)
                selected.filters.append(Filter(tuple(cut.id for cut in group), either(parts), note))
            selected.filters += self._besides(selected)
        finally:
            self._making.pop()
        self.selected[selected.name] = selected
        return selected

    def _elsewhere(self, selected: Selected, stated: Sequence[Condition]) -> list[Filter]:
        """Return what asks the profile's own working point of objects for which no other is stated."""
        where, of = self.columns.profile.objects[selected.kind].where, Objects(selected.name)
        if where is None or not stated or cover(stated):
            return []
        held = [self._condition(when, of, selected.kind) for when in stated]
        return [Filter((), Any((*held, Flagged(where, of, OWN_POINT))), NOTE)]

    def _besides(self, selected: Selected) -> list[Filter]:
        """Return what drops the objects that the selection asks for from those that are counted besides them."""
        definition = additional(self.definitions, selected.definition)
        if definition is None or selected.kind not in self.asked.kinds:
            return []
        chosen = [
            either([self._filter(cut, Objects(selected.name), selected.kind) for cut in group])
            for group in self._selecting(selected.kind, definition)
        ]
        return [Filter((), Not(both(chosen)), f"not one of the selected {plural(selected.kind)}")] if chosen else []

    def _selecting(self, kind: str, definition: ObjectDefinition) -> list[list[Cut]]:
        """Return the filters of what a definition's objects are besides."""
        chain = self._lines(kind, definition.besides)
        return [group for group in self._groups if self._applies(group[0], kind, chain)]

    def besides(self, kind: str, definition: ObjectDefinition) -> list[Objects]:
        """Return the collections of objects that are none of the selected ones: none where all are selected."""
        parts = self.columns.parts(kind)
        lines = frozenset().union(*(self._own_lines(part, definition.name) for part in parts))
        if not any(self._owners[group[0].id] & lines for group in self._groups):
            return []  # nothing tells them from the selected ones
        left = [part for part in parts if part not in self.asked.kinds or self._selecting(part, definition)]
        return [self.collection(name, definition.name) for name in ([kind] if left == list(parts) else left)]

    def _free(self, name: str) -> str:
        return free(name, self.taken, self.selected, self.merged)

    def complete(self, cuts: Sequence[Cut]) -> None:
        """Make the collections of filters that nothing on events asked for, so that no cut is left out."""
        made = {cut_id for selected in self.selected.values() for f in selected.filters for cut_id in f.cut_ids}
        for cut in cuts:
            if cut.id not in made and cut.id not in self.objections:
                owners = sorted(self._owners[cut.id])
                for part in self.columns.parts(self._filtered_kind(cut)):
                    self._make(part, owners[0] if owners else None)

    # Filters --------------------------------------------------------------------------------------------------------

    def _filtered_kind(self, cut: Cut) -> str:
        removed, _ = self._overlaps.get(cut.id, (None, None))
        if removed is not None:
            return self.definitions[removed].object if removed in self.definitions else removed
        return cut.subject.object

    def _applies(self, cut: Cut, kind: str, chain: frozenset[str]) -> bool:
        owners = self._owners[cut.id]
        return kind in self._taking(cut) and (not owners or bool(owners & chain))

    def _taking(self, cut: Cut) -> tuple[str, ...]:
        """Return the kinds that a filter is about, those that take it over last."""
        parts = self.columns.parts(self._filtered_kind(cut))
        kept = self._distances.get(cut.id)
        apart = self.definitions[kept].object if kept in self.definitions else kept
        known = [name for part in parts for name in special(part) if name in self.columns.profile.objects]
        return (*parts, *(name for name in known if name not in parts and name != apart))

    def _replaced(self, group: Sequence[Cut], about: Sequence[Sequence[Cut]], kind: str) -> bool:
        """Say whether filters of what is more special stand in place of one."""
        alone = [other[0] for other in about if len(other) == 1]
        return all(any(self._stands_in(own, cut, kind) for own in alone) for cut in group)

    def _stands_in(self, own: Cut, cut: Cut, kind: str) -> bool:
        if own.id == cut.id or not stands_in(own, cut, self._distances):
            return False
        by_kind = [kind in self.columns.parts(self._filtered_kind(one)) for one in (own, cut)]
        if by_kind[0] != by_kind[1]:
            return by_kind[0]
        ancestors = {name for owner in self._owners[own.id] for name in self._chain(owner)[1:]}
        return bool(self._owners[cut.id]) and self._owners[cut.id] <= ancestors

    def _origin(self, group: Sequence[Cut], about: Sequence[Sequence[Cut]], kind: str) -> str:
        """Say of which objects a filter is stated, if of more general ones, or which of theirs it stands in for."""
        parts = self.columns.parts(self._filtered_kind(group[0]))
        if kind not in parts:
            return f"Taken over: {plural(kind)} are {plural(general(kind) or '')}."
        taggers = {c.variable.name for c in group if c.variable.id == self.columns.profile.default_point(kind)} - {None}
        if taggers:
            return f"The paper's tagger is {' or '.join(sorted(map(str, taggers)))}; this is the point of the file's."
        if len(group) > 1:
            return ""
        others = [cut for other in about for cut in other if self._stands_in(group[0], cut, kind)]
        return f"In place of {', '.join(f'{cut.id} ({cut.statement()})' for cut in others)}." if others else ""

    def _feasible(self, filters: Sequence[Cut]) -> list[list[Cut]]:
        """Return the filters that can be applied for every kind they are about, alternatives together."""
        groups: dict[str, list[Cut]] = {}
        for cut in filters:
            groups.setdefault(f"any {cut.any_of}" if cut.any_of else f"cut {cut.id}", []).append(cut)
        feasible: list[list[Cut]] = []
        for group in groups.values():
            try:
                self._try(group)
            except UnplannableError as problem:
                for cut in group:
                    self.objections[cut.id] = problem
            else:
                feasible.append(group)
        return feasible

    def _pairs(self, cut: Cut) -> set[tuple[str, str]]:
        """Return which kinds a removal drops, each with a kind that it looks at for that."""
        kept = self._kept(cut)
        if kept is None:
            return set()
        object_ = self.definitions[kept].object if kept in self.definitions else kept
        return set(product(self._taking(cut), self.columns.parts(object_)))

    def _find_turns(self) -> dict[str, int]:
        """Return the removals that depend on each other, by their places, for they are done in the paper's order.

        Jets at electrons are dropped, then electrons at the jets that remain: what a removal looks at are the objects
        that those before it have left.
        """
        pairs = {cut.id: self._pairs(cut) for group in self._groups for cut in group}
        reached = set().union(*pairs.values())
        for _ in range(len(reached)):
            reached |= {(a, d) for a, b in reached for c, d in reached if b == c}
        return {
            cut.id: place
            for place, group in enumerate(self._groups)
            for cut in group
            if any((kept, removed) in reached for removed, kept in pairs[cut.id])
        }

    def _removes(self, group: Sequence[Cut]) -> bool:
        return any(self._kept(cut) is not None for cut in group)

    def _place(self, group: list[Cut]) -> int:
        return self._groups.index(group)

    def _kept(self, cut: Cut) -> str | None:
        _, kept = self._overlaps.get(cut.id, (None, None))
        if kept is None and cut.variable.id in DISTANCES:
            return next(iter(cut.variable.reference), None)
        return kept

    def overlapping(self, cut: Cut) -> tuple[str, str] | None:
        """Return the kinds of objects that a removal of overlaps is about: the removed and the kept ones."""
        kept = self._kept(cut)
        known = self.definitions.get(kept or "")
        return (self._filtered_kind(cut), known.object if known else kept) if kept is not None else None

    def _try(self, group: Sequence[Cut]) -> None:
        targets = {(self.columns.parts(self._filtered_kind(cut)), self._owners[cut.id]) for cut in group}
        if len(targets) > 1:
            message = "its alternatives are about different objects"
            raise UnplannableError(message, review=True)
        for cut in group:
            for part in self._taking(cut):
                self._filter(cut, Objects("?"), part, trial=True)
            if any(removed == kept for removed, kept in self._pairs(cut)):
                message = "it does not say which of two objects of one kind is removed"
                raise UnplannableError(message, review=True)

    def _filter(self, cut: Cut, of: Objects, kind: str, *, trial: bool = False) -> Requirement:
        if cut.id in self._overlaps or cut.variable.id in DISTANCES:
            requirement = self._apart(cut, of, trial=trial)
        elif cut.operator == "is":
            requirement = self.columns.named(of, kind, cut.variable, str(cut.value))
            if cut.role == "veto":
                requirement = Not(requirement)
        else:
            requirement = constrain(self.columns.quantity(of, kind, cut.variable), cut)
            if cut.role == "veto":
                requirement = Not(requirement)
        if cut.when is None:
            return requirement
        return Any((Not(self._condition(cut.when, of, kind)), requirement))

    def _condition(self, when: Condition, of: Objects, kind: str) -> Requirement:
        if not when.clauses:
            message = f"it holds only '{when.text}', which is not written as a condition"
            raise UnplannableError(message, review=True)
        clauses = [self.columns.clause(of, kind, clause) for clause in when.clauses]
        return both(clauses) if when.combine == "all" else either(clauses)

    def _apart(self, cut: Cut, of: Objects, *, trial: bool) -> Requirement:
        removed, _ = self._overlaps.get(cut.id, (None, None))
        kept = self._kept(cut)
        if kept is None:
            message = "it does not say which of the two objects is removed"
            raise UnplannableError(message, review=True)
        if cut.variable.id not in DISTANCES or cut.operator == "is":
            message = "the overlap of objects is not stated as a distance"
            raise UnplannableError(message, review=True)
        name = self.definitions[kept].object if kept in self.definitions else kept
        self.columns.parts(name)
        other = Objects("?")
        if not trial:
            other = self.collection(name, kept if kept in self.definitions else None, self._turns.get(cut.id))
        distance: DistanceKind = next(known for known in DISTANCES if known == cut.variable.id)
        # 'removed if closer than' and 'kept if further than' are two ways to say one thing. To be near others, or in a
        # ring around them, one of them is enough.
        near = cut.operator in {"<", "<=", "==", "in"}
        found = near_to(of, other, distance, cut, every=not near)
        return Not(found) if cut.role == "veto" or (removed is not None and near) else found
