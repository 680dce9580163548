"""Whatever bytes come, reading ends with a Document or with an error that says what is wrong."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.pdf import read_pdf
from kb.errors import CutbookError, NoTextError, SourceError
from tests.ingest.sheets import Sheet, pdf_of


def _paper() -> bytes:
    sheet = Sheet()
    sheet.lines(72, 700, *["Muons are kept if p_T > 30 GeV and |η| < 2.4 hold for them."] * 5)
    sheet.rule(72, 620, 300)
    sheet.figure(100, 300, "Events")
    return pdf_of(sheet, sheet, sheet)


PAPER = _paper()


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_random_bytes_after_a_header_are_refused(tail: bytes) -> None:
    with pytest.raises(CutbookError) as raised:
        read_pdf(b"%PDF-1.5\n" + tail, arxiv_id="test")
    assert raised.value.hint


@given(st.lists(st.tuples(st.integers(0, len(PAPER) - 1), st.binary(min_size=0, max_size=12)), min_size=1, max_size=12))
@settings(max_examples=120, deadline=None)
def test_a_damaged_file_is_read_or_refused(damages: list[tuple[int, bytes]]) -> None:
    data = bytearray(PAPER)
    for place, junk in damages:
        data[place : place + len(junk)] = junk
    with contextlib.suppress(CutbookError):
        assert isinstance(read_pdf(bytes(data), arxiv_id="test").text, str)


def test_a_lost_cross_reference_table_is_rebuilt() -> None:
    data = re.sub(rb"xref.*trailer", b"trailer", PAPER, flags=re.DOTALL)
    data = re.sub(rb"startxref\n\d+", b"startxref\n7", data)
    assert "Muons are kept if p_T > 30 GeV" in read_pdf(data, arxiv_id="test").text


def test_a_file_without_pages_is_refused() -> None:
    with pytest.raises(SourceError):
        read_pdf(pdf_of(), arxiv_id="test")


def test_a_file_that_claims_more_pages_than_it_has_names_the_page() -> None:
    with pytest.raises(SourceError, match="page 4 of 10000"):
        read_pdf(PAPER.replace(b"/Count 3", b"/Count 10000"), arxiv_id="test")


def test_many_empty_pages_are_a_scan() -> None:
    with pytest.raises(NoTextError, match="300 pages"):
        read_pdf(pdf_of(*[Sheet()] * 300), arxiv_id="test")


def test_strokes_without_end_and_places_off_the_page_do_no_harm() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, "Muons are kept if p_T > 30 GeV holds", "for them and for their partners.")
    sheet.text(72, 5000, "This stands far off the page.")
    sheet.marks += ["-1e9 100 2e9 0.5 re f", "100 -1e30 0.5 1e38 re f", "0 0 1e7 1e7 re S"]
    text = read_pdf(pdf_of(sheet), arxiv_id="test").text
    assert text.startswith("Muons are kept if p_T > 30 GeV holds for them")
    assert "far off" not in text


def test_places_count_from_the_corner_of_what_a_page_shows() -> None:
    sheet = Sheet()
    sheet.lines(172, 700, "Muons are kept if p_T > 30 GeV holds", "for them and for their partners.")
    data = pdf_of(sheet).replace(b"/MediaBox[0 0 595.0 842.0]", b"/MediaBox[0 0 700.0 900.0]/CropBox[100 50 695 892]")
    piece = read_pdf(data, arxiv_id="test").source_of(0)
    assert piece is not None
    assert piece.box is not None
    assert piece.box[0] == pytest.approx(72, abs=1)
    assert piece.box[1] < 650 < piece.box[3]
