"""What the Python interpreter needs of the host, and the environment it gets."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

# Where dynamic linkers look without a cache; the cache adds /usr/local/lib on Debian-like systems.
SYSTEM_LIBRARIES = ("/usr/lib", "/usr/lib64", "/usr/lib32", "/lib", "/lib64")
LINKER_CACHE = "/etc/ld.so.cache"


def executable() -> Path:
    """Return the path by which this interpreter (of the virtual environment, if any) was started."""
    return Path(sys.executable).absolute()


@cache
def readable_paths() -> tuple[Path, ...]:
    """Return the host paths a fresh interpreter with its installed packages reads; parents come before children.

    These are the virtual environment, the base interpreter with its standard library, and the system's libraries.
    """
    wanted = [Path(path) for path in (*SYSTEM_LIBRARIES, LINKER_CACHE)]
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
    }
