"""Read several thresholds in one cell of a table: `> 25, 20, –` under `p_T(ℓ_1, ℓ_2, ℓ_3)`."""

from __future__ import annotations

import re

from kb.distil.entities import shape
from kb.distil.particles import PHYSICAL, named

_OF_EACH = re.compile(r"(?P<symbol>[pE]_?\{?T\}?)\s?(?:\((?P<args>[^()]+,[^()]+)\)|\^?\{(?P<up>[^{}]+,[^{}]+)\})")
_SPLIT = re.compile(r"\s*[,/;]\s*")
_NUMBER = re.compile(r"(?P<sign>[<>≤≥]=?)?\s*(?P<value>\d[\d.]*|[-–—−.…]+)")


def thresholds(head: str, cell: str) -> list[tuple[str, str]]:
    """Return the variable and the bound of each threshold of a cell; empty where there is only one.

    >>> thresholds("p_T(ℓ_1, ℓ_2, ℓ_3)", "> 25, 20, –")
    [('p_T(ℓ_1)', '> 25'), ('p_T(ℓ_2)', '> 20')]
    >>> thresholds("p_T(j_1), p_T(j_2)", "> 100, > 60")
    [('p_T(j_1)', '> 100'), ('p_T(j_2)', '> 60')]
    """
    said = [_NUMBER.fullmatch(piece) for piece in _SPLIT.split(cell.strip().replace("(", "").replace(")", ""))]
    variables = _variables(head)
    if len(said) < 2 or len(said) != len(variables):
        return []
    found: list[tuple[str, str]] = []
    sign = ""
    for variable, match in zip(variables, said, strict=True):
        if match is None:
            return []
        sign = match["sign"] or sign
        if match["value"][0].isdigit():
            found.append((variable, f"{sign} {match['value']}".strip()))
    return found


def _variables(head: str) -> list[str]:
    """Return the variables that a header lists: of each of several ranked objects, or one after the other."""
    each = _OF_EACH.fullmatch(head.strip())
    if each:
        of = [(piece, named(piece)) for piece in _SPLIT.split(each["args"] or each["up"])]
        if all(one is not None and one.object in PHYSICAL and one.rank is not None for _, one in of):
            return [f"{each['symbol']}({piece})" for piece, _ in of]
    pieces = re.split(r"\s*[,/;]\s*(?![^({]*[)}])", head.strip())
    return pieces if all(shape(piece).strip("tr") == "v" for piece in pieces) else []
