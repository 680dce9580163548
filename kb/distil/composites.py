"""Build the composites of a selection, pairs and quadruplets, and name them in the cuts that are about them."""

from __future__ import annotations

import re

from kb.distil.paper import Findings
from kb.distil.qualifiers import pair_name
from kb.distil.quotes import quote
from kb.distil.systems import System
from kb.document import Document
from kb.ssc import Composite, Cut, PairRequirement

_EVERY = re.compile(
    r"\b(?:all|every|each|any) (?:[\w-]+[ ,]+){0,4}pairs? (?:must|ha[sv]e to|is required|are required)", re.I
)
_OTHER = re.compile(r"(?:For )?[Tt]he (?:other|remaining|second) (?:[\w-]+ ){0,2}pair\b")
_REQUIREMENTS: tuple[PairRequirement, ...] = ("same_flavour", "different_flavour", "opposite_charge", "same_charge")


def composed(document: Document, cuts: list[Cut], findings: Findings) -> tuple[list[Cut], tuple[Composite, ...]]:
    """Return the cuts, with what they are about named, and the composites."""
    composites: dict[str, Composite] = {}
    for system in findings.systems:
        if system.name not in composites:
            composites[system.name] = _chosen(document, system, composites)
    cuts = [_ranked(cut, findings.systems) for cut in cuts]
    _with_other(composites, cuts)
    pairs = {composite.rank: composite.name for composite in composites.values()}
    if {1, 2} <= set(pairs):
        start, end = findings.quadruplet or (findings.systems[0].start, findings.systems[0].end)
        composites["quadruplet"] = Composite(
            name="quadruplet",
            object="fourlepton",
            constituents=(pairs[1], pairs[2]),
            evidence=(quote(document, start, end, "stated"),),
        )
    out = []
    for cut in cuts:
        subject = cut.subject
        if subject.object == "lepton_pair" and subject.rank in pairs:
            subject = subject.model_copy(update={"definition": pairs[subject.rank]})
        elif subject.object == "fourlepton" and "quadruplet" in composites:
            subject = subject.model_copy(update={"definition": "quadruplet"})
        elif chosen := next((known for known in findings.systems if _says_of_chosen(cut, known)), None):
            subject = subject.model_copy(update={"definition": chosen.name if len(composites) > 1 else None})
        name = subject.definition
        if name and name not in composites and "_" in subject.object:
            composites[name] = _required(cut, name)
        out.append(cut if subject is cut.subject else cut.model_copy(update={"subject": subject}))
    return out, tuple(composites.values())


def _ranked(cut: Cut, systems: list[System]) -> Cut:
    """Return the cut, of the second rank if it is on `the other pair` where one is chosen."""
    plain = cut.subject.rank is None and cut.subject.definition is None
    if not plain or cut.subject.object not in {system.object for system in systems if system.rank == 1}:
        return cut
    if not _OTHER.match(cut.evidence[0].quote):
        return cut
    return cut.model_copy(update={"subject": cut.subject.model_copy(update={"rank": 2})})


def _with_other(composites: dict[str, Composite], cuts: list[Cut]) -> None:
    """Add the pair that is left where one of two is chosen and something is asked of `the other pair`."""
    first = next((known for known in composites.values() if known.rank == 1), None)
    told = next((c for c in cuts if first and c.subject.rank == 2 and c.subject.object == first.object), None)
    if first is None or told is None or any(known.rank == 2 for known in composites.values()):
        return
    other = {"name": "subleading pair", "rank": 2, "choice": None, "excludes": (first.name,)}
    composites["subleading pair"] = first.model_copy(update={**other, "evidence": told.evidence[:1]})


def _chosen(document: Document, system: System, earlier: dict[str, Composite]) -> Composite:
    leading = any(composite.rank == 1 for composite in earlier.values())
    return Composite(
        name=system.name,
        object=system.object,
        constituents=_constituents(system.object),
        count=2,
        requires=system.requires,
        rank=system.rank,
        choice=system.choice,
        excludes=("leading pair",) if system.rank == 2 and leading else (),
        evidence=(quote(document, system.start, system.end, "stated"),),
    )


def _says_of_chosen(cut: Cut, system: System) -> bool:
    """Say whether a cut is on a pair where it is chosen: `the pair closest to m_Z must have m > 60 GeV`."""
    told = cut.evidence[0]
    about = cut.subject.definition in {None, pair_name(system.requires, cut.subject.object)}
    if not about or cut.subject.object != system.object or cut.subject.rank is not None:
        return False
    return told.start <= system.start and system.end <= told.end and not _EVERY.search(told.quote)


def _required(cut: Cut, name: str) -> Composite:
    """Return the composite of pairs that a cut is about by what is required of them: `same-flavour lepton pair`."""
    return Composite(
        name=name,
        object=cut.subject.object,
        constituents=_constituents(cut.subject.object),
        count=2,
        requires=tuple(r for r in _REQUIREMENTS if r.replace("_", "-") in name),
        evidence=cut.evidence[:1],
    )


def _constituents(pair: str) -> tuple[str, ...]:
    return (pair.removesuffix("_pair"),)
