"""Read tables of overlap removal: what is removed, what it is compared to, and how near the two are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.distil.candidates import Candidate, Setting
from kb.distil.grid import Grid, Item
from kb.distil.particles import PHYSICAL, compose
from kb.distil.telegrams import made, objects, reading_of

_REMOVED = re.compile(r"\b(?:removed?|removes?|discard\w*|rejected?|dropped)\b", re.IGNORECASE)
_KEPT = re.compile(
    r"\b(?:compared?|against|kept|keep|retained?|accepted?|reference|overlapping|remaining|near)\b", re.IGNORECASE
)


def removals(grid: Grid) -> Iterator[tuple[Candidate, tuple[Item, ...]]]:
    """Yield what a table of overlap removal removes, each with the cells that say it; nothing for other tables."""
    columns = _columns(grid)
    if columns is None:
        return
    gone, kept = columns
    for row in range(max(grid.heads) + 1, grid.rows):
        one, other = (grid.at(row, column) for column in (gone, kept))
        for item in grid.row(row):
            distance = _distance(item.text)
            if one is None or other is None or distance is None or item in {one, other}:
                continue
            pairs = [(a, b) for a in objects(one.text) for b in objects(other.text) if {a, b} <= PHYSICAL]
            for a, b in pairs:
                cut = made(compose((a, b)), "delta_r", "<", distance, Setting())
                yield cut.with_(scope="object", role="veto", overlap=(a, b)), (item, one, other)


def _columns(grid: Grid) -> tuple[int, int] | None:
    """Return the columns of what is removed and of what it is compared to."""
    if not grid.heads:
        return None
    heads = [item for item in grid.row(max(grid.heads)) if item.text]
    gone = [item.cell.column for item in heads if _REMOVED.search(item.text) and not _KEPT.search(item.text)]
    kept = [item.cell.column for item in heads if _KEPT.search(item.text)]
    return (gone[0], kept[0]) if len(gone) == len(kept) == 1 else None


def _distance(text: str) -> float | None:
    """Return the distance ΔR below which an object is removed, where the cell bounds one by a number."""
    reading = reading_of(text)
    for quantity in reading.quantities if reading else ():
        symbol = reading.tokens[quantity.variable].value if reading and quantity.variable is not None else None
        if symbol is not None and symbol.variable == "delta_r" and quantity.operator[0] == "<":
            value = quantity.amounts[0].bounds()
            return value if isinstance(value, float) else None
    return None
