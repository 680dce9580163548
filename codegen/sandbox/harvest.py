"""Bring results out of a sandbox: regular files only, capped in size, parsed by formats that cannot run code."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kb.errors import AnalysisError

if TYPE_CHECKING:
    import numpy as np

# Masks compress well, but memory is finite: unpacked, an archive may be this many times the limit.
LARGEST_EXPANSION = 16


def collect(folder: int, output: Path, *, file_bytes: int, total_bytes: int, files: int) -> tuple[list[str], list[str]]:
    """Copy the regular files of an open folder into `output`, and tell which came and which stayed, because.

    Follows no link and opens nothing that is not a regular file, so that neither a pipe nor a device can hold it up.
    Existing files of the same name are replaced; an existing link is replaced, not written through.
    """
    output.mkdir(parents=True, exist_ok=True)
    arrived: list[str] = []
    left: list[str] = []
    room = total_bytes
    for name in sorted(os.listdir(folder)):
        shown = ascii(name)[1:-1]
        about = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(about.st_mode):
            left.append(f"{shown}: not a regular file")
        elif shown != name or name.startswith("."):
            left.append(f"{shown}: its name is not plain")
        elif about.st_nlink != 1:
            left.append(f"{shown}: has more than one name")
        elif about.st_size > min(file_bytes, room):
            left.append(f"{shown}: too large ({about.st_size} bytes)")
        elif len(arrived) == files:
            left.append(f"{shown}: more than {files} files")
        else:
            room -= about.st_size
            _copy(folder, name, output / name, about.st_size)
            arrived.append(name)
    return arrived, left


def _copy(folder: int, name: str, target: Path, size: int) -> None:
    source = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    with os.fdopen(source, "rb") as reader:
        if not stat.S_ISREG(os.fstat(source).st_mode):
            return
        target.unlink(missing_ok=True)
        with target.open("xb") as writer:
            while size > 0 and (part := reader.read(min(size, 1 << 20))):
                writer.write(part)
                size -= len(part)


def _read(output: Path, name: str, limit: int) -> bytes:
    path = output / name
    if Path(name).name != name:
        message = f"a result's name is a plain file name, not {name!r}"
        raise AnalysisError(message)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as problem:
        message = f"the analysis left no readable file {name}: {problem.strerror}"
        raise AnalysisError(message, hint="look at what the analysis printed") from problem
    with os.fdopen(descriptor, "rb") as reader:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            message = f"{name} is not a regular file"
            raise AnalysisError(message)
        content = reader.read(limit + 1)
    if len(content) > limit:
        message = f"{name} is larger than {limit} bytes"
        raise AnalysisError(message, hint="raise the limit if such a result is expected")
    return content


def _number(text: str) -> float:
    message = f"{text} is no number that a result may hold"
    raise ValueError(message)


def read_json(output: Path, name: str, limit: int) -> Any:
    """Read a JSON file of at most `limit` bytes; NaN and infinity are refused.

    Raises `AnalysisError` when it is absent, a link, too large, or no JSON.
    """
    content = _read(output, name, limit)
    try:
        return json.loads(content.decode("utf-8"), parse_constant=_number)
    except (ValueError, RecursionError) as problem:
        message = f"{name} is not valid JSON: {problem}"
        raise AnalysisError(message, hint="look at what the analysis printed") from problem


def read_arrays(output: Path, name: str, limit: int) -> dict[str, np.ndarray[Any, Any]]:
    """Read an npz file of at most `limit` bytes into arrays of numbers or booleans; pickled objects are refused.

    Unpacked, it may hold at most 16 times `limit`.
    Raises `AnalysisError` when it is absent, a link, too large, or no npz.
    """
    import numpy as np

    content = _read(output, name, limit)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            promised = sum(member.file_size for member in archive.infolist())
        if promised > limit * LARGEST_EXPANSION:
            message = f"{name} unpacks to {promised} bytes"
            raise AnalysisError(message, hint="raise the limit if such a result is expected")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return {key: np.asarray(arrays[key]) for key in arrays.files}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, NotImplementedError) as problem:
        message = f"{name} is not a valid npz file of plain arrays: {problem}"
        raise AnalysisError(message, hint="look at what the analysis printed") from problem
