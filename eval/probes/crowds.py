"""Company for probe events: further objects that play no part in the outcome, and objects in another order."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from eval.probes.nudges import Nudges
from eval.probes.probe import Probe
from eval.probes.reach import Reach
from eval.probes.specimen import Anatomy
from eval.probes.starts import Starts
from eval.probes.trial import Trial
from kb.ssc import Cut

_BYSTANDERS = 4  # tries of each kind


class Crowds:
    """Adds to a probe what must change nothing for a code that does what the criteria say."""

    def __init__(self, trial: Trial, anatomy: Anatomy, nudges: Nudges, starts: Starts) -> None:
        self._trial = trial
        self._anatomy = anatomy
        self._nudges = nudges
        self._starts = starts

    def crowded(self, probe: Probe, cut: Cut, reach: Reach) -> Probe:
        """Add the two events with objects of another kind, and with bystanders that play no part in the outcome."""
        if self._trial.is_filter(cut) or len(probe.rows) < 2:
            return probe
        before = [self._trial.failing(row, reach.scope) for row in probe.rows[:2]]
        rows = list(probe.rows)
        kinds = self._nudges.constituents(cut.subject.object)
        if cut.subject.object == "event":
            kinds += tuple(kind for kind in self._anatomy.kinds if kind not in kinds)
        bases = [probe.rows[:2]]
        for changed in self._starts.relabelled(probe.rows[:2]):
            if [self._trial.failing(row, reach.scope) for row in changed] == before:
                rows += changed
                bases.append(tuple(changed))
        for base, kind, high in product(bases[:3] if probe.crossing else (), kinds, (True, False)):
            for _ in range(_BYSTANDERS):
                crowd = self._starts.crowded(base, kind, high=high)
                if [self._trial.failing(row, reach.scope) for row in crowd] == before:
                    rows += crowd
                    break
        return replace(probe, rows=tuple(rows))

    def disordered(self, probe: Probe, reach: Reach) -> Probe:
        """Add the first two events with their objects in the order of rising pT."""
        rows = [self._anatomy.reordered(row) for row in probe.rows[:2]]
        rows = [row for row in rows if row not in probe.rows]
        return replace(probe, rows=(*probe.rows, *rows), apart=bool(reach.free))
