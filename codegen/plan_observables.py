"""Observables of the criteria as histograms of the plan."""

from __future__ import annotations

from codegen.plan_columns import lacking, plural
from codegen.plan_model import HistogramPlan, UnplannableError
from codegen.plan_requirements import Requirements
from codegen.plan_systems import GROUPS, MIXED, PAIRS
from codegen.plan_terms import Attribute, Extreme, Pairs, Quantity, Total
from codegen.profile import HistogramAxis
from kb.observable import Observable
from kb.ssc import Subject, Variable
from kb.statement import subject_text
from kb.vocabulary import normal_unit, unit_factor, vocabulary

_OF_THE_EVENT = {"mt", "count"}


def planned(observable: Observable, requirements: Requirements) -> HistogramPlan:
    """Plan an observable; UnplannableError says what the ntuple or the criteria lack for it."""
    factor = unit_factor(observable.unit)
    axis = HistogramAxis(
        name=observable.name,
        object=observable.subject.object,
        variable=observable.variable.id,
        rank=observable.subject.rank,
        bins=observable.bins,
        range=(observable.low * factor, observable.high * factor),
        label=observable.label or _label(observable),
        unit=axis_unit(observable.unit),
    )
    return HistogramPlan(axis, _quantity(observable, requirements))


def _quantity(observable: Observable, requirements: Requirements) -> Quantity:
    subject, variable = observable.subject, observable.variable
    systems = {*GROUPS, "event", "met"}
    if subject.object in PAIRS:
        return _of_pair(subject, variable, requirements)
    if subject.object in MIXED:
        return _of_meetings(subject, variable, requirements)
    whole = subject.object in systems or requirements.systems.whole_group(subject) is not None
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


def _of_pair(subject: Subject, variable: Variable, requirements: Requirements) -> Quantity:
    """Write a variable of the pair that the criteria choose, of all they speak of, or of the two leading objects."""
    kind, systems = PAIRS[subject.object], requirements.systems
    if variable.id == "count":
        raise lacking(subject.object, variable)
    own = [pair for pair in systems.pairs if PAIRS[pair.object] == kind]
    if subject.rank is None and subject.definition is None and len(own) > 1:
        names = " and ".join(f"@{place} for the {pair.name}" for place, pair in enumerate(systems.pairs, start=1))
        message = f"the paper chooses two pairs, and it does not say which is meant: write {names}"
        raise UnplannableError(message)
    if subject.rank is not None and not own:
        message = f"the paper ranks no {plural(subject.object)}: without @{subject.rank} it is of the two leading ones"
        raise UnplannableError(message)
    chosen = systems.pair(subject) if own or subject.definition else None
    return requirements.of_pair(chosen or systems.leading_two(kind), kind, variable)


def _of_meetings(subject: Subject, variable: Variable, requirements: Requirements) -> Quantity:
    """Write a variable of every object of one kind with every one of another, or with the missing momentum."""
    first, second = MIXED[subject.object]
    ones = requirements.systems.leading(first, subject.definition)
    if second == "met":
        return requirements.of_one_and_missing(ones, subject, variable)
    if subject.rank is not None:
        message = f"it does not say which of {first} and {second} is ranked: leave @{subject.rank} away"
        raise UnplannableError(message)
    pairs = Pairs(ones, requirements.systems.leading(second))
    return requirements.of_pair(pairs, first, variable, second)


def _label(observable: Observable) -> str:
    take = {"each": "", "largest": "largest ", "smallest": "smallest ", "sum": "sum of "}[observable.take]
    return f"{take}{label_of(observable.subject, observable.variable)}"


def axis_unit(unit: str) -> str:
    """Return a unit as it stands at axes, where numbers are in the normal form of the vocabulary; none for 1.

    >>> axis_unit("TeV"), axis_unit("cm"), axis_unit("1")
    ('GeV', 'mm', '')
    """
    normal = normal_unit(unit)
    return normal if normal and normal != "1" else ""


def label_of(subject: Subject, variable: Variable) -> str:
    """Return what an axis shows, as papers write it.

    >>> label_of(Subject(object="jet", rank=1), Variable(id="pt"))
    'leading jet p_T'
    """
    if variable.id == "count":
        return f"number of {subject.definition}s" if subject.definition else f"number of {plural(subject.object)}"
    return f"{subject_text(subject)} {variable.name or vocabulary().variables[variable.id].symbol}"
