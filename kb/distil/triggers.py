"""Read triggers that are named and not told by a threshold: `single-lepton triggers`, `a trigger requiring a jet`."""

from __future__ import annotations

import re

from kb.distil.candidates import Candidate, Setting, flag
from kb.distil.reading import Reading
from kb.distil.rulebook import pattern, rulebook

_DATA = rulebook("triggers")
_FUNCTION = frozenset(_DATA["function"])
_VERBS = pattern(_DATA["verbs"])
_AGAINST = pattern(_DATA["against"])
_REQUIRES = pattern(_DATA["require"])
_ELSEWHERE = pattern(_DATA["elsewhere"])
_CHAIN = re.compile(r"\b(?:HLT|L1|EF|Hlt[12]|L0)_?[A-Z]?\w*_\w+|\bHLT_\w+|\b[eg]\d{2,3}_(?:lh)?\w+|\bmu\d{2,3}_\w+")
_MENTIONED = pattern(r"\btriggers?\b")


def is_about_triggers(text: str) -> bool:
    """Say whether a sentence tells what a trigger requires."""
    return bool(_MENTIONED.search(text)) and not _ELSEWHERE.search(text)


def chains(text: str) -> list[str]:
    """Return the triggers a text names as the experiment's menu does: `HLT_IsoMu24`, `e26_lhtight_nod0`."""
    return list(dict.fromkeys(_CHAIN.findall(text)))


def trigger(reading: Reading) -> list[Candidate]:
    """Return the trigger a sentence names."""
    text = reading.text
    if not (_MENTIONED.search(text) or chains(text)) or _AGAINST.search(text) or not _VERBS.search(text):
        return []
    named = chains(text)
    if named:
        return [flag(reading, Setting("trigger"), "event", "trigger", one, "trigger-name") for one in named]
    name = _name(text)
    if name:
        plural = re.search(rf"{re.escape(name.split()[-1])}\s+triggers", text)
        names = [f"{name} triggers" if plural else f"{name} trigger"]
    else:
        required = _REQUIRES.search(text)
        wanted = re.sub(r"\s+", " ", required.group("name")).strip() if required else ""
        parts = re.split(r"\s+or\s+(?:an?\s+)?", wanted)
        names = [re.sub(r"^(?:a|an|the|one|either)\s+", "", part) for part in parts]
    setting = Setting("trigger")
    return [flag(reading, setting, "event", "trigger", one, "trigger-name") for one in names if one]


def _name(text: str) -> str:
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
