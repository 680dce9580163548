"""Make evidence of what the grammar read: the words at a place of a document, and where that is."""

from __future__ import annotations

from collections.abc import Iterable

from kb.distil.candidates import Candidate
from kb.document import Document
from kb.ssc import Evidence, EvidenceKind


def quote(document: Document, start: int, end: int, kind: EvidenceKind) -> Evidence:
    """Return the words `[start, end)` of a document as evidence."""
    return Evidence(
        arxiv_id=document.arxiv_id,
        version=document.version,
        document_hash=document.document_hash,
        section=document.section_path(start),
        start=start,
        end=end,
        quote=document.quote(start, end),
        kind=kind,
    )


def evidence_of(document: Document, candidate: Candidate) -> list[Evidence]:
    """Return what a candidate is read from, the main place first."""
    places = ((candidate.start, candidate.end, candidate.kind), *candidate.also)
    return [quote(document, start, end, kind) for start, end, kind in places]


def unique(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Return evidence without the same place twice."""
    return tuple({(e.document_hash, e.start, e.end): e for e in evidence}.values())
