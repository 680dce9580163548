r"""The commands that define: macros, environments, switches, units, acronyms."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from ingest.latex.bundles import usual_macros
from ingest.latex.expansion import Expander
from ingest.latex.macros import Macro, Parameter, counted_parameters, xparse_parameters
from ingest.latex.tokens import Token, plain, source, tokenise

Command = Callable[[Expander, Token], None]


# They move boxes, which is how papers of old build a relation sign out of two.
_BOX_COMMANDS = frozenset(
    ["raise", "lower", "rlap", "llap", "ooalign", "raisebox", "shortstack", "vcenter", "mathpalette", "oalign"]
)
_TILDES = frozenset(["sim", "approx", "simeq"])


def define(expander: Expander, name: str, macro: Macro) -> None:
    """Give a macro its meaning, unless the reader's own must stay."""
    if name and name not in expander.reading.protected:
        relation = None if macro.parameters else _stacked_relation(macro)
        expander.definitions.macros[name] = relation or macro


def _stacked_relation(macro: Macro) -> Macro | None:
    r"""Return `\lesssim` or `\gtrsim` for a macro that sets one sign above a tilde, which has no words to read."""
    commands = {token.text for token in macro.body if token.kind in ("macro", "frozen")}
    if not commands & _BOX_COMMANDS or not commands & {*_TILDES, "mathpalette"}:
        return None
    text = "".join(token.text for token in macro.body if token.kind == "chars")
    less = "<" in text or bool(commands & {"lt", "less"})
    greater = ">" in text or bool(commands & {"gt", "greater"})
    if less == greater:
        return None
    return Macro((), tuple(tokenise(r"\ensuremath{\lesssim}" if less else r"\ensuremath{\gtrsim}")))


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


def _new_command_x(expander: Expander, _: Token) -> None:
    r"""`\newcommandx\name[count][1=default, 3=default]{body}` of xargs: any argument may be optional."""
    expander.star()
    name = expander.name()
    count = plain(expander.optional() or [])
    parameters = list(counted_parameters(int(count) if count.isdigit() else 0, None))
    for number, default in _numbered_defaults(expander.optional() or []):
        if 0 < number <= len(parameters):
            parameters[number - 1] = Parameter("optional", tuple(default))
    define(expander, name, Macro(tuple(parameters), tuple(expander.argument())))


def _numbered_defaults(tokens: Sequence[Token]) -> list[tuple[int, list[Token]]]:
    """Read `1=a, 3={b, c}` as tokens by number."""
    found: list[tuple[int, list[Token]]] = []
    level = 0
    for token in tokens:
        level += {"open": 1, "close": -1}.get(token.kind, 0)
        if level or token.kind != "chars":
            if found:
                found[-1][1].append(token)
            continue
        for piece in re.split(r"(,|\d\s*=)", token.text):
            if match := re.fullmatch(r"(\d)\s*=", piece):
                found.append((int(match[1]), []))
            elif piece and piece != "," and found:
                found[-1][1].append(token._replace(text=piece))
    return [(number, [token for token in default if token.kind not in ("open", "close")]) for number, default in found]


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
    long, expander.long = expander.long, False
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
    prefix, parameters = _pattern_parameters(pattern, long=long)
    define(expander, name, Macro(parameters, tuple(expander.argument()), prefix))


def _long(expander: Expander, _: Token) -> None:
    expander.long = True


def _pattern_parameters(pattern: list[Token], *, long: bool) -> tuple[tuple[Token, ...], tuple[Parameter, ...]]:
    r"""Read what stands between `\def\name` and its body: `#1#2`, `#1.#2;`, `[#1]#2`."""
    prefix: list[Token] = []
    delimiters: list[list[Token]] = []
    for token in pattern:
        if token.kind == "param" and token.text != "#":
            delimiters.append([])
        elif token.kind != "param":
            (delimiters[-1] if delimiters else prefix).append(token)
    parameters = [
        Parameter("delimited", until=tuple(until), long=long) if until else Parameter("mandatory")
        for until in delimiters
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
        expander.definitions.let(name, token, usual_macros())


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


def _paired_delimiter_x(expander: Expander, token: Token) -> None:
    r"""`\DeclarePairedDelimiterX\name[count]{left}{right}{body}` of mathtools, whose XPP sets two parts around it."""
    name = expander.name()
    count = plain(expander.optional() or [])
    before = expander.argument() if token.text.endswith("PP") else []
    left, right = expander.argument(), expander.argument()
    after = expander.argument() if token.text.endswith("PP") else []
    body = [_shifted(part, 2) for part in (*before, *left, *expander.argument(), *right, *after)]
    arguments = (Parameter("mandatory"),) * (int(count) if count.isdigit() else 0)
    define(expander, name, Macro((Parameter("star"), Parameter("optional", ()), *arguments), tuple(body)))


def _shifted(token: Token, by: int) -> Token:
    return token._replace(text=f"#{int(token.text[1:]) + by}") if re.fullmatch(r"#\d", token.text) else token


def _copy(expander: Expander, _: Token) -> None:
    r"""`\NewCommandCopy\new\old`."""
    name, known = expander.name(), expander.name()
    if name and known and name not in expander.reading.protected:
        expander.definitions.let(name, Token("macro", known), usual_macros())


def _column_type(expander: Expander, _: Token) -> None:
    r"""`\newcolumntype{C}[1]{>{\centering}p{#1}}`."""
    letter = expander.word()
    count = plain(expander.optional() or [])
    default = expander.optional() if count else None
    body = expander.argument()
    if len(letter) == 1:
        parameters = counted_parameters(int(count) if count.isdigit() else 0, default)
        expander.definitions.columns[letter] = Macro(parameters, tuple(body))


def _hide(expander: Expander, _: Token) -> None:
    r"""`\excludecomment{draft}` of comment, `\excludeversion{draft}` of version."""
    expander.definitions.hidden.add(expander.word())


def _show(expander: Expander, _: Token) -> None:
    expander.definitions.hidden.discard(expander.word())


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


DEFINITIONS: Mapping[str, Command] = {
    **dict.fromkeys(
        ("newcommand", "renewcommand", "DeclareRobustCommand", "newrobustcmd", "renewrobustcmd"), _new_command
    ),
    **dict.fromkeys(("providecommand", "providerobustcmd"), _provide_command),
    **dict.fromkeys(("NewDocumentCommand", "RenewDocumentCommand", "DeclareDocumentCommand"), _new_document_command),
    **dict.fromkeys(("NewExpandableDocumentCommand", "DeclareExpandableDocumentCommand"), _new_document_command),
    **dict.fromkeys(("newcommandx", "renewcommandx", "providecommandx", "DeclareRobustCommandx"), _new_command_x),
    "ProvideDocumentCommand": _provide_document_command,
    "long": _long,
    **dict.fromkeys(("def", "gdef", "edef", "xdef", "protected@edef"), _def),
    **dict.fromkeys(("let", "LetLtxMacro", "GlobalLetLtxMacro"), _let),
    **dict.fromkeys(("NewCommandCopy", "RenewCommandCopy", "DeclareCommandCopy"), _copy),
    "DeclareMathOperator": _math_operator,
    "DeclarePairedDelimiter": _paired_delimiter,
    **dict.fromkeys(("DeclarePairedDelimiterX", "DeclarePairedDelimiterXPP"), _paired_delimiter_x),
    **dict.fromkeys(("newcolumntype", "renewcolumntype"), _column_type),
    **dict.fromkeys(("excludecomment", "excludeversion", "processcomment"), _hide),
    **dict.fromkeys(("includecomment", "includeversion"), _show),
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
}
