"""What a script writes as JSON about the events that it was given, and how parts of a sample add up."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Count = Annotated[int, Field(ge=0)]
Text = Annotated[str, Field(max_length=1000)]


class Report(BaseModel):
    """What every part of a script's JSON has in common: nothing unknown, no NaN."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class Sums(Report):
    """A sum of weights, and of their squares."""

    weighted: float
    sumw2: Annotated[float, Field(ge=0)]


class Step(Sums):
    """One line of a cutflow: what survives this step and all before it; `varied` by the names of other weights."""

    cut_ids: list[Text]
    label: Text
    raw: Count
    varied: dict[Text, Sums] = {}


class Bins(Report):
    """What a histogram holds by another weight than the nominal one."""

    values: list[float]
    variances: list[Annotated[float, Field(ge=0)]]


class Histogram(Report):
    """Weighted counts in bins; `variances` are sums of squared weights; no under- or overflow."""

    edges: Annotated[list[float], Field(min_length=2)]
    values: list[float]
    variances: list[Annotated[float, Field(ge=0)]]
    label: Text
    unit: Text = ""
    without: tuple[Text | None, Count] | None = None
    """The step that its events need not meet: of a region, or of the baseline (None), by its place."""
    thresholds: list[float] = []
    varied: dict[Text, Bins] = {}

    @model_validator(mode="after")
    def _consistent(self) -> Histogram:
        filled: list[Histogram | Bins] = [self, *self.varied.values()]
        if any({len(one.values), len(one.variances)} != {len(self.edges) - 1} for one in filled):
            message = "a histogram has one value and one variance per bin"
            raise ValueError(message)
        if any(high <= low for low, high in zip(self.edges, self.edges[1:], strict=False)):
            message = "bin edges rise"
            raise ValueError(message)
        return self


class RegionCount(Report):
    """The steps of a region, counted after the baseline and after its parent region."""

    parent: Text | None = None
    cutflow: list[Step]
    histograms: dict[str, Histogram] = {}


class Overlaps(Report):
    """How many events are in each two regions at once, in the order of the regions."""

    raw: list[list[Count]] = []
    weighted: list[list[float]] = []


class Measured(Report):
    """What the script writes as JSON for one sample, or for a part of it."""

    events: Count
    selected: Count
    weighted: float
    sumw2: Annotated[float, Field(ge=0)] = 0.0
    varied: dict[Text, Sums] = {}
    cutflow: list[Step]
    regions: dict[Text, RegionCount] = {}
    overlaps: Overlaps = Overlaps()
    histograms: dict[str, Histogram]
    absent: dict[Text, list[Text]] = {}
    """Trigger paths that files lack, by the path of the file: they count as not fired in its events."""

    @model_validator(mode="after")
    def _falling(self) -> Measured:
        counts = [self.events, *(step.raw for step in self.cutflow)]
        flows = [counts, *([self.selected, *(step.raw for step in r.cutflow)] for r in self.regions.values())]
        if any(later > earlier for flow in flows for earlier, later in itertools.pairwise(flow)):
            message = "a cutflow never rises"
            raise ValueError(message)
        if self.cutflow and self.selected != counts[-1]:
            message = f"{self.selected} events selected, but {counts[-1]} after the last step"
            raise ValueError(message)
        flow = [*self.cutflow, *(step for region in self.regions.values() for step in region.cutflow)]
        if any(step.varied.keys() != self.varied.keys() for step in flow):
            message = "not all steps have the same weights"
            raise ValueError(message)
        if {f"{name.rpartition('_')[0]}_{side}" for name in self.varied for side in ("up", "down")} != {*self.varied}:
            message = "weights are varied up and down, and called so: lumi_up, lumi_down"
            raise ValueError(message)
        filled = [self.histograms, *(region.histograms for region in self.regions.values())]
        if any(one.varied and one.varied.keys() != self.varied.keys() for known in filled for one in known.values()):
            message = "not all histograms have the same weights"
            raise ValueError(message)
        for matrix in (self.overlaps.raw, self.overlaps.weighted):
            if matrix and [len(row) for row in matrix] != [len(self.regions)] * len(self.regions):
                message = "the overlaps are not those of the regions"
                raise ValueError(message)
        return self


