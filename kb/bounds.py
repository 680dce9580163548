"""What a cut bounds, and the bounds: numbers, ranges, and thresholds that follow another quantity.

Numbers are in the unit the paper writes.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kb.vocabulary import normal_unit, unit_factor, vocabulary

Operator = Literal[">", ">=", "<", "<=", "==", "!=", "in", "not_in", "is"]
Closed = Literal["both", "left", "right", "neither"]
"""Which ends belong to a range: `left` is the lower one alone, `right` the upper one (as in pandas.Interval)."""


class Frozen(BaseModel):
    """A record that takes no field it does not know, and does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


ABSOLUTE_CHARGE = "absolute charge"
"""The name of a charge without its sign: `±1` is no charge of +1."""


class Variable(Frozen):
    """A vocabulary variable and what it takes to compute it."""

    id: str = Field(description="vocabulary id: pt, abs_eta, mass, iso_rel, …")
    name: str | None = Field(default=None, description="what it is, where the id is `other` or `ratio`: 'flavour'")
    component: Literal["track", "calorimeter", "combined"] | None = Field(
        default=None, description="what an isolation or a missing momentum is summed over"
    )
    cone: float | None = Field(default=None, gt=0, description="radius ΔR of an isolation sum")
    cone_rule: str | None = Field(default=None, description="a cone that shrinks with pT, as the paper writes it")
    reference: tuple[str, ...] = Field(default=(), description="vocabulary objects or definitions it is taken against")

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.id not in vocabulary().variables:
            msg = f"'{self.id}' is no variable of the vocabulary"
            raise ValueError(msg)
        return self


class Subject(Frozen):
    """What a cut is about."""

    object: str = Field(description="vocabulary id: electron, lepton_pair, met, event, …")
    rank: int | None = Field(default=None, ge=1, description="1 leading, 2 subleading, …; null every one, or the event")
    definition: str | None = Field(default=None, description="name of an ObjectDefinition or a Composite")

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.object not in vocabulary().objects:
            msg = f"'{self.object}' is no object of the vocabulary"
            raise ValueError(msg)
        return self


class Piecewise(Frozen):
    """A threshold that follows another quantity: linear between its points, constant outside them."""

    subject: Subject
    variable: Variable
    unit: str = Field(description="unit of the points' first number")
    points: tuple[tuple[float, float], ...] = Field(min_length=1, description="(x, threshold at x), x ascending")

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if any(a[0] > b[0] for a, b in pairwise(self.points)):
            msg = "points do not ascend"
            raise ValueError(msg)
        return self

    def at(self, x: float) -> float:
        """Return the threshold at `x` (both in the units the paper writes).

        >>> m34 = Piecewise(subject=Subject(object="fourlepton"), variable=Variable(id="mass"), unit="GeV",
        ...                 points=((140, 12), (190, 50)))
        >>> m34.at(100), m34.at(165), m34.at(500)
        (12.0, 31.0, 50.0)
        """
        if x <= self.points[0][0]:
            return self.points[0][1]
        for (x0, y0), (x1, y1) in pairwise(self.points):
            if x < x1:
                return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
        return self.points[-1][1]


Bound = float | Piecewise
Value = float | tuple[Bound, Bound] | str | Piecewise


def comparisons(operator: Operator, closed: Closed) -> tuple[Operator, Operator]:
    """Return how a quantity compares with the lower and with the upper end, for `in` and for `not_in` a range.

    For `in` both must hold. `not_in` is the complement: one must hold, and an end that belongs to the range is not
    outside it.

    >>> comparisons("in", "left"), comparisons("not_in", "left")
    (('>=', '<'), ('<', '>='))
    """
    low, high = closed in {"both", "left"}, closed in {"both", "right"}
    if operator == "in":
        return ">=" if low else ">", "<=" if high else "<"
    return "<" if low else "<=", ">" if high else ">="


def plain(bound: Bound) -> float:
    """Return a bound as one number: the first of a threshold function."""
    return bound.points[0][1] if isinstance(bound, Piecewise) else bound


def scaled(bound: Bound, factor: float) -> Bound:
    """Return a bound in the normal unit, given the factor; both numbers of a threshold function are converted."""
    if isinstance(bound, Piecewise):
        across = unit_factor(bound.unit)
        points = tuple((round(x * across, 9), round(y * factor, 9)) for x, y in bound.points)
        return bound.model_copy(update={"points": points, "unit": normal_unit(bound.unit) or bound.unit})
    return round(bound * factor, 9)
