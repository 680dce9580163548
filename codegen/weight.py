"""What the weight of a simulated event is made of, and how uncertain that is.

Weight                  factors, divisors, and where the numbers of a sample stand
└── variations          name -> Variation: what the weight would be with something shifted `up`, and `down`
"""

from __future__ import annotations

from collections.abc import Container
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from codegen.branch import Strict

SIDES: tuple[Literal["up"], Literal["down"]] = ("up", "down")


class Shift(Strict):
    """One side of a variation: a branch (a bare string is one), or a number.

    Of a branch that holds a list per event, `index` is the place of what is meant, from 0. An event whose list ends
    before it keeps its nominal weight.
    """

    branch: str = ""
    index: int | None = Field(default=None, ge=0)
    factor: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, raw: Any) -> Any:
        return {"branch": raw} if isinstance(raw, str) else raw

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.branch) == (self.factor is not None):
            msg = "give either 'branch' or 'factor'"
            raise ValueError(msg)
        if self.index is not None and not self.branch:
            msg = "'index' is a place in the list of a 'branch'"
            raise ValueError(msg)
        return self


class Variation(Strict):
    """An uncertainty of the weight.

    A side takes the place of the factor that the variation `replaces`, or else the nominal weight is multiplied with
    it, as with what is stored relative to it.
    """

    replaces: str | None = None
    up: Shift
    down: Shift

    @property
    def sides(self) -> tuple[tuple[Literal["up", "down"], Shift], ...]:
        """Both sides, by name."""
        return ("up", self.up), ("down", self.down)

    @property
    def branches(self) -> tuple[str, ...]:
        """The branches that are read for it besides those of the nominal weight."""
        return tuple(dict.fromkeys(side.branch for _, side in self.sides if side.branch))

    def lacking(self, present: Container[str]) -> str:
        """Say which of its branches a tree does not have; nothing where it has all."""
        absent = [branch for branch in self.branches if branch not in present]
        return f"there is no branch {' and no branch '.join(absent)}" if absent else ""


class Weight(Strict):
    """Weight of a simulated event: luminosity × cross-section / (sum of weights × efficiency) × product of branches.

    The first three numbers stand per sample in a JSON file (`file`, under the key `table`), or without keys for them
    in branches, among the `factors` and `divisors`. Data have weight 1. The normalisation is the nominal one in all
    `variations`.
    """

    factors: tuple[str, ...] = ()
    divisors: tuple[str, ...] = ()
    file: str = "samples.json"
    table: str | None = None
    cross_section: str | None = Field(default=None, description="key of the cross-section in pb")
    sum_of_weights: str | None = Field(default=None, description="key of the sum of weights of all generated events")
    efficiency: str | None = Field(default=None, description="key of the fraction of events kept, if it is there")
    variations: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Variation] = Field(default={})

    @model_validator(mode="after")
    def _normalised(self) -> Self:
        if (self.cross_section is None) != (self.sum_of_weights is None):
            msg = "give both 'cross_section' and 'sum_of_weights', or neither if branches hold them"
            raise ValueError(msg)
        if self.cross_section is None and not self.divisors:
            msg = "without keys of a file, 'divisors' must name the branch with the sum of weights"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _replacing(self) -> Self:
        for name, variation in self.variations.items():
            if variation.replaces is not None and variation.replaces not in self.factors:
                msg = f"variations.{name}.replaces: '{variation.replaces}' is none of the factors"
                raise ValueError(msg)
        return self

    @property
    def in_branches(self) -> bool:
        """Whether the events themselves hold all that their weight is made of."""
        return self.cross_section is None
