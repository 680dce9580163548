"""Read why something is required: `to suppress tt̄ …`, `This requirement mainly rejects …`."""

from __future__ import annotations

import re

_AIM = (
    r"suppress|reduce|reject|avoid|ensure|remove|minimi[sz]e|maximi[sz]e|select|account|improve"
    r"|enhance|increase|exploit|veto|eliminate|"
    r"discriminate|guarantee|maintain|mitigate|limit|target|separate|protect|prevent|retain"
    r"|isolate|preserve|distinguish|exclude|optimi[sz]e"
)
_PURPOSE = re.compile(
    rf"(?:\bin order |\bdesigned |\bso as )?\bto (?:(?:further|completely|better|strongly"
    rf"|efficiently|significantly) )?(?:{_AIM})\b[^,;.()]*"
    r"|\b(?:because|since|so that|which (?:removes|rejects|suppresses|reduces|ensures))\b[^,;.()]*",
    re.IGNORECASE,
)
_EXPLAINS = re.compile(
    r"^(?:this|these|the latter|the last|such a?)\s+(?:\w+\s+){0,3}?(?:requirements?|selections?"
    r"|criteri(?:on|a)|cuts?|veto(?:es)?|windows?|conditions?)\b"
    r"[^.]*?\b(?:reject|suppress|remove|reduce|ensure|provide|avoid|minimi[sz]e|select|retain|help"
    r"|target|are used to|is used to|eliminate|enhance)\w*",
    re.IGNORECASE,
)


def purpose(text: str) -> tuple[int, int] | None:
    """Return the part of a sentence that says why.

    >>> text = "To suppress tt background, events with a second lepton are rejected."
    >>> start, end = purpose(text)
    >>> text[start:end]
    'To suppress tt background'
    """
    match = _PURPOSE.search(text)
    if match is None:
        return None
    start, end = match.span()
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if end - start >= 12 else None


def explains(text: str) -> bool:
    """Say whether a sentence gives the reason for what the sentence before required.

    >>> explains("This requirement mainly rejects the γ+jets background events.")
    True
    """
    return bool(_EXPLAINS.match(text))
