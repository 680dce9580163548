"""A sentence with all that was recognised in it, and its noun phrases."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise

from kb.distil.counts import Count, counts, mention, more_or_fewer, of_which
from kb.distil.entities import kinds, tokens_of
from kb.distil.lexer import Plain, Token
from kb.distil.particles import Named
from kb.distil.qualifiers import definition, pair_requirements, spoken, tags
from kb.distil.quantities import Quantity, quantities
from kb.ssc import PairRequirement

_IN_FRONT = "trneklxhv"
_BREAKS = {
    "in",
    "at",
    "on",
    "by",
    "is",
    "are",
    "was",
    "were",
    "be",
    "that",
    "which",
    "as",
    "into",
    "than",
    "after",
    "before",
    "via",
    "around",
    "near",
    "it",
    "they",
    "to",
    "within",
    "with",
    "and",
    "or",
    "where",
    "we",
    "only",
    "lies",
    "lie",
    "also",
    "respect",
    "containing",
    "contain",
    "select",
    "require",
    "required",
    "has",
    "have",
    "must",
    "these",
    "satisfying",
    "from",
    "using",
    "use",
    "used",
    "considered",
    "considers",
    "selects",
    "there",
    "then",
    "if",
    "because",
    "since",
    "while",
    "contains",
    "keep",
    "retain",
    "reject",
    "rejected",
    "accept",
    "applied",
    "uses",
    "defined",
}


@dataclass(slots=True)
class Phrase:
    """A noun phrase: its object, rank, the number said, and the words in front of it."""

    index: int
    start: int
    end: int
    object: str
    plural: bool
    rank: int | None
    number: int | None
    words: str
    requires: tuple[PairRequirement, ...]
    tags: tuple[str, ...]
    oblique: bool
    article: str
    definition: str | None = None

    @property
    def named(self) -> Named:
        """Object and rank."""
        return Named(self.object, self.rank)


@dataclass(slots=True)
class Alternation:
    """`A (B)`: what stands outside and inside the brackets."""

    start: int
    end: int
    kind: str
    outer: int
    inner: int


@dataclass(slots=True)
class Reading:
    """A sentence, read."""

    text: str
    start: int
    end: int
    tokens: list[Token]
    shape: str
    counts: list[Count]
    quantities: list[Quantity]
    phrases: list[Phrase] = field(default_factory=list)
    alternations: list[Alternation] = field(default_factory=list)

    def words(self, start: int, end: int) -> str:
        """Return the words of tokens `[start, end)`."""
        return spoken(self.tokens[start:end])

    def phrase_at(self, index: int) -> Phrase | None:
        """Return the noun phrase whose head is the token."""
        return next((p for p in self.phrases if p.index == index), None)


def read(text: Plain, start: int, end: int, pair: str = "lepton_pair") -> Reading:
    """Read a sentence of a plain text; `pair` is what a bare `pair` means."""
    tokens = tokens_of(text, start, end)
    for token in tokens:
        if token.kind == "o" and token.value.object == "pair":
            token.value = replace(token.value, object=pair)
    counted = counts(tokens)
    spans = {i for c in counted for i in range(c.start, c.end)}
    counted += [c for c in (*of_which(tokens), *more_or_fewer(tokens)) if not spans & set(range(c.start, c.end))]
    counted.sort(key=lambda c: c.start)
    taken = {i for c in counted for i in range(c.start, c.end) if tokens[i].kind in "nc"}
    reading = Reading(
        text=text.text[start:end],
        start=text.offset(start),
        end=text.offset(end - 1) + 1,
        tokens=tokens,
        shape=kinds(tokens),
        counts=counted,
        quantities=quantities(tokens, taken),
    )
    reading.phrases = [_phrase(reading, i) for i, token in enumerate(tokens) if token.kind == "o"]
    for before, phrase in pairwise(reading.phrases):  # "from any electron or muon"
        if (
            before.oblique
            and re.fullmatch(r"l?a[tre]{0,3}", reading.shape[before.index + 1 : phrase.index])
            and "m" not in reading.shape[phrase.index :][:2]
        ):
            phrase.oblique = True
    reading.alternations = _alternations(reading)
    return reading


def _phrase(reading: Reading, index: int) -> Phrase:
    tokens = reading.tokens
    start = index
    while start > 0 and tokens[start - 1].kind in _IN_FRONT + "bd":
        previous = tokens[start - 1]
        if previous.word in _BREAKS or (previous.kind == "v" and previous.value.about):
            break
        if (
            previous.kind == "n"
            and start - 2 >= 0
            and tokens[start - 2].kind == "c"
            and tokens[start - 2].text in "<>≤≥="
        ):
            break
        if previous.kind == "d" and not _short_bracket(tokens, start - 1):
            break
        if previous.kind == "b":
            break
        if previous.kind == "d":
            start -= 3
            continue
        if previous.kind == "l" and tokens[start - 2].kind not in "tr":
            break
        if previous.kind == "v" and tokens[start - 2].kind != "h" and previous.word not in {"charge", "charges"}:
            break
        start -= 1
    inside = tokens[start:index]
    here = mention(tokens, index)
    rank = next((int(t.value) for t in reversed(inside) if t.kind == "r"), None)
    article = tokens[start].word if start < index else ""
    if (
        rank in {2, 3}
        and any(t.word in {"second", "third"} for t in inside)
        and (article in {"a", "an"} or here.plural)
    ):
        rank = None  # "a second lepton": another one
    number = next((int(t.value) for t in inside if t.kind == "n" and float(t.value).is_integer()), None)
    end = index + 1
    if end < len(tokens) and tokens[end].kind == "r" and tokens[end].word.startswith("with"):
        rank = int(tokens[end].value) if rank is None else rank
        end += 1
    if rank == 1 and number is not None and number > 1:
        rank = None
    if rank in {2, 3, 4} and here.plural and any(t.kind == "n" for t in inside):
        rank = None
    behind = reading.words(index + 1, min(index + 9, len(tokens)))
    of_same = re.match(
        r"(?:of|with|having|that are of|that have) (?:the )?(?:same|opposite|different|equal|identical)[\w\s,-]*",
        behind,
    )
    words = reading.words(start, index) + (" " + of_same.group() if of_same else "")
    before = tokens[start - 1] if start else None
    if article in {"the", "a", "an", "each", "every"} and start and before is None:
        before = tokens[start - 1]
    oblique = before is not None and (
        before.kind in "Oi"
        or before.word
        in {"in", "to", "by", "around", "near", "on", "at", "within", "as", "into", "than", "after", "per"}
        or (
            before.word == "with"
            and start > 1
            and tokens[start - 2].word
            in {"associated", "matched", "together", "overlap", "compatible", "overlapping", "consistent"}
        )
    )
    named = definition(words, here.object) if here.object in _DEFINED and rank is None else None
    if named and named.startswith("veto") and any(t.kind == "r" and t.word not in {"second"} for t in inside):
        named = None  # "the leading and second leptons"
    if named is None and here.object in _DEFINED and re.match(r"(?:satisfying|passing|with) looser", behind):
        named = f"loose {here.object}"
    return Phrase(
        index,
        start,
        end,
        here.object,
        here.plural,
        rank,
        number,
        words,
        pair_requirements(words),
        tags(words, here.object),
        oblique,
        article,
        named,
    )


def _short_bracket(tokens: list[Token], close: int) -> bool:
    return close >= 2 and tokens[close - 2].kind == "b" and tokens[close - 1].kind in "trv"


def _alternations(reading: Reading) -> list[Alternation]:
    tokens, shape = reading.tokens, reading.shape
    found = []
    for match in re.finditer(r"(?P<a>[ortn])b(?P<mid>[treh]{0,4})(?P<b>[ortn])d", shape):
        outer, inner = match.start("a"), match.start("b")
        a, b = tokens[outer], tokens[inner]
        if a.kind != b.kind:
            continue
        if a.kind == "r" and a.value == b.value:
            continue
        if a.kind == "o" and mention(tokens, outer).object == mention(tokens, inner).object:
            continue
        if a.kind == "n" and not all(2010 <= t.value <= 2035 for t in (a, b)):
            continue
        if a.kind == "t" and not {a.word, b.word} <= _OPPOSITES:
            continue
        found.append(Alternation(match.start(), match.end(), a.kind, outer, inner))
    return found


_DEFINED = {"electron", "muon", "lepton", "tau", "photon", "jet", "track", "bjet"}
_OPPOSITES = {
    "same",
    "different",
    "opposite",
    "barrel",
    "endcap",
    "endcaps",
    "central",
    "forward",
    "low",
    "high",
    "loose",
    "tight",
    "inner",
    "outer",
    "converted",
    "unconverted",
    "resolved",
    "merged",
    "boosted",
    "2016",
    "2017",
    "2018",
    "2015",
}
