"""Leptons that make up a system, in the Analysis Description Language: those that ranks count where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from codegen.adl_names import adl_name, plural
from kb.ssc import Cut, SelectionCriteria

_LEPTONS = {"lepton", "electron", "muon"}
_PAIRS = {"lepton_pair", "electron_pair", "muon_pair"}


def members_of_systems(criteria: SelectionCriteria, cuts: Sequence[Cut]) -> dict[str, tuple[str, list[str]]]:
    """Return, by kind, the block of leptons that ranks count, and of what they are the members.

    They are those of the system of four leptons, as in `codegen.plan_systems`, where the criteria build one.
    """
    built = {c.name for c in criteria.composites}
    whole = next((c for c in criteria.composites if c.object == "fourlepton"), None)
    if whole is not None:
        of, systems = whole.name, [name for name in whole.constituents if name in built] or [whole.name]
    else:
        pairs = [c.name for c in criteria.composites if c.object in _PAIRS and c.choice]
        of, systems = "both pairs", pairs if len(pairs) == 2 else []
    kinds = dict.fromkeys(cut.subject.object for cut in cuts if systems and _is_ranked_lepton(cut))
    return {kind: (f"{plural(kind)} of {of}", systems) for kind in kinds}


def _is_ranked_lepton(cut: Cut) -> bool:
    subject = cut.subject
    return subject.object in _LEPTONS and subject.rank is not None and subject.definition is None


def of_members(cut: Cut, members: Mapping[str, tuple[str, list[str]]]) -> Cut:
    """Return a cut on a lepton of some rank as one on the block of members that ranks count."""
    if not _is_ranked_lepton(cut) or cut.subject.object not in members:
        return cut
    named = cut.subject.model_copy(update={"definition": members[cut.subject.object][0]})
    return cut.model_copy(update={"subject": named})


def member_block(kind: str, name: str, systems: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a block of members."""
    parts = ", ".join(f"constituents({adl_name(system)})" for system in systems)
    yield f"object {adl_name(name)}"
    yield f"  take {parts if len(systems) == 1 else f'union({parts})'}"
    if kind != "lepton":
        yield f"  select flavor({adl_name(name)}) == {kind}"
