"""How far events can come along the steps of code, and what stops them: cuts that exclude each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eval.probes.lines import Line
from eval.probes.seeds import Seeds, passing
from eval.probes.specimen import Row
from eval.probes.trial import Trial

_STEPS = 300
_SEEDS = 3
_OBSTACLES = 4


@dataclass(frozen=True)
class Reach:
    """Events that pass the first `steps` of a line, and what comes next if not all can be passed.

    Of these steps the events need not pass the cuts that are `free`: what is asked then shows in the masks of single
    steps alone, not in those of all steps up to one.
    """

    line: Line
    rows: tuple[Row, ...]
    steps: int
    free: frozenset[str] = frozenset()
    stopped_by: tuple[str, ...] = ()
    excluded_by: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether events pass all steps."""
        return self.steps == len(self.line.steps) and not self.free

    @property
    def scope(self) -> frozenset[str]:
        """The cuts that the events pass."""
        return self.line.upto(self.steps) - self.free


class Reaches:
    """Finds events that come as far as possible."""

    def __init__(self, trial: Trial, seeds: Seeds) -> None:
        self.trial = trial
        self.seeds = seeds

    def of(self, line: Line, starts: Sequence[Row] = ()) -> Reach:
        """Return how far events come along a line; `starts` pass an earlier part of it."""
        scope = line.upto(len(line.steps))
        rows = passing(self.trial, scope, starts, 2)
        more, left = self.seeds.several(self.trial, scope, [*starts, *rows], _SEEDS, _STEPS)
        if rows or more:
            return Reach(line, (*rows, *more), len(line.steps))
        return self._partly(line, starts, left)

    def apart(self, line: Line, place: int, reached: Reach, also: Sequence[Row] = ()) -> Reach | None:
        """Return events that pass a step, and all of the baseline's but one, if the whole line cannot be passed.

        `reached` is how far events come along the baseline, `also` are events to begin with.
        """
        steps = max(place, line.common)
        asked = frozenset(line.steps[place - 1])
        elsewhere = line.upto(steps) - line.upto(line.common) - asked
        for left_out in self._obstacles(line, place, reached):
            free = (elsewhere | left_out) - asked
            scope = line.upto(steps) - free
            starts = [*also, *reached.rows]
            rows = passing(self.trial, scope, starts, _SEEDS)
            if not rows:
                rows, _ = self.seeds.several(self.trial, scope, starts, _SEEDS, _STEPS)
            if rows:
                return Reach(line, tuple(rows), steps, free=frozenset(free))
        return None

    def _obstacles(self, line: Line, place: int, reached: Reach) -> Iterator[frozenset[str]]:
        """Yield steps of the baseline that may be what cannot be passed together with another step, likely ones first.

        For a step of a region there may be none.
        """
        if place > line.common and reached.whole:
            yield frozenset()
        known = {*reached.stopped_by, *reached.excluded_by}
        asked = [self.trial.cuts[c] for c in line.steps[place - 1] if c in self.trial.tests]
        about = {word for cut in asked for word in (cut.subject.object, cut.variable.id)}

        def rank(step: tuple[str, ...]) -> tuple[bool, int]:
            cuts = [self.trial.cuts[c] for c in step if c in self.trial.tests]
            return not known & set(step), -sum(len({cut.subject.object, cut.variable.id} & about) for cut in cuts)

        steps = [step for step in line.steps[: line.common] if set(step) & set(self.trial.tests)]
        for step in sorted((step for step in steps if step != line.steps[place - 1]), key=rank)[:_OBSTACLES]:
            yield frozenset(step)

    def _partly(self, line: Line, starts: Sequence[Row], left: frozenset[str]) -> Reach:
        """Go step by step."""
        rows: list[Row] = []
        for number in range(line.own + 1 if starts else 1, len(line.steps) + 1):
            scope = line.upto(number)
            now = passing(self.trial, scope, rows or starts, _SEEDS)
            if len(now) < _SEEDS:
                more, left_here = self.seeds.several(
                    self.trial, scope, [*now, *(rows or starts)], _SEEDS - len(now), _STEPS
                )
                now += more
                left = left_here or left
            if not now:
                stopped = tuple(c for c in line.steps[number - 1] if c in self.trial.tests) or line.steps[number - 1]
                culprits = self._culprits(line, number, rows or list(starts))
                return Reach(line, tuple(rows or starts), number - 1, stopped_by=stopped, excluded_by=culprits)
            rows = now
        return Reach(line, tuple(rows), len(line.steps))

    def _culprits(self, line: Line, number: int, starts: Sequence[Row]) -> tuple[str, ...]:
        """Return an earlier cut without which the step could be passed, if there is one."""
        scope = line.upto(number)
        stopped = [self.trial.cuts[c] for c in line.steps[number - 1] if c in self.trial.cuts]
        about = {cut.subject.object for cut in stopped} | {cut.variable.id for cut in stopped}
        earlier = [self.trial.cuts[c] for step in reversed(line.steps[:number]) for c in step if c in self.trial.cuts]
        earlier.sort(key=lambda cut: -len({cut.subject.object, cut.variable.id} & about))
        for cut in earlier[:8]:
            if cut.id in line.steps[number - 1] and cut.id in self.trial.tests:
                continue
            without = self.trial.fixed(cut, holds=True)
            if self.seeds.walk(without, scope, starts, _STEPS // 2).row is not None:
                return (cut.id,)
        return ()
