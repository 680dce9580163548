"""Terms of a plan as Python source: columnar expressions, and the statements they need before them."""

from __future__ import annotations

from codegen.emit_branches import flag
from codegen.emit_momenta import distance, nonnegative
from codegen.emit_source import (
    Code,
    call,
    chain,
    code,
    compared,
    divide,
    inverted,
    literal,
    member,
    number,
    statement,
)
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
    First,
    Flagged,
    Flavours,
    KindIs,
    Leading,
    LeadingPair,
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
    walk,
)
from kb.bounds import Closed, comparisons

_LONG = 80
"""Longest sum of two momenta in the middle of a line, in characters."""
_RELATIONS: dict[Relation, str] = {
    "same_flavour": "same_flavour",
    "opposite_charge": "opposite_charge",
    "same_charge": "same_charge",
    "different_flavour": "same_flavour",
}


class Writer:
    """Writes the terms of one function.

    `lines` are the statements it needs so far, `inputs` the collections and systems it uses, in order of first use.
    `relative` names the isolation columns that the ntuple has divided by pT, `stored` other columns there are, `taken`
    what has a name of its own in the module.
    """

    def __init__(
        self,
        *,
        relative: frozenset[str] = frozenset(),
        stored: frozenset[str] = frozenset(),
        taken: frozenset[str] = frozenset(),
    ) -> None:
        self.relative = relative
        self.stored = stored
        self.taken = taken
        self.lines: list[str] = []
        self.inputs: dict[str, None] = {}
        self._names: dict[Term, str] = {}

    # Names ----------------------------------------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """What has a name in the function by now: its inputs, and values that are used more than once."""
        return (*self.inputs, *(name for names in self._names.values() for name in names.split(", ")))

    def _input(self, name: str) -> Code:
        self.inputs.setdefault(name)
        return code(name)

    def _named(self, term: Term, name: str, value: Code) -> Code:
        """Give a value a name of its own, once."""
        if term not in self._names:
            taken = {*self._names.values(), *self.inputs, *self.taken}
            while name in taken:
                name += "_"
            self._names[term] = name
            self.lines += statement(f"{name} = ", value)
        return code(self._names[term])

    # Collections and systems ----------------------------------------------------------------------------------------

    def collection(self, term: Collection) -> Code:
        """Write a list of objects or pairs."""
        match term:
            case Objects():
                return self._input(term.name)
            case Members():
                return self._input(term.composite)
            case OfKind():
                of = self.collection(term.of)
                kept = compared(member(of, "pdg_id"), "==", code(str(PDG_IDS[term.kind])))
                return self._named(term, f"{term.kind}s_of_{of}", code(f"{of}[{kept}]"))
            case Leading():
                of = self.collection(term.of)
                return self._named(term, f"leading_{of}", call("leading", of, str(term.count)))
            case Remaining():
                of = self.collection(term.of)
                return self._named(term, f"other_{of}", call("outside", of, self._input(term.pair)))
            case Pairs():
                return self._pairs(term)

    def _pairs(self, term: Pairs) -> Code:
        of = self.collection(term.of)
        if not term.related:
            if term.other is None:
                return self._named(term, f"{of}_pairs", call("pairs", of))
            other = self.collection(term.other)
            return self._named(term, f"{of}_and_{other}", call("meetings", of, other))
        every = self._pairs(Pairs(term.of, term.other))
        related = tuple(dict.fromkeys(term.related))
        kept = chain("&", [self.related(every, relation) for relation in related])
        short = "sfos" if set(related) == {"same_flavour", "opposite_charge"} else "_".join(related)
        return self._named(term, f"{every}_{short}", code(f"{every}[{kept}]"))

    def related(self, pair: Code, relation: Relation) -> Code:
        """Write what the two objects of a pair are to each other."""
        found = call(_RELATIONS[relation], pair)
        return inverted(found) if relation == "different_flavour" else found

    def system(self, term: System) -> Code:
        """Write a system that is one object or one pair."""
        match term:
            case Nth():
                return call("nth", self.collection(term.of), str(term.rank))
            case First():
                return self._place(term.of, term.rank)
            case Chosen():
                return self._input(term.name)
            case LeadingPair():
                message = "a pair that is there is written by its two objects"
                raise AssertionError(message)
            case Missing():
                return self._input("met")
            case Whole():
                of = self.collection(term.of)
                return self._named(term, f"{of}_total", call("ak.sum", of, "axis=1"))

    def _place(self, of: Collection, rank: int) -> Code:
        """Write the n-th object of events that all have it."""
        objects = self.collection(of)
        word = {1: "leading", 2: "subleading", 3: "third", 4: "fourth"}.get(rank, f"number_{rank}")
        return self._named(First(of, rank), f"{word}_of_{objects}", code(f"{objects}[:, {rank - 1}]"))

    def _both(self, pair: Collection | System) -> tuple[Code, Code]:
        """Write the two objects of a pair, or of each of a list."""
        if isinstance(pair, LeadingPair):
            return self._place(pair.of, 1), self._place(pair.of, 2)
        value = self._any(pair)
        return member(value, "first"), member(value, "second")

    def _any(self, term: Collection | System) -> Code:
        if isinstance(term, Objects | OfKind | Leading | Members | Remaining | Pairs):
            return self.collection(term)
        return self.system(term)

    # Quantities -----------------------------------------------------------------------------------------------------

    def quantity(self, term: Quantity) -> Code:
        """Write a number, per event or per object."""
        match term:
            case Attribute():
                return self._attribute(term)
            case Distance():
                if term.second is None:
                    return distance(term.kind, *self._both(term.first))
                return distance(term.kind, self._any(term.first), self._any(term.second))
            case Count():
                if term.where is None:
                    return call("ak.num", self.collection(term.of))
                return call("ak.sum", self.requirement(term.where), "axis=1")
            case Total():
                value = self._single(self.collection(term.of), term.variable)
                return call("ak.sum", nonnegative(value) if may_be_negative(term, self.stored) else value, "axis=1")
            case Extreme():
                return call("ak.max" if term.largest else "ak.min", self.quantity(term.of), "axis=1")
            case Sum():
                return chain("+", [self.quantity(part) for part in term.terms])
            case TransverseMass():
                return call("transverse_mass", self._any(term.first), self.system(term.second))
            case TransverseSum():
                return member(chain("+", [self._plane(term.first), self._plane(term.second)]), "pt")
            case Offset():
                return call("np.abs", Code(f"{self.quantity(term.of)} - {number(term.value)}"))
            case EventValue():
                value = call("column", "events", literal(term.branch))
                return value if term.factor == 1 else chain("*", [value, number(term.factor)])
            case Curve():
                points = [f"({number(x)}, {number(y)})" for x, y in term.points]
                return call("threshold", self.quantity(term.of), *points)

    def _at(self, bound: Quantity | float, term: Quantity, value: Code) -> Code:
        """Write a value to be compared with a bound."""
        return nonnegative(value) if tells_sign(bound) and may_be_negative(term, self.stored) else value

    def _plane(self, term: Collection | System) -> Code:
        """Write the transverse part of momenta."""
        return self._any(term) if isinstance(term, Missing) else call(f"{self._any(term)}.to_2D")

    def _attribute(self, term: Attribute) -> Code:
        of, variable = term.of, term.variable
        if isinstance(of, Whole) and variable == "charge":
            return call("ak.sum", member(self.collection(of.of), "charge"), "axis=1")
        if isinstance(of, Whole):
            return member(self._any(of), variable)
        if not isinstance(of, Chosen | Pairs | LeadingPair):
            return self._single(self._any(of), variable)
        first, second = self._both(of)
        if variable == "charge":
            return chain("+", [member(first, "charge"), member(second, "charge")])
        if variable == "charge_product":
            return chain("*", [member(first, "charge"), member(second, "charge")])
        return member(self._summed(term.of), variable)

    def _summed(self, term: Collection | System) -> Code:
        """Write the momentum of a pair, under a name of its own where it would be long to read."""
        momentum = chain("+", [*self._both(term)])
        return self._named(Attribute(term, "momentum"), "momenta", momentum) if len(str(momentum)) > _LONG else momentum

    def _single(self, of: Code, variable: str) -> Code:
        """Write a variable of objects that have columns."""
        name, _, column = variable.partition(":")
        if column:
            divided = column in self.relative
            value = member(of, column)
            if name == "iso_rel":
                return value if divided else divide(value, member(of, "pt"))
            return chain("*", [value, member(of, "pt")]) if divided else value
        if name == "abs_rapidity":
            return call("np.abs", member(of, "rapidity"))
        if name == "z0_sintheta" and name not in self.stored:
            return divide(call("np.abs", member(of, "z0")), call("np.cosh", member(of, "eta")))
        if name == "z0_sintheta":
            return call("np.abs", member(of, name))
        if name in UNSIGNED:
            return call("np.abs", member(of, UNSIGNED[name]))
        return member(of, name)

    # Requirements ---------------------------------------------------------------------------------------------------

    def mask(self, term: Requirement) -> Code:
        """Write a requirement as one boolean per event, in which what is undefined has not passed."""
        found = self.requirement(term)
        return call("passes", found) if _undefined(term) else found

    def requirement(self, term: Requirement) -> Code:
        """Write a requirement; what an event lacks makes it None."""
        match term:
            case Compare():
                right = number(term.right) if isinstance(term.right, float | int) else self.quantity(term.right)
                if isinstance(term.right, float | int) and is_whole(term.left) and float(term.right).is_integer():
                    right = code(str(int(term.right)))
                left = self._at(term.right, term.left, self.quantity(term.left))
                return compared(left, term.operator, right)
            case Within():
                return self._within(term)
            case Flagged():
                if term.of is None:
                    return flag(term.flag)
                return member(self._any(term.of), term.field)
            case KindIs():
                return compared(member(self._any(term.of), "pdg_id"), "==", code(str(PDG_IDS[term.kind])))
            case Related():
                return self.related(self._any(term.of), term.relation)
            case Flavours():
                of = self.collection(term.of)
                return chain("|", [call("flavours_are", of, str(e), str(m)) for e, m in term.mixtures])
            case Near():
                return self._near(term)
            case Exists():
                return inverted(self._lacking(term))
            case Every():
                return call("ak.all", self.requirement(term.of), "axis=1")
            case Some():
                return call("ak.any", self.requirement(term.of), "axis=1")
            case All():
                return chain("&", [self._part(part) for part in term.parts])
            case Any():
                return chain("|", [self._part(part) for part in term.parts])
            case Not(Always()):
                return call("np.zeros", "len(events)", "dtype=bool")
            case Not(Exists() as exists):
                return self._lacking(exists)
            case Not():
                return inverted(self._part(term.part))
            case Always():
                return call("np.ones", "len(events)", "dtype=bool")

    def _lacking(self, term: Exists) -> Code:
        known = self.collection(term.of.of) if isinstance(term.of, Whole) else self.system(term.of)
        return call("ak.is_none", known)

    def _part(self, term: Requirement) -> Code:
        """Write a requirement to be combined: `None | True` and `~None` would be None."""
        return self.requirement(term) if is_list(term) else self.mask(term)

    def _within(self, term: Within) -> Code:
        low, high = (
            number(edge) if isinstance(edge, float | int) else self.quantity(edge) for edge in (term.low, term.high)
        )
        value = self._named(term.of, _value_name(term.of), self.quantity(term.of))
        at_low, at_high = (self._at(edge, term.of, value) for edge in (term.low, term.high))
        return _ranged(at_low, at_high, term.outside, term.closed, low, high)

    def _near(self, term: Near) -> Code:
        of, other = self.collection(term.of), self.collection(term.other)
        key = Pairs(term.of, term.other)
        if key not in self._names:
            self._names[key] = f"each_{of}, every_{other}"
            self.lines += statement(f"{self._names[key]} = ", call("sides", of, other))
        one, two = (code(name) for name in self._names[key].split(", "))
        found = distance(term.kind, one, two)
        if isinstance(term.value, tuple):
            found = self._named(Distance(term.kind, term.of, term.other), "distance", found)
            inner = _ranged(found, found, term.operator == "not_in", term.closed, *map(number, term.value))
        else:
            inner = compared(found, term.operator, number(term.value))
        return call("ak.all" if term.every else "ak.any", inner, "axis=2")


