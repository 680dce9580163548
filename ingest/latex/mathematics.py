r"""Mathematics: TeX's formulas read into plain text, `p_T > 7 GeV`, `|η| < 2.47`, `E_T^miss`, `√s`, `m_4ℓ`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from ingest.latex.expansion import Expander
from ingest.latex.families import commands, environments
from ingest.latex.formulas import Atom, accented, characters, is_infix, join, kind_of, operand, without_infix
from ingest.latex.ignored import is_unknown_word
from ingest.latex.symbols import functions, math_accent, symbol
from ingest.latex.tokens import Token, plain

SPACES = {
    **dict.fromkeys((" ", ";", ":", ">", "quad", "qquad", "enspace", "enskip", "space", "nobreakspace", "~"), "space"),
    **dict.fromkeys((",", "thinspace", "/"), "thin"),
    **dict.fromkeys(("!", "negthinspace", "negmedspace", "negthickspace", "-"), ""),
}
_DELIMITERS = {
    **{"pmatrix": "()", "bmatrix": "[]", "Bmatrix": "{}", "vmatrix": "||", "Vmatrix": "‖‖"},
    **{"cases": "{ ", "dcases": "{ "},
}
_LENGTH = re.compile(
    r"\s*[-+]?[\d.]*\s*(?:pt|pc|in|bp|cm|mm|dd|cc|sp|em|ex|[a-z@]*(?:skip|height|width|sep|stretch|length|space))\s*",
    re.IGNORECASE,
)
_MAX_NESTING = 50


class Rows(Protocol):
    """What mathematics tells about the rows of a displayed formula."""

    def tag(self, text: str) -> None:
        r"""Note a `\tag`."""

    def unnumbered(self) -> None:
        r"""Note a `\nonumber`."""

    def row_end(self) -> None:
        """Note the end of a row."""


class Words(Protocol):
    """What mathematics needs from the reader of prose around it."""

    def inline_text(self, tokens: Sequence[Token], around: Expander) -> str:
        r"""Read the content of `\text{…}`."""

    def quantity(self, name: str, expander: Expander) -> str | None:
        r"""Read siunitx' `\name` with its arguments, or None if it is no command of it."""

    def label(self, name: str) -> None:
        r"""Note a `\label` of an equation."""

    def reference(self, token: Token, expander: Expander) -> str | None:
        r"""Read a `\ref` or `\cite` within a formula."""


