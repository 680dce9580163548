r"""Tables: `tabular` and its relatives as grids, with merged cells, rules and what columns put between cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Protocol

from ingest.latex.columns import MAX_COLUMNS, Column, count, preamble, visible
from ingest.latex.composition import BlockDraft, CellDraft, Item, plain_text
from ingest.latex.expansion import Expander
from ingest.latex.families import environments
from ingest.latex.mathematics import skip_length
from ingest.latex.tokens import Token

_RULES = frozenset(
    [
        "hline", "toprule", "midrule", "bottomrule", "Xhline", "specialrule", "hhline", "thickhline", "hlineB",
        "colrule", "frstrule", "lstrule", "botrule", "tableline", "Hline", "dhline", "svhline", "topline",
    ]
)  # fmt: skip
_LAST_RULES = frozenset(["bottomrule", "botrule", "lstrule"])
_PARTIAL_RULES = frozenset(
    ["cline", "cmidrule", "cdashline", "hdashline", "addlinespace", "morecmidrules", "arrayrulecolor"]
)
_ROW_ENDS = frozenset(["\\", "tabularnewline", "cr", "crcr"])
_LONG_ENDS = frozenset(["endhead", "endfirsthead", "endfoot", "endlastfoot"])
_MAX_HEADER_ROWS = 4


class Inline(Protocol):
    """What a table needs from the reader of prose."""

    def inline(self, tokens: Sequence[Token], around: Expander) -> list[Item]:
        """Read tokens as text within a line."""

    def caption(self, expander: Expander) -> BlockDraft | None:
        r"""Read a `\caption` that stands inside a table, as in longtable."""

    def label(self, name: str) -> None:
        r"""Note a `\label`."""


@dataclass
class _Row:
    cells: list[list[Token]] = field(default_factory=lambda: [[]])
    ruled_above: bool = False


class TableReader:
    """Reads one table from behind its `\\begin`."""

    def __init__(self, reader: Inline, expander: Expander, name: str) -> None:
        self.reader = reader
        self.expander = expander
        self.name = name
        self.rows: list[_Row] = [_Row()]
        self._head: list[_Row] = []
        self._caption: BlockDraft | None = None

    def read(self) -> BlockDraft | None:
        r"""Return the table, or None, with nothing taken, if its `\end` never comes."""
        mark = self.expander.mark()
        columns = self._columns()
        if not self._collect():
            self.expander.reset(mark)
            return None
        draft = BlockDraft("table")
        draft.rows = _Grid(self, columns).rows()
        if self._caption is not None:
            draft.caption, draft.label = self._caption, self._caption.label
        return draft

    def _columns(self) -> list[Column]:
        expander = self.expander
        if self.name in environments("wide_tabulars"):
            expander.argument()
        expander.optional()
        while (specification := expander.braced()) is None:
            # `tabu to 5cm {…}`, or a preamble that is not there.
            if self.name not in ("tabu", "longtabu") or expander.raw() is None:
                return []
        columns = preamble(expander, specification)
        if self.name.startswith("Nice"):
            expander.optional()
        return columns

    def _collect(self) -> bool:
        """Cut what follows into rows and cells of tokens; say whether the table ends."""
        expander = self.expander
        level = depth = 0
        while (token := expander.next()) is not None:
            kind, name = token.kind, token.text
            if kind == "end_env" and name == self.name and depth <= 0:
                return True
            if kind == "math":
                expander.in_math = not expander.in_math
            level += {"open": 1, "close": -1}.get(kind, 0)
            depth += {"begin_env": 1, "end_env": -1}.get(kind, 0)
            if level == 0 and depth == 0 and self._structure(token):
                continue
            self.rows[-1].cells[-1].append(token)
        return False

    def _structure(self, token: Token) -> bool:
        """Deal with what ends a cell or a row or draws a rule; say whether the token was one of these."""
        expander, kind, name = self.expander, token.kind, token.text
        if kind == "align":
            if len(self.rows[-1].cells) < MAX_COLUMNS:
                self.rows[-1].cells.append([])
        elif kind not in ("macro", "frozen"):
            return False
        elif name in _ROW_ENDS:
            expander.in_math = False
            expander.star()
            skip_length(expander)
            self.rows.append(_Row())
        elif name in _RULES:
            self._skip_rule(name)
            if name not in _LAST_RULES:
                self.rows[-1].ruled_above = True
        elif name in _PARTIAL_RULES:
            self._skip_rule(name)
        elif name in _LONG_ENDS:
            self._end_of_part(name)
        elif name in ("caption", "topcaption", "bottomcaption", "tablecaption"):
            self._caption = self.reader.caption(expander) or self._caption
        elif name == "label":
            self.reader.label(expander.word())
        elif name == "noalign":
            expander.argument()
        else:
            return False
        return True

    def _skip_rule(self, name: str) -> None:
        expander = self.expander
        if name in ("cmidrule", "cdashline"):
            expander.optional()
            expander.optional("(", ")")
        elif name in ("toprule", "midrule", "bottomrule", "addlinespace", "hdashline"):
            skip_length(expander)
        count = {
            "cline": 1,
            "cmidrule": 1,
            "cdashline": 1,
            "Xhline": 1,
            "hhline": 1,
            "specialrule": 3,
            "arrayrulecolor": 1,
        }
        for _ in range(count.get(name, 0)):
            expander.argument()

    def _end_of_part(self, name: str) -> None:
        r"""Keep one head of a longtable: `\endfirsthead`'s if there is one; drop its feet."""
        rows = [row for row in self.rows if any(visible(cell) for cell in row.cells)]
        if name == "endfirsthead":
            self._head = rows
        elif name == "endhead":
            self._head = self._head or rows
        self.rows = [*self._head, _Row(ruled_above=bool(self._head))]


