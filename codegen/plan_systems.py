"""Systems built from selected objects: leading groups, chosen pairs, quadruplets, and which of them a cut is about."""

from __future__ import annotations

from codegen.plan_columns import plural
from codegen.plan_model import (
    ChosenGroup,
    ChosenPair,
    CompositePlan,
    LeadingGroup,
    PairChoice,
    Quadruplet,
    UnplannableError,
)
from codegen.plan_names import free, identifier
from codegen.plan_objects import Collections
from codegen.plan_terms import Chosen, Collection, Leading, Members, OfKind, Pairs, Relation, Remaining, System, Whole
from kb.ssc import Choice, Composite, ObjectDefinition, SelectionCriteria, Subject
from kb.vocabulary import unit_factor

# What pairs are made of.
PAIRS = {"lepton_pair": "lepton", "electron_pair": "electron", "muon_pair": "muon", "jet_pair": "jet",
         "bjet_pair": "bjet", "photon_pair": "photon"}  # fmt: skip
# Two objects of different kinds.
MIXED = {"lepton_met": ("lepton", "met"), "jet_met": ("jet", "met"), "photon_met": ("photon", "met"),
         "jet_lepton": ("jet", "lepton"), "jet_electron": ("jet", "electron"), "jet_muon": ("jet", "muon"),
         "jet_photon": ("jet", "photon"), "lepton_photon": ("lepton", "photon"),
         "electron_muon": ("electron", "muon")}  # fmt: skip
GROUPS = {"fourlepton": 4, "trilepton": 3}
LEPTONS = frozenset({"lepton", "electron", "muon"})
MEMBERS_OF_FOUR = "quadruplet"
_GROUP_NAMES = {2: "two_leptons", 3: "three_leptons", 4: "four_leptons"}


