"""What the selection asks for already: of which kinds, and how many, so that *additional* objects can be counted."""

from __future__ import annotations

from kb.ssc import Cut, ObjectDefinition, SelectionCriteria

_GROUPS = {"fourlepton": ("lepton", 4), "trilepton": ("lepton", 3)}
_FLAVOURS = ("electron", "muon")


class Asked:
    """The counts, ranks and pairs of the criteria, but for those of additional objects."""

    def __init__(self, criteria: SelectionCriteria) -> None:
        self.regions = {cut.id: frozenset(cut.regions) for cut in criteria.cuts}
        for region in criteria.regions:
            for cut_id in region.cuts:
                self.regions[cut_id] |= {region.name}
        extra = {known.name for known in criteria.objects if known.besides is not None}
        self._cuts = [c for c in criteria.cuts if c.subject.definition not in extra and c.status != "rejected"]
        self._pairs = sum(1 for c in criteria.composites if c.object.endswith("lepton_pair") and (c.rank or c.choice))
        self.kinds = self._kinds()
        """Kinds of single objects that selected events have; electrons and muons where leptons are asked for."""

    def _kinds(self) -> frozenset[str]:
        found: set[str] = set()
        for cut in self._cuts:
            kind, _ = _made_of(cut.subject.object)
            several = cut.subject.object != kind
            if cut.role == "select" and (several or cut.subject.rank is not None or _at_least_one(cut)):
                found.add(kind)
        if "lepton" in found or self._pairs:
            found.update(_FLAVOURS)
        return frozenset(found)

    def number(self, kind: str, regions: frozenset[str]) -> int | None:
        """Return how many objects of a kind are asked for where a cut holds; None where that is not one number."""
        if kind == "lepton" and self._pairs == 2:
            return 4
        own = self._numbers(kind, regions)
        if own or kind != "lepton":
            return own.pop() if len(own) == 1 else None
        parts = [numbers for flavour in _FLAVOURS if (numbers := self._numbers(flavour, regions))]
        return sum(numbers.pop() for numbers in parts) if parts and all(len(n) == 1 for n in parts) else None

    def _numbers(self, kind: str, regions: frozenset[str]) -> set[int]:
        """Return the numbers that are stated: exact ones where there are any."""
        exact: set[int] = set()
        least: set[int] = set()
        for cut in self._cuts:
            of, size = _made_of(cut.subject.object)
            here = self.regions[cut.id]
            if of == kind and _at_least_one(cut) and (not here or not regions or here & regions):
                assert isinstance(cut.value, int | float)
                (exact if cut.operator == "==" and size == 1 else least).add(int(cut.value) * size)
        return exact or ({max(least)} if least else set())


def _made_of(name: str) -> tuple[str, int]:
    """Return what a system is made of, and of how many.

    >>> _made_of("muon_pair"), _made_of("jet"), _made_of("electron_muon")
    (('muon', 2), ('jet', 1), ('electron_muon', 1))
    """
    if name.endswith("_pair"):
        return name.removesuffix("_pair"), 2
    return _GROUPS.get(name, (name, 1))


def _at_least_one(cut: Cut) -> bool:
    """Say whether a cut asks for a number of objects, without a condition or an alternative."""
    plain = isinstance(cut.value, int | float) and cut.value >= 1 and cut.operator in {"==", ">="}
    return plain and cut.variable.id == "count" and cut.role == "select" and cut.when is None and cut.any_of is None


def additional(definitions: dict[str, ObjectDefinition], name: str | None) -> ObjectDefinition | None:
    """Return the definition of a name if its objects are counted besides others."""
    known = definitions.get(name or "")
    return known if known is not None and known.besides is not None else None
