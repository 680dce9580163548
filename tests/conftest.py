"""What all tests share: the folder of real papers and data beside the project, where there is one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services import Services, serving

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real papers and data, or skip."""
    folder = Path(os.environ.get("CUTBOOK_SHARED", ROOT.parent / "shared"))
    if not (folder / "papers").is_dir():
        pytest.skip(f"no real papers and data at {folder}; set CUTBOOK_SHARED to run this test")
    return folder


@pytest.fixture
def services() -> Iterator[Services]:
    """Run arXiv, INSPIRE and GROBID on loopback; they know what the test tells them."""
    with serving(Services()) as played:
        yield played


@pytest.fixture(autouse=True)
def _private_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test away from the user's own knowledge base and settings."""
    for name in [name for name in os.environ if name.startswith("CUTBOOK_") and name != "CUTBOOK_SHARED"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CUTBOOK_HOME", str(tmp_path / "home"))
