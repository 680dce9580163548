"""Share a sentence out among the regions it names: `> 1400 GeV in SR-A and > 2000 GeV in SR-B`, `…, while SR-C …`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from kb.distil.region_names import Name, names

_BREAK = re.compile(r";|[,:]\s+(?:while|whereas|but|and)\b|\b(?:while|whereas)\b")
_OPENS = re.compile(
    r"(?:^|[;:]|,|\b(?:while|whereas|and|but)|(?-i:(?<=[a-z)])\s(?=(?:In|For)\s)))\s*"
    r"(?:(?:instead|similarly|finally|in addition|moreover|conversely),?\s+)?"
    r"(?P<in>(?:in|for|within|events\s+(?:in|entering|of)|those\s+(?:in|entering|of)"
    r"|the\s+(?:selections?|requirements?|definitions?|criteria)\s+(?:for|of|in))\s+)?"
    r"(?:(?:the|a|an|each|both|all|region|regions|category|categories)\s+)*$",
    re.IGNORECASE,
)
_VERBS = (
    r"(?:requir\w+|characteri[sz]ed|identical|the\s+same|belongs?|demand\w*|vetoe?s|rejects?|defined|selects?|contains?"
    r"|must|has\s+to|have\s+to|consists?|includes?|comprises?|differs|inverts?|revers\w+|relax\w*|tightens?|accepts?"
    r"|satisf(?:y|ies)|fulfils?|imposes?|adds?|applies|keeps?|collects?|retains?|has|have|uses?|shares?|asks?\s+for)"
)
_ASKS = re.compile(
    r"(?:\s*\([^()]*\))?\s+(?:(?:signal|control|validation)?\s*(?:regions?|categor(?:y|ies)|channels?|selections?)\s+)?"
    r"(?:(?:is|are|has|have|targets?|aims?|uses?|also|in\s+addition|instead|further|additionally)\b[^,;]{0,60}?\b)?"
    rf"(?:{_VERBS}|by|with)\b"
    r"|\s+(?:[\d.]+\s*[<≤]|\S+\s*[<>≥≤]|(?:exactly|at\s+least|at\s+most|no|one|two|three|four|five|six)\b)"
    r"|(?:\s*\([^()]*\))?\s+an?\s+(?:[\w-]+\s+){1,3}(?:below|above|between|of|smaller|larger|less|greater|exceeding)\b"
)
_BOUND = re.compile(
    r"(?:(?:\d|\b(?:GeV|TeV|MeV|zero|one|two|three|four|five|six|mm|cm|rad))(?:\^1/2)?[)\]]?"
    r"|\b(?:required|rejected|vetoed|removed|applied|used|imposed|demanded|allowed|asked for|selected"
    r"|discarded|inverted|reversed|reinstated|relaxed|tightened|loosened|raised|lowered)"
    r"|\b(?:tag|jet|lepton|electron|muon|photon|event|track|mass|pair)s?)\s*,?\s+(?:respectively,\s+)?(?:in|for)\s+(?:the\s+|region\s+|category\s+|corresponding\s+)*$"
)
_WITH = re.compile(
    rf"(?:\s*\([^()]*\))?(?:\s+(?:is|are)\s+(?:used|introduced|employed|formed))?"
    rf"(?:\s+(?:that\s+is\s+|which\s+is\s+)?(?:enriched|dominated|rich)\s+(?:in|by|with)\s+[^,;.]{{1,40}}?)?,?\s+(?:with|requiring|containing|selecting|passing|failing"
    rf"|(?:that|which)\s+(?:(?:is|are|also)\s+)?{_VERBS}|in\s+which|for\s+which|where|made\s+of|consisting\s+of"
    r"|of\s+events\s+with)\b"
    r"|,\s+(?:defined|identical|identically|obtained|selected|constructed|formed|built|similar|analogous|equal)\b"
    r"|\s*:\s"
)
_APPOSED = re.compile(r",?\s+(?:[\d.]+\s*[<≤]|\[)")  # "the sideband 60 < E_T^miss < 90 GeV"
_TOLD = re.compile(
    r"(?:\s*\([^()]*\))?(?:,\s+(?!with|requiring|containing|selecting)|\s*:|,?\s+(?:which|that|where|in\s+which|for\s+which)\b)"
)
_NO_WITH = re.compile(
    r"\b(?:as|than|like|same|from|to|of|between|passing|satisfying|fulfilling|(?-i:\w*(?:SR|CR|VR)[\w-]*)\s+(?:is|are))\s+(?:in\s+)?(?:the\s+|that\s+|those\s+)?$"
)
_INTO = re.compile(
    r"\b(?:enters?|belongs?\s+to|populates?|constitutes?|(?:is|are)\s+(?:\w+\s+)?(?:assigned|allocated|sorted|placed|classified|put"
    r"|categori[sz]ed)\s+(?:to|in|into|as)|falls?\s+(?:in|into)|makes?\s+up|forms?)\s+"
    r"(?:(?:the|a|an|one of the|region)\s+)*[“‘\"']?$"
)
_AND_TO = re.compile(
    r"\b(?:and|or)\s+(?:to|into|in)\s+(?:the|a|an)\s+$"
)  # "… to the A region if … and to the B region if …"
# "…, those with 100 < E_T^miss < 250 GeV the low-E_T^miss region"
_REST = re.compile(
    r"\b(?:those|(?:the\s+)?others?|the\s+rest)\b(?:,?\s+with\b)[^;]{3,80}\s(?:the|a)\s+$"
    r"|\bevents\s+with\b[^;]{3,80}\s(?:in)?to\s+(?:the|a)\s+$"
)
_LIKE = re.compile(r"\b(?:as|than|like|to|of|from)\s+(?:(?:in|for|that|those|of|the|region)\s+)*$")
_JOINED = re.compile(r"[\s,]*(?:(?:and|or|&)\s+(?:(?:in|for)\s+)?|/|–|—|to\s|through\s)?\s*(?:the\s+)?")


_KINDS = re.compile(
    r"\b(?P<one>signal|control|validation)\s+\((?P<other>signal|control|validation)\)\s+regions?\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Part:
    """The stretch `[start, end)` of a sentence whose requirements are those of some regions."""

    start: int
    end: int
    regions: tuple[str, ...]


def parts(text: str, found: tuple[Name, ...]) -> tuple[Part, ...]:
    """Return the stretches of a sentence that belong to the regions it names; empty where it does not say.

    >>> text = "The mass must exceed 400 GeV in SR-A and 900 GeV in SR-B."
    >>> [(text[p.start : p.end].strip(), p.regions) for p in parts(text, names(text))]
    [('The mass must exceed 400 GeV in SR-A', ('SR-A',)), ('and 900 GeV in SR-B', ('SR-B',))]
    """
    shared: list[Part] = []
    groups = list(_groups(text, found))
    for index, (start, end, regions) in enumerate(groups):
        before, after = text[:start], text[end:]
        opens = _OPENS.search(before)
        first = groups[index - 1][1] if index else 0
        following = groups[index + 1][0] if index + 1 < len(groups) else len(text)
        if opens and (opens["in"] or _ASKS.match(after)) and (opens.start() >= first or not index):
            shared.append(Part(opens.start(), len(text), regions))
        elif (rest := _REST.search(before, first)) and (index or not rest.group().startswith("events")):
            shared.append(Part(rest.start(), end, regions))
        elif index and (also := _AND_TO.search(before)) and _INTO.search(text[: groups[0][0]]):
            shared.append(Part(also.start(), len(text), regions))
        elif _INTO.search(before):
            stop = _BREAK.search(text, end)
            shared.append(Part(_clause_start(text, start, first), stop.start() if stop else len(text), regions))
        elif _BOUND.search(before) and not re.match(r",?\s+(?:where|in which)\b", after):
            shared.append(Part(_clause_start(text, start, first), end, regions))
        elif _APPOSED.match(after) or (_WITH.match(after) and (_TOLD.match(after) or not _NO_WITH.search(before))):
            others = any(not _LIKE.search(text[: later[0]]) for later in groups[index + 1 :])
            stop = _BREAK.search(text, end + 2) if others else None
            shared.append(Part(end, stop.start() if stop else max(following, len(text)), regions))
    return tuple(_apart(shared))


def listed(text: str, many: int, own: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the regions of a list of so many: `in SR1, SR2 and SR3`; empty where there is no such list or several."""
    fit = [regions for _, _, regions in _groups(text, names(text, own)) if len(regions) == many]
    return fit[0] if len(fit) == 1 else ()


