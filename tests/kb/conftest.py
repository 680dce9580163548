"""Small papers, in our own words, and stores for the tests of this room."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from kb.document import Block, BlockKind, Document, Reference, Section
from kb.ssc import Cut, Evidence, Origin, Paper, SelectionCriteria, Subject, Variable, cut_id
from kb.store import Store

GRAMMAR = Origin(extractor="grammar", version="test")


def document(
    *pieces: tuple[BlockKind, str],
    arxiv_id: str = "2611.00001",
    version: int = 1,
    references: tuple[Reference, ...] = (),
) -> Document:
    """Lay pieces of text out as a document; a heading opens a section that ends at the next one."""
    text, blocks, headings = "", [], []
    for kind, piece in pieces:
        start = len(text)
        text += piece + "\n\n"
        blocks.append(Block(start=start, end=start + len(piece), kind=kind))
        if kind == "heading":
            headings.append((start, piece))
    ends = [*(start for start, _ in headings[1:]), len(text)][: len(headings)]
    sections = [
        Section(start=start, end=end, title=title, number=str(number), level=1)
        for number, ((start, title), end) in enumerate(zip(headings, ends, strict=True), 1)
    ]
    return Document(
        arxiv_id=arxiv_id,
        version=version,
        title=next((piece for kind, piece in pieces if kind == "title"), ""),
        source_format="latex",
        reader="test 1",
        text=text,
        blocks=tuple(blocks),
        sections=tuple(sections),
        references=references,
    )


def dimuon_paper(**changes: Any) -> Document:
    """Return a paper with two short sections."""
    return document(
        ("title", "A search in events with two muons"),
        ("heading", "Muons"),
        ("paragraph", "Muons are required to have p_T > 5 GeV and |η| < 2.7. Their |d_0| must be below 1 mm."),
        ("heading", "Event selection"),
        ("paragraph", "Events with exactly two muons are kept. The leading muon has p_T > 0.02 TeV."),
        **changes,
    )


def evidence(paper: Document, quote: str, **changes: Any) -> Evidence:
    """Quote a document."""
    start = paper.text.index(quote)
    fields = {
        "arxiv_id": paper.arxiv_id,
        "version": paper.version,
        "document_hash": paper.document_hash,
        "section": paper.section_path(start),
        "start": start,
        "end": start + len(quote),
        "quote": quote,
    }
    return Evidence(**{**fields, **changes})


def cut(paper: Document, quote: str, object: str, variable: str, operator: str, value: Any, **changes: Any) -> Cut:
    """State a cut with its quote."""
    rank = changes.pop("rank", None)
    fields: Mapping[str, Any] = {
        "id": cut_id(paper.arxiv_id, object, rank, variable, operator, value, quote),
        "scope": "object",
        "subject": Subject(object=object, rank=rank),
        "variable": Variable(id=variable),
        "operator": operator,
        "value": value,
        "evidence": (evidence(paper, quote),),
        "origin": GRAMMAR,
    }
    return Cut(**{**fields, **changes})


def criteria(paper: Document, *cuts: Cut, experiment: str = "ATLAS", **changes: Any) -> SelectionCriteria:
    """Collect cuts as what a paper requires."""
    name = Paper(
        arxiv_id=paper.arxiv_id,
        version=paper.version,
        title=paper.title,
        experiment=experiment,
        sqrt_s=13,
        document_hash=paper.document_hash,
    )
    return SelectionCriteria(paper=name, cuts=cuts, **changes)


def dimuon_cuts(paper: Document) -> tuple[Cut, ...]:
    """State the five cuts of the dimuon paper."""
    sentence = "Muons are required to have p_T > 5 GeV and |η| < 2.7."
    return (
        cut(paper, sentence, "muon", "pt", ">", 5, unit="GeV"),
        cut(paper, sentence, "muon", "abs_eta", "<", 2.7),
        cut(paper, "Their |d_0| must be below 1 mm", "muon", "d0", "<", 1, unit="mm"),
        cut(paper, "exactly two muons", "muon", "count", "==", 2, scope="event"),
        cut(paper, "The leading muon has p_T > 0.02 TeV", "muon", "pt", ">", 0.02, unit="TeV", rank=1, scope="event"),
    )


@pytest.fixture
def papers() -> ModuleType:
    """Give the builders above to a test."""
    return sys.modules[__name__]


@pytest.fixture
def dimuon() -> Document:
    """Give the dimuon paper to a test."""
    return dimuon_paper()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Open an empty store whose only rule of evidence is that quotes stand in their documents."""
    with Store(f"sqlite:///{tmp_path}/kb/cutbook.db", ground=lambda _cut, _documents: ()) as opened:
        yield opened
