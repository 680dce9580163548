"""Numbers that bound something: with alternatives in brackets, in lists, with the unit they share."""

from __future__ import annotations

from dataclasses import dataclass

from kb.distil.lexer import Token
from kb.ssc import Closed

AMOUNT = "nu?(?:bnu?(?:lnu?)*du?)?"
NEGATED = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}
LIST = f"{AMOUNT}(?:(?:l|a|la){AMOUNT})*"


@dataclass(slots=True)
class Amount:
    """A number with its alternatives in brackets, `30 (25) GeV`; a range has both its ends."""

    values: tuple[float, ...]
    unit: str
    upper: tuple[float, ...] = ()

    def bounds(self) -> float | tuple[float, float]:
        """Return the number, or both ends of the range, without alternatives."""
        return (self.values[0], self.upper[0]) if self.upper else self.values[0]


@dataclass(slots=True)
class Quantity:
    """A bound: tokens `[start, end)`, the operator, one amount or a list of them; `variable` is its symbol's token.

    `symbolic` bounds have a sign for their comparator, `spelt` ones a word for their number. `bin` names the region
    that a bound of a binning makes, `along` the variable that the words behind the bound tell; `closed` says which
    ends a range has.
    """

    start: int
    end: int
    operator: str
    amounts: list[Amount]
    variable: int | None = None
    symbolic: bool = False
    spelt: bool = False
    rule: str = "bound"
    bin: str = ""
    along: str = ""
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


def ranges_of(low: list[Amount], high: list[Amount]) -> list[Amount]:
    """Make ranges of lower and upper ends; an end without alternatives goes with all of the other's."""
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
