"""Settings: every variable has a meaning, a wrong one is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from api.settings import Settings
from kb.errors import InputError


def test_the_database_lies_in_the_home_unless_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.read().database == f"sqlite:///{tmp_path / 'home' / 'cutbook.sqlite'}"
    monkeypatch.setenv("CUTBOOK_DATABASE_URL", "postgresql://db/cutbook")
    assert Settings.read().database == "postgresql://db/cutbook"


def test_several_data_folders_are_separated_as_in_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTBOOK_DATA", f"one{os.pathsep}{os.pathsep}two")
    assert Settings.read().data == (Path("one"), Path("two"))


def test_an_empty_variable_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTBOOK_GROBID_URL", "")
    assert Settings.read().grobid_url is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("CUTBOOK_WORKERS", "none"), ("CUTBOOK_TOKEN", "short"), ("CUTBOOK_ARXIV_API_URL", "file:///etc/passwd")],
)
def test_a_wrong_value_is_told_with_its_variable(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=name) as caught:
        Settings.read()
    assert name in caught.value.hint


def test_the_token_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTBOOK_TOKEN", "a long secret")
    assert "a long secret" not in repr(Settings.read())
