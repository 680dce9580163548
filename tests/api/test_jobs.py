"""Jobs outlive the server that took them."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from api.jobs import Jobs
from api.workspace import Workspace
from kb.errors import UnreachableError
from kb.store.records import JobRecord


def wait(workspace: Workspace, job_id: str) -> JobRecord:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        job = workspace.store.job(job_id)
        if job.state in {"done", "failed"}:
            return job
        time.sleep(0.01)
    pytest.fail("the job did not end")


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the intake of papers by a list of their names."""
    names: list[str] = []

    def take_in(_workspace: Workspace, source: Any, progress: Any) -> Any:
        from api.intake import Intake

        progress("read", 0, 1)
        if source.name == "9999.99999":
            message = "arXiv does not answer"
            raise UnreachableError(message, hint="try later")
        if source.name == "odd":
            raise ZeroDivisionError
        names.append(source.name)
        return Intake(source.name, 1, "title", 0, 0, 0, 0, ())

    monkeypatch.setattr("api.jobs.take_in", take_in)
    return names


def test_a_job_that_a_killed_server_left_runs_at_the_next_start(workspace: Workspace, taken: list[str]) -> None:
    left: list[tuple[str, Any]] = [("a1", "queued"), ("a2", "running"), ("a3", "done"), ("a4", "failed")]
    for name, state in left:
        workspace.store.save_job(JobRecord(id=name, kind="ingest", state=state, request={"id": name}))
    jobs = Jobs(workspace)
    assert jobs.start() == 2
    try:
        assert [wait(workspace, name).state for name in ("a1", "a2")] == ["done", "done"]
    finally:
        jobs.stop()
    assert taken == ["a1", "a2"]


def test_a_failure_is_kept_with_its_hint_and_the_next_job_runs(workspace: Workspace, taken: list[str]) -> None:
    jobs = Jobs(workspace)
    jobs.start()
    try:
        ids = [jobs.submit("ingest", {"id": name}).id for name in ("9999.99999", "odd", "2203.01808")]
        unreachable, odd, good = (wait(workspace, name) for name in ids)
    finally:
        jobs.stop()
    assert unreachable.problem is not None
    assert (unreachable.problem.code, unreachable.problem.hint) == ("source_unreachable", "try later")
    assert odd.problem is not None
    assert odd.problem.code == "fault"
    assert good.state == "done"
    assert good.result is not None
    assert good.result["arxiv_id"] == "2203.01808"


def test_stopping_leaves_what_waits_to_the_next_server(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def take_in(*_: Any) -> Any:
        begun.set()
        go_on.wait(30)
        message = "stopped"
        raise UnreachableError(message)

    monkeypatch.setattr("api.jobs.take_in", take_in)
    jobs = Jobs(workspace)
    jobs.start()
    first, second = (jobs.submit("ingest", {"id": name}) for name in ("a1", "a2"))
    assert begun.wait(30)
    stopper = threading.Thread(target=jobs.stop)
    stopper.start()
    go_on.set()
    stopper.join()
    assert workspace.store.job(first.id).state == "failed"
    assert workspace.store.job(second.id).state == "queued"
