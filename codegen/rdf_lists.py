"""Collections and systems of a plan in C++, and what an event must have for a term to be defined."""

from __future__ import annotations

from codegen.plan_columns import PDG_IDS
from codegen.plan_model import ChosenGroup, ChosenPair, CompositePlan, LeadingGroup, Plan, Quadruplet
from codegen.plan_terms import (
    All,
    Always,
    Any,
    Attribute,
    Chosen,
    Collection,
    Compare,
    Count,
    Curve,
    Distance,
    EventValue,
    Every,
    Exists,
    Extreme,
    Flagged,
    Flavours,
    KindIs,
    Leading,
    Members,
    Missing,
    Near,
    Not,
    Nth,
    Objects,
    Offset,
    OfKind,
    Pairs,
    Related,
    Relation,
    Remaining,
    Some,
    Sum,
    System,
    Term,
    Total,
    TransverseMass,
    TransverseSum,
    Whole,
    Within,
    is_list,
)
from codegen.profile import Isolation
from codegen.rdf_parameters import MISSING_COLUMN, Parameters, column
from codegen.rdf_source import ATOM, FALSE, UNARY, Cpp, call, compared, conjunction, function, inverted, member
from kb.errors import FaultError


class Lists:
    """Writes the collections and systems of one C++ function, and notes what it is to be given."""

    def __init__(self, plan: Plan, parameters: Parameters | None = None) -> None:
        self.plan = plan
        self.parameters = parameters or Parameters()
        fields = [known for one in plan.objects for known in one.fields]
        self._relative = {f.name for f in fields if isinstance(f.source, Isolation) and f.source.relative}
        self._stored = {known.name for known in fields}
        self._composites: dict[str, CompositePlan] = {one.name: one for one in plan.composites}
        self._item: tuple[Collection, Cpp] | None = None
        """The list whose elements are looked at one by one, and the name of one."""

    # Collections and systems ----------------------------------------------------------------------------------------

    def _given(self, name: str, kind: str) -> Cpp:
        self.parameters.systems.setdefault(column(name), kind)
        return Cpp(column(name))

    def collection(self, term: Collection) -> Cpp:
        """Write a list, for an event that meets its guards."""
        match term:
            case Objects():
                return self._given(term.name, "Objects")
            case OfKind():
                return call("of_kind", self.collection(term.of), str(PDG_IDS[term.kind]))
            case Leading():
                return call("leading", self.collection(term.of), str(term.count))
            case Members():
                composite = self._composites[term.composite]
                if isinstance(composite, LeadingGroup):
                    return call("leading", self.collection(composite.of), str(composite.count))
                if isinstance(composite, ChosenGroup):
                    return Cpp(f"*{self._given(composite.name, 'std::optional<Objects>')}", UNARY)
                return member(self._quadruplet(composite), "members")
            case Remaining():
                return call("outside", self.collection(term.of), self._chosen(term.pair))
            case Pairs():
                one = self.collection(term.of)
                every = call("pairs", one) if term.other is None else call("meetings", one, self.collection(term.other))
                if not term.related:
                    return every
                test = conjunction(relation(Cpp("pair"), one) for one in dict.fromkeys(term.related))
                return call("filtered", every, function("Pair &pair", test))

    def _quadruplet(self, composite: CompositePlan) -> Cpp:
        return Cpp(f"*{self._given(composite.name, f'std::optional<{type_name(composite.name)}>')}", UNARY)

    def _chosen(self, name: str) -> Cpp:
        for composite in self.plan.composites:
            if isinstance(composite, ChosenPair) and composite.name == name:
                return Cpp(f"*{self._given(name, 'std::optional<Pair>')}", UNARY)
            if isinstance(composite, Quadruplet) and name in (composite.first_name, composite.second_name):
                return member(self._quadruplet(composite), column(name))
        raise unknown(Chosen(name))

    def _object(self, term: Collection | System) -> Cpp:
        """Write a single object: an element of the list that is gone through, the n-th of one, or what is missing."""
        if self._item is not None and term == self._item[0]:
            return self._item[1]
        if isinstance(term, Nth):
            of = term.of
            while isinstance(of, Leading) or (isinstance(of, Members) and self._is_leading(of)):
                of = of.of if isinstance(of, Leading) else self._composites[of.composite].of
            return Cpp(f"{self.collection(of).inside(ATOM)}[{term.rank - 1}]")
        if isinstance(term, Missing):
            self.parameters.systems.setdefault(MISSING_COLUMN, "Object")
            return Cpp(MISSING_COLUMN)
        raise unknown(term)

    def _is_leading(self, term: Members) -> bool:
        return isinstance(self._composites[term.composite], LeadingGroup)

    def _length(self, term: Collection) -> int | None:
        """Return how many objects a list has wherever it is defined, if that is known."""
        if isinstance(term, Leading):
            return term.count
        if isinstance(term, Members):
            composite = self._composites[term.composite]
            if isinstance(composite, LeadingGroup):
                return composite.count
            return composite.size if isinstance(composite, ChosenGroup) else 4
        return None

    def _size(self, term: Collection) -> Cpp:
        known = self._length(term)
        return Cpp(str(known)) if known is not None else member(self.collection(term), "size()")

    # Guards ---------------------------------------------------------------------------------------------------------

    def guards(self, term: Term) -> list[Cpp]:
        """Write what an event must have for a term to be defined."""
        match term:
            case Nth():
                length = self._length(term.of)
                if length is not None:
                    return self.guards(term.of) if term.rank <= length else [FALSE]
                return [*self.guards(term.of), compared(self._size(term.of), ">=", Cpp(str(term.rank)))]
            case Leading():
                return self._at_least(term.of, term.count)
            case Members():
                composite = self._composites[term.composite]
                if isinstance(composite, LeadingGroup):
                    return self._at_least(composite.of, composite.count)
                if isinstance(composite, ChosenGroup):
                    return [member(self._given(composite.name, "std::optional<Objects>"), "has_value()")]
                return [_known(self._quadruplet(composite))]
            case Chosen():
                return [_known(self._chosen(term.name))]
            case Remaining():
                return [*self.guards(term.of), *self.guards(Chosen(term.pair))]
            case Pairs():
                return [*self.guards(term.of), *(self.guards(term.other) if term.other else [])]
            case Extreme():
                base = self._base(term.of)
                return [*self.guards(term.of), inverted(member(self.collection(base), "empty()"))]
            case Count():
                return self.guards(term.of if term.where is None else term.where)
            case All() | Any():
                return [g for part in term.parts if is_list(term) and is_list(part) for g in self.guards(part)]
            case Not():
                return self.guards(term.part) if is_list(term) else []
            case Objects() | Missing() | EventValue() | Curve() | Exists() | Always():
                return []
            case Attribute() | Total() | Whole() | OfKind() | Offset() | Every() | Some() | KindIs() | Related():
                return self.guards(term.of)
            case Flavours() | Within():
                return self.guards(term.of)
            case Flagged():
                return self.guards(term.of) if term.of is not None else []
            case Compare():
                return self.guards(term.left)
            case Near():
                return [*self.guards(term.of), *self.guards(term.other)]
            case Distance() | TransverseMass() | TransverseSum():
                return [*self.guards(term.first), *(self.guards(term.second) if term.second else [])]
            case Sum():
                return [guard for part in term.terms for guard in self.guards(part)]
        raise unknown(term)

    def _at_least(self, of: Collection, count: int) -> list[Cpp]:
        return [*self.guards(of), compared(self._size(of), ">=", Cpp(str(count)))]

    # Lists ----------------------------------------------------------------------------------------------------------

    def _base(self, term: Term) -> Collection:
        """Return the list of which a term has one value per element."""
        found = dict.fromkeys(self._bases(term))
        if len(found) != 1:
            raise unknown(term)
        return next(iter(found))

    def _bases(self, term: Term) -> list[Collection]:
        match term:
            case Objects() | OfKind() | Leading() | Members() | Remaining() | Pairs():
                return [term]
            case Attribute() | KindIs() | Related() | Flagged() | Near() | Within() | Offset():
                return self._bases(term.of) if term.of is not None else []
            case Distance() | TransverseMass() | TransverseSum():
                return [*self._bases(term.first), *(self._bases(term.second) if term.second else [])]
            case Compare():
                return self._bases(term.left)
            case All() | Any():
                return [base for part in term.parts if is_list(part) for base in self._bases(part)]
            case Not():
                return self._bases(term.part)
            case Sum():
                return [base for part in term.terms if is_list(part) for base in self._bases(part)]
            case _:
                return []


def _known(of: Cpp) -> Cpp:
    """Write that there is what an optional value, or a member of one, is taken from."""
    return member(Cpp(of.text.lstrip("*").partition("->")[0]), "has_value()")


def relation(pair: Cpp, named: Relation) -> Cpp:
    """Write what the two objects of a pair are to each other."""
    return inverted(call("same_flavour", pair)) if named == "different_flavour" else call(named, pair)


def type_name(composite: str) -> str:
    """Return the name of the struct for a composite."""
    return "".join(word.title() for word in composite.split("_"))


def unknown(term: Term) -> FaultError:
    """Return the error for a term that this back end cannot write; nothing is dropped."""
    message = f"the RDataFrame back end cannot write {term}"
    return FaultError(message, hint="use the back end 'awkward'")
