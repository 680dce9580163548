"""A new version of a paper stands beside the old one, and what it changes is told."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.changes import Changes
from api.cli.main import app
from api.intake import take_in
from api.source import Source
from api.workspace import Workspace
from kb.errors import InputError, PaperNotFoundError
from tests.api.conftest import FakeEmbedder

Hurry = Callable[[Workspace], Workspace]
NAME = "1801.00003"
FIRST = "Muons are required to have $p_T > 25$ GeV and $|\\eta| < 2.4$. Events must have $H_T > 300$ GeV."
SECOND = "Muons must have $p_T > 30$ GeV and satisfy $|\\eta| < 2.4$. Electrons are required to have $p_T > 20$ GeV."


@pytest.fixture
def library(arxiv: Any) -> Any:
    for version, text in ((1, FIRST), (2, SECOND)):
        source = f"\\documentclass{{article}}\\begin{{document}}\\section{{Selection}}{text}\\end{{document}}"
        arxiv.paper(f"{NAME}v{version}", source=gzip.compress(source.encode(), mtime=0), title="Two versions")
    return arxiv


@pytest.fixture
def both(library: Any, workspace: Workspace, hurry: Hurry) -> Workspace:
    hurry(workspace)
    for version in (1, 2):
        take_in(workspace, Source.of(f"{NAME}v{version}"))
    return workspace


def test_a_new_version_is_added_beside_the_old_one_and_compared(
    library: Any, workspace: Workspace, hurry: Hurry
) -> None:
    first = take_in(hurry(workspace), Source.of(f"{NAME}v1"))
    second = take_in(workspace, Source.of(f"{NAME}v2"))
    assert first.changes is None
    assert second.changes == Changes(since=1, added=1, removed=1, changed=1, unchanged=1)
    assert [paper.version for paper in workspace.store.versions(NAME)] == [1, 2]
    assert {cut.value for cut in workspace.store.criteria(NAME, 1).cuts} == {25.0, 2.4, 300.0}
    assert {cut.value for cut in workspace.store.criteria(NAME).cuts} == {30.0, 2.4, 20.0}


def test_search_stays_with_the_newest_version_in_whatever_order_they_come(
    library: Any, workspace: Workspace, hurry: Hurry
) -> None:
    hurry(workspace)
    for version in (2, 1):
        take_in(workspace, Source.of(f"{NAME}v{version}"))
    hits = workspace.retriever.search("Muons")
    assert {hit.passage.version for hit in hits} == {2}
    assert {hit.kind for hit in hits} == {"passage", "cut"}


def test_the_command_shows_each_change_with_its_sentence(both: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "150")
    both.close()
    ran = CliRunner().invoke(app, ["changes", NAME])
    assert ran.exit_code == 0, ran.output
    shown = " ".join(ran.stdout.split())
    for words in (
        "version 2 compared with version 1",
        "changed: value",
        "μ p_T > 30 GeV",
        "Muons must have",
        "removed",
    ):
        assert words in shown
    assert "was μ p_T > 25 GeV" in shown
    made = json.loads(CliRunner().invoke(app, ["changes", f"{NAME}v1", "--since", "2", "--format", "json"]).stdout)
    assert [cut["value"] for cut in made["removed"]] == [20.0]


def test_ingesting_the_next_version_says_what_it_changes(
    library: Any, hurry: Hurry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.patience.Patience._one", lambda _, attempt: attempt())
    monkeypatch.setattr("kb.embedding.Embedder", FakeEmbedder)
    for version in (1, 2):
        ran = CliRunner().invoke(app, ["ingest", f"{NAME}v{version}", "--references", "none"])
        assert ran.exit_code == 0, ran.output
    assert f"{NAME}v2, cuts since version 1: 1 added, 1 removed, 1 changed, 1 as before" in ran.stdout


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"version": 1}, PaperNotFoundError),
        ({"since": 3}, PaperNotFoundError),
        ({"since": 2}, InputError),
    ],
    ids=str,
)
def test_versions_that_cannot_be_compared_are_said(both: Workspace, asked: dict[str, int], error: type) -> None:
    from api.changes import changes

    with pytest.raises(error) as caught:
        changes(both.store, NAME, **asked)
    assert caught.value.hint


def test_rest_tells_versions_and_changes(both: Workspace) -> None:
    with TestClient(create_app(both)) as client:
        assert [paper["version"] for paper in client.get(f"/v1/papers/{NAME}/versions").json()] == [1, 2]
        made = client.get(f"/v1/papers/{NAME}/changes").json()
        assert [(one["old"]["value"], one["new"]["value"], one["what"]) for one in made["changed"]] == [
            (25.0, 30.0, ["value"])
        ]
        assert client.get(f"/v1/papers/{NAME}/changes", params={"version": 1}).status_code == 404
        assert client.get("/v1/papers/none/versions").status_code == 404


def test_a_file_read_again_is_the_same_version(workspace: Workspace, tmp_path: Path) -> None:
    note = tmp_path / "note.tex"
    for text in (FIRST, SECOND):
        note.write_text(f"\\documentclass{{article}}\\begin{{document}}\\section{{Selection}}{text}\\end{{document}}")
        taken = take_in(workspace, Source(str(note), note))
    assert taken.version == 1
    assert taken.changes is None


def test_a_newer_version_is_asked_for_on_wish_alone(arxiv: Any, workspace: Workspace, hurry: Hurry) -> None:
    def put(version: int, text: str) -> None:
        source = f"\\documentclass{{article}}\\begin{{document}}\\section{{Selection}}{text}\\end{{document}}"
        arxiv.paper(f"{NAME}v{version}", source=gzip.compress(source.encode(), mtime=0))

    put(1, FIRST)
    assert take_in(hurry(workspace), Source.of(NAME)).version == 1
    put(2, SECOND)
    asked = len(arxiv.asked)
    assert take_in(workspace, Source.of(NAME)).version == 1
    assert len(arxiv.asked) == asked
    newer = take_in(workspace, Source.of_request(Source.of(NAME, refresh=True).request()))
    assert (newer.version, newer.changes) == (2, Changes(since=1, added=1, removed=1, changed=1, unchanged=1))
