"""Read text into tokens with offsets: numbers, units, comparators in every notation, brackets and words.

Tokens carry a kind of one letter, so that the clause grammar can be written as regular expressions over kinds:

    n number       u unit          c comparator    v variable      o object       r rank
    a and/or       l comma         S semicolon     C colon         s slash        h dash
    b d ( )        B D [ ]         x citation      p other sign    t other word
    f for/if       w with          O of            m must/require  k keep/select  j reject/veto
    e each/all     z no/without    y respectively  q between/in    Q outside      g to
    i within       N not           W while/whereas
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from kb.distil.lexicon import lexicon
from kb.vocabulary import vocabulary

KINDS = {
    "and": "a",
    "for": "f",
    "with": "w",
    "of": "O",
    "must": "m",
    "keep": "k",
    "reject": "j",
    "each": "e",
    "no": "z",
    "respectively": "y",
    "range": "q",
    "outside": "Q",
    "to": "g",
    "within": "i",
    "not": "N",
    "while": "W",
}

# Signs that look alike are read alike; every entry is one character for one, so offsets stay.
_ALIKE = str.maketrans(
    {
        "∆": "Δ",
        "µ": "μ",
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "″": '"',
        "\u00a0": " ",
        "\u2009": " ",
        "\u202f": " ",
        "\u2002": " ",
        "\u2003": " ",
        "\n": " ",
        "\t": " ",
        "\r": " ",
        "−": "-",
        "∣": "|",
        "⩾": "≥",
        "⩽": "≤",
        "≧": "≥",
        "≦": "≤",
        "∗": "*",
        "⋆": "*",
        "ϕ": "φ",
        "\u20d7": " ",
        "‐": "-",
        "‑": "-",
        "∶": ":",
        "˜": " ",
        "²": "2",
        "³": "3",
        "¹": "1",
        "⁰": "0",
        "⟨": "(",
        "⟩": ")",
        "ⅼ": "l",
        "∕": "/",
        "╱": "/",
        "¯": " ",
        "₀": "0",
        "₁": "1",
        "₂": "2",
        "₃": "3",
        "₄": "4",
        "\u2061": " ",
        "\u200b": " ",
    }
)
_LONG = {"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl", "…": "...", "\u0304": ""}
_NEEDS_MAP = re.compile("[" + "".join(_LONG) + r"]|(?<=[a-z])-\s+(?=[a-z])")
_HYPHENATED = re.compile(r"(?<=[a-z])-\s+(?!(?:and|or|to|nor)\b)(?=[a-z])")


@dataclass(frozen=True, slots=True)
class Plain:
    """Text in which signs that look alike are one sign; `at[i]` is the offset of character i in the document."""

    text: str
    at: list[int] | range

    def offset(self, index: int) -> int:
        """Return the document offset of a position (also one past the end)."""
        return self.at[index] if index < len(self.at) else self.at[-1] + 1 if len(self.at) else 0


def plain(text: str, offset: int = 0) -> Plain:
    """Unify signs, undo ligatures and line-end hyphens.

    >>> plain("identiﬁed at ∆R", 10).text
    'identified at ΔR'
    """
    if not _NEEDS_MAP.search(text):
        return Plain(text.translate(_ALIKE), range(offset, offset + len(text)))
    dropped: set[int] = set()
    for match in _HYPHENATED.finditer(text):
        dropped.update(range(match.start(), match.end()))
    signs: list[str] = []
    at: list[int] = []
    for index, sign in enumerate(text):
        if index in dropped:
            continue
        for part in _LONG.get(sign, sign):
            signs.append(part)
            at.append(offset + index)
    return Plain("".join(signs).translate(_ALIKE), at)


@dataclass(slots=True)
class Token:
    """A piece of text: `kind` as in the module's table, `[start, end)` in the document."""

    kind: str
    text: str
    start: int
    end: int
    value: Any = None

    @property
    def word(self) -> str:
        """The text in lower case."""
        return self.text.lower()


_UNITS = sorted(
    {name for unit in vocabulary().units.values() for name in (unit.id, *unit.aliases) if name not in {"1", "s", "m"}},
    key=len,
    reverse=True,
)
_UNIT = "|".join(re.escape(name) for name in _UNITS)
_UNIT_AFTER = re.compile(
    rf"\s*(?:√\s*)?({_UNIT}|m|s)(?:\s*\^?\s*\{{?1/2\}}?)?(?![A-Za-z0-9])(?!\s*\^?-\d|/[cm]?m|\s?g\s?\^|\s+of\s+freedom)"
)
_TOKEN = re.compile(
    rf"""
    (?P<turn>(?<![\w.])(?:\d+(?:\.\d+)?\s?[×·*]?\s?)?π(?:\s?/\s?\d+(?!\.?\d)|\s?[-–]\s?\d+\.\d+)?(?![\w^_+*±-]))
  | (?P<number>(?<![\w.])[+-]?(?:\d{{1,3}}(?:[,\u2009 ]\d{{3}})+(?!\d)|\d+(?:\.\d+)?|\.\d+)
        (?:\s?[×x]\s?10\s?\^?\s?[-+]?\d+)?
        (?=(?:{_UNIT}|m|s)(?![A-Za-z0-9])|(?![A-Za-zα-ωΑ-Ωℓ0-9_]|\.\d)))
  | (?P<cite>\[\s*\d+(?:\s*[,–-]\s*\d+)*\s*\])
  | (?P<symbol>>=|<=|==|!=|=>|=<|/∈|[><=≥≤≳≲≫≪≡≠∈∉])
  | (?P<word>[^\W_]+(?:'[a-z]+)?(?:[_^](?:\{{[^}}]*\}}|[\w*±+-]+))*)
  | (?P<sign>\S)
    """,
    re.VERBOSE,
)
_RANGES = {"range", "interval", "window"}
_SHARE = re.compile(r"[1-3]/[2-9](?![\w/]|\.\d)")
_SIGNS = {"(": "b", ")": "d", "[": "B", "]": "D", ",": "l", ";": "S", ":": "C", "/": "s", "–": "h", "-": "h", "—": "h"}
_SYMBOLS = {sign: op for op, signs in lexicon().comparator_symbols.items() for sign in signs}


