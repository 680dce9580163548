"""Find the names of regions in texts and titles: `the WZ control region`, `1muCR`, `regions A and B`, `SR2: …`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from kb.distil.populations import populations
from kb.ssc import RegionKind

LABEL = (
    r"(?:(?![FI]SR)[A-Za-z0-9]{0,6}(?:SR|CR|VR)[A-Za-z0-9γνℓμτ+-]*"
    r"(?:[_^](?:\{[^{}\s]+\}|[A-Za-z0-9γνℓμτ+≥-]+))*(?:[ _-]\d+[a-z]?)?)"
)
KINDS = (
    r"VBF|ggF|ggH|VH|tt̄H|ttH|WH|ZH|[Mm]ono-?(?:[Jj]et|[Pp]hoton|[A-Za-z])|(?i:resolved|merged|boosted|semi-?boosted|intermediate"
    r"|(?:high|low|medium)-(?:mass|purity|p_T|H_T|E_T\^miss|m_jj)|one-tag|two-tag|zero-tag|[0-3]-tag|compressed"
    r"|(?:zero|one|two|three|four|single|di|tri|multi|[0-5])[- ]?(?:lepton|ℓ)|[0-5]L"
    r"|(?:all|fully)[- ]hadronic|(?:semi-?|di|fully[- ])?leptonic|hadronic|lepton\s?\+\s?jets)"
)
_FLAVOURS = r"(?:ee|μμ|eμ|μe|eeμ|eμμ|τ?τ|eτ|μτ)"
_ALONE = re.compile(
    rf"\b(?:[Ii]n|[Ff]or|to|of) (?:both )?the (?P<kind>{KINDS}|{_FLAVOURS}|loose|tight|medium)"
    r"(?=[\s,]+(?:and|or|but|while|whereas|\d|one|,)\b)"
    r"|\b(?:[Ii]n|[Ff]or|to|of) (?:both )?the (?P<count>[0-5]|zero|one|two|three)"
    r"(?=-?(?:,| and| or)\s+(?:[0-5]|one|two|three|four)-)"
)
_HALF = r"(?:very[- ])?(?:high|low|medium|loose|tight)"
_HALVES = re.compile(
    rf"\b(?P<one>{_HALF}) and (?:an? |the )?(?P<other>{_HALF})"
    r" (?P<noun>(?:[\w-]+ )?(?:categor(?:y|ies)|regions?|selections?|bins?))\b"
)
# a final state with what it has of b jets: `0μ`, `1μb`, `Z(μμ)b`
_BOX = r"(?:[0-4][eμτℓγb](?:[0-4]?[eμτℓγb])*|(?:ee|eμ|μμ|ℓℓ)b{0,2}|[WZ]\([eμτℓν]{2}\)b{0,2})"
_PROCESSES = (
    r"(?:[WZ](?:\s?\(\s?→\s?[^()]{1,12}\))?(?:\s?\+\s?jets)?"
    r"|top(?:-quark)?|(?:tt̄?|[tWZHVγ]){1,4}(?:\s?\+\s?(?:jets|γ|[bc]{2}))?|[Mm]ultijet|[Dd]iboson|[Dd]ijet)"
)
_STATE = (
    r"(?:(?:di|single-?|same-|two-)?(?:electron|muon|photon|tau)(?:\+[jbℓ])?|(?:same|different|opposite|mixed)-(?:flavou?r|sign|charge)"
    r"|(?=[^\s,]*[eμτℓγ])(?:[0-5]?(?:τ_\{?[\w-]+\}?|(?:e{1,4}|[bq]{1,2}|[μτℓγν])h?(?![a-z]))[+ ]?){1,4}"
    r"(?:(?:(?<=\+)|\s?\+\s?)[0-9]?\s?jets)?)"
)
_NO_WORD = (
    r"(?!(?i:the|an?|each|every|this|that|one|two|three|four|event|events|first|same|other|following|additional|both|all"
    r"|remaining|new|single|last|next|given|final|its|their|whose|no|per|by|in|of|into|for|and|or|to|from|these|those"
    r"|most|more|different|second|third|inclusive|exclusive|between|with|as|which|our|respective|corresponding|main"
    r"|dedicated|various|several|define[sd]?|defining|called|is|are|called|named|using|use[sd]?)\s)"
)
_NOT_DATA = (
    r"(?!(?i:simulat\w+|mc|monte|generated|calibration|training|large|small|same|wide|different|phase|fiducial)\s)"
)
_OF_EVENTS = (
    r"(?=,?\s+(?:(?:of|with)\s+events\s+)?(?:with|where|in\s+which|for\s+which|that|which|containing|requiring|selecting"
    r"|enriched|(?:is\s+|are\s+)?(?:defined|selected|obtained|formed|constructed)\s+(?:by|with|as|from))\b)"
)
_MADE_HERE = re.compile(rf"(?:.*\b)?[Aa]n?\s+{_OF_EVENTS}.*")
_WORD = rf"{_NO_WORD}[A-Za-zγμτℓνt̄][\w/→̄^±-]*(?:\s?\+\s?[\w-]+)?"
_NAMES = re.compile(
    r"\b(?:[Aa]|[Tt]he)\s+(?P<nth>first|second|third|fourth)\s+(?P<nth_of>(?:(?:control|validation)\s+)?(?:sample|region))\b"
    r"(?:,\s+(?:the\s+)?(?P<nth_is>[\w+ℓγ→() -]{1,16}?(?:\s+\([A-Z]{2}\))?)(?:\s+(?:sample|region))?,)?"
    rf"|(?P<words>(?:(?:(?:[A-Za-zμγℓτ0-9*/+→_^-]+|[WZ]\s?\(\s?→\s?[^()]{{1,12}}\)(?:\s?\+\s?jets)?)\s+){{0,3}}?)(?i:signal|control|validation|sideband"
    rf"|search|auxiliary (?i:data|control)|measurement|application|baseline)(?:\s+|-(?=region\b))(?i:regions?|samples?"
    rf"|categor(?:y|ies))(?:\s+(?:[A-Z]|[0-9]{{1,2}})\b(?!\s*[<≤.]))?(?:\s*\((?P<alias>[^()\s]{{1,14}})\))?)"
    rf"|(?P<worded>(?<![\w-])(?:(?:{_WORD},\s+)*{_WORD}\s+and\s+)?{_WORD}\s+(?:[SCV]R|CS)s?\b(?![\w-]))"
    rf"|(?P<label>(?<![\w-]){LABEL}(?![\w]))"
    rf"|\b[Aa]n?\s+(?P<population>(?:{_NOT_DATA}[\w+/→^–-]+\s+){{0,3}}?(?:samples?|sidebands?|subsets?|regions?|selection)){_OF_EVENTS}"
    r"|\b(?:the|its|their|and)\s+(?P<sideband>(?:[\w+/→^-]+\s+)?(?:sidebands?|(?:peak|mass|window)\s+regions?))"
    r"(?=,?\s+(?:with|in which|where|[\d.]+\s*[<≤]|\[))"
    r"|(?P<letter>\b[Rr]egions? (?:[A-Z]|[A-Z]?\d{1,2})\b(?!\.\d|\s*[<≤])"
    r"(?:\s*(?:,|and|or)\s*(?:[A-Z]|[A-Z]?\d{1,2})\b)*)"
    r"|(?P<short>(?<![\w-])R\d\b)"
    rf"|(?P<kind>(?<![\w-])(?:{KINDS})\s+(?:\([A-Z]{{2,4}}\)\s+)?(?i:categor(?:y|ies)|channels?|topolog(?:y|ies)|regimes?"
    r"|(?:pre-?)?selections?|regions?|final states?)\b)"
    rf"|(?P<states>(?<![\w/+→-])(?<!→\s)(?:(?:{_STATE},\s+)*{_STATE},?\s+(?:and|or)\s+)?{_STATE}\s*\b(?:channels?|analys[ie]s|final\s+states?)\b)"
    r"|(?P<code>(?<![\w-])(?:(?!LHC|HCAL|ECAL|MS\b|ID\b)[A-Z][A-Za-z]*[A-Z\d][\w+/^-]*|[A-Za-zℓγ]+\+\w+|(?:low|high|medium)-[\w^{}]+)"
    r"\s+regions?\b)"
    rf"|(?P<process>(?<![\w-]){_PROCESSES}\s+regions?\b)"
    r"|(?P<own>(?<![\w-])(?!(?:[Tt]he|[Aa]n?|[Ee]ach|[Ee]very|[Tt]his|[Oo]ne|[Tt]wo|[Tt]hree|event|[Ff]irst|same|other"
    r"|following|additional|remaining|broader|new|single|last|next|given|final|search|its|their|which|whose|no|per|by"
    r"|in|of|into|for|and|these|those|all|both|most|more|separate|different|second|third|inclusive|exclusive)\s)"
    r"(?:(?=[\w+/-]*[A-Z][\w+/-]*[A-Z]|[a-z]+[A-Z])[\w+/-]+\s+){0,2}[\w+/-]+\s+(?:sub)?categor(?:y|ies)\b)"
    rf"|(?P<boxes>(?<![\w/+→-])(?<!→\s)(?:(?:{_BOX},\s+)*{_BOX},?\s+(?:and|or)\s+)?{_BOX}\s+(?:samples?|box(?:es)?|categor(?:y|ies)|bins?)\b)"
    rf"|(?P<flavour>(?<![\w/])(?<!→\s){_FLAVOURS}\s+(?:samples?|selections?|regions?|categor(?:y|ies))\b"
    r"|(?:SF|DF|OF|(?:same|different|opposite)-flavou?r)\s+events\b)"
    rf"|\b(?:in|from|with|using|of)\s+(?P<events>(?:(?:[A-Z][\w/]*\s?→\s?)\S{{1,9}}|{_FLAVOURS})\s+events){_OF_EVENTS}"
    r"|(?P<z>\b(?:on|off)-Z(?: regions?)?\b)"
)
_RICH = re.compile(r"\s+(?:that\s+is\s+)?(?:enriched\s+(?:in|with|by)|dominated\s+by)\s+(?P<of>[\w+/]+)")
_PURPOSES = {
    "measurement": re.compile(r"\b(?:rates?|probabilit\w+|ratio|fake factors?|efficienc\w+)\b[^.;]{0,60}\bmeasured\b"),
    "validation": re.compile(r"\b(?:validat|verif|check|test)\w*"),
    "control": re.compile(r"\b(?:estimat|measur|normali[sz]|constrain|determin|deriv)\w*"),
}
_CALIBRATES = re.compile(r"efficienc|resolution|response|scale factor|calibrat|distribution|\bfit", re.IGNORECASE)
_AND = re.compile(
    r"(?P<one>.+)\s+(?:and|or)\s+(?P<other>.+?)"
    r"(?P<noun>\s+(?:(?:signal|control|validation|search) )?(?:region|sample|categorie?)s?)"
)
_GENERIC = re.compile(r"(?:signal|control|validation|search|analysis) (?:regions?|samples?)")
_CALLED = re.compile(
    r"(?:\s+|,\s+|\s*\(\s*)(?P<called>(?:(?:which|that)\s+(?:is|are)\s+)?(?:hereafter\s+|here\s+|also\s+|simply\s+)?(?:called|denoted|labell?ed"
    r"|named|dubbed|referred\s+to|designated|abbreviated)\s+(?:(?:as|by|to\s+as|in\s+the\s+following)\s+)?(?:the\s+)?)?[\"“'‘]?"
)
_PLAIN = re.compile(r"(?:SR|CR|VR)s?$")
_NUMBERED = re.compile(r"(?P<stem>.*?[A-Za-z_-])(?P<number>\d{1,2})")
_TO = re.compile(r"\s*(?:–|—|to|through)\s*")
_MANY = 40
"""How many regions a range of them may have."""
_DROP = re.compile(
    r"^(?:(?:the|a|an|in|for|of|this|these|each|to|and|both|all|our|four|three|two|seven|one|five|six"
    r"|from|define|defines|defined|using|as|so|called|respective|corresponding|associated|various"
    r"|different|such|with|by|that|following|events|event|above|further|categorized|into|refer"
    r"|populated|highly|specific|selection|enter|entering|final|main|dedicated|similar|deﬁne|other"
    r"|regions?|requirements?|is|are|only|additional|first|second|third|also|used|on|called"
    r"|orthogonal|separate)\s+(?!(?<=two )lepton|(?<=three )lepton|(?<=four )lepton))+",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"(?:(?:latter|former|event|analysis|final|high|low) )?(?:sub)?(?:categor(?:y|ies)|regions?|samples?)"
)
_WITHIN = re.compile(r"^.*\b(?:in|of|for|from|the|with|by|to|into|on|each|between)\s+(?=\w)")
_GATE = re.compile(
    r"[Rr]egion|SR|CR|VR|CS|[Ss]ample|[Cc]ategor|[Cc]hannel|[Ff]inal states|[Ss]ideband|[Ss]ubset"
    r"|[Tt]opolog|\banalys[ie]s\b|\b(?:box|bins?)\b|[Rr]egime|[Ss]election|events|\bR\d|-Z\b"
)


@dataclass(frozen=True, slots=True)
class Name:
    """A region as named in a text, `[start, end)`."""

    name: str
    start: int
    end: int
    bracketed: bool
    plural: bool
    long: str = ""
    """What it is called besides: `W+jets control region` of `the W+jets control region, CR-W,`."""


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


def is_channel(name: str) -> bool:
    """Say whether a name is a channel's, in which there may be regions: `1-lepton channel`."""
    return re.search(r"(?:channel|final state)s?$", name) is not None


