r"""Characters for control sequences: `\alpha` is α, `\geq` is ≥, `\'e` is é.

pylatexenc's table serves; `symbols.toml` changes and completes it.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from ingest.latex.wordlists import wordlist


@lru_cache(maxsize=4096)
def symbol(name: str) -> str | None:
    """Return the character or word that a control sequence prints, or None if it is none of that kind."""
    found = wordlist("symbols", "symbols").get(name)
    if found is not None:
        return found
    specification = _pylatexenc_symbols().get(name)
    return unicodedata.normalize("NFC", specification) if specification else None


def accented(name: str, base: str) -> str | None:
    """Return `base` with the accent `name` on its first letter, or None if `name` is no accent."""
    mark = wordlist("symbols", "accents").get(name)
    if mark is None:
        return None
    letter = {"ı": "i", "ȷ": "j"}.get(base[:1], base[:1])
    return unicodedata.normalize("NFC", letter + mark) + base[1:] if letter.strip() else base


def math_accent(name: str) -> str | None:
    """Return the combining character of a mathematical accent, empty if it is not written, or None."""
    return wordlist("symbols", "math_accents").get(name)


@lru_cache(maxsize=1)
def functions() -> frozenset[str]:
    """Return the names of functions, `sin` and its like."""
    return frozenset(wordlist("symbols", "functions")["names"].split())


@lru_cache(maxsize=1)
def _pylatexenc_symbols() -> dict[str, str]:
    from pylatexenc.latex2text import get_default_latex_context_db

    table: dict[str, str] = {}
    for specification in get_default_latex_context_db().iter_macro_specs():
        text = specification.simplify_repl
        if isinstance(text, str) and text and "%" not in text:
            table.setdefault(specification.macroname, text)
    return table
