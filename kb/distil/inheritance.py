"""Read which region builds on which: `in addition to the requirements of SRA`, `the same as SR1 except that …`.

A region inherits its parent's cuts. Where it cuts on the same quantity itself, or turns a requirement round, the
parent's cut is replaced, not joined: such a region has the parent's parent, and takes the other cuts one by one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kb.distil.quotes import quote
from kb.distil.region_names import Name, kind_of
from kb.distil.rulebook import pattern, rulebook
from kb.document import Document
from kb.ssc import Cut, Region

_DATA = rulebook("inheritance")
_TAKES = [pattern(rule.replace("<of>", _DATA["of"]) + "$") for rule in _DATA["takes"]]
_EXCEPTS = pattern(_DATA["excepts"])
_REACH = 160


@dataclass(frozen=True, slots=True)
class Inheritance:
    """A sentence `[start, end)` says that a region takes over what another one requires."""

    child: str
    parent: str
    start: int
    end: int
    excepts: bool


def parents(text: str, found: tuple[Name, ...]) -> list[Name]:
    """Return the regions whose requirements a sentence takes over.

    >>> from kb.distil.region_names import names
    >>> text = "In addition to the requirements of SRA, events in SRB must satisfy m_T2 > 120 GeV."
    >>> [name.name for name in parents(text, names(text))]
    ['SRA']
    """
    before = ((name, text[max(0, name.start - _REACH) : name.start]) for name in found)
    return [name for name, words in before if any(rule.search(words) for rule in _TAKES)]


def excepts(text: str) -> bool:
    """Say whether a sentence takes a region over only in part."""
    return bool(_EXCEPTS.search(text))


def inherited(document: Document, cuts: list[Cut], links: Iterable[Inheritance]) -> tuple[Region, ...]:
    """Return the regions of a paper's cuts, each with its parent or what it takes over of it."""
    members = _members(cuts)
    chosen = _chosen(members, links)
    built: dict[str, Region] = {}
    for name in (*members, *(child for child in chosen if child not in members)):
        _build(document, name, members, chosen, built)
    return tuple(built[name] for name in (*members, *(child for child in chosen if child not in members)))


def building_on(cuts: list[Cut], links: Iterable[Inheritance]) -> dict[str, str]:
    """Return which region each takes requirements over from, if any."""
    return {child: link.parent for child, link in _chosen(_members(cuts), links).items()}


def _members(cuts: list[Cut]) -> dict[str, list[Cut]]:
    members: dict[str, list[Cut]] = {}
    for cut in cuts:
        for name in cut.regions:
            members.setdefault(name, []).append(cut)
    return members


def _chosen(members: dict[str, list[Cut]], links: Iterable[Inheritance]) -> dict[str, Inheritance]:
    """Return the link of each region that takes over the requirements of another; the first one told counts."""
    chosen: dict[str, Inheritance] = {}
    for link in links:
        parent = _resolved(link.parent, [*members, *chosen])
        if parent is None or parent == link.child or link.child in chosen or _reaches(chosen, parent, link.child):
            continue
        if link.child in members or not link.excepts:
            chosen[link.child] = Inheritance(link.child, parent, link.start, link.end, link.excepts)
    return chosen


def _build(
    document: Document,
    name: str,
    members: dict[str, list[Cut]],
    chosen: dict[str, Inheritance],
    built: dict[str, Region],
) -> list[Cut]:
    """Build a region, after those it inherits from; return all cuts that it has beyond those that hold everywhere."""
    own = members.get(name, [])
    link = chosen.get(name)
    above: list[Cut] = []
    parent: str | None = None
    evidence = (own[0].evidence[0],) if own else ()
    if link is not None:
        above = _build(document, link.parent, members, chosen, built)
        kept = [cut for cut in above if not any(_replaces(new, cut, anew=link.excepts) for new in own)]
        stated = quote(document, link.start, link.end, "stated")
        evidence = (*evidence, *((stated,) if stated not in evidence else ()))
        if len(kept) == len(above):
            parent = link.parent
        else:
            parent, own = None, [*own, *(cut for cut in kept if cut not in own)]
            above = []
    listed = tuple(dict.fromkeys(cut.id for cut in own))
    built[name] = Region(name=name, kind=kind_of(name), parent=parent, cuts=listed, evidence=evidence)
    return [*above, *(cut for cut in own if cut not in above)]


def _replaces(own: Cut, above: Cut, *, anew: bool) -> bool:
    """Say whether a region's cut takes the place of its parent's; one that only tightens it may join it."""
    if own.id == above.id or own.when is not None or _quantity(own) != _quantity(above):
        return False
    sides = {own.operator[0], above.operator[0]}
    ends = own.normal_value, above.normal_value
    if anew or len(sides) > 1 or own.role != above.role or not all(isinstance(end, float | int) for end in ends):
        return True
    return ends[0] < ends[1] if sides == {">"} else ends[0] > ends[1] if sides == {"<"} else True  # type: ignore[operator]  # both are numbers


def _quantity(cut: Cut) -> tuple[object, ...]:
    """Return what a cut is on; a region's own cut on it takes the place of its parent's."""
    return (cut.subject.object, cut.subject.rank, cut.variable.id, cut.variable.name, cut.scope == "object")


def _resolved(parent: str, known: list[str]) -> str | None:
    """Return the region that a name means: itself, or `the signal region` where the paper has one only."""
    if parent in known:
        return parent
    alike = [name for name in dict.fromkeys(known) if kind_of(name) == kind_of(parent)]
    return alike[0] if len(alike) == 1 else None


def _reaches(chosen: dict[str, Inheritance], name: str, target: str) -> bool:
    """Say whether a region inherits from another, through any number of others."""
    while name in chosen:
        name = chosen[name].parent
        if name == target:
            return True
    return False
