"""Show where a selection contradicts itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from kb.bounds import scaled
from kb.distil.candidates import Candidate
from kb.distil.spans import disjoint, spans
from kb.ssc import Cut, Refused, Value
from kb.vocabulary import unit_factor

_SPELLING = 0.5
"""How far the ends of one mass window may be apart [GeV]: `81–101 GeV` and `|m − m_Z| < 10 GeV` are the same."""


def conflicts(cuts: list[Cut], stated: Iterable[Candidate] = ()) -> list[Refused]:
    """Return where the same is cut differently in the same region and under the same condition, with both quotes.

    Statements of different kinds contradict each other: a sentence may name two thresholds, but a table and a sentence,
    or a paper and the one it delegates to, mean the same one. Where a table repeats one of two thresholds that the text
    names, they agree. Two sections that give one region different thresholds contradict each other too, and so do any
    two cuts that leave a region no event. `stated` is every statement of the paper, also where several make one cut.
    """
    found: list[Refused] = []
    said = {(_bound(cut), kind) for cut in cuts for kind in _kinds(cut)}
    named = _named(stated)
    seen: dict[tuple[object, ...], list[Cut]] = {}
    told: set[tuple[str, str]] = set()
    for cut in cuts:
        for place in _places(cut):
            region = str(place[-1])
            for earlier in seen.setdefault(place, []):
                pair = (earlier.id, cut.id)
                kinds, others = (named.get((*_bound(one), region), (0, _kinds(one)))[1] for one in (cut, earlier))
                apart = not kinds & others and not _same(earlier, cut)
                repeats = any((_bound(cut), kind) in said for kind in others)
                differs = apart and not repeats and not _tightens(cut, earlier, region, named)
                if (differs or _twice(cut, earlier, region)) and pair not in told:
                    told.add(pair)
                    found.append(_conflict(cut, earlier))
            seen[place].append(cut)
    return [*found, *(_conflict(cut, earlier) for earlier, cut in _empty(cuts) if (earlier.id, cut.id) not in told)]


_Named = dict[tuple[object, ...], tuple[int, set[str]]]


def _named(stated: Iterable[Candidate]) -> _Named:
    """Return of each bound in each region how many regions its most specific statement is about, and what says so."""
    found: _Named = {}
    for one in stated:
        if isinstance(one.value, str):
            continue
        factor = unit_factor(one.unit)
        ends = one.value if isinstance(one.value, tuple) else (one.value,)
        if not all(isinstance(end, int | float) for end in ends):
            continue
        numbers = tuple(scaled(end, factor) for end in ends)
        value = numbers if isinstance(one.value, tuple) else numbers[0]
        for region in one.regions:
            key = (one.object, one.rank, one.variable.id, one.operator[0], value, region)
            width, kinds = found.get(key, (len(one.regions), set()))
            found[key] = min(len(one.regions), width), {*kinds, "table" if one.kind == "caption" else one.kind}
    return found


def _twice(cut: Cut, earlier: Cut, region: str) -> bool:
    """Say whether two sections give one region different thresholds on what an event has only one of."""
    if not region or len(cut.regions) > 1 or len(earlier.regions) > 1 or _same(cut, earlier):
        return False
    single = cut.subject.object in {"met", "event"} or (cut.variable.id == "count" and cut.operator == "==")
    both = _kinds(cut) == _kinds(earlier) == {"stated"}
    return single and both and cut.evidence[0].section != earlier.evidence[0].section


def _empty(cuts: list[Cut]) -> Iterator[tuple[Cut, Cut]]:
    """Yield the cuts of different sentences on one region that no event passes both.

    Those without a region may belong to regions that the paper does not name, or be bins.
    """
    plain = [c for c in cuts if c.scope in {"event", "region"} and c.when is None and c.any_of is None]
    by_quantity: dict[tuple[object, ...], list[Cut]] = {}
    for cut in plain:
        if not isinstance(cut.value, str) and cut.variable.id not in {"other", "ratio"}:
            about = (cut.subject.object, cut.subject.rank, cut.subject.definition, cut.variable)
            by_quantity.setdefault(about, []).append(cut)
    for group in by_quantity.values():
        for one, other in combinations(group, 2):
            if not set(one.regions) & set(other.regions) or one.evidence[0].quote == other.evidence[0].quote:
                continue
            ranges = [spans(c.operator, c.normal_value, c.closed, c.role) for c in (one, other)]
            if all(ranges) and disjoint(*ranges):
                yield one, other


def _conflict(cut: Cut, earlier: Cut) -> Refused:
    quote = " ".join(earlier.evidence[0].quote.split())
    reason = f"'{cut.statement()}' here, '{earlier.statement()}' elsewhere ({earlier.id}: “{quote}”)"
    return Refused(code="conflict", reason=reason, evidence=cut.evidence[0], candidate=cut.statement())


def _places(cut: Cut) -> Iterator[tuple[object, ...]]:
    """Yield what a cut is on, once for each region it holds in; nothing where others may stand beside it."""
    if cut.any_of or cut.scope in {"trigger", "cleaning"} or isinstance(cut.value, str):
        return
    if cut.variable.id in {"other", "ratio"}:
        return
    direction = cut.operator[0] if cut.operator[0] in "<>" else cut.operator
    subject = (cut.subject.object, cut.subject.rank, cut.subject.definition)
    when = cut.when.text if cut.when else ""
    for region in cut.regions or ("",):
        yield (*subject, cut.variable, direction, cut.role, when, region)


def _tightens(cut: Cut, earlier: Cut, region: str, named: _Named) -> bool:
    """Say whether one region asks for more than several do together: no contradiction, both hold."""

    def width(one: Cut) -> int:
        return named.get((*_bound(one), region), (len(one.regions), _kinds(one)))[0]

    one, several = sorted((cut, earlier), key=width)
    if not 0 < width(one) < width(several) or one.role != several.role:
        return False
    ends = one.normal_value, several.normal_value
    if not all(isinstance(end, float | int) for end in ends):
        return False
    low, high = sorted(float(end) for end in ends if isinstance(end, float | int))
    return float(ends[0]) == (high if one.operator[0] == ">" else low)  # type: ignore[arg-type]  # both are numbers


def _bound(cut: Cut) -> tuple[object, ...]:
    """Return what a cut requires, whatever its condition: a number that the text gives too is none of the table's."""
    return (cut.subject.object, cut.subject.rank, cut.variable.id, cut.operator[0], cut.normal_value)


def _kinds(cut: Cut) -> set[str]:
    """Return where a cut is stated; the caption of a table belongs to it."""
    return {"table" if e.kind == "caption" else e.kind for e in cut.evidence}


def _same(one: Cut, other: Cut) -> bool:
    a, b = one.normal_value, other.normal_value
    if a == b or one.variable.id != "mass":
        return a == b
    return all(abs(x - y) < _SPELLING for x, y in zip(_ends(a), _ends(b), strict=False)) and _is_range(a) == _is_range(
        b
    )


def _ends(value: Value) -> tuple[float, ...]:
    ends = value if isinstance(value, tuple) else (value,)
    return tuple(float(end) for end in ends if isinstance(end, int | float))


def _is_range(value: Value) -> bool:
    return isinstance(value, tuple)
