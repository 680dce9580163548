"""Read which flavours a system of leptons must have: `flavours 4e, 4μ or 2e2μ`."""

from __future__ import annotations

import re

from kb.distil.candidates import Candidate, Setting, stated
from kb.distil.particles import leptons
from kb.distil.reading import Reading
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
