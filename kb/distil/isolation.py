"""Read isolation: what is summed, in which cone, absolute or relative."""

from __future__ import annotations

import re
from typing import Any

from kb.distil.amounts import Quantity
from kb.distil.bounded import Bounded
from kb.distil.memory import Memory
from kb.distil.particles import FLAVOURS
from kb.distil.phrases import Phrase
from kb.distil.quotients import compared
from kb.distil.reading import Reading

_TRACKS = re.compile(r"\btrack|charged")
_CLUSTERS = re.compile(r"\bcalorimet|\bclusters?\b|ECAL|HCAL|\btransverse energ")
_ISOLABLE = {"electron", "muon", "lepton", "tau", "photon"}
_CONE = re.compile(
    r"(?:ΔR|∆R|size|radius)[^.\d<>]{0,30}?(?:of\s*)?[=<]?\s*(0\.\d+)"
    r"(?:\s+(?:around|for)\s+(?:the\s+|an?\s+)?(electron|muon|lepton|photon|track)s?)?"
)


def summed(reading: Reading, quantity: Quantity, found: list[Bounded]) -> list[Bounded]:
    """Read a sum in a cone as isolation: `the energy in a cone … less than 2.45 GeV`, `less than 0.05 × E_T`."""
    if (
        not found
        or found[0].variable not in {"energy", "pt", "isolation", "iso_abs", "delta_r"}
        or quantity.variable is not None
        or quantity.operator not in {"<", "<="}
        or not re.search(r"\bcone\b", reading.text)
        or not re.search(r"\bsum|energ|momenta|isolat", reading.text)
    ):
        return found
    relative = bool(compared(reading.tokens, quantity)) or quantity.amounts[0].unit == "1"
    return [Bounded("iso_rel" if relative else "iso_abs", index=found[0].index)]


def isolable(phrases: list[Phrase]) -> str | None:
    """Return what of some phrases can be isolated; electrons and muons are leptons."""
    found = list(dict.fromkeys(p.object for p in phrases if p.object in _ISOLABLE))
    return "lepton" if set(found[:2]) == FLAVOURS else found[0] if found else None


def isolated(reading: Reading, quantity: Quantity, group: list[Phrase], memory: Memory) -> str | None:
    """Return what a bound on isolation is on where its phrases do not say it: of whose p_T, or who was spoken of."""
    whose = re.match(r"O?t?(o)v", reading.shape[quantity.end :])  # "15% of the lepton p_T"
    own = reading.phrase_at(quantity.end + whose.start(1)) if whose else None
    if own is not None and own.object in _ISOLABLE:
        return own.object
    known = [p.object for p in group if p.object in _ISOLABLE or p.object == "track"]
    summed_over = known == ["track"] and re.search(r"\bsum\b|\btracks in\b", reading.text)
    return memory.isolable if not known or summed_over else None


def isolation(reading: Reading, memory: Memory, variable_id: str, object_id: str, at: int) -> dict[str, Any]:
    """Return what an isolation variable has besides its id; empty for another. `at` is the place of its bound."""
    if variable_id not in {"iso_rel", "iso_abs", "mini_iso"}:
        return {}
    extra: dict[str, Any] = {}
    text = reading.text
    component = _component(text, at)
    if component:
        extra["component"] = component
    elif memory.component:
        extra["component"] = memory.component
    known = (cones(text) if re.search(r"\bcone\b", text) else {}) or memory.cones
    cone = known.get(object_id, known.get(""))
    spoken = [(m.start(), float(m.group(1))) for m in re.finditer(r"ΔR\s*[=<]\s*(0\.\d+)", text)]
    if len(spoken) > 1 and object_id not in known:  # the one that follows the bound
        cone = next((size for place, size in spoken if place > at), spoken[-1][1])
    if cone is not None:
        extra["cone"] = cone
    elif object_id == "lepton" and len(known) > 1:
        extra["cone_rule"] = ", ".join(f"{size:g} for {name}s" for name, size in sorted(known.items()))
    return extra


def _component(text: str, at: int) -> str | None:
    """Return which part of the detector is summed over: what is named last before the bound, else anywhere."""
    parts = {"track": _TRACKS, "calorimeter": _CLUSTERS}
    places = {name: [m.start() for m in part.finditer(text)] for name, part in parts.items()}
    before = {name: [place for place in found if place < at] for name, found in places.items()}
    if all(before.values()):
        return max(before, key=lambda name: before[name][-1])
    return next((name for name, found in places.items() if found), None)


def summed_component(text: str) -> str | None:
    """Return which part of the detector an isolation sum is over, where a sentence says so."""
    if not re.search(r"\bsum|adds|isolation", text):
        return None
    if re.search(r"\btracks?\b", text):
        return "track"
    return "calorimeter" if re.search(r"\bclusters?\b|calorimeter", text) else None


def cones(text: str) -> dict[str, float]:
    """Read the sizes of isolation cones, by object where it is said.

    >>> cones("in a cone of size ΔR = 0.3 around muons and ΔR = 0.2 around electrons")
    {'muon': 0.3, 'electron': 0.2}
    """
    return {match.group(2) or "": float(match.group(1)) for match in _CONE.finditer(text)}
