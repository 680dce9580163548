"""The part of an emitted PyROOT analysis that is the same for all: booking, running and cutting into pieces.

Its functions are copied word for word, besides those of `emit_driver` that count and write; the constants here stand
for those that the emitter writes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import ROOT

Array = Any
Node = Any

TREE = ""
IDENTIFIERS: dict[str, str] = {}
CHUNK = 100_000
SPAN = 500_000
STEPS: list[dict[str, Any]] = []
REGIONS: dict[str, dict[str, Any]] = {}
HISTOGRAMS: dict[str, dict[str, Any]] = {}
MASKS: dict[str, str] = {}
LISTS: set[str] = set()
WEIGHTS: tuple[str, ...] = ()
DIVISORS: tuple[str, ...] = ()
VARIATIONS: dict[str, dict[str, Any]] = {}


def book(events: Node) -> Node:
    """Stand for the selection of an emitted analysis."""
    raise NotImplementedError


class UnreadableError(Exception):
    """A file is no ROOT file, is damaged, or lacks the tree or a branch."""


class Events:
    """A piece of the events: columns, the mask of each step, and what the histograms show."""

    def __init__(
        self,
        number: int,
        columns: dict[str, Array],
        steps: list[Array],
        regions: dict[str, list[Array]],
        values: dict[str, tuple[Array, Array | None]],
    ) -> None:
        self.number = number
        self.columns = columns
        self.steps = steps
        self.regions = regions
        self.values = values

    def __len__(self) -> int:
        return self.number

    def __getitem__(self, branch: str) -> Array:
        return self.columns[branch]


def select(events: Events) -> tuple[list[Array], dict[str, list[Array]], dict[str, Any]]:
    """Return the masks of the baseline's steps, of each region's steps, and what the histograms are filled with."""
    return events.steps, events.regions, events.values


def flat(values: Any, passed: Array) -> tuple[Array, Array]:
    """Return the values of the events that have passed, or of all their objects, and the place of each one's event."""
    (numbers, lengths), places = values, np.flatnonzero(passed)
    if lengths is None:
        return numbers[places], places
    return numbers[np.repeat(passed, lengths)], np.repeat(places, lengths[places])


def element(events: Events, branch: str, index: int) -> Array:
    """Return the element at a place of each event's list; 1, which changes nothing, where the list ends before it."""
    return events[f"{branch}[{index}]"]


def elements(branches: list[str]) -> dict[str, tuple[str, int]]:
    """Return the elements of lists that weights are made of, by what they are called."""
    known = {f"{v['branch']}[{v['index']}]": (v["branch"], v["index"]) for v in VARIATIONS.values() if "index" in v}
    return {name: (branch, index) for name, (branch, index) in known.items() if branch in branches}


def define(events: Node, name: str, expression: str) -> Node:
    """Add a column; one of the same name that the tree has is not needed any more."""
    known = {str(column) for column in events.GetColumnNames()}
    return events.Redefine(name, expression) if name in known else events.Define(name, expression)


def unfired(absent: list[str]) -> dict[str, Any]:
    """Stand for what tells of the trigger paths that a tree lacks."""
    raise NotImplementedError


def pieces(
    path: str, branches: list[str], entries: list[int] | None = None, absent: dict[str, list[str]] | None = None
) -> Iterator[Events]:
    """Yield a file's events, or those of a range [start, stop), at most CHUNK at a time.

    Trigger paths that the file lacks have not fired in its events; `absent` gets to know them.
    """
    with reading(path), ROOT.TFile.Open(path) as file:
        tree = file.Get(TREE)
        unset = require(tree, branches)
        total = int(tree.GetEntries())
    if unset and absent is not None:
        absent[path] = list(unset)
    start, stop = entries or (0, total)
    for first in range(start, min(stop, total), SPAN):
        yield from run(path, branches, first, min(first + SPAN, stop, total), unset)


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Say of what goes wrong that it is the file's fault."""
    try:
        yield
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        message = f"{path}: {reason[:300]}"
        raise UnreadableError(message) from error


