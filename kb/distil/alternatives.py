"""Read which requirements are alternatives: `either A or B`, `A > 1 or B > 2`, `at least one of the following: …`.

One of several alternatives must hold. An alternative may ask for more than one thing: `either two leptons and m > 20
GeV, or three leptons`. Then one requirement of each is an alternative and the others have a condition: in events with
two leptons, m > 20 GeV. Where no such condition says the same, all of them have the alternative's words as a condition
without clauses, which is never applied unread.
"""

from __future__ import annotations

import re
from itertools import combinations, pairwise

from kb.distil.amounts import closed_at
from kb.distil.candidates import Candidate
from kb.distil.spans import OPPOSITE, disjoint, spans
from kb.ssc import Clause, Condition, Operator, Subject

_EITHER = re.compile(r"\beither\b", re.IGNORECASE)
_OR = re.compile(r"(?:,\s*)?\bor\b(?:\s+else|\s+alternatively)?", re.IGNORECASE)
_OF_THESE = re.compile(
    r"\b(?:(?:at least |exactly )?one(?: or more)?|any(?: one)?) of (?:the|these|two|three|four|five)\b"
    r"[^.;:]{0,60}?\b(?:following|conditions?|criteria|requirements?)\b[^.;:]*:",
    re.IGNORECASE,
)
_LISTS_ALTERNATIVES = re.compile(
    r"\b(?:(?:at least |exactly )?one(?: or more)?|any(?: one)?) of (?:the|these|two|three|four|five)\b"
    r"[^.;:]{0,60}?\b(?:following|conditions?|criteria|requirements?|below)\b[^.;:]*[:.]?\s*$"
    r"|\b(?:either|one) of the following\b[^.;:]*[:.]?\s*$",
    re.IGNORECASE,
)
# what stands before an `or` that parts two bounds, and not two numbers or two objects
_BOUND_ENDS = re.compile(r"(?:\d|\b(?:[GMTk]?eV|mm|cm|rad|zero|one|two|three|four|five|six))(?:\^1/2)?[)\]]?\s*$")
_STOPS = re.compile(r";|\.\s|,\s+(?:and|while|whereas|but|which|where)\b|\s\b(?:while|whereas)\b|,\s+(?=in addition)")
_ONE_BOUND = re.compile(r"[^,;(]*(?:\([^()]*\)[^,;(]*)?")
_OF_COUNTED = re.compile(r"\s*(?:each\s+)?(?:with|having|of)\b")
_LAST_OF_LIST = re.compile(r",\s+and\b")
_NEAR = 40
_CHOICE_ENDS = re.compile(rf"{_OR.pattern}$")
_PARTED = re.compile(r"\s+(?:and|with|plus|as well as|together with)\s+|,\s+(?:and\s+)?")
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
        groups = [[c for c in found if a <= c.at - start < b and c.at] for a, b in stretches]
        marked = _gap(found, groups) or mark(found, groups, start)
        if marked is not found:
            return marked
    either = [m.end() for m in _EITHER.finditer(text)]
    choices = list(_OR.finditer(text, either[-1])) if either else []
    for choice in reversed(choices):
        stop = _STOPS.search(text, choice.end())
        stretches = [(either[-1], choice.end()), (choice.end(), stop.start() if stop else len(text))]
        groups = [[c for c in found if a <= c.at - start < b and c.at] for a, b in stretches]
        marked = conjoined(found, groups, [(start + a, text[a:b]) for a, b in stretches], start)
        if marked is not found:
            return marked
    return found


def mark(found: list[Candidate], groups: list[list[Candidate]], name: int) -> list[Candidate]:
    """Mark one candidate of each group as an alternative, where each has just one that can be."""
    chosen = [alone for group in groups if (alone := _alone(group)) is not None]
    if len(chosen) != len(groups) or not _may_be(chosen):
        return found
    return [c.with_(any_of=name) if any(c is one for one in chosen) else c for c in found]


def _gap(found: list[Candidate], groups: list[list[Candidate]]) -> list[Candidate] | None:
    """Make one requirement of `m < 60 GeV or m > 110 GeV`: outside a range."""
    chosen = [c for group in groups for c in group]
    if len(groups) != 2 or len(chosen) != 2 or len({(*_on(c), c.when, c.regions, c.role) for c in chosen}) > 1:
        return None
    low, high = sorted(chosen, key=lambda c: c.operator[0] == ">")
    ends = low.value, high.value
    if low.operator[0] != "<" or high.operator[0] != ">" or low.role == "veto":
        return None
    if not isinstance(ends[0], float) or not isinstance(ends[1], float) or ends[0] >= ends[1]:
        return None
    closed = closed_at(low=low.operator == "<", high=high.operator == ">")
    outside = low.with_(operator="not_in", value=(ends[0], ends[1]), closed=closed)
    return [outside if c is low else c for c in found if c is not high]


