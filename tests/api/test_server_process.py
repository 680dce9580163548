"""The server as a process: it tells its address, guards its home, and stops in good order."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

COMMAND = [sys.executable, "-c", "from api.cli.main import run; run()"]


@pytest.fixture
def server() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the server on a free port and return its process and its address."""
    with tempfile.TemporaryFile("w+") as told:
        process = subprocess.Popen([*COMMAND, "serve", "--port", "0"], stderr=subprocess.PIPE, stdout=told, text=True)
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            assert found, line + process.stderr.read()
            yield process, found[0]
        finally:
            process.kill()
            process.communicate()


def test_it_answers_guards_its_home_and_stops(server: tuple[subprocess.Popen[str], str], tmp_path: Path) -> None:
    process, address = server
    with httpx.Client(transport=httpx.HTTPTransport(retries=20), base_url=address, trust_env=False) as client:
        assert client.get("/v1/health", timeout=30).json()["status"] == "ok"
        paper = tmp_path / "note.tex"
        paper.write_text(r"\documentclass{article}\begin{document}Jets have $p_T > 30$ GeV.\end{document}")
        second = subprocess.run(
            [*COMMAND, "ingest", str(paper)], capture_output=True, text=True, check=False, env=dict(os.environ)
        )
        assert second.returncode == 5
        assert "error[home_in_use]" in second.stderr
        assert f"process {process.pid}" in second.stderr
        assert address in second.stderr
        assert client.get("/v1/papers").json() == []
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) in {0, -signal.SIGTERM}
