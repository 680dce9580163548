"""arXiv is asked once, politely, and its moods become clear errors."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from ingest.arxiv import ArxivSource
from ingest.identifiers import parse_identifier
from kb.errors import CutbookError, PaperNotFoundError, SourceError, UnreachableError

SOURCE = gzip.compress(rb"\documentclass{article}\begin{document}Muons have $p_T > 5$ GeV.\end{document}", mtime=0)
ENTRY = """<entry><id>http://arxiv.org/abs/{name}</id><title>Four leptons\n  in data</title>
<updated>2018-03-20T10:00:00Z</updated><published>2017-12-06T19:00:00Z</published>
<link href="http://arxiv.org/abs/{name}" rel="alternate" type="text/html"/>
<summary>A summary.</summary><category term="hep-ex" scheme="http://arxiv.org/schemas/atom"/>
<arxiv:primary_category term="hep-ex"/><author><name>A. Physicist</name></author></entry>"""
FEED = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"
 xmlns:arxiv="http://arxiv.org/schemas/atom"><id>feed</id><title>feed</title><updated>2018-03-20T10:00:00Z</updated>
<opensearch:totalResults>{count}</opensearch:totalResults><opensearch:startIndex>0</opensearch:startIndex>
<opensearch:itemsPerPage>1</opensearch:itemsPerPage>{entries}</feed>"""


@dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None


@dataclass
class PlayedArxiv:
    """A loopback server: answers by path, the last of several for good; what was asked is remembered."""

    address: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def knows(self, name: str, asked_as: str | None = None) -> None:
        feed = FEED.format(count=1, entries=ENTRY.format(name=name))
        self.answers[f"/api/query {asked_as or name}"] = [Answer(body=feed.encode())]

    def has(self, path: str, *answers: Answer) -> None:
        self.answers[path] = list(answers)

    def reply(self, path: str) -> Answer:
        self.asked.append(path)
        answers = self.answers.get(path)
        if answers is None:
            if path.startswith("/api/query"):
                return Answer(body=FEED.format(count=0, entries="").encode())
            return Answer(404)
        return answers.pop(0) if len(answers) > 1 else answers[0]


@pytest.fixture
def arxiv_server() -> Iterator[PlayedArxiv]:
    played = PlayedArxiv()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            ids = parse_qs(parts.query).get("id_list")
            answer = played.reply(f"{parts.path} {ids[0]}" if ids else parts.path)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body[: answer.cut_after])
            if answer.cut_after is not None:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    played.address = f"http://127.0.0.1:{server.server_port}"
    yield played
    server.shutdown()
    thread.join()
    server.server_close()


def source(played: PlayedArxiv, cache: Path) -> ArxivSource:
    base = played.address
    return ArxivSource(
        api_url=f"{base}/api/query",
        eprint_url=f"{base}/e-print",
        pdf_url=f"{base}/pdf/",
        cache=cache,
        delay=0.0,
        retries=2,
        timeout=5.0,
    )


def test_a_paper_is_fetched_with_its_metadata_and_version(arxiv_server: PlayedArxiv, tmp_path: Path) -> None:
    arxiv_server.knows("1712.02304v2", asked_as="1712.02304")
    arxiv_server.has("/e-print/1712.02304v2", Answer(body=SOURCE))
    fetched = source(arxiv_server, tmp_path).fetch(parse_identifier("1712.02304"))
    assert fetched.data == SOURCE
    assert (fetched.arxiv_id, fetched.version) == ("1712.02304", 2)
    assert fetched.metadata.title == "Four leptons in data"
    assert fetched.metadata.authors == ("A. Physicist",)


def test_a_second_fetch_makes_no_request(arxiv_server: PlayedArxiv, tmp_path: Path) -> None:
    arxiv_server.knows("hep-ex/0309045v1", asked_as="hep-ex/0309045")
    arxiv_server.has("/e-print/hep-ex/0309045v1", Answer(body=SOURCE))
    first = source(arxiv_server, tmp_path).fetch(parse_identifier("hep-ex/0309045"))
    requests = len(arxiv_server.asked)
    for text in ("hep-ex/0309045", "hep-ex/0309045v1"):
        again = source(arxiv_server, tmp_path).fetch(parse_identifier(text))
        assert (again.data, again.metadata, again.from_cache) == (first.data, first.metadata, True)
    assert len(arxiv_server.asked) == requests


def test_a_damaged_cache_is_fetched_again(arxiv_server: PlayedArxiv, tmp_path: Path) -> None:
    arxiv_server.knows("1712.02304v1")
    arxiv_server.has("/e-print/1712.02304v1", Answer(body=SOURCE))
    source(arxiv_server, tmp_path).fetch(parse_identifier("1712.02304v1"))
    next(tmp_path.rglob("*.tar.gz")).write_bytes(SOURCE[:10])
    assert source(arxiv_server, tmp_path).fetch(parse_identifier("1712.02304v1")).data == SOURCE


