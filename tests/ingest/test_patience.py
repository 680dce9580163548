"""Servers are asked at the pace they ask for, again where that helps, and not for long where it does not."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from ingest.patience import Another, BusyError, Patience, asked_wait
from ingest.web import reason, worth_another_try


class Clock:
    """A clock that sleeping moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self.asked: list[float] = []
        played = SimpleNamespace(sleep=self.sleep, monotonic=lambda: self.now, time=time.time)
        monkeypatch.setattr("ingest.patience.time", played)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def request(self) -> None:
        self.asked.append(self.now)
        self.now += 0.25


def test_requests_are_a_delay_apart_and_the_first_is_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    patience = Patience(delay=3.0)
    for _ in range(4):
        patience.call(clock.request, lambda _: False)
    assert clock.asked == [1000.0, 1003.25, 1006.5, 1009.75]


def test_the_next_process_keeps_the_delay_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pauses: list[float] = []
    played = SimpleNamespace(sleep=pauses.append, monotonic=time.monotonic, time=time.time)
    monkeypatch.setattr("ingest.patience.time", played)
    for _ in range(2):
        Patience(delay=600.0, trace=tmp_path / "home" / "asked").call(lambda: None, lambda _: False)
    assert pauses[0] == 0.0
    assert 500 < pauses[1] <= 600.0


def tries(again: Callable[[Exception], Another], error: Exception) -> int:
    made = 0

    def attempt() -> None:
        nonlocal made
        made += 1
        raise error

    with pytest.raises(type(error)):
        Patience(retries=4, first=0.001).call(attempt, again)
    return made


def test_what_may_help_is_tried_as_often_as_allowed_what_may_help_once_once() -> None:
    assert tries(lambda _: True, ValueError()) == 5
    assert tries(lambda _: "once", ValueError()) == 2
    assert tries(lambda _: False, ValueError()) == 1
    assert tries(lambda _: False, BusyError(503)) == 5


@pytest.mark.parametrize(
    ("error", "another", "words"),
    [
        (OSError("[Errno -2] Name or service not known"), "once", "its name is not known on this network"),
        (OSError("[Errno 111] Connection refused"), "once", "nothing listens there"),
        (OSError("[Errno 101] Network is unreachable"), "once", "the network cannot be reached"),
        (OSError("[Errno 104] Connection reset by peer"), True, "it hung up"),
        (OSError("The read operation timed out"), True, "it did not answer in time"),
        (OSError("[SSL] certificate verify failed: self-signed"), True, "its certificate is not trusted here"),
        (OSError(), True, "OSError"),
        (ValueError("odd"), False, "ValueError: odd"),
    ],
)
def test_a_network_that_is_down_is_tried_once_more_and_told_in_words(
    error: Exception, another: Another, words: str
) -> None:
    assert worth_another_try(error, OSError) == another
    assert reason(error) == words


def test_the_pause_a_server_asks_for_is_a_number_or_a_date() -> None:
    assert asked_wait({"Retry-After": "17"}) == 17.0
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert asked_wait({"retry-after": date}) == pytest.approx(100, abs=3)
    assert asked_wait({"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}) == 0.0
    assert asked_wait({"Retry-After": "soon"}) is None
    assert asked_wait({}) is None


def test_the_pause_a_server_asks_for_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", pauses.append)
    answers = iter([BusyError(429, 17.0), BusyError(503, 3.0)])

    def attempt() -> str:
        if (error := next(answers, None)) is not None:
            raise error
        return "paper"

    assert Patience(retries=2, longest=20).call(attempt, lambda _: False) == "paper"
    assert [pause for pause in pauses if pause] == [17.0, 3.0]
