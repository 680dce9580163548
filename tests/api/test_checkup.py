"""The check-up tells what works, and what to do about what does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from api.checkup import Check, checkup
from api.settings import Settings
from api.workspace import Workspace
from kb.errors import HomeInUseError, SandboxError

Light = Callable[[Settings], Workspace]


@pytest.fixture
def look(light: Light, monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[str, Check]]:
    monkeypatch.setattr("api.checkup._sandbox", lambda: "bubblewrap")

    def look() -> dict[str, Check]:
        with light(Settings.read()) as workspace:
            return {check.part: check for check in checkup(workspace)}

    return look


def test_a_fresh_home_is_well(look: Callable[[], dict[str, Check]]) -> None:
    checks = look()
    assert {check.state for check in checks.values()} <= {"ok", "off"}
    assert "0 papers" in checks["records"].found
    assert "pypdfium2" in checks["GROBID"].found
    assert "not asked" in checks["arXiv"].found


def test_a_data_folder_that_is_gone_is_broken(
    look: Callable[[], dict[str, Check]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CUTBOOK_DATA", str(tmp_path / "gone"))
    check = look()["data"]
    assert (check.state, check.advice) == ("broken", "mend CUTBOOK_DATA")
    assert str(tmp_path / "gone") in check.found


def test_a_misspelt_setting_is_noticed(look: Callable[[], dict[str, Check]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTBOOK_HOMME", "x")
    assert "CUTBOOK_HOMME" in look()["environment"].found


def test_a_model_server_without_the_name_of_a_model_is_told(
    look: Callable[[], dict[str, Check]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUTBOOK_LLM_URL", "http://127.0.0.1:9")
    assert look()["language model"].state == "warning"


def test_what_fails_is_told_with_its_hint_and_the_rest_is_still_looked_at(
    look: Callable[[], dict[str, Check]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_sandbox() -> str:
        message = "no sandbox holds here"
        raise SandboxError(message, hint="install bubblewrap")

    def in_use(_: Workspace) -> str:
        message = "open in process 7"
        raise HomeInUseError(message, hint="wait")

    def odd(_: Workspace) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr("api.checkup._sandbox", no_sandbox)
    monkeypatch.setattr("api.checkup._index", in_use)
    monkeypatch.setattr("api.checkup._embedding", odd)
    checks = look()
    assert (checks["sandbox"].state, checks["sandbox"].advice) == ("broken", "install bubblewrap")
    assert checks["passage index"].state == "warning"
    assert checks["embedding model"].state == "broken"
    assert checks["versions"].state == "ok"


def test_a_password_in_the_database_url_is_not_shown(
    look: Callable[[], dict[str, Check]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CUTBOOK_DATABASE_URL", "postgresql://user:hunter2@127.0.0.1:9/cutbook")
    assert "hunter2" not in str(look()["records"])
