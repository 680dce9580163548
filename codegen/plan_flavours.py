"""Flavour compositions as papers write them: 4e, 2e2μ, eμ, same flavour."""

from __future__ import annotations

import re
from collections.abc import Sequence

from codegen.plan_terms import Relation
from kb.ssc import Clause

_ELECTRON = r"e|electrons?"
_MUON = r"μ|µ|mu|muons?"
_SEPARATORS = re.compile(r"\s*(?:,\s*(?:or|and)?|/|;|\bor\b|\band\b|\|)\s*")
_WORDS = {
    "dielectron": (2, 0),
    "di-electron": (2, 0),
    "dimuon": (0, 2),
    "di-muon": (0, 2),
    "electron-muon": (1, 1),
    "four electrons": (4, 0),
    "four muons": (0, 4),
    "two electrons and two muons": (2, 2),
}


def mixtures(text: str) -> tuple[tuple[int, int], ...] | None:
    """Return the numbers of electrons and muons that a text allows, or None for a text about something else.

    >>> mixtures("4e, 4μ or 2e2μ"), mixtures("eμ"), mixtures("2μ2e"), mixtures("tight")
    (((4, 0), (0, 4), (2, 2)), ((1, 1),), ((2, 2),), None)
    """
    found: list[tuple[int, int]] = []
    bare = text.strip().casefold().removesuffix("channel").removesuffix("final state").strip()
    for piece in [bare] if bare in _WORDS else _SEPARATORS.split(bare):
        if not piece:
            continue
        numbers = _WORDS.get(piece) or _count(piece)
        if numbers is None:
            return None
        if numbers not in found:
            found.append(numbers)
    return tuple(found) or None


def _count(piece: str) -> tuple[int, int] | None:
    electrons = muons = position = 0
    piece = re.sub(r"[±+−-]|\^", "", piece)
    while position < len(piece):
        term = re.match(rf"\s*(\d*)\s*({_MUON}|{_ELECTRON})", piece[position:])
        if term is None:
            return None
        number = int(term[1] or 1)
        if re.fullmatch(_ELECTRON, term[2]):
            electrons += number
        else:
            muons += number
        position += term.end()
    return (electrons, muons) if electrons + muons >= 2 else None


def relation(text: str) -> Relation | None:
    """Return the relation of two leptons that a text names, or None.

    >>> relation("same"), relation("different flavour"), relation("opposite-sign"), relation("share the same track")
    ('same_flavour', 'different_flavour', 'opposite_charge', None)
    """
    words = text.casefold().replace("-", " ")
    charge = any(word in words for word in ("charge", "sign"))
    if not charge and "flavo" not in words and len(words.split()) > 1:
        return None  # the same track, say
    if "opposite" in words:
        return "different_flavour" if "flavo" in words and not charge else "opposite_charge"
    if "different" in words or "unlike" in words:
        return "opposite_charge" if charge else "different_flavour"
    if "same" in words or "identical" in words or "like" in words.split():
        return "same_charge" if charge else "same_flavour"
    return None


def relations(clauses: Sequence[Clause]) -> tuple[Relation, ...]:
    """Return what the two objects of a pair are to each other by clauses."""
    found = [relation(f"{clause.value} {clause.variable.name or clause.variable.id}") for clause in clauses]
    return tuple(named for named in found if named is not None)
