"""The function words of physics English, read from `lexicon.toml`."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict


class Lexicon(BaseModel):
    """Words by what they do; see the comments in `lexicon.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    comparators: dict[str, tuple[str, ...]]
    comparator_symbols: dict[str, tuple[str, ...]]
    numbers: dict[str, int]
    ranks: dict[int, tuple[str, ...]]
    masses: dict[float, tuple[str, ...]]
    words: dict[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Return the shipped lexicon."""
    raw = tomllib.loads(Path(__file__).with_name("lexicon.toml").read_text(encoding="utf-8"))
    raw["ranks"] = {int(rank): words for rank, words in raw["ranks"].items()}
    raw["masses"] = {
        float(f"{whole}.{part}"): words for whole, group in raw["masses"].items() for part, words in group.items()
    }
    return Lexicon.model_validate(raw)
