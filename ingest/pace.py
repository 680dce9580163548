"""How fast a service may be asked."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable


class Pace:
    """Let at most `requests` pass in any window of `seconds`, whichever thread they come from."""

    def __init__(
        self,
        requests: int,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._requests = requests
        self._seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._passed: deque[float] = deque(maxlen=requests)
        self._turn = threading.Lock()

    def wait(self) -> None:
        """Return when the next request may be made."""
        with self._turn:
            if len(self._passed) == self._requests:
                self._sleep(max(0.0, self._passed[0] + self._seconds - self._clock()))
            self._passed.append(self._clock())
