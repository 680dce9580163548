"""Tables of a PDF page as grids: found by their ruled lines, cut into cells by gaps and rules.

Horizontal rules frame a table and band its rows; vertical rules, partial rules and centring tell which cells span
several rows or columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ingest.pdfheadings import opens_caption
from ingest.pdflayout import Column
from ingest.pdflines import Line, chunks
from ingest.pdfpage import Rule
from ingest.pdftable_columns import CELL_GAP, TableColumns, line_pitch
from ingest.pdftable_rows import GridCell, TableRows


@dataclass(slots=True)
class Grid:
    """A table's cells in reading order, and where it lies in its column of text: lines `[first, last]`."""

    cells: list[GridCell]
    first: int
    last: int

    @property
    def width(self) -> int:
        """Number of columns."""
        return max((cell.column + cell.column_span for cell in self.cells), default=0)

    def take(self, other: Grid) -> bool:
        """Append the rows of another grid under the same header; say whether it was one."""
        header = [cell for cell in self.cells if cell.header and cell.row == 0]
        repeated = [cell for cell in other.cells if cell.header and cell.row == 0]
        if len(header) < 2 or [_words(cell) for cell in header] != [_words(cell) for cell in repeated]:
            return False
        headed = {cell.row for cell in other.cells if cell.header and _words(cell) in {_words(c) for c in self.cells}}
        skipped = next(row for row in range(len(other.cells)) if row not in headed)
        height = max(cell.row + cell.row_span for cell in self.cells)
        for cell in other.cells:
            if cell.row >= skipped:
                cell.row += height - skipped
                self.cells.append(cell)
        return True


def _words(cell: GridCell) -> str:
    return " ".join(piece.text() for piece in cell.pieces)


@dataclass(slots=True)
class _Frame:
    rules: list[Rule] = field(default_factory=list)
    x0: float = 0.0
    x1: float = 0.0

    def take(self, rule: Rule) -> None:
        self.x0 = min(self.x0, rule.x0) if self.rules else rule.x0
        self.x1 = max(self.x1, rule.x1) if self.rules else rule.x1
        self.rules.append(rule)


def find_grids(column: Column) -> list[Grid]:
    """Return the tables of a column from top to bottom."""
    horizontal = _merged([r for r in column.rules if r.horizontal and r.length > 9])
    vertical = [r for r in column.rules if not r.horizontal and r.length > 4]
    starts = [opens_caption(line) for line in column.lines]
    grids: list[Grid] = []
    taken = -1
    for frame in _frames(column, horizontal, starts):
        first, last = _extent(column, frame, starts, taken)
        if last < first or last <= taken:
            continue
        lines = column.lines[first : last + 1]
        top, bottom = lines[0].top + 12, lines[-1].bottom - 12
        inner = [r for r in horizontal if bottom <= r.y0 <= top and r.x1 > frame.x0 - 2 and r.x0 < frame.x1 + 2]
        upright = [r for r in vertical if r.y1 > bottom and r.y0 < top and frame.x0 - 3 <= r.x0 <= frame.x1 + 3]
        cells = TableRows(TableColumns(lines, inner, upright, frame.x0, frame.x1)).cells()
        if len({cell.column for cell in cells}) < 2:
            continue
        grids.append(Grid(cells, first, last))
        taken = last
    return sorted([*grids, *_without_rules(column, starts, grids)], key=lambda grid: grid.first)


def _without_rules(column: Column, captions: Sequence[bool], known: Sequence[Grid]) -> list[Grid]:
    """Return the tables that have no rules: rows of cells right beneath a caption that says Table."""
    found: list[Grid] = []
    taken = {k for grid in known for k in range(grid.first, grid.last + 1)}
    cells = [len(chunks(line, CELL_GAP * line.size)) for line in column.lines]
    for caption, line in enumerate(column.lines):
        if not captions[caption] or not line.text().lower().startswith("tab"):
            continue
        first = next((k for k in range(caption + 1, min(caption + 8, len(cells))) if cells[k] > 1), len(cells))
        last = first
        while last + 1 < len(cells) and cells[last + 1] > 1 and not captions[last + 1]:
            last += 1
        rows = range(first, last + 1)
        if last - first < 2 or taken & {*range(caption, last + 1)}:
            continue
        lines = column.lines[first : last + 1]
        pitch = line_pitch(lines)
        if any(above.y - below.y > 2.2 * pitch for above, below in pairwise(column.lines[caption : last + 1])):
            continue
        grid = TableRows(
            TableColumns(lines, [], [], min(one.x0 for one in lines), max(one.x1 for one in lines))
        ).cells()
        width = max(cell.column + cell.column_span for cell in grid)
        if width > 1 and sum(cells[k] == width for k in rows) >= 0.6 * len(rows):
            found.append(Grid(grid, first, last))
    return found


def _merged(rules: Sequence[Rule]) -> list[Rule]:
    """Join pieces of one horizontal line."""
    result: list[Rule] = []
    for rule in sorted(rules, key=lambda r: (-round(r.y0), r.x0)):
        if result and abs(result[-1].y0 - rule.y0) < 0.9 and rule.x0 - result[-1].x1 < 3:
            last = result[-1]
            result[-1] = Rule(min(last.x0, rule.x0), last.y0, max(last.x1, rule.x1), last.y1)
        else:
            result.append(rule)
    return sorted(_side_by_side(result), key=lambda r: (-r.y0, r.x0))


