"""Read how many objects there are: `exactly two jets`, `no further lepton`, `one or two jets`, `a pair of muons`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kb.distil.entities import Mention, kinds
from kb.distil.lexer import Token
from kb.distil.lexicon import lexicon

_SETS = lexicon().sets


@dataclass(slots=True)
class Count:
    """A number of objects: tokens `[start, end)`, of which `object` names what is counted."""

    start: int
    end: int
    operator: str
    value: float | tuple[float, float]
    object: int
    explicit: bool
    rule: str


def counts(tokens: list[Token]) -> list[Count]:
    """Return the counts of a sentence."""
    shape = kinds(tokens)
    found: list[Count] = []
    used: set[int] = set()
    for match in re.finditer(r"(?P<c>c?)(?P<n>n)(?:(?:(?P<or>a)(?P<m>[nc]))?(?P<mid>[tkrvhxle]{0,6}?)(?P<o>o))", shape):
        count = _numbered(tokens, match)
        if count and not used & set(range(count.start, count.end)):
            found.append(count)
            used |= set(range(count.start, count.end))
    for match in re.finditer(r"z(?P<mid>[tkrvhec]{0,4}?)(?P<o>o)", shape):
        if _plain(tokens, match.start("mid"), match.end("mid")) and not used & set(range(*match.span())):
            if tokens[match.start("o")].value.object in {"event"} or _follows(tokens, match.end()):
                continue
            found.append(Count(match.start(), match.end(), "==", 0.0, match.start("o"), True, "no-objects"))
            used |= set(range(*match.span()))
            for other in _also(tokens, shape, match.end()):
                found.append(Count(match.start(), other + 1, "==", 0.0, other, True, "no-objects"))
                used.add(other)
    return sorted(found, key=lambda c: c.start)


def _also(tokens: list[Token], shape: str, position: int) -> list[int]:
    """`no electrons or muons` counts both."""
    found: list[int] = []
    while True:
        match2 = re.match(r"(?:l?a|l)[trk]{0,2}(o)", shape[position:])
        if not match2 or tokens[position].word not in {"or", "and", ",", "nor"}:
            return found
        index = position + match2.start(1)
        if tokens[index].value.object == "event" or _follows(tokens, index + 1):
            return found
        found.append(index)
        position = index + 1


def _numbered(tokens: list[Token], match: re.Match[str]) -> Count | None:
    first, target = match.start(), match.start("o")
    number = tokens[match.start("n")]
    if number.value != int(number.value) or number.value > 20 or number.value < 0:
        return None
    if not _plain(tokens, match.start("mid"), match.end("mid")) or tokens[target].value.object in {"event", "met"}:
        return None
    before = tokens[first - 1] if first else None
    if before and (
        before.kind in "chsBvMn" or before.word in {"±", "=", "×", "table", "fig", "figure", "section", "of order", "+"}
    ):
        return None
    if number.text == "both":
        return None
    end = match.end()
    if _follows(tokens, end):
        return None
    explicit = bool(match.group("c"))
    operator = str(tokens[match.start("c")].value) if explicit else "=="
    rule = "counted"
    value: float | tuple[float, float] = float(number.value)
    if match.group("or"):
        other = tokens[match.start("m")]
        if tokens[match.start("or")].word != "or" or any(t.kind == "y" for t in tokens[match.end() :]):
            return None
        if other.kind == "n" and other.value > number.value:
            return Count(first, end, "in", (float(number.value), float(other.value)), target, True, "one-or-two")
        return None
    if not explicit and before and (before.word in _SETS["definite"] or before.kind == "e"):
        return None
    if operator not in {">", ">=", "<", "<=", "=="}:
        return None
    return Count(first, end, operator, value, target, explicit, rule)


def of_which(tokens: list[Token]) -> list[Count]:
    """Read `at least one of which is b tagged`: a count of b jets."""
    found = []
    shape = kinds(tokens)
    for match in re.finditer(r"(?P<c>c?)(?P<n>n)[tOw]{1,3}", shape):
        words = " ".join(t.word for t in tokens[match.start("n") + 1 : match.start("n") + 14] if t.kind != "h")
        if not re.match(
            r"of (?:which|them|these|those|the (?:\w+ )?jets)\b[^,;.]{0,30}?\b(?:b[ -]?tag\w*|tagged|identified as)",
            words,
        ):
            continue
        number = tokens[match.start("n")]
        tagged = next(
            (
                i
                for i in range(match.end(), min(len(tokens), match.end() + 12))
                if re.search(r"tag|identified", tokens[i].word)
            ),
            match.end() - 1,
        )
        operator = str(tokens[match.start("c")].value) if match.group("c") else ">="
        found.append(
            Count(match.start(), match.start("n") + 1, operator, float(number.value), tagged, True, "of-which")
        )
    return found


def more_or_fewer(tokens: list[Token]) -> list[Count]:
    """Read `three or more electrons`, `two or fewer jets`."""
    found = []
    for i, token in enumerate(tokens[:-3]):
        if token.kind == "n" and tokens[i + 1].word == "or" and tokens[i + 2].word in {"more", "fewer", "less"}:
            target = next((j for j in range(i + 3, min(i + 7, len(tokens))) if tokens[j].kind == "o"), None)
            if target is not None and _plain(tokens, i + 3, target):
                operator = ">=" if tokens[i + 2].word == "more" else "<="
                found.append(Count(i, target + 1, operator, float(token.value), target, True, "or-more"))
    return found


def _plain(tokens: list[Token], start: int, end: int) -> bool:
    return all(t.word not in _SETS["uncounted"] and not (t.kind == "v" and t.value.about) for t in tokens[start:end])


def _follows(tokens: list[Token], index: int) -> bool:
    """Say whether the object only qualifies what follows: `two jet masses`, `lepton veto`."""
    if index >= len(tokens):
        return False
    following = tokens[index]
    return following.kind == "t" and following.word in _SETS["qualified"] and not tokens[index - 1].value.plural


def mention(tokens: list[Token], index: int) -> Mention:
    """Return the object named at a token."""
    value = tokens[index].value
    assert isinstance(value, Mention)
    return value
