"""Read requirements without a number: working points, isolation, b tags, trigger names, cleaning."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from kb.distil.candidates import Candidate, Memory
from kb.distil.particles import compose
from kb.distil.reading import Reading
from kb.ssc import Role, Scope, Variable

_IDENTIFIED = {"electron", "muon", "lepton", "photon", "tau", "track", "jet"}
_FUNCTION = {
    "the",
    "a",
    "an",
    "of",
    "by",
    "its",
    "unprescaled",
    "lowest",
    "several",
    "this",
    "these",
    "that",
    "our",
    "all",
    "any",
    "in",
    "both",
    "set",
    "sets",
    "using",
    "with",
    "from",
    "one",
    "each",
    "dedicated",
    "least",
    "at",
    "used",
    "for",
    "two",
    "three",
    "different",
    "events",
    "to",
    "standard",
    "was",
    "were",
    "is",
    "are",
    "on",
    "following",
    "various",
    "combination",
    "logical",
    "which",
    "other",
    "most",
    "when",
    "as",
    "be",
    "pass",
    "passing",
    "some",
    "such",
    "if",
    "it",
    "also",
    "same",
    "their",
    "because",
    "since",
    "not",
    "has",
    "have",
    "been",
    "than",
    "via",
    "additional",
    "available",
    "corresponding",
    "respective",
    "main",
    "primary",
    "first",
    "second",
    "where",
    "can",
    "only",
}


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    pattern: re.Pattern[str]
    needs: re.Pattern[str] | None
    variable: str
    value: str | None
    objects: frozenset[str]
    role: Role


@dataclass(frozen=True, slots=True)
class _Rules:
    identification: tuple[re.Pattern[str], ...]
    identified: re.Pattern[str]
    isolation: tuple[re.Pattern[str], ...]
    isolated: re.Pattern[str]
    btag_context: re.Pattern[str]
    btag: tuple[re.Pattern[str], ...]
    trigger: dict[str, re.Pattern[str]]
    cleaning: tuple[re.Pattern[str], ...]
    cleaning_verbs: re.Pattern[str]
    rules: tuple[_Rule, ...]
    turned: re.Pattern[str]
    turned_words: dict[str, str]


@lru_cache(maxsize=1)
def _rules() -> _Rules:
    raw: dict[str, Any] = tomllib.loads(Path(__file__).with_name("flags.toml").read_text(encoding="utf-8"))
    points = raw["working_points"]

    def pattern(text: str) -> re.Pattern[str]:
        return re.compile(text.replace("{points}", points).replace("{{", "{").replace("}}", "}"), re.IGNORECASE)

    return _Rules(
        tuple(pattern(p) for p in raw["identification"]["patterns"]),
        pattern(raw["identification"]["generic"]),
        (
            pattern(raw["isolation"]["working"]),
            pattern(raw["isolation"]["with_points"]),
            pattern(raw["isolation"]["also"]),
        ),
        pattern(raw["isolation"]["generic"]),
        pattern(raw["btag"]["context"]),
        tuple(pattern(p) for p in raw["btag"]["patterns"]),
        {name: pattern(raw["trigger"][name]) for name in ("context", "verbs", "against", "name", "require")},
        tuple(pattern(p) for p in raw["cleaning"]["patterns"]),
        pattern(raw["cleaning"]["verbs"]),
        tuple(
            _Rule(
                rule["name"],
                re.compile(rule["pattern"], re.IGNORECASE),
                re.compile(rule["needs"], re.IGNORECASE) if "needs" in rule else None,
                rule["variable"],
                rule.get("value"),
                frozenset(rule["objects"]),
                rule.get("role", "select"),
            )
            for rule in raw["rule"]
        ),
        re.compile(raw["reversed"]["pattern"], re.IGNORECASE),
        raw["reversed"]["words"],
    )


def flags(reading: Reading, memory: Memory, scope: Scope | None, regions: tuple[str, ...]) -> list[Candidate]:
    """Return the flag requirements of a sentence."""
    text = reading.text
    found = [*_tagging(reading, scope, regions), *_isolation(reading, memory, scope, regions), *_cleaning(reading)]
    if not (_rules().btag_context.search(text) and re.search(r"tag", text)):
        found += _identification(reading, memory, scope, regions)
    found += _worded(reading, memory, scope, regions, {(c.object, c.variable.id) for c in found})
    found += _turned(reading, scope, regions)
    return [_collected(c, reading, memory) for c in found]


def _turned(reading: Reading, scope: Scope | None, regions: tuple[str, ...]) -> list[Candidate]:
    """Read `with reversed requirements on Δφ`, `the requirement on E_T^miss/m_eff is reinstated`."""
    match = _rules().turned.search(reading.text)
    if match is None or not re.search(r"\b(?:requirements?|selections?|cuts?|criteri\w+|veto\w*)\b", reading.text):
        return []
    stem = next((w for w in _rules().turned_words if match.group("w").lower().startswith(w)), "revers")
    value = f"requirement {_rules().turned_words[stem]}"
    at = reading.start + match.start()
    after = [t for t in reading.tokens if t.kind == "v" and t.start >= at]
    tokens = after or [t for t in reading.tokens if t.kind == "v" and at - t.end < 90]
    bounded = {i for q in reading.quantities for i in range(q.start, q.end)} | {q.variable for q in reading.quantities}
    found: dict[tuple[str, str], Candidate] = {}
    for token in tokens:
        symbol = token.value
        if symbol.about is None or reading.tokens.index(token) in bounded:
            continue
        variable = Variable(id=symbol.variable, name=symbol.name if symbol.variable in {"ratio", "other"} else None)
        flag = _flag(reading, symbol.about.object, symbol.variable, value, "turned-round", scope or "event", regions)
        found.setdefault((symbol.about.object, symbol.variable), flag.with_(variable=variable))
    return list(found.values())


def _collected(candidate: Candidate, reading: Reading, memory: Memory) -> Candidate:
    """Name the collection a flag is for, where the sentence is about one (`high-purity muons`)."""
    named = next((p.definition for p in reading.phrases if p.object == candidate.object and p.definition), None)
    if named is None and re.match(r"(?i)(?:they|these)\b", reading.text):
        named = memory.collection.get(candidate.object)
    return candidate.with_(definition=named) if named and candidate.scope == "object" else candidate


def _worded(
    reading: Reading, memory: Memory, scope: Scope | None, regions: tuple[str, ...], taken: set[tuple[str, str]]
) -> list[Candidate]:
    """Read the rules in words of `flags.toml`."""
    found: list[Candidate] = []
    for rule in _rules().rules:
        match = rule.pattern.search(reading.text)
        if match is None or (rule.needs is not None and not rule.needs.search(reading.text)):
            continue
        value = rule.value or re.sub(r"\s+", " ", match.group("v")).strip()
        if "pair" in rule.objects:
            singles = list(dict.fromkeys(p.object for p in reading.phrases if p.object in _IDENTIFIED))
            objects = [compose(tuple(singles[:2]))] if len(singles) >= 2 else []
        elif rule.objects == {"bjet"} or rule.objects == {"jet"}:
            objects = list(rule.objects)
        else:
            objects = _holders(reading, memory, match.start(), set(rule.objects))
        for object_id in objects:
            if (object_id, rule.variable) in taken and rule.variable == "id":
                continue
            variable = Variable(id=rule.variable, name=rule.name if rule.variable == "other" else None)
            own: Scope = (
                "cleaning"
                if rule.variable == "cleaning"
                else "object"
                if object_id in _IDENTIFIED | {"bjet", "vertex"}
                else "event"
            )
            found.append(
                _flag(reading, object_id, rule.variable, value, rule.name, scope or own, regions, rule.role).with_(
                    variable=variable
                )
            )
    return found


def _flag(
    reading: Reading,
    object_id: str,
    variable: str,
    value: str,
    rule: str,
    scope: Scope,
    regions: tuple[str, ...],
    role: Role = "select",
) -> Candidate:
    return Candidate(
        object=object_id,
        variable=Variable(id=variable),
        operator="is",
        value=value,
        unit="1",
        start=reading.start,
        end=reading.end,
        rule=rule,
        role=role,
        scope=scope,
        regions=regions,
    )


def _holders(reading: Reading, memory: Memory, position: int, kinds: set[str]) -> list[str]:
    """Return the objects a flag at a text position is about."""
    spans = [(p, reading.tokens[p.start].start - reading.start) for p in reading.phrases]
    before = [p for p, _ in spans if reading.tokens[p.index].start - reading.start <= position and p.object in kinds]
    before = [p for p in before if not p.oblique] or before
    if before:
        last = before[-1]
        group = [last.object]
        index = reading.phrases.index(last)
        while index > 0:
            previous = reading.phrases[index - 1]
            between = reading.shape[previous.index + 1 : reading.phrases[index].index]
            if previous.object in kinds and re.fullmatch(r"(?:x?l?a|l)[trehk]{0,3}", between):
                group.insert(0, previous.object)
                index -= 1
            else:
                break
        return list(dict.fromkeys(group))
    if (
        memory.subject in kinds
        and memory.subject
        and re.match(r"(?:they|these|both|the latter|in addition)\b", reading.text, re.IGNORECASE)
    ):
        return [memory.subject]
    after = [p.object for p, _ in spans if p.object in kinds]
    if after:
        return [after[0]]
    return [memory.subject] if memory.subject in kinds and memory.subject else []


def _identification(reading: Reading, memory: Memory, scope: Scope | None, regions: tuple[str, ...]) -> list[Candidate]:
    found: list[Candidate] = []
    for pattern in _rules().identification:
        for match in pattern.finditer(reading.text):
            word = {"looser": "loose", "tighter": "tight"}.get(match.group("w").lower(), match.group("w").lower())
            if re.match(r"\s*isolation", reading.text[match.end("w") :]):
                continue
            for object_id in _holders(reading, memory, match.start(), _IDENTIFIED):
                found.append(_flag(reading, object_id, "id", word, "working-point", scope or "object", regions))
    if not found:
        generic = _rules().identified.search(reading.text)
        if generic:
            for object_id in _holders(reading, memory, generic.start(), _IDENTIFIED - {"jet"}):
                found.append(
                    _flag(
                        reading,
                        object_id,
                        "id",
                        "identification criteria",
                        "identification",
                        scope or "object",
                        regions,
                    )
                )
    return list({(c.object, c.value): c for c in found}.values())


def _isolation(reading: Reading, memory: Memory, scope: Scope | None, regions: tuple[str, ...]) -> list[Candidate]:
    found: list[Candidate] = []
    for pattern in _rules().isolation:
        for match in pattern.finditer(reading.text):
            for object_id in _holders(reading, memory, match.start(), _IDENTIFIED):
                found.append(
                    _flag(
                        reading, object_id, "isolation", match.group("w"), "isolation-point", scope or "object", regions
                    )
                )
    if scope == "trigger" and not found:
        for phrase in reading.phrases:
            previous = found[-1] if found else None
            joined = (
                previous is not None
                and re.search(r"^(?:electron|muon)$", phrase.object)
                and not re.search(r"\ba|an\b", phrase.article)
            )
            if phrase.object in {"electron", "muon", "lepton", "photon", "tau"} and (
                re.search(r"\bisolated\b", phrase.words) or joined
            ):
                found.append(_flag(reading, phrase.object, "isolation", "isolated", "isolated", scope, regions))
    generic = _rules().isolated.search(reading.text)
    if generic and not found:
        for object_id in _holders(reading, memory, generic.start(), _IDENTIFIED):
            found.append(_flag(reading, object_id, "isolation", "isolated", "isolated", scope or "object", regions))
    return list({(c.object, c.value): c for c in found}.values())


def _tagging(reading: Reading, scope: Scope | None, regions: tuple[str, ...]) -> list[Candidate]:
    if not _rules().btag_context.search(reading.text) or not re.search(r"tag|identif|operating|working", reading.text):
        return []
    found: list[Candidate] = []
    for pattern in _rules().btag:
        for match in pattern.finditer(reading.text):
            found.append(
                _flag(
                    reading,
                    "bjet",
                    "btag",
                    re.sub(r"\s+", " ", match.group("w")).strip(),
                    "b-tag",
                    scope or "object",
                    regions,
                )
            )
    return list({c.value: c for c in found}.values())


def trigger(reading: Reading, numeric: bool) -> list[Candidate]:
    """Return the trigger a sentence names, where it gives no threshold."""
    rules = _rules().trigger
    text = reading.text
    if not rules["context"].search(text) or rules["against"].search(text) or not rules["verbs"].search(text) or numeric:
        return []
    required = rules["require"].search(text)
    name = _before_trigger(text)
    if not name and required:
        wanted = re.sub(r"\s+", " ", required.group("name")).strip()
        names = [re.sub(r"^(?:a|an|the|one|either)\s+", "", part) for part in re.split(r"\s+or\s+(?:an?\s+)?", wanted)]
        return [_flag(reading, "event", "trigger", n, "trigger-name", "trigger", ()) for n in names if n]
    if not name:
        return []
    value = f"{name} trigger" + ("s" if re.search(rf"{re.escape(name.split()[-1])}\s+triggers", text) else "")
    return [_flag(reading, "event", "trigger", value, "trigger-name", "trigger", ())]


def _before_trigger(text: str) -> str:
    """Return the words that name a trigger: `unprescaled lepton triggers` gives `lepton`."""
    for match in re.finditer(r"\btriggers?\b", text):
        words: list[str] = []
        for word in reversed(re.findall(r"\S+", text[: match.start()])[-6:]):
            bare = word.strip(",;:()\"'")
            joins = bare.lower() in {"or", "and"} and words
            function = bare.lower() in _FUNCTION or re.fullmatch(r"[a-z]+(?:ed|ing|ly)|\[.*\]|\d+", bare)
            if function and not joins:
                break
            words.insert(0, bare)
            if word[-1:] in ",;:" and len(words) > 1:
                break
        while words and words[0].lower() in {"or", "and"}:
            words.pop(0)
        if words:
            return " ".join(words)
    return ""


def _cleaning(reading: Reading) -> list[Candidate]:
    if not _rules().cleaning_verbs.search(reading.text):
        return []
    for pattern in _rules().cleaning:
        match = pattern.search(reading.text)
        if match:
            quality = re.sub(r"\s+", " ", match.group("q"))
            bad = re.match(r"(?i)bad", quality)
            objects = (
                [p.object for p in reading.phrases if p.object in {"jet", "photon", "muon", "electron"}] if bad else []
            )
            return [
                _flag(reading, object_id, "cleaning", quality, "cleaning", "cleaning", (), "veto" if bad else "select")
                for object_id in (dict.fromkeys(objects) or ["event"])
            ]
    return []
