"""Read which part of the detector a column of a table is for: `Barrel`, `EE`, `|η| < 1.479`."""

from __future__ import annotations

import re

from kb.distil.candidates import operator_of
from kb.distil.telegrams import reading_of
from kb.ssc import Clause, Condition, Subject, Variable

_PART = re.compile(r"(?:barrel|end-?caps?|forward|central|EB|EE)(?:\s+\w+)?", re.IGNORECASE)
_ETA = re.compile(r"(?:\d[\d.]*\s*[<≤]=?\s*)?\|η[\w{}]*\|\s*[<>≤≥]=?\s*\d[\d.]*")


def is_part(text: str) -> bool:
    """Say whether a head is a part of the detector and no region.

    >>> is_part("Endcap"), is_part("1.479 < |η| < 2.5"), is_part("SR1"), is_part("|η| < 2.4, p_T > 20 GeV")
    (True, True, False, False)
    """
    return bool(_PART.fullmatch(text) or _ETA.fullmatch(text))


def of_part(text: str, object_id: str) -> Condition:
    """Return the condition that an object is in a part of the detector.

    >>> [(c.subject.object, c.operator, c.value) for c in of_part("|η| < 1.479", "electron").clauses]
    [('electron', '<', 1.479)]
    >>> of_part("Endcap", "electron").clauses
    ()
    """
    reading = reading_of(text) if _ETA.fullmatch(text) else None
    return Condition(
        text=text,
        clauses=tuple(
            Clause(
                subject=Subject(object=object_id),
                variable=Variable(id="abs_eta"),
                operator=operator_of(quantity.operator),
                value=quantity.amounts[0].bounds(),
                closed=quantity.closed,
            )
            for quantity in (reading.quantities if reading else ())
        ),
    )
