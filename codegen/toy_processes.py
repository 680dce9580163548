"""The processes of the toy data: what is produced, and the four leptons it decays into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codegen.decays import (
    MASS_ELECTRON,
    MASS_HIGGS,
    MASS_MUON,
    MASS_Z,
    WIDTH_Z,
    Array,
    break_up,
    breit_wigner,
    decay,
    moving,
    pt_eta_phi,
)

Generator = np.random.Generator


@dataclass(frozen=True, slots=True)
class Leptons:
    """Four leptons per event: momenta (events, 4, 4) in GeV, and (events, 4) arrays of identity."""

    momentum: Array
    flavour: npt.NDArray[np.int64]
    charge: npt.NDArray[np.int64]
    prompt: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Process:
    """One toy process; its cross-section [pb] includes the branching fraction into the generated leptons."""

    name: str
    dsid: int
    cross_section: float
    negative: float
    """Fraction of events with weight -1, as next-to-leading-order generators have."""
    draw: Callable[[Generator, int], Leptons]


def _four_leptons(rng: Generator, mass: Array, first: Array, second: Array, pt_scale: float) -> Leptons:
    """Decay a system of given mass into two pairs of given masses, each of one flavour and opposite charge."""
    size = len(mass)
    flavour = np.where(rng.random((size, 2)) < 0.5, 11, 13)
    pairs = decay(rng, moving(rng, mass, pt_scale), mass, first, second)
    rows: list[Array] = []
    for pair, pair_mass, own in zip(pairs, (first, second), flavour.T, strict=True):
        lepton = np.where(own == 11, MASS_ELECTRON, MASS_MUON)
        rows += decay(rng, pair, pair_mass, lepton, lepton)
    return Leptons(
        momentum=np.stack(rows, axis=1),
        flavour=np.repeat(flavour, 2, axis=1),
        charge=np.tile([1, -1, 1, -1], (size, 1)),
        prompt=np.ones((size, 4), bool),
    )


def _signal(rng: Generator, size: int) -> Leptons:
    """H → ZZ* → 4ℓ: one Z near its mass shell, the other below; weighted by both propagators and phase space."""
    first = np.empty(0)
    second = np.empty(0)
    while len(first) < size:
        near, far = breit_wigner(rng, 4 * size, 40, 115), rng.uniform(3, 65, 4 * size)
        higgs = np.full_like(near, MASS_HIGGS)
        weight = far**3 * break_up(higgs, near, far) / ((far**2 - MASS_Z**2) ** 2 + (MASS_Z * WIDTH_Z) ** 2)
        weight[near + far >= MASS_HIGGS] = 0
        kept = rng.random(4 * size) * weight.max() < weight
        first, second = np.append(first, near[kept]), np.append(second, far[kept])
    return _four_leptons(rng, np.full(size, MASS_HIGGS), first[:size], second[:size], 20.0)


def _continuum(rng: Generator, size: int) -> Leptons:
    """Z → 4ℓ, Zγ* and ZZ, without interference."""
    kind = rng.choice(3, size, p=[0.15, 0.30, 0.55])
    shell = breit_wigner(rng, size, 40, 140)
    photon = np.exp(rng.uniform(np.log(2.0), np.log(70.0), size))
    other = np.where(kind == 2, breit_wigner(rng, size, 40, 140), photon)
    mass = shell + other + rng.exponential(np.where(kind == 2, 60.0, 40.0))
    # Z → 4ℓ: the Z itself decays, into a pair below it and a virtual photon.
    narrow = rng.uniform(0.40, 0.92, size) * shell
    first = np.where(kind == 0, narrow, shell)
    second = np.where(kind == 0, np.minimum(photon, 0.95 * (shell - narrow)), other)
    return _four_leptons(rng, np.where(kind == 0, shell, mass), first, second, 15.0)


def _fakes(rng: Generator, size: int) -> Leptons:
    """Z or Drell-Yan pair and two leptons from jets: soft, of any charge, sometimes close to a lepton of the pair."""
    mass = np.where(
        rng.random(size) < 0.9, breit_wigner(rng, size, 40, 180), np.exp(rng.uniform(np.log(20), np.log(250), size))
    )
    flavour = np.empty((size, 4), np.int64)
    flavour[:, :2] = np.where(rng.random(size) < 0.5, 11, 13)[:, None]
    flavour[:, 2] = np.where(rng.random(size) < 0.5, 11, 13)
    flavour[:, 3] = np.where(rng.random(size) < 0.7, flavour[:, 2], 24 - flavour[:, 2])
    lepton = np.where(flavour[:, 0] == 11, MASS_ELECTRON, MASS_MUON)
    first, second = decay(rng, moving(rng, mass, 18.0), mass, lepton, lepton)
    rows = [first, second]
    _, eta, phi = pt_eta_phi(first)
    for index in (2, 3):
        near = rng.random(size) < 0.06
        direction = np.where(near, eta + rng.normal(0, 0.09, size), rng.uniform(-3, 3, size))
        azimuth = np.where(near, phi + rng.normal(0, 0.09, size), rng.uniform(-np.pi, np.pi, size))
        pt = 3.0 + rng.exponential(9.0, size)
        own = np.where(flavour[:, index] == 11, MASS_ELECTRON, MASS_MUON)
        longitudinal = pt * np.sinh(direction)
        energy = np.sqrt(pt**2 + longitudinal**2 + own**2)
        rows.append(np.column_stack([energy, pt * np.cos(azimuth), pt * np.sin(azimuth), longitudinal]))
    charge = np.tile([1, -1, 1, -1], (size, 1))
    charge[:, 2:] = np.where(rng.random((size, 2)) < 0.5, 1, -1)
    prompt = np.tile([True, True, False, False], (size, 1))
    return Leptons(momentum=np.stack(rows, axis=1), flavour=flavour, charge=charge, prompt=prompt)


PROCESSES = (
    Process("toy_H125_ZZ4lep", 900125, 0.0030, 0.0, _signal),
    Process("toy_ZZ4lep", 900091, 0.090, 0.02, _continuum),
    Process("toy_Zjets", 900023, 0.060, 0.03, _fakes),
)
