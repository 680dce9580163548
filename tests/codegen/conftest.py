"""Selections entered by hand, events made by hand, and a way to run emitted code on them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from codegen.emit import emit
from codegen.plan import Plan, make_plan
from codegen.profile import PROFILES, Profile, load_profile
from kb.errors import ProfileError
from kb.ssc import (
    Choice,
    Clause,
    Composite,
    Condition,
    Cut,
    Evidence,
    Origin,
    Paper,
    Piecewise,
    Region,
    SelectionCriteria,
    Subject,
    Variable,
)
from tests.codegen.backends import needs_root, ran, root_source

HASH = "0" * 64


def error_of_changed(tmp_path: Path, line: str, wrong: str) -> tuple[str, int, list[str]]:
    """Return what is said of the shipped profile of 2020 with one text changed: the message, the number, all lines."""
    text = (PROFILES / "atlas-2020.toml").read_text(encoding="utf-8")
    assert line in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(line, wrong, 1), encoding="utf-8")
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    message = caught.value.message
    return message, int(message.removeprefix(f"{path}:").split(":")[0]), path.read_text(encoding="utf-8").splitlines()


def cut(label: str, what: str, operator: str, value: Any, unit: str = "1", **more: Any) -> Cut:
    """Return a cut; `what` is `object.variable`."""
    thing, variable = what.split(".")
    subject = Subject(object=thing, rank=more.pop("rank", None), definition=more.pop("definition", None))
    details = {key: more.pop(key) for key in ("name", "component", "cone", "reference") if key in more}
    quote = f"the sentence that states {label}"
    evidence = Evidence(arxiv_id="note", document_hash=HASH, start=0, end=len(quote), quote=quote)
    fields: dict[str, Any] = {"scope": "event", "operator": operator, "value": value, "unit": unit} | more
    return Cut(
        id=label,
        subject=subject,
        variable=Variable(id=variable, **details),
        evidence=(evidence,),
        origin=Origin(extractor="grammar"),
        **fields,
    )


def clause(thing: str, variable: str, value: Any, operator: str = "is", *, name: str | None = None) -> Clause:
    """Return one part of a condition."""
    of = {"subject": {"object": thing}, "variable": {"id": variable, "name": name}}
    return Clause.model_validate({**of, "operator": operator, "value": value})


def when(text: str, *clauses: Clause, combine: str = "all") -> Condition:
    """Return a condition."""
    return Condition.model_validate({"text": text, "clauses": clauses, "combine": combine})


def criteria_of(*cuts: Cut, **more: Any) -> SelectionCriteria:
    """Return the criteria of a note."""
    return SelectionCriteria(paper=Paper(arxiv_id="note", title="A note", document_hash=HASH), cuts=cuts, **more)


def quadruplet_of(mode: str = "closest") -> tuple[Composite, ...]:
    """Return pairs of the same flavour and opposite charge, and the quadruplet made of two of them."""
    choice = Choice.model_validate(
        {"mode": mode, "variable": {"id": "mass"}, "target": 91.1876 if mode == "closest" else None, "unit": "GeV"}
    )
    pair: dict[str, Any] = {"object": "lepton_pair", "constituents": ("lepton",), "count": 2}
    pair["requires"] = ("same_flavour", "opposite_charge")
    return (
        Composite(name="SFOS pair", **pair),
        Composite(name="leading pair", rank=1, choice=choice, **pair),
        Composite(name="subleading pair", rank=2, choice=choice, excludes=("leading pair",), **pair),
        Composite(name="quadruplet", object="fourlepton", constituents=("leading pair", "subleading pair")),
    )


TOLD_LAST = pytest.StashKey[list[str]]()


@pytest.fixture
def told_last(request: pytest.FixtureRequest) -> list[str]:
    """Return lines, to be added to, which are shown when all tests have run."""
    return request.config.stash.setdefault(TOLD_LAST, [])


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show what tests have to tell, below the times of the benchmarks."""
    for line in config.stash.get(TOLD_LAST, []):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def hzz4l() -> SelectionCriteria:
    """Return the 27 cuts and the signal region of the four-lepton benchmark, in the shapes of the distiller."""
    each: dict[str, Any] = {"scope": "object"}
    curve = Piecewise(
        subject=Subject(object="fourlepton"), variable=Variable(id="mass"), unit="GeV", points=((140, 12), (190, 50))
    )
    tagged = clause("muon", "id", "calorimeter-tagged")
    alone = clause("muon", "id", "stand-alone")
    same = when("same flavour", clause("lepton_pair", "other", "same", name="flavour"))
    different = when("different flavour", clause("lepton_pair", "other", "different", name="flavour"))
    channel = clause("event", "other", "4μ", name="channel")
    not_channel = clause("event", "other", "4μ", "!=", name="channel")
    cuts = (
        cut("trigger", "event.trigger", "is", "lepton triggers", scope="trigger"),
        cut("e-pt", "electron.pt", ">", 7, "GeV", **each),
        cut("e-eta", "electron.abs_eta", "<", 2.47, **each),
        cut("mu-pt", "muon.pt", ">", 5, "GeV", **each),
        cut("mu-eta", "muon.abs_eta", "<", 2.7, **each),
        cut("mu-tagged-pt", "muon.pt", ">", 15, "GeV", when=when("calorimeter-tagged", tagged), **each),
        cut("z0", "lepton.z0_sintheta", "<", 0.5, "mm", **each),
        cut("e-d0sig", "electron.d0_sig", "<", 5, **each),
        cut("mu-d0sig", "muon.d0_sig", "<", 3, **each),
        cut("mu-d0", "muon.d0", "<", 0.1, "cm", **each),
        cut("jet-pt", "jet.pt", ">", 0.03, "TeV", **each),
        cut("jet-eta", "jet.abs_eta", "<", 4.5, **each),
        cut("pairs", "lepton_pair.count", ">=", 2, definition="SFOS pair"),
        cut("pt-1", "lepton.pt", ">", 20, "GeV", rank=1),
        cut("pt-2", "lepton.pt", ">", 15, "GeV", rank=2),
        cut("pt-3", "lepton.pt", ">", 10, "GeV", rank=3),
        cut("tagged", "muon.count", "<=", 1, when=when("tagged or alone", tagged, alone, combine="any")),
        cut("m12", "lepton_pair.mass", "in", (50, 106), "GeV", closed="neither", rank=1),
        cut("m34", "lepton_pair.mass", "in", (curve, 115), "GeV", closed="neither", rank=2),
        cut("dr-same", "lepton_pair.delta_r", ">", 0.1, when=same),
        cut("dr-different", "lepton_pair.delta_r", ">", 0.2, when=different),
        cut("m-ll", "lepton_pair.mass", ">", 5, "GeV", definition="SFOS pair"),
        cut("track-iso", "lepton.iso_rel", "<", 0.15, component="track", **each),
        cut("e-calo-iso", "electron.iso_rel", "<", 0.2, component="calorimeter", cone=0.2, **each),
        cut("mu-calo-iso", "muon.iso_rel", "<", 0.3, component="calorimeter", cone=0.2, **each),
        cut("chi2-4mu", "vertex.chi2", "<", 6, when=when("in the 4μ channel", channel)),
        cut("chi2-other", "vertex.chi2", "<", 9, when=when("in the other channels", not_channel)),
        cut(
            "m4l",
            "fourlepton.mass",
            "in",
            (115, 130),
            "GeV",
            closed="neither",
            scope="region",
            regions=("signal region",),
        ),
    )
    region = Region(name="signal region", kind="signal", cuts=("m4l",))
    return criteria_of(*cuts, composites=quadruplet_of(), regions=(region,))


