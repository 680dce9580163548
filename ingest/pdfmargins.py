"""What stands around the text of a page and is none of it: running headers and footers, page and line numbers."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from ingest.pdfpage import Page, Run

# Share of the page's height, at either end, in which headers and footers stand.
_MARGIN = 0.13
# The same for heads that few pages have; the head of a table can stand lower.
_EDGE = 0.09

# A line at the edge of a page: the page's index, its runs, its text.
_Outer = tuple[int, list[Run], str]


def text_runs(pages: Sequence[Page], size: float) -> list[list[Run]]:
    """Return the runs of each page that belong to its text; `size` is that of the body in points."""
    outer = [_outer_lines(page) for page in pages]
    drop: list[set[int]] = [set() for _ in pages]
    for edge in (0, 1):
        bands: dict[int, list[_Outer]] = defaultdict(list)
        for index, sides in enumerate(outer):
            for y, runs in sides[edge]:
                bands[round(y / 4)].append((index, runs, " ".join(run.text for run in runs)))
        for key in sorted(bands):
            entries = bands[key] + bands.get(key + 1, [])
            for index, runs, _ in _running(entries, len(pages)) or _repeated(entries, pages):
                drop[index].update(id(run) for run in runs)
        for index, sides in enumerate(outer):  # a page number that stands alone at the very edge
            if sides[edge]:
                _, runs = sides[edge][0]
                text = "".join(run.text for run in runs)
                if re.fullmatch(r"[-–—\s]*(\d{1,4}|[ivxlc]{1,6})[-–—\s]*", text):
                    drop[index].update(id(run) for run in runs)
    counted = [_line_numbers(page, size) for page in pages]
    # Where most pages have them, those of few lines have them as well; others count the institutes of the authors.
    throughout = 2 * sum(map(bool, counted)) >= len(pages)
    everywhere = [stack for stacks in counted for stack in stacks]
    for page, stacks, gone in zip(pages, counted, drop, strict=True):
        gone.update(id(run) for stack in (everywhere if throughout else stacks) for run in stack.on(page))
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


def _running(entries: list[_Outer], page_count: int) -> list[_Outer]:
    """Return those of the lines at one height that are running heads: they count the pages or repeat themselves."""
    pages = {index for index, _, _ in entries}
    if len(pages) < max(3, 0.15 * page_count):
        return []
    offsets: Counter[int] = Counter()
    texts: Counter[str] = Counter()
    for index, runs, text in entries:
        offsets.update({int(word) - index for word in _ends(runs) if word.isdigit()})
        texts[re.sub(r"\d+", "", text)] += 1
    (offset, counting), least = offsets.most_common(1)[0] if offsets else (0, 0), max(3, 0.1 * page_count)
    repeating = sum(count for count in texts.values() if count >= least)
    counts = counting >= 0.6 * len(entries)
    if not counts and repeating < 0.7 * len(entries):
        return []
    return [
        (index, runs, text)
        for index, runs, text in entries
        if texts[re.sub(r"\d+", "", text)] >= least or (counts and str(index + offset) in _ends(runs))
    ]


def _repeated(entries: list[_Outer], pages: Sequence[Page]) -> list[_Outer]:
    """Return the lines at one height that say the same on two pages, but for numbers, and stand off the text.

    A letter has so few pages that the heads of its left and right pages do not come often.
    """
    texts = Counter(re.sub(r"\d+", "", text) for _, _, text in entries if re.search(r"[^\W\d]", text))
    return [
        (index, runs, text)
        for index, runs, text in entries
        if texts[re.sub(r"\d+", "", text)] > 1 and _stands_off(runs, pages[index])
    ]


def _stands_off(runs: Sequence[Run], page: Page) -> bool:
    """Say whether a line at the edge of a page has white between it and the rest of the page."""
    own, y = {id(run) for run in runs}, runs[0].y
    if min(y, page.height - y) > _EDGE * page.height:
        return False
    inner = [abs(run.y - y) for run in page.runs if id(run) not in own and (run.y < y) == (y > page.height / 2)]
    return min((off for off in inner if off > 3), default=page.height) > 1.9 * runs[0].size


def _ends(runs: Sequence[Run]) -> tuple[str, str]:
    return runs[0].text, runs[-1].text


@dataclass(frozen=True, slots=True)
class _Stack:
    """Where the numbers of lines stand: the end they share, its place and their size, in points."""

    edge: Literal["x0", "x1"]
    place: float
    size: float

    def on(self, page: Page) -> list[Run]:
        """Return the numbers of a page that stand there; a page may have few lines."""
        return [
            run
            for run in page.runs
            if run.text.isdigit()
            and abs(getattr(run, self.edge) - self.place) < 3
            and abs(run.size - self.size) < 0.3
            and _in_margin(run, page) != 0
        ]


def _in_margin(run: Run, page: Page) -> int:
    """Return -1 for a run in the left margin, 1 for one in the right margin and 0 for all others."""
    return -1 if run.x1 < page.width * 0.16 else int(run.x0 > page.width * 0.84)


def _line_numbers(page: Page, size: float) -> list[_Stack]:
    """Return where a page has the numbers with which drafts count their lines; they are smaller than the text.

    The lines of two columns are counted in both margins. Numbers on the left end at one place, those on the right
    begin or end at one.
    """
    found: list[_Stack] = []
    edges: tuple[Literal["x0", "x1"], ...] = ("x1", "x0")
    for side in (-1, 1):
        numbers = [
            run for run in page.runs if run.text.isdigit() and run.size < 0.9 * size and _in_margin(run, page) == side
        ]
        columns: dict[tuple[Literal["x0", "x1"], int], list[Run]] = defaultdict(list)
        for edge in edges[: 1 if side < 0 else 2]:
            for run in numbers:
                columns[edge, round(getattr(run, edge) / 2)].append(run)
        for (edge, _), column in sorted(columns.items(), key=lambda item: (-len(item[1]), item[0])):
            if _counts_lines(column, page, size):
                found.append(_Stack(edge, getattr(column[0], edge), column[0].size))
                break
    return found


def _counts_lines(stack: list[Run], page: Page, size: float) -> bool:
    """Say whether numbers above one another count lines, from top to bottom; those of a list stand before its items."""
    stack.sort(key=lambda run: -run.y)
    values = [int(run.text) for run in stack]
    steps = Counter(b - a for a, b in pairwise(values))
    if len(values) < 8 or max(steps[1], steps[5]) < 0.8 * (len(values) - 1):
        return False
    own = {id(run) for run in stack}
    others = [run for run in page.runs if id(run) not in own]
    beside = sum(1 for run in stack if any(abs(o.y - run.y) < 3 and 0 < o.x0 - run.x1 < size for o in others))
    return beside < 0.2 * len(stack) or stack[0].size < 0.75 * size
