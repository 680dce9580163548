"""Fractions: what stands above and below a bar becomes `(a + b)/c` on the line."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from ingest.pdflines import build_lines
from ingest.pdfpage import Rule, Run

# Height of the mathematical axis, on which TeX sets fraction bars, above the baseline, in ems.
_AXIS = 0.25
# What the bar may be longer than the longer side, at either end, in points.
_SLACK = 2.2
# Height, in points, of the bands in which the two sides of a bar are looked for.
_SHELF = 30
_SIMPLE = re.compile(r"[\w.′̃̄⃗ℓ]+(?:[_^](?:\{[^{}]*\}|[\w+\-*]+))*|√\S+|[^\s+−\-/()]+\([^()\s]*\)|\([^()]*\)")


def with_fractions(runs: Sequence[Run], rules: Sequence[Rule]) -> list[Run]:
    """Return the runs with each built-up fraction as one run; inner fractions first."""
    shelves: dict[int, list[Run]] = defaultdict(list)
    for run in runs:
        shelves[int(run.y // _SHELF)].append(run)
    bars = [rule for rule in rules if rule.horizontal and 3 < rule.length < 260 and rule.y1 - rule.y0 < 1.7]
    for bar in sorted(bars, key=lambda rule: (rule.length, -rule.y0, rule.x0)):
        shelf = int(bar.y0 // _SHELF)
        near = [run for k in range(shelf - 1, shelf + 2) for run in shelves.get(k, ())]
        found = _fraction(bar, near)
        if found is not None:
            fraction, used = found
            for k in range(shelf - 1, shelf + 2):
                shelves[k] = [run for run in shelves[k] if id(run) not in used]
            shelves[int(fraction.y // _SHELF)].append(fraction)
    return [run for shelf in sorted(shelves) for run in shelves[shelf]]


def _fraction(bar: Rule, runs: Sequence[Run]) -> tuple[Run, set[int]] | None:
    level = (bar.y0 + bar.y1) / 2
    near = [run for run in runs if run.x1 > bar.x0 - 25 and run.x0 < bar.x1 + 25 and abs(run.y - level) < 30]
    within = [run for run in near if run.x0 >= bar.x0 - 1.5 and run.x1 <= bar.x1 + 1.5]
    above = _stack([run for run in within if run.y > level], level, up=True)
    below = _stack([run for run in within if run.y < level], level, up=False)
    if not above or not below:
        return None
    # TeX makes the bar as long as the longer of the two; rules in tables leave room on both sides.
    left, right = (min(run.x0 for run in (*above, *below)), max(run.x1 for run in (*above, *below)))
    if left - bar.x0 > _SLACK or bar.x1 - right > _SLACK or _has_holes(above) or _has_holes(below):
        return None
    used = {id(run) for run in (*above, *below)}
    outside = [run for run in near if id(run) not in used]
    size = max(run.size for run in (*above, *below))
    if any(_touches(run, bar, level, size) for run in outside):
        return None
    # Beside the bar there is a line of text on whose axis it lies; a rule of a table or an overline has none.
    if not any(_on_axis(run, bar, level) for run in outside):
        return None
    largest = max((*above, *below), key=lambda run: run.size)
    text = f"{_side(above)}/{_side(below)}"
    base = max((run for run in outside if _on_axis(run, bar, level)), key=lambda run: run.size)
    return Run(text, bar.x0, bar.x1, base.y, base.size, largest.font), used


def _stack(runs: Sequence[Run], level: float, *, up: bool) -> list[Run]:
    """Return the runs next to the bar: one line and its scripts."""
    farthest = 0.85 if up else 1.25
    close = [run for run in runs if abs(run.y - level) <= farthest * run.size]
    if not close:
        return []
    largest = max(run.size for run in close)
    nearest = min(abs(run.y - level) for run in close if run.size > 0.8 * largest)
    if not up and nearest < 0.45 * largest:
        return []
    return [run for run in runs if abs(abs(run.y - level) - nearest) < 0.75 * largest]


def _has_holes(runs: Sequence[Run]) -> bool:
    end = min(run.x0 for run in runs)
    for run in sorted(runs, key=lambda run: run.x0):
        if run.x0 - end > 1.2 * run.size:
            return True
        end = max(end, run.x1)
    return False


def _touches(run: Run, bar: Rule, level: float, size: float) -> bool:
    """Say whether a run goes on from numerator or denominator beyond the bar: then the bar is no fraction's."""
    beside = run.x1 > bar.x0 - 0.35 * size and run.x0 < bar.x1 + 0.35 * size
    return beside and 0.45 * size < abs(run.y - level) < 1.2 * size and run.size > 0.8 * size and not run.tall


def _on_axis(run: Run, bar: Rule, level: float) -> bool:
    gap = max(bar.x0 - run.x1, run.x0 - bar.x1, 0.0)
    return gap < 2.0 * run.size and abs(level - run.y - _AXIS * run.size) < 0.13 * run.size


def _side(runs: Sequence[Run]) -> str:
    text = " ".join(line.text() for line in build_lines(runs))
    return text if _SIMPLE.fullmatch(text) else f"({text})"
