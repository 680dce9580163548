"""The systems that an emitted analysis builds of selected objects: chosen pairs, groups and quadruplets."""

from __future__ import annotations

from collections.abc import Callable

from codegen.emit_momenta import distance, nonnegative, summed
from codegen.emit_source import (
    Code,
    call,
    chain,
    code,
    definition,
    docstring,
    inverted,
    member,
    number,
    parameters,
    statement,
)
from codegen.emit_terms import Writer
from codegen.emit_words import preference, spaced
from codegen.plan_model import ChosenGroup, ChosenPair, CompositePlan, LeadingGroup, PairChoice, Quadruplet


class Composites:
    """Writes how composites are built; of the pairs named in `left`, the objects that are left over are asked for."""

    def __init__(self, writer: Callable[[], Writer], left: frozenset[str]) -> None:
        self.writer = writer
        self.left = left

    def function(self, composite: ChosenPair | ChosenGroup | Quadruplet) -> str:
        """Return the function that builds a composite."""
        writer = self.writer()
        of = writer.collection(composite.of)
        if isinstance(composite, ChosenGroup):
            head = definition(f"build_{composite.name}", parameters(writer.inputs), "ak.Array")
            about = (
                f"Return the {composite.size} objects of the {spaced(composite.name)}: "
                f"{preference(composite.choice, 'group')}; None without one."
            )
            lines = [*docstring([about]), *writer.lines]
            lines += statement("candidates = ", call("groups", of, str(composite.size)))
            best = _best("candidates", composite.choice, call("total", "candidates"))
            lines += statement("return ", call("listed", best))
            return "\n".join([*head, *lines])
        if isinstance(composite, ChosenPair):
            other = writer.collection(composite.other) if composite.other is not None else None
            head = definition(f"build_{composite.name}", parameters(writer.inputs), "ak.Array")
            about = f"Return the {spaced(composite.name)}: {preference(composite.choice)}; None without one."
            remaining = composite.name in self.left
            objects = call("numbered", of) if remaining else of
            found = call("pairs", objects) if other is None else call("meetings", of, other)
            lines = [*docstring([about]), *writer.lines, *statement("candidates = ", found)]
            lines += _related("candidates", composite.choice)
            lines += statement("return ", _best("candidates", composite.choice))
            return "\n".join([*head, *lines])
        first, second = composite.first_name, composite.second_name
        names = f"{first}, {second}, {composite.name}"
        returns = "tuple[ak.Array, ak.Array, ak.Array]"
        head = definition(f"build_{composite.name}", parameters(writer.inputs), returns)
        paragraphs = [
            f"Return {names}; None for events without two disjoint pairs.",
            f"The {spaced(first)} is {preference(composite.first)}, among those that leave another pair "
            f"over; the {spaced(second)} is {preference(composite.second)}, of what remains.",
        ]
        lines = [
            *docstring(paragraphs),
            *writer.lines,
            *statement("objects = ", call("numbered", of)),
            "    # Only events with enough objects go through the combinatorics.",
            "    objects = ak.mask(objects, ak.num(objects) >= 4)",
            "    candidates = pairs(objects)",
        ]
        if composite.first.related == composite.second.related:
            lines += _related("candidates", composite.first)
            lines.append("    firsts = leaving_another(candidates, candidates)")
            rest = "candidates"
        else:
            lines += ["    firsts = candidates", *_related("firsts", composite.first)]
            lines += ["    seconds = candidates", *_related("seconds", composite.second)]
            lines.append("    firsts = leaving_another(firsts, seconds)")
            rest = "seconds"
        lines += statement(f"{first} = ", _best("firsts", composite.first))
        lines += statement("rest = ", code(f"{rest}[disjoint({rest}, {first})]"))
        lines += statement(f"{second} = ", _best("rest", composite.second))
        lines += statement("return ", code(f"{first}, {second}, members(objects, {first}, {second})"))
        return "\n".join([*head, *lines])

    def call(self, composite: CompositePlan) -> list[str]:
        """Return the lines that build a composite in `select`."""
        writer = self.writer()
        of = writer.collection(composite.of)
        if isinstance(composite, LeadingGroup):
            return [*writer.lines, *statement(f"{composite.name} = ", call("leading", of, str(composite.count)))]
        if isinstance(composite, ChosenPair | ChosenGroup):
            if isinstance(composite, ChosenPair) and composite.other is not None:
                writer.collection(composite.other)
            return statement(f"{composite.name} = ", call(f"build_{composite.name}", *writer.inputs))
        names = f"{composite.first_name}, {composite.second_name}, {composite.name}"
        return statement(f"{names} = ", call(f"build_{composite.name}", *writer.inputs))


def made(composite: CompositePlan) -> tuple[str, ...]:
    """Return the names of what is built."""
    if isinstance(composite, Quadruplet):
        return composite.name, composite.first_name, composite.second_name
    return (composite.name,)


def _related(name: str, choice: PairChoice) -> list[str]:
    if not choice.related:
        return []
    parts = []
    for relation in choice.related:
        found = call("same_flavour" if relation == "different_flavour" else relation, name)
        parts.append(inverted(found) if relation == "different_flavour" else found)
    return statement(f"{name} = ", code(f"{name}[{chain('&', parts)}]"))


def _best(name: str, choice: PairChoice, whole: Code | None = None) -> Code:
    """Write which candidate is taken; `whole` is the momentum of each, if it is not that of a pair."""
    if choice.mode is None:
        return call("ak.firsts", name)
    if choice.variable == "delta_r":
        value = distance("delta_r", member(name, "first"), member(name, "second"))
    else:
        value = member(whole or summed(name), choice.variable)
        if (choice.variable, choice.mode) == ("mass", "smallest"):
            value = nonnegative(value)
    if choice.mode == "closest":
        value = call("np.abs", Code(f"{value} - {number(choice.target)}"))
    elif choice.mode == "largest":
        value = Code(f"-{value}")
    return call("chosen", name, value)