class MathReader:
    """Reads formulas from an expander."""

    def __init__(self, words: Words, rows: Rows) -> None:
        self.words = words
        self.rows = rows
        self._depth = 0
        self._parts = 0  # how many environments for parts of an equation are open

    def formula(self, expander: Expander, closing: Callable[[Token], bool]) -> str | None:
        """Read up to the token that closes the formula; None, with nothing taken, where its paragraph ends before.

        So a lost dollar sign costs no prose. Rows of a displayed formula come on lines of their own.
        """
        mark = expander.mark()
        outer, expander.in_math = expander.in_math, True
        atoms: list[Atom] = []
        try:
            while (token := expander.next()) is not None and token.kind != "par":
                if closing(token):
                    return join(without_infix(atoms))
                self._read(token, expander, atoms)
        finally:
            expander.in_math = outer
        expander.reset(mark)
        return None

    def command(self, token: Token, expander: Expander) -> str:
        """Read one mathematical command that stands outside a formula."""
        atoms: list[Atom] = []
        self._command(token, expander, atoms)
        return join(atoms)

    def plain(self, tokens: Sequence[Token], around: Expander) -> str:
        """Read tokens that are a whole formula."""
        return join(self._atoms(tokens, around))

    def _atoms(self, tokens: Sequence[Token], around: Expander) -> list[Atom]:
        if self._depth >= _MAX_NESTING:
            around.push(tokens)
            return []
        expander = around.child(tokens)
        expander.in_math = True
        atoms: list[Atom] = []
        self._depth += 1
        while (token := expander.next()) is not None:
            self._read(token, expander, atoms)
        self._depth -= 1
        return without_infix(atoms)

    def _argument(self, expander: Expander) -> list[Atom]:
        return self._atoms(expander.argument(), expander)

    def _nucleus(self, expander: Expander) -> list[Atom]:
        r"""Read what a script or accent applies to: a group, one character, or a command with its arguments."""
        if self._depth >= _MAX_NESTING:
            return []
        atoms: list[Atom] = []
        while (token := expander.next()) is not None and token.kind in ("space", "eof"):
            pass
        if token is None or token.kind in ("par", "end_env", "align"):
            if token is not None:
                expander.unread([token])
            return []
        if token.kind == "chars" and len(token.text) > 1:
            expander.unread([token._replace(text=token.text[1:], pos=token.pos + 1)])
            token = token._replace(text=token.text[0])
        self._depth += 1
        self._read(token, expander, atoms)
        self._depth -= 1
        return atoms

    def _read(self, token: Token, expander: Expander, atoms: list[Atom]) -> None:
        kind = token.kind
        if kind == "chars":
            atoms += characters(token.text)
        elif kind in ("macro", "frozen"):
            self._command(token, expander, atoms)
        elif kind == "open" and self._depth < _MAX_NESTING:
            inside = self._atoms(expander.group(), expander)
            atoms += (
                [Atom("ord", inside[0].text)]
                if len(inside) == 1 and inside[0].kind in ("punct", "rel", "bin")
                else inside
            )
        elif kind in ("sub", "sup"):
            atoms.append(Atom(kind, join(self._nucleus(expander), tight=True)))
        elif kind in ("tie", "par"):
            atoms.append(Atom("space", " "))
        elif kind == "verb":
            atoms.append(Atom("ord", token.text))
        elif kind == "begin_env":
            self._environment(token.text, expander, atoms)

    def _command(self, token: Token, expander: Expander, atoms: list[Atom]) -> None:
        name = token.text
        if (space := SPACES.get(name)) is not None:
            if space:
                atoms.append(Atom(space, " "))
        elif name == "xspace":
            atoms.append(Atom("soft", ""))
        elif name in commands("texts"):
            if name in ("hbox", "mbox") and (unit := expander.braced()) is not None:
                atoms.append(Atom("text", self.words.inline_text(unit, expander)))
            else:
                line = [Atom("line", "\n")] if name.endswith("intertext") else []
                atoms += [*line, Atom("text", self.words.inline_text(expander.argument(), expander)), *line]
        elif name in commands("math_fonts"):
            expander.star()
            inside = self._argument(expander)
            atoms += [Atom("op", join(inside))] if name.startswith("operatorname") else inside
        elif is_infix(name):
            atoms.append(Atom("infix", name))
        elif (special := _SPECIAL.get(name)) is not None:
            special(self, expander, atoms)
        elif name in functions():
            atoms.append(Atom("op", name))
        elif (mark := math_accent(name)) is not None:
            atoms += accented(self._nucleus(expander), mark)
        elif (quantity := self.words.quantity(name, expander)) is not None:
            atoms += [Atom("text", quantity), Atom("soft", "")]
        elif (reference := self.words.reference(token, expander)) is not None:
            atoms.append(Atom("text", reference))
        elif (character := symbol(name)) is not None:
            atoms.append(Atom(kind_of(character), character))
        elif is_unknown_word(name) and not _takes_argument(expander):
            atoms += [Atom("soft", ""), Atom("text", name), Atom("soft", "")]

    def _environment(self, name: str, expander: Expander, atoms: list[Atom]) -> None:
        if self._depth >= _MAX_NESTING:
            return
        if name in environments("aligned"):
            self._aligned(name, expander, atoms)
        elif name in environments("arrays"):
            self._array(name, expander, atoms)

    def _aligned(self, name: str, expander: Expander, atoms: list[Atom]) -> None:
        """Read the rows of a part of an equation, which have no numbers of their own."""
        expander.optional()
        if name == "alignedat":
            expander.argument()
        self._depth += 1
        self._parts += 1
        for token in _inside(name, expander):
            self._read(token, expander, atoms)
        self._parts -= 1
        self._depth -= 1

    def _array(self, name: str, expander: Expander, atoms: list[Atom]) -> None:
        self._depth += 1
        if name in ("array", "tabular"):
            expander.optional()
            expander.argument()
        rows: list[list[list[Atom]]] = [[[]]]
        for token in _inside(name, expander):
            if token.kind == "align":
                rows[-1].append([])
            elif token.kind in ("macro", "frozen") and token.text in ("\\", "cr", "tabularnewline"):
                _line_break(expander)
                rows.append([[]])
            elif not (
                token.kind in ("macro", "frozen") and token.text in ("hline", "toprule", "midrule", "bottomrule")
            ):
                self._read(token, expander, rows[-1][-1])
        self._depth -= 1
        lines = [line for row in rows if (line := " ".join(filter(None, (join(without_infix(cell)) for cell in row))))]
        left, right = (*_DELIMITERS.get(name, "  "),)[:2]
        body = "; ".join([*(line.rstrip(" ,;") for line in lines[:-1]), *lines[-1:]])
        atoms.append(Atom("ord", f"{left.strip()}{' ' if left == '{' else ''}{body}{right.strip()}"))

    def _fraction(self, expander: Expander, atoms: list[Atom]) -> None:
        above, below = self._argument(expander), self._argument(expander)
        atoms.append(Atom("ord", f"{operand(above, below=False)}/{operand(below, below=True)}"))

    def _slash_fraction(self, expander: Expander, atoms: list[Atom]) -> None:
        expander.optional()
        self._fraction(expander, atoms)

    def _binomial(self, expander: Expander, atoms: list[Atom]) -> None:
        above, below = join(self._argument(expander)), join(self._argument(expander))
        atoms.append(Atom("ord", f"({above} choose {below})"))

    def _root(self, expander: Expander, atoms: list[Atom]) -> None:
        degree = expander.optional()
        inside = join(self._argument(expander))
        sign = {"": "√", "3": "∛", "4": "∜"}.get(self.plain(degree or [], expander), "√")
        simple = re.fullmatch(r"[^\W\d_]*(?:_\w+|_\{[^{}]*\})?|[\d.]+", inside) is not None
        atoms.append(Atom("ord", sign + (inside if simple else f"({inside})")))

    def _stacked(self, expander: Expander, atoms: list[Atom]) -> None:
        above, base = join(self._argument(expander)).strip(), self._argument(expander)
        shape = {("<", "∼"): "≲", (">", "∼"): "≳", ("def", "="): ":=", ("<", "≈"): "≲", (">", "≈"): "≳"}
        both = shape.get((above, join(base).strip()))
        if both:
            atoms.append(Atom("rel", both))
        elif above and any(character.isalnum() for character in above):
            atoms += [*base, Atom("sup", above)]
        else:
            atoms += base

    def _under(self, expander: Expander, atoms: list[Atom]) -> None:
        below, base = join(self._argument(expander), tight=True), self._argument(expander)
        atoms += [*base, Atom("sub", below)] if below else base

    def _arrow(self, expander: Expander, atoms: list[Atom]) -> None:
        expander.optional()
        above = join(self._argument(expander))
        atoms.append(Atom("rel", f"→ ({above}) →" if above else "→"))

    def _substack(self, expander: Expander, atoms: list[Atom]) -> None:
        inside = self._argument(expander)
        atoms += [Atom("punct", ",") if atom.kind == "line" else atom for atom in inside]

    def _not(self, expander: Expander, atoms: list[Atom]) -> None:
        inside: list[Atom] = []
        for _ in range(6):
            inside = self._nucleus(expander)
            if inside and inside[0].text.strip():
                break
        if inside:
            first = unicodedata.normalize("NFC", inside[0].text[:1] + "\u0338") + inside[0].text[1:]
            atoms += [Atom(inside[0].kind, first), *inside[1:]]
        else:
            atoms.append(Atom("negate", ""))

    def _delimiter(self, expander: Expander, atoms: list[Atom], kind: str) -> None:
        inside = self._nucleus(expander)
        if inside and inside[0].text == ".":
            inside = inside[1:]
        elif inside and inside[0].text in ("<", ">"):
            inside = [Atom(kind, "⟨" if inside[0].text == "<" else "⟩"), *inside[1:]]
        atoms += [Atom(kind, atom.text) if atom.kind in ("bar", "open", "close", "rel") else atom for atom in inside]

    def _line(self, expander: Expander, atoms: list[Atom]) -> None:
        _line_break(expander)
        if not self._parts:
            self.rows.row_end()
        atoms.append(Atom("line", "\n"))

    def _note_label(self, expander: Expander, _: list[Atom]) -> None:
        self.words.label(expander.word())

    def _note_tag(self, expander: Expander, _: list[Atom]) -> None:
        expander.star()
        self.rows.tag(self.words.inline_text(expander.argument(), expander))

    def _unnumbered(self, expander: Expander, _: list[Atom]) -> None:
        self.rows.unnumbered()

    def _hspace(self, expander: Expander, atoms: list[Atom]) -> None:
        expander.star()
        if not plain(expander.argument()).startswith("-"):
            atoms.append(Atom("space", " "))

    def _modulo(self, expander: Expander, atoms: list[Atom]) -> None:
        atoms.append(Atom("bin", "mod"))


