"""Which pair a Z candidate is: the pair of leptons that the criteria choose."""

from __future__ import annotations

from kb.cut import Cut
from kb.ssc import SelectionCriteria

_LEPTONIC = frozenset({"lepton_pair", "electron_pair", "muon_pair"})


def with_pairs_named(criteria: SelectionCriteria) -> SelectionCriteria:
    """Return criteria in which cuts on a Z candidate are cuts on the pair that it is made of.

    That is the only pair of leptons that is chosen, or of two the one of the candidate's rank. A candidate of which
    nothing tells this stays what it is.
    """
    chosen = [one for one in criteria.composites if one.object in _LEPTONIC and (one.rank or one.choice)]
    if not chosen or not any(cut.subject.object == "z" for cut in criteria.cuts):
        return criteria

    def named(cut: Cut) -> Cut:
        of = [one for one in chosen if len(chosen) == 1 or one.rank == cut.subject.rank]
        if cut.subject.object != "z" or len(of) != 1 or (cut.subject.rank or 1) > len(chosen):
            return cut
        pair = cut.subject.model_copy(update={"object": of[0].object, "definition": of[0].name, "rank": None})
        return cut.model_copy(update={"subject": pair})

    return criteria.model_copy(update={"cuts": tuple(map(named, criteria.cuts))})
