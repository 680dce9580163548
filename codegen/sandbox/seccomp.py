"""The system-call filter: a classic BPF program, assembled for the machine it runs on.

Everything is allowed except what an analysis never needs and an escape or a bomb would: new processes, sockets,
tracing, namespaces, mounts, keys, links, device nodes, changes of mode or owner, memory that no limit counts, signals
to others. Numbers: Linux `arch/x86/entry/syscalls/syscall_64.tbl` and `include/uapi/asm-generic/unistd.h`.
"""

from __future__ import annotations

import errno
import platform
import struct
from dataclasses import dataclass
from typing import Final

# name -> (x86-64, arm64); 0 marks a call that arm64 does not have.
DENIED: Final[dict[str, tuple[int, int]]] = {
    # new processes
    "fork": (57, 0),
    "vfork": (58, 0),
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "setpriority": (141, 140),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setattr": (314, 274),
    "sched_setaffinity": (203, 122),
    "ioprio_set": (251, 30),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    # network and other ways out
    "socket": (41, 198),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "semget": (64, 190),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    # memory that neither the address-space limit nor the size of a folder counts
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    # namespaces and mounts
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    # files: Landlock does not rule over these
    "mknod": (133, 0),
    "mknodat": (259, 33),
    "link": (86, 0),
    "linkat": (265, 37),
    "symlink": (88, 0),
    "symlinkat": (266, 36),
    "truncate": (76, 45),
    "fallocate": (285, 47),
    "chmod": (90, 0),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, 0),
    "fchown": (93, 55),
    "lchown": (94, 0),
    "fchownat": (260, 54),
    "utime": (132, 0),
    "utimes": (235, 0),
    "utimensat": (280, 88),
    "futimesat": (261, 0),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "inotify_add_watch": (254, 27),
    "fanotify_init": (300, 262),
    # privileges
    "setuid": (105, 146),
    "setgid": (106, 144),
    "setreuid": (113, 145),
    "setregid": (114, 143),
    "setresuid": (117, 147),
    "setresgid": (119, 149),
    "setgroups": (116, 159),
    "setfsuid": (122, 151),
    "setfsgid": (123, 152),
    "capset": (126, 91),
    "personality": (135, 92),
    # the kernel itself
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "acct": (163, 89),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "syslog": (103, 116),
    "vhangup": (153, 58),
    "iopl": (172, 0),
    "ioperm": (173, 0),
    "modify_ldt": (154, 0),
    "lookup_dcookie": (212, 18),
}
CLONE: Final = (56, 220)
CLONE3: Final = (435, 435)
PRLIMIT: Final = (302, 261)
# Calls younger than this table (Linux 6.6) answer "not implemented"; so does the x32 numbering.
NEWEST_KNOWN: Final = 452

CLONE_THREAD: Final = 0x00010000
# linux/seccomp.h, linux/bpf_common.h
_RET_KILL, _RET_ERRNO, _RET_ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_LOAD, _JUMP_EQUAL, _JUMP_GREATER, _JUMP_SET, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x06
_OFFSET_NUMBER, _OFFSET_MACHINE, _OFFSET_ARGUMENT_0 = 0, 4, 16


@dataclass(frozen=True, slots=True)
class Machine:
    """One column of the table above, with the kernel's audit constant for it."""

    column: int
    audit: int


MACHINES: Final = {"x86_64": Machine(0, 0xC000003E), "aarch64": Machine(1, 0xC00000B7)}


def program(machine: str | None = None) -> bytes:
    """Assemble the filter as an array of `struct sock_filter` for `machine` (default: this one).

    Raises `KeyError` for a processor whose numbers are not in the table.
    """
    this = MACHINES[machine or platform.machine()]
    refuse, missing = _RET_ERRNO | errno.EPERM, _RET_ERRNO | errno.ENOSYS
    code: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, _OFFSET_MACHINE),
        (_JUMP_EQUAL, 1, 0, this.audit),
        (_RETURN, 0, 0, _RET_KILL),
        (_LOAD, 0, 0, _OFFSET_NUMBER),
        (_JUMP_GREATER, 0, 1, NEWEST_KNOWN),
        (_RETURN, 0, 0, missing),
        # clone3 hides its flags behind a pointer; told that it is missing, the C library falls back to clone.
        (_JUMP_EQUAL, 0, 1, CLONE3[this.column]),
        (_RETURN, 0, 0, missing),
    ]
    for numbers in DENIED.values():
        if number := numbers[this.column]:
            code += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, refuse)]
    code += [
        (_JUMP_EQUAL, 0, 4, CLONE[this.column]),
        (_LOAD, 0, 0, _OFFSET_ARGUMENT_0),
        (_JUMP_SET, 0, 1, CLONE_THREAD),
        (_RETURN, 0, 0, _RET_ALLOW),
        (_RETURN, 0, 0, refuse),
        # limits of this process only
        (_JUMP_EQUAL, 0, 3, PRLIMIT[this.column]),
        (_LOAD, 0, 0, _OFFSET_ARGUMENT_0),
        (_JUMP_EQUAL, 1, 0, 0),
        (_RETURN, 0, 0, refuse),
        (_RETURN, 0, 0, _RET_ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)
