"""Read which sum is meant where it is named again by what it is of: `…, that of all leptons no more than 250 GeV`."""

from __future__ import annotations

import re

from kb.distil.amounts import Quantity
from kb.distil.bounded import Bounded
from kb.distil.particles import Named
from kb.distil.reading import Reading

_SUMS = {"lt": {"lepton", "electron", "muon"}, "ht": {"jet", "bjet"}}


def of_others(reading: Reading, quantity: Quantity, found: list[Bounded]) -> list[Bounded]:
    """Return what a bound is on; for the sum of other objects than those before, that sum."""
    last = max((q.end for q in reading.quantities if q.end <= quantity.start), default=None)
    if last is None or len(found) != 1 or found[0].variable not in {*_SUMS, "st"}:
        return found
    if not re.match(r"(?:[,;] )?(?:and |but )?that of\b", reading.words(last, quantity.start)):
        return found
    of = {p.object for p in reading.phrases if last <= p.index < quantity.start}
    if not of:
        return found
    kind = next((name for name, objects in _SUMS.items() if of <= objects), None)
    return [Bounded(kind or "other", Named("event"), None if kind else f"sum of {', '.join(sorted(of))}")]
