"""The server as a process: it tells its address, guards its home, and stops in good order."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.conftest import STAND_IN

Serve = Callable[[], tuple[subprocess.Popen[str], str]]
COMMAND = [sys.executable, "-c", STAND_IN]


NOTE = r"\documentclass{article}\begin{document}Jets have $p_T > 30$ GeV.\end{document}"


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return what starts the server on a free port and tells its process and address."""
    with ExitStack() as stack:

        def start() -> tuple[subprocess.Popen[str], str]:
            told = stack.enter_context(tempfile.TemporaryFile("w+"))
            process = subprocess.Popen(
                [*COMMAND, "serve", "--port", "0"], stderr=subprocess.PIPE, stdout=told, text=True
            )
            stack.callback(process.communicate)
            stack.callback(process.kill)
            assert process.stderr is not None
            line = process.stderr.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            assert found, line + process.stderr.read()
            return process, found[0]

        yield start


def at(address: str) -> httpx.Client:
    return httpx.Client(
        transport=httpx.HTTPTransport(retries=20), base_url=address, trust_env=False, timeout=httpx.Timeout(60)
    )


def cutbook(*args: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "120"}
    return subprocess.run([*COMMAND, *args], env=environment, capture_output=True, text=True, check=False)


def test_it_answers_guards_its_home_and_stops(serve: Serve, tmp_path: Path) -> None:
    process, address = serve()
    with at(address) as client:
        assert client.get("/v1/health").json()["status"] == "ok"
        paper = tmp_path / "note.tex"
        paper.write_text(NOTE)
        for command in (["ingest", str(paper)], ["serve", "--port", "0"]):
            second = cutbook(*command)
            assert second.returncode == 5
            assert "error[home_in_use]" in second.stderr
            assert f"process {process.pid}" in second.stderr
            assert address in second.stderr
        # What only looks at records is not in the way.
        for command in (["papers"], ["cuts"], ["jobs"]):
            assert cutbook(*command).returncode == 0
        assert client.get("/v1/papers").json() == []
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) in {0, -signal.SIGTERM}


def test_what_a_killed_server_was_at_the_next_one_does(serve: Serve, arxiv: Any) -> None:
    arxiv.has("1801.00000", "Jets are required to have $p_T > 30$ GeV.")
    arxiv.open.clear()
    process, address = serve()
    with at(address) as client:
        job = client.post("/v1/papers", json={"id": "1801.00000"}).json()
        running = client.stream("GET", f"/v1/jobs/{job['id']}/events")
        with running as reply:
            for line in reply.iter_lines():
                if line.startswith("id: "):
                    seen = line.removeprefix("id: ")
                if '"stage":"fetch"' in line:
                    break
        assert job["id"][:6] in (told := cutbook("jobs").stdout)
        assert "running (fetch)" in told
        process.kill()
        process.wait()
    assert "interrupted (fetch)" in cutbook("jobs").stdout
    arxiv.open.set()
    _, address = serve()
    with at(address) as client:
        events = client.get(f"/v1/jobs/{job['id']}/events", headers={"last-event-id": seen}).text
        assert "event: done" in events
        assert [paper["arxiv_id"] for paper in client.get("/v1/papers").json()] == ["1801.00000"]


def test_it_stops_soon_though_someone_follows_a_job(serve: Serve, arxiv: Any) -> None:
    arxiv.has("1801.00000", "Jets are required to have $p_T > 30$ GeV.")
    arxiv.open.clear()
    process, address = serve()
    with at(address) as client:
        job = client.post("/v1/papers", json={"id": "1801.00000"}).json()
        with client.stream("GET", f"/v1/jobs/{job['id']}/events") as reply:
            lines = reply.iter_lines()
            next(lines)
            process.send_signal(signal.SIGTERM)
            assert "event: done" not in list(lines)
    # Its worker still waits for arXiv, which does not keep the process.
    assert process.wait(timeout=30) in {0, -signal.SIGTERM}


def test_a_job_of_a_server_is_cancelled_from_the_command_line(serve: Serve, arxiv: Any) -> None:
    arxiv.has("1801.00000", "Jets are required to have $p_T > 30$ GeV.")
    arxiv.open.clear()
    _, address = serve()
    with at(address) as client:
        job = client.post("/v1/papers", json={"id": "1801.00000"}).json()
        assert cutbook("jobs", "cancel", job["id"][:6]).stdout == f"Cancelled {job['id']}\n"
        arxiv.open.set()
        assert client.get(f"/v1/jobs/{job['id']}").json()["state"] == "cancelled"
