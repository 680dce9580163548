"""What a run measured of a sample, as the result holds it."""

from __future__ import annotations

from typing import Literal

from codegen.measured import Histogram, Measured, Step
from codegen.result import HistogramResult, OverlapResult, RegionResult, SampleResult, StepResult, rounded


def sample_result(measured: Measured, *, kind: Literal["data", "mc"], normalised: bool) -> SampleResult:
    """Return what a sample's run measured, rounded; `normalised` says whether its weights mean events."""
    last = measured.cutflow[-1] if measured.cutflow else None
    regions: dict[str, RegionResult] = {}
    for region, counted in measured.regions.items():
        end = counted.cutflow[-1] if counted.cutflow else last
        regions[region] = RegionResult(
            parent=counted.parent,
            selected=end.raw if end else measured.selected,
            weighted=rounded(end.weighted if end else measured.weighted),
            sumw2=rounded(end.sumw2) if end else 0.0,
            cutflow=tuple(_step(step) for step in counted.cutflow),
            histograms={key: _histogram(histogram) for key, histogram in counted.histograms.items()},
        )
    return SampleResult(
        kind=kind,
        normalised=normalised,
        events=measured.events,
        selected=measured.selected,
        weighted=rounded(measured.weighted),
        sumw2=rounded(last.sumw2) if last else 0.0,
        cutflow=tuple(_step(step) for step in measured.cutflow),
        regions=regions,
        overlaps=OverlapResult(
            raw=tuple(map(tuple, measured.overlaps.raw)),
            weighted=tuple(tuple(map(rounded, row)) for row in measured.overlaps.weighted),
        ),
        histograms={key: _histogram(histogram) for key, histogram in measured.histograms.items()},
    )


def _step(step: Step) -> StepResult:
    return StepResult(
        cut_ids=tuple(step.cut_ids),
        label=step.label,
        raw=step.raw,
        weighted=rounded(step.weighted),
        sumw2=rounded(step.sumw2),
    )


def _histogram(histogram: Histogram) -> HistogramResult:
    return HistogramResult(
        edges=tuple(map(rounded, histogram.edges)),
        values=tuple(map(rounded, histogram.values)),
        variances=tuple(map(rounded, histogram.variances)),
        label=histogram.label,
        unit=histogram.unit,
        without=histogram.without,
        thresholds=tuple(map(rounded, histogram.thresholds)),
    )
