"""Read what stands for an object: labels (`the leading jet J_1`, `ℓ_2 must have …`), `for the former`, `tight ones`."""

from __future__ import annotations

import re
from dataclasses import replace

from kb.distil.entities import Mention, kinds
from kb.distil.lexer import Token
from kb.distil.particles import PHYSICAL, Named, named

_LABEL = re.compile(r"(?:[Jjℓlbγτeμh]|H|jet)_\{?(?:\d|[WZ]\d?|lead(?:ing)?|sub(?:lead(?:ing)?)?)\}?")
_B_TAGGED = re.compile(r"\bb tagged(?: \w+){0,2}$")  # "b-tagged AK4 jets"
_ORDER = {"former": 0, "latter": 1}
_VERBS = {"is", "are", "was", "were"}
_NOUNS = PHYSICAL | {"higgs"}
"""What a label may tell more closely than the noun in front of it."""


def with_labels(tokens: list[Token]) -> list[Token]:
    """Return the tokens of a sentence in which labels of objects are nouns with a rank.

    A label behind its noun only tells more of it: the `J_1` of `the leading jet J_1` that it is a large-radius jet.
    """
    out: list[Token] = []
    for index, token in enumerate(tokens):
        if token.kind == "o" and token.value.object == "jet" and _B_TAGGED.search(_words(tokens[:index])):
            token = replace(token, value=replace(token.value, object="bjet"))
        one = _labelled(tokens, index)
        if one is None:
            out.append(token)
            continue
        last = out[-1] if out else None
        if last is not None and last.kind == "o" and _fits(last.value.object, one.object) and not last.value.plural:
            ranked = len(out) > 1 and out[-2].kind == "r"
            out[-1:] = [last] if ranked or one.rank is None else [_rank(last, one.rank), last]
            continue
        if one.rank is not None:
            out.append(_rank(token, one.rank))
        out.append(replace(token, kind="o", value=Mention(one.object)))
    return out


def _words(tokens: list[Token]) -> str:
    return " ".join(t.word for t in tokens[-6:] if t.kind != "h")


def _labelled(tokens: list[Token], index: int) -> Named | None:
    token = tokens[index]
    if token.kind != "t" or not _LABEL.fullmatch(token.text):
        return None
    if any(t.kind == "s" for t in tokens[max(0, index - 1) : index + 2]):
        return None  # "τ_2/τ_1": no taus
    one = named(token.text)
    return one if one is not None and one.object in _NOUNS else None


def _fits(noun: str, label: str) -> bool:
    return noun == label


def _rank(token: Token, rank: int) -> Token:
    return replace(token, kind="r", text="", end=token.start, value=rank)


def with_antecedents(tokens: list[Token], before: tuple[str, ...]) -> list[Token]:
    """Name what `for the former`, `tight ones` and `the second must …` mean; `before` are the objects spoken of."""
    tokens = _with_others(_with_former(tokens, before))
    if (
        len(before) != 1
        or before[0] not in PHYSICAL
        or any(t.kind == "o" and t.value.object in PHYSICAL for t in tokens)
    ):
        return tokens
    noun = Mention(before[0], plural=True)
    out = [
        replace(token, kind="o", value=noun)
        if token.word == "ones" and index and tokens[index - 1].kind == "t"
        else token
        for index, token in enumerate(tokens)
    ]
    if not re.match("trm", kinds(out)):
        return out
    named: list[Token] = []
    for token, behind in zip(out, [*out[1:], None], strict=True):
        named.append(token)
        if (
            token.kind == "r" and behind is not None and behind.kind in "mnv"
        ):  # "The first must exceed 95 GeV, the second …"
            named.append(replace(token, kind="o", text="", start=token.end, value=Mention(before[0])))
    return named


def _with_former(tokens: list[Token], before: tuple[str, ...]) -> list[Token]:
    """Name the objects of `2.5 for the former and 2.4 for the latter`."""
    out = list(tokens)
    for index, token in enumerate(tokens):
        if (
            token.word not in _ORDER
            or index < 2
            or tokens[index - 1].word != "the"
            or tokens[index - 2].kind not in "fO"
        ):
            continue
        if index + 1 < len(tokens) and tokens[index + 1].kind == "t" and tokens[index + 1].word not in _VERBS:
            continue  # "for the former region"
        two = _two(tokens[: index - 2]) or (before if len(before) == 2 else ())
        if two:
            out[index] = replace(token, kind="o", value=Mention(two[_ORDER[token.word]], plural=True))
    return out


def _with_others(tokens: list[Token]) -> list[Token]:
    """Name the objects of `the leading jet must have p_T > 100 GeV and all others p_T > 50 GeV`."""
    out = list(tokens)
    for index, token in enumerate(tokens):
        if token.word != "others" or not index or tokens[index - 1].word not in {"all", "any", "the"}:
            continue
        ranked = list(re.finditer(r"r[th]{0,3}(o)", kinds(tokens[:index])))
        if ranked:
            other = tokens[ranked[-1].start(1)].value.object
            out[index] = replace(token, kind="o", value=Mention(other, plural=True))
    return out


def _two(tokens: list[Token]) -> tuple[str, ...]:
    """Return the last two objects that are joined: `electrons and muons`."""
    joined = list(re.finditer(r"o(?:l?a)[trke]{0,3}o", kinds(tokens)))
    if not joined:
        return ()
    return tuple(tokens[place].value.object for place in (joined[-1].start(), joined[-1].end() - 1))
