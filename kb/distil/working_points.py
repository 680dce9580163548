"""Read working points by name: `"Tight" identification`, `loose isolation`, the operating point of a b tagger."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.distil.candidates import Candidate, Setting, flag
from kb.distil.holders import IDENTIFIED, holders
from kb.distil.memory import Memory
from kb.distil.particles import FLAVOURS
from kb.distil.rationale import purposes
from kb.distil.reading import Reading
from kb.distil.rulebook import pattern, rulebook
from kb.ssc import Variable

_DATA = rulebook("working_points")


def _pattern(text: str) -> re.Pattern[str]:
    """Compile a rule; a point may end in `++`, behind which no word ends."""
    text = text.replace("(?P<w><points>)\\b", "(?P<w>(?:<points>)(?:\\+\\+)?)(?!\\w)")
    return pattern(text.replace("<points>", _DATA["points"]))


_IDENTIFICATION = [_pattern(rule) for rule in _DATA["identification"]["patterns"]]
_ELLIPTIC = _pattern(_DATA["identification"]["elliptic"])
_OF_POINTS = _pattern(_DATA["identification"]["speaks_of_points"])
_IDENTIFIED = _pattern(_DATA["identification"]["generic"])
_ISOLATION = [_pattern(rule) for rule in _DATA["isolation"]["patterns"]]
_ISOLATED = _pattern(_DATA["isolation"]["generic"])
_POINT = _pattern(r"(?:<points>|\d{2}\s?%)")
_BTAG_CONTEXT = _pattern(_DATA["btag"]["context"])
_BTAG = [_pattern(rule) for rule in _DATA["btag"]["patterns"]]
_ISOLATED_ONES = _pattern(_DATA["adjectives"]["isolated"])
_CONTRARY = _pattern(_DATA["adjectives"]["contrary"])
_FAILS = _pattern(_DATA["adjectives"]["fails"])
_ALTERNATING = _pattern(
    r"""["']?\b(?P<w><points>)\b["']?(?:\s+[a-z]+)?\s*\(["']?(?P<other><points>)["']?(?:\s+[a-z]+)?\)"""
)
_BY_OBJECT = _pattern(r"""["']?\b(?P<w><points>)\b["']?\s*\((?:for\s+)?(?P<o>electron|muon|photon|tau)s?\)""")
_OF_TAGGER = re.compile(r"^[^.;,]*\b(?:jet[ -]vertex|JVT|JVF)", re.IGNORECASE)
_WITHOUT = re.compile(r"\b(?:no|not|without)\b(?: [\w-]+){0,4} ?$")
_OR_THE_OTHER = re.compile(r"or (?:an? )?(?:isolated )?(?:electron|muon)s?\b")
_OF_QUALITY = IDENTIFIED - {"jet", "track"}
ADJECTIVE = "adjective"
"""The rule of what only an adjective tells; it counts where its object has another requirement."""
_ARTICLES = {"a", "an", "any", "all", "each", "every"}
_STEMS = {"looser": "loose", "tighter": "tight", "loosely": "loose", "tightly": "tight"}


def is_point(value: str) -> bool:
    """Say whether a b tagger's requirement is a working point and not the name of an algorithm.

    >>> is_point("77%"), is_point("medium"), is_point("DeepCSV")
    (True, True, False)
    """
    return _POINT.fullmatch(value) is not None


def speaks_of_btagging(text: str) -> bool:
    """Say whether a text is about b tagging."""
    return bool(_BTAG_CONTEXT.search(text))


def identification(reading: Reading, memory: Memory, setting: Setting) -> list[Candidate]:
    """Read `satisfying the "tight" identification`, or that some identification is asked for."""
    text = reading.text
    found: list[Candidate] = []
    for rule in (*_IDENTIFICATION, *([_ELLIPTIC] if _OF_POINTS.search(text) else [])):
        for match in rule.finditer(text):
            word = re.sub(r"l?lh$", "", match.group("w").lower())  # `MediumLLH` is a medium likelihood
            if _is_of_isolation(match):
                continue
            if _OF_TAGGER.search(text[match.start("w") : match.end() + 40]):
                continue  # "the medium working point of the jet vertex tagger" is no identification
            word = _STEMS.get(word, word)
            word = f"fails {word}" if _FAILS.search(text[: match.start("w")]) else word
            for object_id in holders(reading, memory, match.start(), IDENTIFIED):
                one = flag(reading, setting, object_id, "id", word, "working-point")
                named = (
                    Variable(id="id", name=match["w"])
                    if match["w"].lower() not in {*word.split(), *_STEMS}
                    else one.variable
                )
                found.append(one.with_(variable=named))
    # "the medium working point with an efficiency of 75%"
    found = [c for c in found if not str(c.value).endswith("%")] or found
    each = list(_alternating(reading, setting))
    found = [*(c for c in found if c.object not in {e.object for e in each}), *each]
    found = _failed_and_passed(found)
    generic = _IDENTIFIED.search(text)
    if generic and not found:
        for object_id in holders(reading, memory, generic.start(), IDENTIFIED - {"jet"}):
            found.append(flag(reading, setting, object_id, "id", "identification criteria", "identification"))
    return list({(c.object, c.value): c for c in found}.values())


