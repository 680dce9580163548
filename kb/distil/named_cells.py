"""Read cells that are names of triggers or of filters: `HLT_IsoMu24`, `Flag_HBHENoiseFilter`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.distil.candidates import Candidate, Setting
from kb.distil.telegrams import made
from kb.distil.triggers import chains

_FILTER = re.compile(r"Flag_\w+|(?!\w*trigger)(?:[A-Z]\w*|\w+_\w*)Filter\w*")
_JOINS = re.compile(r"[\s,;/|]+|\b(?:or|and|OR|AND|\|\|)\b")


def named_by(cell: str) -> Iterator[Candidate]:
    """Yield the triggers or filters whose names are all that a cell has.

    >>> [(c.variable.id, c.value) for c in named_by("HLT_mu50 or HLT_mu26_ivarmedium")]
    [('trigger', 'HLT_mu50'), ('trigger', 'HLT_mu26_ivarmedium')]
    >>> [(c.variable.id, c.value) for c in named_by("Flag_eeBadScFilter")], list(named_by("noise filter"))
    ([('cleaning', 'Flag_eeBadScFilter')], [])
    """
    setting = Setting()
    if _FILTER.fullmatch(cell):
        yield made("event", "cleaning", "is", cell, setting).with_(scope="cleaning")
        return
    found = chains(cell)
    rest = cell
    for name in sorted(found, key=len, reverse=True):
        rest = rest.replace(name, " ")
    if found and not _JOINS.sub("", rest):
        yield from (made("event", "trigger", "is", name, setting).with_(scope="trigger") for name in found)
