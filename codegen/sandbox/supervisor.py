"""Start a sandboxed process, watch it from outside, end it when it exceeds its policy, and bring its results out."""

from __future__ import annotations

import array
import base64
import contextlib
import json
import os
import select
import selectors
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from codegen.sandbox import seccomp
from codegen.sandbox.harvest import collect
from codegen.sandbox.interpreter import environment, executable
from codegen.sandbox.policy import Outcome, Policy
from kb.errors import SandboxError

LAUNCHER = Path(__file__).with_name("launcher.py")
TICK = 0.02  # seconds between two looks at the process
MOST_SCRATCH_FILES = 4096
LONGEST_START = 30.0  # seconds until the launcher must have reported


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """How a tier starts the launcher and what the launcher is told; paths are as the script sees them."""

    tier: str
    prefix: Sequence[str]
    """The command that builds the walls and ends with running what follows it."""
    output: str
    scratch: str
    lock: bool = False
    """Whether the launcher itself has to drop capabilities and lock files: there are no namespaces around it, and
    its folders lie on the host's file system."""
    readable: Sequence[str] = ()
    writable: Sequence[str] = ()


@dataclass(slots=True)
class Stream:
    """Keep the beginning and the end of what flows by."""

    limit: int
    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    dropped: int = 0

    def feed(self, part: bytes) -> None:
        """Take the next bytes."""
        room = self.limit // 2 - len(self.head)
        if room > 0:
            self.head += part[:room]
            part = part[room:]
        self.tail += part
        if (excess := len(self.tail) - self.limit // 2) > 0:
            del self.tail[:excess]
            self.dropped += excess

    def text(self) -> str:
        """Return what was kept, saying how much is missing in the middle."""
        gap = f"\n[… {self.dropped} bytes left out …]\n".encode() if self.dropped else b""
        return bytes(self.head + gap + self.tail).decode("utf-8", "replace")


def limits(policy: Policy, mapped_bytes: int) -> dict[str, int]:
    """Translate a policy into resource limits; the address space has room for `mapped_bytes` of mapped data."""
    return {
        "CPU": policy.cpu_seconds,
        "AS": policy.memory_bytes + mapped_bytes,
        "DATA": policy.memory_bytes,
        "FSIZE": policy.file_bytes,
        "NOFILE": 512,
        "CORE": 0,
        "MEMLOCK": 0,
        "MSGQUEUE": 0,
    }


def supervise(
    cell: Cell, argv: Sequence[str], *, code: Path, data: Sequence[Path], output: Path, policy: Policy
) -> Outcome:
    """Run `code` with `argv` in `cell` and copy what it leaves into `output`.

    Raises `SandboxError` when the walls cannot be built. What the script does is an `Outcome`, never an exception.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    orders = {
        "parent": os.getpid() if cell.lock else 0,
        "output": cell.output,
        "folders": [cell.output, cell.scratch],
        "limits": limits(policy, sum(path.stat().st_size for path in data)),
        "lock": cell.lock,
        "readable": list(cell.readable),
        "writable": list(cell.writable),
        "filter": base64.b64encode(seccomp.program()).decode(),
        "command": [str(executable()), "-s", "-P", "-B", str(code), *argv],
        "environment": environment(cell.scratch),
    }
    started = time.monotonic()
    python = [str(executable()), "-I", "-S", str(LAUNCHER), str(theirs.fileno())]
    with ours:
        with theirs:
            process = subprocess.Popen(
                [*cell.prefix, *python],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(theirs.fileno(),),
                env={},
                cwd="/",
                start_new_session=True,
            )
        watch = Watch(cell, process, ours, policy, started)
        try:
            with process:
                try:
                    with contextlib.suppress(BrokenPipeError):
                        ours.sendall(json.dumps(orders).encode() + b"\n")
                    watch.run()
                finally:
                    watch.end()
            arrived, left = watch.gather(output)
        finally:
            watch.close()
    if not watch.reported:
        message = f"{cell.tier}: {watch.stderr.text().strip() or 'the sandbox did not start'}"
        raise SandboxError(message)
    status = process.returncode
    return Outcome(
        exit_status=status if status >= 0 else 128 - status,
        stopped=watch.stopped,
        stdout=watch.stdout.text(),
        stderr=watch.stderr.text(),
        tier=cell.tier,
        seconds=time.monotonic() - started,
        peak_memory=watch.peak or None,
        files=tuple(arrived),
        left_behind=tuple(left),
    )


class Watch:
    """Follow one process until it ends or has to be ended."""

    def __init__(
        self, cell: Cell, process: subprocess.Popen[bytes], control: socket.socket, policy: Policy, started: float
    ) -> None:
        self.cell = cell
        self.process = process
        self.control = control
        self.policy = policy
        self.started = started
        self.pid = 0
        self.handle: int | None = None
        self.reported = False
        self.folders: list[int] = []
        self.stdout = Stream(policy.stream_bytes)
        self.stderr = Stream(policy.stream_bytes)
        self.stopped = ""
        self.peak = 0

    def run(self) -> None:
        """Read, look, read, look … until the process is dead and its pipes are empty."""
        streams: Mapping[IO[bytes] | None, Stream] = {
            self.process.stdout: self.stdout,
            self.process.stderr: self.stderr,
        }
        with selectors.DefaultSelector() as selector:
            for pipe, stream in streams.items():
                if pipe is not None:
                    os.set_blocking(pipe.fileno(), False)
                    selector.register(pipe, selectors.EVENT_READ, stream)
            selector.register(self.control, selectors.EVENT_READ, None)
            looked = 0.0
            while len(selector.get_map()) > 0:
                for key, _ in selector.select(TICK):
                    if not self._drain(key.fileobj, key.data):
                        selector.unregister(key.fileobj)
                now = time.monotonic()
                if now - looked >= TICK:
                    looked = now
                    self._look(now - self.started)
                if self.stopped:
                    break
            if not self.stopped:
                self._await_end()

    def _await_end(self) -> None:
        """Wait for a process that has closed its pipes, still watching."""
        while self.process.poll() is None and not self.stopped:
            time.sleep(TICK / 4)
            self._look(time.monotonic() - self.started)

    def _drain(self, source: Any, stream: Stream | None) -> bool:
        """Read once; tell whether more may come."""
        if stream is None:
            self._receive()
            return False
        part = os.read(source.fileno(), 1 << 16)
        stream.feed(part)
        return bool(part)

    def _receive(self) -> None:
        """Take over the launcher's report: its process id as seen from here, and its two open folders."""
        try:
            message, ancillary, _, _ = self.control.recvmsg(16, 256, socket.MSG_CMSG_CLOEXEC)
        except ConnectionResetError:
            return
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                self.folders += array.array("i", content)
            elif (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                self.pid = struct.unpack("3i", content)[0]
        self.reported = message == b"ready" and len(self.folders) == 2
        if self.reported and self.pid > 0:
            with contextlib.suppress(OSError):
                self.handle = os.pidfd_open(self.pid)

    def _look(self, elapsed: float) -> None:
        """Compare what is used with the policy."""
        policy = self.policy
        if elapsed > policy.wall_seconds:
            self.stopped = f"after {policy.wall_seconds:g} s of wall time"
        elif not self.reported and elapsed > LONGEST_START:
            self.stopped = f"the sandbox did not start within {LONGEST_START:g} s"
        if not self.reported:
            return
        if self.pid > 0:
            with contextlib.suppress(OSError, ValueError):
                self._look_at_process(Path(f"/proc/{self.pid}/status").read_text())
        with contextlib.suppress(OSError):
            self._look_at_files()

    def _look_at_process(self, status: str) -> None:
        entries = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        if "VmHWM" not in entries:
            return
        self.peak = max(self.peak, _kibibytes(entries["VmHWM"]))
        anonymous = _kibibytes(entries.get("RssAnon", "0 kB")) + _kibibytes(entries.get("RssShmem", "0 kB"))
        if anonymous > self.policy.memory_bytes:
            self.stopped = f"it uses more than {self.policy.memory_bytes} bytes of memory"
        elif int(entries["Threads"]) > self.policy.threads:
            self.stopped = f"it runs more than {self.policy.threads} threads"

    def _look_at_files(self) -> None:
        policy = self.policy
        measure = usage_of_folder if self.cell.lock else usage_of_file_system
        size, files = measure(self.folders[0])
        if size > policy.output_bytes:
            self.stopped = f"its output exceeds {policy.output_bytes} bytes"
        elif files > policy.output_files:
            self.stopped = f"its output exceeds {policy.output_files} files"
        size, files = measure(self.folders[1])
        if size > policy.scratch_bytes:
            self.stopped = f"its temporary files exceed {policy.scratch_bytes} bytes"
        elif files > MOST_SCRATCH_FILES:
            self.stopped = f"it has more than {MOST_SCRATCH_FILES} temporary files"

    def end(self) -> None:
        """Make sure that nothing of the run is alive: the script first, then the walls around it."""
        if self.handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.handle, signal.SIGKILL)
            select.select([self.handle], [], [], 10)
        elif self.stopped or not self.reported:
            self.process.kill()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def gather(self, output: Path) -> tuple[list[str], list[str]]:
        """Copy the results out of the open folder, once every process is dead."""
        if not self.reported:
            return [], []
        policy = self.policy
        return collect(
            self.folders[0],
            output,
            file_bytes=policy.file_bytes,
            total_bytes=policy.output_bytes,
            files=policy.output_files,
        )

    def close(self) -> None:
        """Let go of the run's folders."""
        for descriptor in self.folders:
            os.close(descriptor)
        if self.handle is not None:
            os.close(self.handle)
        self.folders, self.handle = [], None


def _kibibytes(entry: str) -> int:
    return int(entry.split()[0]) * 1024


def usage_of_file_system(folder: int) -> tuple[int, int]:
    """Return the bytes and the number of files on the file system of which an open folder is the root."""
    about = os.fstatvfs(folder)
    return (about.f_blocks - about.f_bfree) * about.f_frsize, about.f_files - about.f_ffree - 1


def usage_of_folder(folder: int) -> tuple[int, int]:
    """Return the bytes and the number of files under an open folder."""
    size = files = 0
    for _, folders, names, here in os.fwalk(".", dir_fd=folder, follow_symlinks=False):
        files += len(folders) + len(names)
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                size += os.stat(name, dir_fd=here, follow_symlinks=False).st_blocks * 512
    return size, files
