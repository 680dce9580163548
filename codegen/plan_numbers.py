"""What is known of the numbers of a plan, in whatever language they are written."""

from __future__ import annotations

from collections.abc import Collection as Names

from codegen.plan_terms import Attribute, Chosen, Count, Curve, LeadingPair, Pairs, Quantity, Total, Whole

UNSIGNED = {"abs_charge": "charge", "abs_eta": "eta", "d0": "d0", "d0_sig": "d0_sig", "z0": "z0"}
"""Variables that papers mean without their sign, and the columns that have it."""


def is_whole(term: Quantity) -> bool:
    """Say whether a quantity is a whole number."""
    return isinstance(term, Count) or (isinstance(term, Attribute | Total) and "charge" in term.variable)


def may_be_negative(term: Quantity, stored: Names[str]) -> bool:
    """Say whether a quantity is a mass that is computed, not one of the `stored`: rounding can make it negative."""
    if not isinstance(term, Attribute | Total) or term.variable != "mass":
        return False
    system = isinstance(term, Attribute) and isinstance(term.of, Chosen | Pairs | LeadingPair | Whole)
    return system or "mass" not in stored


def tells_sign(*bounds: Quantity | float) -> bool:
    """Say whether what is compared with bounds needs its sign: no bound above 0 can tell a negative mass from 0."""
    points = [y for b in bounds for y in ([y for _, y in b.points] if isinstance(b, Curve) else [b])]
    return any(isinstance(y, float | int) and y <= 0 for y in points)
