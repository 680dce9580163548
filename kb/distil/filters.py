"""Read filters against misreconstructed events by their names: `the HBHE noise filter and the bad muon filter`."""

from __future__ import annotations

import re

_NAME = (
    r"(?:(?!(?:and|or|an?|[Tt]he|of|all|by|with|is|are|using|that|which|dedicated|pass\w*"
    r"|rejected|removed|applied|used|required|vetoed|discarded)\b)[\w/-]+ ){1,6}"
)
_FILTER = re.compile(rf"(?:^|[,:;] (?:and )?(?:the )?|\bthe |\band )(?P<name>{_NAME})filters?\b(?: \([^()]*\))?")
_ITEM = re.compile(rf"(?P<name>{_NAME})filters?(?: \([^()]*\)| update)?[.,;]?")
_SORTS = re.compile(
    r"(?:(?:dedicated|recommended|standard|additional|various|several|other|these|same|event|data|quality|cleaning|noise"
    r"|event-cleaning|MET|[Ep]_T\^miss|missing|transverse|momentum|energy) ?)+",
    re.IGNORECASE,
)
_WANTED = re.compile(r"\b(?:appl\w+|us(?:ed|ing|e)|pass\w*|requir\w*|reject\w*|remov\w*|employ\w*)\b")
_OTHERS = re.compile(r"\b(?:generator|kalman|gaussian|GSF|matched|digital|frequency|gen)\b", re.IGNORECASE)


def filters(text: str) -> list[str]:
    """Return the names of the filters that a sentence or the item of a list asks for.

    >>> filters("Events must pass the HBHE noise filter and the bad muon filter.")
    ['HBHE noise filter', 'bad muon filter']
    >>> filters("beam halo filter"), filters("Dedicated noise filters are applied.")
    (['beam halo filter'], [])
    """
    item = _ITEM.fullmatch(text.strip())
    if not item and not _WANTED.search(text):
        return []
    found = [item] if item else list(_FILTER.finditer(text))
    names = (match["name"].strip() for match in found if match)
    told = (name for name in names if not _SORTS.fullmatch(name) and not _OTHERS.search(name))
    return list(dict.fromkeys(f"{name} filter" for name in told))
