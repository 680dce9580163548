"""Events that satisfy everything asked: from given files, or found by a random walk that never fails more cuts."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from eval.probes.nudges import Nudges
from eval.probes.specimen import Anatomy, Row
from eval.probes.trial import Trial
from kb.ssc import Cut


@dataclass(frozen=True)
class Found:
    """What a walk came to: the event, or what the best one still fails."""

    row: Row | None
    failing: frozenset[str]


class Seeds:
    """Looks for events that pass."""

    def __init__(self, anatomy: Anatomy, nudges: Nudges, rng: random.Random) -> None:
        self.anatomy = anatomy
        self.nudges = nudges
        self.rng = rng

    def walk(
        self, trial: Trial, scope: Collection[str], starts: Sequence[Row], steps: int, also: Cut | None = None
    ) -> Found:
        """Walk from one of the starts, or a random event, towards an event that fails no cut of the scope.

        A change is kept if no more cuts fail than before. `also` is a cut whose reading the trial has changed.
        """
        row = self.rng.choice(starts) if starts else self.anatomy.drawn(self.rng)
        failing = trial.failing(row, scope)
        best = failing
        cuts = dict(trial.cuts)
        if also is not None:
            cuts |= dict.fromkeys((cut.id for cut in trial.alternatives(also)), also)
        for _ in range(steps):
            if not failing:
                return Found(row, failing)
            cut = cuts[self.rng.choice(sorted(failing))]
            changed = self.nudges.towards(row, cut)
            if self.rng.random() < 0.2:
                changed = self.nudges.towards(changed, cut)
            now = trial.failing(changed, scope)
            if len(now) <= len(failing) or self.rng.random() < 0.01:
                row, failing = changed, now
                if len(failing) < len(best):
                    best = failing
        return Found(None if failing else row, best)

    def slimmed(self, trial: Trial, scope: Collection[str], row: Row) -> Row:
        """Return the event without the objects that it passes without."""
        for collection in self.anatomy.lists:
            for index in reversed(range(self.anatomy.number(row, collection))):
                less = self.anatomy.without(row, (collection, index))
                if trial.passes(less, scope):
                    row = less
        return row

    def several(
        self, trial: Trial, scope: Collection[str], starts: Sequence[Row], number: int, steps: int
    ) -> tuple[list[Row], frozenset[str]]:
        """Return up to `number` events that pass, by different walks, and what the best of all others still failed."""
        rows: list[Row] = []
        best: frozenset[str] | None = None
        for attempt in range(2 * number):
            if len(rows) >= number or (attempt >= 3 and not rows):
                break
            found = self.walk(trial, scope, starts if attempt % 2 == 0 else (), steps)
            if found.row is not None:
                # All but the last are as small as they can be: what they still have is what matters.
                last = len(rows) == number - 1
                rows.append(found.row if last and number > 1 else self.slimmed(trial, scope, found.row))
            elif best is None or len(found.failing) < len(best):
                best = found.failing
        return rows, frozenset() if rows else best or frozenset()


def passing(trial: Trial, scope: Collection[str], rows: Iterable[Row], number: int) -> list[Row]:
    """Return the first few given events that pass."""
    found: list[Row] = []
    for row in rows:
        if not trial.failing(row, scope):
            found.append(row)
            if len(found) == number:
                break
    return found
