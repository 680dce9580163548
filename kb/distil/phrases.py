"""Find noun phrases: an object with its rank, the number said of it and the words in front of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from kb.distil.entities import kinds, mention
from kb.distil.lexer import Token
from kb.distil.lexicon import lexicon
from kb.distil.particles import PHYSICAL
from kb.distil.qualifiers import apart, definition, pair_requirements, spoken, tags
from kb.ssc import PairRequirement

_SETS = lexicon().sets
_IN_FRONT = "trneklxhvbd"
_DEFINED = PHYSICAL - {"fatjet"}
_OF_SAME = re.compile(
    r"(?:of|with|having|that are of|that have) (?:the )?(?:same|opposite|different|equal|identical)[\w\s,-]*"
)
_OPENERS = {"after", "before", "following", "in", "at", "during", "finally", "furthermore", "moreover", "additionally"}
_ONE_MORE = re.compile(r"second|additional|further|extra|other")
_LOOSER = re.compile(r"(?:satisfying|passing|with) looser")


@dataclass(slots=True)
class Phrase:
    """A noun phrase: tokens `[start, end)`, its noun at `index`; `oblique` ones only place what is spoken of.

    `first` is how many of the leading ones it means: two of `the two leading jets`.
    """

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
    first: int = 0


def phrases(tokens: list[Token]) -> list[Phrase]:
    """Return the noun phrases of a sentence."""
    shape = kinds(tokens)
    found = [
        _phrase(tokens, index)
        for index, token in enumerate(tokens)
        if token.kind == "o" and not (shape[index + 1 : index + 2] == "h" and tokens[index + 2].word == "based")
    ]
    for before, phrase in pairwise(found):  # "from any electron or muon"
        if (
            before.oblique
            and re.fullmatch(r"l?a[tre]{0,3}", shape[before.index + 1 : phrase.index])
            and not re.search("[mi]", shape[phrase.index :][:2])
        ):
            phrase.oblique = True
        if (  # "additional electrons or muons", "additional electrons with p_T > 10 GeV or muons with …"
            apart(before.definition)
            and phrase.definition is None
            and phrase.rank is None
            and phrase.number is None
            and phrase.object in _DEFINED
            and re.fullmatch(r"(?:w[vcnubd]*)?l?[ab]", shape[before.index + 1 : phrase.start])
        ):
            phrase.definition = f"{str(before.definition).split()[0]} {phrase.object}"
    return _with_ranks_behind(found, tokens, shape)


def _with_ranks_behind(found: list[Phrase], tokens: list[Token], shape: str) -> list[Phrase]:
    """Read `the two jets with the highest p_T` as one phrase; `kb.distil.ellipsis` gave it a second noun."""
    out: list[Phrase] = []
    for phrase in found:
        head, last = tokens[phrase.index], out[-1] if out else None
        implied = head.start == head.end and last is not None and last.object == phrase.object
        if last and implied and phrase.rank and re.fullmatch(r"[wO]t?r", shape[last.index + 1 : phrase.index]):
            several = phrase.rank == 1 and (last.number or 0) > 1
            last.rank, last.first = (None, last.number or 0) if several else (phrase.rank, 0)
            last.end = phrase.end
        else:
            out.append(phrase)
    return out


def _phrase(tokens: list[Token], index: int) -> Phrase:
    start = _start(tokens, index)
    inside = tokens[start:index]
    here = mention(tokens, index)
    article = tokens[start].word if start < index else ""
    number = next((int(t.value) for t in inside if t.kind == "n" and float(t.value).is_integer()), None)
    rank = _rank(tokens, inside, index, article, number)
    first = number if rank == 1 and number is not None and number > 1 else 0
    rank = None if first else rank
    if rank is None:
        rank = _ranked_of(tokens, start, number)
    end = index + 1
    if end < len(tokens) and tokens[end].kind == "r" and tokens[end].word.startswith("with"):
        end += 1  # "the jet with the highest p_T"
    behind = spoken(tokens[index + 1 : index + 9])
    of_same = _OF_SAME.match(behind)
    same = f" {of_same.group()}" if of_same else ""
    words = spoken(inside) + same
    named = None
    if here.object in _DEFINED:
        named = definition(words, here.object) if rank is None else None
        if named and named.startswith("additional ") and any(t.kind == "r" and t.word != "second" for t in inside):
            named = None  # "the leading and second leptons"
        if named is None and start and tokens[start - 1].kind == "z" and _ONE_MORE.search(tokens[start - 1].word):
            named = f"additional {here.object}"
        if named is None and _LOOSER.match(behind):
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
        pair_requirements(f"{spoken(inside)} {_noun(tokens, index)}{same}"),
        tags(words, here.object),
        _is_oblique(tokens, start) or behind.startswith("veto "),
        article,
        named,
        first,
    )


def _noun(tokens: list[Token], index: int) -> str:
    """Return a noun with what may be a part of it: `SFOS pairs`, `oppositely charged lepton pairs`."""
    doubled = index > 0 and tokens[index - 1].kind == "o" and "_" in mention(tokens, index).object
    return spoken(tokens[max(0, index - 2) : index + 1]) if doubled else tokens[index].text


def _start(tokens: list[Token], index: int) -> int:
    """Return the first token of the noun phrase that ends at a noun."""
    start = index
    while start > 0 and tokens[start - 1].kind in _IN_FRONT:
        previous = tokens[start - 1]
        if previous.word in _SETS["breaks"] or (previous.kind == "v" and previous.value.about):
            break
        if (
            previous.kind == "n"
            and start - 2 >= 0
            and tokens[start - 2].kind == "c"
            and tokens[start - 2].text in "<>≤≥="
        ):
            break
        if previous.kind == "d" and _short_bracket(tokens, start - 1):
            start -= 3
            continue
        if previous.kind in "bd":
            break
        if previous.kind == "l" and (tokens[start - 2].kind not in "tr" or _closes_opening(tokens, start - 1)):
            break
        if previous.kind == "v" and tokens[start - 2].kind != "h" and previous.word not in {"charge", "charges"}:
            break
        start -= 1
        if (
            previous.word in {"the", "an"}
            and start
            and tokens[start - 1].kind == "t"
            and "both" not in tokens[start - 1].word
        ):
            break  # "in the same-sign sample the kaon …"
    return start


def _closes_opening(tokens: list[Token], comma: int) -> bool:
    """Say whether a comma ends what opens a sentence: `After this procedure, electrons …`."""
    return tokens[0].word in _OPENERS and all(t.kind in "tox" for t in tokens[:comma])


def _short_bracket(tokens: list[Token], close: int) -> bool:
    return close >= 2 and tokens[close - 2].kind == "b" and tokens[close - 1].kind in "trv"


def _rank(tokens: list[Token], inside: list[Token], index: int, article: str, number: int | None) -> int | None:
    plural = mention(tokens, index).plural
    rank = next((int(t.value) for t in reversed(inside) if t.kind == "r"), None)
    jets = mention(tokens, index).object in {"jet", "bjet", "fatjet"}
    another = (article in {"a", "an"} and not jets) or plural
    if rank in {2, 3} and any(t.word in {"second", "third"} for t in inside) and another:
        rank = None  # "a second lepton": another one
    behind = tokens[index + 1] if index + 1 < len(tokens) else None
    if rank is None and behind is not None and behind.kind == "r" and behind.word.startswith("with"):
        rank = int(behind.value)
    if rank and behind is not None and behind.kind == "o" and mention(tokens, index + 1).object == "track":
        return None  # "the leading tau track" is one of the tau's
    if rank in {2, 3, 4} and plural and any(t.kind == "n" for t in inside):
        return None
    return rank


def _ranked_of(tokens: list[Token], start: int, number: int | None) -> int | None:
    """`the softest of the three leptons` is the third."""
    if start < 2 or tokens[start - 1].kind != "O" or tokens[start - 2].kind != "r":
        return None
    rank = int(tokens[start - 2].value)
    return number if rank == -1 and number else rank


def _is_oblique(tokens: list[Token], start: int) -> bool:
    """Say whether the word before a noun phrase makes it a place or a measure: `in the event`, `around the muon`."""
    if not start:
        return False
    before = tokens[start - 1]
    if before.word == "of" and start > 1 and (tokens[start - 2].kind == "e" or tokens[start - 2].word == "both"):
        return False  # "each of the two leading jets must …"
    return (
        before.kind in "Oi"
        or before.word in _SETS["placing"]
        or (before.word == "with" and start > 1 and tokens[start - 2].word in _SETS["relating"])
    )
