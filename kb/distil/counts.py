"""Read how many objects there are: `exactly two jets`, `no further lepton`, `one or two jets`, `a pair of muons`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from kb.distil.amounts import NEGATED
from kb.distil.entities import kinds, negated
from kb.distil.lexer import Token
from kb.distil.lexicon import lexicon

_SETS = lexicon().sets
_LARGEST = 20
_NUMBERED = re.compile(
    r"(?P<c>c?)(?P<n>n)(?:(?:(?P<or>[agh])c?(?P<m>[nc]))?(?P<mid>[tkrvhxle]{0,6}?(?:[tk]a[tkh]{1,3})?)(?P<o>o))"
)
_NOT_CONTAINED = re.compile(r"Nk(?P<mid>[trh]{0,3}?)(?P<o>o)")
_CLASSES = {"class", "type", "category"}  # "a Class 12 vertex"
_CONTAIN = {"contain", "have", "has", "contains"}
_ABSENT = re.compile(r"z(?P<mid>[tkrvhec]{0,4}?)(?P<o>o)")
_B_TAGGED = (
    r"\b(?:b[ -]?tag\w*|(?<!W )(?<!Z )(?<!top )(?<!Higgs )(?:tagged|identified as)(?! (?:an? )?(?:W|Z|top|H|tau|τ)))"
)
_OF_WHICH = re.compile(
    r"of (?:which|them|these|those|the (?:\w+ )?jets|the (?:two|three|four|five|six|seven|eight))\b"
    rf"(?:[^,;.]|\d\.\d){{0,30}}?{_B_TAGGED}"
)
_WHICH_ARE = re.compile(rf"(?:(?:jets?|or more|must|have to|has to|are|is|be|should|required|to) ){{0,4}}{_B_TAGGED}")


@dataclass(slots=True)
class Count:
    """A number of objects: tokens `[start, end)`, of which `object` names what is counted.

    An `explicit` one says that it is a bound (`exactly two jets`, `no jets`); others may only tell (`two jets`).
    """

    start: int
    end: int
    operator: str
    value: float | tuple[float, float]
    object: int
    explicit: bool
    rule: str


def counts(tokens: list[Token]) -> list[Count]:
    """Return the counts of a sentence from left to right."""
    shape = kinds(tokens)
    found: list[Count] = []
    used: set[int] = set()
    for match in _NUMBERED.finditer(shape):
        count = _numbered(tokens, match)
        if count and not used & set(range(count.start, count.end)):
            found.append(count)
            used |= set(range(count.start, count.end))
    bare = (m for m in _NOT_CONTAINED.finditer(shape) if _is_contained(tokens, m))
    for match in (*_ABSENT.finditer(shape), *bare):
        adjective = tokens[match.start()].word == "zero" and match.group("mid").startswith("h")
        if not adjective and not used & set(range(*match.span())) and _counts(tokens, match):
            for index in (match.start("o"), *_also(tokens, shape, match.end())):
                found.append(Count(match.start(), index + 1, "==", 0.0, index, True, "no-objects"))
                used.add(index)
            used |= set(range(*match.span()))
    read = {i for c in found for i in range(c.start, c.end)}
    found += [c for c in (*_of_which(tokens, shape), *_or_more(tokens)) if not read & set(range(c.start, c.end))]
    found = sorted(found, key=lambda c: c.start)
    for one, other in pairwise(found):
        follows = re.fullmatch("l?a|l", shape[one.end : other.start]) and not other.explicit
        if one.operator == ">=" and other.operator == "==" and follows:
            other.operator = ">="  # "at least one electron and one muon"
    return [c for c in found if not _is_choice(tokens, shape, found, c)]


def _is_choice(tokens: list[Token], shape: str, found: list[Count], count: Count) -> bool:
    """`at least one muon, one electron or one τ`: none of them must be there."""
    place = found.index(count)
    first = last = place
    while first and re.fullmatch("l?a|l", shape[found[first - 1].end : found[first].start]):
        first -= 1
    while last + 1 < len(found) and re.fullmatch("l?a|l", shape[found[last].end : found[last + 1].start]):
        last += 1
    chain = found[first : last + 1]
    joined = {t.word for one, other in pairwise(chain) for t in tokens[one.end : other.start]}
    kinds_of = {tokens[c.object].value.object for c in chain if tokens[c.object].kind == "o"}
    return "or" in joined and len(chain) > 2 and len(kinds_of) == len(chain)


def _is_contained(tokens: list[Token], match: re.Match[str]) -> bool:
    """`must not contain b-tagged jets`: none may be there."""
    noun = tokens[match.start("o")].value
    words = {t.word for t in tokens[match.start("mid") : match.end("mid")]}
    return noun.plural and tokens[match.start() + 1].word in _CONTAIN and not words & {"the", "these", "all", "both"}


def _counts(tokens: list[Token], match: re.Match[str]) -> bool:
    """Say whether a number goes with the object behind it."""
    return (
        _plain(tokens, match.start("mid"), match.end("mid"))
        and tokens[match.start("o")].value.object != "event"
        and not _qualifies(tokens, match.end())
    )


def _also(tokens: list[Token], shape: str, position: int) -> Iterator[int]:
    """`no electrons or muons` counts both."""
    while joined := re.match(r"(?:l?a|l)[trk]{0,2}(o)", shape[position:]):
        index = position + joined.start(1)
        if (
            tokens[position].word not in {"or", "and", ",", "nor"}
            or tokens[index].value.object in {"event", "met"}
            or tokens[index - 1].word == "the"
            or _qualifies(tokens, index + 1)
        ):
            return
        yield index
        position = index + 1


def _numbered(tokens: list[Token], match: re.Match[str]) -> Count | None:
    first, target = match.start(), match.start("o")
    number = tokens[match.start("n")]
    if number.text == "both" or not 0 <= number.value <= _LARGEST or number.value != int(number.value):
        return None
    if not _counts(tokens, match) or tokens[target].value.object == "met":
        return None
    before = tokens[first - 1] if first else None
    if before and before.kind in "chsBvMn":
        return None
    least = float(number.value)
    if match.group("or"):
        most = tokens[match.start("m")]
        respective = any(t.kind == "y" for t in tokens[match.end() :])
        if match.start("m") > match.end("or") and tokens[match.end("or")].value != "==":
            return None  # "two or at least three jets"
        spanned = before is not None and before.word == "between" and tokens[match.start("or")].word == "and"
        between = spanned or tokens[match.start("or")].kind in "gh"  # "three to five jets"
        if not (between or (tokens[match.start("or")].word == "or" and not respective)) or most.kind != "n":
            return None
        if most.value <= least:
            return None
        return Count(first, match.end(), "in", (least, float(most.value)), target, True, "one-or-two")
    behind = " ".join(t.word for t in tokens[match.end() : match.end() + 2])
    if behind in {"or more", "or fewer"}:  # "one b jet or more"
        return Count(first, match.end() + 2, ">=" if behind == "or more" else "<=", least, target, True, "or-more")
    if not match.group("c"):
        if _names_events(tokens, match) or (before is not None and before.word in _CLASSES):
            return None
        each = before is not None and before.kind in "er" and before.word != "either"  # "either two muons or …"
        if before and (before.word.split()[-1] in _SETS["definite"] or each):
            return None
        if [t.word for t in tokens[match.end() : match.end() + 2]] == ["or", "more"]:  # "two tracks or more"
            return Count(first, match.end() + 2, ">=", least, target, True, "or-more")
        return Count(first, match.end(), "==", least, target, False, "counted")
    operator = str(tokens[match.start("c")].value)
    if operator == "!=":
        return None
    least_of = _at_least(tokens, first) if operator in {"<=", "<"} else None
    if least_of is not None:  # "at least two but no more than five jets"
        most_of = least - (operator == "<")
        return Count(first - 3, match.end(), "in", (least_of, most_of), target, True, "counted")
    if negated(tokens, first):  # "must not contain more than one jet"
        operator = NEGATED.get(operator, operator)
    return Count(first, match.end(), operator, least, target, True, "counted")


def _at_least(tokens: list[Token], first: int) -> float | None:
    """Return the lower end that a count's upper one has in front of it."""
    if first < 3 or tokens[first - 1].word not in {"but", "and"} or kinds(tokens[first - 3 : first - 1]) != "cn":
        return None
    low, operator = float(tokens[first - 2].value), tokens[first - 3].value
    return {">=": low, ">": low + 1}.get(str(operator))


