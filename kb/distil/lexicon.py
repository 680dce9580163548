"""The function words of physics English, read from `lexicon.toml`."""

from __future__ import annotations

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
    raw["ranks"] = {int(rank): words for rank, words in raw["ranks"].items()}
    raw["masses"] = {
        float(f"{whole}.{part}"): words for whole, group in raw["masses"].items() for part, words in group.items()
    }
    return Lexicon.model_validate(raw)