def alternatives(text: str) -> tuple[str, ...]:
    """Return the two regions of `SR1 (SR2)` or `the signal (control) region`; empty where there are none or several."""
    kinds = _KINDS.search(text)
    if kinds is not None and len(_KINDS.findall(text)) == 1:
        return f"{kinds['one'].lower()} region", f"{kinds['other'].lower()} region"
    found = names(text)
    pairs = [
        (one.name, other.name)
        for one, other in pairwise(found)
        if other.bracketed and not one.bracketed and re.fullmatch(r"\s*\(", text[one.end : other.start])
    ]
    return pairs[0] if len(set(pairs)) == 1 else ()


def _groups(text: str, found: tuple[Name, ...]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Yield the names that stand together: `SR-A and SR-B`, with the stretch they take."""
    group: list[Name] = []
    for name in (n for n in found if not n.bracketed):
        apart = group and not _JOINED.fullmatch(text[group[-1].end : name.start]) and name.start != group[-1].start
        # "… as in SR-C, and VR-met has …" tells of VR-met anew
        anew = group and _LIKE.search(text[: group[0].start]) and _ASKS.match(text[name.end :])
        if apart or anew:
            yield group[0].start, group[-1].end, tuple(dict.fromkeys(n.name for n in group))
            group = []
        group.append(name)
    if group:
        yield group[0].start, group[-1].end, tuple(dict.fromkeys(n.name for n in group))


def _clause_start(text: str, position: int, least: int) -> int:
    """Return where the clause opens that ends with a region: `A > 1, and B > 2 in SR1`."""
    return max([least, *(m.end() for m in _BREAK.finditer(text, least, position))])


def _apart(shared: list[Part]) -> Iterator[Part]:
    """Let every part end where the next one starts."""
    for index, part in enumerate(shared):
        end = min([part.end, *(later.start for later in shared[index + 1 : index + 2])])
        if end > part.start:
            yield Part(part.start, end, part.regions)
