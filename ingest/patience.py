"""Patience with a server: pauses between requests, tries again while it is busy, and an end to both."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal, TypeVar

T = TypeVar("T")
Another = Literal["once"] | bool
"""Whether another try may help: one more, any number, or none."""

# Where no log is configured, Python would print stamina's bare "retry_scheduled" on the user's terminal.
logging.getLogger("stamina").addHandler(logging.NullHandler())

BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""The HTTP statuses after which the same request may succeed later."""


class BusyError(Exception):
    """A server cannot answer now; `wait` is the pause it asks for in seconds, None where it names none."""

    def __init__(self, status: int, wait: float | None = None) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.wait = wait


class Patience:
    """Make each request up to `retries` times more; with a `delay`, one at a time and that many seconds apart.

    A server that names the time to come back is asked again then, unless that is more than `longest` seconds away.
    Without such a time the pause begins at `first` (default: the delay) and doubles with each try. `trace` is a file
    whose date tells the next process when the last request was made.
    """

    def __init__(
        self,
        *,
        delay: float = 0.0,
        retries: int = 3,
        longest: float = 120.0,
        first: float | None = None,
        trace: Path | None = None,
    ) -> None:
        self._delay = delay
        self._trace = trace
        self._retries = retries
        self._longest = longest
        self._first = max(delay if first is None else first, 0.01)
        self._last = float("-inf")
        self._turn = threading.Lock()

    def call(self, attempt: Callable[[], T], again: Callable[[Exception], Another]) -> T:
        """Return what `attempt` returns; `again` says of an error whether another try may help.

        Raises the last try's error. `BusyError` is tried again without asking.
        """
        import stamina

        once = 0

        def backoff(error: Exception) -> bool | float:
            nonlocal once
            if not isinstance(error, BusyError):
                another = again(error)
                once += another == "once"
                return once < 2 if another == "once" else another
            if error.wait is None:
                return True
            # A wait of 0.0 would read as "no".
            return max(error.wait, 0.001) if error.wait <= self._longest else False

        for trial in stamina.retry_context(
            on=backoff,
            attempts=self._retries + 1,
            timeout=None,
            wait_initial=self._first,
            wait_jitter=self._first,
            wait_max=self._longest,
        ):
            with trial:
                return self._one(attempt)
        message = "a retry that neither returns nor raises"
        raise AssertionError(message)

    def _one(self, attempt: Callable[[], T]) -> T:
        if not self._delay:
            return attempt()
        with self._turn:
            time.sleep(max(0.0, self._delay - self._since_last()))
            try:
                return attempt()
            finally:
                self._last = time.monotonic()
                if self._trace is not None:
                    self._trace.parent.mkdir(parents=True, exist_ok=True)
                    self._trace.touch()

    def _since_last(self) -> float:
        """Return the seconds since the last request of this process or, as far as its trace tells, of another one."""
        here = time.monotonic() - self._last
        try:
            other = time.time() - self._trace.stat().st_mtime if self._trace is not None else here
        except OSError:
            return here
        # A clock that was set back tells nothing.
        return min(here, other) if other >= 0 else here


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait that a `Retry-After` header asks for, as a number or a date (RFC 9110), or None."""
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    if value.isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
