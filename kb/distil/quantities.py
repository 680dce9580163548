"""Find the bounds of a sentence: `> 30 (25) GeV`, `20, 15 and 10 GeV`, and the ranges of `kb.distil.ranges`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from kb.distil import ranges
from kb.distil.amounts import AMOUNT, LIST, NEGATED, Amount, Quantity, amounts
from kb.distil.entities import kinds, negated
from kb.distil.lexer import Token
from kb.distil.lexicon import lexicon
from kb.distil.places import freedom, hits, in_azimuth, near, no_hits, positions

_FLIPPED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "==", "!=": "!="}
_EXTREMES = {"minimum": ">=", "minimal": ">=", "maximum": "<=", "maximal": "<="}
_OR_MORE = {
    ">=": {"more", "higher", "greater", "above", "larger", "over"},
    "<=": {"less", "lower", "smaller", "below", "under", "fewer"},
}
_AGAIN = re.compile(
    r"l?[ftq](?:t{0,2}(?P<year>n)|(?:nh[to]|no|[^cnmkjSWv]){0,5}(?:nh[to]|no|[^cnmkjSWvla]))(?:bv?c?nc?v?c?n?d)?(?:l?a|l?W|l)[tgk]{0,2}"
    r"(?P<n>nu?(?:bnu?d)?)(?=[ftq])"
)
_AGAIN_RANKED = re.compile(r"bt?ro?d(?:l?a|l)(?P<n>nu?)(?=bt?r)")  # "25 GeV (leading) and 15 GeV (subleading)"
_SAID_ONCE = (_AGAIN, _AGAIN_RANKED, re.compile(r"btd(?:l?a|l)(?P<n>nu?)(?=btd)"))  # "0.011 (EB), 0.030 (EE)"
_VALUES = {"value", "threshold", "requirement", "cut", "number", "bound"}
_PLACES = {"in", "at", "on", "within", "during"}
_FILLERS = {"of", "a", "the", "an", "value", "values", "about", "±", "only"}  # between a comparator and its number


def quantities(tokens: list[Token], taken: set[int]) -> list[Quantity]:
    """Return the bounds of a sentence from left to right; tokens in `taken` are read already."""
    shape = "".join("_" if index in taken else kind for index, kind in enumerate(kinds(tokens)))
    found: list[Quantity] = []
    used = set(taken)
    for match in re.finditer(r"npnu?sv", shape):  # "ΔR < 0.04 + 10 GeV/p_T" is no bound
        used |= set(range(*match.span()))
    for reader in (
        ranges.either,
        ranges.binned,
        ranges.double,
        ranges.spoken,
        ranges.bracketed,
        _affine,
        freedom,
        hits,
        no_hits,
        positions,
        _within,
        in_azimuth,
        near,
        _numbers,
        _or_more,
        _thresholds,
        _asked_of_triggers,
        _of_variable,
        ranges.dashed,
        ranges.either_side,
        _simple,
        _reversed,
    ):
        for quantity in reader(tokens, shape):
            span = set(range(quantity.start, quantity.end))
            if not span & used:
                found.append(quantity)
                used |= span
    found = sorted(found, key=lambda q: q.start)
    _share_unit(tokens, found)
    found = sorted([*found, *_continued(tokens, shape, found, used)], key=lambda q: q.start)
    found = sorted([*found, *_gapped(tokens, shape, found, used)], key=lambda q: q.start)
    found = sorted([*found, *_repeated(tokens, shape, found, used)], key=lambda q: q.start)
    told_again = (*_corresponding(tokens, shape, found, used), *_of_another(tokens, shape, found, used))
    return sorted([*found, *told_again], key=lambda q: q.start)


def _of_another(tokens: list[Token], shape: str, found: list[Quantity], used: set[int]) -> Iterator[Quantity]:
    """`the p_T of the first jet must exceed 60 GeV and that of the second 40 GeV`: the comparator is said once."""
    for match in re.finditer(rf"aO?(?P<n>{AMOUNT})t(?P<that>t)O[trbdhek]{{0,6}}o", shape):
        before = [q for q in found if q.end <= match.start() and q.operator in _FLIPPED]
        named = tokens[match.start("that")].word in {"that", "those"} and before
        if named and not used & set(range(*match.span("n"))):
            bound = amounts(tokens, *match.span("n"))
            yield Quantity(*match.span("n"), before[-1].operator, bound, rule="of-another")
    for match in re.finditer(r"a(?P<that>t)O[trhek]{0,4}o(?P<n>nu)(?![acho])", shape):
        before = [q for q in found if q.end <= match.start() and q.operator in _FLIPPED]
        if tokens[match.start("that")].word not in {"that", "those"} or not before:
            continue
        bound = amounts(tokens, *match.span("n"))
        if bound[0].unit == before[-1].amounts[-1].unit and not used & set(range(*match.span("n"))):
            yield Quantity(*match.span("n"), before[-1].operator, bound, rule="of-another")


def _corresponding(tokens: list[Token], shape: str, found: list[Quantity], used: set[int]) -> Iterator[Quantity]:
    """`…; for the 2012 data the corresponding value is 0.3`: the comparator is that of the bound before."""
    for match in re.finditer(r"t(?P<is>t)(?P<n>nu?)(?![acho])", shape):
        noun, verb = tokens[match.start()], tokens[match.start("is")]
        before = [q for q in found if q.end <= match.start() and q.operator in _FLIPPED]
        if (
            noun.word in _VALUES
            and verb.word in {"is", "was"}
            and any(t.word == "corresponding" for t in tokens[max(0, match.start() - 2) : match.start()])
            and before
            and not used & set(range(*match.span("n")))
        ):
            bound = amounts(tokens, *match.span("n"))
            yield Quantity(*match.span("n"), before[-1].operator, bound, rule="repeated")


def _repeated(tokens: list[Token], shape: str, found: list[Quantity], used: set[int]) -> Iterator[Quantity]:
    """`above 25 GeV for electrons and 20 GeV for muons`: the comparator is said once."""
    for quantity in found:
        last = quantity
        while match := next((m for again in _SAID_ONCE if (m := again.match(shape[last.end :]))), None):
            start, end = last.end + match.start("n"), last.end + match.end("n")
            prepositions = tokens[last.end + (match.group()[0] == "l")], tokens[end]
            ranked = match.re is not _AGAIN
            bound = amounts(tokens, start, end)
            if (
                set(range(start, end)) & used
                or (
                    not ranked
                    and match.group("year")
                    and not 2009 < tokens[last.end + match.start("year")].value < 2040
                )
                or quantity.operator not in _FLIPPED
                or not all(ranked or t.kind in "fq" or t.word in _PLACES for t in prepositions)
                or bound[0].unit != quantity.amounts[-1].unit
                or any(last.end <= q.start < end and shape[q.start - 1] not in "bv" for q in found)
            ):
                break
            last = replace(quantity, start=start, end=end, amounts=bound, rule="repeated", along="")
            used |= set(range(start, end))
            yield last


def _gapped(tokens: list[Token], shape: str, found: list[Quantity], used: set[int]) -> Iterator[Quantity]:
    """`their gap has to exceed 3.8 and their mass 550 GeV`: the second verb is left out."""
    for quantity in found:
        match = re.match(
            rf"(?:l?a|l)[te]{{0,2}}(?P<v>v)(?:O[trn]{{0,3}}o)?(?P<n>{AMOUNT})(?![cuho])", shape[quantity.end :]
        )
        verb = re.search(r"m[tg]{0,3}c?$", shape[: quantity.start])
        ranked = re.match(rf"(?:l?a|l)t?ro(?P<n>{AMOUNT})(?![cuho])", shape[quantity.end :])
        last = quantity
        while ranked and verb and not quantity.symbolic:  # "the first must exceed 95 GeV, the second 70 GeV"
            start, end = last.end + ranked.start("n"), last.end + ranked.end("n")
            if set(range(start, end)) & used:
                break
            used |= set(range(start, end))
            last = Quantity(start, end, quantity.operator, amounts(tokens, start, end), rule="gapped")
            yield last
            ranked = re.match(rf"(?:l?a|l)t?ro(?P<n>{AMOUNT})(?![cuho])", shape[last.end :])
        if match is None or quantity.symbolic or verb is None or quantity.operator not in _FLIPPED:
            continue
        start, end = quantity.end + match.start("n"), quantity.end + match.end("n")
        if not set(range(start, end)) & used and "u" in shape[start:end]:
            variable = quantity.end + match.start("v")
            used |= set(range(start, end))
            yield Quantity(start, end, quantity.operator, amounts(tokens, start, end), variable, rule="gapped")


def _share_unit(tokens: list[Token], found: list[Quantity]) -> None:
    """Read `greater than 50 and less than 106 GeV`: both numbers have the unit."""
    for one, other in pairwise(found):
        opposite = {one.operator[0], other.operator[0]} == {"<", ">"}
        single = len(one.amounts) == len(other.amounts) == 1 and other.variable is None
        between = {t.word for t in tokens[one.end : other.start]}
        if not opposite or not single or not between or not between <= {"and", "but", ","}:
            continue
        (bare,), (full,) = one.amounts, other.amounts
        low, high = (bare, full) if one.operator[0] == ">" else (full, bare)
        if bare.unit == "1" and low.values < high.values:
            bare.unit = full.unit


def _continued(tokens: list[Token], shape: str, found: list[Quantity], used: set[int]) -> list[Quantity]:
    """`less than 0.5 mm in the transverse plane and 1 mm along the beam direction`."""
    for one, other in pairwise(found):  # "… and less than 1 mm along the beam direction"
        between, behind = shape[one.end : other.start], re.match(r"[tg]{2,5}", shape[other.end :])
        if behind is None or not re.fullmatch(r"[tg]{2,5}l?a[tg]{0,2}", between) or one.rule != other.rule:
            continue
        along = _direction(tokens[one.end : other.start]), _direction(tokens[other.end : other.end + behind.end()])
        if all(along) and along[0] != along[1]:
            one.along, other.along = along
            one.rule = other.rule = "direction"
    extra = []
    for quantity in found:
        match = re.match(r"(?P<w>[tg]{2,5})l?a[tg]{0,2}(?P<n>nu)(?P<x>[tgh]{2,6})", shape[quantity.end :])
        if not match or quantity.end + match.start("n") in used:
            continue
        first = _direction(tokens[quantity.end : quantity.end + match.end("w")])
        second = _direction(tokens[quantity.end + match.start("x") : quantity.end + match.end("x")])
        if not first or not second or first == second:
            continue
        start, end = quantity.end + match.start("n"), quantity.end + match.end("n")
        extra.append(
            Quantity(start, end, quantity.operator, amounts(tokens, start, end), rule="direction", along=second)
        )
        quantity.along, quantity.rule = first, "direction"
    return extra


def _direction(tokens: list[Token]) -> str:
    known = lexicon().directions
    return next((variable for t in tokens for variable, words in known.items() if t.word in words), "")


def _simple(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`> 30 GeV`, `greater than 30 (25) GeV`, `above 20, 15 and 10 GeV`."""
    for match in re.finditer(rf"(?P<c>c)(?P<gap>c?(?:[Ottg]|b[tv]d){{0,3}}?)(?P<list>{LIST})", shape):
        position = match.start()
        gap = tokens[position + 1 : match.start("list")]
        if any(t.kind in "tO" and t.word not in _FILLERS for t in gap) or tokens[match.start("list")].word == "single":
            continue
        end = _trimmed(tokens, shape, match.start("list"), match.end())
        if end <= match.start("list"):
            continue
        operator = str(tokens[position].value)
        if len(gap) and gap[0].kind == "c":
            operator = str(gap[0].value) if operator == "==" else operator
        symbolic = _is_sign(tokens[position])
        variable = position - 1 if position and tokens[position - 1].kind == "v" else None
        lead = tokens[variable - 1] if variable else None
        if operator == "==" and lead is not None and lead.kind == "c" and not lead.word.startswith("threshold"):
            operator = str(lead.value)  # "by at least ΔR = 0.4"
            operator = NEGATED.get(operator, operator) if negated(tokens, position - 2) else operator
        if not symbolic and (negated(tokens, position) or _of_none(tokens, shape, position)):
            operator = NEGATED.get(operator, operator)
        spelt = _is_spelt(tokens[match.start("list")])
        yield Quantity(position, end, operator, amounts(tokens, match.start("list"), end), variable, symbolic, spelt)


