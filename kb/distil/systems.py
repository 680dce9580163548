"""Read how pairs are chosen: `the pair with the mass closest to m_Z is called the leading pair`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kb.distil.entities import mass_named
from kb.distil.lexer import Token
from kb.distil.memory import Memory
from kb.distil.qualifiers import pair_requirements
from kb.distil.reading import Reading
from kb.distil.windows import windows
from kb.ssc import Choice, PairRequirement, Variable

_NAMES = {1: "leading pair", 2: "subleading pair"}
_SECOND = re.compile(r"\b(?:sub-?leading|second(?:ary)?|remain\w*|other|Z_?\{?2\}?)\b", re.IGNORECASE)
_CLOSEST = re.compile(r"\b(?:closest|nearest|minimi[sz]\w+)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class System:
    """A pair to be built: its rank and how it is chosen."""

    name: str
    object: str
    rank: int
    requires: tuple[PairRequirement, ...]
    choice: Choice
    start: int
    end: int


def system(reading: Reading, memory: Memory) -> System | None:
    """Return the pair that a sentence chooses, if it chooses one."""
    text = reading.text
    if not re.search(r"\bpairs?\b", text) or not _CLOSEST.search(text):
        return None
    mass = next((found for token in reading.tokens if (found := _compared_with(token)) is not None), None)
    if mass is None:
        return None
    rank = 2 if _SECOND.search(text) else 1
    requires = pair_requirements(text) or ("opposite_charge", "same_flavour")
    choice = Choice(mode="closest", variable=Variable(id="mass"), target=mass, unit="GeV", text=_words(text))
    kind = memory.pair if memory.pair.endswith("_pair") else "lepton_pair"
    return System(_NAMES[rank], kind, rank, requires, choice, reading.start, reading.end)


def only_chooses(reading: Reading) -> bool:
    """Say whether a sentence that chooses a pair asks nothing of it."""
    return not reading.quantities and not windows(reading.tokens, reading.shape)


def _compared_with(token: Token) -> float | None:
    """Return the mass of a known particle that a token names: `the Z boson mass`, `m_Z`."""
    if token.kind == "M" and token.value:
        return float(token.value)
    return mass_named(token.text) if token.kind == "v" and token.value.variable == "mass" else None


def _words(text: str) -> str:
    found = re.search(r"[^,;]*\b(?:closest|nearest)\b[^,;.]*", text)
    return " ".join(found.group().split()) if found else ""
