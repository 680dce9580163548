"""Events with an object beside another one, near enough to be dropped for it."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from eval.probes.gauge import edges
from eval.probes.handles import Handle, turning
from eval.probes.nudges import Nudges
from eval.probes.reach import Reach
from eval.probes.specimen import Place, Row
from eval.probes.trial import Trial
from kb.ssc import Cut, Piecewise, Variable

_EACH = 2  # tries of each kind beside each object


class Neighbours:
    """Adds to events that pass what they pass with only because it is dropped."""

    def __init__(self, trial: Trial, nudges: Nudges, rng: random.Random) -> None:
        self.trial = trial
        self.nudges = nudges
        self.anatomy = nudges.anatomy
        self.rng = rng

    def leaving(self, removal: Cut, reach: Reach) -> Iterator[Handle]:
        """Yield the ways away of an object that a removal of overlaps drops from events that pass."""
        for cut, kinds, kept in self.nudges.filters.removals():
            for near in kept if cut.id == removal.id else ():
                for row, place, kind in self._beside(cut, kinds, near, reach):
                    yield from turning(self.anatomy, row, place, kind)

    def dropping(self, reach: Reach, kind: str | None) -> Iterator[Row]:
        """Yield events that pass with an object that is dropped for one of this kind."""
        for cut, kinds, kept in self.nudges.filters.removals():
            if kind in kept and kind is not None:
                yield from (row for row, *_ in self._beside(cut, kinds, kind, reach))

    def _beside(
        self, removal: Cut, kinds: tuple[str, ...], kept: str, reach: Reach
    ) -> Iterator[tuple[Row, Place, str]]:
        for known in reach.rows:
            for row, place in self._with_one(known, kept, reach):
                for kind in (kind for kind in kinds if kind in self.anatomy.kinds):
                    for _ in range(_EACH):
                        more, its = self._added(row, place, kept, kind, removal)
                        if self.trial.passes(more, reach.scope):
                            yield more, its, kind

    def _with_one(self, row: Row, kind: str, reach: Reach) -> Iterator[tuple[Row, Place]]:
        """Yield an event with each of its objects of a kind, and with one more, if it passes with that."""
        for place in self.anatomy.places(row, kind):
            yield row, place
        if kind in self.anatomy.kinds:
            more, place = self._born(row, kind)
            if self.trial.passes(more, reach.scope):
                yield more, place

    def _born(self, row: Row, kind: str) -> tuple[Row, Place]:
        collection = self.anatomy.kinds[kind].collection or ""
        more = self.anatomy.among(row, collection, self.anatomy.newborn(kind, self.rng))
        place = (collection, self.anatomy.number(more, collection) - 1)
        return self.nudges.groomed(more, place, kind), place

    def _added(self, row: Row, beside: Place, its: str, kind: str, removal: Cut) -> tuple[Row, Place]:
        """Return the event with an object more, at a distance from another that the removal is about."""
        more, place = self._born(row, kind)
        _, eta, phi, _ = self.anatomy.momentum(row, beside, its)
        angle = self.rng.uniform(-math.pi, math.pi)
        across, around = (self._distance(removal) * part for part in (math.cos(angle), math.sin(angle)))
        if removal.variable.id == "delta_phi":
            across, around = 0.0, math.copysign(self._distance(removal), around)
        more = self.nudges.set_to(more, place, kind, Variable(id="eta"), eta + across) or more
        angle = math.remainder(phi + around, math.tau)
        return self.nudges.set_to(more, place, kind, Variable(id="phi"), angle) or more, place

    def _distance(self, removal: Cut) -> float:
        ends = [edge.bound for edge in edges(removal) if not isinstance(edge.bound, Piecewise)]
        low, high = ends if len(ends) == 2 else (0.1 * ends[0], ends[0]) if ends else (0.1, 0.4)
        return self.rng.uniform(low, high)
