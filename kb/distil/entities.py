"""Give tokens their meaning: variables by symbol and word, objects with their rank, comparators, function words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from kb.distil.hadrons import hadron
from kb.distil.lexer import KINDS, Plain, Token, lex, plain
from kb.distil.lexicon import lexicon
from kb.distil.notation import OF_THE_EVENT, Symbol, symbols
from kb.distil.particles import Named
from kb.vocabulary import vocabulary

_RECONSTRUCTED = {"candidate", "candidates"}


@dataclass(frozen=True, slots=True)
class Mention:
    """An object as the text names it."""

    object: str
    plural: bool = False


@lru_cache(maxsize=65536)
def _norm(word: str) -> str:
    if len(word) > 1 and "_" not in word and "^" not in word and not (word.isupper() and len(word) <= 5):
        word = word.lower()  # but MET is no past tense
    return word


def _single(word: str) -> str:
    if len(word) > 3 and word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith("sses"):
        return word[:-2]
    if len(word) > 2 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


class _Trie:
    """A trie over words."""

    def __init__(self) -> None:
        self.root: dict[str, Any] = {}

    def add(self, phrase: str, kind: str, value: Any) -> None:
        words = [_norm(token.text) for token in lex(Plain(phrase, range(len(phrase)))) if token.kind != "h"]
        node = self.root
        for word in words:
            node = node.setdefault(word, {})
        node.setdefault("", (kind, value))

    def longest(self, tokens: list[Token], start: int) -> tuple[int, str, Any, bool] | None:
        """Return (end, kind, value, plural) of the longest phrase that starts at a token."""
        best = self._longest(tokens, start)
        first = tokens[start]
        if first.kind == "t" and len(first.text) == 1 and first.text.isupper():  # "B jets" that begin a sentence
            small = self._longest([replace(first, text=first.text.lower()), *tokens[start + 1 : start + 8]], 0)
            if small and (best is None or small[0] + start > best[0]):
                return small[0] + start, *small[1:]
        return best

    def _longest(self, tokens: list[Token], start: int) -> tuple[int, str, Any, bool] | None:
        node = self.root
        best: tuple[int, str, Any, bool] | None = None
        position = start
        while position < len(tokens):
            token = tokens[position]
            if token.kind == "h" and position > start and _glues(tokens, position):
                position += 1
                continue
            word = token.value if token.kind == "·" else _norm(token.text)
            plural = False
            following = node.get(word)
            if following is None and word.isupper():
                word = word.lower()
                following = node.get(word)
            if following is None and word.endswith("'s"):
                following = node.get(word[:-2])  # "the muon's track"
            if following is None:
                single = _single(word)
                following = node.get(single) if single != word else None
                plural = following is not None
            if following is None:
                break
            node = following
            position += 1
            if "" in node:
                kind, value = node[""]
                best = (position, kind, value, plural or (word.endswith("s") and len(word) > 3))
        return best


def _glues(tokens: list[Token], position: int) -> bool:
    if position + 1 >= len(tokens):
        return False
    before, here, after = tokens[position - 1], tokens[position], tokens[position + 1]
    return before.end == here.start and here.end == after.start and after.kind in "t·h"


@lru_cache(maxsize=1)
def _trie() -> _Trie:
    words, phrases = lexicon(), _Trie()
    for term in vocabulary().objects.values():
        for alias in term.aliases:
            phrases.add(alias, "o", term.id)
    for term in vocabulary().variables.values():
        for alias in term.aliases:
            if alias != "isolated":
                phrases.add(alias, "v", term.id)
    for variable, items in words.named.items():
        for item in items:
            phrases.add(item, "v", (variable, item))
    phrases.add("pair", "o", "pair")  # of what, the sentences before say
    phrases.add("combination", "t", None)
    phrases.add("times", "t", None)  # no plural of a time
    for point in ("veto id", "veto identification", "veto working point", "veto cut based"):
        phrases.add(point, "t", None)  # a working point's name, which rejects nothing
    for where in ("η φ space", "η φ plane", "φ space", "φ plane"):
        phrases.add(where, "t", None)  # bounds neither
    phrases.add("non leading", "t", None)
    phrases.add("charged hadron subtraction", "t", None)  # of jets, no hadron is meant
    phrases.add("soft drop", "t", None)  # a way to groom jets, nothing is dropped
    phrases.add("opposite hemisphere", "t", None)  # where two jets are, no third thing
    for op, items in words.comparators.items():
        for item in items:
            phrases.add(item, "c", op)
    for rank, items in words.ranks.items():
        for item in items:
            phrases.add(item, "r", rank)
    for name, items in words.words.items():
        for item in items:
            if name in KINDS:
                phrases.add(item, KINDS[name], None)
    for mass, items in words.masses.items():
        for item in items:
            phrases.add(item, "M", mass)
    for word, value in words.numbers.items():
        phrases.add(word, "n", float(value))
    return phrases


def tokens_of(text: Plain, own: Iterable[Symbol] = ()) -> list[Token]:
    """Read plain text into meaningful tokens; `own` are symbols in it that only the paper explains.

    >>> from kb.distil.lexer import plain
    >>> "".join(t.kind for t in tokens_of(plain("Electrons (muons) must have p_T > 30 (25) GeV")))
    'obodmkvcnbndu'
    """
    raw: list[Token] = []
    position = 0
    own = list(own)
    found = sorted([*symbols(text.text), *own], key=lambda s: (s.start, -s.end)) if own else symbols(text.text)
    for symbol in found:
        first, last = symbol.start, symbol.end
        while last > first and text.text[last - 1].isspace():
            last -= 1
        if first < position:
            continue
        raw += lex(text, position, first)
        raw.append(_variable(symbol, text.text[first:last], text.offset(first), text.offset(last - 1) + 1))
        position = last
    raw += lex(text, position)
    return _phrased(raw)


def _variable(symbol: Symbol, body: str, start: int, end: int) -> Token:
    return Token("v", body, start, end, symbol)


def mass_named(body: str) -> float | None:
    """Return the mass [GeV] that a symbol such as `m_Z` names."""
    bare = re.sub(r"[_{}()\s]|\^?PDG", "", body)
    return lexicon().mass_symbols.get(f"m{bare[1:]}" if bare.startswith("M") else bare)


def _is_quoted(raw: list[Token], position: int) -> bool:
    around = raw[max(0, position - 1) : position] + raw[position + 1 : position + 2]
    return len(around) == 2 and all(t.text in "\"'`" for t in around)


_COUNTING = frozenset({"no", "any", "additional", "further", "other", "extra", "one", "two", "more"})
_VETOED = frozenset({"lepton", "leptons", "electron", "electrons", "muon", "muons", "tau", "taus", "jets", "photons"})


def _is_kind(raw: list[Token], position: int) -> bool:
    """Say whether a word between `no additional` and `leptons` tells which ones."""
    before, behind = raw[position - 1 : position], raw[position + 1 : position + 2]
    return bool(before and behind) and before[0].word in _COUNTING and behind[0].word in _VETOED


def _phrased(raw: list[Token]) -> list[Token]:
    phrases = _trie()
    # A bare p_T may be part of a phrase ("highest-p_T lepton"); it is spelt for the trie, and restored if it is not.
    spelt = [
        replace(t, kind="·", value="p_t" if t.text[0] in "pP" else "e_t")
        if t.kind == "v" and t.value.variable == "pt" and t.value.about is None and "|" not in t.text
        else t
        for t in raw
    ]
    out: list[Token] = []
    position = 0
    while position < len(raw):
        token = spelt[position]
        # a working point's name, `no additional veto leptons`
        if token.word == "veto" and (_is_quoted(raw, position) or _is_kind(raw, position)):
            out.append(token)
            position += 1
            continue
        if token.kind not in "t·pn" or (token.kind == "n" and token.text[0].isdigit()):
            out.append(raw[position])
            position += 1
            continue
        found = phrases.longest(spelt, position)
        if found and found[1] == "M" and found[0] < len(raw) and raw[found[0]].word in _RECONSTRUCTED:
            found = None  # "the mass of the Z candidate" is no constant
            if token.word == "mass":
                found = (position + 1, "v", "mass", False)
        if found is None or (token.kind == "·" and found[0] == position + 1 and found[1] == "v"):
            if not (token.kind == "p" and token.text in "\"'`"):
                out.append(raw[position])
            position += 1
            continue
        end, kind, value, plural = found
        if kind == "o" and plural and token.word in lexicon().numbers:  # "four leptons" counts, "four-lepton" names
            number = float(lexicon().numbers[token.word])
            out.append(replace(raw[position], kind="n", value=number))
            position += 1
            continue
        first, last = raw[position], raw[end - 1]
        body = " ".join(t.text for t in raw[position:end])
        if kind == "o":
            value = Mention(value, plural)
        elif kind == "v" and isinstance(value, tuple):
            value = Symbol(0, 0, value[0], body, None, body)
        elif kind == "v":
            about = Named("met") if value == "met_sig" else Named("event") if value in OF_THE_EVENT else None
            value = Symbol(0, 0, value, body, about)
        if kind == "W" and out and body.lower() in {"thus", "hence", "then"} and out[-1].text in {"is", "are"}:
            kind = "t"  # "are studied elsewhere and are thus not considered"
        out.append(Token(kind, body, first.start, last.end, value))
        position = end
    return _with_hadrons(out)


def _with_hadrons(tokens: list[Token]) -> list[Token]:
    """Take the names of hadrons for objects, where they are."""
    out: list[Token] = []
    position = 0
    while position < len(tokens):
        found = hadron(tokens, position)
        if found is None:
            out.append(tokens[position])
            position += 1
            continue
        end, object_id, plural = found
        first, last = tokens[position], tokens[end - 1]
        body = " ".join(t.text for t in tokens[position:end])
        out.append(Token("o", body, first.start, last.end, Mention(object_id, plural)))
        position = end
    return out


def kinds(tokens: list[Token]) -> str:
    """Return the kinds of tokens as one string, for the clause grammar."""
    return "".join(t.kind for t in tokens)


@lru_cache(maxsize=4096)
def shape(text: str) -> str:
    """Return the kinds of the tokens of a short text, such as a table's cell, that is asked about again and again."""
    return kinds(tokens_of(plain(text)))


def mention(tokens: list[Token], index: int) -> Mention:
    """Return the object named at a token."""
    value = tokens[index].value
    assert isinstance(value, Mention)
    return value


def negated(tokens: list[Token], index: int) -> bool:
    """Say whether a `not` stands shortly before a token."""
    return any(t.kind == "N" and t.word in {"not", "cannot"} for t in tokens[max(0, index - 3) : index])


def is_passive(tokens: list[Token], verb: int) -> bool:
    """Say whether a form of `be` stands shortly before a verb."""
    return any(t.word in {"are", "is", "be", "been", "were", "was"} for t in tokens[max(0, verb - 3) : verb])