_Special = Callable[[MathReader, Expander, list[Atom]], None]


def _fixed(kind: str, text: str) -> _Special:
    return lambda reader, expander, atoms: atoms.append(Atom(kind, text))


_SPECIAL: dict[str, _Special] = {
    **dict.fromkeys(("frac", "dfrac", "tfrac", "cfrac"), MathReader._fraction),
    **dict.fromkeys(("nicefrac", "sfrac", "unitfrac", "flatfrac"), MathReader._slash_fraction),
    **dict.fromkeys(("binom", "dbinom", "tbinom"), MathReader._binomial),
    "sqrt": MathReader._root,
    **dict.fromkeys(("stackrel", "overset"), MathReader._stacked),
    "underset": MathReader._under,
    **dict.fromkeys(("xrightarrow", "xlongrightarrow"), MathReader._arrow),
    "substack": MathReader._substack,
    "not": MathReader._not,
    "left": lambda reader, expander, atoms: reader._delimiter(expander, atoms, "open"),
    "right": lambda reader, expander, atoms: reader._delimiter(expander, atoms, "close"),
    **dict.fromkeys(("\\", "cr", "newline"), MathReader._line),
    "label": MathReader._note_label,
    "tag": MathReader._note_tag,
    **dict.fromkeys(("nonumber", "notag"), MathReader._unnumbered),
    "hspace": MathReader._hspace,
    "bmod": MathReader._modulo,
    "mod": MathReader._modulo,
    "lvert": _fixed("open", "|"),
    "rvert": _fixed("close", "|"),
    "lVert": _fixed("open", "‖"),
    "rVert": _fixed("close", "‖"),
    "colon": _fixed("ord", ":"),
    "ldotp": _fixed("ord", "."),
    "circ": _fixed("ord", "∘"),
}


def is_math_command(name: str) -> bool:
    """Say whether a command has a meaning in formulas that needs its arguments."""
    return name in _SPECIAL or name in functions() or (math_accent(name) or "") != ""


def _takes_argument(expander: Expander) -> bool:
    token = expander.raw()
    if token is not None:
        expander.unread([token])
    return token is not None and (token.kind == "open" or (token.kind == "chars" and token.text[0] in "[*"))


def _line_break(expander: Expander) -> None:
    r"""Take the star and the length that `\\` may carry."""
    expander.star()
    skip_length(expander)


def skip_length(expander: Expander) -> None:
    r"""Take an optional length, `[2pt]`; a bracket that holds something else is text and stays."""
    mark = expander.mark()
    found = expander.optional(spaces=False)
    if found is not None and not _LENGTH.fullmatch("".join(token.text for token in found)):
        expander.reset(mark)


def _inside(name: str, expander: Expander) -> Iterator[Token]:
    """Yield the tokens of an environment up to its end, or up to a paragraph's end, which it cannot go beyond."""
    while (token := expander.next()) is not None:
        if token.kind == "par":
            expander.unread([token])
            return
        if token.kind == "end_env" and token.text == name:
            return
        yield token
