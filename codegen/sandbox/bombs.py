"""Scripts that use up what they can: each has to end within its bounds, and to leave nothing behind."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from codegen.sandbox.policy import MIB, Outcome, Policy
from codegen.sandbox.selftest import TIERS, Check
from kb.errors import SandboxError

_TIGHT = Policy(
    wall_seconds=20,
    cpu_seconds=10,
    memory_bytes=256 * MIB,
    threads=16,
    file_bytes=2 * MIB,
    output_bytes=4 * MIB,
    output_files=16,
    scratch_bytes=4 * MIB,
    stream_bytes=4096,
)


@dataclass(frozen=True)
class _Bomb:
    script: str
    defused: Callable[[Outcome], bool]
    wall_seconds: float = _TIGHT.wall_seconds
    cpu_seconds: int = _TIGHT.cpu_seconds


def _ended(outcome: Outcome) -> bool:
    """Say whether a script was stopped, or failed."""
    return not outcome.ok


_BOMBS = {
    "fork bomb": _Bomb("import os\nwhile True: os.fork()", _ended),
    "thread bomb": _Bomb(
        "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(60,)).start()", _ended
    ),
    "memory bomb": _Bomb("held = []\nwhile True: held.append(bytearray(1 << 24))", _ended),
    "CPU bomb": _Bomb("while True: pass", _ended, cpu_seconds=1),
    "clock bomb": _Bomb("import time\ntime.sleep(60)", _ended, wall_seconds=1),
    "disk bomb": _Bomb("file = open('big', 'wb')\nwhile True: file.write(bytes(1 << 20))", _ended),
    "flood of files": _Bomb("n = 0\nwhile True:\n    open(str(n), 'w').close(); n += 1", _ended),
    "output flood": _Bomb(
        "for _ in range(1 << 16): print('x' * 100)", lambda outcome: len(outcome.stdout) < 3 * _TIGHT.stream_bytes
    ),
    "deaf to signals": _Bomb(
        "import signal, time\nfor one in range(1, 32):\n    try: signal.signal(one, signal.SIG_IGN)\n"
        "    except OSError: pass\ntime.sleep(60)",
        _ended,
        wall_seconds=1,
    ),
    "orphan after exit": _Bomb(
        "import os, time\ntry:\n    if os.fork() == 0:\n        os.setsid()\n        time.sleep(60)\n"
        "except OSError: pass\nopen('done', 'w').close()",
        # Had it left a process, the run would have waited for the clock.
        lambda outcome: outcome.ok and outcome.seconds < _TIGHT.wall_seconds / 2,
    ),
}


def bombs(tier: str) -> Iterator[Check]:
    """Set off every bomb in a tier, one after the other, and yield what became of it."""
    for name, bomb in _BOMBS.items():
        bounds = {field: getattr(_TIGHT, field) for field in _TIGHT.__slots__}
        policy = Policy(**{**bounds, "wall_seconds": bomb.wall_seconds, "cpu_seconds": bomb.cpu_seconds})
        with tempfile.TemporaryDirectory(prefix="cutbook-bomb-") as folder:
            code = Path(folder) / "bomb.py"
            code.write_text(bomb.script, encoding="utf-8")
            try:
                outcome = TIERS[tier]([], code=code, data=[], output=Path(folder) / "out", policy=policy)
            except SandboxError as error:
                yield Check(name, False, error.message, tier)
                continue
            left = sum(path.stat().st_size for path in (Path(folder) / "out").rglob("*"))
        within = left <= _TIGHT.output_bytes
        yield Check(name, bomb.defused(outcome) and within, _said(outcome), tier)


def _said(outcome: Outcome) -> str:
    lines = outcome.stderr.strip().splitlines()
    if outcome.stopped:
        return f"stopped: {outcome.stopped}"
    if outcome.ok:
        return f"ended by itself after {outcome.seconds:.1f} s"
    return lines[-1][:200] if lines else f"ended with status {outcome.exit_status}"
