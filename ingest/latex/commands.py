r"""The TeX and LaTeX commands that print nothing: definitions, packages, inclusions, and the like."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ingest.latex.conditionals import CONDITIONAL_COMMANDS, conditional_of
from ingest.latex.expansion import Expander
from ingest.latex.macros import (
    Macro,
    Parameter,
    counted_parameters,
    standard_styles,
    xparse_parameters,
)
from ingest.latex.tokens import Token, plain, source, tokenise

Command = Callable[[Expander, Token], None]

_AUTHOR_LIST_SIZE = 20_000


def _define(expander: Expander, name: str, macro: Macro) -> None:
    if name and name not in expander.reading.protected:
        expander.definitions.macros[name] = macro


def _is_defined(expander: Expander, name: str) -> bool:
    return name in expander.definitions.macros or name in expander.reading.protected


def _new_command(expander: Expander, _: Token) -> None:
    name, macro = _command_definition(expander)
    _define(expander, name, macro)


def _provide_command(expander: Expander, _: Token) -> None:
    name, macro = _command_definition(expander)
    if not _is_defined(expander, name):
        _define(expander, name, macro)


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
    _define(expander, name, Macro(xparse_parameters(specification), tuple(expander.argument())))


def _provide_document_command(expander: Expander, _: Token) -> None:
    name = expander.name()
    specification = source(expander.argument())
    body = expander.argument()
    if not _is_defined(expander, name):
        _define(expander, name, Macro(xparse_parameters(specification), tuple(body)))


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
    _define(expander, name, Macro(parameters, tuple(expander.argument()), prefix))


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
    _define(
        expander, name, Macro((), (Token("frozen", "operatorname"), Token("open", "{"), *body, Token("close", "}")))
    )


def _paired_delimiter(expander: Expander, _: Token) -> None:
    name = expander.name()
    left, right = expander.argument(), expander.argument()
    parameters = (Parameter("star"), Parameter("optional", ()), Parameter("mandatory"))
    _define(expander, name, Macro(parameters, (*left, Token("param", "#3"), *right)))


def _name_def(expander: Expander, _: Token) -> None:
    name = expander.word()
    _define(expander, name, Macro((), tuple(expander.argument())))


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


def _begin(expander: Expander, place: Token) -> None:
    name = plain(expander.braced() or [])
    environment = expander.definitions.environments.get(name)
    if environment is not None:
        expander.expand(environment[0], place)
    else:
        expander.push([Token("begin_env", name, place.file, place.pos)])


def _end(expander: Expander, place: Token) -> None:
    name = plain(expander.braced() or [])
    environment = expander.definitions.environments.get(name)
    if environment is not None:
        expander.expand(Macro((), environment[1]), place)
    else:
        expander.push([Token("end_env", name, place.file, place.pos)])


def _input(expander: Expander, place: Token) -> None:
    found = expander.braced()
    if found is None:
        found = []
        while (token := expander.raw()) is not None and token.kind in ("chars", "sub", "tie"):
            found.append(token)
        if token is not None:
            expander.unread([token])
    _include(expander, place, plain(found))


def _include(expander: Expander, place: Token, target: str) -> None:
    beside = expander.current_file(place)
    name = expander.reading.eprint.find(target, (".tex", "", ".ltx"), beside=beside)
    if name is not None and name != beside and not _is_author_list(expander.reading.eprint.text(name)):
        expander.include(name, at_letter=name.endswith((".sty", ".cls", ".def")))


def _is_author_list(text: str) -> bool:
    """Say whether a file is the list of a collaboration's members: names with marks, hundreds of them."""
    return len(text) > _AUTHOR_LIST_SIZE and "Collaboration" in text[:2000] and text.count("^") * 200 > len(text)


def _input_if_exists(expander: Expander, place: Token) -> None:
    target, yes, no = expander.word(), expander.argument(), expander.argument()
    exists = expander.reading.eprint.find(target, (".tex", "")) is not None
    expander.push(yes if exists else no)
    if exists:
        _include(expander, place, target)


def _import(expander: Expander, place: Token) -> None:
    expander.star()
    folder, target = expander.word(), expander.word()
    _include(expander, place, f"{folder}/{target}")


def _packages(suffix: str) -> Command:
    def command(expander: Expander, _: Token) -> None:
        options = [option.strip() for option in plain(expander.optional() or []).split(",")]
        names = expander.word()
        expander.optional()
        for name in names.split(","):
            load_style(expander, name.strip() + suffix, options)

    return command


def load_style(expander: Expander, style: str, options: list[str]) -> None:
    """Read the definitions of a style or class file that the e-print ships."""
    reading = expander.reading
    stem = style.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    packages = reading.definitions.packages
    if stem in packages:
        return
    packages.add(stem)
    name = reading.eprint.find(style)
    if name is None or stem in standard_styles():
        return
    inner = Expander(reading)
    inner.definitions_only = True
    inner.options = [*expander.options, *options] if style.endswith(".sty") else options
    inner.include(name, at_letter=True)
    while inner.next() is not None:
        pass
    if style.endswith(".cls"):
        expander.options = [*expander.options, *inner.options]


