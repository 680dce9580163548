"""A document is one text; everything else is spans of it."""

from __future__ import annotations

import hashlib
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kb.document import Block, Cell, Document, Reference, Section, SourcePiece, Span, Table

TEXT = "Selection\n\nMuons have p_T > 5 GeV.\n\nSR | 2\nCR | 3\n\nRegions."


@pytest.fixture
def paper() -> Document:
    return Document(
        arxiv_id="2611.00001",
        source_format="latex",
        text=TEXT,
        blocks=(
            Block(start=0, end=9, kind="heading"),
            Block(start=11, end=34, kind="paragraph"),
            Block(start=36, end=49, kind="table"),
            Block(start=51, end=59, kind="caption"),
        ),
        sections=(
            Section(start=0, end=59, title="Selection", number="4", level=1),
            Section(start=11, end=34, title="Muons", level=2),
        ),
        tables=(
            Table(
                start=36,
                end=49,
                caption=Span(start=51, end=59),
                cells=(
                    Cell(start=36, end=38, row=0, column=0, header=True),
                    Cell(start=41, end=42, row=0, column=1),
                    Cell(start=43, end=45, row=1, column=0, row_span=2, header=True),
                    Cell(start=48, end=49, row=1, column=1, column_span=2),
                ),
            ),
        ),
        references=(Reference(key="mu", arxiv_id="1603.05598"),),
        source_map=(SourcePiece(start=11, end=34, file="main.tex", offset=100),),
    )


def test_quotes_are_the_text_at_their_offsets(paper: Document) -> None:
    assert paper.quote(11, 34) == "Muons have p_T > 5 GeV."


def test_the_hash_is_of_the_text_alone(paper: Document) -> None:
    assert paper.document_hash == hashlib.sha256(TEXT.encode()).hexdigest()
    renamed = paper.model_copy(update={"arxiv_id": "other", "blocks": ()})
    assert renamed.document_hash == paper.document_hash


def test_section_paths_run_from_the_outside_in(paper: Document) -> None:
    assert paper.section_path(12) == ("4 Selection", "Muons")
    assert paper.section_path(40) == ("4 Selection",)
    assert paper.section_path(59) == ()


def test_blocks_are_found_by_offset(paper: Document) -> None:
    assert [getattr(paper.block_at(offset), "kind", None) for offset in (0, 10, 33, 34, 36)] == [
        "heading",
        None,
        "paragraph",
        None,
        "table",
    ]


def test_merged_cells_cover_all_their_places(paper: Document) -> None:
    table = paper.table_at(40)
    assert table is not None
    assert table.shape == (3, 3)
    assert table.at(2, 0) == table.at(1, 0) == table.cells[2]
    assert table.at(1, 2) == table.cells[3]
    assert table.at(2, 2) is None
    assert paper.table_at(12) is None


def test_sources_and_references_are_found(paper: Document) -> None:
    piece = paper.source_of(20)
    assert piece is not None
    assert (piece.file, piece.offset) == ("main.tex", 100)
    assert paper.source_of(40) is None
    assert paper.reference("mu") == paper.references[0]
    assert paper.reference("tau") is None


def test_json_round_trips_exactly(paper: Document) -> None:
    again = Document.model_validate_json(paper.model_dump_json())
    assert again == paper
    assert again.model_dump_json() == paper.model_dump_json()


@pytest.mark.parametrize("group", ["blocks", "sections", "tables", "citations", "source_map"])
def test_spans_beyond_the_text_are_refused(group: str) -> None:
    extra = {
        "blocks": {"kind": "paragraph"},
        "sections": {"title": "A", "level": 1},
        "citations": {"keys": ["mu"]},
    }.get(group, {})
    with pytest.raises(ValidationError, match="after the text's end 5"):
        Document.model_validate(
            {"arxiv_id": "a", "source_format": "pdf", "text": "Muons", group: [{"start": 0, "end": 6, **extra}]}
        )


def test_blocks_come_in_the_order_of_the_text() -> None:
    blocks = (Block(start=3, end=5, kind="paragraph"), Block(start=0, end=2, kind="paragraph"))
    with pytest.raises(ValidationError, match="not in the order"):
        Document(arxiv_id="a", source_format="pdf", text="Muons", blocks=blocks)


def test_a_span_does_not_end_before_it_starts() -> None:
    with pytest.raises(ValidationError, match="before it starts"):
        Span(start=2, end=1)


@given(*[st.integers(0, 20)] * 4)
def test_spans_overlap_where_they_share_an_offset(a: int, b: int, c: int, d: int) -> None:
    first, second = Span(start=min(a, b), end=max(a, b)), Span(start=min(c, d), end=max(c, d))
    shared = any(first.holds(offset) and second.holds(offset) for offset in range(21))
    # An empty span inside another shares no offset with it, but cuts it in two.
    if first.start < first.end and second.start < second.end:
        assert first.overlaps(second) == second.overlaps(first) == shared


def test_builders_of_these_tests_keep_offsets(papers: ModuleType, dimuon: Document) -> None:
    assert [dimuon.quote(s.start, s.start + len(s.title)) for s in dimuon.sections] == ["Muons", "Event selection"]
