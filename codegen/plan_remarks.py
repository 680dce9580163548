"""What is to be said of a plan as a whole: how cuts are read together, and which regions are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from codegen.plan_model import RegionPlan, Remark, UnplannableError
from kb.bins import Bins, Conflict
from kb.ssc import Region, SelectionCriteria

_BINS = "they exclude each other, so that they are read as bins, of which one must hold"


def of_bins(criteria: SelectionCriteria, found: Iterable[Bins], applied: Callable[[str], bool]) -> tuple[Remark, ...]:
    """Return how bins are read; those of no region ask for review, for a paper seldom bins all that it selects."""
    return tuple(
        Remark(_statements(criteria, one.cuts), f"{_BINS}{_where(one)}", review=not one.regions)
        for one in found
        if all(applied(cut_id) for cut_id in one.cuts)
    )


def _where(one: Bins) -> str:
    return f" in {', '.join(one.regions)}" if one.regions else "; nothing says which region is divided so"


def _statements(criteria: SelectionCriteria, cut_ids: Sequence[str]) -> str:
    cuts = [cut for cut_id in cut_ids if (cut := criteria.cut(cut_id)) is not None]
    return " / ".join(f"{cut.id} ({cut.statement()})" for cut in cuts)


def of_conflicts(
    criteria: SelectionCriteria, found: Iterable[Conflict], applied: Callable[[str], bool]
) -> tuple[Remark, ...]:
    """Return which regions can have no events, because a cut excludes one of the baseline or of an ancestor."""
    return tuple(
        Remark(
            one.region,
            f"no event can be in it: {_statements(criteria, (one.first,))} excludes "
            f"{_statements(criteria, (one.second,))}, which holds before it",
            review=True,
        )
        for one in found
        if not one.own and applied(one.first) and applied(one.second)
    )


def of_nothing(criteria: SelectionCriteria, bins: Bins, cut_id: str) -> UnplannableError:
    """Return why a cut is not applied that leaves nothing out together with those that exclude it."""
    others = _statements(criteria, [other for other in bins.cuts if other != cut_id])
    if bins.regions:
        return UnplannableError(f"as bins of {', '.join(bins.regions)}, it and {others} leave nothing out together")
    return UnplannableError(f"it and {others} exclude each other, and leave nothing out together", review=True)


def objection(criteria: SelectionCriteria, conflict: Conflict, cut_id: str) -> UnplannableError:
    """Return why a cut is not applied that excludes another in a region that both are stated for."""
    other = conflict.second if cut_id == conflict.first else conflict.first
    told = (
        f"it and {_statements(criteria, (other,))} exclude each other in {conflict.region}, of which they are no bins"
    )
    return UnplannableError(told, review=True)


def left_out(
    criteria: SelectionCriteria, regions: Sequence[RegionPlan], objections: Mapping[str, UnplannableError]
) -> dict[str, str]:
    """Return the regions that have no step of their own, and why they are left out.

    Each would select just what its parent does, or the baseline, under a name that promises more.
    """
    return {one.name: _without_steps(criteria, one.name, objections) for one in regions if not one.steps}


def _without_steps(criteria: SelectionCriteria, name: str, objections: Mapping[str, UnplannableError]) -> str:
    region = next(one for one in criteria.regions if one.name == name)
    stated = [cut for cut in criteria.cuts if cut.id in region.cuts or name in cut.regions]
    if not stated:
        return f"no cut of its own is stated for it{_otherwise(region)}"
    if all(cut.status == "rejected" for cut in stated):
        reason = "its cuts were all rejected in review" if len(stated) > 1 else "its only cut was rejected in review"
        return f"{reason} ({', '.join(cut.id for cut in stated)}){_otherwise(region)}"
    told = [f"{c.id}: {objections[c.id].reason}" for c in stated if c.id in objections]
    return f"none of its cuts can be applied ({'; '.join(told)}){_otherwise(region)}"


def _otherwise(region: Region) -> str:
    return f"; it would be all of {region.parent or 'the baseline'}"


def adopted(regions: Sequence[RegionPlan], gone: Iterable[str]) -> tuple[RegionPlan, ...]:
    """Return the regions that stay; what builds on one that is left out builds on what that one builds on."""
    lost = set(gone)
    parents = {one.name: one.parent for one in regions}
    kept: list[RegionPlan] = []
    for one in regions:
        parent = one.parent
        while parent in lost:
            parent = parents[str(parent)]
        if one.name not in lost:
            kept.append(RegionPlan(one.name, one.kind, parent, one.steps))
    return tuple(kept)
