"""INSPIRE's literature records, as far as cutbook needs them: a paper's names and its list of references."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ingest.identifiers import Handle, Identifier, parse_identifier
from kb.errors import IdentifierError, NoTextError

FIELDS = ("control_number", "titles", "collaborations", "report_numbers", "arxiv_eprints", "dois", "license")
LIST_FIELDS = ("references.reference", "references.record")
_RECORD = re.compile(r"/(?:literature|record)/(\d+)/?$")
_COLLABORATION = re.compile(r"\[?\b(?:[Tt]he\s+)?([A-Z][\w+-]*(?:[ -][A-Z0-9][\w+-]*){0,3}?)\s+[Cc]ollaborations?\]?")
_CREATIVE_COMMONS = re.compile(
    r"(?:creativecommons\.org/licenses/|\bCC[ -])([a-z]+(?:-[a-z]+)*)[/ -](\d\.\d)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One paper of a list of references; empty or None where INSPIRE does not tell."""

    label: str = ""
    arxiv_id: str | None = None
    doi: str | None = None
    report_numbers: tuple[str, ...] = ()
    title: str = ""
    collaboration: str = ""
    record_id: str | None = None
    journal: str = ""
    volume: str = ""
    page: str = ""

    def with_record(self, record: Record) -> Entry:
        """Fill what the list does not tell from the cited paper's own record."""
        return replace(
            self,
            arxiv_id=self.arxiv_id or record.arxiv_id,
            doi=self.doi or record.doi,
            report_numbers=self.report_numbers or record.report_numbers,
            title=record.title or self.title,
            collaboration=record.collaboration or self.collaboration,
        )


@dataclass(frozen=True, slots=True)
class Record:
    """A paper as INSPIRE knows it."""

    record_id: str
    title: str = ""
    collaboration: str = ""
    report_numbers: tuple[str, ...] = ()
    arxiv_id: str | None = None
    dois: tuple[str, ...] = ()
    licence: str = ""
    """Of the preprint, where INSPIRE tells that, else of the publication."""
    entries: tuple[Entry, ...] = ()

    @property
    def doi(self) -> str | None:
        """The DOI of the publication, or None."""
        return self.dois[0] if self.dois else None

    def goes_by(self, name: Identifier | Handle) -> bool:
        """Say whether this is the paper with that name."""
        if isinstance(name, Identifier):
            return self.arxiv_id == name.arxiv_id
        if name.kind == "doi":
            return name.value.casefold() in {doi.casefold() for doi in self.dois}
        if name.kind == "record":
            return self.record_id == name.value
        return _number(name.value) in {_number(number) for number in self.report_numbers}


def record_of(reply: Mapping[str, Any]) -> Record:
    """Read a record from the JSON of one, with or without the envelope that has `metadata`."""
    metadata = _mapping(reply.get("metadata")) or reply
    named = _values(metadata, "collaborations", "value")
    return Record(
        record_id=str(metadata.get("control_number") or reply.get("id") or ""),
        title=_title(metadata),
        collaboration=next((collaboration_in(f"{name} Collaboration") for name in named), ""),
        report_numbers=tuple(_values(metadata, "report_numbers", "value")),
        arxiv_id=next(filter(None, map(_arxiv_id, _values(metadata, "arxiv_eprints", "value"))), None),
        dois=tuple(dict.fromkeys(_values(metadata, "dois", "value"))),
        licence=_licence(metadata),
        entries=tuple(map(_entry, _mappings(metadata.get("references")))),
    )


def trimmed(reply: Mapping[str, Any]) -> dict[str, Any]:
    """Keep of a record's JSON what `record_of` reads; the rest, thousands of authors, is not worth its disk."""
    metadata = _mapping(reply.get("metadata")) or reply
    kept = {name: metadata[name] for name in FIELDS if name in metadata}
    lines = _mappings(metadata.get("references"))
    kept["references"] = [{name: line[name] for name in ("reference", "record") if name in line} for line in lines]
    return kept


def collaboration_in(text: str) -> str:
    """Return the first collaboration that a text names, or an empty string.

    >>> collaboration_in("S. Chatrchyan et al. [CMS Collaboration], JINST 9 (2014) P10009"), collaboration_in("J. Doe")
    ('CMS', '')
    """
    found = _COLLABORATION.search(text)
    return found[1] if found else ""


def _entry(line: Mapping[str, Any]) -> Entry:
    reference = _mapping(line.get("reference"))
    place = _mapping(reference.get("publication_info"))
    linked = _RECORD.search(str(_mapping(line.get("record")).get("$ref", "")))
    names = [*_texts(reference.get("collaborations")), *_texts(reference.get("misc"))]
    return Entry(
        label=re.sub(r"[\s\[\]().]", "", str(reference.get("label") or "")),
        arxiv_id=_arxiv_id(str(reference.get("arxiv_eprint") or "")),
        doi=next(_texts(reference.get("dois")), None),
        report_numbers=tuple(_texts(reference.get("report_numbers"))),
        title=_readable(str(_mapping(reference.get("title")).get("title") or "")),
        collaboration=next(filter(None, map(collaboration_in, names)), ""),
        record_id=linked[1] if linked else None,
        journal=str(place.get("journal_title") or ""),
        volume=str(place.get("journal_volume") or ""),
        page=str(place.get("artid") or place.get("page_start") or ""),
    )


def _title(metadata: Mapping[str, Any]) -> str:
    titles = list(_values(metadata, "titles", "title"))
    # A publisher's title may be in MathML; arXiv's, where there is one, is plain or TeX.
    return _readable(min(titles, key=lambda title: "<" in title, default=""))


def _licence(metadata: Mapping[str, Any]) -> str:
    told = [
        (_short_licence(str(item.get("license") or item.get("url") or "")), item)
        for item in _mappings(metadata.get("license"))
    ]
    of_preprint = [name for name, item in told if item.get("material") == "preprint" or item.get("imposing") == "arXiv"]
    return next(filter(None, [*of_preprint, *(name for name, _ in told)]), "")


def _short_licence(text: str) -> str:
    """Write a licence by its usual name: CC BY 4.0; what is not known stays as it is."""
    if found := _CREATIVE_COMMONS.search(text):
        return f"CC {found[1].upper()} {found[2]}"
    if "nonexclusive-distrib" in text:
        return "arXiv's non-exclusive licence to distribute"
    return text


@lru_cache(maxsize=4096)
def _readable(title: str) -> str:
    """Write a title as the readers write text: formulas as plain Unicode."""
    plain = " ".join(re.sub(r"<[^>]+>", "", title).split())
    if not re.search(r"[$\\]", plain):
        return plain
    from ingest.eprint import Eprint
    from ingest.latex import read_latex

    body = re.sub(r"(?<!\\)([%&#])", r"\\\1", plain)
    try:
        document = read_latex(Eprint(files={"title.tex": body.encode()}, kind="latex", main="title.tex"), arxiv_id="")
    except NoTextError:
        return plain
    return " ".join(document.text.split())


def _arxiv_id(text: str) -> str | None:
    try:
        return parse_identifier(text).arxiv_id
    except IdentifierError:
        return None


def _number(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.casefold())


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _texts(value: Any) -> Iterator[str]:
    yield from (item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _values(metadata: Mapping[str, Any], name: str, key: str) -> Iterator[str]:
    yield from (item[key] for item in _mappings(metadata.get(name)) if isinstance(item.get(key), str))
