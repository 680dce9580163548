"""Read overlap removal: `jets within ΔR < 0.2 of an electron are removed` drops the jet, not the event."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kb.distil.candidates import Candidate, Setting, stated
from kb.distil.distances import both_flavours
from kb.distil.entities import is_passive
from kb.distil.particles import FLAVOURS, PHYSICAL, compose
from kb.distil.phrases import Phrase
from kb.distil.reading import Reading
from kb.ssc import Clause, Condition, Operator, Role, Subject

_IN_CONE = re.compile(
    r"\b(?:cone|distance|radius)(?: (?:of|with))?(?: an?)?(?: (?:size|radius|opening|width))?(?: of| =)?"
    r"(?: (?:Δ ?)?R =)?\s*$"
)
_AROUND = re.compile(r"\b(?:within|inside|closer|overlap\w*|in)\b")
_SUMS = re.compile(r"\bsum\b|\bisolation\b|Σ", re.IGNORECASE)
_FROM = re.compile(r"\b(?:separat\w+|isolated|apart|away|distant)\b[^,;]*\bfrom\b|\bfrom\b")


_OF_ONE = {"pt", "eta", "abs_eta"}
_OPERATORS: dict[str, Operator] = {">": ">", ">=": ">=", "<=": "<="}


@dataclass(frozen=True, slots=True)
class _Distance:
    """A distance as bounded: its tokens `[start, end)`."""

    start: int
    end: int
    operator: Operator
    value: float | tuple[float, float]


def overlaps(reading: Reading, setting: Setting, found: list[Candidate]) -> list[Candidate]:
    """Return a sentence's candidates with its distances read as what removes objects, where they do."""
    removals = list(_removals(reading, setting, found))
    if not removals:
        return found
    gone = {removal.overlap[0] for removal in removals if removal.overlap}
    meant = [
        c
        for c in found
        if c.role == "veto" and c.variable.id in _OF_ONE and c.at and c.object in gone and isinstance(c.value, float)
    ]
    kept = [c for c in found if c.variable.id != "delta_r" and c not in meant]
    return [*kept, *(_of_those(reading, removal, meant) for removal in removals)]


def _of_those(reading: Reading, removal: Candidate, meant: list[Candidate]) -> Candidate:
    """Let a removal be of what is meant: `any jet with |η| < 2.8 within 0.2 of an electron is discarded`."""
    gone = removal.overlap[0] if removal.overlap else None
    bounds = [c for c in meant if c.object == gone]
    if removal.when is not None or not bounds:
        return removal
    clauses = tuple(
        Clause(subject=Subject(object=c.object), variable=c.variable, operator=c.operator, value=value, unit=c.unit)
        for c in bounds
        if isinstance(value := c.value, float)
    )
    said = [q for q in reading.quantities for c in bounds if reading.tokens[q.start].start == c.at]
    text = " and ".join(reading.words(q.start if q.variable is None else min(q.start, q.variable), q.end) for q in said)
    return removal.with_(when=Condition(text=text or str(bounds[0].variable.id), clauses=clauses))


def _removals(reading: Reading, setting: Setting, found: list[Candidate]) -> Iterator[Candidate]:
    distances = [] if _SUMS.search(reading.text) else _distances(reading)
    conditions = {c.at: c.when for c in found if c.variable.id == "delta_r"}
    for start, end, inside in _clauses(reading, distances):
        things = [p for p in reading.phrases if start <= p.index < end and p.object in PHYSICAL]
        verbs = [i for i in range(start, end) if reading.tokens[i].kind == "j"]
        role: Role = "veto" if verbs else "select"
        if verbs:
            if _throws_events_away(reading, verbs[-1], start):
                continue
            removed = _removed(reading, things, verbs[-1], inside, start)
        elif _asks_for_space(reading, things, inside, start):
            removed = reading.joined_after(things[0])
        else:
            continue
        for distance in inside:
            if (distance.operator[0] in "<i") != (role == "veto"):
                continue
            yield from _between(reading, setting, removed, things, distance, role, conditions)


def _between(
    reading: Reading,
    setting: Setting,
    removed: list[Phrase],
    things: list[Phrase],
    distance: _Distance,
    role: Role,
    conditions: Mapping[int, Condition | None],
) -> Iterator[Candidate]:
    """Yield what one distance removes: an object near each kind of object that is kept."""
    gone = {p.object for p in removed}
    others = [p for p in things if p.object not in gone]
    within = {p.index for p in things}
    if reading.words_before(distance.start, 2).split()[:1] == ["by"]:  # "separated from photons by ΔR > 0.4"
        others = [p for p in others if p.index < distance.start][-1:]
    behind = next((reading.joined_after(p) for p in others if p.index >= distance.end), None)
    behind = [p for p in behind or () if p.index in within]
    kept = behind or [p for p in others if p.index < distance.start]
    names = {p.object for p in kept} - gone
    if not removed or not names:
        return
    one = both_flavours(removed)
    place = reading.tokens[distance.start].start
    for other in ["lepton", *sorted(names - FLAVOURS)] if names >= FLAVOURS else sorted(names):
        cut = stated(reading, setting, compose((one, other)), "delta_r", distance.operator, distance.value, "overlap")
        yield cut.with_(
            scope="object", role=role, at=place, overlap=(one, other), when=conditions.get(place), regions=()
        )


