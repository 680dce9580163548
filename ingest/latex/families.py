"""Which commands and environments are read alike: displays, floats, lists, citations, references (a table as data)."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files

from kb.errors import FaultError

SECTIONS = {
    "part": 0,
    "chapter": 1,
    "section": 1,
    "subsection": 2,
    "subsubsection": 3,
    "paragraph": 4,
    "subparagraph": 5,
}


@lru_cache(maxsize=64)
def environments(family: str) -> frozenset[str]:
    """Return the unstarred names of a family of environments."""
    return frozenset(_table("environments")[family].split())


@lru_cache(maxsize=64)
def commands(family: str) -> frozenset[str]:
    """Return the names of a family of commands."""
    return frozenset(_table("commands")[family].split())


@lru_cache(maxsize=1)
def reference_styles() -> dict[str, str]:
    """Return how each command for cross-references prints."""
    return {name: style for style, names in _table("references").items() for name in names.split()}


@lru_cache(maxsize=1)
def environment_arguments() -> dict[str, str]:
    """Return the arguments that environments take, as for `Expander.skip_arguments`."""
    return {name: arguments for arguments, names in _table("arguments").items() for name in names.split()}


@lru_cache(maxsize=8)
def _table(section: str) -> dict[str, str]:
    table = tomllib.loads(files("ingest.latex").joinpath("families.toml").read_text("utf-8")).get(section)
    if not isinstance(table, dict) or not all(isinstance(names, str) for names in table.values()):
        msg = f'families.toml: [{section}] must hold NAME = "names"'
        raise FaultError(msg, hint="Put the table back; the reader does not work without it.")
    return table
