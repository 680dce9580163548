r"""The TeX and LaTeX commands that print nothing: inclusions, names made of tokens, the ends of environments, and the like."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from ingest.latex.acronyms import ACRONYMS
from ingest.latex.conditionals import CONDITIONAL_COMMANDS, conditional_of
from ingest.latex.definitions import DEFINITIONS, Command
from ingest.latex.expansion import Expander
from ingest.latex.macros import Macro
from ingest.latex.styles import STYLES, define_style
from ingest.latex.tokens import Token, plain

_AUTHOR_LIST_SIZE = 20_000
# Pictures drawn by TeX have other suffixes.
_TEXTS = ("", ".tex", ".ltx", ".bbl")


def _begin(expander: Expander, place: Token) -> None:
    name = plain(expander.braced() or [])
    if name in expander.definitions.hidden:
        _skip_hidden(expander, name)
        return
    environment = expander.definitions.environments.get(name)
    if environment is not None:
        expander.expand(environment[0], place)
    else:
        expander.push([Token("begin_env", name, place.file, place.pos)])


def _skip_hidden(expander: Expander, name: str) -> None:
    """Skip an environment that the paper hides; one that never ends is read."""
    mark = expander.mark()
    while (token := expander.raw()) is not None:
        if token.kind == "macro" and token.text == "end" and expander.word() == name:
            return
    expander.reset(mark)


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
    _include(expander, place, expander.expanded_word(found))


def _include(expander: Expander, place: Token, target: str) -> None:
    beside = expander.current_file(place)
    name = expander.reading.eprint.find(target, (".tex", "", ".ltx"), beside=beside)
    if name is None:
        if expander.reading.begun and PurePosixPath(target).suffix.lower() in _TEXTS:
            expander.reading.missing.setdefault(target, beside)
        define_style(expander, PurePosixPath(target).stem)
    elif name != beside and not _is_author_list(expander.reading.eprint.text(name)):
        expander.include(name, at_letter=name.endswith((".sty", ".cls", ".def")))


def _is_author_list(text: str) -> bool:
    """Say whether a file is the list of a collaboration's members: names with marks, hundreds of them."""
    return len(text) > _AUTHOR_LIST_SIZE and "Collaboration" in text[:2000] and text.count("^") * 200 > len(text)


def _input_if_exists(expander: Expander, place: Token) -> None:
    target, yes, no = expander.expanded_word(), expander.argument(), expander.argument()
    exists = expander.reading.eprint.find(target, (".tex", "")) is not None
    expander.push(yes if exists else no)
    if exists:
        _include(expander, place, target)


def _import(expander: Expander, place: Token) -> None:
    expander.star()
    folder, target = expander.expanded_word(), expander.expanded_word()
    _include(expander, place, f"{folder}/{target}")


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


def _end_input(expander: Expander, _: Token) -> None:
    expander.end_file()


def _choose(pick: int, count: int) -> Command:
    """Take some arguments and go on with one of them, counted from zero."""

    def command(expander: Expander, _: Token) -> None:
        arguments = [expander.argument() for _ in range(count)]
        expander.push(arguments[pick])

    return command


_DEFINING = frozenset([*DEFINITIONS, *ACRONYMS, *STYLES])

COMMANDS: Mapping[str, Command] = {
    **DEFINITIONS,
    **ACRONYMS,
    **STYLES,
    **CONDITIONAL_COMMANDS,
    "begin": _begin,
    "end": _end,
    **dict.fromkeys(("input", "include", "subfile", "subfileinclude", "loadglsentries", "@input"), _input),
    "InputIfFileExists": _input_if_exists,
    **dict.fromkeys(("import", "subimport", "includefrom", "subincludefrom", "inputfrom", "subinputfrom"), _import),
    "endinput": _end_input,
    "expandafter": _expandafter,
    "csname": _csname,
    **dict.fromkeys(("@nameuse", "csuse"), _nameuse),
    "@firstofone": _choose(0, 1),
    "@firstoftwo": _choose(0, 2),
    "@secondoftwo": _choose(1, 2),
    "@gobble": lambda expander, _: expander.skip_arguments("m"),
    "@gobbletwo": lambda expander, _: expander.skip_arguments("mm"),
    **dict.fromkeys(("texorpdfstring", "replaced", "chreplaced"), _choose(0, 2)),
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