def _distances(reading: Reading) -> list[_Distance]:
    tokens = reading.tokens
    found: list[_Distance] = []
    for q in reading.quantities:
        near = tokens[q.variable] if q.variable is not None else next((t for t in tokens[q.end : q.end + 3]), None)
        is_distance = near is not None and near.kind == "v" and near.value.variable == "delta_r"
        if not is_distance or len(q.amounts) != 1 or len(q.amounts[0].values) != 1:
            continue
        bounds = q.amounts[0].bounds()
        if isinstance(bounds, tuple) and q.operator == "in":
            low, high = bounds
            if isinstance(low, float) and isinstance(high, float):
                found.append(_Distance(q.start, q.end, "in", (low, high)))
        elif q.operator[0] in "<>=":
            operator = _OPERATORS.get(q.operator, "<")
            found.append(_Distance(q.start, q.end, operator, q.amounts[0].values[0]))
    taken = {i for d in found for i in range(d.start, d.end)}
    if not _SUMS.search(reading.text):
        found += [
            _Distance(i, i + 1, "<", t.value) for i, t in enumerate(tokens) if i not in taken and _is_cone(reading, i)
        ]
    return sorted(found, key=lambda d: d.start)


def _is_cone(reading: Reading, index: int) -> bool:
    """Say whether a number is the size of a cone in which something lies: `within a cone of size 0.4 around a jet`."""
    token = reading.tokens[index]
    if token.kind != "n" or not isinstance(token.value, float) or token.value >= 2:
        return False
    before = reading.words_before(index, 9)
    return bool(_IN_CONE.search(before) and _AROUND.search(before))


def _clauses(reading: Reading, distances: list[_Distance]) -> Iterator[tuple[int, int, list[_Distance]]]:
    """Yield the clauses of a sentence that bound distances, each with a verb of its own."""
    shape = reading.shape
    start = 0
    group: list[_Distance] = []
    for index, distance in enumerate(distances):
        group.append(distance)
        following = distances[index + 1] if index + 1 < len(distances) else None
        if following is None:
            yield start, len(shape), group
            return
        for place in range(distance.end, following.start):
            whole = "j" in shape[start:place] and "j" in shape[place:]
            if shape[place] in "SWla" and whole and re.search("o", shape[place : following.start]):
                yield start, place, group
                start, group = place + 1, []
                break


def _removed(reading: Reading, things: list[Phrase], verb: int, inside: list[_Distance], start: int) -> list[Phrase]:
    """Return what is thrown away: the verb's subject, `…, the jet is removed`, or its object, `we remove jets`."""
    before = [p for p in things if p.index < verb]
    if not (_passive(reading, verb) or reading.tokens[verb].word.startswith(("are not", "is not"))):
        after = [p for p in things if p.index > verb]
        return reading.joined_after(after[0]) if after else []
    if not before:
        return []
    if inside[0].start > verb:  # "the photon is discarded if it is within …"
        return reading.joined_before(before[-1], before[:-1])
    comma = reading.shape.rfind("l", start, verb)
    last = [p for p in before if p.index > comma] if comma >= 0 else []
    if last and (inside[0].start > comma or last[0].article == "the"):
        return reading.joined_after(last[0])
    return reading.joined_after(before[0])


def _passive(reading: Reading, verb: int) -> bool:
    """`jets are discarded`, but not `ambiguities are resolved by discarding any jet …`."""
    return is_passive(reading.tokens, verb) and not reading.tokens[verb].word.endswith("ing")


def _throws_events_away(reading: Reading, verb: int, start: int) -> bool:
    """Say whether it is events that are rejected: `events with ΔR < 0.4 are rejected`."""
    first = next((p for p in reading.phrases if start <= p.index), None)
    last = next((p for p in reversed(reading.phrases) if start <= p.index < verb), None)
    behind = next((p for p in reading.phrases if p.index > verb), None)
    passive = _passive(reading, verb)
    named = {one.object for one in ((first, last) if passive else (behind,)) if one is not None}
    return "event" in named


def _asks_for_space(reading: Reading, things: list[Phrase], inside: list[_Distance], start: int) -> bool:
    """`jets must be separated from all leptons by ΔR > 0.4`: of all jets, those that are not are dropped."""
    if len(things) < 2 or inside[0].operator[0] != ">":
        return False
    head = things[0]
    asked = re.search("m", reading.shape[head.index : inside[-1].end])
    apart = _FROM.search(reading.words(start, inside[-1].end + 6))
    return bool(asked and apart and head.plural and head.article != "the" and head.rank is None and head.number is None)
