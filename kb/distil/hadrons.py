"""Take the names of hadrons for objects: `K^{*0} candidates`, `the p_T of the B^0`, `a K^+ with p_T > 0.5 GeV`."""

from __future__ import annotations

import re
from functools import lru_cache

from kb.distil.lexer import Token
from kb.distil.rulebook import rulebook

_FAMILIES = {name: re.compile(signs) for name, signs in rulebook("particles")["hadrons"].items()}
_CHARGED = re.compile(r"\S\^\{?[±+-]\}?")
_NOUNS = {"candidate", "meson", "baryon", "hadron", "track"}
_DETERMINERS = {"the", "a", "each", "every", "of", "both", "between the"}
_PAIRS = re.compile(r"(?:[Kπp](?:\^?\{?[±+-]\}?)?){2,}")


@lru_cache(maxsize=1024)
def family(name: str) -> str | None:
    """Return the object that the name of a hadron stands for.

    >>> family("K^+"), family("K^{*0}"), family("B_s^0"), family("K_S^0"), family("jets")
    ('track', 'meson', 'candidate', 'meson', None)
    """
    return next((object_id for object_id, signs in _FAMILIES.items() if signs.fullmatch(name)), None)


def hadron(tokens: list[Token], index: int) -> tuple[int, str, bool] | None:
    """Return (end, object, plural) of the hadron named at a token, if one is named as an object."""
    token = tokens[index]
    if token.kind != "t":
        return None
    if _PAIRS.fullmatch(token.text) and _word(tokens, index + 1) in {"pair", "pairs"}:
        return index + 2, "meson", _word(tokens, index + 1) == "pairs"
    object_id = family(token.text)
    if object_id is None:
        return None
    end = _named_to(tokens, index)
    noun = _word(tokens, end)
    if noun.removesuffix("s") in _NOUNS:
        return end + 1, object_id, noun.endswith("s")
    if noun == "decay" and _word(tokens, end + 1) == "vertex":
        return end, object_id, False
    in_decay = "→" in {_word(tokens, index - 1), _word(tokens, end)}
    charged = object_id == "track" and _CHARGED.fullmatch(token.text) is not None
    told = charged or (len(token.text) > 1 and _word(tokens, index - 1) in _DETERMINERS)
    if in_decay or not told or (end < len(tokens) and tokens[end].kind == "t" and noun not in {"vertex", "is", "and"}):
        return None
    return end, object_id, False


def _named_to(tokens: list[Token], index: int) -> int:
    """Return where a name ends: `ψ(2S)`, `K^*(892)^0`."""
    end = index + 1
    if [t.kind for t in tokens[end : end + 3]] in (["b", "t", "d"], ["b", "n", "d"]) and tokens[end].start == tokens[
        index
    ].end:
        end += 3
        if _word(tokens, end) == "^":
            end += 2
    return end


def _word(tokens: list[Token], index: int) -> str:
    return tokens[index].word if 0 <= index < len(tokens) else ""
