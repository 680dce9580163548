"""Why a sentence cites a paper: because it defines objects or selection, or for any other reason."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from kb.distil.context import SectionKind, section_kind, titles_at
from kb.distil.experiment import experiment
from kb.distil.paper import walk
from kb.distil.sentences import Sentence, sentences
from kb.document import Document, Reference
from kb.errors import VocabularyError

Purpose = Literal["pointed", "requirement", "definition", "object", "earlier analysis"]
TitleKind = Literal["never", "calibration", "object", "results", "other"]

SAYS: Mapping[Purpose, str] = {
    "pointed": "the sentence says that it is described there",
    "requirement": "the sentence cites it for a requirement",
    "definition": "the sentence defines an isolation by it",
    "object": "a section on objects or selection cites it for how an object is reconstructed",
    "earlier analysis": "the analysis takes over what it did",
}
_READ = frozenset({"paragraph", "item", "footnote", "equation", "abstract"})
_EXPERIMENTS = re.compile(r"(?:ATLAS?|CMS|LHCb|ALICE|CDF|D0|BELLE2?|TOTEM)-", re.IGNORECASE)
_BREAK = re.compile(r"[,;:]\s+|\s[–—]\s|\s\(|\b(?:and|while|whereas|but)\s+(?=(?:the|that|a|an|is|are|to)\b)")
_RELATIVE = re.compile(r"^\s*(?:which|that|where|who|and|or)\b", re.IGNORECASE)
_FEW_WORDS = 3
# Sections where a selection is the exception.
_ELSEWHERE = frozenset({"detector", "simulation", "results"})


@dataclass(frozen=True, slots=True)
class Reason:
    """A citation of a paper that defines objects or selection: its sentence `[start, end)` and what that says of it."""

    key: str
    purpose: Purpose
    start: int
    end: int


class _Titles(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    never: tuple[str, ...]
    elsewhere: tuple[str, ...]
    calibration: tuple[str, ...]
    results: tuple[str, ...]
    object: tuple[str, ...]
    performance: tuple[str, ...]


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    points: re.Pattern[str]
    selects: re.Pattern[str]
    against: re.Pattern[str]
    beside: re.Pattern[str]
    defines: re.Pattern[str]
    imposes: re.Pattern[str]
    inherits: re.Pattern[str]
    analysis: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Rules:
    titles: Mapping[str, re.Pattern[str]]
    words: _Words


def reasons(document: Document) -> tuple[Reason, ...]:
    """Return, in the order of the text, the citations of papers that define objects or selection.

    A sentence counts by its section, by the words around the citation, by the title of what is cited and by who wrote
    that: experiments define objects, theorists only where the sentence sends the reader to them. What the distiller
    would follow into a cited paper counts in any case where the title allows it.
    """
    references = {reference.key: reference for reference in document.references}
    followed = {(key, found.start) for found in walk(document).delegations for key in found.keys}
    own = experiment(document).name or ""
    return tuple(
        Reason(key, purpose, sentence.start, sentence.end)
        for citing in _citing(document)
        for sentence in [citing.sentence]
        for key in citing.keys
        if (reference := references.get(key)) is not None
        and (purpose := _purpose(citing, reference, own, followed=(key, sentence.start) in followed)) is not None
    )


def title_kind(reference: Reference) -> TitleKind:
    """Return what a cited paper is, as far as its title tells.

    >>> title_kind(Reference(key="a", title="Performance of electron reconstruction with the CMS detector"))
    'object'
    >>> title_kind(Reference(key="b", text="M. Cacciari, G. P. Salam, FastJet user manual, Eur. Phys. J. C 72 (2012)"))
    'never'
    """
    titles = _rules().titles
    text = reference.title or reference.text
    if titles["never"].search(text):
        return "never"
    if titles["calibration"].search(text):
        return "calibration"
    if titles["object"].search(text) and titles["performance"].search(text):
        return "object"
    if titles["elsewhere"].search(text):
        return "never"
    return "results" if titles["results"].search(text) else "other"


def of_experiment(reference: Reference) -> bool:
    """Say whether a collaboration wrote a cited paper, by its name or its report number."""
    return bool(reference.collaboration) or bool(_EXPERIMENTS.match(reference.report_number or ""))


def _unsigned(reference: Reference) -> bool:
    """Say whether a bibliography names no author, as GROBID's may where a collaboration is one."""
    return reference.text.startswith(reference.title) if reference.title else not reference.text


