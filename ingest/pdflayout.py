"""From pages to columns: what is set apart from the text (headers, footers, line numbers) goes, columns are found.

A `Column` is a stretch of lines to be read from top to bottom; a page gives one or several, in reading order.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ingest.pdffractions import with_fractions
from ingest.pdflines import Line, build_lines, chunks
from ingest.pdfpage import Page, Rule, Run

# Share of the page's height, at either end, in which headers and footers stand.
_MARGIN = 0.13


@dataclass(slots=True)
class Column:
    """Lines from top to bottom between `left` and `right`, with the rules among them."""

    page: int
    left: float
    right: float
    lines: list[Line]
    rules: list[Rule] = field(default_factory=list)
    last_on_page: bool = False


@dataclass(slots=True)
class Typography:
    """What the whole document is set in: body size and line pitch in points."""

    size: float
    pitch: float


def typography(pages: Sequence[Page]) -> Typography:
    """Return body size and line pitch of a document."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for run in page.runs:
            sizes[round(run.size, 1)] += len(run.text)
    size = max(sizes, key=lambda s: (sizes[s], s)) if sizes else 10.0
    pitches: Counter[float] = Counter()
    for page in pages:
        ys = sorted({round(run.y, 1) for run in page.runs if abs(run.size - size) < 0.15}, reverse=True)
        for upper, lower in pairwise(ys):
            if 0.95 * size < upper - lower < 2.6 * size:
                pitches[round((upper - lower) * 2) / 2] += 1
    pitch = max(pitches, key=lambda p: (pitches[p], -p)) if pitches else 1.2 * size
    return Typography(size, pitch)


def columns(pages: Sequence[Page], body: Typography) -> list[Column]:
    """Return all columns of a document in reading order, without headers, footers and line numbers."""
    kept = _without_running_lines(pages, body)
    gutters = {page.number: _gutter(page, runs, body) for page, runs in zip(pages, kept, strict=True)}
    weighty = [page.number for page, runs in zip(pages, kept, strict=True) if len(runs) > 60]
    two_column = weighty and sum(gutters[number] is not None for number in weighty) >= 0.4 * len(weighty)
    result: list[Column] = []
    for page, runs in zip(pages, kept, strict=True):
        gutter = gutters[page.number] if two_column else None
        found = _split(page, runs, gutter) if gutter is not None else [_column(page, runs)]
        found = [column for column in found if column.lines]
        if found:
            found[-1].last_on_page = True
        result += found
    return result


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
        if start - 12 <= (rule.x0 + rule.x1) / 2 <= stop + 12
    ]
    return Column(page.number, start, stop, lines, rules)


# --- headers, footers, line numbers ---------------------------------------------------------------------------------


def _without_running_lines(pages: Sequence[Page], body: Typography) -> list[list[Run]]:
    outer = [_outer_lines(page) for page in pages]
    drop: list[set[int]] = [set() for _ in pages]
    for edge in (0, 1):
        bands: dict[int, list[tuple[int, list[Run], str]]] = defaultdict(list)
        for index, sides in enumerate(outer):
            for y, runs in sides[edge]:
                bands[round(y / 4)].append((index, runs, " ".join(run.text for run in runs)))
        for key in sorted(bands):
            entries = bands[key] + bands.get(key + 1, [])
            if _is_running(entries, len(pages)):
                for index, runs, _ in entries:
                    drop[index].update(id(run) for run in runs)
        for index, sides in enumerate(outer):  # a page number that stands alone at the very edge
            if sides[edge]:
                _, runs = sides[edge][0]
                text = "".join(run.text for run in runs)
                if re.fullmatch(r"[-–—\s]*(\d{1,4}|[ivxlc]{1,6})[-–—\s]*", text):
                    drop[index].update(id(run) for run in runs)
    for page, gone in zip(pages, drop, strict=True):
        gone.update(id(run) for run in _line_numbers(page, body))
    return [[run for run in page.runs if id(run) not in gone] for page, gone in zip(pages, drop, strict=True)]


def _outer_lines(page: Page) -> tuple[list[tuple[float, list[Run]]], list[tuple[float, list[Run]]]]:
    """Return the up to three outermost lines in the upper and in the lower margin, outermost first."""
    margin = _MARGIN * page.height
    rows: dict[int, list[Run]] = defaultdict(list)
    for run in page.runs:
        if run.y > page.height - margin or run.y < margin:
            rows[round(run.y)].append(run)
    ordered = sorted(rows)
    merged: list[tuple[float, list[Run]]] = []
    for y in ordered:
        if merged and y - merged[-1][0] <= 3:
            merged[-1][1].extend(rows[y])
        else:
            merged.append((float(y), list(rows[y])))
    for _, runs in merged:
        runs.sort(key=lambda run: run.x0)
    upper = [row for row in reversed(merged) if row[0] > page.height / 2][:3]
    lower = [row for row in merged if row[0] < page.height / 2][:3]
    return upper, lower


