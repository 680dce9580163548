"""The order in which code applies cuts, as its cutflow tells: what must hold before a cut's mask can show anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codegen.runner import Measured, Step


@dataclass(frozen=True)
class Line:
    """The steps up to the end of the baseline (`region` None) or of a region, with the masks they are found in."""

    region: str | None
    steps: tuple[tuple[str, ...], ...]
    keys: tuple[str, ...]
    own: int
    """Where the steps of the region itself begin."""
    common: int
    """How many steps are those of the baseline."""

    def upto(self, number: int) -> frozenset[str]:
        """Return the cuts of the first steps."""
        return frozenset(cut_id for step in self.steps[:number] for cut_id in step)

    def place(self, cut_id: str) -> int | None:
        """Return how many steps there are up to the one that applies a cut first, it included."""
        return next((n for n, step in enumerate(self.steps, start=1) if cut_id in step), None)


def lines(measured: Measured) -> list[Line]:
    """Return the baseline's line and those of the regions, parents included."""
    baseline = list(_steps(measured.cutflow, "step"))
    found = [Line(None, *_parted(baseline), own=0, common=len(baseline))]
    regions = {
        name: (region.parent, list(_steps(region.cutflow, f"region_{number:03d}_step")))
        for number, (name, region) in enumerate(measured.regions.items())
    }
    for name in regions:
        chain: list[str] = []
        at: str | None = name
        while at in regions and at not in chain:
            chain.append(at)
            at = regions[at][0]
        steps = [*baseline, *(step for part in reversed(chain) for step in regions[part][1])]
        own = len(steps) - len(regions[name][1])
        found.append(Line(name, *_parted(steps), own=own, common=len(baseline)))
    return found


def _steps(cutflow: Sequence[Step], key: str) -> Iterator[tuple[tuple[str, ...], str]]:
    for number, step in enumerate(cutflow):
        yield tuple(step.cut_ids), f"{key}_{number:03d}"


def _parted(
    steps: Sequence[tuple[tuple[str, ...], str]],
) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    return tuple(ids for ids, _ in steps), tuple(key for _, key in steps)
