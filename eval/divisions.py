"""Cuts that divide a selection: of those that exclude each other one must hold, or nobody is in it.

Found by trying numbers next to every edge, apart from the compiler's way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

from eval.inequality import flavour_mixtures, related_by, satisfies, unsigned_offset
from kb.ssc import Cut, Piecewise, SelectionCriteria

_COUNTED = frozenset({"count", "n_tracks", "charge", "charge_product"})
_OPPOSITES = ({"same_flavour", "different_flavour"}, {"same_charge", "opposite_charge"})

Group = tuple[Cut, ...]


@dataclass
class Divisions:
    """Criteria in which cuts that exclude each other are alternatives, and those that nobody can place."""

    criteria: SelectionCriteria
    refused: dict[str, str] = field(default_factory=dict)
    """Why cuts are left out: they exclude each other and are no bins, or leave nothing out together."""

    @classmethod
    def of(cls, criteria: SelectionCriteria) -> Divisions:
        """Read criteria."""
        places = {
            cut.id: frozenset(cut.regions) | {region.name for region in criteria.regions if cut.id in region.cuts}
            for cut in criteria.cuts
        }
        joined: dict[str, str] = {}
        refused: dict[str, str] = {}
        for one, other in combinations(list(_comparable(criteria, places)), 2):
            mine, its = places[one[0].id], places[other[0].id]
            if not _same_thing(criteria, one[0], other[0]) or (mine != its and not mine & its):
                continue
            if not _excluding(one, other):
                continue
            if mine != its:
                refused |= {cut.id: "it excludes another cut of one of its regions" for cut in (one[0], other[0])}
                continue
            names = {joined.get(group[0].id) or f"divided at {group[0].id}" for group in (one, other)}
            name = min(names)
            joined |= {cut.id: name for cut in (*one, *other)}
            joined |= {cut_id: name for cut_id, known in joined.items() if known in names}
        groups: dict[str, list[Cut]] = {}
        for cut in criteria.cuts:
            if cut.id in joined:
                groups.setdefault(joined[cut.id], []).append(cut)
        for name, group in groups.items():
            if _asks_nothing(group):
                refused |= {cut.id: f"{name}, nothing is left out" for cut in group}
                joined = {cut_id: known for cut_id, known in joined.items() if known != name}
        cuts = (cut.model_copy(update={"any_of": joined.get(cut.id, cut.any_of)}) for cut in criteria.cuts)
        return cls(criteria.model_copy(update={"cuts": tuple(cuts)}) if joined else criteria, refused)


def _comparable(criteria: SelectionCriteria, places: dict[str, frozenset[str]]) -> Iterator[Group]:
    """Yield cuts, alternatives together, that are about one thing in one place, with plain bounds."""
    groups: dict[str, list[Cut]] = {}
    for cut in criteria.cuts:
        if cut.status != "rejected":
            groups.setdefault(f"alternatives {cut.any_of}" if cut.any_of else cut.id, []).append(cut)
    apart = {removal.cut for known in criteria.objects for removal in known.overlap_removal}
    for group in groups.values():
        first = group[0]
        alike = all(_same_thing(criteria, first, cut) and places[first.id] == places[cut.id] for cut in group)
        plain = all(cut.id not in apart and (isinstance(cut.value, str) or _edges(cut)) for cut in group)
        if alike and plain:
            yield tuple(group)


def _same_thing(criteria: SelectionCriteria, one: Cut, other: Cut) -> bool:
    """Say whether two cuts are on one variable of one subject, under one condition, as one kind of requirement."""
    named = isinstance(one.value, str)
    if one.subject != other.subject or named != isinstance(other.value, str):
        return False
    if (one.variable.id != other.variable.id) if named else (one.variable != other.variable):
        return False
    if (one.scope == "object") != (other.scope == "object"):
        return False
    owners = [{known.name for known in criteria.objects if cut.id in known.cuts} for cut in (one, other)]
    about_z = [unsigned_offset(cut, 0.0) != 0.0 for cut in (one, other)]
    conditions = [
        (cut.when.clauses or cut.when.text, cut.when.combine) if cut.when is not None else None for cut in (one, other)
    ]
    return owners[0] == owners[1] and about_z[0] == about_z[1] and conditions[0] == conditions[1]


def _asks_nothing(group: Sequence[Cut]) -> bool:
    """Say whether one of several cuts always holds."""
    if isinstance(group[0].value, str):
        told = {str(related_by(cut)) for cut in group if not flavour_mixtures(str(cut.value))}
        return any(pair <= told for pair in _OPPOSITES)
    return all(_met(group, value) for value in _tries(group))


def _tries(cuts: Sequence[Cut]) -> list[float]:
    """Return numbers at and beside every edge."""
    edges = sorted({edge for cut in cuts for edge in _edges(cut)})
    if cuts[0].variable.id in _COUNTED:
        whole = [float(round(edge) + step) for edge in edges for step in (-1, 0, 1)]
        return [n for n in whole if n >= 0 or cuts[0].variable.id.startswith("charge")]
    gap = min((high - low for low, high in pairwise(edges)), default=1.0) / 4
    return [edge + step for edge in edges for step in (-gap, 0.0, gap)]


def _excluding(one: Group, other: Group) -> bool:
    if isinstance(one[0].value, str):
        return all(_cannot_both(a, b) for a in one for b in other)
    tries = _tries((*one, *other))
    met = [[_met(group, value) for value in tries] for group in (one, other)]
    return any(met[0]) and any(met[1]) and not any(a and b for a, b in zip(*met, strict=True))


def _met(group: Sequence[Cut], value: float) -> bool:
    return any(satisfies(value, cut) != (cut.role == "veto") for cut in group)


def _edges(cut: Cut) -> list[float]:
    value = cut.normal_value
    bounds = value if isinstance(value, tuple) else (value,)
    return [] if any(isinstance(b, Piecewise | str) for b in bounds) else [float(b) for b in bounds]  # type: ignore[arg-type]


def _cannot_both(one: Cut, other: Cut) -> bool:
    """Say whether two named properties exclude each other: compositions without a common one, opposite relations."""
    if {one.role, other.role} != {"select"} or one.variable.id not in {"other", "charge"}:
        return False
    mixtures = [flavour_mixtures(str(cut.value)) for cut in (one, other)]
    if all(mixtures):
        return not set(mixtures[0]) & set(mixtures[1])
    return {str(related_by(one)), str(related_by(other))} in _OPPOSITES
