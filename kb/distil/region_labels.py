"""Read the labels of regions: those in brackets, `a pair of muons (2muCR)`, and those an item opens with, `SR2: …`."""

from __future__ import annotations

import re

from kb.distil.region_names import KINDS, names


def brackets(text: str) -> list[tuple[int, str]]:
    """Return labels in brackets that name what stands before them: `a pair of muons (2muCR)`, with their positions."""
    return [(n.start, n.name) for n in names(text) if n.bracketed and re.match(r"\s*\)", text[n.end :])]


def label_of(text: str, *, of_regions: bool = False) -> str | None:
    """Read the label an item opens with: `R1 (CR): …`, `SR2: …`; any label in a list `of_regions`, as `VBF: …`."""
    match = re.match(
        r"[\s•–*-]*(?!Table|Fig|Sec|Ref|Eq)(?P<l>[A-Za-z][\wγνℓμτ+.-]{0,18}(?:\s\d{1,2}[a-z]?)?)\s*(?P<kind>\([SCV]Rs?\))?"
        r"(?:\s*:|,\s+(?=(?:an?|the|in which|for which|where|with|which|requiring|selecting|defined)\s))",
        text,
    )
    if not match:
        return None
    label = match.group("l")
    return label if match.group("kind") or of_regions or re.fullmatch(KINDS, label) else None
