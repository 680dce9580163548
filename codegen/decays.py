"""Two-body decays, isotropic in the parent's rest frame, for whole arrays of particles.

A momentum is a row (E, px, py, pz) in GeV; arrays have the shape (events, 4).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]

# PDG 2024 [GeV]
MASS_Z, WIDTH_Z = 91.1880, 2.4955
MASS_HIGGS = 125.20
MASS_ELECTRON, MASS_MUON = 0.00051099895, 0.1056583755


def breit_wigner(rng: np.random.Generator, size: int, low: float, high: float) -> Array:
    """Draw Z masses [GeV] from a non-relativistic Breit-Wigner peak, cut to (low, high), by inverting its integral."""
    half = WIDTH_Z / 2
    angle: Array = rng.uniform(np.arctan((low - MASS_Z) / half), np.arctan((high - MASS_Z) / half), size)
    return MASS_Z + half * np.tan(angle)


def break_up(parent: Array, first: Array, second: Array) -> Array:
    """Return the daughters' momentum [GeV] in the rest frame of a parent of given mass; 0 at and below threshold.

    PDG 2024, review "Kinematics", two-body decays.
    """
    squared = (parent**2 - (first + second) ** 2) * (parent**2 - (first - second) ** 2)
    return np.sqrt(np.maximum(squared, 0)) / (2 * parent)


def boost(momentum: Array, frame: Array) -> Array:
    """Carry a momentum from the rest frame of `frame` to the frame in which `frame` is given."""
    mass = np.sqrt(np.maximum(frame[:, 0] ** 2 - np.sum(frame[:, 1:] ** 2, axis=1), 1e-12))
    along = np.sum(momentum[:, 1:] * frame[:, 1:], axis=1)
    energy = (momentum[:, 0] * frame[:, 0] + along) / mass
    factor = (energy + momentum[:, 0]) / (frame[:, 0] + mass)
    return np.column_stack([energy, momentum[:, 1:] + factor[:, None] * frame[:, 1:]])


def decay(rng: np.random.Generator, parent: Array, mass: Array, first: Array, second: Array) -> tuple[Array, Array]:
    """Decay parents of the given mass into daughters of the given masses, isotropically; returns both momenta."""
    size = len(parent)
    cosine, phi = rng.uniform(-1, 1, size), rng.uniform(-np.pi, np.pi, size)
    sine = np.sqrt(1 - cosine**2)
    direction = np.column_stack([sine * np.cos(phi), sine * np.sin(phi), cosine])
    momentum = break_up(mass, first, second)
    daughters = [
        np.column_stack([np.hypot(momentum, own), sign * momentum[:, None] * direction])
        for own, sign in ((first, 1), (second, -1))
    ]
    return boost(daughters[0], parent), boost(daughters[1], parent)


def moving(rng: np.random.Generator, mass: Array, pt_scale: float) -> Array:
    """Return momenta of particles of given masses, as a hadron collider makes them.

    The transverse momentum follows a gamma distribution of shape 2 and scale `pt_scale` [GeV], the rapidity a normal
    one of width 1.1.
    """
    size = len(mass)
    pt, phi = rng.gamma(2.0, pt_scale, size), rng.uniform(-np.pi, np.pi, size)
    rapidity = rng.normal(0, 1.1, size)
    transverse = np.hypot(mass, pt)
    return np.column_stack(
        [transverse * np.cosh(rapidity), pt * np.cos(phi), pt * np.sin(phi), transverse * np.sinh(rapidity)]
    )


def pt_eta_phi(momentum: Array) -> tuple[Array, Array, Array]:
    """Return transverse momentum [GeV], pseudorapidity and azimuth."""
    pt = np.hypot(momentum[:, 1], momentum[:, 2])
    return pt, np.arcsinh(momentum[:, 3] / np.maximum(pt, 1e-9)), np.arctan2(momentum[:, 2], momentum[:, 1])
