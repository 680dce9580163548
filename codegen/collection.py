"""Groups of branches that belong together, and which objects of the vocabulary they are."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from codegen.branch import Branch, Flag, Isolation, Strict, prefixed
from kb.vocabulary import vocabulary


class Collection(Strict):
    """Branches that belong together; `prefix` is put before all their names, and is empty from then on.

    Where every object has branches of its own, `slots` are put in the place of `{}` in their names: pt{} of the slots 1
    and 2 are the branches pt1 and pt2.
    """

    prefix: str = ""
    slots: tuple[str, ...] = ()
    scalar: bool = Field(default=False, description="one value per event (missing momentum)")
    variables: dict[str, Branch] = Field(default={})
    isolation: tuple[Isolation, ...] = ()
    flags: dict[str, dict[str, Flag]] = Field(default={})

    @model_validator(mode="before")
    @classmethod
    def _with_prefix(cls, raw: Any) -> Any:
        prefix = raw.get("prefix", "") if isinstance(raw, dict) else None
        if not isinstance(prefix, str):
            return raw
        slots = [str(slot) for slot in raw.get("slots", ())] if isinstance(raw.get("slots", ()), list) else []
        found = {**raw, "prefix": ""}
        if isinstance(raw.get("variables"), dict):
            found["variables"] = {name: prefixed(entry, prefix, slots) for name, entry in raw["variables"].items()}
        if isinstance(raw.get("isolation"), list | tuple):
            found["isolation"] = [prefixed(entry, prefix, slots) for entry in raw["isolation"]]
        if isinstance(raw.get("flags"), dict):
            found["flags"] = {
                name: {point: prefixed(entry, prefix, slots) for point, entry in points.items()}
                if isinstance(points, dict)
                else points
                for name, points in raw["flags"].items()
            }
        return found

    @field_validator("variables", "flags")
    @classmethod
    def _variables_known(cls, entries: dict[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(entries) - set(vocabulary().variables))
        if unknown:
            msg = f"no variable of the vocabulary: {', '.join(unknown)}"
            raise ValueError(msg)
        return entries

    @property
    def numbered(self) -> dict[str, tuple[str, ...]]:
        """The branches of single objects, by the name with `{}` that they have together."""
        columns: list[Branch | Flag] = [*self.variables.values(), *self.isolation]
        columns += [flag for points in self.flags.values() for flag in points.values()]
        return {column.branch: column.each for column in columns if column.each}

    @property
    def branches(self) -> tuple[str, ...]:
        """All branches that are read for it."""
        columns: list[Branch | Flag] = [*self.variables.values(), *self.isolation]
        columns += [flag for points in self.flags.values() for flag in points.values()]
        return tuple(dict.fromkeys(name for column in columns for name in column.branches))

    def among(self, present: frozenset[str]) -> Collection:
        """Return what is left of it in an ntuple that has the branches `present`."""
        flags = {variable: there(points, present) for variable, points in self.flags.items()}
        return self.model_copy(
            update={
                "variables": there(self.variables, present),
                "isolation": tuple(found for sum_ in self.isolation if (found := sum_.among(present)) is not None),
                "flags": {variable: points for variable, points in flags.items() if points},
            }
        )


class ObjectKind(Strict):
    """What a vocabulary object is in this ntuple."""

    collection: str | None = None
    where: Flag | None = Field(default=None, description="which part of the collection")
    point_of: str | None = Field(
        default=None, description="variable of which `where` is the working point that counts where a paper states none"
    )
    union: tuple[str, ...] = ()
    mass: float | None = Field(default=None, ge=0, description="GeV; used where the ntuple has no energy")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.collection is None) == (not self.union):
            msg = "an object needs either 'collection' or 'union'"
            raise ValueError(msg)
        if self.point_of is not None and (self.where is None or self.point_of not in vocabulary().variables):
            msg = "'point_of' names the variable of which 'where' is a working point"
            raise ValueError(msg)
        return self


def there(entries: dict[str, Any], present: frozenset[str]) -> dict[str, Any]:
    """Return those of branches, flags or triggers by name that are read of an ntuple with the branches `present`."""
    return {name: found for name, entry in entries.items() if (found := entry.among(present)) is not None}
