"""Removals of overlapping objects that cannot be applied: whether the makers of the ntuple have done them already."""

from __future__ import annotations

from codegen.plan_columns import DISTANCES
from codegen.plan_model import NotApplied, UnplannableError
from codegen.profile import Profile
from kb.bounds import plain
from kb.ssc import Cut


def not_applied(cut: Cut, problem: UnplannableError, kinds: tuple[str, str] | None, profile: Profile) -> NotApplied:
    """Return what is said of a cut that the code does not apply; `kinds` are those whose overlap it removes, if any.

    A removal is already applied where the ntuple has no two objects of these kinds as close as the cut says, or where
    it says no distance and they are kept apart at all.
    """
    reason, overlap = problem.reason, profile.overlap
    if kinds is None or overlap is None or cut.status == "rejected":
        return NotApplied(cut.id, cut.statement(), reason, problem.review)
    distance, stated = profile.apart(*kinds), _distance(cut)
    if distance is None or (stated is not None and stated > distance):
        told = f"{reason}, and the file is not known to have it applied"
        if not overlap.apart:
            told = f"{reason}, and it is not applied in the file either, because {overlap.about}"
        return NotApplied(cut.id, cut.statement(), told, problem.review)
    one, other = kinds
    told = f"no {one} is within ΔR = {distance:g} of any {other} in the file, because {overlap.about}"
    return NotApplied(cut.id, cut.statement(), told, already=True)


def removes_overlaps(cut: Cut) -> bool:
    """Say whether a cut on two objects drops one where they are close, or share what they are made of.

    What is asked of the leading one does not: it is about the event, and nothing is dropped.
    """
    if cut.subject.rank is not None:
        return False
    if cut.variable.id in DISTANCES:
        keeps = cut.operator in {">", ">=", "not_in"}
        return cut.variable.id == "delta_r" and keeps == (cut.role == "select")
    shared = "shar" in f"{cut.variable.name} {cut.value}" or "overlap" in f"{cut.variable.name} {cut.value}"
    return shared and cut.role == "veto"


def _distance(cut: Cut) -> float | None:
    """Return up to which distance a removal reaches; of a ring its outer end."""
    value = cut.normal_value
    if isinstance(value, tuple):
        value = plain(value[1])
    return float(value) if cut.variable.id in DISTANCES and isinstance(value, int | float) else None
