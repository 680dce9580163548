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
# "p_T^jet": a momentum stands for what it is of; "p_T^miss" names no object
_OF = re.compile(r"[pE]_\{?T\}?(?!\^\{?miss)\^\{?\(?([^{}(),\s]+)\)?\}?")
_Z_CANDIDATES = {"12": 1, "34": 2, "Z1": 1, "Z_1": 1, "Z2": 2, "Z_2": 2}
_PIECE = re.compile(
    r"(?P<times>[2-6])(?P<kind>[ℓeμτjbγ])"
    r"|(?P<leading>(?:sub-?)?leading[ -])|the "
    r"|(?P<name>J/ψ|[DBΛ]_?\{?[scb]?\}?(?:\^\{?[0+*±-]+\}?)?|τ_?\{?h(?:ad)?\}?|b-?jets?|b-?tags?|large-R jet|jets?"
    r"|lep(?:tons?)?|electrons?|muons?|photons?|tracks?|trk|tau|ele?|mu(?![a-z])|[ℓμτγeljbtWZHhVJKπφψpX])"
    r"(?:_\{?[WZ](?P<from>\d)?(?![\dA-Za-zℓμγτ])\}?"
    r"|_\{?[ijk]\}?(?![\wℓμ])"
    r"|[_^,]?\{?(?P<mark>[\dik]|lead(?:ing)?|sub(?:lead(?:ing)?)?)(?![\dℓμ])\}?(?P<list>(?:[,-]\d)*(?:,?\(\d\))?))?"
    r"|[ ,&+\-±*^_{}()·×'′]"
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
COLLECTED = PHYSICAL - {"bjet", "fatjet"}
"""Objects that a section or a table is about, and requirements in it without an owner are on."""
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
    if len(objects) == 1 or kinds == {"met"}:  # that of tracks and that of everything
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
    mixed = "met" in kinds or {"photon", "jet"} <= kinds or {"photon", "bjet"} <= kinds
    return _ORDER.get(frozenset(kinds), "other" if mixed else "candidate") if len(objects) < 4 or not mixed else "other"


def twice(kind: str) -> str:
    """Return the vocabulary object of two of a kind."""
    return compose((kind, kind))


def single(pair: str) -> str:
    """Return the vocabulary object of one of a pair; anything else is itself.

    >>> single("photon_pair"), single("met")
    ('photon', 'met')
    """
    return next((one for one, two in _TWICE.items() if two == pair), pair)


def of_any_flavour(pair: str) -> str:
    """Return the pair of two objects that may be of any flavour.

    >>> of_any_flavour("muon_pair"), of_any_flavour("jet_pair")
    ('lepton_pair', 'jet_pair')
    """
    return "lepton_pair" if pair in {"electron_pair", "muon_pair"} else pair


def leptons(number: int) -> str | None:
    """Return the vocabulary object of all leptons of an event: two, three or four."""
    return compose(("lepton",) * number) if 2 <= number <= 4 else None


@lru_cache(maxsize=4096)
def named(text: str) -> Named | None:
    """Read the argument or index of a symbol; None where it names no object.

    >>> named("ℓℓ"), named("4ℓ").object, named("j_1")
    (Named(object='lepton_pair', rank=None), 'fourlepton', Named(object='jet', rank=1))
    >>> named("γ, E_T^miss").object, named("34"), named("incl.")
    ('photon_met', Named(object='lepton_pair', rank=2), None)
    """
    body = _OF.sub(r"\1", text.strip().strip("{}() ,").replace("\\", ""))
    body = re.sub(r"ℓ/γ|γ/ℓ|e/μ|μ/e", "ℓ", body)
    if body in _Z_CANDIDATES:
        return Named("lepton_pair", _Z_CANDIDATES[body])
    if body in _PARTICLES or body.removesuffix("s") in _PARTICLES:
        return Named(_kind(body))
    rest, met = _MET.subn(" ", body)
    found, ranks, listed = ["met"] if met else [], [], False
    position = 0
    while position < len(rest):
        match = _PIECE.match(rest, position)
        if match is None:
            return None
        position = match.end()
        if match.group("times"):
            found += [_PARTICLES[match.group("kind")]] * int(match.group("times"))
        elif match.group("leading"):
            ranks.append(2 if match.group("leading").startswith("sub") else 1)
        elif match.group("name"):
            found.append(_kind(match.group("name")))
            listed = listed or bool(match.group("list"))
            ranks += _rank(match.group("mark") or match.group("from"))
    if not found:
        return None
    alone = len(ranks) == 1 and (len(found) == 1 or (len(set(found)) == 2 == len(found) and not listed))
    return Named(compose(tuple(found)), ranks[0] if alone else None)


def _kind(name: str) -> str:
    known = _PARTICLES.get(name) or _PARTICLES.get(name.removesuffix("s"))
    return known or ("meson" if name[0] == "D" else "candidate")


def _rank(mark: str | None) -> list[int]:
    """Return the rank that an index tells; `i` and `k` run over all."""
    if not mark or mark in {"i", "k"}:
        return []
    return [int(mark) if mark.isdigit() else (2 if mark.startswith("sub") else 1)]