@pytest.fixture(scope="session")
def notebook() -> dict[str, SelectionCriteria]:
    """Return the two selections of the published notebook."""
    loose = (
        cut("charge", "fourlepton.charge", "==", 0),
        cut("flavour", "fourlepton.other", "is", "4e or 4μ or 2e2μ", name="flavour"),
    )
    ranked = [cut(f"pt-{n}", "lepton.pt", ">", pt, "GeV", rank=n) for n, pt in ((1, 30), (2, 20), (3, 10))]
    return {"loose": criteria_of(*loose), "pt": criteria_of(*ranked, *loose)}


@pytest.fixture(scope="session")
def profile() -> Profile:
    """Return the shipped profile of the four-lepton skim."""
    return load_profile("atlas-2020")


Event = Mapping[str, Any]


def event(
    leptons: Sequence[tuple[float, ...]] = (), jets: Sequence[tuple[float, ...]] = (), **more: Any
) -> dict[str, Any]:
    """Return an event: leptons (type, charge, pT in GeV, η, φ), jets (pT, η, φ); `met`, `trigE`, lepton columns."""
    return {"leptons": leptons, "jets": jets, **more}


def write_events(path: Path, *events: Event) -> Path:
    """Write events as a `mini` tree."""
    lepton = {key: [[part[i] for part in e["leptons"]] for e in events] for i, key in enumerate(_LEPTON)}
    jet = {key: [[part[i] for part in e["jets"]] for e in events] for i, key in enumerate(("pt", "eta", "phi"))}
    columns = {
        "lep_type": _jagged(lepton["type"], "u4"),
        "lep_charge": _jagged(lepton["charge"], "i4"),
        "lep_pt": 1000 * _jagged(lepton["pt"]),
        "lep_eta": _jagged(lepton["eta"]),
        "lep_phi": _jagged(lepton["phi"]),
        "jet_pt": 1000 * _jagged(jet["pt"]),
        "jet_eta": _jagged(jet["eta"]),
        "jet_phi": _jagged(jet["phi"]),
    }
    columns["lep_E"] = columns["lep_pt"] * np.cosh(columns["lep_eta"])
    columns["jet_E"] = columns["jet_pt"] * np.cosh(columns["jet_eta"])
    for branch in ("z0", "ptcone30", "etcone20", "trackd0pvunbiased", "tracksigd0pvunbiased"):
        columns[f"lep_{branch}"] = _jagged([e.get(branch, [0.0] * len(e["leptons"])) for e in events])
    columns["jet_MV2c10"] = _jagged([e.get("MV2c10", [0.0] * len(e["jets"])) for e in events])
    flags = [e.get("tight", [1] * len(e["leptons"])) for e in events]
    columns["lep_isTightID"] = ak.values_astype(_jagged(flags), bool)
    size = len(events)
    flat = {
        "runNumber": np.full(size, 7, dtype="i4"),
        "eventNumber": np.arange(size, dtype="i4"),
        "met_et": np.array([1000 * e.get("met", 0.0) for e in events], dtype="f4"),
        "met_phi": np.array([e.get("met_phi", 0.0) for e in events], dtype="f4"),
        "trigE": np.array([e.get("trigE", True) for e in events]),
        "trigM": np.array([e.get("trigM", False) for e in events]),
    }
    lists = {
        prefix: ak.zip({key.split("_", 1)[1]: v for key, v in columns.items() if key.startswith(f"{prefix}_")})
        for prefix in ("lep", "jet")
    }
    with uproot.recreate(path) as file:
        file.mktree("mini", {n: v.type.content for n, v in lists.items()} | {n: v.dtype for n, v in flat.items()})
        file["mini"].extend(lists | flat)
    return path


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Return a writer of events as a `mini` tree."""

    def make(*events: Event, name: str = "events.root") -> Path:
        return write_events(tmp_path / name, *events)

    return make


_LEPTON = ("type", "charge", "pt", "eta", "phi")


def _jagged(lists: Sequence[Sequence[float]], dtype: str = "f4") -> ak.Array:
    counts = np.array([len(part) for part in lists], dtype="i8")
    flat = np.array([value for part in lists for value in part], dtype=dtype)
    return ak.unflatten(ak.Array(flat), counts)


Masks = dict[str, list[bool]]


def masks_of(
    criteria: SelectionCriteria, profile: Profile, *files: Path, source: Callable[[Plan], str] = emit
) -> Masks:
    """Run the code of criteria on files: pass flags by step, by region and for the whole selection."""
    return {name: mask.tolist() for name, mask in ran(source(make_plan(criteria, profile)), files).masks().items()}


@pytest.fixture(params=[pytest.param(emit, id="awkward"), pytest.param(root_source, id="rdataframe", marks=needs_root)])
def masks(request: pytest.FixtureRequest, profile: Profile) -> Callable[..., Masks]:
    """Return a runner of criteria on files, by each back end."""
    return lambda criteria, *files: masks_of(criteria, profile, *files, source=request.param)


@pytest.fixture
def selected(masks: Callable[..., Masks], write: Callable[..., Path]) -> Callable[..., list[bool]]:
    """Return which hand-made events a few cuts select."""

    def run(events: Sequence[Event], *cuts: Cut, **more: Any) -> list[bool]:
        return masks(criteria_of(*cuts, **more), write(*events))["selected"]

    return run


def run_script(script: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run an emitted script as a user would."""
    argv = [sys.executable, "-W", "error", str(script), *map(str, arguments)]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