def _option_prefix(expander: Expander, _: Token) -> None:
    for entry in plain(expander.argument()).split(","):
        key, _equals, value = entry.partition("=")
        if key.strip() == "prefix":
            expander.option_prefix = value.strip()


def _bool_option(expander: Expander, _: Token) -> None:
    default = plain(expander.optional() or [])
    name = expander.word()
    value = default == "true"
    for option in expander.options:
        key, _equals, given = option.partition("=")
        if key.strip() == name:
            value = given.strip() in ("", "true")
    expander.definitions.switches[expander.option_prefix + name] = value


def _string_option(expander: Expander, _: Token) -> None:
    value = tuple(expander.optional() or [])
    name = expander.word()
    for option in expander.options:
        key, equals, given = option.partition("=")
        if key.strip() == name and equals:
            value = tuple(tokenise(given.strip()))
    _define(expander, expander.option_prefix + name, Macro((), value))


def _declare_option(expander: Expander, _: Token) -> None:
    if expander.star():
        expander.argument()
        return
    name = expander.word()
    code = expander.argument()
    if name in expander.options:
        expander.push(code)


def _at_begin_document(expander: Expander, _: Token) -> None:
    expander.reading.at_begin_document.extend(expander.argument())


def _expandafter(expander: Expander, _: Token) -> None:
    first, second = expander.raw(), expander.raw()
    if second is not None and second.kind == "macro":
        if second.text == "csname":
            expander.push([second.at(second)._replace(text=expander.csname())])
        elif (macro := expander.definitions.macros.get(second.text)) is not None:
            expander.expand(macro, second)
        else:
            expander.push([second])
    elif second is not None:
        expander.push([second])
    if first is not None:
        expander.push([first])


def _csname(expander: Expander, place: Token) -> None:
    name = expander.csname()
    if name:
        expander.push([Token("macro", name, place.file, place.pos)])


def _nameuse(expander: Expander, place: Token) -> None:
    name = expander.word()
    if name:
        expander.push([Token("macro", name, place.file, place.pos)])


def _acronym(expander: Expander, _: Token) -> None:
    r"""`\newacronym[options]{key}{short}{long}` of glossaries."""
    expander.optional()
    key = expander.word()
    short, full = expander.argument(), expander.argument()
    expander.definitions.acronyms[key] = (tuple(short), tuple(full))


def _end_input(expander: Expander, _: Token) -> None:
    expander.end_file()


def _choose(pick: int, count: int) -> Command:
    """Take some arguments and go on with one of them, counted from zero."""

    def command(expander: Expander, _: Token) -> None:
        arguments = [expander.argument() for _ in range(count)]
        expander.push(arguments[pick])

    return command


_DEFINING: Mapping[str, Command] = {
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
    "SetupKeyvalOptions": _option_prefix,
    "DeclareBoolOption": _bool_option,
    "DeclareStringOption": _string_option,
    "DeclareOption": _declare_option,
    **dict.fromkeys(("usepackage", "RequirePackage", "RequirePackageWithOptions"), _packages(".sty")),
    **dict.fromkeys(("documentclass", "LoadClass", "LoadClassWithOptions", "documentstyle"), _packages(".cls")),
}

COMMANDS: Mapping[str, Command] = {
    **_DEFINING,
    **CONDITIONAL_COMMANDS,
    "begin": _begin,
    "end": _end,
    **dict.fromkeys(("input", "include", "subfile", "subfileinclude", "loadglsentries", "@input"), _input),
    "InputIfFileExists": _input_if_exists,
    **dict.fromkeys(("import", "subimport", "includefrom", "subincludefrom", "inputfrom", "subinputfrom"), _import),
    "endinput": _end_input,
    **dict.fromkeys(("AtBeginDocument", "AtEndPreamble", "AfterEndPreamble"), _at_begin_document),
    "expandafter": _expandafter,
    "csname": _csname,
    **dict.fromkeys(("@nameuse", "csuse"), _nameuse),
    "@firstofone": _choose(0, 1),
    "@firstoftwo": _choose(0, 2),
    "@secondoftwo": _choose(1, 2),
    "@gobble": lambda expander, _: expander.skip_arguments("m"),
    "@gobbletwo": lambda expander, _: expander.skip_arguments("mm"),
    "texorpdfstring": _choose(0, 2),
    "mathpalette": _choose(1, 2),
    "mathchoice": _choose(1, 4),
}


class LatexRules:
    """LaTeX's commands and conditionals, for an expander."""

    commands = COMMANDS
    conditional = staticmethod(conditional_of)

    @staticmethod
    def defines(macro: Macro) -> bool:
        """Say whether a macro, expanded, may define others."""
        return any(token.kind in ("macro", "frozen") and token.text in _DEFINING for token in macro.body)
