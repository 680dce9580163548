r"""The columns of a table: what its preamble puts around their cells, and which hold numbers or formulas."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from ingest.latex.expansion import Expander
from ingest.latex.tokens import Token, plain

MAX_COLUMNS = 400
_MAX_PREAMBLE = 10_000
_LENGTHS = frozenset(["extracolsep", "hspace", "hskip", "kern", "vrule", "hphantom", "color", "rule"])
_SPACING = frozenset([",", " ", ";", ":", "!", "quad", "qquad", "enspace", "space", "fill", "hfill", "hfil"])


@dataclass
class Column:
    """What `@{…}`, `!{…}`, `>{…}` put before a cell and `<{…}` behind it; whether it holds numbers or formulas."""

    before: list[Token] = field(default_factory=list)
    after: list[Token] = field(default_factory=list)
    kind: Literal["", "number", "formula"] = ""
    separator: tuple[str, tuple[Token, ...]] = ("", ())

    @property
    def continues(self) -> bool:
        """Whether it holds the decimals of the column before it: `r@{.}l`."""
        return plain(self.before) in (".", ",")

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


def preamble(expander: Expander, specification: Sequence[Token]) -> list[Column]:
    """Read a column specification; widths are skipped, `*{3}{c}` is repeated."""
    columns: list[Column] = []
    before: list[Token] = []
    inside = expander.child(specification)
    types = expander.definitions.columns
    expanded = 0
    for _ in range(_MAX_PREAMBLE):
        token = inside.raw()
        if token is None or len(columns) >= MAX_COLUMNS:
            break
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
            times, repeated = count(inside), inside.argument()
            inside.push(repeated * max(0, min(times, 100)))
        elif (macro := types.get(letter)) is not None and expanded < MAX_COLUMNS:
            expanded += 1
            inside.expand(macro, token)
        elif letter.isalpha():
            columns.append(_column(letter, before, inside))
            before = []
    return columns


def count(expander: Expander) -> int:
    text = plain(expander.argument())
    return int(text) if text.lstrip("+-").isdigit() else 1


def visible(tokens: Sequence[Token]) -> bool:
    return any(token.kind not in ("space", "par", "eof", "open", "close") for token in tokens)


def _column(letter: str, before: list[Token], inside: Expander) -> Column:
    """Read the arguments of a type of column: a width, siunitx' options, dcolumn's separators."""
    if letter == "D":
        written, printed = plain(inside.argument()), inside.argument()
        inside.argument()
        return Column(before=before, kind="formula", separator=(written, tuple(printed)))
    if letter in "pmb" or letter in "wW":
        inside.argument()
    if letter in "wW":
        inside.argument()
    inside.optional()
    inside.braced()
    return Column(before=before, kind="number" if letter == "S" else "formula" if letter == "d" else "")


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
    return tokens if visible(printed) else []
