"""The part of an emitted analysis that is the same for all: reading files in pieces, counting, writing, command line.

Its functions are copied word for word; the constants here stand for those that the emitter writes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import awkward as ak
import hist
import numpy as np
import uproot

Array = Any

TREE = ""
BRANCHES: tuple[str, ...] = ()
MENUS: tuple[tuple[tuple[str, ...], ...], ...] = ()
UNFIRED: dict[str, Any] = {}
IDENTIFIERS: dict[str, str] = {}
CHUNK = 250_000
STEPS: list[dict[str, Any]] = []
REGIONS: dict[str, dict[str, Any]] = {}
HISTOGRAMS: dict[str, dict[str, Any]] = {}
LUMINOSITY: float = 0.0
WEIGHTS: tuple[str, ...] = ()
DIVISORS: tuple[str, ...] = ()
VARIATIONS: dict[str, dict[str, Any]] = {}
NOT_VARIED: dict[str, tuple[str, ...]] = {}
SAMPLES: dict[str, dict[str, float]] = {}
SAMPLE_KEYS = ("", "", "")
SAMPLE_TABLE = ""
COUNTED: tuple[str, ...] = ()


def select(events: ak.Array) -> tuple[list[Any], dict[str, list[Any]], dict[str, Any]]:
    """Stand for the selection of an emitted analysis."""
    raise NotImplementedError


class UnreadableError(Exception):
    """A file is no ROOT file, is damaged, or lacks the tree or a branch."""


class Cutflow:
    """What survives each step and all before it; raw, weighted, and with squared weights."""

    def __init__(self, steps: list[dict[str, Any]], varied: Iterable[str], *, alone: bool = False) -> None:
        self.lines: list[dict[str, Any]] = [{**step, **nothing(varied)} for step in steps]
        self.masks: list[list[Any]] = [[] for _ in steps]
        self.alone: list[list[Any]] = [[] for _ in steps if alone]

    def add(self, passed: Any, masks: list[Any], weights: dict[str, Any], *, keep: bool) -> Any:
        """Count a piece of the events, of which those in `passed` come this far; return what survives all steps."""
        for kept, mask in zip(self.alone, masks, strict=False):
            kept.append(np.asarray(mask))
        for line, kept, mask in zip(self.lines, self.masks, masks, strict=True):
            passed = passed & np.asarray(mask)
            tally(line, weights, passed)
            if keep:
                kept.append(passed)
        return passed


class Analysis:
    """Counts and histograms of one sample, filled piece by piece.

    Masks and identifiers of all events grow with the files, and are kept only where they are asked for; `alone` asks
    for the masks of what meets each step by itself, too.
    """

    def __init__(
        self, sample: str | None, samples: Path | None, *, keep_masks: bool = True, alone: bool = False
    ) -> None:
        self.keep_masks = keep_masks
        self.scale = normalisation(sample, samples)
        self.events = 0
        self.absent: dict[str, list[str]] = {}
        lacking = VARIATIONS if self.scale is None else NOT_VARIED.get(sample or "", ())
        self.varied = [name for name in VARIATIONS if name not in lacking]
        self.total = nothing(self.varied)
        self.baseline = Cutflow(STEPS, self.varied, alone=alone)
        self.regions = {name: Cutflow(region["steps"], self.varied, alone=alone) for name, region in REGIONS.items()}
        self.histograms = booked(HISTOGRAMS, self.varied)
        observables = {name: axis for name, axis in HISTOGRAMS.items() if "without" not in axis}
        self.of_regions = {name: booked(observables, self.varied) for name in REGIONS}
        self.overlaps = {"raw": np.zeros((len(REGIONS),) * 2, int), "weighted": np.zeros((len(REGIONS),) * 2)}
        self.selected: list[Any] = []
        self.identifiers: dict[str, list[Any]] = {name: [] for name in IDENTIFIERS} if keep_masks else {}

    @property
    def branches(self) -> list[str]:
        """Names of the branches that are read."""
        weights = [*WEIGHTS, *DIVISORS] if self.scale is not None else []
        weights += [VARIATIONS[name]["branch"] for name in self.varied if "branch" in VARIATIONS[name]]
        return list(dict.fromkeys([*BRANCHES, *(IDENTIFIERS[name] for name in self.identifiers), *weights]))

    def weights(self, events: Array) -> dict[str, Any]:
        """Return the nominal weight of each event, and those with something shifted up or down."""
        return {"nominal": self.weight(events), **{name: self.weight(events, VARIATIONS[name]) for name in self.varied}}

    def weight(self, events: Array, variation: dict[str, Any] | None = None) -> Any:
        """Return the weight of each event: 1 for data, and where no cross-section is known."""
        weight = np.ones(len(events))
        if self.scale is not None:
            weight *= self.scale
            for branch in WEIGHTS:
                if variation is None or branch != variation["replaces"]:
                    weight *= np.asarray(events[branch]).astype(np.float64)
            for branch in DIVISORS:
                weight /= np.asarray(events[branch]).astype(np.float64)
        return weight if variation is None else weight * shifted(events, variation)

    def add(self, events: Array) -> None:
        """Select a piece of the events, count it and fill the histograms."""
        steps, regions, values = select(events)
        weights = self.weights(events)
        passed = self.baseline.add(np.ones(len(events), dtype=bool), steps, weights, keep=self.keep_masks)
        self.events += len(events)
        tally(self.total, weights, passed)
        survived: dict[str | None, Any] = {None: passed}
        for name, masks in regions.items():
            parent = survived[REGIONS[name]["parent"]]
            survived[name] = self.regions[name].add(parent, masks, weights, keep=self.keep_masks)
        for name, value in values.items():
            kept = passed
            if "without" in HISTOGRAMS[name]:
                region, index = HISTOGRAMS[name]["without"]
                before = np.ones(len(events), dtype=bool) if region is None else survived[REGIONS[region]["parent"]]
                masks = steps if region is None else regions[region]
                kept = np.logical_and.reduce([before, *(np.asarray(m) for i, m in enumerate(masks) if i != index)])
            fill(self.histograms[name], value, kept, weights)
            for region, booking in self.of_regions.items():
                if name in booking:
                    fill(booking[name], value, survived[region], weights)
        if REGIONS:
            each = np.array([survived[name] for name in REGIONS])
            self.overlaps["raw"] += each.astype(int) @ each.T.astype(int)
            self.overlaps["weighted"] += (each * weights["nominal"]) @ each.T
        if self.keep_masks:
            self.selected.append(passed)
            for name, branch in IDENTIFIERS.items():
                self.identifiers[name].append(np.asarray(events[branch]))

    def report(self) -> dict[str, Any]:
        """Return everything that was counted, ready for JSON."""
        raw, weighted = self.total["raw"], {name: known for name, known in self.total.items() if name != "raw"}
        return {
            "events": self.events,
            "selected": raw,
            **weighted,
            "cutflow": self.baseline.lines,
            "regions": {
                name: {
                    "parent": REGIONS[name]["parent"],
                    "cutflow": cutflow.lines,
                    "histograms": contents(self.of_regions[name]),
                }
                for name, cutflow in self.regions.items()
            },
            "overlaps": {name: matrix.tolist() for name, matrix in self.overlaps.items()},
            "histograms": contents(self.histograms),
            **({"absent": self.absent} if self.absent else {}),
        }

    def masks(self) -> dict[str, Any]:
        """Return which events survive each step and all before it, which meet it by itself, and their identifiers."""
        flows = {"": self.baseline} | {f"region_{n:03d}_": flow for n, flow in enumerate(self.regions.values())}
        found: dict[str, list[Any]] = {}
        for prefix, flow in flows.items():
            found |= {f"{prefix}step_{i:03d}": kept for i, kept in enumerate(flow.masks)}
            found |= {f"{prefix}step_{i:03d}_alone": kept for i, kept in enumerate(flow.alone)}
        found = {**found, "selected": self.selected, **self.identifiers}
        return {name: np.concatenate(parts) if parts else np.zeros(0, dtype=bool) for name, parts in found.items()}


def nothing(varied: Iterable[str]) -> dict[str, Any]:
    """Return a count of no events, by the nominal weight and by those that are varied."""
    zero = {"weighted": 0.0, "sumw2": 0.0}
    others = {name: {**zero} for name in varied}
    return {"raw": 0, **zero, **({"varied": others} if others else {})}


def tally(counted: dict[str, Any], weights: dict[str, Any], passed: Any) -> None:
    """Count the events that have passed: their number, their weights and the squares of these."""
    places = np.flatnonzero(passed)  # by place: faster than by mask
    counted["raw"] += len(places)
    for name, weight in weights.items():
        total, kept = counted if name == "nominal" else counted["varied"][name], weight[places]
        total["weighted"] += float(np.sum(kept))
        total["sumw2"] += float(np.sum(kept**2))


def booked(axes: dict[str, dict[str, Any]], varied: list[str]) -> dict[str, dict[str, Any]]:
    """Return empty histograms by weight; of N − 1, by the nominal one only."""
    found: dict[str, dict[str, Any]] = {}
    for name, axis in axes.items():
        weights = ["nominal"] if "without" in axis else ["nominal", *varied]
        empty = hist.Hist(hist.axis.Regular(axis["bins"], *axis["range"]), storage=hist.storage.Weight())
        found[name] = {weight: empty.copy() for weight in weights}
    return found


def fill(histograms: dict[str, Any], values: Any, passed: Any, weights: dict[str, Any]) -> None:
    """Fill a histogram, by each weight that it is booked for, with the values of the events that have passed."""
    known, places = flat(values, passed)
    for name, histogram in histograms.items():
        histogram.fill(known, weight=weights[name][places])


def contents(histograms: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return what histograms hold, ready for JSON."""
    told = ("label", "unit", "without", "thresholds")
    found: dict[str, Any] = {}
    for name, filled in histograms.items():
        sums = {
            weight: {"values": known.values().tolist(), "variances": known.variances().tolist()}
            for weight, known in filled.items()
        }
        found[name] = {
            "edges": filled["nominal"].axes[0].edges.tolist(),
            **sums.pop("nominal"),
            **({"varied": sums} if sums else {}),
            **{key: HISTOGRAMS[name][key] for key in told if key in HISTOGRAMS[name]},
        }
    return found


