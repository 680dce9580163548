"""The validator finds code that is wrong in one place, in whatever way it is wrong."""

from __future__ import annotations

import random
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
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
from eval.probes.specimen import Anatomy, write_rows
from eval.probes.table import ALONE, SAMPLE, Shown, Table
from eval.reference import ReferenceMasks, reference_masks
from kb.ssc import Choice, Clause, Composite, Condition, SelectionCriteria, Subject, Variable
from tests.eval.conftest import by_hand, criteria_of
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
    ("muons for electrons", "select: electrons in electrons = by_pt(electrons[alive])"),
    ("electrons for muons", "select: muons in muons = by_pt(muons[alive])"),
    ("not sorted", "select: by_pt(electrons[alive])"),
    ("not sorted", "select: by_pt(muons[alive])"),
    # This step removes nothing.
    ("cut missing", "baseline: masks.append(np.ones(len(events), dtype=bool))"),
    # Places begin at 0: before 0, and before -1, there is none.
    ("whole number off by one", "members"),
    # Objects are electrons or muons, and four of them are counted: the number of one kind tells that of the other.
    ("OR for AND", "flavours_are"),
    ("part of a requirement missing", "flavours_are"),
    ("inequality flipped", "flavours_are"),
    # They are sorted once more when electrons and muons are put together.
    ("not sorted", "select_electrons"),
    ("not sorted", "select_muons"),
    # Of these only the number, a sum or all of them matter, whatever their order.
    ("not sorted", "select_jets"),
    ("not sorted", "select_signal"),
    ("not sorted", "select_veto"),
    ("not sorted", "select: by_pt(ak.concatenate([signal_"),
    ("not sorted", "select: by_pt(ak.concatenate([veto_"),
    ("not sorted", "select: by_pt(jets[alive])"),
    *(
        ("not sorted", f"select: by_pt({of}_{kind}[alive])")
        for of in ("signal", "veto")
        for kind in ("electrons", "muons")
    ),
    # The types of leptons are 11 and 13, of which none is above 13.
    ("inequality flipped", "select_muons: events['lep_type'] == 13"),
    ("inequality flipped", "select_signal_muons: events['lep_type'] == 13"),
    ("inequality flipped", "select_veto_muons: events['lep_type'] == 13"),
    # There (in the regions) only the leading lepton of all is looked at, so that to take muons twice does not matter.
    ("inequality flipped", "select_electrons: events['lep_type'] == 11 in electrons = "),
    # All histograms hold one number of an event.
    ("inequality flipped", "scattered: values.ndim > 1"),
    ("whole number off by one", "scattered: values.ndim > 1"),
    # Where one requirement is asked before, no event fails two; more events than needed change nothing.
    ("whole number off by one", "all_but_one_of"),
    ("NOT missing", "all_but_one_of"),
}
"""Changes by which no event of the ntuple is judged otherwise, by kind and the beginning of where they are."""

FILLING = ("flat:", "fill:", "booked:", "contents:")
"""Functions that only fill histograms; what these hold is compared in `test_histograms`."""

COMPUTED = ("mass", "_total", "deltaR", "distance", "deltaphi", "transverse_mass", "cosh")
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
    others: Mapping[str, Sequence[Path]]
    """Toys and random events, and below what the right code says of them."""
    right: Mapping[str, Mapping[str, Any]]


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
        measured = Measured.model_validate(analysis.report(), strict=False)
        found[name] = SimpleNamespace(masks=analysis.masks(), measured=measured)
    return found


def case_of(criteria: SelectionCriteria, profile: Profile, folder: Path, toys: Sequence[Path]) -> Case:
    plan = make_plan(criteria, profile)
    source = emit_with_distributions(plan)
    table = Table.of(criteria, profile, shown(source, {"toys": toys})["toys"].measured)
    made_up = folder / "random.root"
    anatomy, rng = Anatomy(profile), random.Random(1)
    write_rows(made_up, anatomy, [anatomy.drawn(rng) for _ in range(3000)])
    others = {"toys": toys, "random": [made_up]}
    case = Case(
        plan=plan,
        source=source,
        table=table,
        probes=table.write(folder),
        toys=toys,
        reference=reference_masks(criteria, profile, toys),
        others=others,
        right={name: together(found.masks) for name, found in shown(source, others).items()},
    )
    good: dict[str, Shown] = shown(source, case.probes)
    assert table.judged(good).wrong == 0
    return case


def together(masks: Mapping[str, Any]) -> dict[str, Any]:
    """Return the masks of what meets all steps up to one, which make the result."""
    return {key: mask for key, mask in masks.items() if not key.endswith(ALONE)}


def is_caught(mutant: Mutant, case: Case) -> bool:
    """Say whether the validator finds fault with a module: by probes, or else event by event."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = shown(mutant.source, {SAMPLE: case.probes[SAMPLE]})
            if not case.table.is_met(found[SAMPLE].masks):
                return True
            bins = {name: files for name, files in case.probes.items() if name != SAMPLE}
            if case.table.judged({**found, **shown(mutant.source, bins)}).wrong:
                return True
            masks = shown(mutant.source, {"toys": case.toys})["toys"].masks
        except Exception:  # code that ends with an error has no result
            return True
    compared = compare_masks(case.plan, {"toys": masks}, {"toys": case.reference})
    return compared.agreeing < compared.events


def changes_nothing(mutant: Mutant, case: Case) -> bool:
    """Say whether a module judges toys and random events as the right one does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = shown(mutant.source, case.others)
    return all(
        np.array_equal(found[name].masks[key], mask)
        for name, masks in case.right.items()
        for key, mask in masks.items()
    )


