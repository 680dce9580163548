"""Follow which region the sentences are about: `The signal region consists of …`, `In the 1muCR, …`, `(VRZ)`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from kb.distil.region_classes import attributive, classes
from kb.distil.region_labels import label_of
from kb.distil.region_names import LABEL, Name, is_base, is_channel, kind_of, names
from kb.distil.region_pairs import paired
from kb.distil.region_parts import Part, parts
from kb.distil.region_synonyms import Synonyms

_DEFINING = (
    r"(?:(?:is|are|was|were)\s+(?:\w+\s+){0,2}?(?:defined|selected|formed|obtained|constructed"
    r"|required|built|identified|enhanced|characteri[sz]ed|divided|subdivided|split|categori[sz]ed"
    r"|chosen|enriched|identical|the\s+same|similar|analogous|equivalent|equal)|demands?|asks?\s+for|imposes?|applies|collects?|retains?|consists?|contains?|requires?|selects?|comprises?|includes?|must"
    r"|satisf(?:y|ies)|differs|inverts?|revers\w+|relax\w*|tightens?|has\s+to|have\s+to|aims?\b|targets?|uses?|has\s+the|have\s+the"
    rf"|corresponds?\s+to|(?:is|are)\s+(?:the\s+)?{LABEL}|at\s+least)"
)
_DEFINES = re.compile(rf"(?:\s*\([^()]*\))?(?:[,\s]+(?:and|or)?\s*(?:the\s+)?{LABEL})*[^.;]{{0,80}}?\b{_DEFINING}")
_MADE_BY = re.compile(
    r"(?:\s*\([^()]*\))?\s+(?:(?:which|that)\s+(?:is|are)\s+)?(?:defined|obtained|formed|constructed|built)"
    r"\s+(?:by|as|with|from|requiring)\b"
)
_WE_MAKE = re.compile(r"\b(?:define|construct|form|deﬁne)s?\s+(?:\w+\s+){0,4}$")
_INTRODUCING = re.compile(
    r"^(?:(?:for|to|in|as|with)\s[^,.;]{1,90},\s+)?(?:a|an|the|one|two|three)\s+(?:[\w+-]+\s+){0,5}$", re.IGNORECASE
)
_IS_INTRODUCED = re.compile(
    r"[^.;]{0,60}?\b(?:is|are|has been|was)\s+(?:also\s+)?(?:introduced|defined|used|constructed|selected)\b"
)
_OPENING = re.compile(
    r"^(?:in|for|within|events (?:in|entering|of)|to (?:enter|define)|as for)\s+(?:[\w-]+\s+){0,4}?$", re.IGNORECASE
)
# "the photon in CRγ has …", "events in the last two signal regions must …"
_OWNED = re.compile(
    r"^(?:(?:the|each|every|all|both|any)\s+)?(?:[\w-]+\s+){1,4}(?:in|of)\s+(?:the\s+)?$", re.IGNORECASE
)
_HAS = re.compile(
    r"(?:\s*\([^()]*\))?\s+(?:has|have|must|(?:is|are|were|was)\s+(?:required|recorded|collected|selected|triggered))\b"
)
_HEADS = re.compile(r"^[\s•–*-]*(?:(?:the|a|an|its|one|two)\s+)?(?:[\w+-]+\s+){0,2}$", re.IGNORECASE)
_ENTERED = re.compile(
    r"(?:\s*\([^()]*\))?(?:,\s(?!and\b|or\b)|\s*[:–—]\s|(?<=,)\s"
    r"|\s+(?:with|in which|for which|where|requires|has|contains)\b)"
)
_SUBJECT = re.compile(
    r"^(?:(?:finally|similarly|in addition|furthermore|moreover|additionally|here"
    r"|then),?\s+)?(?:(?:the|a|an|each|all|these|this|both|one|two|three|four|five|six|seven"
    r"|orthogonal|main|final|second|first|inclusive|exclusive|dedicated|separate|additional"
    r"|events?|in|for)\s+)*$",
    re.IGNORECASE,
)
_SERVING = re.compile(
    r"\b(?:used as|serves? as|defines?|denoted|referred to as|constitutes?|forms?|called)\s+(?:as\s+)?"
    r"(?:an?\s+|the\s+)?(?:\w+\s+)?$"
)
_THIS = re.compile(
    r"(?:(?:in )?(?:this|the latter|these) (?:(?:control|signal|validation) )?(?:regions?|samples?|categor(?:y|ies))\b"
    r"|it (?:requires|uses|contains|consists|selects|is (?:defined|obtained|formed|selected|enriched)|also requires)"
    r"|the (?:sample|region) (?:has|contains|requires|consists|selects|comprises|is (?:defined|selected|required)))",
    re.IGNORECASE,
)
_IN_BOTH = re.compile(
    r"^(?:in|for) (?:both|all|each)(?: of (?:them|these))?(?: (?:cases|regions|categories|channels))?,"
    r"|^(?:both|all|each)(?: (?:two|three|four|five))?(?: of (?:them|these))?(?: (?:regions|categories|channels))?"
    r" (?:requires?|uses?|has|have|contains?|must|are required|select|demand)\b",
    re.IGNORECASE,
)
_ONLY_THERE = re.compile(r"(?P<in>(?:in|for) )(?:[^\s,]+ ){1,3}events, ", re.IGNORECASE)
_SERVED = re.compile(
    r"(?P<object>Photon|Electron|Muon|Lepton|Jet|Track)s?, which (?:are|is|enter)\b[^,]{0,40}?"
    r"\b(?:the|an?) (?:\w+ )?(?:control|validation) (?:sample|region)\b[^,]{0,40},"
)
_OF_TWO = re.compile(r"(?:(?:in|for|to enter)\s+)?the (?P<which>former|latter)\b", re.IGNORECASE)
_NTH = re.compile(
    r"(?:(?:in|for|to enter)\s+)?the (?P<which>first|second|third) (?:one|region|category|channel|sample)\b(?!,)",
    re.IGNORECASE,
)
_ORDINALS = {"first": 0, "second": 1, "third": 2}
_HEAD = re.compile(r"^(?:The )|\s*[.:]\s*$")
_EVERY = re.compile(r"\ball (?:four |three |five |six )?regions\b", re.IGNORECASE)
_COMMON = re.compile(
    r"\b(?:baseline selection|preselection|all (?:of )?(?:the )?(?:\w+ )?(?:regions|channels|final states|categories)"
    r"|pre-?selected)\b",
    re.IGNORECASE,
)
_OF_FLAVOURS = re.compile(r"(?:SF|DF|OF|(?:same|different|opposite)-flavou?r) events")
_IN_ALL = re.compile(r"^(?:in|for) all (?:of )?(?:the )?(?:\w+ )?(?:channels|final states|categories)\b", re.IGNORECASE)
_OTHERS = re.compile(
    r"\b(?:in|for) (?:all |both )?(?:the )?other"
    r" (?P<noun>(?:\w+ )?(?:channel|final state|categor|region|sample))(?:s|ies)\b",
    re.IGNORECASE,
)
_COMMON_TO = re.compile(r"\b(?:common to|shared by|the same (?:for|in))\s+(?:both\s+|all\s+)?(?:the\s+|of\s+)*$")
_COMPARED = re.compile(r"\b(?:as|than|like|same|from|to|of|between)\s+(?:in\s+)?(?:the\s+|that\s+|those\s+)*$")
_BEYOND = re.compile(
    r"\b(?:tighten\w*|in addition|on top|beyond|besides|further|after|pass\w*|fulfil\w*|satisf\w*)\b[^.;]{0,40}?"
    r"\b(?:baseline|pre-?selec\w*)"
    r"|\bpre-?selec\w*[^.;]{0,60}?\b(?:is|are) (?:\w+ )?(?:tightened|raised|modified|changed|replaced)",
    re.IGNORECASE,
)
_UNNAMED = re.compile(r"(?:signal|control|validation|search|measurement|application|sideband) regions?")


@dataclass(slots=True)
class Regions:
    """The regions known so far, the ones being talked about and those that the section is about."""

    known: list[str] = field(default_factory=list)
    current: tuple[str, ...] = ()
    last: str | None = None
    passing: bool = False
    """Whether the last sentence named a region without stating what it requires."""
    of_section: tuple[str, ...] = ()
    listed: bool = False
    mentioned: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    synonyms: Synonyms = field(default_factory=Synonyms)
    base: str | None = None
    """The channel or the named preselection that the regions of a section are part of."""

    def turn_to(self, text: str, *, item: bool = False) -> tuple[str, ...]:
        """Return the regions whose requirements a sentence states; empty where it states common ones.

        They are the current ones until a sentence turns to others. Where it shares its requirements out among regions,
        `parts` tells which stretch is whose.
        """
        label = label_of(text, of_regions=self.listed)
        self.parts = ()
        if self.of_section and is_channel(self.of_section[0]) and _IN_ALL.match(text):
            self.of_section = ()  # behind the sections on the channels, the text turns back to all of them
        found = () if label else names(text, self.own)
        if self.of_section:  # a part of its events: a condition
            found = tuple(n for n in found if not _OF_FLAVOURS.fullmatch(n.name))
        pair = paired(text)
        if pair is not None and pair.opens:
            self.current = self.mentioned = (pair.one, pair.other)
            self._learn(self.current)
        elif label or (found and (head := _HEAD.sub("", text)) and head == text[found[0].start : found[0].end]):
            label = label or found[0].name  # a paragraph's head: "Top control region."
            self.current = (label,)
            self.last = label
            self._learn(self.current)
        elif self.last and _THIS.match(text):
            if self.passing or not self.current:
                self.current = self._these(text)
            self.parts = parts(text, names(text, self.own)) if len(self.current) > 1 else ()
        elif (pointed := _OF_TWO.match(text)) and len(two := [n for n in self.mentioned if not is_base(n)]) == 2:
            self.current = (two[pointed["which"].lower() == "latter"],)
        elif (nth := _NTH.match(text)) and len(self.mentioned) > (place := _ORDINALS[nth["which"].lower()]):
            self.current = (self.mentioned[place],)
        elif (meant := self.mentioned or self.of_section) and _IN_BOTH.match(text):
            self.current = tuple(name for name in meant if not is_base(name)) or meant
        else:
            self.passing = False
            if found:
                self.last = next((n for n in reversed(found) if not _COMPARED.search(text[: n.start])), found[-1]).name
                self.mentioned = tuple(dict.fromkeys(n.name for n in found if not _UNNAMED.fullmatch(n.name)))
            self._learn(n.name for n in found if not _UNNAMED.fullmatch(n.name))
            self.synonyms.learn(found, self.own)
            if any(not is_channel(n.name) and _is_subject(text, n) for n in found if not n.bracketed):
                found = tuple(n for n in found if not is_channel(n.name))  # "SR1 requires … in the 2-lepton channel"
            shared = classes(text) or attributive(text) or self._with_others(text, found, parts(text, found))
            if found and (only := _ONLY_THERE.match(text)) and found[0].start <= only.end("in"):
                self.parts = (Part(0, len(text), (found[0].name,)),)  # the sentences behind it are of all events
                return self.current
            if served := _SERVED.match(text):  # "Photons, which are used in a control sample, must …"
                self.parts = (Part(0, len(text), (f"{served['object'].lower()} control sample",)),)
                return self.current
            opens = any(_is_subject(text, n) for n in found if not n.bracketed)
            if item and (named := _entry(text, found)):
                self.current = (named,)
            elif len({p.regions for p in shared}) > 1 or (shared and not opens):
                self.parts = shared
                self.current = self.current if shared[0].start else ()
            else:
                self.current = self._meant(text, found)
        stated = dict.fromkeys((*self.current, *(name for part in self.parts for name in part.regions)))
        self.base = next((name for name in stated if is_base(name)), self.base)
        return self.current

    def _with_others(self, text: str, found: tuple[Name, ...], shared: tuple[Part, ...]) -> tuple[Part, ...]:
        """Return the stretches of a sentence with that of `0.5 in all other channels`."""
        others = _OTHERS.search(text)
        if others is None or not found or others.start() < found[0].start:
            return shared
        named = {name.name for name in found}
        rest = tuple(
            n for n in self.known if n not in named and re.search(rf" {others['noun']}(?:y|)$", n, re.IGNORECASE)
        )
        start = max((p.end if p.end < others.start() else p.start for p in shared), default=found[0].end)
        before = tuple(Part(p.start, min(p.end, start), p.regions) for p in shared if p.start < start)
        return (*before, Part(start, len(text), rest))

    def _these(self, text: str) -> tuple[str, ...]:
        """Return the regions that `this region` and `these regions` point at, which the sentence before has named."""
        several = tuple(name for name in self.mentioned if not is_base(name))
        if several and re.match(r"(?:in )?these\b", text, re.IGNORECASE):
            return several
        return (self.last,) if self.last else ()

    def _meant(self, text: str, found: tuple[Name, ...]) -> tuple[str, ...]:
        subject = next((n for n in found if not n.bracketed and _is_subject(text, n)), None)
        if subject is not None:
            return self._defined(text, subject, found)
        serving = next((n for n in found if _SERVING.search(text[: n.start])), None)
        if serving is not None:
            return (serving.name,)
        if self.known and _EVERY.search(text):
            return self.of_section or tuple(self.known[-8:])
        shared = [n.name for n in found if _COMMON_TO.search(text[: n.start])]
        if shared:
            rest = found[[n.name for n in found].index(shared[0]) :]
            return tuple(dict.fromkeys(n.name for n in rest))  # "three requirements are common to the A and B regions"
        self.passing = bool(found)
        return () if is_common(text) else self.current

    def _defined(self, text: str, subject: Name, found: tuple[Name, ...]) -> tuple[str, ...]:
        """Return the regions a sentence defines: its subject, those joined to it, or those in brackets behind it."""
        if self.of_section and is_base(self.of_section[0]) and _UNNAMED.fullmatch(subject.name.removesuffix("s")):
            return self.of_section  # "The signal regions require …", in the section on a channel
        last = subject
        group = [subject.name]
        for name in found[found.index(subject) + 1 :]:
            joined = name.start <= last.end or re.fullmatch(
                r"[\s,]*(?:and|or|,|–|—|to|through)?\s*(?:the\s+)?", text[last.end : name.start]
            )
            if joined and not name.bracketed:
                group.append(name.name)
                last = name
        inside = [
            n.name
            for n in found
            if n.bracketed
            and subject.end <= n.start <= subject.end + 40
            and re.match(r"\s*\(", text[subject.end : n.start] or "(")
        ]
        if inside and re.search(r"regions?$", group[0]):
            group = inside
        around = text[max(0, subject.start - 40) : subject.end + 1] + " "
        if subject.plural and re.search(r"\b(?:both|all|these)\b", around, re.IGNORECASE):
            group = self._of_kind(group, text[: subject.end])
        return tuple(dict.fromkeys(group))

    def _of_kind(self, group: list[str], before: str) -> list[str]:
        """Return the known regions of the kind that `both control regions` or `all signal regions` means."""
        kind = kind_of(group[0])
        labels = [n for n in self.known if kind_of(n) == kind and n not in group and not is_base(n)]
        if not labels:
            return group
        return labels[-2:] if re.search(r"\bboth\b", before, re.IGNORECASE) else labels

    def covers(self, text: str) -> bool:
        """Say whether all that the sentence last turned to requires is of the same regions."""
        return [(p.start, p.end) for p in self.parts] == [(0, len(text))]

    def at(self, position: int) -> tuple[str, ...]:
        """Return the regions whose requirement stands at a position of the sentence last turned to."""
        if not self.parts:
            return self.current
        return next((p.regions for p in self.parts if p.start <= position < p.end), self.current)

    def _learn(self, found: Iterable[str]) -> None:
        for name in found:
            if name in self.known:
                self.known.remove(name)
            self.known.append(name)


def _entry(text: str, found: tuple[Name, ...]) -> str | None:
    """Return the region that an item of a list is about: `the b-tagged region SRb, to which …`."""
    first = next((n for n in found if not n.bracketed), None)
    if first is None or not _HEADS.match(text[: first.start]) or not _ENTERED.match(text[first.end :]):
        return None
    return first.name


def is_common(text: str) -> bool:
    """Say whether a sentence is about what all regions have in common: `the preselection`."""
    return _COMMON.search(text) is not None and _BEYOND.search(text) is None


def _is_subject(text: str, name: Name) -> bool:
    """Say whether a sentence states what a region it names is, and does not only refer to it."""
    before, after = text[: name.start], text[name.end :]
    return bool(
        _OPENING.match(before)
        or (_OWNED.match(before) and _HAS.match(after))
        or (_SUBJECT.match(before) and _DEFINES.match(after))
        or _MADE_BY.match(after)
        or _WE_MAKE.search(before)
        or (_INTRODUCING.search(before) and _IS_INTRODUCED.match(after))
    )
