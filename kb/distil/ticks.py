"""Read rows that are only ticked: `Global muon | yes`, `Conversion-safe electron veto | ✓`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.distil.candidates import Candidate, Setting
from kb.distil.particles import PHYSICAL
from kb.distil.telegrams import made
from kb.ssc import Variable

_VETO = re.compile(
    r"(?:pass(?:es)? )?(?:the )?"
    r"(?P<v>(?:(?:photon )?conversion(?:[- ]safe)?(?: electron)?|pixel[- ]seed|electron|cosmic) veto)",
    re.IGNORECASE,
)


def ticks(head: str, about: str, setting: Setting) -> Iterator[Candidate]:
    """Yield what a ticked row asks of the object that its table is about.

    >>> [(c.object, c.variable.id, c.value) for c in ticks("Conversion safe electron veto", "photon", Setting())]
    [('photon', 'other', 'Conversion safe electron veto')]
    """
    veto = _VETO.fullmatch(head.strip())
    if veto and about in PHYSICAL:
        variable = Variable(id="other", name=veto["v"].lower())
        yield made(about, "other", "is", veto["v"], setting).with_(variable=variable, scope="object")