def of_collaboration(reference: Reference, name: str) -> bool:
    """Say whether this collaboration wrote a cited paper; ATLAS numbers its notes ATL-…, too."""
    number = (reference.report_number or "").casefold()
    folded = name.casefold()
    prefixes = tuple(f"{prefix}-" for prefix in {folded, folded.replace("atlas", "atl")})
    return bool(name) and (folded in reference.collaboration.casefold() or number.startswith(prefixes))


@dataclass(frozen=True, slots=True)
class _Citing:
    """A citation in its sentence.

    `since` is what stands between it and the citation before, `before` the last clause of that, `after` what follows.
    """

    keys: tuple[str, ...]
    sentence: Sentence
    kind: SectionKind
    text: str
    since: str
    before: str
    after: str


def _citing(document: Document) -> Iterator[_Citing]:
    ordered = sorted(document.citations, key=lambda citation: citation.start)
    for block in document.blocks:
        inside = [citation for citation in ordered if block.holds(citation.start)]
        if block.kind not in _READ or not inside:
            continue
        for sentence in sentences(document, block):
            here = [citation for citation in inside if sentence.start <= citation.start < sentence.end]
            kind = section_kind(titles_at(document, sentence.start))
            since = sentence.start
            for citation in here:
                yield _Citing(
                    citation.keys,
                    sentence,
                    kind,
                    document.text[sentence.start : sentence.end],
                    document.text[since : citation.start],
                    _clause(document.text[since : citation.start]),
                    re.split(r"[,.;\[]", document.text[citation.end : sentence.end])[0],
                )
                since = citation.end


def _clause(text: str) -> str:
    """Return the last clause of the words before a citation, with the one before where it cannot stand alone."""
    starts = [0, *(found.end() for found in _BREAK.finditer(text))]
    for start in reversed(starts):
        clause = text[start:].strip()
        if len(clause.split()) >= _FEW_WORDS and not _RELATIVE.match(clause):
            return clause
    return text.strip()


def _purpose(citing: _Citing, reference: Reference, own: str, *, followed: bool) -> Purpose | None:
    words, title = _rules().words, title_kind(reference)
    if title == "never" or citing.kind == "systematics":
        return None
    pointed = bool(words.points.search(citing.before))
    selects = bool(words.selects.search(citing.before))
    if words.against.search(citing.before) or (words.beside.search(citing.before) and not selects):
        return None
    if pointed and _takes_over(citing) and of_collaboration(reference, own) and title in {"results", "other"}:
        return "earlier analysis"
    if citing.kind == "skip" or (citing.kind in _ELSEWHERE and not words.imposes.search(citing.text)):
        return None
    if pointed and (selects or words.selects.search(citing.text)):
        return "pointed"
    if not (of_experiment(reference) or (_unsigned(reference) and title != "other")):
        return None
    if selects or followed:
        return "requirement"
    if title == "calibration" or citing.kind == "background":
        return None
    if words.defines.search(citing.text):
        return "definition"
    return "object" if title == "object" or words.selects.search(citing.after) else None


def _takes_over(citing: _Citing) -> bool:
    words = _rules().words
    return bool(words.inherits.search(citing.since) and words.analysis.search(citing.text))


@lru_cache(maxsize=1)
def _rules() -> _Rules:
    path = Path(__file__).with_name("purposes.toml")
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    lists = _Titles.model_validate(raw["titles"])
    titles = {name: _pattern(path, f"titles.{name}", "|".join(patterns)) for name, patterns in lists}
    words = {name: _pattern(path, f"words.{name}", pattern) for name, pattern in raw["words"].items()}
    return _Rules(titles, _Words.model_validate(words))


def _pattern(path: Path, name: str, text: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        message = f"{path}: {name} is no regular expression: {error}"
        raise VocabularyError(message, hint="the last change to this list broke it", path=name) from error
