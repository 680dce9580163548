"""Which objects of an event are selected: the cuts on single objects, by the definitions of the paper.

A definition ('signal electron') is meant where a cut names it; where nothing is named, the most refined one of its kind
that no cut names. Cuts without a definition hold for all objects of their kind.

Objects of a special kind (b jets) are of the general one (jets) too, and meet what that meets; so do those of a
definition with a parent. Where they have a plain cut of their own on the same variable, towards the same side, that
one counts for them and not the general one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

from eval.event import DISTANCES, InexpressibleError, Ntuple, Particle, Row, distance, holds
from eval.inequality import ends, satisfies, unsigned_offset
from kb.ssc import Clause, Condition, Cut, Piecewise, SelectionCriteria
from kb.vocabulary import vocabulary

LEPTONS = frozenset({"lepton", "electron", "muon"})
Way = tuple[list[tuple[Cut, ...]], dict[str, frozenset[str]], dict[str, list[Condition]], frozenset[str]]
"""Filters on distances; the definitions that each kind must meet; conditions of stated points; kinds of any point."""
Others = Callable[[str, "str | None"], "list[Particle]"]


class Stages(Protocol):
    """What gives the selected objects of a name and definition, or those that are left before a removal."""

    def __call__(
        self, name: str, definition: str | None, *, before: int | None = None, bare: bool = False
    ) -> list[Particle]:
        """Return them, pT descending."""
        ...


class Filters:
    """The cuts on single objects, alternatives together, and what they select."""

    def __init__(self, criteria: SelectionCriteria, ntuple: Ntuple) -> None:
        self.criteria = criteria
        self.ntuple = ntuple
        self.definitions = {definition.name: definition for definition in criteria.objects}
        self.overlaps = {o.cut: (o.removed, o.kept) for d in criteria.objects for o in d.overlap_removal}
        self.groups: list[tuple[Cut, ...]] = []
        self._places: dict[str, int] = {}
        self._in_turn: frozenset[str] = frozenset()
        self.memory: dict[tuple[object, ...], bool] | None = None
        """What was found of single objects, if it is to be remembered: made-up events share most of theirs."""
        self.ways: dict[tuple[str, str | None, int | None, bool], Way] = {}
        """How objects are selected, as long as the groups are the same."""
        self._lines: dict[tuple[str, str, str | None], frozenset[str]] = {}
        self._stated: list[tuple[Cut, ...]] = []
        """All that was taken in, whatever is tried in place of it."""
        self._about: dict[tuple[str, str, frozenset[str]], bool] = {}

    def is_filter(self, cut: Cut) -> bool:
        """Say whether a cut selects objects, not events."""
        subject = cut.subject
        if cut.id in self.overlaps:
            return True
        single = subject.object in self.ntuple.profile.objects and subject.object != "met"
        return cut.scope == "object" and subject.rank is None and single and cut.variable.id != "count"

    def add(self, group: tuple[Cut, ...]) -> None:
        """Take in a cut, or alternatives; InexpressibleError says what the ntuple lacks for them."""
        for cut in group:
            self._attempt(cut)
            if any(removed == kept for removed, kept in self._waits(cut)):
                message = "it drops objects near others of their own kind, and does not say which of the two"
                raise InexpressibleError(message)
        self.ways.clear()
        self.groups.append(group)
        self._stated.append(group)
        self._places |= {cut.id: len(self._places) for cut in group}
        self._in_turn = self._circle()

    def select(
        self,
        row: Row,
        name: str,
        definition: str | None,
        others: Stages,
        before: int | None = None,
        *,
        bare: bool = False,
    ) -> list[Particle]:
        """Return the selected objects of a name in one event, pT descending.

        Removals of overlaps that depend on each other are done in their order: each looks at what those before it have
        left. With `before` only the removals before that place are done.
        """
        around, lines, points, untagged = self._way(name, definition, before, bare=bare)
        selected = []
        for particle in self.ntuple.particles(row, name, untagged):
            line = lines[particle.kind]
            if not self._meets_default(particle, points[particle.kind]):
                continue
            if self._is_good(particle, line) and all(
                self._lets_pass(group, particle, line, self._seen_by(group, others)) for group in around
            ):
                selected.append(particle)
        return selected

    def _way(self, name: str, definition: str | None, before: int | None, *, bare: bool) -> Way:
        """Return how objects are selected, which is the same for all events."""
        key = (name, definition, before, bare)
        if key not in self.ways:
            around = [group for group in self.groups if self._looks_around(group)]
            if before is not None:
                around = [group for group in around if self._places[group[0].id] < before]
            lines = {kind: self.met_by(name, kind, definition) for kind in self.ntuple.profile.parts(name)}
            untagged = {kind for kind, line in lines.items() if bare or self._tells_point(kind, line)}
            points = {k: [] if k in untagged else self._points_for_some(k, line) for k, line in lines.items()}
            untagged |= {kind for kind, stated in points.items() if stated}
            self.ways[key] = around, lines, points, frozenset(untagged & self._with_default_point())
        return self.ways[key]

    def _seen_by(self, group: tuple[Cut, ...], others: Stages) -> Others:
        """Return what gives the objects that a removal looks at."""
        place = self._places[group[0].id]
        return partial(others, before=place) if group[0].id in self._in_turn else others

    def _looks_around(self, group: tuple[Cut, ...]) -> bool:
        """Say whether a filter is about the distance to other objects."""
        return any(cut.id in self.overlaps or cut.variable.id in DISTANCES for cut in group)

    def _is_good(self, particle: Particle, line: frozenset[str]) -> bool:
        """Say whether an object passes the filters that look at nothing else."""
        key = (particle.kind, line, *particle.row.values()) if self.memory is not None else ()
        if self.memory is not None and key in self.memory:
            return self.memory[key]
        alone = (group for group in self.groups if not self._looks_around(group))
        good = all(self._lets_pass(group, particle, line, lambda name, definition: []) for group in alone)
        if self.memory is not None:
            self.memory[key] = good
        return good

    def _lets_pass(self, group: tuple[Cut, ...], particle: Particle, line: frozenset[str], others: Others) -> bool:
        if not self._is_about(group, particle.kind, line):
            return True
        return any(self.passes(cut, particle, others) for cut in group)

    # What is general, and what is special ---------------------------------------------------------------------------

    def takers(self, cut: Cut) -> tuple[str, ...]:
        """Return the kinds of objects that a filter is about: those it names, and those that are of these kinds too."""
        named = self.ntuple.profile.parts(self.filtered(cut))
        away_from = self._kept_object(cut) if self._kept(cut) is not None else None
        words = vocabulary().objects
        others = [k for k in self.ntuple.profile.objects if words[k].kind_of in named and k not in (*named, away_from)]
        return (*named, *others)

    def _is_about(self, group: tuple[Cut, ...], kind: str, line: frozenset[str]) -> bool:
        """Say whether a filter counts for objects of a kind that meet these definitions."""
        key = (group[0].id, kind, line)
        if key not in self._about:
            rivals = [one[0] for one in self._stated if len(one) == 1 and self._names(one[0], kind, line)]
            replaced = all(any(self._goes_before(rival, cut, kind) for rival in rivals) for cut in group)
            self._about[key] = self._names(group[0], kind, line) and not replaced
        return self._about[key]

    def _names(self, cut: Cut, kind: str, line: frozenset[str]) -> bool:
        owners = self.owners(cut)
        return kind in self.takers(cut) and (not owners or bool(owners & line))

    def _goes_before(self, rival: Cut, cut: Cut, kind: str) -> bool:
        """Say whether a plain cut of more special objects counts in place of a general one."""
        if rival.when is not None or rival.any_of is not None or rival.id == cut.id:
            return False
        if rival.variable != cut.variable or self._kept(rival) != self._kept(cut) or not ends(cut) <= ends(rival):
            return False
        direct = [kind in self.ntuple.profile.parts(self.filtered(one)) for one in (rival, cut)]
        if direct[0] is not direct[1]:
            return direct[0]
        above = {name for owner in self.owners(rival) for name in self.line(owner) if name != owner}
        return bool(self.owners(cut)) and self.owners(cut) <= above

    def is_default_point(self, kind: str, variable: str) -> bool:
        """Say whether a variable is that of which the profile has a working point of its own for a kind of objects."""
        definition = self.ntuple.profile.objects.get(kind)
        if definition is None or definition.where is None:
            return False
        return variable == (definition.point_of or vocabulary().objects[kind].told_by)

    def _with_default_point(self) -> frozenset[str]:
        words, objects = vocabulary().objects, self.ntuple.profile.objects
        return frozenset(k for k, d in objects.items() if d.where and (d.point_of or words[k].told_by))

    def _tells_point(self, kind: str, line: frozenset[str]) -> bool:
        """Say whether the criteria state a working point for all objects of a kind."""
        return any(
            self._is_about(group, kind, line)
            and all(
                c.operator == "is" and c.role == "select" and not c.when and self.is_default_point(kind, c.variable.id)
                for c in group
            )
            for group in self._stated
        )

    @property
    def pointed(self) -> frozenset[str]:
        """The kinds of objects of which a working point is stated that stands in place of the profile's own."""
        stated = [cut for group in self._stated for cut in group if cut.operator == "is"]
        return frozenset(
            kind for cut in stated for kind in self.takers(cut) if self.is_default_point(kind, cut.variable.id)
        )

    def _points_for_some(self, kind: str, line: frozenset[str]) -> list[Condition]:
        """Return the conditions under which the criteria state a working point of a kind."""
        found: list[Condition] = []
        for group in self._stated:
            points = [
                c.operator == "is" and c.role == "select" and self.is_default_point(kind, c.variable.id) for c in group
            ]
            conditions = [c.when for c in group if c.when is not None]
            if all(points) and len(conditions) == len(group) and self._is_about(group, kind, line):
                found += conditions
        return found

    def _meets_default(self, particle: Particle, stated: list[Condition]) -> bool:
        """Say whether an object meets the profile's own point, or is one for which another is stated."""
        where = self.ntuple.profile.objects[particle.kind].where
        if not stated or where is None:
            return True
        return holds(where, particle.row) or any(self.condition_holds(one, particle) for one in stated)

    def _attempt(self, cut: Cut) -> None:
        """Ask a made-up object what the filter asks, so that what the ntuple lacks shows before any event is read."""
        if any(isinstance(edge, Piecewise) for edge in (cut.value if isinstance(cut.value, tuple) else (cut.value,))):
            message = "a threshold that follows another quantity is not known for single objects"
            raise InexpressibleError(message)
        self.ntuple.kinds(self.filtered(cut))
        for kind in self.takers(cut):
            self.passes(cut, self.ntuple.probe(kind), lambda name, definition: [])
            for clause in cut.when.clauses if cut.when else ():
                self.clause_holds(clause, self.ntuple.probe(kind))
            if cut.id not in self.overlaps and cut.variable.id not in DISTANCES:
                self._object_test(cut, self.ntuple.probe(kind))

    def _waits(self, cut: Cut) -> set[tuple[str, str]]:
        """Return which kinds wait for which, before a cut on their distance can be decided."""
        if self._kept(cut) is None:
            return set()
        parts = self.ntuple.profile.parts
        return {(removed, kept) for removed in self.takers(cut) for kept in parts(self._kept_object(cut))}

    def _circle(self) -> frozenset[str]:
        """Return the removals of which each waits, in the end, for itself."""
        waits = {cut.id: self._waits(cut) for group in self.groups for cut in group}
        after: dict[str, set[str]] = {}
        for pairs in waits.values():
            for removed, kept in pairs:
                after.setdefault(removed, set()).add(kept)

        def follows(kind: str, wanted: str, seen: frozenset[str] = frozenset()) -> bool:
            nexts = after.get(kind, set()) - seen
            return wanted in nexts or any(follows(one, wanted, seen | nexts) for one in nexts)

        return frozenset(
            name for name, pairs in waits.items() if any(follows(kept, removed) for removed, kept in pairs)
        )

    def _kept(self, cut: Cut) -> str | None:
        """Return what objects are kept away from, by a cut on their distance; None for another cut."""
        _, kept = self.overlaps.get(cut.id, (None, None))
        if kept is None and cut.variable.id in DISTANCES:
            return next(iter(cut.variable.reference), None)
        return kept

    def removals(self) -> Iterator[tuple[Cut, tuple[str, ...], tuple[str, ...]]]:
        """Yield the cuts on distances, each with the kinds that it may drop, and those that they are measured to."""
        for cut in (cut for group in self.groups for cut in group):
            if self._kept(cut) is not None:
                yield cut, self.takers(cut), self.ntuple.profile.parts(self._kept_object(cut))

    def _kept_object(self, cut: Cut) -> str:
        kept = self._kept(cut) or ""
        return self.definitions[kept].object if kept in self.definitions else kept

    def filtered(self, cut: Cut) -> str:
        """Return which objects a filter is about."""
        removed, _ = self.overlaps.get(cut.id, (None, None))
        if removed is None:
            return cut.subject.object
        return self.definitions[removed].object if removed in self.definitions else removed

    def owners(self, cut: Cut) -> set[str]:
        """Return the definitions a filter belongs to; none if it holds for all objects of its kind."""
        named = {name for name, definition in self.definitions.items() if cut.id in definition.cuts}
        return named | ({cut.subject.definition} & set(self.definitions) if cut.subject.definition else set())

    def says_of(self, name: str, definition: str) -> bool:
        """Say whether any filter is about the objects of a definition in particular."""
        kinds = self.ntuple.profile.parts(name)
        line = frozenset().union(*(self.lines_for(name, kind, definition) for kind in kinds))
        return any(self.owners(cut) & line for group in self.groups for cut in group)

    def limits(self, kind: str, definition: str | None) -> bool:
        """Say whether any filter leaves out objects of a kind where a definition is meant."""
        line = self.lines_for(kind, kind, definition)
        about = [cut for group in self.groups for cut in group if kind in self.ntuple.profile.parts(self.filtered(cut))]
        return any(not self.owners(cut) or self.owners(cut) & line for cut in about)

    def line(self, definition: str | None) -> list[str]:
        """Return a definition with those it inherits from."""
        line: list[str] = []
        while definition in self.definitions and definition not in line:
            line.append(definition)
            definition = self.definitions[definition].parent
        return line

    def meant(self, kind: str) -> str | None:
        """Return the definition that is meant where none is named."""
        named = {cut.subject.definition for cut in self.criteria.cuts if not self.is_filter(cut)}
        built = [name for c in self.criteria.composites for name in c.constituents if name in self.definitions]
        for name in built:
            if self.definitions[name].object == kind:
                return name
        taken = {d.parent for d in self.definitions.values()} | {kept for _, kept in self.overlaps.values()} | named
        taken |= {name for name, known in self.definitions.items() if known.besides}
        free = [n for n, d in self.definitions.items() if d.object == kind and n not in taken]
        return max(free, key=lambda name: len(self.line(name)), default=None)

    def lines_for(self, name: str, kind: str, definition: str | None) -> frozenset[str]:
        """Return the definitions that objects of a kind must meet: muons those of 'signal muon' and 'signal lepton'."""
        key = (name, kind, definition)
        if key not in self._lines:
            if definition in self.definitions:
                meant = {definition, definition.replace("lepton", kind), definition.replace(kind, "lepton")}
                starts = meant & set(self.definitions)
            else:
                around = {kind, name, *(["lepton"] if kind in LEPTONS else [])}
                starts = {found for found in map(self.meant, around) if found is not None}
            self._lines[key] = frozenset(part for start in starts for part in self.line(start))
        return self._lines[key]

    def met_by(self, name: str, kind: str, definition: str | None) -> frozenset[str]:
        """Return the definitions that objects of a kind must meet, also as objects of a more general kind."""
        own, more = self.lines_for(name, kind, definition), vocabulary().objects[kind].kind_of
        if more is None or any(self.definitions[known].object == more for known in own):
            return own
        alike = {known.replace(kind, more) for known in own if kind in known} & set(self.definitions)
        if not alike:
            return own | self.lines_for(more, more, None)
        return own.union(*(self.lines_for(more, more, known) for known in alike))

    def passes(self, cut: Cut, particle: Particle, others: Others) -> bool:
        """Say whether one object passes a filter; `others` gives the selected objects of a name and definition."""
        if cut.when is not None and not self.condition_holds(cut.when, particle):
            return True
        if cut.id in self.overlaps or cut.variable.id in DISTANCES:
            return self._is_apart(cut, particle, others)
        return self._object_test(cut, particle) != (cut.role == "veto")

    def _object_test(self, cut: Cut, particle: Particle) -> bool:
        if cut.operator == "is":
            return self.ntuple.flagged(particle, cut.variable.id, str(cut.value))
        return satisfies(unsigned_offset(cut, self.ntuple.measure(particle, cut.variable)), cut)

    def _is_apart(self, cut: Cut, particle: Particle, others: Others) -> bool:
        removed, _ = self.overlaps.get(cut.id, (None, None))
        kept = self._kept(cut)
        if kept is None or cut.variable.id not in DISTANCES:
            message = "it does not say which of two objects is kept, or at which distance"
            raise InexpressibleError(message)
        name = self._kept_object(cut)
        self.ntuple.kinds(name)
        found = [
            satisfies(distance(particle, other, cut.variable.id), cut)
            for other in others(name, kept if kept in self.definitions else None)
            if other.place != particle.place
        ]
        # One is enough to be near to, or to be in the ring around; to be far is to be so from all.
        near = cut.operator in {"<", "<=", "==", "in"}
        held = any(found) if near else all(found)
        return held != (cut.role == "veto" or (removed is not None and near))

    def condition_holds(self, condition: Condition, particle: Particle) -> bool:
        if not condition.clauses:
            message = f"its condition '{condition.text}' is not understood"
            raise InexpressibleError(message)
        found = [self.clause_holds(clause, particle) for clause in condition.clauses]
        return all(found) if condition.combine == "all" else any(found)

    def clause_holds(self, clause: Clause, particle: Particle) -> bool:
        about = self.ntuple.profile.parts(clause.subject.object)
        if vocabulary().objects[particle.kind].kind_of == clause.subject.object:
            about = (*about, particle.kind)
        if not about or (particle.kind not in about and not {particle.kind, *about} <= LEPTONS):
            message = f"it holds on a condition on another object ({clause.subject.object})"
            raise InexpressibleError(message)
        if particle.kind not in about:
            return False
        if not isinstance(clause.value, str):
            return satisfies(self.ntuple.measure(particle, clause.variable), clause)
        if clause.variable.name == "flavour" and clause.value in self.ntuple.profile.objects:
            return clause.value == particle.kind
        return self.ntuple.flagged(particle, clause.variable.id, clause.value) != (clause.operator == "!=")
