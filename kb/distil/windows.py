"""Read mass windows: `within 15 GeV of the Z boson mass`, `|m_ℓℓ − m_Z| > 10 GeV`, `±7 MeV around 1019 MeV`."""

from __future__ import annotations

import re

from kb.distil.amounts import Amount, Quantity, closed_at
from kb.distil.entities import mass_named
from kb.distil.lexer import Token
from kb.ssc import Closed
from kb.vocabulary import unit_factor

_AROUND = {"from", "of", "around", "near", "about"}
_AWAY_FROM = re.compile(r"\b(?:from|of|away|off)\b")
_CLOSE_TO = re.compile(r"\b(?:from|of|away|around)\b")
_WITHIN = re.compile(r"\b(?:within|window|consistent|compatible|range around|\+-|inside)|±")
_OUTSIDE = re.compile(r"\b(?:outside|not|exclud\w+|away)\b")
_AWAY = re.compile(r"\b(?:away|differ|differs|different|off|outside)\b")


def closed_around(operator: str) -> Closed:
    """Return which ends a window has by the comparison of the distance: |m − m_Z| ≤ 10 keeps both.

    > 10 keeps what is outside a window with both ends, ≥ 10 what is outside one without them.
    """
    edges = operator in {"<=", ">"}
    return closed_at(low=edges, high=edges)


def windows(tokens: list[Token], shape: str) -> list[Quantity]:
    """Return mass windows as ranges; the masses of known particles are the lexicon's."""
    found: list[Quantity] = []
    for match in re.finditer(r"n(u)", shape):
        start, end = match.span()
        unit = tokens[start + 1].value
        mass = _mass(tokens, shape, start, end) if unit is not None and unit.normal == "GeV" else None
        if mass is None:
            continue
        position, centre = mass
        inside = _is_inside(tokens, start, end, position)
        first, last = min(start, position), max(end, position + 1)
        if inside is None or (found and found[-1].end > first):
            continue
        width = float(tokens[start].value)
        centre /= unit_factor(unit.id)
        edges = Amount((round(centre - width, 6),), unit.id, (round(centre + width, 6),))
        comparator = _comparator(tokens, start)
        closed = closed_around(comparator) if comparator else "both"
        operator = "in" if inside else "not_in"
        found.append(Quantity(first, last, operator, [edges], rule="mass-window", closed=closed))
    return found


def _is_inside(tokens: list[Token], start: int, end: int, position: int) -> bool | None:
    """Say whether a width around the mass at a position means inside or outside; None where it is no width."""
    between = _words(tokens[min(end, position) : max(start, position)])
    lead = _words(tokens[max(0, start - 7) : start])
    comparator = _comparator(tokens, start)
    if comparator in {">", ">="}:
        if re.search(r"\bnot (?:differ|deviat)", lead):
            return True
        return False if _AWAY_FROM.search(between) or _AWAY.search(lead) else None
    if comparator in {"<", "<="}:
        return True if _CLOSE_TO.search(between) or re.search(r"differ|deviat|distance", lead) else None
    near = _words(tokens[max(0, start - 5) : max(end, position) + 2])
    if _WITHIN.search(near):
        return not _OUTSIDE.search(near)
    return None


def _comparator(tokens: list[Token], start: int) -> str:
    """Return the comparison right before a number, if there is one."""
    before = tokens[start - 1] if start else None
    return str(before.value) if before is not None and before.kind == "c" else ""


def _words(tokens: list[Token]) -> str:
    return " ".join(t.word for t in tokens)


def _mass(tokens: list[Token], shape: str, start: int, end: int) -> tuple[int, float] | None:
    """Find the mass that a width goes with: a named one, or a number with a unit after `around` or `=`."""
    for index in list(range(end, min(end + 9, len(tokens)))) + list(range(start - 1, max(-1, start - 8), -1)):
        named = _named(tokens, index)
        if named is not None:
            if index > end and re.search(r"[SWacn]", shape[end:index]):
                continue
            if index < start and re.search(r"[SW]|c(?!$)|n|v", shape[index + 1 : start]):
                continue
            return index, named
    number = re.match(r"Ot{0,2}(n)u", shape[end:])  # "within 50 GeV of 172.5 GeV"
    if number and start and shape[start - 1] == "i" and tokens[end + number.start(1) + 1].value:
        index = end + number.start(1)
        return index + 1, float(tokens[index].value) * float(tokens[index + 1].value.factor)
    if start and tokens[start - 1].text.endswith("±"):
        for index in range(end, min(end + 12, len(tokens))):
            if shape[index] == "n" and index + 1 < len(tokens) and shape[index + 1] == "u" and tokens[index + 1].value:
                return index + 1, float(tokens[index].value) * float(tokens[index + 1].value.factor)
    return None


def _named(tokens: list[Token], index: int) -> float | None:
    """Return the mass of a known particle that a token names; `m_Z` with a bound of its own is that of a candidate."""
    token = tokens[index]
    if token.kind == "M":
        return float(token.value) if token.value else None
    if token.kind == "v" and token.value.variable == "mass" and tokens[index - 1].word in _AROUND:
        return mass_named(token.text)
    return None


def gaps(tokens: list[Token], quantities: list[Quantity]) -> list[Quantity]:
    """Read `|η| < 1.37 or 1.52 < |η| < 2.37` as `|η| < 2.37` outside 1.37 to 1.52."""
    out: list[Quantity] = []
    for quantity in quantities:
        last = out[-1] if out else None
        if (
            last is not None
            and last.operator in {"<", "<="}
            and quantity.operator == "in"
            and last.variable is not None
            and quantity.variable is not None
            and tokens[last.variable].value.variable == tokens[quantity.variable].value.variable
            and _linked(tokens[last.end : quantity.start]) in (["or"], ["and"])
            and last.amounts[0].values[0] < quantity.amounts[0].values[0]
        ):
            low, high = last.amounts[0], quantity.amounts[0]
            # An end that the text gives to what is kept does not belong to the hole.
            edges = closed_at(low=last.operator == "<", high=quantity.closed in {"neither", "right"})
            hole = Quantity(
                last.start,
                last.end,
                "not_in",
                [Amount(low.values, high.unit, high.values)],
                last.variable,
                True,
                rule="gap",
                closed=edges,
            )
            edge = Quantity(
                quantity.start,
                quantity.end,
                "<=" if quantity.closed in {"both", "right"} else "<",
                [Amount(high.upper, high.unit)],
                quantity.variable,
                True,
                rule="gap",
            )
            out[-1:] = [hole, edge]
        else:
            out.append(quantity)
    return out


def _linked(between: list[Token]) -> list[str]:
    """Return the words between two bounds without the part of the detector in brackets behind the first."""
    kinds_of = "".join(t.kind for t in between)
    start = bracket.end() if (bracket := re.match(r"b[to]{1,3}d", kinds_of)) else 0
    return [t.word for t in between[start:]]
