"""Inequalities and flavour words of the criteria, read for the reference loop."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable

from kb.ssc import Bound, Clause, Closed, Cut, PairRequirement, Piecewise
from kb.vocabulary import unit_factor

Z_MASS = 91.1876  # GeV, PDG 2024

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


def satisfies(
    value: float, demand: Cut | Clause, along: Callable[[Piecewise], float | None] = lambda curve: None
) -> bool:
    """Say whether a number in GeV, mm or 1 satisfies a cut or a clause.

    What is not in a range is all that the range, with the ends that belong to it, leaves; a number that is undefined
    is neither in it nor outside. `along` gives what a threshold function follows, in normal units; where the event
    lacks it, nothing satisfies.
    """
    asked = demand.normal_value if isinstance(demand, Cut) else _normal(demand)
    if isinstance(asked, str):
        return False
    edges = [_edge(bound, along) for bound in (asked if isinstance(asked, tuple) else (asked,))]
    if len(edges) == 2:
        low, high = edges
        if low is None or high is None:
            return False
        return not math.isnan(value) and _inside(value, low, high, demand.closed) == (demand.operator == "in")
    return edges[0] is not None and _COMPARE[demand.operator](value, edges[0])


def _inside(value: float, low: float, high: float, closed: Closed) -> bool:
    above = value > low or (value == low and closed in {"left", "both"})
    below = value < high or (value == high and closed in {"right", "both"})
    return above and below


def _normal(clause: Clause) -> float | tuple[float, float] | str:
    factor = unit_factor(clause.unit)
    if isinstance(clause.value, str):
        return clause.value
    if isinstance(clause.value, tuple):
        return clause.value[0] * factor, clause.value[1] * factor
    return clause.value * factor


def _edge(bound: Bound, along: Callable[[Piecewise], float | None]) -> float | None:
    if not isinstance(bound, Piecewise):
        return bound
    x = along(bound)
    return None if x is None else bound.at(x)


def ends(cut: Cut) -> frozenset[str]:
    """Return at which ends a cut stops a quantity; of another cut, what it says."""
    stops = {">": "from", ">=": "from", "<": "to", "<=": "to"}.get(cut.operator)
    if stops is not None:
        return frozenset({stops if cut.role == "select" else {"from": "to", "to": "from"}[stops]})
    if cut.operator == "in" and cut.role == "select":
        return frozenset({"from", "to"})
    return frozenset({f"{cut.role} {cut.operator}"})


def unsigned_offset(cut: Cut, value: float) -> float:
    """Return the distance from the Z mass for a cut of the form |m − m_Z| < x, else the value itself."""
    if cut.variable.id != "mass" or cut.operator not in {">", ">=", "<", "<="}:
        return value
    about_z = re.search(r"\bm_?\{?Z\}?\b", f"{cut.note} {cut.variable.name or ''}")
    return abs(value - Z_MASS) if about_z else value


def flavour_mixtures(text: str) -> list[tuple[int, int]]:
    """Return the numbers of electrons and muons that a text like '4e, 4μ or 2e2μ' allows; empty if it is no such text.

    >>> flavour_mixtures("4e, 4μ or 2e2μ"), flavour_mixtures("2μ2e"), flavour_mixtures("tight")
    ([(4, 0), (0, 4), (2, 2)], [(2, 2)], [])
    """
    allowed = []
    for word in re.split(r"[\s,;/|]+", text.replace("µ", "μ").replace("mu", "μ")):
        if re.fullmatch(r"(\d?[eμ][±+−-]*)+", word) and word:
            counts = {"e": 0, "μ": 0}
            for number, letter in re.findall(r"(\d?)([eμ])", word):
                counts[letter] += int(number or 1)
            if sum(counts.values()) > 1:
                allowed.append((counts["e"], counts["μ"]))
    return allowed


def how_many(cut: Cut) -> str:
    """Return "both" or "all" if a cut on pairs is stated of both or of all of them, else nothing."""
    for evidence in cut.evidence:
        words = evidence.quote.casefold().replace(".", " . ").replace(";", " ; ").split()
        for place, word in enumerate(words):
            reach: list[str] = []
            for later in words[place + 1 : place + 6]:
                if later in {".", ";"}:
                    break
                reach.append(later.strip(",:()"))
            several = {"pairs", "candidates", "systems"} & set(reach)
            if word == "both" and several:
                return "both"
            if word in {"each", "every", "all", "any"} and (several or "pair" in reach):
                return "all"
    return ""


def relation(text: str) -> PairRequirement | None:
    """Return what two objects are to each other by a text like 'same flavour'.

    >>> relation("same flavour"), relation("opposite flavour"), relation("opposite charge"), relation("tight")
    ('same_flavour', 'different_flavour', 'opposite_charge', None)
    """
    flavour = "flavo" in text
    charge = "charge" in text or "sign" in text
    if flavour == charge:
        return None
    if re.search(r"same|like|identical", text) and "unlike" not in text:
        return "same_flavour" if flavour else "same_charge"
    if re.search(r"opposite|different|unlike", text):
        return "different_flavour" if flavour else "opposite_charge"
    return None


def related_by(cut: Cut) -> PairRequirement | None:
    """Return what a cut asks two objects to be to each other; None for another cut."""
    return relation(str(cut.value)) or relation(f"{cut.value} {cut.variable.name or cut.variable.id}")


def relations(clauses: Iterable[Clause]) -> tuple[PairRequirement, ...]:
    """Return what two objects are to each other by clauses."""
    found = (relation(f"{clause.value} {clause.variable.name or ''}") for clause in clauses)
    return tuple(named for named in found if named is not None)
