"""Trigger menus: paths of which a file may lack some, since the menus of data taking change with the years.

A trigger has fired by one of several alternatives: by a path, or by two that it needs at once. A path that a file lacks
has not fired in it, so that no alternative has that needs it. A file that has none of the alternatives whole does not
tell whether the trigger has fired, so that it cannot be read for the analysis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from itertools import product

from codegen.branch import Flag
from codegen.plan_model import Plan
from codegen.plan_terms import Any, Flagged, Term, walk
from codegen.profile import Profile

Alternative = tuple[str, ...]
"""Branches of the paths that a trigger needs at once."""
Menu = tuple[Alternative, ...]


@dataclass(frozen=True)
class Menus:
    """The alternatives of each trigger, and a value of each of their branches where its path has not fired."""

    alternatives: tuple[Menu, ...]
    unfired: dict[str, bool | int | float]


def menus(plan: Plan) -> Menus:
    """Return the menus of more than one path, each once; all other branches are in every file.

    Paths that are joined by OR in one step of the selection are one menu.
    """
    known = _paths(plan.profile)
    steps = [*plan.steps, *(step for region in plan.regions for step in region.steps)]
    # A branch that is read for anything else as well has to be there.
    read = {branch for objects in plan.objects for field in objects.fields for branch in field.source.branches}
    read |= {branch for flag in plan.profile.cleaning.values() for branch in flag.branches}
    joined = [flags for step in steps for flags in _joined(step.requirement, known)]
    leaves = [leaf for flags in joined for flag in flags for leaf in flag.leaves]
    unfired: dict[str, bool | int | float] = {}
    for branch in dict.fromkeys(leaf.branch for leaf in leaves):
        value = _unset([leaf for leaf in leaves if leaf.branch == branch])
        if value is not None and branch not in read:
            unfired[branch] = value
    found: dict[Menu, set[str]] = {}
    for flags in joined:
        menu = tuple(dict.fromkeys(one for flag in flags for one in _alternatives(flag)))
        found[menu] = {path for one in menu for path in one}
    several = {menu for menu, paths in found.items() if len(paths) > 1 and paths <= set(unfired)}
    needed = {path for menu in several for path in found[menu]}
    # A path that one trigger can do without may be all that another one has.
    kept = tuple(menu for menu, paths in found.items() if menu in several or paths <= needed)
    return Menus(kept, {path: value for path, value in unfired.items() if path in needed})


def _paths(profile: Profile) -> Callable[[Flag], bool]:
    branches = {branch for trigger in profile.triggers.values() for branch in trigger.branches}
    branches |= set(profile.trigger_paths)
    return lambda flag: branches.issuperset(flag.branches)


def _joined(term: object, known: Callable[[Flag], bool]) -> Iterator[list[Flag]]:
    """Yield the triggers that are joined by OR."""
    if isinstance(term, tuple):
        for part in term:
            yield from _joined(part, known)
    elif isinstance(term, Any | Flagged):
        flags = [one.flag for one in walk(term) if isinstance(one, Flagged) and one.of is None and known(one.flag)]
        if flags:
            yield flags
    elif isinstance(term, Term):
        for field in fields(term):  # type: ignore[arg-type]  # all terms are dataclasses
            yield from _joined(getattr(term, field.name), known)


def _alternatives(flag: Flag) -> Iterator[Alternative]:
    """Yield what a trigger may have fired by."""
    if flag.branch:
        yield (flag.branch,)
    for part in flag.any_of:
        yield from _alternatives(part)
    if flag.all_of:
        for parts in product(*(list(_alternatives(part)) for part in flag.all_of)):
            yield tuple(dict.fromkeys(branch for part in parts for branch in part))


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
