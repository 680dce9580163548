"""Find bounds from two sides: `90 ≤ m ≤ 150 GeV`, `between 80 and 100 GeV`, `∈ [90, 150] GeV`, bins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from kb.distil.amounts import AMOUNT, Amount, Quantity, amounts, closed_at, ranges_of
from kb.distil.entities import negated
from kb.distil.lexer import Token

_LOWER = {">", ">="}
_UPPER = {"<", "<="}
_BINNED = {"bins", "bin", "regions", "region", "categories", "intervals", "ranges", "slices"}


def double(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`90 ≤ m_bb ≤ 150 GeV`, `0.2 < ΔR < 0.4`."""
    for match in re.finditer(rf"(?P<low>{AMOUNT})c(?P<v>[vo])c(?P<high>{AMOUNT})", shape):
        first, second = tokens[match.end("low")].value, tokens[match.start("high") - 1].value
        low, high = amounts(tokens, *match.span("low")), amounts(tokens, *match.span("high"))
        if first in _LOWER and second in _LOWER:
            low, high, first, second = high, low, second, first
        elif not (first in _UPPER and second in _UPPER):
            continue
        pairs = ranges_of(low, high)
        if pairs:
            variable = match.start("v") if tokens[match.start("v")].kind == "v" else None
            operator = "not_in" if _outside(tokens, shape, match.start()) else "in"
            closed = closed_at(low="=" in first, high="=" in second)
            yield Quantity(
                match.start(), match.end(), operator, pairs, variable, True, rule="double-bound", closed=closed
            )


def _outside(tokens: list[Token], shape: str, start: int) -> bool:
    """`outside the range 81 < m < 101 GeV`, `must not be in the range 81 < m < 101 GeV`."""
    named = re.search(r"[qQ][tqOhM]{0,5}$", shape[:start])
    return named is not None and named.group().startswith("Q") != negated(tokens, named.start())


def spoken(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`between 80 and 100 GeV`, `in the range 60–120 GeV`, `outside 70 to 110 GeV`."""
    ends = rf"(?P<low>{AMOUNT})(?P<sep>[agh]|ta)t?(?P<high>{AMOUNT})"
    for match in re.finditer(rf"(?P<o>[qQ])[tqOhM]{{0,4}}(?P<v>v?)(?P<in>[Oq]?){ends}", shape):
        pairs = ranges_of(amounts(tokens, *match.span("low")), amounts(tokens, *match.span("high")))
        if not pairs or pairs[0].values[0] >= pairs[0].upper[0]:
            continue
        outside = (match.group("o") == "Q") != negated(tokens, match.start())
        variable = match.start("v") if match.group("v") else None
        yield Quantity(match.start(), match.end(), "not_in" if outside else "in", pairs, variable, rule="range")


def dashed(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`a mass of 76–106 GeV`, `|η| from 1.5 to 2.4`."""
    for match in re.finditer(r"(?P<v>v)O(?P<low>nu?)(?P<to>[hg])(?P<high>nu?)", shape):
        spelt = match.group("to") == "g" and tokens[match.start() + 1].word == "from"
        if not spelt and (match.group("to") == "g" or not match.group("high").endswith("u")):
            continue
        if tokens[match.start()].value.variable == "count":
            continue  # "regions of increasing multiplicity from two to six"
        pairs = ranges_of(amounts(tokens, *match.span("low")), amounts(tokens, *match.span("high")))
        if pairs and pairs[0].values[0] < pairs[0].upper[0]:
            yield Quantity(match.start(), match.end(), "in", pairs, match.start("v"), rule="range")


def either(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`in either of the ranges 60–80 or 100–120 GeV`: two ranges of which one must hold."""
    for match in re.finditer(r"e[tO]{0,3}q?(?P<list>nu?hnu?(?:(?:l?a|l)nu?hnu?)+)", shape):
        if tokens[match.start()].word != "either":
            continue
        parts = list(re.finditer(r"(?P<low>nu?)h(?P<high>nu?)", match.group("list")))
        offset = match.start("list")
        pairs = [
            ranges_of(
                amounts(tokens, offset + part.start("low"), offset + part.end("low")),
                amounts(tokens, offset + part.start("high"), offset + part.end("high")),
            )
            for part in parts
        ]
        if not all(pair and pair[0].values[0] < pair[0].upper[0] for pair in pairs):
            continue
        unit = pairs[-1][0].unit
        for part, pair in zip(parts, pairs, strict=True):
            own = pair[0] if pair[0].unit != "1" else replace(pair[0], unit=unit)
            start = match.start() if part is parts[0] else offset + part.start()
            yield Quantity(start, offset + part.end(), "in", [own], rule="range")


def binned(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`bins 600–800, 800–1000, 1000–1300, and >1300 GeV`: one bound per bin."""
    item = "(?:nu?hnu?|cnu?)"
    for match in re.finditer(rf"{item}(?:(?:l|a|la){item})+", shape):
        if "h" not in match.group():
            continue
        near = tokens[max(0, match.start() - 14) : match.end() + 8]
        if not any(t.word in _BINNED for t in near):
            continue
        unit = next(
            (t.value.id for t in reversed(tokens[match.start() : match.end()]) if t.kind == "u" and t.value), "1"
        )
        variable = next((i for i in range(match.start() - 1, max(-1, match.start() - 10), -1) if shape[i] == "v"), None)
        if variable is None:
            continue
        for part in re.finditer(item, match.group()):
            start, end = match.start() + part.start(), match.start() + part.end()
            numbers = [float(t.value) for t in tokens[start:end] if t.kind == "n"]
            if len(numbers) == 2 and numbers[0] < numbers[1]:
                operator, bound = "in", Amount((numbers[0],), unit, (numbers[1],))
            elif len(numbers) == 1:
                operator, bound = str(tokens[start].value), Amount((numbers[0],), unit)
            else:
                continue
            label = " ".join(t.text for t in tokens[start:end] if t.kind != "u")
            name = f"{tokens[variable].text}: {label} {unit}".removesuffix(" 1")
            yield Quantity(start, end, operator, [bound], variable, rule="bins", bin=name)


def bracketed(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`∈ [90, 150) GeV`, `[5680, 5900] MeV`."""
    for match in re.finditer(r"(?:(?P<o>[qQ])[tqO]{0,2})?[Bb](?P<low>nu?)l(?P<high>nu?)(?P<d>[Dd])(?P<u>u?)", shape):
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
            pair = [Amount(flat[0].values, unit, flat[1].values)]
            closed = closed_at(low=shape[match.start("low") - 1] == "B", high=match.group("d") == "D")
            yield Quantity(match.start(), match.end(), operator, pair, rule="interval", closed=closed)


def either_side(tokens: list[Token], shape: str) -> Iterator[Quantity]:
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
