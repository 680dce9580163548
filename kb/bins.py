"""Cuts of one selection that cannot hold together: they are its bins, and one of them must hold.

Papers divide regions: exactly two b jets, and three or more. Read one after the other, as cuts are, no event would be
left. Cuts in the same regions (or in none), on the same subject and variable and under the same condition, that exclude
each other are therefore alternatives of each other. Where one of them holds always, they ask for nothing. The reference
loop finds all this by itself.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from kb.bounds import Piecewise, comparisons
from kb.cut import Cut
from kb.ssc import SelectionCriteria

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
_WHOLE = frozenset({"count", "n_tracks", "charge", "charge_product"})
_FROM_Z = re.compile(r"\bm_?\{?Z\}?\b")
_RELATIONS = {"same": "same", "like": "same", "opposite": "other", "different": "other", "unlike": "other"}


@dataclass(frozen=True)
class Bins:
    """Cuts of which each excludes another; `regions` in which they hold, none for the baseline."""

    cuts: tuple[str, ...]
    regions: tuple[str, ...]
    whole: bool = False
    """Whether one of them holds always, so that together they ask for nothing: no electron, or at least one."""

    @property
    def name(self) -> str:
        """What the cuts have as their common `any_of`."""
        return f"bins of {', '.join(self.regions) or 'the selection'}: {self.cuts[0]}"


@dataclass(frozen=True)
class Conflict:
    """Two cuts that exclude each other in a region that only one of them, or an ancestor of it, is stated for."""

    first: str
    second: str
    region: str
    own: bool
    """Whether both are stated for that region, one of them for others besides."""


def bins(criteria: SelectionCriteria) -> tuple[Bins, ...]:
    """Return the bins of each selection: of the baseline, of each region, of each definition of objects."""
    alike: dict[object, list[list[Cut]]] = {}
    for group in _groups(criteria):
        key = _key(group, criteria)
        if key is not None:
            alike.setdefault((key, regions_of(group[0], criteria)), []).append(group)
    found: list[Bins] = []
    for groups in alike.values():
        for joined in _joined(groups):
            ids = tuple(cut.id for group in joined for cut in group)
            regions = regions_of(joined[0][0], criteria)
            named = tuple(region.name for region in criteria.regions if region.name in regions)
            found.append(Bins(ids, named, whole=_whole([cut for group in joined for cut in group])))
    return tuple(found)


def binned(criteria: SelectionCriteria, found: Iterable[Bins]) -> SelectionCriteria:
    """Return criteria in which bins are alternatives."""
    names = {cut_id: one.name for one in found for cut_id in one.cuts}
    if not names:
        return criteria
    cuts = tuple(cut.model_copy(update={"any_of": names[cut.id]}) if cut.id in names else cut for cut in criteria.cuts)
    return criteria.model_copy(update={"cuts": cuts})


def conflicts(criteria: SelectionCriteria) -> tuple[Conflict, ...]:
    """Return cuts that exclude each other in a region though they are no bins of it.

    They are stated for different regions that have this one in common, or one of them for an ancestor of it.
    """
    alike: dict[object, list[list[Cut]]] = {}
    for group in _groups(criteria):
        if (key := _key(group, criteria)) is not None:
            alike.setdefault(key, []).append(group)
    pairs = [pair for groups in alike.values() for pair in combinations(groups, 2)]
    apart = [pair for pair in pairs if len({regions_of(g[0], criteria) for g in pair}) > 1 and _disjoint(*pair)]
    found: list[Conflict] = []
    for region in criteria.regions:
        line = _line(region.name, criteria)
        for one, other in apart:
            of = [regions_of(group[0], criteria) for group in (one, other)]
            own = [region.name in regions for regions in of]
            if any(own) and all(not regions or regions & line for regions in of):
                first, second = (one[0].id, other[0].id) if own[0] else (other[0].id, one[0].id)
                found.append(Conflict(first, second, region.name, own=all(own)))
    return tuple(found)


def _line(name: str, criteria: SelectionCriteria) -> frozenset[str]:
    """Return a region and those it inherits from."""
    parents = {region.name: region.parent for region in criteria.regions}
    line: list[str] = []
    at: str | None = name
    while at in parents and at not in line:
        line.append(str(at))
        at = parents[str(at)]
    return frozenset(line)


def regions_of(cut: Cut, criteria: SelectionCriteria) -> frozenset[str]:
    """Return the regions that a cut is stated for; none for the baseline."""
    return frozenset({*cut.regions, *(region.name for region in criteria.regions if cut.id in region.cuts)})


def _groups(criteria: SelectionCriteria) -> list[list[Cut]]:
    groups: dict[str, list[Cut]] = {}
    for cut in criteria.cuts:
        if cut.status != "rejected":
            groups.setdefault(f"any {cut.any_of}" if cut.any_of else f"cut {cut.id}", []).append(cut)
    return list(groups.values())


def _key(group: Sequence[Cut], criteria: SelectionCriteria) -> object | None:
    """Return what cuts are about, if all of a group are about one thing that can be compared."""
    keys = {_about(cut, criteria) for cut in group}
    regions = {regions_of(cut, criteria) for cut in group}
    return keys.pop() if len(keys) == 1 and len(regions) == 1 else None


def _about(cut: Cut, criteria: SelectionCriteria) -> object:
    owners = frozenset(known.name for known in criteria.objects if cut.id in known.cuts)
    bounds = cut.value if isinstance(cut.value, tuple) else (cut.value,)
    if any(isinstance(bound, Piecewise) for bound in bounds) or any(
        removal.cut == cut.id for known in criteria.objects for removal in known.overlap_removal
    ):
        return cut.id
    if isinstance(cut.value, str) and _named(cut) is None:
        return cut.id
    condition = cut.when.model_dump_json(exclude={"text"} if cut.when.clauses else set()) if cut.when else None
    from_z = cut.variable.id == "mass" and bool(_FROM_Z.search(f"{cut.note} {cut.variable.name or ''}"))
    named = cut.variable if not isinstance(cut.value, str) else cut.variable.id
    return (cut.subject, named, isinstance(cut.value, str), condition, cut.scope == "object", owners, from_z)


def _joined(groups: Sequence[list[Cut]]) -> list[list[list[Cut]]]:
    """Return groups that exclude each other, or a common third one, together."""
    joined: list[list[list[Cut]]] = [[group] for group in groups]
    for one, other in combinations(groups, 2):
        if _disjoint(one, other):
            first = next(known for known in joined if any(group is one for group in known))
            second = next(known for known in joined if any(group is other for group in known))
            if first is not second:
                first += second
                joined = [known for known in joined if known is not second]
    order = {cut.id: place for place, group in enumerate(groups) for cut in group}
    return [sorted(known, key=lambda group: order[group[0].id]) for known in joined if len(known) > 1]


def _disjoint(one: Sequence[Cut], other: Sequence[Cut]) -> bool:
    if isinstance(one[0].value, str):
        mine, theirs = (frozenset().union(*(_named(cut) or () for cut in group)) for group in (one, other))
        return not mine & theirs
    points = _points([*one, *other])
    accepted = [{x for x in points if any(_accepts(cut, x) for cut in group)} for group in (one, other)]
    return all(accepted) and not accepted[0] & accepted[1]


def _whole(cuts: Sequence[Cut]) -> bool:
    """Say whether one of several cuts holds always."""
    if isinstance(cuts[0].value, str):
        named: frozenset[str] = frozenset().union(*(_named(cut) or () for cut in cuts))
        return any({f"{what} same", f"{what} other"} <= named for what in ("flavour", "charge"))
    return all(any(_accepts(cut, x) for cut in cuts) for x in _points(cuts))


def _points(cuts: Sequence[Cut]) -> list[float]:
    """Return numbers of which one is in every interval that cuts leave, if it is not empty."""
    edges = sorted({edge for cut in cuts for edge in _edges(cut)})
    if cuts[0].variable.id in _WHOLE:
        least = 0 if cuts[0].variable.id in {"count", "n_tracks"} else -math.inf
        return [float(n) for edge in edges for n in range(int(edge) - 2, int(edge) + 3) if n >= least]
    between = [(low + high) / 2 for low, high in pairwise(edges)]
    return [edges[0] - 1, *edges, *between, edges[-1] + 1]


def _edges(cut: Cut) -> tuple[float, ...]:
    value = cut.normal_value
    bounds = value if isinstance(value, tuple) else (value,)
    return tuple(float(bound) for bound in bounds if isinstance(bound, int | float))


def _accepts(cut: Cut, x: float) -> bool:
    edges = _edges(cut)
    if cut.operator in {"in", "not_in"}:
        beside = zip(comparisons(cut.operator, cut.closed), edges, strict=True)
        above, below = (_COMPARE[compared](x, edge) for compared, edge in beside)
        accepted = above and below if cut.operator == "in" else above or below
    else:
        accepted = _COMPARE[cut.operator](x, edges[0])
    return accepted != (cut.role == "veto")


def _named(cut: Cut) -> frozenset[str] | None:
    """Return what a text allows of flavours or charges, if it is about these; None for another."""
    if cut.role == "veto" or cut.variable.id not in {"other", "charge"}:
        return None
    about = f"{cut.variable.name or ''} {cut.variable.id} {cut.value}"
    words = [word for word in re.split(r"[\s,;/|]+|\bor\b", str(cut.value).replace("mu", "μ")) if word]
    if words and all(re.fullmatch(r"(?:\d?[eμ][±+−-]*)+", word) for word in words):
        return frozenset(_composition(word) for word in words)
    told = {_RELATIONS[word] for word in re.findall(r"[a-z]+", str(cut.value).casefold()) if word in _RELATIONS}
    if len(told) == 1 and ("flavo" in about) != ("charge" in about or "sign" in about):
        return frozenset({("flavour " if "flavo" in about else "charge ") + told.pop()})
    return None


def _composition(word: str) -> str:
    """Return how many electrons and muons a word allows.

    >>> _composition("2μ2e") == _composition("2e2μ") == _composition("eeμμ")
    True
    """
    counts = {"e": 0, "μ": 0}
    for number, letter in re.findall(r"(\d?)([eμ])", word):
        counts[letter] += int(number or 1)
    return f"{counts['e']}e{counts['μ']}μ"
