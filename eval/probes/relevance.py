"""Whether anything depends on a cut on objects, and whether another one asks more."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from eval.event import DISTANCES
from eval.filters import Filters
from eval.probes.facets import Facet
from eval.probes.nudges import Nudges
from eval.probes.reach import Reach
from eval.probes.specimen import Row
from eval.probes.trial import Trial
from kb.ssc import Cut, Variable

EVENTS = 120
"""Events in which a cut on objects may make a difference."""


@dataclass(frozen=True)
class Open:
    """A cut in a region of which something is not shown, among so many events that were tried."""

    cut: Cut
    region: str | None
    reach: Reach
    shown: dict[Facet, int]
    tried: int

    @property
    def left(self) -> list[Facet]:
        """What is still to be shown."""
        return [facet for facet, number in self.shown.items() if facet.needed and not number]


def makes_no_difference(trial: Trial, nudges: Nudges, cut: Cut, rows: Sequence[Row], rng: random.Random) -> bool:
    """Say whether no cut and no histogram comes out otherwise for a filter that never holds, or always.

    The events are varied ones of `rows`, with more objects of the kinds that the filter is about.
    """
    if cut.id in trial.filters.overlaps or cut.variable.id in DISTANCES:
        return False
    none: dict[str, object] = {"variable": Variable(id="pt"), "operator": "<", "value": -1.0, "unit": "GeV"}
    never = trial.instead(cut, cut.model_copy(update={**none, "closed": "both", "when": None, "role": "select"}))
    always = trial.fixed(cut, holds=True)
    kinds = [kind for kind in trial.filters.takers(cut) if kind in nudges.anatomy.kinds]
    for number in range(EVENTS if kinds and rows else 0):
        row = nudges.anywhere(rows[number % len(rows)]) if number % 2 else rows[number % len(rows)]
        for _ in range(1 + number % 3):
            row = nudges.added(row, rng.choice(kinds))
        if always.failing(row, trial.tests) != never.failing(row, trial.tests) or always.bins(row) != never.bins(row):
            return False
    return bool(kinds and rows)


def asking_more(cut: Cut, filters: Filters) -> list[Cut]:
    """Return plain cuts on the same variable, on the same side, that leave fewer of all the objects of a cut."""
    others = [other for group in filters.groups if len(group) == 1 for other in group if _asks_more(other, cut)]
    others = [other for other in others if filters.owners(other) <= filters.owners(cut)]
    kinds = set(filters.takers(cut))
    found = [other for other in others if kinds & set(filters.takers(other))]
    return found if kinds <= {kind for other in found for kind in filters.takers(other)} else []


def _asks_more(other: Cut, cut: Cut) -> bool:
    value, mine = other.normal_value, cut.normal_value
    alike = other.variable == cut.variable and other.when is None and other.role == cut.role
    plain = isinstance(value, float | int) and isinstance(mine, float | int) and cut.variable.id not in DISTANCES
    if not alike or not plain:
        return False
    sides = {">": 1, ">=": 1, "<": -1, "<=": -1}
    side = sides.get(cut.operator, 0) * (1 if cut.role == "select" else -1)
    return side != 0 and sides.get(other.operator) == sides.get(cut.operator) and side * (value - mine) > 0  # type: ignore[operator]
