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
    found = [*_PURPOSE.finditer(text), *(match for rule in _OUTCOMES for match in rule.finditer(text))]
    for match in sorted(found, key=lambda m: m.start()):
        whole = match.group().rstrip()
        said = whole.lstrip(";:, ")
        if len(said) >= _LEAST:
            yield match.start() + len(whole) - len(said), match.start() + len(whole)


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
    if not spans:
        return found
    places = [c.at for c in found if c.at]
    return [c.with_(rationale=_nearest(c.at, spans, places)) for c in found]


def _nearest(place: int, spans: list[Span], places: list[int]) -> Span | None:
    """Return the reason behind a bound, before any other one's, or the one in front that is no other bound's."""
    if not place:
        return spans[0]
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
