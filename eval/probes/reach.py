"""How far events can come along the steps of code, and what stops them: cuts that exclude each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eval.probes.gauge import SUMS
from eval.probes.lines import Line
from eval.probes.seeds import Seeds, passing
from eval.probes.specimen import Row
from eval.probes.trial import Trial
from kb.ssc import Cut
from kb.vocabulary import vocabulary

_STEPS = 300
_SEEDS = 3
_OBSTACLES = 3
_AGAIN = 2


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
        self._known: dict[frozenset[str], tuple[Row, ...]] = {}

    def of(self, line: Line, starts: Sequence[Row] = ()) -> Reach:
        """Return how far events come along a line; `starts` pass an earlier part of it."""
        scope = line.upto(len(line.steps))
        rows = passing(self.trial, scope, starts, 2)
        more, left = self.seeds.several(self.trial, scope, [*starts, *rows], _SEEDS, _STEPS)
        if rows or more:
            return Reach(line, (*rows, *more), len(line.steps))
        return self._partly(line, starts, left)

    def apart(self, line: Line, place: int, baseline: Reach, *, about: Cut | None = None) -> Iterator[Reach]:
        """Yield events that pass a step and all of the baseline's but one, if they need not pass the whole line.

        `baseline` is how far events come along it. With `about`, only steps on what a cut is about are left out. The
        mask of a region's step by itself does not hang on the region's others, so that they are free anyway.
        """
        steps = max(place, line.common)
        asked = frozenset(line.steps[place - 1])
        elsewhere = line.upto(steps) - line.upto(line.common) - asked
        for left_out in self._obstacles(line, place, baseline, about):
            starts = self._without(baseline, left_out)
            if not starts:
                continue
            free = (elsewhere | left_out) - asked
            scope = line.upto(steps) - free
            rows = passing(self.trial, scope, starts, _SEEDS)
            for _ in range(_AGAIN if not rows else 0):
                found = self.seeds.walk(self.trial, scope, starts, _STEPS)
                if found.row is not None:
                    rows = [self.seeds.slimmed(self.trial, scope, found.row), found.row]
                    break
            if rows:
                yield Reach(line, tuple(rows), steps, free=frozenset(free))

    def _without(self, baseline: Reach, left_out: frozenset[str]) -> tuple[Row, ...]:
        """Return events that pass the baseline but for one step; none if that does not help."""
        if left_out not in self._known:
            line = baseline.line
            scope = line.upto(line.common) - left_out
            rows: list[Row] = list(baseline.rows) if baseline.whole else []
            if not baseline.whole:
                rows, _ = self.seeds.several(self.trial, scope, baseline.rows, _SEEDS, _STEPS)
            self._known[left_out] = tuple(rows)
        return self._known[left_out]

    def _obstacles(self, line: Line, place: int, baseline: Reach, about: Cut | None) -> list[frozenset[str]]:
        """Return steps of the baseline that may be what cannot be passed together with another, likely ones first.

        For a step of a region it may be none.
        """
        known = {*baseline.stopped_by, *baseline.excluded_by}
        own = line.steps[place - 1]
        asked = [about] if about else [self.trial.cuts[c] for c in own if c in self.trial.tests]
        words = {word for cut in asked for word in (*self._about(cut), cut.variable.id)}
        # Who asks for a b jet asks for a jet.
        words |= {name for name, term in vocabulary().objects.items() if term.kind_of in words}
        ranked: list[tuple[bool, int, int, frozenset[str]]] = []
        for number, step in enumerate(line.steps[: line.common]):
            cuts = [self.trial.cuts[c] for c in step if c in self.trial.tests]
            shared = max((len({*self._about(cut), cut.variable.id} & words) for cut in cuts), default=0)
            if cuts and step != own and (about is None or any(self._about(cut) & words for cut in cuts)):
                ranked.append((not known & set(step), -shared, number, frozenset(step)))
        found = [step for *_, step in sorted(ranked, key=lambda entry: entry[:3])]
        if baseline.whole:
            return [frozenset(), *found] if place > line.common else found
        helpful = [step for step in found if self._without(baseline, step)]
        return helpful[:_OBSTACLES]

    def _about(self, cut: Cut) -> frozenset[str]:
        """Return the objects that a cut is about, and what they are made of."""
        name = cut.subject.object
        of = (name,) if name != "event" else ("lepton",) if cut.variable.id == "mt" else SUMS.get(cut.variable.id, ())
        return frozenset({name, *(part for one in of for part in self.seeds.nudges.constituents(one))})

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