def require(tree: Any, branches: list[str]) -> dict[str, Any]:
    """Raise unless a tree is there and has all branches; of each menu of triggers, one alternative is enough.

    Return what is to be read instead of the paths that it lacks.
    """
    if not tree:
        reason = f"there is no tree '{TREE}'"
        raise UnreadableError(reason)
    if not isinstance(tree, ROOT.TTree):
        reason = f"'{TREE}' is no tree but a {type(tree).__name__}"
        raise UnreadableError(reason)
    return unfired([branch for branch in branches if not tree.GetBranch(branch)])


def run(path: str, branches: list[str], start: int, stop: int, unset: dict[str, Any]) -> Iterator[Events]:
    """Run the selection over a range of entries in one loop over the events, and yield it in pieces."""
    spec = ROOT.RDF.Experimental.RDatasetSpec()
    frame = ROOT.RDataFrame(spec.AddSample(("events", TREE, path)).WithGlobalRange((start, stop)))
    for branch, value in unset.items():
        frame = frame.Define(branch, json.dumps(value))  # as C++ writes it, too
    events = book(frame)
    steps = {"": [f"baseline_{place}" for place in range(len(STEPS))]}
    steps |= {name: [f"{MASKS[name]}_{place}" for place in range(len(REGIONS[name]["steps"]))] for name in REGIONS}
    masks = masks_of(events, [mask for names in steps.values() for mask in names])
    kinds = {name: "ROOT::VecOps::RVec<double>" if name in LISTS else "double" for name in HISTOGRAMS}
    shown = {name: events.Take[kind](f"shown_{place}") for place, (name, kind) in enumerate(kinds.items())}
    single = [v["branch"] for v in VARIATIONS.values() if "branch" in v and "index" not in v]
    kept = {b: b for b in (*IDENTIFIERS.values(), *WEIGHTS, *DIVISORS, *single) if b in branches}
    for place, (name, (branch, index)) in enumerate(elements(branches).items()):
        kept[name] = f"element_{place}"
        frame = frame.Define(kept[name], f"{branch}.size() > {index} ? {branch}[{index}] : 1.")
    read = frame.AsNumpy(list(kept.values()), lazy=True) if kept else None
    with reading(path):
        columns = read.GetValue() if read is not None else {}
        found = masks()
        values = {name: numbers(taken.GetValue(), name) for name, taken in shown.items()}
    for first in range(0, stop - start, CHUNK):
        piece = slice(first, min(first + CHUNK, stop - start))
        taken = {name: [found[mask][piece] for mask in names] for name, names in steps.items()}
        yield Events(
            number=piece.stop - piece.start,
            columns={name: columns[column][piece] for name, column in kept.items()},
            steps=taken.pop(""),
            regions=taken,
            values={name: part(value, piece) for name, value in values.items()},
        )


def masks_of(events: Node, names: list[str]) -> Callable[[], dict[str, Array]]:
    """Book masks, 64 of them as the bits of one number, and return what gives them once the loop has run."""
    groups = [names[place : place + 64] for place in range(0, len(names), 64)]
    taken = []
    for place, group in enumerate(groups):
        packed = define(events, f"passed_{place}", f"selection::packed({', '.join(group)})")
        taken.append(packed.Take["ULong64_t"](f"passed_{place}"))

    def unpacked() -> dict[str, Array]:
        found: dict[str, Array] = {}
        for group, bits in zip(groups, taken, strict=True):
            number = np.array(bits.GetValue(), dtype=np.uint64)
            found |= {name: (number >> np.uint64(bit)) & np.uint64(1) == 1 for bit, name in enumerate(group)}
        return found

    return unpacked


def numbers(found: Any, histogram: str) -> tuple[Array, Array | None]:
    """Return numbers of events, or all numbers of their lists and how many each list has."""
    if histogram not in LISTS:
        return np.array(found, dtype=np.float64), None
    every, lengths = ROOT.selection.joined(found), ROOT.selection.lengths(found)
    return np.array(every, dtype=np.float64), np.array(lengths, dtype=np.int64)


def part(value: tuple[Array, Array | None], events: slice) -> tuple[Array, Array | None]:
    """Return the numbers of some of the events."""
    found, lengths = value
    if lengths is None:
        return found[events], None
    first = int(np.sum(lengths[: events.start]))
    return found[first : first + int(np.sum(lengths[events]))], lengths[events]
