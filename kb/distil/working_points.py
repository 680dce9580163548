"""Read working points by name: `"Tight" identification`, `loose isolation`, the operating point of a b tagger."""

from __future__ import annotations

import re

from kb.distil.candidates import Candidate, Setting, flag
from kb.distil.holders import IDENTIFIED, holders
from kb.distil.memory import Memory
from kb.distil.particles import FLAVOURS
from kb.distil.reading import Reading
from kb.distil.rulebook import pattern, rulebook

_DATA = rulebook("working_points")


def _pattern(text: str) -> re.Pattern[str]:
    return pattern(text.replace("<points>", _DATA["points"]))


_IDENTIFICATION = [_pattern(rule) for rule in _DATA["identification"]["patterns"]]
_IDENTIFIED = _pattern(_DATA["identification"]["generic"])
_ISOLATION = [_pattern(rule) for rule in _DATA["isolation"]["patterns"]]
_ISOLATED = _pattern(_DATA["isolation"]["generic"])
_BTAG_CONTEXT = _pattern(_DATA["btag"]["context"])
_BTAG = [_pattern(rule) for rule in _DATA["btag"]["patterns"]]
_ARTICLES = {"a", "an", "any", "all", "each", "every"}
_STEMS = {"looser": "loose", "tighter": "tight"}


def speaks_of_btagging(text: str) -> bool:
    """Say whether a text is about b tagging."""
    return bool(_BTAG_CONTEXT.search(text))


def identification(reading: Reading, memory: Memory, setting: Setting) -> list[Candidate]:
    """Read `satisfying the "tight" identification`, or that some identification is asked for."""
    text = reading.text
    found: list[Candidate] = []
    for rule in _IDENTIFICATION:
        for match in rule.finditer(text):
            word = match.group("w").lower()
            if re.match(r"\s*isolation", text[match.end("w") :]):
                continue
            for object_id in holders(reading, memory, match.start(), IDENTIFIED):
                found.append(flag(reading, setting, object_id, "id", _STEMS.get(word, word), "working-point"))
    generic = _IDENTIFIED.search(text)
    if generic and not found:
        for object_id in holders(reading, memory, generic.start(), IDENTIFIED - {"jet"}):
            found.append(flag(reading, setting, object_id, "id", "identification criteria", "identification"))
    return list({(c.object, c.value): c for c in found}.values())


def isolation_points(reading: Reading, memory: Memory, setting: Setting) -> list[Candidate]:
    """Read `loose isolation`, or that isolation is asked for."""
    text = reading.text
    found: list[Candidate] = []
    for rule in _ISOLATION:
        for match in rule.finditer(text):
            for object_id in holders(reading, memory, match.start(), IDENTIFIED):
                found.append(flag(reading, setting, object_id, "isolation", match.group("w"), "isolation-point"))
    if setting.scope == "trigger" and not found:
        for phrase in reading.phrases:
            joined = found and phrase.object in FLAVOURS and phrase.article not in _ARTICLES
            named = phrase.object in {"electron", "muon", "lepton", "photon", "tau"}
            if named and (joined or re.search(r"\bisolated\b", phrase.words)):
                found.append(flag(reading, setting, phrase.object, "isolation", "isolated", "isolated"))
    generic = _ISOLATED.search(text)
    if generic and not found:
        for object_id in holders(reading, memory, generic.start(), IDENTIFIED):
            found.append(flag(reading, setting, object_id, "isolation", "isolated", "isolated"))
    return list({(c.object, c.value): c for c in found}.values())


def btagging(reading: Reading, setting: Setting) -> list[Candidate]:
    """Read `the working point with 77% efficiency`, `tagged using the … algorithm`."""
    text = reading.text
    if not speaks_of_btagging(text) or not re.search(r"tag|identif|operating|working", text):
        return []
    words = [re.sub(r"\s+", " ", match.group("w")).strip() for rule in _BTAG for match in rule.finditer(text)]
    return [flag(reading, setting, "bjet", "btag", word, "b-tag") for word in dict.fromkeys(words)]