class Systems:
    """The composites of the criteria; those that a cut needs are built, in the order of first need (`built`)."""

    def __init__(self, criteria: SelectionCriteria, collections: Collections) -> None:
        self.collections = collections
        self.composites = {composite.name: composite for composite in criteria.composites}
        ranked = [c for c in criteria.composites if c.object in PAIRS and (c.rank or c.choice)]
        self.pairs = sorted(ranked, key=lambda composite: composite.rank or 1)[:2]
        self.whole = next((c for c in criteria.composites if c.object == "fourlepton"), None)
        self.built: dict[str, CompositePlan] = {}
        self.groups = {c.name: c for c in criteria.composites if c.choice and (c.count or len(c.constituents)) > 2}
        """Systems of three or more objects that a choice prefers, by name."""
        self._groups: dict[str, str] = {}
        self._pair_names = self._names_of_pairs()
        groups = {MEMBERS_OF_FOUR, *_GROUP_NAMES.values()}
        collections.taken |= {*self._pair_names, *groups}

    @property
    def has_quadruplet(self) -> bool:
        """Whether the criteria choose two pairs."""
        return len(self.pairs) == 2

    @property
    def has_four(self) -> bool:
        """Whether the criteria speak of a system of four leptons, chosen or leading."""
        return self.has_quadruplet or self.whole is not None

    def _names_of_pairs(self) -> tuple[str, ...]:
        names: list[str] = []
        for composite in self.pairs:
            names.append(free(identifier(composite.name), names, (MEMBERS_OF_FOUR,), suffix="_pair"))
        return tuple(names)

    def chosen(self, place: int) -> Chosen:
        """Return the leading (0) or the subleading (1) of the chosen pairs."""
        if not self.has_quadruplet:
            composite = self.pairs[0]
            name = self._pair_names[0]
            of = self._constituents(composite)
            self._build(ChosenPair(name, of, None, _choice(composite)))
            return Chosen(name)
        self.quadruplet()
        return Chosen(self._pair_names[place])

    def quadruplet(self) -> Members:
        """Return the members of the two chosen pairs."""
        first, second = self.pairs
        names = self._pair_names
        of = self._constituents(first)
        self._build(Quadruplet(MEMBERS_OF_FOUR, of, names[0], _choice(first), names[1], _choice(second)))
        return Members(MEMBERS_OF_FOUR)

    def apart(self, kind: str, related: tuple[Relation, ...]) -> Chosen:
        """Return the first of two pairs that have no object in common, undefined in events without two such pairs."""
        of, choice = self.collections.collection(kind), PairChoice(related)
        for known in self.built.values():
            if isinstance(known, Quadruplet) and (known.of, known.first, known.second) == (of, choice, choice):
                return Chosen(known.first_name)
        taken = (self.built, self._pair_names, self.collections.taken, self.collections.selected)
        both = free("two_pairs", *taken, suffix="_more")
        one, other = (both.replace("two_pairs", name) for name in ("one_pair", "other_pair"))
        self._build(Quadruplet(both, of, one, choice, other, choice))
        return Chosen(one)

    def group(self, count: int) -> Collection:
        """Return the quadruplet's members for four, or the leading leptons; undefined where there are fewer."""
        if count == 4 and self.has_quadruplet:
            return self.quadruplet()
        leptons = self.collections.collection("lepton")
        name = _GROUP_NAMES.get(count, f"leptons_{count}")
        self._build(LeadingGroup(name, leptons, count))
        return Members(name)

    def whole_group(self, subject: Subject) -> Composite | None:
        """Return the chosen system of three or more objects that a subject is as a whole, if it is one."""
        composite = self.groups.get(subject.definition or "")
        return composite if composite is not None and composite.object == subject.object else None

    def chosen_group(self, name: str) -> Members:
        """Return the objects of a system of three or more that a choice prefers."""
        composite = self.groups[name]
        kinds = set(composite.constituents)
        if len(kinds) > 1 or composite.requires:
            message = f"the {name} is not made of objects of one kind"
            raise UnplannableError(message, review=True)
        if composite.choice is not None and composite.choice.variable.id not in {"mass", "pt"}:
            message = f"the {name} is chosen by its {composite.choice.variable.id}, which is not known"
            raise UnplannableError(message)
        [kind] = kinds
        definition = self.collections.definitions.get(kind)
        of = self.collections.collection(definition.object if definition else kind, kind if definition else None)
        if name not in self._groups:
            taken = (self.built, self._pair_names, self.collections.taken, self.collections.selected)
            self._groups[name] = free(identifier(name), *taken, suffix="_system")
        size = composite.count or len(composite.constituents)
        self._build(ChosenGroup(self._groups[name], of, size, _choice(composite)))
        return Members(self._groups[name])

    def _outside(self, kind: str, definition: ObjectDefinition) -> Remaining:
        """Return the objects of a kind that are not in a chosen pair."""
        pair = next((known for known in self.pairs if known.name == definition.outside), None)
        if pair is None or self.has_quadruplet or definition.cuts or definition.parent:
            message = f"it does not say which {plural(kind)} the {definition.name} is one of, or which pair is left out"
            raise UnplannableError(message, review=True)
        chosen, of = self.chosen(0), self._constituents(pair)
        if of != self.collections.collection(kind):
            message = f"the {definition.outside} is not made of the {plural(kind)} of which others are left"
            raise UnplannableError(message, review=True)
        return Remaining(of, chosen.name)

    def leading(self, kind: str, definition: str | None = None) -> Collection:
        """Return the objects that ranks count: of the four-lepton system for leptons, if there is one; else all."""
        known = self.collections.definitions.get(definition or "")
        if known is not None and known.outside is not None:
            return self._outside(kind, known)
        if definition in self.groups:
            return self.chosen_group(str(definition))
        named = definition in self.collections.definitions
        if kind in LEPTONS and not named and self.has_four:
            members = self.group(4)
            return members if kind == "lepton" else OfKind(members, kind)
        return self.collections.collection(kind, definition)

    def pair(self, subject: Subject) -> Chosen | Pairs | None:
        """Return what a cut on a pair is about: a chosen pair, pairs of a list, or None for the two leading objects."""
        of = PAIRS[subject.object]
        self.collections.columns.parts(of)
        for place, composite in enumerate(self.pairs):
            if subject.definition == composite.name or (
                subject.rank is not None and subject.rank == (composite.rank or place + 1)
            ):
                return self.chosen(place)
        if subject.rank is not None:
            message = f"the criteria do not say how {plural(subject.object)} are ranked"
            raise UnplannableError(message, review=True)
        requires = self.requirements(subject.definition)
        self.collections.columns.relatable(of, requires)
        in_system = of in LEPTONS and self.has_four
        if of in LEPTONS and len(self.pairs) == 1 and not in_system and not requires:
            return self.chosen(0)
        if in_system:
            return Pairs(self.group(4), None, requires)
        return Pairs(self.collections.collection(of), None, requires) if requires else None

    def both(self, pairs: str) -> tuple[Chosen, Chosen]:
        """Return the two chosen pairs of leptons; UnplannableError where the criteria choose none."""
        if PAIRS[pairs] not in LEPTONS or not self.has_quadruplet:
            message = f"it is said of both {plural(pairs)}, and the criteria do not say which they are"
            raise UnplannableError(message, review=True)
        return self.chosen(0), self.chosen(1)

    def leading_two(self, kind: str) -> Pairs:
        """Return the pair of the two leading objects of a kind, as a list that is undefined where there are fewer."""
        return Pairs(Leading(self.collections.collection(kind), 2))

    def requirements(self, definition: str | None) -> tuple[Relation, ...]:
        """Return what a composite requires of its two constituents."""
        composite = self.composites.get(definition or "")
        return composite.requires if composite else ()

    def whole_of(self, count: int) -> System:
        """Return all members of a group, added up."""
        return Whole(self.group(count))

    def _constituents(self, composite: Composite) -> Collection:
        named = [name for pair in self.pairs for name in pair.constituents if name in self.collections.definitions]
        kind = PAIRS[composite.object]
        self.collections.columns.relatable(kind, composite.requires)
        if named and self.collections.definitions[named[0]].object != kind:
            return self.collections.collection(kind)
        return self.collections.collection(kind, named[0] if named else None)

    def _build(self, composite: CompositePlan) -> None:
        self.built.setdefault(composite.name, composite)


def _choice(composite: Composite) -> PairChoice:
    choice: Choice | None = composite.choice
    if choice is None:
        return PairChoice(composite.requires)
    if choice.variable.id not in {"mass", "pt", "delta_r"}:
        message = f"pairs are chosen by their {choice.variable.name or choice.variable.id}, which is not known"
        raise UnplannableError(message)
    target = (choice.target or 0.0) * unit_factor(choice.unit)
    return PairChoice(composite.requires, choice.mode, choice.variable.id, target)
