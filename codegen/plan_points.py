"""Working points that a paper states, in place of the profile's own: for all objects, or for some under a condition."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from kb.ssc import Clause, Condition, Cut

OWN_POINT = "own_point"
"""The field of the profile's own working point, where it counts for some objects only."""
NOTE = "Where none of the conditions holds for which a working point is stated: the profile's own."
_COMPLEMENTS = ({"<", ">="}, {"<=", ">"}, {"in", "not_in"}, {"==", "!="})


def tells(group: Sequence[Cut], variable: str) -> bool:
    """Say whether alternatives state a working point of a variable, be it for all objects or each time for some."""
    stated = all(cut.variable.id == variable and cut.operator == "is" and cut.role == "select" for cut in group)
    return stated and len({cut.when is None for cut in group}) == 1


def conditions(groups: Sequence[Sequence[Cut]]) -> list[Condition]:
    """Return the conditions under which working points are stated; none if one of them is for all objects."""
    found = [cut.when for group in groups for cut in group]
    return list(dict.fromkeys(when for when in found if when is not None)) if None not in found else []


def cover(stated: Sequence[Condition]) -> bool:
    """Say whether every object meets one of the conditions: two of them are each other's opposite."""
    single = [when.clauses[0] for when in stated if len(when.clauses) == 1]
    return any(_opposite(one, other) for one, other in combinations(single, 2))


def _opposite(one: Clause, other: Clause) -> bool:
    alike = one.model_copy(update={"operator": other.operator}) == other
    return alike and {one.operator, other.operator} in _COMPLEMENTS
