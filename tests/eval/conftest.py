"""Selections entered by hand, and toy collision data, for checking loops over events."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from codegen.toys import write_toys
from kb.ssc import (
    Choice,
    Clause,
    Composite,
    Condition,
    Cut,
    Origin,
    Paper,
    Piecewise,
    Region,
    SelectionCriteria,
    Subject,
    Variable,
)

Lepton = tuple[int, int, float, float, float]
Jet = tuple[float, float, float]


def by_hand(name: str, what: str, operator: str, value: Any, unit: str = "1", **more: Any) -> Cut:
    """Return a cut a person entered; `what` is `object.variable`."""
    thing, variable = what.split(".")
    subject = Subject(object=thing, rank=more.pop("rank", None), definition=more.pop("definition", None))
    details = more.pop("variable", {})
    fields: dict[str, Any] = {"scope": more.pop("scope", "event"), "operator": operator, "value": value, "unit": unit}
    origin = Origin(extractor="human")
    return Cut(id=name, subject=subject, variable=Variable(id=variable, **details), origin=origin, **fields, **more)


def when(text: str, thing: str, variable: str, value: str, name: str | None = None) -> Condition:
    """Return a condition of one clause."""
    clause = Clause(
        subject=Subject(object=thing), variable=Variable(id=variable, name=name), operator="is", value=value
    )
    return Condition(text=text, clauses=(clause,))


def criteria_of(*cuts: Cut, **more: Any) -> SelectionCriteria:
    """Return criteria without a paper."""
    return SelectionCriteria(paper=Paper(arxiv_id="by-hand", document_hash="0" * 64), cuts=cuts, **more)


@pytest.fixture(scope="session")
def hzz4l() -> SelectionCriteria:
    """Return the benchmark's 27 cuts and its signal region, entered by hand."""
    pair, other = {"rank": 1}, {"name": "flavour"}
    curve = Piecewise(
        subject=Subject(object="fourlepton"), variable=Variable(id="mass"), unit="GeV", points=((140, 12), (190, 50))
    )
    each: dict[str, Any] = {"scope": "object"}
    same = when("of the same flavour", "lepton_pair", "other", "same", other["name"])
    different = when("of different flavour", "lepton_pair", "other", "different", other["name"])
    tagged = when("calorimeter-tagged", "muon", "id", "calorimeter-tagged")
    tracks = {"component": "track", "cone_rule": "0.2 for electrons, 0.3 for muons"}
    cuts = (
        by_hand("trigger", "event.trigger", "is", "lepton triggers", scope="trigger"),
        by_hand("e-pt", "electron.pt", ">", 7, "GeV", **each),
        by_hand("e-eta", "electron.abs_eta", "<", 2.47, **each),
        by_hand("mu-pt", "muon.pt", ">", 5, "GeV", **each),
        by_hand("mu-eta", "muon.abs_eta", "<", 2.7, **each),
        by_hand("mu-tagged-pt", "muon.pt", ">", 15, "GeV", when=tagged, **each),
        by_hand("z0", "lepton.z0_sintheta", "<", 0.5, "mm", **each),
        by_hand("e-d0sig", "electron.d0_sig", "<", 5, **each),
        by_hand("mu-d0sig", "muon.d0_sig", "<", 3, **each),
        by_hand("mu-d0", "muon.d0", "<", 1000, "um", **each),
        by_hand("jet-pt", "jet.pt", ">", 0.03, "TeV", **each),
        by_hand("jet-eta", "jet.abs_eta", "<", 4.5, **each),
        by_hand("pairs", "lepton_pair.count", ">=", 2, definition="SFOS pair"),
        by_hand("pt-1", "lepton.pt", ">", 20, "GeV", rank=1),
        by_hand("pt-2", "lepton.pt", ">", 15, "GeV", rank=2),
        by_hand("pt-3", "lepton.pt", ">", 10, "GeV", rank=3),
        by_hand("tagged-count", "muon.count", "<=", 1, when=tagged),
        by_hand("m12", "lepton_pair.mass", "in", (50, 106), "GeV", closed="neither", **pair),
        by_hand("m34", "lepton_pair.mass", "in", (curve, 115), "GeV", closed="neither", rank=2),
        by_hand("dr-same", "lepton_pair.delta_r", ">", 0.1, when=same),
        by_hand("dr-different", "lepton_pair.delta_r", ">", 0.2, when=different),
        by_hand("m-ll", "lepton_pair.mass", ">", 5, "GeV", definition="SFOS pair"),
        by_hand("track-iso", "lepton.iso_rel", "<", 0.15, variable=tracks, **each),
        by_hand("e-calo-iso", "electron.iso_rel", "<", 0.2, variable={"component": "calorimeter", "cone": 0.2}, **each),
        by_hand("mu-calo-iso", "muon.iso_rel", "<", 0.3, variable={"component": "calorimeter", "cone": 0.2}, **each),
        by_hand("chi2-4mu", "vertex.chi2", "<", 6, when=when("4μ channel", "fourlepton", "other", "4μ", "flavour")),
        by_hand("chi2-other", "vertex.chi2", "<", 9, when=Condition(text="in the other channels")),
        by_hand(
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
    sfos = ("same_flavour", "opposite_charge")
    nearest = Choice(mode="closest", variable=Variable(id="mass"), target=91.1876, unit="GeV")
    pairs: dict[str, Any] = {"object": "lepton_pair", "constituents": ("lepton",), "count": 2, "requires": sfos}
    composites = (
        Composite(name="SFOS pair", **pairs),
        Composite(name="leading pair", rank=1, choice=nearest, **pairs),
        Composite(name="subleading pair", rank=2, choice=nearest, excludes=("leading pair",), **pairs),
        Composite(name="quadruplet", object="fourlepton", constituents=("leading pair", "subleading pair")),
    )
    region = Region(name="signal region", kind="signal", cuts=("m4l",))
    return criteria_of(*cuts, composites=composites, regions=(region,))


@pytest.fixture(scope="session")
def notebook() -> dict[str, SelectionCriteria]:
    """Return the published notebook's two selections, entered by hand."""
    loose = (
        by_hand("charge", "fourlepton.charge", "==", 0),
        by_hand("flavour", "fourlepton.other", "is", "4e or 4μ or 2e2μ", variable={"name": "flavour"}),
    )
    ranked = [by_hand(f"pt-{n}", "lepton.pt", ">", pt, "GeV", rank=n) for n, pt in ((1, 30), (2, 20), (3, 10))]
    return {"loose": criteria_of(*loose), "pt": criteria_of(*ranked, *loose)}


@pytest.fixture(scope="session")
def toys(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return toy samples of a few hundred events each."""
    files = write_toys(tmp_path_factory.mktemp("toys"), seed=7, events=600)
    return sorted(files.values())


@pytest.fixture(scope="session")
def open_data(shared: Path) -> dict[str, Path]:
    """Return the real files of the ATLAS 2020 four-lepton skim by sample name."""
    files = sorted((shared / "data" / "atlas_2020_4lep").glob("*/*.root"))
    if not files:
        pytest.skip("no ATLAS 2020 four-lepton files beside the project")
    return {file.name.removesuffix(".4lep.root").split(".")[-1]: file for file in files}


@pytest.fixture
def event(tmp_path: Path) -> Callable[..., Path]:
    """Return a maker of files with one event of the `mini` tree.

    A lepton is (type, charge, pT in GeV, η, φ), a jet (pT, η, φ); other lepton branches are zero unless given.
    """

    def make(leptons: list[Lepton], jets: list[Jet] | None = None, met: float = 0.0, **branches: list[float]) -> Path:
        numbers = zip(*leptons, strict=True) if leptons else ((),) * 5
        kind, charge, pt, eta, phi = (np.array(values, dtype="f4") for values in numbers)
        lep = {"type": kind.astype("u4"), "charge": charge.astype("i4"), "pt": 1000 * pt, "eta": eta, "phi": phi}
        lep["E"] = 1000 * pt * np.cosh(eta)
        for name in ("z0", "ptcone30", "etcone20", "trackd0pvunbiased", "tracksigd0pvunbiased"):
            lep[name] = np.array(branches.get(name, [0.0] * len(leptons)), dtype="f4")
        jpt, jeta, jphi = (np.array(v, dtype="f4") for v in (zip(*jets, strict=True) if jets else ((),) * 3))
        jet = {"pt": 1000 * jpt, "eta": jeta, "phi": jphi, "E": 1000 * jpt * np.cosh(jeta), "MV2c10": 0 * jpt}
        lists = {"lep": ak.zip({n: ak.Array([v]) for n, v in lep.items()})}
        lists["jet"] = ak.zip({n: ak.Array([v]) for n, v in jet.items()})
        flat = {"met_et": np.array([1000 * met], dtype="f4"), "met_phi": np.zeros(1, dtype="f4")}
        flat |= {"trigE": np.array([True]), "trigM": np.array([False])}
        file = tmp_path / f"event{len(list(tmp_path.iterdir()))}.root"
        with uproot.recreate(file) as root:
            root.mktree("mini", {n: a.type.content for n, a in lists.items()} | {n: a.dtype for n, a in flat.items()})
            root["mini"].extend(lists | flat)
        return file

    return make
