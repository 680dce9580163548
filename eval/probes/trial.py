"""What the independent reference says of an event: which cuts fail, and which would if one cut were another."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from codegen.profile import HistogramAxis
from eval.fillings import filled
from eval.interpretation import Interpretation
from eval.scene import Scene
from eval.verdicts import Test
from kb.ssc import Cut

Row = Mapping[str, Any]
Bins = tuple[int | None, ...]
Outcome = tuple[frozenset[str], Bins]


@dataclass
class Spent:
    """How many events were judged."""

    events: int = 0


class Trial:
    """Judges made-up events by the criteria, or by criteria in which one cut is replaced."""

    def __init__(
        self, reading: Interpretation, spent: Spent | None = None, drawn: Collection[str] | None = None
    ) -> None:
        """Judge by a reading; of the profile's histograms those `drawn` are looked at, by default all."""
        self.reading = reading
        self.tests = dict(reading.tests)
        self.filters = copy.copy(reading.filters)
        self.filters.memory = {}
        self.filters.ntuple = replace(self.filters.ntuple, memory={})
        self.cuts = {cut.id: cut for cut in reading.criteria.cuts if cut.id not in reading.not_applied}
        self.spent = spent or Spent()
        self._known: dict[tuple[str, str], Trial] = {}
        self._orders: dict[frozenset[str], list[str]] = {}
        self._axes = [
            (axis, quantity)
            for axis in reading.ntuple.profile.histograms
            if (drawn is None or axis.name in drawn) and (quantity := filled(reading, axis))
        ]

    @property
    def axes(self) -> list[HistogramAxis]:
        """The histograms of which the reference knows what they are filled with."""
        return [axis for axis, _ in self._axes]

    def failing(self, row: Row, scope: Collection[str]) -> frozenset[str]:
        """Return which cuts of the scope an event fails."""
        self.spent.events += 1
        scene = Scene(self.filters, self.reading.recipe, row)
        return frozenset(c for c in scope if c in self.tests and not self.tests[c](scene))

    def passes(self, row: Row, scope: Collection[str]) -> bool:
        """Say whether an event fails no cut of the scope."""
        self.spent.events += 1
        scene = Scene(self.filters, self.reading.recipe, row)
        tests = self.tests
        return all(tests[c](scene) for c in self._by_cost(scope))

    def _by_cost(self, scope: Collection[str]) -> list[str]:
        """Return the tests of a scope, those of single objects and numbers first."""
        key = frozenset(scope)
        if key not in self._orders:
            found = [c for c in scope if c in self.tests]
            self._orders[key] = sorted(
                found, key=lambda c: (self.cuts[c].subject.object.endswith(("_pair", "lepton")), c)
            )
        return self._orders[key]

    def outcome(self, row: Row, scope: Collection[str]) -> Outcome:
        """Return which cuts an event fails and, for one that fails none, the bins it falls into."""
        failing = self.failing(row, scope)
        return failing, () if failing else self.bins(row)

    def bins(self, row: Row) -> Bins:
        """Return the bin of each histogram that an event falls into; None outside, and for what it lacks."""
        scene = Scene(self.filters, self.reading.recipe, row)
        return tuple(_bin(axis, quantity(scene)) for axis, quantity in self._axes)

    def alternatives(self, cut: Cut) -> list[Cut]:
        """Return the cuts of which one must hold, this one among them."""
        if cut.any_of is None:
            return [cut]
        return [other for other in self.cuts.values() if other.any_of == cut.any_of]

    def is_filter(self, cut: Cut) -> bool:
        """Say whether a cut selects objects."""
        return cut.id not in self.reading.tests

    # Readings in which one cut is another -----------------------------------------------------------------------------

    def fixed(self, cut: Cut, *, holds: bool) -> Trial:
        """Return the trial in which a cut always holds, or never does."""
        known = self._known.get((cut.id, str(holds)))
        if known is None:
            group = self.alternatives(cut)
            if holds:
                known = self._with(cut, lambda scene: True, ())
            elif len(group) == 1:
                known = self._with(cut, lambda scene: False, None)
            else:
                others = [other for other in group if other.id != cut.id]
                known = self._with(cut, self._any_of(others), tuple(others))
            self._known[cut.id, str(holds)] = known
        return known

    def instead(self, cut: Cut, *readings: Cut, alone: bool = False) -> Trial:
        """Return the trial in which other readings stand for a cut, all of which must hold.

        Its alternatives do as well, unless one on events is to be looked at `alone`.
        """
        key = (cut.id, f"{readings!r} {alone}")
        if key not in self._known:
            others = [other for other in self.alternatives(cut) if other.id != cut.id]
            if self.is_filter(cut):
                self._known[key] = self._with(cut, None, (*readings, *others))
            else:
                tests = [self._test_of(cut, one) for one in readings]
                rest = self._any_of([] if alone else others)
                test = lambda scene: all(test(scene) for test in tests) or rest(scene)  # noqa: E731
                self._known[key] = self._with(cut, test, None)
        return self._known[key]

    def unconditional(self, cut: Cut) -> Trial:
        """Return the trial in which a cut on events holds, but would not if it had no condition."""
        key = (cut.id, "unconditional")
        if key not in self._known:
            test, bare = self.reading.test_of(cut), self.reading.test_of(cut.model_copy(update={"when": None}))
            self._known[key] = self._with(cut, lambda scene: test(scene) and not bare(scene), None)
        return self._known[key]

    def _test_of(self, cut: Cut, reading: Cut) -> Test:
        """Return the test of another reading of a cut; with it go the cuts that are said of the same pairs."""
        group = self.reading.existence.beside(cut)
        if not group:
            return self.reading.test_of(reading)
        return self.reading.existence.test([reading if one.id == cut.id else one for one in group])

    def _any_of(self, cuts: list[Cut]) -> Test:
        tests = [self.reading.test_of(cut) for cut in cuts]
        return lambda scene: any(test(scene) for test in tests)

    def _with(self, cut: Cut, test: Test | None, group: tuple[Cut, ...] | None) -> Trial:
        """Return a trial with another test, or for a filter with another group of filters (empty: none)."""
        other = copy.copy(self)
        other._known = {}
        ids = {known.id for known in (*self.alternatives(cut), *self.reading.existence.beside(cut))}
        if self.is_filter(cut):
            other.filters = copy.copy(self.filters)
            other.filters.memory, other.filters.ways = {}, {}
            other.filters.groups = []
            for known in self.filters.groups:
                replaced = known if known[0].id not in ids else group
                if replaced:
                    other.filters.groups.append(replaced)
        elif test is not None:
            other.tests = {**self.tests, **dict.fromkeys(ids & set(self.tests), test)}
        return other


def _bin(axis: HistogramAxis, value: float | None) -> int | None:
    low, high = axis.range
    if value is None or not low <= value < high:
        return None
    return min(int((value - low) / (high - low) * axis.bins), axis.bins - 1)
