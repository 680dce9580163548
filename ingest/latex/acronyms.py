r"""Acronyms by the packages glossaries, acro and acronym: their definitions, and what a use of one prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ingest.latex.composition import Run
from ingest.latex.definitions import Command
from ingest.latex.expansion import Expander
from ingest.latex.tokens import Token, key_values, plain

if TYPE_CHECKING:
    from ingest.latex.prose import ProseReader


def _acronym_keys(expander: Expander, _: Token) -> None:
    r"""`\DeclareAcronym{key}{short = …, long = …}` of acro."""
    key = expander.word()
    values = key_values(expander.argument())
    if "short" in values and "long" in values:
        expander.definitions.acronyms[key] = (tuple(values["short"]), tuple(values["long"]))


def _short_acronym(expander: Expander, _: Token) -> None:
    r"""`\acrodef{key}[short]{long}` of acronym."""
    key = expander.argument()
    short = expander.optional() or key
    expander.definitions.acronyms[plain(key)] = (tuple(short), tuple(expander.argument()))


def _acronym(expander: Expander, _: Token) -> None:
    r"""`\newacronym[options]{key}{short}{long}` of glossaries."""
    expander.optional()
    key = expander.word()
    short, full = expander.argument(), expander.argument()
    expander.definitions.acronyms[key] = (tuple(short), tuple(full))


def glossary_term(reader: ProseReader, token: Token, expander: Expander) -> None:
    r"""Read `\gls{key}`: the long form with the short one at its first use, then the short one."""
    expander.star()
    expander.optional(spaces=False)
    key = expander.word()
    known = reader.reading.definitions.acronyms.get(key)
    if known is None:
        reader.page.add(Run(key, token.file, token.pos))
        return
    plural = [Token("chars", "s")] if token.text in ("glspl", "Glspl", "acp") else []
    short, full = [*known[0], *plural], [*known[1], *plural]
    if token.text in ("glsxtrlong", "acrlong", "acl"):
        parts = full
    elif token.text in ("acrshort", "glsxtrshort", "acs") or key in reader.acronyms_seen:
        parts = short
    else:
        parts = [*full, Token("space", " "), Token("chars", "("), *short, Token("chars", ")")]
        reader.acronyms_seen.add(key)
    expander.push([part.at(token) for part in parts], deeper=True)


ACRONYMS: Mapping[str, Command] = {
    **dict.fromkeys(("newacronym", "newabbreviation"), _acronym),
    **dict.fromkeys(("acrodef", "newacro", "acro"), _short_acronym),
    "DeclareAcronym": _acronym_keys,
}
