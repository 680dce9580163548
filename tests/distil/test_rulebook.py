"""The rules that are data say where they are broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.distil import rulebook
from kb.errors import VocabularyError


def test_a_broken_rule_is_quoted() -> None:
    with pytest.raises(VocabularyError, match=r"'isolated\(' is no regular expression") as caught:
        rulebook.pattern("isolated(")
    assert caught.value.hint


def test_a_broken_file_is_named_with_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "flags.toml").write_text("[cleaning]\nverbs = \n", encoding="utf-8")
    monkeypatch.setattr(rulebook, "__file__", str(tmp_path / "rulebook.py"))
    with pytest.raises(VocabularyError, match=r"flags\.toml: .*line 2"):
        rulebook.rulebook("flags")
