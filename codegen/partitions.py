"""How a sample is cut into partitions, each of which one sandbox runs: whole files, or entries of a large one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

LARGEST = 512 << 20
"""How much one sandbox is given [bytes]; the script reads it in chunks, so that memory does not grow with it."""


@dataclass(frozen=True)
class Partition:
    """Files of a sample that are read together, in this order; `entries` is a range [start, stop) of a single one.

    `alone`: the mask of each step by itself is wanted as well.
    """

    sample: str
    files: tuple[Path, ...]
    entries: tuple[int, int] | None = None
    alone: bool = False

    def key(self, *ingredients: str) -> str:
        """Return a name of this partition and of what is done with it; content that changes changes it."""
        about = [(str(path.absolute()), *_stamp(path)) for path in self.files]
        return hashlib.sha256(repr((about, self.entries, self.alone, ingredients)).encode()).hexdigest()[:32]


def partitions(sample: str, files: Sequence[Path], tree: str | None, *, largest: int = LARGEST) -> list[Partition]:
    """Cut a sample's files into partitions of about `largest` bytes, in their order.

    A larger file is cut by the entries of its `tree`; one that cannot be opened is left whole, for the script to say
    why. Where no tree is named, files are never cut.
    """
    made: list[Partition] = []
    together: list[Path] = []
    size = 0
    for path in files:
        bytes_ = path.stat().st_size
        if together and size + bytes_ > largest:
            made.append(Partition(sample, tuple(together)))
            together, size = [], 0
        if bytes_ > largest and tree is not None and (ranges := list(_ranges(path, tree, bytes_, largest))):
            made += [Partition(sample, (path,), entries) for entries in ranges]
        else:
            together.append(path)
            size += bytes_
    if together:
        made.append(Partition(sample, tuple(together)))
    return made


def _ranges(path: Path, tree: str, size: int, largest: int) -> Iterator[tuple[int, int]]:
    import uproot

    try:
        with uproot.open(path) as file:
            entries = int(file[tree].num_entries)
    except Exception:  # uproot raises many kinds for a damaged file; the script reports it by name
        return
    pieces = max(1, -(-size // largest))
    edges = [entries * piece // pieces for piece in range(pieces + 1)]
    yield from pairwise(edges)


def _stamp(path: Path) -> tuple[int, int]:
    known = path.stat()
    return known.st_size, known.st_mtime_ns
