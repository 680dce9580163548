"""Run a hostile Python script with given data, one capped output folder, and nothing else.

Two tiers: bubblewrap (namespaces), else Landlock; both add a system-call filter, resource limits and a supervisor.
A tier is used only after it has stopped every escape of its self-test on this machine; with none, nothing runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from codegen.sandbox.bombs import bombs
from codegen.sandbox.harvest import read_arrays, read_json
from codegen.sandbox.policy import Outcome, Policy
from codegen.sandbox.selftest import TIERS, Check, choose, selftest

__all__ = [
    "TIERS",
    "Check",
    "Outcome",
    "Policy",
    "bombs",
    "choose",
    "read_arrays",
    "read_json",
    "run_sandboxed",
    "selftest",
]


def run_sandboxed(
    argv: Sequence[str],
    *,
    code: Path,
    data: Sequence[Path],
    output: Path,
    policy: Policy | None = None,
    tier: str | None = None,
) -> Outcome:
    """Run `code` with the arguments `argv`, able to read `data` and to write into its working folder.

    The script sees code and data under the same absolute paths as the host; what it writes into its working folder
    (name results without a folder) arrives in `output` as regular files once it has ended.
    `tier` (default: the first that passes its self-test) is for tests and for looking at one tier.
    Raises `SandboxError` when no tier holds here. Whatever the script does is told by the `Outcome`.
    """
    run = TIERS[tier or choose()]
    absolute = [path.absolute() for path in data]
    return run(list(argv), code=code.absolute(), data=absolute, output=output, policy=policy or Policy())