def _of_none(tokens: list[Token], shape: str, position: int) -> bool:
    """`none of which may have p_T below 10 GeV`, `must not have an opening angle larger than 2.5`."""
    denied = re.search(r"(?:Nk|z)[tv]{1,4}$", shape[:position])
    if denied and tokens[denied.start()].word.startswith("not"):
        return True
    start = next((i for i in range(position - 1, -1, -1) if tokens[i].kind in "lSW"), -1) + 1
    return any(
        t.word in {"none", "neither"} and tokens[start + i + 1].kind in "Ow"
        for i, t in enumerate(tokens[start : start + 2])
    )


def _within(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`the time must be within 4 ns of the expected one`."""
    for match in re.finditer(r"(?P<v>v)[tOmgkrowfe]{0,16}(?P<i>i)(?P<n>nu)", shape):
        unit = tokens[match.end() - 1].value
        if (
            unit is not None
            and unit.normal in {"mm", "ns"}
            and tokens[match.start("i")].word in {"within", "to within"}
        ):
            bound = amounts(tokens, *match.span("n"))
            yield Quantity(match.start("i"), match.end(), "<", bound, match.start("v"), rule="within")


def _numbers(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`the number of tracks must be one or three`."""
    for match in re.finditer(r"(?P<v>v)(?:[tr]{0,3}o)?[tx]{0,2}m[gtk]{0,3}(?P<n>n)(?:a(?P<m>n))?(?![ucho])", shape):
        if (
            tokens[match.start("v")].value.variable not in {"count", "n_tracks"}
            or tokens[match.start("n") - 1].word != "be"
        ):
            continue
        low = tokens[match.start("n")].value
        high = tokens[match.start("m")].value if match.group("m") else low
        if high > low:
            yield Quantity(match.start("n"), match.end(), "in", [Amount((low,), "1", (high,))], match.start("v"))
        elif not match.group("m"):
            end, behind = match.end(), [t.word for t in tokens[match.end() : match.end() + 2]]
            more = next((op for op, words in _OR_MORE.items() if behind[:1] == ["or"] and behind[1] in words), None)
            bound = [Amount((low,), "1")]
            if more:
                yield Quantity(match.start("n"), end + 2, more, bound, match.start("v"), spelt=True)
            else:
                yield Quantity(match.start("n"), end, "==", bound, match.start("v"))


def _or_more(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`a p_T of 45 GeV or more`."""
    for match in re.finditer(r"mt?(?P<n>n)a(?P<w>[tc])", shape):  # "the number of jets … must be four or more"
        named = shape.rfind("v", 0, match.start())
        counted = next((i for i in range(match.start()) if tokens[i].kind == "v"), named)
        if counted < 0 or tokens[counted].value.variable not in {"count", "n_tracks"}:
            continue
        word = tokens[match.start("w")].word
        operator = next((op for op, words in _OR_MORE.items() if word in words), "<=" if word == "fewer" else None)
        if operator and tokens[match.start("w") - 1].word == "or":
            bound = amounts(tokens, *match.span("n"))
            yield Quantity(match.start("n"), match.end(), operator, bound, counted, spelt=True)
    for match in re.finditer(rf"(?P<v>v)(?:[tO]{{0,2}}|c|mg?t)(?P<list>{AMOUNT})a(?P<w>[tc])", shape):
        word = tokens[match.start("w")].word
        operator = next((op for op, words in _OR_MORE.items() if word in words), None)
        if operator and tokens[match.start("w") - 1].word == "or":
            yield Quantity(
                match.start("list"), match.end(), operator, amounts(tokens, *match.span("list")), match.start("v")
            )


def _affine(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`below 0.022 E_T + 2.45 GeV`: the constant is the bound, the rest grows with another variable."""
    for match in re.finditer(r"c[tO]{0,2}np?vp(?P<constant>nu)", shape):
        if tokens[match.start("constant") - 1].text == "+":
            bound = amounts(tokens, *match.span("constant"))
            yield Quantity(match.start(), match.end(), str(tokens[match.start()].value), bound, rule="affine")


def _thresholds(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`a 26 GeV p_T threshold`, `p_T thresholds (4 and 6 GeV)`."""
    for match in re.finditer(rf"(?P<list>{LIST})(?P<v>v?)(?P<t>t)", shape):
        if tokens[match.start("t")].word in {"threshold", "thresholds"} and "u" in match.group("list"):
            variable = match.start("v") if match.group("v") else None
            bound = amounts(tokens, *match.span("list"))
            yield Quantity(match.start(), match.end(), ">", bound, variable, rule="threshold")
    for match in re.finditer(rf"(?P<t>[tc])(?:O?[trhon]{{1,5}}|l[^l]{{1,9}}l)?(?P<is>t)(?P<list>{LIST})", shape):
        said, verb = tokens[match.start("t")].word, tokens[match.start("is")].word
        if said.removesuffix(" of") in {"threshold", "thresholds"} and verb in {"is", "was", "are", "were"}:
            bound = amounts(tokens, *match.span("list"))
            yield Quantity(match.start("list"), match.end(), ">", bound, rule="threshold")
    for match in re.finditer(rf"(?P<t>t)b[te]{{0,2}}(?P<list>{LIST})(?=[df])", shape):
        if tokens[match.start("t")].word in {"threshold", "thresholds"}:
            variable = match.start() - 1 if match.start() and shape[match.start() - 1] == "v" else None
            bound = amounts(tokens, *match.span("list"))
            yield Quantity(match.start(), match.end(), ">", bound, variable, rule="threshold")


def _asked_of_triggers(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`the dielectron triggers ask for 23 and 12 GeV, the dimuon ones for 17 and 8 GeV`, `one muon of 22 GeV`."""
    if not any(t.word.startswith("trigger") for t in tokens):
        return
    for match in re.finditer(rf"(?:m|(?P<ones>n)f|o(?P<of>O))(?P<list>{LIST})(?![cvho])", shape):
        if "u" not in match.group("list") or (match.group("ones") and tokens[match.start("ones")].word != "ones"):
            continue
        if match.group("of") and tokens[match.start("of")].word != "of":
            continue
        bound = amounts(tokens, *match.span("list"))
        if all(one.unit in {"GeV", "TeV", "MeV"} for one in bound):
            yield Quantity(match.start("list"), match.end("list"), ">", bound, rule="threshold")


def _of_variable(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`a minimum p_T of 15 GeV`, `exceed a minimal p_T of 15 GeV`."""
    for match in re.finditer(rf"(?P<c>[ct])t{{0,2}}(?P<v>v)(?P<cut>[tm]?)(?P<is>[Ot])(?P<list>{LIST})", shape):
        if match.group("cut") and tokens[match.start("cut")].word not in {"cut", "threshold", "value", "requirement"}:
            continue
        said = [t for t in tokens[match.start("c") : match.start("v")] if t.kind == "c" or t.word in _EXTREMES]
        token, verb = said[0] if said else tokens[match.start("c")], tokens[match.start("is")]
        if verb.kind == "t" and verb.word not in {"is", "was", "being"}:
            continue
        operator = str(token.value) if token.kind == "c" else _EXTREMES.get(token.word)
        if operator and operator != "==":
            bound = amounts(tokens, *match.span("list"))
            yield Quantity(match.start(), match.end(), operator, bound, match.start("v"), rule="bound-of")


def _reversed(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`250 GeV < p_T`."""
    for match in re.finditer(r"(?P<low>nu?)c(?P<v>v)(?!c)", shape):
        sign = tokens[match.end("low")]
        if sign.value in _FLIPPED and _is_sign(sign):
            operator, bound = _FLIPPED[sign.value], amounts(tokens, *match.span("low"))
            yield Quantity(match.start(), match.end(), operator, bound, match.start("v"), True, rule="reversed")


def _is_spelt(token: Token) -> bool:
    """Say whether a number is a word."""
    return token.text[0].isalpha() and not token.text.startswith("π")


def _is_sign(token: Token) -> bool:
    return re.fullmatch(r"[^\w\s]+", token.text) is not None


def _trimmed(tokens: list[Token], shape: str, start: int, end: int) -> int:
    """Give back list items that belong to what follows: `p_T > 30 GeV, 2 jets`, `> 20 GeV and two leptons`."""
    while True:
        last = max(
            (i for i in range(start, end) if tokens[i].kind == "n" and not _bracketed_at(tokens, start, i)),
            default=start,
        )
        if last == start:
            return end
        tail = shape[last + 1 :]
        spelt = _is_spelt(tokens[last])
        bounds = re.match(r"u?c[vo]", tail) is not None  # the left end of a double bound
        if not (spelt or bounds):
            return end
        end = last
        while end > start and tokens[end - 1].kind in "la":
            end -= 1


def _bracketed_at(tokens: list[Token], start: int, index: int) -> bool:
    opened = sum(t.kind == "b" for t in tokens[start:index])
    return opened > sum(t.kind == "d" for t in tokens[start:index])
