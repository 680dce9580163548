"""What the branches of an ntuple mean: a dataset profile, read from TOML.

    Profile                 tree, luminosity, weights, sample names, triggers, histograms
    ├── collections         groups of branches; one value per object, or per event where `scalar`
    │   ├── variables       vocabulary id -> Branch (unit as in the ntuple)
    │   ├── isolation       Isolation sums, each with component and cone
    │   └── flags           vocabulary id (`id`, `btag`, `isolation`) -> working point -> Flag
    └── objects             vocabulary object -> a collection, part of one (`where`), or a union of objects

Lookups answer None where the ntuple does not hold what is asked; the caller says so to the user.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from kb.errors import DatasetNotFoundError, ProfileError
from kb.ssc import Variable
from kb.vocabulary import normal_unit, unit_factor, vocabulary

PROFILES = Path(__file__).with_name("profiles")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Branch(_Strict):
    """A branch with its unit; `over` names a branch it is divided by (an uncertainty, say)."""

    branch: str = Field(min_length=1)
    unit: str = "1"
    over: str | None = None

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
        return (self.branch, self.over) if self.over else (self.branch,)


class Isolation(Branch):
    """An isolation sum; `relative` if the ntuple has already divided it by pT."""

    component: Literal["track", "calorimeter", "combined"]
    cone: float | None = Field(default=None, gt=0, description="radius ΔR")
    cone_rule: str | None = Field(default=None, description="how the cone shrinks with pT, if it does")
    relative: bool = False


class Flag(_Strict):
    """A yes or no: a boolean branch, or a branch that `equals` a number or lies `above` or `below` one."""

    branch: str = Field(min_length=1)
    equals: int | None = None
    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        if sum(test is not None for test in (self.equals, self.above, self.below)) > 1:
            msg = "give at most one of 'equals', 'above', 'below'"
            raise ValueError(msg)
        return self


class Collection(_Strict):
    """Branches that belong together."""

    scalar: bool = Field(default=False, description="one value per event (missing momentum)")
    variables: dict[str, Branch] = {}
    isolation: tuple[Isolation, ...] = ()
    flags: dict[str, dict[str, Flag]] = {}

    @field_validator("variables", "flags")
    @classmethod
    def _variables_known(cls, entries: dict[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(entries) - set(vocabulary().variables))
        if unknown:
            msg = f"no variable of the vocabulary: {', '.join(unknown)}"
            raise ValueError(msg)
        return entries


class ObjectKind(_Strict):
    """What a vocabulary object is in this ntuple."""

    collection: str | None = None
    where: Flag | None = Field(default=None, description="which part of the collection")
    union: tuple[str, ...] = ()
    mass: float | None = Field(default=None, ge=0, description="GeV; used where the ntuple has no energy")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.collection is None) == (not self.union):
            msg = "an object needs either 'collection' or 'union'"
            raise ValueError(msg)
        return self


class Trigger(Flag):
    """A trigger decision; a paper's trigger means it if its text holds one of `words`."""

    words: tuple[str, ...] = Field(min_length=1)


class Weight(_Strict):
    """Weight of a simulated event: luminosity × cross-section / (sum of weights × efficiency) × product of branches.

    The first three numbers stand per sample in a JSON file (`file`, under the key `table`); data have weight 1.
    """

    factors: tuple[str, ...] = ()
    file: str = "samples.json"
    table: str | None = None
    cross_section: str = Field(description="key of the cross-section in pb")
    sum_of_weights: str = Field(description="key of the sum of weights of all generated events")
    efficiency: str | None = Field(default=None, description="key of the fraction of events kept, if it is there")


class SampleNames(_Strict):
    """How file names tell the sample: `pattern` has a group `name`; `data` matches the names of recorded data."""

    pattern: str
    data: str

    @field_validator("pattern", "data")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            msg = f"no regular expression: {error}"
            raise ValueError(msg) from error
        return pattern

    @model_validator(mode="after")
    def _named(self) -> Self:
        if "name" not in re.compile(self.pattern).groupindex:
            msg = "'pattern' needs a group (?P<name>…)"
            raise ValueError(msg)
        return self


