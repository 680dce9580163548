"""Trigger menus: paths of which a file may lack some, since the menus of data taking change with the years.

A path that a file lacks has not fired in it. A file that has none of a menu does not tell whether the trigger has
fired, so that it cannot be read for the analysis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields

from codegen.branch import Flag
from codegen.plan_model import Plan
from codegen.plan_terms import Any, Flagged, Term, walk
from codegen.profile import Profile

Menu = dict[str, bool | int | float]
"""Branches, each with a value that it holds where its path has not fired."""


def menus(plan: Plan) -> tuple[Menu, ...]:
    """Return the menus of more than one path, each once; all other branches are in every file.

    Paths that are joined by OR in one step of the selection are one menu.
    """
    known = _paths(plan.profile)
    steps = [*plan.steps, *(step for region in plan.regions for step in region.steps)]
    # A branch that is read for anything else as well has to be there.
    read = {branch for objects in plan.objects for field in objects.fields for branch in field.source.branches}
    read |= {branch for flag in plan.profile.cleaning.values() for branch in flag.branches}
    found: list[Menu] = []
    for step in steps:
        for leaves in _joined(step.requirement, known):
            menu = {branch: _unset([leaf for leaf in leaves if leaf.branch == branch]) for branch in _names(leaves)}
            certain = {name: value for name, value in menu.items() if value is not None}
            if len(certain) == len(menu) > 1 and not read & set(menu) and certain not in found:
                found.append(certain)
    return tuple(found)


def _paths(profile: Profile) -> Callable[[Flag], bool]:
    branches = {branch for trigger in profile.triggers.values() for branch in trigger.branches}
    branches |= set(profile.trigger_paths)
    return lambda flag: branches.issuperset(flag.branches)


def _joined(term: object, known: Callable[[Flag], bool]) -> Iterator[list[Flag]]:
    """Yield the leaves of the triggers that are joined by OR; those of a trigger that needs two at once are no menu."""
    if isinstance(term, tuple):
        for part in term:
            yield from _joined(part, known)
    elif isinstance(term, Any | Flagged):
        flags = [one.flag for one in walk(term) if isinstance(one, Flagged) and one.of is None and known(one.flag)]
        if flags and not any(_needs_several(flag) for flag in flags):
            yield [leaf for flag in flags for leaf in flag.leaves]
    elif isinstance(term, Term):
        for field in fields(term):  # type: ignore[arg-type]  # all terms are dataclasses
            yield from _joined(getattr(term, field.name), known)


def _needs_several(flag: Flag) -> bool:
    return bool(flag.all_of) or any(_needs_several(part) for part in flag.any_of)


def _names(leaves: list[Flag]) -> list[str]:
    return list(dict.fromkeys(leaf.branch for leaf in leaves))


def _unset(leaves: list[Flag]) -> bool | int | float | None:
    """Return a value of a branch for which none of its tests holds, if there is one."""
    if all(leaf.comparison is None and leaf.bits is None for leaf in leaves):
        return False
    bounds = [leaf.comparison[1] for leaf in leaves if leaf.comparison is not None]
    whole = [int(bound) for bound in bounds if bound == int(bound)]
    candidates: list[int | float] = [0, *(bound + 1 for bound in whole), *(bound - 1 for bound in whole), *bounds]
    return next((value for value in candidates if not any(_meets(value, leaf) for leaf in leaves)), None)


def _meets(value: float, leaf: Flag) -> bool:
    if leaf.bits is not None:
        value = int(value) & leaf.bits
    if leaf.comparison is None:
        return bool(value)
    operator, bound = leaf.comparison
    return {"==": value == bound, ">": value > bound, "<": value < bound, ">=": value >= bound, "<=": value <= bound}[
        operator
    ]
