"""`cutbook jobs`, and a command that is interrupted."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from api.cli import main
from api.cli.progress import job_progress
from api.settings import Settings
from kb.store import JobRecord, Problem, Stage, Store
from tests.api.conftest import STAND_IN


def cutbook(*args: str) -> subprocess.Popen[str]:
    """Start the command in a process of its own, with a stand-in for the embedding model."""
    environment = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", STAND_IN, *args], env=environment, text=True, **pipes)


def ran(*args: str) -> tuple[int, str, str]:
    process = cutbook(*args)
    out, err = process.communicate()
    return process.returncode, out, err


@pytest.fixture
def jobs(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Return a store with a harvest of which a part failed, and an analysis that waits."""
    monkeypatch.setenv("COLUMNS", "120")
    store = Store(settings.database)
    problem = Problem(code="paper_not_found", message="arXiv has no paper 1801.00002", hint="check the number")
    stages = (Stage(name="fetch", done=1, total=1), Stage(name="embed", done=64, total=143))
    request = {"id": "1801.00001", "name": "arXiv:1801.00001"}
    store.save_job(JobRecord(id="a1b2", kind="ingest", state="running", request=request, stages=stages))
    for number, state in ((2, "failed"), (3, "done")):
        name = f"1801.0000{number}"
        kept = JobRecord(id=f"a1b2-{name}", kind="ingest", state=state, request={"id": name})  # type: ignore[arg-type]
        store.save_job(kept.model_copy(update={"problem": problem if state == "failed" else None}))
    request = {"paper": "1801.00001", "dataset": "toys", "folder": "/toys", "analysis": "f00"}
    store.save_job(JobRecord(id="c3d4", kind="analyse", request=request))
    return store


def test_jobs_are_listed_with_how_far_they_are(jobs: Store, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main.run(["jobs"])
    first, second = capsys.readouterr().out.strip().splitlines()[2:]
    assert first.split()[:6] == ["c3d4", "analyse", "1801.00001", "on", "toys", "queued"]
    # Nobody works in this home, so whoever was at it is gone.
    assert second.split()[:6] == ["a1b2", "ingest", "arXiv:1801.00001", "interrupted", "(embed", "64/143)"]


def test_a_job_is_shown_with_stages_and_parts(jobs: Store, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main.run(["jobs", "show", "a1"])
    out = capsys.readouterr().out
    assert "64 of 143" in out
    assert "a1b2-1801.00002" in out
    assert "failed: arXiv has no paper 1801.00002" in " ".join(out.split())


@pytest.mark.parametrize("args", [["show", "x"], ["cancel", "x"], ["retry", "x"]])
def test_a_job_that_is_not_there_exits_with_three(jobs: Store, args: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main.run(["jobs", *args])
    assert ended.value.code == 3


def test_without_jobs_it_says_where_they_come_from(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main.run(["jobs"])
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "cutbook ingest" in printed.err


def test_progress_is_drawn_with_a_line_for_each_stage_and_each_part_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)
    monkeypatch.setattr("api.cli.progress.errors", lambda: drawn)
    stages = (Stage(name="embed", done=64, total=143), Stage(name="references", done=1, total=3))
    job = JobRecord(id="a", kind="ingest", state="running", request={"id": "1801.00000"}, stages=stages)
    part = JobRecord(id="a-1", kind="ingest", state="running", request={"id": "1801.00001"}, stages=stages[:1])
    with job_progress() as watch:
        watch(job, [part])
        drawn.file.truncate(0)
        watch(job, [part.model_copy(update={"state": "done"})])
        time.sleep(0.3)
    text = drawn.file.getvalue()  # type: ignore[attr-defined]
    assert "1801.00000: embed" in text
    assert "64/143" in text
    assert "1801.00000: references" in text
    assert "  1801.00001: embed" not in text.rpartition("references")[2]


def test_an_interrupted_harvest_goes_on_when_it_is_asked_for_again(arxiv: Any, settings: Settings) -> None:
    arxiv.has("1801.00000", "Muons are defined in Ref.~\\cite{r0}.", cites=["1801.00001", "1801.00002"])
    arxiv.has("1801.00001", "Muons are required to have $p_T > 25$ GeV.")
    harvest = ("ingest", "1801.00000", "--references", "all")
    process = cutbook(*harvest)
    with Store(settings.database) as store:
        until = time.monotonic() + 60
        while len(jobs := store.jobs(unfinished=True)) < 2 and time.monotonic() < until:
            time.sleep(0.01)
        arxiv.open.clear()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 130
        assert "Interrupted; what is done stays" in err
        arxiv.open.set()
        status, out, err = ran(*harvest)
        assert status == 0, err
        assert {job.id for job in store.jobs()} >= {job.id for job in jobs}
        [job] = store.jobs(parts=False)
    assert job.state == "done"
    assert "Ingested with it: 1801.00001" in out
    assert "Cited papers to fetch: 2" in err
    assert "Not ingested: 1801.00002: arXiv has no paper 1801.00002" in err


def test_a_job_that_failed_is_tried_again(arxiv: Any, settings: Settings, tmp_path: Path) -> None:
    status, _, err = ran("ingest", "1801.00000")
    assert status == 3
    assert "error[paper_not_found]: arXiv has no paper 1801.00000" in err
    arxiv.has("1801.00000", "Muons are required to have $p_T > 25$ GeV.", title="Muons")
    with Store(settings.database) as store:
        [job] = store.jobs()
        status, out, err = ran("jobs", "retry", job.id[:5])
        assert (status, out.split()[6:8]) == (0, ["1801.00000v2", "Muons"]), (out, err)
        status, _, err = ran("jobs", "retry", job.id)
        assert (status, store.job(job.id).attempt) == (5, 2)
    assert "is done" in err
