"""Questions across papers: what thresholds there are for a variable, and where one paper says two things."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations

from pydantic import BaseModel, ConfigDict

from kb.ssc import Closed, Cut, SelectionCriteria, Value
from kb.store import CutFilter, CutRecord, Store


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Threshold(_Answer):
    """A requirement that papers share: the same object, variable, operator and value."""

    object: str
    variable: str
    rank: int | None
    operator: str
    value: Value
    closed: Closed
    unit: str
    papers: tuple[str, ...]
    experiments: tuple[str, ...]
    cuts: tuple[str, ...]


class Conflict(_Answer):
    """Two cuts of one paper that cannot both be meant: the same subject and variable, different thresholds."""

    first: Cut
    second: Cut


def thresholds(store: Store, wanted: CutFilter) -> list[Threshold]:
    """Compare papers: return every requirement that fits, with the papers that make it, the commonest first.

    Values are in normal units, so that 0.02 TeV and 20 GeV are one requirement.
    """
    groups: dict[str, list[CutRecord]] = defaultdict(list)
    for record in store.cuts(wanted):
        groups[_requirement(record)].append(record)
    answer = [_threshold(records) for records in groups.values()]
    return sorted(answer, key=lambda t: (-len(t.papers), t.object, t.variable, t.rank or 0, t.operator, str(t.value)))


def conflicts(criteria: SelectionCriteria) -> list[Conflict]:
    """Return the pairs of cuts that contradict each other; which one holds is for a person to say.

    Cuts that are alternatives, that apply in different regions or conditions, or whose bounds point opposite ways
    (a window stated in two halves) do not.
    """
    alike: dict[str, list[Cut]] = defaultdict(list)
    for cut in criteria.cuts:
        if cut.any_of is None and cut.status != "rejected" and not isinstance(cut.value, str):
            alike[_place(cut)].append(cut)
    return [
        Conflict(first=first, second=second)
        for cuts in alike.values()
        for first, second in combinations(cuts, 2)
        if (first.operator, first.normal_value, first.closed) != (second.operator, second.normal_value, second.closed)
    ]


def _place(cut: Cut) -> str:
    """Return what two cuts must share to contradict each other."""
    direction = {">": "low", ">=": "low", "<": "high", "<=": "high"}.get(cut.operator, cut.operator)
    when = cut.when.text if cut.when else ""
    parts = (cut.scope, cut.subject, cut.variable, direction, when, cut.role, sorted(cut.regions))
    return "\n".join(map(repr, parts))


def _requirement(record: CutRecord) -> str:
    cut = record.cut
    parts = (cut.subject.object, cut.subject.rank, cut.variable, cut.operator, cut.role)
    return "\n".join(map(repr, (*parts, cut.normal_value, cut.closed, cut.normal_unit)))


def _threshold(records: list[CutRecord]) -> Threshold:
    cut = records[0].cut
    return Threshold(
        object=cut.subject.object,
        variable=cut.variable.id,
        rank=cut.subject.rank,
        operator=cut.operator,
        value=cut.normal_value,
        closed=cut.closed,
        unit=cut.normal_unit,
        papers=_distinct(record.arxiv_id for record in records),
        experiments=_distinct(record.experiment for record in records),
        cuts=tuple(record.cut.id for record in records),
    )


def _distinct(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({name for name in names if name}))
