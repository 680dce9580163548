"""Events led towards a threshold, step by step, without ever failing a cut on the way."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection, Iterator, Sequence

from eval.company import MIXED
from eval.composition import PAIRS
from eval.event import InexpressibleError
from eval.probes.facets import Facet
from eval.probes.gauge import Edge, Gauge, edges
from eval.probes.nudges import Nudges
from eval.probes.specimen import Place, Row
from eval.probes.trial import Trial
from eval.scene import Scene
from kb.ssc import Cut, PairRequirement, Piecewise, Subject, Variable

Distance = Callable[[Row], float]
_FAR = math.inf
_NEAR = 0.02


class Approach:
    """Leads events to an end of a cut."""

    def __init__(self, trial: Trial, gauge: Gauge, nudges: Nudges, rng: random.Random) -> None:
        self.trial = trial
        self.gauge = gauge
        self.nudges = nudges
        self.rng = rng

    def rows(self, cut: Cut, facet: Facet, rows: Sequence[Row], scope: Collection[str], tries: int) -> Iterator[Row]:
        """Yield events that pass the scope and lie near the end of the cut that the facet names."""
        edge = next((edge for edge in edges(cut) if edge.name == facet.name), None)
        if edge is None or not rows:
            return
        for _ in range(tries):
            row = self._mixed(self.rng.choice(rows), scope)
            distance = self._distance(cut, edge, facet, row)
            if distance is not None:
                yield self._led(row, distance, cut, scope)

    def past(
        self,
        cut: Cut,
        rows: Sequence[Row],
        scope: Collection[str],
        tries: int,
        like: Sequence[PairRequirement] = (),
    ) -> Iterator[Row]:
        """Yield events that pass although pairs that the cut leaves out do not meet its threshold.

        `like` is what the two objects of such a pair are to each other, if it is to be certain ones.
        """
        relations = self.trial.reading.relations_of(cut)
        for _ in range(tries if relations else 0):
            row = self._mixed(self.rng.choice(rows), scope)
            edge = self.rng.choice(edges(cut))
            bound = edge.bound
            if isinstance(bound, Piecewise):
                return
            within = cut.operator in {"<", "<="} or edge.name == "upper end"
            within = within != ((cut.role == "veto") != (cut.operator == "not_in"))
            beyond = bound * (1.06 if within else 0.94)
            labels = [reading.label for reading in self.gauge.readings(row, cut.subject, cut.variable)]
            labels = [label for label in labels if not self.gauge.related(row, label, relations)]
            labels = [label for label in labels if not like or self.gauge.related(row, label, like)]
            if labels:
                measured = self._of_label(self.rng.choice(labels), cut.subject, cut.variable)
                yield self._led(row, _away(measured, beyond), cut, scope)

    def _of_label(
        self, label: tuple[Place, ...], subject: Subject, variable: Variable
    ) -> Callable[[Row], float | None]:
        def measured(row: Row) -> float | None:
            reading = self.gauge.again(row, subject, variable, label)
            return reading.value if reading else None

        return measured

    def _mixed(self, row: Row, scope: Collection[str]) -> Row:
        """Change what the objects are, as far as the event still passes."""
        for _ in range(6):
            changed = self.nudges.regrouped(row)
            if self.trial.passes(changed, scope):
                row = changed
        return row

    def _led(self, row: Row, distance: Distance, cut: Cut, scope: Collection[str]) -> Row:
        now = distance(row)
        for step in range(400):
            if now < _NEAR or (step == 40 and now == _FAR):
                break
            changed = row
            for _ in range(self.rng.choice((1, 1, 2, 3))):
                changed = self.nudges.stirred(changed, cut)
            further = distance(changed)
            if further <= now and self.trial.passes(changed, scope):
                row, now = changed, further
        return row

    def _distance(self, cut: Cut, edge: Edge, facet: Facet, row: Row) -> Distance | None:
        """Return how far an event is from the end, relative to its size."""
        measured = self._measure(cut.subject, cut.variable, row, facet, self.trial.reading.relations_of(cut))
        if measured is None:
            return None
        bound = edge.bound
        if not isinstance(bound, Piecewise):
            return lambda row: _relative(measured(row), bound)
        followed = self._measure(bound.subject, bound.variable, row, facet)
        if followed is None:
            return None
        xs = [point[0] for point in bound.points]
        low = xs[facet.segment - 1] if facet.segment else -math.inf
        high = xs[facet.segment] if facet.segment is not None and facet.segment < len(xs) else math.inf

        def distance(row: Row) -> float:
            x = followed(row)
            if x is None:
                return _FAR
            outside = max(low - x, x - high, 0.0) if facet.segment is not None else 0.0
            return _relative(measured(row), bound.at(x)) + 10 * outside / max(abs(x), 1e-3)

        return distance

    def _measure(
        self,
        subject: Subject,
        variable: Variable,
        row: Row,
        facet: Facet,
        relations: Sequence[PairRequirement] = (),
    ) -> Callable[[Row], float | None] | None:
        """Return what the reference measures; of pairs that are not chosen, one of them, picked at random."""
        several = subject.rank is None and (subject.object in PAIRS or subject.object in MIXED or facet.kind)
        if not several:
            try:
                quantity = self.trial.reading.quantities.of(subject, variable)
            except InexpressibleError:
                return None
            return lambda row: quantity(Scene(self.trial.filters, self.trial.reading.recipe, row))
        labels = [reading.label for reading in self.gauge.readings(row, subject, variable)]
        labels = [label for label in labels if not relations or self.gauge.related(row, label, relations)]
        if not labels:
            return None
        return self._of_label(self.rng.choice(labels), subject, variable)


def _away(measured: Callable[[Row], float | None], target: float) -> Distance:
    return lambda row: _relative(measured(row), target)


def _relative(value: float | None, threshold: float) -> float:
    return _FAR if value is None else abs(value - threshold) / max(abs(threshold), 0.1)
