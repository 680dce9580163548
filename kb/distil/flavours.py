"""Read which flavours leptons must have: `flavours 4e, 4μ or 2e2μ`, `two leptons of different flavour`."""

from __future__ import annotations

import re

from kb.distil.candidates import Candidate, Setting, stated
from kb.distil.particles import leptons
from kb.distil.reading import Reading
from kb.distil.vetoes import is_veto
from kb.ssc import Variable

_CHANNEL = r"(?:[1-4]?[eμ](?:[1-4]?[eμ])?(?:[eμ]{2})?|[eμ]{2,4})"
_CHANNELS = re.compile(
    rf"(?<![\w])({_CHANNEL})((?:\s*,\s*(?:or\s+|and\s+)?|\s+(?:or|and)\s+|\s*/\s*){_CHANNEL}){{1,4}}(?![\w])"
)
_SPELT = re.compile(
    r"\bfour (?:electrons|muons),? (?:or )?(?:four (?:electrons|muons),? )?(?:or |and )?(?:of )?"
    r"two (?:electrons|muons) and two (?:electrons|muons)|\bfour (?:electrons|muons) or four (?:electrons|muons)",
    re.IGNORECASE,
)
_NAMES = {"four electrons": "4e", "four muons": "4μ", "two (?:electrons|muons) and two": "2e2μ"}
_SORTING = re.compile(
    r"\b(?:sorted|classif\w+|categor\w+|divided|split|channels?|separated|grouped|labelled|denoted|called)\b",
    re.IGNORECASE,
)
_CHOOSING = re.compile(r"\b(?:select|require|keep|retain|accept)", re.IGNORECASE)
_RELATED = re.compile(
    r"\b(?:(?P<same>(?:same|identical|like)[ -](?:\((?:SF|SFOS)\) )?flavou?rs?|(?-i:SFOS|OSSF|SFOC))"
    r"|(?:different|opposite|mixed)[ -]flavou?rs?|(?-i:DFOS|OSDF))\b"
    r"(?!(?:[ ,]+(?:and|or|opposite\S*|same\S*|OS|SS|dilepton|lepton|pairs?|\([A-Z]+\)))*[ -](?:channels?|events?"
    r"|categor\w+|final|(?:(?:signal|control|validation) )?regions?|[SCV]Rs?|cases?|samples?|backgrounds?"
    r"|selections?|states?)\b)",
    re.IGNORECASE,
)
_NOT_ASKED = re.compile(
    r"\b(?:no|any|every|each|all|none|without|vet\w+|reject\w*|if|when|whether|unless|instead of|rather than|for"
    r"|not|fewer|closest|neither|former|latter)\b[^.;:]{0,45}$",
    re.IGNORECASE,
)
_LEPTONIC = {"lepton", "electron", "muon", "lepton_pair", "electron_pair", "muon_pair", "trilepton", "fourlepton"}


def relative_flavour(reading: Reading, setting: Setting, found: list[Candidate]) -> list[Candidate]:
    """Read `two leptons of different flavour`, beside the flavours that are `found` with the charges."""
    pairs = any(c.object == "lepton_pair" and c.variable.id == "count" and c.value != 1 for c in found)
    if pairs or any(c.rule == "pair-flavour" for c in found) or is_veto(reading):
        return []  # "at least two pairs of the same flavour" says what is counted
    asked = [m for m in _RELATED.finditer(reading.text) if not _NOT_ASKED.search(reading.text[: m.start()])]
    values = {"same flavour" if m["same"] else "different flavour" for m in asked}
    if len(values) != 1 or not any(p.object in _LEPTONIC for p in reading.phrases):
        return []
    one = stated(reading, setting, "lepton_pair", "other", "is", values.pop(), "pair-flavour")
    return [one.with_(variable=Variable(id="other", name="flavour"), at=reading.start + asked[0].start())]


def flavours(reading: Reading, setting: Setting) -> list[Candidate]:
    """Read a list of flavours as one requirement; lists that only sort events are none."""
    text = reading.text
    spelt, listed = _SPELT.search(text), _CHANNELS.search(text)
    if not spelt and not listed:
        return []
    if _SORTING.search(text):
        return []
    if listed and not ("flavour" in text or _CHOOSING.search(text)):
        return []
    if spelt:
        names = [name for words, name in _NAMES.items() if re.search(words, spelt.group(), re.IGNORECASE)]
    else:
        names = list(dict.fromkeys(map(_canonical, re.findall(_CHANNEL, listed.group() if listed else ""))))
    sizes = {_size(name) for name in names}
    together = leptons(sizes.pop()) if len(sizes) == 1 else None
    if len(names) < 2 or together is None:
        return []
    found = stated(reading, setting, together, "other", "is", " or ".join(names), "flavours")
    return [found.with_(variable=Variable(id="other", name="flavour"))]


def _canonical(name: str) -> str:
    return {"eeee": "4e", "μμμμ": "4μ", "eeμμ": "2e2μ", "μμee": "2μ2e"}.get(name, name)


def _size(name: str) -> int:
    return sum(int(times or 1) for times in re.findall(r"([1-4]?)[eμ]", name))
