"""Collect the names that a paper gives its regions where it defines them: heads of tables, `the region tN_med`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.distil.entities import shape
from kb.distil.grid import Grid
from kb.document import Document, Table

_LISTS_REGIONS = re.compile(r"\b(?:regions?|categor(?:y|ies)|selections?|SRs?|CRs?|VRs?)\b")
_REPORTS = re.compile(
    r"\b(?:yields?|observed|expected|samples?|uncertaint\w+|generators?|limits?|efficienc\w+)\b", re.I
)
# one word that no one would take for a word: with a capital inside, a digit, or parts joined by a line
_CODE = re.compile(r"(?=[A-Za-z])(?=\S*(?:[a-z0-9ℓ][A-Z]|\d|_|[A-Z]{2}|[A-Za-z]-[A-Za-z]))[\w+ℓγτμ./-]{2,18}")
_CALLED = re.compile(
    r"\b(?:[Rr]egions?|[Cc]ategor(?:y|ies)) (?P<name>[A-Za-z][\w+-]*)"
    r"|\b(?:In|in|For|for) (?P<bare>[A-Za-z]\w{0,7}_[a-z]{3,}\w*)(?=,| (?:and|or|the|an?|at)\b)"
)
# "the signal bins, VBF-1 and VBF-2, …", "the categories being called ‘0-jet’, ‘1-jet’ and ‘VBF’"
_QUOTED = r"[‘'“\"`]{0,2}[A-Za-z0-9][\w+ℓγτμ-]{1,17}[’'”\"]{0,2}"
_LISTED = re.compile(
    r"\b(?:regions?|(?:sub)?categor(?:y|ies)|bins|selections|samples)"
    r"(?:,|:|\s*\(|,?\s+(?:are\s+|is\s+|being\s+)?(?:called|denoted|labell?ed|named|dubbed|namely|referred\s+to\s+as)(?:\s+as|\s+by)?)"
    rf"\s*(?P<names>{_QUOTED}(?:(?:,\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+){_QUOTED})*)(?=[\s,.;)(]|$)"
)
# "three regions are defined: DV-low with d < 0.4 mm, and DV-high, in which …"
_TOLD = re.compile(r"\b(?:regions|categories|bins)\b[^.:;]{0,70}:\s(?P<list>[^.;]{0,300})")
_TELLS = re.compile(
    r"(?:^|,\s(?:and\s)?|\sand\s)(?P<name>[\w+-]{2,18})(?=\s(?:with|requires|has)\b|,\s(?:in\swhich|where|with)\b)"
)
# "an event is categorized as “HighPt” if …"
_QUOTED_NAME = re.compile(
    r"\b(?:[Ee]vents?|[Ii]t|[Tt]hey|[Oo]nes?)\b[^.;]{0,40}\b(?:categori[sz]ed|classified|labell?ed|sorted)\s+(?:as|in|into)\s+(?:the\s+)?"
    r"[“‘\"](?P<name>[^\s”’\"]{2,20})[”’\"]"
)
_COUNTED = re.compile(r"\d-?(?:[A-Z]\w{0,3}|jets?|tags?|leptons?|[a-z])")


def own_names(document: Document) -> tuple[str, ...]:
    """Return the names of regions that only this paper's own words tell to be such, longest first."""
    found = {name for table in document.tables for name in _headed(document, table)}
    called = (m["name"] or m["bare"] for m in _CALLED.finditer(document.text))
    found |= {name for name in called if _is_code(name)}
    for match in _LISTED.finditer(document.text):
        for name in re.split(r",\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+", match["names"]):
            bare = name.strip("‘'“\"`’”")
            if _is_code(bare) or (bare != name and _COUNTED.fullmatch(bare)):
                found.add(bare)
    lists = (match["list"] for match in _TOLD.finditer(document.text))
    found |= {m["name"] for told in lists for m in _TELLS.finditer(told) if _is_code(m["name"])}
    found |= {match["name"] for match in _QUOTED_NAME.finditer(document.text)}
    return tuple(sorted(found, key=lambda name: (-len(name), name)))


def _headed(document: Document, table: Table) -> Iterator[str]:
    caption = document.text[table.caption.start : table.caption.end] if table.caption else ""
    first = re.split(r"(?<=[.])\s", caption, maxsplit=1)[0]
    if not _LISTS_REGIONS.search(caption) or _REPORTS.search(first):
        return
    grid = Grid(document, table)
    if not any(">" in item.text or "<" in item.text or "≥" in item.text for item in grid.items):
        return
    if any(grid.counts_events(row, side) for row, side in grid.body_rows()):
        return  # of samples
    heads = [i.bare for i in grid.items if i.cell.row in grid.heads and i.cell.column > 0]
    sides = [side.bare for _, side in grid.body_rows()] if grid.is_transposed() else []
    yield from (name for name in (*heads, *sides) if _is_code(name))


def _is_code(name: str) -> bool:
    if re.fullmatch(r"[A-Za-z]_\w{1,3}|ISR|FSR|S?[SCV]Rs?", name):
        return False  # a quantity, radiation, regions of a kind
    numbered = re.sub(r"(?<=[A-Za-z])-\d+$", "", name)  # "VBF-1"
    return _CODE.fullmatch(name) is not None and not re.search("[voncu]", shape(numbered))
