"""Make one cut of the same statement said twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kb.distil.candidates import Candidate
from kb.ssc import Piecewise
from kb.vocabulary import normal_unit, unit_factor


def key(candidate: Candidate) -> tuple[object, ...]:
    """Return what makes two candidates the same statement, apart from their regions."""
    word = candidate.value if isinstance(candidate.value, str) else ""
    return (*slot(candidate), _number(candidate), word, candidate.any_of)


def slot(candidate: Candidate) -> tuple[object, ...]:
    """Return what a candidate is about: two candidates of one slot with different numbers may contradict each other."""
    operator = candidate.operator[0] if candidate.operator[0] in "<>" else candidate.operator
    when = candidate.when.text if candidate.when else ""
    trigger = candidate.scope == "trigger"
    variable = candidate.variable
    return (
        candidate.object,
        candidate.rank,
        variable.id,
        (variable.name or "") if variable.id != "btag" else "",  # the algorithm may be said once
        variable.component or "",
        operator,
        candidate.role,
        when,
        trigger,
        normal_unit(candidate.unit),
    )


def _number(candidate: Candidate) -> object:
    factor = unit_factor(candidate.unit)

    def one(bound: object) -> object:
        if isinstance(bound, Piecewise):
            return tuple((x, y * factor) for x, y in bound.points)
        return round(float(bound) * factor, 9) if isinstance(bound, int | float) else ""

    value = candidate.value
    return tuple(one(v) for v in value) if isinstance(value, tuple) else one(value)


def merge(candidates: Iterable[Candidate]) -> list[list[Candidate]]:
    """Group candidates that state the same; the first of a group is its fullest statement.

    What a table restates of the leading object is taken in by the same statement for every object, and what it says
    of jets by that of large-radius jets; `no leptons` by `no electrons` and `no muons`.
    """
    groups: dict[tuple[object, ...], list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(key(candidate), []).append(candidate)
    for own, members in list(groups.items()):
        first = members[0]
        if all(c.kind == "table" for c in members):
            # a table has little room to say which jets it means
            wider = (key(first.with_(rank=None)), key(first.with_(object="fatjet")) if first.object == "jet" else own)
            for one in wider:
                if one != own and one in groups and {*restated_in(members)} <= {*restated_in(groups[one])}:
                    groups[one] += groups.pop(own)
                    break
        if (
            own in groups
            and first.object == "lepton"
            and first.variable.id == "count"
            and first.value == 0
            and first.operator == "=="
        ):
            single = [key(first.with_(object=name)) for name in ("electron", "muon")]
            if all(k in groups for k in single):
                groups[single[0]] += groups.pop(own)
    return list(groups.values())


def restated_in(group: list[Candidate]) -> tuple[str, ...]:
    """Return the regions that some of a group's statements are of."""
    return tuple(dict.fromkeys(region for c in group for region in c.regions))


def regions_of(
    group: list[Candidate], common: Callable[[Candidate], bool], refers: Callable[[Candidate], bool]
) -> tuple[str, ...]:
    """Return the regions a group holds in; empty means everywhere.

    A statement without a region holds everywhere, unless it only refers to a requirement that regions have (`refers`),
    or a table gives regions for it and the sentence does not say that it is common to all (`common`).
    """
    stating = [c for c in group if c.regions or not refers(c)]
    group = stating if any(c.regions for c in stating) else group
    tabled = any(c.kind == "table" and c.regions for c in group)
    event = all(c.scope in {"event", "region"} for c in group)
    for candidate in group:
        if not candidate.regions and not (tabled and event and (candidate.kind == "table" or not common(candidate))):
            return ()
    return restated_in(group)
