"""Probe events: what shows one facet of a cut, and all that a search has found."""

from __future__ import annotations

from dataclasses import dataclass, field

from eval.probes.facets import Facet
from eval.probes.gauge import Crossing
from eval.probes.specimen import Row


@dataclass(frozen=True)
class Probe:
    """Events that show one facet of a cut: first one that passes, then one that does not, then some further off."""

    cut_id: str
    facet: Facet
    rows: tuple[Row, ...]
    crossing: Crossing | None = None
    exact: bool = False
    hidden: bool = False
    apart: bool = False
    """Whether it takes the mask of a step by itself to see it."""


@dataclass
class Found:
    """Probes, what could not be shown of each cut, and why."""

    probes: list[Probe] = field(default_factory=list)
    absent: dict[str, list[Facet]] = field(default_factory=dict)
    because: dict[str, str] = field(default_factory=dict)
    excluded: dict[str, str] = field(default_factory=dict)
    """Why cuts are shown by themselves only."""
    judged: int = 0
