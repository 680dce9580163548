"""Events where one alternative ends and another begins: bins side by side leave no gap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from eval.probes.approach import Approach
from eval.probes.facets import Facet
from eval.probes.gauge import Gauge, edges
from eval.probes.handles import general, missing
from eval.probes.hunt import Hunter
from eval.probes.nudges import Nudges
from eval.probes.probe import Probe
from eval.probes.reach import Reach
from eval.probes.trial import Trial
from kb.ssc import Cut, Piecewise

_EACH = 2  # probes of an end
_TRIES = 14  # events led to it
_PER_CUT = 2500
"""How many events may be judged in search of them."""


class Seams:
    """Finds events at the ends of alternatives that other alternatives go on from; `limit` is for all together."""

    def __init__(self, trial: Trial, gauge: Gauge, nudges: Nudges, approach: Approach, *, limit: int) -> None:
        self.trial = trial
        self.gauge = gauge
        self.nudges = nudges
        self.approach = approach
        self.limit = limit

    def closed(self, cut: Cut, reach: Reach, facets: Sequence[Facet]) -> Iterator[Probe]:
        """Yield events on both sides of an end, all of which must pass: by the cut, or by its alternative."""
        for facet in facets if not self.trial.is_filter(cut) else ():
            limit, left = min(self.trial.spent.events + _PER_CUT, self.limit), _EACH
            for probe in self._at(cut, reach, facet, limit):
                yield probe
                left -= 1
                if not left:
                    break

    def _at(self, cut: Cut, reach: Reach, facet: Facet, limit: int) -> Iterator[Probe]:
        end = next((edge.bound for edge in edges(cut) if edge.name == facet.name), None)
        if end is None or isinstance(end, Piecewise):
            return
        # By itself the cut would change its mind there.
        bare = cut.model_copy(update={"any_of": None})
        hunter = Hunter(self.trial.instead(bare, bare), self.gauge)
        for row in chain(reach.rows, self.approach.rows(cut, facet, reach.rows, reach.scope, _TRIES)):
            at = missing(self.nudges.anatomy, row, end) if cut.subject.object == "met" else None
            for handle in [at] if at else general(self.nudges, row, cut):
                for flip in hunter.flips(handle, reach.scope, bare):
                    rows = (flip.passing, flip.other, *flip.further)
                    passing = tuple(one for one in rows if self.trial.passes(one, reach.scope))
                    crossing = next((one for one in flip.crossings if one.edge == facet.name), None)
                    if len(passing) > 1 and crossing is not None:
                        yield Probe(cut.id, facet, passing, crossing, flip.exact)
            if self.trial.spent.events > limit:
                return
