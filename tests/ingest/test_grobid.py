"""GROBID reads a PDF where it can; where it cannot, the paper is read all the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ingest.grobid import Grobid
from ingest.reader import read_file, read_source
from kb.errors import CutbookError, NoTextError, SourceError, UnreachableError
from tests.ingest.sheets import Sheet, pdf_of
from tests.ingest.tei_paper import tei
from tests.services import FAULTS, Services, eprint

ROOT = Path(__file__).parents[2]
TEI = tei('<div><head n="1">Selection</head><p>Muons have p T &gt; 25 GeV.</p></div>', title="")


def page() -> bytes:
    sheet = Sheet()
    sheet.lines(72, 700, *["Muons are required to have p_T > 25 GeV, said plainly and at some length."] * 4)
    return pdf_of(sheet)


PDF = page()


def grobid(services: Services, **given: float) -> Grobid:
    settings = {"timeout": 0.5, "retries": 2, "pause": 0.01} | given
    return Grobid(services.grobid_url, **settings)  # type: ignore[arg-type]


def test_a_pdf_is_sent_whole_and_coordinates_are_asked_for(services: Services) -> None:
    services.reads(TEI)
    assert grobid(services).fulltext(PDF, "Größe 1.pdf") == TEI
    form = services.posted[0]
    assert form["input"] == [PDF]
    assert {"p", "head", "ref", "figure", "formula"} <= {name.decode() for name in form["teiCoordinates"]}
    assert "segmentSentences" not in form
    assert (form["consolidateHeader"], form["consolidateCitations"]) == ([b"0"], [b"0"])


def test_a_server_that_lives_says_so(services: Services) -> None:
    assert grobid(services).alive()
    services.breaks("/grobid/", "web page")
    assert not grobid(services).alive()
    assert not Grobid("http://127.0.0.1:9").alive()


@pytest.mark.parametrize("fault", ["busy", "limited", "cut off", "cut off silently", "wrong length"])
def test_what_passes_is_asked_again(services: Services, fault: str) -> None:
    services.reads(TEI)
    services.breaks(services.fulltext, fault, times=2)
    assert grobid(services).fulltext(PDF) == TEI
    assert [form["input"] for form in services.posted] == [[PDF]] * 3


@pytest.mark.parametrize(
    ("fault", "kind", "words", "asked"),
    [
        ("busy", UnreachableError, "503: it is busy", 3),
        ("limited", UnreachableError, "429", 3),
        ("limited for long", UnreachableError, "429", 1),
        ("slow", UnreachableError, r"did not read x\.pdf within", 1),
        ("cut off", UnreachableError, "did not answer", 3),
        ("cut off silently", UnreachableError, "broke off", 3),
        ("wrong length", UnreachableError, "broke off", 3),
        ("miss", UnreachableError, "404", 1),
        ("forbidden", UnreachableError, "403", 1),
        ("web page", UnreachableError, "answered with text/html, not with TEI", 1),
        ("empty", NoTextError, r"no content in x\.pdf", 1),
    ],
)
def test_what_stays_is_a_clear_error(
    services: Services, fault: str, kind: type[CutbookError], words: str, asked: int
) -> None:
    services.reads(TEI)
    services.breaks(services.fulltext, fault)
    with pytest.raises(kind, match=words) as raised:
        grobid(services, timeout=0.2).fulltext(PDF, "x.pdf")
    assert raised.value.hint
    assert len(services.asked) == asked


def test_a_pdf_that_grobid_cannot_read_is_told_in_its_own_words(services: Services) -> None:
    services.reads(b"[BAD_INPUT_DATA] PDF to XML conversion failed with error code: 1", status=500)
    with pytest.raises(SourceError, match=r"x\.pdf: \[BAD_INPUT_DATA\]"):
        grobid(services).fulltext(b"%PDF-nonsense", "x.pdf")
    services.reads(b"", status=204)
    with pytest.raises(NoTextError, match="no content"):
        grobid(services).fulltext(PDF, "x.pdf")


def test_no_server_at_all_is_unreachable_at_once() -> None:
    with pytest.raises(UnreachableError, match="did not answer") as raised:
        Grobid("http://127.0.0.1:9", retries=5, pause=60).fulltext(PDF)
    assert "running" in raised.value.hint


def test_nothing_is_said_on_the_terminal(services: Services) -> None:
    # A process of its own: pytest listens to all logs, so that nothing would be printed here anyway.
    services.reads(b"trouble", status=500)
    services.breaks(services.fulltext, "busy", times=1)
    program = f"""
