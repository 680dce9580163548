"""Read triggers that are named and not told by a threshold: `single-lepton triggers`, `a trigger requiring a jet`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.distil.candidates import Candidate, Setting, flag
from kb.distil.reading import Reading
from kb.distil.rulebook import pattern, rulebook

_DATA = rulebook("triggers")
_FUNCTION = frozenset(_DATA["function"])
_JOINS = frozenset({"or", "and"})
_ARTICLES = frozenset({"a", "an", "the"})
_TOGETHER = pattern(_DATA["together"])
_VERBS = pattern(_DATA["verbs"])
_AGAINST = pattern(_DATA["against"])
_REQUIRES = pattern(_DATA["require"])
_ELSEWHERE = pattern(_DATA["elsewhere"])
_CHAIN = re.compile(_DATA["chains"])
_COLLECTED = pattern(_DATA["collected"])
_GOES_ON = pattern(_DATA["goes_on"])
_COUNTED = pattern(r"(?:single|double|di|tri|two|three|multi)-?\w|(?:one|two|three)-$")
_MENTIONED = pattern(r"\btriggers?\b|\btrigger paths?\b")


def is_about_triggers(text: str) -> bool:
    """Say whether a sentence tells what a trigger requires."""
    return bool(_MENTIONED.search(text)) and not _ELSEWHERE.search(text)


def goes_on(text: str) -> bool:
    """Say whether a sentence behind one on the trigger tells of a further stage of it."""
    return bool(_GOES_ON.search(text)) and not _ELSEWHERE.search(text)


def are_collected(text: str) -> bool:
    """Say whether a text tells by which triggers events were taken, whatever its section is about."""
    return bool(_COLLECTED.search(text))


def chains(text: str) -> list[str]:
    """Return the triggers a text names as the experiment's menu does: `HLT_IsoMu24`, `e26_lhtight_nod0`."""
    return list(dict.fromkeys(_CHAIN.findall(text)))


def trigger(reading: Reading, regions: tuple[str, ...] = ()) -> list[Candidate]:
    """Return the triggers a sentence names, for the regions that it is about."""
    text = reading.text
    setting = Setting("trigger", regions)
    if not (_MENTIONED.search(text) or chains(text)) or _AGAINST.search(text) or not _VERBS.search(text):
        return []
    names = chains(text) or [f"{name} {noun}" for name, noun in _names(text)]
    if not names:
        required = _REQUIRES.search(text)
        wanted = " ".join(required.group("name").split()) if required else ""
        names = [name.removeprefix("a ").removeprefix("an ") for name in wanted.split(" or ") if name]
    found = [flag(reading, setting, "event", "trigger", one, "trigger-name") for one in names]
    # Of several triggers one has to fire, as events are taken.
    alternative = len(found) > 1 and not _TOGETHER.search(text)
    return [one.with_(any_of=reading.start) for one in found] if alternative else found


def _names(text: str) -> Iterator[tuple[str, str]]:
    """Yield the words that name triggers: `unprescaled lepton triggers` gives `lepton`, each once."""
    seen: set[str] = set()
    for match in re.finditer(r"\btriggers?\b(?![ -]match)", text):
        words: list[str] = []
        before = re.findall(r"\S+", text[: match.start()])[-8:]
        for place, word in reversed(list(enumerate(before))):
            bare = word.strip(",;:()\"'")
            joins = bare.lower() in _JOINS and words
            if bare.lower() in _ARTICLES and words and place and before[place - 1].strip(",").lower() in _JOINS:
                continue
            if not bare or (_is_function(bare) and not joins):
                break
            if word[-1:] in ",;:" and words:
                if word[-1] != "," or not _COUNTED.match(bare):
                    break
                bare += ","
            words.insert(0, bare)
        while words and words[0].lower() in _JOINS:
            words.pop(0)
        for name in _separate(words):
            if name and name not in seen:
                seen.add(name)
                yield name, match.group()


def _is_function(word: str) -> bool:
    """Say whether a word does not belong to the name of a trigger."""
    return word.lower() in _FUNCTION or bool(
        re.fullmatch(r"(?!missing$)[a-z]+(?:ed|ing|ly)|\[.*\]|\d+|triggers?", word)
    )


def _separate(words: list[str]) -> Iterator[str]:
    """Yield the names of `single-electron, dimuon and three-lepton`."""
    name: list[str] = []
    for index, word in enumerate(words):
        joins = word.lower() in _JOINS
        if (joins or word.endswith(",")) and _COUNTED.match(" ".join(words[index + 1 :])):
            yield " ".join([*name, *([] if joins else [word.rstrip(",")])])
            name = []
        else:
            name.append(word)
    yield " ".join(name)
