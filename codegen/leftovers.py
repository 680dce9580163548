"""What earlier runs wrote into an output folder: it is removed once a new run has replaced it, and nothing else is.

A list in the folder holds the names and checksums of all files that a run wrote. A file that is not in it, or that was
changed since, is its user's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

LIST = ".cutbook-files.json"


def remember(folder: Path, names: Iterable[str]) -> list[str]:
    """Keep the names of what a run wrote; return those of earlier runs' files, which are not among them, removed now.

    Names are relative to the folder. Folders that are empty then go too.
    """
    before = _known(folder)
    written = {name: _checksum(folder / name) for name in sorted(set(names))}
    removed = []
    for name in sorted(before.keys() - written.keys()):
        path = folder / name
        if path.is_symlink() or not path.is_file() or _checksum(path) != before[name]:
            continue
        path.unlink()
        removed.append(name)
        for parent in PurePosixPath(name).parents:
            if str(parent) == "." or any((folder / parent).iterdir()):
                break
            (folder / parent).rmdir()
    (folder / LIST).write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    return removed


def _known(folder: Path) -> dict[str, str]:
    """Return what the list says; nothing where there is none, or none of ours. No name leads out of the folder."""
    try:
        content = json.loads((folder / LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    inside = {name: PurePosixPath(name) for name in content}
    return {
        name: str(content[name])
        for name, path in inside.items()
        if not path.is_absolute()
        and ".." not in path.parts
        and (folder / path).resolve().is_relative_to(folder.resolve())
    }


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