def is_generic(name: str) -> bool:
    """Say whether a name is that of all regions of a kind: `signal region`."""
    return _GENERIC.fullmatch(name) is not None


def is_base(name: str) -> bool:
    """Say whether regions build on what is so called: a channel or a named preselection."""
    return is_channel(name) or name.endswith(("preselection", " analysis", "-selection", " search", " selection"))


@lru_cache(maxsize=64)
def names(text: str, own: tuple[str, ...] = ()) -> tuple[Name, ...]:
    """Return the regions a text names; `own` are names that the paper gives them, which no pattern would know.

    >>> [n.name for n in names("a pair of muons (2muCR) or electrons (2eleCR)")]
    ['2muCR', '2eleCR']
    >>> [n.name for n in names("In the one-muon control region (1muCR) a muon is required")]
    ['1muCR']
    >>> [(n.name, n.long) for n in names("In the W+jets control region, CR-W, no b jet is allowed")]
    [('CR-W', 'W+jets control region')]
    """
    found = [name for match in _NAMES.finditer(text) for name in _read(text, match)] if _GATE.search(text) else []
    found += _elided(text, found)
    if halves := list(_halves(text)):
        found = [*(n for n in found if not any(n.start < h.end and h.start < n.end for h in halves)), *halves]
    taken = [(n.start, n.end) for n in found]
    found += [
        Name(name, start, end, False, False)
        for name, start, end in populations(text)
        if not any(a < end and start < b for a, b in taken)
    ]
    if own:
        for match in _own_pattern(own).finditer(text):
            if any(n.start <= match.start() < n.end for n in found):
                continue
            bracketed = text[: match.start()].rstrip().endswith("(")
            found.append(Name(match.group(), match.start(), match.end(), bracketed, False))
    return tuple(_in_apposition(text, list(_ranges(text, sorted(found, key=lambda name: name.start))), own))


