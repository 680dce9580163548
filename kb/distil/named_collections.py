"""Tell which collection a sentence says what belongs to: `is W-tagged if`, `are called loose`, `used for the veto`."""

from __future__ import annotations

import re

from kb.distil.candidates import Candidate
from kb.distil.particles import PHYSICAL

_FOR_VETO = re.compile(
    r"\b(?:used|serv\w+|counted|considered)\s+(?:only\s+|solely\s+)?(?:for|in|as)\s+(?:the\s+|a\s+)?(?:[\w-]+\s+){0,2}?veto(?:e[sd])?\b"
)
_TAGGED = re.compile(r"\b(?:is|are)\s+(?P<name>(?:W|Z|V|W/Z|H|Higgs|t|top)[- ]?tagged)\s+(?:if|when)\b")
_CALLED = re.compile(
    r"\b(?:is|are)\s+(?:called|termed|labelled|denoted|said\s+to\s+be|referred\s+to\s+as)\s+[\"']?(?P<name>loose|tight|signal|baseline"
    r"|fakeable|veto|good|displaced)\b"
)


THE_SAME = re.compile(r"The (?:leading |subleading )?[a-z]+ (?:is|are|must|has|have)(?: then)? also\b")
"""A sentence that goes on about the objects of the one before."""


def collected(found: list[Candidate], text: str) -> list[Candidate]:
    """Give what a sentence requires of objects the collection that it says they are."""
    whole = {c.object: c.definition for c in found if c.definition and c.rank is None and c.scope == "object"}
    # "signal muons must have p_T > 10 GeV, and the leading muon must have p_T > 20 GeV"
    found = [
        c.with_(definition=whole[c.object]) if c.rank and c.object in whole and not c.definition else c for c in found
    ]
    named = _TAGGED.search(text) or _CALLED.search(text)
    name = named["name"] if named else "veto" if _FOR_VETO.search(text) else ""
    if not name:
        return found

    def own(one: Candidate) -> bool:
        return one.scope == "object" and not one.definition and one.object in PHYSICAL

    return [c.with_(definition=f"{name} {c.object}") if own(c) else c for c in found]
