"""Read requirements without a number: working points, cleaning, and the rules in words of `flags.toml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from kb.distil.candidates import Candidate, Setting, flag
from kb.distil.conditioned import conditioned
from kb.distil.filters import filters
from kb.distil.holders import IDENTIFIED, holders
from kb.distil.inversions import inversions
from kb.distil.memory import Memory
from kb.distil.particles import FLAVOURS, PAIRED, compose, twice
from kb.distil.qualifiers import apart
from kb.distil.rationale import purposes
from kb.distil.reading import Reading
from kb.distil.rulebook import pattern, patterns, rulebook
from kb.distil.vetoes import is_veto
from kb.distil.working_points import (
    btagging,
    contraries,
    identification,
    is_point,
    isolation_points,
    speaks_of_btagging,
)
from kb.ssc import Role, Scope, Variable


@dataclass(frozen=True, slots=True)
class _Rule:
    """A requirement in words; without `value`, the group v of its pattern is the value."""

    name: str
    pattern: re.Pattern[str]
    needs: re.Pattern[str]
    variable: str
    value: str | None
    objects: frozenset[str]
    role: Role
    rank: int | None

    @classmethod
    def of(cls, raw: dict[str, Any]) -> _Rule:
        return cls(
            raw["name"],
            pattern(raw["pattern"]),
            pattern(raw.get("needs", "")),
            raw["variable"],
            raw.get("value"),
            frozenset(raw["objects"]),
            raw.get("role", "select"),
            raw.get("rank"),
        )


_WORDS = "identification-words"
_ONE = re.compile(r"\b(?:at least one|one (?:or more )?of the|one or more|any of the|either)\b", re.IGNORECASE)
_LONG = 60  # characters: no word that a pattern ends with on purpose is behind so many
_DATA = rulebook("flags")
_RULES = [_Rule.of(raw) for raw in _DATA["rule"]]
_CLEANING = patterns(_DATA["cleaning"]["patterns"])
_CLEANING_VERBS = pattern(_DATA["cleaning"]["verbs"])
_ONE_OF = re.compile(r"\b(?:one|an?|each|every) (?:[\w-]+ ){0,2}(?:electron or muon|muon or electron)\b")
_EITHER = re.compile(r"\b(?:electrons? (?:or|and) muons?|muons? (?:or|and) electrons?)\b")
_IDLE = re.compile(r"\bnot (?:\w+ )?(?:operational|functional|operating)")
_DEFINES_ISOLATION = re.compile(
    r"\bisolation[^.;]{0,20} is (?:then |here )?(?:defined|computed|calculated|given) (?:as|by|from)\b"
)
_STABLE = re.compile(
    r"\bstable[- ]beam|\bstable\b[^.;]{0,30}\bconditions\b|\b(?:operational|functional|functioning)\b"
    r"|\b(?:sub-?)?(?:detectors|systems)\b[^.;,]{0,30}\b(?:operating|active|working)\b"
    r"|\bdata[- ]quality\b|\bquality of the data\b",
    re.IGNORECASE,
)


def tells_data_quality(text: str) -> bool:
    """Say whether a sentence tells of which running periods the data are, in whatever section it stands."""
    return bool(_STABLE.search(text))


# "No calorimeter isolation is required on muons."
_NOT_ASKED = re.compile(
    r"(?:\w+ ){0,3}[Nn]o (?:[\w-]+ ){0,3}(?:requirements?|isolation|identification|criteri\w+|matching|tagging|cuts?)\b"
    r"[^.;,]{0,40}?\b(?:is|are|was|were) (?:\w+ )?(?:required|requested|applied|imposed|made|placed|used)\b[^,;]*$"
)


def flags(reading: Reading, memory: Memory, setting: Setting) -> list[Candidate]:
    """Return the flag requirements of a sentence."""
    text = reading.text
    if _NOT_ASKED.match(text):
        return []
    tagging = speaks_of_btagging(text) or _goes_on_about_tagging(reading, memory)
    found = [] if _DEFINES_ISOLATION.search(text) else isolation_points(reading, memory, setting)
    found = [*found, *_cleaning(reading)]
    if tagging:
        found += btagging(reading, setting)
    if not (tagging and re.search(r"tag|\bpoint\b", text)):
        found += identification(reading, memory, setting)
    told = {(c.object, c.variable.id) for c in found}
    found += [c for c in contraries(reading, memory, setting) if (c.object, c.variable.id) not in told]
    found += _worded(reading, memory, setting, {(c.object, c.variable.id) for c in found})
    if any(c.variable.id == "cleaning" and c.rule != "cleaning" for c in found):  # what a jet fails, no event does
        found = [c for c in found if c.rule != "cleaning"]
    found += inversions(reading, setting)
    if is_veto(reading) or (setting.scope != "trigger" and _ONE_OF.search(text)):
        found = _of_either(found, reading)
    return [_collected(candidate, reading) for candidate in with_algorithms(conditioned(found, reading))]


def _of_either(found: list[Candidate], reading: Reading) -> list[Candidate]:
    """Ask of a lepton what a veto asks of `additional electrons or muons`, as their thresholds are."""
    if not _EITHER.search(reading.text):
        return found
    flavoured = {(c.object, c.variable.id, c.value) for c in found}
    of_both = {(v, value) for name, v, value in flavoured if all((f, v, value) in flavoured for f in FLAVOURS)}
    leptons = [
        c.with_(object="lepton") if c.object in FLAVOURS and (c.variable.id, c.value) in of_both else c for c in found
    ]
    return list({(c.object, c.variable.id, c.value, c.rule): c for c in leptons}.values())


def with_algorithms(found: list[Candidate]) -> list[Candidate]:
    """Name the algorithm of a b tagger's working point, which is no requirement of its own."""
    points = [c for c in found if c.variable.id == "btag" and is_point(str(c.value))]
    algorithm = next((c for c in found if _is_algorithm(c)), None)
    if not points or algorithm is None:
        return found
    variable = Variable(id="btag", name=str(algorithm.value))
    kept = [c for c in found if not _is_algorithm(c)]
    return [c.with_(variable=variable) if c in points and c.variable.name is None else c for c in kept]


