"""A home has a seat for each process that may work there, and knows whose names are nobody's any more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from api.jobs import seat
from api.seat import Seat
from api.settings import Settings
from api.workspace import Workspace
from kb.errors import HomeInUseError

SITTING = """
import sys, time
from pathlib import Path
from api.seat import Seat
seat = Seat(Path(sys.argv[1]), Path(sys.argv[1]) / "jobs", label="cutbook serve at http://127.0.0.1:1", seats=2)
print(seat.take(), flush=True)
time.sleep(60)
"""


def sit(home: Path) -> tuple[subprocess.Popen[str], str]:
    """Let another process take the first free of two seats; return it and its name."""
    process = subprocess.Popen([sys.executable, "-c", SITTING, str(home)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def seats(home: Path, number: int) -> Seat:
    return Seat(home, home / "jobs", seats=number, wait=0.0)


def test_an_embedded_home_has_one_seat_and_says_who_has_it(tmp_path: Path) -> None:
    process, _ = sit(tmp_path)
    try:
        with pytest.raises(HomeInUseError) as caught:
            seats(tmp_path, 1).take()
    finally:
        process.kill()
        process.communicate()
    assert f"the home {tmp_path} is open in process {process.pid}" in caught.value.message
    assert "cutbook serve at http://127.0.0.1:1), since 2" in caught.value.message
    mine = seats(tmp_path, 1)
    assert mine.owner() is None
    mine.take()
    assert (mine.owner() or {})["pid"] == os.getpid()
    mine.leave()
    assert mine.owner() is None


def test_the_name_of_a_killed_process_is_free_and_that_of_a_living_one_is_not(tmp_path: Path) -> None:
    process, first = sit(tmp_path)
    mine = seats(tmp_path, 2)
    try:
        second = mine.take()
        assert (first.split(".")[1], second.split(".")[1]) == ("0", "1")
        assert not mine.is_free(first)
        assert not mine.is_free(second)
    finally:
        process.kill()
        process.communicate()
    assert mine.is_free(first)
    mine.leave()
    # The next process on a seat has another name, even if the system gives it the same number.
    third = seats(tmp_path, 2)
    assert third.take().split(".")[:3] == [first.split(".")[0], "0", str(os.getpid())]
    assert third.is_free(first)
    assert seats(tmp_path, 2).is_free(second)
    third.leave()


def test_names_of_other_homes_are_not_judged(tmp_path: Path) -> None:
    other = seats(tmp_path / "other", 1)
    name = other.take()
    other.leave()
    mine = seats(tmp_path / "mine", 1)
    mine.take()
    for strange in (name, "local", "", "a.b.c"):
        assert not mine.is_free(strange)
    mine.leave()


@pytest.mark.parametrize(
    ("database_url", "qdrant_url", "may_share"),
    [
        (None, None, False),
        ("postgresql://127.0.0.1/x", None, False),
        (None, "http://127.0.0.1:6333", False),
        ("postgresql://127.0.0.1/x", "http://127.0.0.1:6333", True),
    ],
)
def test_processes_share_a_home_whose_engines_are_all_servers(
    settings: Settings, database_url: str | None, qdrant_url: str | None, may_share: bool
) -> None:
    given = settings.model_copy(update={"database_url": database_url, "qdrant_url": qdrant_url})
    process, _ = sit(given.home)
    mine = seat(Workspace(given))
    try:
        if may_share:
            assert mine.take().split(".")[1] == "1"
        else:
            with pytest.raises(HomeInUseError):
                mine.take()
    finally:
        mine.leave()
        process.kill()
        process.communicate()
