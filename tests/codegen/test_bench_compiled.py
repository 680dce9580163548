"""How fast compiled code is: beside an expert's own awkward, mere reading, and, where they are installed, others.

Every peer counts the same selection in the same file: two muons of opposite charge with |η| < 2.4, p_T > 20 and 10 GeV
and a mass of 70 to 110 GeV. `make bench` shows the times, and the processor time of all peers, run in turns, as ratios.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import awkward as ak
import hist
import numpy as np
import pytest
import uproot
import vector

from codegen.dataset import open_dataset
from codegen.emit import CHUNK, emit
from codegen.plan import make_plan
from ingest.reader import read_source
from kb.distil import distil
from kb.ssc import SelectionCriteria
from tests.codegen.backends import needs_root, root_source
from tests.codegen.formats import write_nanoaod

EVENTS = 2_000_000
ROUNDS = 5
EXTRA = ["MET_pt", "run", "event"]
"""What the compiled module reads besides: for its histogram, and to name events."""
NAMES = ["Muon_pt", "Muon_eta", "Muon_phi", "Muon_mass", "Muon_charge"]
NOTE = rb"""\documentclass{article}\begin{document}\section{Selection}
Muons are required to have $|\eta| < 2.4$. Events must contain exactly two muons of opposite charge. The leading muon
must have $p_T > 20$ GeV and the subleading muon $p_T > 10$ GeV. The invariant mass of the muon pair must satisfy
$70 < m_{\mu\mu} < 110$ GeV.
\end{document}"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_nanoaod(tmp_path_factory.mktemp("data") / "nano.root", EVENTS)


@pytest.fixture(scope="module")
def criteria() -> SelectionCriteria:
    return distil(read_source(NOTE, "note.tex", arxiv_id="note", version=1, title="Two muons"))


@pytest.fixture(scope="module")
def source(file: Path, criteria: SelectionCriteria) -> str:
    plan = make_plan(criteria, open_dataset(str(file.parent)).profile)
    assert len(plan.applied) == len(criteria.cuts)
    return emit(plan)


def by_hand(file: Path) -> int:
    """Count as an expert writes it: filters before combinatorics, needed branches only."""
    vector.register_awkward()
    total = 0
    for events in uproot.iterate(f"{file}:Events", NAMES, step_size=CHUNK):
        muons = ak.zip(
            {name: events[f"Muon_{name}"] for name in ("pt", "eta", "phi", "mass", "charge")}, with_name="Momentum4D"
        )
        muons = muons[abs(muons.eta) < 2.4]
        muons = muons[ak.num(muons) == 2]
        muons = muons[ak.argsort(muons.pt, ascending=False)]
        first, second = muons[:, 0], muons[:, 1]
        passed = (first.pt > 20) & (second.pt > 10) & (first.charge != second.charge)
        mass = (first[passed] + second[passed]).mass
        total += int(ak.sum((mass > 70) & (mass < 110)))
    return total


