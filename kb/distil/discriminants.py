"""Name what a bound is on where the vocabulary has one word for many: the JVT score, a BDT's, E_T^miss/√H_T."""

from __future__ import annotations

import re

from kb.distil.lexer import Token
from kb.distil.lexicon import lexicon
from kb.distil.notation import symbols
from kb.distil.reading import Reading
from kb.distil.rulebook import pattern, rulebook

_DATA = rulebook("discriminants")
_HEAD = pattern(rf"(?:^|[\s-]+)(?:{'|'.join(_DATA['heads'])})s?$")
_OF = pattern(rf"^(?:{'|'.join(_DATA['heads'])})s? of (?:the|an?) ")
_OWNERS = {owner: pattern("|".join(words)) for owner, words in _DATA["owners"].items()}
_STOPS = lexicon().sets["breaks"] | frozenset(_DATA["stops"])
_SIGNIFICANCE = re.compile(r"\bsignificance\b|^S(?:_|$)", re.IGNORECASE)
_MOST = 4


def discriminant(reading: Reading, index: int | None) -> str | None:
    """Return the name of the discriminant at a token, without the words for its value; None for a bare `score`."""
    if index is None:
        return None
    tokens = reading.tokens
    if tokens[index].value.told:  # a symbol that only the paper explains
        return tokens[index].text
    name = _bare(_OF.sub("", tokens[index].text))
    first = index - 1 if index and _is_discriminant(tokens[index - 1]) else index  # "a DNN output"
    own = _bare(tokens[first].text) if first < index else ""
    before = _modifiers(tokens[:first]) if own or first == index else []  # "the response w_tt"
    behind = [] if name or first < index else _behind(tokens[index + 1 :])
    parts = [" ".join(t.text for t in before), own, name, " ".join(t.text for t in behind)]
    return re.sub(r"\s*-\s*", "-", " ".join(filter(None, parts))) or None


def _is_discriminant(token: Token) -> bool:
    return token.kind == "v" and token.value.variable == "discriminant"


def _bare(text: str) -> str:
    while (match := _HEAD.search(text)) is not None:
        text = text[: match.start()]
    return text.strip()


def _modifiers(tokens: list[Token]) -> list[Token]:
    """Return the words in front of a noun that belong to its name: `quark-gluon likelihood`."""
    start = len(tokens)
    while start and len(tokens) - start < _MOST and _belongs(tokens[start - 1]):
        start -= 1
    return tokens[start:]


def _belongs(token: Token) -> bool:
    """Say whether a word may be a part of a name; an object is one of `pileup jet ID`, and none of `leptons`."""
    if token.kind == "o":
        return not token.value.plural
    return token.kind in "th" and token.word not in _STOPS and not token.word.endswith("ly")


def _behind(tokens: list[Token]) -> list[Token]:
    """Return what a bare `output` is of, or its symbol: `of the neural network`, `score w_top`."""
    if not tokens or tokens[0].word != "of":
        return []
    start = 2 if tokens[1:2] and tokens[1].word in {"the", "a", "an", "this", "its"} else 1
    end = start
    while end < min(len(tokens), start + _MOST) and _belongs(tokens[end]):
        end += 1
    return tokens[start:end]


def owner(name: str | None) -> str | None:
    """Return what a discriminant of this name is of; None where it may be of anything.

    >>> owner("JVT"), owner("DeepCSV"), owner("BDT")
    ('jet', 'bjet', None)
    """
    return next((one for one, words in _OWNERS.items() if name and words.search(name)), None)


def significance(reading: Reading, index: int | None, before: str | None) -> str | None:
    """Return the quotient that a significance of the missing momentum is, by its symbol, its sentence or one `before`.

    None is one that is computed from the resolutions of what the momentum is built of.
    """
    own = reading.tokens[index].text if index is not None else ""
    if re.search(r"√|\bsquare root\b", own):
        return quotient(own) or re.sub(r"√ ", "√", own)
    return quotient(reading.text) or before


def quotient(text: str) -> str | None:
    """Return how a text writes the missing momentum as a quotient, which is not its significance with resolutions.

    >>> quotient("the significance, defined as E_T^miss/√H_T, must exceed 5")
    'E_T^miss/√H_T'
    """
    found = next((one for one in symbols(text) if one.variable == "met_sig" and "/" in one.text), None)
    return "".join(found.text.split()) if found else None


def told_quotient(text: str) -> str | None:
    """Return the quotient that a text says the significance is, for the sentences after it."""
    return quotient(text) if _SIGNIFICANCE.search(text) else None
