"""What each requirement cuts away: the distribution of its quantity in events that meet all the others (N − 1)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from codegen.plan_model import HistogramPlan, Plan, Step
from codegen.plan_observables import axis_unit, label_of
from codegen.plan_terms import Compare, Every, Not, Quantity, Requirement, Some, Within
from codegen.profile import HistogramAxis
from kb.ssc import Cut, Variable
from kb.vocabulary import vocabulary

BINS = 40


def with_distributions(plan: Plan) -> Plan:
    """Return a plan that also fills them."""
    return replace(plan, histograms=(*plan.histograms, *distributions(plan)))


def distributions(plan: Plan) -> tuple[HistogramPlan, ...]:
    """Return the N − 1 histograms of the steps that compare a number with thresholds.

    Steps on conditions, flags, relations or thresholds that follow another quantity have none.
    """
    found = list(_of("", None, plan.steps, plan))
    for number, region in enumerate(plan.regions):
        found += _of(f"region_{number:03d}_", region.name, region.steps, plan)
    return tuple(found)


def _of(prefix: str, region: str | None, steps: Sequence[Step], plan: Plan) -> Iterator[HistogramPlan]:
    for index, step in enumerate(steps):
        quantity, thresholds = _compared(step.requirement)
        if quantity is None or len(step.cut_ids) != 1:
            continue
        cut = plan.cuts[step.cut_ids[0]]
        bins, low, high = _range(cut.variable, thresholds)
        axis = HistogramAxis(
            name=f"n_minus_1_{prefix}{index:03d}",
            object=cut.subject.object,
            variable=cut.variable.id,
            rank=cut.subject.rank,
            bins=bins,
            range=(low, high),
            label=label_of(cut.subject, cut.variable),
            unit=_unit(cut),
        )
        yield HistogramPlan(axis, quantity, thresholds, (region, index))


def _compared(requirement: Requirement) -> tuple[Quantity | None, tuple[float, ...]]:
    """Return the number that a requirement compares, and with what."""
    match requirement:
        case Not(part) | Every(part) | Some(part):
            return _compared(part)
        case Compare(left, _, float() | int() as right):
            return left, (float(right),)
        case Within(of, float() | int() as low, float() | int() as high):
            return of, (float(low), float(high))
        case _:
            return None, ()


def _range(variable: Variable, thresholds: Sequence[float]) -> tuple[int, float, float]:
    """Return bins and edges that show both sides of the thresholds."""
    low, high = min(thresholds), max(thresholds)
    if variable.id in {"count", "n_tracks"}:
        last = math.ceil(max(2 * high, high + 5))
        return last + 1, -0.5, last + 0.5
    if variable.id in {"charge", "charge_product"}:
        return 5, -2.5, 2.5
    if variable.id == "delta_r":
        return BINS, 0.0, max(1.0, 3 * high)
    if variable.id == "delta_phi":
        return BINS, 0.0, round(math.pi, 6)
    if low < high:
        width = high - low
        return BINS, low - width if low < 0 else max(0.0, low - width), high + width
    if low == 0:
        return BINS, -1.0, 1.0
    return (BINS, 0.0, 3 * low) if low > 0 else (BINS, 3 * low, -3 * low)


def _unit(cut: Cut) -> str:
    return axis_unit(vocabulary().variables[cut.variable.id].unit)