def _is_running(entries: list[tuple[int, list[Run], str]], page_count: int) -> bool:
    """Say whether lines at one height are a running header: they count the pages or repeat themselves."""
    pages = {index for index, _, _ in entries}
    if len(pages) < max(3, 0.15 * page_count):
        return False
    offsets: Counter[int] = Counter()
    texts: Counter[str] = Counter()
    for index, runs, text in entries:
        for word in {runs[0].text, runs[-1].text}:
            if word.isdigit():
                offsets[int(word) - index] += 1
        texts[re.sub(r"\d+", "", text)] += 1
    counting = max(offsets.values(), default=0)
    repeating = sum(count for count in texts.values() if count >= max(3, 0.1 * page_count))
    return counting >= 0.6 * len(entries) or repeating >= 0.7 * len(entries)


def _line_numbers(page: Page, body: Typography) -> list[Run]:
    """Return the numbers in the margin with which drafts count their lines."""
    for side in (-1, 1):
        numbers = [
            run
            for run in page.runs
            if run.text.isdigit() and (run.x1 < page.width * 0.16 if side < 0 else run.x0 > page.width * 0.84)
        ]
        ends: dict[int, list[Run]] = defaultdict(list)
        for run in numbers:
            ends[round(run.x1 / 2)].append(run)
        for stack in ends.values():
            stack.sort(key=lambda run: -run.y)
            values = [int(run.text) for run in stack]
            steps = Counter(b - a for a, b in pairwise(values))
            if len(values) >= 8 and max(steps[1], steps[5]) >= 0.8 * (len(values) - 1):
                xs = {id(run) for run in stack}
                others = [run for run in page.runs if id(run) not in xs]
                beside = sum(
                    1 for run in stack if any(abs(o.y - run.y) < 3 and 0 < o.x0 - run.x1 < body.size for o in others)
                )
                if beside < 0.2 * len(stack):
                    return [run for other in ends.values() for run in other if run.text.isdigit()]
    return []


# --- columns --------------------------------------------------------------------------------------------------------


def _gutter(page: Page, runs: list[Run], body: Typography) -> float | None:
    """Return where a page's two columns part, or None for a page of one column."""
    segments = _segments(runs, body)
    if len(segments) < 16:
        return None
    best: tuple[float, float] | None = None
    x = 0.42 * page.width
    while x <= 0.58 * page.width:
        crossing = sum(1 for s in segments if s[0] < x < s[1])
        left = sum(1 for s in segments if s[1] <= x and s[1] > 0.25 * page.width)
        right = sum(1 for s in segments if s[0] >= x and s[0] < 0.75 * page.width)
        if min(left, right) >= 0.15 * len(segments) and crossing < 0.35 * len(segments):
            # The nearest to the middle of those crossed least.
            rank = (float(crossing), abs(x - page.width / 2))
            if best is None or rank < (best[0], abs(best[1] - page.width / 2)):
                best = (float(crossing), x)
        x += 1.0
    if best is None:
        return None
    # Columns of prose: their lines begin at one place and are long.
    for low, high in ((0.0, best[1]), (best[1], page.width)):
        inside = [s for s in segments if s[0] >= low - 1 and s[1] <= high + 1]
        starts = Counter(round(s[0] / 2) for s in inside)
        longish = [s for s in inside if s[1] - s[0] > 0.25 * page.width]
        if len(longish) < 6 or not starts:
            return None
    return best[1]


def _segments(runs: list[Run], body: Typography) -> list[tuple[float, float, float]]:
    rows: dict[int, list[Run]] = defaultdict(list)
    for run in runs:
        if run.size > 0.8 * body.size:
            rows[round(run.y)].append(run)
    segments: list[tuple[float, float, float]] = []
    for y in sorted(rows, reverse=True):
        row = sorted(rows[y], key=lambda run: run.x0)
        start, stop = row[0].x0, row[0].x1
        for run in row[1:]:
            if run.x0 - stop > 1.1 * body.size:
                segments.append((start, stop, float(y)))
                start = run.x0
            stop = max(stop, run.x1)
        segments.append((start, stop, float(y)))
    return segments


def _split(page: Page, runs: list[Run], gutter: float) -> list[Column]:
    """Cut a two-column page into bands: what crosses the gutter is read across, the rest column by column."""
    lines = build_lines(runs)
    # Lines of two columns share baselines: part them at the gutter unless a word or a narrow gap crosses it.
    wide: list[Line] = []
    narrow: list[Line] = []
    for line in lines:
        across = [part for part in chunks(line, 0.9 * line.size) if part.x0 < gutter - 3 and part.x1 > gutter + 3]
        if across and (across[0].x1 - across[0].x0 > 0.3 * page.width or len(across[0].runs) > 2):
            wide.append(line)
        else:
            narrow.append(line)
    bands: list[tuple[bool, list[Run]]] = []
    events = sorted(
        [(-line.y, 0, line) for line in wide] + [(-line.y, 1, line) for line in narrow], key=lambda e: (e[0], e[1])
    )
    for _, kind, line in events:
        is_wide = kind == 0
        if not bands or bands[-1][0] != is_wide:
            bands.append((is_wide, []))
        bands[-1][1].extend(line.runs)
    left = min((run.x0 for run in runs), default=0.0)
    right = max((run.x1 for run in runs), default=page.width)
    result: list[Column] = []
    for is_wide, content in bands:
        if is_wide:
            result.append(_column(page, content, left, right))
            continue
        result.append(_column(page, [r for r in content if (r.x0 + r.x1) / 2 < gutter], left, gutter))
        result.append(_column(page, [r for r in content if (r.x0 + r.x1) / 2 >= gutter], gutter, right))
    return result
