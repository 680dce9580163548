"""The rows of a table: lines grouped into cells, labels given the rows they stand beside, headers flagged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.pdflines import Line
from ingest.pdftable_columns import Piece, TableColumns

# More lines than this above the first rule are no head.
_TALLEST_HEAD = 3
# A label of more lines than this is none.
_MOST_LINES = 3
# What the names of columns and their units have none of.
_BEGINS_VALUE = re.compile(r"[<>≤≥=±[(−–-]?\s*[±+−-]?\d|[<>≤≥=]|[–—-]$")
_VALUE = re.compile(r"[\d<>≤≥=±✓]")


@dataclass(slots=True)
class GridCell:
    """A cell with the pieces of lines in it, from top to bottom."""

    row: int
    column: int
    pieces: list[Line]
    row_span: int = 1
    column_span: int = 1
    header: bool = False


class TableRows:
    """The cells of a table, made from its pieces."""

    def __init__(self, grid: TableColumns) -> None:
        self.grid = grid
        self.ruled = False

    def cells(self) -> list[GridCell]:
        bands: dict[int, list[list[Piece]]] = {}
        for row in self.grid.pieces:
            if row:
                bands.setdefault(row[0].band, []).append(row)
        if len(bands) == 1:
            bands = self._with_head(bands)
        self.ruled = ruled = len(bands) > 2 and len(bands) >= 0.55 * len(self.grid.pieces)
        cells: list[GridCell] = []
        heights: list[tuple[float, float]] = []
        for band in sorted(bands):
            rows = bands[band]
            full = [row for row in rows if len(row) > 1 and any(piece.first == 0 for piece in row)]
            head = band == min(bands) < max(bands) and len(rows) <= _TALLEST_HEAD
            if ruled and len(full) < 2:
                groups = [[row] for row in rows] if self._stacked(rows) else self._parted(rows)
            else:
                groups = self._grouped(rows, head=head)
            self._place(groups, cells, heights)
        self._span_rows(cells, heights)
        self._flag_headers(cells, bands)
        return sorted(cells, key=lambda cell: (cell.row, cell.column))

    def _with_head(self, bands: dict[int, list[list[Piece]]]) -> dict[int, list[list[Piece]]]:
        """Part off the head where the rule beneath it leaves out the empty corner and so frames no band."""
        (band, rows), *_ = bands.items()
        height = next((k for k, row in enumerate(rows) if any(piece.first == 0 for piece in row)), 0)
        if not 0 < height <= _TALLEST_HEAD or self.grid.floats(rows[height]):
            return bands
        lines = [piece.line for row in rows[:height] for piece in row]
        x0, x1 = min(line.x0 for line in lines), max(line.x1 for line in lines)
        low, high = (rows[k][0].y + 0.25 * self.grid.size for k in (height, height - 1))
        if not any(low < rule.y0 < high and rule.x0 < x0 + 3 and rule.x1 > x1 - 3 for rule in self.grid.horizontal):
            return bands
        return {band - 1: rows[:height], band: rows[height:]}

    def _grouped(self, rows: list[list[Piece]], *, head: bool) -> list[list[list[Piece]]]:
        """Group the lines of a band into rows: wrapped lines join the row above; floating labels stand alone."""
        groups: list[list[list[Piece]]] = []
        centred = self._centred_label(rows)
        for row in rows:
            if groups and ((head and self._goes_on(groups[-1], row)) or (not centred and self._wraps(groups[-1], row))):
                groups[-1].append(row)
            else:
                groups.append([row])
        return groups

    def _goes_on(self, group: list[list[Piece]], row: list[Piece]) -> bool:
        """Say whether a line of a table's head goes on with the names above it: `Signal | E_T^miss`, `region | [GeV]`.

        A line that stands under a name of several columns, or names every column, is a row of its own.
        """
        above = {(piece.first, piece.last) for line in group for piece in line}
        here = {(piece.first, piece.last) for piece in row}
        close = group[-1][0].y - row[0].y <= 1.4 * self.grid.pitch and not self.grid.floats(row)
        if not close or not here <= above or len(above) < 2 or len(here) == len(self.grid.columns):
            return False
        if all(first > 0 for first, _ in above):  # the corner is empty
            return True
        return len(here) < len(above) and not any(_VALUE.search(piece.line.text()) for piece in row)

    def _parted(self, rows: list[list[Piece]]) -> list[list[list[Piece]]]:
        """Take the lines of a band as one row, but part them where a rule runs across some of the columns."""
        groups = [[rows[0]]]
        for above, below in pairwise(rows):
            high, low = above[0].y + 0.25 * self.grid.size, below[0].y + 0.25 * self.grid.size
            crossing = [rule for rule in self.grid.horizontal if low < rule.y0 < high and rule.length > self.grid.size]
            pieces = [piece for row in groups[-1] for piece in row]
            if any(p.line.x0 < rule.x1 and p.line.x1 > rule.x0 for rule in crossing for p in pieces):
                groups.append([])
            groups[-1].append(below)
        return groups

    def _stacked(self, rows: list[list[Piece]]) -> bool:
        """Say whether the lines of a ruled band are rows of their own beside one label: each fills every column."""
        lines = [[piece for piece in row if piece.first > 0] for row in rows]
        lines = [row for row in lines if row]
        columns = [[(piece.first, piece.last) for piece in row] for row in lines]
        if len(lines) < 2 or len(columns[0]) < 2 or any(other != columns[0] for other in columns):
            return False
        texts = [[row[k].line.text() for row in lines] for k in range(len(columns[0]))]
        if any(text[:1].islower() and text[:2].isalpha() for column in texts for text in column[1:]):
            return False
        return any(all(_BEGINS_VALUE.match(text) for text in column) for column in texts)

    def _centred_label(self, rows: list[list[Piece]]) -> bool:
        return (
            bool(rows) and all(piece.first > 0 for piece in rows[0]) and any(p.first == 0 for row in rows for p in row)
        )

    def _wraps(self, group: list[list[Piece]], row: list[Piece]) -> bool:
        above = group[0]
        gap = group[-1][0].y - row[0].y
        if gap > 1.3 * self.grid.pitch or not any(piece.first == 0 for piece in above):
            return False
        if any(piece.first == 0 for piece in row):
            text = row[0].line.text()
            return len(row) == 1 and len(above) > 1 and row[0].last == 0 and text[:1].islower()
        if self.grid.floats(row):
            return False
        covered = {(piece.first, piece.last) for piece in above}
        if self._stands_alone(above, row) or any(
            sum(a <= piece.first and piece.last <= b for piece in row) > 1 for a, b in covered if a < b
        ):
            return False
        return len(row) < len(above) and all(
            any(a <= piece.last and b >= piece.first for a, b in covered) for piece in row
        )

    def _stands_alone(self, above: list[Piece], row: list[Piece]) -> bool:
        """Say whether a line without a label names a quantity of its own with its value: `| p_T | > 350 MeV`."""
        if len(row) < 2 or [(p.first, p.last) for p in above[1:]] != [(p.first, p.last) for p in row]:
            return False
        names = [one[0].line.text() for one in (above[1:], row)]
        values = [piece.line.text() for one in (above[1:], row) for piece in one[1:]]
        return not any(_BEGINS_VALUE.match(name) for name in names) and all(_BEGINS_VALUE.match(v) for v in values)

    def _place(
        self, groups: list[list[list[Piece]]], cells: list[GridCell], heights: list[tuple[float, float]]
    ) -> None:
        for group in groups:
            single = len(group) == 1
            floating = len(group) == 1 and self.grid.floats(group[0])
            row = len(heights)
            if not floating:
                heights.append((group[0][0].y, group[-1][0].y))
            for line in group:
                for piece in line:
                    at = -1 if floating else row
                    same = next(
                        (c for c in cells if c.row == at and at >= 0 and c.column == piece.first),
                        None,
                    )
                    if same is None and at >= 0 and not single:
                        same = next(
                            (
                                c
                                for c in cells
                                if c.row == at and c.column <= piece.last and c.column + c.column_span > piece.first
                            ),
                            None,
                        )
                    if same is not None:
                        same.pieces.append(piece.line)
                        end = max(same.column + same.column_span - 1, piece.last)
                        same.column = min(same.column, piece.first)
                        same.column_span = end - same.column + 1
                    else:
                        cells.append(GridCell(at, piece.first, [piece.line], 1, piece.last - piece.first + 1))

    def _span_rows(self, cells: list[GridCell], heights: list[tuple[float, float]]) -> None:
        """Give floating labels their rows, let labels that are centred in a band span it."""
        rows = len(heights)
        centres = [(top + bottom) / 2 for top, bottom in heights]
        if not rows:
            return
        owner: dict[tuple[int, int], GridCell] = {}
        for cell in cells:
            for column in range(cell.column, cell.column + cell.column_span):
                if cell.row >= 0:
                    owner[cell.row, column] = cell
        floating = sorted((c for c in cells if c.row < 0), key=lambda c: (-c.pieces[0].y, c.column))
        middle: dict[int, float] = {}
        for cell in floating:
            y = cell.pieces[0].y
            above = max((k for k in range(rows) if centres[k] >= y), default=0)
            below = min(above + 1, rows - 1)
            exact = abs(centres[above] - y) < 0.12 * self.grid.pitch
            cell.row, cell.row_span = above, 1 if exact else below - above + 1
            middle[id(cell)] = y
            for row in range(cell.row, cell.row + cell.row_span):
                owner.setdefault((row, cell.column), cell)
        for cell in floating:
            self._grow(cell, owner, centres)
        centred = set() if self.ruled else self._centred_cells(owner, centres)
        for cell in sorted(cells, key=lambda c: (c.row, c.column)):
            if self.ruled:
                self._fill_to_rules(cell, owner, centres)
            elif id(cell) not in middle and id(cell) in centred:
                self._centre_in_band(cell, cells, owner, heights)

    def _closed(self, upper: int, lower: int, cell: GridCell, centres: list[float]) -> bool:
        """Say whether a horizontal rule runs between two rows in a cell's columns."""
        x = (self.grid.columns[cell.column][0] + self.grid.columns[cell.column + cell.column_span - 1][1]) / 2
        return self._ruled_off(upper, lower, x, centres)

    def _ruled_off(self, upper: int, lower: int, x: float, centres: list[float]) -> bool:
        """Say whether a horizontal rule runs between two rows at a place."""
        high, low = centres[upper] + 0.25 * self.grid.size, centres[lower] + 0.25 * self.grid.size
        return any(low < rule.y0 < high and rule.x0 - 2 <= x <= rule.x1 + 2 for rule in self.grid.horizontal)

    def _centred_cells(self, owner: dict[tuple[int, int], GridCell], centres: list[float]) -> set[int]:
        """Return the ids of the cells that can stand in the middle of the rows they are for, as all of their column.

        Where the cells of one column of values cannot, the table leaves cells empty, and a value is for its own row
        only, unless it is the only one between two rules.
        """
        alone: set[int] = set()
        even: dict[int, set[int]] = {}
        for column, (low, high) in enumerate(self.grid.columns):
            x, start, whole = (low + high) / 2, 0, True
            held: set[int] = set()
            for row in range(len(centres)):
                if row + 1 < len(centres) and not self._ruled_off(row, row + 1, x, centres):
                    continue
                cells = [owner.get((k, column)) for k in range(start, row + 1)]
                ids = {id(cell) for cell in cells if cell is not None}
                parted = _parts_evenly(cells)
                if parted and len(ids) == 1:
                    alone |= ids
                whole = whole and (parted or (start == 0 and not ids))
                held |= ids
                start = row + 1
            if whole:
                even[column] = held
        if not even.keys() >= {*range(1, len(self.grid.columns))}:
            even = {column: held for column, held in even.items() if column == 0}
        return alone.union(*even.values())

    @staticmethod
    def _taken(row: int, cell: GridCell, owner: dict[tuple[int, int], GridCell]) -> bool:
        return any((row, k) in owner for k in range(cell.column, cell.column + cell.column_span))

    def _grow(self, cell: GridCell, owner: dict[tuple[int, int], GridCell], centres: list[float]) -> None:
        while True:
            top, bottom = cell.row - 1, cell.row + cell.row_span
            if top < 0 or bottom >= len(centres):
                return
            if self._taken(top, cell, owner) or self._taken(bottom, cell, owner):
                return
            if self._closed(top, cell.row, cell, centres) or self._closed(bottom - 1, bottom, cell, centres):
                return
            cell.row, cell.row_span = top, cell.row_span + 2
            owner[top, cell.column] = owner[bottom, cell.column] = cell

    def _fill_to_rules(self, cell: GridCell, owner: dict[tuple[int, int], GridCell], centres: list[float]) -> None:
        """Let a cell take the empty rows next to it that no rule parts from it, in a table ruled between its rows."""
        columns = range(cell.column, cell.column + cell.column_span)
        while cell.row > 0 and not self._taken(cell.row - 1, cell, owner):
            if self._closed(cell.row - 1, cell.row, cell, centres):
                break
            cell.row, cell.row_span = cell.row - 1, cell.row_span + 1
            owner.update({(cell.row, k): cell for k in columns})
        while cell.row + cell.row_span < len(centres) and not self._taken(cell.row + cell.row_span, cell, owner):
            if self._closed(cell.row + cell.row_span - 1, cell.row + cell.row_span, cell, centres):
                break
            owner.update({(cell.row + cell.row_span, k): cell for k in columns})
            cell.row_span += 1

    def _centre_in_band(
        self,
        cell: GridCell,
        cells: list[GridCell],
        owner: dict[tuple[int, int], GridCell],
        heights: list[tuple[float, float]],
    ) -> None:
        if cell not in cells:
            return
        centres = [(top + bottom) / 2 for top, bottom in heights]
        column = cell.column
        # Lines of one wrapped label on neighbouring rows.
        last = cell.row + cell.row_span - 1
        block = [cell]
        while last + 1 < len(centres):
            below = owner.get((last + 1, column))
            if below is None or below.column_span != cell.column_span or self._closed(last, last + 1, cell, centres):
                break
            block.append(below)
            last = below.row + below.row_span - 1
        top = cell.row
        while top > 0 and not self._taken(top - 1, cell, owner) and not self._closed(top - 1, top, cell, centres):
            top -= 1
        bottom = last
        while bottom + 1 < len(centres) and not self._taken(bottom + 1, cell, owner):
            if self._closed(bottom, bottom + 1, cell, centres):
                break
            bottom += 1
        if top == cell.row or len(block) > 3:
            return
        others = [k for k in range(len(self.grid.columns)) if k != column]
        full = all(any((row, k) in owner for k in others) for row in range(top, bottom + 1))
        middle = (block[0].pieces[0].y + block[-1].pieces[-1].y) / 2
        centred = abs((heights[top][0] + heights[bottom][1]) / 2 - middle) < 0.35 * self.grid.pitch
        if full and centred:
            for other in block[1:]:
                cell.pieces += other.pieces
                cells.remove(other)
            cell.row, cell.row_span = top, bottom - top + 1
            for row in range(top, bottom + 1):
                owner[row, column] = cell

    def _flag_headers(self, cells: list[GridCell], bands: dict[int, list[list[Piece]]]) -> None:
        """Flag the rows above the first rule inside the table, and headings across the whole table."""
        width = len(self.grid.columns)
        height = max((cell.row + cell.row_span for cell in cells), default=0)
        if len(bands) > 1:
            first = {id(piece.line) for row in bands[min(bands)] for piece in row}
            top = [cell for cell in cells if any(id(piece) in first for piece in cell.pieces)]
            last = max((cell.row + cell.row_span for cell in top), default=0)
            corner = next((c for c in cells if c.row == 0 and c.column == 0), None)
            if corner is not None:
                last = max(last, corner.row_span)
            if last <= max(3, 0.4 * height):
                for cell in cells:
                    cell.header = cell.row < last
        labelled = {row for cell in cells if cell.column == 0 for row in range(cell.row, cell.row + cell.row_span)}
        opening = {id(piece.line) for band in bands.values() for piece in band[0]}
        for cell in cells:
            across = cell.column_span == width > 1 and 0 < cell.row < height - 1
            beside = sum(1 for other in cells if other.row == cell.row) > 1
            if across or (cell.row not in labelled and beside and any(id(piece) in opening for piece in cell.pieces)):
                cell.header = True


def _parts_evenly(held: Sequence[GridCell | None]) -> bool:
    """Say whether rows part into groups with a cell, or the lines of one, in the middle of each."""
    reached = {0}
    for start in range(len(held)):
        if start not in reached:
            continue
        for stop in range(start + 1, len(held) + 1):
            filled = [k for k in range(start, stop) if held[k] is not None]
            if not filled:
                continue
            one = all(held[k] is held[filled[0]] for k in filled)
            lines = len(filled) <= _MOST_LINES and filled[-1] - filled[0] == len(filled) - 1
            if (one or lines) and filled[0] - start == stop - 1 - filled[-1]:
                reached.add(stop)
    return len(held) in reached
