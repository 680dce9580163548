"""Read what a section is about from its title: a region, `Dijet analysis`, or an object, `Photon identification`."""

from __future__ import annotations

import re

from kb.distil.lexer import plain
from kb.distil.particles import COLLECTED
from kb.distil.reading import read
from kb.distil.region_names import is_base, is_channel, is_generic, names

_DECAY = re.compile(r"\b(?:candidates?|channels?|selection|decays?|mode|sample)\b")
_TITLED = re.compile(
    r"(?:[Tt]he )?(?!(?i:the|b-|tau-|τ-|large-|small-|ATLAS|CMS|LHCb|events?|objects?|physics|final|initial|signal"
    r"|common|offline|online|multivariate|background|statistical|kinematic|main|additional|further|search|regions?|combined"
    r"|individual|other|data|all|both|different|analysis)\b)"
    r"(?P<n>(?:[\w+/→-]+ (?!(?:and|of|for|in|backgrounds?)\b)){0,4}?"
    r"(?:[\w+/→-]+(?= (?:channels?|analys[ie]s|search(?:es)?)$)|\w+-\w[\w-]*(?= )))"
    r" (?P<noun>channel|selection|analysis|search|analyses)(?:s|es)?"
)
_SIGN = r"(?:τ(?:_\{?(?:h|lep|ℓ|e|μ)[\w-]*\}?)?|e{1,4}|[μℓγ])"
_STATE = (
    rf"(?:(?:[1-5]{_SIGN}|{_SIGN}(?=\s?[eμτℓγ]|\s?\+))(?:\s?(?:\+\s?)?[0-5]?{_SIGN})*(?:\s?\+\s?(?:[0-9]\s?)?jets)?"
    r"|(?i:one|two|three|four|single|di|tri|[1-5])[- ]?(?:lepton|electron|muon))"
)
"""The final state that a section is about and nothing else: `μμτ_h`, `e+jets`, `three-lepton events`."""
_OF_STATE = re.compile(
    rf"(?:[Tt]he )?(?P<n>{_STATE})"
    r"(?: (?:channel|final state|events?|selection|analysis|candidates?|decays?))?s?(?: selection)?"
    rf"|[Ss]election (?:of|in|for)(?: the)? (?P<of>{_STATE}) (?:events|candidates|channel|final state)"
)
_OF_SIGNAL = re.compile(
    r"(?:(?:[Ee]vent )?[Ss]election (?:of|for) (?:the )?signal(?: events| candidates| region)?"
    r"|[Ss]ignal (?:event )?(?:selections?|requirements|criteria|definition)(?: (?:criteria|requirements))?)"
)
_CRITERIA = re.compile(r"\b(?:selections?|requirements?|criteria|cuts?|definitions?|defin\w+)\b", re.IGNORECASE)
_AFTERWARDS = re.compile(r"extraction|fit|yield|background|result", re.IGNORECASE)
_SEVERAL = re.compile(r"selection and|and (?:signal|control)|estimat|strategy|fit", re.IGNORECASE)


def of_section(path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the region that a section is about, or else what the one around it builds on.

    >>> of_section(("5 The dijet analysis", "5.1 Requirements")), of_section(("5 Control regions", "5.1 Method"))
    (('dijet analysis',), ())
    """
    titled = map(of_title, reversed(path[:-1]))
    return of_title(path[-1]) if path and of_title(path[-1]) else next((n for n in titled if n and is_base(n[0])), ())


def of_title(title: str) -> tuple[str, ...]:
    """Return the region a section is about.

    >>> of_title("3.2 Signal region definition"), of_title("5 Event selection"), of_title("4.1 The WZ control region")
    (('signal region',), (), ('WZ control region',))
    """
    bare = re.sub(r"^[\d.]+\s+", "", title)
    if "→" in title and _DECAY.search(title) and not _AFTERWARDS.search(title):
        return (re.sub(r"\s+(?:candidates?|channels?|selection|decays?|mode)\b", "", bare).strip(),)
    if titled := _TITLED.fullmatch(bare):
        return (f"{_lower(titled['n'])} {titled['noun']}",)
    if state := _OF_STATE.fullmatch(bare):
        return (f"{_lower(state['n'] or state['of'])} channel",)
    if _OF_SIGNAL.fullmatch(bare):
        return ("signal region",)
    found = [n.name for n in names(bare)]
    if len(found) > 1 and all(map(is_channel, found)) and not _SEVERAL.search(title):
        return tuple(dict.fromkeys(found))
    if len(channels := [name for name in found if is_channel(name)]) == 1:
        found = [name for name in found if name in channels or not is_generic(name)]
    if len(found) != 1 or _SEVERAL.search(title):
        return ()
    name = found[0]
    spelt = name.lower().startswith(("signal", "control", "valid"))
    return (name[0].lower() + name[1:] if spelt else name,)


def of_caption(title: str) -> tuple[str, ...]:
    """Return the one region whose requirements a table lists, by the first sentence of its caption.

    >>> of_caption("Selection requirements of the mono-V category."), of_caption("Selection of electrons.")
    (('mono-V category',), ())
    """
    bare = title.strip().rstrip(".")
    if _OF_SIGNAL.fullmatch(bare):
        return ("signal region",)
    found = tuple(dict.fromkeys(n.name for n in names(bare)))
    return found if len(found) == 1 and _CRITERIA.search(bare) and not found[0].endswith("s") else ()


def _lower(name: str) -> str:
    """Write a name as within a sentence: `dijet`, but `WZ`."""
    return f"{name[0].lower()}{name[1:]}" if name[1:2].islower() else name


def object_of(title: str) -> str | None:
    """Return the object a section is about: `4.2 Photon identification`."""
    if len(title.split()) > 6:
        return None
    named = {p.object for p in read(plain(title)).phrases} & COLLECTED
    return named.pop() if len(named) == 1 else None