def _is_algorithm(one: Candidate) -> bool:
    return one.variable.id == "btag" and one.rule == "tagging-algorithm"


_SAID_BY_NUMBER = {
    "discriminant": {"discriminant"},
    "isolation": {"iso_rel", "iso_abs", "mini_iso"},
    "compatible-with": {"d0", "d0_sig", "z0", "z0_sintheta"},
}


def beside(told: list[Candidate], bounds: list[Candidate]) -> list[Candidate]:
    """Return the flags that a sentence's bounds do not tell in numbers: `isolated: the sum … must be below …`."""
    bounded = {c.variable.id for c in bounds}

    def new(one: Candidate) -> bool:
        name = one.variable.name if one.variable.id == "other" else one.variable.id
        named = one.variable.id == "isolation" and one.value != "isolated"
        return named or not _SAID_BY_NUMBER.get(name or "", set()) & bounded

    return [one for one in told if new(one)]


def _goes_on_about_tagging(reading: Reading, memory: Memory) -> bool:
    """Say whether `the medium working point is used` is that of the b tagging told of before."""
    named = {p.object for p in reading.phrases} & (IDENTIFIED - {"jet", "track"})
    return memory.tagging and not named and bool(re.search(r"\b(?:working|operating) point", reading.text))


def _collected(candidate: Candidate, reading: Reading) -> Candidate:
    """Name the collection a flag is for, where the sentence is about one (`high-purity muons`)."""
    named = next((p.definition for p in reading.phrases if p.object == candidate.object and p.definition), None)
    kinds = {candidate.object, *(FLAVOURS if candidate.object == "lepton" else ())}
    if apart(named) and any(p.object in kinds and not p.definition for p in reading.phrases):
        return candidate  # "one isolated electron or muon, and no additional leptons"
    return candidate.with_(definition=named) if named and candidate.scope == "object" else candidate


