"""Collect the symbols that only the paper itself explains: `the output O_tag of the network`, `let d be the distance`.

They are read like those of `notation` in sentences, and spelt out in the heads of tables. A cut on one cites the
words that explain it, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from kb.distil.entities import tokens_of
from kb.distil.lexer import Plain, plain
from kb.distil.notation import DISTANCES, Symbol, symbols
from kb.distil.particles import PHYSICAL, Named, compose, named, twice
from kb.distil.rulebook import pattern, rulebook
from kb.distil.sentences import sentences
from kb.document import Document

_DATA = rulebook("declared")
_NOUNS = {variable: pattern(words) for variable, words in _DATA["nouns"].items()}
_ENDS = {variable: pattern(rf"(?:{words})\s*$") for variable, words in _DATA["nouns"].items()}
_FORMS = {name: pattern(words) for name, words in _DATA["forms"].items()}
_TEXT = {"paragraph", "item", "footnote", "caption", "equation"}
_SIGN = re.compile(
    r"(?<![\w^_|{/.])[A-Za-zα-ωΑ-Ω]{1,4}"
    r"(?:_\{[^{}]*\}|_[A-Za-z0-9α-ωΑ-Ωℓ]+|\^\{[^{}]*\}|\^\([^()]*\)|\^[A-Za-z0-9α-ωΑ-Ω*]+)+(?!\()"
)
_INDEX = re.compile(r"[_^,]\{?\(?(?:(?P<rank>[1-4])|[i-n]|)\)?\}?$")
_FORMULA = re.compile(r"\s*=\s*[|(√]?\s*[^\W\d][^,;<>]*[_^|]")
"""`D_ζ = p_ζ^miss - 0.85 p_ζ^vis` says what the symbol is."""
_REACH = 140
_BEFORE = 600
_BOUNDED = re.compile(r"[<>≤≥=]|\b(?:above|below|exceed\w*|than)\b")
_OF = re.compile(r"\s*(?:of|between|for) (?:[\w-]+ ?){1,4}")
_RANKS = {1: "leading", 2: "second", 3: "third", 4: "fourth"}
_SPELT = {"discriminant": "discriminant", "mass": "mass", "energy": "energy", "decay_length": "decay length"}


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a paper says a symbol is, in the sentence `[start, end)`; `near` is what was spoken of before."""

    variable: str
    start: int
    end: int
    of: str | None = None
    near: str | None = None


