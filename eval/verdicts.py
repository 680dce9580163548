"""Verdicts on an event, and how they are put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eval.inequality import satisfies
from eval.scene import Scene
from kb.ssc import Clause

Test = Callable[[Scene], bool]
Quantity = Callable[[Scene], float | None]
"""None in events that lack what it is about."""


def any_of(tests: Sequence[Test]) -> Test:
    """Return a test that holds where one of several does."""
    if len(tests) == 1:
        return tests[0]
    return lambda scene: any(test(scene) for test in tests)


def when(conditions: Sequence[Test], test: Test) -> Test:
    """Return a test that is asked only where all conditions hold."""
    return lambda scene: not all(condition(scene) for condition in conditions) or test(scene)


def opposite(test: Test) -> Test:
    """Return a test that holds where another does not."""
    return lambda scene: not test(scene)


def numeric(quantity: Quantity, clause: Clause) -> Test:
    """Return the test of a condition on a number, which what is undefined does not meet."""

    def test(scene: Scene) -> bool:
        value = quantity(scene)
        return value is not None and satisfies(value, clause)

    return test


def is_of_event(clause: Clause) -> bool:
    """Say whether a condition is on the event as a whole: how many objects it has, its missing momentum."""
    return clause.variable.id == "count" or clause.subject.object in {"met", "event"}
