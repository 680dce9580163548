"""Whether histograms hold what they must: every bin, by every weight, against a reference's values of each event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from codegen.measured import Bins, Histogram
from codegen.plan_distributions import with_distributions
from codegen.plan_model import Plan, Step
from codegen.result import HistogramDifference, HistogramSums
from codegen.runner import Measured
from codegen.validate import ROUNDING, SHOWN, Flags

_NEAR = 1e-6
"""As close to an edge, in widths of a bin, a value may fall to either side: the last digits depend on the order of a
computation."""

Floats = npt.NDArray[np.float64]
Flagged = npt.NDArray[np.bool_]


@runtime_checkable
class Filled(Flags, Protocol):
    """Which events pass, and what histograms are filled with, as an independent reading of the criteria finds."""

    @property
    def fills(self) -> Mapping[str, Sequence[Sequence[float]]]:
        """Values of each event by histogram; nothing for events that are not selected."""
        ...

    @property
    def compared(self) -> Mapping[str, Sequence[Sequence[float]]]:
        """Values of each event by id of a cut, which are shown where only this one is left out."""
        ...


@dataclass(frozen=True)
class _Wanted:
    """A histogram of a run, and what must be in it."""

    name: str
    region: str | None
    found: Histogram | None
    passed: Flagged
    values: Sequence[Sequence[float]] | None


def compare_histograms(
    plan: Plan,
    measured: Mapping[str, Measured],
    expected: Mapping[str, Filled],
    weights: Mapping[str, Mapping[str, Sequence[float]]],
    *,
    optional: bool = False,
) -> HistogramSums:
    """Compare every histogram, by sample, region and weight, with what a reference's values and weights make of it.

    One that is planned and not there, or has other edges, holds nothing. Neighbouring bins are compared together where
    a value is on the edge between them. What the reference has no values of is in `unchecked`. Code of which only masks
    are asked for may leave histograms out (`optional`): those are in `unfilled`, and no difference.
    """
    compared = agreeing = 0
    differences: list[HistogramDifference] = []
    unchecked: dict[str, None] = {}
    unfilled: dict[str, None] = {}
    axes = {known.axis.name: known.axis for known in with_distributions(plan).histograms}
    asked = [known.axis.name for known in plan.histograms]
    for sample, flags in expected.items():
        for one in _wanted(plan, measured[sample], flags, asked):
            if one.values is None or one.name not in axes:
                unchecked.setdefault(one.name)
                continue
            if optional and one.found is None:
                unfilled.setdefault(one.name)
                continue
            axis = axes[one.name]
            edges = np.linspace(*axis.range, axis.bins + 1)
            events, values = _flat(one.values, one.passed)
            for weight, known in weights[sample].items():
                bins = _bins(one.found, weight, edges)
                if bins is None:
                    continue
                wrong = list(_differing(edges, bins, values, np.asarray(known, dtype=np.float64)[events]))
                compared += 1
                agreeing += not wrong
                if wrong and len(differences) < SHOWN:
                    where = {"sample": sample, "region": one.region, "histogram": one.name, "weight": weight}
                    differences.append(HistogramDifference.model_validate({**where, **wrong[0]}))
    return HistogramSums(
        compared=compared,
        agreeing=agreeing,
        unchecked=tuple(unchecked),
        unfilled=tuple(unfilled),
        differences=tuple(differences),
    )


def _bins(found: Histogram | None, weight: str, edges: Floats) -> Histogram | Bins | None:
    """Return what a histogram holds by a weight; None if it is not booked for that weight."""
    nothing = Bins(values=[0.0] * (len(edges) - 1), variances=[0.0] * (len(edges) - 1))
    if found is None:
        return nothing
    held = found if weight == "nominal" else found.varied.get(weight)
    if held is None:
        return None if found.without is not None else nothing
    width = float(edges[1] - edges[0])
    same = len(found.edges) == len(edges) and np.allclose(found.edges, edges, rtol=0, atol=_NEAR * width)
    return held if same else nothing


def _wanted(plan: Plan, measured: Measured, flags: Filled, asked: Sequence[str]) -> Iterator[_Wanted]:
    selected = np.asarray(flags.selected, dtype=bool)
    for name in asked:
        if name not in measured.histograms:
            yield _Wanted(name, None, None, selected, flags.fills.get(name))
    for name, histogram in measured.histograms.items():
        if histogram.without is None:
            yield _Wanted(name, None, histogram, selected, flags.fills.get(name))
            continue
        region, index = histogram.without
        own = [known for known in plan.regions if known.name == region]
        steps = plan.steps if region is None else own[0].steps if own else ()
        if index >= len(steps):
            yield _Wanted(name, region, histogram, selected, None)
            continue
        before = np.ones(len(selected), dtype=bool)
        if region is not None:
            parent = own[0].parent
            before = selected if parent is None else np.asarray(flags.regions[parent], dtype=bool)
        others = [_passing(step, flags, len(selected)) for place, step in enumerate(steps) if place != index]
        values = flags.compared.get(steps[index].cut_ids[0]) if steps[index].cut_ids else None
        yield _Wanted(name, region, histogram, np.logical_and.reduce([before, *others]), values)
    for region, counted in measured.regions.items():
        passed = np.asarray(flags.regions.get(region, np.zeros(len(selected))), dtype=bool)
        for name in dict.fromkeys([*counted.histograms, *asked]):
            yield _Wanted(name, region, counted.histograms.get(name), passed, flags.fills.get(name))


def _passing(step: Step, flags: Filled, size: int) -> Flagged:
    columns = [np.asarray(flags.passes[cut_id], dtype=bool) for cut_id in step.all_cut_ids if cut_id in flags.passes]
    return np.asarray(np.logical_and.reduce([np.ones(size, dtype=bool), *columns]), dtype=bool)


def _flat(values: Sequence[Sequence[float]], passed: Flagged) -> tuple[npt.NDArray[np.int64], Floats]:
    """Return the values of the events that pass, and the place of each one's event."""
    places = np.flatnonzero(passed)
    listed = [values[place] for place in places.tolist()]
    events = np.repeat(places, [len(one) for one in listed])
    return events.astype(np.int64), np.array([value for one in listed for value in one], dtype=np.float64)


