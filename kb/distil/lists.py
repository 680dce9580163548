"""Tell what the lists of a paper are for: requirements, regions, or the names of variables."""

from __future__ import annotations

import re

OPENS = re.compile(
    r"[:,]\s*$"
    r"|\b(?:the following|as follows|(?:listed|described|given|defined|specified|summari[sz]ed|detailed) below)\b"
    r"[^.]*\.?\s*$"
)
"""How the text in front of a list ends."""
NUMBERED = re.compile(r"\(?(?:\d{1,2}|[ivx]{1,4}|[a-h])[.)]\s")
"""`2. E_T^miss > 220 GeV` is an item of a list, too."""
_ASKS = re.compile(r"\b(?:requirements?|conditions?|criteria|cuts?|filters?|must|required|satisfy)\b", re.IGNORECASE)
_REGIONS = re.compile(r"\b(?:categor(?:y|ies)|regions?|topologies|event classes)\b[^.;]{0,120}[.:]?\s*$")
_HEADS = re.compile(r"^[^.:;]{3,60}:\s*$")
_VARIABLES = re.compile(r"\b(?:variables|observables|quantities|features|inputs)\b[^.;]{0,60}[.:,]?\s*$", re.IGNORECASE)
_ONLY_FOR = re.compile(r"(?:for|in) [^;]*:\s*", re.IGNORECASE)


def asks(text: str) -> bool:
    """Say whether the items behind a text are said to be requirements."""
    return bool(OPENS.search(text) and _ASKS.search(text))


def lists_regions(text: str) -> bool:
    """Say whether the items behind a text are regions."""
    return bool(_REGIONS.search(text))


def heads(text: str) -> bool:
    """Say whether an item heads a list of its own: `• Electrons:`."""
    return bool(_HEADS.search(text))


def names_variables(text: str) -> bool:
    """Say whether the items behind a text explain variables and require nothing: `four variables are defined:`."""
    return bool(OPENS.search(text) and _VARIABLES.search(text) and not _ASKS.search(text))


def is_only_for(text: str) -> bool:
    """Say whether an item only tells what those below it are for: `• For electrons with |η| < 1.44:`."""
    return bool(_ONLY_FOR.fullmatch(text))
