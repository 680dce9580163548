"""The numbers that a text says, with their units: `30 (25) GeV`, `two`, `5%`, a known particle's mass."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from kb.distil.entities import mass_named, tokens_of
from kb.distil.lexer import Token, plain
from kb.distil.lexicon import lexicon
from kb.vocabulary import normal_unit, unit_factor, vocabulary

_NUMBER = re.compile(r"(?<![\d.])\d+(?:\.\d+)?")
_UNIT_NAMES = {
    name: unit.id
    for unit in vocabulary().units.values()
    for name in (unit.id, *unit.aliases)
    if name not in {"1", "m", "s"}  # as a word these say something else
}
_UNIT = re.compile(
    rf"(?<![A-Za-z])(?:{'|'.join(map(re.escape, sorted(_UNIT_NAMES, key=len, reverse=True)))})(?![A-Za-z])"
)


@dataclass(frozen=True, slots=True)
class Numerals:
    """Numbers with their normal unit, bare ones, the units that stand somewhere in the text, and masses [GeV]."""

    measured: tuple[tuple[float, str], ...]
    bare: tuple[float, ...]
    units: frozenset[str]
    masses: tuple[float, ...]

    def say(self, number: float, unit: str) -> bool:
        """Say whether the text has a number in this unit or one that it converts to.

        A bare number may have any unit of the text, as in `20, 15 and 10 GeV` or below a header that ends in `[GeV]`.

        >>> said = numerals("a p_T above 20 GeV and an impact parameter below 5 mm")
        >>> said.say(20, "GeV"), said.say(20000, "MeV"), said.say(5, "GeV"), said.say(200, "GeV")
        (True, True, False, False)
        """
        normal, value = normal_unit(unit), number * unit_factor(unit)
        if any(kind == normal and _equal(value, other) for other, kind in self.measured):
            return True
        shared = [unit_factor(name) for name in self.units if normal_unit(name) == normal]
        factors = [*shared, 1.0] if normal == "1" else shared
        return any(_equal(value, other * factor) for other in self.bare for factor in factors)

    def name_mass(self, mass: float) -> bool:
        """Say whether the text names a particle of this mass [GeV], which may be rounded."""
        return any(abs(mass - known) < 0.02 for known in self.masses)


def _equal(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-9 * max(1.0, abs(one))


@lru_cache(maxsize=8192)
def numerals(text: str) -> Numerals:
    """Read the numbers of a text."""
    flat = plain(text)
    tokens = tokens_of(flat)
    measured: list[tuple[float, str]] = []
    bare: list[float] = []
    units = {_UNIT_NAMES[name] for name in _UNIT.findall(flat.text)}
    rest = list(flat.text)
    for token, behind in zip(tokens, [*tokens[1:], None], strict=True):
        if token.kind == "n" and behind is not None and behind.kind == "u" and behind.value:
            measured.append((float(token.value) * behind.value.factor, behind.value.normal))
            units.add(behind.value.id)
            if isinstance(flat.at, range):
                rest[token.start : token.end] = " " * (token.end - token.start)
        elif token.kind == "n":
            bare.append(float(token.value))
    masses = tuple(_masses(tokens))
    words = lexicon().numbers
    bare += [float(number) for number in _NUMBER.findall("".join(rest))]
    bare += [float(words[token.word]) for token in tokens if token.word in words]
    return Numerals((*measured, *((mass, "GeV") for mass in masses)), tuple(bare), frozenset(units), masses)


def _masses(tokens: list[Token]) -> Iterator[float]:
    """Yield the masses of known particles that words or symbols name: `the Z boson mass`, `m_Z`, `|m_ℓℓ − m_Z|`."""
    for token in tokens:
        if token.kind == "M" and token.value:
            yield float(token.value)
        elif token.kind == "v" and (token.value.window or token.value.variable == "mass"):
            mass = mass_named(token.value.window or token.text)
            if mass is not None:
                yield mass