def _names_events(tokens: list[Token], match: re.Match[str]) -> bool:
    """`150 GeV in three-jet events`: which events it holds for, not how many jets there must be."""
    first, target = match.start("n"), match.start("o")
    hyphen = target == first + 2 and tokens[first + 1].kind == "h"
    placed = first > 0 and tokens[first - 1].word in {"in", "for", "the"}
    behind = tokens[target + 1].word if target + 1 < len(tokens) else ""
    return hyphen and placed and behind in {"event", "events", "sample", "bin", "bins", "selection"}


def _of_which(tokens: list[Token], shape: str) -> Iterator[Count]:
    """`at least one of which is b tagged`: a count of b jets."""
    for match in re.finditer(r"(?P<c>c?)(?P<n>n)(?:at)?[tOw]{1,3}", shape):
        number = match.start("n")
        words = " ".join(t.word for t in tokens[number + 1 : number + 14] if t.kind != "h")
        more = words.startswith("or more ")
        if not _OF_WHICH.match(words.removeprefix("or more ")):
            continue
        tagged = match.end() - 1
        operator = str(tokens[match.start("c")].value) if match.group("c") else _unsaid(tokens, number)
        operator = ">=" if more else operator
        yield Count(match.start(), number + 1, operator, float(tokens[number].value), tagged, True, "of-which")
    for index, token in enumerate(tokens):  # "none of them may be b-tagged"
        if token.word == "none" and _OF_WHICH.match(_words(tokens, index + 1, 13)):
            yield Count(index, index + 1, "==", 0.0, index, True, "of-which")
    for match in re.finditer(r"w(?P<c>c?)(?P<n>n)", shape):  # "of which at least three must be b-tagged"
        number = match.start("n")
        words = " ".join(t.word for t in tokens[number + 1 : number + 9] if t.kind != "h")
        if tokens[match.start()].word != "of which" or not _WHICH_ARE.match(words):
            continue
        tagged = next(i for i in range(number + 1, len(tokens)) if re.search(r"tag|identified", tokens[i].word))
        operator = str(tokens[match.start("c")].value) if match.group("c") else _unsaid(tokens, number)
        yield Count(
            match.start("n") - len(match.group("c")),
            number + 1,
            operator,
            float(tokens[number].value),
            tagged,
            True,
            "of-which",
        )


