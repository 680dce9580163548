"""What is said of pairs that must exist: `at least one same-flavour pair with 81 < m < 101 GeV`.

A sentence that asks for a number of pairs and says what they are like asks for so many pairs that have all of it; it
does not ask it of every pair. Two pairs that it asks for are made of four objects: they have none in common. Where the
criteria tell how pairs are chosen, what is said of pairs is said of the chosen ones.
"""

from __future__ import annotations

from kb.bins import regions_of
from kb.cut import Cut
from kb.ssc import SelectionCriteria

_LIKE = frozenset({"mass", "pt", "delta_r", "delta_phi", "delta_eta", "charge", "charge_product", "other"})


def counted_pairs(criteria: SelectionCriteria) -> dict[str, tuple[str, ...]]:
    """Return the cuts that say what counted pairs are like, by the id of the cut that counts them.

    None are said of pairs that are counted for something else than their existence (exactly two, at most one).
    """
    chosen = {one.object for one in criteria.composites if one.rank or one.choice}
    cuts = [cut for cut in criteria.cuts if cut.status != "rejected" and _may_belong(cut) and not cut.any_of]
    found: dict[str, tuple[str, ...]] = {}
    for count in cuts:
        if count.variable.id != "count" or count.subject.object in chosen or not asks_for(count):
            continue
        alike = [cut.id for cut in cuts if cut.variable.id in _LIKE and _is_of(cut, count, criteria)]
        if alike or number(count) == 2:
            found[count.id] = tuple(alike)
    return found


def number(count: Cut) -> float | None:
    """Return how many pairs a cut asks for at least; None where it asks for another number."""
    if count.operator == "==" and count.value == 1:
        return 1
    return float(count.value) if count.operator == ">=" and count.value in {1, 2} else None


def asks_for(count: Cut) -> bool:
    """Say whether a cut asks for one pair, or for two."""
    return number(count) is not None


def _may_belong(cut: Cut) -> bool:
    pair = cut.subject.object.endswith("_pair") and cut.subject.rank is None
    return pair and cut.role == "select" and cut.when is None


def _is_of(cut: Cut, count: Cut, criteria: SelectionCriteria) -> bool:
    """Say whether a cut is said of the pairs that another one of the same sentence counts."""
    if cut.subject.object != count.subject.object or regions_of(cut, criteria) != regions_of(count, criteria):
        return False
    if cut.subject.definition not in {None, count.subject.definition} or not cut.evidence or not count.evidence:
        return False
    here, there = cut.evidence[0], count.evidence[0]
    return (here.arxiv_id, here.start, here.end) == (there.arxiv_id, there.start, there.end)
