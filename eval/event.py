"""Events as plain Python objects: what the reference loop looks at, one event at a time.

Nothing here is vectorised and nothing is shared with the compiler; only the branch names come from the dataset profile.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from codegen.profile import Branch, Flag, Profile
from kb.bounds import ABSOLUTE_CHARGE
from kb.errors import DataError
from kb.ssc import Variable

Row = Mapping[str, Any]
Menu = frozenset[frozenset[str]]
"""The ways in which a trigger can fire, each by the branches that it needs at once."""

DISTANCES = ("delta_r", "delta_phi", "delta_eta")
# Written without a sign in requirements: |d0| < 1 mm.
_UNSIGNED = {"abs_eta": "eta", "d0": "d0", "d0_sig": "d0_sig", "z0": "z0"}


class InexpressibleError(Exception):
    """The ntuple does not hold what a cut asks for; the message names what is missing."""


@dataclass(frozen=True, eq=False)
class Particle:
    """One object of an event, momentum in GeV as (E, px, py, pz); `row` holds its branches as in the ntuple."""

    kind: str
    place: tuple[int, int]
    row: Row
    pt: float
    eta: float
    phi: float
    momentum: tuple[float, float, float, float]
    charge: int


@dataclass(frozen=True)
class Ntuple:
    """How a profile's branches become particles and numbers."""

    profile: Profile
    paths: tuple[str, ...] = ()
    """Trigger paths that the criteria name; an ntuple may have hundreds."""
    memory: dict[object, dict[tuple[object, ...], Particle | None]] | None = field(default=None, compare=False)
    """The objects made of branches (None: the profile's working point is not met), if they are to be remembered:
    made-up events share most of theirs."""

    @cached_property
    def _listed(self) -> dict[str, list[str]]:
        """Branches by collection."""
        listed = {}
        for name, collection in self.profile.collections.items():
            single = {name for each in collection.numbered.values() for name in each}
            names = (set(collection.branches) - single) | set(collection.numbered)
            for kind in self.profile.objects.values():
                if kind.collection == name and kind.where:
                    names |= set(kind.where.branches)
            listed[name] = sorted(names)
        return listed

    @cached_property
    def _numbered(self) -> dict[str, tuple[str, ...]]:
        """Branches of single objects, by the name they have together."""
        return {key: each for group in self.profile.collections.values() for key, each in group.numbered.items()}

    def events(self, files: Iterable[Path], menus: Sequence[Menu] = ()) -> Iterator[Row]:
        """Yield every event as plain values and lists by branch; DataError for a file that cannot be read.

        So is one in which a trigger can fire in none of the ways of its menu; an event lacks the branches of its file.
        """
        import uproot

        wanted = {branch for branches in self._listed.values() for branch in branches}
        wanted |= {branch for each in self._numbered.values() for branch in each}
        decisions = [self.profile.trigger(name) for name in (*self.profile.triggers, *self.paths)]
        wanted |= {branch for flag in (*decisions, *self.profile.cleaning.values()) for branch in flag.branches}
        for file in files:
            try:
                with uproot.open(file) as root:
                    tree = root[self.profile.tree]
                    present = sorted(wanted & set(tree.keys()))
                    _refuse_undecided(menus, present)
                    for columns in tree.iterate(present, library="np", step_size=5000):
                        for values in zip(*(columns[name] for name in present), strict=True):
                            row = {name: value.tolist() for name, value in zip(present, values, strict=True)}
                            numbered = {key: [row[name] for name in each] for key, each in self._numbered.items()}
                            yield {**row, **numbered}
            except (OSError, KeyError, ValueError) as error:
                message = f"{file}: {error}"
                raise DataError(message, hint=f"give ROOT files with a tree '{self.profile.tree}'") from error

    def kinds(self, name: str) -> tuple[str, ...]:
        """Return the kinds a name stands for; InexpressibleError where the ntuple has no such objects."""
        kinds = self.profile.parts(name)
        if not kinds:
            message = f"the ntuple has no {name.replace('_', ' ')}"
            raise InexpressibleError(message)
        return kinds

    def particles(self, event: Row, name: str, bare: frozenset[str] = frozenset()) -> list[Particle]:
        """Return all objects of this name, members of a union together, pT descending.

        Of the kinds in `bare`, also those that do not meet the profile's own working point.
        """
        kinds = self.profile.parts(name)
        found = [particle for kind in kinds for particle in self._of_kind(event, kind, bare=kind in bare)]
        return sorted(found, key=lambda particle: (-particle.pt, particle.place))

    def _of_kind(self, event: Row, kind: str, *, bare: bool) -> Iterator[Particle]:
        definition = self.profile.objects[kind]
        group = definition.collection or ""
        variables = self.profile.collections[group].variables
        if self.profile.collections[group].scalar or variables["pt"].branch not in event:
            return
        number = list(self.profile.collections).index(group)
        branches = tuple(name for name in self._listed[group] if name in event)
        known = {} if self.memory is None else self.memory.setdefault((kind, bare, branches), {})
        for index, values in enumerate(zip(*(event[name] for name in branches), strict=True)):
            key = (index, *values)
            if key not in known:
                known[key] = self._made(kind, (number, index), dict(zip(branches, values, strict=True)), bare=bare)
            if (particle := known[key]) is not None:
                yield particle

    def _made(self, kind: str, place: tuple[int, int], row: Row, *, bare: bool) -> Particle | None:
        """Return the object that branches tell of, or None where it does not meet the profile's working point."""
        definition = self.profile.objects[kind]
        if definition.where is not None and not bare and not holds(definition.where, row):
            return None
        variables = self.profile.collections[definition.collection or ""].variables
        pt, eta, phi = (_scaled(variables[part], row) for part in ("pt", "eta", "phi"))
        plane = (pt * math.cos(phi), pt * math.sin(phi), pt * math.sinh(eta))
        if "energy" in variables:
            energy = _scaled(variables["energy"], row)
        else:
            own = _scaled(variables["mass"], row) if "mass" in variables else definition.mass or 0.0
            energy = math.sqrt(sum(part * part for part in plane) + own * own)
        charge = int(_scaled(variables["charge"], row)) if "charge" in variables else 0
        return Particle(kind, place, row, pt, eta, phi, (energy, *plane), charge)

    def probe(self, kind: str) -> Particle:
        """Return a made-up object that has every branch, to ask what can be measured."""
        group = self.profile.objects[kind].collection or ""
        row = dict.fromkeys(self._listed[group], 1)
        return Particle(kind, (0, 0), row, 1.0, 0.0, 0.0, (1.0, 1.0, 0.0, 0.0), 1)

    def missing_momentum(self, event: Row, part: str) -> float:
        """Return `pt` (GeV) or `phi` of the missing transverse momentum."""
        branch = self.profile.branch("met", part)
        if branch is None:
            message = "the ntuple has no missing transverse momentum"
            raise InexpressibleError(message)
        return _scaled(branch, event)

    def measure(self, particle: Particle, variable: Variable) -> float:
        """Return a variable of one object in GeV, mm or 1."""
        name = variable.id
        if name in {"iso_rel", "iso_abs"}:
            sum_ = self.profile.isolation(particle.kind, variable)
            if sum_ is None:
                message = f"the ntuple has no such isolation sum of {particle.kind}s ({variable.component or 'any'})"
                raise InexpressibleError(message)
            amount = _scaled(sum_, particle.row)
            if name == "iso_rel":
                return amount if sum_.relative else amount / particle.pt
            return amount * particle.pt if sum_.relative else amount
        if name == "btag":
            message = "thresholds of a b-tagging discriminant are those of the tagger of the paper"
            raise InexpressibleError(message)
        if name == "z0_sintheta":
            return abs(self._stored(particle, "z0")) / math.cosh(particle.eta)
        if variable.name == ABSOLUTE_CHARGE:
            return abs(self._stored(particle, name))
        if name in _UNSIGNED:
            return abs(self._stored(particle, _UNSIGNED[name]))
        if name == "met_sig" and variable.name:
            message = f"the ntuple has no {variable.name}"
            raise InexpressibleError(message)
        energy, px, py, pz = particle.momentum
        if name in {"rapidity", "abs_rapidity"}:
            rapidity = math.atanh(pz / energy)
            return abs(rapidity) if name == "abs_rapidity" else rapidity
        if name == "mass" and self.profile.branch(particle.kind, "mass") is None:
            return math.sqrt(max(energy * energy - px * px - py * py - pz * pz, 0.0))
        return self._stored(particle, name)

    def looked_at(self, particle: Particle, variable: Variable) -> float:
        """Return a variable of one object that is only looked at: the discriminant of any tagger will do."""
        return self._stored(particle, "btag") if variable.id == "btag" else self.measure(particle, variable)

    def _stored(self, particle: Particle, variable: str) -> float:
        branch = self.profile.branch(particle.kind, variable)
        if branch is None or any(name not in particle.row for name in (branch.branch, branch.over) if name):
            message = f"the ntuple has no {variable} of {particle.kind}s"
            raise InexpressibleError(message)
        return _scaled(branch, particle.row)

    def refuse_unknown(self, name: str, relations: Iterable[str]) -> None:
        """Refuse to compare charges that the ntuple does not hold, and flavours of what has none."""
        for kind in self.kinds(name):
            for relation in relations:
                if relation.startswith("charge") or relation.endswith("charge"):
                    self._stored(self.probe(kind), "charge")
                elif kind not in {"electron", "muon", "tau", "photon"}:
                    message = f"the flavour of {kind}s is not known"
                    raise InexpressibleError(message)

    def flagged(self, particle: Particle, variable: str, point: str) -> bool:
        """Say whether one object meets a working point that the ntuple knows by this name."""
        flag = self.profile.flag(particle.kind, variable, point)
        if flag is None:
            message = f"the ntuple has no flag '{point}' ({variable}) of {particle.kind}s"
            raise InexpressibleError(message)
        return holds(flag, particle.row)