def _words(tokens: list[Token], start: int, number: int) -> str:
    return " ".join(t.word for t in tokens[start : start + number] if t.kind != "h")


def _unsaid(tokens: list[Token], position: int) -> str:
    """`exactly two jets, one of which is b-tagged`: exactly one is; of any number of jets, at least one."""
    return "==" if any(t.word in {"exactly", "precisely"} for t in tokens[:position]) else ">="


def _or_more(tokens: list[Token]) -> Iterator[Count]:
    """`three or more electrons`, `two or fewer jets`."""
    for i, token in enumerate(tokens[:-3]):
        if token.kind == "n" and tokens[i + 1].word == "or" and tokens[i + 2].word in {"more", "fewer", "less"}:
            target = next((j for j in range(i + 3, min(i + 7, len(tokens))) if tokens[j].kind == "o"), None)
            if target is not None and _plain(tokens, i + 3, target) and not _qualifies(tokens, target + 1):
                operator = ">=" if tokens[i + 2].word == "more" else "<="
                yield Count(i, target + 1, operator, float(token.value), target, True, "or-more")


def _plain(tokens: list[Token], start: int, end: int) -> bool:
    """Say whether the words between a number and an object leave them together: not in `two-body lepton decays`."""
    if end > start + 1 and tokens[start].kind == "h":
        return False
    return all(
        (t.kind == "r" or t.word not in _SETS["uncounted"]) and not (t.kind == "v" and t.value.about)
        for t in tokens[start:end]
    )


def _qualifies(tokens: list[Token], index: int) -> bool:
    """Say whether an object only qualifies what follows it: `two jet masses`, `lepton veto`."""
    if index >= len(tokens):
        return False
    following = tokens[index]
    return following.kind == "t" and following.word in _SETS["qualified"] and not tokens[index - 1].value.plural
