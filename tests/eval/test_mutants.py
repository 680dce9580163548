"""The validator finds code that is wrong in one place, in whatever way it is wrong."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from codegen.emit import emit_with_distributions
from codegen.plan import make_plan
from codegen.plan_model import Plan
from codegen.profile import Profile, load_profile
from codegen.runner import Measured
from codegen.validate import compare_masks
from eval.probes.table import Shown, Table
from eval.reference import ReferenceMasks, reference_masks
from kb.ssc import SelectionCriteria
from tests.eval.mutants import Mutant, mutants
from tests.eval.test_probes import regional

EQUIVALENT = {
    # A charge is -1 or 1, so that a product of charges is never 0, and a sum of four never 1.
    ("other end of the threshold", "opposite_charge"),
    ("whole number off by one", "opposite_charge"),
    ("whole number off by one", "baseline: ak.sum(leptons_4.charge, axis=1) == 0"),
    # To sort once more what falls already changes nothing, and lists that all rise are in no file.
    ("other end of the threshold", "are_sorted"),
    ("inequality flipped", "are_sorted"),
    # What an event lacks, it lacks in an earlier step already.
    ("what is undefined passes", "passes"),
    # No cut on electrons is about their impact parameter; it stands for them as it does for muons.
    ("wrong branch", "select_electrons: 'lep_trackd0pvunbiased'"),
    # The missing momentum only fills a histogram.
    ("wrong unit", "missing_momentum"),
    ("wrong branch", "missing_momentum"),
    # Three objects make no two disjoint pairs; and where two are, every pair of opposite charge leaves another one.
    ("whole number off by one", "build_quadruplet: ak.num(objects) >= 4"),
    ("candidates for firsts", "build_quadruplet"),
    # An event that has one of the two pairs has the other.
    ("subleading_pair for leading_pair", "baseline: leading_pair in masks.append(~ak.is_none(leading_pair))"),
    # Once leptons are made of them, electrons and muons by themselves are not looked at again.
    ("muons for electrons", "select: electrons in electrons = electrons[alive]"),
    ("electrons for muons", "select: muons in muons = muons[alive]"),
    # This step removes nothing.
    ("cut missing", "baseline: masks.append(np.ones(len(events), dtype=bool))"),
    # Places begin at 0: before 0, and before -1, there is none.
    ("whole number off by one", "members"),
    # Objects are electrons or muons, and four of them are counted: the number of one kind tells that of the other.
    ("OR for AND", "flavours_are"),
    ("part of a requirement missing", "flavours_are"),
    ("inequality flipped", "flavours_are"),
    ("inequality flipped", "select_muons: events['lep_type'] == 13"),
    # They are sorted once more when electrons and muons are put together.
    ("not sorted", "select_electrons"),
    ("not sorted", "select_muons"),
    # Of these only the number, a sum or all of them matter, whatever their order.
    ("not sorted", "select_jets"),
    ("not sorted", "select_signal"),
    ("not sorted", "select_veto"),
    ("not sorted", "select: by_pt(ak.concatenate([signal_"),
    ("not sorted", "select: by_pt(ak.concatenate([veto_"),
    ("inequality flipped", "select_signal_muons: events['lep_type'] == 13"),
    ("inequality flipped", "select_veto_muons: events['lep_type'] == 13"),
}
"""Changes by which no event of the ntuple is judged otherwise, by kind and the beginning of where they are."""

FILLING = ("flat:", "fill:", "booked:", "contents:")
"""Functions that only fill histograms, which are not compared."""

OPEN = {
    # It takes two leptons of opposite charge and different flavour, ΔR > 0.2 apart, with a mass below 5 GeV.
    ("part of a requirement missing", "baseline: same_flavour(quadruplet_pairs) & opposite_charge(quadruplet_pairs)"),
    ("opposite_charge for same_flavour", "baseline: same_flavour(quadruplet_pairs)"),
}
"""Changes that matter and are not caught yet."""

COMPUTED = ("mass", "deltaR", "deltaphi", "transverse_mass", "cosh")
"""Numbers that are computed with rounding: that one is exactly at its threshold cannot be arranged."""


@dataclass(frozen=True)
class Case:
    """A plan, its probes, and a sample with the reference's flags."""

    plan: Plan
    source: str
    table: Table
    probes: Mapping[str, Sequence[Path]]
    toys: Sequence[Path]
    reference: ReferenceMasks


@cache
def events_of(path: Path) -> ak.Array:
    """Read a file with all its branches, so that a mutant may take a wrong one."""
    with uproot.open(path) as file:
        return file["mini"].arrays()


