"""Decide whether a sentence can state a selection: by its section, by its words."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from kb.document import Document

SectionKind = Literal["skip", "systematics", "results", "simulation", "background", "selection", "detector", "front"]


@dataclass(frozen=True, slots=True)
class _Rules:
    sections: tuple[tuple[SectionKind, re.Pattern[str]], ...]
    require: re.Pattern[str]
    against: re.Pattern[str]
    strong: re.Pattern[str]
    never: re.Pattern[str]


@lru_cache(maxsize=1)
def _rules() -> _Rules:
    raw = tomllib.loads(Path(__file__).with_name("context.toml").read_text(encoding="utf-8"))
    sections = tuple(
        (kind, re.compile("|".join(patterns), re.IGNORECASE)) for kind, patterns in raw["sections"].items()
    )
    cues = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in raw["cues"].items()}
    return _Rules(sections, cues["require"], cues["against"], cues["strong"], cues["never"])


def section_kind(path: tuple[str, ...]) -> SectionKind:
    """Return what a section is for, by its title and those above it.

    >>> section_kind(("2 The ATLAS detector",)), section_kind(("5 Event selection", "5.1 Signal region"))
    ('detector', 'selection')
    >>> section_kind(("3 Data and simulated samples",)), section_kind(("1 Introduction",))
    ('simulation', 'skip')
    """
    if not path:
        return "front"
    rules = _rules()
    for title in reversed(path):
        bare = re.sub(r"^[\d.\sA-Z]{0,6}(?=[A-Z])", "", title)
        for kind, pattern in rules.sections:
            if pattern.search(bare):
                if kind in {"simulation", "systematics"} and re.search(
                    r"selection|reconstruct|object", bare, re.IGNORECASE
                ):
                    return "selection"
                return kind
    return "selection"


def objection(text: str, kind: SectionKind) -> str:
    """Return why a sentence states no requirement; empty where it may.

    >>> objection("The tracker covers |η| < 2.5.", "detector")
    'describes the detector'
    >>> objection("Electrons must have p_T > 20 GeV.", "selection")
    ''
    """
    rules = _rules()
    if kind == "skip":
        return "introduction, summary or theory"
    about_trigger = re.search(r"\btriggers?\b|data[- ]quality", text, re.IGNORECASE) and not re.search(
        r"trigger efficienc", text, re.IGNORECASE
    )
    if rules.never.search(text) and not (
        rules.strong.search(text)
        and kind in {"selection", "background"}
        and not re.search(r"generat|coverage|covers|limit", text, re.IGNORECASE)
    ):
        return "describes detector, simulation or results" if kind != "detector" else "describes the detector"
    if kind == "detector" and not (about_trigger and rules.strong.search(text)):
        return "describes the detector"
    if kind == "simulation" and not (about_trigger and rules.strong.search(text)):
        return "describes simulated samples"
    if kind == "systematics":
        return "describes systematic uncertainties"
    if kind == "results" and not re.search(
        r"\b(?:selected|required|candidates with|we require|must)\b", text, re.IGNORECASE
    ):
        return "describes results"
    if kind == "results" and rules.against.search(text):
        return "describes results"
    if rules.against.search(text) and not rules.strong.search(text):
        return "describes an efficiency, a distribution or the like"
    if not rules.require.search(text):
        return "no word of requirement"
    return ""


@dataclass(frozen=True, slots=True)
class Experiment:
    """What a paper says of its data."""

    name: str | None
    sqrt_s: float | None
    luminosity: float | None


def experiment(document: Document) -> Experiment:
    """Read experiment, √s [TeV] and integrated luminosity [fb⁻¹] from title and first pages."""
    head = document.title + "\n" + document.text[:12000]
    names = ["ATLAS", "CMS", "LHCb", "ALICE", "CDF", "Belle II", "BaBar", "DØ"]
    first = {name: head.find(name) for name in names if name in head}
    title = {name: document.title.find(name) for name in names if name in document.title}
    counts = {name: len(re.findall(rf"\b{name}\b", document.text)) for name in first}
    name = (
        min(title, key=lambda n: title[n]) if title else max(counts, key=lambda n: (counts[n], n)) if counts else None
    )
    energy = re.search(
        (
            r"√\s?\(?s\)?\s*=?\s*(?:of\s+)?(\d+(?:\.\d+)?)\s*TeV|(?:cent(?:re|er)[- ]of[- ]mass energ(?:y"
            r"|ies) of)\s*(?:√s\s*=\s*)?(\d+(?:\.\d+)?)\s*TeV"
        ),
        head,
    )
    if energy is None:
        energy = re.search(r"(\d+(?:\.\d+)?)\s*TeV()", head)
    luminosity = re.search(r"(\d+(?:\.\d+)?)\s*(fb|pb)\s*\^?\{?\s*[-−–]\s*1", head)
    value = None
    if luminosity:
        value = float(luminosity.group(1)) * (1.0 if luminosity.group(2) == "fb" else 1e-3)
    sqrt_s = float(energy.group(1) or energy.group(2)) if energy else None
    return Experiment(name, sqrt_s, value)
