"""Figures drawn straight onto a page, as old TeX systems and publishers leave them: where they are, what is in them.

A figure that is an object of its own is known from the file. Others are found by their ink: ticks, markers and curves
crowd where a plot is; tables have long straight rules only.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from ingest.pdfpage import Box, Page, Run, Stroke

# Strokes this near to each other (in points) belong to one drawing; so much ink makes it a figure.
_NEAR = 9.0
_INK = 60
_LEAST_WIDTH, _LEAST_HEIGHT = 50.0, 35.0
# A page of plots has fewer characters in it; with more, its text is written over the ink.
_MOST_LABELS = 1500
# How far the labels of axes stand off a plot: left, below, right, above; in points.
_LABELS = (45.0, 34.0, 20.0, 20.0)


def drawings(strokes: Sequence[Stroke]) -> list[Box]:
    """Return the boxes of the figures that strokes draw."""
    found: list[Box] = []
    for group in _clusters(strokes):
        x0, y0 = min(s.box[0] for s in group), min(s.box[1] for s in group)
        x1, y1 = max(s.box[2] for s in group), max(s.box[3] for s in group)
        if sum(s.ink for s in group) >= _INK and x1 - x0 >= _LEAST_WIDTH and y1 - y0 >= _LEAST_HEIGHT:
            found.append((x0, y0, x1, y1))
    return found


def without_figures(page: Page) -> Page:
    """Return a page without the text and the rules of the figures drawn on it."""
    boxes = [
        box for box in drawings(page.strokes) if sum(len(r.text) for r in page.runs if _holds(box, r)) < _MOST_LABELS
    ]
    if not boxes:
        return page
    rings = [(x0 - _LABELS[0], y0 - _LABELS[1], x1 + _LABELS[2], y1 + _LABELS[3]) for x0, y0, x1, y1 in boxes]
    outside = Counter(
        run.font.name for run in page.runs if not any(_holds(box, run) for box in rings) for _ in run.text
    )
    kept = [
        run
        for run in page.runs
        if not any(_holds(box, run) for box in boxes)
        and (outside[run.font.name] or not any(_holds(ring, run) for ring in rings))
    ]
    rules = [
        rule
        for rule in page.rules
        if not any(x0 - 1 <= rule.x0 and rule.x1 <= x1 + 1 and y0 - 1 <= rule.y0 <= y1 + 1 for x0, y0, x1, y1 in boxes)
    ]
    return Page(
        page.number,
        page.width,
        page.height,
        runs=_without_labels(kept, boxes, rings),
        rules=rules,
        figures=[*page.figures, *boxes],
        links=page.links,
        turned=page.turned,
        glyph_count=page.glyph_count,
    )


def _without_labels(runs: Sequence[Run], boxes: Sequence[Box], rings: Sequence[Box]) -> list[Run]:
    """Leave out the numbers along an axis that are set in the font of the text: rows of them, or left of the plot."""
    rows: dict[int, list[Run]] = defaultdict(list)
    for run in runs:
        rows[round(run.y)].append(run)
    gone: set[int] = set()
    for row in rows.values():
        if any(character.isalpha() for run in row for character in run.text):
            continue
        for box, ring in zip(boxes, rings, strict=True):
            if all(_holds(ring, run) for run in row) and (len(row) >= 3 or all(run.x1 < box[0] + 3 for run in row)):
                gone.update(id(run) for run in row)
    return [run for run in runs if id(run) not in gone]


def _holds(box: Box, run: Run) -> bool:
    x, y = (run.x0 + run.x1) / 2, run.y + 0.3 * run.size
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _clusters(strokes: Sequence[Stroke]) -> Iterable[list[Stroke]]:
    """Group strokes whose boxes lie near each other, by union over a grid."""
    parent = list(range(len(strokes)))

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    owner: dict[tuple[int, int], int] = {}
    for index, stroke in enumerate(strokes):
        for cell in _cells(stroke.box):
            other = owner.setdefault(cell, index)
            if other != index:
                parent[root(index)] = root(other)
    for (column, row), index in owner.items():
        for cell in ((column + 1, row), (column, row + 1), (column + 1, row + 1), (column - 1, row + 1)):
            near = owner.get(cell)
            if near is not None:
                parent[root(index)] = root(near)
    groups: dict[int, list[Stroke]] = defaultdict(list)
    for index, stroke in enumerate(strokes):
        groups[root(index)].append(stroke)
    return groups.values()


def _cells(box: Box) -> Iterable[tuple[int, int]]:
    """Yield the cells of the grid that a box covers; of a large one, those on its edge."""
    x0, y0, x1, y1 = (int(value // _NEAR) for value in box)
    if x1 - x0 < 8 or y1 - y0 < 8:
        yield from ((column, row) for column in range(x0, x1 + 1) for row in range(y0, y1 + 1))
        return
    for column in range(x0, x1 + 1):
        yield from ((column, y0), (column, y1))
    for row in range(y0 + 1, y1):
        yield from ((x0, row), (x1, row))
