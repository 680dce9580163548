"""What DBOS keeps is JSON that other code can read, and it keeps quiet."""

from __future__ import annotations

import logging
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from dbos import DBOS

from api.durable import _Json
from api.intake import Desk
from api.jobs import Jobs
from api.references import wishes
from api.source import Source
from api.workspace import Workspace
from kb.errors import CutbookError, FaultError, InputError, NoTextError, PaperNotFoundError
from kb.store import Store


@pytest.mark.parametrize("value", [None, 3, "σ", ["1712.02304", 2], {"id": "x", "parts": []}])
def test_what_a_step_returns_comes_back(value: Any) -> None:
    assert _Json().deserialize(_Json().serialize(value)) == value


def test_an_error_comes_back_by_its_code() -> None:
    kept = _Json().serialize(PaperNotFoundError("no such paper", hint="look again"))
    assert "PaperNotFoundError" not in kept
    error = _Json().deserialize(kept)
    assert isinstance(error, PaperNotFoundError)
    assert (error.message, error.hint) == ("no such paper", "look again")
    odd = _Json().deserialize(_Json().serialize(ZeroDivisionError("odd")))
    assert isinstance(odd, FaultError)
    assert "ZeroDivisionError: odd" in odd.message
    assert isinstance(CutbookError.of("a code of the future", "x"), FaultError)


def test_what_is_too_large_to_be_remembered_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes, which is not JSON"):
        _Json().serialize(b"a whole paper")


def test_a_job_opens_no_socket_and_prints_nothing(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        message = "a socket was opened"
        raise AssertionError(message)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "bind", refuse)
    note = tmp_path / "note.tex"
    note.write_text(r"\documentclass{article}\begin{document}Jets have $p_T > 30$ GeV.\end{document}")
    with Jobs(workspace) as jobs:
        assert jobs.follow(jobs.submit("ingest", Source(str(note), note).request())).state == "done"
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("dbos").level == logging.ERROR


def test_a_file_that_dbos_cannot_use_is_an_input_error(workspace: Workspace) -> None:
    path = workspace.folder("jobs") / "dbos.sqlite"
    path.write_text("not a database, but long enough to look at" * 50)
    with pytest.raises(InputError, match=r"jobs/dbos\.sqlite") as caught:
        Jobs(workspace).start()
    assert "move" in caught.value.hint
    path.unlink()
    # The home is not left in use.
    with Jobs(workspace):
        pass


NOTE = r"\documentclass{article}\begin{document}%s\end{document}"


def remembered() -> dict[str, str]:
    """Return what DBOS knows of workflows."""
    return {found.workflow_id: found.status for found in DBOS.list_workflows(load_input=False, load_output=False)}


def test_what_became_of_a_job_is_remembered_by_its_record_alone(workspace: Workspace, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.tex", tmp_path / "bad.tex"
    good.write_text(NOTE % "Jets have $p_T > 30$ GeV.")
    bad.write_text(NOTE % "")
    with Jobs(workspace) as jobs:
        done = jobs.follow(jobs.submit("ingest", Source(str(good), good).request()))
        failed = jobs.submit("ingest", Source(str(bad), bad).request())
        with pytest.raises(NoTextError):
            jobs.follow(failed)
        assert remembered().keys() == {f"{done.id}#1", f"{failed.id}#1"}
    bad.write_text(NOTE % "Jets have $p_T > 40$ GeV.")
    with Jobs(workspace) as jobs:
        assert remembered() == {}
        assert workspace.store.job(done.id) == done
        assert jobs.follow(jobs.retry(failed.id)).state == "done"
        assert remembered().keys() == {f"{failed.id}#2"}


def test_what_an_unfinished_job_needs_is_remembered(
    arxiv: Any, workspace: Workspace, hurry: Any, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    arxiv.has("1801.00000", "Events have jets.", cites=["1801.00001", "1801.00002"])
    arxiv.has("1801.00001", "Jets have $p_T > 30$ GeV.")
    arxiv.has("1801.00002", "Jets have $p_T > 40$ GeV.")
    fetch, held, fetched = Desk.fetch, threading.Event(), list[str]()

    def holds(desk: Desk) -> Any:
        fetched.append(desk._source.name)
        while desk._source.name == "1801.00002" and not held.wait(0.01):
            desk._tell("fetch", 0, 1)
        return fetch(desk)

    monkeypatch.setattr(Desk, "fetch", holds)
    with Jobs(hurry(workspace)) as jobs:
        job = jobs.submit("ingest", {**Source("1801.00000").request(), **wishes("all", 20)})
        part = f"{job.id}-1801.00001"
        _until_done(workspace.store, part)
    with Jobs(workspace) as jobs:
        before = remembered()
        assert (before[f"{job.id}#1"], before[f"{part}#1"]) == ("PENDING", "SUCCESS")
        held.set()
        assert jobs.follow(jobs.retry(job.id)).state == "done"
    assert sorted(fetched) == ["1801.00000", "1801.00001", "1801.00002", "1801.00002"]
    with Jobs(workspace):
        assert remembered() == {}


def _until_done(store: Store, job_id: str) -> None:
    until = time.monotonic() + 60
    while job_id not in {job.id for job in store.jobs(state="done")}:
        assert time.monotonic() < until
        time.sleep(0.01)
