"""Events to begin with in showing a cut on objects: they pass, and hold an object of the kind in question."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from eval.probes.gauge import edges
from eval.probes.handles import Handle, direct
from eval.probes.nudges import Nudges
from eval.probes.reach import Reach
from eval.probes.specimen import Place, Row, flag_value
from eval.probes.trial import Trial
from kb.ssc import Clause, Cut, Piecewise, Variable

_EACH = 2  # events in which one object violates a cut


class Starts:
    """Varies events that pass."""

    def __init__(self, trial: Trial, nudges: Nudges, rng: random.Random) -> None:
        self.trial = trial
        self.nudges = nudges
        self.anatomy = nudges.anatomy
        self.rng = rng

    def of(self, cut: Cut, reach: Reach, kind: str | None) -> Iterator[Row]:
        """Yield events that pass and hold an object of the kind: as they are, changed into it, or with one more."""
        for row in reach.rows:
            if kind is None or self.anatomy.places(row, kind):
                yield row
        if kind is None:
            return
        definition = self.anatomy.kinds[kind]
        for row in reach.rows:
            if definition.where is not None:
                changed = row
                for index in range(self.anatomy.number(row, definition.collection or "")):
                    changed = self.anatomy.set_flag(
                        changed, (definition.collection or "", index), definition.where, on=True
                    )
                if changed != row and not self.trial.failing(changed, reach.scope):
                    yield changed
        for row in reach.rows:
            for _ in range(3):
                if (more := self._one_more(row, cut, kind, reach)) is not None:
                    yield more

    def _one_more(self, row: Row, cut: Cut, kind: str, reach: Reach) -> Row | None:
        """Return the event with another object, which meets the cut or does not, if it still passes."""
        collection = self.anatomy.kinds[kind].collection or ""
        more = self.anatomy.among(row, collection, self.anatomy.newborn(kind, self.rng))
        place = (collection, self.anatomy.number(more, collection) - 1)
        more = self.nudges.groomed(more, place, kind)
        if not self.trial.failing(more, reach.scope):
            return more
        less = self.violating(more, place, kind, cut)
        return less if not self.trial.failing(less, reach.scope) else None

    def violating(self, row: Row, place: Place, kind: str, cut: Cut) -> Row:
        """Return the event in which one object does not meet a cut, its condition apart, if that can be set."""
        if cut.operator == "is":
            flag = self.nudges.profile.flag(kind, cut.variable.id, str(cut.value))
            return self.anatomy.set_flag(row, place, flag, on=cut.role == "veto") if flag else row
        return self.nudges.set_to(row, place, kind, cut.variable, self.nudges.aim(cut, holds=False)) or row

    def concerned(self, cut: Cut, reach: Reach, kind: str | None) -> Iterator[Row]:
        """Yield events to begin with, and those in which an object is one that the cut's condition speaks of."""
        for row in self.of(cut, reach, kind):
            yield row
            for place in self.anatomy.places(row, kind) if kind and cut.when else ():
                for clause in cut.when.clauses if cut.when else ():
                    for changed in self.otherwise(row, place, kind or "", clause):
                        if self.trial.passes(changed, reach.scope):
                            yield changed

    def toggled(self, row: Row, cut: Cut, kind: str | None) -> Iterator[Row]:
        """Yield the event with a flag of one object set and not set, with another charge, or with another kind."""
        profile = self.nudges.profile
        for name in [kind] if kind else self.nudges.constituents(cut.subject.object):
            for place in self.anatomy.places(row, name):
                flag = profile.flag(name, cut.variable.id, str(cut.value))
                if flag is not None:
                    for on in (True, False):
                        yield self.anatomy.set_flag(row, place, flag, on=on)
                    continue
                branch = profile.branch(name, "charge")
                if branch is not None:
                    yield self.anatomy.put(row, place, branch.branch, -row[branch.branch][place[1]])
                for known in self.anatomy.kinds.values():
                    if known.collection == place[0] and known.where is not None:
                        yield self.anatomy.set_flag(row, place, known.where, on=True)

    def _violating(self, cut: Cut, reach: Reach, kind: str) -> Iterator[tuple[Row, Place]]:
        for row in self.of(cut, reach, kind):
            for place in self.anatomy.places(row, kind):
                for _ in range(_EACH):
                    yield self.violating(row, place, kind, cut), place

    def exempt(self, cut: Cut, reach: Reach, kind: str) -> Iterator[Row]:
        """Yield events in which one object violates a filter, and is or is not what its condition speaks of."""
        for row, place in self._violating(cut, reach, kind):
            yield row
            for clause in cut.when.clauses if cut.when else ():
                yield from self.otherwise(row, place, kind, clause)

    def bordering(self, cut: Cut, reach: Reach, kind: str) -> Iterator[Handle]:
        """Yield deformations of one object that violates a filter, across the ends of the filter's condition."""
        ends = [(clause, edge.bound) for clause in (cut.when.clauses if cut.when else ()) for edge in edges(clause)]
        for row, place in self._violating(cut, reach, kind):
            for clause, bound in ends:
                if not isinstance(bound, Piecewise):
                    handle = direct(self.nudges, row, place, kind, clause.variable, bound)
                    yield from [handle] if handle is not None else []

    def decided(self, row: Row) -> list[Row]:
        """Return the event with no trigger fired, with each alone, and with each but the others as they are."""
        decisions = self.anatomy.decisions
        rows = []
        for only in (None, *decisions):
            changed = row
            for decision in decisions:
                changed = self.anatomy.put_scalar(changed, decision.branch, flag_value(decision, on=decision is only))
            rows.append(changed)
        return rows + [self.anatomy.put_scalar(row, d.branch, flag_value(d, on=False)) for d in decisions]

    def crowded(self, rows: Sequence[Row], kind: str, *, high: bool) -> list[Row]:
        """Return events that all have the same object more, of the highest or of the lowest pT, before all others."""
        collection = self.anatomy.kinds[kind].collection or ""
        places = [(row, (collection, index)) for row in rows for index in range(self.anatomy.number(row, collection))]
        momenta = [self.anatomy.momentum(row, place, kind)[0] for row, place in places]
        only = self.anatomy.among(self.anatomy.empty(), collection, self.anatomy.newborn(kind, self.rng))
        place = (collection, 0)
        if self.rng.random() < 0.5:
            only = self.nudges.groomed(only, place, kind)
        factor = self.rng.uniform(1.1, 2) if high else self.rng.uniform(0.05, 0.9)
        pt = round(16 * factor * (max if high else min)(momenta, default=20.0)) / 16
        only = self.nudges.set_to(only, place, kind, Variable(id="pt"), pt) or only
        return [row | {b: [*only[b], *row[b]] for b in self.anatomy.lists[collection]} for row in rows]

    def relabelled(self, rows: Sequence[Row]) -> Iterator[list[Row]]:
        """Yield the events in which all objects of a collection are of each of its kinds."""
        for kind in self.anatomy.kinds.values():
            where, collection = kind.where, kind.collection or ""
            if where is None:
                continue
            changed = []
            for row in rows:
                for index in range(self.anatomy.number(row, collection)):
                    row = self.anatomy.set_flag(row, (collection, index), where, on=True)
                changed.append(row)
            if changed != list(rows):
                yield changed

    def otherwise(self, row: Row, place: Place, kind: str, clause: Clause) -> Iterator[Row]:
        """Yield the event in which one object meets a clause of a condition, and in which it does not."""
        if isinstance(clause.value, str):
            flag = self.nudges.profile.flag(kind, clause.variable.id, clause.value)
            for on in (True, False) if flag is not None else ():
                assert flag is not None
                yield self.anatomy.set_flag(row, place, flag, on=on)
            return
        for edge in edges(clause):
            if isinstance(edge.bound, Piecewise):
                continue
            for factor in (0.97, 1.03):
                changed = self.nudges.set_to(row, place, kind, clause.variable, edge.bound * factor)
                if changed is not None:
                    yield changed
