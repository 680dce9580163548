"""How fast compiled code is: beside an expert's own awkward, coffea, RDataFrame and mere reading, on one file.

Every peer does the same selection, once with all that an analysis keeps and once as a bare count (`peers.py`). They run
in turns, so that a busy machine slows all of them, and the least processor time of each counts. `make bench` installs
what peers need (`cutbook[bench]`) and prints their ratios last; a peer that is not installed stands there as missing.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from codegen.dataset import open_dataset
from codegen.emit import CHUNK, emit
from codegen.plan import make_plan
from ingest.reader import read_source
from kb.distil import distil
from kb.ssc import SelectionCriteria
from tests.codegen import peers
from tests.codegen.backends import root_source
from tests.codegen.formats import write_nanoaod

EVENTS = 2_000_000
ROUNDS = 5
NOTE = rb"""\documentclass{article}\begin{document}\section{Selection}
Muons are required to have $|\eta| < 2.4$. Events must contain exactly two muons of opposite charge. The leading muon
must have $p_T > 20$ GeV and the subleading muon $p_T > 10$ GeV. The invariant mass of the muon pair must satisfy
$70 < m_{\mu\mu} < 110$ GeV.
\end{document}"""
COMPILED = "compiled code"
TARGETS = {"awkward by hand": 1.0, "coffea": 1.5}
"""What the ratio of a peer's time to that of compiled code is to be at least, for the same work."""
_PEAK = """
import re, runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    with open("/proc/self/status") as status:
        print("peak", re.search(r"VmHWM:\\s+(\\d+)", status.read())[1])
"""


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


def loaded(source: str) -> dict[str, Any]:
    """Return what a module defines."""
    namespace: dict[str, Any] = {"__name__": "emitted", "__doc__": ""}
    exec(compile(source, "analysis.py", "exec"), namespace)
    return namespace


def analysed(module: dict[str, Any], file: Path, *, keep_masks: bool) -> Any:
    """Run what a module defines."""
    analysis = module["Analysis"](None, None, keep_masks=keep_masks)
    for events in module["pieces"](str(file), analysis.branches):
        analysis.add(events)
    return analysis


def report_of(analysis: Any) -> dict[str, list[float]]:
    """Return the numbers in which peers can be compared."""
    report = analysis.report()
    cutflow = {key: [float(line[key]) for line in report["cutflow"]] for key in ("raw", "weighted", "sumw2")}
    return {**cutflow, "met": report["histograms"]["met"]["values"]}


def assert_same_work(found: dict[str, list[float]], expected: dict[str, list[float]]) -> None:
    """Demand equal numbers, but for the events at the very edge, which single precision may put on the other side."""
    assert list(found) == list(expected)
    for name, numbers in expected.items():
        assert found[name] == pytest.approx(numbers, abs=3), name


