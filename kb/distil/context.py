"""Decide whether a sentence can state a selection: by its section, by its words."""

from __future__ import annotations

import re
from typing import Literal

from kb.distil.rulebook import pattern, rulebook
from kb.document import Document

SectionKind = Literal["skip", "systematics", "results", "simulation", "background", "selection", "detector", "front"]

NO_REQUIREMENT = "no word of requirement"
DESCRIBES = "describes an efficiency, a distribution or the like"

_DATA = rulebook("context")
_SECTIONS: list[tuple[SectionKind, re.Pattern[str]]] = [
    (kind, pattern("|".join(titles))) for kind, titles in _DATA["sections"].items()
]
_CUES = _DATA["cues"]
_DONE = rf"(?:is|are|were|was) (?:\w+ )?(?:{'|'.join(_CUES['strong_participles'])})"
_REQUIRE, _AGAINST, _STRONG, _NEVER = (
    pattern(rf"\b(?:{'|'.join(words)})\b")
    for words in (_CUES["require"], _CUES["against"], [*_CUES["strong"], _DONE], _CUES["never"])
)
_MEASURED = pattern(rf"^(?:{'|'.join(_CUES['measured'])})\b")
_OBJECTS = pattern(r"selection|reconstruct|object")
_TRIGGER = pattern(r"\btriggers?\b|data[- ]quality")
_BOUND = pattern(r"[<>≥≤]|\bminimum\b.* of \d")
_MACHINERY, _CLUSTERED, _WITH_EFFICIENCY = (
    pattern(_DATA["asides"][name]) for name in ("machinery", "clustered", "efficiency")
)
_DEFINES = pattern(r"\b(?:signal|control|validation|search|sideband) regions?\b[^.;]{0,40}?\b(?:is|are) defined\b")
_SELECTED = pattern(r"\b(?:selected|required|candidates with|we require|must)\b")


def titles_at(document: Document, offset: int) -> tuple[str, ...]:
    """Return the titles of the sections around a place, outermost first, as a paper with plain headings has them.

    Roman numerals and letters in front of a title go, and a title in capitals is written in small letters; words of up
    to three letters can be names: `III. THE WW CONTROL REGION`.
    """
    found = []
    for section, told in zip(document.sections_around(offset), document.section_path(offset), strict=True):
        title = told if section.number[:1].isdigit() else section.title
        found.append(" ".join(map(_small, title.split())) if title.isupper() else title)
    return tuple(found)


def _small(word: str) -> str:
    return word.lower() if len(word) > 3 or word in {"AND", "FOR", "IN", "OF", "ON", "THE", "TO"} else word


def section_kind(path: tuple[str, ...]) -> SectionKind:
    """Return what a section is for, by its title and those above it.

    >>> section_kind(("2 The ATLAS detector",)), section_kind(("5 Event selection", "5.1 Signal region"))
    ('detector', 'selection')
    >>> section_kind(("3 Data and simulated samples",)), section_kind(("1 Introduction",))
    ('simulation', 'skip')
    """
    if not path:
        return "front"
    for title in reversed(path):
        bare = title
        kind = next((kind for kind, titles in _SECTIONS if titles.search(bare)), None)
        if kind in {"simulation", "systematics", "detector"} and _OBJECTS.search(bare):
            return "selection"  # "Event simulation and object selection", "The detector and event reconstruction"
        if kind:
            return kind
    return "selection"


def _without_efficiency(text: str) -> str:
    """Drop `with an efficiency of 95%` behind a bound: `tight muons with p_T > 20 GeV are used, with …`."""
    told = _WITH_EFFICIENCY.search(text)
    if told is None or not _BOUND.search(text[: told.start()]) or _BOUND.search(text[told.end() :]):
        return text
    return _WITH_EFFICIENCY.sub(" ", text)


def objection(text: str, kind: SectionKind) -> str:
    """Return why a sentence states no requirement; empty where it may.

    >>> objection("The tracker covers |η| < 2.5.", "detector")
    'describes the detector'
    >>> objection("Electrons must have p_T > 20 GeV.", "selection")
    ''
    """
    if kind == "skip":
        return "introduction, summary or theory"
    if _MEASURED.search(text):
        return DESCRIBES
    text = _without_efficiency(_CLUSTERED.sub(" ", text))
    strong = bool(_STRONG.search(text))
    if _NEVER.search(text):
        return "describes the detector" if kind == "detector" else "describes detector, simulation or results"
    about_trigger = _TRIGGER.search(text) and not re.search(r"trigger efficienc", text, re.IGNORECASE)
    asked = strong or (_REQUIRE.search(text) and not _MACHINERY.search(text))
    if kind in {"detector", "simulation"} and not (about_trigger and asked):
        return "describes the detector" if kind == "detector" else "describes simulated samples"
    if kind == "systematics":
        return "describes systematic uncertainties"
    if kind == "results" and not _DEFINES.search(text) and (_AGAINST.search(text) or not _SELECTED.search(text)):
        return "describes results"
    if not strong and _AGAINST.search(text):
        return DESCRIBES
    return "" if strong or _REQUIRE.search(text) else NO_REQUIREMENT
