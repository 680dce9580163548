"""Commands and style files that print nothing: read over, with the arguments they take along (a table as data)."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files

from kb.errors import FaultError


@lru_cache(maxsize=1)
def standard_styles() -> frozenset[str]:
    """Return the style and class files that define layout only, and need not be read when an e-print ships them."""
    return frozenset(_table("styles")["layout_only"].split())


@lru_cache(maxsize=1)
def ignored_commands() -> dict[str, str]:
    """Return the commands that print nothing, with the arguments they take along."""
    return {name: specification for specification, names in _table("commands").items() for name in names.split()}


def is_unknown_word(name: str) -> bool:
    r"""Say whether `\name`, which nothing defines, is likely to print something: then its name says best what."""
    return name.isascii() and name.isalpha() and len(name) > 1 and name not in _layout_commands()


@lru_cache(maxsize=1)
def _layout_commands() -> frozenset[str]:
    """Return the commands that change how a page looks and do not print, whatever follows them."""
    return frozenset(_table("unprinted")["names"].split())


@lru_cache(maxsize=3)
def _table(section: str) -> dict[str, str]:
    table = tomllib.loads(files("ingest.latex").joinpath("ignored.toml").read_text("utf-8")).get(section)
    if not isinstance(table, dict) or not all(isinstance(names, str) for names in table.values()):
        msg = f'ignored.toml: [{section}] must hold NAME = "names"'
        raise FaultError(msg, hint="Put the table back; the reader does not work without it.")
    return table
