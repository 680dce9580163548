r"""The commands that define: macros, environments, switches, units, acronyms."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ingest.latex.expansion import Expander
from ingest.latex.macros import Macro, Parameter, counted_parameters, xparse_parameters
from ingest.latex.tokens import Token, plain, source, tokenise

Command = Callable[[Expander, Token], None]


def define(expander: Expander, name: str, macro: Macro) -> None:
    if name and name not in expander.reading.protected:
        expander.definitions.macros[name] = macro


def _is_defined(expander: Expander, name: str) -> bool:
    return name in expander.definitions.macros or name in expander.reading.protected


def _new_command(expander: Expander, _: Token) -> None:
    name, macro = _command_definition(expander)
    define(expander, name, macro)


def _provide_command(expander: Expander, _: Token) -> None:
    name, macro = _command_definition(expander)
    if not _is_defined(expander, name):
        define(expander, name, macro)


def _command_definition(expander: Expander) -> tuple[str, Macro]:
    expander.star()
    name = expander.name()
    count = plain(expander.optional() or [])
    default = expander.optional() if count else None
    body = expander.argument()
    return name, Macro(counted_parameters(int(count) if count.isdigit() else 0, default), tuple(body))


def _new_document_command(expander: Expander, _: Token) -> None:
    name = expander.name()
    specification = source(expander.argument())
    define(expander, name, Macro(xparse_parameters(specification), tuple(expander.argument())))


def _provide_document_command(expander: Expander, _: Token) -> None:
    name = expander.name()
    specification = source(expander.argument())
    body = expander.argument()
    if not _is_defined(expander, name):
        define(expander, name, Macro(xparse_parameters(specification), tuple(body)))


def _def(expander: Expander, _: Token) -> None:
    name = expander.name()
    pattern: list[Token] = []
    while (token := expander.raw()) is not None and token.kind != "open":
        if len(pattern) > 40 or token.kind == "par":
            expander.unread([*pattern, token])
            return
        pattern.append(token)
    if token is None:
        expander.unread(pattern)
        return
    expander.unread([token])
    prefix, parameters = _pattern_parameters(pattern)
    define(expander, name, Macro(parameters, tuple(expander.argument()), prefix))


def _pattern_parameters(pattern: list[Token]) -> tuple[tuple[Token, ...], tuple[Parameter, ...]]:
    r"""Read what stands between `\def\name` and its body: `#1#2`, `#1.#2;`, `[#1]#2`."""
    prefix: list[Token] = []
    delimiters: list[list[Token]] = []
    for token in pattern:
        if token.kind == "param" and token.text != "#":
            delimiters.append([])
        elif token.kind != "param":
            (delimiters[-1] if delimiters else prefix).append(token)
    parameters = [
        Parameter("delimited", until=tuple(until)) if until else Parameter("mandatory") for until in delimiters
    ]
    return tuple(prefix), tuple(parameters)


def _let(expander: Expander, _: Token) -> None:
    name = expander.name()
    token = expander.raw()
    while token is not None and token.kind in ("space", "chars") and token.text in (" ", "="):
        token = expander.raw()
    if token is not None and token.kind == "chars" and len(token.text) > 1:
        text = token.text.removeprefix("=")
        if text[1:]:
            expander.unread([token._replace(text=text[1:], pos=token.pos + 1)])
        token = token._replace(text=text[0])
    if name and token is not None and name not in expander.reading.protected:
        expander.definitions.let(name, token)


def _math_operator(expander: Expander, _: Token) -> None:
    expander.star()
    name = expander.name()
    body = expander.argument()
    define(expander, name, Macro((), (Token("frozen", "operatorname"), Token("open", "{"), *body, Token("close", "}"))))


def _paired_delimiter(expander: Expander, _: Token) -> None:
    name = expander.name()
    left, right = expander.argument(), expander.argument()
    parameters = (Parameter("star"), Parameter("optional", ()), Parameter("mandatory"))
    define(expander, name, Macro(parameters, (*left, Token("param", "#3"), *right)))


def _name_def(expander: Expander, _: Token) -> None:
    name = expander.word()
    define(expander, name, Macro((), tuple(expander.argument())))


def _new_environment(expander: Expander, _: Token) -> None:
    expander.star()
    name = expander.word()
    count = plain(expander.optional() or [])
    default = expander.optional() if count else None
    parameters = counted_parameters(int(count) if count.isdigit() else 0, default)
    begin, end = expander.argument(), expander.argument()
    if name not in expander.reading.protected:
        expander.definitions.environments[name] = (Macro(parameters, tuple(begin)), tuple(end))


def _new_document_environment(expander: Expander, _: Token) -> None:
    name = expander.word()
    parameters = xparse_parameters(source(expander.argument()))
    begin, end = expander.argument(), expander.argument()
    if name not in expander.reading.protected:
        expander.definitions.environments[name] = (Macro(parameters, tuple(begin)), tuple(end))


def _new_theorem(expander: Expander, _: Token) -> None:
    expander.star()
    name = expander.word()
    expander.optional()
    title = plain(expander.argument())
    expander.optional()
    expander.definitions.theorems[name] = title


def _new_if(expander: Expander, _: Token) -> None:
    name = expander.name().removeprefix("if")
    if name:
        expander.definitions.switches.setdefault(name, False)
        for value in ("true", "false"):
            body = tokenise(f"\\setboolean{{{name}}}{{{value}}}", at_letter=True)
            expander.definitions.macros[name + value] = Macro((), tuple(body))


def _switch(value: bool | None, *, keep: bool = False) -> Command:
    """Set a named switch; `value` None reads it from a second argument."""

    def command(expander: Expander, _: Token) -> None:
        name = expander.word()
        state = value if value is not None else expander.word().lower() == "true"
        if not keep or name not in expander.definitions.switches:
            expander.definitions.switches[name] = state

    return command


def _unit(expander: Expander, _: Token) -> None:
    expander.optional()
    name = expander.name()
    expander.definitions.units[name] = tuple(expander.argument())


def _acronym(expander: Expander, _: Token) -> None:
    r"""`\newacronym[options]{key}{short}{long}` of glossaries."""
    expander.optional()
    key = expander.word()
    short, full = expander.argument(), expander.argument()
    expander.definitions.acronyms[key] = (tuple(short), tuple(full))


DEFINITIONS: Mapping[str, Command] = {
    **dict.fromkeys(
        ("newcommand", "renewcommand", "DeclareRobustCommand", "newrobustcmd", "renewrobustcmd"), _new_command
    ),
    **dict.fromkeys(("providecommand", "providerobustcmd"), _provide_command),
    **dict.fromkeys(("NewDocumentCommand", "RenewDocumentCommand", "DeclareDocumentCommand"), _new_document_command),
    **dict.fromkeys(("NewExpandableDocumentCommand", "DeclareExpandableDocumentCommand"), _new_document_command),
    "ProvideDocumentCommand": _provide_document_command,
    **dict.fromkeys(("def", "gdef", "edef", "xdef", "protected@edef"), _def),
    "let": _let,
    "DeclareMathOperator": _math_operator,
    "DeclarePairedDelimiter": _paired_delimiter,
    **dict.fromkeys(("@namedef", "csdef", "csgdef"), _name_def),
    **dict.fromkeys(("newenvironment", "renewenvironment", "provideenvironment"), _new_environment),
    **dict.fromkeys(
        ("NewDocumentEnvironment", "RenewDocumentEnvironment", "DeclareDocumentEnvironment"), _new_document_environment
    ),
    "newtheorem": _new_theorem,
    "newif": _new_if,
    **dict.fromkeys(("newboolean", "newbool", "newtoggle"), _switch(value=False)),
    **dict.fromkeys(("provideboolean", "providebool", "providetoggle"), _switch(value=False, keep=True)),
    **dict.fromkeys(("setboolean", "setbool", "settoggle"), _switch(value=None)),
    **dict.fromkeys(("booltrue", "toggletrue"), _switch(value=True)),
    **dict.fromkeys(("boolfalse", "togglefalse"), _switch(value=False)),
    **dict.fromkeys(("DeclareSIUnit", "DeclareSIPrefix", "newunit", "DeclareSIUnitWithOptions"), _unit),
    "newacronym": _acronym,
}
