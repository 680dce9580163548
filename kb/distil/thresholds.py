"""Read thresholds that follow another quantity: `12 GeV for m_4ℓ < 140 GeV, rising linearly to 50 GeV at 190 GeV`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kb.distil.reading import Reading
from kb.ssc import Piecewise, Subject, Variable

_SLOPE = re.compile(
    r"\b(?:linear\w*|ris(?:es|ing)|increas\w+|decreas\w+|fall(?:s|ing)|grow\w*|drop\w*)\b", re.IGNORECASE
)


@dataclass(slots=True)
class Threshold:
    """A threshold function: tokens `[start, end)`, its first number for the unit."""

    start: int
    end: int
    function: Piecewise
    unit: str


_SHAPES = (
    # 12 GeV for m < 140 GeV, rises linearly to 50 GeV at m = 190 GeV
    r"(?P<y1>nu?)[ft][tO]{0,2}v?(?:tt?)?[ct]?(?P<x1>nu?).{1,9}?g(?P<y2>nu?)[tf]{1,2}v?(?:tt?)?c?O?(?P<x2>nu?)",
    # from 12 GeV at m = 140 GeV to 50 GeV at 190 GeV
    r"[qO](?P<y1>nu?)[tf]{1,2}v?(?:tt?)?c?(?P<x1>nu?).{0,4}?g(?P<y2>nu?)[tf]{1,2}v?(?:tt?)?c?(?P<x2>nu?)",
)


def threshold(reading: Reading) -> Threshold | None:
    """Return the threshold function a sentence states, if any."""
    if not _SLOPE.search(reading.text):
        return None
    tokens = reading.tokens
    for shape in _SHAPES:
        match = re.search(shape, reading.shape)
        if not match:
            continue
        if not _SLOPE.search(reading.words(max(0, match.start() - 4), match.end())):
            continue
        index = next((i for i in range(match.start(), match.end()) if reading.shape[i] == "v"), None)
        if index is None:
            index = next((i for i in range(match.start() - 1, -1, -1) if reading.shape[i] == "v"), None)
        symbol = tokens[index].value if index is not None else None
        about = symbol.about if symbol else None
        if symbol is None:
            continue
        number = {name: float(tokens[match.start(name)].value) for name in ("y1", "x1", "y2", "x2")}
        units = {name: _unit(reading, match.end(name) - 1) for name in ("y1", "x1", "y2", "x2")}
        across = units["x2"] or units["x1"] or "1"
        up = units["y1"] or units["y2"] or "1"
        if number["x1"] >= number["x2"]:
            continue
        function = Piecewise(
            subject=Subject(object=about.object if about else "event"),
            variable=Variable(id=symbol.variable),
            unit=across,
            points=((number["x1"], number["y1"]), (number["x2"], number["y2"])),
        )
        return Threshold(match.start(), match.end(), function, up)
    return None


def _unit(reading: Reading, index: int) -> str | None:
    token = reading.tokens[index]
    return token.value.id if token.kind == "u" and token.value else None