def _ranged(at_low: Code, at_high: Code, outside: bool, closed: Closed, low: Code, high: Code) -> Code:
    """Write that a value is in a range, or outside, as it is compared with the one end and with the other."""
    above, below = comparisons("not_in" if outside else "in", closed)
    return chain("|" if outside else "&", [compared(at_low, above, low), compared(at_high, below, high)])


def _undefined(term: Requirement) -> bool:
    """Say whether a requirement can be None for an event that lacks what it is about."""
    if isinstance(term, Exists | Always | Not):
        return False
    if isinstance(term, All | Any):
        return is_list(term) and _undefined_inside(term)
    return _undefined_inside(term)


def _undefined_inside(term: Term) -> bool:
    partial = Nth | Chosen | Members | Remaining | Leading | Curve | Extreme
    return any(isinstance(inner, partial) for inner in walk(term))


def _value_name(term: Quantity) -> str:
    match term:
        case Attribute(of=Chosen(name=name)):
            return f"{term.variable}_of_{name}"
        case Attribute(of=Whole(of=Members(composite=name))):
            return f"{term.variable}_of_{name}"
        case Attribute(of=Objects(name=name)) if ":" not in term.variable:
            return f"{term.variable}_of_{name}"
        case Distance():
            return "distance"
        case Count():
            return "count"
        case _:
            return "value"
