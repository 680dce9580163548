"""Cuts on events as requirements: triggers, counts, n-th leading objects, pairs, four leptons, sums."""

from __future__ import annotations

import re
from collections.abc import Sequence

from codegen.plan_columns import (
    DISTANCES,
    TAGGER,
    both,
    compare,
    comparison,
    constrain,
    either,
    lacking,
    plural,
    scaled,
)
from codegen.plan_counts import Counts
from codegen.plan_decisions import cleaning, decision
from codegen.plan_flavours import mixtures, relation, relations
from codegen.plan_model import UnplannableError
from codegen.plan_objects import Collections
from codegen.plan_systems import GROUPS, MIXED, PAIRS, Systems
from codegen.plan_terms import (
    Any,
    Attribute,
    Chosen,
    Collection,
    Compare,
    Count,
    Curve,
    Distance,
    DistanceKind,
    Every,
    Exists,
    Flavours,
    Members,
    Missing,
    Not,
    Nth,
    Pairs,
    Quantity,
    Related,
    Relation,
    Requirement,
    Some,
    Sum,
    System,
    Total,
    TransverseMass,
    TransverseSum,
    Whole,
    Within,
    walk,
)
from codegen.profile import Profile
from kb.ssc import Bound, Clause, Composite, Cut, Piecewise, Subject, Variable

_EVENT, _MET, _PAIR = "event", "met", "pair"
_SUMS = {"ht": ("jet",), "lt": ("lepton",), "st": ("jet", "lepton"), "meff": ("jet", "lepton")}


