"""What every event that has come so far is sure to have, so that later steps need not ask whether it is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from codegen.plan_model import Step
from codegen.plan_terms import (
    All,
    Compare,
    Count,
    Every,
    First,
    Leading,
    LeadingPair,
    Nth,
    Objects,
    Pairs,
    Quantity,
    Related,
    Requirement,
    Some,
    Term,
    Within,
    walk,
)


def guaranteed(steps: Iterable[Step]) -> dict[str, int]:
    """Return how many objects events that meet steps have at least, by collection."""
    found: dict[str, int] = {}
    for step in steps:
        match step.requirement:
            case Compare(Count(Objects(name), None), "==" | ">=", float() | int() as least) if least >= 1:
                found[name] = max(found.get(name, 0), int(least))
    return found


def demanded(steps: Iterable[Step]) -> dict[str, int]:
    """Return how many objects steps look at, so that events with fewer fail one of them, by collection."""
    found: dict[str, int] = {}
    for step in steps:
        for term in _certain(step.requirement):
            match term:
                case Nth(Objects(name), number) | Leading(Objects(name), number):
                    found[name] = max(found.get(name, 0), number)
    return found


def _certain(requirement: Requirement) -> Iterable[Term]:
    """Yield the terms that must be there for a requirement to hold."""
    match requirement:
        case Compare() | Within() | Every(Compare()) | Every(Within()):
            return walk(requirement)
        case All(parts):
            return (term for part in parts for term in _certain(part))
        case _:
            return ()


def settled(requirement: Requirement, present: Mapping[str, int]) -> Requirement:
    """Return a requirement for events that are sure to have so many objects: no need to ask for the n-th, or a pair."""
    found: Requirement = _settled(requirement, present)
    return found


def settled_quantity(quantity: Quantity, present: Mapping[str, int]) -> Quantity:
    """Return a quantity for events that are sure to have so many objects."""
    found: Quantity = _settled(quantity, present)
    return found


def _settled(term: Any, present: Mapping[str, int]) -> Any:
    match term:
        case Nth(Objects(name), rank) if rank <= present.get(name, 0):
            return First(Objects(name), rank)
        case Every(inner) | Some(inner) if (pair := _only_pair(inner, present)) is not None:
            return _settled(_replaced(inner, pair), present)
        case tuple():
            return tuple(_settled(part, present) for part in term)
        case Term() if is_dataclass(term):
            return replace(term, **{field.name: _settled(getattr(term, field.name), present) for field in fields(term)})
        case _:
            return term


def _only_pair(inner: Requirement, present: Mapping[str, int]) -> Pairs | None:
    """Return the pair of the two leading objects if a requirement on pairs is about nothing else."""
    lists = {term for term in walk(inner) if isinstance(term, Pairs)}
    if len(lists) != 1 or any(isinstance(term, Related) for term in walk(inner)):
        return None
    match lists.pop():
        case Pairs(Leading(Objects(name), 2), None, ()) as pair if present.get(name, 0) >= 2:
            return pair
        case _:
            return None


def _replaced(term: Any, pair: Pairs) -> Any:
    if term == pair:
        assert isinstance(pair.of, Leading)
        return LeadingPair(pair.of.of)
    if isinstance(term, tuple):
        return tuple(_replaced(part, pair) for part in term)
    if isinstance(term, Term) and is_dataclass(term):
        return replace(term, **{field.name: _replaced(getattr(term, field.name), pair) for field in fields(term)})
    return term
