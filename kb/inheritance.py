"""What objects take over from more general ones.

A b jet is a jet: every cut on jets (p_T, η, quality, removal of overlaps) is one on b jets. A definition with a parent
(tight electrons that are loose ones besides) has the cuts of that. Where the more special objects have a cut of their
own on the same variable from the same side, without a condition, that stands in place of the general one, looser or
tighter: b jets with p_T > 20 GeV beside jets with p_T > 30 GeV start at 20 GeV, for a sentence that changes nothing
would not be written. Cuts that bound other variables, the other side, or only some of the objects add up.

Which object is a kind of which other is in the vocabulary. Large-radius jets are no jets there, nor hadronic taus
leptons. Electrons and muons are the leptons, so that cuts on leptons hold for both and add up with their own; loose,
tight and veto leptons have in common only what a parent says. The reference loop reads all this by itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from kb.cut import Cut
from kb.vocabulary import vocabulary

_LOW, _HIGH = frozenset({"low"}), frozenset({"high"})
_SIDES = {">": _LOW, ">=": _LOW, "<": _HIGH, "<=": _HIGH, "in": _LOW | _HIGH}


def general(kind: str) -> str | None:
    """Return the object that a kind of object is one of.

    >>> general("bjet"), general("fatjet")
    ('jet', None)
    """
    return vocabulary().objects[kind].kind_of


def special(kind: str) -> tuple[str, ...]:
    """Return the objects that are one kind of it.

    >>> special("jet")
    ('bjet',)
    """
    return tuple(name for name, term in vocabulary().objects.items() if term.kind_of == kind)


def stands_in(own: Cut, other: Cut, kept: Mapping[str, str]) -> bool:
    """Say whether a cut of the more special objects stands in place of one of the general ones.

    `kept` tells of what objects are kept away from, by the id of the cut that states the distance.
    """
    if own.when is not None or own.any_of is not None:
        return False
    if (own.variable, kept.get(own.id)) != (other.variable, kept.get(other.id)):
        return False
    return _sides(other) <= _sides(own)


def _sides(cut: Cut) -> frozenset[str]:
    """Return what a cut leaves no more: ends of the axis, or else what it says and how."""
    sides = _SIDES.get(cut.operator)
    if sides is None or (cut.role == "veto" and len(sides) > 1):
        return frozenset({f"{cut.operator} {cut.role}"})
    if cut.role == "veto":
        return _HIGH if sides == _LOW else _LOW
    return sides
