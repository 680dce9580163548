"""Bounds on a difference or on a multiple of something else: angles between two things, part of a mass."""

from __future__ import annotations

import re
from dataclasses import replace

from kb.distil.amounts import Quantity
from kb.distil.bounded import ENERGIES, Bounded
from kb.distil.particles import Named
from kb.distil.quotients import compared
from kb.distil.reading import Reading

_DIFFERENCES = {
    "phi": "delta_phi",
    "eta": "delta_eta",
    "abs_eta": "delta_eta",
    "rapidity": "delta_eta",
    "abs_rapidity": "delta_eta",
}
_DIFFER = re.compile(r"\b(?:differ(?:s|ing)?|separated|apart)\b")


def as_multiple(reading: Reading, quantity: Quantity, found: list[Bounded]) -> list[Bounded]:
    """Read a bound that is a multiple of another quantity as one on their quotient: `p_T > 0.4 m_γγ`."""
    other = compared(reading.tokens, quantity)
    if not other or not found or found[0].variable not in ENERGIES:
        return found
    first = found[0]
    if first.variable in {"iso_abs", "mini_iso", "isolation"}:
        return [replace(first, variable="iso_rel")]
    name = reading.tokens[first.index].text if first.index is not None else first.variable
    of = Named("event") if first.of is not None and first.of.object == "met" else first.of
    return [replace(first, variable="ratio", of=of, name=f"{name}/{other}")]


def as_difference(reading: Reading, quantity: Quantity, found: list[Bounded]) -> list[Bounded]:
    """Read `the azimuthal angles must not differ by more than 2.5` as a bound on their difference."""
    if len(found) != 1 or found[0].index is None:
        return found
    index = found[0].index
    lead = reading.words(min(index, quantity.start) + 1 if index < quantity.start else 0, quantity.start)
    before = reading.words_before(index, 4)
    if average := re.search(r"\b(?:average|mean|averaged)\b", before):
        return [replace(found[0], variable="other", name=f"{average.group()} {reading.tokens[index].text}")]
    apart = re.search(r"\bdifference\b|\b(?:separated|apart|differ\w*) in$", before)
    if not _DIFFER.search(lead) and not apart:
        return found
    variable = _DIFFERENCES.get(found[0].variable)
    if variable is not None:
        return [replace(found[0], variable=variable, index=None)]
    return [] if found[0].variable in {"mass", "pt"} and quantity.rule == "bound" else found
