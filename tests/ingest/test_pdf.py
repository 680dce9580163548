"""A PDF is read as a person reads it: structure, order, and nothing that is not text of the paper."""

from __future__ import annotations

import contextlib

import pytest

from ingest.pdf import read_pdf
from kb.document import Document
from kb.errors import NoTextError, SourceError
from tests.ingest.sheets import Sheet, pdf_of

PROSE = (
    "Events are recorded with single-muon triggers and kept if",
    "they have at least one primary vertex. Muons are built by",
    "combining tracks of the inner detector with those of the",
    "spectrometer, and electrons by matching clusters to them.",
)


def read(*sheets: Sheet) -> Document:
    return read_pdf(pdf_of(*sheets), arxiv_id="test")


def blocks(document: Document, kind: str) -> list[str]:
    return [document.quote(block.start, block.end) for block in document.blocks if block.kind == kind]


def test_lines_of_a_paragraph_are_joined_and_paragraphs_parted_by_a_blank_line() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, *PROSE)
    sheet.lines(72, 630, *PROSE)
    document = read(sheet)
    assert document.text == " ".join(PROSE) + "\n\n" + " ".join(PROSE)
    assert document.source_format == "pdf"


def test_the_same_bytes_give_the_same_document() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, *PROSE)
    sheet.figure(100, 300, "Events")
    data = pdf_of(sheet, sheet)
    assert read_pdf(data, arxiv_id="test") == read_pdf(data, arxiv_id="test")


def test_two_columns_are_read_one_after_the_other_beneath_what_crosses_them() -> None:
    sheet = Sheet()
    sheet.lines(72, 780, "An abstract that runs over both columns of the page from the left to the right margin")
    rows = [
        f"left line number {word} of this page"
        for word in ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    ]
    sheet.lines(72, 740, *rows, size=9)
    sheet.lines(312, 740, *(row.replace("left", "right") for row in rows), size=9)
    text = read(sheet).text
    assert text.index("abstract") < text.index("left line number one")
    assert text.index("left line number nine") < text.index("right line number one")
    assert "left line number one of this page left line number two" in text


def test_headers_page_numbers_and_line_numbers_are_no_text() -> None:
    sheets = []
    for number in range(1, 5):
        sheet = Sheet()
        sheet.text(72, 800, f"{number}   A running title")
        for row in range(12):
            sheet.text(40, 700 - 12 * row, f"{12 * number + row:3d}", size=6)
        sheet.lines(72, 700, *PROSE, *PROSE, *PROSE)
        sheet.text(290, 40, str(number))
        sheets.append(sheet)
    document = read(*sheets)
    assert "running" not in document.text
    assert not any(character.isdigit() for character in document.text)


def test_numbers_of_institutes_make_no_line_numbers_of_the_scripts_of_other_pages() -> None:
    paper, authors = Sheet(), Sheet()
    paper.lines(72, 700, *PROSE, *PROSE)
    paper.text(64, 604, "|d")
    paper.text(76, 601.5, "0", size=7)
    paper.text(82, 604, "| has to be below 3 for each of the muons")
    for row in range(12):
        authors.text(76, 704 - 12 * row, f"{row + 1}", size=7)
        authors.text(86, 700 - 12 * row, "Department of Physics, University")
    assert "d_0| has to be below 3" in read(paper, paper, authors).text


def test_a_head_that_two_pages_repeat_is_no_text_of_a_letter() -> None:
    sheets = []
    for number in (2, 3):
        sheet = Sheet()
        sheet.text(72, 800, "Journal of Physics C")
        sheet.text(400, 800, f"Page {number} of 30")
        sheet.lines(72, 770, *PROSE[: number - 1], "and then exactly the same words")
        sheets.append(sheet)
    text = read(*sheets).text
    assert "Journal" not in text
    assert "Page" not in text
    assert text.count("and then exactly the same words") == 2


def test_lines_counted_in_both_margins_have_no_numbers_also_on_a_short_last_page() -> None:
    sheets = []
    for count in (12, 5):
        sheet = Sheet()
        for row in range(count):
            for x in (40, 550):
                sheet.text(x, 700 - 12 * row, f"{row + 20}", size=6)
        sheet.lines(72, 700, *(PROSE * 12)[:count])
        sheets.append(sheet)
    assert not any(character.isdigit() for character in read(*sheets).text)


