"""A profile for an ntuple that nobody has described: guessed from the names, types and values of its branches.

The proposal is TOML with comments, for its user to check and edit. It loads as a valid profile.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from codegen.recognition import TREES
from kb.errors import DataError

_NAMES = Path(__file__).with_suffix(".toml")
_LOOKED_AT = 2000
"""Events whose values are looked at."""
_IN_MEV = 400.0
"""A median pT or missing momentum above this is no number of GeV."""
_RELATIVE = 50.0
"""An isolation sum that never exceeds this is no number of MeV, so it is divided by pT."""
_MASSES = {"electron": 0.00051099895, "muon": 0.1056583755, "tau": 1.77693, "photon": 0.0}  # GeV, PDG 2024
_ENERGIES = {"pt", "energy", "mass"}


@dataclass(frozen=True)
class Column:
    """A branch: one number per event, or a list of numbers; some of its values."""

    name: str
    jagged: bool
    values: np.ndarray[Any, Any]

    @property
    def kind(self) -> str:
        """`b`, `i` or `f`, for booleans, whole and other numbers."""
        return {"b": "b", "f": "f"}.get(self.values.dtype.kind, "i")

    @property
    def median(self) -> float:
        """Median of the sizes; 0 without any value."""
        return float(np.median(np.abs(self.values))) if len(self.values) else 0.0

    @property
    def largest(self) -> float:
        """Largest value; 0 without any."""
        return float(np.max(self.values)) if len(self.values) else 0.0

    @property
    def yes_or_no(self) -> bool:
        """Whether it has no other values than 0 and 1."""
        return self.kind == "b" or (self.kind == "i" and bool(np.isin(self.values, (0, 1)).all()))


@dataclass(frozen=True)
class Group:
    """Branches whose names begin alike, by the rest of the names; `slots` are what their names end in."""

    prefix: str
    object: str
    columns: dict[str, Column]
    slots: tuple[str, ...] = ()


@cache
def _names() -> dict[str, Any]:
    return tomllib.loads(_NAMES.read_text(encoding="utf-8"))


def propose(name: str, path: Path, tree: str | None = None) -> str:
    """Return the text of a profile `name` for files like `path`; by default for the tree with most branches.

    DataError for a file that cannot be read, and for one in which no object has a transverse momentum and a direction.
    """
    import uproot

    try:
        with uproot.open(path) as file:
            trees = {key: file[key] for key, kind in file.classnames(cycle=False).items() if kind in TREES}
            wanted = tree or max(trees, key=lambda key: len(trees[key].keys()), default="")
            columns = _columns(trees[wanted]) if wanted in trees else {}
    except Exception as error:  # uproot raises whatever broken bytes lead it to
        message = f"{path} cannot be read: {error}"
        raise DataError(message, hint="give ROOT files that are whole") from error
    if wanted not in trees:
        message = f"{path} has no tree{f' {tree!r}' if tree else ''}"
        raise DataError(message, hint=f"it has: {', '.join(trees) or 'none'}")
    groups = list(_groups(columns.values())) or list(_numbered(columns.values(), path.stem))
    if not groups:
        message = f"{path}: no branches of tree '{wanted}' look like transverse momenta and directions of objects"
        raise DataError(message, hint="write a profile.toml by hand; compare with codegen/profiles")
    return "\n".join(_lines(name, wanted, groups, columns)) + "\n"


def _columns(tree: Any) -> dict[str, Column]:
    """Read some values of every branch with numbers, or lists of numbers, whose name says something."""
    import awkward as ak

    found: dict[str, Column] = {}
    for name in map(str, tree.keys()):
        if "/" in name or not _telling(name):
            continue
        try:
            array = tree[name].array(entry_stop=_LOOKED_AT)
            jagged = array.ndim == 2
            values = ak.to_numpy(ak.flatten(array) if jagged else array)
        except Exception:
            continue
        if values.ndim == 1 and values.dtype.kind in "biuf":
            found[name] = Column(name, jagged, values)
    return found


def _telling(name: str) -> bool:
    slot = _SLOT.match(name)
    numbered = slot is not None and any(_fits(p, slot["rest"]) for p in _names()["variables"].values())
    return numbered or any(True for _ in _splits(name)) or any(_fits(p, name) for p in _event_patterns())


def _event_patterns() -> list[str]:
    known = _names()
    return [*known["events"].values(), *(trigger["pattern"] for trigger in known["triggers"])]


def _fits(pattern: str, text: str) -> re.Match[str] | None:
    return re.fullmatch(pattern, text, re.IGNORECASE)


def _splits(name: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to part a name into what a collection has in common and a rest that means something."""
    known = _names()
    rests = [*known["variables"].values(), *known["flags"].values(), *(sum_["pattern"] for sum_ in known["isolation"])]
    rests += ["type", "pdg_?id"]
    for at in range(1, len(name)):
        prefix, rest = name[:at], name[at:]
        parted = prefix[-1] in "_." or rest[0].isupper()
        if parted and any(_fits(pattern, rest) for pattern in rests):
            yield prefix, rest


