"""Real papers of ATLAS and CMS as the collaborations' LaTeX set them: nothing lost, nothing that is not theirs."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from ingest.pdf import read_pdf
from kb.document import Document, Table
from tests.ingest.quotes import PAPERS, lost, quotes

ReadPaper = Callable[[str], Document]


@pytest.fixture(scope="module")
def paper(shared: Path) -> ReadPaper:
    @cache
    def read(arxiv_id: str) -> Document:
        return read_pdf((shared / "papers" / "pdf" / f"{arxiv_id}.pdf").read_bytes(), arxiv_id=arxiv_id)

    return read


def test_what_annotators_quoted_stands_in_one_block(shared: Path, paper: ReadPaper) -> None:
    wanted: dict[str, str] = {}
    missing: dict[str, str] = {}
    for arxiv_id in PAPERS:
        document, cited = paper(arxiv_id), quotes(shared, arxiv_id)
        wanted |= cited
        missing |= lost((document.quote(block.start, block.end) for block in document.blocks), cited)
    assert len(wanted) > 300
    assert len(missing) <= 0.02 * len(wanted), missing


@pytest.mark.parametrize("arxiv_id", PAPERS)
def test_numbered_sections_come_complete_and_in_order(paper: ReadPaper, arxiv_id: str) -> None:
    numbers = [section.number for section in paper(arxiv_id).sections if section.number]
    for depth in (1, 2, 3):
        last: dict[str, int] = {}
        for number in numbers:
            if number.count(".") == depth - 1 and number[0].isdigit():
                parent, _, own = number.rpartition(".")
                assert int(own) == last.get(parent, 0) + 1
                last[parent] = int(own)


def letters(title: str) -> str:
    """Return the letters and digits of a title, however its formulas are written."""
    return "".join(character for character in title.lower() if character.isalnum())


@pytest.mark.parametrize("arxiv_id", PAPERS)
def test_title_abstract_references_and_collaboration_are_found(shared: Path, paper: ReadPaper, arxiv_id: str) -> None:
    document = paper(arxiv_id)
    gold = json.loads((shared / "gold" / f"{arxiv_id}.json").read_text(encoding="utf-8"))
    assert letters(document.title) == letters(gold["title"])
    assert [block.kind for block in document.blocks].count("title") == 1
    abstracts = [document.quote(b.start, b.end) for b in document.blocks if b.kind == "abstract"]
    assert len(abstracts) == 1
    assert len(abstracts[0]) > 500
    assert document.authors in {("ATLAS Collaboration",), ("CMS Collaboration",)}
    assert [entry.label for entry in document.references] == [str(n + 1) for n in range(len(document.references))]
    assert len(document.references) > 60
    assert sum(entry.arxiv_id is not None or entry.doi is not None for entry in document.references) > 0.8 * len(
        document.references
    )
    cited = {key for citation in document.citations for key in citation.keys}
    assert len(cited) > 0.85 * len(document.references)


@pytest.mark.parametrize("arxiv_id", PAPERS)
def test_prose_holds_no_header_no_glyph_without_meaning_and_no_axis_text(paper: ReadPaper, arxiv_id: str) -> None:
    document = paper(arxiv_id)
    odd = [c for c in document.text if unicodedata.category(c) in {"Co", "Cc", "Cs"} and c != "\n"]
    assert not odd
    prose = [document.quote(b.start, b.end) for b in document.blocks if b.kind == "paragraph"]
    headings = {f"{section.number} {section.title}" for section in document.sections if section.number}
    assert not [text for text in prose if any(heading in text for heading in headings)]
    assert not [text for text in prose if re.fullmatch(r"[\d\s.,+-]+", text)]
    assert document.text.count("University") < 10  # the members and their institutes are left out


def test_the_body_of_a_letter_lies_outside_its_abstract(paper: ReadPaper) -> None:
    document = paper("1705.04673")
    assert document.tables
    assert all(document.section_path(table.start) == () for table in document.tables)
    assert [section.title for section in document.sections][:2] == ["Abstract", "Acknowledgments"]


def cell(document: Document, table: Table, row: int, column: int) -> str:
    found = table.at(row, column)
    assert found is not None
    return document.quote(found.start, found.end)


def test_a_ruled_table_of_regions_keeps_its_spans(paper: ReadPaper) -> None:
    document = paper("1605.03814")
    table = next(table for table in document.tables if table.label == "2")
    assert table.shape[1] == 8
    first = next(row for row in range(table.shape[0]) if cell(document, table, row, 0).startswith("p_T(j_1)"))
    assert [cell(document, table, first, column) for column in (1, 2, 3, 7)] == ["200", "300", "200", "200"]
    last = table.shape[0] - 1
    assert [cell(document, table, last, column) for column in (1, 4, 7)] == ["1200", "2200", "2000"]


def test_a_table_without_vertical_rules_keeps_its_columns(paper: ReadPaper) -> None:
    document = paper("1706.09933")
    table = next(table for table in document.tables if table.label == "1")
    assert table.shape == (15, 5)
    assert cell(document, table, 11, 4) == "∉ [90,150]"
    assert cell(document, table, 13, 3) == "> 150"
    unused = table.at(12, 2)
    assert unused is not None
    assert unused.row_span == 4


def test_labels_between_rows_span_them(paper: ReadPaper) -> None:
    document = paper("1710.09154")
    table = next(table for table in document.tables if table.label == "2")
    assert table.shape == (9, 6)
    assert [cell(document, table, row, 1) for row in range(1, 9)] == ["0", "0", "1", "1", "2", "2", "≥ 3", "inclusive"]
    assert cell(document, table, 5, 0) == "≥ 2"


def test_requirements_of_a_region_share_its_label(paper: ReadPaper) -> None:
    document = paper("1711.08008")
    table = next(table for table in document.tables if table.label == "1")
    labels = [cell(document, table, row, 0) for row in range(1, table.shape[0])]
    assert list(dict.fromkeys(labels)) == ["Preselection", "Control region", "Validation region", "Signal region"]
    assert "S_T^γ > 600 GeV" in [cell(document, table, row, 1) for row in range(14, 18)]


def test_a_paper_in_two_columns_is_read_in_order(shared: Path) -> None:
    document = read_pdf((shared / "samples" / "grobid" / "N18-3011.pdf").read_bytes(), arxiv_id="N18-3011")
    assert [s.number for s in document.sections if s.level == 1 and s.number] == ["1", "2", "3", "4", "5", "6"]
