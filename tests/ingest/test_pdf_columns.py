"""Two columns are read one after the other, and what crosses them before or after, as a reader would."""

from __future__ import annotations

from ingest.pdf import read_pdf
from kb.document import Document
from tests.ingest.sheets import Sheet, pdf_of

LEFT = [f"left line {word} of the page, which fills the column" for word in "abcdefghijklmnopqrst"]
RIGHT = [line.replace("left", "also", 1) for line in LEFT]
WIDE = "a line that runs across the gutter between both of the columns of this page and fills all of its width"


def read(*sheets: Sheet) -> Document:
    return read_pdf(pdf_of(*sheets), arxiv_id="test")


def blocks(document: Document, kind: str) -> list[str]:
    return [document.quote(block.start, block.end) for block in document.blocks if block.kind == kind]


def in_order(text: str, *pieces: str) -> bool:
    """Say whether pieces stand in a text in this order."""
    places = [text.find(piece) for piece in pieces]
    return -1 not in places and places == sorted(places)


def ordinary() -> Sheet:
    sheet = Sheet()
    sheet.columns(760, LEFT, RIGHT)
    return sheet


def test_a_table_across_both_columns_keeps_its_rows() -> None:
    sheet = Sheet()
    sheet.text(54, 790, "TABLE I. " + WIDE, size=7)
    sheet.text(54, 780, "that ends early.", size=7)
    for y in (772, 758, 724):
        sheet.rule(54, y, 540)
    for y, cells in (
        (762, ("Region", "A", "B", "C")),
        (747, ("pT", "10", "20", "30")),
        (732, ("HT", "400", "-", "500")),
    ):
        for x, cell in zip((60, 200, 330, 450), cells, strict=True):
            sheet.text(x, y, cell, size=8)
    sheet.columns(690, LEFT, RIGHT)
    document = read(ordinary(), sheet)
    (table,) = document.tables
    assert document.quote(table.start, table.end).splitlines() == [
        "Region | A | B | C",
        "pT | 10 | 20 | 30",
        "HT | 400 | - | 500",
    ]
    assert table.label == "I"
    assert blocks(document, "caption")[0].endswith("that ends early.")
    second = document.text[document.text.index("also line t") + 1 :]
    assert in_order(second, "left line a", "left line t", "also line a", "also line t")


def test_the_last_line_of_a_wide_abstract_belongs_to_it() -> None:
    sheet = Sheet()
    sheet.lines(54, 790, WIDE, WIDE, "and ends in the left half.", size=8, pitch=11)
    sheet.columns(730, LEFT, RIGHT)
    text = read(sheet, ordinary()).text
    assert "all of its width and ends in the left half." in text
    assert in_order(text, "ends in the left half", "left line a", "left line t", "also line a")


def test_a_rule_across_the_columns_ends_what_stands_above_it() -> None:
    sheet = Sheet()
    sheet.columns(760, LEFT, RIGHT[:15])
    sheet.rule(200, 530, 420)
    sheet.columns(
        500, [f"[{n}] A. Author, Rev. {n} (2000) 1" for n in range(1, 6)], ["no more entries here at all"] * 3
    )
    document = read(ordinary(), sheet)
    assert in_order(document.text, "left line t", "also line o", "[1] A. Author", "no more entries")


def test_letters_list_their_references_without_a_heading() -> None:
    sheet = Sheet()
    sheet.columns(760, ["Results agree [2].", *LEFT[:7]], RIGHT[:8])
    sheet.rule(200, 655, 420)
    entries = [f"[{n}] A. Author, Rev. {n} (2000) 1, arXiv:2001.0000{n}." for n in range(1, 9)]
    sheet.columns(630, entries[:4], entries[4:], size=6)
    document = read(ordinary(), sheet)
    assert [(entry.label, entry.arxiv_id) for entry in document.references] == [
        (str(n), f"2001.0000{n}") for n in range(1, 9)
    ]
    assert [citation.keys for citation in document.citations] == [("2",)]


def test_footnotes_of_a_column_end_with_it() -> None:
    sheet = Sheet()
    sheet.columns(760, [*LEFT[:3], "left line d has a mark^1 of a note", *LEFT[4:]], RIGHT)
    sheet.rule(54, 530, 120)
    sheet.text(54, 524, "1", size=4)
    sheet.text(58, 520, "A note at the foot of the left column.", size=6)
    document = read(sheet, ordinary())
    assert blocks(document, "footnote") == ["A note at the foot of the left column."]
    assert "left line d has a mark of a note" in document.text
    assert in_order(document.text, "left line t", "also line a", "also line t")


def test_a_list_of_authors_in_one_column_is_no_page_of_two() -> None:
    sheet = Sheet()
    sheet.lines(54, 760, *[WIDE] * 30, size=8, pitch=11)
    text = read(ordinary(), ordinary(), sheet).text
    assert text.count(WIDE) == 30


def test_a_paper_in_one_column_with_wide_tables_is_left_alone() -> None:
    sheet = Sheet()
    sheet.lines(54, 760, *[WIDE] * 12, size=8, pitch=11)
    for y in (620, 606, 490):
        sheet.rule(54, y, 540)
    sheet.text(60, 610, "Region", size=8)
    sheet.text(310, 610, "Requirement", size=8)
    for row in range(10):
        sheet.text(60, 596 - 11 * row, f"a rather long name of region {row}", size=8)
        sheet.text(310, 596 - 11 * row, f"a rather long requirement {row}", size=8)
    document = read(sheet, sheet)
    assert len(document.tables) == 2
    assert "a rather long name of region 3 | a rather long requirement 3" in document.text


def test_a_formula_within_a_sentence_goes_before_the_floats_between_them() -> None:
    one, two = Sheet(), Sheet()
    one.lines(
        72, 760, *[f"Line {word} of a paragraph whose words fill the page up to its margin" for word in "abcdefgh"]
    )
    one.lines(72, 664, "and leptons are then called isolated if they fulfil one requirement:")
    two.lines(72, 760, "Figure 1: A figure which stands on top of the page with this caption.", size=8)
    two.math(180, 720, "I_mini < I_1 + I_2")
    two.text(480, 720, "(1)")
    two.lines(72, 690, "where the values are those of a working point which is not so tight.")
    two.lines(
        72, 678, *[f"Line {word} of a paragraph whose words fill the page up to its margin" for word in "abcdefgh"]
    )
    document = read(one, two)
    assert in_order(document.text, "fulfil one requirement:", "I_mini < I_1", "where the values", "Figure 1: A figure")
