"""The rules that are data: the TOML files of this folder and the regular expressions in them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kb.errors import VocabularyError


def rulebook(name: str) -> dict[str, Any]:
    """Read a file of rules; VocabularyError says where it is no TOML."""
    path = Path(__file__).with_name(f"{name}.toml")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        message = f"{path}: {error}"
        raise VocabularyError(message, hint="mend the TOML syntax at that line") from error


def pattern(text: str) -> re.Pattern[str]:
    """Compile a rule, which is written without regard to case; VocabularyError says where it is no regular expression.

    >>> bool(pattern("isolated").search("Isolated leptons"))
    True
    """
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        message = f"'{text}' is no regular expression: {error}"
        raise VocabularyError(message, hint="mend the rule in the TOML files beside this module") from error


def patterns(texts: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    """Compile several rules."""
    return tuple(map(pattern, texts))
