"""Follow `defined as in Ref. [3]` into the cited paper, where it is at hand."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kb.distil.candidates import Candidate
from kb.distil.reading import Reading
from kb.document import Document

_POINTS = re.compile(
    r"\b(?:defin\w+|describ\w+|identif\w+|select\w*|reconstruct\w*|requir\w*|detail\w*|specif\w*"
    r"|list\w*|laid down|follow\w*|same|given|documented|explained|criteria|according to|as in"
    r"|reported)\b",
    re.IGNORECASE,
)
_SELECTS = re.compile(
    r"\b(?:requirements?|criteria|selection|defin\w+|identif\w+|isolation|working points?|cuts?"
    r"|candidates?|quality|selected|impact parameters?)\b",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:generat\w*|simulat\w*|cross[- ]sections?|algorithm|calibrat\w*|uncertaint\w*|detector"
    r"|luminosity|resolution|efficienc\w*|PDF|tune|measured|coordinate|clusterin\w*|search(?:es)?"
    r"|correct\w*|observ\w*|model\w*|measurement\w*|limits?|theor\w*|parton|estimat\w*|decay"
    r"|variables?|fit(?:s|ted)?|methods?|differs?|magnitude|averages?|Particle Data Group|mass of)\b",
    re.IGNORECASE,
)
# in front of a citation that is of a device or a tool, and not of what it is used for: `the muon spectrometer [7]`
_OF_A_THING = re.compile(
    r"\b(?:spectrometers?|detectors?|trackers?|calorimeters?|chambers?|algorithms?|taggers?|networks?|trees?|BDTs?|DNNs?"
    r"|techniques?|generators?|programs?|packages?|frameworks?|masses|mass|values?|software|classifiers?)"
    r"(?: \([^()]*\))?[\s~,]*$",
    re.IGNORECASE,
)
_FAMILIES = {
    "lepton": {"lepton", "electron", "muon"},
    "electron": {"electron", "lepton"},
    "muon": {"muon", "lepton"},
    "jet": {"jet", "bjet"},
    "bjet": {"bjet"},
    "photon": {"photon"},
    "tau": {"tau"},
    "met": {"met"},
    "track": {"track"},
    "vertex": {"vertex"},
    "fatjet": {"fatjet"},
}
_TOPICS = {
    "isolation": {"iso_rel", "iso_abs", "isolation", "mini_iso"},
    "identification": {"id"},
    "impact": {"d0", "d0_sig", "z0", "z0_sintheta"},
    "b-tag": {"btag"},
    "b tag": {"btag"},
    "overlap": {"delta_r"},
}


@dataclass(frozen=True, slots=True)
class Topic:
    """What is delegated: objects and, where said, only some of their variables."""

    objects: frozenset[str]
    variables: frozenset[str] | None

    def takes(self, candidate: Candidate) -> bool:
        """Say whether a cited cut is meant."""
        return candidate.object in self.objects and (self.variables is None or candidate.variable.id in self.variables)


@dataclass(frozen=True, slots=True)
class Delegation:
    """A citing sentence `[start, end)`, the keys it cites and what it leaves to them."""

    start: int
    end: int
    keys: tuple[str, ...]
    topics: tuple[Topic, ...]
    text: str


def delegation(reading: Reading, document: Document, last_objects: frozenset[str]) -> Delegation | None:
    """Return what a sentence leaves to a cited paper; None where it cites for another reason."""
    cited = (c for c in document.citations if reading.start <= c.start < reading.end)
    pointing = (c for c in cited if not _OF_A_THING.search(document.text[reading.start : c.start]))
    keys = tuple(dict.fromkeys(key for c in pointing for key in c.keys))
    if not keys or not _POINTS.search(reading.text) or not _SELECTS.search(reading.text) or _NOT.search(reading.text):
        return None
    objects = {o for p in reading.phrases for o in _FAMILIES.get(p.object, set())}
    if not objects:
        objects |= {o for name in last_objects for o in _FAMILIES.get(name, set())}
    if not objects:
        return None
    topics = []
    whole: set[str] = set()
    for phrase in reading.phrases:
        if phrase.object not in _FAMILIES:
            continue
        before = reading.words(max(0, phrase.start - 4), phrase.index)
        topic = next(
            (
                variables
                for word, variables in _TOPICS.items()
                if re.search(rf"\b{word}\w*\s+(?:\w+\s+)?(?:of|for)\b", before)
            ),
            None,
        )
        if topic is not None:
            topics.append(Topic(frozenset(_FAMILIES[phrase.object]), frozenset(topic)))
        else:
            whole |= _FAMILIES[phrase.object]
    if not whole and not topics:
        whole = objects
    if whole:
        topics.insert(0, Topic(frozenset(whole), None))
    return Delegation(reading.start, reading.end, keys, tuple(topics), reading.text)


def follow(found: Delegation, stated: list[Candidate]) -> list[Candidate]:
    """Return the cited paper's candidates that a citing sentence takes over."""
    return [
        c
        for c in stated
        if not c.regions and c.scope in {"object", "event", "cleaning"} and any(t.takes(c) for t in found.topics)
    ]
