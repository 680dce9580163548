"""Find the numbers that bound something: `> 30 (25) GeV`, `20, 15 and 10 GeV`, `90 ≤ m ≤ 150 GeV`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from kb.distil.entities import kinds
from kb.distil.lexer import Token
from kb.ssc import Closed

FLIPPED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "==", "!=": "!="}
_AMOUNT = "nu?(?:bnu?(?:lnu?)*du?)?"
_LIST = f"{_AMOUNT}(?:(?:l|a|la){_AMOUNT})*"
_LOWER = {">", ">="}
_UPPER = {"<", "<="}


@dataclass(slots=True)
class Amount:
    """A number with its alternatives in brackets, `30 (25) GeV`; a range has both its ends."""

    values: tuple[float, ...]
    unit: str
    upper: tuple[float, ...] = ()


@dataclass(slots=True)
class Quantity:
    """A bound: tokens `[start, end)`, the operator, one amount or a list of them; which ends a range has."""

    start: int
    end: int
    operator: str
    amounts: list[Amount]
    variable: int | None = None
    symbolic: bool = False
    spelt: bool = False
    rule: str = "bound"
    note: str = ""
    extra: dict[str, float] = field(default_factory=dict)
    closed: Closed = "both"

    def covers(self, index: int) -> bool:
        """Say whether a token belongs to the bound."""
        return self.start <= index < self.end


def closed_at(*, low: bool, high: bool) -> Closed:
    """Name the ends that belong to a range."""
    if low:
        return "both" if high else "left"
    return "right" if high else "neither"


def amounts(tokens: list[Token], start: int, end: int) -> list[Amount]:
    """Read an amount list; units are shared from the right, as they are printed."""
    read: list[tuple[list[float], str | None]] = []
    depth = 0
    for token in tokens[start:end]:
        if token.kind == "n":
            if depth and read:
                read[-1][0].append(token.value)
            else:
                read.append(([token.value], None))
        elif token.kind == "u" and read:
            read[-1] = (read[-1][0], token.value.id if token.value else None)
        elif token.kind == "b":
            depth += 1
        elif token.kind == "d":
            depth -= 1
    unit: str | None = None
    units: list[str | None] = []
    for _, own in reversed(read):
        unit = own or unit
        units.append(unit)
    units.reverse()
    last = next((u for u in reversed(units) if u), None)
    shared = [u or last or "1" for u in units]
    return [
        Amount(tuple(round(v / 100, 9) for v in values), "1") if u == "%" else Amount(tuple(values), u)
        for (values, _), u in zip(read, shared, strict=True)
    ]


def quantities(tokens: list[Token], taken: set[int]) -> list[Quantity]:
    """Return the bounds of a sentence from left to right; tokens in `taken` are read already."""
    shape = "".join("_" if index in taken else kind for index, kind in enumerate(kinds(tokens)))
    found: list[Quantity] = []
    used = set(taken)
    for reader in (
        _binned,
        _double,
        _ranges,
        _bracketed,
        _thresholds,
        _of_variable,
        _spanned,
        _either,
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
    return sorted([*found, *_continued(tokens, shape, found, used)], key=lambda q: q.start)


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


_DIRECTIONS = {
    "transverse": "d0",
    "longitudinal": "z0",
    "beam": "z0",
    "z": "z0",
    "z-direction": "z0",
    "perpendicular": "d0",
}


def _continued(tokens: list[Token], shape: str, found: list[Quantity], used: set[int]) -> list[Quantity]:
    """`less than 0.5 mm in the transverse plane and 1 mm along the beam direction`."""
    extra = []
    for quantity in found:
        match = re.match(r"(?P<w>[tg]{2,5})l?a[tg]{0,2}(?P<n>nu)(?P<x>[tg]{2,5})", shape[quantity.end :])
        if not match or quantity.end + match.start("n") in used:
            continue
        first = _direction(tokens[quantity.end : quantity.end + match.end("w")])
        second = _direction(tokens[quantity.end + match.start("x") : quantity.end + match.end("x")])
        if not first or not second or first == second:
            continue
        start, end = quantity.end + match.start("n"), quantity.end + match.end("n")
        extra.append(
            Quantity(start, end, quantity.operator, amounts(tokens, start, end), None, rule="direction", note=second)
        )
        quantity.note, quantity.rule = first, "direction"
    return extra


def _direction(tokens: list[Token]) -> str:
    return next((_DIRECTIONS[t.word] for t in tokens if t.word in _DIRECTIONS), "")


def _op(token: Token) -> str:
    return str(token.value)


def _pairs(low: list[Amount], high: list[Amount]) -> list[Amount]:
    unit = high[0].unit if high[0].unit != "1" else low[0].unit
    paired = []
    for one, other in zip(low, high, strict=False):
        width = max(len(one.values), len(other.values))
        lows = one.values + (one.values[-1],) * (width - len(one.values))
        highs = other.values + (other.values[-1],) * (width - len(other.values))
        low_unit = one.unit if one.unit != "1" else unit
        if low_unit == unit:
            paired.append(Amount(lows, unit, highs))
    return paired


def _double(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`90 ≤ m_bb ≤ 150 GeV`, `0.2 < ΔR < 0.4`."""
    for match in re.finditer(rf"(?P<low>{_AMOUNT})c(?P<v>[vo])c(?P<high>{_AMOUNT})", shape):
        first, second = tokens[match.end("low")], tokens[match.start("high") - 1]
        low, high = amounts(tokens, *match.span("low")), amounts(tokens, *match.span("high"))
        if _op(first) in _LOWER and _op(second) in _LOWER:
            low, high, first, second = high, low, second, first
        elif not (_op(first) in _UPPER and _op(second) in _UPPER):
            continue
        pairs = _pairs(low, high)
        if pairs:
            variable = match.start("v") if tokens[match.start("v")].kind == "v" else None
            operator = "not_in" if _outside(tokens, shape, match.start()) else "in"
            closed = closed_at(low="=" in _op(first), high="=" in _op(second))
            yield Quantity(
                match.start(), match.end(), operator, pairs, variable, True, rule="double-bound", closed=closed
            )


