"""Terms of a plan as C++ expressions on one event.

What an event lacks is undefined: a requirement on it comes with guards (`leptons.size() >= 2 && …`), and where one
fails it has not passed.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from codegen.emit_terms import UNSIGNED
from codegen.plan_columns import PDG_IDS
from codegen.plan_model import ChosenGroup, ChosenPair, CompositePlan, LeadingGroup, Plan, Quadruplet
from codegen.plan_names import identifier
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
    Quantity,
    Related,
    Relation,
    Remaining,
    Requirement,
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
from codegen.profile import Flag, Isolation
from codegen.rdf_source import (
    ATOM,
    FALSE,
    KEYWORDS,
    TRUE,
    UNARY,
    Cpp,
    call,
    compared,
    conjunction,
    function,
    inverted,
    joined,
    member,
    number,
    parts,
)
from kb.errors import FaultError

MISSING_COLUMN = "missing"
_LISTS = (Objects, OfKind, Leading, Members, Remaining, Pairs)
_RANGES = {"both": "closed", "neither": "open", "left": "left_closed", "right": "right_closed"}


def column(name: str) -> str:
    """Return the name, in C++ and as a column, of a collection or a system of the plan."""
    while name in KEYWORDS or name in parts().names or name == MISSING_COLUMN:
        name += "_"
    return name


@dataclass
class Parameters:
    """What a C++ function is given: collections and systems by name, and branches."""

    of_objects: bool = False
    """Whether branches hold lists."""
    systems: dict[str, str] = field(default_factory=dict)
    """Types by the names of columns."""
    kinds: dict[tuple[str, ...], str] = field(default_factory=dict)
    """What the branches are read as, by themselves or, where they are several, as one list."""

    def branch(self, branches: Sequence[str], kind: str) -> str:
        """Return the parameter for a branch, or for the branches of single objects; `kind` is a type of C++."""
        key = tuple(branches)
        known = self.kinds.setdefault(key, kind)
        if known != kind:
            self.kinds[key] = "" if len(key) == 1 else "double"
        return self.name(key)

    def name(self, key: tuple[str, ...]) -> str:
        """Return the name of a branch's parameter."""
        name = identifier(key[0]) if len(key) == 1 else "_".join(identifier(branch) for branch in key)
        return f"{name}_branch" if name in self.systems or column(name) != name else name

    @property
    def template(self) -> str:
        """What stands before the function where types of branches are open."""
        several = [f"typename T{n}" for n, kind in enumerate(self.kinds.values()) if not kind]
        return f"template <{', '.join(several)}>" if several else ""

    @property
    def declared(self) -> list[str]:
        """The parameters."""
        found = []
        for n, (key, kind) in enumerate(self.kinds.items()):
            kind_ = kind or f"T{n}"
            type_ = f"const RVec<{kind_}> &" if self.of_objects else f"{kind_} " if kind else f"const {kind_} &"
            found.append(f"{type_}{self.name(key)}")
        return [*found, *(f"const {kind} &{name}" for name, kind in self.systems.items())]

    @property
    def arguments(self) -> list[str]:
        """What is handed over, by the names of columns."""
        branches = [key[0] if len(key) == 1 else f"side_by_side({', '.join(key)})" for key in self.kinds]
        return [*branches, *self.systems]


