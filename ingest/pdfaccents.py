"""Accents, bars and strokes that are drawn apart from the letter they belong to."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Sequence

from ingest.pdffonts import ACCENTS
from ingest.pdfpage import Glyph, Rule

_NEGATABLE = frozenset("=<>∈≡∼≤≥→EHPp")  # a momentum struck through is a missing one
_STROKES = frozenset("/\u0338")
_ARROW = "\u20d7"
_COMBINING_ALONE = frozenset("\u0302\u0303\u20d7\u0304")
# Height, in points, of the bands in which the letter under an accent is looked for.
_SHELF = 12


def accented(glyphs: list[Glyph]) -> list[Glyph]:
    """Put accents that are glyphs of their own onto the letter they stand over, wherever in the file they come."""
    marks = [glyph for glyph in glyphs if glyph.text in ACCENTS or glyph.text in _COMBINING_ALONE]
    return _negated(_without(marks, glyphs) if marks else glyphs)


def _without(marks: list[Glyph], glyphs: list[Glyph]) -> list[Glyph]:
    """Return the glyphs without those marks that became part of a letter."""
    shelves: dict[int, list[Glyph]] = defaultdict(list)
    for glyph in glyphs:
        if glyph.text[0].isalpha() and glyph.text not in ACCENTS:
            shelves[int(glyph.y // _SHELF)].append(glyph)
    gone = set()
    for mark in marks:
        shelf = int(mark.y // _SHELF)
        letters = [one for k in (shelf - 1, shelf, shelf + 1) for one in shelves[k] if _stands_over(mark, one)]
        if letters and mark.text != _ARROW:  # vectors are written as their magnitudes are, as in LaTeX
            _accent(mark, letters)
        if letters or mark.text in _COMBINING_ALONE:
            gone.add(id(mark))
    return [glyph for glyph in glyphs if id(glyph) not in gone]


def _negated(glyphs: list[Glyph]) -> list[Glyph]:
    """Join a relation and the stroke through it, and a c in a circle."""
    result: list[Glyph] = []
    for glyph in glyphs:
        last = result[-1] if result else None
        if last is None:
            result.append(glyph)
        elif glyph.text in _STROKES and last.text in _NEGATABLE and _overprints(glyph, last):
            last.text = unicodedata.normalize("NFC", last.text + "\u0338")
        elif glyph.text in _NEGATABLE and last.text in _STROKES and _overprints(last, glyph):
            glyph.text = unicodedata.normalize("NFC", glyph.text + "\u0338")
            result[-1] = glyph
        elif not (glyph.text.lower() == "c" and last.text == "©" and _overprints(glyph, last)):
            result.append(glyph)
    return result


def _accent(accent: Glyph, letters: list[Glyph]) -> None:
    middle = accent.x0 + accent.x1
    letter = min(reversed(letters), key=lambda one: abs(one.x0 + one.x1 - middle))
    base = {"ı": "i", "ȷ": "j"}.get(letter.text[0], letter.text[0]) + letter.text[1:]
    letter.text = unicodedata.normalize("NFC", base + ACCENTS.get(accent.text, accent.text))


def _overprints(stroke: Glyph, relation: Glyph) -> bool:
    centre = (stroke.x0 + stroke.x1) / 2
    return relation.x0 - 1 <= centre <= relation.x1 + 1 and abs(stroke.y - relation.y) < 0.3 * relation.size


def _stands_over(accent: Glyph, letter: Glyph) -> bool:
    if not letter.text[0].isalpha() or letter.text in ACCENTS:
        return False
    centre = (accent.x0 + accent.x1) / 2
    slack = 0.12 * letter.size
    vertical = accent.y - letter.y
    return letter.x0 - slack <= centre <= letter.x1 + slack and -0.3 * letter.size <= vertical <= 0.9 * letter.size


def barred(glyphs: list[Glyph], rules: list[Rule]) -> list[Glyph]:
    """Turn a short rule right above one letter into a macron (b̄, ν̄ as CMS papers set them)."""
    bars = [rule for rule in rules if rule.horizontal and 2.5 < rule.length < 250 and rule.y1 - rule.y0 < 1.7]
    if not bars:
        return glyphs
    roots = [g for g in glyphs if g.text == "√"]
    shelves: dict[int, list[Glyph]] = defaultdict(list)
    for glyph in glyphs:
        shelves[int(glyph.y // _SHELF)].append(glyph)
    for bar in bars:
        shelf = int(bar.y0 // _SHELF)
        near = [glyph for k in range(shelf - 2, shelf + 2) for glyph in shelves.get(k, ())]
        centre = (bar.x0 + bar.x1) / 2
        under = next((r for r in roots if abs(r.x1 - bar.x0) < 1.5 and -2 < bar.y0 - r.y < 2 * r.size), None)
        if under is not None:
            under.reach = bar.x1
            continue
        if bar.length > 12:
            continue
        if _divides(bar, near):
            continue
        for glyph in near:
            if (
                glyph.x0 - 1 <= centre <= glyph.x1 + 1
                and 0.4 * glyph.size < bar.y0 - glyph.y < 1.05 * glyph.size
                and 0.5 * (glyph.x1 - glyph.x0) <= bar.length <= 1.5 * (glyph.x1 - glyph.x0) + 1
                and len(glyph.text) == 1
                and glyph.text.isalpha()
            ):
                glyph.text += "\u0304"
                break
    return glyphs


def _divides(bar: Rule, glyphs: Sequence[Glyph]) -> bool:
    """Say whether something as wide as the bar, and no word of the line above, stands on it: a fraction's numerator."""
    beside = [g for g in glyphs if 0 < g.y - bar.y1 < 0.5 * g.size and g.x1 > bar.x0 - 2 and g.x0 < bar.x1 + 2]
    return bool(beside) and all(bar.x0 - 1 <= g.x0 and g.x1 <= bar.x1 + 1 for g in beside)