def _side_by_side(rules: Sequence[Rule]) -> list[Rule]:
    """Join the rules of small tables that stand beside one another into those of one table."""
    levels: dict[int, list[Rule]] = {}
    for rule in rules:
        if rule.length >= 60:
            levels.setdefault(round(rule.y0), []).append(rule)
    extents = Counter(tuple((round(r.x0), round(r.x1)) for r in level) for level in levels.values() if len(level) > 1)
    result = list(rules)
    for level in levels.values():
        key = tuple((round(r.x0), round(r.x1)) for r in level)
        x0, x1 = min(r.x0 for r in level), max(r.x1 for r in level)
        if extents[key] < 2 or any(r.x0 < x0 + 3 and r.x1 > x1 - 3 for r in rules):
            continue
        result = [rule for rule in result if rule not in level]
        result.append(Rule(x0, level[0].y0, x1, level[0].y1))
    return result


def _frames(column: Column, rules: Sequence[Rule], captions: Sequence[bool]) -> list[_Frame]:
    frames: list[_Frame] = []
    for rule in rules:
        if rule.length < 30 and not (frames and _inside(rule, frames[-1])):
            continue
        if frames and _continues(frames[-1], rule, column, captions):
            frames[-1].take(rule)
        elif rule.length >= 60:
            frame = _Frame()
            frame.take(rule)
            frames.append(frame)
    return [
        frame
        for frame in frames
        if (len(frame.rules) >= 2 and frame.rules[0].y0 - frame.rules[-1].y0 > 8) or _lone_rule(frame, column, captions)
    ]


def _lone_rule(frame: _Frame, column: Column, captions: Sequence[bool]) -> bool:
    """Say whether the only rule of a frame parts the header of a table from its rows, right beneath a caption."""
    if len(frame.rules) != 1:
        return False
    y = frame.rules[0].y0
    above = [i for i, line in enumerate(column.lines) if y < line.y < y + 8 * line.size]
    below = [line for line in column.lines if y - 2.2 * line.size < line.y < y]
    if not above or not below or not any(captions[i] for i in above):
        return False
    header, first = column.lines[above[-1]], below[0]
    return all(len(chunks(line, CELL_GAP * line.size)) > 1 and _row_like(line, frame) for line in (header, first))


def _inside(rule: Rule, frame: _Frame) -> bool:
    return rule.x0 >= frame.x0 - 4 and rule.x1 <= frame.x1 + 4


def _continues(frame: _Frame, rule: Rule, column: Column, captions: Sequence[bool]) -> bool:
    contains = rule.x0 <= frame.x0 + 4 and rule.x1 >= frame.x1 - 4
    if not (_inside(rule, frame) or contains):
        return False
    low, high = rule.y0, frame.rules[-1].y0
    between = [(i, line) for i, line in enumerate(column.lines) if low < line.y + 0.25 * line.size < high]
    if not between:
        return high - low < 30
    x0, x1 = min(frame.x0, rule.x0), max(frame.x1, rule.x1)
    running = 0
    for index, line in between:
        if captions[index] or line.x0 < x0 - 8 or line.x1 > x1 + 8:
            return False
        prose = len(chunks(line, CELL_GAP * line.size)) == 1 and line.x1 - line.x0 > 0.9 * (x1 - x0)
        running = running + 1 if prose else 0
        if running >= 2:
            return False
    gaps = [a.y - b.y for (_, a), (_, b) in pairwise(between)]
    return max([high - between[0][1].y, between[-1][1].y - low, *gaps]) < 75


def _extent(column: Column, frame: _Frame, captions: Sequence[bool], taken: int) -> tuple[int, int]:
    """Return the first and last line of a table: those between its rules, rows above the first and below the last."""
    low, high = frame.rules[-1].y0, frame.rules[0].y0
    inside = [i for i, line in enumerate(column.lines) if low < line.y + 0.25 * line.size < high]
    if not inside and len(frame.rules) == 1:
        inside = [next((i for i, line in enumerate(column.lines) if line.y < low), 0)]
    if not inside:
        return 0, -1
    first, last = inside[0], inside[-1]
    pitch = line_pitch(column.lines[first : last + 1] if last > first else column.lines[first : first + 4])
    while first - 1 > taken and not captions[first - 1]:
        line = column.lines[first - 1]
        if not _row_like(line, frame) or line.y - max(column.lines[first].y, high) > 1.5 * pitch:
            break
        if len(chunks(line, CELL_GAP * line.size)) < 2 and not _heads_columns(column, frame, first - 1):
            break
        first -= 1
    while last + 1 < len(column.lines) and not captions[last + 1]:
        line = column.lines[last + 1]
        if not _row_like(line, frame) or column.lines[last].y - line.y > 1.35 * pitch:
            break
        last += 1
    return first, last


def _heads_columns(column: Column, frame: _Frame, index: int) -> bool:
    """Say whether a line with one piece is a heading over some of a table's columns and no end of its caption."""
    line, below = column.lines[index], column.lines[index + 1]
    above = column.lines[index - 1] if index else None
    apart = above is None or above.y - line.y > 1.15 * (line.y - below.y)
    return (
        apart and line.x0 > frame.x0 + 0.2 * (frame.x1 - frame.x0) and line.x1 - line.x0 < 0.5 * (frame.x1 - frame.x0)
    )


def _row_like(line: Line, frame: _Frame) -> bool:
    if line.x0 < frame.x0 - 3 or line.x1 > frame.x1 + 3:
        return False
    return len(chunks(line, CELL_GAP * line.size)) > 1 or line.x1 - line.x0 < 0.8 * (frame.x1 - frame.x0)
