"""Commands and style files that print nothing: read over, with the arguments they take along (a table as data)."""

from __future__ import annotations

from functools import lru_cache

from ingest.latex.wordlists import wordlist


@lru_cache(maxsize=1)
def standard_styles() -> frozenset[str]:
    """Return the style and class files that define layout only, and need not be read when an e-print ships them."""
    return frozenset(wordlist("ignored", "styles")["layout_only"].split())


@lru_cache(maxsize=1)
def ignored_commands() -> dict[str, str]:
    """Return the commands that print nothing, with the arguments they take along."""
    return {
        name: specification
        for specification, names in wordlist("ignored", "commands").items()
        for name in names.split()
    }


def is_unknown_word(name: str) -> bool:
    r"""Say whether `\name`, which nothing defines, is likely to print something: then its name says best what."""
    return name.isascii() and name.isalpha() and len(name) > 1 and name not in _layout_commands()


@lru_cache(maxsize=1)
def _layout_commands() -> frozenset[str]:
    """Return the commands that change how a page looks and do not print, whatever follows them."""
    return frozenset(wordlist("ignored", "unprinted")["names"].split())
