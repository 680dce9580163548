"""Whether code does what the criteria say: event by event against a reference, and in sum against published yields."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from codegen.dataset import Dataset, Sample
from codegen.measured import Step as Counts
from codegen.measured import Sums
from codegen.plan_model import Plan, Step
from codegen.profile import Profile
from codegen.result import (
    Disagreement,
    EventByEvent,
    HistogramSums,
    Probes,
    SumDifference,
    Validation,
    WeightSums,
    YieldComparison,
)
from codegen.runner import Measured
from kb.errors import DataError
from kb.ssc import SelectionCriteria

SIX_DIGITS = 5e-7
"""Relative tolerance for published yields, which are printed sums in single precision."""
SHOWN = 20
"""How many disagreeing events, or bins, a result lists."""
ROUNDING = 1e-9
"""Relative tolerance for sums that are computed in another order."""


class Flags(Protocol):
    """Which events pass, in their order, as an independent reading of the criteria finds."""

    @property
    def passes(self) -> Mapping[str, Sequence[bool]]:
        """Flags by id of the cuts it applies; a cut on objects removes no event by itself and has True for all."""
        ...

    @property
    def selected(self) -> Sequence[bool]:
        """Flags of the baseline."""
        ...

    @property
    def regions(self) -> Mapping[str, Sequence[bool]]:
        """Flags by region, the baseline and the parent region included."""
        ...


class Reference(Protocol):
    """An independent reading of the criteria."""

    def __call__(self, criteria: SelectionCriteria, profile: Profile, files: Sequence[Path]) -> Flags:
        """Return the flags of all events of the files."""
        ...


class Weigher(Protocol):
    """An independent reading of the weights of events."""

    def __call__(self, profile: Profile, sample: Sample, files: Sequence[Path]) -> Mapping[str, Sequence[float]]:
        """Return the weights of all events of the files, nominal and shifted (`scale_up`), by name."""
        ...


class Prober(Protocol):
    """A maker of events that show, cut by cut, what code does."""

    def __call__(self, criteria: SelectionCriteria, dataset: Dataset, script: Path, measured: Measured) -> Probes:
        """Run the code on such events and judge it; `measured`, of any run of it, tells its steps."""
        ...


class Counted(Protocol):
    """What is known in sum of a sample."""

    @property
    def selected(self) -> int:
        """Events that pass the baseline."""
        ...

    @property
    def weighted(self) -> float:
        """Their weighted yield."""
        ...


@dataclass(frozen=True)
class _Mask:
    """A mask of the run, by its key, and what it must be."""

    key: str
    label: str
    cut_ids: tuple[str, ...]
    wanted: Sequence[bool]


def compare_masks(plan: Plan, found: Mapping[str, Mapping[str, Any]], expected: Mapping[str, Flags]) -> EventByEvent:
    """Compare masks by sample: the run's (`step_000` …, `selected`, `region_000_step_000` …) with a reference's.

    An event agrees if it passes the same steps, the same baseline and the same regions in both. Raises DataError if
    the two have not read the same number of events.
    """
    events = agreeing = left = 0
    disagreements: list[Disagreement] = []
    applied = set(plan.applied)
    known: set[str] = set(plan.applied)
    for sample, flags in expected.items():
        masks = found[sample]
        known = set(flags.passes)
        size = len(masks["selected"])
        if len(flags.selected) != size:
            message = f"sample {sample}: {size} events in the run, {len(flags.selected)} in the reference"
            raise DataError(message, hint="both must read the same files")
        agrees = [True] * size
        for mask in _masks(plan, flags):
            for index, (mine, theirs) in enumerate(zip(masks[mask.key].tolist(), mask.wanted, strict=True)):
                if mine != theirs and agrees[index]:
                    agrees[index] = False
                    if len(disagreements) < SHOWN:
                        disagreements.append(_disagreement(sample, index, masks, mask, passes=mine))
        events += size
        left += sum(mine or theirs for mine, theirs in zip(masks["selected"].tolist(), flags.selected, strict=True))
        agreeing += sum(agrees)
    return EventByEvent(
        events=events,
        agreeing=agreeing,
        agreement=agreeing / events if events else 1.0,
        left=left,
        disagreements=tuple(disagreements),
        only_code=tuple(sorted(applied - known)),
        only_reference=tuple(sorted(known - applied)),
    )


def _masks(plan: Plan, flags: Flags) -> Iterator[_Mask]:
    """Yield all that is compared, in the order of the selection; a region's last step is the region itself."""
    passed: Sequence[bool] = [True] * len(flags.selected)
    for number, step in enumerate(plan.steps):
        passed = _after(passed, step, flags)
        yield _Mask(f"step_{number:03d}", step.label, step.all_cut_ids, passed)
    yield _Mask("selected", "selected", (), flags.selected)
    survived: dict[str | None, Sequence[bool]] = {None: flags.selected}
    for place, region in enumerate(plan.regions):
        passed = survived[region.parent]
        for number, step in enumerate(region.steps, start=1):
            passed = _after(passed, step, flags)
            if number == len(region.steps):
                passed = flags.regions.get(region.name, passed)
            key, label = f"region_{place:03d}_step_{number - 1:03d}", f"{region.name}: {step.label}"
            yield _Mask(key, label, step.all_cut_ids, passed)
        survived[region.name] = passed


