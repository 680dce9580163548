"""A seat in a home: which process works there.

What runs inside a process (the passage index, jobs on SQLite) bears one process at a time, so an embedded home has
one seat. With servers in their place there are more, one for each process that works on the home's jobs. A process
that was killed leaves its seat, and by the name it had its jobs are known to be nobody's.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from kb.errors import HomeInUseError
from kb.index.lock import FolderLock

MANY = 64
"""Seats of a home whose engines are servers."""


class Seat:
    """A place for one process at the work of `home`; `label` tells others what that process is.

    `folder` is that of the home's jobs.
    """

    def __init__(self, home: Path, folder: Path, *, label: str = "", seats: int = 1, wait: float = 1.0) -> None:
        self._folder = folder
        self._wait = wait
        self._locks = [
            FolderLock(folder / f"seat-{number}", label=label, what=f"the home {home}") for number in range(seats)
        ]
        self._taken: int | None = None
        self._name = ""

    def take(self) -> str:
        """Take a free seat and return the name that goes with it; HomeInUseError, naming who has it, if none is."""
        for number, lock in enumerate(self._locks):
            last = number == len(self._locks) - 1
            try:
                lock.acquire(wait=self._wait if last else 0.0)
            except HomeInUseError:
                if last:
                    raise
            else:
                self._taken = number
                self._name = f"{self._home_name()}.{number}.{os.getpid()}.{secrets.token_hex(4)}"
                return self._name
        message = "a home has at least one seat"
        raise AssertionError(message)

    def leave(self) -> None:
        """Give the seat back; nothing happens if none was taken."""
        if self._taken is not None:
            self._locks[self._taken].release()
            self._taken = None

    def is_free(self, name: str) -> bool:
        """Say whether the process that had this name no longer works; not known, so False, for one of another home."""
        home, number, pid = ([*name.split("."), "", "", ""])[:3]
        if home != self._home_name() or not number.isdecimal() or not pid.isdecimal():
            return False
        if int(number) == self._taken:
            return name != self._name
        owner = FolderLock(self._folder / f"seat-{number}").owner()
        return owner is None or owner.get("pid", int(pid)) != int(pid)

    def owner(self) -> dict[str, object] | None:
        """Say who sits on the first seat that is taken, or None where nobody works."""
        return next((owner for lock in self._locks if (owner := lock.owner()) is not None), None)

    def _home_name(self) -> str:
        """Return the name of this home among all that share a database; it is made once."""
        path = self._folder / "name"
        if not path.is_file():
            lock = FolderLock(self._folder)
            lock.acquire(wait=10.0)
            if not path.is_file():
                path.write_text(secrets.token_hex(4), encoding="ascii")
            lock.release()
        return path.read_text(encoding="ascii")
