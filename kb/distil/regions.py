"""Follow which region the sentences are about: `The signal region consists of …`, `In the 1muCR, …`, `(VRZ)`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from kb.ssc import RegionKind

_LABEL = r"(?:[A-Za-z0-9]{0,6}(?:SR|CR|VR)[A-Za-z0-9γνℓμτ+-]*(?:[ _-]\d+[a-z]?)?)"
_NAMES = re.compile(
    rf"(?P<words>(?:(?:[A-Za-zμγℓτ0-9*/+→-]+\s+){{0,3}}?)(?i:signal|control|validation|sideband"
    rf"|search|auxiliary (?i:data|control)|measurement|application|baseline)\s+(?i:regions?|samples?"
    rf"|categor(?:y|ies))(?:\s+(?:[A-Z]|[0-9]+)\b)?(?:\s*\((?P<alias>[^()\s]{{1,14}})\))?)"
    rf"|(?P<label>(?<![\w-]){_LABEL}(?![\w]))"
    r"|(?P<letter>\b[Rr]egions? (?:[A-Z]|[A-Z]?\d{1,2})\b(?:\s*(?:,|and|or)\s*(?:[A-Z]|[A-Z]?\d{1,2})\b)*)"
    r"|(?P<short>(?<![\w-])R\d\b)"
    r"|(?P<z>\b(?:on|off)-Z(?: regions?)?\b)"
)
_PLAIN = re.compile(r"(?:SR|CR|VR)s?$")
_DEFINING = (
    r"(?:(?:is|are|was|were)\s+(?:\w+\s+){0,2}?(?:defined|selected|formed|obtained|constructed"
    r"|required|built|identified|enhanced|characteri[sz]ed|divided|subdivided|split|categori[sz]ed"
    r"|chosen|enriched)|consists?|contains?|requires?|selects?|comprises?|includes?|must"
    r"|satisf(?:y|ies)|has\s+to|have\s+to|aims?\b|targets?|uses?|has\s+the|have\s+the"
    r"|corresponds?\s+to|at\s+least)"
)
_DROP = re.compile(
    (
        r"^(?:the|a|an|in|for|of|this|these|each|to|and|both|all|our|four|three|two|seven|one|five|six"
        r"|from|define|defines|defined|using|as|so|called|respective|corresponding|associated|various"
        r"|different|such|with|by|that|following|events|event|above|further|categorized|into|refer"
        r"|populated|highly|specific|selection|enter|entering|final|main|dedicated|similar|deﬁne|other"
        r"|regions?|requirements?|is|are|only|additional|first|second|third|also|used|on|called"
        r"|orthogonal|separate)\s+"
    ),
    re.IGNORECASE,
)
_REFERS = re.compile(
    (
        r"(?:\b(?:as|than|from|of|to|into|by|in|for|with|on|per|like|through|contaminat\w+|between"
        r"|across|via)\s+(?:(?:used|defined|in|for|the|each|all|any|of|those|these|this|its|their|that"
        r"|same|corresponding|respective|associated|given|various|both|other|a)\s+)*)$"
    ),
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"^(?:in|for|within|events (?:in|entering|of)|to (?:enter|define)|as for)\s+(?:[\w-]+\s+){0,4}?$", re.IGNORECASE
)
_SUBJECT = re.compile(
    (
        r"^(?:(?:finally|similarly|in addition|furthermore|moreover|additionally|here"
        r"|then),?\s+)?(?:(?:the|a|an|each|all|these|this|both|one|two|three|four|five|six|seven"
        r"|orthogonal|main|final|second|first|inclusive|exclusive|dedicated|separate|additional"
        r"|events?|in|for)\s+)*$"
    ),
    re.IGNORECASE,
)
_CONTINUES = re.compile(
    (
        r"^(?:in addition|additionally|furthermore|moreover|it|this region|these regions?|finally|also"
        r"|they|here|this (?:control|signal|validation) region|these events|events|the latter|we|in "
        r"this region|in these)\b"
    ),
    re.IGNORECASE,
)
_COMMON = re.compile(
    r"\b(?:baseline selection|preselection|all (?:the )?(?:signal |search |analysis )?regions|pre-?selected)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Name:
    """A region as named in a text, `[start, end)`."""

    name: str
    start: int
    end: int
    bracketed: bool
    plural: bool


@dataclass(slots=True)
class Regions:
    """The regions known so far and the ones being talked about."""

    known: list[str] = field(default_factory=list)
    current: tuple[str, ...] = ()
    last: str | None = None
    of_section: tuple[str, ...] = ()
    aliases: dict[str, str] = field(default_factory=dict)


def kind_of(name: str) -> RegionKind:
    """Return what a region is for, by its name.

    >>> kind_of("CRW"), kind_of("VRZ"), kind_of("signal region"), kind_of("measurement region")
    ('control', 'validation', 'signal', 'control')
    """
    if re.search(r"VR|valid", name):
        return "validation"
    if re.search(r"CR|[Cc]ontrol|sideband|measurement|application|auxiliary|background", name):
        return "control"
    if re.search(r"presel|baseline", name, re.IGNORECASE):
        return "preselection"
    return "signal"


_GATE = re.compile(r"[Rr]egion|SR|CR|VR|[Ss]ample|[Cc]ategor|\bR\d|-Z\b")


@lru_cache(maxsize=64)
def names(text: str) -> tuple[Name, ...]:
    """Return the regions a text names.

    >>> [n.name for n in names("a pair of muons (2muCR) or electrons (2eleCR)")]
    ['2muCR', '2eleCR']
    >>> [n.name for n in names("In the one-muon control region (1muCR) a muon is required")]
    ['1muCR']
    """
    found: list[Name] = []
    if not _GATE.search(text):
        return ()
    for match in _NAMES.finditer(text):
        whole = match.group()
        alias = match.group("alias")
        start = match.start()
        if match.group("letter"):
            letters = re.findall(r"\b(?:[A-Z]|[A-Z]?\d{1,2})\b", whole.split(" ", 1)[1])
            for letter in letters:
                name = letter if re.fullmatch(r"[A-Z]\d+", letter) else f"region {letter}"
                found.append(Name(name, start, match.end(), text[:start].rstrip().endswith("("), False))
            continue
        bracketed = text[:start].rstrip().endswith("(")
        if alias and not _PLAIN.fullmatch(alias) and re.search(r"\d|[A-Z]", alias):
            name = alias
        else:
            name = re.sub(r"\s*\([^()]*\)$", "", re.sub(r"\s+", " ", whole)).strip()
            while True:
                shorter = _DROP.sub("", name)
                if shorter == name:
                    break
                start += len(name) - len(shorter)
                name = shorter
        plural = bool(re.search(r"(?:regions|samples|categories|SRs|CRs|VRs)$", name)) or bool(
            re.search(r"(?:SR|CR|VR)s$", whole)
        )
        if _PLAIN.fullmatch(name):
            name = {"S": "signal region", "C": "control region", "V": "validation region"}[name[0]]
        name = re.sub(r"regions$", "region", re.sub(r"samples$", "sample", re.sub(r"categories$", "category", name)))
        if name and not re.fullmatch(r"(?:signal|control|validation|baseline) (?:samples?)", name):
            found.append(Name(name, start, match.end(), bracketed, plural))
    return tuple(found)


def of_title(title: str) -> tuple[str, ...]:
    """Return the region a section is about.

    >>> of_title("3.2 Signal region definition"), of_title("5 Event selection"), of_title("4.1 The WZ control region")
    (('signal region',), (), ('WZ control region',))
    """
    if (
        "→" in title
        and re.search(r"\b(?:candidates?|channels?|selection|decays?|mode|sample)\b", title)
        and not re.search(r"extraction|fit|yield|background|result", title, re.IGNORECASE)
    ):
        return (re.sub(r"^[\d.]+\s+|\s+(?:candidates?|channels?|selection|decays?|mode)\b", "", title).strip(),)
    found = [n.name for n in names(re.sub(r"^[\d.]+\s+", "", title))]
    if len(found) != 1 or re.search(r"selection and|and (?:signal|control)|estimat|strategy|fit", title, re.IGNORECASE):
        return ()
    return (
        found[0][0].lower() + found[0][1:] if found[0].lower().startswith(("signal", "control", "valid")) else found[0],
    )


def label_of(text: str) -> tuple[str, int] | None:
    """Read the label an item opens with: `R1 (CR): …`, `SR2: …`."""
    match = re.match(
        r"[\s•–*-]*(?P<l>[A-Za-z][\wγνℓμτ+.-]{0,18}(?:\s\d{1,2}[a-z]?)?)\s*(?:\((?:[SCV]R)s?\))?\s*:", text
    )
    if not match:
        return None
    label = match.group("l")
    special = re.search(r"\((?:[SCV]R)", match.group()) or re.search(
        r"SR|CR|VR|^R\d|[Rr]egion|[Cc]ategory|Dataset", label
    )
    return (label, match.end()) if special else None


def about(text: str, state: Regions) -> tuple[str, ...]:
    """Return the regions whose requirements a sentence states; empty where it states common ones. Updates `state`."""
    labelled = label_of(text)
    if labelled:
        state.current = (labelled[0],)
        _learn(state, state.current)
        return state.current
    found = names(text)
    this = re.match(r"(?:in )?this (?:(?:control|signal|validation) )?(?:region|sample)\b", text, re.IGNORECASE)
    if this and state.last:
        state.current = (state.last,)
        return state.current
    if found:
        state.last = found[-1].name
    for name in found:
        if not re.fullmatch(r"(?:signal|control|validation|search|measurement|application|sideband) region", name.name):
            _learn(state, (name.name,))
    subjects = [n for n in found if not n.bracketed and _is_subject(text, n)]
    if subjects:
        first = subjects[0]
        group = [first.name]
        for name in found[found.index(first) + 1 :]:
            if re.fullmatch(r"[\s,]*(?:and|or|,)?\s*(?:the\s+)?", text[first.end : name.start]) and not name.bracketed:
                group.append(name.name)
                first = name
        labels = [n for n in group if not re.search(r"[Rr]egion", n)]
        if labels and re.fullmatch(r"(?i)(?:signal|control|validation) region", group[0]):
            group = labels  # "signal region SRA"
        inside = [
            n.name
            for n in found
            if n.bracketed
            and subjects[0].end <= n.start <= subjects[0].end + 40
            and re.match(r"\s*\(", text[subjects[0].end : n.start] or "(")
        ]
        if inside and re.search(r"regions?$", group[0]):
            group = inside
        if subjects[0].plural and re.search(
            r"\b(?:both|all|these)\b", text[max(0, subjects[0].start - 40) : subjects[0].end + 1] + " ", re.IGNORECASE
        ):
            group = _meant(state, group, text[: subjects[0].end])
        state.current = tuple(dict.fromkeys(group))
        return state.current
    serving = [
        n
        for n in found
        if re.search(
            (
                r"\b(?:used as|serves? as|defines?|denoted|referred to as|constitutes?|forms?"
                r"|called)\s+(?:as\s+)?(?:an?\s+|the\s+)?(?:\w+\s+)?$"
            ),
            text[: n.start],
        )
    ]
    if serving:
        state.current = (serving[0].name,)
        return state.current
    if re.search(r"\ball (?:four |three |five |six )?regions\b", text, re.IGNORECASE) and state.known:
        state.current = tuple(state.known[-8:])
        return state.current
    if _COMMON.search(text):
        state.current = ()
        return ()
    if state.current:
        return state.current
    return ()


def brackets(text: str) -> list[tuple[int, str]]:
    """Return labels in brackets that name what stands before them: `a pair of muons (2muCR)`, with their positions."""
    return [(n.start, n.name) for n in names(text) if n.bracketed and re.match(r"\s*\)", text[n.end :])]


def _is_subject(text: str, name: Name) -> bool:
    before, after = text[: name.start], text[name.end :]
    if _OPENING.match(before):
        return True
    rest = re.match(
        rf"(?:\s*\([^()]*\))?(?:[,\s]+(?:and|or)?\s*(?:the\s+)?{_LABEL})*[^.;]{{0,80}}?\b{_DEFINING}", after
    )
    if rest and _SUBJECT.match(before) and not _REFERS.search(before.lower()):
        return True
    if re.match(
        (
            r"(?:\s*\([^()]*\))?\s+(?:(?:which|that)\s+(?:is|are)\s+)?(?:defined|obtained|formed"
            r"|constructed|built)\s+(?:by|as|with|from|requiring)\b"
        ),
        after,
    ):
        return True
    if re.match(
        (
            r"(?:\s*\([^()]*\))?\s+(?:is|are|was|were)\s+(?:\w+\s+){0,2}?(?:defined|obtained|formed"
            r"|selected|constructed|built)"
        ),
        after,
    ) and not _REFERS.search(before):
        return True
    return bool(re.search(r"\b(?:define|construct|form|deﬁne)s?\s+(?:\w+\s+){0,4}$", before)) or bool(
        re.search(r"^(?:a|an|the|one)\s+(?:[\w-]+\s+){0,5}$", before, re.IGNORECASE)
        and re.match(r"[^.;]{0,60}?\b(?:is|are|has been|was)\s+(?:also\s+)?(?:introduced|defined|used)\b", after)
    )


def _meant(state: Regions, group: list[str], before: str) -> list[str]:
    kind = kind_of(group[0])
    labels = [n for n in state.known if kind_of(n) == kind and n not in group]
    if not labels:
        return group
    return labels[-2:] if re.search(r"\bboth\b", before, re.IGNORECASE) else labels


def _learn(state: Regions, found: tuple[str, ...]) -> None:
    for name in found:
        if name in state.known:
            state.known.remove(name)
        state.known.append(name)
