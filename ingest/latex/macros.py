r"""What a paper's macros stand for: definitions and their parameters."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ingest.latex.tokens import Token, tokenise

ParameterKind = Literal["mandatory", "optional", "star", "delimited", "token", "embellishment"]

# What an optional argument that is not there holds; \IfNoValueTF asks for it.
NO_VALUE = Token("novalue", "")
STAR = Token("chars", "*")


@dataclass(frozen=True)
class Parameter:
    r"""One argument of a macro: `{…}`, `[…]` with its default, a star, or, after `\def`, all up to some tokens."""

    kind: ParameterKind
    default: tuple[Token, ...] | None = None
    open: str = "["
    close: str = "]"
    until: tuple[Token, ...] = ()
    long: bool = False  # may hold paragraphs


@dataclass(frozen=True)
class Macro:
    """A definition: the arguments it takes and the tokens it becomes; `prefix` are tokens it skips first."""

    parameters: tuple[Parameter, ...]
    body: tuple[Token, ...]
    prefix: tuple[Token, ...] = ()

    def filled(self, arguments: Sequence[Sequence[Token]], place: Token) -> list[Token]:
        """Return the body with its arguments in place; tokens of the body count as coming from the call."""
        result: list[Token] = []
        _, _, file, pos = place
        for kind, text, _, _ in self.body:
            if kind != "param":
                result.append(Token(kind, text, file, pos))
            elif text.startswith("##"):
                result.append(Token("param", text[(len(text) - len(text.lstrip("#"))) // 2 :], file, pos))
            elif text[1:].isdigit() and 0 < int(text[1:]) <= len(arguments):
                result.extend(arguments[int(text[1:]) - 1])
        return result


@dataclass
class Definitions:
    """Everything a paper has defined so far: macros, environments, switches, units, types of columns, …"""

    macros: dict[str, Macro] = field(default_factory=dict)
    environments: dict[str, tuple[Macro, tuple[Token, ...]]] = field(default_factory=dict)
    theorems: dict[str, str] = field(default_factory=dict)
    switches: dict[str, bool] = field(default_factory=dict)
    columns: dict[str, Macro] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    units: dict[str, tuple[Token, ...]] = field(default_factory=dict)
    packages: set[str] = field(default_factory=set)
    acronyms: dict[str, tuple[tuple[Token, ...], tuple[Token, ...]]] = field(default_factory=dict)

    def let(self, name: str, target: Token, usual: Container[str] = ()) -> None:
        r"""Carry out `\let\name=target`; `usual` are the macros that need no definition."""
        if target.kind in ("macro", "frozen"):
            if (macro := self.macros.get(target.text)) is not None and target.kind == "macro":
                self.macros[name] = macro
                return
            if name == target.text:
                return
            target = target._replace(kind="frozen" if target.text not in usual else "macro")
        self.macros[name] = Macro((), (target,))


def xparse_parameters(specification: str) -> tuple[Parameter, ...]:
    r"""Read the argument specification of `\NewDocumentCommand`: `m`, `o`, `O{default}`, `s`, `d<>`, `t`, `+m` …"""
    parameters: list[Parameter] = []
    text = re.sub(r"[+!\s]|>\s*\{[^{}]*\}", "", specification)
    pos = 0
    while pos < len(text):
        letter = text[pos]
        pos += 1
        if letter in "mvb":
            parameters.append(Parameter("mandatory"))
        elif letter == "s":
            parameters.append(Parameter("star"))
        elif letter == "t":
            parameters.append(Parameter("token", until=tuple(tokenise(text[pos : pos + 1]))))
            pos += 1
        elif letter in "oO":
            default, pos = _braced(text, pos) if letter == "O" else (None, pos)
            parameters.append(Parameter("optional", _default(default)))
        elif letter in "dDrR":
            delimiters = text[pos : pos + 2]
            default, pos = _braced(text, pos + 2) if letter in "DR" else (None, pos + 2)
            if len(delimiters) == 2:
                parameters.append(Parameter("optional", _default(default), delimiters[0], delimiters[1]))
        elif letter in "gG":
            default, pos = _braced(text, pos) if letter == "G" else (None, pos)
            parameters.append(Parameter("optional", _default(default), "{", "}"))
        elif letter in "eE":
            keys, pos = _braced(text, pos)
            parameters += [Parameter("embellishment", (NO_VALUE,), until=(token,)) for token in tokenise(keys or "")]
            if letter == "E":
                _, pos = _braced(text, pos)
    return tuple(parameters)


def counted_parameters(count: int, default: Iterable[Token] | None) -> tuple[Parameter, ...]:
    r"""Return the parameters of `\newcommand[count][default]`."""
    count = max(0, min(count, 9))
    if default is None or count == 0:
        return (Parameter("mandatory"),) * count
    return (Parameter("optional", tuple(default)), *(Parameter("mandatory"),) * (count - 1))


def _default(text: str | None) -> tuple[Token, ...]:
    return (NO_VALUE,) if text is None else tuple(tokenise(text))


def _braced(text: str, pos: int) -> tuple[str | None, int]:
    if pos >= len(text) or text[pos] != "{":
        return None, pos
    depth = 0
    for index in range(pos, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0:
            return text[pos + 1 : index], index + 1
    return text[pos + 1 :], len(text)
