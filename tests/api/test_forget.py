"""What is in the base can be taken out again, and is not replaced unnoticed."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.intake import forget, take_in
from api.source import Source
from api.workspace import Workspace
from kb.errors import PaperNotFoundError

LATEX = (
    "\\documentclass{article}\\title{%s}\\begin{document}\\maketitle\\section{Selection}\n"
    "Muons must have $p_T > %d$ GeV.\\end{document}"
)


def paper(folder: Path, title: str, threshold: int) -> Source:
    path = folder / "note.tex"
    path.write_text(LATEX % (title, threshold), encoding="utf-8")
    return Source(str(path), path)


def test_a_forgotten_paper_leaves_neither_cuts_nor_passages(workspace: Workspace, tmp_path: Path) -> None:
    take_in(workspace, paper(tmp_path, "A note", 5))
    assert forget(workspace, "note") == "A note"
    assert (workspace.store.papers(), workspace.store.cuts(), workspace.index.count()) == ([], [], 0)
    with pytest.raises(PaperNotFoundError):
        forget(workspace, "note")


def test_a_client_can_remove_a_paper(workspace: Workspace, tmp_path: Path) -> None:
    take_in(workspace, paper(tmp_path, "A note", 5))
    with TestClient(create_app(workspace)) as client:
        assert client.delete("/v1/papers/note").status_code == 204
        assert client.delete("/v1/papers/note").status_code == 404


def test_a_file_that_takes_another_papers_place_says_so(workspace: Workspace, tmp_path: Path) -> None:
    assert take_in(workspace, paper(tmp_path, "A note", 5)).notes == ()
    assert take_in(workspace, paper(tmp_path, "A note", 6)).notes == ()
    (note,) = take_in(workspace, paper(tmp_path, "Another note", 6)).notes
    assert "“A note”" in note
    assert "--id" in note
