"""Observables of the criteria as histograms of the plan."""

from __future__ import annotations

from codegen.plan_columns import plural
from codegen.plan_model import HistogramPlan, UnplannableError
from codegen.plan_requirements import Requirements
from codegen.plan_systems import GROUPS, MIXED, PAIRS
from codegen.plan_terms import Attribute, Extreme, Quantity, Total
from codegen.profile import HistogramAxis
from kb.observable import Observable
from kb.vocabulary import unit_factor, vocabulary

_OF_THE_EVENT = {"mt", "count"}


def planned(observable: Observable, requirements: Requirements) -> HistogramPlan:
    """Plan an observable; UnplannableError says what the ntuple or the criteria lack for it."""
    factor = unit_factor(observable.unit)
    shown = {"1": ""}.get(observable.unit, observable.unit) if factor == 1 else _normal(observable.unit)
    axis = HistogramAxis(
        name=observable.name,
        object=observable.subject.object,
        variable=observable.variable.id,
        rank=observable.subject.rank,
        bins=observable.bins,
        range=(observable.low * factor, observable.high * factor),
        label=observable.label or _label(observable),
        unit=shown,
    )
    return HistogramPlan(axis, _quantity(observable, requirements))


def _quantity(observable: Observable, requirements: Requirements) -> Quantity:
    subject, variable = observable.subject, observable.variable
    systems = {*PAIRS, *MIXED, *GROUPS, "event", "met"}
    composite = requirements.systems.groups.get(subject.definition or "")
    whole = subject.object in systems or (composite is not None and composite.object == subject.object)
    if whole or subject.rank is not None or variable.id in _OF_THE_EVENT:
        return requirements.number(subject, variable)
    each = requirements.each(subject, variable)
    if observable.take == "each":
        return each
    if observable.take == "sum":
        if not isinstance(each, Attribute):
            message = f"a sum of {variable.id} of {plural(subject.object)} is not known"
            raise UnplannableError(message)
        return Total(each.of, each.variable)  # type: ignore[arg-type]  # a list, as each has a value
    return Extreme(each, largest=observable.take == "largest")


def _label(observable: Observable) -> str:
    """Return what an axis shows, as papers write it."""
    words = vocabulary()
    subject = observable.subject
    name = subject.definition or words.objects[subject.object].symbol
    rank = {None: "", 1: "leading ", 2: "subleading "}.get(subject.rank, f"{subject.rank}th ")
    take = {"each": "", "largest": "largest ", "smallest": "smallest ", "sum": "sum of "}[observable.take]
    return f"{take}{rank}{name} {observable.variable.name or words.variables[observable.variable.id].symbol}"


def _normal(unit: str) -> str:
    return "mm" if unit in {"m", "cm", "um"} else "GeV"