def by_hand_in_full(file: Path) -> int:
    """Count, and keep what the compiled module keeps: doubles, masks, a cutflow, a histogram, event numbers."""
    vector.register_awkward()
    flow, sumw2 = np.zeros(5), np.zeros(5)
    masks: list[Any] = []
    numbers: list[Any] = []
    histogram = hist.Hist(hist.axis.Regular(40, 0, 200), storage=hist.storage.Weight())
    for events in uproot.iterate(f"{file}:Events", [*NAMES, *EXTRA], step_size=CHUNK):
        columns = ("pt", "eta", "phi", "mass", "charge")
        muons = ak.zip(
            {name: ak.values_astype(events[f"Muon_{name}"], np.float64) for name in columns}, with_name="Momentum4D"
        )
        muons = muons[abs(muons.eta) < 2.4]
        two = ak.to_numpy(ak.num(muons) == 2)
        muons = muons[two]
        muons = muons[ak.argsort(muons.pt, ascending=False)]
        first, second = muons[:, 0], muons[:, 1]
        steps = [ak.to_numpy(mask) for mask in (first.pt > 20, second.pt > 10, first.charge != second.charge)]
        opposite = np.logical_and.reduce(steps)
        mass = ak.to_numpy((first[opposite] + second[opposite]).mass)
        steps.append(opposite.copy())
        steps[-1][opposite] = (mass > 70) & (mass < 110)
        passed, weight = two, np.ones(len(events))
        for i, step in enumerate([two, *steps]):
            if i:
                whole = np.zeros(len(events), dtype=bool)
                whole[two] = step
                passed = passed & whole
            weights = weight[passed]
            flow[i] += weights.sum()
            sumw2[i] += (weights**2).sum()
            masks.append(passed)
        histogram.fill(ak.to_numpy(events["MET_pt"])[passed].astype(np.float64), weight=weight[passed])
        numbers += [ak.to_numpy(events["run"]), ak.to_numpy(events["event"])]
    return int(flow[-1])


def read(file: Path) -> int:
    """Read the branches of muons and no more."""
    return sum(len(events) for events in uproot.iterate(f"{file}:Events", NAMES, step_size=CHUNK))


def compiled(source: str, file: Path, *, keep_masks: bool = True) -> int:
    """Count by the compiled module, which also keeps a cutflow, a histogram and, if asked, masks and event numbers."""
    return counted(loaded(source), file, keep_masks=keep_masks)


def loaded(source: str) -> dict[str, Any]:
    """Return what a module defines."""
    namespace: dict[str, Any] = {"__name__": "emitted", "__doc__": ""}
    exec(compile(source, "analysis.py", "exec"), namespace)
    return namespace


def counted(namespace: dict[str, Any], file: Path, *, keep_masks: bool = True) -> int:
    """Count by what a module defines."""
    analysis = namespace["Analysis"](None, None, keep_masks=keep_masks)
    for events in namespace["pieces"](str(file), analysis.branches):
        analysis.add(events)
    return int(analysis.report()["selected"])


def once(benchmark: Any, count: Callable[[], int]) -> int:
    benchmark.group = "dimuon selection, 2 million events"
    result: int = benchmark.pedantic(count, rounds=3, warmup_rounds=1)
    return result


def test_reading_the_branches_alone(benchmark: Any, file: Path) -> None:
    assert once(benchmark, lambda: read(file)) == EVENTS


def test_compiled_code(benchmark: Any, file: Path, source: str) -> None:
    # The hand stays in the single precision of the branches: an event at the very edge may fall on the other side.
    assert once(benchmark, lambda: compiled(source, file)) == pytest.approx(by_hand(file), abs=3)


def test_awkward_written_by_hand_with_the_same_outputs(benchmark: Any, file: Path) -> None:
    assert once(benchmark, lambda: by_hand_in_full(file)) > 0


@needs_root
def test_compiled_code_for_rdataframe(benchmark: Any, file: Path, criteria: SelectionCriteria) -> None:
    """Count by the compiled module for ROOT, whose C++ is compiled in the round that warms up."""
    module = loaded(root_source(make_plan(criteria, open_dataset(str(file.parent)).profile)))
    assert once(benchmark, lambda: counted(module, file)) == pytest.approx(by_hand(file), abs=3)


def test_awkward_written_by_hand(benchmark: Any, file: Path) -> None:
    assert once(benchmark, lambda: by_hand(file)) > 0


