"""Pieces of Python source that know how to be put together and how to break over lines.

The layout is that of `ruff format` at 120 columns, so that emitted code needs no formatter.
"""

from __future__ import annotations

import ast
import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

WIDTH = 120
TEXT_WIDTH = 100
# How tightly Python binds: comparison, |, &, + -, * /, ~, and what needs no parentheses at all.
COMPARE, OR, AND, ADD, MULTIPLY, UNARY, ATOM = range(7)
_LEVELS = {"|": OR, "&": AND, "+": ADD, "-": ADD, "*": MULTIPLY, "/": MULTIPLY}


@dataclass(frozen=True)
class Code:
    """An expression: its text, how tightly it binds, and where it may be broken."""

    text: str
    level: int = ATOM
    operator: str = ""
    operands: tuple[Code, ...] = ()
    callee: str = ""
    arguments: tuple[Code, ...] = ()

    def __str__(self) -> str:
        return self.text

    def inside(self, level: int) -> Code:
        """Return the expression as an operand of something that binds as tightly as `level`."""
        if self.level > level or (self.level == level and level in (OR, AND)):
            return self
        return Code(f"({self.text})", ATOM, self.operator, self.operands)


def call(callee: str, *arguments: Code | str) -> Code:
    """Write a call."""
    parts = tuple(code(argument) for argument in arguments)
    return Code(f"{callee}({', '.join(map(str, parts))})", ATOM, callee=callee, arguments=parts)


def code(text: Code | str) -> Code:
    """Take text that needs no parentheses as an expression."""
    return text if isinstance(text, Code) else Code(text)


def member(of: Code | str, name: str) -> Code:
    """Write an attribute."""
    return Code(f"{code(of).inside(UNARY)}.{name}")


def chain(operator: str, parts: Sequence[Code]) -> Code:
    """Write parts joined by an operator; one part stays as it is."""
    if len(parts) == 1:
        return parts[0]
    level = _LEVELS[operator]
    inner = tuple(part.inside(level) for part in parts)
    return Code(f" {operator} ".join(map(str, inner)), level, operator, inner)


def divide(left: Code, right: Code) -> Code:
    """Write a quotient."""
    return Code(f"{left.inside(MULTIPLY - 1)} / {right.inside(MULTIPLY)}", MULTIPLY)


def compared(left: Code, operator: str, right: Code) -> Code:
    """Write a comparison."""
    sides = (left.inside(COMPARE), right.inside(COMPARE))
    return Code(f" {operator} ".join(map(str, sides)), COMPARE, operator, sides)


def inverted(of: Code) -> Code:
    """Write the logical opposite of a mask."""
    inner = of.inside(UNARY - 1)
    return Code(f"~{inner}", UNARY, callee=f"~{inner.callee}" if inner.callee else "", arguments=inner.arguments)


def number(value: float) -> Code:
    """Write a number.

    >>> number(20), number(-0.5), number(1e-7)
    (Code(text='20.0', level=6, operator='', operands=(), callee='', arguments=()), \
Code(text='-0.5', level=5, operator='', operands=(), callee='', arguments=()), \
Code(text='1e-07', level=6, operator='', operands=(), callee='', arguments=()))
    """
    return Code(repr(float(value)), ATOM if value >= 0 else UNARY)


def literal(text: str) -> Code:
    """Write a string on one line, in the quotes a formatter would choose.

    >>> literal("lep_pt").text, literal('the "tight" one').text
    ('"lep_pt"', '\\'the "tight" one\\'')
    """
    clean = printable(text)
    if '"' in clean and "'" not in clean:
        return Code("'" + clean.replace("\\", "\\\\") + "'")
    return Code(json.dumps(clean, ensure_ascii=False))


