"""Read what a symbol is about: `ℓℓ`, `j_1`, `4ℓ`, `γ, E_T^miss` name objects and their ranks."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from kb.distil.rulebook import rulebook

_DATA = rulebook("particles")
_PARTICLES: dict[str, str] = {sign: name for name, signs in _DATA["particles"].items() for sign in signs}
_MET = re.compile(
    r"H_?\{?T\}?\^\{?miss\}?|[EpP][_^ ]*\{?(?:T[_^, ]*\{?miss|miss\}?[_^ ]*\{?T)\}*|[EpP]_?T,?miss|MET"
    r"|missing transverse (?:momentum|energy)"
)
_ORDER: dict[frozenset[str], str] = {
    frozenset(pair): name for name, pairs in _DATA["together"].items() for pair in pairs
}
_TWICE: dict[str, str] = _DATA["twice"]
_LEPTONS = {"lepton", "electron", "muon", "tau"}
FLAVOURS = frozenset({"electron", "muon"})
"""What the sentences call leptons when they mean both."""
PHYSICAL = frozenset({"electron", "muon", "lepton", "tau", "photon", "jet", "bjet", "fatjet", "track"})
"""Objects of which an event may have several, each with a momentum."""
PAIRED = frozenset(_TWICE) - {"fatjet"}
"""Objects of which the plural has a mass or a distance; a large-radius jet has a mass of its own."""


@dataclass(frozen=True, slots=True)
class Named:
    """An object and its rank (None where none is said)."""

    object: str
    rank: int | None = None


def compose(objects: tuple[str, ...]) -> str:
    """Return the vocabulary object of several objects taken together.

    >>> compose(("electron", "electron")), compose(("met", "jet")), compose(("muon", "electron", "lepton"))
    ('electron_pair', 'jet_met', 'trilepton')
    """
    count = Counter(objects)
    kinds = set(count)
    if len(objects) == 1:
        return objects[0]
    leptons = sum(number for kind, number in count.items() if kind in _LEPTONS)
    if leptons == len(objects):
        if len(objects) == 2:
            return _TWICE[objects[0]] if len(kinds) == 1 else _ORDER.get(frozenset(kinds), "lepton_pair")
        return {3: "trilepton", 4: "fourlepton"}.get(len(objects), "candidate")
    if len(objects) == 2 and len(kinds) == 1 and kinds != {"meson"}:
        return _TWICE.get(objects[0], "candidate")
    if kinds <= _LEPTONS | {"photon"}:
        return "lepton_photon"
    if kinds <= _LEPTONS | {"met"}:
        return "lepton_met"
    if kinds == {"meson"}:
        return "meson"
    if kinds <= {"jet", "bjet"}:
        return "jet_pair" if len(objects) == 2 else "candidate"
    return _ORDER.get(frozenset(kinds), "candidate")


def twice(kind: str) -> str:
    """Return the vocabulary object of two of a kind."""
    return compose((kind, kind))


def leptons(number: int) -> str | None:
    """Return the vocabulary object of all leptons of an event: two, three or four."""
    return compose(("lepton",) * number) if 2 <= number <= 4 else None


@lru_cache(maxsize=4096)
def read(text: str) -> Named | None:
    """Read the argument or index of a symbol; None where it names no object.

    >>> read("ℓℓ"), read("4ℓ").object, read("j_1")
    (Named(object='lepton_pair', rank=None), 'fourlepton', Named(object='jet', rank=1))
    >>> read("γ, E_T^miss").object, read("34"), read("incl.")
    ('photon_met', Named(object='lepton_pair', rank=2), None)
    """
    body = text.strip().strip("{}() ,").replace("\\", "")
    if not body:
        return None
    if body in {"12", "34"}:
        return Named("lepton_pair", 1 if body == "12" else 2)
    if body in {"Z1", "Z_1", "Z2", "Z_2"}:
        return Named("lepton_pair", int(body[-1]))
    if body in _PARTICLES:
        return Named(_PARTICLES[body])
    found: list[str] = []
    ranks: list[int] = []
    rest = _MET.sub(" ⌀ ", body)
    if "⌀" in rest:
        found.append("met")
        rest = rest.replace("⌀", " ")
    position = 0
    while position < len(rest):
        if rest[position] in " ,&+-±*^_{}()·×":
            position += 1
            continue
        times = re.match(r"([2-6])(?=[ℓleμτjbγ])", rest[position:])
        if times:
            position += 1
            one = re.match(r"[ℓleμτjbγ]", rest[position:])
            if one is None:
                return None
            found += [_PARTICLES[one.group()]] * int(times.group(1))
            position += 1
            continue
        word = re.match(r"(?:sub-?)?(?:leading |leading-)|the ", rest[position:])
        if word:
            if "leading" in word.group():
                ranks.append(2 if word.group().startswith("sub") else 1)
            position += word.end()
            continue
        one = re.match(
            r"(J/ψ|[DBΛ]_?\{?[scb]?\}?(?:\^\{?[0+*±-]+\}?)?|τ_?\{?h(?:ad)?\}?|b-?jets?|b-?tags?|large-R "
            r"jet|jets?|lep(?:tons?)?|electrons?|muons?"
            r"|photons?|tracks?|trk|tau|ele?|mu(?![a-z])|[ℓμτγeljbtWZHhVJKπφψpX])(?:[_^]?\{?([\dik]"
            r"|lead(?:ing)?|sub(?:lead(?:ing)?)?)(?![\dℓμ])\}?(?:,\d)*(?:,?\(\d\))?)?",
            rest[position:],
        )
        if one is None:
            return None
        name = one.group(1)
        known = _PARTICLES.get(name) or _PARTICLES.get(re.sub(r"[{}]", "", name))
        if known is None:
            known = "meson" if name[0] == "D" else "candidate"
        found.append(known)
        if one.group(2):
            mark = one.group(2)
            if mark in {"i", "k"}:
                position += one.end()
                continue
            ranks.append(int(mark) if mark.isdigit() else (2 if mark.startswith("sub") else 1))
        position += one.end()
    if not found:
        return None
    rank = ranks[0] if len(found) == 1 and len(ranks) == 1 else None
    return Named(compose(tuple(found)), rank)
