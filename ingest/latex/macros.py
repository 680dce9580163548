r"""What a paper's macros stand for: definitions, their parameters, and the usual ones of the collaborations.

`macros.toml` holds what papers use without shipping it (CMS and ATLAS macros, heppennames) as LaTeX source, so
that a physicist may add to it; what a paper defines itself always wins.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from ingest.latex.tokens import Token, tokenise
from kb.errors import FaultError

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
    """Everything a paper has defined so far: macros, environments, switches, units."""

    macros: dict[str, Macro] = field(default_factory=dict)
    environments: dict[str, tuple[Macro, tuple[Token, ...]]] = field(default_factory=dict)
    theorems: dict[str, str] = field(default_factory=dict)
    switches: dict[str, bool] = field(default_factory=dict)
    units: dict[str, tuple[Token, ...]] = field(default_factory=dict)
    packages: set[str] = field(default_factory=set)
    acronyms: dict[str, tuple[tuple[Token, ...], tuple[Token, ...]]] = field(default_factory=dict)

    def let(self, name: str, target: Token) -> None:
        r"""Carry out `\let\name=target`."""
        if target.kind in ("macro", "frozen"):
            if (macro := self.macros.get(target.text)) is not None and target.kind == "macro":
                self.macros[name] = macro
                return
            if name == target.text:
                return
            target = target._replace(kind="frozen" if target.text not in usual_macros() else "macro")
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


@lru_cache(maxsize=1)
def usual_macros() -> dict[str, Macro]:
    """Load the macros that papers use without defining them."""
    macros: dict[str, Macro] = {}
    for group, entries in _table("macros.toml", "macros").items():
        for name, given in entries.items() if isinstance(entries, dict) else ():
            entry = {"body": given} if isinstance(given, str) else given
            if not isinstance(entry, dict) or not isinstance(entry.get("body"), str):
                msg = f"macros.toml: [macros.{group}] {name} needs a body"
                raise FaultError(msg, hint="Write NAME = 'body' or NAME = { arguments = 1, body = '…' }.")
            arguments = entry.get("arguments", 0)
            counted = isinstance(arguments, int)
            parameters = counted_parameters(arguments, None) if counted else xparse_parameters(str(arguments))
            macros[name] = Macro(parameters, tuple(tokenise(entry["body"], at_letter=True)))
    return macros


@lru_cache(maxsize=1)
def standard_styles() -> frozenset[str]:
    """Return the style and class files that define layout only, and need not be read when an e-print ships them."""
    return frozenset(str(_table("ignored.toml", "styles")["layout_only"]).split())


@lru_cache(maxsize=1)
def ignored_commands() -> dict[str, str]:
    """Return the commands that print nothing, with the arguments they take along."""
    table = _table("ignored.toml", "commands")
    return {name: specification for specification, names in table.items() for name in str(names).split()}


def _table(file: str, section: str) -> dict[str, object]:
    table = tomllib.loads(files("ingest.latex").joinpath(file).read_text("utf-8")).get(section)
    if not isinstance(table, dict):
        msg = f"{file} has no table [{section}]"
        raise FaultError(msg, hint="Put the table back; the reader does not work without it.")
    return table


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
