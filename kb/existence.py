"""What is said of objects that are counted: `at least one same-flavour pair with 81 < m < 101 GeV`.

A sentence that asks for a number of pairs and says what they are like asks for so many pairs that have all of it; it
does not ask it of every pair. Two pairs that it asks for are made of four objects: they have none in common. Where the
criteria tell how pairs are chosen, what is said of pairs is said of the chosen ones.

What objects must be is asked of all objects of their kind, and counts are of those. Where it is asked in some regions
only (in the electron channel, exactly one electron with p_T > 30 GeV), it is part of what is counted there. So it is
where another sentence asks less of all of them: leptons with p_T > 7 GeV, at least one lepton with p_T > 25 GeV.
"""

from __future__ import annotations

import re

from kb.bins import regions_of
from kb.bounds import Operator, Piecewise
from kb.cut import Clause, Condition, Cut
from kb.ssc import ObjectDefinition, SelectionCriteria

_SINGLE = frozenset({"electron", "muon", "lepton", "tau", "photon", "jet", "bjet", "fatjet"})
_DISTANCES = frozenset({"delta_r", "delta_phi", "delta_eta"})
_OPPOSITE: dict[Operator, Operator] = {
    ">": "<=", ">=": "<", "<": ">=", "<=": ">", "==": "!=", "!=": "==", "in": "not_in", "not_in": "in", "is": "!=",
}  # fmt: skip
_ONE_MUST = re.compile(
    r"\bat least one (?:[\w-]+ ){1,3}?(?:must|has to|is required to|needs to) (?:have|be|satisfy|pass|fulfil)\b",
    re.IGNORECASE,
)
_LIKE = frozenset({"mass", "pt", "delta_r", "delta_phi", "delta_eta", "charge", "charge_product", "other"})


def counted(criteria: SelectionCriteria) -> dict[str, tuple[str, ...]]:
    """Return the cuts that say what counted objects are like, by the id of the cut that counts them."""
    return {**_pairs(criteria), **_singles(criteria)}


def conditional(count: Cut, alike: tuple[Cut, ...]) -> Cut:
    """Return a count of single objects with what is said of them as its condition."""
    clauses = tuple(map(_clause, alike))
    text = " and ".join(cut.statement() for cut in alike)
    return count.model_copy(update={"when": Condition(text=text, clauses=clauses)})


def with_collections(criteria: SelectionCriteria) -> SelectionCriteria:
    """Return criteria in which counted objects of which more is asked are collections of their own."""
    cuts = {cut.id: cut for cut in criteria.cuts}
    objects = list(criteria.objects)
    for count, alike in _singles(criteria).items():
        kind = cuts[count].subject.object
        taken = {known.name for known in objects}
        name = next(n for n in (f"counted {kind}", *(f"counted {kind} {i}" for i in range(2, 99))) if n not in taken)
        for cut_id in (count, *alike):
            subject = cuts[cut_id].subject.model_copy(update={"definition": name})
            scope = {} if cut_id == count else {"scope": "object"}
            cuts[cut_id] = cuts[cut_id].model_copy(update={"subject": subject, **scope})
        objects = [
            known.model_copy(update={"cuts": tuple(one for one in known.cuts if one not in alike)}) for known in objects
        ]
        objects.append(ObjectDefinition(name=name, object=kind, cuts=alike))
    return criteria.model_copy(update={"cuts": tuple(cuts.values()), "objects": tuple(objects)})


def _clause(cut: Cut) -> Clause:
    assert not isinstance(cut.value, Piecewise), cut.id
    operator = cut.operator if cut.role == "select" else _OPPOSITE[cut.operator]
    fields = {"subject": cut.subject, "variable": cut.variable, "operator": operator, "value": cut.value}
    return Clause.model_validate({**fields, "closed": cut.closed, "unit": cut.unit})


