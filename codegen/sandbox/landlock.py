"""The second tier: Landlock, for machines where nobody may make namespaces.

The script sees the host's file tree but can open only the interpreter, the code, the data and two folders of its own;
the system-call filter takes away the network, new processes and signals; capabilities are dropped for good.
Weaker than the first tier in one point: it can learn whether a path exists, though not what is in it.
"""

from __future__ import annotations

import ctypes
import platform
import tempfile
from collections.abc import Sequence
from pathlib import Path

from codegen.sandbox.interpreter import readable_paths
from codegen.sandbox.policy import Outcome, Policy
from codegen.sandbox.seccomp import MACHINES
from codegen.sandbox.supervisor import Cell, supervise
from kb.errors import SandboxError

NAME = "landlock"
_CREATE_RULESET, _VERSION = 444, 1


def version() -> int:
    """Return the Landlock version of the running kernel; 0 when it has none or does not enable it."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return max(0, int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)))


def run(argv: Sequence[str], *, code: Path, data: Sequence[Path], output: Path, policy: Policy) -> Outcome:
    """Run a script in this tier.

    Raises `SandboxError` when the kernel lacks Landlock.
    """
    if platform.machine() not in MACHINES or version() == 0:
        message = "landlock: this kernel does not offer Landlock"
        raise SandboxError(message)
    readable = [*readable_paths(), code, *data]
    with tempfile.TemporaryDirectory(prefix="cutbook-") as folder:
        folders = [Path(folder).resolve() / name for name in ("output", "scratch")]
        for path in folders:
            path.mkdir()
        cell = Cell(
            tier=NAME,
            prefix=(),
            output=str(folders[0]),
            scratch=str(folders[1]),
            lock=True,
            readable=[*(str(path.resolve()) for path in readable), "/dev/urandom"],
            writable=[*(str(path) for path in folders), "/dev/null"],
        )
        return supervise(cell, argv, code=code, data=data, output=output, policy=policy)
