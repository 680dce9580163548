"""Find the objects that a requirement without a number is about."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from itertools import takewhile

from kb.distil.memory import Memory
from kb.distil.particles import FLAVOURS, PHYSICAL
from kb.distil.phrases import Phrase
from kb.distil.reading import Reading

IDENTIFIED = PHYSICAL - {"bjet", "fatjet"}
_AGAINST = re.compile(r"\b(?:against|versus|reject|rejecting|suppress)(?: \w+,? (?:and|or))?$")
_SAME = re.compile(r"(?:they|these|both|the latter|in addition)\b", re.IGNORECASE)


def holders(reading: Reading, memory: Memory, position: int, objects: AbstractSet[str]) -> list[str]:
    """Return which of some objects the words at a position of the sentence are about.

    The nearest ones before it are, joined by commas and `and`; else those of the sentence before, if it goes on about
    them; else the first after it.
    """
    tokens = reading.tokens

    def fits(phrase: Phrase) -> bool:
        # "discrimination against jets", "to reject electrons and muons"
        against = _AGAINST.search(reading.words_before(phrase.start, 3).lower()) is not None
        return phrase.object in objects and not against

    before = [p for p in reading.phrases if tokens[p.index].start - reading.start <= position and fits(p)]
    before = [p for p in before if not p.oblique] or before
    if before and before[0].object != "track":  # "τ candidates need one or three tracks and have to be tight"
        before = [p for p in before if p.object != "track"] or before
    if before:
        last = before[-1]
        earlier = reversed(reading.phrases[: reading.phrases.index(last)])
        near = list(takewhile(fits, earlier))[::-1]
        return list(dict.fromkeys(p.object for p in reading.joined_before(last, near)))
    known = [memory.subject] if memory.subject in objects and memory.subject else []
    if reading.text.lower().startswith(("both", "for both")) and {memory.subject, memory.other} == FLAVOURS:
        known = ["lepton"]
    if known and _SAME.match(reading.text):
        return known
    return [p.object for p in reading.phrases if fits(p)][:1] or known
