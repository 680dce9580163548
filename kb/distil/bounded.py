"""What is bounded: a variable, of what, and the units it can have."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kb.distil.notation import Symbol
from kb.distil.particles import Named
from kb.distil.reading import Reading
from kb.vocabulary import normal_unit, vocabulary


def _measured_in(*units: str) -> frozenset[str]:
    return frozenset(term.id for term in vocabulary().variables.values() if term.unit in units)


ENERGIES = _measured_in("GeV")
# What a named variable or a working point may be measured in is not known.
_BY_UNIT = {
    "GeV": ENERGIES | {"other", "ratio", "met_sig", "isolation"},
    "mm": _measured_in("mm") | {"other", "lifetime"},
    "ns": _measured_in("ns") | {"other"},
    "rad": _measured_in("rad") | {"other"},
    "deg": _measured_in("rad") | {"other"},
}
# A number without a unit that follows a momentum or a mass is theirs, so that it is given to nothing else.
_NEVER_BARE = _measured_in("GeV", "ns") - {"pt", "mass", "mr"}


@dataclass(slots=True)
class Bounded:
    """The variable that a bound is on: whose it is, where that is said, and the token that names it.

    `name` is that of a variable the vocabulary does not have, `window` the mass it is compared with; `index` is None
    where an earlier sentence names the variable.
    """

    variable: str
    of: Named | None = None
    name: str | None = None
    window: str | None = None
    index: int | None = None


def fits(variable: str, unit: str) -> bool:
    """Say whether a number in this unit can bound the variable.

    >>> fits("pt", "TeV"), fits("pt", "mm"), fits("abs_eta", "1"), fits("ht", "1")
    (True, False, True, False)
    """
    known = _BY_UNIT.get(unit) or _BY_UNIT.get(normal_unit(unit) or "")
    return variable in known if known else variable not in _NEVER_BARE


def is_cone(reading: Reading, index: int) -> bool:
    """Say whether a ΔR is the size of a cone."""
    near = f"{reading.words_before(index, 7)} {reading.words(index + 1, index + 4)}".lower()
    return reading.tokens[index].value.variable == "delta_r" and bool(re.search(r"\b(?:cone|radius|size)\b", near))


def named_at(reading: Reading, index: int) -> Bounded:
    symbol: Symbol = reading.tokens[index].value
    return Bounded(symbol.variable, symbol.about, symbol.name, symbol.window, index)