def _groups(columns: Iterable[Column]) -> Iterator[Group]:
    """Yield the collections that have a transverse momentum and a direction."""
    known = _names()
    parted: dict[str, dict[str, Column]] = {}
    for column in columns:
        for prefix, rest in _splits(column.name) if column.jagged else ():
            parted.setdefault(prefix, {})[rest] = column
    taken: set[str] = set()
    for prefix, named in parted.items():
        needed = [_variable(named, variable) for variable in ("pt", "eta", "phi")]
        bare = re.sub(r"^analysis|aux(?:dyn)?$", "", prefix.rstrip("_.").casefold())
        if None in needed or re.search(known["skipped"]["names"], bare):
            continue
        object_ = next((name for name, words in known["objects"].items() if re.search(words, bare)), "other")
        if object_ not in taken:
            taken.add(object_)
            yield Group(prefix, object_, named)


_SLOT = re.compile(r"^(?P<rest>.*?[A-Za-z])_?(?P<slot>\d)$")


def _numbered(columns: Iterable[Column], stem: str) -> Iterator[Group]:
    """Yield what is written as one branch per object and variable: pt1, eta1, phi1, pt2, eta2, phi2."""
    known = _names()
    parted: dict[str, dict[str, Column]] = {}
    for column in columns:
        if not column.jagged and (found := _SLOT.match(column.name)):
            parted.setdefault(found["slot"], {})[column.name[: found.start("slot")] + "{}"] = column
    alike = {
        rest: column for rest, column in parted.get("1", {}).items() if all(rest in one for one in parted.values())
    }
    if any(_variable(alike, variable) is None for variable in ("pt", "eta", "phi")):
        return
    # Such files hold one kind of object, which only their own names tell.
    told = next((name for name, words in known["files"].items() if re.search(words, stem, re.IGNORECASE)), "lepton")
    yield Group("", told, alike, tuple(sorted(parted)))


def _variable(named: Mapping[str, Column], variable: str) -> Column | None:
    pattern = _names()["variables"][variable]
    return next((column for rest, column in named.items() if _fits(pattern, _bare(rest))), None)


def _bare(rest: str) -> str:
    return rest.removesuffix("{}").rstrip("_")


# The text ------------------------------------------------------------------------------------------------------------


