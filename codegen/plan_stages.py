"""The baseline in stages: what is cheap comes first, and leaves fewer events for what follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from codegen.plan_model import Plan, Step
from codegen.plan_presence import demanded, guaranteed, settled
from codegen.plan_terms import Chosen, Leading, Members, Nth, Pairs, Remaining, walk

_COMBINED = Leading | Members | Chosen | Remaining | Pairs
"""What is built of several objects."""
_ORDERED = Nth | _COMBINED


@dataclass(frozen=True)
class Stage:
    """Steps that are asked one after the other of the events that the stages before have left."""

    name: str
    steps: tuple[Step, ...]
    present: Mapping[str, int] = field(default_factory=dict)
    """How many objects its events have at least, by collection."""
    ensured: Mapping[str, int] = field(default_factory=dict)
    """Numbers of those that the steps before do not ensure, since events may fail one of them."""
    sorts: bool = False
    """Whether objects get their order here: before, they were only counted."""
    builds: bool = False
    """Whether it builds systems of objects, of events that a stage before has left."""


def stages(plan: Plan, *, shows_all: bool) -> tuple[Stage, ...]:
    """Part the baseline of a plan: counts, n-th objects, systems; fewer stages where that saves nothing.

    With `shows_all`, events go on that fail one requirement, so that nothing a count asks for is sure.
    """
    every = [*plan.steps, *(step for region in plan.regions for step in region.steps)]
    counted = _leading(plan.steps, _is_ordered)
    promised = guaranteed(plan.steps[:counted])
    if shows_all:
        asked = demanded(plan.steps[counted:])
        promised = {name: min(least, asked[name]) for name, least in promised.items() if name in asked}
    if not promised or not any(map(_is_ordered, every)):
        counted, promised = 0, {}

    def builds(step: Step) -> bool:
        # Two objects that are sure to be there make one pair, which is no work.
        return _is_combinatorial(replace(step, requirement=settled(step.requirement, promised)))

    rest = plan.steps[counted:]
    cheap = _leading(rest, builds)
    if not any(builds(step) for step in every):
        cheap = 0
    parts = [("counts", plan.steps[:counted]), ("preselection", rest[:cheap]), ("baseline", rest[cheap:])]
    found: list[Stage] = []
    for name, steps in parts:
        if not steps and name != "baseline":
            continue
        second = bool(counted) and len(found) == 1
        found.append(
            Stage(
                name,
                tuple(steps),
                present={} if name == "counts" else promised,
                ensured=promised if second and shows_all else {},
                sorts=second,
                builds=name == "baseline" and bool(cheap),
            )
        )
    return tuple(found)


def _leading(steps: Sequence[Step], stop: Callable[[Step], bool]) -> int:
    """Return how many steps come before the first one that stops; all, if none does."""
    return next((place for place, step in enumerate(steps) if stop(step)), len(steps))


def _is_combinatorial(step: Step) -> bool:
    return any(isinstance(term, _COMBINED) for term in walk(step.requirement))


def _is_ordered(step: Step) -> bool:
    return any(isinstance(term, _ORDERED) for term in walk(step.requirement))
