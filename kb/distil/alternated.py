"""Read conditions that turn round in brackets: `below 0.15 (0.10) for |η| < 1.5 (|η| > 1.5)`."""

from __future__ import annotations

import re
from itertools import pairwise

from kb.distil.amounts import Quantity
from kb.distil.conditions import clause_of
from kb.distil.reading import Reading
from kb.ssc import Condition

_ACCEPTANCE = {"pt", "eta", "abs_eta", "energy"}


def alternated(reading: Reading) -> tuple[Quantity, Quantity] | None:
    """Return two bounds that exclude each other, the second in brackets; no requirement can be both."""
    for one, other in pairwise(reading.quantities):
        if one.variable is None or other.variable is None:
            continue
        variables = {reading.tokens[q.variable].value.variable for q in (one, other) if q.variable is not None}
        start, end = min(other.start, other.variable), max(other.end, other.variable + 1)
        bracketed = reading.shape[max(one.end, one.variable + 1) : start] == "b" and reading.shape[end : end + 1] == "d"
        if bracketed and len(variables) == 1 and variables <= _ACCEPTANCE and _exclude(one, other):
            return one, other
    return None


def conditions(reading: Reading) -> tuple[Condition, Condition] | None:
    """Return what the number in front of brackets and the one in them are for."""
    told = []
    for quantity in alternated(reading) or ():
        clause = clause_of(reading, quantity)
        ends = [
            quantity.start,
            quantity.end,
            *([quantity.variable, quantity.variable + 1] if quantity.variable else []),
        ]
        text = f"for {reading.words(min(ends), max(ends))}"
        told.append(Condition(text=text, clauses=(clause,) if clause else ()))
    return (told[0], told[1]) if len(told) == 2 else None


def _exclude(one: Quantity, other: Quantity) -> bool:
    """Say whether one bound is below what the other one begins with, or above."""
    signs = re.sub("=", "", f"{one.operator} {other.operator}")
    low, high = one.amounts[0].values[0], other.amounts[0].values[0]
    return (signs == "< >" and low <= high) or (signs == "> <" and low >= high) or (signs == "< in" and low <= high)
