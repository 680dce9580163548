"""Files that are copies of others: their events would be counted twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path


def copies(files: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield files that hold the same bytes as one before them, and that one; only files of equal size are read."""
    by_size: dict[int, list[Path]] = {}
    for path in files:
        by_size.setdefault(path.stat().st_size, []).append(path)
    for size, alike in by_size.items():
        known: dict[str, Path] = {}
        for path in alike if size and len(alike) > 1 else ():
            with path.open("rb") as file:
                first = known.setdefault(hashlib.file_digest(file, "sha256").hexdigest(), path)
            if first != path:
                yield path, first
