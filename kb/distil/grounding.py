"""Check that a cut is in the text it cites: every quote verbatim, every number and the variable inside the quotes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from kb.distil.entities import tokens_of
from kb.distil.lexer import plain
from kb.distil.numerals import Numerals, numerals
from kb.distil.rulebook import pattern, rulebook
from kb.document import Document
from kb.ssc import Bound, Cut, Piecewise
from kb.vocabulary import unit_factor, vocabulary

_DATA = rulebook("grounding")
_ABBREVIATIONS: dict[str, str] = _DATA["abbreviations"]
_HINTS: dict[str, str] = _DATA["variables"]
_SPELT = {float(number): pattern(words) for number, words in _DATA["numbers"].items()}
_OPPOSITE = _SPELT[-1.0]
_SIGN = re.compile(r"\b(?:positive|negative)\b")
_LONG = 5
"""Letters from which a name is found inside of other words and across them; a `t` or an `H_T` is in many."""


def ground(cut: Cut, documents: Mapping[str, Document]) -> tuple[str, ...]:
    """Return what is wrong with a cut's evidence; an empty tuple means the cut is grounded.

    `documents` is keyed by `document_hash`. A person's own cut without evidence has nothing to check.
    """
    if not cut.evidence:
        return () if cut.origin.extractor == "human" else ("no evidence",)
    objections: list[str] = []
    for evidence in (*cut.evidence, *((cut.rationale,) if cut.rationale else ())):
        document = documents.get(evidence.document_hash)
        if document is None:
            objections.append(f"the document {evidence.document_hash[:12]} is not at hand")
        elif document.quote(evidence.start, evidence.end) != evidence.quote:
            objections.append(f"the quote is not the document's text at [{evidence.start}, {evidence.end})")
    text = " \n ".join(e.quote for e in cut.evidence)
    if isinstance(cut.value, str):
        if not _shares_words(cut.value, text):
            objections.append(f"nothing of '{cut.value}' is in the quote")
    else:
        objections += [f"the number {number:g} is not in the quote" for number in _unsaid(cut, text)]
    if not _names(cut, text):
        objections.append(f"the variable {cut.variable.id} is not in the quote")
    return tuple(dict.fromkeys(objections))


def _shares_words(value: str, text: str) -> bool:
    """Say whether a word of a value is in the text, by its first letters (`identified` for `identification`)."""
    spelt = " ".join(full for short, full in _ABBREVIATIONS.items() if re.search(rf"\b{short}\b", text))
    said = f"{plain(text).text} {spelt}".lower()
    return any(word[:5] in said for word in value.lower().split())


def _unsaid(cut: Cut, text: str) -> list[float]:
    """Return the numbers of a cut that its quotes do not say."""
    said = numerals(text)
    value = cut.value
    bounds = value if isinstance(value, tuple) else (value,)
    numbers = [item for bound in bounds for item in _numbers(bound, cut.unit)]
    missing = [n for n, unit in numbers if not said.say(n, unit) and not _is_spelt(n, text, cut.variable.id)]
    if missing and isinstance(value, tuple) and len(numbers) == 2:
        (low, unit), (high, _) = numbers
        if _is_window(low, high, unit, said):
            return []
    return missing


def _numbers(bound: Bound | str, unit: str) -> list[tuple[float, str]]:
    """Return the numbers of a bound with their units."""
    if isinstance(bound, Piecewise):
        return [item for x, y in bound.points for item in ((x, bound.unit), (y, unit))]
    return [] if isinstance(bound, str) else [(float(bound), unit)]


def _is_spelt(number: float, text: str, variable: str) -> bool:
    """Say whether words tell a number of objects or charges: `a second lepton`, `events without jets are rejected`."""
    if number == 0.0 and _SIGN.search(text):
        return True
    if variable == "other" and number == 0.0:
        return bool(re.search(r"\b(?:no|not|without)\b.{0,40}\bhits?\b", text))
    if variable not in {"count", "charge", "charge_product"}:
        return False
    if variable == "count" and number == 1.0 and re.search(r"reject|discard|veto|remov", text):
        return True
    if variable == "charge_product" and abs(number) == 1.0 and _OPPOSITE.search(text):
        return True
    words = _SPELT.get(number)
    return bool(words and words.search(text))


def _is_window(low: float, high: float, unit: str, said: Numerals) -> bool:
    """Say whether the text tells a window as a mass and a half width: `within 15 GeV of m_Z`."""
    centre, width = round((low + high) / 2, 6), round((high - low) / 2, 6)
    return said.say(width, unit) and (said.say(centre, unit) or said.name_mass(centre * unit_factor(unit)))


def _names(cut: Cut, text: str) -> bool:
    """Say whether the text names a variable: by an alias, a symbol, or a hint of `grounding.toml`."""
    said = _said(text)
    term = vocabulary().variables[cut.variable.id]
    names = {_squeezed(name) for name in (*term.aliases, term.symbol, cut.variable.name or "")} - {""}
    if any(name in said.words if len(name) < _LONG else name in said.squeezed for name in names):
        return True
    if cut.variable.id in said.variables:
        return True
    hint = _HINTS.get(cut.variable.id)
    return hint is not None and bool(re.search(hint, said.flat) or re.search(hint, said.flat.lower()))


@dataclass(frozen=True, slots=True)
class _Said:
    """What a quote says: its text, its words, the variables of its symbols."""

    flat: str
    squeezed: str
    words: frozenset[str]
    variables: frozenset[str]


@lru_cache(maxsize=256)
def _said(text: str) -> _Said:
    """Read a quote; one sentence is that of several cuts."""
    flat = plain(text)
    tokens = tokens_of(flat)
    return _Said(
        flat.text,
        _squeezed(flat.text),
        frozenset(_squeezed(token.text) for token in tokens),
        frozenset(t.value.variable for t in tokens if t.kind == "v"),
    )


def _squeezed(text: str) -> str:
    return "".join(sign for sign in text if sign not in "_^{}-" and not sign.isspace()).lower()