def test_items_go_without_their_bullets() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, *PROSE, "Such events have the following two:")
    for y, text in ((646, "one muon of high momentum;"), (634, "no electron at all.")):
        sheet.text(84, y, "\x95")
        sheet.text(96, y, text)
    assert blocks(read(sheet), "item") == ["one muon of high momentum;", "no electron at all."]


def test_a_stamp_along_the_margin_is_no_text() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, *PROSE)
    sheet.text(30, 300, "arXiv:1712.02304v2 [hep-ex] 19 Mar 2018", size=16, angle=90)
    assert read(sheet).text == " ".join(PROSE)


def test_a_page_set_sideways_is_turned() -> None:
    sheet = Sheet()
    for row, line in enumerate(PROSE):
        sheet.text(200 + 12 * row, 100, line, angle=90)
    assert read(sheet).text == " ".join(PROSE)


def test_hyphens_of_line_breaks_go_and_those_of_words_stay() -> None:
    sheet = Sheet()
    sheet.lines(
        72,
        700,
        "The event selec-",
        "tion uses a data-",
        "driven estimate; other data-driven estimates need the non-",
        "prompt leptons of the first- and the whole second-",
        "generation, as in a second-generation sample.",
    )
    assert read(sheet).text == (
        "The event selection uses a data-driven estimate; other data-driven estimates need the nonprompt leptons of "
        "the first- and the whole second-generation, as in a second-generation sample."
    )


def test_a_paragraph_goes_on_after_a_page_break_and_a_figure() -> None:
    first, second = Sheet(), Sheet()
    first.lines(72, 700, *PROSE)
    first.lines(72, 640, "Jets are kept if their momentum is larger than a threshold")
    first.text(290, 40, "1")
    second.figure(150, 560, "Events", "E [GeV]")
    second.lines(72, 540, "Figure 1: Energy of the jets.", size=9)
    second.lines(72, 500, "of 30 GeV and they do not overlap with an electron or photon.")
    second.text(290, 40, "2")
    document = read(first, second)
    assert "than a threshold of 30 GeV and they" in document.text
    assert blocks(document, "caption") == ["Figure 1: Energy of the jets."]
    assert "Events E" not in document.text


def test_sections_have_numbers_titles_and_levels() -> None:
    sheet = Sheet()
    sheet.text(72, 760, "A search for four leptons", size=20, font="B")
    y = 700.0
    for title, size in (("1 Introduction", 14), ("2 Selection", 14), ("2.1 Muons", 12), ("3 Results", 14)):
        sheet.text(72, y, title, size=size, font="B")
        y = sheet.lines(72, y - 24, *PROSE) - 18
    document = read(sheet)
    assert document.title == "A search for four leptons"
    assert [(s.level, s.number, s.title) for s in document.sections] == [
        (1, "1", "Introduction"),
        (1, "2", "Selection"),
        (2, "2.1", "Muons"),
        (1, "3", "Results"),
    ]
    muons = document.sections[2]
    assert document.section_path(muons.start) == ("2 Selection", "2.1 Muons")
    assert document.sections[1].end == muons.end == document.sections[3].start


def test_a_table_of_contents_is_left_out() -> None:
    sheet = Sheet()
    sheet.text(72, 760, "Contents", size=14, font="B")
    sheet.text(72, 730, "1 Introduction" + " " * 30 + "2", font="B")
    sheet.text(72, 710, "2 Selection" + " " * 33 + "5", font="B")
    sheet.text(72, 660, "1 Introduction", size=14, font="B")
    sheet.lines(72, 630, *PROSE)
    document = read(sheet)
    assert [section.title for section in document.sections] == ["Introduction"]
    assert "Selection" not in document.text


