"""Check that a cut is in the text it cites: every quote verbatim, every number and the variable inside the quotes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from kb.distil.entities import tokens_of
from kb.distil.lexer import plain
from kb.distil.lexicon import lexicon
from kb.distil.rulebook import pattern, rulebook
from kb.document import Document
from kb.ssc import Bound, Cut, Piecewise
from kb.vocabulary import unit_factor, vocabulary

_DATA = rulebook("grounding")
_HINTS: dict[str, str] = _DATA["variables"]
_SPELT = {int(number): pattern(words) for number, words in _DATA["numbers"].items()}


@lru_cache(maxsize=8192)
def _numbers(text: str) -> tuple[float, ...]:
    """Return every number of a text, number words and percentages included."""
    found: list[float] = []
    for token in tokens_of(plain(text)):
        if token.kind == "n":
            found.append(float(token.value))
        elif token.kind == "x":
            found += [float(n) for n in re.findall(r"\d+", token.text)]
        elif token.kind == "M" and token.value:
            found.append(float(token.value))
    found += [float(n) for n in re.findall(r"(?<![\d.])\d+(?:\.\d+)?", plain(text).text)]
    words = lexicon().numbers
    found += [float(words[w]) for w in re.findall(r"[a-z]+", text.lower()) if w in words]
    return tuple(found)


def _said(number: float, text: str, unit: str, *, variable: str) -> bool:
    numbers = _numbers(text)
    factor = unit_factor(unit)
    for candidate in (number, number * factor):
        if any(abs(candidate - other) <= 1e-9 * max(1.0, abs(candidate)) for other in numbers):
            return True
    for scale in (1e3, 1e-3, 10.0, 0.1, 100.0, 0.01):
        if (
            unit not in {"1", "rad"}
            and any(abs(number * scale - other) <= 1e-9 * max(1.0, abs(other)) for other in numbers)
            and _has_unit(text)
        ):
            return True
    if unit in {"1", "%"} and "%" in text and any(abs(number * 100 - other) < 1e-9 for other in numbers):
        return True
    if variable in {"count", "charge", "charge_product"}:
        if (
            number == 1.0
            and variable == "count"
            and re.search(r"\bno\b.*|\bwithout\b", text)
            and re.search(r"reject|discard|veto|remov", text)
        ):
            return True  # events without one are rejected
        words = _SPELT.get(int(number)) if number.is_integer() else None
        return bool(
            (words and words.search(text))
            or (abs(number) == 1.0 and variable == "charge_product" and _SPELT[-1].search(text))
        )
    if variable in {"decay_length"} and number == 0:
        return "0" in text
    return False


def _has_unit(text: str) -> bool:
    return bool(re.search(r"GeV|TeV|MeV|mm|cm|μm|µm|\bm\b|ns|ps", text))


def _windowed(low: float, high: float, text: str, unit: str) -> bool:
    """A window in the text as a mass and a half width: `within 15 GeV of m_Z`."""
    centre, width = (low + high) / 2, (high - low) / 2
    masses = list(lexicon().masses)
    known = any(abs(centre * unit_factor(unit) - mass) < 0.02 for mass in masses) or _said(
        round(centre, 6), text, unit, variable="mass"
    )
    return known and _said(round(width, 6), text, unit, variable="mass")


def _bounds(bound: Bound | str) -> list[tuple[float, bool]]:
    if isinstance(bound, Piecewise):
        return [(number, across) for x, y in bound.points for number, across in ((x, True), (y, False))]
    return [] if isinstance(bound, str) else [(float(bound), False)]


def _names(cut: Cut, text: str) -> bool:
    clear = plain(text).text
    variable = cut.variable.id
    term = vocabulary().variables[variable]
    flat = re.sub(r"[_^{}\s-]", "", clear).lower()
    for alias in (*term.aliases, term.symbol, cut.variable.name or ""):
        squeezed = re.sub(r"[_^{}\s-]", "", alias).lower()
        if squeezed and squeezed in flat:
            return True
    if any(t.kind == "v" and t.value.variable == variable for t in tokens_of(plain(text))):
        return True
    hint = _HINTS.get(variable)
    if hint is None:
        return True
    return bool(re.search(hint, clear) or re.search(hint, clear.lower()))


def ground(cut: Cut, documents: Mapping[str, Document]) -> tuple[str, ...]:
    """Return what is wrong with a cut's evidence; an empty tuple means the cut is grounded.

    `documents` is keyed by `document_hash`. A person's own cut without evidence has nothing to check.
    """
    objections: list[str] = []
    if not cut.evidence:
        return () if cut.origin.extractor == "human" else ("no evidence",)
    for evidence in (*cut.evidence, *((cut.rationale,) if cut.rationale else ())):
        document = documents.get(evidence.document_hash)
        if document is None:
            objections.append(f"the document {evidence.document_hash[:12]} is not at hand")
        elif document.quote(evidence.start, evidence.end) != evidence.quote:
            objections.append(f"the quote is not the document's text at [{evidence.start}, {evidence.end})")
    text = " \n ".join(e.quote for e in cut.evidence)
    value = cut.value
    bounds = value if isinstance(value, tuple) else (value,)
    numbers = [item for bound in bounds for item in _bounds(bound)]
    missing = [n for n, _ in numbers if not _said(n, text, cut.unit, variable=cut.variable.id)]
    if (
        missing
        and isinstance(value, tuple)
        and len(numbers) == 2
        and _windowed(numbers[0][0], numbers[1][0], text, cut.unit)
    ):
        missing = []
    objections += [f"the number {n:g} is not in the quote" for n in missing]
    if isinstance(value, str):
        words = {w[:5] for w in re.findall(r"[a-z0-9]{2,}", value.lower())}
        said = {w[:5] for w in re.findall(r"[a-z0-9]{2,}", plain(text).text.lower())}
        if words and not words & said:
            objections.append(f"nothing of '{value}' is in the quote")
    if not _names(cut, text):
        objections.append(f"the variable {cut.variable.id} is not in the quote")
    return tuple(dict.fromkeys(objections))
