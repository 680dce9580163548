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

PAPERS = ("1605.03814", "1704.03848", "1705.04673", "1706.09933", "1710.09154", "1711.08008")
ReadPaper = Callable[[str], Document]


@pytest.fixture(scope="module")
def paper(shared: Path) -> ReadPaper:
    @cache
    def read(arxiv_id: str) -> Document:
        return read_pdf((shared / "papers" / "pdf" / f"{arxiv_id}.pdf").read_bytes(), arxiv_id=arxiv_id)

    return read


def words_of(text: str) -> list[str]:
    """Return words and numbers; raw PDF text glues scripts to letters and keeps the hyphens of line breaks."""
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    text = re.sub(r"([a-z])- ([a-z])", r"\1\2", text)
    text = re.sub(r"([EpHM])(miss|sum|CT|T2)", r"\1 \2", text)
    text = re.sub(r"\b([a-zA-Zσ])(T|PV|jets|eff|lep|min|rel|bb|max)\b", r"\1 \2", text)
    text = text.replace("jeti", "jet i").replace("_", " ")
    return re.findall(r"\d+(?:\.\d+)?|[^\W\d_]+", text.lower())


def common(one: list[str], other: list[str]) -> int:
    """Return the length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for word in one:
        before = row
        row = [0]
        for index, candidate in enumerate(other):
            row.append(before[index] + 1 if word == candidate else max(before[index + 1], row[index]))
    return row[-1]


def holds(block: list[str], quote: list[str]) -> bool:
    """Say whether all numbers of a quote and at least 80 % of its words stand in a block, in order."""
    numbers = [word for word in quote if word[0].isdigit()]
    words = [word for word in quote if len(word) > 2 and not word[0].isdigit()]
    return (
        set(numbers) <= set(block)
        and common(numbers, block) == len(numbers)
        and common(words, block) >= 0.8 * len(words)
    )


def test_what_annotators_quoted_stands_in_one_block(shared: Path, paper: ReadPaper) -> None:
    quotes = failed = 0
    missing = []
    for arxiv_id in PAPERS:
        document = paper(arxiv_id)
        blocks = [words_of(document.quote(block.start, block.end)) for block in document.blocks]
        gold = json.loads((shared / "gold" / f"{arxiv_id}.json").read_text(encoding="utf-8"))
        for cut in gold["cuts"]:
            quotes += 1
            if not any(holds(block, words_of(cut["quote"])) for block in blocks):
                failed += 1
                missing.append(cut["id"])
    assert quotes > 300
    assert failed <= 0.02 * quotes, missing


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
def test_title_abstract_references_and_collaboration_are_found(paper: ReadPaper, arxiv_id: str) -> None:
    document = paper(arxiv_id)
    assert document.title.startswith("Search for")
    assert len(document.title.split()) > 8
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


def test_a_paper_of_45_pages_is_read(shared: Path, benchmark: Callable[[Callable[[], Document]], Document]) -> None:
    data = (shared / "papers" / "pdf" / "1605.03814.pdf").read_bytes()
    assert benchmark(lambda: read_pdf(data, arxiv_id="1605.03814")).tables