def _ranges(text: str, found: list[Name]) -> Iterator[Name]:
    """Yield the names, those in between too: `SR1 to SR4`, `SR1–SR4`."""
    for index, name in enumerate(found):
        last = found[index - 1] if index else None
        ends = [_NUMBERED.fullmatch(n.name) for n in (last, name) if n is not None]
        if last is not None and len(ends) == 2 and all(ends) and _TO.fullmatch(text[last.end : name.start]):
            first, final = (int(end["number"]) for end in ends if end)
            stem = ends[0]["stem"] if ends[0] else ""
            if ends[1] and ends[1]["stem"] == stem and first < final < first + _MANY:
                yield from (replace(name, name=f"{stem}{number}") for number in range(first + 1, final))
        yield name


def _in_apposition(text: str, found: list[Name], own: tuple[str, ...]) -> list[Name]:
    """Make one of a region's description and its label: `a control region, CR-top,`, `the region denoted SR-low`."""
    told: list[Name] = []
    for name in found:
        last = told[-1] if told else None
        if last is not None and re.search(r"(?:regions?|sample|category|selection)$", last.name) and not last.long:
            closing = _closing(text, last, name, own)
            if closing is not None:
                whole = text[last.start : last.end]
                long = "" if last.plural or _GENERIC.fullmatch(last.name) else last.name
                plural = name.plural or (last.plural and whole == last.name)
                told[-1] = Name(name.name, last.start, closing, last.bracketed, plural, long)
                continue
        told.append(name)
    return told


