"""Read bounds whose value is told later: `I_rel < I_1` …, where `I_1 = 0.12 (0.16)`."""

from __future__ import annotations

import re

from kb.distil.bounded import Bounded
from kb.distil.memory import Memory
from kb.distil.reading import Reading

_NAME = re.compile(r"[A-Za-z]{1,3}(?:_\{?\w+\}?|\d)(?:\^\{?\w+\}?)?")


def remember_placeholders(reading: Reading, memory: Memory) -> None:
    """Remember the symbols that stand for a bound."""
    tokens = reading.tokens
    for match in re.finditer(r"vct(?!t*n)", reading.shape):
        operator, name = str(tokens[match.start() + 1].value), tokens[match.start() + 2].text
        if operator != "==" and _NAME.fullmatch(name):
            symbol = tokens[match.start()].value
            memory.placeholders[name] = (symbol.variable, symbol.name, operator)


def resolved(reading: Reading, memory: Memory) -> dict[int, list[Bounded]]:
    """Turn the values of remembered symbols into bounds; return what these are on, by their first token."""
    tokens = reading.tokens
    found: dict[int, list[Bounded]] = {}
    for quantity in reading.quantities:
        before = tokens[quantity.start - 1] if quantity.start else None
        known = memory.placeholders.get(before.text) if before is not None else None
        if known and quantity.operator == "==":
            variable, name, quantity.operator = known
            quantity.rule = "placeholder"
            found[quantity.start] = [Bounded(variable, name=name, index=quantity.start - 1)]
    return found
