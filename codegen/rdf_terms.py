"""Quantities and requirements of a plan as C++ expressions on one event.

What an event lacks is undefined: a requirement on it comes with guards (`leptons.size() >= 2 && …`), and where one
fails it has not passed.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from codegen.plan_columns import PDG_IDS
from codegen.plan_numbers import UNSIGNED, is_whole, may_be_negative, tells_sign
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
    Near,
    Not,
    Offset,
    Pairs,
    Quantity,
    Related,
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
from codegen.profile import Flag
from codegen.rdf_lists import Lists, relation, unknown
from codegen.rdf_source import (
    ATOM,
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
)
from kb.bounds import Closed

_RANGES = {"both": "closed", "neither": "open", "left": "left_closed", "right": "right_closed"}


class Writer(Lists):
    """Writes the terms of one C++ function."""

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
                inner = nonnegative(inner) if may_be_negative(term, self._stored) else inner
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
                return _ranged(value, term.outside, term.closed, low, high)
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
                if isinstance(term.value, tuple):
                    low, high = map(number, term.value)
                    test = _ranged(distance, term.operator == "not_in", term.closed, low, high)
                else:
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
        if isinstance(term.right, float | int) and is_whole(term.left) and float(term.right).is_integer():
            right = Cpp(str(int(term.right)), ATOM if term.right >= 0 else UNARY)
            # Sizes are unsigned in C++, and nothing unsigned is below 0.
            left = call("int", left) if term.right < 0 else left
            return compared(left, term.operator, right)
        return compared(left, term.operator, self._bound(term.right))

    def _bound(self, bound: Quantity | float) -> Cpp:
        return number(bound) if isinstance(bound, float | int) else self.quantity(bound)

    def _at(self, bounds: Sequence[Quantity | float], term: Quantity, value: Cpp) -> Cpp:
        """Write a value to be compared with bounds."""
        return nonnegative(value) if tells_sign(*bounds) and may_be_negative(term, self._stored) else value

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


def of_momentum(momentum: Cpp, variable: str, term: Term) -> Cpp:
    """Write a variable of a sum of momenta."""
    if variable == "mass":
        return call("invariant_mass", momentum)
    if variable not in _OF_MOMENTUM:
        raise unknown(term)
    return member(momentum, _OF_MOMENTUM[variable])


def _ranged(value: Cpp, outside: bool, closed: Closed, low: Cpp, high: Cpp) -> Cpp:
    """Write that a value is in a range, or outside."""
    return call(f"{'outside' if outside else 'inside'}_{_RANGES[closed]}", value, low, high)


def nonnegative(mass: Cpp) -> Cpp:
    """Write a mass as 0 where rounding makes its square negative."""
    return call("std::max", mass, "0.0")


def _is_single(value: float) -> bool:
    """Say whether a number is the same in single precision."""
    return bool(struct.unpack("f", struct.pack("f", value))[0] == value)
