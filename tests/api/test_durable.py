"""What DBOS keeps is JSON that other code can read, and it keeps quiet."""

from __future__ import annotations

import logging
import socket
from pathlib import Path
from typing import Any

import pytest

from api.durable import _Json
from api.jobs import Jobs
from api.source import Source
from api.workspace import Workspace
from kb.errors import CutbookError, FaultError, InputError, PaperNotFoundError


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
