"""Follow which region the sentences are about: `The signal region consists of …`, `In the 1muCR, …`, `(VRZ)`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from kb.distil.region_names import LABEL, Name, kind_of, label_of, names
from kb.distil.region_parts import Part, parts

_DEFINING = (
    r"(?:(?:is|are|was|were)\s+(?:\w+\s+){0,2}?(?:defined|selected|formed|obtained|constructed"
    r"|required|built|identified|enhanced|characteri[sz]ed|divided|subdivided|split|categori[sz]ed"
    r"|chosen|enriched|identical|the\s+same|similar|analogous|equivalent|equal)|demands?|imposes?|applies|consists?|contains?|requires?|selects?|comprises?|includes?|must"
    r"|satisf(?:y|ies)|differs|inverts?|revers\w+|relax\w*|tightens?|has\s+to|have\s+to|aims?\b|targets?|uses?|has\s+the|have\s+the"
    r"|corresponds?\s+to|at\s+least)"
)
_DEFINES = re.compile(rf"(?:\s*\([^()]*\))?(?:[,\s]+(?:and|or)?\s*(?:the\s+)?{LABEL})*[^.;]{{0,80}}?\b{_DEFINING}")
_MADE_BY = re.compile(
    r"(?:\s*\([^()]*\))?\s+(?:(?:which|that)\s+(?:is|are)\s+)?(?:defined|obtained|formed|constructed|built)"
    r"\s+(?:by|as|with|from|requiring)\b"
)
_IS_MADE = re.compile(
    r"(?:\s*\([^()]*\))?\s+(?:is|are|was|were)\s+(?:\w+\s+){0,2}?"
    r"(?:defined|obtained|formed|selected|constructed|built)"
)
_WE_MAKE = re.compile(r"\b(?:define|construct|form|deﬁne)s?\s+(?:\w+\s+){0,4}$")
_INTRODUCING = re.compile(
    r"^(?:(?:for|to|in|as|with)\s[^,.;]{1,90},\s+)?(?:a|an|the|one|two|three)\s+(?:[\w+-]+\s+){0,5}$", re.IGNORECASE
)
_IS_INTRODUCED = re.compile(
    r"[^.;]{0,60}?\b(?:is|are|has been|was)\s+(?:also\s+)?(?:introduced|defined|used|constructed|selected)\b"
)
_REFERS = re.compile(
    r"(?:\b(?:as|than|from|of|to|into|by|in|for|with|on|per|like|through|contaminat\w+|between"
    r"|across|via)\s+(?:(?:used|defined|in|for|the|each|all|any|of|those|these|this|its|their|that"
    r"|same|corresponding|respective|associated|given|various|both|other|a)\s+)*)$",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"^(?:in|for|within|events (?:in|entering|of)|to (?:enter|define)|as for)\s+(?:[\w-]+\s+){0,4}?$", re.IGNORECASE
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
    r"|it (?:requires|uses|contains|consists|selects|is (?:defined|obtained|formed|selected|enriched)|also requires))",
    re.IGNORECASE,
)
_IN_BOTH = re.compile(
    r"^(?:in|for) (?:both|all|each)(?: of (?:them|these))?(?: (?:cases|regions|categories|channels))?,", re.IGNORECASE
)
_EVERY = re.compile(r"\ball (?:four |three |five |six )?regions\b", re.IGNORECASE)
_COMMON = re.compile(
    r"\b(?:baseline selection|preselection|all (?:the )?(?:signal |search |analysis )?regions|pre-?selected)\b",
    re.IGNORECASE,
)
_UNNAMED = re.compile(r"(?:signal|control|validation|search|measurement|application|sideband) region")


@dataclass(slots=True)
class Regions:
    """The regions known so far, the ones being talked about and those that the section is about."""

    known: list[str] = field(default_factory=list)
    current: tuple[str, ...] = ()
    last: str | None = None
    of_section: tuple[str, ...] = ()
    listed: bool = False
    mentioned: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()

    def turn_to(self, text: str) -> tuple[str, ...]:
        """Return the regions whose requirements a sentence states; empty where it states common ones.

        They are the current ones until a sentence turns to others. Where it shares its requirements out among regions,
        `parts` tells which stretch is whose.
        """
        label = label_of(text, of_regions=self.listed)
        self.parts = ()
        found = () if label else names(text, self.own)
        if label:
            self.current = (label,)
            self._learn(self.current)
        elif self.last and _THIS.match(text):
            self.current = self.current or (self.last,)
        elif self.mentioned and _IN_BOTH.match(text):
            self.current = self.mentioned
        else:
            if found:
                self.last = found[-1].name
                self.mentioned = tuple(dict.fromkeys(n.name for n in found if not _UNNAMED.fullmatch(n.name)))
            self._learn(n.name for n in found if not _UNNAMED.fullmatch(n.name))
            shared = parts(text, found)
            opens = any(_is_subject(text, n) for n in found if not n.bracketed)
            if len({p.regions for p in shared}) > 1 or (shared and not opens):
                self.parts = shared
                self.current = ()
            else:
                self.current = self._meant(text, found)
        return self.current

    def _meant(self, text: str, found: tuple[Name, ...]) -> tuple[str, ...]:
        subject = next((n for n in found if not n.bracketed and _is_subject(text, n)), None)
        if subject is not None:
            return self._defined(text, subject, found)
        serving = next((n for n in found if _SERVING.search(text[: n.start])), None)
        if serving is not None:
            return (serving.name,)
        if self.known and _EVERY.search(text):
            return tuple(self.known[-8:])
        return () if _COMMON.search(text) else self.current

    def _defined(self, text: str, subject: Name, found: tuple[Name, ...]) -> tuple[str, ...]:
        """Return the regions a sentence defines: its subject, those joined to it, or those in brackets behind it."""
        last = subject
        group = [subject.name]
        for name in found[found.index(subject) + 1 :]:
            joined = re.fullmatch(r"[\s,]*(?:and|or|,)?\s*(?:the\s+)?", text[last.end : name.start])
            if joined and not name.bracketed:
                group.append(name.name)
                last = name
        labels = [n for n in group if not re.search(r"[Rr]egion", n)]
        if labels and re.fullmatch(r"(?i)(?:signal|control|validation) region", group[0]):
            group = labels  # "signal region SRA"
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
        labels = [n for n in self.known if kind_of(n) == kind and n not in group]
        if not labels:
            return group
        return labels[-2:] if re.search(r"\bboth\b", before, re.IGNORECASE) else labels

    def at(self, position: int) -> tuple[str, ...]:
        """Return the regions whose requirement stands at a position of the sentence last turned to."""
        if not self.parts:
            return self.current
        return next((p.regions for p in self.parts if p.start <= position < p.end), ())

    def _learn(self, found: Iterable[str]) -> None:
        for name in found:
            if name in self.known:
                self.known.remove(name)
            self.known.append(name)


def _is_subject(text: str, name: Name) -> bool:
    """Say whether a sentence states what a region it names is, and does not only refer to it."""
    before, after = text[: name.start], text[name.end :]
    refers = _REFERS.search(before)
    return bool(
        _OPENING.match(before)
        or (not refers and _SUBJECT.match(before) and _DEFINES.match(after))
        or _MADE_BY.match(after)
        or (not refers and _IS_MADE.match(after))
        or _WE_MAKE.search(before)
        or (_INTRODUCING.search(before) and _IS_INTRODUCED.match(after))
    )
