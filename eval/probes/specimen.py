"""Events made up branch by branch: what a profile lets them have, and how they are changed.

An event is a row of plain values and lists by branch, as `eval.event` reads it, in the units of the ntuple. Numbers are
kept in single precision, as files hold them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from codegen.profile import Branch, Flag, Profile
from eval.event import holds

Row = dict[str, Any]
Place = tuple[str, int]
"""A collection, and a place in it."""

_WHOLE = ("charge", "n_tracks")
_GRAIN = 64  # angles are multiples of 1/64, so that distances of them are exact


def single(value: float) -> float:
    """Round to single precision.

    >>> single(0.1) == 0.1, single(0.25) == 0.25
    (False, True)
    """
    return float(np.float32(value))


GROUPS = {"fourlepton": ("lepton", 4), "trilepton": ("lepton", 3)}
"""What systems of three or more objects are made of, and how many."""


class Anatomy:
    """What events of a profile consist of."""

    def __init__(
        self, profile: Profile, paths: Sequence[str] = (), systems: Mapping[str, tuple[str, int]] | None = None
    ) -> None:
        """Take what a profile has, and the single trigger `paths` that criteria call by their names.

        `systems` are those of three or more objects that the criteria choose, with what they are made of.
        """
        self.profile = profile
        self.systems = {**GROUPS, **(systems or {})}
        self.lists: dict[str, dict[str, str]] = {}
        self.scalars: dict[str, str] = {}
        for name, collection in profile.collections.items():
            types: dict[str, str] = {}
            for variable, branch in collection.variables.items():
                types |= dict.fromkeys(branch.branches, "i4" if variable in _WHOLE else "f4")
            for branch in collection.isolation:
                types |= dict.fromkeys(branch.branches, "f4")
            flags = [flag for points in collection.flags.values() for flag in points.values()]
            flags += [kind.where for kind in profile.objects.values() if kind.collection == name and kind.where]
            for flag in (leaf for known in flags for leaf in known.leaves):
                types.setdefault(flag.branch, _type(flag))
            if collection.scalar:
                self.scalars |= types
            elif types:  # a file may have no branch of a collection
                self.lists[name] = types
        decided = (*profile.triggers.values(), *profile.cleaning.values())
        self.decisions = [leaf for flag in decided for leaf in flag.leaves]
        known = {leaf.branch for leaf in self.decisions}
        self.decisions += [Flag(branch=path) for path in paths if path not in known]
        for decision in self.decisions:
            self.scalars[decision.branch] = _type(decision)
        self.kinds = {name: kind for name, kind in profile.objects.items() if kind.collection in self.lists}

    # Looking --------------------------------------------------------------------------------------------------------

    def places(self, row: Mapping[str, Any], kind: str, bare: Collection[str] = ()) -> list[Place]:
        """Return where the objects of a kind are, members of a union one after the other.

        Of the kinds in `bare`, also those that do not meet the profile's own working point.
        """
        found: list[Place] = []
        for part in self.profile.parts(kind):
            definition = self.profile.objects[part]
            name = definition.collection or ""
            if name not in self.lists:
                continue
            where = None if part in bare else definition.where
            found += [
                (name, index)
                for index in range(self.number(row, name))
                if where is None or holds(where, {where.branch: row[where.branch][index]})
            ]
        return found

    def number(self, row: Mapping[str, Any], collection: str) -> int:
        """Return how many objects a collection has."""
        return len(row[next(iter(self.lists[collection]))])

    def amount(self, row: Mapping[str, Any], place: Place, branch: Branch) -> float:
        """Return a value of one object in its normal unit."""
        value = float(row[branch.branch][place[1]]) * branch.factor
        return value / float(row[branch.over][place[1]]) if branch.over else value

    def momentum(self, row: Mapping[str, Any], place: Place, kind: str) -> tuple[float, float, float, float]:
        """Return pT, η, φ and the mass of an object, in GeV."""
        variables = self.profile.collections[place[0]].variables
        pt, eta, phi = (self.amount(row, place, variables[part]) for part in ("pt", "eta", "phi"))
        if "energy" in variables:
            energy = self.amount(row, place, variables["energy"])
            return pt, eta, phi, math.sqrt(max(energy**2 - (pt * math.cosh(eta)) ** 2, 0.0))
        if "mass" in variables:
            return pt, eta, phi, self.amount(row, place, variables["mass"])
        return pt, eta, phi, self.profile.objects[kind].mass or 0.0

    # Changing -------------------------------------------------------------------------------------------------------

    def put(self, row: Row, place: Place, branch: str, value: Any) -> Row:
        """Return the event with another value of one object."""
        collection, index = place
        changed = list(row[branch])
        changed[index] = _typed(value, self.lists[collection][branch])
        return row | {branch: changed}

    def put_scalar(self, row: Row, branch: str, value: Any) -> Row:
        """Return the event with another value of its own."""
        return row | {branch: _typed(value, self.scalars[branch])}

    def move(self, row: Row, place: Place, part: str, value: float) -> Row:
        """Return the event with another pT, η or φ (in the ntuple's unit) of one object, which keeps its mass."""
        variables = self.profile.collections[place[0]].variables
        kind = self.kind(row, place)
        *_, mass = self.momentum(row, place, kind)
        row = self.put(row, place, variables[part].branch, value)
        if "energy" not in variables or part == "phi":
            return row
        if (own := self.profile.objects[kind].mass) is not None:
            mass = own
        pt, eta, *_ = self.momentum(row, place, kind)
        energy = math.sqrt((pt * math.cosh(eta)) ** 2 + mass**2) / variables["energy"].factor
        return self.put(row, place, variables["energy"].branch, energy)

    def kind(self, row: Mapping[str, Any], place: Place) -> str:
        """Return the first kind that an object is of."""
        kinds = [(name, kind.where) for name, kind in self.kinds.items() if kind.collection == place[0]]
        fits = (n for n, where in kinds if where is None or holds(where, {where.branch: row[where.branch][place[1]]}))
        return next(fits, kinds[0][0])

    def without(self, row: Row, place: Place) -> Row:
        """Return the event without one object."""
        collection, index = place
        return row | {b: [v for i, v in enumerate(row[b]) if i != index] for b in self.lists[collection]}

    def among(self, row: Row, collection: str, values: Mapping[str, Any]) -> Row:
        """Return the event with one object more."""
        return row | {b: [*row[b], _typed(values[b], kind)] for b, kind in self.lists[collection].items()}

    def reordered(self, row: Row) -> Row:
        """Return the event with the objects of each collection in the order of rising pT."""
        for name, branches in self.lists.items():
            pt = self.profile.collections[name].variables.get("pt")
            if pt is not None and pt.branch in branches:
                order = sorted(range(self.number(row, name)), key=lambda index: row[pt.branch][index])
                row = row | {branch: [row[branch][index] for index in order] for branch in branches}
        return row

    def set_flag(self, row: Row, place: Place, flag: Flag, *, on: bool) -> Row:
        """Return the event with a flag of one object set or not."""
        for leaf in flag.leaves:
            row = self.put(row, place, leaf.branch, flag_value(leaf, on=on))
        return row

    # Making ---------------------------------------------------------------------------------------------------------

    def empty(self) -> Row:
        """Return an event without objects, in which every decision is taken."""
        row: Row = {branch: [] for types in self.lists.values() for branch in types}
        row |= {branch: _typed(0, kind) for branch, kind in self.scalars.items()}
        for decision in self.decisions:
            row = self.put_scalar(row, decision.branch, flag_value(decision, on=True))
        return row

    def newborn(self, kind: str, rng: random.Random) -> dict[str, Any]:
        """Return the values of a new object, of ordinary kinematics and mostly of good quality."""
        definition = self.profile.objects[kind]
        collection = self.profile.collections[definition.collection or ""]
        values: dict[str, Any] = {}
        for variable, branch in collection.variables.items():
            values[branch.branch] = _drawn(variable, rng) / branch.factor
            if branch.over:
                values[branch.over] = 1.0
        values |= {isolation.branch: 0.0 for isolation in collection.isolation}
        for points in collection.flags.values():
            for flag in (leaf for point in points.values() for leaf in point.leaves):
                values.setdefault(flag.branch, flag_value(flag, on=rng.random() < 0.8))
        others = [known.where for known in self.kinds.values() if known.collection == definition.collection]
        for where in others:
            if where is not None and (definition.where is None or where.branch != definition.where.branch):
                values[where.branch] = flag_value(where, on=rng.random() < 0.5)
        if definition.where is not None:
            values[definition.where.branch] = flag_value(definition.where, on=True)
        if (energy := collection.variables.get("energy")) is not None:
            pt, eta = (values[collection.variables[p].branch] * collection.variables[p].factor for p in ("pt", "eta"))
            mass = definition.mass if definition.mass is not None else pt * rng.choice((0.125, 0.25))
            values[energy.branch] = math.sqrt((pt * math.cosh(eta)) ** 2 + mass**2) / energy.factor
        return values

    def drawn(self, rng: random.Random) -> Row:
        """Return a random event of a few objects of every kind."""
        row = self.empty()
        for kind, definition in self.kinds.items():
            for _ in range(rng.choice((0, 1, 1, 2, 3))):
                row = self.among(row, definition.collection or "", self.newborn(kind, rng))
        for collection in self.profile.collections.values():
            if collection.scalar:
                for variable, branch in collection.variables.items():
                    row = self.put_scalar(row, branch.branch, _drawn(variable, rng) / branch.factor)
        return row


def flag_value(flag: Flag, *, on: bool) -> Any:
    """Return a value of the flag's branch for which it is set, or not."""
    if flag.equals is not None:
        return flag.equals if on else flag.equals + 2
    if flag.at_least is not None:
        return flag.at_least if on else flag.at_least - 1
    if flag.at_most is not None:
        return flag.at_most if on else flag.at_most + 1
    if flag.bits is not None and flag.above is None and flag.below is None:
        return flag.bits if on else 0
    for edge, sign in ((flag.above, 1), (flag.below, -1)):
        if edge is not None:
            return edge + (sign if on else -sign) * max(abs(edge) / 16, 0.0625)
    return on


def _type(flag: Flag) -> str:
    whole = (flag.equals, flag.bits, flag.at_least, flag.at_most)
    if any(test is not None and test == int(test) for test in whole):
        return "i4"
    if flag.at_least is not None or flag.at_most is not None:
        return "f4"
    return "?" if flag.above is None and flag.below is None else "f4"


def _typed(value: Any, kind: str) -> Any:
    if kind == "?":
        return bool(value)
    return round(value) if kind == "i4" else single(value)


def _drawn(variable: str, rng: random.Random) -> float:
    if variable in {"pt", "energy"}:
        return 10 + round(4 * rng.expovariate(1 / 50)) / 4
    if variable == "mass":
        return 1 + round(4 * rng.expovariate(1 / 20)) / 4
    if variable == "eta":
        return round(_GRAIN * rng.uniform(-2.2, 2.2)) / _GRAIN
    if variable == "phi":
        return round(_GRAIN * rng.uniform(-3.1, 3.1)) / _GRAIN
    if variable == "charge":
        return rng.choice((-1, 1))
    if variable == "n_tracks":
        return rng.choice((1, 3))
    if variable in {"d0", "z0"}:
        return rng.choice((-1, 1)) / 128
    return rng.choice((0.25, 0.5, 0.75))


def write_rows(path: Path, anatomy: Anatomy, rows: Sequence[Mapping[str, Any]], template: Path | None = None) -> None:
    """Write events as a ROOT file of the profile's tree, in the types of a `template` file if there is one.

    Identifiers number the events; weights are 1. Lists are counted arrays, not `std::vector`s.
    """
    import awkward as ak
    import uproot

    profile = anatomy.profile
    types = {b: kind for lists in anatomy.lists.values() for b, kind in lists.items()}
    columns: dict[str, Any] = {}
    wanted = {
        *types,
        *anatomy.scalars,
        *profile.identifiers.values(),
        *(profile.weight.factors if profile.weight else ()),
    }
    given = dict(_types(template, profile.tree, wanted)) if template else {}
    for branch, kind in types.items():
        counts = [len(row[branch]) for row in rows]
        flat = np.array([value for row in rows for value in row[branch]], dtype=given.get(branch, kind))
        columns[branch] = ak.unflatten(ak.Array(flat), np.array(counts, dtype="i8"))
    for branch, kind in anatomy.scalars.items():
        columns[branch] = np.array([row[branch] for row in rows], dtype=given.get(branch, kind))
    for branch in profile.identifiers.values():
        columns.setdefault(branch, np.arange(len(rows), dtype=given.get(branch, "i4")))
    for branch in profile.weight.factors if profile.weight else ():
        columns.setdefault(branch, np.ones(len(rows), dtype=given.get(branch, "f4")))
    kinds = {
        name: array.type.content if isinstance(array, ak.Array) else array.dtype for name, array in columns.items()
    }
    with uproot.recreate(path) as file:
        file.mktree(profile.tree, kinds).extend(columns)


def is_readable(path: Path, tree: str) -> bool:
    """Say whether a file can be a template: whether it has the tree, and its branches can be listed."""
    import uproot

    try:
        with uproot.open(path) as file:
            return bool(file[tree].keys())
    except Exception:  # uproot raises whatever broken bytes lead it to; the run names the file and why
        return False


def _types(template: Path, tree: str, wanted: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield those of the wanted branches of a file whose values are numbers, and their types."""
    import awkward as ak
    import uproot

    with uproot.open(template) as file:
        # Other branches are not looked at: they may hold what cannot be read, as trigger decisions of PHYSLITE.
        for name in sorted(set(map(str, file[tree].keys())).intersection(wanted)):
            if not isinstance(file[tree], uproot.TTree):
                # An RNTuple's columns tell what they are made of when they are read.
                found = ak.to_numpy(ak.flatten(file[tree][name].array(entry_stop=1), axis=None)).dtype
                if found.kind in "biuf":
                    yield name, found.str
                continue
            try:
                interpretation = file[tree][name].interpretation
            except uproot.interpretation.identify.UnknownInterpretation:
                continue
            content = getattr(interpretation, "content", interpretation)
            found = getattr(content, "from_dtype", None) or getattr(getattr(content, "_model", None), "dtype", None)
            if found is not None and found.kind in "biuf" and found.itemsize <= 8:
                yield name, found.newbyteorder("=").str
