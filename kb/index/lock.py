"""One process at a time: a lock that says who has it."""

from __future__ import annotations

import fcntl
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from kb.errors import HomeInUseError

_PAUSE = 0.05


class FolderLock:
    """A lock on a folder, given back by the system when its process ends, however that happens.

    `label` tells others what this process is ("cutbook serve at http://127.0.0.1:8000"), `what` what it has locked.
    """

    def __init__(self, folder: Path, *, label: str = "", what: str = "") -> None:
        self._path = folder / "lock"
        self._label = label
        self._what = what or f"the index {folder}"
        self._file: IO[str] | None = None

    def acquire(self, *, wait: float = 0.0) -> None:
        """Take the lock, waiting `wait` seconds at most; HomeInUseError names who has it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+", encoding="utf-8")
        deadline = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    file.close()
                    raise self._in_use() from None
                time.sleep(_PAUSE)
        file.truncate(0)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        file.write(json.dumps({"pid": os.getpid(), "since": since, "label": self._label}))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Give the lock back; nothing happens if it is not held."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None

    def owner(self) -> dict[str, Any] | None:
        """Say who has the lock (`pid`, `since`, `label`; empty while it is being taken), or None where it is free."""
        try:
            with self._path.open(encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return self._told()
        except OSError:
            return None
        return None

    def _told(self) -> dict[str, Any]:
        try:
            owner: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            # The owner is just writing its name, or just giving the lock back.
            return {}
        return owner

    def _in_use(self) -> HomeInUseError:
        owner = self._told()
        who = f"process {owner['pid']}" if "pid" in owner else "another process"
        name = f" ({owner['label']})" if owner.get("label") else ""
        since = f", since {owner['since']}" if "since" in owner else ""
        message = f"{self._what} is open in {who}{name}{since}"
        hint = "wait for it to end, ask the running server instead, or choose another home"
        return HomeInUseError(message, hint=hint)
