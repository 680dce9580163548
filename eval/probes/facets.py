"""What has to be shown of a cut: each of its ends, for each kind of object and in each region it is stated for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from eval.composition import PAIRS
from eval.decisions import of_matched
from eval.inequality import flavour_mixtures, satisfies, unsigned_offset
from eval.interpretation import Interpretation
from eval.probes.gauge import WHOLE, edges
from eval.probes.specimen import GROUPS
from kb.ssc import Cut, PairRequirement, Piecewise

_SIGNED = frozenset({"abs_eta", "d0", "d0_sig", "z0", "z0_sintheta"})


@dataclass(frozen=True)
class Facet:
    """One thing to be shown of a cut.

    `name` is an end of its range, a state (`set`, `not set`, `n = 2`) or its condition; `segment` a piece of a
    threshold function. What is not `needed` is shown where it can be.
    """

    name: str
    region: str | None = None
    kind: str | None = None
    segment: int | None = None
    negative: bool = False
    needed: bool = True

    def told(self) -> str:
        """Write it as words."""
        parts = [self.name]
        if self.kind:
            parts.append(f"{self.kind}s")
        if self.negative:
            parts.append("negative")
        if self.segment is not None:
            parts.append(f"piece {self.segment + 1} of the threshold")
        if self.region:
            parts.append(f"in {self.region}")
        return ", ".join(parts)


def regions_of(cut: Cut, reading: Interpretation) -> list[str | None]:
    """Return the regions in which a cut is shown; None is the baseline."""
    names = [region.name for region in reading.criteria.regions if region.name in reading.regions_of(cut)]
    return [*names] if names else [None]


def numeric(cut: Cut, reading: Interpretation, region: str | None, *, is_filter: bool) -> Iterator[Facet]:
    """Yield the ends of a cut on a number."""
    profile = reading.ntuple.profile
    single = cut.subject.object in profile.objects and cut.subject.object != "met"
    apart = single and (is_filter or cut.subject.rank is None) and cut.variable.id not in {"mt"}
    kinds = profile.parts(reading.filters.filtered(cut) if is_filter else cut.subject.object) if apart else (None,)
    takers = taking_over(cut, reading) if is_filter and apart else ()
    for edge in edges(cut):
        pieces: list[int | None] = [None]
        if isinstance(edge.bound, Piecewise):
            pieces = list(range(len(edge.bound.points) + 1))
        for kind in kinds:
            for piece in pieces:
                yield Facet(edge.name, region, kind, piece)
        for kind in takers:
            # Of what takes a cut over it is shown where the selection asks for any.
            yield Facet(edge.name, region, kind, needed=False)
        for kind in kinds:
            if cut.variable.id in _SIGNED:
                yield Facet(edge.name, region, kind, None, negative=True, needed=False)


def taking_over(cut: Cut, reading: Interpretation) -> tuple[str, ...]:
    """Return the kinds of objects that take over a filter of more general ones, if the criteria speak of them."""
    named = reading.ntuple.profile.parts(reading.filters.filtered(cut))
    spoken_of = {PAIRS.get(known.subject.object, known.subject.object) for known in reading.criteria.cuts}
    return tuple(kind for kind in reading.filters.takers(cut) if kind not in named and kind in spoken_of)


def states(cut: Cut) -> Iterator[tuple[str, Cut | None, bool]]:
    """Yield what events may be for a cut on counts or flavours: its name, the reading of it, and if it is needed.

    A reading of None is shown by the cut as it is.
    """
    if cut.variable.id == "count" and cut.subject.object not in {*PAIRS, *GROUPS}:
        for number, needed in _numbers(cut):
            like = {"operator": "==", "value": float(number), "role": "select", "closed": "both"}
            yield f"n = {number}", cut.model_copy(update=like), needed
    elif cut.subject.object in GROUPS and cut.operator == "is":
        allowed = flavour_mixtures(str(cut.value))
        total = sum(allowed[0]) if allowed else 0
        for electrons in range(total + 1):
            text = f"{electrons}e{total - electrons}μ"
            yield (
                text,
                cut.model_copy(update={"value": text, "role": "select"}),
                (electrons, total - electrons) in allowed,
            )


def _numbers(cut: Cut) -> list[tuple[int, bool]]:
    ends = [float(edge.bound) for edge in edges(cut) if not isinstance(edge.bound, Piecewise)]
    near = {round(end) + step for end in ends for step in (-1, 0, 1)}
    decisive: set[int] = set()
    for end in ends:
        at = round(end)
        if cut.operator in {">=", "<"}:
            decisive |= {at - 1, at}
        elif cut.operator in {">", "<="}:
            decisive |= {at, at + 1}
        else:
            decisive |= {at - 1, at, at + 1}
    return [(n, n in decisive) for n in sorted(near) if n >= 0]


def left_out(relations: Collection[PairRequirement]) -> Iterator[tuple[str, tuple[PairRequirement, ...]]]:
    """Yield what pairs may be that a cut on pairs of such relations is not about: its name, and their relations.

    >>> [name for name, _ in left_out(("same_flavour", "opposite_charge"))]
    ['pairs of same flavour, same charge', 'pairs of different flavour, opposite charge', \
'pairs of different flavour, same charge']
    """
    for flavour, charge in product(("same_flavour", "different_flavour"), ("opposite_charge", "same_charge")):
        like: tuple[PairRequirement, PairRequirement] = (flavour, charge)  # type: ignore[assignment]
        if set(relations) - set(like):
            yield "pairs of " + ", ".join(word.replace("_", " ") for word in like), like


def without_effect(facet: Facet, cut: Cut, alternatives: Iterable[Cut]) -> bool:
    """Say whether alternatives of a cut hold wherever it does not, at a number or at an end: bins side by side."""
    others = [
        other
        for other in alternatives
        if (other.subject, other.variable, other.when) == (cut.subject, cut.variable, cut.when)
    ]
    if not others or isinstance(cut.value, str):
        return False
    if facet.name.startswith("n = "):
        near = [float(facet.name.removeprefix("n = "))]
    else:
        ends = [edge.bound for edge in edges(cut) if edge.name == facet.name and not isinstance(edge.bound, Piecewise)]
        near = [end + step for end in ends for step in (-1e-6, 0.0, 1e-6)]
    left = [value for value in near if not _accepts(cut, value)]
    return bool(left) and all(any(_accepts(other, value) for other in others) for value in left)


def _accepts(cut: Cut, value: float) -> bool:
    return satisfies(unsigned_offset(cut, value), cut) != (cut.role == "veto")


def is_whole(cut: Cut) -> bool:
    """Say whether a cut is on a whole number other than a count."""
    return cut.variable.id in WHOLE and cut.variable.id != "count"


def one_matched(cut: Cut) -> bool:
    """Say whether a cut asks for an object that is matched to the trigger: one of them is enough."""
    return of_matched(cut) and cut.scope != "object"
