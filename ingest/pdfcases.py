"""Formulas with several rows behind one brace: what stands before the brace comes first, as one reads it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.pdflines import Line
from ingest.pdfpage import Run

_NUMBER = re.compile(r"\((?:[A-Z]\.?)?\d{1,3}[a-z]?\)")
_EDGE = 3.0


def in_reading_order(lines: Sequence[Line]) -> list[Line]:
    """Return the lines of a displayed formula, with `m > { 12 for …; 50 otherwise` where a brace joins its rows.

    TeX centres what stands before a brace on its rows, so that it begins a line in their middle, left of all others.
    """
    if not 2 <= len(lines) <= 7:
        return list(lines)
    leftmost = min(lines, key=lambda line: line.x0)
    others = [line for line in lines if line is not leftmost]
    edge = min(line.x0 for line in others)
    aligned = sum(abs(line.x0 - edge) < _EDGE for line in others) == len(others)
    if leftmost is lines[0] or not aligned or edge - leftmost.x0 < 1.5 * leftmost.size:
        return list(lines)
    before = [run for run in leftmost.runs if run.x1 <= edge + 1]
    behind = [run for run in leftmost.runs if run.x1 > edge + 1]
    if not before or (behind and behind[0].x0 < edge - _EDGE):
        return list(lines)
    number = _split_number(behind)
    rows = [_line(line, behind if line is leftmost else line.runs) for line in lines if line is not leftmost or behind]
    for row in rows[:-1]:
        row.runs = [*row.runs, _sign(";", row.runs[-1])]
    head = _line(leftmost, [*before, _sign("{", before[-1], gap=0.3)])
    return [head, *rows, *([_line(leftmost, number)] if number else [])]


def _split_number(runs: list[Run]) -> list[Run]:
    """Take the equation's number off the end of runs, and return it."""
    for index in range(len(runs) - 1, -1, -1):
        apart = index == 0 or runs[index].x0 - runs[index - 1].x1 > runs[index].size
        if apart and _NUMBER.fullmatch("".join(run.text for run in runs[index:])):
            number = runs[index:]
            del runs[index:]
            return number
    return []


def _line(line: Line, runs: list[Run]) -> Line:
    return Line(line.y, line.size, runs, line.page)


def _sign(text: str, after: Run, gap: float = 0.0) -> Run:
    x = after.x1 + gap * after.size
    return Run(text, x, x, after.y, after.size, after.font)