def test_footnotes_stand_apart_and_their_marks_leave_the_text() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, *PROSE[:3], "spectrometer,^1 and electrons by matching clusters to it.", *PROSE)
    sheet.rule(72, 120, 200)
    sheet.text(72, 112, "1", size=5)
    sheet.text(78, 108, "A right-handed coordinate system is used.", size=8)
    document = read(sheet)
    assert "the spectrometer, and electrons by" in document.text
    assert blocks(document, "footnote") == ["A right-handed coordinate system is used."]


def test_items_of_a_list_are_blocks() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, *PROSE)
    sheet.lines(84, 640, "- exactly two muons of opposite charge,", "- no electron and")
    sheet.lines(96, 616, "no further muon.")
    sheet.lines(72, 590, *PROSE)
    assert blocks(read(sheet), "item") == [
        "- exactly two muons of opposite charge,",
        "- no electron and no further muon.",
    ]


def test_citations_lead_to_entries_of_the_bibliography() -> None:
    first, second = Sheet(), Sheet()
    first.lines(72, 700, *PROSE, "Jets are clustered [1] and calibrated [1, 3-5], with masses in [80, 100] GeV.")
    second.text(72, 760, "References", size=14, font="B")
    for number in range(1, 6):
        second.lines(
            72, 750 - 30 * number, f"[{number}] A. Author, \x93The title of {number}\x94, JHEP 04 (2008) 06{number},"
        )
        second.lines(90, 738 - 30 * number, f"doi:10.1088/1126-6708/2008/04/06{number}, arXiv:0802.118{number}.")
    document = read(first, second)
    assert [citation.keys for citation in document.citations] == [("1",), ("1", "3", "4", "5")]
    assert document.quote(document.citations[1].start, document.citations[1].end) == "[1, 3-5]"
    third = document.reference("3")
    assert third is not None
    assert (third.label, third.arxiv_id, third.doi) == ("3", "0802.1183", "10.1088/1126-6708/2008/04/063")
    assert third.title == "The title of 3"


def test_every_piece_of_text_is_mapped_to_its_page_and_box() -> None:
    first, second = Sheet(), Sheet()
    first.lines(72, 700, *PROSE)
    second.lines(72, 500, "Muons have a momentum above 5 GeV.")
    document = read(first, second)
    piece = document.source_of(document.text.index("momentum above"))
    assert piece is not None
    assert piece.page == 2
    assert piece.box is not None
    left, bottom, right, top = piece.box
    assert left == pytest.approx(72, abs=1)
    assert right == pytest.approx(72 + 34 * 6, abs=2)
    assert bottom < 500 < top < 512


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"", SourceError, "empty"),
        (b"%PDF-1.5\nnothing here", SourceError, "broken"),
        (pdf_of(Sheet()), NoTextError, "no text"),
        (pdf_of(Sheet(), encrypt=True), SourceError, "encrypted"),
    ],
)
def test_what_cannot_be_read_is_a_clear_error(data: bytes, kind: type[SourceError], words: str) -> None:
    with pytest.raises(kind, match=words) as raised:
        read_pdf(data, arxiv_id="test")
    assert raised.value.hint


def test_a_file_cut_off_in_the_middle_is_an_error_or_a_document_but_never_a_crash() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, *PROSE)
    data = pdf_of(sheet, sheet)
    for end in range(50, len(data), 97):
        with contextlib.suppress(SourceError):
            assert PROSE[0] in read_pdf(data[:end], arxiv_id="test").text


def test_headings_of_revtex_that_open_a_paragraph_or_stand_in_italics_are_headings() -> None:
    sheet = Sheet()
    sheet.text(200, 740, "I. EVENT SELECTION", font="B")
    sheet.lines(72, 716, *PROSE)
    sheet.text(250, 648, "1. Dimuon channel", font="I")
    end = sheet.text(84, 624, "a. Electrons.", font="I")
    sheet.text(end + 12, 624, "Electrons have p")
    sheet.lines(72, 612, *PROSE)
    document = read(sheet)
    assert [(s.level, s.number, s.title) for s in document.sections] == [
        (1, "I", "EVENT SELECTION"),
        (3, "1", "Dimuon channel"),
        (4, "", "Electrons"),
    ]
    assert document.text.endswith("Electrons have p " + " ".join(PROSE))
