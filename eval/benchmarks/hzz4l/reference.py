"""The benchmark selection as a physicist would write it by hand: one loop over the events of the `mini` tree.

The numbers are typed in from main.tex, leptons.tex and jets.tex. The tree has no muon type, no vertex fit, and tracks
in a cone of 0.3 only, where the notes ask for 0.2 around electrons. So five of the 27 requirements are absent here:
pT > 15 GeV of calorimeter-tagged muons, at most one calorimeter-tagged or stand-alone muon, the two on the vertex χ²,
and the track isolation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

BRANCHES = [
    "trigE",
    "trigM",
    "lep_pt",
    "lep_eta",
    "lep_phi",
    "lep_E",
    "lep_z0",
    "lep_charge",
    "lep_type",
    "lep_etcone20",
    "lep_trackd0pvunbiased",
    "lep_tracksigd0pvunbiased",
]
Z_MASS = 91.1876  # GeV
ELECTRON = 11
STEPS = ("trigger", "quadruplet", "pt", "m12", "m34", "delta_r", "m_ll", "signal region")


@dataclass(frozen=True)
class Lepton:
    """An electron or muon; momenta in GeV, lengths in mm, the isolation sum over pT."""

    type: int
    charge: int
    pt: float
    eta: float
    phi: float
    energy: float
    z0: float
    d0: float
    d0_significance: float
    calorimeter_isolation: float

    @property
    def momentum(self) -> tuple[float, float, float, float]:
        """(E, px, py, pz) in GeV."""
        transverse = (self.pt * math.cos(self.phi), self.pt * math.sin(self.phi))
        return self.energy, *transverse, self.pt * math.sinh(self.eta)


def survived_steps(files: Sequence[Path]) -> list[int]:
    """Return for each event how many of `STEPS` it passes, one after the other.

    `len(STEPS) - 1` or more is an event of the baseline selection.
    """
    return [_survived(event) for file in files for event in _events(file)]


def _events(file: Path) -> Iterator[dict[str, Any]]:
    import uproot

    with uproot.open(file) as root:
        columns = root["mini"].arrays(BRANCHES, library="np")
    for index in range(len(columns["trigE"])):
        yield {name: columns[name][index].tolist() for name in BRANCHES}


def _survived(event: dict[str, Any]) -> int:
    if not (event["trigE"] or event["trigM"]):
        return 0
    leptons = [lepton for lepton in _leptons(event) if _is_good(lepton)]
    quadruplet = _quadruplet(leptons)
    if quadruplet is None:
        return 1
    (a, b), (c, d) = quadruplet
    four = sorted([a, b, c, d], key=lambda lepton: -lepton.pt)
    if not (four[0].pt > 20 and four[1].pt > 15 and four[2].pt > 10):
        return 2
    if not 50 < _mass(a, b) < 106:
        return 3
    m4l = _mass(*four)
    threshold = 12.0 if m4l < 140 else 50.0 if m4l > 190 else 12 + (m4l - 140) * 38 / 50
    if not threshold < _mass(c, d) < 115:
        return 4
    for one, other in combinations(four, 2):
        if not _distance(one, other) > (0.10 if one.type == other.type else 0.20):
            return 5
    for one, other in combinations(four, 2):
        if _is_sfos(one, other) and not _mass(one, other) > 5:
            return 6
    return 8 if 115 < m4l < 130 else 7


def _leptons(event: dict[str, Any]) -> list[Lepton]:
    """Return the leptons in order of falling pT."""
    leptons = []
    for i in range(len(event["lep_pt"])):
        pt = event["lep_pt"][i] / 1000
        lepton = Lepton(
            type=event["lep_type"][i],
            charge=event["lep_charge"][i],
            pt=pt,
            eta=event["lep_eta"][i],
            phi=event["lep_phi"][i],
            energy=event["lep_E"][i] / 1000,
            z0=event["lep_z0"][i],
            d0=event["lep_trackd0pvunbiased"][i],
            d0_significance=event["lep_tracksigd0pvunbiased"][i],
            calorimeter_isolation=event["lep_etcone20"][i] / 1000 / pt,
        )
        leptons.append(lepton)
    return sorted(leptons, key=lambda lepton: -lepton.pt)


def _is_good(lepton: Lepton) -> bool:
    sin_theta = 1 / math.cosh(lepton.eta)
    if not abs(lepton.z0 * sin_theta) < 0.5:
        return False
    if lepton.type == ELECTRON:
        kinematic = lepton.pt > 7 and abs(lepton.eta) < 2.47
        return kinematic and abs(lepton.d0_significance) < 5 and lepton.calorimeter_isolation < 0.20
    kinematic = lepton.pt > 5 and abs(lepton.eta) < 2.7
    central = abs(lepton.d0_significance) < 3 and abs(lepton.d0) < 1
    return kinematic and central and lepton.calorimeter_isolation < 0.30


def _quadruplet(leptons: list[Lepton]) -> tuple[tuple[Lepton, Lepton], tuple[Lepton, Lepton]] | None:
    """Choose the pair nearest the Z mass that leaves another pair, then the nearest of the rest."""
    pairs = [pair for pair in combinations(range(len(leptons)), 2) if _is_sfos(leptons[pair[0]], leptons[pair[1]])]
    pairs.sort(key=lambda pair: abs(_mass(leptons[pair[0]], leptons[pair[1]]) - Z_MASS))
    for lead in pairs:
        for sub in pairs:
            if not set(lead) & set(sub):
                return (leptons[lead[0]], leptons[lead[1]]), (leptons[sub[0]], leptons[sub[1]])
    return None


def _is_sfos(one: Lepton, other: Lepton) -> bool:
    return one.type == other.type and one.charge * other.charge < 0


def _mass(*leptons: Lepton) -> float:
    e, px, py, pz = (math.fsum(parts) for parts in zip(*(lepton.momentum for lepton in leptons), strict=True))
    return math.sqrt(max(e * e - px * px - py * py - pz * pz, 0.0))


def _distance(one: Lepton, other: Lepton) -> float:
    return math.hypot(one.eta - other.eta, math.remainder(one.phi - other.phi, math.tau))
