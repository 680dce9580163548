"""What a cut leaves alone: pairs that are not what it is about, and events that lack its objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from eval.composition import PAIRS
from eval.inequality import satisfies, unsigned_offset
from eval.probes.approach import Approach
from eval.probes.facets import Facet, left_out
from eval.probes.gauge import Gauge, edges
from eval.probes.nudges import Nudges
from eval.probes.probe import Probe
from eval.probes.reach import Reach
from eval.probes.specimen import Place, Row
from eval.probes.trial import Trial
from eval.scene import Scene
from kb.ssc import Cut, PairRequirement

_EACH = 2  # events of a kind of pairs
_TRIES = 14  # events led to a threshold
_PER_CLASS = 3000
"""How many events may be judged in search of pairs that a cut leaves out."""


class Omissions:
    """Finds events that show what a cut does not ask; `limit` is how many events may be judged in all."""

    def __init__(self, trial: Trial, gauge: Gauge, nudges: Nudges, approach: Approach, *, limit: int) -> None:
        self.trial = trial
        self.gauge = gauge
        self.nudges = nudges
        self.approach = approach
        self.limit = limit
        self._lacked: set[tuple[tuple[str, ...], str | None]] = set()

    def left_out(self, cut: Cut, reach: Reach) -> Iterator[Probe]:
        """Events that pass with pairs beyond the threshold that are not what the cut is about."""
        if cut.subject.object not in PAIRS or not self.trial.reading.relations_of(cut) or not edges(cut):
            return
        place = reach.steps if reach.free else reach.line.place(cut.id) or reach.steps
        for name, like in left_out(self.trial.reading.relations_of(cut)):
            # Where a later cut forbids such pairs, the masks up to this one show it.
            for asked in dict.fromkeys((reach.steps, place)):
                rows = list(self._passing(cut, replace(reach, steps=asked), like))
                if rows:
                    facet = Facet(name, reach.line.region, needed=False)
                    yield Probe(cut.id, facet, tuple(rows), apart=bool(reach.free))
                    break

    def lacking(self, cut: Cut, reach: Reach) -> Iterator[Probe]:
        """Events that lack what a cut is about: ever fewer objects, down to none."""
        kinds = self.nudges.constituents(cut.subject.object)
        if not kinds or self.trial.is_filter(cut) or (kinds, reach.line.region) in self._lacked:
            return
        self._lacked.add((kinds, reach.line.region))
        row, rows = reach.rows[0], []
        while places := [(place, kind) for kind in kinds for place in self.nudges.anatomy.places(row, kind)]:
            softest = min(places, key=lambda entry: self.nudges.anatomy.momentum(row, *entry)[0])
            row = self.nudges.anatomy.without(row, softest[0])
            rows.append(row)
        if rows:
            yield Probe(cut.id, Facet("objects lacking", reach.line.region, needed=False), tuple(rows))

    def _passing(self, cut: Cut, reach: Reach, like: Sequence[PairRequirement]) -> Iterator[Row]:
        """Yield some events that pass with pairs beyond the threshold that are to each other like this."""
        limit = min(self.trial.spent.events + _PER_CLASS, self.limit)
        left = _EACH
        for row in self.approach.past(cut, reach.rows, reach.scope, _TRIES, like):
            if any(self.gauge.related(row, label, like) for label in self._beyond(cut, row)):
                yield row
                left -= 1
            if not left or self.trial.spent.events > limit:
                return

    def _beyond(self, cut: Cut, row: Row) -> Iterator[tuple[Place, ...]]:
        """Yield the pairs of the objects a cut is about that do not meet its threshold."""
        scene = Scene(self.trial.filters, self.trial.reading.recipe, row)
        names = list(self.nudges.anatomy.profile.collections)
        objects = scene.leading(PAIRS[cut.subject.object], None) or ()
        places = {(names[particle.place[0]], particle.place[1]) for particle in objects}
        for reading in self.gauge.readings(row, cut.subject, cut.variable):
            met = satisfies(unsigned_offset(cut, reading.value), cut)
            if places.issuperset(reading.label) and met == (cut.role == "veto"):
                yield reading.label
