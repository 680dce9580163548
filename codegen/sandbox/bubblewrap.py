"""The first tier: bubblewrap, which gives a script its own view of the machine.

Every namespace is new (no network, no other processes), the file tree holds the interpreter, the code and the data,
read-only, and two capped folders in memory; there are no capabilities.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from codegen.sandbox.interpreter import readable_paths
from codegen.sandbox.policy import Outcome, Policy
from codegen.sandbox.supervisor import LAUNCHER, Cell, supervise
from kb.errors import SandboxError

NAME = "bubblewrap"
OUTPUT = "/sandbox/output"
SCRATCH = "/sandbox/scratch"
NOBODY = "65534"


def program() -> str | None:
    """Return the path of `bwrap`, if it is installed."""
    return shutil.which("bwrap", path=os.defpath + os.pathsep + "/usr/local/bin")


@cache
def _caps_size(bwrap: str) -> bool:
    """Tell whether this bubblewrap (0.7 or newer) can cap a folder in memory; older ones rely on the supervisor."""
    return "--size" in subprocess.run([bwrap, "--help"], capture_output=True, text=True, check=False, env={}).stdout


def _memory_folder(bwrap: str, path: str, size: int) -> list[str]:
    return [*(["--size", str(size)] if _caps_size(bwrap) else []), "--tmpfs", path]


def command(bwrap: str, code: Path, data: Sequence[Path], policy: Policy) -> list[str]:
    """Return the command that builds the walls and ends where the program to run follows."""
    walls = [
        bwrap,
        "--unshare-all",
        "--unshare-user",
        *("--uid", NOBODY, "--gid", NOBODY),
        *("--hostname", "sandbox"),
        *("--cap-drop", "ALL"),
        "--die-with-parent",
        "--new-session",
        "--clearenv",
        *("--dev", "/dev"),
        *_memory_folder(bwrap, SCRATCH, policy.scratch_bytes),
    ]
    for path in readable_paths():
        if path.is_symlink() and path.is_dir():
            walls += ["--symlink", str(path.readlink()), str(path)]
        else:
            walls += ["--ro-bind", str(path.resolve()), str(path)]
    for path in (LAUNCHER, code, *data):
        walls += ["--ro-bind", str(path.resolve()), str(path.absolute())]
    walls += _memory_folder(bwrap, OUTPUT, policy.output_bytes)
    return [*walls, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--"]


def run(argv: Sequence[str], *, code: Path, data: Sequence[Path], output: Path, policy: Policy) -> Outcome:
    """Run a script in this tier.

    Raises `SandboxError` when bubblewrap is missing or may not make namespaces here.
    """
    bwrap = program()
    if bwrap is None:
        message = "bubblewrap: bwrap is not installed"
        raise SandboxError(message)
    cell = Cell(tier=NAME, prefix=command(bwrap, code, data, policy), output=OUTPUT, scratch=SCRATCH)
    return supervise(cell, argv, code=code, data=data, output=output, policy=policy)
