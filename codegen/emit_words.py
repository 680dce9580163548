"""What emitted code says in words: where a cut is stated, and which system is taken."""

from __future__ import annotations

import textwrap

from codegen.emit_source import printable
from codegen.plan_model import PairChoice
from kb.ssc import Cut

_QUOTE = 220
"""Longest quote in a comment, in characters."""


def quotation(cut: Cut) -> str:
    """Return where a cut is stated, and its sentence, shortened."""
    stated = cut.evidence[0]
    # A table's cell says little without the headers of its row and column.
    told = dict.fromkeys(e.quote for e in cut.evidence if e.kind == "table") or [stated.quote]
    words = printable(" | ".join(told))
    return f"{stated.arxiv_id}: “{textwrap.shorten(words, _QUOTE, placeholder=' …')}”"


def preference(choice: PairChoice, what_of: str = "pair") -> str:
    """Say which pair, or group, is taken."""
    kind = " ".join(relation.replace("_", "-") for relation in choice.related)
    pair = f"the {kind} {what_of}".replace("  ", " ")
    what = {"mass": "mass", "pt": "pT", "delta_r": "ΔR"}.get(choice.variable, choice.variable)
    if choice.mode == "closest":
        return f"{pair} with the {what} closest to {choice.target:g}"
    if choice.mode is not None:
        return f"{pair} with the {choice.mode} {what}"
    return f"{pair} of the highest pT"


def spaced(name: str) -> str:
    """Return a name in code as words."""
    return name.replace("_", " ")