def _lines(name: str, tree: str, groups: list[Group], columns: Mapping[str, Column]) -> Iterator[str]:
    yield "# Proposed from names, types and values of branches: check every line, above all the units, and edit it."
    yield f"name = {_text(re.sub(r'[^a-z0-9]+', '-', name.casefold()).strip('-') or 'mine')}"
    yield f"title = {_text(name)}"
    yield 'experiment = "unknown"'
    yield "sqrt_s = 13.0      # TeV; check"
    yield "# luminosity = 1.0  # fb^-1"
    yield f"tree = {_text(tree)}"
    flat = [column for column in columns.values() if not column.jagged]
    if any(column.name.startswith("HLT_") for column in flat):
        yield 'trigger_prefix = "HLT_"'
    yield from ("", "[samples]", r"pattern = '^(?P<name>.+)\.root'", "data = '(?i)data|run20'")
    yield from _identifiers(flat)
    unit = _unit(groups)
    for group in groups:
        yield from _collection(group, unit)
    yield from _missing(flat)
    yield from _objects(groups, {column.name for column in flat})
    yield from _triggers(flat)
    yield from _weights(flat)


def _weights(flat: Iterable[Column]) -> Iterator[str]:
    """Write what weights are made of, as comments: what they mean is for the user to say."""
    shifts: dict[str, dict[str, str]] = {}
    nominal: list[str] = []
    for column in flat:
        if _fits(_names()["events"]["weight"], column.name):
            if shifted := _fits(_names()["weights"]["shifted"], column.name):
                side = "up" if (shifted["side"] or shifted["camel"]).casefold() == "up" else "down"
                shifts.setdefault(shifted["nominal"], {})[side] = column.name
            else:
                nominal.append(column.name)
    if not nominal:
        return
    yield from ("", "# Weights of simulation need cross-sections, in samples.json:", "# [weight]")
    yield f"# factors = [{', '.join(map(_text, nominal))}]"
    yield from ('# cross_section = "xsec"', '# sum_of_weights = "sumw"')
    for name, sides in shifts.items():
        if len(sides) == 2:
            yield f"# [weight.variations.{re.sub(r'[^a-z0-9]+', '_', name.casefold()).strip('_')}]"
            yield from (f"# replaces = {_text(name)}",) if name in nominal else ()
            yield from (f"# {side} = {_text(sides[side])}" for side in ("up", "down"))


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _identifiers(flat: Iterable[Column]) -> Iterator[str]:
    found = {}
    for name in ("run", "event"):
        pattern = _names()["events"][name]
        column = next((c for c in flat if c.kind == "i" and _fits(pattern, c.name)), None)
        if column is not None:
            found[name] = column.name
    if found:
        yield from ("", "[identifiers]", *(f"{name} = {_text(branch)}" for name, branch in found.items()))


def _unit(groups: Iterable[Group]) -> str:
    """Return the unit in which most momenta are plausible; collections may be empty in the events looked at."""
    medians = [pt.median for group in groups if (pt := _variable(group.columns, "pt")) is not None and len(pt.values)]
    return "MeV" if medians and float(np.median(medians)) > _IN_MEV else "GeV"


def _collection(group: Group, unit: str) -> Iterator[str]:
    known = _names()
    table = f"collections.{group.object}"
    pt = _variable(group.columns, "pt")
    yield from ("", f"[{table}]")
    if group.slots:
        yield f"slots = [{', '.join(map(_text, group.slots))}]  # one branch per object"
    else:
        yield f"prefix = {_text(group.prefix)}"
    yield from ("", f"[{table}.variables]")
    median = f"  # median {pt.median:.3g}" if pt is not None else ""
    for variable, pattern in known["variables"].items():
        for rest in group.columns:
            if _fits(pattern, _bare(rest)):
                yield f"{variable} = {_branch(variable, rest, unit)}{median if variable == 'pt' else ''}"
                break
    for sum_ in known["isolation"]:
        for rest, column in group.columns.items():
            if (found := _fits(sum_["pattern"], rest)) and column.kind == "f":
                relative = sum_.get("relative", unit == "MeV" and 0 < column.largest < _RELATIVE)
                yield from ("", f"[[{table}.isolation]]", f"component = {_text(sum_['component'])}")
                yield f"cone = {int(found['c']) / 100:g}"
                yield from (f"cone_rule = {_text(sum_['cone_rule'])}",) if "cone_rule" in sum_ else ()
                yield f"branch = {_text(rest)}"
                yield "relative = true" if relative else f"unit = {_text(unit)}"
    for variable, pattern in known["flags"].items():
        points = {
            found["w"].casefold(): column
            for rest, column in group.columns.items()
            if (found := _fits(pattern, rest)) and column.yes_or_no
        }
        if points:
            yield from ("", f"[{table}.flags.{variable}]")
            for point, column in points.items():
                rest = column.name.removeprefix(group.prefix)
                test = "" if column.kind == "b" else ", equals = 1"
                yield f"{_text(point)} = {{ branch = {_text(rest)}{test} }}"


