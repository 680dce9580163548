"""Read requirements that are turned round: `with reversed requirements on Δφ`, `the b-veto is inverted`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.distil.candidates import Candidate, Setting, flag, stated
from kb.distil.lexer import plain
from kb.distil.reading import Reading, read
from kb.distil.rulebook import pattern, rulebook
from kb.ssc import Variable

_STEMS: dict[str, str] = rulebook("flags")["reversed"]
_TURNED = pattern(rf"\b({'|'.join(_STEMS)})(\w*)")
_VETO = re.compile(
    r"\b(?P<o>b|[\w-]+?(?:[- ][\w-]+)?)[- ]veto\b(?! (?:on|of|against))"
    r"|\bveto (?:on|of|against) (?:the |any |additional )?(?P<on>[\w-]+(?: [\w-]+)?)",
    re.IGNORECASE,
)
_MADE_A_VETO = re.compile(
    r"\b(?P<o>b|[\w-]+)[- ](?:requirement|selection|condition|multiplicity) (?:is|are)"
    r" (?:replaced by|changed (?:in)?to|turned into) an? veto\b"
)
_ADJECTIVE = re.compile(r"\s+(?:[\w-]+\s+){0,3}?(?:requirements?|selections?|cuts?|criteri\w+|veto\w*|conditions?)\b")
_REQUIRED = re.compile(r"[\s-]+(?:requirement|selection|cut|criterion|threshold)\b")
_REACH = 90


def inversions(reading: Reading, setting: Setting) -> list[Candidate]:
    """Return what a sentence turns round: a veto asks for the object instead, other requirements are flagged."""
    bounded = {i for q in reading.quantities for i in range(q.start, q.end)} | {q.variable for q in reading.quantities}
    numbers = {reading.tokens[i].value.variable for i in bounded if i is not None and reading.tokens[i].kind == "v"}
    found: dict[tuple[str, str], Candidate] = {}
    last = 0
    for match in _TURNED.finditer(reading.text):
        start, end = _stretch(reading.text, match, last)
        last = match.end()
        value = f"requirement {_STEMS[match.group(1).lower()]}"
        place = reading.start + match.start()
        for object_id in _vetoed(reading.text[start:end]):
            if match.group(1).lower() != "reinstat":
                one = stated(reading, setting, object_id, "count", ">=", 1.0, "turned-round-veto")
                found.setdefault((object_id, "count"), one.with_(at=place))
        for index, token in enumerate(reading.tokens):
            if token.kind != "v" or not reading.start + start <= token.start < reading.start + end or index in bounded:
                continue
            symbol = token.value
            if symbol.about is None or symbol.variable in numbers or symbol.variable == "count":
                continue
            name = symbol.name if symbol.variable in {"ratio", "other"} else None
            one = flag(reading, setting, symbol.about.object, symbol.variable, value, "turned-round", "event")
            one = one.with_(variable=Variable(id=symbol.variable, name=name), at=place)
            found.setdefault((symbol.about.object, symbol.variable), one)
        for phrase in reading.phrases:
            noun = reading.tokens[phrase.index]
            if phrase.object != "met" or not reading.start + start <= noun.start < reading.start + end:
                continue
            if _REQUIRED.match(reading.text, noun.end - reading.start):
                one = flag(reading, setting, "met", "pt", value, "turned-round", "event")
                found.setdefault(("met", value), one.with_(at=place))
    for match in _MADE_A_VETO.finditer(reading.text):
        for object_id in _vetoed(f"{match['o']} veto"):
            one = stated(reading, setting, object_id, "count", "==", 0.0, "turned-round-veto")
            found.setdefault((object_id, "count"), one.with_(at=reading.start + match.start()))
    return list(found.values())


def _stretch(text: str, match: re.Match[str], last: int) -> tuple[int, int]:
    """Return where in a text stands what is turned round: behind `inverting`, before `is inverted`."""
    active = match.group(2).lower() in {"ing", "e", "es", "s", "ion of", ""} or _ADJECTIVE.match(text, match.end())
    if active:
        return match.end(), len(text)
    return max(last, match.start() - _REACH), match.start()


def _vetoed(text: str) -> Iterator[str]:
    """Yield the objects of the vetoes that a stretch of text names."""
    for match in _VETO.finditer(text):
        name = match["on"] or match["o"]
        for word in ("b jet",) if name.lower().split()[-1] in {"b", "b-jet", "b-tag"} else _words(name):
            reading = read(plain(word))
            if reading.phrases:
                yield reading.phrases[-1].object
                break


def _words(name: str) -> tuple[str, ...]:
    """Return what may be the object's name: both words before `veto`, or the last one."""
    return (name, name.split()[-1])
