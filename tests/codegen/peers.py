"""One selection of two muons, written by hand for every library that compiled code is measured beside.

Two muons of opposite charge with |η| < 2.4, p_T > 20 and 10 GeV, and a mass of 70 to 110 GeV. Each peer comes twice: as
the whole work of an analysis (the mask of every step, a cutflow raw and weighted with squared weights, a histogram, the
events' numbers), and as a bare count.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import awkward as ak
import hist
import numpy as np
import uproot
import vector

from codegen.emit import CHUNK

MUON = ["Muon_pt", "Muon_eta", "Muon_phi", "Muon_mass", "Muon_charge"]
OTHERS = ["MET_pt", "run", "event"]
"""What the whole work reads besides muons: for its histogram, and to name events."""


class Outcome:
    """What the whole work leaves: masks, a cutflow of raw and weighted events, a histogram of pTmiss, event numbers."""

    def __init__(self) -> None:
        self.masks: list[list[Any]] = [[] for _ in range(5)]
        self.raw, self.weighted, self.sumw2 = np.zeros(5, dtype=np.int64), np.zeros(5), np.zeros(5)
        self.histogram = hist.Hist(hist.axis.Regular(40, 0, 200), storage=hist.storage.Weight())
        self.numbers: list[tuple[Any, ...]] = []

    def add(self, masks: Sequence[Any], weight: Any, *numbers: Any) -> None:
        """Count what survives each step, and keep masks and numbers of the events."""
        for i, passed in enumerate(masks):
            weights = weight[passed]
            self.raw[i] += len(weights)
            self.weighted[i] += weights.sum()
            self.sumw2[i] += (weights**2).sum()
            self.masks[i].append(passed)
        self.numbers.append(numbers)

    def fill(self, met: Any, passed: Any, weight: Any) -> None:
        """Fill the histogram with events that have passed all steps."""
        self.histogram.fill(met[passed].astype(np.float64), weight=weight[passed])

    def report(self) -> dict[str, list[float]]:
        """Return the numbers in which peers can be compared."""
        cutflow = {"raw": self.raw, "weighted": self.weighted, "sumw2": self.sumw2}
        return {**{name: list(map(float, of)) for name, of in cutflow.items()}, "met": self.histogram.values().tolist()}


def read(file: Path, branches: Sequence[str]) -> int:
    """Read branches and no more."""
    return sum(len(events) for events in _pieces(file, branches))


def by_hand(file: Path, *, precise: bool = True) -> Outcome:
    """Do the whole work in awkward as an expert writes it; in double precision, as compiled code, or as stored."""
    vector.register_awkward()
    outcome = Outcome()
    for events in _pieces(file, [*MUON, *OTHERS]):
        muons = _muons(events, precise=precise)
        two = ak.to_numpy(ak.num(muons) == 2)
        muons = muons[two]
        muons = muons[ak.argsort(muons.pt, ascending=False)]
        first, second = muons[:, 0], muons[:, 1]
        steps = [ak.to_numpy(mask) for mask in (first.pt > 20, second.pt > 10, first.charge != second.charge)]
        opposite = np.logical_and.reduce(steps)
        mass = ak.to_numpy((first[opposite] + second[opposite]).mass)
        steps.append(opposite.copy())
        steps[-1][opposite] = (mass > 70) & (mass < 110)
        masks = [two]
        for step in steps:
            whole = np.zeros(len(events), dtype=bool)
            whole[two] = step
            masks.append(masks[-1] & whole)
        met, *numbers = (ak.to_numpy(events[name]) for name in OTHERS)
        weight = np.ones(len(events))
        outcome.add(masks, weight, *numbers)
        outcome.fill(met, masks[-1], weight)
    return outcome


def count_by_hand(file: Path) -> int:
    """Count in awkward as an expert writes it: filters before combinatorics, needed branches only."""
    vector.register_awkward()
    total = 0
    for events in _pieces(file, MUON):
        muons = _muons(events, precise=False)
        muons = muons[ak.num(muons) == 2]
        muons = muons[ak.argsort(muons.pt, ascending=False)]
        first, second = muons[:, 0], muons[:, 1]
        passed = (first.pt > 20) & (second.pt > 10) & (first.charge != second.charge)
        mass = (first[passed] + second[passed]).mass
        total += int(ak.sum((mass > 70) & (mass < 110)))
    return total


def coffea(file: Path, events: int) -> Outcome:
    """Do the whole work by NanoEvents and PackedSelection."""
    outcome = Outcome()
    for nano, packed in _packed(file, events):
        masks = [packed.all(*packed.names[: i + 1]) for i in range(len(packed.names))]
        weight = np.ones(len(nano))
        outcome.add(masks, weight, ak.to_numpy(nano.run), ak.to_numpy(nano.event))
        outcome.fill(ak.to_numpy(nano.MET.pt), masks[-1], weight)
    return outcome


def count_by_coffea(file: Path, events: int) -> int:
    """Count by NanoEvents and PackedSelection."""
    return sum(int(np.sum(packed.all(*packed.names))) for _, packed in _packed(file, events))


def rdataframe(file: Path) -> Outcome:
    """Do the whole work by RDataFrame, in one loop over the events; masks come as the numbers of those that pass."""
    frame = _frame(file)
    numbers = frame.Take["UInt_t"]("run"), frame.Take["ULong64_t"]("event")
    steps = _filtered(frame)
    places = [step.Take["ULong64_t"]("rdfentry_") for step in steps]
    met = steps[-1].Histo1D(("met", "", 40, 0, 200), "MET_pt")
    masks = []
    run, event = (np.array(taken.GetValue()) for taken in numbers)
    for taken in places:
        masks.append(np.zeros(len(run), dtype=bool))
        masks[-1][np.asarray(taken.GetValue(), dtype=np.int64)] = True
    outcome = Outcome()
    outcome.add(masks, np.ones(len(run)), run, event)
    outcome.histogram.view().value = [met.GetBinContent(place) for place in range(1, 41)]
    return outcome


def count_by_rdataframe(file: Path) -> int:
    """Count by RDataFrame."""
    return int(_filtered(_frame(file))[-1].Count().GetValue())


def _pieces(file: Path, branches: Sequence[str]) -> Iterator[Any]:
    pieces: Iterator[Any] = uproot.iterate(f"{file}:Events", branches, step_size=CHUNK)
    return pieces


def _muons(events: Any, *, precise: bool) -> Any:
    columns = {name.removeprefix("Muon_"): events[name] for name in MUON}
    if precise:
        columns = {name: ak.values_astype(column, np.float64) for name, column in columns.items()}
    muons = ak.zip(columns, with_name="Momentum4D")
    return muons[abs(muons.eta) < 2.4]


def _packed(file: Path, events: int) -> Iterator[tuple[Any, Any]]:
    from coffea.analysis_tools import PackedSelection
    from coffea.nanoevents import NanoAODSchema, NanoEventsFactory

    NanoAODSchema.warn_missing_crossrefs = False
    for start in range(0, events, CHUNK):
        nano = NanoEventsFactory.from_root(
            {str(file): "Events"}, entry_start=start, entry_stop=start + CHUNK, mode="virtual"
        ).events()
        muons = nano.Muon[abs(nano.Muon.eta) < 2.4]
        muons = muons[ak.argsort(muons.pt, ascending=False)]
        pair = ak.pad_none(muons, 2)
        first, second = pair[:, 0], pair[:, 1]
        mass = (first + second).mass
        masks = {
            "two": ak.num(muons) == 2,
            "leading": first.pt > 20,
            "subleading": second.pt > 10,
            "charge": first.charge != second.charge,
            "mass": (mass > 70) & (mass < 110),
        }
        packed = PackedSelection()
        for name, mask in masks.items():
            packed.add(name, ak.to_numpy(ak.fill_none(mask, False)))
        yield nano, packed


def _frame(file: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ROOT's wheel warns that it is young
        import ROOT

    return ROOT.RDataFrame("Events", str(file))


def _filtered(frame: Any) -> list[Any]:
    """Return what is left of a data frame after each step."""
    frame = frame.Define("good", "abs(Muon_eta) < 2.4")
    steps = [frame.Filter("Sum(good) == 2")]
    steps[0] = (
        steps[0]
        .Define("order", "Reverse(Argsort(Muon_pt[good]))")
        .Define("pt", "Take(Muon_pt[good], order)")
        .Define("m", "InvariantMass(Muon_pt[good], Muon_eta[good], Muon_phi[good], Muon_mass[good])")
    )
    for requirement in ("pt[0] > 20", "pt[1] > 10", "Sum(Muon_charge[good]) == 0", "m > 70 && m < 110"):
        steps.append(steps[-1].Filter(requirement))
    return steps
