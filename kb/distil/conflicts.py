"""Show where a selection contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator

from kb.ssc import Cut, Refused, Value

_SPELLING = 0.5
"""How far the ends of one mass window may be apart [GeV]: `81–101 GeV` and `|m − m_Z| < 10 GeV` are the same."""


def conflicts(cuts: list[Cut]) -> list[Refused]:
    """Return where the same is cut differently in the same region and under the same condition, with both quotes.

    Only statements of different kinds can contradict each other: a sentence may name two thresholds, but a table and a
    sentence, or a paper and the one it delegates to, mean the same one. Where a table repeats one of two thresholds
    that the text names, they agree.
    """
    found: list[Refused] = []
    said = {(_bound(cut), kind) for cut in cuts for kind in _kinds(cut)}
    seen: dict[tuple[object, ...], list[Cut]] = {}
    told: set[tuple[str, str]] = set()
    for cut in cuts:
        for place in _places(cut):
            for earlier in seen.setdefault(place, []):
                pair = (earlier.id, cut.id)
                apart = not _kinds(earlier) & _kinds(cut) and not _same(earlier, cut)
                repeats = any((_bound(cut), kind) in said for kind in _kinds(earlier))
                if apart and not repeats and not _tightens(cut, earlier) and pair not in told:
                    told.add(pair)
                    found.append(_conflict(cut, earlier))
            seen[place].append(cut)
    return found


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


def _tightens(cut: Cut, earlier: Cut) -> bool:
    """Say whether one region asks for more than several do together: no contradiction, both hold."""
    one, several = sorted((cut, earlier), key=lambda c: len(c.regions))
    if not 0 < len(one.regions) < len(several.regions) or one.role != several.role:
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