def _refuse_undecided(menus: Iterable[Menu], present: Iterable[str]) -> None:
    """Raise where a file has not the paths of any way in which a trigger fires: nobody knows whether it has."""
    there = set(present)
    if absent := [menu for menu in menus if not any(way <= there for way in menu)]:
        ways = sorted(" and ".join(sorted(way)) for way in absent[0])
        message = f"there is none of the trigger's paths {', '.join(ways)}"
        raise ValueError(message)


def holds(flag: Flag, row: Row) -> bool:
    """Say whether a flag is set in a row of branches."""
    if flag.any_of:
        return any(holds(part, row) for part in flag.any_of)
    if flag.all_of:
        return all(holds(part, row) for part in flag.all_of)
    value = row[flag.branch] if flag.bits is None else row[flag.branch] & flag.bits
    tests = (
        flag.equals is None or value == flag.equals,
        flag.above is None or value > flag.above,
        flag.below is None or value < flag.below,
        flag.at_least is None or value >= flag.at_least,
        flag.at_most is None or value <= flag.at_most,
    )
    return all(tests) if flag.comparison else bool(value)


def _scaled(branch: Branch, row: Row) -> float:
    value, factor = float(row[branch.branch]), branch.factor
    # MeV are divided by 1000 rather than multiplied by 0.001, which is no binary number.
    value = value / (1 / factor) if factor < 1 else value * factor
    return value / float(row[branch.over]) if branch.over else value


def mass(particles: Sequence[Particle]) -> float:
    """Return the invariant mass in GeV; 0 where rounding makes its square negative."""
    energy, px, py, pz = (math.fsum(parts) for parts in zip(*(p.momentum for p in particles), strict=True))
    return math.sqrt(max(energy * energy - px * px - py * py - pz * pz, 0.0))


def transverse(particles: Sequence[Particle]) -> float:
    """Return the transverse momentum of the sum in GeV."""
    return math.hypot(math.fsum(p.momentum[1] for p in particles), math.fsum(p.momentum[2] for p in particles))


def distance(one: Particle, other: Particle, kind: str) -> float:
    """Return ΔR, |Δφ| or |Δη| (`delta_r`, `delta_phi`, `delta_eta`)."""
    across, around = abs(one.eta - other.eta), abs(math.remainder(one.phi - other.phi, math.tau))
    return {"delta_r": math.hypot(across, around), "delta_phi": around, "delta_eta": across}[kind]