def _singles(criteria: SelectionCriteria) -> dict[str, tuple[str, ...]]:
    """Return what is asked of the single objects that a cut counts, and not of all objects of their kind."""
    removals = {removal.cut for known in criteria.objects for removal in known.overlap_removal}
    plain = [
        cut
        for cut in criteria.cuts
        if cut.status != "rejected" and cut.subject.object in _SINGLE and cut.subject.rank is None
        if cut.when is None and cut.any_of is None and cut.id not in removals
    ]
    found: dict[str, tuple[str, ...]] = {}
    for count in plain:
        if count.variable.id != "count":
            continue
        regions = regions_of(count, criteria)
        alike = [cut for cut in plain if (cut.subject, regions_of(cut, criteria)) == (count.subject, regions)]
        told = [cut for cut in alike if cut.variable.id != "count" and _is_plain(cut)]
        counts = [cut for cut in alike if cut.variable.id == "count"]
        if not regions:
            told = [cut for cut in told if _same_sentence(cut, count)]
            told = [cut for cut in told if _of_one(cut, count) or any(_asks_less(other, cut) for other in plain)]
            counts = [cut for cut in counts if _same_sentence(cut, count)]
            # "at least two jets with p_T > 50 GeV and at least four jets": of the fewer ones more is asked.
            counts = sorted(counts, key=_least)[:1]
        if told and counts == [count]:
            found[count.id] = tuple(cut.id for cut in told)
    return found


def _of_one(cut: Cut, count: Cut) -> bool:
    """Say whether a sentence is that one object at least must have something: others need not."""
    return number(count) == 1 and bool(_ONE_MUST.search(cut.evidence[0].quote))


def _least(count: Cut) -> float:
    values = count.value if isinstance(count.value, tuple) else (count.value,)
    return min((value for value in values if isinstance(value, int | float)), default=0.0)


def _asks_less(other: Cut, cut: Cut) -> bool:
    """Say whether another sentence asks all objects of a kind for less: a lower threshold, a wider range."""
    kinds = {cut.subject.object, "lepton" if cut.subject.object in {"electron", "muon"} else cut.subject.object}
    if other.subject.object not in kinds or other.subject.definition or other.variable != cut.variable:
        return False
    if _same_sentence(other, cut) or other.role != cut.role or other.operator[0] != cut.operator[0]:
        return False
    low, high = other.normal_value, cut.normal_value
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return False
    return other.scope == "object" and (low < high if cut.operator[0] == ">" else low > high)


def _same_sentence(one: Cut, other: Cut) -> bool:
    if not one.evidence or not other.evidence:
        return False
    here, there = one.evidence[0], other.evidence[0]
    return (here.arxiv_id, here.start, here.end) == (there.arxiv_id, there.start, there.end)


def _is_plain(cut: Cut) -> bool:
    ranged = cut.role == "veto" and cut.operator == "in" and cut.closed != "both"
    own = cut.scope in {"object", "region"} and cut.variable.id not in _DISTANCES | {"mt"} and not ranged
    values = cut.value if isinstance(cut.value, tuple) else (cut.value,)
    return own and not any(isinstance(value, Piecewise) for value in values)


def _pairs(criteria: SelectionCriteria) -> dict[str, tuple[str, ...]]:
    """Return what is said of pairs that must exist.

    None are said of pairs that are counted for something else than their existence (exactly two, at most one).
    """
    chosen = {one.object for one in criteria.composites if one.rank or one.choice}
    cuts = [cut for cut in criteria.cuts if cut.status != "rejected" and _may_belong(cut) and not cut.any_of]
    found: dict[str, tuple[str, ...]] = {}
    for count in cuts:
        if count.variable.id != "count" or number(count) is None:
            continue
        alike = [cut for cut in cuts if cut.variable.id in _LIKE and _is_of(cut, count, criteria)]
        if count.subject.object in chosen:
            # Of two pairs that are chosen, charges and flavours are told where they are counted.
            alike = [cut for cut in alike if number(count) == 2 and cut.variable.id in {"charge_product", "other"}]
            if not alike:
                continue
        if alike or number(count) == 2:
            found[count.id] = tuple(cut.id for cut in alike)
    return found


def number(count: Cut) -> float | None:
    """Return how many pairs a cut asks for at least; None where it asks for another number."""
    if count.operator == "==" and count.value == 1:
        return 1
    return float(count.value) if count.operator == ">=" and count.value in {1, 2} else None


def _may_belong(cut: Cut) -> bool:
    pair = cut.subject.object.endswith("_pair") and cut.subject.rank is None
    return pair and cut.role == "select" and cut.when is None


def _is_of(cut: Cut, count: Cut, criteria: SelectionCriteria) -> bool:
    """Say whether a cut is said of the pairs that another one of the same sentence counts."""
    if cut.subject.object != count.subject.object or regions_of(cut, criteria) != regions_of(count, criteria):
        return False
    return cut.subject.definition in {None, count.subject.definition} and _same_sentence(cut, count)
