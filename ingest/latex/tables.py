r"""Tables: `tabular` and its relatives as grids, with merged cells, rules and what columns put between cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from ingest.latex.composition import BlockDraft, CellDraft, Item
from ingest.latex.expansion import Expander
from ingest.latex.families import environments
from ingest.latex.mathematics import skip_length
from ingest.latex.tokens import Token, plain

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
_LENGTHS = frozenset(["extracolsep", "hspace", "hskip", "kern", "vrule", "hphantom", "color", "rule"])
_SPACING = frozenset([",", " ", ";", ":", "!", "quad", "qquad", "enspace", "space", "fill", "hfill", "hfil"])
_MAX_HEADER_ROWS = 4
_MAX_COLUMNS = 400


class Inline(Protocol):
    """What a table needs from the reader of prose."""

    def inline(self, tokens: Sequence[Token], around: Expander) -> list[Item]:
        """Read tokens as text within a line."""

    def caption(self, expander: Expander) -> None:
        r"""Read a `\caption` that stands inside a table, as in longtable."""

    def label(self, name: str) -> None:
        r"""Note a `\label`."""


@dataclass
class _Column:
    """What `@{…}`, `!{…}`, `>{…}` put before a cell and `<{…}` behind it; whether it holds numbers or formulas."""

    before: list[Token] = field(default_factory=list)
    after: list[Token] = field(default_factory=list)
    kind: Literal["", "number", "formula"] = ""
    separator: tuple[str, tuple[Token, ...]] = ("", ())

    def content(self, tokens: list[Token]) -> list[Token]:
        """Return what a cell of this column prints: siunitx' numbers, dcolumn's formulas with their separators."""
        inside = tokens
        if self.kind == "number" and _is_number(tokens):
            inside = [Token("frozen", "num"), Token("open", "{"), *tokens, Token("close", "}")]
        elif self.kind == "formula" and not any(token.kind == "math" for token in tokens):
            inside = [Token("math", "$"), *self._separated(tokens), Token("math", "$")]
        return [*self.before, *inside, *self.after]

    def _separated(self, tokens: list[Token]) -> list[Token]:
        written, printed = self.separator
        for index, token in enumerate(tokens):
            if written and token.kind == "chars" and written in token.text:
                left, right = token.text.split(written, 1)
                parts = [token._replace(text=left), *printed, token._replace(text=right)]
                return [*tokens[:index], *(part for part in parts if part.text), *tokens[index + 1 :]]
        return tokens


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

    def read(self) -> BlockDraft | None:
        r"""Return the table, or None, with nothing taken, if its `\end` never comes."""
        mark = self.expander.mark()
        columns = self._columns()
        if not self._collect():
            self.expander.reset(mark)
            return None
        draft = BlockDraft("table")
        draft.rows = _Grid(self, columns).rows()
        return draft

    def _columns(self) -> list[_Column]:
        expander = self.expander
        if self.name in environments("wide_tabulars"):
            expander.argument()
        expander.optional()
        while (specification := expander.braced()) is None:
            # `tabu to 5cm {…}`, or a preamble that is not there.
            if self.name not in ("tabu", "longtabu") or expander.raw() is None:
                return []
        return _preamble(expander, specification)

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
            if len(self.rows[-1].cells) < _MAX_COLUMNS:
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
            self.reader.caption(expander)
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
        rows = [row for row in self.rows if any(_visible(cell) for cell in row.cells)]
        if name == "endfirsthead":
            self._head = rows
        elif name == "endhead":
            self._head = self._head or rows
        self.rows = [*self._head, _Row(ruled_above=bool(self._head))]


class _Grid:
    """Places the cells of a table: which row and column, how far they reach."""

    def __init__(self, table: TableReader, columns: list[_Column]) -> None:
        self.table = table
        self.columns = columns
        self.covered: set[tuple[int, int]] = set()

    def rows(self) -> list[list[CellDraft | None]]:
        kept = [row for row in self.table.rows if any(_visible(cell) for cell in row.cells)]
        ruled = [index for index, row in enumerate(kept) if row.ruled_above and index > 0]
        first = ruled[0] if ruled else 0
        header = first if first <= min(_MAX_HEADER_ROWS, max(1, len(kept) // 2)) else 0
        grid = [self._row(index, row.cells, header=index < header) for index, row in enumerate(kept)]
        for row in grid:
            for cell in row:
                if cell is not None:
                    cell.row_span = min(cell.row_span, len(grid) - cell.row)
        return grid

    def _row(self, index: int, cells: list[list[Token]], *, header: bool) -> list[CellDraft | None]:
        row: list[CellDraft | None] = []
        column = 0
        for tokens in cells:
            cell = self._cell(tokens, index, column)
            cell.header = header
            if (index, column) in self.covered and not cell.items:
                row.append(None)
            else:
                row.append(cell)
                self.covered |= {
                    (index + down, column + right)
                    for down in range(1, cell.row_span)
                    for right in range(cell.column_span)
                }
            column += cell.column_span
        return row

    def _cell(self, tokens: list[Token], row: int, column: int) -> CellDraft:
        cell = CellDraft(row=row, column=column)
        content = self._unwrap(tokens, cell)
        if content is tokens and column < len(self.columns) and _visible(tokens):
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
                cell.column_span = max(1, min(_count(inside), _MAX_COLUMNS))
                inside.argument()
            elif token.text in ("multirow", "multirowcell"):
                inside.optional()
                cell.row_span = max(1, min(_count(inside), 1000))
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


def _count(expander: Expander) -> int:
    text = plain(expander.argument())
    return int(text) if text.lstrip("+-").isdigit() else 1


def _visible(tokens: Sequence[Token]) -> bool:
    return any(token.kind not in ("space", "par", "eof", "open", "close") for token in tokens)


def _preamble(expander: Expander, specification: Sequence[Token]) -> list[_Column]:
    """Read a column specification; widths are skipped, `*{3}{c}` is repeated."""
    columns: list[_Column] = []
    before: list[Token] = []
    inside = expander.child(specification)
    types = expander.definitions.columns
    expanded = 0
    while (token := inside.raw()) is not None and len(columns) < _MAX_COLUMNS:
        if token.kind != "chars":
            continue
        letter, rest = token.text[0], token.text[1:]
        if rest:
            inside.unread([token._replace(text=rest, pos=token.pos + 1)])
        if letter in "@!>":
            before += _printed(inside.argument(), declarations=letter == ">")
        elif letter == "<":
            if columns:
                columns[-1].after += _printed(inside.argument(), declarations=True)
        elif letter == "*":
            times, repeated = _count(inside), inside.argument()
            inside.push(repeated * max(0, min(times, 100)))
        elif (macro := types.get(letter)) is not None and expanded < _MAX_COLUMNS:
            expanded += 1
            inside.expand(macro, token)
        elif letter.isalpha():
            columns.append(_column(letter, before, inside))
            before = []
    return columns


def _column(letter: str, before: list[Token], inside: Expander) -> _Column:
    """Read the arguments of a type of column: a width, siunitx' options, dcolumn's separators."""
    if letter == "D":
        written, printed = plain(inside.argument()), inside.argument()
        inside.argument()
        return _Column(before=before, kind="formula", separator=(written, tuple(printed)))
    if letter in "pmb" or letter in "wW":
        inside.argument()
    if letter in "wW":
        inside.argument()
    inside.optional()
    inside.braced()
    return _Column(before=before, kind="number" if letter == "S" else "formula" if letter == "d" else "")


def _is_number(tokens: Sequence[Token]) -> bool:
    text = "".join("±" if token.text == "pm" else token.text for token in tokens if token.kind != "space")
    plain_kinds = all(token.kind in ("chars", "space") or token.text == "pm" for token in tokens)
    return plain_kinds and re.fullmatch(r"[<>~]?=?[-+]?\d[\d.,()eE±+-]*", text) is not None


def _printed(tokens: list[Token], *, declarations: bool) -> list[Token]:
    """Keep of a column's decoration what prints: dollar signs of a mathematical column, text between columns."""
    if declarations:
        return [token for token in tokens if token.kind == "math"]
    if any(token.kind in ("macro", "frozen") and token.text in _LENGTHS for token in tokens):
        return []
    printed = [token for token in tokens if token.kind != "math" and token.text not in _SPACING]
    return tokens if _visible(printed) else []
