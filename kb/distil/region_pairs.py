"""Read two regions of which one is in brackets: `In the eτ_h (μτ_h) channel the electron (muon) must have …`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kb.distil.candidates import Candidate
from kb.distil.particles import FLAVOURS
from kb.distil.reading import Reading

_ONE = r"[\w+ℓγ^{}=≥-]*[A-Za-zℓμτγ][\w+ℓγ^{}-]*"
_PAIR = re.compile(
    rf"(?<![\w(])(?P<one>{_ONE}) \((?P<other>{_ONE})\) (?:(?P<kind>signal|control|validation) )?"
    r"(?P<noun>channel|category|region|sample|final state|topology|selection)(?:s|ies)?\b"
    r"|(?<![\w(])(?P<sign>SF|DF|OF|OS|SS|[eμℓ]{2}) \((?P<against>SF|DF|OF|OS|SS|[eμℓ]{2})\) (?P<events>events)\b"
)
_NO_NAME = re.compile(
    r"(?i:leading|sub-?leading|barrel|endcaps?|forward|central|signal|control|validation|the|first|second)"
)
_OPENS = re.compile(r"^(?:(?:in|for|events\s+(?:in|of|entering)|to\s+enter)\s+)?(?:the\s+)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two regions of which the second is in brackets, in the stretch `[start, end)` of a sentence."""

    one: str
    other: str
    start: int
    end: int
    opens: bool
    """Whether all that the sentence requires is of them."""


def paired(text: str) -> Pair | None:
    """Return the two regions that a sentence names so, if it does once.

    >>> paired("In the boosted (resolved) category, H_T > 300 (200) GeV is required.")
    Pair(one='boosted category', other='resolved category', start=7, end=34, opens=True)
    """
    found = [m for m in _PAIR.finditer(text) if not any(_NO_NAME.fullmatch(m[n] or "") for n in ("one", "other"))]
    if len(found) != 1:
        return None
    match = found[0]
    noun = match["events"] or " ".join(filter(None, (match["kind"], match["noun"])))
    one, other = (f"{name} {noun}" for name in (match["one"] or match["sign"], match["other"] or match["against"]))
    return Pair(one, other, match.start(), match.end(), _OPENS.match(text[: match.start()]) is not None)


def each_its_own(found: list[Candidate], reading: Reading) -> list[Candidate]:
    """Give what is required of `the electron (muon)` in two regions to the first (second) of them.

    The regions' names count nothing, and are no condition: `in the 1-lepton (2-lepton) channel`.
    """
    pair = paired(reading.text)
    if pair is None:
        return found
    start = reading.start
    named = re.compile(
        rf"(?:in|for) (?:the )?{re.escape(pair.one.split()[0])} \( ?{re.escape(pair.other.split()[0])} ?\)"
    )
    found = [
        c.with_(when=None) if c.when and named.match(c.when.text) else c
        for c in found
        if not (c.variable.id == "count" and pair.start < c.at - start <= pair.end)
    ]
    if not pair.opens:
        return found
    own = dict(_owned(reading, pair))
    both = (pair.one, pair.other)
    return [c.with_(regions=(own[c.object],)) if c.regions == both and c.object in own else c for c in found]


def _owned(reading: Reading, pair: Pair) -> Iterator[tuple[str, str]]:
    """Yield the objects of which only one of the regions has a requirement, each with that region."""
    start = reading.start
    for one in (pair.one, pair.other):
        if (name := one.split()[0]) in FLAVOURS:
            yield name, one
    for alternation in reading.alternations:
        outer, inner = reading.tokens[alternation.outer], reading.tokens[alternation.inner]
        if alternation.kind == "o" and not pair.start <= outer.start - start < pair.end:
            yield outer.value.object, pair.one
            yield inner.value.object, pair.other
