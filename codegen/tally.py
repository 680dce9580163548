"""What a run measured of a sample, as the result holds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from codegen.measured import Bins, Histogram, Measured, Step, Sums
from codegen.result import (
    BinsResult,
    HistogramResult,
    OverlapResult,
    RegionResult,
    SampleResult,
    StepResult,
    SumsResult,
    VariationResult,
    VariedBinsResult,
    rounded,
)
from codegen.weight import SIDES

_Known = TypeVar("_Known")


def sample_result(measured: Measured, *, kind: Literal["data", "mc"], normalised: bool) -> SampleResult:
    """Return what a sample's run measured, rounded; `normalised` says whether its weights mean events."""
    regions: dict[str, RegionResult] = {}
    whole: Step | Measured = measured.cutflow[-1] if measured.cutflow else measured
    ends: dict[str | None, Step | Measured] = {None: whole}
    for region, counted in measured.regions.items():
        end = counted.cutflow[-1] if counted.cutflow else ends.get(counted.parent, whole)
        ends[region] = end
        regions[region] = RegionResult(
            parent=counted.parent,
            selected=end.raw if isinstance(end, Step) else measured.selected,
            **_yield(end),
            cutflow=tuple(_step(step) for step in counted.cutflow),
            histograms={key: _histogram(histogram) for key, histogram in counted.histograms.items()},
        )
    return SampleResult(
        kind=kind,
        normalised=normalised,
        events=measured.events,
        selected=measured.selected,
        **_yield(whole),
        cutflow=tuple(_step(step) for step in measured.cutflow),
        regions=regions,
        overlaps=OverlapResult(
            raw=tuple(map(tuple, measured.overlaps.raw)),
            weighted=tuple(tuple(map(rounded, row)) for row in measured.overlaps.weighted),
        ),
        histograms={key: _histogram(histogram) for key, histogram in measured.histograms.items()},
    )


def _step(step: Step) -> StepResult:
    return StepResult(cut_ids=tuple(step.cut_ids), label=step.label, raw=step.raw, **_yield(step))


def _yield(counted: Step | Measured) -> dict[str, Any]:
    varied = {
        name: VariationResult(**{side: SumsResult(**_sums(known)) for side, known in sides.items()})
        for name, sides in _paired(counted.varied).items()
    }
    return {**_sums(counted), "varied": varied}


def _sums(counted: Sums | Measured) -> dict[str, float]:
    return {"weighted": rounded(counted.weighted), "sumw2": rounded(counted.sumw2)}


def _paired(varied: Mapping[str, _Known]) -> dict[str, dict[str, _Known]]:
    """Return what belongs together: `x_up` and `x_down` are the two sides of `x`."""
    names = dict.fromkeys(name.rpartition("_")[0] for name in varied)
    return {name: {side: varied[f"{name}_{side}"] for side in SIDES} for name in names}


def _histogram(histogram: Histogram) -> HistogramResult:
    return HistogramResult(
        edges=tuple(map(rounded, histogram.edges)),
        **_bins(histogram),
        label=histogram.label,
        unit=histogram.unit,
        without=histogram.without,
        thresholds=tuple(map(rounded, histogram.thresholds)),
        varied={
            name: VariedBinsResult(**{side: BinsResult(**_bins(known)) for side, known in sides.items()})
            for name, sides in _paired(histogram.varied).items()
        },
    )


def _bins(filled: Histogram | Bins) -> dict[str, tuple[float, ...]]:
    return {"values": tuple(map(rounded, filled.values)), "variances": tuple(map(rounded, filled.variances))}