def _closing(text: str, described: Name, label: Name, own: tuple[str, ...]) -> int | None:
    """Return where the label of what is described ends, with the comma or bracket behind it; None if it is another."""
    between = _CALLED.fullmatch(text[described.end : label.start])
    is_label = re.fullmatch(LABEL, label.name) is not None
    if between is None or not (is_label or label.name in own):
        return None
    if is_label and kind_of(label.name) != kind_of(described.name):
        return None
    behind = text[label.end :]
    if "(" in between.group():
        return label.end + len(behind) - len(behind.lstrip(" )")) if not described.plural else None
    if "," in between.group() and not between["called"]:
        if described.plural:
            return label.end
        closed = re.match(r"\s*(?:,|(?=[.;:(])|$)", behind)
        return label.end + len(closed.group()) if closed and is_label else None
    return label.end


def _halves(text: str) -> Iterator[Name]:
    """Yield what is parted by a word each: `a high and a low VBF category`."""
    for match in _HALVES.finditer(text):
        noun = re.sub(r"ies$", "y", match["noun"]).removesuffix("s")
        for half in (match["one"], match["other"]):
            yield Name(f"{half} {noun}", match.start(), match.end(), False, False)


def _elided(text: str, found: list[Name]) -> list[Name]:
    """`> 150 GeV for the resolved and > 200 GeV for the merged category` names two."""
    told: list[Name] = []
    for match in _ALONE.finditer(text):
        group = "kind" if match["kind"] else "count"
        behind = next((n for n in found if n.start > match.end()), None)
        first = (
            rf"(?:{KINDS}|{_FLAVOURS}|loose|tight|medium)\s+" if match["kind"] else r"(?:\d|one|two|three|four)(?=-)"
        )
        head = re.fullmatch(rf"{first}(?P<h>.+)", behind.name) if behind else None
        if head and not any(n.start <= match.start(group) < n.end for n in found):
            name = f"{match[group]}{' ' if match['kind'] else ''}{head['h']}"
            end = match.end(group) + text.startswith("-", match.end(group))
            told.append(Name(name, match.start(group), end, False, False))
    return told


