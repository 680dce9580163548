"""The terms that BM25 counts: numbers and symbols whole, and symbols also by their names.

`p_T > 2.5 GeV` is the terms `p_t`, `2.5` and `gev`, and, because `p_T` is a symbol of the vocabulary, `transverse
momentum`. So a question in words finds a sentence in symbols, and the other way round.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from kb.vocabulary import Term, vocabulary

if TYPE_CHECKING:
    from qdrant_edge import Bm25, SparseVector

_AVERAGE = 120  # terms of a passage, which BM25 normalises lengths by
_TERM = re.compile(
    r"\d+(?:\.\d+)?"  # 2.47
    r"|[^\W\d_]+(?:[_^][^\W_]+)+"  # E_T^miss, d_0
    r"|[^\W_]+(?:[-/][^\W_]+)*"  # b-tagged, J/ψ, μ, 4ℓ
)
_WORDS = re.compile(r"[a-z]{3,}(?:[ -][a-z]+)*")


def terms(text: str) -> list[str]:
    """Return the terms of a text, in order, symbols followed by their names.

    >>> terms("|d_0| < 1.5 mm for b-tagged jets")
    ['d_0', 'transverse', 'impact', 'parameter', '1.5', 'mm', 'for', 'b-tagged', 'b', 'tagged', 'jets']
    """
    names = _names()
    found = []
    for match in _TERM.finditer(text):
        term = match.group().casefold()
        found.append(term)
        if term in names:
            found.extend(names[term])
        elif "-" in term or "/" in term:
            found.extend(re.split(r"[-/]", term))
    return found


def weigh(text: str, *, question: bool = False) -> SparseVector:
    """Return the BM25 weights of a text's terms, without the inverse document frequency, which the engine adds."""
    words = " ".join(terms(text))
    return _bm25().embed_query(words) if question else _bm25().embed_document(words)


@lru_cache(maxsize=1)
def _bm25() -> Bm25:
    from qdrant_edge import Bm25, Bm25Config, TokenizerType

    return Bm25(Bm25Config(language="english", tokenizer=TokenizerType.Whitespace, avg_len=_AVERAGE))


@lru_cache(maxsize=1)
def _names() -> dict[str, tuple[str, ...]]:
    """Return, by symbol, the words it is called in the vocabulary."""
    names: dict[str, tuple[str, ...]] = {}
    for entry in [*vocabulary().objects.values(), *vocabulary().variables.values()]:
        for alias in (entry.symbol, *entry.aliases):
            symbols = _TERM.findall(alias)
            # Single Latin letters and plain words say too little to stand for a name.
            if len(symbols) == 1 and (re.search(r"[_^]", alias) or not alias.isascii()):
                names.setdefault(symbols[0].casefold(), tuple(_called(entry).split()))
    return names


def _called(entry: Term) -> str:
    worded = [alias for alias in entry.aliases if _WORDS.fullmatch(alias)]
    described = _WORDS.findall(entry.description.casefold())
    if not worded:
        return " ".join(described)
    # The fullest of the names that say what it is, without other words: "transverse impact parameter" rather than
    # "impact parameter" or "transverse distance of closest approach".
    plain = {word for words in described for word in words.split()}
    return max(worded, key=lambda alias: (len(plain & {*alias.casefold().split()}), -len(alias.split())))
