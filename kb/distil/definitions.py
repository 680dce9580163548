"""Tell what defines objects without a word of requirement: `Muons have p_T > 10 GeV`, `They have …`."""

from __future__ import annotations

import re

from kb.distil.candidates import Candidate
from kb.distil.memory import Memory
from kb.distil.particles import COLLECTED
from kb.distil.reading import Reading

_HAVE = re.compile(r"\w+ (?:\w+ )?(?:have|has) ")
THEY = re.compile(r"(?:in addition,? )?(?:they|these)\b(?! (?:are|were) (?:two|three|all)\b)", re.IGNORECASE)
"""How a sentence about the objects of the one before opens."""
_DEFINED = COLLECTED | {"bjet", "fatjet"}
_THEIR = re.compile(
    r"(?:their|its) [^.;]*?\b(?:is|are) "
    r"(?:less|smaller|larger|greater|more|below|above|at least|at most|within|between)\b",
    re.IGNORECASE,
)
_THEY_HAVE = re.compile(r"[:;] (?:it|they) (?:has|have)\b")


def defines(reading: Reading, memory: Memory) -> bool:
    """`Muons have p_T > 10 GeV`, `The photon has E_T > 20 GeV`, `They have …` says what they are."""
    if _THEIR.match(reading.text) and memory.subject in _DEFINED:
        return True  # "Their isolation is less than 12% of their p_T"
    if not any(q.symbolic for q in reading.quantities):
        return False
    if _THEY_HAVE.search(reading.text) and any(p.object in _DEFINED for p in reading.phrases):
        return True
    if THEY.match(reading.text) and memory.subject in _DEFINED:
        return _HAVE.match(reading.words(0, 6) + " ") is not None
    head = next((p for p in reading.phrases if p.object != "event"), None)
    if head is None or head.object not in _DEFINED or head.start > 1:
        return False
    return _HAVE.match(reading.words(head.index, head.index + 6) + " ") is not None


def of_those(candidate: Candidate, memory: Memory) -> Candidate:
    """Give what `they` must be to the collection the sentence before is about."""
    single = candidate.scope == "object" or candidate.rank is not None
    own = candidate.object == memory.subject and single and candidate.definition is None
    return candidate.with_(definition=memory.collection) if own else candidate
