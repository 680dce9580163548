"""arXiv is asked once, politely, and its moods become clear errors."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ingest.arxiv import ArxivSource
from ingest.identifiers import Identifier, parse_identifier
from kb.errors import CutbookError, PaperNotFoundError, SourceError, UnreachableError
from tests.ingest.sheets import Sheet, pdf_of
from tests.services import Services, eprint, withdrawal

TEXT = r"\documentclass{article}\begin{document}Muons have $p_T > 5$ GeV.\end{document}" + "\n% filler" * 200
SOURCE = eprint(paper__tex=TEXT)
PDF = pdf_of(Sheet(["BT ET"]))
NAME = "1712.02304v1"


def source(services: Services, cache: Path, **given: float) -> ArxivSource:
    settings = {"delay": 0.0, "retries": 2, "timeout": 0.5, "longest_wait": 1.0} | given
    return ArxivSource(
        api_url=services.address + services.api,
        eprint_url=services.address + services.eprints,
        pdf_url=services.address + services.pdfs,
        cache=cache,
        **settings,  # type: ignore[arg-type]
    )


def kept(cache: Path) -> list[Path]:
    return [path for path in cache.rglob("*") if path.is_file()]


def test_a_paper_is_fetched_with_its_metadata_and_version(services: Services, tmp_path: Path) -> None:
    services.paper("1712.02304v2", source=SOURCE)
    fetched = source(services, tmp_path).fetch(parse_identifier("1712.02304"))
    assert fetched.data == SOURCE
    assert (fetched.arxiv_id, fetched.version) == ("1712.02304", 2)
    assert fetched.metadata.title == "Four leptons in data"
    assert fetched.metadata.authors == ("A. Physicist",)


def test_a_second_fetch_makes_no_request(services: Services, tmp_path: Path) -> None:
    services.paper("hep-ex/0309045v1", source=SOURCE)
    first = source(services, tmp_path).fetch(parse_identifier("hep-ex/0309045"))
    requests = len(services.asked)
    for text in ("hep-ex/0309045", "hep-ex/0309045v1"):
        again = source(services, tmp_path).fetch(parse_identifier(text))
        assert (again.data, again.metadata, again.from_cache) == (first.data, first.metadata, True)
    assert len(services.asked) == requests


def test_a_newer_version_is_kept_beside_the_older_one(services: Services, tmp_path: Path) -> None:
    services.paper(NAME, source=SOURCE)
    arxiv = source(services, tmp_path)
    arxiv.fetch(parse_identifier("1712.02304"))
    services.paper("1712.02304v2", source=eprint(new__tex=TEXT))
    assert arxiv.fetch(parse_identifier("1712.02304"), refresh=True).version == 2
    assert arxiv.fetch(parse_identifier(NAME)).data == SOURCE


def test_a_damaged_cache_is_fetched_again(services: Services, tmp_path: Path) -> None:
    services.paper(NAME, source=SOURCE)
    source(services, tmp_path).fetch(parse_identifier(NAME))
    next(tmp_path.rglob("*.tar.gz")).write_bytes(SOURCE[:10])
    assert source(services, tmp_path).fetch(parse_identifier(NAME)).data == SOURCE


def test_a_paper_without_source_comes_as_pdf(services: Services, tmp_path: Path) -> None:
    services.paper(NAME, pdf=PDF)
    fetched = source(services, tmp_path).fetch(parse_identifier(NAME))
    assert (fetched.name, fetched.data) == ("1712.02304v1.pdf", PDF)
    assert fetched.note == "it is read from its PDF: arXiv has no source of it"


def test_a_paper_whose_source_is_a_pdf_comes_as_pdf(services: Services, tmp_path: Path) -> None:
    services.paper(NAME, source=PDF)
    fetched = source(services, tmp_path).fetch(parse_identifier(NAME))
    assert (fetched.name, fetched.data, fetched.note) == ("1712.02304v1.pdf", PDF, "")


def test_an_unknown_paper_is_not_found(services: Services, tmp_path: Path) -> None:
    with pytest.raises(PaperNotFoundError, match=r"no paper 1712\.99999"):
        source(services, tmp_path).fetch(parse_identifier("1712.99999"))
    assert kept(tmp_path) == []


@pytest.mark.parametrize(
    "note",
    [
        withdrawal(),
        b"%auto-ignore\nThis paper has been withdrawn due to an error in Eqn. 1.\n",
        eprint(paper__tex="This paper is withdrawn.", figures__txt="none"),
        None,
    ],
    ids=["gzipped", "bare", "archive", "none"],
)
def test_a_withdrawn_paper_is_told_as_such_and_its_last_version_named(
    services: Services, tmp_path: Path, note: bytes | None
) -> None:
    services.paper("1712.02304v3", source=note, comment="This paper has been withdrawn")
    with pytest.raises(PaperNotFoundError, match=r"1712\.02304v3 is withdrawn") as raised:
        source(services, tmp_path).fetch(parse_identifier("1712.02304v3"))
    assert "1712.02304v2" in raised.value.hint
    assert kept(tmp_path) == []


def test_a_paper_that_speaks_of_withdrawn_detectors_is_not_withdrawn(services: Services, tmp_path: Path) -> None:
    text = TEXT.replace("Muons", "Once the counters are withdrawn, muons")
    services.paper(NAME, source=gzip.compress(text.encode()))
    assert source(services, tmp_path).fetch(parse_identifier(NAME)).version == 1


def test_a_paper_without_any_file_is_not_found(services: Services, tmp_path: Path) -> None:
    services.paper(NAME)
    with pytest.raises(PaperNotFoundError, match="neither source nor PDF"):
        source(services, tmp_path).fetch(parse_identifier(NAME))


TEMPORARY = ["limited", "busy", "slow", "cut off", "cut off silently", "wrong length"]


@pytest.mark.parametrize("place", ["api", "eprints", "pdfs"])
@pytest.mark.parametrize("fault", TEMPORARY)
def test_what_passes_is_asked_again(services: Services, tmp_path: Path, place: str, fault: str) -> None:
    data = PDF if place == "pdfs" else SOURCE
    services.paper(NAME, source=None if place == "pdfs" else SOURCE, pdf=PDF)
    prefix = getattr(services, place)
    services.breaks(prefix, fault, times=2)
    fetched = source(services, tmp_path, timeout=0.2).fetch(parse_identifier(NAME))
    assert fetched.data == data
    assert sum(target.startswith(prefix) for target in services.asked) == 3
    assert [path.suffix for path in sorted(kept(tmp_path))] == [".pdf" if place == "pdfs" else ".gz", ".json"]


@pytest.mark.parametrize("place", ["api", "eprints", "pdfs"])
@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("forbidden", UnreachableError, "403"),
        ("limited", UnreachableError, "429"),
        ("limited for long", UnreachableError, "429"),
        ("busy", UnreachableError, "503"),
        ("slow", UnreachableError, "did not answer in time"),
        ("cut off", UnreachableError, "could not be fetched|did not answer"),
        ("cut off silently", UnreachableError, "could not be fetched whole|not with a whole feed"),
        ("wrong length", UnreachableError, "could not be fetched whole|not with a whole feed"),
        ("web page", UnreachableError, "web page|answered with text/html"),
        ("empty", CutbookError, "empty|not with a whole feed"),
    ],
)
def test_what_stays_is_a_clear_error_and_nothing_is_kept(
    services: Services, tmp_path: Path, place: str, fault: str, kind: type[CutbookError], words: str
) -> None:
    services.paper(NAME, source=None if place == "pdfs" else SOURCE, pdf=PDF if place == "pdfs" else None)
    services.breaks(getattr(services, place), fault)
    arxiv = source(services, tmp_path, timeout=0.1)
    with pytest.raises(kind, match=words) as raised:
        arxiv.fetch(parse_identifier(NAME))
    assert raised.value.hint
    assert kept(tmp_path) == []
    services.heals()
    assert arxiv.fetch(parse_identifier(NAME)).metadata.arxiv_id == "1712.02304"


# Not where arXiv asks to come back later, or the line is bad: what is tried again then brings the source.
@pytest.mark.parametrize("fault", ["forbidden", "cut off silently", "wrong length", "web page", "empty"])
def test_where_the_source_is_not_handed_out_the_pdf_is_taken_and_it_is_said_why(
    services: Services, tmp_path: Path, fault: str
) -> None:
    services.paper(NAME, source=SOURCE, pdf=PDF)
    services.breaks(services.eprints, fault)
    arxiv = source(services, tmp_path, timeout=0.1)
    fetched = arxiv.fetch(parse_identifier(NAME))
    assert (fetched.name, fetched.data) == ("1712.02304v1.pdf", PDF)
    assert fetched.note.startswith("it is read from its PDF: ")
    assert f"{services.eprints}{NAME}" in fetched.note
    services.heals()
    asked = len(services.asked)
    again = arxiv.fetch(parse_identifier(NAME))
    assert (again.data, again.note, len(services.asked)) == (PDF, fetched.note, asked)
    assert arxiv.fetch(parse_identifier(NAME), refresh=True).data == SOURCE
    assert arxiv.fetch(parse_identifier(NAME)).note == ""


@pytest.mark.parametrize("fault", ["limited", "busy", "slow", "cut off"])
def test_while_arxiv_or_the_network_has_trouble_no_pdf_is_taken_for_the_paper(
    services: Services, tmp_path: Path, fault: str
) -> None:
    services.paper(NAME, source=SOURCE, pdf=PDF)
    services.breaks(services.eprints, fault)
    with pytest.raises(UnreachableError):
        source(services, tmp_path, timeout=0.1, retries=1).fetch(parse_identifier(NAME))
    assert not [target for target in services.asked if target.startswith(services.pdfs)]


def test_where_neither_is_handed_out_the_source_is_told(services: Services, tmp_path: Path) -> None:
    services.paper(NAME, source=SOURCE, pdf=PDF)
    services.breaks("/arxiv/e-print/", "forbidden")
    services.breaks("/arxiv/pdf/", "busy")
    with pytest.raises(UnreachableError, match=r"403 for \S+/e-print/"):
        source(services, tmp_path).fetch(parse_identifier(NAME))


def test_the_pdf_of_a_paper_whose_source_cannot_be_read_is_fetched_once(services: Services, tmp_path: Path) -> None:
    services.paper(NAME, source=SOURCE, pdf=PDF)
    arxiv = source(services, tmp_path)
    fetched = arxiv.fetch(parse_identifier(NAME))
    first = arxiv.pdf(fetched)
    asked = len(services.asked)
    second = source(services, tmp_path).pdf(fetched)
    assert first is not None
    assert second is not None
    assert (first.name, first.data, second.data) == ("1712.02304v1.pdf", PDF, PDF)
    assert len(services.asked) == asked
    assert arxiv.fetch(parse_identifier(NAME)).data == SOURCE


def test_a_server_that_asks_for_a_long_pause_is_not_asked_again(services: Services, tmp_path: Path) -> None:
    services.paper(NAME, source=SOURCE)
    services.breaks(services.eprints, "limited for long")
    with pytest.raises(UnreachableError) as raised:
        source(services, tmp_path).fetch(parse_identifier(NAME))
    assert "24 h" in raised.value.hint
    assert sum(target.startswith(services.eprints) for target in services.asked) == 1


def test_a_download_that_never_ends_is_given_up(services: Services, tmp_path: Path) -> None:
    services.paper(NAME, source=SOURCE)
    with pytest.raises(UnreachableError, match="not here after"):
        source(services, tmp_path, deadline=0.0).fetch(parse_identifier(NAME))


@pytest.mark.parametrize("cut", [SOURCE[:-9], gzip.decompress(SOURCE)[:1000], PDF[:-9]], ids=["gzip", "tar", "pdf"])
def test_a_file_that_ends_early_is_not_taken_for_a_paper(services: Services, tmp_path: Path, cut: bytes) -> None:
    services.paper(NAME, source=cut)
    with pytest.raises(UnreachableError, match="whole"):
        source(services, tmp_path, retries=0).fetch(parse_identifier(NAME))


def test_a_web_page_is_recognised_when_it_is_gzipped(services: Services, tmp_path: Path) -> None:
    services.paper(NAME, source=gzip.compress(b"<!-- robots -->\n<html><body>Who are you?</body></html>"))
    with pytest.raises(UnreachableError, match="web page"):
        source(services, tmp_path).fetch(parse_identifier(NAME))


def test_no_server_at_all_is_unreachable(tmp_path: Path) -> None:
    nowhere = source(Services("http://127.0.0.1:9"), tmp_path)
    with pytest.raises(UnreachableError, match="did not answer") as raised:
        nowhere.fetch(parse_identifier("1712.02304"))
    assert "network" in raised.value.hint


@pytest.mark.parametrize(
    ("text", "known"),
    [("2104.12255v1", True), ("quant-ph/0201082v1", True), ("1605.08386", True), ("0000.0000", False), ("abc", False)],
)
def test_real_replies_are_understood(services: Services, tmp_path: Path, shared: Path, text: str, known: bool) -> None:
    services.recorded(shared)
    asked = source(services, tmp_path)
    if known:
        metadata = asked.metadata(parse_identifier(text))
        assert f"{metadata.arxiv_id}v{metadata.version}".startswith(text)
        assert metadata.title
        assert metadata.authors
    else:
        with pytest.raises(PaperNotFoundError):
            asked.metadata(Identifier(text))


def test_an_empty_file_is_a_source_error(services: Services, tmp_path: Path) -> None:
    services.paper(NAME, source=b"")
    with pytest.raises(SourceError, match="empty"):
        source(services, tmp_path).fetch(parse_identifier(NAME))
