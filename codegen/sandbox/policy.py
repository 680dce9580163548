"""What a sandboxed script may use, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, fields

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Bound one run; every field is a hard limit.

    A script can start threads but no processes: the system-call filter refuses every fork.
    `memory_bytes` is anonymous memory; files that are mapped read-only do not count.
    """

    wall_seconds: float = 600.0
    cpu_seconds: int = 600
    memory_bytes: int = 4 * GIB
    threads: int = 64
    file_bytes: int = 256 * MIB
    """Largest single file that can be written."""
    output_bytes: int = 512 * MIB
    """All files of the output folder together."""
    output_files: int = 256
    scratch_bytes: int = 64 * MIB
    """Temporary files, kept in memory and lost at the end."""
    stream_bytes: int = 256 * 1024
    """What is kept of standard output, and of standard error: the beginning and the end."""

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) <= 0:
                message = f"policy: {field.name} must be positive, not {getattr(self, field.name)}"
                raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one run."""

    exit_status: int
    """The script's own; 128 + n when signal n ended it."""
    stopped: str
    """Why the supervisor killed the script ("after 5 s of wall time" …); empty when it ended by itself."""
    stdout: str
    stderr: str
    tier: str
    seconds: float
    peak_memory: int | None
    """Largest resident size seen [bytes], sampled about every 20 ms; None when it ended before the first sample."""
    files: tuple[str, ...]
    """Names of the regular files that arrived in the output folder."""
    left_behind: tuple[str, ...]
    """What did not arrive, with the reason (links, devices, folders, too large)."""

    @property
    def ok(self) -> bool:
        """Tell whether the script ended by itself with status 0."""
        return self.exit_status == 0 and not self.stopped
