"""The last trusted code before a hostile script: apply the limits, lock the doors, become the script.

Runs by itself (`python -I -S launcher.py CONTROL_FD`) with nothing but the standard library, inside the namespaces when
there are any. The supervisor sends one line of JSON over the control socket and gets back the open output and
scratch folders, so that it can read the results after every process here has died.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import resource
import socket
import stat
import struct
import sys
from typing import Any

# linux/prctl.h
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 1, 22, 24, 38, 47
SECCOMP_MODE_FILTER, PR_CAP_AMBIENT_CLEAR_ALL = 2, 4
CAPABILITY_VERSION_3 = 0x20080522
# The same numbers on every architecture; capset is in the filter's table.
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446
LANDLOCK_RULE_PATH_BENEATH = 1
# linux/landlock.h, bits of LANDLOCK_ACCESS_FS_*
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
MAKE_DIR, MAKE_REG, TRUNCATE = 1 << 7, 1 << 8, 1 << 14
READ = EXECUTE | READ_FILE | READ_DIR
WRITE = READ_FILE | READ_DIR | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | TRUNCATE
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4


def check(result: int, what: str) -> int:
    """Return a system call's result, or raise `OSError` naming what failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def limit(limits: dict[str, int]) -> None:
    """Set resource limits, soft and hard, by their names without `RLIMIT_`."""
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (bound, bound))


def drop_capabilities() -> None:
    """Give up every capability for good, also those that a root user would get back on exec."""
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    check(libc.capset(header, bytes(24)), "dropping capabilities")


def lock_files(readable: list[str], writable: list[str]) -> None:
    """Let this process reach the given files and folders, and no others, by Landlock."""
    abi = check(libc.syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), 1), "Landlock")
    bits = 13 if abi < 2 else 14 if abi < 3 else 15 if abi < 5 else 16
    handled = (1 << bits) - 1
    attributes = struct.pack("=QQQ", handled, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = check(libc.syscall(LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0), "Landlock rules")
    for access, paths in ((READ, readable), (WRITE, writable)):
        for path in paths:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
            allowed = access & handled & (-1 if stat.S_ISDIR(os.fstat(descriptor).st_mode) else OF_FILES)
            rule = struct.pack("=Qi", allowed, descriptor)
            check(libc.syscall(LANDLOCK_ADD_RULE, ruleset, LANDLOCK_RULE_PATH_BENEATH, rule, 0), f"Landlock: {path}")
            os.close(descriptor)
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    check(libc.syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0), "Landlock")
    os.close(ruleset)


def filter_system_calls(program: bytes) -> None:
    """Load a BPF program made by `seccomp.program`."""
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    pointer = ctypes.cast(ctypes.c_char_p(header), ctypes.c_void_p).value or 0
    check(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, pointer, 0, 0), "seccomp")


def receive(control: socket.socket) -> Any:
    """Read the one line of orders."""
    line = b""
    while not line.endswith(b"\n"):
        part = control.recv(1 << 16)
        if not part:
            message = "the supervisor is gone"
            raise EOFError(message)
        line += part
    return json.loads(line)


def main(descriptor: int) -> None:
    """Follow the orders and become the script; never returns."""
    control = socket.socket(fileno=descriptor)
    orders = receive(control)
    if parent := orders["parent"]:
        check(libc.prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0), "parent-death signal")
        if os.getppid() != parent:
            sys.exit(1)
    os.chdir(orders["output"])
    folders = [os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in orders["folders"]]
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    limit(orders["limits"])
    if orders["lock"]:
        drop_capabilities()
        lock_files(orders["readable"], orders["writable"])
    socket.send_fds(control, [b"ready"], folders)
    control.close()
    os.closerange(3, 1 << 12)
    filter_system_calls(base64.b64decode(orders["filter"]))
    os.execve(orders["command"][0], orders["command"], orders["environment"])


if __name__ == "__main__":
    main(int(sys.argv[1]))