def flat(values: Any, passed: Any) -> tuple[Any, Any]:
    """Return the values of the events that have passed, or of all their objects, and the place of each one's event."""
    values, places = ak.Array(values)[passed], np.flatnonzero(passed)
    if values.ndim > 1:
        values = ak.fill_none(values, [], axis=0)
        places = np.repeat(places, ak.to_numpy(ak.num(values)))
        values = ak.flatten(values)
    return ak.to_numpy(ak.fill_none(values, np.nan)).astype(np.float64), places


def shifted(events: Array, variation: dict[str, Any]) -> Any:
    """Return what a variation multiplies the weight with: a number, a branch, or an element of one that holds lists."""
    if "factor" in variation:
        return variation["factor"]
    branch, index = variation["branch"], variation.get("index")
    values = events[branch] if index is None else element(events, branch, index)
    return np.asarray(values).astype(np.float64)


def element(events: Array, branch: str, index: int) -> Any:
    """Return the element at a place of each event's list; 1, which changes nothing, where the list ends before it."""
    return ak.fill_none(ak.firsts(events[branch][:, index : index + 1]), 1.0)


def normalisation(sample: str | None, samples: Path | None) -> float | None:
    """Return luminosity × cross-section / (sum of weights × efficiency), or None for data and unknown samples.

    What the table does not hold is in branches of the events.
    """
    table: dict[str, Any] = SAMPLES
    if samples is not None:
        content = json.loads(samples.read_text(encoding="utf-8"))
        table = content.get(SAMPLE_TABLE, content)
    if sample is None or sample not in table:
        return None
    cross_section, sum_of_weights, efficiency = SAMPLE_KEYS
    numbers = table[sample]
    if not cross_section:
        return LUMINOSITY
    return float(LUMINOSITY * numbers[cross_section] / (numbers[sum_of_weights] * numbers.get(efficiency, 1.0)))