def least_times(works: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Return the least processor time of each in seconds, run in turns after a turn that warms up."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(ROUNDS + 1):
        for name, work in works.items():
            start = time.process_time()
            work()
            if turn:
                taken[name].append(time.process_time() - start)
    return {name: min(times) for name, times in taken.items()}


def ratios(seconds: dict[str, float], missing: dict[str, str], *, fair: bool) -> list[str]:
    """Return the times of peers as lines of the table, with their ratio to compiled code."""
    lines = []
    for name, taken in seconds.items():
        ratio = taken / seconds[COMPILED]
        least = TARGETS.get(name) if fair else None
        told = f"  at least {least}: {'met' if ratio >= least else 'MISSED'}" if least is not None else ""
        lines.append(f"  {name:<38} {taken:>7.3f} s {ratio:>7.2f} ×{told}")
    return [*lines, *(f"  {name:<38} not measured: {reason}" for name, reason in missing.items())]


def missing_peers() -> dict[str, str]:
    """Return the peers that are not installed, and why they are missing."""
    modules = {"coffea": "coffea", "RDataFrame by hand": "ROOT"}
    return {
        name: f"{module} is not installed (cutbook[bench])"
        for name, module in modules.items()
        if find_spec(module) is None
    }


def machine() -> str:
    """Return what else the machine does, since that is part of every time."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


def test_whole_work_beside_peers(
    benchmark: Any, file: Path, source: str, criteria: SelectionCriteria, told_last: list[str]
) -> None:
    module, missing = loaded(source), missing_peers()
    branches = module["Analysis"](None, None).branches
    works: dict[str, Callable[[], Any]] = {
        COMPILED: lambda: report_of(analysed(module, file, keep_masks=True)),
        "awkward by hand": lambda: peers.by_hand(file).report(),
        "awkward by hand, single precision": lambda: peers.by_hand(file, precise=False).report(),
    }
    if "coffea" not in missing:
        works["coffea"] = lambda: peers.coffea(file, EVENTS).report()
    if "RDataFrame by hand" not in missing:
        for_root = loaded(root_source(make_plan(criteria, open_dataset(str(file.parent)).profile)))
        works["RDataFrame by hand"] = lambda: peers.rdataframe(file).report()
        works["compiled code for RDataFrame"] = lambda: report_of(analysed(for_root, file, keep_masks=True))
    expected = works[COMPILED]()
    for name, work in works.items():
        if name != COMPILED:
            assert_same_work(work(), expected)
    works["uproot, reading the same branches"] = lambda: peers.read(file, branches)
    seconds = benchmark.pedantic(least_times, (works,), rounds=1)
    about = "masks of all steps, cutflow with Σw and Σw², histogram, event numbers"
    told_last += [
        f"Two muons in {EVENTS:,} events: processor time, and its ratio to compiled code ({machine()})",
        f" The same work for all: {about}",
        *ratios(seconds, missing, fair=True),
    ]


def test_bare_count_beside_peers(benchmark: Any, file: Path, source: str, told_last: list[str]) -> None:
    module, missing = loaded(source), missing_peers()
    works: dict[str, Callable[[], Any]] = {
        COMPILED: lambda: analysed(module, file, keep_masks=False).report()["selected"],
        "awkward by hand": lambda: peers.count_by_hand(file),
    }
    if "coffea" not in missing:
        works["coffea"] = lambda: peers.count_by_coffea(file, EVENTS)
    if "RDataFrame by hand" not in missing:
        works["RDataFrame by hand"] = lambda: peers.count_by_rdataframe(file)
    expected = works[COMPILED]()
    for work in works.values():
        assert work() == pytest.approx(expected, abs=3)
    works["uproot, reading the muons"] = lambda: peers.read(file, peers.MUON)
    seconds = benchmark.pedantic(least_times, (works,), rounds=1)
    told_last += [
        f" Peers only count, compiled code does all but to keep masks ({machine()})",
        *ratios(seconds, missing, fair=False),
    ]


def test_memory_is_bounded_by_the_chunk_and_not_by_the_file(
    benchmark: Any, file: Path, source: str, tmp_path: Path, told_last: list[str]
) -> None:
    smaller = write_nanoaod(tmp_path / "quarter.root", EVENTS // 4)
    code = {chunk: tmp_path / f"by_{chunk}.py" for chunk in (CHUNK, CHUNK // 5)}
    for chunk, path in code.items():
        path.write_text(re.sub(r"^CHUNK = [\d_]+", f"CHUNK = {chunk}", source, flags=re.M), encoding="utf-8")

    def peak(chunk: int, data: Path) -> float:
        command = [sys.executable, "-c", _PEAK, str(code[chunk]), str(data)]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return int(told.split()[-1]) / 1024

    def measured() -> dict[tuple[int, int], float]:
        return {
            (chunk, events): peak(chunk, data)
            for chunk in code
            for events, data in ((EVENTS // 4, smaller), (EVENTS, file))
        }

    peaks = benchmark.pedantic(measured, rounds=1)
    told_last.append(" Memory of `python analysis.py FILE` at its peak")
    for (chunk, events), size in peaks.items():
        told_last.append(f"  {events:>9,} events, {chunk:>7,} at a time {size:>18.0f} MiB")
    for chunk in code:
        assert peaks[chunk, EVENTS] < 1.1 * peaks[chunk, EVENTS // 4]
    assert peaks[CHUNK // 5, EVENTS] < peaks[CHUNK, EVENTS]


@pytest.mark.parametrize("selection", ["two muons", "four leptons"])
def test_from_plan_to_code(
    benchmark: Any,
    selection: str,
    file: Path,
    criteria: SelectionCriteria,
    hzz4l: SelectionCriteria,
    told_last: list[str],
) -> None:
    profile = open_dataset(str(file.parent)).profile
    of = {"two muons": criteria, "four leptons": hzz4l}[selection]
    source = benchmark(lambda: emit(make_plan(of, profile)))
    assert "def select(" in source
    if benchmark.stats is not None:
        taken = 1000 * benchmark.stats.stats.min
        verdict = "met" if taken < 50 else "MISSED"
        cuts = f"{len(of.cuts)} cuts"
        told_last.append(f"  plan and code of {selection}, {cuts:<18} {taken:>7.1f} ms   less than 50 ms: {verdict}")
