"""The workspace opens what the settings ask for."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from api.checkup import checkup
from api.intake import take_in
from api.settings import Settings
from api.source import Source
from api.workspace import Workspace
from eval.benchmarks import HZZ4L
from kb.errors import InputError, UnreachableError


@pytest.fixture
def played_server(monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of a Qdrant server that the client library plays in memory."""
    import qdrant_client

    played = qdrant_client.QdrantClient(":memory:")
    monkeypatch.setattr(played, "close", lambda: None)

    def connect(**given: Any) -> qdrant_client.QdrantClient:
        assert (given["url"], given["api_key"]) == ("http://127.0.0.1:6333", "a secret")
        return played

    monkeypatch.setattr(qdrant_client, "QdrantClient", connect)
    monkeypatch.setenv("CUTBOOK_QDRANT_API_KEY", "a secret")
    monkeypatch.setenv("CUTBOOK_QDRANT_URL", "http://127.0.0.1:6333/")
    return "http://127.0.0.1:6333"


def test_passages_go_to_the_qdrant_server_of_the_settings(played_server: str) -> None:
    note = Source("leptons.tex", HZZ4L / "leptons.tex", "hzz4l-leptons")
    with warnings.catch_warnings():
        # The stand-in has no payload indexes, and says so.
        warnings.simplefilter("ignore")
        with Workspace(Settings.read()) as workspace:
            taken = take_in(workspace, note)
            passages = taken.passages + taken.cuts
            assert workspace.index.count() == passages
            assert workspace.retriever.search("muon impact parameter", limit=1)[0].passage.arxiv_id == "hzz4l-leptons"
            (check,) = (check for check in checkup(workspace) if check.part == "passage index")
            assert not (workspace.home / "index").exists()
    assert check.found == f"Qdrant server at {played_server}: {passages} passages"


def test_a_qdrant_server_that_is_down_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTBOOK_QDRANT_URL", "http://127.0.0.1:1")
    with Workspace(Settings.read()) as workspace:
        with pytest.raises(UnreachableError) as caught:
            take_in(workspace, Source("leptons.tex", HZZ4L / "leptons.tex", "hzz4l-leptons"))
        assert "CUTBOOK_QDRANT_URL" in caught.value.hint
        assert workspace.store.papers() == []


def test_a_home_that_is_a_file_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CUTBOOK_HOME", str(tmp_path / "file"))
    with Workspace(Settings.read()) as workspace, pytest.raises(InputError, match="cannot write into the home"):
        _ = workspace.store


def test_toys_are_listed_before_they_are_made_and_made_when_asked_for(workspace: Workspace) -> None:
    (entry,) = (entry for entry in workspace.datasets() if entry.name == "toys")
    assert entry.files == 0
    assert len(workspace.dataset(str(entry.folder)).samples) == 4
    (entry,) = (entry for entry in workspace.datasets() if entry.name == "toys")
    assert entry.files == 4