def _differing(edges: Floats, bins: Histogram | Bins, values: Floats, weights: Floats) -> Iterator[dict[str, float]]:
    """Yield the ends, and both contents, of bins that do not hold the (squared) weights of the values."""
    known = ~np.isnan(values)
    values, weights = values[known], weights[known]
    near = _NEAR * float(np.min(np.diff(edges)))
    low, high = (np.searchsorted(edges, values + shift, side="right") - 1 for shift in (-near, near))
    size = len(edges) - 1
    blurred = np.unique(high[low != high])
    starts = np.setdiff1d(np.arange(size), blurred)
    whole = np.ones(len(starts), dtype=bool)
    if 0 in blurred:  # what is on the outermost edge may be in or out
        starts = np.concatenate([[0], starts])
        whole = np.concatenate([[False], whole])
    if size in blurred:
        whole[-1] = False
    places = np.where(low < 0, high, low)
    inside = (places >= 0) & (places < size)
    kinds: tuple[tuple[Any, Floats], ...] = ((bins.values, weights), (bins.variances, weights**2))
    for contents, each in kinds:
        wanted = np.add.reduceat(np.bincount(places[inside], each[inside], minlength=size), starts)
        scale = np.add.reduceat(np.bincount(places[inside], np.abs(each[inside]), minlength=size), starts)
        found = np.add.reduceat(np.asarray(contents, dtype=np.float64), starts)
        wrong = whole & (np.abs(found - wanted) > ROUNDING * scale)
        for place in np.flatnonzero(wrong).tolist():
            end = starts[place + 1] if place + 1 < len(starts) else size
            sums = {"code": float(found[place]), "reference": float(wanted[place])}
            yield {"low": float(edges[starts[place]]), "high": float(edges[end]), **sums}
