"""The reader's tables as data: TOML files beside this module that say what names print and which belong together."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from kb.errors import FaultError


@cache
def table_file(name: str) -> dict[str, object]:
    """Return a TOML file of this package, read once."""
    return tomllib.loads(files("ingest.latex").joinpath(f"{name}.toml").read_text("utf-8"))


@cache
def wordlist(name: str, section: str) -> dict[str, str]:
    """Return a section of a table, whose values are all text; FaultError where it is not."""
    table = table_file(name).get(section)
    if not isinstance(table, dict) or not all(isinstance(words, str) for words in table.values()):
        msg = f'{name}.toml: [{section}] must hold NAME = "text"'
        raise FaultError(msg, hint="Put the table back; the reader does not work without it.")
    return table