def pieces(
    path: str, branches: list[str], entries: list[int] | None = None, absent: dict[str, list[str]] | None = None
) -> Iterator[ak.Array]:
    """Yield a file's events, or those of a range [start, stop), at most CHUNK at a time.

    Trigger paths that the file lacks have not fired in its events; `absent` gets to know them.
    """
    start, stop = entries or (None, None)
    try:
        with uproot.open(path) as file:
            tree = file[TREE]
            unset = require(tree, branches)
            if unset and absent is not None:
                absent[path] = list(unset)
            there = [branch for branch in branches if branch not in unset]
            for events in tree.iterate(filter_name=there, step_size=CHUNK, entry_start=start, entry_stop=stop):
                for branch, value in unset.items():
                    events[branch] = np.full(len(events), value)
                yield events
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        message = f"{path}: {reason[:300]}"
        raise UnreadableError(message) from error


def require(tree: Any, branches: list[str]) -> dict[str, Any]:
    """Raise unless a tree has all branches; of each menu of triggers, one alternative is enough.

    Return what is to be read instead of the paths that it lacks.
    """
    return unfired([branch for branch in branches if branch not in tree])


def unfired(absent: list[str]) -> dict[str, Any]:
    """Return what the paths that a tree lacks hold where they have not fired; raise if other branches are absent."""
    for menu in MENUS:
        if not any(set(paths).isdisjoint(absent) for paths in menu):
            known = ", ".join(" and ".join(paths) for paths in menu)
            reason = f"it has none of the trigger's paths {known}, so that nobody knows whether it has fired"
            raise UnreadableError(reason)
    unset = {path: value for path, value in UNFIRED.items() if path in absent}
    needed = [branch for branch in absent if branch not in unset]
    if needed:
        reason = f"tree '{TREE}' has no branch {', '.join(needed)}"
        raise UnreadableError(reason)
    return unset