def _branch(variable: str, rest: str, unit: str) -> str:
    if variable in _ENERGIES:
        return f"{{ branch = {_text(rest)}, unit = {_text(unit)} }}"
    if variable == "phi":
        return f'{{ branch = {_text(rest)}, unit = "rad" }}'
    if variable in {"d0", "z0"}:
        length = "cm" if rest.casefold() in {"dxy", "dz"} else "mm"
        return f"{{ branch = {_text(rest)}, unit = {_text(length)} }}"
    return _text(rest)


def _missing(flat: Iterable[Column]) -> Iterator[str]:
    flat = list(flat)
    size = next((c for c in flat if c.kind == "f" and _fits(_names()["events"]["met"], c.name)), None)
    if size is None:
        return
    unit = "MeV" if size.median > _IN_MEV else "GeV"
    yield from ("", "[collections.met]", "scalar = true")
    yield f"variables.pt = {{ branch = {_text(size.name)}, unit = {_text(unit)} }}  # median {size.median:.3g}"
    direction = next((c for c in flat if _fits(_names()["events"]["met_phi"], c.name)), None)
    if direction is not None:
        yield f'variables.phi = {{ branch = {_text(direction.name)}, unit = "rad" }}'
    yield from ("", "[objects.met]", 'collection = "met"')


def _objects(groups: list[Group], flat: set[str]) -> Iterator[str]:
    leptons: list[str] = []
    for group in groups:
        if group.object != "lepton":
            yield from _object(group.object, group.object, None)
            leptons += [group.object] if group.object in {"electron", "muon"} else []
            continue
        kind = next((rest for rest in group.columns if _fits("type|pdg_?id", rest)), None)
        if kind is None:
            yield from _object("lepton", "lepton", None)
            continue
        signed = bool((group.columns[kind].values < 0).any())
        for name, number in (("electron", 11), ("muon", 13)):
            branch = _text(group.prefix + kind)
            test = f"{{ branch = {branch}, equals = {number} }}"
            if signed:
                test = f"{{ any_of = [{test}, {{ branch = {branch}, equals = {-number} }}] }}"
            yield from _object(name, "lepton", test)
            leptons.append(name)
    if leptons:
        yield from ("", "[objects.lepton]", f"union = [{', '.join(map(_text, leptons))}]")


def _object(name: str, collection: str, where: str | None) -> Iterator[str]:
    yield from ("", f"[objects.{name}]", f"collection = {_text(collection)}")
    if where:
        yield f"where = {where}"
    if name in _MASSES:
        yield f"mass = {_MASSES[name]}  # GeV, PDG 2024"


def _triggers(flat: Iterable[Column]) -> Iterator[str]:
    decisions = [column for column in flat if column.yes_or_no]
    for trigger in _names()["triggers"]:
        found = [column for column in decisions if _fits(trigger["pattern"], column.name)]
        if not found:
            continue
        tests = [
            f"{{ branch = {_text(column.name)}{'' if column.kind == 'b' else ', equals = 1'} }}" for column in found
        ]
        yield from ("", f"[triggers.{trigger['name']}]", f"any_of = [{', '.join(tests)}]")
        yield f"words = [{', '.join(map(_text, trigger['words']))}]"