class Requirements:
    """Writes cuts on events as requirements; UnplannableError says why one cannot be written."""

    def __init__(self, profile: Profile, collections: Collections, systems: Systems) -> None:
        self.profile = profile
        self.collections = collections
        self.columns = collections.columns
        self.systems = systems
        self.counts = Counts(collections, systems, self._bounded, self.of_pair)

    def of(self, cut: Cut) -> Requirement:
        """Write one cut, with its condition and its role."""
        if cut.scope == "trigger" or cut.variable.id == "trigger":
            return _role(cut, decision(self.profile, self.collections, cut))
        if cut.scope == "cleaning" or cut.variable.id == "cleaning":
            return _role(cut, cleaning(self.profile, cut))
        known = {*PAIRS, *GROUPS, *MIXED, "event", "lepton", *self.profile.objects}
        if cut.subject.object not in known and self.systems.whole_group(cut.subject) is None:
            raise lacking(cut.subject.object, cut.variable)
        conditions, within = self._conditions(cut)
        requirement = self._unconditional(cut, within)
        if conditions:
            requirement = Any((Not(both(conditions)), requirement))
        return _role(cut, requirement)

    def _unconditional(self, cut: Cut, within: Sequence[Clause]) -> Requirement:
        name = cut.subject.object
        if cut.variable.id == "count":
            return self.counts.of(cut, within)
        if name in PAIRS:
            return self._pair(cut, within)
        if within:
            message = f"its condition '{cut.when.text if cut.when else ''}' is about something else than it cuts on"
            raise UnplannableError(message, review=True)
        if name in GROUPS and cut.operator == "is":
            return self._flavours(str(cut.value))
        if name in MIXED:
            return self._mixed(cut)
        single = name != "met" and (name in self.profile.objects or name == "lepton") and cut.variable.id != "mt"
        if single and (cut.subject.rank is None or cut.operator == "is"):
            return self._each(cut)
        if cut.operator == "is":
            message = f"the ntuple has no flag '{cut.value}' of {plural(name)}"
            raise UnplannableError(message)
        return self._bounded(self.quantity(cut.subject, cut.variable), cut)

    # Conditions -----------------------------------------------------------------------------------------------------

    def _conditions(self, cut: Cut) -> tuple[list[Requirement], list[Clause]]:
        """Part a condition into requirements on the event, and clauses about the objects or pairs that are cut on."""
        if cut.when is None:
            return [], []
        several = cut.when.combine == "any" and len(cut.when.clauses) > 1
        if not cut.when.clauses or (several and cut.variable.id != "count"):
            message = f"it holds only '{cut.when.text}', which is not written as a condition"
            raise UnplannableError(message, review=True)
        conditions: list[Requirement] = []
        within: list[Clause] = []
        for clause in cut.when.clauses:
            about = clause.subject.object
            if isinstance(clause.value, str) and (about in GROUPS or (about == "event" and mixtures(clause.value))):
                held = self._flavours(clause.value)
                conditions.append(Not(held) if clause.operator == "!=" else held)
            elif isinstance(clause.value, str) or (about == cut.subject.object and not _of_event(clause)):
                within.append(clause)
            else:
                quantity = self.number(clause.subject, clause.variable)
                conditions.append(compare(quantity, clause.operator, scaled(clause), clause.closed))
        return conditions, within

    def _flavours(self, text: str) -> Requirement:
        allowed = mixtures(text)
        if allowed is None:
            message = f"'{text}' is no composition of electrons and muons"
            raise UnplannableError(message, review=True)
        return Flavours(self.systems.group(sum(allowed[0])), allowed)

    # Pairs ----------------------------------------------------------------------------------------------------------

    def _pair(self, cut: Cut, within: Sequence[Clause]) -> Requirement:
        told = relations(within)
        if len(told) < len(within):
            message = f"its condition '{cut.when.text if cut.when else ''}' is not about flavour or charge"
            raise UnplannableError(message, review=True)
        self.columns.relatable(PAIRS[cut.subject.object], told)
        if cut.subject.rank is None and cut.subject.definition is None and _said_of(cut, "both"):
            parts = [self._of_chosen(pair, told, cut) for pair in self.systems.both(cut.subject.object)]
            return either(parts) if cut.role == "veto" else both(parts)
        pair = self.systems.pair(cut.subject)
        if pair is None:
            kind = PAIRS[cut.subject.object]
            every = _said_of(cut, "each|every|all|any")
            pair = Pairs(self.collections.collection(kind)) if every else self.systems.leading_two(kind)
        if isinstance(pair, Pairs):
            listed = Pairs(pair.of, pair.other, (*pair.related, *told))
            inner = self._pair_requirement(listed, cut)
            return Some(inner) if cut.role == "veto" else Every(inner)
        return self._of_chosen(pair, told, cut)

    def _of_chosen(self, pair: Chosen, told: Sequence[Relation], cut: Cut) -> Requirement:
        requirement = self._pair_requirement(pair, cut)
        if not told:
            return requirement
        return Any((Not(both([Related(pair, one) for one in told])), requirement))

    def _pair_requirement(self, pair: Chosen | Pairs, cut: Cut) -> Requirement:
        if cut.operator == "is":
            named = relation(f"{cut.value} {cut.variable.name or cut.variable.id}")
            if named is None:
                message = f"'{cut.value}' is no relation of two objects"
                raise UnplannableError(message, review=True)
            self.columns.relatable(PAIRS[cut.subject.object], (named,))
            return Related(pair, named)
        return self._bounded(self.of_pair(pair, PAIRS[cut.subject.object], cut.variable), cut)

    def _mixed(self, cut: Cut) -> Requirement:
        first, second = MIXED[cut.subject.object]
        ones = self.systems.leading(first, cut.subject.definition)
        named = relation(f"{cut.value} {cut.variable.name or cut.variable.id}") if cut.operator == "is" else None
        if cut.operator == "is" and (named is None or second == "met"):
            message = f"'{cut.value}' is not known of {first} and {second}"
            raise UnplannableError(message, review=True)
        if second == "met":
            inner = self._bounded(self.of_one_and_missing(ones, cut.subject, cut.variable), cut)
            if cut.subject.rank is not None:
                return inner if cut.role == "veto" else Any((Not(Exists(Nth(ones, cut.subject.rank))), inner))
        else:
            if cut.subject.rank is not None:
                message = f"it does not say which of {first} and {second} is ranked"
                raise UnplannableError(message, review=True)
            others = self.systems.leading(second)
            every = Pairs(ones, others)
            if named is not None:
                for kind in (first, second):
                    self.columns.relatable(kind, (named,))
                inner = Related(every, named)
            else:
                inner = self._bounded(self.of_pair(every, first, cut.variable, second), cut)
            return Some(inner) if cut.role == "veto" else _of_any((ones, others), Every(inner))
        return Some(inner) if cut.role == "veto" else _of_any((ones,), Every(inner))

    # Single objects and sums ----------------------------------------------------------------------------------------

    def _each(self, cut: Cut) -> Requirement:
        """Write a requirement on the n-th object, or without a rank on every one of the system."""
        name, definition = cut.subject.object, cut.subject.definition
        parts = self.columns.parts(name)
        objects = self.systems.leading(name, definition)
        of: Collection | System = objects if cut.subject.rank is None else Nth(objects, cut.subject.rank)
        if cut.operator == "is":
            found, *_ = [self.columns.named(of, part, cut.variable, str(cut.value)) for part in parts]
        else:
            found = self._bounded(self._of_parts(of, parts, cut.variable), cut)
        if cut.subject.rank is not None:
            return found
        return _of_any((objects,), Every(found))

    def _of_parts(self, of: Collection | System, parts: Sequence[str], variable: Variable) -> Quantity:
        """Write a variable that objects of every one of the kinds have."""
        quantity, *_ = [self.columns.quantity(of, part, variable) for part in parts]
        return quantity

    def quantity(self, subject: Subject, variable: Variable) -> Quantity:
        """Write a number of the event."""
        name = subject.object
        if name == "met":
            return self._of_missing(variable)
        composite = self.systems.whole_group(subject)
        if composite is not None:
            return self._of_group(self.systems.chosen_group(composite.name), composite, variable)
        if name in PAIRS:
            pair = self.systems.pair(subject) or self.systems.leading_two(PAIRS[name])
            if isinstance(pair, Pairs):
                message = f"it does not say which {name.replace('_', ' ')} is meant"
                raise UnplannableError(message, review=True)
            return self.of_pair(pair, PAIRS[name], variable)
        if name in GROUPS:
            if variable.id not in {"mass", "pt", "charge"}:
                raise lacking(name, variable)
            if variable.id == "charge":
                self.columns.charged("lepton")
            self._four_vectors("lepton")
            return Attribute(self.systems.whole_of(GROUPS[name]), variable.id)
        if variable.id == "mt" and name in {"event", "lepton", "electron", "muon"}:
            self._missing()
            objects = self.systems.leading("lepton" if name == "event" else name, subject.definition)
            return TransverseMass(Nth(objects, subject.rank or 1), Missing())
        if name == "event":
            return self._of_event(variable)
        if subject.rank is None:
            message = f"it does not say which {name} is meant"
            raise UnplannableError(message, review=True)
        nth = Nth(self.systems.leading(name, subject.definition), subject.rank)
        return self._of_parts(nth, self.columns.parts(name), variable)

    def _of_group(self, members: Members, composite: Composite, variable: Variable) -> Quantity:
        """Write a variable of a system of several objects."""
        for kind in composite.constituents:
            known = self.collections.definitions.get(kind)
            if variable.id == "charge":
                self.columns.charged(known.object if known else kind)
            else:
                self._four_vectors(known.object if known else kind)
        if variable.id not in {"mass", "pt", "charge"}:
            raise lacking(composite.object, variable)
        return Attribute(Whole(members), variable.id)

    def number(self, subject: Subject, variable: Variable) -> Quantity:
        """Write a number of the event, also how many objects it has."""
        if variable.id != "count":
            return self.quantity(subject, variable)
        self.columns.parts(subject.object)
        return Count(self.collections.collection(subject.object, subject.definition))

    def each(self, subject: Subject, variable: Variable) -> Quantity:
        """Write a variable that each object of a list has."""
        of = self.systems.leading(subject.object, subject.definition)
        if variable.id == TAGGER and all(
            self.profile.branch(part, TAGGER) for part in self.columns.parts(subject.object)
        ):
            return Attribute(of, TAGGER)
        return self._of_parts(of, self.columns.parts(subject.object), variable)

    def _of_event(self, variable: Variable) -> Quantity:
        if variable.id in _SUMS:
            terms: list[Quantity] = [Total(self.collections.collection(part), "pt") for part in _SUMS[variable.id]]
            if variable.id in {"st", "meff"}:
                terms.append(self._of_missing(Variable(id="pt")))
            return terms[0] if len(terms) == 1 else Sum(tuple(terms))
        if variable.id == "mht":
            self._four_vectors("jet")
            return Attribute(Whole(self.collections.collection("jet")), "pt")
        if variable.id == "mj":
            self._four_vectors("fatjet")
            return Total(self.collections.collection("fatjet"), "mass")
        raise lacking(_EVENT, variable)

    def _four_vectors(self, kind: str) -> None:
        for part in self.columns.parts(kind):
            if not self.columns.has_energy(part):
                raise lacking(kind, Variable(id="energy"))

    def _missing(self) -> None:
        if self.profile.branch("met", "pt") is None or self.profile.branch("met", "phi") is None:
            message = "the ntuple has no missing transverse momentum"
            raise UnplannableError(message)

    def _of_missing(self, variable: Variable) -> Quantity:
        named = variable.id == "met_sig" and variable.name  # a quotient, which is none of the ntuple's significances
        if named or self.profile.branch("met", variable.id) is None:
            raise lacking(_MET, variable)
        return Attribute(Missing(), variable.id)

    def of_pair(self, pair: Chosen | Pairs, kind: str, variable: Variable, other: str | None = None) -> Quantity:
        """Write a variable of two objects of a kind, or of one of it and one of another."""
        distance: DistanceKind | None = next((known for known in DISTANCES if known == variable.id), None)
        if distance is not None:
            return Distance(distance, pair)
        if variable.id not in {"mass", "pt", "charge", "charge_product"}:
            raise lacking(_PAIR, variable)
        for one in (kind, other or kind):
            if variable.id.startswith("charge"):
                self.columns.charged(one)
            else:
                self._four_vectors(one)
        return Attribute(pair, variable.id)

    def of_one_and_missing(self, ones: Collection, subject: Subject, variable: Variable) -> Quantity:
        """Write a variable of an object, the ranked or each of a list, and the missing transverse momentum."""
        self._missing()
        one: Collection | System = ones if subject.rank is None else Nth(ones, subject.rank)
        if variable.id == "delta_phi":
            return Distance("delta_phi", one, Missing())
        if variable.id == "mt":
            return TransverseMass(one, Missing())
        if variable.id == "pt":
            return TransverseSum(one, Missing())
        raise lacking(subject.object, variable)

    # Inequalities ---------------------------------------------------------------------------------------------------

    def _bounded(self, quantity: Quantity, cut: Cut) -> Requirement:
        """Write operator and value; thresholds may follow another quantity of the event."""
        value = cut.normal_value
        if isinstance(value, tuple):
            low, high = (self._bound(bound) for bound in value)
            return Within(quantity, low, high, outside=cut.operator == "not_in", closed=cut.closed)
        if isinstance(value, Piecewise):
            return Compare(quantity, comparison(cut.operator), self._bound(value))
        if isinstance(value, str):
            message = f"'{value}' is no number"
            raise UnplannableError(message, review=True)
        return constrain(quantity, cut)

    def _bound(self, bound: Bound) -> float | Curve:
        if not isinstance(bound, Piecewise):
            return bound
        return Curve(self.quantity(bound.subject, bound.variable), bound.points)


def _role(cut: Cut, requirement: Requirement) -> Requirement:
    return Not(requirement) if cut.role == "veto" else requirement


def _said_of(cut: Cut, which: str) -> bool:
    """Say whether a cut is stated of `both` pairs, or of `each` of them."""
    said = rf"\b(?:{which})\b(?:\s+[^\s.;]+){{0,4}}?\s+(?:pairs{'' if which == 'both' else '?'}|candidates|systems)\b"
    return any(re.search(said, evidence.quote, re.IGNORECASE) for evidence in cut.evidence)


def _of_any(objects: Sequence[Collection], requirement: Requirement) -> Requirement:
    """Write what every object of a system meets; an event without the system has none that could fail."""
    systems = dict.fromkeys(term for term in walk(tuple(objects)) if isinstance(term, Members))
    return either([*(Not(Exists(Whole(system))) for system in systems), requirement])


def _of_event(clause: Clause) -> bool:
    """Say whether a condition is on the event as a whole, not on each object."""
    return clause.variable.id == "count" or clause.subject.object in {"met", "event"}
