"""A job is followed by server-sent events, from wherever one left off, to its end."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api import events
from api.app import create_app
from api.intake import Desk
from api.workspace import Workspace
from kb.store.records import JobRecord, Stage

LATEX = rb"\documentclass{article}\begin{document}Muons are required to have $p_T > 25$ GeV.\end{document}"


@pytest.fixture
def client(workspace: Workspace) -> Iterator[TestClient]:
    with TestClient(create_app(workspace)) as opened:
        yield opened


def read(stream: str) -> list[dict[str, Any]]:
    """Take a stream of events apart, as a browser does."""
    found = []
    for block in stream.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            found.append({**fields, "data": json.loads(fields["data"])})
    return found


def test_a_job_is_followed_to_its_end_and_from_where_one_left_off(client: TestClient) -> None:
    job = client.post("/v1/papers", files={"file": ("note.tex", LATEX)}).json()
    address = f"/v1/jobs/{job['id']}/events"
    reply = client.get(address)
    assert reply.headers["content-type"].startswith("text/event-stream")
    told = read(reply.text)
    assert {event["event"] for event in told[:-1]} <= {"progress"}
    assert told[-1]["event"] == "done"
    assert told[-1]["data"] == client.get(f"/v1/jobs/{job['id']}").json()
    assert [stage["name"] for stage in told[-1]["data"]["stages"]][-1] == "link"
    numbers = [int(event["id"]) for event in told]
    assert numbers == sorted(set(numbers))

    later = read(client.get(address, headers={"last-event-id": str(numbers[-1] - 1)}).text)
    assert later == told[-1:]
    # This keeps a browser from coming back for ever.
    assert client.get(address, headers={"last-event-id": str(numbers[-1])}).status_code == 204
    assert read(client.get(address, headers={"last-event-id": "nonsense"}).text) == told[-1:]


def test_the_events_of_a_job_that_is_not_there_are_a_problem(client: TestClient) -> None:
    reply = client.get("/v1/jobs/none/events")
    assert (reply.status_code, reply.json()["code"]) == (404, "job_not_found")


class Played:
    """A job that changes whenever it is looked at, as it is told to."""

    def __init__(self, *changes: Callable[[JobRecord], JobRecord]) -> None:
        self.job = JobRecord(id="1", kind="ingest")
        self.parts: list[JobRecord] = []
        self._changes = list(changes)

    def look(self) -> tuple[JobRecord, list[JobRecord]]:
        if self._changes:
            self.job = self._changes.pop(0)(self.job)
        return self.job, self.parts

    def follow(self, *, seen: int = 0, leaving: Callable[[], bool] = lambda: False) -> list[dict[str, Any]]:
        def show(job: JobRecord, _: list[JobRecord]) -> str:
            return job.model_dump_json()

        async def collect() -> str:
            return "".join([e.decode() async for e in events.follow(self.look, show, seen=seen, leaving=leaving)])

        self.stream = asyncio.run(collect())
        return read(self.stream)


def stage(done: int) -> Callable[[JobRecord], JobRecord]:
    stages = (Stage(name="embed", done=done, total=3),)
    return lambda job: job.model_copy(update={"stages": stages, "revision": job.revision + 1})


def same(job: JobRecord) -> JobRecord:
    return job


def end(job: JobRecord) -> JobRecord:
    return job.model_copy(update={"state": "failed", "revision": job.revision + 1})


def test_only_what_is_new_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LOOK", 0.0)
    told = Played(stage(1), same, stage(2), same, same, end, stage(3)).follow(seen=2)
    assert [(event["event"], event["id"]) for event in told] == [("progress", "3"), ("failed", "4")]


def test_silence_is_broken_by_a_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LOOK", 0.0)
    monkeypatch.setattr(events, "HEARTBEAT", 0.0)
    played = Played(stage(1), same, end)
    played.follow()
    assert ": still here\n\n" in played.stream


def test_a_server_that_ends_lets_its_followers_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LOOK", 0.0)
    left = iter([False, True])
    assert [event["event"] for event in Played(stage(1)).follow(leaving=lambda: next(left))] == ["progress"]


class TestCancelAndRetry:
    """What can be done about a job over REST."""

    def test_a_job_is_cancelled_and_tried_again(
        self, client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        opened, fetch = threading.Event(), Desk.fetch

        def held(desk: Desk) -> Any:
            while not opened.wait(0.02):
                desk._tell("fetch", 0, 1)
            return fetch(desk)

        monkeypatch.setattr(Desk, "fetch", held)
        job = client.post("/v1/papers", files={"file": ("note.tex", LATEX)}).json()
        # The same again is the same job.
        assert client.post("/v1/papers", files={"file": ("note.tex", LATEX)}).json()["id"] == job["id"]
        address = f"/v1/jobs/{job['id']}"
        refused = client.post(f"{address}/retry")
        assert (refused.status_code, refused.json()["code"]) == (409, "refused")
        assert client.post(f"{address}/cancel").json()["state"] == "cancelled"
        assert read(client.get(f"{address}/events").text)[-1]["event"] == "cancelled"
        assert client.post(f"{address}/cancel").status_code == 409
        opened.set()
        again = client.post(f"{address}/retry")
        assert again.status_code == 202
        assert again.headers["location"] == address
        told = read(client.get(f"{address}/events").text)
        assert (told[-1]["event"], told[-1]["data"]["attempt"]) == ("done", 2)
        assert client.post(f"{address}/retry").status_code == 409

    @pytest.mark.parametrize("verb", ["cancel", "retry"])
    def test_a_job_that_is_not_there_is_a_problem(self, client: TestClient, verb: str) -> None:
        assert client.post(f"/v1/jobs/none/{verb}").json()["code"] == "job_not_found"


def test_a_job_shows_its_parts(arxiv: Any, client: TestClient, workspace: Workspace, hurry: Any) -> None:
    hurry(workspace)
    arxiv.has("1801.00000", "Muons are defined in Ref.~\\cite{r0}.", cites=["1801.00001", "1801.00002"])
    arxiv.has("1801.00001", "Muons are required to have $p_T > 25$ GeV.")
    wanted = {"id": "arXiv:1801.00000", "references": "all"}
    job = client.post("/v1/papers", json=wanted).json()
    told = read(client.get(f"/v1/jobs/{job['id']}/events").text)[-1]["data"]
    assert told["state"] == "done"
    assert [(part["about"], part["state"]) for part in told["parts"]] == [
        ("1801.00001", "done"),
        ("1801.00002", "failed"),
    ]
    assert told["parts"][1]["problem"]["code"] == "paper_not_found"
    assert client.get(f"/v1/jobs/{told['parts'][0]['id']}").json()["makes"] == "/v1/papers/1801.00001"
    # Parts are with the job they are part of, not among the others.
    assert [found["id"] for found in client.get("/v1/jobs").json()] == [job["id"]]
    for body in ({"references": "some"}, {"max_references": -1}):
        assert client.post("/v1/papers", json={**wanted, **body}).status_code == 422
