"""Write a cut as a physicist would note it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kb.bounds import Bound, Operator, Piecewise, Subject, comparisons
from kb.vocabulary import vocabulary

if TYPE_CHECKING:
    from kb.cut import Cut

_MIRRORED = {">": "<", "≥": "≤"}


def statement(cut: Cut) -> str:
    """Write a cut as a physicist would note it: subject, symbol, operator, value, unit, condition."""
    words = vocabulary()
    symbol = words.variables[cut.variable.id].symbol
    if cut.variable.name:
        symbol = cut.variable.name
    subject, rank = _name(cut.subject)
    if cut.variable.component:
        symbol = f"{cut.variable.component} {symbol}"
    if symbol.startswith((f"{subject} ", f"{subject}/")):  # E_T^miss significance
        subject = ""
    unit = "" if cut.unit in {"", "1"} else f" {cut.unit}"
    text = f"{rank}{subject}{' ' if subject else ''}{_requirement(cut, symbol)}{unit}"
    if cut.when:
        text += f" ({cut.when.text})"
    return f"veto: {text}" if cut.role == "veto" else text


def subject_text(subject: Subject) -> str:
    """Write a subject with its rank: the leading jet, the signal muon.

    >>> subject_text(Subject(object="jet", rank=3))
    'third jet'
    """
    name, rank = _name(subject)
    return f"{rank}{name}"


def _name(subject: Subject) -> tuple[str, str]:
    name = subject.definition or vocabulary().objects[subject.object].symbol
    rank = f"{_ordinal(subject.rank)} " if subject.rank else ""
    # A definition may say its rank itself: the leading pair.
    return name, "" if name.startswith(rank.strip()) else rank


def _requirement(cut: Cut, symbol: str) -> str:
    """Write what is required of a quantity; a range as its two inequalities where an end does not belong to it."""
    value = cut.value
    if not isinstance(value, tuple):
        return f"{symbol} {_sign(cut.operator)} {value if isinstance(value, str) else _shown(value)}"
    low, high = map(_shown, value)
    if cut.closed == "both":
        return f"{symbol} {_sign(cut.operator)} {low} to {high}"
    above, below = map(_sign, comparisons(cut.operator, cut.closed))
    if cut.operator == "in":
        return f"{low} {_MIRRORED[above]} {symbol} {below} {high}"
    return f"{symbol} {above} {low} or {below} {high}"


def _sign(operator: Operator) -> str:
    return {">=": "≥", "<=": "≤", "==": "=", "!=": "≠", "not_in": "not in"}.get(operator, operator)


def _ordinal(rank: int) -> str:
    return {1: "leading", 2: "subleading", 3: "third"}.get(rank, f"{rank}th")


def _shown(bound: Bound) -> str:
    if isinstance(bound, Piecewise):
        symbol = f"{bound.subject.object} {bound.variable.id}"
        points = ", ".join(f"{y:g} at {x:g} {bound.unit}" for x, y in bound.points)
        return f"f({symbol}: {points})"
    return f"{bound:g}"