def printable(text: str) -> str:
    """Return text on one line, without characters that cannot be seen."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def statement(prefix: str, value: Code, indent: int = 4) -> list[str]:
    """Write `prefix value` (`x = `, `return `) as lines of at most 120 columns, where they can be broken."""
    pad = " " * indent
    one = f"{pad}{prefix}{value}"
    if len(one) <= WIDTH:
        return [one]
    if value.operands:
        return [f"{pad}{prefix}(", *_argument(value, indent + 4), f"{pad})"]
    if value.arguments:
        return _call(prefix, value, indent)
    return [f"{pad}{prefix}(", f"{pad}    {value}", f"{pad})"] if prefix.endswith("= ") else [one]


def definition(name: str, parameters: Sequence[str], returns: str) -> list[str]:
    """Write the first lines of a function."""
    joined = ", ".join(parameters)
    one = f"def {name}({joined}) -> {returns}:"
    if len(one) <= WIDTH:
        return [one]
    if len(joined) + 4 <= WIDTH:
        return [f"def {name}(", f"    {joined}", f") -> {returns}:"]
    return [f"def {name}(", *(f"    {parameter}," for parameter in parameters), f") -> {returns}:"]


def _operands(value: Code, indent: int) -> list[str]:
    lines: list[str] = []
    for index, operand in enumerate(value.operands):
        lines += _nested(f"{value.operator} " if index else "", operand, indent)
    return lines


def _nested(prefix: str, value: Code, indent: int) -> list[str]:
    pad = " " * indent
    if len(f"{pad}{prefix}{value}") <= WIDTH:
        return [f"{pad}{prefix}{value}"]
    if value.operands:
        return [f"{pad}{prefix}(", *_operands(value, indent + 4), f"{pad})"]
    return _call(prefix, value, indent) if value.arguments else [f"{pad}{prefix}{value}"]


def _call(prefix: str, value: Code, indent: int) -> list[str]:
    pad, inner = " " * indent, " " * (indent + 4)
    joined = ", ".join(map(str, value.arguments))
    head, tail = f"{pad}{prefix}{value.callee}(", f"{pad})"
    if len(inner + joined) <= WIDTH:
        return [head, inner + joined, tail]
    if len(value.arguments) == 1:
        return [head, *_argument(value.arguments[0], indent + 4), tail]
    lines = [head]
    for argument in value.arguments:
        *above, last = _argument(argument, indent + 4)
        lines += [*above, f"{last},"]
    return [*lines, tail]


def _argument(value: Code, indent: int) -> list[str]:
    """Write what stands alone between brackets."""
    fits = indent + len(str(value)) < WIDTH
    return _operands(value, indent) if value.operands and not fits else _nested("", value, indent)


def comment(text: str, indent: int = 4) -> list[str]:
    """Write text as comment lines; continuation lines are indented."""
    pad = " " * indent
    return textwrap.wrap(
        printable(text),
        TEXT_WIDTH,
        initial_indent=f"{pad}# ",
        subsequent_indent=f"{pad}#   ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def docstring(paragraphs: Iterable[str], indent: int = 4) -> list[str]:
    """Write paragraphs as a docstring; lines that begin with two spaces keep their indentation."""
    pad = " " * indent
    lines: list[str] = []
    for index, paragraph in enumerate(paragraphs):
        if index:
            lines.append("")
        for line in paragraph.split("\n"):
            lead = " " * (len(line) - len(line.lstrip(" ")))
            clean = printable(line).replace("\\", "\\\\").replace('"""', "'''")
            width = TEXT_WIDTH - (3 if not lines else 0)
            wrapped = textwrap.wrap(
                clean,
                width,
                initial_indent=pad + lead,
                subsequent_indent=pad + lead,
                break_long_words=False,
                break_on_hyphens=False,
            )
            lines += wrapped or [""]
    if lines[-1].endswith(('"', "\\")):
        lines[-1] += " "
    first = f'{pad}"""{lines[0].strip()}'
    if len(lines) == 1 and len(first) + 3 <= WIDTH:
        return [f'{first}"""']
    return [first, *lines[1:], f'{pad}"""']


@cache
def library(name: str, without: tuple[str, ...] = ()) -> Library:
    """Return the functions of a file beside this one."""
    return Library(Path(__file__).with_name(name), without=without)


class Library:
    """Functions and classes of a Python file, copied as text with what they call."""

    def __init__(self, path: Path, *, without: Iterable[str] = ()) -> None:
        source = path.read_text(encoding="utf-8")
        self._texts: dict[str, str] = {}
        self._calls: dict[str, list[str]] = {}
        nodes = [n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
        nodes = [node for node in nodes if node.name not in set(without)]
        names = {node.name for node in nodes}
        lines = source.splitlines()
        for node in nodes:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            self._texts[node.name] = "\n".join(lines[first - 1 : node.end_lineno])
            used = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
            self._calls[node.name] = sorted((used & names) - {node.name})

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all it holds, in the order of the file."""
        return tuple(self._texts)

    def copied(self, wanted: Iterable[str]) -> list[str]:
        """Return the texts of what is wanted and of all that it calls, in the order of the file."""
        needed: set[str] = set()
        waiting = list(wanted)
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                waiting += self._calls[name]
        return [text for name, text in self._texts.items() if name in needed]


def parameters(inputs: Sequence[str] | Mapping[str, None]) -> list[str]:
    """Write the parameters of a function."""
    return [f"{name}: ak.Array" for name in inputs]