@dataclass(slots=True)
class Declared:
    """The symbols a paper explains, by what they are without an index."""

    known: dict[str, Declaration] = field(default_factory=dict)

    def symbols(self, text: str) -> Iterator[Symbol]:
        """Yield those in a plain text from left to right."""
        for match in _SIGN.finditer(text) if self.known else ():
            sign = match.group()
            stem, rank = _parts(sign)
            found = self.known.get(stem)
            if found is None:
                continue
            index = named(stem.partition("_")[2])
            of = index.object if index and index.object in PHYSICAL else found.of or (found.near if rank else None)
            name = sign if found.variable in {"other", "ratio"} else None
            about = Named(of, rank) if of else None
            told = (found.start, found.end)
            yield Symbol(match.start(), match.end(), found.variable, sign, about, name, told=told)

    def told(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where the symbols of a text are explained."""
        yield from (one.told for one in self.symbols(plain(text).text) if one.told)

    def spelt(self, text: str) -> str:
        """Return a text with its symbols as words: `second large-R jet mass`."""
        text = plain(text).text if self.known else text
        for one in reversed(list(self.symbols(text))):
            if one.variable in _SPELT:
                words = [_SPELT[one.variable]]
                if one.about:
                    rank = _RANKS[one.about.rank] if one.about.rank else ""
                    words = [rank, one.about.object.replace("fatjet", "large-R jet"), *words]
                text = f"{text[: one.start]}{' '.join(filter(None, words))}{text[one.end :]}"
        return text


def declared(document: Document) -> Declared:
    """Return the symbols that a paper explains."""
    found = Declared()
    for block in document.blocks:
        if block.kind not in _TEXT or not _SIGN.search(document.text, block.start, block.end):
            continue
        for sentence in sentences(document, block):
            if not _SIGN.search(document.text, sentence.start, sentence.end):
                continue
            text = plain(document.text[sentence.start : sentence.end], sentence.start)
            for stem, place, one in _of_sentence(text):
                if stem not in found.known:
                    near = _last_object(document.text[block.start : text.offset(place)])
                    found.known[stem] = replace(one, start=sentence.start, end=sentence.end, near=near)
    return found


def _of_sentence(text: Plain) -> Iterator[tuple[str, int, Declaration]]:
    """Yield what a sentence says of symbols, with where they stand in it."""
    known = list(symbols(text.text))
    last = 0
    for match in _SIGN.finditer(text.text):
        if any(one.start < match.end() and match.start() < one.end for one in known):
            continue
        stem, _ = _parts(match.group())
        before, behind = text.text[max(last, match.start() - _REACH) : match.start()], text.text[match.end() :]
        last = match.end()
        one = _declaration(stem, before, behind) if _is_symbol(stem) else None
        if one is not None:
            yield stem, match.start(), one


def _is_symbol(stem: str) -> bool:
    """Say whether it is written as symbols are, and is no name of a region: `in VR_low, the scalar sum …`."""
    return re.search(r"[_^]", stem) is not None and re.match(r"[A-Z]*[SCV]R(?![a-z])", stem) is None


def _parts(sign: str) -> tuple[str, int | None]:
    """Split a symbol into what it is without an index, and the rank that the index tells."""
    match = _INDEX.search(sign)
    if match is None:
        return sign, None
    return sign[: match.start()], int(match["rank"]) if match["rank"] else None


def _declaration(stem: str, before: str, behind: str) -> Declaration | None:
    """Return what the words around a symbol say of it."""
    link = _FORMS["apposition"].search(before)
    head = re.split(r"[;:]|, |\. ", before[: link.start()])[-1] if link else ""
    if _BOUNDED.search(head):
        head = ""
    joined = link is not None and not link.group().strip()
    variable = _variable(head, _ENDS if joined else _NOUNS)
    if variable:
        of = _OF.match(behind) if joined else None
        words = head if _object(head) or not of else of.group()
        return Declaration(variable, 0, 0, _apart(words) if variable in DISTANCES else _owner(variable, words))
    if _FORMULA.match(behind):
        return Declaration("other", 0, 0, "event")
    closes = _FORMS["closing"].match(behind)
    if not closes:
        return None
    tail = behind[closes.end() - 1 :][:_REACH]
    if _BOUNDED.search(tail):
        return None
    variable = _variable(tail, _NOUNS)
    if not variable:
        return None
    return Declaration(variable, 0, 0, _apart(tail) if variable in DISTANCES else _owner(variable, tail))


def _variable(words: str, nouns: dict[str, re.Pattern[str]]) -> str | None:
    return next((variable for variable, noun in nouns.items() if noun.search(words)), None)


def _apart(text: str) -> str | None:
    """Return the pair that a distance is between, by the first objects a text names."""
    found = [t.value for t in tokens_of(plain(text)) if t.kind == "o" and t.value.object != "event"]
    if found and found[0].plural:
        return twice(found[0].object)
    return compose((found[0].object, found[1].object)) if len(found) > 1 else None


def _owner(variable: str, words: str) -> str | None:
    """Return what a variable is of; an angle to a vertex is not the vertex's."""
    if "scalar sum" in words:
        return "event"
    of = _object(words)
    return None if of == "vertex" and variable == "other" and re.search(r"\bangle\b|\bcosine\b", words) else of


def _objects(text: str) -> list[str]:
    named = [t.value.object for t in tokens_of(plain(text)) if t.kind == "o"]
    return [one for one in named if one in PHYSICAL or one == "vertex"]


def _object(text: str) -> str | None:
    """Return the first object a text names that a variable may be of."""
    return next(iter(_objects(text)), None)


def _last_object(text: str) -> str | None:
    """Return the object that a text names last."""
    return next(reversed(_objects(text[-_BEFORE:])), None)
