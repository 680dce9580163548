"""What the Python interpreter needs of the host, and the environment it gets."""

from __future__ import annotations

import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

# Where dynamic linkers look without a cache; the cache adds /usr/local/lib on Debian-like systems.
SYSTEM_LIBRARIES = ("/usr/lib", "/usr/lib64", "/usr/lib32", "/lib", "/lib64")
LINKER_CACHE = "/etc/ld.so.cache"
HEADERS = "/usr/include"
"""Where compilers find the C and C++ standard libraries; ROOT's interpreter reads them."""


def executable() -> Path:
    """Return the path by which this interpreter (of the virtual environment, if any) was started."""
    return Path(sys.executable).absolute()


@cache
def readable_paths() -> tuple[Path, ...]:
    """Return the host paths a fresh interpreter with its installed packages reads; parents come before children.

    These are the virtual environment, the base interpreter with its standard library, the system's libraries, and,
    where ROOT is installed, the system's headers.
    """
    wanted = [Path(path) for path in (*SYSTEM_LIBRARIES, LINKER_CACHE, *([HEADERS] if _has_root() else []))]
    for prefix in (Path(sys.base_prefix), Path(sys.base_prefix).resolve()):
        wanted += [prefix / "lib", prefix / "lib64"]
    if sys.prefix != sys.base_prefix:
        wanted += [Path(sys.prefix)]
    hop = executable()
    wanted.append(hop)
    while hop.is_symlink():
        target = hop.readlink()
        hop = target if target.is_absolute() else hop.parent / target
        wanted.append(hop)
    unique = sorted({path.absolute() for path in wanted if path.exists()}, key=lambda path: len(path.parts))
    kept: list[Path] = []
    for path in unique:
        if not any(path.is_relative_to(other) for other in kept):
            kept.append(path)
    return tuple(kept)


def environment(scratch: str) -> dict[str, str]:
    """Return the whole environment of a sandboxed script.

    One thread for the numerical libraries: partitions run side by side, and sums keep their order.
    """
    return {
        "PATH": str(executable().parent),
        "HOME": scratch,
        "TMPDIR": scratch,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "USER": "analysis",
        "LOGNAME": "analysis",
        "PYTHONHASHSEED": "0",
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        **(_paths_for_root() if _has_root() else {}),
    }


def _has_root() -> bool:
    return find_spec("ROOT") is not None


@cache
def _paths_for_root() -> dict[str, str]:
    """Tell ROOT what it would ask a shell and a compiler for, neither of which is in the sandbox."""
    libraries = ":".join(path for path in SYSTEM_LIBRARIES if Path(path).is_dir())
    versions = sorted(Path(HEADERS, "c++").glob("[0-9]*"), key=lambda path: int(path.name.split(".")[0]))
    found: list[Path] = []
    if versions:
        newest = versions[-1]
        found = [newest, *sorted(Path(HEADERS).glob(f"*-linux-*/c++/{newest.name}")), newest / "backward"]
    return {
        "ROOT_LDSYSPATH": libraries,
        "CLING_LDSYSPATH": libraries,
        "CLING_CPPSYSINCL": ":".join(map(str, (*found, Path(HEADERS)))),
    }
