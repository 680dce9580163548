"""Read what a paper says of its data: experiment, energy, luminosity."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kb.document import Document

_NAMES = ("ATLAS", "CMS", "LHCb", "ALICE", "CDF", "Belle II", "BaBar", "DØ")
_ENERGIES = (
    re.compile(
        r"√\s?\(?s\)?\s*=?\s*(?:of\s+)?(\d+(?:\.\d+)?)\s*TeV"
        r"|(?:cent(?:re|er)[- ]of[- ]mass energ(?:y|ies) of)\s*(?:√s\s*=\s*)?(\d+(?:\.\d+)?)\s*TeV"
    ),
    # "13 TeV proton–proton collisions", "data taken at 8 TeV", not "masses below 3 TeV".
    re.compile(
        r"(\d+(?:\.\d+)?)\s*TeV(?= (?:[\w–-]+ ){0,3}(?:collisions?|data\b))"
        r"|(?:collisions?|data|LHC)\b[^.;]{0,40}\bat (?:an energy of )?(\d+(?:\.\d+)?)\s*TeV"
    ),
)
_LUMINOSITY = re.compile(r"(\d+(?:\.\d+)?)\s*(fb|pb)\s*\^?\{?\s*[-−–]\s*1")
_FIRST_PAGES = 12000


@dataclass(frozen=True, slots=True)
class Experiment:
    """Who took the data, √s [TeV] and integrated luminosity [fb⁻¹]; None where it is not said."""

    name: str | None
    sqrt_s: float | None
    luminosity: float | None


def experiment(document: Document) -> Experiment:
    """Read experiment, √s [TeV] and integrated luminosity [fb⁻¹] from title and first pages."""
    head = document.title + "\n" + document.text[:_FIRST_PAGES]
    energy = next((found for pattern in _ENERGIES if (found := pattern.search(head))), None)
    sqrt_s = float(energy.group(1) or energy.group(2)) if energy else None
    luminosity = _LUMINOSITY.search(head)
    inverse_fb = float(luminosity.group(1)) * (1.0 if luminosity.group(2) == "fb" else 1e-3) if luminosity else None
    return Experiment(_name(document, head), sqrt_s, inverse_fb)


def _name(document: Document, head: str) -> str | None:
    """Return the experiment that the title names first, else the one that the text names most often."""
    titled = [name for name in _NAMES if name in document.title]
    if titled:
        return min(titled, key=document.title.find)
    counts = {name: document.text.count(name) for name in _NAMES if name in head}
    return max(counts, key=lambda name: (counts[name], name), default=None)
