"""What version of a paper a local file is, as far as the file or its reader's words tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.reader import version_of
from ingest.stamp import stamped
from tests.ingest.sheets import Sheet, pdf_of

PROSE = ("Muons are required to have a transverse momentum above 25 GeV.", "Jets are required to be central.")


def pdf(stamp: str, *, angle: int = 90) -> bytes:
    sheet = Sheet()
    sheet.lines(72, 700, *PROSE)
    sheet.text(30, 300, stamp, size=12, angle=angle)
    return pdf_of(sheet)


@pytest.mark.parametrize(
    ("stamp", "told"),
    [
        ("arXiv:1712.02304v2 [hep-ex] 19 Mar 2018", "1712.02304v2"),
        ("arXiv:1712.02304v11  [physics.ins-det]  1 Mar 2018", "1712.02304v11"),
        ("arXiv:hep-ex/0309045v1  26 Sep 2003", "hep-ex/0309045v1"),
        ("arXiv:0706.1234v3 [hep-ph] 5 Jul 2007", "0706.1234v3"),
    ],
)
def test_arxivs_stamp_tells_paper_and_version(stamp: str, told: str) -> None:
    assert str(stamped(pdf(stamp))) == told


@pytest.mark.parametrize("text", ["arXiv:1712.02304v2 [hep-ex]", "arXiv:1712.02304v2", "Draft v2, 19 Mar 2018", ""])
def test_a_reference_is_no_stamp(text: str) -> None:
    assert stamped(pdf(text, angle=0)) is None


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4\n", b"words"])
def test_what_is_no_pdf_has_no_stamp(data: bytes) -> None:
    assert stamped(data) is None


@pytest.mark.parametrize(
    ("arxiv_id", "given", "version", "notes"),
    [
        ("1712.02304", None, 2, 0),
        ("my-paper", None, 2, 0),
        ("1712.02304", 2, 2, 0),
        # What the user says counts, and the contradiction is told.
        ("1712.02304", 1, 1, 1),
        ("1801.00001", None, 1, 1),
    ],
)
def test_a_stamp_counts_where_nobody_says_otherwise(
    tmp_path: Path, arxiv_id: str, given: int | None, version: int, notes: int
) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(pdf("arXiv:1712.02304v2 [hep-ex] 19 Mar 2018"))
    told: list[str] = []
    assert version_of(path, arxiv_id=arxiv_id, given=given, warn=told.append) == version
    assert len(told) == notes
    assert all("arXiv:1712.02304v2" in note for note in told)


def test_a_source_has_no_stamp_and_its_version_stays_the_first(tmp_path: Path) -> None:
    path = tmp_path / "paper.tex"
    path.write_text("% arXiv:1712.02304v2 [hep-ex] 19 Mar 2018", encoding="utf-8")
    assert version_of(path, arxiv_id="paper", given=None) == 1


@pytest.mark.parametrize("name", ["1605.03814", "1704.03848", "1705.04673", "1706.09933", "1710.09154", "1711.08008"])
def test_the_stamps_of_real_papers_are_read(shared: Path, name: str) -> None:
    data = (shared / "papers" / "pdf" / f"{name}.pdf").read_bytes()
    assert str(stamped(data)) == f"{name}v2"
