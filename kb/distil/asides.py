"""Leave out what only explains a variable: `m_eff, defined as the scalar sum of the jets' p_T, must exceed 1 TeV`.

A threshold is on the variable whose verb it follows, not on the last one the explanation mentions, and numbers in an
explanation are no requirements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.distil.entities import kinds
from kb.distil.lexer import Token
from kb.distil.notation import OF_THE_EVENT
from kb.distil.qualifiers import spoken
from kb.distil.rulebook import pattern, rulebook

_OPENS = rulebook("asides")["opens"]
_COMMA, _BARE, _VERB = (pattern(rf"\s*{_OPENS[name]}") for name in ("comma", "bare", "verb"))
_COMPUTED = {"ratio", "sum", "fraction", "difference", "product", "cosine"}
_NUMERIC = "vcnuqQM"


def main_clause(tokens: list[Token]) -> list[Token]:
    """Return the tokens of a sentence without explanations of its variables.

    Of the explanation of a variable that does not say whose it is, the objects are kept.
    """
    shape = kinds(tokens)
    out: list[Token] = []
    position = 0
    for head, start, end in _asides(tokens, shape):
        if start < position:
            continue
        out += tokens[position:start]
        if not _is_settled(tokens, head):
            out += [t for t in tokens[start:end] if t.kind not in _NUMERIC and t.word not in _COMPUTED]
        position = end
    return out + tokens[position:] if position else tokens


def _asides(tokens: list[Token], shape: str) -> Iterator[tuple[int, int, int]]:
    """Yield each explained variable with the tokens `[start, end)` of its explanation."""
    for head, kind in enumerate(shape):
        if kind != "v":
            continue
        of = re.match(r"[Oq][trne]{0,4}o", shape[head + 1 :])  # "the p_T imbalance of the two jets, defined as …"
        start = head + 1 + (of.end() if of else 0)
        while start < len(shape) and shape[start] == "x":
            start += 1
        behind = shape[start : start + 1]
        if behind in {"l", "b"} and _COMMA.match(spoken(tokens[start + 1 : start + 8])):
            end = _closed(shape, start) if behind == "b" else _at_verb(tokens, shape, start + 1, comma=True)
        elif behind == "c" and tokens[start].text in {"=", "≡"} and shape[start + 1 : start + 2] != "n":
            end = _at_verb(
                tokens, shape, start + 1, comma=True, formula=True
            )  # "D_ζ = p_ζ^miss - 0.85 p_ζ^vis, must …"
        elif re.match("ltc[^n]", shape[start:]) and tokens[start + 2].text in {"=", "≡"}:
            end = _at_verb(tokens, shape, start + 1, comma=True)  # "the asymmetry of the two jets, A = (…), must …"
        elif _BARE.match(spoken(tokens[start : start + 5])):
            end = _at_verb(tokens, shape, start, comma=False)
        else:
            continue
        if end is not None and head and shape[head - 1] == "l" and shape[end - 1] == "l":
            end -= 1  # "the transverse mass, m_T = …, must": the symbol stays between commas
        if end is not None:
            yield head, start, end


def _closed(shape: str, opening: int) -> int | None:
    depth = 0
    for index in range(opening, len(shape)):
        depth += {"b": 1, "d": -1}.get(shape[index], 0)
        if depth == 0:
            return index + 1
    return None


def _at_verb(tokens: list[Token], shape: str, start: int, *, comma: bool, formula: bool = False) -> int | None:
    """Return where an explanation ends: at the comma (or without one) in front of the variable's verb."""
    depth = 0
    for index in range(start, len(tokens)):
        kind = shape[index]
        if kind == "b":
            depth += 1
        elif kind == "d":
            if depth == 0 and not formula:  # of a formula's brackets some are read as those of its symbols
                return None
            depth = max(0, depth - 1)
        elif kind == "S":
            return None
        elif tokens[index].text.endswith(")") and "(" not in tokens[index].text:
            depth = max(0, depth - 1)  # "1 - cosΔφ)": the bracket is read as one of the symbol's
        elif (depth == 0 or formula) and index > start + 1:
            if comma and kind == "l" and _VERB.match(spoken(tokens[index + 1 : index + 3])):
                return index + 1
            if not comma and _VERB.match(tokens[index].word):
                return index
    return None


def _is_settled(tokens: list[Token], head: int) -> bool:
    """Say whether a variable is said to be the event's or some object's without its explanation."""
    symbol = tokens[head].value
    return symbol.about is not None or symbol.variable in OF_THE_EVENT or any(t.kind == "o" for t in tokens[:head])