class Writer:
    """Writes the terms of one C++ function and notes what it is to be given."""

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

    def _over(self, name: str, term: Quantity | Requirement) -> Cpp:
        """Write a call that goes through the list of a term."""
        base = self._base(term)
        return call(name, self.collection(base), self._lambda(base, term))

    def _lambda(self, base: Collection, term: Quantity | Requirement) -> Cpp:
        kind, item = ("Pair", "pair") if isinstance(base, Pairs) else ("Object", "object")
        outer, self._item = self._item, (base, Cpp(item))
        try:
            inner = self.requirement(term) if isinstance(term, _REQUIREMENTS) else self.quantity(term)
        finally:
            self._item = outer
        return function(f"{kind} &{item}", inner, "&")

    def of_each(self, base: Collection, item: Cpp, term: Requirement) -> Cpp:
        """Write a requirement on one object of a list that has a name of its own."""
        outer, self._item = self._item, (base, item)
        try:
            return conjunction([*self.guards(term), self.requirement(term)])
        finally:
            self._item = outer

    # Quantities -----------------------------------------------------------------------------------------------------

    def value(self, term: Quantity) -> tuple[str, list[Cpp], Cpp]:
        """Write a number of the event, or of each object: its type, its guards, and itself where they hold."""
        if is_list(term):
            return "RVec<double>", self.guards(term), self._over("each_of", term)
        return "double", self.guards(term), self.quantity(term)

    def quantity(self, term: Quantity) -> Cpp:
        """Write a number, for an event that meets the guards."""
        match term:
            case Attribute():
                return self._attribute(term)
            case Distance():
                if term.second is None:
                    pair = self._pair(term.first)
                    return call(term.kind, member(pair, "first"), member(pair, "second"))
                return call(term.kind, self._object(term.first), self._object(term.second))
            case Count():
                return self._size(term.of) if term.where is None else self._over("number_of", term.where)
            case Total():
                inner = self._single(Cpp("object"), term.variable)
                inner = nonnegative(inner) if self._is_mass(term) else inner
                return call("sum_of", self.collection(term.of), function("Object &object", inner))
            case Extreme():
                return self._over("largest" if term.largest else "smallest", term.of)
            case Sum():
                return joined("+", [self.quantity(part) for part in term.terms])
            case TransverseMass():
                return call("transverse_mass", self._object(term.first), self._object(term.second))
            case TransverseSum():
                return call("transverse_sum", self._object(term.first), self._object(term.second))
            case Offset():
                return call("std::abs", Cpp(f"{self.quantity(term.of)} - {number(term.value)}"))
            case EventValue():
                value = Cpp(self.parameters.branch([term.branch], "double"))
                return value if term.factor == 1 else joined("*", [value, number(term.factor)])
            case Curve():
                points = ", ".join(f"{{{number(x)}, {number(y)}}}" for x, y in term.points)
                guards = conjunction(self.guards(term.of))
                value = self.quantity(term.of)
                at = value if guards == TRUE else Cpp(f"{guards} ? {value} : NAN")
                return call("threshold_at", at, f"{{{points}}}")

    def _pair(self, term: Collection | System) -> Cpp:
        if self._item is not None and term == self._item[0]:
            return self._item[1]
        if isinstance(term, Chosen):
            return self._chosen(term.name)
        raise unknown(term)

    def _attribute(self, term: Attribute) -> Cpp:
        of, variable = term.of, term.variable
        if isinstance(of, Whole):
            objects = self.collection(of.of)
            if variable == "charge":
                return call("sum_of", objects, function("Object &object", Cpp("object.charge")))
            return of_momentum(call("sum_momentum", objects), variable, term)
        if isinstance(of, Chosen | Pairs):
            pair = self._pair(of)
            if variable in {"charge", "charge_product"}:
                charges = [member(member(pair, side), "charge") for side in ("first", "second")]
                return joined("+" if variable == "charge" else "*", charges)
            return of_momentum(call("sum_momentum", pair), variable, term)
        return self._single(self._object(of), variable)

    def _single(self, of: Cpp, variable: str) -> Cpp:
        """Write a variable of an object."""
        name, _, column_ = variable.partition(":")
        if column_:
            divided = column_ in self._relative
            value, pt = member(of, column_), member(of, "pt")
            if name == "iso_rel":
                return value if divided else joined("/", [value, pt])
            return joined("*", [value, pt]) if divided else value
        if name == "abs_rapidity":
            return call("std::abs", self._single(of, "rapidity"))
        if name == "z0_sintheta" and name not in self._stored:
            return joined("/", [call("std::abs", member(of, "z0")), call("std::cosh", member(of, "eta"))])
        if name == "z0_sintheta" or name in UNSIGNED:
            return call("std::abs", member(of, UNSIGNED.get(name, name)))
        if name in {"mass", "rapidity"} and name not in self._stored and not self._has_mass(name):
            return call(f"{name}_of", of)
        return member(of, name)

    def _has_mass(self, name: str) -> bool:
        return name == "mass" and any(known.mass is not None for known in self.plan.objects)

    def _is_mass(self, term: Quantity) -> bool:
        """Say whether a quantity is a mass that is computed, not read."""
        if not isinstance(term, Attribute | Total) or term.variable != "mass":
            return False
        system = isinstance(term, Attribute) and isinstance(term.of, Chosen | Pairs | Whole)
        return system or "mass" not in self._stored

    # Requirements ---------------------------------------------------------------------------------------------------

    def mask(self, term: Requirement) -> Cpp:
        """Write a requirement on the event, in which what is undefined has not passed."""
        return conjunction([*self.guards(term), self.requirement(term)])

    def requirement(self, term: Requirement) -> Cpp:
        """Write a requirement, for an event that meets its guards."""
        match term:
            case Compare():
                return self._compare(term)
            case Within():
                bounds = (term.low, term.high)
                value = self._at(bounds, term.of, self.quantity(term.of))
                low, high = (self._bound(bound) for bound in bounds)
                where = "outside" if term.outside else "inside"
                return call(f"{where}_{_RANGES[term.closed]}", value, low, high)
            case Flagged():
                return self.flag(term.flag) if term.of is None else member(self._object(term.of), term.field)
            case KindIs():
                return compared(member(self._object(term.of), "pdg_id"), "==", Cpp(str(PDG_IDS[term.kind])))
            case Related():
                return relation(self._pair(term.of), term.relation)
            case Flavours():
                of = self.collection(term.of)
                return joined("||", [call("flavours_are", of, str(e), str(m)) for e, m in term.mixtures])
            case Near():
                distance = call(term.kind, self._object(term.of), "other")
                test = compared(distance, term.operator, number(term.value))
                inner = function("Object &other", test, "&")
                return call("every" if term.every else "some", self.collection(term.other), inner)
            case Exists():
                return conjunction(self.guards(term.of))
            case Every():
                return self._over("every", term.of)
            case Some():
                return self._over("some", term.of)
            case All():
                return conjunction([self._part(part) for part in term.parts])
            case Any():
                return joined("||", [self._part(part) for part in term.parts])
            case Not():
                return inverted(self._part(term.part))
            case Always():
                return TRUE

    def _part(self, term: Requirement) -> Cpp:
        """Write a requirement to be combined: by itself for each object, else as one that may not have passed."""
        return self.requirement(term) if is_list(term) else self.mask(term)

    def _compare(self, term: Compare) -> Cpp:
        left = self._at((term.right,), term.left, self.quantity(term.left))
        if isinstance(term.right, float | int) and _counts(term.left) and float(term.right).is_integer():
            right = Cpp(str(int(term.right)), ATOM if term.right >= 0 else UNARY)
            # Sizes are unsigned in C++, and nothing unsigned is below 0.
            left = call("int", left) if term.right < 0 else left
            return compared(left, term.operator, right)
        return compared(left, term.operator, self._bound(term.right))

    def _bound(self, bound: Quantity | float) -> Cpp:
        return number(bound) if isinstance(bound, float | int) else self.quantity(bound)

    def _at(self, bounds: Sequence[Quantity | float], term: Quantity, value: Cpp) -> Cpp:
        """Write a value to be compared with bounds; no bound above 0 can tell a negative mass from 0."""
        points = [y for b in bounds for y in ([y for _, y in b.points] if isinstance(b, Curve) else [b])]
        told = any(isinstance(y, float | int) and y <= 0 for y in points)
        return nonnegative(value) if told and self._is_mass(term) else value

    def flag(self, of: Flag, place: str = "") -> Cpp:
        """Write a flag of the event, or of the object at a place of its list."""
        if not of.branch:
            return joined("||" if of.any_of else "&&", [self.flag(part, place) for part in of.any_of or of.all_of])
        branches = of.each or (of.branch,)
        exact = of.comparison is None or _is_single(of.comparison[1]) or bool(of.each)
        kind = "double" if of.each or of.comparison is not None else "bool"
        if of.bits is not None and not of.each:
            kind = "long"
        held = Cpp(f"{self.parameters.branch(branches, kind if exact else '')}{place}")
        if of.bits is not None:
            whole = call("static_cast<long>", held) if of.each else held
            held = Cpp(f"({whole} & {of.bits})")
        if of.comparison is None:
            return held if of.bits is None and not of.each else compared(held, "!=", Cpp("0"))
        operator, value = of.comparison
        bound = Cpp(str(of.equals)) if of.equals is not None else number(value)
        return compared(held, operator, bound if exact else call("threshold_of", held, bound))


