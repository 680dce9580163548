"""What a new version of a paper changes in its selection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from kb.errors import InputError
from kb.ssc import Cut, SelectionCriteria, Value

Aspect = Literal["operator", "value", "condition", "role", "scope"]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Change(_Answer):
    """A cut that both versions state, differently: the same subject, variable and regions; `what` differs."""

    old: Cut
    new: Cut
    what: tuple[Aspect, ...]


class VersionComparison(_Answer):
    """The cuts of two versions of a paper, side by side; each list is in the order of its paper."""

    arxiv_id: str
    old_version: int
    new_version: int
    added: tuple[Cut, ...]
    removed: tuple[Cut, ...]
    changed: tuple[Change, ...]
    unchanged: int


def compare(old: SelectionCriteria, new: SelectionCriteria) -> VersionComparison:
    """Compare the selection that two versions of a paper state; which is the newer is for the caller to say.

    A cut is what it requires, not how the sentence goes: rewording changes nothing, nor does another unit for the same
    value. Cuts of the same subject, variable and regions are one cut that changed if they apply under the same
    condition, or if only their condition differs; a bound from below is compared with one from below first. Rejected
    cuts are left out. Raises InputError for criteria of two papers.
    """
    if old.paper.arxiv_id != new.paper.arxiv_id:
        message = f"{old.paper.arxiv_id} and {new.paper.arxiv_id} are two papers, not two versions of one"
        raise InputError(message, hint="to compare papers, ask for thresholds")
    before, after = _stated(old), _stated(new)
    same = _paired(before, after, _statement)
    changed: list[tuple[int, int]] = []
    for alike in (_bound, _condition, _requirement):
        left = [index for index in range(len(before)) if index not in {a for a, _ in (*same, *changed)}]
        right = [index for index in range(len(after)) if index not in {b for _, b in (*same, *changed)}]
        pairs = _paired([before[index] for index in left], [after[index] for index in right], alike)
        changed += [(left[a], right[b]) for a, b in pairs]
    gone = {a for a, _ in (*same, *changed)}
    known = {b for _, b in (*same, *changed)}
    return VersionComparison(
        arxiv_id=new.paper.arxiv_id,
        old_version=old.paper.version,
        new_version=new.paper.version,
        added=tuple(cut for index, cut in enumerate(after) if index not in known),
        removed=tuple(cut for index, cut in enumerate(before) if index not in gone),
        changed=tuple(
            Change(old=before[a], new=after[b], what=_differences(before[a], after[b]))
            for a, b in sorted(changed, key=lambda pair: pair[1])
        ),
        unchanged=len(same),
    )


def _stated(criteria: SelectionCriteria) -> list[Cut]:
    """Return the cuts in the order of the paper; those without evidence, which a person entered, come last."""
    cuts = [cut for cut in criteria.cuts if cut.status != "rejected"]
    return sorted(cuts, key=lambda cut: (not cut.evidence, cut.evidence[0].start if cut.evidence else 0))


def _paired(before: Sequence[Cut], after: Sequence[Cut], alike: Callable[[Cut], str]) -> list[tuple[int, int]]:
    """Pair, by position, cuts that are alike; of several the first with the first."""
    groups: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for side, cuts in enumerate((before, after)):
        for index, cut in enumerate(cuts):
            groups[alike(cut)][side].append(index)
    return [pair for left, right in groups.values() for pair in zip(left, right, strict=False)]


def _place(cut: Cut) -> tuple[object, ...]:
    return (cut.subject, cut.variable, sorted(cut.regions))


def _bound(cut: Cut) -> str:
    direction = {">": "low", ">=": "low", "<": "high", "<=": "high"}.get(cut.operator, cut.operator)
    return repr((*_place(cut), _when(cut), direction))


def _condition(cut: Cut) -> str:
    return repr((*_place(cut), _when(cut)))


def _requirement(cut: Cut) -> str:
    return repr((*_place(cut), cut.operator, cut.closed, _value(cut), cut.normal_unit))


def _statement(cut: Cut) -> str:
    return repr((_requirement(cut), _when(cut), cut.role, cut.scope))


def _differences(old: Cut, new: Cut) -> tuple[Aspect, ...]:
    aspects: tuple[tuple[Aspect, Callable[[Cut], object]], ...] = (
        ("operator", lambda cut: (cut.operator, cut.closed)),
        ("value", lambda cut: (_value(cut), cut.normal_unit)),
        ("condition", _when),
        ("role", lambda cut: cut.role),
        ("scope", lambda cut: cut.scope),
    )
    return tuple(aspect for aspect, of in aspects if of(old) != of(new))


def _when(cut: Cut) -> str:
    return " ".join(cut.when.text.casefold().split()) if cut.when else ""


def _value(cut: Cut) -> Value:
    value = cut.normal_value
    return " ".join(value.casefold().split()) if isinstance(value, str) else value