def coffea(file: Path) -> Callable[[], int]:
    """Return the count by NanoEvents and PackedSelection; skips where coffea is not installed."""
    nanoevents = pytest.importorskip("coffea.nanoevents", reason="coffea is not installed")
    selection = pytest.importorskip("coffea.analysis_tools")

    def count() -> int:
        total = 0
        for start in range(0, EVENTS, CHUNK):
            events = nanoevents.NanoEventsFactory.from_root(
                {str(file): "Events"}, entry_start=start, entry_stop=start + CHUNK, mode="virtual"
            ).events()
            muons = events.Muon[abs(events.Muon.eta) < 2.4]
            muons = muons[ak.argsort(muons.pt, ascending=False)]
            pair = ak.pad_none(muons, 2)
            first, second = pair[:, 0], pair[:, 1]
            packed = selection.PackedSelection()
            mass = (first + second).mass
            masks = {
                "two": ak.num(muons) == 2,
                "leading": first.pt > 20,
                "subleading": second.pt > 10,
                "charge": first.charge != second.charge,
                "mass": (mass > 70) & (mass < 110),
            }
            for name, mask in masks.items():
                packed.add(name, ak.to_numpy(ak.fill_none(mask, False)))
            total += int(np.sum(packed.all(*masks)))
        return total

    return count


def test_coffea(benchmark: Any, file: Path) -> None:
    assert once(benchmark, coffea(file)) == by_hand(file)


def rdataframe(file: Path) -> Callable[[], int]:
    """Return the count by RDataFrame; skips where ROOT is not installed."""
    root = pytest.importorskip("ROOT", reason="ROOT is not installed")

    def count() -> int:
        frame = root.RDataFrame("Events", str(file))
        frame = (
            frame.Define("good", "abs(Muon_eta) < 2.4")
            .Filter("Sum(good) == 2")
            .Define("order", "Reverse(Argsort(Muon_pt[good]))")
            .Define("pt", "Take(Muon_pt[good], order)")
            .Filter("pt[0] > 20 && pt[1] > 10")
            .Filter("Sum(Muon_charge[good]) == 0")
            .Define("m", "InvariantMass(Muon_pt[good], Muon_eta[good], Muon_phi[good], Muon_mass[good])")
            .Filter("m > 70 && m < 110")
        )
        return int(frame.Count().GetValue())

    return count


def test_rdataframe(benchmark: Any, file: Path) -> None:
    assert once(benchmark, rdataframe(file)) == pytest.approx(by_hand(file), abs=3)


def test_ratios_to_compiled_code(benchmark: Any, file: Path, source: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Show the processor time of each peer, and its ratio to that of compiled code with as much output."""
    whole, bare = "compiled", "compiled, no masks kept"
    peers: dict[str, Callable[[], int]] = {
        whole: lambda: compiled(source, file),
        bare: lambda: compiled(source, file, keep_masks=False),
        "by hand, the same outputs": lambda: by_hand_in_full(file),
        "by hand, only the count": lambda: by_hand(file),
        "reading alone": lambda: read(file),
    }
    for name, peer in {"coffea": coffea, "RDataFrame": rdataframe}.items():
        with contextlib.suppress(pytest.skip.Exception):
            peers[name] = peer(file)

    def in_turns() -> dict[str, float]:
        taken: dict[str, list[float]] = {name: [] for name in peers}
        for turn in range(ROUNDS + 1):
            for name, count in peers.items():
                start = time.process_time()
                count()
                if turn:
                    taken[name].append(time.process_time() - start)
        return {name: statistics.median(times) for name, times in taken.items()}

    seconds = benchmark.pedantic(in_turns, rounds=1)
    with capsys.disabled():
        sys.stdout.write(f"\n{'processor time of':<26} {'s':>7} {'/ compiled':>11} {'/ no masks':>11}\n")
        for name, taken in seconds.items():
            sys.stdout.write(
                f"{name:<26} {taken:>7.3f} {taken / seconds[whole]:>11.2f} {taken / seconds[bare]:>11.2f}\n"
            )
    assert set(seconds) == set(peers)


def test_from_plan_to_code(benchmark: Any, file: Path, criteria: SelectionCriteria) -> None:
    profile = open_dataset(str(file.parent)).profile
    source = benchmark(lambda: emit(make_plan(criteria, profile)))
    assert "def select(" in source