def test_a_paper_without_source_comes_as_pdf(arxiv_server: PlayedArxiv, tmp_path: Path) -> None:
    arxiv_server.knows("1712.02304v1")
    arxiv_server.has("/pdf/1712.02304v1", Answer(body=b"%PDF-1.5 ..."))
    fetched = source(arxiv_server, tmp_path).fetch(parse_identifier("1712.02304v1"))
    assert fetched.name == "1712.02304v1.pdf"


def test_an_unknown_paper_is_not_found(arxiv_server: PlayedArxiv, tmp_path: Path) -> None:
    with pytest.raises(PaperNotFoundError, match=r"no paper 1712\.99999"):
        source(arxiv_server, tmp_path).fetch(parse_identifier("1712.99999"))
    assert list(tmp_path.rglob("*")) == []


def test_a_withdrawn_paper_is_not_found(arxiv_server: PlayedArxiv, tmp_path: Path) -> None:
    arxiv_server.knows("1712.02304v3")
    with pytest.raises(PaperNotFoundError, match="neither source nor PDF"):
        source(arxiv_server, tmp_path).fetch(parse_identifier("1712.02304v3"))


def test_a_busy_server_is_asked_again(arxiv_server: PlayedArxiv, tmp_path: Path) -> None:
    arxiv_server.knows("1712.02304v1")
    busy = [Answer(429, headers={"Retry-After": "0"}), Answer(503)]
    arxiv_server.has("/e-print/1712.02304v1", *busy, Answer(body=SOURCE))
    assert source(arxiv_server, tmp_path).fetch(parse_identifier("1712.02304v1")).data == SOURCE
    assert arxiv_server.asked.count("/e-print/1712.02304v1") == 3


def test_a_body_cut_off_in_the_middle_is_fetched_again(arxiv_server: PlayedArxiv, tmp_path: Path) -> None:
    arxiv_server.knows("1712.02304v1")
    arxiv_server.has("/e-print/1712.02304v1", Answer(body=SOURCE, cut_after=20), Answer(body=SOURCE))
    assert source(arxiv_server, tmp_path).fetch(parse_identifier("1712.02304v1")).data == SOURCE


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (Answer(403), UnreachableError, "403"),
        (Answer(503), UnreachableError, "503"),
        (Answer(body=SOURCE, cut_after=20), UnreachableError, "could not be fetched"),
        (Answer(body=b"<!DOCTYPE html><html>captcha</html>"), UnreachableError, "web page"),
        (Answer(body=b""), SourceError, "empty"),
    ],
)
def test_what_is_no_paper_is_a_clear_error_and_not_kept(
    arxiv_server: PlayedArxiv, tmp_path: Path, answer: Answer, kind: type[CutbookError], words: str
) -> None:
    arxiv_server.knows("1712.02304v1")
    arxiv_server.has("/e-print/1712.02304v1", answer)
    with pytest.raises(kind, match=words) as raised:
        source(arxiv_server, tmp_path).fetch(parse_identifier("1712.02304v1"))
    assert raised.value.hint
    assert list(tmp_path.rglob("*")) == []


def test_a_failing_api_is_unreachable(arxiv_server: PlayedArxiv, tmp_path: Path) -> None:
    arxiv_server.has("/api/query 1712.02304v1", Answer(503))
    with pytest.raises(UnreachableError, match="503"):
        source(arxiv_server, tmp_path).fetch(parse_identifier("1712.02304v1"))


def test_no_server_at_all_is_unreachable(tmp_path: Path) -> None:
    nowhere = source(PlayedArxiv("http://127.0.0.1:9"), tmp_path)
    with pytest.raises(UnreachableError, match="did not answer") as raised:
        nowhere.fetch(parse_identifier("1712.02304"))
    assert "network" in raised.value.hint


@pytest.mark.parametrize(
    ("reply", "text", "known"),
    [
        ("id_2104.12255v1_s0_m100_6ae69987ffe1.atom.xml", "2104.12255v1", True),
        ("id_quant-ph_0201082v1_s0_m100_86989fe779ef.atom.xml", "quant-ph/0201082v1", True),
        ("id_0000.0000_s0_m100_8b51d9633a68.atom.xml", "0001.0000", False),
        ("id_abc_s0_m100_b79c8dcf6bc3.atom.xml", "0001.0001", False),
    ],
)
def test_real_replies_are_understood(
    arxiv_server: PlayedArxiv, tmp_path: Path, shared: Path, reply: str, text: str, known: bool
) -> None:
    body = (shared / "samples" / "arxiv" / reply).read_bytes()
    arxiv_server.has(f"/api/query {text}", Answer(body=body))
    asked = source(arxiv_server, tmp_path)
    if known:
        metadata = asked.metadata(parse_identifier(text))
        assert f"{metadata.arxiv_id}v{metadata.version}" == text
        assert metadata.title
        assert metadata.authors
    else:
        with pytest.raises(PaperNotFoundError):
            asked.metadata(parse_identifier(text))
