"""The white between two columns of text: where it runs, on which pages, and what crosses it.

Titles, abstracts, wide tables and the captions of wide figures cross the gutter. They part a page into bands: a band
is read across, or its left column before its right one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ingest.pdflines import Line, build_lines, chunks
from ingest.pdfpage import Page, Rule, Run

# What a column's edge may be off, in points: punctuation hangs, slanted letters stick out.
_SLACK = 3.0


@dataclass(frozen=True, slots=True)
class Gutter:
    """The white between the right edge of the left column and the left edge of the right one, in points."""

    left: float
    right: float

    @property
    def middle(self) -> float:
        """Where a page is cut."""
        return (self.left + self.right) / 2

    def crossed_by(self, line: Line) -> bool:
        """Say whether a line of text runs across."""
        return any(run.x0 < self.right - 2 and run.x1 > self.left + 2 for run in line.runs)

    def spanned_by(self, rule: Rule, reach: float) -> bool:
        """Say whether a horizontal rule runs across, by `reach` points on either side."""
        return rule.horizontal and rule.x0 < self.left - reach and rule.x1 > self.right + reach


@dataclass(slots=True)
class Band:
    """Runs of a page between two heights; a wide one is read across the gutter."""

    wide: bool
    runs: list[Run]


@dataclass(frozen=True, slots=True)
class _Segment:
    x0: float
    x1: float
    y: float


def gutters(pages: Sequence[Page], kept: Sequence[list[Run]], size: float) -> dict[int, Gutter]:
    """Return the gutter of each page set in two columns, by page number; `size` is that of the body in points."""
    segments = [_segments(runs, size) for runs in kept]
    sure = [
        found
        for page, pieces in zip(pages, segments, strict=True)
        if (found := _gutter(page.width, pieces)) is not None
    ]
    weighty = sum(len(runs) > 60 for runs in kept)
    if not sure:
        return {}
    middle = median(gutter.middle for gutter in sure)
    sure = [gutter for gutter in sure if abs(gutter.middle - middle) < 9]
    if len(sure) < (2 if weighty > 3 else 1) or len(sure) < 0.15 * weighty:
        return {}
    usual = Gutter(median(gutter.left for gutter in sure), min(gutter.right for gutter in sure))
    return {
        page.number: usual
        for page, pieces in zip(pages, segments, strict=True)
        if _is_parted(pieces, usual, page.width)
    }


def bands(page: Page, runs: Sequence[Run], gutter: Gutter) -> list[Band]:
    """Part a page of two columns into bands, from top to bottom."""
    lines = build_lines(runs)
    wide = _wide_lines(lines, page, gutter)
    cuts = sorted((rule.y0 for rule in page.rules if gutter.spanned_by(rule, 6) and rule.length > 60), reverse=True)
    result: list[Band] = []
    above = float("inf")
    for line, is_wide in zip(lines, wide, strict=True):
        cut = any(line.y < y < above for y in cuts)
        if not result or result[-1].wide != is_wide or (cut and not is_wide):
            result.append(Band(is_wide, []))
        result[-1].runs.extend(line.runs)
        above = line.y
    return result


def _wide_lines(lines: Sequence[Line], page: Page, gutter: Gutter) -> list[bool]:
    wide = [gutter.crossed_by(line) for line in lines]
    left = min((line.x0 for line in lines), default=0.0)
    rules = sorted((rule for rule in page.rules if gutter.spanned_by(rule, 20)), key=lambda rule: -rule.y0)
    for upper, lower in pairwise(rules):  # the rows of a wide table need not cross the gutter
        inside = [k for k, line in enumerate(lines) if lower.y0 < line.y < upper.y0]
        if inside and not _columnar([lines[k] for k in inside], gutter, left):
            for k in inside:
                wide[k] = True
    for k in range(1, len(lines)):  # nor need the last line of a wide paragraph
        above, line = lines[k - 1], lines[k]
        if wide[k - 1] and not wide[k] and line.x1 <= gutter.left + _SLACK:
            pitch = above.y - line.y
            close = pitch < 1.45 * max(line.size, above.size) and abs(line.size - above.size) < 0.5
            last = k + 1 == len(lines) or wide[k + 1] or line.y - lines[k + 1].y > 1.25 * pitch
            wide[k] = close and last
    return wide


def _columnar(lines: Sequence[Line], gutter: Gutter, left: float) -> bool:
    """Say whether lines are rows of two columns of prose, the left one from `left` on, rather than of a table."""
    long = 0.6 * (gutter.left - left)
    full = 0
    for line in lines:
        for part in chunks(line, 1.1 * line.size):
            at_edge = abs(part.x1 - gutter.left) < _SLACK or abs(part.x0 - gutter.right) < _SLACK
            if at_edge and part.x1 - part.x0 > long:
                full += 1
                break
    return full >= 3


def _segments(runs: Iterable[Run], size: float) -> list[_Segment]:
    rows: dict[int, list[Run]] = defaultdict(list)
    for run in runs:
        if run.size > 0.75 * size:
            rows[round(run.y)].append(run)
    segments: list[_Segment] = []
    for y in sorted(rows, reverse=True):
        row = sorted(rows[y], key=lambda run: run.x0)
        start, stop = row[0].x0, row[0].x1
        for run in row[1:]:
            if run.x0 - stop > 1.1 * size:
                segments.append(_Segment(start, stop, float(y)))
                start = run.x0
            stop = max(stop, run.x1)
        segments.append(_Segment(start, stop, float(y)))
    return segments


def _gutter(width: float, segments: Sequence[_Segment]) -> Gutter | None:
    """Return the gutter of a page that is clearly set in two columns of prose."""
    if len(segments) < 16:
        return None
    best: tuple[float, float, float] | None = None
    x = 0.42 * width
    while x <= 0.58 * width:
        crossing = sum(1 for s in segments if s.x0 < x < s.x1)
        left = sum(1 for s in segments if s.x1 <= x and s.x1 > 0.25 * width)
        right = sum(1 for s in segments if s.x0 >= x and s.x0 < 0.75 * width)
        if min(left, right) >= 0.15 * len(segments) and crossing < 0.35 * len(segments):
            rank = (float(crossing), abs(x - width / 2), x)
            best = min(best, rank) if best else rank
        x += max(1.0, width / 600)
    if best is None:
        return None
    middle = best[2]
    # Columns of prose: many long lines end at one place, and some begin at one.
    ends = [s.x1 for s in segments if middle - 60 < s.x1 <= middle + 1 and s.x1 - s.x0 > 0.25 * width]
    starts = [s.x0 for s in segments if middle - 1 <= s.x0 < middle + 60 and s.x1 - s.x0 > 0.2 * width]
    left_edge, right_edge = _edge(ends, 0.4), _edge(starts, 0.08)
    if left_edge is None and len(ends) >= 6 and _edge(starts, 0.6) is not None:  # set ragged
        left_edge = max(ends)
    if left_edge is None or right_edge is None or not 6 < right_edge - left_edge < 60:
        return None
    return Gutter(left_edge, right_edge)


def _edge(places: Sequence[float], share: float) -> float | None:
    """Return the leftmost place at which at least that share of lines end or begin, or None where there is none."""
    if len(places) < 6:
        return None
    for place in sorted(places):
        there = [other for other in places if 0 <= other - place <= 2.5]
        if len(there) >= max(3, share * len(places)):
            return median(there)
    return None


def _is_parted(segments: Sequence[_Segment], gutter: Gutter, width: float) -> bool:
    """Say whether a page is set in the two columns of its document."""
    crossing = sum(1 for s in segments if s.x0 < gutter.left - _SLACK and s.x1 > gutter.right + _SLACK)
    right = sum(1 for s in segments if abs(s.x0 - gutter.right) < _SLACK and s.x1 - s.x0 > 0.15 * width)
    left = sum(1 for s in segments if abs(s.x1 - gutter.left) < _SLACK and s.x1 - s.x0 > 0.15 * width)
    return (right >= 4 or left >= 4) and left + right > 0.3 * crossing
