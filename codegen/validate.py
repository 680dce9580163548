"""Whether code does what the criteria say: event by event against a reference, and in sum against published yields."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from codegen.plan_model import Plan, Step
from codegen.profile import Profile
from codegen.result import Disagreement, EventByEvent, SampleResult, Validation, YieldComparison
from kb.errors import DataError
from kb.ssc import SelectionCriteria

SIX_DIGITS = 5e-7
"""Relative tolerance for published yields, which are printed sums in single precision."""
SHOWN = 20
"""How many disagreeing events a result lists."""


class Reference(Protocol):
    """An independent reading of the criteria: pass flags per event by cut id, and `selected` for the baseline.

    A cut on objects has True for every event; the ids it holds are the cuts it applies.
    """

    def __call__(
        self, criteria: SelectionCriteria, profile: Profile, files: Sequence[Path]
    ) -> Mapping[str, Sequence[bool]]:
        """Return the flags of all events of the files, in their order."""
        ...


def compare_masks(
    plan: Plan, found: Mapping[str, Mapping[str, Any]], expected: Mapping[str, Mapping[str, Sequence[bool]]]
) -> EventByEvent:
    """Compare masks by sample: the run's (`step_000` …, `selected`, `region_000_step_000` …) with a reference's.

    An event agrees if it passes the same steps, the same baseline and the same regions in both. Raises DataError if
    the two have not read the same number of events.
    """
    events = agreeing = 0
    disagreements: list[Disagreement] = []
    applied = set(plan.applied)
    known: set[str] = set(plan.applied)
    for sample, flags in expected.items():
        masks = found[sample]
        known = set(flags) - {"selected"}
        size = len(masks["selected"])
        if len(flags["selected"]) != size:
            message = f"sample {sample}: {size} events in the run, {len(flags['selected'])} in the reference"
            raise DataError(message, hint="both must read the same files")
        agrees = [True] * size
        for key, step, wanted in _steps(plan, flags, size):
            for index, (mine, theirs) in enumerate(zip(masks[key].tolist(), wanted, strict=True)):
                if mine != theirs and agrees[index]:
                    agrees[index] = False
                    if len(disagreements) < SHOWN:
                        disagreements.append(_disagreement(sample, index, masks, step, passes=mine))
        events += size
        agreeing += sum(agrees)
    return EventByEvent(
        events=events,
        agreeing=agreeing,
        agreement=agreeing / events if events else 1.0,
        disagreements=tuple(disagreements),
        only_code=tuple(sorted(applied - known)),
        only_reference=tuple(sorted(known - applied)),
    )


def _steps(plan: Plan, flags: Mapping[str, Sequence[bool]], size: int) -> list[tuple[str, Step | None, list[bool]]]:
    """Return name, step and expected mask of everything that is compared, in the order of the selection."""
    compared: list[tuple[str, Step | None, list[bool]]] = []
    passed = [True] * size
    for number, step in enumerate(plan.steps):
        passed = _after(passed, step, flags)
        compared.append((f"step_{number:03d}", step, passed))
    baseline = list(flags["selected"])
    compared.append(("selected", None, baseline))
    survived: dict[str | None, list[bool]] = {None: baseline}
    for place, region in enumerate(plan.regions):
        passed = survived[region.parent]
        for number, step in enumerate(region.steps):
            passed = _after(passed, step, flags)
            compared.append((f"region_{place:03d}_step_{number:03d}", step, passed))
        survived[region.name] = passed
    return compared


def _after(passed: list[bool], step: Step, flags: Mapping[str, Sequence[bool]]) -> list[bool]:
    columns = [flags[cut_id] for cut_id in step.all_cut_ids if cut_id in flags]
    return [all(row) for row in zip(passed, *columns, strict=True)]


def _disagreement(
    sample: str, index: int, masks: Mapping[str, Any], step: Step | None, *, passes: bool
) -> Disagreement:
    return Disagreement(
        sample=sample,
        index=index,
        run=int(masks["run"][index]) if "run" in masks else None,
        event=int(masks["event"][index]) if "event" in masks else None,
        step=step.label if step else "selected",
        cut_ids=step.all_cut_ids if step else (),
        code_passes=passes,
        reference_passes=not passes,
    )


def compare_yields(
    measured: Mapping[str, SampleResult], published: Mapping[str, Mapping[str, float]]
) -> tuple[YieldComparison, ...]:
    """Compare with published numbers: `{sample: {"selected": events, "weighted": yield}}`, either or both.

    Counts must be equal, weighted yields agree to six digits. Samples that were not analysed are passed over.
    """
    compared: list[YieldComparison] = []
    for sample, numbers in published.items():
        if sample not in measured:
            continue
        ours = measured[sample]
        if "selected" in numbers:
            count = numbers["selected"]
            compared.append(
                YieldComparison(
                    sample=sample,
                    quantity="selected",
                    published=count,
                    measured=ours.selected,
                    agrees=count == ours.selected,
                )
            )
        if "weighted" in numbers:
            amount = numbers["weighted"]
            compared.append(
                YieldComparison(
                    sample=sample,
                    quantity="weighted",
                    published=amount,
                    measured=ours.weighted,
                    agrees=math.isclose(amount, ours.weighted, rel_tol=SIX_DIGITS),
                )
            )
    return tuple(compared)


def judge(event_by_event: EventByEvent | None, yields: Sequence[YieldComparison]) -> Validation:
    """Sum up: everything compared agrees, something disagrees, or nothing was compared."""
    if event_by_event is None and not yields:
        return Validation(status="not_validated")
    agrees = all(comparison.agrees for comparison in yields)
    if event_by_event is not None:
        same_cuts = not event_by_event.only_code and not event_by_event.only_reference
        agrees = agrees and same_cuts and event_by_event.agreeing == event_by_event.events
    status = "agrees" if agrees else "disagrees"
    return Validation.model_validate({"status": status, "event_by_event": event_by_event, "yields": tuple(yields)})
