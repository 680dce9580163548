"""The function words of physics English, read from `lexicon.toml`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from pydantic import BaseModel, ConfigDict

from kb.distil.rulebook import rulebook


class Lexicon(BaseModel):
    """Words by what they do; see the comments in `lexicon.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    comparators: dict[str, tuple[str, ...]]
    comparator_symbols: dict[str, tuple[str, ...]]
    numbers: dict[str, int]
    ranks: dict[int, tuple[str, ...]]
    masses: dict[float, tuple[str, ...]]
    mass_symbols: dict[str, float]
    named: dict[str, tuple[str, ...]]
    words: dict[str, tuple[str, ...]]
    sets: dict[str, frozenset[str]]
    directions: dict[str, frozenset[str]]


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Return the shipped lexicon."""
    raw = rulebook("lexicon")
    scale, mass = raw.pop("scale"), raw.pop("mass")
    raw["ranks"] = {int(rank): _filled(words, "scale", scale) for rank, words in raw["ranks"].items()}
    raw["masses"] = {
        float(f"{whole}.{part}"): _filled(mass, "particle", names)
        for whole, group in raw["masses"].items()
        for part, names in group.items()
    }
    raw["sets"] = {name: _either_number(words) for name, words in raw["sets"].items()}
    return Lexicon.model_validate(raw)


def _filled(phrases: Iterable[str], slot: str, words: Iterable[str]) -> tuple[str, ...]:
    """Return phrases with every word in their slot.

    >>> _filled(["hardest", "highest <scale>"], "scale", ["p_t", "energy"])
    ('hardest', 'highest p_t', 'highest energy')
    """
    return tuple(dict.fromkeys(phrase.replace(f"<{slot}>", word) for phrase in phrases for word in words))


def _either_number(words: Iterable[str]) -> frozenset[str]:
    return frozenset(form for word in words for form in (word, f"{word}s"))
