"""Keep a baseline cut out of the regions that contradict it: `no b jets`, but a top control region with two of them.

Such a cut holds in the other regions only. Where a paper names no other one, it holds in what the paper's selection
without a name is then called: the signal region, or the baseline selection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from kb.distil.region_names import kind_of
from kb.distil.spans import Span, below, covers, disjoint, spans
from kb.ssc import Cut

_WIDER = {"electron": "lepton", "muon": "lepton", "bjet": "jet"}
"""What an object is one of, so that it counts among them."""
_TURNED = re.compile(r"\b(?:inverted|reversed)\b")


def restricted(cuts: list[Cut], parents: Mapping[str, str], text: str) -> list[Cut]:
    """Return the cuts, those of the baseline that a region contradicts with the regions in which they hold.

    `parents` are the regions that others build on, `text` is the paper's.
    """
    members: dict[str, list[Cut]] = {}
    for cut in cuts:
        for name in cut.regions:
            members.setdefault(name, []).append(cut)
    known = [*members, *(child for child in parents if child not in members)]
    baseline = [cut for cut in cuts if not cut.regions and cut.scope == "event" and _is_plain(cut)]
    limited: dict[str, tuple[str, ...]] = {}
    for cut in baseline:
        out = {name for name, own in members.items() if any(_excludes(one, cut, name, baseline) for one in own)}
        if out:
            left = _others(out, known, parents)
            selects = any(kind_of(name) in {"signal", "preselection"} for name in left)
            limited[cut.id] = left if selects else (*left, _unnamed(text))
    return [_within(cut, limited[cut.id]) if cut.id in limited else cut for cut in cuts]


def _within(cut: Cut, regions: tuple[str, ...]) -> Cut:
    return cut.model_copy(update={"regions": regions, "scope": "region"})


def _others(out: set[str], known: list[str], parents: Mapping[str, str]) -> tuple[str, ...]:
    """Return the regions besides some and those that build on them; what these inherit need not be said again."""

    def line(name: str) -> list[str]:
        above = [name]
        while (parent := parents.get(above[-1])) is not None and parent not in above:
            above.append(parent)
        return above

    left = [name for name in known if not out & set(line(name))]
    return tuple(name for name in left if parents.get(name) not in left)


def _unnamed(text: str) -> str:
    return "signal region" if re.search(r"\bsignal regions?\b", text, re.IGNORECASE) else "baseline selection"


def _is_plain(cut: Cut) -> bool:
    return cut.when is None and cut.any_of is None


def _excludes(own: Cut, cut: Cut, region: str, baseline: Iterable[Cut]) -> bool:
    """Say whether a region's own cut leaves no room for one of the baseline, or takes its place."""
    if own.variable.id != cut.variable.id or not _is_plain(own):
        return False
    if isinstance(own.value, str):
        return _TURNED.search(own.value) is not None and own.subject.object == cut.subject.object
    if own.variable != cut.variable or own.subject.rank != cut.subject.rank or own.scope == "trigger":
        return False
    here, there = _spans(own), _spans(cut)
    if not here or not there:
        return False
    one, other = own.subject.object, cut.subject.object
    if one != other or own.subject.definition != cut.subject.definition:
        if cut.variable.id != "count":
            return False
        apart = disjoint(here, there)
        if one != other:  # of more jets some may be b jets; no b jets leave room for jets
            narrower, wider = (here, there) if _WIDER.get(one) == other else (there, here)
            apart = other in {_WIDER.get(one)} | {o for o, of in _WIDER.items() if of == one} and below(wider, narrower)
        # "exactly one lepton and no further leptons": the baseline has some itself
        same = (c for c in baseline if c is not cut and c.variable.id == cut.variable.id and c.variable == cut.variable)
        beside = [c for c in same if _kin(c, cut)]
        alone = all(disjoint(_spans(c), here) for c in beside if disjoint(_spans(c), there))
        return apart and alone
    looser = kind_of(region) in {"control", "validation"} and covers(here, there) and not covers(there, here)
    return disjoint(here, there) or looser


def _kin(one: Cut, other: Cut) -> bool:
    names = {one.subject.object, other.subject.object}
    return len(names) == 1 or any(_WIDER.get(name) in names for name in names)


def _spans(cut: Cut) -> list[Span]:
    return spans(cut.operator, cut.normal_value, cut.closed, cut.role)
