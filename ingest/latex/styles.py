r"""Style and class files: those the e-print ships are read for their definitions, with the options they are given."""

from __future__ import annotations

from collections.abc import Mapping

from ingest.latex.bundles import macros_of_style
from ingest.latex.definitions import Command, define
from ingest.latex.expansion import Expander
from ingest.latex.ignored import standard_styles
from ingest.latex.macros import Macro
from ingest.latex.tokens import Token, plain, tokenise


def _packages(suffix: str) -> Command:
    def command(expander: Expander, _: Token) -> None:
        options = [option.strip() for option in plain(expander.optional() or []).split(",")]
        names = expander.expanded_word()
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
        define_style(expander, stem)
        return
    inner = Expander(reading)
    inner.definitions_only = True
    inner.options = [*expander.options, *options] if style.endswith(".sty") else options
    inner.include(name, at_letter=True)
    while inner.next() is not None:
        pass
    if style.endswith(".cls"):
        expander.options = [*expander.options, *inner.options]


def define_style(expander: Expander, stem: str) -> None:
    """Define the macros of a style file that the e-print does not ship, if they are known."""
    for name, macro in macros_of_style(stem).items():
        define(expander, name, macro)


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
    define(expander, expander.option_prefix + name, Macro((), value))


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


STYLES: Mapping[str, Command] = {
    "SetupKeyvalOptions": _option_prefix,
    "DeclareBoolOption": _bool_option,
    "DeclareStringOption": _string_option,
    "DeclareOption": _declare_option,
    **dict.fromkeys(("usepackage", "RequirePackage", "RequirePackageWithOptions"), _packages(".sty")),
    **dict.fromkeys(("documentclass", "LoadClass", "LoadClassWithOptions", "documentstyle"), _packages(".cls")),
    **dict.fromkeys(("AtBeginDocument", "AtEndPreamble", "AfterEndPreamble"), _at_begin_document),
}
