"""Where along a deformation the reference changes its mind, and whether one cut alone is the cause."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

from eval.probes.facets import Facet
from eval.probes.gauge import Crossing, Gauge
from eval.probes.handles import Handle, from_ordinal, ordinal
from eval.probes.probe import Probe
from eval.probes.specimen import Row
from eval.probes.trial import Outcome, Trial
from kb.ssc import Clause, Cut

_BLUR = 64  # how many neighbours are passed over where rounding decides


@dataclass(frozen=True)
class Flip:
    """Two neighbouring events on both sides of a change, one of which passes the scope, and what lies further off."""

    passing: Row
    other: Row
    crossings: tuple[Crossing, ...] = ()
    exact: bool = False
    """Whether one of them has exactly the threshold."""
    further: tuple[Row, ...] = ()
    hidden: bool = False
    """Whether only the bins of histograms change, no mask."""
    by: str = ""
    """The clause of the cut's condition that is the cause, if it is one."""


@dataclass
class Hunter:
    """Looks for changes that one cut causes alone."""

    trial: Trial
    gauge: Gauge
    by_bins: bool = False

    def flips(self, handle: Handle, scope: Collection[str], cut: Cut) -> Iterator[Flip]:
        """Yield the changes along a deformation that this cut alone causes, at its threshold."""
        for start, end, failing in self._changes(handle, scope):
            if failing and not self.trial.is_filter(cut) and cut.id not in failing:
                continue
            flip = self._narrowed(handle, scope, cut, start, end)
            if flip is not None:
                yield flip

    def _changes(self, handle: Handle, scope: Collection[str]) -> Iterator[tuple[float, float, frozenset[str]]]:
        """Yield a value that passes, one beside it with another outcome, and what that fails."""
        if handle.start is None:
            outcomes = [(value, self._outcome(handle.at(value), scope)) for value in handle.grid]
            for (one, first), (other, second) in pairwise(outcomes):
                if first != second and not (first[0] and second[0]):
                    yield (one, other, second[0]) if not first[0] else (other, one, first[0])
            return
        begin = self._outcome(handle.at(handle.start), scope)
        if begin[0]:
            return
        below = [value for value in reversed(handle.grid) if value < handle.start]
        for side in (below, [value for value in handle.grid if value > handle.start]):
            last = handle.start
            for value in side:
                now = self._outcome(handle.at(value), scope)
                if now != begin:
                    yield last, value, now[0]
                    break
                last = value

    def _same(self, row: Row, scope: Collection[str], at: Outcome) -> bool:
        """Say whether an event has the outcome of one that passes."""
        return self._outcome(row, scope) == at if self.by_bins else self.trial.passes(row, scope)

    def _outcome(self, row: Row, scope: Collection[str]) -> Outcome:
        return self.trial.outcome(row, scope) if self.by_bins else (self.trial.failing(row, scope), ())

    def _narrowed(self, handle: Handle, scope: Collection[str], cut: Cut, start: float, end: float) -> Flip | None:
        """Halve the way from a passing event to another until they are neighbours; None if the cut is not the cause."""
        at = self._outcome(handle.at(start), scope)
        low, high = (round(start), round(end)) if handle.whole else (ordinal(start), ordinal(end))

        def row(number: int) -> Row:
            return handle.at(float(number) if handle.whole else from_ordinal(number))

        while abs(high - low) > 1:
            middle = (low + high) // 2
            if self._same(row(middle), scope, at):
                low = middle
            else:
                high = middle
        step = 1 if high > low else -1
        passing, other = row(low), row(high)
        if not self.caused(cut, scope, passing, other):
            return None
        clause = self.condition(cut, scope, passing, other)
        asked: Cut | Clause = clause if clause is not None else cut
        crossings = self.gauge.crossings(asked, passing, other)
        if not crossings:
            return None
        crossing = crossings[0]
        # Where the last digits of a computation decide, events further off are taken.
        for _ in range(_BLUR):
            blurred = self.gauge.blurred(asked, crossing)
            if not blurred:
                break
            low, high = (low - step if 0 in blurred else low), (high + step if 1 in blurred else high)
            passing, other = row(low), row(high)
            moved = self.gauge.crossings(asked, passing, other)
            if not moved:
                return None
            crossing = moved[0]
        exact = self.gauge.exact(asked, crossing)
        further = [row(low - step), row(high + step)]
        for far in (handle.at(start), handle.at(end)):
            if far not in further:
                further.append(far)
        return Flip(
            passing,
            other,
            tuple(self.gauge.crossings(asked, passing, other)),
            exact is not None,
            tuple(further),
            hidden=self._outcome(passing, scope)[0] == self._outcome(other, scope)[0],
            by=_told(clause) if clause is not None else "",
        )

    # Causes -----------------------------------------------------------------------------------------------------------

    def caused(self, cut: Cut, scope: Collection[str], one: Row, other: Row) -> bool:
        """Say whether a change is due to this cut alone: with it always true, or always false, nothing changes."""
        always = self.trial.fixed(cut, holds=True)
        if self._of(always, one, scope) != self._of(always, other, scope):
            return False
        if len(self.trial.alternatives(cut)) > 1:
            never = self.trial.fixed(cut, holds=False)
            if self._of(never, one, scope) != self._of(never, other, scope):
                return False
        return self._of(self.trial, one, scope) != self._of(self.trial, other, scope)

    def condition(self, cut: Cut, scope: Collection[str], one: Row, other: Row) -> Clause | None:
        """Return the clause of the cut's condition that changes, if without the condition nothing would."""
        if cut.when is None:
            return None
        bare = self.trial.instead(cut, cut.model_copy(update={"when": None}))
        if self._of(bare, one, scope) != self._of(bare, other, scope):
            return None
        crossed = [clause for clause in cut.when.clauses if self.gauge.crossings(clause, one, other)]
        return crossed[0] if crossed else None

    def _of(self, trial: Trial, row: Row, scope: Collection[str]) -> Outcome:
        return trial.outcome(row, scope) if self.by_bins else (trial.failing(row, scope), ())


def showing(cut: Cut, flip: Flip, facet: Facet, *, of: str | None = None) -> Iterator[Probe]:
    """Yield the probe if a change shows a facet of a cut; `of` is the kind of what was moved, if of one object."""
    rows = (flip.passing, flip.other, *flip.further)
    if flip.by:
        if facet.name == "condition":
            yield Probe(cut.id, facet, rows, flip.crossings[0], flip.exact, flip.hidden)
        return
    for crossing in flip.crossings:
        fits = crossing.edge == facet.name and facet.kind in (None, crossing.kind, of)
        fits = fits and facet.segment in (None, crossing.segment) and (crossing.negative or not facet.negative)
        if fits:
            yield Probe(cut.id, facet, rows, crossing, flip.exact, flip.hidden)
            return


def _told(clause: Clause) -> str:
    return f"condition on the {clause.subject.object.replace('_', ' ')}'s {clause.variable.name or clause.variable.id}"