class HistogramAxis(_Strict):
    """A histogram to fill with selected events: a variable of an object (or of the n-th), in GeV, mm or 1."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    object: str
    variable: str
    rank: int | None = Field(default=None, ge=1)
    bins: int = Field(gt=0, le=10_000)
    range: tuple[float, float]
    label: str
    unit: str = ""

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.range[0] >= self.range[1]:
            msg = "the range does not rise"
            raise ValueError(msg)
        if self.object not in vocabulary().objects or self.variable not in vocabulary().variables:
            msg = f"'{self.object}' or '{self.variable}' is not in the vocabulary"
            raise ValueError(msg)
        return self


class Profile(_Strict):
    """All that the compiler, the reference and the runner know about a dataset's ntuples."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    experiment: str
    sqrt_s: float = Field(gt=0, description="TeV")
    luminosity: float | None = Field(default=None, gt=0, description="fb^-1")
    source: str = Field(default="", description="where the data and the meaning of the branches are published")
    tree: str
    identifiers: dict[Literal["run", "event"], str] = {}
    collections: dict[str, Collection]
    objects: dict[str, ObjectKind]
    triggers: dict[str, Trigger] = {}
    cleaning: dict[str, Trigger] = {}
    weight: Weight | None = None
    samples: SampleNames
    histograms: tuple[HistogramAxis, ...] = ()

    @model_validator(mode="after")
    def _names_resolve(self) -> Self:
        for name, kind in self.objects.items():
            if name not in vocabulary().objects:
                msg = f"objects.{name}: no object of the vocabulary"
                raise ValueError(msg)
            if kind.collection is not None and kind.collection not in self.collections:
                msg = f"objects.{name}: no collection '{kind.collection}'"
                raise ValueError(msg)
            for part in kind.union:
                if part not in self.objects or self.objects[part].union:
                    msg = f"objects.{name}: '{part}' is no object with a collection"
                    raise ValueError(msg)
        return self

    def parts(self, name: str) -> tuple[str, ...]:
        """Return the objects with a collection that `name` stands for: itself, or the members of a union."""
        kind = self.objects.get(name)
        if kind is None:
            return ()
        return kind.union or (name,)

    def collection_of(self, name: str) -> Collection | None:
        """Return the collection of an object that is no union, or None."""
        kind = self.objects.get(name)
        return self.collections[kind.collection] if kind and kind.collection else None

    def branch(self, name: str, variable: str) -> Branch | None:
        """Return the branch of a variable (by vocabulary id) of an object that is no union, or None."""
        collection = self.collection_of(name)
        return collection.variables.get(variable) if collection else None

    def isolation(self, name: str, variable: Variable) -> Isolation | None:
        """Return the isolation sum that a variable means, or None.

        A cone that the paper names must be the ntuple's; one that it does not name may be any. Without a component,
        the sum must be the only one that fits.
        """
        collection = self.collection_of(name)
        fits = [
            sum_
            for sum_ in (collection.isolation if collection else ())
            if variable.component in (None, sum_.component)
            and (variable.cone is None or sum_.cone is None or abs(variable.cone - sum_.cone) < 1e-9)
            and (variable.cone_rule is None or variable.cone_rule == sum_.cone_rule)
        ]
        return fits[0] if len(fits) == 1 else None

    def flag(self, name: str, variable: str, point: str) -> Flag | None:
        """Return the flag of a working point (`tight`; case does not matter), or None."""
        collection = self.collection_of(name)
        points = collection.flags.get(variable, {}) if collection else {}
        return {key.casefold(): flag for key, flag in points.items()}.get(point.strip().casefold())

    def named_triggers(self, text: str) -> tuple[str, ...]:
        """Return the names of the triggers whose words occur in a paper's text."""
        words = text.casefold()
        return tuple(n for n, trigger in self.triggers.items() if any(w.casefold() in words for w in trigger.words))

    @cached_property
    def checksum(self) -> str:
        """sha256 of the profile's content, hexadecimal."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def shipped_profiles() -> list[str]:
    """Return the names of the profiles that come with cutbook."""
    return sorted(path.stem for path in PROFILES.glob("*.toml"))


def load_profile(name: str | Path) -> Profile:
    """Read a shipped profile by name, or any by the path of its TOML file.

    Raises DatasetNotFoundError for an unknown name, ProfileError naming file and line for a file that breaks the rules.
    """
    path = Path(name)
    if path.suffix != ".toml":
        path = PROFILES / f"{name}.toml"
        if path.stem not in shipped_profiles():
            message = f"no dataset profile '{name}'"
            raise DatasetNotFoundError(message, hint=f"shipped profiles: {', '.join(shipped_profiles())}")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: cannot be read: {error}"
        raise ProfileError(message, hint="give a UTF-8 TOML file") from error
    try:
        return Profile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else len(text.splitlines())
        message = f"{path}:{line}: {error}"
        raise ProfileError(message, hint="mend the TOML syntax at that line") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        keys = [part for part in first["loc"] if part != "[key]"]
        said = first["msg"].removeprefix("Value error, ")
        named = re.match(r"(objects\.\w+): ", said)
        if not keys and named:  # what is wrong between tables is said by the name of one
            keys, said = _dotted(named[1]), said.removeprefix(named[0])
        where = ".".join(map(str, keys))
        message = f"{path}:{line_of(text, keys)}: {where or 'profile'}: {said}"
        hint = f"compare with {PROFILES.name}/{shipped_profiles()[0]}.toml"
        raise ProfileError(message, hint=hint, path=where) from error


def line_of(text: str, keys: list[int | str]) -> int:
    """Return the line (from 1) of TOML text where the value at a path of keys is given, or its nearest parent.

    >>> line_of('a = 1\\n[b.c]\\nd = 2\\n[[e]]\\nf = 3\\n[[e]]\\nf = 4\\n', ["e", 1, "f"])
    7
    """
    table: list[int | str] = []
    counts: dict[tuple[int | str, ...], int] = {}
    best, best_length = 1, 0
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        header = re.match(r"^\[(\[?)\s*([^\]]+?)\s*\]", line)
        assignment = re.match(r"^([\w.\"'-]+)\s*=", line)
        if header:
            table = [*_dotted(header[2])]
            if header[1]:
                index = counts.get(tuple(table), 0)
                counts[tuple(table)] = index + 1
                table.append(index)
            path = table
        elif assignment:
            path = [*table, *_dotted(assignment[1])]
        else:
            continue
        if len(path) > best_length and path == keys[: len(path)]:
            best, best_length = number, len(path)
    return best


def _dotted(key: str) -> list[int | str]:
    return [part.strip().strip("\"'") for part in key.split(".")]