def conjoined(
    found: list[Candidate], groups: list[list[Candidate]], stretches: list[tuple[int, str]], name: int
) -> list[Candidate]:
    """Mark the candidates of groups of which one must hold as a whole; each has a stretch of text, where it starts."""
    words = [_CHOICE_ENDS.sub("", said).strip(" ,.;") for _, said in stretches]
    asked = [_asked(group) for group in groups]
    plain = all(c.when is None and c.any_of is None and c.scope != "object" for group in asked for c in group)
    if (
        len(asked) < 2
        or not all(asked)
        or not plain
        or len({(c.regions, c.role) for group in asked for c in group}) > 1
    ):
        return found
    changed: dict[int, Candidate] = {}
    heads = _exclusive(asked)
    if heads:
        for head, group, stretch in zip(heads, asked, stretches, strict=True):
            changed[id(head)] = head.with_(any_of=name)
            part = _part(head, *stretch)
            told = "where" if re.search(r"\b(?:is|are|has|have|must)\b", part) else "in events with"
            only = Condition(text=f"{told} {part}", clauses=(_clause(head, head.operator),))
            changed |= {id(c): c.with_(when=only) for c in group if c is not head}
    elif len(several := [i for i, group in enumerate(asked) if len(group) > 1]) == 1:
        index = several[0]
        others = [group[0] for i, group in enumerate(asked) if i != index]
        head, *rest = asked[index]
        if len({_said(c) for c in (head, *others)}) > len(others):
            clauses = tuple(_clause(c, OPPOSITE[c.operator]) for c in others)
            unless = Condition(
                text="unless " + " or ".join(w for i, w in enumerate(words) if i != index), clauses=clauses
            )
            changed |= {id(c): c.with_(any_of=name) for c in (head, *others)}
            changed |= {id(c): c.with_(when=unless) for c in rest}
    if not changed:
        for group, said in zip(asked, words, strict=True):
            changed |= {id(c): c.with_(when=Condition(text=f"either {said} or else")) for c in group}
    return [changed.get(id(c), c) for c in found]


def _part(candidate: Candidate, start: int, said: str) -> str:
    """Return the words of a requirement that one stretch of text has beside others."""
    edges = [0, *(m.end() for m in _PARTED.finditer(said)), len(said)]
    place = candidate.at - start
    part = next((said[a:b] for a, b in pairwise(edges) if a <= place <= b), said)
    return _CHOICE_ENDS.sub("", _PARTED.sub("", part)).strip(" ,.;")


def _may_be(chosen: list[Candidate]) -> bool:
    """Say whether several requirements can be alternatives of each other."""
    if len(chosen) < 2 or len({(c.regions, c.role) for c in chosen}) > 1:
        return False
    if len({c.scope == "object" for c in chosen}) > 1 or len({_said(c) for c in chosen}) < len(chosen):
        return False
    return chosen[0].scope != "object" or len({c.object for c in chosen}) == 1


def _exclusive(groups: list[list[Candidate]]) -> list[Candidate]:
    """Return a requirement of each group of which only one can hold: two leptons, three leptons."""
    for first in groups[0]:
        same = [next((c for c in group if _on(c) == _on(first)), None) for group in groups]
        heads = [c for c in same if c is not None]
        ranges = [spans(c.operator, c.value, c.closed, c.role) for c in heads]
        if len(heads) == len(groups) and all(ranges) and all(disjoint(a, b) for a, b in combinations(ranges, 2)):
            return heads
    return []


def _on(candidate: Candidate) -> tuple[object, ...]:
    return (candidate.object, candidate.rank, candidate.definition, candidate.variable, candidate.unit)


def _clause(candidate: Candidate, operator: Operator) -> Clause:
    value = candidate.value
    assert isinstance(value, float | int | tuple), value
    return Clause(
        subject=Subject(object=candidate.object, rank=candidate.rank, definition=candidate.definition),
        variable=candidate.variable,
        operator=operator,
        value=value,  # type: ignore[arg-type]  # a range of numbers, see `conjoined`
        closed=candidate.closed if operator in {"in", "not_in"} else "both",
        unit=candidate.unit,
    )


def _said(candidate: Candidate) -> tuple[object, ...]:
    """Return what a candidate bounds: `p_T > 30 or 25 GeV` are no alternatives but a list."""
    return (candidate.object, candidate.rank, candidate.variable.id, candidate.variable.name, candidate.operator[0])


def _alone(group: list[Candidate]) -> Candidate | None:
    """Return the only requirement of an alternative."""
    asked = _asked(group)
    return asked[0] if len(asked) == 1 else None


def _asked(group: list[Candidate]) -> list[Candidate]:
    """Return the requirements of an alternative without what only defines the objects it counts."""
    counted = {c.object for c in group if c.variable.id == "count"}
    return [c for c in group if c.variable.id == "count" or c.rank is not None or c.object not in counted]


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
            if after:
                counts = {c.at - start for c in found if c.variable.id == "count"}
                ways.append([*_listed(text, before, choice.start(), counts), (choice.end(), end)])
    return ways


def _listed(text: str, before: list[int], choice: int, counts: set[int]) -> list[tuple[int, int]]:
    """Return the stretches of the bounds before an `or`, back to where commas do not part them: `A, B or C`.

    `counts` are the places of numbers of objects, which may have bounds of their own.
    """
    found: list[tuple[int, int]] = []
    end = choice
    for place in before:
        between = text[place:end]
        if len(between) > _NEAR or not _ONE_BOUND.fullmatch(between):
            break
        if found and place in counts and _OF_COUNTED.match(text[place : found[0][0]]):
            found[0] = (place, found[0][1])  # "two jets with p_T > 40 GeV or …": the bound is that of what is counted
            break
        found.insert(0, (place, end))
        opening = text.rfind(", ", 0, place)
        end = opening if opening > 0 else place
        if _LAST_OF_LIST.match(text[end:place]):
            break  # "four jets, and E_T^miss > 30 GeV or m_T > 50 GeV": the jets are asked for in any case
    return found