def shown(source: str, files: Mapping[str, Sequence[Path]]) -> dict[str, Any]:
    """Run a module in this process, as the sandbox would run it, on files that are read once for all modules."""
    module: dict[str, Any] = {"__name__": "emitted", "__doc__": ""}
    exec(compile(source, "analysis.py", "exec"), module)
    found: dict[str, Any] = {}
    for name, paths in files.items():
        analysis = module["Analysis"](None, None, alone=True)
        for path in paths:
            analysis.add(events_of(path))
        histograms = {key: SimpleNamespace(**value) for key, value in analysis.report()["histograms"].items()}
        found[name] = SimpleNamespace(masks=analysis.masks(), measured=SimpleNamespace(histograms=histograms))
    return found


def steps(plan: Plan) -> Measured:
    """Return what any run of the code tells of its steps."""
    nothing = {"raw": 0, "weighted": 0.0, "sumw2": 0.0}

    def flow(steps: Sequence[Any]) -> list[dict[str, Any]]:
        return [{"cut_ids": list(step.all_cut_ids), "label": step.label, **nothing} for step in steps]

    regions = {region.name: {"parent": region.parent, "cutflow": flow(region.steps)} for region in plan.regions}
    report = {"events": 0, "selected": 0, "weighted": 0.0, "cutflow": flow(plan.steps), "regions": regions}
    return Measured.model_validate({**report, "histograms": {}})


def case_of(criteria: SelectionCriteria, profile: Profile, folder: Path, toys: Sequence[Path]) -> Case:
    plan = make_plan(criteria, profile)
    table = Table.of(criteria, profile, steps(plan))
    case = Case(plan, emit_with_distributions(plan), table, table.write(folder), toys, reference_masks(criteria, profile, toys))
    good: dict[str, Shown] = shown(case.source, case.probes)
    assert table.judged(good).wrong == 0
    return case


def is_caught(mutant: Mutant, case: Case) -> bool:
    """Say whether the validator finds fault with a module: by probes, or else event by event."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if case.table.judged(shown(mutant.source, case.probes)).wrong:
                return True
            masks = shown(mutant.source, {"toys": case.toys})["toys"].masks
        except Exception:  # code that ends with an error has no result
            return True
    found = compare_masks(case.plan, {"toys": masks}, {"toys": case.reference})
    return found.agreeing < found.events


def survivors(case: Case, every: int) -> tuple[int, list[Mutant]]:
    """Return how many mutants were tried, and those that were not caught."""
    tried = 0
    alive: list[Mutant] = []
    for number, mutant in enumerate(mutants(case.source)):
        if number % every:
            continue
        tried += 1
        if not is_caught(mutant, case):
            alive.append(mutant)
    return tried, alive


def is_equivalent(mutant: Mutant) -> bool:
    line = mutant.line
    whole = f"{line} in {mutant.statement}"
    if line.startswith(FILLING):
        return True
    if any(mutant.kind == known and whole.startswith(start) for known, start in EQUIVALENT):
        return True
    if mutant.kind != "other end of the threshold":
        return False
    # Files hold single precision, in which there is no 2.47.
    number = re.search(r"[<>] ([\d.]+)$", line)
    absent = number is not None and float(np.float32(number[1])) != float(number[1])
    return absent or any(word in line for word in COMPUTED)


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("atlas-2020-4lep")


def test_wrong_code_is_caught(
    notebook: dict[str, SelectionCriteria], profile: Profile, toys: list[Path], tmp_path: Path
) -> None:
    # Histograms are not compared, so that what only they need would be left wrong.
    case = case_of(notebook["pt"], profile.model_copy(update={"histograms": ()}), tmp_path, toys[:1])
    tried, alive = survivors(case, every=1)
    assert tried > 50
    assert [(mutant.kind, mutant.line) for mutant in alive if not is_equivalent(mutant)] == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["four leptons", "regions"])
def test_every_kind_of_wrong_code_is_caught(
    name: str, hzz4l: SelectionCriteria, profile: Profile, toys: list[Path], tmp_path: Path
) -> None:
    if name == "regions":
        profile = profile.model_copy(update={"histograms": ()})
    case = case_of({"four leptons": hzz4l, "regions": regional()}[name], profile, tmp_path, toys[:1])
    tried, alive = survivors(case, every=1)
    assert tried > 100
    unknown = {(mutant.kind, mutant.line) for mutant in alive if not is_equivalent(mutant)}
    # There only the leading lepton of all is looked at, so that to take muons twice does not matter.
    twice = ("inequality flipped", "select_electrons: events['lep_type'] == 11")
    assert unknown - ({twice} if name == "regions" else OPEN) == set()
