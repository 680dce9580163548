"""Which commands and environments are read alike: displays, floats, lists, citations, references (a table as data)."""

from __future__ import annotations

from functools import lru_cache

from ingest.latex.wordlists import wordlist

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
    return frozenset(wordlist("families", "environments")[family].split())


@lru_cache(maxsize=64)
def commands(family: str) -> frozenset[str]:
    """Return the names of a family of commands."""
    return frozenset(wordlist("families", "commands")[family].split())


@lru_cache(maxsize=1)
def reference_styles() -> dict[str, str]:
    """Return how each command for cross-references prints."""
    return {name: style for style, names in wordlist("families", "references").items() for name in names.split()}


@lru_cache(maxsize=1)
def environment_arguments() -> dict[str, str]:
    """Return the arguments that environments take, as for `Expander.skip_arguments`."""
    return {name: arguments for arguments, names in wordlist("families", "arguments").items() for name in names.split()}