_REQUIREMENTS = (
    Compare, Within, Flagged, KindIs, Related, Flavours, Near, Exists, Every, Some, All, Any, Not, Always,
)  # fmt: skip
_OF_MOMENTUM = {"pt": "Pt()", "eta": "Eta()", "phi": "Phi()", "energy": "E()", "rapidity": "Rapidity()"}


def _known(of: Cpp) -> Cpp:
    """Write that there is what an optional value, or a member of one, is taken from."""
    return member(Cpp(of.text.lstrip("*").partition("->")[0]), "has_value()")


def relation(pair: Cpp, named: Relation) -> Cpp:
    """Write what the two objects of a pair are to each other."""
    return inverted(call("same_flavour", pair)) if named == "different_flavour" else call(named, pair)


def of_momentum(momentum: Cpp, variable: str, term: Term) -> Cpp:
    """Write a variable of a sum of momenta."""
    if variable == "mass":
        return call("invariant_mass", momentum)
    if variable not in _OF_MOMENTUM:
        raise unknown(term)
    return member(momentum, _OF_MOMENTUM[variable])


def nonnegative(mass: Cpp) -> Cpp:
    """Write a mass as 0 where rounding makes its square negative."""
    return call("std::max", mass, "0.0")


def type_name(composite: str) -> str:
    """Return the name of the struct for a composite."""
    return "".join(word.title() for word in composite.split("_"))


def unknown(term: Term) -> FaultError:
    """Return the error for a term that this back end cannot write; nothing is dropped."""
    message = f"the RDataFrame back end cannot write {term}"
    return FaultError(message, hint="use the back end 'awkward'")


def _counts(term: Quantity) -> bool:
    """Say whether a quantity is a whole number."""
    return isinstance(term, Count) or (isinstance(term, Attribute | Total) and term.variable.startswith("charge"))


def _is_single(value: float) -> bool:
    """Say whether a number is the same in single precision."""
    return bool(struct.unpack("f", struct.pack("f", value))[0] == value)
