"""Sentences in the manner of collider papers: every entry is read exactly, or is a known gap that must still be one."""

from __future__ import annotations

import pytest

from tests.distil.corpus import FOLDER, Entry, entries, read

ALL = [entry for file in sorted(FOLDER.glob("*.toml")) for entry in entries(file)]


@pytest.mark.parametrize("entry", ALL, ids=lambda entry: entry.name)
def test_an_entry_is_read_exactly(entry: Entry) -> None:
    reading = read(entry)
    if entry.known_gap:
        assert not reading.exact, "read right now: remove its known_gap"
    else:
        assert reading.exact, f"{entry.text}\nmissed {reading.missed}\ninvented {reading.invented}\n{reading.misplaced}"
