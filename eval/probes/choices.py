"""Events in which two candidates of a chosen system are all but equally good, so that a hair decides which is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from eval.composition import PAIRS
from eval.event import Particle
from eval.probes.facets import Facet
from eval.probes.handles import Handle, from_ordinal, general, ordinal
from eval.probes.nudges import Nudges
from eval.probes.probe import Probe
from eval.probes.reach import Reach
from eval.probes.specimen import Row
from eval.probes.trial import Trial
from eval.scene import Scene
from kb.ssc import Cut

_EACH = 2  # probes of a system
_ROWS = 12  # events that are deformed
_PER_SYSTEM = 3000
"""How many events may be judged in search of a choice that decides a cut."""

Members = tuple[tuple[int, int], ...]
Built = Callable[[Scene], list[Particle] | None]


class Choices:
    """Finds events next to those in which another candidate is taken, and a cut decided otherwise with that."""

    def __init__(self, trial: Trial, nudges: Nudges, *, limit: int) -> None:
        self.trial = trial
        self.nudges = nudges
        self.limit = limit
        self._shown: set[tuple[str, str | None]] = set()

    def decided(self, cut: Cut, reach: Reach) -> Iterator[Probe]:
        """Yield pairs of neighbouring events, of which the chosen system of the one meets a cut."""
        name, built = self._system(cut)
        key = (name, reach.line.region)
        if built is None or not reach.rows or key in self._shown:
            return
        limit = min(self.trial.spent.events + _PER_SYSTEM, self.limit)
        facet = Facet(f"choice of the {name}", reach.line.region, needed=False)
        left = _EACH
        for row in self._crowded(cut, reach):
            for handle in general(self.nudges, row, cut):
                for rows in self._flips(handle, built, reach):
                    self._shown.add(key)
                    yield Probe(cut.id, facet, rows, apart=bool(reach.free))
                    left -= 1
                    break
                if not left or self.trial.spent.events > limit:
                    return

    def _system(self, cut: Cut) -> tuple[str, Built | None]:
        """Return the chosen system that a cut is about, by its name, and what it is made of in an event."""
        recipe, subject = self.trial.reading.recipe, cut.subject
        if (group := recipe.group(subject)) is not None:
            return group.name, lambda scene: scene.gathered(group.name)
        for place, pair in enumerate(recipe.pairs):
            ranked = subject.rank is not None and subject.rank == (pair.rank or place + 1)
            if pair.choice and subject.object in PAIRS and (ranked or subject.definition == pair.name):
                return pair.name, lambda scene, place=place: list(scene.chosen[place]) if scene.chosen else None
        return "", None

    def _crowded(self, cut: Cut, reach: Reach) -> Iterator[Row]:
        """Yield events that pass, with more objects than the system needs, all moved a little."""
        kinds, rng = self.nudges.constituents(cut.subject.object), self.nudges.rng
        for number in range(_ROWS if kinds else 0):
            row = reach.rows[number % len(reach.rows)]
            for _ in range(1 + number % 2):
                more = self.nudges.added(row, rng.choice(kinds))
                row = more if self.trial.passes(more, reach.scope) else row
            for _ in range(8):
                moved = self.nudges.stirred(row, cut)
                row = moved if self.trial.passes(moved, reach.scope) else row
            yield row

    def _flips(self, handle: Handle, built: Built, reach: Reach) -> Iterator[tuple[Row, ...]]:
        known = [(value, self._members(handle.at(value), built)) for value in handle.grid]
        for (one, first), (other, second) in pairwise(known):
            if not first or not second or first == second or handle.whole:
                continue
            low, high = ordinal(one), ordinal(other)
            while abs(high - low) > 1:
                middle = (low + high) // 2
                same = self._members(handle.at(from_ordinal(middle)), built) == first
                low, high = (middle, high) if same else (low, middle)
            rows = (handle.at(from_ordinal(low)), handle.at(from_ordinal(high)))
            passes = [self.trial.passes(row, reach.scope) for row in rows]
            if passes[0] != passes[1]:
                yield rows if passes[0] else rows[::-1]

    def _members(self, row: Row, built: Built) -> Members:
        self.trial.spent.events += 1
        found = built(Scene(self.trial.filters, self.trial.reading.recipe, row)) or []
        return tuple(sorted(particle.place for particle in found))
