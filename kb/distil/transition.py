"""Read `excluding the transition region` without its numbers, where an earlier sentence has told them."""

from __future__ import annotations

import re

from kb.distil.candidates import Candidate
from kb.distil.memory import Memory
from kb.distil.reading import Reading

_REGION = r"(?:[\w-]+\s+){0,6}?(?:transition(?:\s+regions?)?|crack(?:\s+region)?|gap(?:\s+region)?)\b"
_LEFT_OUT = re.compile(
    rf"\b(?:exclud\w+|outside(?:\s+of)?|except(?:\s+for)?|omitting|vetoing|avoiding|not\s+(?:in|within))\s+{_REGION}",
    re.IGNORECASE,
)
_TOLD = re.compile(r"\b(?:transition|crack|gap)\b", re.IGNORECASE)


def transition(reading: Reading, memory: Memory, found: list[Candidate]) -> list[Candidate]:
    """Leave the transition region out for the objects of which a sentence bounds |η|, if it says so without numbers.

    Where it is, `memory` keeps from the sentence that tells.
    """
    bounded = [c for c in found if c.variable.id in {"abs_eta", "eta"}]
    told = next((c for c in bounded if isinstance(c.value, tuple) and _TOLD.search(reading.text)), None)
    if told is not None:
        memory.transition = told
    elif memory.transition is not None and (leaves := _LEFT_OUT.search(reading.text)) is not None:
        here, gap = reading.start + leaves.start(), memory.transition
        before = [c for c in bounded if c.operator[0] == "<" and c.at <= here]
        also = ((gap.start, gap.end, gap.kind),)
        same = {"operator": "in", "value": gap.value, "closed": gap.closed, "role": "veto", "rule": "transition"}
        return [c.with_(**same, also=also, at=here) for c in before[-1:]]
    return []