@lru_cache(maxsize=8)
def _own_pattern(own: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, own))})(?![\w-])")


def _read(text: str, match: re.Match[str]) -> Iterator[Name]:
    whole, start = match.group(), match.start()
    bracketed = text[:start].rstrip().endswith("(")
    if match.group("letter"):
        for letter in re.findall(r"\b(?:[A-Z]|[A-Z]?\d{1,2})\b", whole.split(" ", 1)[1]):
            name = letter if re.fullmatch(r"[A-Z]\d+", letter) else f"region {letter}"
            yield Name(name, start, match.end(), bracketed, False)
        return
    if nth := match.group("nth"):
        yield Name(
            f"{match.group('nth_is') or nth} {match.group('nth_of')}", match.start("nth"), match.end(), False, False
        )
        return
    if match.group("worded"):
        yield from _worded(match, bracketed=bracketed)
        return
    if match.group("states"):
        *states, _ = re.split(
            r",\s+(?:and\s+|or\s+)?|\s+(?:and|or)\s+|\s*\b(?:channels?|analys[ie]s|final\s+states?)$", whole
        )
        for state in states:
            yield Name(f"{state.strip()} channel", start, match.end(), bracketed, False)
        return
    if match.group("boxes"):
        *boxes, noun = re.split(r",\s+(?:and\s+|or\s+)?|\s+(?:and\s+|or\s+)?", whole)
        noun = re.sub(r"(?<=box)es$|(?<=[en])s$", "", re.sub(r"ies$", "y", noun))
        for box in boxes:
            yield Name(f"{box} {noun}", start, match.end(), bracketed, False)
        return
    if population := match.group("population") or match.group("sideband") or match.group("events"):
        if name := _population(" ".join(population.split()), text, match.end()):
            yield Name(name, match.end() - len(population), match.end(), False, False)
        return
    alias, long = match.group("alias"), ""
    spelt = re.sub(r"\s*\([^()]*\)$", "", " ".join(whole.split()))
    name = _DROP.sub("", _WITHIN.sub("", spelt))
    start += len(spelt) - len(name)
    if alias and not _PLAIN.fullmatch(alias) and re.search(r"\d|[A-Z]", alias):
        name, long = alias, "" if _GENERIC.fullmatch(name) or name.endswith("s") else name
    plural = bool(re.search(r"(?:regions|samples|categories|SRs|CRs|VRs)$", name))
    if _PLAIN.fullmatch(name):
        name = {"S": "signal region", "C": "control region", "V": "validation region"}[name[0]]
    name = re.sub(r"(?<=[a-z])-(?=regions?$)", " ", name)  # "signal-region events"
    if re.match(r"(?:Control|Signal|Validation) (?:region|sample)", name):
        name = name[0].lower() + name[1:]
    if not _GENERIC.fullmatch(name) or name.endswith("samples"):  # "the signal regions" are all of them
        name = re.sub(
            r"(region|sample|channel|selection|state)s$", r"\1", re.sub(r"(categor|topolog)ies$", r"\1y", name)
        )
    both = _AND.fullmatch(name) if plural and not long else None
    if both:
        kinds = {"signal", "control", "validation"}
        for one in (both["one"], both["other"]):
            noun = both["noun"] if one not in kinds else " region"
            yield Name(f"{one}{noun}", start, match.end(), bracketed, False)
    elif (
        name
        and not _NO_NAME.fullmatch(name)
        and (
            not re.fullmatch(r"(?:signal|control|validation|baseline) samples?", name)
            or _MADE_HERE.fullmatch(f"{spelt.removesuffix(name)}{text[match.end() :]}")
        )
    ):
        yield Name(name, start, match.end(), bracketed, plural, long)


