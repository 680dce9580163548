"""What the branches of an ntuple mean: a dataset profile, read from TOML.

    Profile                 tree, luminosity, weights, sample names, triggers, histograms
    ├── overlap             which objects the makers of the ntuple have kept apart
    ├── collections         groups of branches; one value per object, or per event where `scalar`
    │   ├── prefix          what the names of all its branches begin with, if they do
    │   ├── variables       vocabulary id -> Branch (unit as in the ntuple)
    │   ├── isolation       Isolation sums, each with component and cone
    │   └── flags           vocabulary id (`id`, `btag`, `isolation`) -> working point -> Flag
    └── objects             vocabulary object -> a collection, part of one (`where`), or a union of objects

A profile may name more than one file holds; `Profile.fitted` leaves what a tree has. Lookups answer None where the
ntuple does not hold what is asked; the caller says so to the user.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable
from functools import cache, cached_property
from itertools import product
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from codegen.branch import Branch, Flag, Isolation, Strict, Trigger
from codegen.collection import Collection, ObjectKind, there
from codegen.overlap import Overlap
from codegen.weight import Weight
from kb.errors import DatasetNotFoundError, ProfileError
from kb.ssc import Variable
from kb.vocabulary import vocabulary

__all__ = ["PROFILES", "Branch", "Collection", "Flag", "HistogramAxis", "Isolation", "ObjectKind", "Profile",
           "SampleNames", "Trigger", "Weight", "load_profile", "shipped_profiles"]  # fmt: skip

PROFILES = Path(__file__).with_name("profiles")
_MOMENTUM = ("pt", "eta", "phi")


class SampleNames(Strict):
    """How the sample of a file is told.

    `pattern`, with a group `name`, is looked for in the name of the file; files in a subfolder belong to the sample
    that the subfolder is called by if `folders` says so. Recorded data have names that `data` matches, or lack the
    branch `simulated` if one is given.
    """

    pattern: str
    data: str
    folders: bool = False
    simulated: str | None = Field(default=None, description="a branch that only simulation has")

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


class HistogramAxis(Strict):
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


class Profile(Strict):
    """All that the compiler, the reference and the runner know about a dataset's ntuples."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    aliases: tuple[str, ...] = Field(default=(), description="names it had before")
    title: str
    experiment: str
    sqrt_s: float = Field(gt=0, description="TeV")
    luminosity: float | None = Field(default=None, gt=0, description="fb^-1")
    periods: dict[str, Annotated[float, Field(gt=0)]] | tuple[str, ...] = Field(
        default=(), description="samples of data that `luminosity` is of, with that of each [fb^-1] where it is known"
    )
    source: str = Field(default="", description="where the data and the meaning of the branches are published")
    tree: str
    identifiers: dict[Literal["run", "event"], str] = Field(default={})
    collections: dict[str, Collection]
    objects: dict[str, ObjectKind]
    triggers: dict[str, Trigger] = Field(default={})
    trigger_prefix: str = Field(default="", description="what the branches of single trigger paths begin with: HLT_")
    no_triggers: str = Field(default="", description="why the ntuple does not tell which triggers have fired")
    trigger_paths: tuple[str, ...] = Field(default=(), description="the paths of one tree; filled in when it is read")
    cleaning: dict[str, Trigger] = Field(default={})
    weight: Weight | None = None
    overlap: Overlap | None = None
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
        for pair in self.overlap.apart if self.overlap else ():
            for name in pair.objects:
                if name not in self.objects:
                    msg = f"overlap.apart: '{name}' is no object of the profile"
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
        """Return the flag of a working point (`tight`; case, hyphens and spaces do not matter), or None.

        An object is `matched`, as it is `matched to the trigger`.
        """
        if variable == "trigger" and point.startswith("matched"):
            point = "matched"
        collection = self.collection_of(name)
        points = collection.flags.get(variable, {}) if collection else {}
        return {_plain(key): flag for key, flag in points.items()}.get(_plain(point))

    def default_point(self, name: str) -> str | None:
        """Return the variable of which an object's `where` is a working point, or None.

        Where a paper states a working point of it, that one stands in its place.
        """
        kind = self.objects.get(name)
        if kind is None or kind.where is None:
            return None
        return kind.point_of or vocabulary().objects[name].told_by

    def named_triggers(self, text: str) -> tuple[str, ...]:
        """Return the names of the triggers that a paper's text means.

        Those are the paths that it calls by their own names, or else the triggers whose words occur in it. A word
        inside a longer one of another trigger does not count: a dimuon trigger is no single-muon trigger. Nor does one
        for several objects that only single ones go on to: single-lepton triggers are no `lepton triggers`.
        """
        named = re.findall(rf"{re.escape(self.trigger_prefix)}\w+", text) if self.trigger_prefix else []
        if named:
            bare = dict.fromkeys(re.sub(r"_v\d*$", "", path) for path in named)
            return tuple(path for path in bare if path in self.trigger_paths)
        folded = text.casefold()
        found = [
            (match.start(), match.end(), name)
            for name, trigger in self.triggers.items()
            for word in trigger.words
            for match in re.finditer(re.escape(word.casefold()), folded)
            if not (word.endswith("triggers") and re.search(r"\bsingle[- ]$", folded[: match.start()]))
        ]
        outer = {
            name
            for start, end, name in found
            if not any(s <= start and end <= e and e - s > end - start and other != name for s, e, other in found)
        }
        return tuple(name for name in self.triggers if name in outer)

    def apart(self, one: str, other: str) -> float | None:
        """Return the ΔR within which the ntuple has no two objects of these kinds, or None if nothing is known."""
        found: list[float] = []
        for pair in product(self.parts(one), self.parts(other)):
            known = [
                stated.distance
                for stated in (self.overlap.apart if self.overlap else ())
                if {pair, pair[::-1]} & {*product(*map(self.parts, stated.objects))}
            ]
            if not known:
                return None
            found.append(max(known))
        return min(found, default=None)

    def trigger(self, name: str) -> Flag:
        """Return the flag of a trigger or a path that `named_triggers` names."""
        return self.triggers[name] if name in self.triggers else Flag(branch=name)

    @property
    def branches(self) -> tuple[str, ...]:
        """All branches that it gives a meaning to, in its order."""
        found = [name for collection in self.collections.values() for name in collection.branches]
        flags: list[Flag] = [*self.triggers.values(), *self.cleaning.values()]
        flags += [kind.where for kind in self.objects.values() if kind.where]
        return tuple(dict.fromkeys([*found, *(name for flag in flags for name in flag.branches)]))

    def decides(self, branch: str) -> bool:
        """Say whether a branch may be the decision of a trigger."""
        if self.trigger_prefix and branch.startswith(self.trigger_prefix):
            return True
        return branch in self._decisions

    @cached_property
    def _decisions(self) -> frozenset[str]:
        waiting: list[Flag] = list(self.triggers.values())
        found: set[str] = set()
        while waiting:
            flag = waiting.pop()
            found |= {*flag.each, flag.branch} - {""}
            waiting += [*flag.any_of, *flag.all_of, *([flag.otherwise] if flag.otherwise else [])]
        return frozenset(found)

    def fitted(self, branches: Iterable[str], decisions: Iterable[str] = ()) -> Profile:
        """Return the profile of a tree that has these branches: without what it lacks.

        An object stays only if its momentum is known, a union only if one of its parts does. `decisions` are branches
        of triggers that only some of the files have: menus change with the years.
        """
        present = frozenset(branches)
        fired = present | frozenset(decisions)
        collections = {name: known.among(present) for name, known in self.collections.items()}
        objects: dict[str, ObjectKind] = {}
        for name, kind in self.objects.items():
            if kind.collection is None:
                continue
            known = collections[kind.collection]
            needed = ("pt",) if known.scalar else _MOMENTUM
            where = kind.where.among(present) if kind.where else None
            if all(part in known.variables for part in needed) and (kind.where is None or where is not None):
                objects[name] = kind.model_copy(update={"where": where})
        for name, kind in self.objects.items():
            if parts := tuple(part for part in kind.union if part in objects):
                objects[name] = kind.model_copy(update={"union": parts})
        prefix = self.trigger_prefix
        return self.model_copy(
            update={
                "identifiers": {name: branch for name, branch in self.identifiers.items() if branch in present},
                "collections": collections,
                "objects": objects,
                "triggers": there(self.triggers, fired),
                "trigger_paths": tuple(sorted(b for b in fired if b.startswith(prefix))) if prefix else (),
                "cleaning": there(self.cleaning, present),
            }
        )

    @cached_property
    def checksum(self) -> str:
        """sha256 of the profile's content, hexadecimal."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def _plain(point: str) -> str:
    return re.sub(r"[\s_-]+", "", point).casefold()


@cache
def _named() -> dict[str, str]:
    """Return the files' stems by the names, also the former ones, of the shipped profiles."""
    names: dict[str, str] = {}
    for path in sorted(PROFILES.glob("*.toml")):
        aliases = tomllib.loads(path.read_text(encoding="utf-8")).get("aliases", [])
        names |= dict.fromkeys((path.stem, *aliases), path.stem)
    return names


def shipped_profiles() -> list[str]:
    """Return the names of the profiles that come with cutbook."""
    return sorted(path.stem for path in PROFILES.glob("*.toml"))


def load_profile(name: str | Path) -> Profile:
    """Read a shipped profile by name, or by one it had before, or any by the path of its TOML file.

    Raises DatasetNotFoundError for an unknown name, ProfileError naming file and line for a file that breaks the rules.
    """
    path = Path(name)
    if path.suffix != ".toml":
        path = PROFILES / f"{_named().get(str(name), '')}.toml"
        if str(name) not in _named():
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
        named = re.match(r"((?:objects|variations|overlap)(?:\.\w+)+): ", said)
        if named:  # what is wrong between tables is said by the name of one
            keys, said = [*keys, *_dotted(named[1])], said.removeprefix(named[0])
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
