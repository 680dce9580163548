"""Read which requirements are alternatives: `either A or B`, `A > 1 or B > 2`, `at least one of the following: …`.

One of several alternatives must hold. Each is one requirement on events or on the same objects; where one of them
takes two, they are not told apart, and what is said of them stays without a sign that it is an alternative.
"""

from __future__ import annotations

import re
from itertools import pairwise

from kb.distil.candidates import Candidate

_EITHER = re.compile(r"\beither\b", re.IGNORECASE)
_OR = re.compile(r"(?:,\s*)?\bor\b(?:\s+else|\s+alternatively)?", re.IGNORECASE)
_OF_THESE = re.compile(
    r"\b(?:(?:at least|exactly)?\s*one (?:or more )?|any(?: one)?) of (?:the|these|two|three|four|five)\b"
    r"[^.;:]{0,60}?\b(?:following|conditions?|criteria|requirements?)\b[^.;:]*:",
    re.IGNORECASE,
)
_LISTS_ALTERNATIVES = re.compile(
    r"\b(?:(?:at least|exactly)? ?one (?:or more )?|any(?: one)?) of (?:the|these|two|three|four|five)\b"
    r"[^.;:]{0,60}?\b(?:following|conditions?|criteria|requirements?|below)\b[^.;:]*[:.]?\s*$"
    r"|\b(?:either|one) of the following\b[^.;:]*[:.]?\s*$",
    re.IGNORECASE,
)
# what stands before an `or` that parts two bounds, and not two numbers or two objects
_BOUND_ENDS = re.compile(r"(?:\d|\b(?:[GMTk]?eV|mm|cm|rad|zero|one|two|three|four|five|six))(?:\^1/2)?[)\]]?\s*$")
_STOPS = re.compile(r";|\.\s|,\s+(?:and|while|whereas|but|which|where)\b|\s\b(?:while|whereas)\b|,\s+(?=in addition)")
_ONE_BOUND = re.compile(r"[^,;(]*(?:\([^()]*\)[^,;(]*)?")
_NEAR = 40
_COMMA = re.compile(r"[,;]\s")


def lists_alternatives(text: str) -> bool:
    """Say whether the items below a text are alternatives.

    >>> lists_alternatives("Events are required to fulfil at least one of the following conditions:")
    True
    """
    return bool(_LISTS_ALTERNATIVES.search(text))


def alternatives(found: list[Candidate], text: str, start: int) -> list[Candidate]:
    """Mark those of a sentence's candidates that are alternatives; the sentence begins at `start`."""
    if len(found) < 2 or not (" or " in text or _OF_THESE.search(text)):
        return found
    for stretches in _stretches(found, text, start):
        marked = mark(found, [[c for c in found if a <= c.at - start < b and c.at] for a, b in stretches], start)
        if marked is not found:
            return marked
    return found


def mark(found: list[Candidate], groups: list[list[Candidate]], name: int) -> list[Candidate]:
    """Mark one candidate of each group as an alternative, where each has just one that can be."""
    chosen = [alone for group in groups if (alone := _alone(group)) is not None]
    if len(chosen) != len(groups) or len(chosen) < 2 or len({(c.regions, c.role) for c in chosen}) > 1:
        return found
    if len({c.scope == "object" for c in chosen}) > 1 or len({_said(c) for c in chosen}) < len(chosen):
        return found
    if chosen[0].scope == "object" and len({c.object for c in chosen}) > 1:
        return found
    return [c.with_(any_of=name) if any(c is one for one in chosen) else c for c in found]


def _said(candidate: Candidate) -> tuple[object, ...]:
    """Return what a candidate bounds: `p_T > 30 or 25 GeV` are no alternatives but a list."""
    return (candidate.object, candidate.rank, candidate.variable.id, candidate.variable.name, candidate.operator[0])


def _alone(group: list[Candidate]) -> Candidate | None:
    """Return the only requirement of an alternative; what only defines the objects it counts does not matter."""
    counted = {c.object for c in group if c.variable.id == "count"}
    asked = [c for c in group if not (c.scope == "object" and c.object in counted)]
    return asked[0] if len(asked) == 1 else None


def _stretches(found: list[Candidate], text: str, start: int) -> list[list[tuple[int, int]]]:
    """Return the ways in which a sentence may be parted into alternatives, the likeliest first."""
    ways: list[list[tuple[int, int]]] = []
    listed = _OF_THESE.search(text)
    if listed:
        edges = [listed.end(), *(m.end() for m in _COMMA.finditer(text, listed.end())), len(text)]
        return [list(pairwise(edges))]
    for choice in _OR.finditer(text):
        stop = _STOPS.search(text, choice.end())
        end = stop.start() if stop else len(text)
        either = [m.end() for m in _EITHER.finditer(text, 0, choice.start())]
        if either:
            edges = [either[-1], *(m.end() for m in _COMMA.finditer(text, either[-1], choice.start())), choice.end()]
            ways.append([*pairwise(edges), (choice.end(), end)])
        elif _BOUND_ENDS.search(text[: choice.start()]):
            before = sorted((c.at - start for c in found if c.at and c.at - start < choice.start()), reverse=True)
            after = [c.at - start for c in found if choice.end() <= c.at - start < end]
            if after and not re.search(r"\band\b", text[choice.end() : max(after)]):
                ways.append([*_listed(text, before, choice.start()), (choice.end(), end)])
    return ways


def _listed(text: str, before: list[int], choice: int) -> list[tuple[int, int]]:
    """Return the stretches of the bounds before an `or`, back to where commas do not part them: `A, B or C`."""
    found: list[tuple[int, int]] = []
    end = choice
    for place in before:
        between = text[place:end]
        if len(between) > _NEAR or not _ONE_BOUND.fullmatch(between):
            break
        found.insert(0, (place, end))
        opening = text.rfind(", ", 0, place)
        end = opening if opening > 0 else place
    return found