def makes_sample(text: str) -> bool:
    """Say whether a sentence makes events for a background: `is measured in Z → ee events with m_ee > 60 GeV`."""
    return (
        _GATE.search(text) is not None
        and not _CALIBRATES.search(text)
        and (
            any(match["population"] or match["sideband"] or match["events"] for match in _NAMES.finditer(text))
            or any(populations(text))
        )
    )


def _population(name: str, text: str, end: int) -> str | None:
    """Return what to call events that have no name, by what they are for: `checked in a region with m_T > 80 GeV`."""
    bare = name.removeprefix("data ")
    if " " in bare or bare.startswith("sideband"):
        return bare
    if rich := _RICH.match(text, end):
        return f"{rich['of']} {bare}"
    return next((f"{kind} {bare}" for kind, purpose in _PURPOSES.items() if purpose.search(text)), None)


def _worded(match: re.Match[str], *, bracketed: bool) -> Iterator[Name]:
    """Yield the regions of `the dimuon CR`, `the W+jets and top CRs`."""
    whole = match.group()
    *_, abbreviation = whole.split()
    words = re.sub(rf"\s+{abbreviation}$", "", whole)
    plural = abbreviation.endswith("s")
    listed = re.split(r",\s+|\s+and\s+", words) if plural else [words.rpartition(" and ")[2]]
    for word in listed:
        joined = re.sub(r"\s*\+\s*", "+", word)
        name = f"{joined} {abbreviation.removesuffix('s')}"
        yield Name(name, match.start(), match.end(), bracketed, plural and len(listed) < 2)