def _failed_and_passed(found: list[Candidate]) -> list[Candidate]:
    """Make one of `fails the tight working point but passes the loose one`."""
    told: list[Candidate] = []
    for one in found:
        points = {c.value: c for c in found if c.object == one.object}.values()
        failed = [c for c in points if str(c.value).startswith("fails ")]
        passed = [c for c in points if c not in failed]
        if len(failed) == len(passed) == 1:
            one = failed[0].with_(value=f"{failed[0].value}, passes {passed[0].value}", variable=Variable(id="id"))
        told.append(one)
    return told


def _is_of_isolation(match: re.Match[str]) -> bool:
    """Say whether a bare working point is one of isolation, the only thing that the sentence speaks of."""
    return bool(re.search(r"point", match.group(), re.I)) and bool(
        re.search(r"(?<!anti-)(?<!non-)\bisolat", match.string, re.I)
    )


def _alternating(reading: Reading, setting: Setting) -> Iterator[Candidate]:
    """Read `electrons (muons) must satisfy the tight (medium) identification criteria`."""
    named = list(_BY_OBJECT.finditer(reading.text))
    if len(named) > 1:  # "the tight (electrons) or medium (muons) working point"
        yield from (flag(reading, setting, m["o"].lower(), "id", m["w"].lower(), "working-point") for m in named)
        return
    said = _ALTERNATING.search(reading.text)
    owners = next((a for a in reading.alternations if a.kind == "o"), None)
    if said is None or owners is None:
        return
    variable = "isolation" if re.match(r"\s*isolation", reading.text[said.end() :]) else "id"
    for place, word in ((owners.outer, said["w"]), (owners.inner, said["other"])):
        object_id = reading.tokens[place].value.object
        if object_id in IDENTIFIED:
            yield flag(reading, setting, object_id, variable, word.lower(), "working-point")


def contraries(reading: Reading, memory: Memory, setting: Setting) -> Iterator[Candidate]:
    """Read `non-isolated`, `non-tight`, and that leptons are isolated by an adjective: `two isolated leptons`."""
    named = {p.object for p in reading.phrases} & _OF_QUALITY
    why = list(purposes(reading.text))
    for match in _CONTRARY.finditer(reading.text):
        if any(start <= match.start() < end for start, end in why):
            continue  # "to remove non-isolated leptons" tells why
        variable = "isolation" if match["w"].lower() == "isolated" else "id"
        for object_id in holders(reading, memory, match.start(), named):
            at = reading.start + match.start()
            yield flag(reading, setting, object_id, variable, match.group().lower(), "contrary").with_(at=at)
    for phrase in reading.phrases:
        if phrase.object in IDENTIFIED and not phrase.oblique and _ISOLATED_ONES.search(phrase.words):
            either = phrase.object in FLAVOURS and _OR_THE_OTHER.match(
                reading.words(phrase.index + 1, phrase.index + 4)
            )
            object_id = "lepton" if either else phrase.object
            yield flag(reading, setting, object_id, "isolation", "isolated", ADJECTIVE)


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
    if generic and not found and not _WITHOUT.search(text[: generic.end()]):
        for object_id in holders(reading, memory, generic.start(), IDENTIFIED):
            found.append(flag(reading, setting, object_id, "isolation", "isolated", "isolated"))
    return list({(c.object, c.value): c for c in found}.values())


def btagging(reading: Reading, setting: Setting) -> list[Candidate]:
    """Read `the working point with 77% efficiency`, `tagged using the … algorithm`."""
    text = reading.text
    if not re.search(r"tag|identif|operating|working|corresponding to", text):
        return []
    words = [" ".join(match.group("w").split()) for rule in _BTAG for match in rule.finditer(text)]
    # "the medium working point, which has an efficiency of 70%", "the MV1 algorithm at the point of 70% efficiency"
    words = [w for w in words if not w.endswith("%") and is_point(w)] or [w for w in words if is_point(w)] or words
    return [flag(reading, setting, "bjet", "btag", word, "b-tag") for word in dict.fromkeys(words)]
