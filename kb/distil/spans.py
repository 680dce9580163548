"""The ranges of numbers that a cut leaves, to tell what excludes what."""

from __future__ import annotations

import math

from kb.ssc import Closed, Operator, Role, Value

Span = tuple[float, bool, float, bool]
"""Low end, whether it belongs to the range, high end, whether it belongs to the range."""

OPPOSITE: dict[Operator, Operator] = {
    ">": "<=",
    ">=": "<",
    "<": ">=",
    "<=": ">",
    "==": "!=",
    "!=": "==",
    "in": "not_in",
    "not_in": "in",
}
"""The operator of what a cut rejects."""


def spans(operator: Operator, value: Value, closed: Closed = "both", role: Role = "select") -> list[Span]:
    """Return the ranges that a cut leaves; empty where it bounds no numbers.

    >>> spans(">", 20.0), spans("in", (80.0, 100.0), "left")
    ([(20.0, False, inf, False)], [(80.0, True, 100.0, False)])
    """
    ends = value if isinstance(value, tuple) else (value, value)
    numbers = [float(end) for end in ends if isinstance(end, int | float)]
    if len(numbers) < 2:
        return []
    low, high = numbers
    left, right = closed in {"both", "left"}, closed in {"both", "right"}
    if role == "veto" and operator not in {"==", "is"}:
        operator = OPPOSITE[operator]
    known: dict[Operator, list[Span]] = {
        ">": [(low, False, math.inf, False)],
        ">=": [(low, True, math.inf, False)],
        "<": [(-math.inf, False, high, False)],
        "<=": [(-math.inf, False, high, True)],
        "==": [(low, True, high, True)],
        "!=": [(-math.inf, False, low, False), (low, False, math.inf, False)],
        "in": [(low, left, high, right)],
        "not_in": [(-math.inf, False, low, not left), (high, not right, math.inf, False)],
    }
    return known.get(operator, [])


def disjoint(some: list[Span], others: list[Span]) -> bool:
    """Say whether no number lies in both."""
    return all(_apart(one, other) or _apart(other, one) for one in some for other in others)


def below(some: list[Span], others: list[Span]) -> bool:
    """Say whether every one of some ranges ends before each of the others begins."""
    return all(_apart(one, other) for one in some for other in others)


def _apart(one: Span, other: Span) -> bool:
    """Say whether one range ends before the other begins."""
    return one[2] < other[0] or (one[2] == other[0] and not (one[3] and other[1]))


def covers(some: list[Span], others: list[Span]) -> bool:
    """Say whether every one of the other ranges lies in one of some."""
    return all(any(_within(inner, outer) for outer in some) for inner in others)


def _within(inner: Span, outer: Span) -> bool:
    low = outer[0] < inner[0] or (outer[0] == inner[0] and (outer[1] or not inner[1]))
    high = outer[2] > inner[2] or (outer[2] == inner[2] and (outer[3] or not inner[3]))
    return low and high
