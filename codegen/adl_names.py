"""Names as the Analysis Description Language takes them."""

from __future__ import annotations

import re


def plural(kind: str) -> str:
    """Return the name of all objects of a kind."""
    return "vertices" if kind == "vertex" else f"{kind}s"


def adl_name(text: str) -> str:
    """Turn a name into one that ADL takes.

    >>> adl_name("signal region (4μ)"), adl_name("2 jets")
    ('signal_region_4μ', '_2_jets')
    """
    word = re.sub(r"\W+", "_", text).strip("_") or "unnamed"
    return f"_{word}" if word[0].isdigit() else word
