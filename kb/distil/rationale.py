"""Read why something is required: `to suppress tt̄ …`, `This requirement mainly rejects …`."""

from __future__ import annotations

from collections.abc import Iterator

from kb.distil.candidates import Candidate
from kb.distil.reading import Reading
from kb.distil.rulebook import pattern, patterns, rulebook

_DATA = rulebook("rationale")
_PURPOSE = pattern("(?:" + "|".join(_DATA["purposes"]).replace("<aims>", "|".join(_DATA["aims"])) + r")[^,;:.()]*")
_OUTCOMES = patterns(_DATA["outcomes"])
_EXPLAINS = patterns(_DATA["explains"])
_LEAST = 12

Span = tuple[int, int]


def purposes(text: str) -> Iterator[Span]:
    """Yield the parts of a sentence that say why.

    >>> text = "To suppress tt background, events with a second lepton are rejected."
    >>> [text[start:end] for start, end in purposes(text)]
    ['To suppress tt background']
    """
    for match in _PURPOSE.finditer(text):
        start, end = match.start(), match.start() + len(match.group().rstrip())
        if end - start >= _LEAST:
            yield start, end


def outcomes(text: str) -> Iterator[Span]:
    """Yield the parts of a sentence that say what the requirement behind them does.

    >>> text = "The W+jets background is reduced by requiring m_T > 120 GeV."
    >>> [text[start:end] for start, end in outcomes(text)]
    ['The W+jets background is reduced']
    """
    for match in (match for rule in _OUTCOMES for match in rule.finditer(text)):
        joined = len("and ") if match.group().startswith("and ") else 0
        if match.end() - match.start() - joined >= _LEAST:
            yield match.start() + joined, match.end()


def without_purposes(text: str) -> str:
    """Return a sentence without the parts that say why.

    >>> without_purposes("Muons must have p_T > 25 GeV to be efficient in the trigger.")
    'Muons must have p_T > 25 GeV .'
    """
    for start, end in reversed(list(purposes(text))):
        text = text[:start] + text[end:]
    return text


def explained(found: list[Candidate], text: str, start: int) -> list[Candidate]:
    """Give a sentence's candidates the reason that stands nearest behind them, else before; it begins at `start`."""
    spans = [(start + a, start + b) for a, b in purposes(text)]
    effects = [(start + a, start + b) for a, b in outcomes(text)]
    if not spans and not effects:
        return found
    places = [c.at for c in found if c.at]
    out = []
    for one in found:
        effect = next((span for span in reversed(effects) if span[1] <= one.at), None)
        out.append(one.with_(rationale=effect or _nearest(one.at, spans, places)))
    return out


def _nearest(place: int, spans: list[Span], places: list[int]) -> Span | None:
    """Return the reason behind a bound, before any other one's, or the one in front that is no other bound's."""
    if not place:
        return spans[0] if spans else None
    behind = next((span for span in spans if span[0] >= place), None)
    if behind is not None:
        return behind
    return next((span for span in reversed(spans) if not any(other < span[0] for other in places)), None)


def explains(text: str) -> bool:
    """Say whether a sentence gives the reason for what the sentence before required.

    >>> explains("This requirement mainly rejects the γ+jets background events.")
    True
    """
    return any(rule.search(text) for rule in _EXPLAINS)


def is_meant(candidate: Candidate, reading: Reading) -> bool:
    """Say whether a reason may be that of a candidate: `the m_T requirement` is not one on other variables."""
    named = {t.value.variable for t in reading.tokens if t.kind == "v"}
    return not named or candidate.variable.id in named or not reading.text.lower().startswith("the ")
