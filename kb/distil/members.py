"""Read what some of several objects must be: `at least one of which must be central`, `two of them within |η| < 1.4`.

They are a collection of their own, of which an event must have so many: what they must be is asked of no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from kb.distil.amounts import Quantity
from kb.distil.candidates import Candidate, Setting, joined_condition, stated
from kb.distil.particles import PHYSICAL
from kb.distil.phrases import Phrase
from kb.distil.qualifiers import tag_condition, tags
from kb.distil.reading import Reading

_MEMBER = re.compile(r"(?P<of>w?)(?P<c>c?)(?P<n>n)(?P<which>w|O[te]{0,2}n?r?[tr]{0,2}o?)?(?P<verb>[mwk])")
_NUMBERS = {1: "one", 2: "two", 3: "three", 4: "four"}
_WHICH = {"of which", "of them", "of these", "of those", "of the"}
_OWN = {"pt", "energy", "eta", "abs_eta", "rapidity", "abs_rapidity", "iso_rel", "iso_abs", "isolation", "d0", "z0"}
_TAGGED = re.compile(r"\b(?:are|be) b[ -]* ?tagged\b")
_BE = re.compile(r"(?:also |further )?be (?:\w+ )?(?P<what>central|forward)\b")


@dataclass(frozen=True, slots=True)
class Member:
    """Some of several objects: tokens `[start, end)` say how many of which, and what they must be."""

    start: int
    end: int
    phrase: Phrase
    adjective: str
    number: int = 1
    tagged: bool = False

    @property
    def name(self) -> str:
        """The name of the collection that they make."""
        return " ".join(filter(None, [_NUMBERS[self.number], self.adjective, self.phrase.object.replace("_", " ")]))


def members(reading: Reading) -> Iterator[Member]:
    """Yield the clauses of a sentence that are about some of several objects."""
    if "j" in reading.shape:
        return
    for match in _MEMBER.finditer(reading.shape):
        number = match.start("n")
        least = reading.tokens[match.start("c")].value if match["c"] else ">="
        many = int(reading.tokens[number].value)
        if many not in _NUMBERS or least != ">=" or not _is_of_several(reading, match):
            continue
        inside = [p for p in reading.phrases if number < p.index < match.end()]
        before = [p for p in reading.phrases if p.index < match.start() and not p.oblique]
        told = (inside or before)[-1:]
        if not told or told[0].object not in PHYSICAL or not (told[0].plural or (told[0].number or 0) > 1):
            continue
        end = next((i for i in range(match.end(), len(reading.tokens)) if _ends(reading, i)), len(reading.tokens))
        behind = reading.words(match.start("verb") + 1, end)
        adjective = _BE.match(behind)
        tagged = told[0].object == "jet" and _TAGGED.search(behind) is not None
        yield Member(match.start(), end, told[0], adjective["what"] if adjective else "", many, tagged)


def _is_of_several(reading: Reading, match: re.Match[str]) -> bool:
    of = reading.tokens[match.start("of")].word if match["of"] else ""
    which = reading.words(match.start("which"), match.end("which")) if match["which"] else ""
    return of == "of which" or which.startswith(tuple(_WHICH))


def _ends(reading: Reading, index: int) -> bool:
    """Say whether another clause starts at a token: `…, and the dijet mass must …`."""
    return reading.shape[index] in "SW"


def member_of(reading: Reading, quantity: Quantity) -> Member | None:
    """Return the clause about some of several objects that a bound stands in, where it is no mere threshold on p_T.

    The one with the highest p_T has the p_T that one of them must have, and so on; `kb.distil.subjects` reads that.
    """
    for member in members(reading):
        inside = [
            (q, variable)
            for q in reading.quantities
            if member.start + 2 < q.start < member.end and (variable := _variable(reading, q)) in _OWN
        ]
        alone = all(variable == "pt" and q.operator[0] == ">" for q, variable in inside)
        if not alone and any(q.start == quantity.start for q, _ in inside):
            return member
    return None


def _variable(reading: Reading, quantity: Quantity) -> str:
    place = reading.shape.rfind("v", 0, quantity.start) if quantity.variable is None else quantity.variable
    return str(reading.tokens[place].value.variable) if place >= 0 else ""


def named(member: Member) -> Phrase:
    """Return the phrase of the collection that a clause is about."""
    if member.tagged:  # "at least two of which have |η| < 2.4 and are b-tagged"
        return replace(member.phrase, object="bjet", rank=None, first=0, oblique=False)
    return replace(member.phrase, definition=member.name, rank=None, first=0, oblique=False)


def counted(reading: Reading, setting: Setting) -> Iterator[Candidate]:
    """Yield that there must be so many such objects, where more than its p_T is asked for."""
    for member in members(reading):
        bounded = any(member_of(reading, q) == member for q in reading.quantities)
        if member.tagged or (not bounded and not member.adjective):
            continue
        one = stated(reading, setting, member.phrase.object, "count", ">=", float(member.number), "one-of-several")
        one = one.with_(at=reading.tokens[member.start].start)
        if bounded:
            yield one.with_(definition=member.name)
        else:
            found = tags(member.adjective, member.phrase.object)
            yield one.with_(when=joined_condition([tag_condition(member.adjective, found, member.phrase.object)]))