def survivors(case: Case, chosen: Iterable[Mutant]) -> list[Mutant]:
    """Return the mutants that are not caught; what is listed as equivalent must prove to be on random events."""
    alive = [mutant for mutant in chosen if not is_caught(mutant, case)]
    return [mutant for mutant in alive if not is_equivalent(mutant) or not changes_nothing(mutant, case)]


def one_of_each_kind(source: str) -> list[Mutant]:
    """Return the first mutant of every kind that is not equivalent."""
    return list({mutant.kind: mutant for mutant in mutants(source) if not is_equivalent(mutant)}.values())


def is_equivalent(mutant: Mutant) -> bool:
    line = mutant.line
    whole = f"{line} in {mutant.statement}"
    if line.startswith(FILLING):
        return True
    if any(mutant.kind == known and whole.startswith(start) for known, start in EQUIVALENT):
        return True
    if mutant.kind != "other end of the threshold":
        return False
    # Files hold single precision, in which there is no 2.47; but 2 divided by 10 is 0.2.
    number = re.search(r"[<>] ([\d.]+)$", line)
    absent = number is not None and float(np.float32(number[1])) != float(number[1]) and "/" not in line
    return absent or any(word in line for word in COMPUTED)


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("atlas-2020-4lep")


def told(alive: Sequence[Mutant]) -> list[tuple[str, str, str]]:
    return [(mutant.kind, mutant.line, mutant.statement) for mutant in alive]


def test_wrong_code_is_caught(
    notebook: dict[str, SelectionCriteria], profile: Profile, toys: list[Path], tmp_path: Path
) -> None:
    # Histograms are compared elsewhere; here what only they need would be left wrong.
    case = case_of(notebook["pt"], profile.model_copy(update={"histograms": ()}), tmp_path, toys[:1])
    tried = list(mutants(case.source))
    assert len(tried) > 80
    assert told(survivors(case, tried)) == []


def test_code_is_caught_that_is_wrong_in_any_way_there_is(
    hzz4l: SelectionCriteria, profile: Profile, toys: list[Path], tmp_path: Path
) -> None:
    case = case_of(hzz4l, profile, tmp_path, toys[:1])
    tried = one_of_each_kind(case.source)
    assert len(tried) > 30
    assert told(survivors(case, tried)) == []


def ring() -> SelectionCriteria:
    """Return jets that are in no ring around an electron."""
    return criteria_of(
        by_hand(
            "ring",
            "jet.delta_r",
            "not_in",
            (0.25, 0.5),
            closed="left",
            scope="object",
            variable={"reference": ("electron",)},
        ),
        by_hand("jets", "jet.count", ">=", 1),
        by_hand("electrons", "electron.count", ">=", 1),
    )


def test_a_ring_around_objects_that_is_wrong_is_caught(profile: Profile, toys: list[Path], tmp_path: Path) -> None:
    case = case_of(ring(), profile.model_copy(update={"histograms": ()}), tmp_path, toys[:1])
    tried = [mutant for mutant in mutants(case.source) if "distance" in mutant.line or "sides" in mutant.line]
    assert len(tried) > 10
    assert told(survivors(case, tried)) == []


def test_a_working_point_for_some_objects_that_is_wrong_is_caught(
    profile: Profile, toys: list[Path], tmp_path: Path
) -> None:
    tighter = Condition(
        text="for p_T > 100 GeV",
        clauses=(Clause(subject=Subject(object="bjet"), variable=Variable(id="pt"), operator=">", value=100),),
    )
    criteria = criteria_of(
        by_hand("all", "bjet.btag", "is", "77%", scope="object"),
        by_hand("some", "bjet.btag", "is", "70%", scope="object", when=tighter),
        by_hand("one", "bjet.count", ">=", 1),
    )
    case = case_of(criteria, profile.model_copy(update={"histograms": ()}), tmp_path, toys[:1])
    asked = re.compile(r"select_bjets: .*(bjets\.pt >|bjets\.btag_)")
    tried = [mutant for mutant in mutants(case.source) if asked.match(mutant.line)]
    assert len(tried) > 5
    assert told(survivors(case, tried)) == []


def three_jets() -> SelectionCriteria:
    """Return the three jets whose mass is closest to that of the top quark, in a window."""
    best = Choice(mode="closest", variable=Variable(id="mass"), target=172.5, unit="GeV")
    return criteria_of(
        by_hand("pt", "jet.pt", ">", 25, "GeV", scope="object"),
        by_hand("three", "jet.count", ">=", 3),
        by_hand("window", "top.mass", "in", (140, 200), "GeV", closed="neither", definition="trijet"),
        by_hand("boost", "top.pt", ">", 50, "GeV", definition="trijet"),
        composites=(Composite(name="trijet", object="top", constituents=("jet",), count=3, choice=best),),
    )


def test_three_jets_that_are_chosen_wrong_are_caught(profile: Profile, toys: list[Path], tmp_path: Path) -> None:
    case = case_of(three_jets(), profile.model_copy(update={"histograms": ()}), tmp_path, toys[:1])
    asked = re.compile(r"(build_trijet|baseline|groups|chosen|listed|total):")
    tried = [mutant for mutant in mutants(case.source) if asked.match(mutant.line)]
    assert "offset off by 1 %" in {mutant.kind for mutant in tried}
    assert len(tried) > 10
    assert told(survivors(case, tried)) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["four leptons", "regions"])
def test_every_kind_of_wrong_code_is_caught(
    name: str, hzz4l: SelectionCriteria, profile: Profile, toys: list[Path], tmp_path: Path
) -> None:
    if name == "regions":
        profile = profile.model_copy(update={"histograms": ()})
    case = case_of({"four leptons": hzz4l, "regions": regional()}[name], profile, tmp_path, toys[:1])
    tried = list(mutants(case.source))
    assert len(tried) > 100
    assert told(survivors(case, tried)) == []
