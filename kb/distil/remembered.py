"""What a sentence leaves behind for those after it: who was spoken of, what was counted, what was built."""

from __future__ import annotations

import re

from kb.distil.candidates import Candidate
from kb.distil.discriminants import told_quotient
from kb.distil.isolation import cones, isolable, summed_component
from kb.distil.lists import OPENS
from kb.distil.memory import Memory
from kb.distil.particles import FLAVOURS, PAIRED, PHYSICAL, leptons, twice
from kb.distil.qualifiers import apart
from kb.distil.reading import Reading
from kb.distil.working_points import speaks_of_btagging

_CANDIDATES = re.compile(r"(?:(?:the|these|such) )?(?:candidates?|they|these|it)\b", re.IGNORECASE)
_TAGGER = re.compile(r"\b(?:originates? from (?:a )?b[- ]quarks?|b[- ]jet identification)\b")


def remember(reading: Reading, memory: Memory, found: list[Candidate]) -> None:
    """Keep what a sentence leaves behind for those after it; `found` is what it requires."""
    heads = [
        p.object
        for p in reading.phrases
        if p.object not in {"event", "met", "vertex"} and "_" not in p.object and not p.oblique
    ]
    if not heads and OPENS.search(reading.text) and any(p.object == "vertex" for p in reading.phrases):
        memory.subject = "vertex"  # "The requirements on a vertex are as follows:"
    if memory.subject == "vertex" and set(heads) == {"track"}:
        heads = []  # "it has five or more tracks": the vertex has
    if memory.subject == "tau" and set(heads) == {"track"} and _CANDIDATES.match(reading.text):
        heads = []  # "candidates must have one or three tracks": the taus
    if joined := _joined(reading):
        memory.group = joined
    if heads:
        memory.other = memory.subject if memory.subject != heads[0] else memory.other
        memory.subject = "lepton" if set(heads[:2]) == FLAVOURS else heads[0]
        collections = (p.definition for p in reading.phrases if p.object == memory.subject and p.definition)
        memory.collection = next(collections, None)
    memory.large = memory.large or any(p.object == "fatjet" for p in reading.phrases)
    pairs = [p.object for p in reading.phrases if p.object.endswith("_pair")]
    pairs = pairs or [twice(p.object) for p in reading.phrases if p.number == 2 and p.object in PAIRED and p.plural]
    if pairs:
        memory.pair = pairs[-1]
    named = [t.value.variable for t in reading.tokens if t.kind == "v"]
    if named:
        memory.variable = named[-1]
    memory.tagging = (speaks_of_btagging(reading.text) and "tag" in reading.text) or bool(_TAGGER.search(reading.text))
    pairs_of = [a for a in reading.alternations if a.kind == "o"]
    if pairs_of:
        outer, inner = (reading.tokens[i].value.object for i in (pairs_of[-1].outer, pairs_of[-1].inner))
        memory.alternatives = (outer, inner)
    memory.fitted = any(p.object == "vertex" for p in reading.phrases) or (memory.fitted and not heads)
    built = [p.object for p in reading.phrases if p.object in {"higgs", "w", "z", "top", "jpsi", "meson"}]
    memory.candidate = built[-1] if built else memory.candidate
    memory.component = summed_component(reading.text) or memory.component
    memory.isolable = isolable(reading.phrases) or memory.isolable
    memory.quotient = told_quotient(reading.text) or memory.quotient
    if re.search(r"\bcone\b", reading.text):
        memory.cones = cones(reading.text)
    for candidate in found:
        if candidate.definition and apart(candidate.definition):
            memory.vetoed[candidate.object] = candidate.definition
        counted = candidate.variable.id == "count" and candidate.object == "lepton"
        if counted and isinstance(candidate.value, float) and candidate.value >= 2:
            memory.leptons = int(candidate.value)
            memory.system = leptons(memory.leptons)


def _joined(reading: Reading) -> tuple[str, ...]:
    """Return the objects a sentence is about, in the order of the text: `Electrons and muons`."""
    first = next((p for p in reading.phrases if p.object != "event" and not p.oblique), None)
    if first is None and len(named := {p.object for p in reading.phrases} & PHYSICAL) == 1:
        return tuple(named)  # "Two kinds of muons are distinguished."
    return tuple(dict.fromkeys(p.object for p in reading.joined_after(first))) if first else ()
