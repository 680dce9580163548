"""Read what a final state is made of, by its symbols: the first object of `eτ_h` is an electron, the second a tau."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MEMBER = re.compile(r"τ_?\{?(?:h(?:ad)?)?[^}τμeℓ(),\s]*\}?|[eμℓγ]|jet|b")
_OBJECTS = {"e": "electron", "μ": "muon", "ℓ": "lepton", "γ": "photon", "τ": "tau", "j": "jet", "b": "bjet"}
_BRACKET = re.compile(r"\(([^()]*)\)\s*$")
_INDEX = re.compile(r"(?<=[Tη])\s?[_^]\{?\(?([12])\)?\}?")


@dataclass(frozen=True, slots=True)
class Member:
    """One of the two objects of a final state, ranked where both are of one kind."""

    object: str
    rank: int | None


def members(label: str) -> tuple[Member, ...]:
    """Return the two objects of a final state; empty where its label names no such two.

    >>> [m.object for m in members("μτ_h (μ, τ_h)")], [(m.object, m.rank) for m in members("τ_hτ_h")], members("SR1")
    (['muon', 'tau'], [('tau', 1), ('tau', 2)], ())
    """
    listed = _BRACKET.search(label)
    body = re.sub(r"[\s,]+", "", listed.group(1) if listed and "," in listed.group(1) else label)
    body = re.sub(r"\([^()]*\)|(?:channel|finalstate)s?$", "", body)
    found = _MEMBER.findall(body)
    if len(found) != 2 or "".join(found) != body:
        return ()
    objects = [_OBJECTS[sign[0]] for sign in found]
    alike = objects[0] == objects[1]
    return tuple(Member(one, place if alike else None) for place, one in enumerate(objects, 1))


def channel(label: str) -> str:
    """Return a final state's name without the list of its objects.

    >>> channel("μτ_h (μ, τ_h)")
    'μτ_h'
    """
    return _BRACKET.sub("", label).strip() or label


def place(head: str) -> tuple[int, str] | None:
    """Return which object of the final state a symbol is of, and the symbol without that.

    >>> place("p_T^1"), place("|η^2|"), place("p_T^e")
    ((1, 'p_T'), (2, '|η|'), None)
    """
    found = _INDEX.search(head)
    return (int(found.group(1)), _INDEX.sub("", head, count=1)) if found else None
