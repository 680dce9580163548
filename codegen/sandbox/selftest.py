"""Try to break out of every tier, and choose the first that holds."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from codegen.sandbox import bubblewrap, landlock
from codegen.sandbox.harvest import read_json
from codegen.sandbox.interpreter import environment, readable_paths
from codegen.sandbox.policy import MIB, Outcome, Policy
from kb.errors import AnalysisError, SandboxError

HERE = Path(__file__).parent
_CHOICE = threading.Lock()


@dataclass(frozen=True, slots=True)
class Check:
    """One attempt to break out, or one thing that has to work."""

    name: str
    ok: bool
    detail: str
    """What stopped the attempt, or what it got."""
    tier: str


TIERS: dict[str, Callable[..., Outcome]] = {bubblewrap.NAME: bubblewrap.run, landlock.NAME: landlock.run}


def selftest(tier: str | None = None) -> list[Check]:
    """Run the escapes of `probe.py` in one tier (default: the one in use) and return what became of each.

    Cached for the life of the process. When no tier holds, the rows of all of them are returned.
    """
    if tier is not None:
        return list(_attempts(tier))
    for name in TIERS:
        if holds(name):
            return list(_attempts(name))
    return [check for name in TIERS for check in _attempts(name)]


def holds(tier: str) -> bool:
    """Tell whether a tier stops every attempt and lets an analysis work."""
    return all(check.ok for check in _attempts(tier))


def choose() -> str:
    """Return the first tier that holds.

    Raises `SandboxError` with what to do on this machine when none does.
    """
    for name in TIERS:
        if holds(name):
            return name
    failures = [check for name in TIERS for check in _attempts(name) if not check.ok]
    message = "no sandbox holds here, so generated code is not run: " + "; ".join(
        f"{check.tier}: {check.name}: {check.detail}" if check.name != "start" else check.detail for check in failures
    )
    raise SandboxError(message, hint=remedy([check.detail for check in failures]))


def remedy(details: list[str]) -> str:
    """Return what an administrator of this machine can do to get a sandbox."""
    if bubblewrap.program() is None:
        installers = {
            "apt-get": "apt install bubblewrap",
            "dnf": "dnf install bubblewrap",
            "pacman": "pacman -S bubblewrap",
            "zypper": "zypper install bubblewrap",
            "apk": "apk add bubblewrap",
        }
        known = [line for tool, line in installers.items() if shutil.which(tool)]
        return f"install bubblewrap ({known[0]})" if known else "install bubblewrap"
    if _flag("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
        return (
            "Ubuntu restricts user namespaces by AppArmor: write a profile for bwrap, /etc/apparmor.d/bwrap, with "
            "'abi <abi/4.0>, include <tunables/global> profile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }', "
            "then: systemctl reload apparmor"
        )
    if _flag("/proc/sys/kernel/unprivileged_userns_clone") == "0":
        return "allow user namespaces: sysctl kernel.unprivileged_userns_clone=1"
    if _flag("/proc/sys/user/max_user_namespaces") == "0":
        return "allow user namespaces: sysctl user.max_user_namespaces=10000"
    if any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv")):
        return (
            "this is a container that may not make namespaces: start it with '--security-opt seccomp=unconfined' "
            "(Docker, Podman), or on a host whose kernel enables Landlock (Linux 5.13 or newer, lsm=landlock)"
        )
    shown = details[0] if details else "?"
    return f"enable user namespaces or Landlock in the kernel; the first refusal was: {shown}"


def _flag(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _attempts(tier: str) -> tuple[Check, ...]:
    with _CHOICE:
        return _attempt(tier)


@cache
def _attempt(tier: str) -> tuple[Check, ...]:
    """Set out bait on the host, run the probe in a tier, read its verdict."""
    with tempfile.TemporaryDirectory(prefix="cutbook-selftest-") as name:
        folder = Path(name).resolve()
        secret = secrets.token_hex(16)
        bait, data, code = folder / "canary", folder / "data.bin", folder / "probe.py"
        bait.write_text(secret)
        bait.chmod(0o600)
        data.write_bytes(b"\0" * 4096)
        shutil.copyfile(HERE / "probe.py", code)
        before = (bait.read_bytes(), bait.stat().st_mode, data.read_bytes(), code.read_bytes())
        marks = [path / f"cutbook-{secret}" for path in (*readable_paths(), Path("/"), Path("/etc"), Path.home())]
        with _listeners(folder / "socket", f"cutbook-{secret}") as port:
            target = {
                "canary": str(bait),
                "environment": [*environment(""), "PWD", "LC_CTYPE"],
                "port": port,
                "unix": str(folder / "socket"),
                "abstract": f"cutbook-{secret}",
                "outside": [str(path) for path in (folder / "new", bait, data, code, *marks)],
                "pid": os.getpid(),
                "data": str(data),
                "size": 4096,
            }
            policy = Policy(wall_seconds=60, cpu_seconds=30, memory_bytes=512 * MIB, output_bytes=4 * MIB)
            output = folder / "output"
            try:
                outcome = TIERS[tier]([json.dumps(target)], code=code, data=[data], output=output, policy=policy)
            except SandboxError as problem:
                return (Check("start", False, problem.message, tier),)
            try:
                verdict = read_json(output, "verdict.json", MIB)
            except AnalysisError as problem:
                detail = f"{problem.message} {outcome.stopped} {outcome.stderr[-500:]}"
                return (Check("start", False, detail, tier),)
        for mark in marks:
            if mark.parent.is_dir():
                mark.unlink(missing_ok=True)
        rows = [Check(key, bool(row["ok"]), str(row["detail"]), tier) for key, row in verdict.items()]
        # The probe's word is not enough for what can be seen from outside.
        after = (bait.read_bytes(), bait.stat().st_mode, data.read_bytes(), code.read_bytes())
        rows.append(Check("bait untouched", before == after, "compared before and after", tier))
        rows.append(Check("results without links", outcome.files == ("verdict.json",), str(outcome.files), tier))
        return tuple(rows)


@contextlib.contextmanager
def _listeners(path: Path, abstract: str) -> Iterator[int]:
    """Listen on a TCP port, a unix socket and an abstract one; yield the port."""
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        for address in (str(path), "\0" + abstract):
            listener = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            listener.bind(address)
            listener.listen()
        yield tcp.getsockname()[1]
