"""Passages are exact pieces of the text, of a size to be read at a glance."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.document import Block, Document, Span, Table
from kb.passages import AIM, chunk, cut_passages, tokens
from kb.ssc import Origin

SENTENCE = "Events with two isolated muons of opposite charge are kept for the analysis."


def test_a_passage_is_the_text_at_its_offsets_under_its_sections(dimuon: Document) -> None:
    passages = chunk(dimuon)
    assert [(passage.section, passage.kind) for passage in passages] == [
        ((), "title"),
        (("1 Muons",), "paragraph"),
        (("2 Event selection",), "paragraph"),
    ]
    assert all(dimuon.quote(passage.start, passage.end) == passage.text for passage in passages)
    assert passages[1].context.startswith("1 Muons\nMuons are required")


def test_the_same_document_gives_the_same_passages(dimuon: Document, papers: ModuleType) -> None:
    assert chunk(dimuon) == chunk(papers.dimuon_paper())
    other = chunk(papers.dimuon_paper(version=2))
    assert not {passage.id for passage in other} & {passage.id for passage in chunk(dimuon)}


def test_neighbouring_short_paragraphs_of_a_section_are_one_passage(papers: ModuleType) -> None:
    paper = papers.document(
        ("heading", "Muons"), ("paragraph", "First."), ("item", "Second."), ("heading", "Jets"), ("paragraph", "Third.")
    )
    assert [passage.text for passage in chunk(paper)] == ["First.\n\nSecond.", "Third."]


def test_a_long_paragraph_is_cut_between_sentences_into_equal_parts(papers: ModuleType) -> None:
    paper = papers.document(("paragraph", " ".join([SENTENCE] * 60)))
    sizes = [tokens(passage.text) for passage in chunk(paper)]
    assert sum(sizes) == 60 * tokens(SENTENCE)
    assert max(sizes) <= AIM * 5 // 4
    assert min(sizes) >= AIM // 2
    assert all(passage.text.startswith("Events") and passage.text.endswith(".") for passage in chunk(paper))


def test_a_sentence_is_never_split(papers: ModuleType) -> None:
    long = "Muons " + "and more muons " * 200 + "are kept."
    paper = papers.document(("paragraph", f"Short. {long} Short."))
    assert any(long in passage.text for passage in chunk(paper))


def table_paper(*pieces: tuple[str, str]) -> Document:
    """Lay out pieces; the table's caption is the piece of that kind."""
    text, blocks = "", []
    for kind, piece in pieces:
        blocks.append(Block(start=len(text), end=len(text) + len(piece), kind=kind))
        text += piece + "\n\n"
    grid = next(block for block in blocks if block.kind == "table")
    caption = next(block for block in blocks if block.kind == "caption")
    table = Table(start=grid.start, end=grid.end, caption=Span(start=caption.start, end=caption.end))
    return Document(arxiv_id="a", source_format="latex", text=text, blocks=tuple(blocks), tables=(table,))


GRID = "\n".join(["SR | CR", *[f"p_T > {n} GeV | p_T > {n + 1} GeV" for n in range(60)]])


def test_a_table_is_one_passage_with_its_caption() -> None:
    paper = table_paper(("paragraph", "Before."), ("caption", "Regions."), ("table", GRID), ("paragraph", "After."))
    assert [(passage.kind, passage.text) for passage in chunk(paper)] == [
        ("paragraph", "Before."),
        ("table", f"Regions.\n\n{GRID}"),
        ("paragraph", "After."),
    ]


def test_a_caption_that_floats_away_from_its_table_stands_alone() -> None:
    paper = table_paper(("caption", "Regions."), ("paragraph", "Between."), ("table", GRID))
    assert [passage.kind for passage in chunk(paper)] == ["caption", "paragraph", "table"]


def test_a_text_without_structure_is_cut_at_blank_lines() -> None:
    paper = Document(arxiv_id="a", source_format="pdf", text="First.\n \nSecond.\nStill the second.\n\n")
    assert [passage.text for passage in chunk(paper, aim=6)] == ["First.", "Second.\nStill the second."]
    assert chunk(Document(arxiv_id="a", source_format="pdf", text=" \n")) == []


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=80), max_size=6))
def test_no_word_of_any_text_is_lost(pieces: list[str]) -> None:
    text, blocks = "", []
    for piece in pieces:
        blocks.append(Block(start=len(text), end=len(text) + len(piece), kind="paragraph"))
        text += piece + "\n\n"
    paper = Document(arxiv_id="a", source_format="latex", text=text, blocks=tuple(blocks))
    found = chunk(paper, aim=8)
    assert all(paper.quote(passage.start, passage.end) == passage.text for passage in found)
    assert "".join("".join(passage.text.split()) for passage in found) == "".join(text.split())


def test_cuts_are_passages_of_the_words_that_state_them(papers: ModuleType, dimuon: Document) -> None:
    own = papers.dimuon_cuts(dimuon)[0].model_copy(
        update={"id": "own", "evidence": (), "origin": Origin(extractor="human")}
    )
    found = cut_passages(papers.criteria(dimuon, *papers.dimuon_cuts(dimuon), own))
    assert len(found) == 5
    assert all(dimuon.quote(passage.start, passage.end) == passage.text for passage in found)
    assert found[2].context.startswith("μ |d_0| < 1 mm (muon of either charge, ")
    assert len({passage.id for passage in found}) == 5


def test_real_papers_are_cut_into_passages_of_bounded_size(shared: Path) -> None:
    reader = pytest.importorskip("ingest.reader", reason="the reader is not there yet")
    paper = reader.read_file(shared / "papers" / "eprint" / "2203.01808.tar.gz", arxiv_id="2203.01808")
    found = [passage for passage in chunk(paper) if passage.kind == "paragraph"]
    sizes = sorted(tokens(passage.text) for passage in found)
    assert len(found) > 20
    assert sizes[len(sizes) * 9 // 10] <= AIM * 3 // 2
    assert all(paper.quote(passage.start, passage.end) == passage.text for passage in found)