class _Grid:
    """Places the cells of a table: which row and column, how far they reach."""

    def __init__(self, table: TableReader, columns: list[Column]) -> None:
        self.table = table
        self.columns = columns
        self.covered: set[tuple[int, int]] = set()
        # Where the rows that are kept stand among all, so that a cell over rows without any text reaches no further.
        self.places: list[int] = []
        # How many columns up to each hold decimals, which belong into the column before.
        self.joined = list(accumulate((column.continues for column in columns), initial=0))

    def rows(self) -> list[list[CellDraft | None]]:
        filled = [any(visible(cell) for cell in row.cells) for row in self.table.rows]
        drawn = [
            (row, shown) for row, shown in zip(self.table.rows, filled, strict=True) if shown or len(row.cells) > 1
        ]
        self.places = [place for place, (_, shown) in enumerate(drawn) if shown]
        kept = [row for row, shown in drawn if shown]
        grid = [self._row(index, row.cells) for index, row in enumerate(kept)]
        header = _header_size([row.ruled_above for row in kept], grid)
        for row in grid:
            for cell in row:
                if cell is not None:
                    cell.header = cell.row < header
                    cell.row_span = min(cell.row_span, len(grid) - cell.row)
        return grid

    def _row(self, index: int, cells: list[list[Token]]) -> list[CellDraft | None]:
        row: list[CellDraft | None] = []
        column = 0
        for tokens in cells:
            cell = self._cell(tokens, index, column)
            before, behind = self._joined(column), self._joined(column + cell.column_span)
            cell.column = column - before
            column += cell.column_span
            cell.column_span -= behind - before
            if cell.column_span < 1:
                if row and (last := row[-1]) is not None:
                    last.items += cell.items
            elif (index, cell.column) in self.covered and not cell.items:
                row.append(None)
            else:
                row.append(cell)
                self.covered |= {
                    (index + down, cell.column + right)
                    for down in range(1, cell.row_span)
                    for right in range(cell.column_span)
                }
        return row

    def _joined(self, column: int) -> int:
        """Return how many columns left of this one hold decimals of the one before."""
        return self.joined[min(column, len(self.joined) - 1)]

    def _cell(self, tokens: list[Token], row: int, column: int) -> CellDraft:
        cell = CellDraft(row=row, column=column)
        content = self._unwrap(tokens, cell)
        cell.row_span = sum(self.places[row] <= place < self.places[row] + cell.row_span for place in self.places)
        if content is tokens and column < len(self.columns) and visible(tokens):
            content = self.columns[column].content(tokens)
        cell.items = self.table.reader.inline(content, self.table.expander)
        if all(not item.text.strip() for item in cell.items if hasattr(item, "text")):
            cell.items = [item for item in cell.items if not hasattr(item, "text")]
        return cell

    def _unwrap(self, tokens: list[Token], cell: CellDraft) -> list[Token]:
        r"""Take `\multicolumn` and `\multirow` off a cell's content and note how far it reaches."""
        for _ in range(4):
            inside = self.table.expander.child(tokens)
            token = inside.raw()
            lead: list[Token] = []
            while token is not None and (token.kind == "space" or (token.kind in ("open", "par") and not lead)):
                if token.kind == "open":
                    lead.append(token)
                token = inside.raw()
            if token is None or token.kind not in ("macro", "frozen"):
                return tokens
            if token.text in ("multicolumn", "multicol"):
                cell.column_span = max(1, min(count(inside), MAX_COLUMNS))
                inside.argument()
            elif token.text in ("multirow", "multirowcell"):
                inside.optional()
                cell.row_span = max(1, min(count(inside), 1000))
                inside.optional()
                inside.optional() if token.text == "multirowcell" else inside.argument()
                inside.optional()
            else:
                return tokens
            content = inside.argument()
            while (rest := inside.raw()) is not None:
                if not (lead and rest.kind == "close"):
                    content.append(rest)
            tokens = content
        return tokens


def _header_size(ruled: Sequence[bool], grid: Sequence[Sequence[CellDraft | None]]) -> int:
    """Return how many rows stand above the first rule: at most half of the table, unless no number is among them."""
    first = next((index for index, above in enumerate(ruled) if above and index > 0), 0)
    if first <= min(_MAX_HEADER_ROWS, max(1, len(grid) // 2)):
        return first
    titles = [plain_text(cell.items) for row in grid[:first] for cell in row[1:] if cell is not None]
    named = first <= _MAX_HEADER_ROWS and not any(re.search(r"(?<![A-Za-z_])\d", title) for title in titles)
    return first if named else 0
