"""Names in emitted code: from a paper's words, and none that means something else there."""

from __future__ import annotations

import re
from collections.abc import Container
from keyword import iskeyword

# Names that mean something else in emitted code: its functions, its modules, its local names.
_RESERVED = """
    ak np hist json sys uproot vector argparse events met alive masks keep steps regions values objects
    candidates firsts seconds rest column columns by_pt merged passes nth leading pairs meetings same_flavour
    opposite_charge same_charge transverse_mass sides flavours_are threshold chosen numbered disjoint
    leaving_another members normalisation pieces require unfired table main select preselection baseline
    missing_momentum all_of spread scattered outside groups total listed flat all_but_one_of
    booked fill contents nothing tally shifted element elements picked marked passing are_sorted spread_in_turn
"""
RESERVED = frozenset(_RESERVED.split())


def identifier(text: str) -> str:
    """Turn a name of the paper into one for code.

    >>> identifier("signal electron"), identifier("2 b-jets")
    ('signal_electron', 'n2_b_jets')
    """
    name = text.casefold()
    for letter, word in (("μ", "mu"), ("ℓ", "l"), ("τ", "tau"), ("γ", "gamma"), ("ν", "nu")):
        name = name.replace(letter, word)
    name = re.sub(r"[^a-z0-9]+", "_", name).strip("_") or "unnamed"
    return f"n{name}" if name[0].isdigit() else name


def free(name: str, *taken: Container[str], suffix: str = "_") -> str:
    """Return a name that nothing else has, by adding `suffix` as often as needed."""
    while iskeyword(name) or any(name in names for names in (RESERVED, *taken)):
        name += suffix
    return name
