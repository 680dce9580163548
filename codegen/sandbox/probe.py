"""A hostile script: tries to get out of the sandbox it runs in and writes down how far it came.

Standard library only. Its arguments are one JSON object: what to reach for, and where. Each attempt returns what it
got; an attempt that raises was stopped. The verdict is written to `verdict.json` in the working folder.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

Attempt = Callable[[dict[str, Any]], object]
libc = ctypes.CDLL(None, use_errno=True)


def must(result: int) -> int:
    """Return a C function's result, or raise what it set."""
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def canary(target: dict[str, Any]) -> object:
    """Read a file of the host that nobody gave to the script."""
    return Path(target["canary"]).read_text()


def environment(target: dict[str, Any]) -> object:
    """Find a variable that the supervisor did not mean to give."""
    if surplus := sorted(set(os.environ) - set(target["environment"])):
        return surplus
    raise LookupError


def tcp(target: dict[str, Any]) -> object:
    """Connect to a listening port of the host."""
    return socket.create_connection(("127.0.0.1", target["port"]), timeout=2).getpeername()


def udp(target: dict[str, Any]) -> object:
    """Send a datagram."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        return sender.sendto(b"secret", ("127.0.0.1", target["port"]))


def unix_socket(target: dict[str, Any]) -> object:
    """Connect to a unix socket of the host."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.connect(target["unix"])
        return target["unix"]


def abstract_socket(target: dict[str, Any]) -> object:
    """Connect to an abstract unix socket, which no file permission guards."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.connect("\0" + target["abstract"])
        return target["abstract"]


def names(_: dict[str, Any]) -> object:
    """Ask a name server."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.connect(("192.0.2.1", 53))
        return asker.send(b"\0" * 12)


def write(target: dict[str, Any]) -> object:
    """Write next to the canary, over the code, over the data, into the interpreter's packages, into the root."""
    done = []
    for path in target["outside"]:
        try:
            with Path(path).open("a") as file:
                file.write("owned")
            done.append(path)
        except OSError:
            pass
    if done:
        return done
    raise PermissionError


def change(target: dict[str, Any]) -> object:
    """Change mode or length of a file by its path, which needs no opening."""
    path = Path(target["canary"])
    ways: dict[str, Callable[[], object]] = {
        "chmod": lambda: path.chmod(0o777),
        "truncate": lambda: os.truncate(path, 0),
        "unlink": path.unlink,
    }
    done = []
    for name, way in ways.items():
        try:
            way()
            done.append(name)
        except OSError:
            pass
    if done:
        return done
    raise PermissionError


def processes(target: dict[str, Any]) -> object:
    """See the process that started the sandbox."""
    return (Path("/proc") / str(target["pid"]) / "status").read_text()[:40]


def signals(target: dict[str, Any]) -> object:
    """Send a harmless signal to the process that started the sandbox."""
    os.kill(target["pid"], signal.SIGCONT)
    return target["pid"]


def fork(_: dict[str, Any]) -> object:
    """Start a process, by fork and by posix_spawn."""
    try:
        if (child := os.fork()) == 0:
            os._exit(0)
    except OSError:
        return subprocess.run([sys.executable, "-c", ""], check=False).returncode
    return os.waitpid(child, 0)


def trace(target: dict[str, Any]) -> object:
    """Attach to the process that started the sandbox as a debugger."""
    return must(libc.ptrace(16, target["pid"], None, None))


def user_namespace(_: dict[str, Any]) -> object:
    """Become root in a namespace of its own."""
    return must(libc.unshare(0x10000000))


def mount(_: dict[str, Any]) -> object:
    """Mount a file system."""
    return must(libc.mount(b"none", os.fsencode(Path.cwd()), b"tmpfs", 0, None))


def device(_: dict[str, Any]) -> object:
    """Make a device node: the first disk."""
    os.mknod("disk", 0o060600, os.makedev(8, 0))
    return "disk"


def link(target: dict[str, Any]) -> object:
    """Leave a link to a file of the host among the results."""
    Path("link").symlink_to(target["canary"])
    return "link"


def privileges(_: dict[str, Any]) -> object:
    """Become somebody else, or hold a capability."""
    status = Path("/proc/self/status")
    if status.exists():
        held = next(line for line in status.read_text().splitlines() if line.startswith("CapEff"))
        if int(held.split()[1], 16):
            return held
    os.setresuid(12345, 12345, 12345)
    return os.getuid()


def hidden_memory(_: dict[str, Any]) -> object:
    """Hold memory that no limit of a process counts."""
    return os.memfd_create("hidden")


def inherited(_: dict[str, Any]) -> object:
    """Use an open file that the supervisor forgot."""
    found = []
    for descriptor in range(3, 1024):
        try:
            os.fstat(descriptor)
            found.append(descriptor)
        except OSError:
            pass
    if found:
        return found
    raise LookupError


ATTEMPTS: dict[str, Attempt] = {
    "read a canary file": canary,
    "read an environment secret": environment,
    "TCP": tcp,
    "UDP": udp,
    "unix socket": unix_socket,
    "abstract unix socket": abstract_socket,
    "DNS": names,
    "write outside": write,
    "change files outside": change,
    "see host processes": processes,
    "signal the parent": signals,
    "start a process": fork,
    "ptrace": trace,
    "user namespace": user_namespace,
    "mount": mount,
    "mknod": device,
    "link in the output folder": link,
    "privileges": privileges,
    "memory outside the limits": hidden_memory,
    "inherited open files": inherited,
}


def main(target: dict[str, Any]) -> None:
    """Try everything, and then the one thing that must work: a thread, the data, a result."""
    open_files = {"inherited open files": ATTEMPTS["inherited open files"]}
    verdict: dict[str, dict[str, object]] = {}
    # Looked at first: the attempts themselves open files.
    for name, attempt in {**open_files, **ATTEMPTS}.items():
        if name in verdict:
            continue
        try:
            verdict[name] = {"ok": False, "detail": f"succeeded: {attempt(target)!r}"[:200]}
        except Exception as problem:
            verdict[name] = {"ok": True, "detail": f"{type(problem).__name__}: {problem}".rstrip(": ")[:200]}
    lengths: list[int] = []
    worker = threading.Thread(target=lambda: lengths.append(len(Path(target["data"]).read_bytes())))
    worker.start()
    worker.join()
    verdict["read data, start a thread, leave a result"] = {
        "ok": lengths == [target["size"]],
        "detail": f"{lengths} bytes read",
    }
    Path("verdict.json").write_text(json.dumps(verdict))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
