"""The columns of a table: where its lines part into pieces, and which columns each piece covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ingest.pdflines import Line, chunks
from ingest.pdfpage import Rule

# Gap between two cells of a row, in ems; words of one cell stand closer.
CELL_GAP = 0.75
# Gap from which two columns that other rows show apart are apart in a row, too; a space is a quarter of an em.
_CLOSE_GAP = 0.4
# What stands in a cell that has no value.
_DASHES = frozenset(("-", "--", "–", "—", "−", "---"))


@dataclass(slots=True)
class Piece:
    """A chunk of a line with the columns it covers."""

    line: Line
    y: float
    band: int
    first: int = 0
    last: int = 0


class TableColumns:
    """The pieces of a table's lines and the columns they stand in.

    Vertical rules, rules under headings and centring tell which pieces span several columns.
    """

    def __init__(self, lines: list[Line], horizontal: list[Rule], vertical: list[Rule], x0: float, x1: float) -> None:
        self.lines = lines
        self.horizontal = horizontal
        self.vertical = vertical
        self.x0, self.x1 = x0, x1
        self.size = median(line.size for line in lines)
        self.walls = _clustered([rule.x0 for rule in vertical])
        self.bands = self._band_edges()
        self.pieces = [self._pieces(line) for line in lines]
        self._mend_cells()
        most = max(len(row) for row in self.pieces)
        self.pitch = line_pitch([line for line, row in zip(lines, self.pieces, strict=True) if len(row) >= 0.5 * most])
        self.columns = self._columns()
        self.pieces = [[part for piece in row for part in self._parted(piece)] for row in self.pieces]
        self.filled = self._has_dashes()
        for row in self.pieces:
            for piece in row:
                piece.first, piece.last = self._covered(piece, row)
        self._span_like_others()

    def _walls_at(self, y: float) -> list[float]:
        middle = y + 0.25 * self.size
        return sorted(rule.x0 for rule in self.vertical if rule.y0 - 1 <= middle <= rule.y1 + 1)

    def _pieces(self, line: Line) -> list[Piece]:
        parts = chunks(line, CELL_GAP * self.size, self._walls_at(line.y))
        return [Piece(part, line.y, self._band_of(line)) for part in parts]

    def _mend_cells(self) -> None:
        """Join what a wide gap parted between two vertical rules, where the gaps of its rows do not align."""
        for low, high in pairwise([self.x0 - 5, *self.walls, self.x1 + 5]):
            if low < self.x0 and high > self.x1:
                continue
            parted: list[tuple[list[Piece], Piece, Piece]] = []
            for row in self.pieces:
                inside = [piece for piece in row if piece.line.x0 > low - 1 and piece.line.x1 < high + 1]
                if len(inside) > 2:
                    break
                if len(inside) == 2:
                    parted.append((row, inside[0], inside[1]))
            else:
                left = max((one.line.x1 for _, one, _ in parted), default=0.0)
                right = min((two.line.x0 for _, _, two in parted), default=0.0)
                if len(parted) > 1 and left > right:
                    for row, one, two in parted:
                        one.line.runs += two.line.runs
                        row.remove(two)

    def _parted(self, piece: Piece) -> list[Piece]:
        """Part a piece where a gap wider than a space lies right between two columns that other rows tell of."""
        runs = piece.line.runs
        for index in range(1, len(runs)):
            end, start = max(run.x1 for run in runs[:index]), runs[index].x0
            if start - end < _CLOSE_GAP * self.size:
                continue
            between = any(
                left[1] - 0.3 * self.size <= start and end <= right[0] + 0.3 * self.size
                for left, right in pairwise(self.columns)
                if max(left[1], end) <= min(right[0], start) + 0.3 * self.size
            )
            sides = (
                Line(piece.line.y, piece.line.size, part, piece.line.page) for part in (runs[:index], runs[index:])
            )
            one, two = (Piece(side, piece.y, piece.band) for side in sides)
            if between and self._hit(one)[1] < self._hit(two)[0]:
                return [one, *self._parted(two)]
        return [piece]

    def _columns(self) -> list[tuple[float, float]]:
        columns: list[tuple[float, float]] = []
        for row, part in self._narrow_first():
            x0, x1 = part.x0, part.x1
            if self._crosses_missing_wall(part) or (len(self.pieces) > 2 and self._lonely(part)):
                continue
            hits = [k for k, (a, b) in enumerate(columns) if x0 < b and x1 > a]
            if len(hits) < 2 and self._straddles(part, row, sorted(columns)):
                continue
            if not hits:
                columns.append((x0, x1))
            elif len(hits) == 1:
                a, b = columns[hits[0]]
                grown = (min(a, x0), max(b, x1))
                crowded = any(k != hits[0] and grown[0] < d and grown[1] > c for k, (c, d) in enumerate(columns))
                if not crowded and not any(grown[0] + 1 < wall < grown[1] - 1 for wall in self.walls):
                    columns[hits[0]] = grown
        return self._bridged(sorted(columns)) or [(self.x0, self.x1)]

    def _narrow_first(self) -> list[tuple[list[Piece], Line]]:
        """Return the pieces with their rows: those of the fullest rows, which tell the columns best, first."""
        parts = [(row, piece.line) for row in self.pieces for piece in row]
        return sorted(
            parts,
            key=lambda item: (
                -len(item[0]),
                round(item[1].x1 - item[1].x0, 1),
                -item[1].y,
                item[1].x0,
            ),
        )

    def _straddles(self, part: Line, row: Sequence[Piece], columns: Sequence[tuple[float, float]]) -> bool:
        """Say whether a piece between two columns is centred over columns that its row has nothing else in."""
        centre = (part.x0 + part.x1) / 2
        left = [column for column in columns if column[1] < centre]
        right = [column for column in columns if column[0] > centre]
        if len(left) + len(right) < len(columns):
            return False
        for k in range(1, min(len(left), len(right)) + 1):
            low, high = left[-k][0], right[k - 1][1]
            if any(other.line is not part and other.line.x0 < high and other.line.x1 > low for other in row):
                return False
            if abs((low + high) / 2 - centre) < 2.5:
                return True
        return False

    def _crosses_missing_wall(self, part: Line) -> bool:
        """Say whether a piece stands in a cell merged over several slots between the vertical rules."""
        centre = (part.x0 + part.x1) / 2
        left = max((w for w in self.walls if w <= centre), default=None)
        right = min((w for w in self.walls if w > centre), default=None)
        here = self._walls_at(part.y)
        present = [wall is None or any(abs(wall - w) <= 3 for w in here) for wall in (left, right)]
        crossing = any(part.x0 + 1 < wall < part.x1 - 1 for wall in self.walls)
        outer = [wall is None or wall < self.x0 + 4 or wall > self.x1 - 4 for wall in (left, right)]
        return crossing or not all(a or b for a, b in zip(present, outer, strict=True))

    def _bridged(self, columns: list[tuple[float, float]]) -> list[tuple[float, float]]:
        """Join neighbours that never stand side by side but are bridged: a centred header over flush-left cells."""
        result: list[tuple[float, float]] = []
        for column in columns:
            if result and self._are_one(result[-1], column):
                result[-1] = (result[-1][0], column[1])
            else:
                result.append(column)
        return result

    def _are_one(self, left: tuple[float, float], right: tuple[float, float]) -> bool:
        if any(left[1] - 1 <= wall <= right[0] + 1 for wall in self.walls):
            return False
        bridges = 0
        for row in self.pieces:
            parts = [piece.line for piece in row]
            both = [part for part in parts if part.x0 < left[1] and part.x1 > right[0]]
            if not both and all(any(p.x0 < b and p.x1 > a for p in parts) for a, b in (left, right)):
                return False
            bridges += bool(both)
        return bridges >= 1

    def _lonely(self, part: Line) -> bool:
        """Say whether a piece is alone on its line and centred in the table: a heading across it."""
        row = next((row for row in self.pieces if any(piece.line is part for piece in row)), [])
        if len(row) != 1 or self.floats(row) or self._flush(part):
            return False
        off = abs((part.x0 + part.x1) / 2 - (self.x0 + self.x1) / 2)
        alone = sum(1 for other in self.pieces if other and other[0].band == row[0].band) == 1
        return off < (0.06 * (self.x1 - self.x0) if alone else 4)

    def _without_inner_walls(self, piece: Piece) -> bool:
        """Say whether a piece stands in a row that the vertical rules between the columns leave out."""

        def inner(walls: Sequence[float]) -> list[float]:
            return [wall for wall in walls if self.x0 + 4 < wall < self.x1 - 4]

        return len(inner(self.walls)) > 0 and not inner(self._walls_at(piece.y))

    def _flush(self, part: Line) -> bool:
        """Say whether a piece begins where those of several other rows do, within the table."""
        starts = [piece.line.x0 for other in self.pieces for piece in other if piece.line is not part]
        return part.x0 > self.x0 + 1.5 * self.size and sum(abs(x0 - part.x0) < 0.3 for x0 in starts) > 2

    def _covered(self, piece: Piece, row: list[Piece]) -> tuple[int, int]:
        x0, x1 = piece.line.x0, piece.line.x1
        centre = (x0 + x1) / 2
        last = len(self.columns) - 1
        hit = [k for k, (a, b) in enumerate(self.columns) if x0 < b and x1 > a]
        if not hit:
            hit = [min(range(last + 1), key=lambda k: abs(sum(self.columns[k]) / 2 - centre))]
        walls = self._walls_at(piece.y)
        left = max((w for w in walls if w <= x0 + 2), default=self.x0 - 5)
        right = min((w for w in walls if w >= x1 - 2), default=self.x1 + 5)
        others = [other for other in row if other is not piece and left <= (other.line.x0 + other.line.x1) / 2 <= right]
        if walls and not others:
            middle = [k for k, (a, b) in enumerate(self.columns) if left <= (a + b) / 2 <= right]
            inner = left > self.x0 + 4 or right < self.x1 - 4
            off = abs((left + right) / 2 - centre)
            aligned = off > 3 and any(abs(sum(self.columns[k]) / 2 - centre) < 1 for k in middle)
            if middle and inner and not aligned and (len(middle) == 1 or off < 4 + 0.04 * (right - left)):
                return middle[0], middle[-1]
        if len(row) == 1 and last > 0 and (self._lonely(piece.line) or self._without_inner_walls(piece)):
            return 0, last
        beneath = self._partial_rule_beneath(piece, row)
        if beneath is not None:
            under = [k for k, (a, b) in enumerate(self.columns) if beneath.x0 - 2 <= (a + b) / 2 <= beneath.x1 + 2]
            if under and under[0] <= hit[-1] and under[-1] >= hit[0]:
                return min(under[0], hit[0]), max(under[-1], hit[-1])
        return self._widened(piece, row, hit[0], hit[-1])

    def _widened(self, piece: Piece, row: list[Piece], first: int, last: int) -> tuple[int, int]:
        """Let a piece centred over several columns that are empty in its row span them."""
        centre = (piece.line.x0 + piece.line.x1) / 2
        low = max((self._hit(o)[1] for o in row if o.line.x1 <= piece.line.x0), default=-1) + 1
        high = min((self._hit(o)[0] for o in row if o.line.x0 >= piece.line.x1), default=len(self.columns)) - 1
        low, high = min(low, first), max(high, last)
        if low == 0 and high > 0 and first > 0:
            low = 1  # the first column names the row
        best, spread = (first, last), 0
        floats = self.floats(row)
        off = not floats and not self.columns[first][0] <= centre <= self.columns[last][1]
        filled = self.filled and not floats and len(row) > 1
        for a in range(low, first + 1):
            for b in range(last, high + 1):
                middle = (self.columns[a][0] + self.columns[b][1]) / 2
                whole = a == low and b == high and len(row) <= 2
                near = abs(middle - centre) < (0.03 * (self.x1 - self.x0) if whole else 2.5)
                # One over a single column spans several where it stands beside it, or where no cell is left empty.
                spans = last > first or off or (filled and abs(middle - centre) < 2.5)
                if near and spans and b - a > max(spread, last - first):
                    best, spread = (a, b), b - a
        return best

    def _span_like_others(self) -> None:
        """Let a lone value in the middle column span all, where other rows of the table do so."""
        last = len(self.columns) - 1
        if last < 3 or not any(p.first == 1 and p.last == last and len(row) <= 2 for row in self.pieces for p in row):
            return
        centre = (self.columns[1][0] + self.columns[last][1]) / 2
        for row in self.pieces:
            for piece in row:
                alone = len(row) <= 2 and all(other is piece or other.last == 0 for other in row) and piece.first > 0
                if alone and abs((piece.line.x0 + piece.line.x1) / 2 - centre) < 0.03 * (self.x1 - self.x0):
                    piece.first, piece.last = 1, last

    def _has_dashes(self) -> bool:
        """Say whether cells without a value hold a dash, so that no cell is empty."""
        cells = [piece.line.text() for row in self.pieces for piece in row[1:]]
        return sum(text in _DASHES for text in cells) > 1

    def _hit(self, piece: Piece) -> tuple[int, int]:
        hit = [k for k, (a, b) in enumerate(self.columns) if piece.line.x0 < b and piece.line.x1 > a]
        if not hit:
            centre = (piece.line.x0 + piece.line.x1) / 2
            hit = [min(range(len(self.columns)), key=lambda k: abs(sum(self.columns[k]) / 2 - centre))]
        return hit[0], hit[-1]

    def _partial_rule_beneath(self, piece: Piece, row: list[Piece]) -> Rule | None:
        if self.floats(row):
            return None
        x0, x1 = piece.line.x0, piece.line.x1
        found = [
            rule
            for rule in self.horizontal
            if 0 < piece.y - rule.y0 < 0.9 * self.pitch and rule.x0 < x0 + 3 and rule.x1 > x1 - 3
            if rule.length < 0.93 * (self.x1 - self.x0)
            if abs((rule.x0 + rule.x1) / 2 - (x0 + x1) / 2) < 4 + 0.08 * rule.length
            if not any(o is not piece and o.line.x0 < rule.x1 and o.line.x1 > rule.x0 for o in row)
        ]
        return max(found, key=lambda rule: rule.y0) if found else None

    def _band_edges(self) -> list[float]:
        edges: list[float] = []
        for rule in self.horizontal:
            if rule.length > 0.93 * (self.x1 - self.x0) and (not edges or edges[-1] - rule.y0 > 4):
                edges.append(rule.y0)
        return edges

    def _band_of(self, line: Line) -> int:
        middle = line.y + 0.25 * line.size
        return sum(1 for edge in self.bands if edge > middle)

    def floats(self, row: list[Piece]) -> bool:
        """Say whether a line stands between the lines of two rows, as labels of several rows do."""
        near = self._near(row)
        clear = all(
            piece.line.x1 < o.line.x0 or piece.line.x0 > o.line.x1 for piece in row for other in near for o in other
        )
        if not clear:
            return False
        return self._amid(row) or any(len(other) > len(row) and not self._amid(other) for other in near)

    def _near(self, row: list[Piece]) -> list[list[Piece]]:
        """Return the lines of a row's band that are nearer to it than those of two rows."""
        return [
            other
            for other in self.pieces
            if other and other is not row and other[0].band == row[0].band
            if abs(other[0].y - row[0].y) < 0.8 * self.pitch
        ]

    def _amid(self, row: list[Piece]) -> bool:
        """Say whether a line has others right above and right below it, and no fewer pieces in one of them."""
        near = self._near(row)
        sides = {other[0].y > row[0].y for other in near}
        return len(sides) == 2 and any(len(other) >= len(row) for other in near)


def line_pitch(lines: Sequence[Line]) -> float:
    """Return the usual distance between the baselines of a table's lines, in points."""
    gaps = [a.y - b.y for a, b in pairwise(lines)]
    wide = [gap for gap in gaps if gap > 0.8 * lines[0].size]
    return median(wide) if wide else 1.3 * lines[0].size


def _clustered(values: Sequence[float]) -> list[float]:
    result: list[float] = []
    for value in sorted(values):
        if not result or value - result[-1] > 3:
            result.append(value)
    return result
