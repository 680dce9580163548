"""Read under which condition a working point is asked for: `tight for p_T < 50 GeV and loose above`."""

from __future__ import annotations

import re

from kb.distil.candidates import Candidate
from kb.distil.conditions import condition, conditional_spans
from kb.distil.reading import Reading
from kb.distil.spans import OPPOSITE
from kb.ssc import Condition

_ASKS = re.compile(
    r"\b(?:must|required to|have to|has to|need to)\b[^.;]*\b(?:identification|isolation|working points?)\b",
    re.IGNORECASE,
)
_ELSE = re.compile(r"\b(?:above|below|otherwise|elsewhere)\b", re.IGNORECASE)
_NEXT = re.compile(r",?\s+(?:and|while|but)\s+(?:the|an?|to)\b")
_POINTS = frozenset({"id", "isolation"})


def asks_for_points(reading: Reading) -> bool:
    """Say whether a sentence asks for working points, so that a condition in it is theirs and no requirement."""
    return bool(_ASKS.search(reading.text)) and not reading.counts


def conditioned(found: list[Candidate], reading: Reading) -> list[Candidate]:
    """Give the working points of a sentence their conditions, where there are as many, or the opposite is told."""
    points = [c for c in found if c.variable.id in _POINTS and c.operator == "is" and c.when is None]
    if not points or not reading.quantities or not asks_for_points(reading):
        return found
    spans = [span for span in conditional_spans(reading) if span.quantities]
    inside = {id(q) for span in spans for q in span.quantities}
    if any(id(q) not in inside for q in reading.quantities):
        return found
    told = [_alone(condition(reading, span)) for span in spans]
    if (
        len(points) == 2
        and len(told) == 1
        and _ELSE.search(reading.words(spans[0].quantities[-1].end, len(reading.tokens)))
    ):
        told.append(_opposite(told[0]))
    if len(points) != len(told) or not all(told):
        return found
    ordered = sorted(points, key=lambda point: reading.text.lower().find(str(point.value).lower()))
    changed = {id(point): point.with_(when=when) for point, when in zip(ordered, told, strict=True)}
    return [changed.get(id(c), c) for c in found]


def _alone(when: Condition | None) -> Condition | None:
    """Return a condition without the point that is asked for next."""
    return when and when.model_copy(update={"text": _NEXT.split(when.text)[0]})


def _opposite(when: Condition | None) -> Condition | None:
    if when is None or len(when.clauses) != 1 or when.clauses[0].operator not in OPPOSITE:
        return None
    clause = when.clauses[0].model_copy(update={"operator": OPPOSITE[when.clauses[0].operator]})
    return Condition(text=f"not {when.text}", clauses=(clause,))
