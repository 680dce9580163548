"""Read how systems are built: pairs and their choice, quadruplets, total charge, flavour channels."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kb.distil.candidates import Candidate, Memory
from kb.distil.qualifiers import pair_requirements
from kb.distil.reading import Reading
from kb.ssc import Choice, PairRequirement, Scope, Variable

_NAMES = {1: "leading pair", 2: "subleading pair"}
_SECOND = re.compile(r"\b(?:sub-?leading|second(?:ary)?|remain\w*|other|Z_?\{?2\}?)\b", re.IGNORECASE)
_FIRST = re.compile(r"\b(?:leading|first|primary|Z_?\{?1\}?)\b", re.IGNORECASE)
_CLOSEST = re.compile(r"\b(?:closest|nearest|minimi[sz]\w+)\b", re.IGNORECASE)
_CHARGE = re.compile(
    (
        r"(?:(?:total|net|summed|overall|combined)\s+(?:electric\s+|lepton\s+)?charges?(?:\s+sum)?"
        r"|sum\s+of\s+(?:the|their"
        r"|all)?\s*(?:\w+\s+){0,2}charges?(?:\s+of\s+(?:the\s+)?(?:\w+\s+){0,3}\w+)?"
        r"|charges?\s+(?:of\s+(?:the\s+)?(?:\w+\s+){0,2}\w+\s+)?(?:must\s+|have\s+to\s+"
        r"|that\s+)?(?:sum|add)(?:s|ming|ding)?(?:\s+up)?)"
        r"\s*(?:that\s+)?(?:of|is|are|equal(?:s)?|to|must|be|has|have|equal|required|=|which"
        r"|vanish(?:es|ing)?|the|value|\s)*\s*(?P<value>zero|0(?![.\d])|vanish\w*)"
    ),
    re.IGNORECASE,
)
_NEUTRAL = re.compile(
    (
        r"\b(?:zero|vanishing|no net|null)\s+(?:total\s+|net\s+)?(?:electric\s+)?charge\b"
        r"|\b(?:electrically\s+)?neutral\s+(?:combination|system|quadruplet|set)|(?:total"
        r"|net)\s+charge\s+(?:must\s+)?vanish"
    ),
    re.IGNORECASE,
)
_CHANNEL = r"(?:[1-4]?[eμ](?:[1-4]?[eμ])?(?:[eμ]{2})?|[eμ]{2,4})"
_CHANNELS = re.compile(
    rf"(?<![\w])({_CHANNEL})((?:\s*,\s*(?:or\s+|and\s+)?|\s+(?:or|and)\s+|\s*/\s*){_CHANNEL}){{1,4}}(?![\w])"
)
_SPELT = re.compile(
    (
        r"\bfour (?:electrons|muons),? (?:or )?(?:four (?:electrons|muons),? )?(?:or |and )?(?:of "
        r")?two (?:electrons|muons) and two (?:electrons|muons)|\bfour (?:electrons|muons) or four "
        r"(?:electrons|muons)"
    ),
    re.IGNORECASE,
)
_SORTING = re.compile(
    r"\b(?:sorted|classif\w+|categor\w+|divided|split|channels?|separated|grouped|labelled|denoted|called)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class System:
    """A composite to be: a pair with its rank and how it is chosen, or the whole quadruplet (rank None)."""

    name: str
    object: str
    rank: int | None
    requires: tuple[PairRequirement, ...]
    choice: Choice | None
    start: int
    end: int


def system(reading: Reading, memory: Memory) -> System | None:
    """Return the pair that a sentence chooses, if it chooses one."""
    text = reading.text
    if not re.search(r"\bpairs?\b", text) or not _CLOSEST.search(text):
        return None
    mass = next((t for t in reading.tokens if t.kind == "M" and t.value), None)
    if mass is None:
        return None
    rank = 2 if re.search(r"\bsub-?leading\b", text, re.IGNORECASE) else None
    named = re.search(
        (
            r"(?:called|taken as|denoted|defined as|referred to as|labelled|considered|is|as) (?:the "
            r")?(?:\"|')?((?:sub-?)?leading|first|second|primary|secondary)[\"']?\s*(?:lepton |dilepton "
            r"|Z )?(?:pair|candidate)?"
        ),
        text,
        re.IGNORECASE,
    )
    if named:
        rank = 2 if _SECOND.search(named.group(1)) else 1
    if rank is None:
        rank = 2 if _SECOND.search(text) and not _FIRST.search(text) else 1
    requires = pair_requirements(text) or ("opposite_charge", "same_flavour")
    choice = Choice(
        mode="closest", variable=Variable(id="mass"), target=float(mass.value), unit="GeV", text=_quote(text)
    )
    return System(
        _NAMES[rank],
        memory.pair if memory.pair.endswith("_pair") else "lepton_pair",
        rank,
        requires,
        choice,
        reading.start,
        reading.end,
    )


def _quote(text: str) -> str:
    found = re.search(r"[^,;]*\b(?:closest|nearest)\b[^,;.]*", text)
    return re.sub(r"\s+", " ", found.group()).strip() if found else ""


def charge(reading: Reading, memory: Memory, scope: Scope | None, regions: tuple[str, ...]) -> list[Candidate]:
    """Read `of total charge zero`, `whose charges add up to zero`."""
    if not (_CHARGE.search(reading.text) or _NEUTRAL.search(reading.text)):
        return []
    return [
        Candidate(
            object=_of_what(reading, memory),
            variable=Variable(id="charge"),
            operator="==",
            value=0.0,
            unit="1",
            start=reading.start,
            end=reading.end,
            rule="total-charge",
            regions=regions,
            scope=scope or ("region" if regions else "event"),
        )
    ]


_BUILT = re.compile(
    (
        r"\b(?:form(?:ed|s)?|built|requir\w+|select\w+|combin\w+|reconstructed from|consist\w*|must"
        r"|have to|pairs? of|contain\w*)\b"
    ),
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    (
        r"(?P<r>opposite|same)(?:\s+electric)?[\s-]+(?:charges?|sign)\s+(?:relative|compared|with "
        r"respect|to that|as|than|to the)|charges?[^.;]{0,60}?\b(?:must|required to|has to) be "
        r"(?P<s>opposite|the same|equal)"
    ),
    re.IGNORECASE,
)


def charges(reading: Reading, memory: Memory, scope: Scope | None, regions: tuple[str, ...]) -> list[Candidate]:
    """Read `pairs of oppositely charged muons`, `opposite charge relative to the selected lepton`."""
    relative = _RELATIVE.search(reading.text)
    if relative:
        sign = 1.0 if "same" in relative.group().lower() or "equal" in relative.group().lower() else -1.0
        at = next(
            (i for i, t in enumerate(reading.tokens) if t.start - reading.start >= relative.start()),
            len(reading.tokens),
        )
        before = [
            p
            for p in reading.phrases
            if p.index < at and p.object in {"track", "lepton", "electron", "muon", "tau", "jet"} and not p.oblique
        ]
        inside = [p for p in reading.phrases if p.index >= at and p.object in {"track", "lepton", "electron", "muon"}]
        owner = before[-1] if before else inside[0] if inside else None
        if owner is not None:
            return [_opposite(reading, owner.object, sign, scope or "object", regions, owner.definition)]
    counted = {c.object for c in reading.counts if c.explicit}
    bounded = [q for q in reading.quantities if q.amounts and q.amounts[0].unit in {"GeV", "MeV", "TeV"}]
    for phrase in reading.phrases:
        pair = phrase.object if phrase.object.endswith("_pair") else None
        if pair is None or phrase.index in counted or not _BUILT.search(reading.words(0, phrase.index + 1)):
            continue
        words = reading.words(phrase.start, min(phrase.index + 8, len(reading.tokens)))
        requires = pair_requirements(words) or phrase.requires
        subject = any(t.kind == "m" for t in reading.tokens[phrase.index + 1 : phrase.index + 8]) and bounded
        if subject or not ({"opposite_charge", "same_charge"} & set(requires)):
            continue
        found = [
            _opposite(reading, pair, -1.0 if "opposite_charge" in requires else 1.0, scope or "event", regions, None)
        ]
        if "same_flavour" in requires:
            found.append(
                Candidate(
                    object=pair,
                    variable=Variable(id="other", name="flavour"),
                    operator="is",
                    value="same flavour",
                    unit="1",
                    start=reading.start,
                    end=reading.end,
                    rule="pair-flavour",
                    regions=regions,
                    scope=scope or "event",
                )
            )
        return found
    return []


def _opposite(
    reading: Reading, object_id: str, sign: float, scope: Scope, regions: tuple[str, ...], definition: str | None
) -> Candidate:
    return Candidate(
        object=object_id,
        variable=Variable(id="charge_product"),
        operator="==",
        value=sign,
        unit="1",
        start=reading.start,
        end=reading.end,
        rule="charges",
        regions=regions,
        scope=scope,
        definition=definition,
    )


def _of_what(reading: Reading, memory: Memory) -> str:
    systems = [
        p.object
        for p in reading.phrases
        if p.object in {"fourlepton", "trilepton", "lepton_pair", "electron_pair", "muon_pair"}
    ]
    if systems:
        return systems[0]
    for phrase in reading.phrases:
        if phrase.object in {"lepton", "electron", "muon"} and phrase.number in {2, 3, 4}:
            return {2: "lepton_pair", 3: "trilepton", 4: "fourlepton"}[phrase.number or 4]
    if memory.system:
        return memory.system
    return {2: "lepton_pair", 3: "trilepton"}.get(memory.leptons or 4, "fourlepton")


def flavours(reading: Reading, memory: Memory, scope: Scope | None, regions: tuple[str, ...]) -> list[Candidate]:
    """Read `flavours 4e, 4μ or 2e2μ` as one requirement; lists that only sort events are none."""
    text = reading.text
    spelt = _SPELT.search(text)
    listed = _CHANNELS.search(text)
    if not spelt and not listed:
        return []
    flavoured = re.search(
        (
            r"\bflavou?rs?\b|\bcombinations?\b|\bcompositions?\b|\bmade (?:up )?of\b|\bconsist\w*\b"
            r"|\beither\b|\bmust be\b|\bform\b"
        ),
        text,
        re.IGNORECASE,
    )
    if _SORTING.search(text) and not re.search(r"\bflavou?rs?\b|\brequire", text, re.IGNORECASE):
        return []
    if listed and not flavoured and not re.search(r"\b(?:select|require|keep|retain|accept)", text, re.IGNORECASE):
        return []
    if spelt:
        names = [
            name
            for pattern, name in (
                (r"four electrons", "4e"),
                (r"four muons", "4μ"),
                (r"two (?:electrons|muons) and two", "2e2μ"),
            )
            if re.search(pattern, spelt.group(), re.IGNORECASE)
        ]
    else:
        assert listed is not None
        names = [_canonical(name) for name in re.findall(_CHANNEL, listed.group())]
    names = list(dict.fromkeys(names))
    sizes = {_size(name) for name in names}
    if len(names) < 2 or len(sizes) != 1:
        return []
    object_id = {2: "lepton_pair", 3: "trilepton", 4: "fourlepton"}.get(sizes.pop())
    if object_id is None:
        return []
    return [
        Candidate(
            object=object_id,
            variable=Variable(id="other", name="flavour"),
            operator="is",
            value=" or ".join(names),
            unit="1",
            start=reading.start,
            end=reading.end,
            rule="flavours",
            regions=regions,
            scope=scope or ("region" if regions else "event"),
        )
    ]


def _canonical(name: str) -> str:
    return {"eeee": "4e", "μμμμ": "4μ", "eeμμ": "2e2μ", "μμee": "2μ2e"}.get(name, name)


def _size(name: str) -> int:
    return sum(int(times or 1) for times in re.findall(r"([1-4]?)[eμ]", name))
