"""Pieces of C++ source that know how to be put together and how to break over lines, and the parts they may use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

WIDTH = 120
# How tightly C++ binds: ||, &&, ==, <, + -, * /, !, and what needs no parentheses at all.
OR, AND, EQUAL, COMPARE, ADD, MULTIPLY, UNARY, ATOM = range(8)
_LEVELS = {"||": OR, "&&": AND, "+": ADD, "-": ADD, "*": MULTIPLY, "/": MULTIPLY, "==": EQUAL, "!=": EQUAL}
_KEYWORDS = """
    alignas alignof and asm auto bool break case catch char class const constexpr continue decltype default delete do
    double else enum explicit export extern false float for friend goto if inline int long mutable namespace new
    noexcept not nullptr operator or private protected public register return short signed sizeof static struct switch
    template this throw true try typedef typename union unsigned using virtual void volatile while xor std object pair
    event first second
"""
KEYWORDS = frozenset(_KEYWORDS.split())


@dataclass(frozen=True)
class Cpp:
    """An expression: its text, how tightly it binds, and where it may be broken.

    That is between operands, between the arguments of a call, or around the body of a lambda.
    """

    text: str
    level: int = ATOM
    operator: str = ""
    operands: tuple[Cpp, ...] = ()
    callee: str = ""
    arguments: tuple[Cpp, ...] = ()
    head: str = ""
    body: tuple[Cpp, ...] = ()

    def __str__(self) -> str:
        return self.text

    def inside(self, level: int) -> Cpp:
        """Return the expression as an operand of something that binds as tightly as `level`."""
        mixed = self.level == AND and level == OR
        return self if self.level >= level and not mixed else call("", self)


def call(name: str, *arguments: Cpp | str) -> Cpp:
    """Write a call; without a name it is parentheses."""
    parts_ = tuple(Cpp(one) if isinstance(one, str) else one for one in arguments)
    return Cpp(f"{name}({', '.join(map(str, parts_))})", callee=name, arguments=parts_)


def function(parameter: str, result: Cpp, capture: str = "") -> Cpp:
    """Write a lambda of one parameter."""
    head = f"[{capture}](const {parameter})"
    return Cpp(f"{head} {{ return {result}; }}", head=head, body=(result,))


def member(of: Cpp, name: str) -> Cpp:
    """Write a member; of an optional (`*pair`) it is reached by an arrow."""
    if of.text.startswith("*"):
        return Cpp(f"{of.text[1:]}->{name}")
    return Cpp(f"{of.inside(ATOM)}.{name}")


def joined(operator: str, parts: Sequence[Cpp]) -> Cpp:
    """Write parts joined by an operator; one part stays as it is."""
    if len(parts) == 1:
        return parts[0]
    level = _LEVELS[operator]
    inner = tuple(part.inside(level if n == 0 or level in (OR, AND) else level + 1) for n, part in enumerate(parts))
    return Cpp(f" {operator} ".join(map(str, inner)), level, operator, inner)


def conjunction(parts: Iterable[Cpp]) -> Cpp:
    """Write that all hold; what always does is left out."""
    kept = [part for part in parts if part != TRUE]
    flat: dict[str, Cpp] = {}
    for part in kept:
        for one in part.operands if part.operator == "&&" and part.level == AND else (part,):
            flat.setdefault(one.text, one)
    return joined("&&", list(flat.values())) if flat else TRUE


def compared(left: Cpp, operator: str, right: Cpp) -> Cpp:
    """Write a comparison."""
    level = _LEVELS.get(operator, COMPARE)
    return Cpp(f"{left.inside(ADD)} {operator} {right.inside(ADD)}", level)


def inverted(of: Cpp) -> Cpp:
    """Write the logical opposite."""
    if of in (TRUE, FALSE):
        return FALSE if of == TRUE else TRUE
    inner = of.inside(UNARY)
    return Cpp(f"!{inner}", UNARY, callee=f"!{inner.callee}", arguments=inner.arguments)


def number(value: float) -> Cpp:
    """Write a floating-point number.

    >>> number(20).text, number(-0.5).text
    ('20.0', '-0.5')
    """
    return Cpp(repr(float(value)), ATOM if value >= 0 else UNARY)


TRUE, FALSE = Cpp("true"), Cpp("false")


def statement(prefix: str, value: Cpp, indent: int = 4, suffix: str = ";") -> list[str]:
    """Write `prefix value;` as lines, broken where it would be too long, from the outside inwards."""
    pad = " " * indent
    one = f"{pad}{prefix}{value}{suffix}"
    if len(one) <= WIDTH:
        return [one]
    if value.operands:
        lines: list[str] = []
        last = len(value.operands) - 1
        for place, operand in enumerate(value.operands):
            before = f"{value.operator} " if place else prefix
            lines += statement(before, operand, indent + 4 * bool(place), suffix if place == last else "")
        return lines
    if value.body:
        [result] = value.body
        return [f"{pad}{prefix}{value.head} {{", *statement("return ", result, indent + 4), f"{pad}}}{suffix}"]
    if value.arguments:
        *others, last_ = value.arguments
        lines = [f"{pad}{prefix}{value.callee}("]
        for argument in others:
            lines += statement("", argument, indent + 4, ",")
        return [*lines, *statement("", last_, indent + 4, ""), f"{pad}){suffix}"]
    return [one]


def definition(returns: str, name: str, parameters: Sequence[str], template: str = "") -> list[str]:
    """Write the first lines of a function."""
    head = [template] if template else []
    one = f"{returns} {name}({', '.join(parameters)}) {{"
    if len(one) <= WIDTH:
        return [*head, one]
    return [*head, f"{returns} {name}(", *(f"    {p}," for p in parameters[:-1]), f"    {parameters[-1]}", ") {"]


def comment(lines: Iterable[str]) -> list[str]:
    """Turn lines of a Python comment into one of C++, where a backslash at the end would go on."""
    found = []
    for line in lines:
        pad, _, text = line.partition("# ")
        found.append(f"{pad}// {text}" + ("." if text.endswith("\\") else ""))
    return found


class Parts:
    """Blocks of C++ that emitted code may contain; each is known by the names that it defines."""

    def __init__(self, path: Path) -> None:
        _, *blocks = path.read_text(encoding="utf-8").strip().split("\n\n")
        self._blocks: list[tuple[frozenset[str], str]] = []
        for block in blocks:
            code = re.sub(r"//.*", "", block)
            defined = re.findall(r"^(?:[\w:<>]+ )+\*?(\w+)\(", code, re.MULTILINE)
            defined += re.findall(r"^(?:struct|using) (\w+)(?: =|;| \{)", code, re.MULTILINE)
            self._blocks.append((frozenset(defined), block))

    @property
    def names(self) -> frozenset[str]:
        """Names of all that is defined."""
        return frozenset().union(*(names for names, _ in self._blocks))

    def copied(self, code: str, written: str) -> list[str]:
        """Return the blocks that code uses, and what these use, in order; what is `written` stands after `Object;`."""
        needed = {"Object"}
        waiting = [f"{code} {written} RVec Objects"]
        while waiting:
            words = set(re.findall(r"\w+", waiting.pop()))
            for names, block in self._blocks:
                if words & names and not names <= needed:
                    needed |= names
                    waiting.append(re.sub(r"//.*", "", block))
        found: list[str] = []
        for names, block in self._blocks:
            if not names:
                found.append(block)
            elif names == {"Object"}:
                found.append(written)
            elif names & needed:
                found.append(block)
        return found


@cache
def parts() -> Parts:
    """Return the parts beside this module."""
    return Parts(Path(__file__).with_name("rdf_parts.hxx"))
