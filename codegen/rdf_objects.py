"""Objects in emitted C++: what one consists of, and the functions that select them and build systems of them."""

from __future__ import annotations

from typing import TypeGuard

from codegen.emit_source import comment as python_comment
from codegen.emit_words import preference, spaced
from codegen.plan_model import ChosenGroup, ChosenPair, Field, LeadingGroup, ObjectPlan, PairChoice, Plan, Quadruplet
from codegen.plan_terms import Attribute, Objects, Term, Total, walk
from codegen.profile import Branch, Flag
from codegen.rdf_lists import relation, type_name
from codegen.rdf_parameters import MISSING_COLUMN, Parameters, column
from codegen.rdf_source import (
    TRUE,
    Cpp,
    call,
    comment,
    conjunction,
    definition,
    function,
    inverted,
    joined,
    member,
    number,
    statement,
)
from codegen.rdf_terms import Writer, nonnegative, of_momentum

MISSING_FUNCTION = "missing_momentum"
_FOUR_VECTOR = {"mass", "energy", "rapidity", "abs_rapidity"}


def selector(known: ObjectPlan) -> str:
    """Return the name of the function that selects a collection."""
    return f"select_{known.name.removeprefix('selected_')}"


class ObjectFunctions:
    """Writes the struct of an object, and one function for each collection and each system of a plan.

    `calls` are what each is called with, by the name of what it makes.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.calls: dict[str, Cpp] = {}
        self._masses = any(
            isinstance(term, Attribute | Total) and term.variable == "mass" for term in walk(_roots(plan))
        ) or any(f.name == "mass" for known in plan.objects for f in known.fields)
        self._masses = self._masses and any(self._has_mass(known) for known in plan.objects)

    @staticmethod
    def _has_mass(known: ObjectPlan) -> bool:
        return known.mass is not None or any(f.name == "mass" for f in known.fields)

    @staticmethod
    def _has_energy(known: ObjectPlan) -> bool:
        names = {f.name for f in known.fields}
        return {"eta", "phi"} <= names and (known.mass is not None or bool(names & {"energy", "mass"}))

    def struct(self) -> str:
        """Return the struct of which every object is, with what any object is asked for."""
        numbers: dict[str, None] = {"pt": None}
        flags: dict[str, None] = {}
        for known in self.plan.objects:
            for one in known.fields:
                (flags if isinstance(one.source, Flag) else numbers).setdefault(one.name)
            if self._has_energy(known):
                numbers.setdefault("energy")
            if self._masses:
                numbers.setdefault("mass")
        for one in self.plan.missing:
            numbers.setdefault(one.name)
        lines = [f"    double {name} = 0.0;" for name in numbers]
        lines += [f"    bool {name} = false;" for name in flags]
        if any(known.pdg_id is not None for known in self.plan.objects):
            lines.append("    int pdg_id = 0;")
        about = "// An object, in GeV and mm, with what is asked of any; what is not read of a kind stays 0."
        return "\n".join([about, "struct Object {", *lines, "};"])

    def quadruplets(self) -> list[str]:
        """Return the structs of systems of two pairs."""
        return [
            "\n".join(
                [
                    f"struct {type_name(one.name)} {{",
                    f"    Pair {column(one.first_name)}, {column(one.second_name)};",
                    "    Objects members;",
                    "};",
                ]
            )
            for one in self.plan.composites
            if isinstance(one, Quadruplet)
        ]

    # Collections ----------------------------------------------------------------------------------------------------

    def collection(self, known: ObjectPlan, quoted: list[list[str]]) -> str:
        """Return the function that selects a collection; `quoted` are the comments above its filters."""
        parameters = Parameters(of_objects=True)
        writer = Writer(self.plan, parameters)
        name = column(known.name)
        body = [f"    Objects {name};", "    for (std::size_t i = 0; i < SIZE; ++i) {"]
        if known.where is not None:
            body += [*comment(python_comment(known.note, 8)), *_unless(writer.flag(known.where, "[i]"))]
        body.append("        Object object;")
        for one in known.fields:
            value = writer.flag(one.source, "[i]") if isinstance(one.source, Flag) else _column(writer, one, "[i]")
            body += statement(f"object.{one.name} = ", value, 8)
        # What follows from the columns is computed for the objects that are kept, unless a filter asks for it.
        asked = {term.variable for term in walk(tuple(f.requirement for f in known.filters)) if _is_variable(term)}
        derived = self._derived(known)
        body += derived if asked & _FOUR_VECTOR else []
        if known.pdg_id is not None:
            body.append(f"        object.pdg_id = {known.pdg_id};")
        for selected, words in zip(known.filters, quoted, strict=True):
            found = writer.of_each(Objects(known.name), Cpp("object"), selected.requirement)
            body += [*words, *(_unless(found) if found != TRUE else [])]
        body += [] if asked & _FOUR_VECTOR else derived
        body += [f"        {name}.push_back(object);", "    }", f"    return by_pt({name});", "}"]
        size = f"{parameters.name(next(iter(parameters.kinds)))}.size()"
        about = python_comment(f"Return the {known.title}, in the order of falling pT.", 0)
        parameters.systems.pop(name, None)
        head = definition("Objects", selector(known), parameters.declared, parameters.template)
        self.calls[known.name] = call(selector(known), *parameters.arguments)
        return "\n".join([*comment(about), *head, *body]).replace("i < SIZE;", f"i < {size};")

    def _derived(self, known: ObjectPlan) -> list[str]:
        lines: list[str] = []
        names = {one.name for one in known.fields}
        if known.mass is not None and self._masses:
            lines.append(f"        object.mass = {number(known.mass)};")
        if self._has_energy(known) and "energy" not in names:
            mass = Cpp("object.mass") if self._masses else number(known.mass or 0.0)
            lines.append(f"        object.energy = energy_of(object.pt, object.eta, {mass});")
        if self._masses and not self._has_mass(known) and "energy" in names:
            lines.append("        object.mass = mass_of(object);")
        return lines

    def missing(self) -> str:
        """Return the function for the missing transverse momentum."""
        parameters = Parameters()
        writer = Writer(self.plan, parameters)
        lines = ["    Object missing;"]
        for one in self.plan.missing:
            lines += statement(f"missing.{one.name} = ", _column(writer, one, ""))
        self.calls[MISSING_COLUMN] = call(MISSING_FUNCTION, *parameters.arguments)
        head = definition("Object", MISSING_FUNCTION, parameters.declared)
        return "\n".join(["// Return the missing transverse momentum.", *head, *lines, "    return missing;", "}"])

    # Systems --------------------------------------------------------------------------------------------------------

    def system(self, composite: ChosenPair | ChosenGroup | Quadruplet) -> str:
        """Return the function that builds a system."""
        writer = Writer(self.plan)
        guards = writer.guards(composite.of)
        of = writer.collection(composite.of)
        if isinstance(composite, ChosenPair):
            kind = "Pair"
            about = f"Return the {spaced(composite.name)}: {preference(composite.choice)}; nothing without one."
            candidates = call("pairs", of)
            if composite.other is not None:
                guards += writer.guards(composite.other)
                candidates = call("meetings", of, writer.collection(composite.other))
            lines = statement("return ", _best(_related(candidates, composite.choice), composite.choice))
        elif isinstance(composite, ChosenGroup):
            kind = "Objects"
            words = preference(composite.choice, "group")
            about = (
                f"Return the {composite.size} objects of the {spaced(composite.name)}: {words}; nothing without one."
            )
            lines = statement("return ", _best(call("groups", of, str(composite.size)), composite.choice, "Objects"))
        else:
            kind, about, lines = self._quadruplet(composite, of)
        unless = [*statement("if (", inverted(conjunction(guards)), 4, ") {"), "        return std::nullopt;", "    }"]
        head = definition(f"std::optional<{kind}>", f"build_{composite.name}", writer.parameters.declared)
        self.calls[composite.name] = call(f"build_{composite.name}", *writer.parameters.arguments)
        words_ = comment(python_comment(about, 0))
        return "\n".join([*words_, *head, *(unless if conjunction(guards) != TRUE else []), *lines, "}"])

    def _quadruplet(self, composite: Quadruplet, of: Cpp) -> tuple[str, str, list[str]]:
        first, second = spaced(composite.first_name), spaced(composite.second_name)
        about = (
            f"Return {first}, {second} and their members; nothing without two disjoint pairs. The {first} is "
            f"{preference(composite.first)}, among those that leave another pair over; the {second} is "
            f"{preference(composite.second)}, of what remains."
        )
        kind = type_name(composite.name)
        lines = [
            f"    const Objects &objects = {of};",
            "    if (objects.size() < 4) {",
            "        return std::nullopt;",
            "    }",
            *statement("const Pairs firsts = ", _related(Cpp("pairs(objects)"), composite.first)),
        ]
        seconds = "firsts"
        if composite.first.related != composite.second.related:
            seconds = "seconds"
            lines += statement("const Pairs seconds = ", _related(Cpp("pairs(objects)"), composite.second))
        best = _best(call("leaving_another", "firsts", seconds), composite.first)
        rest = call("filtered", seconds, function("Pair &pair", Cpp("disjoint(pair, *one)"), "&"))
        lines += [
            *statement("const auto one = ", best),
            "    if (!one) {",
            "        return std::nullopt;",
            "    }",
            *statement("const auto other = ", _best(rest, composite.second)),
            f"    return {kind}{{*one, *other, members(objects, *one, *other)}};",
        ]
        return kind, about, lines


def _is_variable(term: Term) -> TypeGuard[Attribute | Total]:
    return isinstance(term, Attribute | Total)


def _roots(plan: Plan) -> tuple[Term, ...]:
    steps = [*plan.steps, *(step for region in plan.regions for step in region.steps)]
    filters = [known.requirement for one in plan.objects for known in one.filters]
    return (*(step.requirement for step in steps), *(known.quantity for known in plan.histograms), *filters)


def _unless(requirement: Cpp) -> list[str]:
    return [*statement("if (", inverted(requirement), 8, ") {"), "            continue;", "        }"]


def _column(writer: Writer, field: Field, place: str) -> Cpp:
    """Write a branch in normal units, as a number of the event or of the object at a place of its list."""
    source = field.source
    assert isinstance(source, Branch)
    value = Cpp(f"{writer.parameters.branch(source.each or (source.branch,), 'double')}{place}")
    if source.factor < 1:
        # 1000 is a binary number and 0.001 is none, so MeV are divided.
        value = joined("/", [value, number(round(1 / source.factor, 9))])
    elif source.factor > 1:
        value = joined("*", [value, number(source.factor)])
    if source.over:
        value = joined("/", [value, Cpp(f"{writer.parameters.branch([source.over], 'double')}{place}")])
    return value


def _related(candidates: Cpp, choice: PairChoice) -> Cpp:
    if not choice.related:
        return candidates
    test = conjunction(relation(Cpp("pair"), one) for one in choice.related)
    return call("filtered", candidates, function("Pair &pair", test))


def _best(candidates: Cpp, choice: PairChoice, kind: str = "Pair") -> Cpp:
    """Write which candidate is taken."""
    if choice.mode is None:
        return call("first_of", candidates)
    item = Cpp(kind.lower())
    if choice.variable == "delta_r":
        value = call("delta_r", member(item, "first"), member(item, "second"))
    else:
        value = of_momentum(call("sum_momentum", item), choice.variable, Objects("?"))
        if (choice.variable, choice.mode) == ("mass", "smallest"):
            value = nonnegative(value)
    if choice.mode == "closest":
        value = call("std::abs", Cpp(f"{value} - {number(choice.target)}"))
    elif choice.mode == "largest":
        value = Cpp(f"-{value}")
    return call("chosen", candidates, function(f"{kind} &{item}", value))


__all__ = ["MISSING_FUNCTION", "LeadingGroup", "ObjectFunctions", "selector"]
