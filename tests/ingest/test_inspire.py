"""INSPIRE is asked politely and once, and its moods become clear errors."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from ingest.identifiers import parse_name
from ingest.inspire import InspireSource
from ingest.inspire_records import record_of
from ingest.pace import Pace
from kb.errors import CutbookError, PaperNotFoundError, UnreachableError


def paper(number: int, arxiv_id: str = "", **metadata: Any) -> dict[str, Any]:
    """A record as INSPIRE would send it."""
    eprints = {"arxiv_eprints": [{"value": arxiv_id, "categories": ["hep-ex"]}]} if arxiv_id else {}
    return {"id": str(number), "metadata": {"control_number": number, **eprints, **metadata}}


def line(label: str, number: int | None = None, **reference: Any) -> dict[str, Any]:
    """A line of a list of references."""
    record = {"record": {"$ref": f"https://inspirehep.net/api/literature/{number}"}} if number else {}
    return {"reference": {"label": label, **reference}, "raw_refs": [{"value": "as printed"}], **record}


SEARCH = paper(
    900,
    "2101.00001",
    titles=[{"title": "Search for <math>x</math>"}, {"title": r"Search for $B_c^+\to\mu^+$ at 100%"}],
    collaborations=[{"value": "CMS"}],
    report_numbers=[{"value": "CMS-SUS-16-900"}, {"value": "CERN-EP-2021-001"}],
    dois=[{"value": "10.1007/JHEP01(2021)900"}],
    authors=[{"full_name": "Physicist, A."}] * 50,
    references=[
        line("1", 901, collaborations=["ATLAS Collaboration"], arxiv_eprint="1603.00001"),
        line("2", 902, misc=["[CMS Collaboration]"], publication_info={"journal_title": "JINST", "year": 2015}),
        line("3", dois=["10.1016/0370-2693(93)90001-3"], arxiv_eprint="nonsense"),
    ],
)
MUONS = paper(
    902,
    "1502.00002",
    titles=[{"title": "Muons"}],
    collaborations=[{"value": "CMS"}],
    report_numbers=[{"value": "CMS-MUO-15-001"}],
)
NOTE = paper(
    903,
    titles=[{"title": "Jets in early data"}],
    collaborations=[{"value": "ATLAS"}],
    report_numbers=[{"value": "ATLAS-CONF-2020-903"}],
)


@dataclass
class Answer:
    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    delay: float = 0.0


@dataclass
class PlayedInspire:
    """A loopback server: answers by path or by query, the last of several for good; what was asked is remembered."""

    address: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    parameters: list[dict[str, list[str]]] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    released: threading.Event = field(default_factory=threading.Event)

    def finds(self, query: str, *records: dict[str, Any]) -> None:
        body = {"hits": {"hits": records, "total": len(records)}}
        self.answers[query] = [Answer(body=json.dumps(body).encode())]

    def has(self, place: str, *answers: Answer) -> None:
        self.answers[place] = list(answers)

    def reply(self, place: str) -> Answer:
        self.asked.append(place)
        answers = self.answers.get(place)
        if answers is None:
            return Answer(404) if place.startswith("/") else Answer(body=b'{"hits": {"hits": [], "total": 0}}')
        return answers.pop(0) if len(answers) > 1 else answers[0]


@pytest.fixture
def played() -> Iterator[PlayedInspire]:
    played = PlayedInspire()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = parse_qs(parts.query)
            played.parameters.append(asked)
            played.agents.add(self.headers["user-agent"])
            answer = played.reply(asked["q"][0] if "q" in asked else unquote(parts.path).removeprefix("/api"))
            played.released.wait(answer.delay)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if answer.delay == 0.0:
                self.wfile.write(answer.body[: answer.cut_after])
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    played.address = f"http://127.0.0.1:{server.server_port}/api"
    yield played
    played.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


def source(played: PlayedInspire, cache: Path, **changes: Any) -> InspireSource:
    settings: dict[str, Any] = {"retries": 2, "timeout": 5.0, "requests": 15, "seconds": 0.05}
    return InspireSource(base_url=played.address, cache=cache, **{**settings, **changes})


def test_a_record_tells_names_and_references(played: PlayedInspire, tmp_path: Path) -> None:
    played.finds("arxiv:2101.00001", SEARCH)
    record = source(played, tmp_path).record(parse_name("2101.00001v3"))
    assert (record.record_id, record.arxiv_id, record.doi) == ("900", "2101.00001", "10.1007/JHEP01(2021)900")
    assert (record.title, record.collaboration) == ("Search for B_c^+ → μ^+ at 100%", "CMS")
    assert record.report_numbers == ("CMS-SUS-16-900", "CERN-EP-2021-001")
    first, second, third = record.entries
    assert (first.label, first.arxiv_id, first.collaboration) == ("1", "1603.00001", "ATLAS")
    assert (second.collaboration, second.record_id, second.journal) == ("CMS", "902", "JINST")
    assert (third.arxiv_id, third.doi, third.record_id) == (None, "10.1016/0370-2693(93)90001-3", None)


@pytest.mark.parametrize(
    ("told", "licence"),
    [
        ([], ""),
        ([{"url": "http://creativecommons.org/licenses/by/4.0/"}], "CC BY 4.0"),
        ([{"license": "CC-BY-NC-SA-4.0", "imposing": "A publisher"}], "CC BY-NC-SA 4.0"),
        ([{"license": "CC BY-SA 4.0", "material": "preprint"}, {"license": "CC-BY-3.0"}], "CC BY-SA 4.0"),
        ([{"license": "CC-BY-3.0"}, {"license": "CC BY-SA 4.0", "material": "preprint"}], "CC BY-SA 4.0"),
        (
            [{"url": "http://arxiv.org/licenses/nonexclusive-distrib/1.0/", "imposing": "arXiv"}],
            "arXiv's non-exclusive licence to distribute",
        ),
        ([{"license": "one of their own"}], "one of their own"),
    ],
)
def test_the_licence_is_that_of_the_preprint(told: list[dict[str, str]], licence: str) -> None:
    assert record_of(paper(900, license=told)).licence == licence


def test_only_the_fields_that_are_read_are_asked_for(played: PlayedInspire, tmp_path: Path) -> None:
    played.finds("arxiv:2101.00001", SEARCH)
    source(played, tmp_path).record(parse_name("2101.00001"))
    fields = played.parameters[0]["fields"][0].split(",")
    assert "references.reference" in fields
    assert not any(name.startswith(("authors", "abstracts")) for name in fields)
    assert all("cutbook" in agent for agent in played.agents)


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("10.1007/jhep01(2021)900", 'doi:"10.1007/jhep01(2021)900"'),
        ("inspire:900", "recid:900"),
        ("CMS-SUS-16-900", "reportnumber:CMS-SUS-16-900"),
        ("CERN-EP/2021-001", "reportnumber:CERN-EP-2021-001"),
    ],
)
def test_doi_record_and_report_number_lead_to_the_arxiv_id(
    played: PlayedInspire, tmp_path: Path, name: str, query: str
) -> None:
    played.finds(query, NOTE, SEARCH)  # a search may find more than was meant
    assert source(played, tmp_path).identifier(parse_name(name)).arxiv_id == "2101.00001"


def test_an_arxiv_identifier_needs_no_question(played: PlayedInspire, tmp_path: Path) -> None:
    assert str(source(played, tmp_path).identifier(parse_name("2101.00001v2"))) == "2101.00001v2"
    assert played.asked == []


def test_a_paper_that_the_search_does_not_find_is_looked_up_at_its_address(
    played: PlayedInspire, tmp_path: Path
) -> None:
    played.has("/doi/10.1007/JHEP01(2021)900", Answer(body=json.dumps(SEARCH).encode()))
    asked = source(played, tmp_path)
    assert asked.identifier(parse_name("doi:10.1007/JHEP01(2021)900")).arxiv_id == "2101.00001"
    assert not any("Physicist" in path.read_text() for path in tmp_path.rglob("*.json"))


def test_references_are_completed_from_the_cited_papers(played: PlayedInspire, tmp_path: Path) -> None:
    played.finds("arxiv:2101.00001", SEARCH)
    played.finds("citedby:recid:900", MUONS, NOTE)
    asked = source(played, tmp_path)
    first, second, third = asked.entries(asked.record(parse_name("2101.00001")))
    assert (first.arxiv_id, first.title) == ("1603.00001", "")
    assert (second.arxiv_id, second.title, second.report_numbers) == ("1502.00002", "Muons", ("CMS-MUO-15-001",))
    assert third.arxiv_id is None


def test_a_long_list_is_read_page_after_page(played: PlayedInspire, tmp_path: Path) -> None:
    lines = [line(str(number), 1000 + number) for number in range(700)]
    cited = [paper(1000 + number, f"1001.{number:04}") for number in range(700)]
    played.finds("recid:5", paper(5, references=lines))
    pages = [{"hits": {"hits": part, "total": 700}} for part in (cited[:500], cited[500:])]
    played.has("citedby:recid:5", *(Answer(body=json.dumps(page).encode()) for page in pages))
    asked = source(played, tmp_path)
    entries = asked.entries(asked.record(parse_name("inspire:5")))
    assert [entry.arxiv_id for entry in entries] == [f"1001.{number:04}" for number in range(700)]


def test_a_second_harvest_makes_no_request(played: PlayedInspire, tmp_path: Path) -> None:
    played.finds("arxiv:2101.00001", SEARCH)
    played.finds("citedby:recid:900", MUONS)
    answers = []
    for _ in range(2):
        asked = source(played, tmp_path)
        record = asked.record(parse_name("2101.00001"))
        with pytest.raises(PaperNotFoundError):
            asked.record(parse_name("2101.00002"))
        answers.append((record, asked.entries(record)))
        requests = len(played.asked)
    assert answers[0] == answers[1]
    assert requests == 4  # the record, its references, and twice for what is not there


def test_refreshing_asks_again(played: PlayedInspire, tmp_path: Path) -> None:
    played.finds("recid:902", paper(902))
    asked = source(played, tmp_path)
    assert asked.record(parse_name("inspire:902")).arxiv_id is None
    played.finds("recid:902", MUONS)
    assert asked.record(parse_name("inspire:902")).arxiv_id is None
    assert asked.record(parse_name("inspire:902"), refresh=True).arxiv_id == "1502.00002"


def test_what_was_not_known_is_asked_again_after_a_day(played: PlayedInspire, tmp_path: Path) -> None:
    asked = source(played, tmp_path)
    with pytest.raises(PaperNotFoundError):
        asked.record(parse_name("inspire:902"))
    played.finds("recid:902", MUONS)
    with pytest.raises(PaperNotFoundError):
        asked.record(parse_name("inspire:902"))
    yesterday = time.time() - 25 * 3600
    os.utime(next(tmp_path.rglob("902.json")), (yesterday, yesterday))
    assert asked.record(parse_name("inspire:902")).arxiv_id == "1502.00002"


@pytest.mark.parametrize("damage", ["", "{", '{"records": [1]}', "[]"])
def test_a_damaged_cache_is_asked_again(played: PlayedInspire, tmp_path: Path, damage: str) -> None:
    played.finds("recid:902", MUONS)
    asked = source(played, tmp_path)
    asked.record(parse_name("inspire:902"))
    next(tmp_path.rglob("*.json")).write_text(damage)
    assert asked.record(parse_name("inspire:902")).arxiv_id == "1502.00002"


@pytest.mark.parametrize("name", ["2012.99999", "10.1103/nothing", "inspire:1", "CMS-XXX-99-999"])
def test_a_name_that_inspire_does_not_know_is_not_found(played: PlayedInspire, tmp_path: Path, name: str) -> None:
    with pytest.raises(PaperNotFoundError) as raised:
        source(played, tmp_path).record(parse_name(name))
    assert name.removeprefix("inspire:") in raised.value.message
    assert raised.value.hint


def test_a_note_that_is_not_on_arxiv_is_not_found_but_named(played: PlayedInspire, tmp_path: Path) -> None:
    played.finds("reportnumber:ATLAS-CONF-2020-903", NOTE)
    with pytest.raises(PaperNotFoundError, match=r"'Jets in early data'.*not on arXiv") as raised:
        source(played, tmp_path).identifier(parse_name("ATLAS-CONF-2020-903"))
    assert "PDF" in raised.value.hint


def test_for_a_preliminary_cms_result_the_publication_is_suggested(played: PlayedInspire, tmp_path: Path) -> None:
    played.finds("reportnumber:CMS-PAS-SUS-16-001", paper(7, report_numbers=[{"value": "CMS-PAS-SUS-16-001"}]))
    with pytest.raises(PaperNotFoundError) as raised:
        source(played, tmp_path).identifier(parse_name("CMS-PAS-SUS-16-001"))
    assert "CMS-SUS-16-001" in raised.value.hint


FINE = Answer(body=json.dumps({"hits": {"hits": [MUONS], "total": 1}}).encode())


@pytest.mark.parametrize(
    "first",
    [
        Answer(429, headers={"Retry-After": "0"}),
        Answer(429, headers={"Retry-After": formatdate(0, usegmt=True)}),
        Answer(429),
        Answer(503),
        Answer(body=FINE.body, cut_after=30),
        Answer(body=FINE.body[:30]),
    ],
    ids=["429 with seconds", "429 with a date", "429", "503", "cut off", "half a body"],
)
def test_a_bad_moment_passes(played: PlayedInspire, tmp_path: Path, first: Answer) -> None:
    played.has("recid:902", first, FINE)
    assert source(played, tmp_path).record(parse_name("inspire:902")).arxiv_id == "1502.00002"
    assert played.asked == ["recid:902"] * 2


def test_the_time_that_retry_after_names_is_waited(
    played: PlayedInspire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waits.append)
    played.has("recid:902", Answer(429, headers={"Retry-After": "4"}), Answer(429), FINE)
    source(played, tmp_path, seconds=5.0, requests=100).record(parse_name("inspire:902"))
    assert waits == [4.0, 5.0]


def test_a_pause_longer_than_our_patience_ends_the_attempt_and_is_told(played: PlayedInspire, tmp_path: Path) -> None:
    played.has("recid:902", Answer(429, headers={"Retry-After": "3600"}))
    with pytest.raises(UnreachableError, match="429") as raised:
        source(played, tmp_path).record(parse_name("inspire:902"))
    assert "60 min" in raised.value.hint
    assert len(played.asked) == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(403), "403"),
        (Answer(503), "503"),
        (Answer(body=FINE.body, cut_after=30), "did not answer"),
        (Answer(body=FINE.body[:30]), "no complete JSON"),
        (Answer(body=b"<!DOCTYPE html><html>We are down</html>"), "web page"),
        (Answer(body=b"\n <html>"), "web page"),
        (Answer(body=b"[]"), "did not answer as INSPIRE"),
        (Answer(body=b'{"message": "hello"}'), "did not answer as INSPIRE"),
        (Answer(404), "no INSPIRE"),
        (Answer(delay=30.0), "did not answer in time"),
    ],
)
def test_what_is_no_answer_is_a_clear_error_and_not_kept(
    played: PlayedInspire, tmp_path: Path, answer: Answer, words: str
) -> None:
    played.has("recid:902", answer)
    with pytest.raises(CutbookError, match=words) as raised:
        source(played, tmp_path, timeout=0.2, retries=1).record(parse_name("inspire:902"))
    assert isinstance(raised.value, UnreachableError)
    assert raised.value.hint
    assert list(tmp_path.rglob("*")) == []


def test_no_server_at_all_is_unreachable(tmp_path: Path) -> None:
    nowhere = source(PlayedInspire("http://127.0.0.1:9/api"), tmp_path)
    with pytest.raises(UnreachableError, match="did not answer") as raised:
        nowhere.record(parse_name("inspire:902"))
    assert "network" in raised.value.hint


def test_no_more_than_the_allowed_requests_pass_in_any_window() -> None:
    now = 0.0
    passed: list[float] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    pace = Pace(15, 5.0, clock=lambda: now, sleep=sleep)
    for index in range(60):
        pace.wait()
        passed.append(now)
        now += (index % 7) / 64
    assert all(later - earlier >= 5.0 for earlier, later in zip(passed, passed[15:], strict=False))
    assert passed[14] < 5.0


@pytest.mark.parametrize(
    ("number", "arxiv_id"),
    [(1459277, "1605.05113"), (1836272, None), (1851403, "2103.06995"), (1862822, "2105.04877")],
)
def test_real_replies_are_understood(
    played: PlayedInspire, tmp_path: Path, shared: Path, number: int, arxiv_id: str | None
) -> None:
    body = (shared / "samples" / "inspire" / f"literature_{number}.json").read_bytes()
    played.has(f"/literature/{number}", Answer(body=body))
    record = source(played, tmp_path).record(parse_name(f"inspire:{number}"))
    assert (record.record_id, record.arxiv_id) == (str(number), arxiv_id)
    assert record.title
    assert "$" not in record.title
    sent = json.loads(body)
    lines = sent.get("metadata", sent)["references"]
    assert [entry.label for entry in record.entries] == [line["reference"]["label"] for line in lines]
    assert [entry.arxiv_id for entry in record.entries] == [line["reference"].get("arxiv_eprint") for line in lines]
    assert sum(entry.record_id is not None for entry in record.entries) == sum("record" in line for line in lines)
