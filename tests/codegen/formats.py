"""Small files in the formats of the shipped profiles, written on the spot, and a loop over two muons of each event."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot

MUON, ELECTRON = 0.1056583755, 0.00051099895  # GeV


@dataclass(frozen=True)
class Branches:
    """Where the momenta of a kind of lepton are in a tree; `mass` in GeV if the tree has none."""

    tree: str
    pt: str
    eta: str
    phi: str
    charge: str
    gev: float
    mass: str | float
    kind: tuple[str, int] | None = None


NANOAOD = Branches("Events", "Muon_pt", "Muon_eta", "Muon_phi", "Muon_charge", 1.0, "Muon_mass")
_OF_MUONS = [f"AnalysisMuonsAuxDyn.{name}" for name in ("pt", "eta", "phi", "charge")]
_OF_ELECTRONS = [f"AnalysisElectronsAuxDyn.{name}" for name in ("pt", "eta", "phi", "charge")]
PHYSLITE = Branches("CollectionTree", *_OF_MUONS, gev=1000.0, mass=MUON)
PHYSLITE_ELECTRONS = Branches("CollectionTree", *_OF_ELECTRONS, gev=1000.0, mass="AnalysisElectronsAuxDyn.m")
ATLAS_2025 = Branches("analysis", "lep_pt", "lep_eta", "lep_phi", "lep_charge", 1.0, MUON, ("lep_type", 13))
ATLAS_2020 = Branches("mini", "lep_pt", "lep_eta", "lep_phi", "lep_charge", 1000.0, MUON, ("lep_type", 13))


def rows(path: Path, tree: str, *names: str) -> list[dict[str, Any]]:
    """Return some branches of every event as plain Python."""
    arrays = {name: uproot.open(path)[tree][name].array().to_list() for name in names}
    return [dict(zip(arrays, values, strict=True)) for values in zip(*arrays.values(), strict=True)]


def two_leptons(path: Path, where: Branches) -> list[bool]:
    """Say of each event whether it has exactly two leptons of opposite charge that make a Z boson.

    |η| < 2.4, pT > 20 and 10 GeV, 70 < m < 110 GeV; what a physicist would write without any library.
    """
    names = [where.pt, where.eta, where.phi, where.charge]
    names += [where.mass] if isinstance(where.mass, str) else []
    names += [where.kind[0]] if where.kind else []
    passes = []
    for row in rows(path, where.tree, *names):
        leptons = []
        for i, pt in enumerate(row[where.pt]):
            if where.kind and row[where.kind[0]][i] != where.kind[1]:
                continue
            if abs(row[where.eta][i]) < 2.4:
                mass = row[where.mass][i] / where.gev if isinstance(where.mass, str) else where.mass
                leptons.append((pt / where.gev, row[where.eta][i], row[where.phi][i], row[where.charge][i], mass))
        leptons.sort(reverse=True)
        if len(leptons) != 2:
            passes.append(False)
            continue
        (pt1, _, _, q1, _), (pt2, _, _, q2, _) = leptons
        energy = px = py = pz = 0.0
        for pt, eta, phi, _, mass in leptons:
            px, py, pz = px + pt * math.cos(phi), py + pt * math.sin(phi), pz + pt * math.sinh(eta)
            energy += math.sqrt((pt * math.cosh(eta)) ** 2 + mass**2)
        m = math.sqrt(max(energy**2 - px**2 - py**2 - pz**2, 0))
        passes.append(pt1 > 20 and pt2 > 10 and q1 * q2 < 0 and 70 < m < 110)
    return passes


def leptons(size: int, seed: int = 5) -> dict[str, ak.Array]:
    """Return leptons of both kinds: about two per event, many of them from Z bosons at rest, in GeV."""
    rng = np.random.default_rng(seed)
    number = rng.choice([0, 1, 2, 2, 2, 2, 3, 4], size)
    count = int(number.sum())
    first = rng.random(count) < 0.5
    columns = {
        "pt": np.where(first, rng.normal(45, 8, count), rng.exponential(25, count) + 3).clip(3),
        "eta": rng.uniform(-2.7, 2.7, count),
        "phi": rng.uniform(-np.pi, np.pi, count),
        "charge": rng.choice([-1, 1], count),
        "type": rng.choice([11, 13, 13], count),
        "level": rng.integers(0, 8, count),
        "flag": rng.random(count) < 0.8,
        "isolation": rng.exponential(0.1, count),
        "d0": rng.normal(0, 0.004, count),
    }
    jagged = {name: ak.unflatten(values, number) for name, values in columns.items()}
    order = ak.argsort(jagged["pt"], axis=1, ascending=False)
    return {name: values[order] for name, values in jagged.items()}


def _write(
    path: Path,
    tree: str,
    lists: dict[str, ak.Array],
    flat: dict[str, Any],
    separator: str = "_",
    cluster: int = 50_000,
) -> Path:
    """Write a tree whose baskets hold so many events at most."""
    types = {name: value.type.content for name, value in lists.items()}
    types |= {name: value.dtype for name, value in flat.items()}
    with uproot.recreate(path) as file:
        made = file.mktree(
            tree,
            types,
            counter_name=lambda counted: f"n{counted}",
            field_name=lambda outer, inner: f"{outer}{separator}{inner}" if outer else inner,
        )
        columns = lists | flat
        size = len(next(iter(columns.values())))
        for start in range(0, size, cluster):
            made.extend({name: column[start : start + cluster] for name, column in columns.items()})
    return path


def _of(columns: dict[str, ak.Array], kind: int, dtypes: dict[str, tuple[str, str]]) -> ak.Array:
    chosen = columns["type"] == kind
    return ak.zip({new: ak.values_astype(columns[old][chosen], dtype) for new, (old, dtype) in dtypes.items()})


PATHS = {"HLT_IsoMu24": 0.7, "HLT_Mu17_Mu8": 0.5}
"""Triggers of a file, and how often they fire."""


def write_nanoaod(
    path: Path, size: int = 400, *, simulated: bool = False, paths: Mapping[str, float] | None = None
) -> Path:
    """Write electrons, muons, missing momentum and a few triggers as CMS NanoAOD."""
    columns = leptons(size)
    usual = {name: (name, "f4") for name in ("pt", "eta", "phi")} | {"charge": ("charge", "i4"), "dxy": ("d0", "f4")}
    muons = _of(columns, 13, {**usual, "pfRelIso04_all": ("isolation", "f4"), "tightId": ("flag", "?")})
    muons = ak.with_field(muons, ak.full_like(muons.pt, MUON), "mass")
    muons = ak.with_field(muons, ak.values_astype(_of(columns, 13, {"l": ("level", "i4")}).l, "u1"), "pfIsoId")
    electrons = _of(columns, 11, {**usual, "cutBased": ("level", "i4")})
    electrons = ak.with_field(electrons, ak.full_like(electrons.pt, ELECTRON), "mass")
    rng = np.random.default_rng(6)
    flat = {
        "run": np.full(size, 260000, "u4"),
        "luminosityBlock": np.ones(size, "u4"),
        "event": np.arange(size, dtype="u8"),
        "MET_pt": rng.exponential(20, size).astype("f4"),
        "MET_phi": rng.uniform(-3, 3, size).astype("f4"),
        **{name: rng.random(size) < often for name, often in (PATHS if paths is None else paths).items()},
        "Flag_METFilters": rng.random(size) < 0.9,
        **({"genWeight": np.ones(size, "f4")} if simulated else {}),
    }
    return _write(path, "Events", {"Muon": muons, "Electron": electrons}, flat)


def write_physlite(path: Path, size: int = 400) -> Path:
    """Write electrons and muons as ATLAS PHYSLITE, in MeV."""
    columns = leptons(size, seed=7)
    columns["pt"] = 1000 * columns["pt"]
    usual = {name: (name, "f4") for name in ("pt", "eta", "phi", "charge")}
    muons = _of(columns, 13, {**usual, "quality": ("level", "u1")})
    electrons = _of(columns, 11, {**usual, "DFCommonElectronsLHLoose": ("flag", "i1")})
    electrons = ak.with_field(electrons, ak.full_like(electrons.pt, 1000 * ELECTRON), "m")
    flat = {
        "EventInfoAuxDyn.runNumber": np.full(size, 284500, "u4"),
        "EventInfoAuxDyn.eventNumber": np.arange(size, dtype="u8"),
        "EventInfoAuxDyn.mcChannelNumber": np.full(size, 361107, "u4"),
    }
    lists = {"AnalysisMuonsAuxDyn": muons, "AnalysisElectronsAuxDyn": electrons}
    return _write(path, "CollectionTree", lists, flat, separator=".")


WEIGHTS_2025 = {"xsec": 0.5, "filteff": 0.25, "kfac": 1.2, "sum_of_weights": 4000.0, "ScaleFactor_LepTRIGGER": 0.9}
"""Branches of simulation; those that are 1 are left out."""


def write_atlas_2025(path: Path, size: int = 400, *, simulated: bool = False) -> Path:
    """Write leptons and triggers in the layout of the ATLAS education release of 2025, in GeV."""
    columns = leptons(size, seed=8)
    kinds = {name: (name, "f4") for name in ("pt", "eta", "phi")} | {"charge": ("charge", "i4"), "type": ("type", "i4")}
    flags = {f"is{name}": ("flag", "?") for name in ("LooseID", "MediumID", "LooseIso", "TrigMatched")}
    lep = ak.zip({new: ak.values_astype(columns[old], dtype) for new, (old, dtype) in {**kinds, **flags}.items()})
    lep = ak.with_field(lep, lep.pt * np.cosh(lep.eta), "e")
    rng = np.random.default_rng(9)
    flat = {
        "runNumber": np.full(size, 276262, "u4"),
        "eventNumber": np.arange(size, dtype="u8"),
        "trigE": rng.random(size) < 0.5,
        "trigM": rng.random(size) < 0.5,
    }
    if simulated:
        ones = ("mcWeight", "ScaleFactor_PILEUP", "ScaleFactor_ELE", "ScaleFactor_MUON")
        flat |= {
            name: np.full(size, value, "f4") for name, value in {**dict.fromkeys(ones, 1.0), **WEIGHTS_2025}.items()
        }
    return _write(path, "analysis", {"lep": lep}, flat)


def write_nanoaod_events(path: Path, size: int) -> Path:
    """Write electrons, muons, jets with a b-tagging discriminant and missing momentum as CMS NanoAOD, in disorder."""
    rng = np.random.default_rng(11)

    def objects(mean: float, mass: float, **more: str) -> ak.Array:
        number = rng.poisson(mean, size)
        count = int(number.sum())
        columns = {
            "pt": rng.exponential(35, count) + 5,
            "eta": rng.uniform(-2.6, 2.6, count),
            "phi": rng.uniform(-np.pi, np.pi, count),
            "mass": np.full(count, mass) if mass < 1 else rng.exponential(mass, count),
            "charge": rng.choice([-1, 1], count),
            "btagDeepFlavB": rng.random(count),
        }
        kinds = {**dict.fromkeys(("pt", "eta", "phi", "mass"), "f4"), **more}
        return ak.unflatten(ak.zip({name: columns[name].astype(kind) for name, kind in kinds.items()}), number)

    lists = {
        "Electron": objects(0.9, ELECTRON, charge="i4"),
        "Muon": objects(1.2, MUON, charge="i4"),
        "Jet": objects(3.2, 8.0, btagDeepFlavB="f4"),
    }
    flat = {
        "run": np.full(size, 1, "u4"),
        "event": np.arange(size, dtype="u8"),
        "MET_pt": rng.exponential(25, size).astype("f4"),
        "MET_phi": rng.uniform(-np.pi, np.pi, size).astype("f4"),
    }
    return _write(path, "Events", lists, flat)