def underscored(glyphs: list[Glyph], rules: Sequence[Rule]) -> list[Glyph]:
    """Put an underscore where a short rule lies on the baseline between two letters: many fonts of TeX have none."""
    bars = [rule for rule in rules if rule.horizontal and 2.5 < rule.length < 8 and rule.y1 - rule.y0 < 1.2]
    if not bars:
        return glyphs
    shelves: dict[int, list[Glyph]] = defaultdict(list)
    for glyph in glyphs:
        shelves[int(glyph.y // _SHELF)].append(glyph)
    behind: dict[int, Glyph] = {}
    for bar in bars:
        shelf = int(bar.y0 // _SHELF)
        near = [glyph for k in (shelf - 1, shelf, shelf + 1) for glyph in shelves.get(k, ())]
        level = [glyph for glyph in near if _rests_on(bar, glyph)]
        left = max((g for g in level if g.x0 < bar.x0), key=lambda g: g.x1, default=None)
        right = min((g for g in level if g.x1 > bar.x1), key=lambda g: g.x0, default=None)
        if left is None or right is None or not (left.text[-1].isalnum() and right.text[0].isalnum()):
            continue
        close = 0.2 * left.size
        free = not any(g.x0 < bar.x1 - 1 and g.x1 > bar.x0 + 1 and abs(g.y - bar.y0) < g.size for g in near)
        if free and abs(bar.x0 - left.x1) < close and abs(right.x0 - bar.x1) < close:
            behind[id(left)] = Glyph("_", bar.x0, bar.x1, left.y, left.size, left.font)
    return [one for glyph in glyphs for one in (glyph, behind.get(id(glyph))) if one is not None]


def _rests_on(bar: Rule, glyph: Glyph) -> bool:
    return -0.2 * glyph.size < bar.y0 - glyph.y < 0.08 * glyph.size and bar.length < 0.6 * glyph.size
