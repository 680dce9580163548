"""Read rows that give a property in words: `Identification | Medium`, `Trigger | dilepton`, `Charge | opposite`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.distil.candidates import Candidate, Setting
from kb.distil.particles import PHYSICAL, twice
from kb.distil.telegrams import made, objects

_TRIGGER = re.compile(r"(?:event )?triggers?", re.IGNORECASE)
_PASSES = re.compile(r"(?:pass|any|all)\b", re.IGNORECASE)
_FLAG = re.compile(
    r"(?:(?P<o>[\w τℓμ-]{1,20}?)\s+)?(?:(?P<id>identification|ID|quality)|(?P<isolation>isolation))"
    r"(?:\s+(?:working point|WP|level|criteri\w+|requirement))?",
    re.IGNORECASE,
)
_WORKING_POINT = re.compile(r"(?:[A-Za-z][\w+-]*)(?:\s+[A-Za-z][\w+-]*){0,2}")
_CHARGES = re.compile(
    r"(?:(?:product|sum) of (?:the )?)?(?:lepton )?charges?(?: product)?(?:,?\s*\(?q_?\S+\s?q_?\S+\)?)?", re.IGNORECASE
)
_SIGNED = re.compile(r"=?\s*(?:(?P<minus>[−–-])|\+)?\s*1")
_OPPOSITE = re.compile(r"opposite|unlike|same|like|OS|SS", re.IGNORECASE)


def properties(head: str, cell: str, about: str | None, setting: Setting) -> Iterator[Candidate]:
    """Read a property that its row names in a word; `about` is the object of the row's part of the table.

    >>> setting = Setting()
    >>> [(c.object, c.variable.id, c.value) for c in properties("Muon identification", "Medium", None, setting)]
    [('muon', 'id', 'medium')]
    >>> [(c.object, c.variable.id, c.value) for c in properties("Charge product q_1 q_2", "−1", None, setting)]
    [('lepton_pair', 'charge_product', -1.0)]
    """
    if _TRIGGER.fullmatch(head) and re.search(r"[A-Za-z]{4}", cell) and not _PASSES.match(cell):
        name = cell.strip().removesuffix("s").removesuffix(" trigger")
        yield made("event", "trigger", "is", name, setting).with_(scope="trigger")
    flag = _FLAG.fullmatch(head)
    if flag and _WORKING_POINT.fullmatch(cell.strip()):
        owner = next(iter(objects(flag["o"])), None) if flag["o"] else about
        if owner in PHYSICAL:
            kind, value = "id" if flag["id"] else "isolation", cell.strip()
            value = value.lower() if value.lower() in {"loose", "medium", "tight"} else value
            yield made(owner, kind, "is", value, setting).with_(scope="object")
    if _CHARGES.fullmatch(head):
        pair = twice(about if about in {"electron", "muon"} else "lepton")
        signed, told = _SIGNED.fullmatch(cell.strip()), _OPPOSITE.fullmatch(cell.strip())
        if signed and re.search("product|q", head):
            yield made(pair, "charge_product", "==", -1.0 if signed["minus"] else 1.0, setting)
        elif told:
            apart = told.group().lower() in {"opposite", "unlike", "os"}
            yield made(pair, "charge_product", "==", -1.0 if apart else 1.0, setting)
