"""Real papers of ATLAS and CMS as the collaborations' LaTeX set them: nothing lost, nothing that is not theirs."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path

import pypdfium2
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


@pytest.mark.parametrize("arxiv_id", PAPERS)
def test_titles_of_sections_are_those_of_the_bookmarks_in_their_order(
    shared: Path, paper: ReadPaper, arxiv_id: str
) -> None:
    with closing(pypdfium2.PdfDocument(shared / "papers" / "pdf" / f"{arxiv_id}.pdf")) as file:
        bookmarks = [(mark.level + 1, latin(mark.get_title())) for mark in file.get_toc()]
    sections = [section for section in paper(arxiv_id).sections if section.number]
    assert [(section.level, latin(section.number + section.title)) for section in sections] == bookmarks


def latin(title: str) -> str:
    """Return the Latin letters and digits of a title: bookmarks leave its formulas out."""
    return "".join(character for character in title if character.isascii() and character.isalnum())


@pytest.mark.parametrize("arxiv_id", PAPERS)
def test_nothing_is_read_where_pages_count_themselves(shared: Path, paper: ReadPaper, arxiv_id: str) -> None:
    document = paper(arxiv_id)
    heads = running_heads(shared / "papers" / "pdf" / f"{arxiv_id}.pdf")
    assert len(heads) >= 15
    for piece in document.source_map:
        assert piece.page
        assert piece.box
        inside = piece.box[1] < heads.get(piece.page, 0.0) < piece.box[3]
        assert not inside, document.quote(piece.start, piece.end)


def running_heads(path: Path) -> dict[int, float]:
    """Return the height at which pages show their own number in the outermost line, as most pages do."""
    found: dict[int, tuple[float, int]] = {}
    with closing(pypdfium2.PdfDocument(path)) as file:
        for index in range(len(file)):
            text = file[index].get_textpage()
            boxes = [text.get_rect(k) for k in range(text.count_rects())]
            upright = [box for box in boxes if box[0] > 50]  # arXiv's stamp runs along the left margin
            if not upright:
                continue
            for y in (max(box[3] for box in upright) - 3, min(box[1] for box in upright) + 3):
                words = text.get_text_bounded(0, y - 6, file[index].get_width(), y + 6).split()
                for word in {*words[:1], *words[-1:]}:
                    if word.isdigit():
                        found.setdefault(index + 1, (y, int(word) - index))
    (offset, _), *_ = Counter(offset for _, offset in found.values()).most_common(1)
    return {page: y for page, (y, own) in found.items() if own == offset}


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


def test_heads_of_tables_are_as_many_rows_as_their_names_need(paper: ReadPaper) -> None:
    for arxiv_id, label, shape in (
        ("1704.03848", "3", (6, 8)),
        ("1710.09154", "3", (3, 3)),
        ("1711.08008", "3", (10, 3)),
    ):
        table = next(table for table in paper(arxiv_id).tables if table.label == label)
        assert table.shape == shape
        heads = {each.row for each in table.cells if each.header}
        assert heads == ({0, 1} if arxiv_id == "1711.08008" else {0})


def test_names_of_programs_keep_their_underscore(paper: ReadPaper) -> None:
    for arxiv_id in PAPERS:
        text = paper(arxiv_id).text
        assert "aMC@NLO" in text
        assert not re.search(r"5 aMC@NLO", text)


def test_equations_with_a_number_each_are_blocks_of_their_own(paper: ReadPaper) -> None:
    for arxiv_id in PAPERS:
        equations = [paper(arxiv_id).quote(b.start, b.end) for b in paper(arxiv_id).blocks if b.kind == "equation"]
        numbers = [re.findall(r"\((\d+)\)", text)[-1:] for text in equations]
        assert numbers == [[str(k + 1)] for k in range(len(equations))]


def test_a_paper_in_two_columns_is_read_in_order(shared: Path) -> None:
    document = read_pdf((shared / "samples" / "grobid" / "N18-3011.pdf").read_bytes(), arxiv_id="N18-3011")
    assert [s.number for s in document.sections if s.level == 1 and s.number] == ["1", "2", "3", "4", "5", "6"]
