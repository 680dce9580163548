"""Read thresholds that follow another quantity: `12 GeV for m_4ℓ < 140 GeV, rising linearly to 50 GeV at 190 GeV`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kb.distil.amounts import Amount, Quantity, closed_at
from kb.distil.bounds import candidate
from kb.distil.candidates import Candidate, Setting
from kb.distil.memory import Memory
from kb.distil.reading import Reading
from kb.distil.subjects import subjects
from kb.distil.variables import variables
from kb.ssc import Piecewise, Subject, Variable

_SLOPE = re.compile(
    r"\b(?:linear\w*|ris(?:es|ing)|increas\w+|decreas\w+|fall(?:s|ing)|grow\w*|drop\w*)\b", re.IGNORECASE
)
_UPPER = re.compile(r"\b(?:upper|maximum|at most|below)\b")
_SHAPES = (
    # 12 GeV for m < 140 GeV, rises linearly to 50 GeV at m = 190 GeV
    r"(?P<y1>nu?)[ft][tO]{0,2}v?(?:tt?)?[ct]?(?P<x1>nu?).{1,9}?g(?P<y2>nu?)[tf]{1,2}v?(?:tt?)?c?O?(?P<x2>nu?)",
    # from 12 GeV at m = 140 GeV to 50 GeV at 190 GeV
    r"[qO](?P<y1>nu?)[tf]{1,2}v?(?:tt?)?c?(?P<x1>nu?).{0,4}?g(?P<y2>nu?)[tf]{1,2}v?(?:tt?)?c?(?P<x2>nu?)",
)


@dataclass(slots=True)
class Threshold:
    """A threshold function: tokens `[start, end)`, and the unit of its values."""

    start: int
    end: int
    function: Piecewise
    unit: str


def threshold(reading: Reading) -> Threshold | None:
    """Return the threshold function a sentence states, if any."""
    if not _SLOPE.search(reading.text):
        return None
    tokens, shape = reading.tokens, reading.shape
    for pattern in _SHAPES:
        match = re.search(pattern, shape)
        if not match or not _SLOPE.search(reading.words(max(0, match.start() - 4), match.end())):
            continue
        index = shape.find("v", match.start(), match.end())
        if index < 0:
            index = shape.rfind("v", 0, match.start())
        if index < 0:
            continue
        symbol = tokens[index].value
        number = {name: float(tokens[match.start(name)].value) for name in ("y1", "x1", "y2", "x2")}
        unit = {name: _unit(reading, match.end(name) - 1) for name in ("y1", "x1", "y2", "x2")}
        if number["x1"] >= number["x2"]:
            continue
        function = Piecewise(
            subject=Subject(object=symbol.about.object if symbol.about else "event"),
            variable=Variable(id=symbol.variable),
            unit=unit["x2"] or unit["x1"] or "1",
            points=((number["x1"], number["y1"]), (number["x2"], number["y2"])),
        )
        return Threshold(match.start(), match.end(), function, unit["y1"] or unit["y2"] or "1")
    return None


def _unit(reading: Reading, index: int) -> str | None:
    token = reading.tokens[index]
    return token.value.id if token.kind == "u" and token.value else None


def sliding(reading: Reading, function: Threshold, memory: Memory, setting: Setting) -> list[Candidate]:
    """Return the bound by a threshold function, with the fixed bound on its other side if there is one.

    What is read so is taken out of the sentence's bounds.
    """
    gone = range(function.start, function.end)
    kept = [q for q in reading.quantities if not set(gone) & set(range(q.start, q.end))]
    quantity = _bound(reading, function)
    bounded = variables(reading, quantity, memory, [])
    who = subjects(reading, quantity, bounded[0], memory) if bounded else []
    if not who:
        reading.quantities = kept
        return []
    base = candidate(reading, quantity, bounded[0], who[0], quantity.amounts[0], "select", memory, setting)
    base = base.with_(rule="sliding-threshold")
    fixed = [q for q in reading.quantities if q.end <= function.start and _faces(q, quantity)]
    if not fixed:
        reading.quantities = kept
        return [base.with_(value=function.function)]
    reading.quantities = [q for q in kept if q is not fixed[-1]]
    edge = fixed[-1].amounts[0].values[0]
    ends = [(function.function, quantity.operator), (edge, fixed[-1].operator)]
    (low, above), (high, below) = ends if quantity.operator[0] == ">" else reversed(ends)
    closed = closed_at(low="=" in above, high="=" in below)
    return [base.with_(operator="in", value=(low, high), closed=closed)]


def _bound(reading: Reading, function: Threshold) -> Quantity:
    """Return the bound that a threshold function is the value of."""
    tokens = reading.tokens
    comparator = next(
        (
            i
            for i in range(function.start - 1, -1, -1)
            if tokens[i].kind == "c"
            and not tokens[i].word.startswith("threshold")
            and not any(q.covers(i) for q in reading.quantities)
        ),
        None,
    )
    position = function.start if comparator is None else comparator
    operator = ">" if comparator is None else str(tokens[comparator].value)
    if comparator is None and _UPPER.search(reading.words(0, function.start)):
        operator = "<"
    variable = position - 1 if position and tokens[position - 1].kind == "v" else None
    first = Amount((function.function.points[0][1],), function.unit)
    return Quantity(position, position + 1, operator, [first], variable)


def _faces(fixed: Quantity, quantity: Quantity) -> bool:
    """Say whether a fixed bound is one from the other side."""
    return (
        len(fixed.amounts) == 1
        and not fixed.amounts[0].upper
        and fixed.amounts[0].unit == quantity.amounts[0].unit
        and fixed.operator[0] in "<>"
        and fixed.operator[0] != quantity.operator[0]
    )
