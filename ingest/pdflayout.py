"""From pages to columns of lines in reading order, and what the text is set in.

A `Column` is a stretch of lines to be read from top to bottom; a page gives one or several, in reading order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ingest.pdffractions import with_fractions
from ingest.pdfgutter import bands, gutters
from ingest.pdflines import Line, build_lines
from ingest.pdfmargins import text_runs
from ingest.pdfpage import Page, Rule, Run

# Words of sentences: they tell prose from lists of authors, institutes and references, which can be longer than it.
_PROSE = frozenset(
    [
        "the",
        "is",
        "are",
        "was",
        "were",
        "be",
        "by",
        "with",
        "that",
        "this",
        "from",
        "which",
        "to",
        "not",
        "have",
        "has",
        "at",
        "than",
        "each",
        "these",
    ]
)


@dataclass(slots=True)
class Column:
    """Lines from top to bottom between `left` and `right`, with the rules among them.

    Nothing of the page stands below a column that is `at_foot`: there footnotes are looked for.
    """

    page: int
    left: float
    right: float
    lines: list[Line]
    rules: list[Rule] = field(default_factory=list)
    at_foot: bool = True


@dataclass(slots=True)
class Typography:
    """What the whole document is set in: body size and line pitch in points."""

    size: float
    pitch: float


def typography(pages: Sequence[Page]) -> Typography:
    """Return body size and line pitch of a document's prose."""
    size = _body_size(pages)
    pitches: Counter[float] = Counter()
    for page in pages:
        ys = sorted({round(run.y, 1) for run in page.runs if abs(run.size - size) < 0.15}, reverse=True)
        for upper, lower in pairwise(ys):
            if 0.95 * size < upper - lower < 2.6 * size:
                pitches[round((upper - lower) * 2) / 2] += 1
    pitch = max(pitches, key=lambda p: (pitches[p], -p)) if pitches else 1.2 * size
    return Typography(size, pitch)


def _body_size(pages: Sequence[Page]) -> float:
    characters: Counter[float] = Counter()
    prose: Counter[float] = Counter()
    for page in pages:
        for run in page.runs:
            characters[round(run.size, 1)] += len(run.text)
            prose[round(run.size, 1)] += run.text in _PROSE
    sizes = prose if prose.total() >= 20 else characters
    return max(sizes, key=lambda s: (sizes[s], s)) if sizes else 10.0


def columns(pages: Sequence[Page], body: Typography) -> list[Column]:
    """Return all columns of a document in reading order, without headers, footers and line numbers."""
    kept = text_runs(pages, body.size)
    parted = gutters(pages, kept, body.size)
    result: list[Column] = []
    for page, runs in zip(pages, kept, strict=True):
        found: list[Column] = []
        gutter = parted.get(page.number)
        if gutter is None:
            found.append(_column(page, runs))
        else:
            left = min((run.x0 for run in runs), default=0.0)
            right = max((run.x1 for run in runs), default=page.width)
            for band in bands(page, runs, gutter):
                if band.wide:
                    found.append(_column(page, band.runs, left, right))
                    continue
                sides: tuple[list[Run], list[Run]] = ([], [])
                for run in band.runs:
                    sides[(run.x0 + run.x1) / 2 >= gutter.middle].append(run)
                found.append(_column(page, sides[0], left, gutter.left))
                found.append(_column(page, sides[1], gutter.right, right))
        found = [column for column in found if column.lines]
        for index, column in enumerate(found):
            column.at_foot = all(not _over(column, other) for other in found[index + 1 :])
        result += found
    return result


def _over(column: Column, other: Column) -> bool:
    """Say whether a column stands above another one that begins between its edges."""
    return column.lines[-1].y > other.lines[0].y and column.left < other.right and other.left < column.right


def _column(page: Page, runs: list[Run], left: float | None = None, right: float | None = None) -> Column:
    lines = build_lines(with_fractions(runs, page.rules))
    for line in lines:
        line.page = page.number
    start = left if left is not None else min((line.x0 for line in lines), default=0.0)
    stop = right if right is not None else max((line.x1 for line in lines), default=page.width)
    top = max((line.top for line in lines), default=0.0) + 20
    bottom = min((line.bottom for line in lines), default=0.0) - 20
    rules = [
        rule
        for rule in page.rules
        if bottom <= rule.y0 <= top or bottom <= rule.y1 <= top
        if min(rule.x1, stop + 12) - max(rule.x0, start - 12) > 0.6 * (rule.x1 - rule.x0)
    ]
    return Column(page.number, start, stop, lines, rules)
