"""Read what stands at both sides of strokes as what brackets would say: `electron/muon with p_T > 30/25 GeV`."""

from __future__ import annotations

import re
from dataclasses import replace

from kb.distil.entities import Mention, kinds
from kb.distil.lexer import Token
from kb.distil.particles import FLAVOURS

_KINDS = {"electron": "electron", "e": "electron", "muon": "muon", "μ": "muon"}


def with_brackets(tokens: list[Token]) -> list[Token]:
    """Return the tokens of a sentence with `electron/muon … 30/25` as `electron (muon) … 30 (25)`.

    Both must be there: `leptons (e/μ)` are of either kind, and `p_T > 25/20 GeV` may be two leptons' thresholds.
    """
    pairs = re.compile(r"ns(?=nu?(?:[^ns]|$))")
    flavours = [i for i, token in enumerate(tokens) if _of_two(token) and not (i and tokens[i - 1].kind == "b")]
    if len(flavours) != 1 or not any(_is_bound(tokens, m.start()) for m in pairs.finditer(kinds(tokens))):
        return tokens
    found: list[Token] = []
    for index, token in enumerate(tokens):
        closes = index > 1 and tokens[index - 2].kind == "n" and tokens[index - 1].kind == "s"
        if index == flavours[0]:
            first, second = _of_two(token)
            counted = re.search(r"n[trk]{0,3}$", kinds(tokens[:index])) is not None
            found += [
                *([token] if counted else []),  # "exactly one electron/muon": one of either
                replace(token, text=first, value=Mention(first)),
                replace(token, kind="b", text="("),
                replace(token, text=second, value=Mention(second)),
                replace(token, kind="d", text=")"),
            ]
        elif token.kind == "s" and pairs.match(kinds(tokens[index - 1 :])) and _is_bound(tokens, index - 1):
            found.append(replace(token, kind="b", text="("))
        elif token.kind == "n" and closes and found[-1].kind == "b":
            found += [token, replace(token, kind="d", text=")")]
        else:
            found.append(token)
    return found


def _is_bound(tokens: list[Token], index: int) -> bool:
    return index > 0 and tokens[index - 1].kind == "c"


def _of_two(token: Token) -> tuple[str, ...]:
    """Return the two flavours that a mention such as `electron/muon` names, in its order; empty where it does not."""
    if token.kind != "o" or "/" not in token.text:
        return ()
    named = tuple(_KINDS.get(re.sub(r"s$", "", part.strip().lower()), "") for part in token.text.split("/"))
    return named if len(named) == 2 and set(named) == FLAVOURS else ()