def _worded(reading: Reading, memory: Memory, setting: Setting, taken: set[tuple[str, str]]) -> list[Candidate]:
    """Read the rules in words of `flags.toml`; `taken` are objects whose identification is read already."""
    found: list[Candidate] = []
    for rule in _RULES:
        match = rule.pattern.search(reading.text)
        if match is None or not rule.needs.search(reading.text):
            continue
        if rule.name == "noisy-jets" and any(c.object == "jet" and c.variable.id == "cleaning" for c in found):
            continue  # "quality criteria reject jets that arise from noise"
        value = rule.value or " ".join(_whole(match).split())
        for object_id in _objects(rule, reading, memory, match.start()):
            if rule.variable == "id" and ((object_id, "id") in taken or (rule.name == _WORDS and _told(taken))):
                continue
            if rule.variable == "discriminant" and (object_id, "id") in taken and "identification" in value.lower():
                continue  # "the tight pileup identification" is one working point
            variable = Variable(id=rule.variable, name=rule.name if rule.variable == "other" else None)
            one_is_enough = rule.variable == "trigger" and _ONE.search(reading.text)
            scope: Scope = "event" if one_is_enough else _scope(rule, object_id)
            one = flag(reading, setting, object_id, rule.variable, value, rule.name, scope)
            found.append(one.with_(variable=variable, role=rule.role, rank=rule.rank))
    return found


def _whole(match: re.Match[str]) -> str:
    """Return a flag's words: where a pattern gives up after so many characters, with the rest of the last word."""
    text, start, end = match.string, *match.span("v")
    while end - start >= _LONG and end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    return text[start:end]


def _told(taken: set[tuple[str, str]]) -> bool:
    return any(variable == "id" for _, variable in taken)


def _objects(rule: _Rule, reading: Reading, memory: Memory, position: int) -> list[str]:
    """Return what a rule is about: the pair of the objects named, the only one it may be, or those spoken of."""
    if "pair" in rule.objects:
        singles = list(dict.fromkeys(p.object for p in reading.phrases if p.object in IDENTIFIED - {"track"}))
        alike = [p.object for p in reading.phrases if p.object in PAIRED and p.number == 2][:1]  # "if two muons share"
        return [compose(tuple(singles[:2]))] if len(singles) >= 2 else [twice(one) for one in alike]
    if rule.variable == "mass" and not any("_" in p.object for p in reading.phrases):
        two = next((p for p in reading.phrases if p.number == 2 and p.object in PAIRED), None)
        if two is not None and twice(two.object) in rule.objects:
            return [twice(two.object)]  # "the two muons must have a mass compatible with …"
    if rule.objects in ({"bjet"}, {"jet"}):
        return list(rule.objects)
    return holders(reading, memory, position, rule.objects)


def _scope(rule: _Rule, object_id: str) -> Scope:
    if rule.variable == "cleaning":
        return "cleaning"
    return "object" if object_id in IDENTIFIED | {"bjet", "vertex"} else "event"


def _cleaning(reading: Reading) -> list[Candidate]:
    if named := filters(reading.text):
        return [flag(reading, Setting("cleaning"), "event", "cleaning", name, "filter") for name in named]
    if not _CLEANING_VERBS.search(reading.text):
        return []
    opening = next((end for start, end in purposes(reading.text) if not start), 0)  # "to suppress noise, jets must …"
    found = (match for rule in _CLEANING for match in rule.finditer(reading.text, opening))
    words = [" ".join(match.group().split()) for match in found]
    if not words:
        return []
    if any(_IDLE.search(word) for word in words):  # "while the detector was not fully operational"
        idle = flag(reading, Setting("cleaning"), "event", "cleaning", ", ".join(words), "cleaning")
        return [idle.with_(role="veto")]
    quality = words[0] if words[0].lower().startswith("bad") else ", ".join(dict.fromkeys(words))
    setting = Setting("cleaning")
    if not quality.lower().startswith("bad"):
        return [flag(reading, setting, "event", "cleaning", quality, "cleaning")]
    objects = dict.fromkeys(p.object for p in reading.phrases if p.object in {"jet", "photon", "muon", "electron"})
    return [
        flag(reading, setting, object_id, "cleaning", quality, "cleaning").with_(role="veto")
        for object_id in (objects or ["event"])
    ]
