"""Two objects of different kinds: a jet and the missing transverse momentum, a jet and a lepton."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

from eval.composition import Pair
from eval.event import DISTANCES, InexpressibleError, Particle, distance, mass, transverse
from eval.scene import Scene
from kb.ssc import Subject, Variable

MIXED = {
    "lepton_met": ("lepton", "met"),
    "jet_met": ("jet", "met"),
    "photon_met": ("photon", "met"),
    "jet_lepton": ("jet", "lepton"),
    "jet_electron": ("jet", "electron"),
    "jet_muon": ("jet", "muon"),
    "jet_photon": ("jet", "photon"),
    "lepton_photon": ("lepton", "photon"),
    "electron_muon": ("electron", "muon"),
}


def missing(scene: Scene) -> Particle:
    """Return the missing transverse momentum as an object without rapidity."""
    ntuple = scene.filters.ntuple
    pt, phi = (ntuple.missing_momentum(scene.row, part) for part in ("pt", "phi"))
    momentum = (pt, pt * math.cos(phi), pt * math.sin(phi), 0.0)
    return Particle("met", (-1, 0), {}, pt, 0.0, phi, momentum, 0)


def meetings(scene: Scene, subject: Subject) -> list[Pair]:
    """Return the pairs a cut is about: every object of the first kind, or the n-th, with every one of the second."""
    first, second = MIXED[subject.object]
    ones = scene.leading(first, subject.definition) or []
    if subject.rank is not None:
        ones = ones[subject.rank - 1 : subject.rank]
    others = [missing(scene)] if second == "met" else scene.leading(second, None) or []
    return list(product(ones, others))


def measure_of(name: str, variable: Variable) -> Callable[[Pair], float]:
    """Return how a variable of such a pair is computed; InexpressibleError for one that is not known."""
    with_met = MIXED[name][1] == "met"
    if variable.id in DISTANCES and not (with_met and variable.id != "delta_phi"):
        return lambda pair: distance(*pair, variable.id)
    if variable.id == "mt" and with_met:
        return transverse_mass
    known: dict[str, Callable[[Pair], float]] = {"pt": transverse}
    if not with_met:
        known["mass"] = mass
        known["charge"] = lambda pair: pair[0].charge + pair[1].charge
        known["charge_product"] = lambda pair: pair[0].charge * pair[1].charge
    if variable.id not in known:
        message = f"{variable.id} of {' and '.join(MIXED[name])} is not known"
        raise InexpressibleError(message)
    return known[variable.id]


def transverse_mass(pair: Pair) -> float:
    """Return √(2 p_T1 p_T2 (1 − cos Δφ)) in GeV."""
    one, other = pair
    return math.sqrt(2 * one.pt * other.pt * (1 - math.cos(one.phi - other.phi)))