def number(text: str) -> float:
    """Read a number as printed: `1 200`, `1,200`, `0.5`, `2.3×10^-4`.

    >>> number("1,200"), number("2×10^-3"), number("0.10")
    (1200.0, 0.002, 0.1)
    """
    head, _, power = text.replace("x", "×").partition("×")
    value = float(re.sub(r"[\s,\u2009]", "", head))
    if power:
        value *= 10.0 ** int(re.sub(r"^\s*10|[\s^+]", "", power) or 0)
        value = float(f"{value:.12g}")
    return value


def fraction_of_pi(text: str) -> float:
    """Return a fraction of π [rad] to six decimals.

    >>> fraction_of_pi("2π/3"), fraction_of_pi("π/2"), fraction_of_pi("0.75π"), fraction_of_pi("π - 0.02")
    (2.094395, 1.570796, 2.356194, 3.121593)
    """
    less = re.fullmatch(r"π\s?[-–]\s?([\d.]+)", text)
    if less:
        return round(math.pi - float(less.group(1)), 6)
    above, _, below = re.sub(r"[\s×·*]", "", text).partition("/")
    return round(float(above.rstrip("π") or 1) * math.pi / float(below or 1), 6)


def _bounds(tokens: list[Token], piece: str) -> bool:
    """Say whether a π is the number and no pion: `> π/2`, `below 0.9π`, but `K → 3π`."""
    last = tokens[-1] if tokens else None
    told = last is not None and last.kind in "cqB"
    return told or re.search(r"[./]", piece) is not None


def lex(text: Plain, start: int = 0, end: int | None = None) -> list[Token]:
    """Split plain text into tokens; numbers take their unit as a token of its own."""
    tokens: list[Token] = []
    stop = len(text.text) if end is None else end
    position = start
    while position < stop:
        match = _TOKEN.search(text.text, position, stop)
        if match is None:
            break
        position = match.end()
        begin, finish = text.offset(match.start()), text.offset(match.end() - 1) + 1
        piece = match.group()
        group = match.lastgroup
        if group == "turn":
            value = fraction_of_pi(piece) if _bounds(tokens, piece) else None
            tokens.append(Token("t" if value is None else "n", piece, begin, finish, value))
        elif group == "number":
            share = _SHARE.match(text.text, match.start(), stop) if piece in {"1", "2", "3"} else None
            if share:  # "p_T > m/3" is rarely written with a number, "> 1/3" is
                piece = share.group()
                position, finish = share.end(), text.offset(share.end() - 1) + 1
                above, below = piece.split("/")
                tokens.append(Token("n", piece, begin, finish, round(int(above) / int(below), 6)))
                continue
            tokens.append(Token("n", piece, begin, finish, number(piece)))
            unit = _UNIT_AFTER.match(text.text, position, stop)
            if unit and not (unit.group(1) in {"m", "s"} and not text.text[position : position + 1].isspace()):
                root = unit.group().rstrip("} ").endswith("1/2") or "√" in unit.group()
                known = vocabulary().unit("1" if root else unit.group(1))
                first = unit.start(1)
                tokens.append(
                    Token(
                        "u", text.text[first : unit.end()], text.offset(first), text.offset(unit.end() - 1) + 1, known
                    )
                )
                position = unit.end()
        elif group == "cite":
            ranged = tokens and (tokens[-1].kind in "qQ" or tokens[-1].word in _RANGES)
            if ranged or _UNIT_AFTER.match(text.text, position, stop):
                tokens.append(Token("B", "[", begin, begin + 1))
                position = match.start() + 1
            else:
                tokens.append(Token("x", piece, begin, finish))
        elif group == "symbol":
            if piece in {"∈"}:
                tokens.append(Token("q", piece, begin, finish))
            elif piece in {"∉", "/∈"}:
                tokens.append(Token("Q", piece, begin, finish))
            else:
                tokens.append(Token("c", piece, begin, finish, _SYMBOLS[piece]))
        elif group == "word" or piece in {"%", "°"}:
            unit_after = tokens and tokens[-1].kind in "dD" and (piece in _UNITS or piece in {"m", "s"})
            if unit_after and any(t.kind == "n" for t in tokens[-4:]):
                tokens.append(Token("u", piece, begin, finish, vocabulary().unit(piece)))
            else:
                tokens.append(Token("t" if group == "word" else "p", piece, begin, finish))
        else:
            tokens.append(Token(_SIGNS.get(piece, "p"), piece, begin, finish))
    return tokens
