"""Read events that are sorted into classes, each with its bound: `low-m (m < 90 GeV)`, `low m (L), with m < 90 GeV`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.distil.region_parts import Part

_SORTED = re.compile(
    r"\b(?:(?:sub-?)?divided|split|classif(?:y|ied)|categori[sz]e[ds]?|sorted|grouped|separated|(?:sub-?)?categor(?:y|ies)|bins|regions"
    r"|samples|subsets|classes)\b"
)
_CODE = r"(?!EB|EE|PV|SV|ID|OR|WP|MC|SF|OS|SS)[A-Z][A-Z0-9]{0,3}"
# "low-m_T (m_T < 40 GeV)"
_AND_BOUND = re.compile(
    rf"(?P<name>(?:(?:very-)?(?:low|medium|intermediate|high|loose|tight)-[\w^{{}},]+|{_CODE}))\s+\((?=[^()]*[<>≤≥–])[^()]*\)"
)
# "low m_T (L), with m_T < 40 GeV"
_AND_WORDS = re.compile(
    rf"\((?P<name>{_CODE})\),?\s+(?=(?:(?:is|are)\s+)?(?:defined|with|by|including|requiring|containing|where|in\s+which|for)\b)"
)
# "m_T < 40 GeV (L)", "with one t-tagged jet (1 t tag)"
_BEHIND_BOUND = re.compile(
    rf"(?:(?:\d|GeV|TeV)\s*\((?P<name>{_CODE})\)"
    r"|(?:jets?|leptons?|none|tags?)\s*\((?P<count>[0-4] [\w -]{1,8}tags?)\))"
)
# "in a E_T^miss < 70 GeV control region"
_ATTRIBUTIVE = re.compile(
    r"\b(?:in|from|with|using|by)\s+(?:a|an|the)\s+(?P<bound>[^\s<>≤≥,;]+(?:\([^()]*\))?\s*[<>≤≥]\s*[\d.]+\s*(?:[GTM]eV)?)"
    r"\s+(?P<name>(?:(?:control|validation|signal|search)\s+(?:region|sample)|sideband))\b"
)


def attributive(text: str) -> tuple[Part, ...]:
    """Return the stretches in which a region has its bound in front of it.

    >>> [p.regions for p in attributive("It is estimated in a m_T < 70 GeV control region.")]
    [('control region',)]
    """
    return tuple(Part(m.start("bound"), m.end(), (m["name"],)) for m in _ATTRIBUTIVE.finditer(text))


def classes(text: str) -> tuple[Part, ...]:
    """Return the stretches of a sentence that say what the classes of events are; empty where there are no two.

    >>> [p.regions for p in classes("The events are split into low-m_T (m_T < 40 GeV) and high-m_T (m_T > 40 GeV).")]
    [('low-m_T',), ('high-m_T',)]
    >>> [p.regions for p in classes("Jets (p_T > 30 GeV) and muons are classified.")]
    []
    """
    cue = _SORTED.search(text)
    if cue is None:
        return ()
    for stretches in (_with_bounds, _with_words, _behind_bounds):
        found = tuple(stretches(text, cue.end()))
        if len({part.regions for part in found}) > 1:
            return found
    return ()


def _with_bounds(text: str, start: int) -> Iterator[Part]:
    for match in _AND_BOUND.finditer(text, start):
        yield Part(match.start(), match.end(), (match["name"],))


def _with_words(text: str, start: int) -> Iterator[Part]:
    found = list(_AND_WORDS.finditer(text, start))
    ends = [*(match.start() for match in found), len(text)][1:]
    for match, end in zip(found, ends, strict=False):
        yield Part(match.start(), end, (match["name"],))


def _behind_bounds(text: str, start: int) -> Iterator[Part]:
    last = start
    for match in _BEHIND_BOUND.finditer(text, start):
        yield Part(last, match.end(), (match["name"] or match["count"],))
        last = match.end()