def _outside(tokens: list[Token], shape: str, start: int) -> bool:
    """`outside the range 81 < m < 101 GeV`, `must not be in the range 81 < m < 101 GeV`."""
    named = re.search(r"[qQ][tqO]{0,3}$", shape[:start])
    return named is not None and (named.group().startswith("Q") or _negated(tokens, named.start()))


def _ranges(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`between 80 and 100 GeV`, `in the range 60–120 GeV`, `outside 70 to 110 GeV`."""
    pattern = rf"(?P<o>[qQ])[tqO]{{0,3}}(?P<v>v?)(?P<in>[Oq]?)(?P<low>{_AMOUNT})(?P<sep>[agh]|ta)t?(?P<high>{_AMOUNT})"
    for match in re.finditer(pattern, shape):
        low, high = amounts(tokens, *match.span("low")), amounts(tokens, *match.span("high"))
        pairs = _pairs(low, high)
        if not pairs or pairs[0].values[0] >= pairs[0].upper[0]:
            continue
        outside = match.group("o") == "Q" or _negated(tokens, match.start())
        variable = match.start("v") if match.group("v") else None
        yield Quantity(match.start(), match.end(), "not_in" if outside else "in", pairs, variable, False, rule="range")


def _binned(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`bins 600–800, 800–1000, 1000–1300, and >1300 GeV`: one bound per bin."""
    item = "(?:nu?hnu?|cnu?)"
    for match in re.finditer(rf"{item}(?:(?:l|a|la){item})+", shape):
        if "h" not in match.group():
            continue
        near = [t.word for t in tokens[max(0, match.start() - 14) : match.end() + 8]]
        if not any(
            w in {"bins", "bin", "regions", "region", "categories", "intervals", "ranges", "slices"} for w in near
        ):
            continue
        unit = next(
            (t.value.id for t in reversed(tokens[match.start() : match.end()]) if t.kind == "u" and t.value), "1"
        )
        variable = next((i for i in range(match.start() - 1, max(-1, match.start() - 10), -1) if shape[i] == "v"), None)
        if variable is None:
            continue
        name = tokens[variable].text
        for part in re.finditer(item, match.group()):
            start, end = match.start() + part.start(), match.start() + part.end()
            numbers = [float(t.value) for t in tokens[start:end] if t.kind == "n"]
            label = " ".join(t.text for t in tokens[start:end] if t.kind != "u")
            if len(numbers) == 2 and numbers[0] < numbers[1]:
                bound = Amount((numbers[0],), unit, (numbers[1],))
                yield Quantity(
                    start, end, "in", [bound], variable, rule="bins", note=f"{name}: {label} {unit}".removesuffix(" 1")
                )
            elif len(numbers) == 1:
                operator = _op(tokens[start])
                yield Quantity(
                    start,
                    end,
                    operator,
                    [Amount((numbers[0],), unit)],
                    variable,
                    rule="bins",
                    note=f"{name}: {label} {unit}".removesuffix(" 1"),
                )


def _bracketed(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`∈ [90, 150) GeV`, `[5680, 5900] MeV`."""
    for match in re.finditer(r"(?P<o>[qQ]?)[tqO]{0,2}[Bb](?P<low>nu?)l(?P<high>nu?)(?P<d>[Dd])(?P<u>u?)", shape):
        if not (match.group("o") or match.group("u")) or (
            tokens[match.start("low") - 1].kind == "b" and not match.group("o")
        ):
            continue
        both = amounts(tokens, match.start("low"), match.end())
        flat = [Amount((v,), a.unit) for a in both for v in a.values]
        if len(flat) == 2 and flat[0].values < flat[1].values:
            unit = flat[1].unit
            if match.group("u") and tokens[match.start("u")].value:
                unit = tokens[match.start("u")].value.id
            operator = "not_in" if match.group("o") == "Q" else "in"
            closed = closed_at(low=shape[match.start("low") - 1] == "B", high=match.group("d") == "D")
            pair = [Amount(flat[0].values, unit, flat[1].values)]
            yield Quantity(match.start(), match.end(), operator, pair, rule="interval", closed=closed)


def _simple(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`> 30 GeV`, `greater than 30 (25) GeV`, `above 20, 15 and 10 GeV`."""
    for match in re.finditer(rf"(?P<c>c)(?P<gap>c?(?:[Ottg]|b[tv]d){{0,3}}?)(?P<list>{_LIST})", shape):
        position = match.start()
        gap = tokens[position + 1 : match.start("list")]
        if any(
            t.kind in "tO"
            and t.word not in {"of", "a", "the", "an", "value", "values", "about", "about the", "±", "only"}
            for t in gap
        ):
            continue
        end = _trimmed(tokens, shape, match.start("list"), match.end())
        if end <= match.start("list"):
            continue
        operator = _op(tokens[position])
        if len(gap) and gap[0].kind == "c":
            operator = _op(gap[0]) if operator == "==" else operator
        symbolic = bool(re.fullmatch(r"[^\w\s]+", tokens[position].text))
        variable = position - 1 if position and tokens[position - 1].kind == "v" else None
        if _negated(tokens, position) and operator in {">", ">=", "<", "<="} and not symbolic:
            operator = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}[operator]
        spelt = tokens[match.start("list")].text[0].isalpha()
        yield Quantity(position, end, operator, amounts(tokens, match.start("list"), end), variable, symbolic, spelt)


def _thresholds(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`a 26 GeV p_T threshold`, `p_T thresholds (4 and 6 GeV)`."""
    for match in re.finditer(rf"(?P<list>{_LIST})(?P<v>v?)(?P<t>t)", shape):
        if tokens[match.start("t")].word in {"threshold", "thresholds"} and "u" in match.group("list"):
            variable = match.start("v") if match.group("v") else None
            yield Quantity(
                match.start(), match.end(), ">", amounts(tokens, *match.span("list")), variable, False, rule="threshold"
            )
    for match in re.finditer(rf"(?P<t>t)b[te]{{0,2}}(?P<list>{_LIST})d", shape):
        if tokens[match.start("t")].word in {"threshold", "thresholds"}:
            variable = match.start() - 1 if match.start() and shape[match.start() - 1] == "v" else None
            yield Quantity(
                match.start(), match.end(), ">", amounts(tokens, *match.span("list")), variable, False, rule="threshold"
            )


def _spanned(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`a mass of 76–106 GeV`."""
    for match in re.finditer(r"(?P<v>v)O(?P<low>nu?)h(?P<high>nu)", shape):
        pairs = _pairs(amounts(tokens, *match.span("low")), amounts(tokens, *match.span("high")))
        if pairs and pairs[0].values[0] < pairs[0].upper[0]:
            yield Quantity(match.start(), match.end(), "in", pairs, match.start("v"), rule="range")


def _either(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`whether m_T is smaller or greater than 120 GeV`: both sides."""
    for match in re.finditer(r"(?P<t>t)(?P<n>nu?)", shape):
        if tokens[match.start()].word != "than":
            continue
        words = [t.word for t in tokens[: match.start()]]
        low = max((i for i, w in enumerate(words) if w in {"smaller", "lower", "less", "below"}), default=-1)
        high = max(
            (i for i, w in enumerate(words) if w in {"greater", "larger", "higher", "above", "more"}), default=-1
        )
        if low < 0 or high < 0 or "or" not in words[min(low, high) : max(low, high)]:
            continue
        variable = next((i for i in range(min(low, high), -1, -1) if shape[i] == "v"), None)
        bound = amounts(tokens, *match.span("n"))
        yield Quantity(min(low, high), min(low, high) + 1, "<", bound, variable, rule="either-side")
        yield Quantity(match.start(), match.end(), ">=", bound, variable, rule="either-side")


def _of_variable(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`a minimum p_T of 15 GeV`, `exceed a minimal p_T of 15 GeV`."""
    for match in re.finditer(rf"(?P<c>[ct])t{{0,2}}(?P<v>v)O(?P<list>{_LIST})", shape):
        token = tokens[match.start("c")]
        operator = (
            str(token.value)
            if token.kind == "c"
            else {"minimum": ">=", "minimal": ">=", "maximum": "<=", "maximal": "<="}.get(token.word)
        )
        if operator and operator != "==":
            yield Quantity(
                match.start(),
                match.end(),
                operator,
                amounts(tokens, *match.span("list")),
                match.start("v"),
                False,
                rule="bound-of",
            )


def _reversed(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`250 GeV < p_T`."""
    for match in re.finditer(r"(?P<low>nu?)c(?P<v>v)(?!c)", shape):
        operator = _op(tokens[match.end("low")])
        if operator in FLIPPED and re.fullmatch(r"[^\w\s]+", tokens[match.end("low")].text):
            yield Quantity(
                match.start(),
                match.end(),
                FLIPPED[operator],
                amounts(tokens, *match.span("low")),
                match.start("v"),
                True,
                rule="reversed",
            )


def _negated(tokens: list[Token], index: int) -> bool:
    return any(t.kind == "N" and t.word in {"not", "cannot"} for t in tokens[max(0, index - 3) : index])


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
        spelt = not tokens[last].text[0].isdigit() and not tokens[last].text.startswith((".", "+", "-"))
        counts = bool(re.match(r"[trkeh]{0,4}o", tail)) and "u" not in shape[last:end]
        bounds = re.match(r"u?c[vo]", tail) is not None  # the left end of a double bound
        if not (spelt or counts or bounds):
            return end
        end = last
        while end > start and tokens[end - 1].kind in "la":
            end -= 1


def _bracketed_at(tokens: list[Token], start: int, index: int) -> bool:
    opened = sum(t.kind == "b" for t in tokens[start:index])
    return opened > sum(t.kind == "d" for t in tokens[start:index])