from ingest.grobid import Grobid
from kb.errors import SourceError
try:
    Grobid({services.grobid_url!r}, pause=0.01).fulltext(b"%PDF-")
except SourceError:
    print("told")
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert (ran.stdout, ran.stderr) == ("told\n", "")


# reading with it


def test_a_pdf_is_read_by_grobid_where_there_is_one(services: Services, tmp_path: Path) -> None:
    services.reads(TEI)
    warnings: list[str] = []
    path = tmp_path / "paper.pdf"
    path.write_bytes(PDF)
    for document in (
        read_source(PDF, "x.pdf", arxiv_id="x", title="From arXiv", grobid=grobid(services), warn=warnings.append),
        read_file(path, arxiv_id="x", title="From arXiv", grobid=grobid(services), warn=warnings.append),
    ):
        assert (document.source_format, document.title) == ("tei", "From arXiv")
        assert document.text == "1 Selection\n\nMuons have p_T > 25 GeV."
    assert warnings == []


def test_latex_is_not_sent_to_grobid(services: Services) -> None:
    source = eprint(main__tex=r"\documentclass{article}\begin{document}Muons have $p_T > 25$ GeV.\end{document}")
    assert read_source(source, "x.tar.gz", arxiv_id="x", grobid=grobid(services)).source_format == "latex"
    assert services.asked == []


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"withdrawn"}))
def test_where_grobid_fails_the_embedded_reader_reads_and_the_caller_is_told(services: Services, fault: str) -> None:
    services.reads(TEI)
    services.breaks(services.fulltext, fault)
    warnings: list[str] = []
    client = grobid(services, timeout=0.1, retries=0)
    document = read_source(PDF, "x.pdf", arxiv_id="x", grobid=client, warn=warnings.append)
    assert document.source_format == "pdf"
    assert "p_T > 25 GeV" in document.text
    assert len(warnings) == 1
    assert warnings[0].startswith("x.pdf is read by the embedded PDF reader: ")


@pytest.mark.parametrize(
    "answer", [TEI[:-40] + b"</TEI>", tei("<div/>"), TEI.replace(b"<TEI", b"<!DOCTYPE TEI><TEI", 1)]
)
def test_tei_that_cannot_be_read_leads_to_the_embedded_reader(services: Services, answer: bytes) -> None:
    services.reads(answer)
    warnings: list[str] = []
    document = read_source(PDF, "x.pdf", arxiv_id="x", grobid=grobid(services), warn=warnings.append)
    assert (document.source_format, len(warnings)) == ("pdf", 1)


def test_a_pdf_that_nobody_can_read_is_an_error_that_names_the_file(services: Services) -> None:
    services.reads(b"[NO_BLOCKS]", status=500)
    warnings: list[str] = []
    with pytest.raises(SourceError, match=r"x\.pdf"):
        read_source(b"%PDF-1.4 nothing", "x.pdf", arxiv_id="x", grobid=grobid(services), warn=warnings.append)
    assert "[NO_BLOCKS]" in warnings[0]


def test_the_real_tei_comes_through_the_server(services: Services, shared: Path) -> None:
    services.recorded(shared)
    document = read_source(PDF, "x.pdf", arxiv_id="2106.13235", grobid=grobid(services, timeout=5.0))
    assert document.reader == "tei 1 (GROBID 0.6.1)"
