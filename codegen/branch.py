"""Branches of an ntuple and what they mean: a number with its unit, an isolation sum, a flag, a trigger.

Releases of a format name things differently. `otherwise` says what to read where the ntuple lacks a branch, and
`among` turns what may be there into what is.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from kb.vocabulary import normal_unit, unit_factor


class Strict(BaseModel):
    """A part of a profile: nothing unknown in it, and nothing that changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Branch(Strict):
    """A branch with its unit; `over` names a branch it is divided by (an uncertainty, say).

    Where every object has branches of its own (pt1, pt2), `each` names them, and `branch` is written `pt{}`.
    """

    branch: str = Field(min_length=1)
    unit: str = "1"
    over: str | None = None
    each: tuple[str, ...] = ()
    otherwise: Self | None = Field(default=None, description="what to read where the ntuple lacks it")

    @field_validator("unit")
    @classmethod
    def _unit_known(cls, unit: str) -> str:
        if normal_unit(unit) is None:
            msg = f"'{unit}' is no unit of the vocabulary"
            raise ValueError(msg)
        return unit

    @property
    def factor(self) -> float:
        """What a value is multiplied with to be in GeV, mm or ns."""
        return unit_factor(self.unit)

    @property
    def branches(self) -> tuple[str, ...]:
        """All branches that are read for it."""
        own = self.each or (self.branch,)
        return (*own, self.over) if self.over else own

    def among(self, present: Container[str]) -> Self | None:
        """Return what is read of an ntuple that has the branches `present`, or None."""
        if all(branch in present for branch in self.branches):
            return self.model_copy(update={"otherwise": None})
        return self.otherwise.among(present) if self.otherwise else None


class Isolation(Branch):
    """An isolation sum; `relative` if the ntuple has already divided it by pT."""

    component: Literal["track", "calorimeter", "combined"]
    cone: float | None = Field(default=None, gt=0, description="radius ΔR")
    cone_rule: str | None = Field(default=None, description="how the cone shrinks with pT, if it does")
    relative: bool = False


class Flag(Strict):
    """A yes or no: a boolean branch, a test of a branch, or several flags together.

    A number is tested with `equals`, `above`, `below`, `at_least` or `at_most`; with `bits`, only those bits of it are,
    and without any of the five one of them must be set: `{ branch = "quality", bits = 7, at_most = 1 }`.
    """

    branch: str = ""
    each: tuple[str, ...] = ()
    bits: int | None = Field(default=None, gt=0)
    equals: int | None = None
    above: float | None = None
    below: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    any_of: tuple[Flag, ...] = ()
    all_of: tuple[Flag, ...] = ()
    otherwise: Flag | None = Field(default=None, description="what to read where the ntuple lacks it")

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        sources = [bool(self.branch), bool(self.any_of), bool(self.all_of)]
        if sum(sources) != 1:
            msg = "give one of 'branch', 'any_of', 'all_of'"
            raise ValueError(msg)
        tests = (self.equals, self.above, self.below, self.at_least, self.at_most)
        if sum(test is not None for test in tests) > 1:
            msg = "give at most one of 'equals', 'above', 'below', 'at_least', 'at_most'"
            raise ValueError(msg)
        if not self.branch and (self.comparison or self.bits):
            msg = "tests belong to the flags inside 'any_of' and 'all_of'"
            raise ValueError(msg)
        return self

    @property
    def comparison(self) -> tuple[Literal["==", ">", "<", ">=", "<="], float] | None:
        """The test of the branch, or None."""
        if self.equals is not None:
            return "==", self.equals
        if self.above is not None:
            return ">", self.above
        if self.below is not None:
            return "<", self.below
        if self.at_least is not None:
            return ">=", self.at_least
        return None if self.at_most is None else ("<=", self.at_most)

    def __str__(self) -> str:
        if not self.branch:
            parts = [str(part) if part.branch else f"({part})" for part in (*self.any_of, *self.all_of)]
            return (" or " if self.any_of else " and ").join(parts)
        name = self.branch if self.bits is None else f"{self.branch} & {self.bits}"
        return name if self.comparison is None else f"{name} {self.comparison[0]} {self.comparison[1]:g}"

    @property
    def leaves(self) -> tuple[Flag, ...]:
        """The flags of single branches that it is put together from; itself, if it is one."""
        return (self,) if self.branch else tuple(leaf for part in (*self.any_of, *self.all_of) for leaf in part.leaves)

    @property
    def branches(self) -> tuple[str, ...]:
        """All branches that are read for it."""
        if self.branch:
            return self.each or (self.branch,)
        inner = [branch for part in (*self.any_of, *self.all_of) for branch in part.branches]
        return tuple(dict.fromkeys(inner))

    def among(self, present: Container[str]) -> Self | None:
        """Return what is read of an ntuple that has the branches `present`, or None.

        Of `any_of` those flags remain that are there: triggers come and go with the years.
        """
        changes: dict[str, Any] | None = None
        if self.branch:
            changes = {} if all(branch in present for branch in self.branches) else None
        elif self.any_of:
            there = tuple(found for part in self.any_of if (found := part.among(present)) is not None)
            changes = {"any_of": there} if there else None
        else:
            every = tuple(found for part in self.all_of if (found := part.among(present)) is not None)
            changes = {"all_of": every} if len(every) == len(self.all_of) else None
        if changes is not None:
            return self.model_copy(update={**changes, "otherwise": None})
        other = self.otherwise.among(present) if self.otherwise else None
        if other is None:
            return None
        return self.model_copy(update={name: getattr(other, name) for name in Flag.model_fields})


class Trigger(Flag):
    """A trigger decision; a paper's trigger means it if its text holds one of `words`."""

    words: tuple[str, ...] = Field(min_length=1)


def prefixed(entry: Any, prefix: str, slots: Sequence[str] = ()) -> Any:
    """Return raw TOML values with `prefix` before every name of a branch; a bare string is one.

    A name with `{}` stands for one branch per slot, which is put there.
    """
    if isinstance(entry, str):
        entry = {"branch": entry}
    if isinstance(entry, list):
        return [prefixed(part, prefix, slots) for part in entry]
    if not isinstance(entry, dict):
        return entry
    found = dict(entry)
    for name in ("branch", "over"):
        if isinstance(found.get(name), str):
            found[name] = prefix + found[name]
    if slots and "{}" in str(found.get("branch")):
        found["each"] = [found["branch"].replace("{}", slot) for slot in slots]
    for name in ("otherwise", "any_of", "all_of"):
        if name in found:
            found[name] = prefixed(found[name], prefix, slots)
    return found
