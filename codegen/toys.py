"""Write toy collision data in the layout of the ATLAS Open Data 2020 `mini` tree.

For demonstrations and tests where no real Open Data is at hand. Names, types and units (MeV, mm) are those of the real
files; the physics is a caricature with the right peaks: a Higgs boson at 125 GeV, the four-lepton continuum with its Z
peak, Z bosons with two fake leptons, and data drawn from their sum. Stored leptons reach below and beyond the usual
thresholds, so that every cut of a four-lepton selection has something to remove.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codegen.decays import MASS_ELECTRON, MASS_MUON, pt_eta_phi
from codegen.toy_processes import PROCESSES, Leptons, Process

Generator = np.random.Generator
Columns = dict[str, npt.NDArray[Any]]

LUMINOSITY = 10.0  # fb^-1
LOWEST_PT, HIGHEST_ETA = 4.0, 2.8  # stored leptons [GeV]
GEV = 1000.0  # the tree is in MeV
MC_RUN, DATA_RUN = 284500, 300800

# Flat branches, then collections: the branches `<collection>_<field>` share the counter `<collection>_n`.
FLAT: dict[str, str] = {
    **dict.fromkeys(("runNumber", "eventNumber", "channelNumber"), "i4"),
    **dict.fromkeys(("mcWeight", "XSection", "SumWeights", "met_et", "met_phi", "met_et_syst", "ditau_m"), "f4"),
    **dict.fromkeys(
        (
            f"scaleFactor_{name}"
            for name in ("PILEUP", "ELE", "MUON", "PHOTON", "TAU", "BTAG", "LepTRIGGER", "PhotonTRIGGER")
        ),
        "f4",
    ),
    **dict.fromkeys(("trigE", "trigM", "trigP"), "?"),
}
COLLECTIONS: dict[str, dict[str, str]] = {
    "lep": {
        **dict.fromkeys(("truthMatched", "trigMatched", "isTightID"), "?"),
        **dict.fromkeys(("pt", "eta", "phi", "E", "z0", "ptcone30", "etcone20", "pt_syst"), "f4"),
        **dict.fromkeys(("trackd0pvunbiased", "tracksigd0pvunbiased"), "f4"),
        "charge": "i4",
        "type": "u4",
    },
    "jet": {
        **dict.fromkeys(("pt", "eta", "phi", "E", "jvt", "MV2c10", "pt_syst"), "f4"),
        "trueflav": "i4",
        "truthMatched": "?",
    },
    "photon": {
        **dict.fromkeys(("truthMatched", "trigMatched", "isTightID"), "?"),
        **dict.fromkeys(("pt", "eta", "phi", "E", "ptcone30", "etcone20", "pt_syst"), "f4"),
        "convType": "i4",
    },
    "tau": {
        **dict.fromkeys(("truthMatched", "trigMatched", "isTightID"), "?"),
        **dict.fromkeys(("pt", "eta", "phi", "E", "BDTid", "pt_syst"), "f4"),
        **dict.fromkeys(("nTracks", "charge"), "i4"),
    },
    "largeRjet": dict.fromkeys(
        ("pt", "eta", "phi", "E", "m", "truthMatched", "D2", "tau32", "pt_syst"),
        "f4",
    ),
}


def _concatenate(parts: list[Leptons]) -> Leptons:
    return Leptons(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("momentum", "flavour", "charge", "prompt")
        )
    )


def _stored(rng: Generator, drawn: Leptons) -> Leptons:
    """Measure momenta as a detector does (1.5 % resolution) and keep events with four leptons in acceptance."""
    smear = 1 + 0.015 * rng.normal(size=drawn.flavour.shape)
    momentum = drawn.momentum * smear[:, :, None]
    pt, eta, _ = pt_eta_phi(momentum.reshape(-1, 4))
    inside = ((pt > LOWEST_PT) & (np.abs(eta) < HIGHEST_ETA)).reshape(-1, 4).all(axis=1)
    return Leptons(momentum[inside], drawn.flavour[inside], drawn.charge[inside], drawn.prompt[inside])


def _draw(rng: Generator, process: Process, events: int) -> tuple[Leptons, int]:
    """Generate until `events` are stored; return them and how many were generated."""
    parts: list[Leptons] = []
    generated = stored = 0
    while stored < events:
        batch = max(2 * (events - stored), 100)
        parts.append(_stored(rng, process.draw(rng, batch)))
        generated += batch
        stored += len(parts[-1].flavour)
    everything = _concatenate(parts)
    kept = slice(0, events)
    leptons = Leptons(
        everything.momentum[kept], everything.flavour[kept], everything.charge[kept], everything.prompt[kept]
    )
    return leptons, round(generated * events / stored)


def _lepton_columns(rng: Generator, leptons: Leptons, data: bool) -> tuple[Columns, npt.NDArray[np.int64]]:
    """Return flattened lepton branches, sorted by falling transverse momentum, and the number per event.

    One event in thirty has a soft fifth lepton from a jet.
    """
    size = len(leptons.flavour)
    extra = rng.random(size) < 1 / 30
    pt, eta, phi = (column.reshape(size, 4) for column in pt_eta_phi(leptons.momentum.reshape(-1, 4)))

    def five(four: npt.NDArray[Any], fifth: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.column_stack([four, fifth])

    pt = five(pt, LOWEST_PT + rng.exponential(5.0, size))
    eta = five(eta, rng.uniform(-HIGHEST_ETA, HIGHEST_ETA, size))
    phi = five(phi, rng.uniform(-np.pi, np.pi, size))
    flavour = five(leptons.flavour, np.where(rng.random(size) < 0.5, 11, 13))
    charge = five(leptons.charge, np.where(rng.random(size) < 0.5, 1, -1))
    prompt = five(leptons.prompt, np.zeros(size, bool))
    present = five(np.ones((size, 4), bool), extra)

    order = np.argsort(np.where(present, -pt, 0), axis=1, kind="stable")
    pt, eta, phi, flavour, charge, prompt, present = (
        np.take_along_axis(column, order, axis=1)[np.take_along_axis(present, order, axis=1)]
        for column in (pt, eta, phi, flavour, charge, prompt, present)
    )
    count = len(pt)
    mass = np.where(flavour == 11, MASS_ELECTRON, MASS_MUON)
    # Tracks: prompt ones point at the vertex; leptons from jets come from b hadrons or from another collision; some
    # muons are badly measured.
    resolution = np.where((flavour == 13) & (rng.random(count) < 0.01), 0.8, 0.012 + 0.10 / pt)
    displaced = ~prompt & (rng.random(count) < 0.6)
    shift = np.where(displaced, rng.laplace(0, 0.10, count), 0)
    d0 = shift + resolution * rng.normal(size=count)
    elsewhere = rng.random(count) < np.where(prompt, 0.004, 0.08)
    z0 = np.where(elsewhere, rng.normal(0, 40.0, count), rng.normal(0, 0.08, count)) * np.cosh(eta) ** 0.5
    # Isolation energies [GeV]: mostly no track at all around a prompt lepton.
    tracks = np.where(rng.random(count) < np.where(prompt, 0.85, 0.25), 0, 1.0 + rng.exponential(1.0, count) * pt * 0.3)
    calorimeter = rng.normal(0.2, 1.0, count) + np.where(prompt, 0.0, rng.exponential(0.25, count) * pt)
    fires = prompt & (pt > 27) & (rng.random(count) < np.where(flavour == 11, 0.95, 0.85))
    columns: Columns = {
        "pt": pt * GEV,
        "eta": eta,
        "phi": phi,
        "E": np.sqrt((pt * np.cosh(eta)) ** 2 + mass**2) * GEV,
        "z0": z0,
        "charge": charge,
        "type": flavour,
        "isTightID": rng.random(count) < np.where(prompt, 0.9, 0.3),
        "ptcone30": tracks * GEV,
        "etcone20": calorimeter * GEV,
        "trackd0pvunbiased": d0,
        "tracksigd0pvunbiased": np.abs(d0) / resolution,
        "trigMatched": fires,
        "truthMatched": prompt & (not data),
        "pt_syst": np.zeros(count) if data else pt * GEV * 0.004 * rng.random(count),
    }
    return columns, 4 + extra.astype(np.int64)


def _jet_columns(rng: Generator, size: int, data: bool) -> tuple[Columns, npt.NDArray[np.int64]]:
    """Return flattened jet branches and the number per event, about one, also in the forward region."""
    number = rng.poisson(0.9, size)
    count = int(number.sum())
    pt = 20 + rng.exponential(30.0, count)
    # Sorted by falling transverse momentum within each event.
    owner = np.repeat(np.arange(size), number)
    pt = pt[np.lexsort((-pt, owner))]
    eta = np.clip(rng.normal(0, 2.0, count), -4.9, 4.9)
    flavour = rng.choice([0, 4, 5], count, p=[0.85, 0.08, 0.07])
    columns: Columns = {
        "pt": pt * GEV,
        "eta": eta,
        "phi": rng.uniform(-np.pi, np.pi, count),
        "E": np.hypot(pt * np.cosh(eta), 0.12 * pt) * GEV,
        "jvt": 1 - rng.exponential(0.05, count).clip(0, 1.1),
        "MV2c10": np.clip(np.where(flavour == 5, 0.8, -0.7) + 0.3 * rng.normal(size=count), -1, 1),
        "trueflav": np.zeros(count, np.int64) if data else flavour,
        "truthMatched": np.full(count, not data),
        "pt_syst": np.zeros(count) if data else 0.05 * pt * GEV,
    }
    return columns, number


def _tree(rng: Generator, leptons: Leptons, *, run: int, channel: int, weight: Columns) -> dict[str, Any]:
    """Return all branches for writing; `weight` is empty for data."""
    import awkward as ak

    size, data = len(leptons.flavour), not weight
    lep, lep_n = _lepton_columns(rng, leptons, data)
    jet, jet_n = _jet_columns(rng, size, data)
    fired = {
        name: ak.to_numpy(ak.any(ak.unflatten(lep["trigMatched"] & (lep["type"] == flavour), lep_n), axis=1))
        for name, flavour in (("trigE", 11), ("trigM", 13))
    }
    met = rng.exponential(18.0, size) + 1
    flat: Columns = {
        "runNumber": np.full(size, run),
        "eventNumber": 1 + rng.permutation(10 * size)[:size],
        "channelNumber": np.full(size, channel),
        "XSection": np.ones(size),
        "SumWeights": np.ones(size),
        "met_et": met * GEV,
        "met_phi": rng.uniform(-np.pi, np.pi, size),
        "met_et_syst": np.zeros(size) if data else 0.1 * met * GEV,
        **fired,
        **weight,
    }
    none = np.zeros(size, np.int64)
    content = {"lep": (lep, lep_n), "jet": (jet, jet_n)}
    branches: dict[str, Any] = {
        name: np.asarray(flat.get(name, np.zeros(size)), dtype=kind) for name, kind in FLAT.items()
    }
    for collection, fields in COLLECTIONS.items():
        columns, number = content.get(collection, ({name: np.zeros(0) for name in fields}, none))
        branches[collection] = ak.zip(
            {name: ak.unflatten(np.asarray(columns[name], dtype=kind), number) for name, kind in fields.items()}
        )
    return branches


def _weights(rng: Generator, process: Process, size: int, generated: int) -> tuple[Columns, float]:
    """Return the weight branches of a simulated sample, and its sum of generated weights."""
    sign = np.where(rng.random(size) < process.negative, -1.0, 1.0)
    sum_of_weights = round(generated * float(sign.mean()), 3)
    columns: Columns = {
        "mcWeight": sign,
        "scaleFactor_PILEUP": rng.lognormal(-0.02, 0.2, size),
        "scaleFactor_ELE": rng.normal(0.98, 0.02, size),
        "scaleFactor_MUON": rng.normal(0.99, 0.01, size),
        "scaleFactor_LepTRIGGER": rng.normal(0.99, 0.02, size),
        "XSection": np.full(size, process.cross_section),
        "SumWeights": np.full(size, sum_of_weights),
        **{f"scaleFactor_{name}": np.ones(size) for name in ("PHOTON", "TAU", "BTAG", "PhotonTRIGGER")},
    }
    return columns, sum_of_weights


def _write(path: Path, branches: dict[str, Any]) -> None:
    import uproot

    path.parent.mkdir(parents=True, exist_ok=True)
    types = {name: value.dtype if name in FLAT else value.type.content for name, value in branches.items()}
    with uproot.recreate(path, compression=uproot.ZLIB(1)) as file:
        tree = file.mktree(
            "mini",
            types,
            title="mini",
            counter_name=lambda counted: f"{counted}_n",
            field_name=lambda outer, inner: f"{outer}_{inner}" if outer else inner,
        )
        tree.extend(branches)


def write_toys(folder: Path, *, seed: int = 1, events: int = 2000) -> dict[str, Path]:
    """Write `Data/`, `MC/`, `samples.json` and `dataset.toml` under `folder`; return the files by sample name.

    Each simulated sample holds `events` events; data hold what 10 fb^-1 would give, Poisson distributed, whatever
    `events` is. The same seed gives the same arrays in every run. Lists of the tree are counted arrays, not
    `std::vector`s (uproot cannot write those), and truth branches are filled with zeros in data.
    """
    if events < 1:
        message = f"toys: at least one event per sample, not {events}"
        raise ValueError(message)
    root = np.random.SeedSequence(seed)
    paths: dict[str, Path] = {}
    infos: dict[str, dict[str, float]] = {}
    observed: list[Leptons] = []
    for process, child in zip(PROCESSES, root.spawn(len(PROCESSES)), strict=True):
        rng, data_rng = (np.random.default_rng(part) for part in child.spawn(2))
        leptons, generated = _draw(rng, process, events)
        weight, sum_of_weights = _weights(rng, process, events, generated)
        paths[process.name] = folder / "MC" / f"mc_{process.dsid}.{process.name}.4lep.root"
        _write(paths[process.name], _tree(rng, leptons, run=MC_RUN, channel=process.dsid, weight=weight))
        infos[process.name] = {
            "DSID": process.dsid,
            "events": generated,
            "red_eff": 1,
            "sumw": sum_of_weights,
            "xsec": process.cross_section,
        }
        collisions = data_rng.poisson(1000 * LUMINOSITY * process.cross_section)
        observed.append(_stored(data_rng, process.draw(data_rng, collisions)))
    rng = np.random.default_rng(root.spawn(1)[0])
    mixture = _concatenate(observed)
    order = rng.permutation(len(mixture.flavour))
    data = Leptons(mixture.momentum[order], mixture.flavour[order], mixture.charge[order], mixture.prompt[order])
    paths["data_toy"] = folder / "Data" / "data_toy.4lep.root"
    _write(paths["data_toy"], _tree(rng, data, run=DATA_RUN, channel=DATA_RUN, weight={}))
    catalogue = {
        "_source": f"toy generator of cutbook, seed {seed}; no collision happened",
        "lumi_fb-1": {"data_toy": LUMINOSITY, "all": LUMINOSITY},
        "infos": infos,
    }
    (folder / "dataset.toml").write_text(f'title = "Toy data"\nluminosity = {LUMINOSITY}\nseed = {seed}\n')
    (folder / "samples.json").write_text(json.dumps(catalogue, indent=1) + "\n")
    return paths