def compare_sums(
    plan: Plan,
    measured: Mapping[str, Measured],
    expected: Mapping[str, Flags],
    weights: Mapping[str, Mapping[str, Sequence[float]]],
) -> WeightSums:
    """Compare the sums of weights after every step, by sample, with those of a reference's events and weights."""
    import numpy as np

    compared = agreeing = 0
    differences: list[SumDifference] = []
    for sample, flags in expected.items():
        found = _counted(measured[sample])
        for mask in _masks(plan, flags):
            passed = np.asarray(mask.wanted, dtype=bool)
            for weight, each in weights[sample].items():
                kept = np.asarray(each, dtype=np.float64)[passed]
                code = found[mask.key].get(weight)
                own = (code.weighted, code.sumw2) if code else (0.0, 0.0)
                wanted = (float(kept.sum()), float((kept**2).sum()))
                # The order of summation tells in proportion to what is added up, whatever its signs.
                scales = (float(np.abs(kept).sum()), wanted[1])
                close = [abs(a - b) <= ROUNDING * c for a, b, c in zip(own, wanted, scales, strict=True)]
                compared += 1
                agreeing += all(close)
                if not all(close) and len(differences) < SHOWN:
                    values = {"code": own[close.index(False)], "reference": wanted[close.index(False)]}
                    differences.append(SumDifference(sample=sample, step=mask.label, weight=weight, **values))
    return WeightSums(compared=compared, agreeing=agreeing, differences=tuple(differences))


def _counted(measured: Measured) -> dict[str, dict[str, Sums | Measured]]:
    """Return the sums of a run by the key of the mask that they are of, and by weight."""
    flow: dict[str, Counts | Measured] = {f"step_{number:03d}": step for number, step in enumerate(measured.cutflow)}
    for place, region in enumerate(measured.regions.values()):
        flow |= {f"region_{place:03d}_step_{number:03d}": step for number, step in enumerate(region.cutflow)}
    flow["selected"] = measured
    found: dict[str, dict[str, Sums | Measured]] = {}
    for key, sums in flow.items():
        found[key] = {"nominal": sums, **sums.varied}
    return found


def _after(passed: Sequence[bool], step: Step, flags: Flags) -> list[bool]:
    columns = [flags.passes[cut_id] for cut_id in step.all_cut_ids if cut_id in flags.passes]
    return [all(row) for row in zip(passed, *columns, strict=True)]


def _disagreement(sample: str, index: int, masks: Mapping[str, Any], mask: _Mask, *, passes: bool) -> Disagreement:
    return Disagreement(
        sample=sample,
        index=index,
        run=int(masks["run"][index]) if "run" in masks else None,
        event=int(masks["event"][index]) if "event" in masks else None,
        step=mask.label,
        cut_ids=mask.cut_ids,
        code_passes=passes,
        reference_passes=not passes,
    )


def compare_yields(
    measured: Mapping[str, Counted], published: Mapping[str, Mapping[str, float]]
) -> tuple[YieldComparison, ...]:
    """Compare with published numbers: `{sample: {"selected": events, "weighted": yield}}`, either or both.

    Counts must be equal, weighted yields agree to six digits. Samples that were not analysed are passed over.
    """
    quantities: tuple[Literal["selected", "weighted"], ...] = ("selected", "weighted")
    return tuple(
        _yield(sample, quantity, numbers[quantity], getattr(measured[sample], quantity))
        for sample, numbers in published.items()
        if sample in measured
        for quantity in quantities
        if quantity in numbers
    )


def _yield(
    sample: str, quantity: Literal["selected", "weighted"], published: float, measured: float
) -> YieldComparison:
    exact = quantity == "selected"
    agrees = published == measured if exact else math.isclose(published, measured, rel_tol=SIX_DIGITS)
    return YieldComparison(sample=sample, quantity=quantity, published=published, measured=measured, agrees=agrees)


def judge(
    event_by_event: EventByEvent | None,
    yields: Sequence[YieldComparison],
    probes: Probes | None = None,
    weights: WeightSums | None = None,
    histograms: HistogramSums | None = None,
) -> Validation:
    """Sum up: everything compared agrees, something disagrees, or nothing was compared.

    That code and reference agree on events of which none is left at the end, shows nothing by itself.
    """
    shown = bool(yields) or (probes is not None and probes.proven + probes.wrong > 0)
    if event_by_event is None and not shown:
        return Validation(status="not_validated", probes=probes)
    agrees = all(comparison.agrees for comparison in yields)
    if event_by_event is not None:
        same_cuts = not event_by_event.only_code and not event_by_event.only_reference
        agrees = agrees and same_cuts and event_by_event.agreeing == event_by_event.events
    agrees = agrees and (probes is None or not probes.wrong)
    agrees = agrees and all(one is None or one.agreeing == one.compared for one in (weights, histograms))
    status: Literal["agrees", "disagrees", "not_validated"] = "agrees" if agrees else "disagrees"
    if agrees and not shown and event_by_event is not None and event_by_event.left == 0:
        status = "not_validated"
    return Validation(
        status=status,
        probes=probes,
        event_by_event=event_by_event,
        weights=weights,
        histograms=histograms,
        yields=tuple(yields),
    )
