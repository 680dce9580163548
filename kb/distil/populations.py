"""Name events that have no region's name: by what they are (`Dimuon events must …`) or what they are for."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ONE = r"(?:electron|muon|photon|lepton|tau)"
_SYMBOLS = r"(?:(?:[eμτℓ]|τ_\{?h\w*\}?){2,3}|[WZ]\s?\(\s?→?\s?[^()]{1,10}\))"
_LISTED = re.compile(
    rf"(?:^|(?<=^[IF]n )|(?<=^For )|(?<=; )|(?<=; in ))(?:[Cc]andidate |[Ss]elected )?"
    rf"(?P<name>(?:(?:[Ss]ingle-|[Dd]i-?){_ONE}|{_SYMBOLS}|[A-Za-z]+-(?:vertex|track)|[a-zγ]+\s?\+\s?\w+)\s+events)"
    r"(?=\s+(?:contain|have|has|must|come|are\s+(?:required|selected|recorded|collected)|were|also)\b|,)"
)
_ANALYSIS = re.compile(
    r"^(?:In|For) the (?P<name>(?!(?:present|current|main|final|event|signal|statistical|data|same|following|offline"
    r"|baseline|nominal|full|first|second|previous|original)\b)[\w+γℓ→-]+ (?:analysis|search))"
    r"(?=,|\s+(?:we|the|an?|events?|exactly|at least|one|two|three|no)\b)"
)
# "For B^+ → J/ψ K^+ candidates, …"
_DECAYS = re.compile(
    r"^(?:In|For|To select) (?P<name>[A-Z][^\s,]{0,8} → [^,]{1,25}?) (?:candidates|decays|events|mode),"
)
_PROCESS = r"(?:(?:[WZγ]|tt̄?|t|top)(?:\s?\+\s?jets?)?|WW|WZ|ZZ|Drell[–-]Yan|diboson|dijet|multijet)"
_USED = re.compile(
    rf"\b(?:in|from|with|using)\s+(?P<name>(?:(?:{_PROCESS}|{_SYMBOLS})\s+)?events)"
    r"(?=,?\s+(?:with|in\s+which|containing|having|where|that\s+(?:have|contain|fail|pass)|passing|failing|satisfying)\b)"
)
_FOR = re.compile(
    r"\b(?:is|are|was|were)\s+(?:\w+\s+){0,2}?(?:(?P<validation>validat|verif|check|cross-check|test)"
    r"|(?P<measurement>measur)|(?P<control>estimat|normali[sz]|constrain|determin|predict|model))\w*\b[^.;]{0,60}$"
)
_SAMPLE = re.compile(
    r"\b(?:[Ii]n|[Ff]or|of) the (?P<name>[WZ](?:/γ\^?\*?)? → (?:[eμτℓν][+−-]?){2} (?:sample|region|channel|events))\b|"
    r"\b(?:[Ii]n|[Ff]or|of) the (?P<other>[WZ] → [eμτℓ]\^?[+-]\s?[eμτℓ]\^?[+-] (?:sample|region|channel|events))\b"
)
_SOMEWHERE = re.compile(
    r"\b(?:measured|estimated|derived|determined|obtained|validated|checked|tested|extracted)\s+(?:in|from|with|using)\s+(?:an?|the)\s+"
    r"(?P<name>(?:(?!(?:data|simulated|generated|independent|dedicated|separate|same|large|small|control|signal)\b)[\w+/→–-]+\s+){1,2}"
    r"(?:sample|region))\b(?!\s+(?:of|with|in\s+which|where|enriched))"
)
_OF_BACKGROUND = re.compile(rf"\b(?P<what>{_PROCESS})\s+(?:background|contribution|process|normali[sz]ation|events)")
_TAKEN = re.compile(
    rf"^(?:[Tt]he\s+)?(?P<name>(?:[Cc]ontrol|{_PROCESS}|[\w-]+)\s+(?:control\s+)?samples?)(?=(?:\s*\([^()]*\))?\s+(?:is|are|was|were)\s+"
    r"(?:collected|recorded|taken|selected)\s+(?:with|by|using|from)\b)"
)


def populations(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the names of events that a sentence selects, with where they stand.

    >>> [name for name, _, _ in populations("Dimuon events must have two muons with p_T > 20 GeV")]
    ['dimuon events']
    >>> [name for name, _, _ in populations("The Z+jets background is checked in events with two muons")]
    ['Z+jets validation sample']
    """
    for match in (*_LISTED.finditer(text), *_TAKEN.finditer(text)):
        name = " ".join(match["name"].split())
        plain = name[1:2].islower()
        yield (
            (name[0].lower() if plain else name[0])
            + name[1:].removesuffix("samples")
            + ("sample" if name.endswith("samples") else ""),
            match.start(),
            match.end(),
        )
    for match in (*_ANALYSIS.finditer(text), *_DECAYS.finditer(text), *_SOMEWHERE.finditer(text)):
        yield " ".join(match["name"].split()), match.start("name"), match.end("name")
    for match in _SAMPLE.finditer(text):
        name = match["name"] or match["other"]
        yield " ".join(name.split()), match.end() - len(name), match.end()
    for match in _USED.finditer(text):
        purpose = _FOR.search(text[: match.start()])
        if purpose is None:
            continue
        own = match["name"].removesuffix("events").strip()
        about = _OF_BACKGROUND.search(text[: match.start()])
        of = own or (about["what"] if about else "")
        yield f"{of} {purpose.lastgroup} sample".strip(), match.start("name"), match.end()
