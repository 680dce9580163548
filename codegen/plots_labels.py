"""What stands at the axes of plots: symbols as they are printed, units, and lines that are not too long."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

AXIS = 52
"""Characters that have room along an axis."""
NOT_NORMALISED = "events, not normalised"
_SYMBOL = re.compile(r"(?<![\w\\])(?P<base>[^\W\d_]{1,2})(?P<marks>(?:[_^](?:\{[^{}]*\}|[^\W_]+))+)")
"""A letter or two with something raised or lowered: p_T, E_T^miss, not the words of a name with an underscore."""


def axis_label(label: str, unit: str, width: int = AXIS) -> str:
    """Return an axis title with its unit, the label's plain or TeX symbols kept, in lines of some characters.

    >>> axis_label("$m_{4l}$", "GeV"), axis_label("number of jets", "")
    ('$m_{4l}$ [GeV]', 'number of jets')
    """
    return mathtext(wrapped(f"{label} [{unit}]" if unit and unit != "1" else label, width))


def mathtext(label: str) -> str:
    """Write the symbols of a label with raised and lowered parts, other words as they are.

    >>> print(mathtext("leading jet p_T"), mathtext("E_T^miss"), mathtext("|d_0|/σ"), mathtext("$m_{4l}$"))
    leading jet $p_\\mathrm{T}$ $E_\\mathrm{T}^\\mathrm{miss}$ |$d_\\mathrm{0}$|/σ $m_{4l}$
    >>> mathtext("number of signal_jets")
    'number of signal_jets'
    """
    parts = re.split(r"(\$[^$]*\$)", label)
    return "".join(part if part.startswith("$") else _SYMBOL.sub(_raised, part) for part in parts)


def _raised(found: re.Match[str]) -> str:
    """Write one symbol in the mathematics of matplotlib."""
    base, marks = found["base"], re.findall(r"([_^])\{?([^_^{}]+)\}?", found["marks"])
    return "$" + base + "".join(f"{mark}\\mathrm{{{text}}}" for mark, text in marks) + "$"


def wrapped(text: str, width: int) -> str:
    """Break text into lines at spaces; words and formulas stay whole.

    >>> wrapped("number of jets far from every lepton", 20)
    'number of jets far\\nfrom every lepton'
    >>> wrapped("mass $m_{a b}$ of it", 8)
    'mass\\n$m_{a b}$\\nof it'
    """
    words = re.findall(r"(?:\$[^$]*\$|\S)+", text)
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return "\n".join(lines)


def events_label(edges: Sequence[float], unit: str, *, normalised: bool = True) -> str:
    """Return the title of a count axis: events per bin width, where all bins are equally wide.

    >>> events_label([80.0, 85.0, 90.0], "GeV"), events_label([0, 1, 4], "")
    ('Events / 5 GeV', 'Events / bin')
    """
    events = "Events" if normalised else "Events (not normalised)"
    widths = [high - low for low, high in itertools.pairwise(edges)]
    if max(widths) - min(widths) > 1e-6 * max(widths):
        return f"{events} / bin"
    return f"{events} / {widths[0]:.4g} {unit if unit != '1' else ''}".rstrip()