def table(report: dict[str, Any]) -> str:
    """Return the cutflow as text."""
    lines = [f"{'events':>10} {'weighted':>14}  step", f"{report['events']:>10} {'':>14}  read"]
    lines += [f"{s['raw']:>10} {s['weighted']:>14.6g}  {s['label']}" for s in report["cutflow"]]
    for name, region in report["regions"].items():
        lines.append(f"{'':>25}  {name}")
        lines += [f"{s['raw']:>10} {s['weighted']:>14.6g}    {s['label']}" for s in region["cutflow"]]
    return "\n".join(lines)


def main() -> int:
    """Run the analysis over files; the exit status is 3 if one cannot be read."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--entries", nargs=2, type=int, metavar=("START", "STOP"), help="only these of a single file")
    parser.add_argument("--json", type=Path, help="write counts and histograms here")
    parser.add_argument("--masks", type=Path, help="write one boolean per event and step here")
    parser.add_argument("--alone", action="store_true", help="and what meets each step by itself")
    parser.add_argument("--sample", help="name of the sample, for its weight")
    parser.add_argument("--samples", type=Path, help="cross-sections, instead of those built in")
    options = parser.parse_args()
    if options.entries and len(options.files) > 1:
        parser.error("--entries are those of a single file")
    keep = options.masks is not None
    analysis = Analysis(options.sample, options.samples, keep_masks=keep, alone=keep and options.alone)
    if analysis.scale is None and options.sample is not None and options.sample not in COUNTED:
        known = ", ".join([*SAMPLES, *COUNTED]) or "none is built in"
        sys.stderr.write(f"No sample '{options.sample}' is known, so that every event counts as 1. Known: {known}\n")
    elif analysis.scale is None and options.sample is None and SAMPLES:
        known = ", ".join(SAMPLES)
        sys.stderr.write(f"Every event counts as 1. To weight simulation, name its sample by --sample: {known}\n")
    try:
        for path in options.files:
            for events in pieces(path, analysis.branches, options.entries, analysis.absent):
                analysis.add(events)
    except UnreadableError as error:
        sys.stderr.write(f"data_unreadable: {error}\n")
        return 3
    for path, paths in analysis.absent.items():
        sys.stderr.write(f"{path} lacks the trigger paths {', '.join(paths)}: they count as not fired\n")
    report = analysis.report()
    sys.stdout.write(f"{table(report)}\n")
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if options.masks:
        with options.masks.open("wb") as file:
            np.savez_compressed(file, **analysis.masks())
    return 0
