"""An analysis as one zip file: criteria, code, result, plots and a list of checksums.

The same files give the same bytes: names are sorted and the archive carries no times.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

MANIFEST = "manifest.json"
# The earliest time a zip file can hold.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def write_bundle(folder: Path, names: Iterable[str], target: Path, *, seeds: Mapping[str, int] | None = None) -> Path:
    """Pack the named files of `folder` into `target` with a manifest, and return `target`.

    The manifest holds the sha256 sums of the files and the `seeds` of what was drawn by chance. Names are relative to
    `folder`; a missing one raises FileNotFoundError, since a bundle with holes proves nothing.
    """
    contents = {name: (folder / name).read_bytes() for name in sorted(set(names))}
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    manifest = json.dumps({"files": sums, "seeds": dict(seeds or {})}, indent=1, sort_keys=True).encode() + b"\n"
    partial = target.with_suffix(".part")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in [(MANIFEST, manifest), *contents.items()]:
            entry = zipfile.ZipInfo(name, _NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return partial.replace(target)


def verify_bundle(path: Path) -> list[str]:
    """Return what is wrong with a bundle: files that changed, are missing or are not in its manifest."""
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist()) - {MANIFEST}
        sums: dict[str, str] = json.loads(archive.read(MANIFEST))["files"]
        wrong = [f"{name}: not in the manifest" for name in sorted(names - set(sums))]
        wrong += [f"{name}: missing" for name in sorted(set(sums) - names)]
        for name in sorted(names & set(sums)):
            if hashlib.sha256(archive.read(name)).hexdigest() != sums[name]:
                wrong.append(f"{name}: changed")
    return wrong