def merged(parts: Sequence[Measured]) -> Measured:
    """Add up the parts of a sample: counts exactly, weights with one rounding, however many parts there are.

    Raises ValueError for parts that do not have the same steps, weights, regions and bins.
    """
    first, *others = parts
    if not others:
        return first
    shapes = {_shape(part) for part in parts}
    if len(shapes) > 1:
        message = "parts of a sample have other steps, weights, regions or bins than its first one"
        raise ValueError(message)
    return Measured(
        events=sum(part.events for part in parts),
        selected=sum(part.selected for part in parts),
        **_sums(parts),
        varied=_varied([part.varied for part in parts]),
        cutflow=_steps([part.cutflow for part in parts]),
        regions={
            name: RegionCount(
                parent=region.parent,
                cutflow=_steps([part.regions[name].cutflow for part in parts]),
                histograms=_filled([part.regions[name].histograms for part in parts]),
            )
            for name, region in first.regions.items()
        },
        overlaps=Overlaps(
            raw=[
                [sum(cells) for cells in zip(*rows, strict=True)]
                for rows in zip(*(part.overlaps.raw for part in parts), strict=True)
            ],
            weighted=[_columns(rows) for rows in zip(*(part.overlaps.weighted for part in parts), strict=True)],
        ),
        histograms=_filled([part.histograms for part in parts]),
        absent={file: paths for part in parts for file, paths in part.absent.items()},
    )


def _filled(parts: Sequence[Mapping[str, Histogram]]) -> dict[str, Histogram]:
    return {
        name: histogram.model_copy(
            update={
                **_bins_of([part[name] for part in parts]),
                "varied": {
                    weight: Bins(**_bins_of([part[name].varied[weight] for part in parts]))
                    for weight in histogram.varied
                },
            }
        )
        for name, histogram in parts[0].items()
    }


def _bins_of(parts: Sequence[Histogram | Bins]) -> dict[str, list[float]]:
    return {"values": _columns(part.values for part in parts), "variances": _columns(part.variances for part in parts)}


def _shape(part: Measured) -> str:
    flows = [part.cutflow, *(region.cutflow for region in part.regions.values())]
    steps = [[(step.label, tuple(step.cut_ids)) for step in flow] for flow in flows]
    regions = [(name, region.parent, _bins(region.histograms)) for name, region in part.regions.items()]
    return repr((steps, list(part.varied), regions, len(part.overlaps.raw), _bins(part.histograms)))


def _bins(histograms: Mapping[str, Histogram]) -> list[tuple[str, list[float], list[str]]]:
    return [(name, histogram.edges, list(histogram.varied)) for name, histogram in histograms.items()]


def _steps(flows: Sequence[Sequence[Step]]) -> list[Step]:
    return [
        steps[0].model_copy(
            update={
                "raw": sum(step.raw for step in steps),
                **_sums(steps),
                "varied": _varied([step.varied for step in steps]),
            }
        )
        for steps in zip(*flows, strict=True)
    ]


def _sums(parts: Sequence[Sums | Measured]) -> dict[str, float]:
    return {
        "weighted": math.fsum(part.weighted for part in parts),
        "sumw2": math.fsum(part.sumw2 for part in parts),
    }


def _varied(parts: Sequence[Mapping[str, Sums]]) -> dict[str, Sums]:
    return {name: Sums(**_sums([part[name] for part in parts])) for name in parts[0]}


def _columns(rows: Iterable[Sequence[float]]) -> list[float]:
    return [math.fsum(column) for column in zip(*rows, strict=True)]
