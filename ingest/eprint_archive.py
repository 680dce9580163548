"""Archives from strangers, unpacked into memory: no links, devices, absolute paths, `..`, or bombs."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, Self

from kb.errors import SourceError, UnsafeArchiveError


@dataclass(frozen=True)
class ArchiveLimits:
    """What an archive may hold at most: number of members, bytes unpacked in all, bytes kept."""

    members: int = 20_000
    unpacked: int = 1 << 30
    kept: int = 128 << 20


# Long names and extended attributes stand in blocks of their own, which tarfile reads into memory as a whole.
_HEADER_LIMIT = 1 << 20
_HEADER_TYPES = frozenset(
    [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK]
)


class _Member(tarfile.TarInfo):
    """A member of an archive whose headers are no larger than any honest ones."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        member = super().frombuf(buf, encoding, errors)
        if member.type in _HEADER_TYPES and member.size > _HEADER_LIMIT:
            _too_much("the archive", f"a file name of {member.size >> 20} MB")
        return member


def is_tar(head: bytes) -> bool:
    """Say whether these first 512 bytes are a tar header (its checksum is right)."""
    if len(head) < 512:
        return False
    try:
        tarfile.TarInfo.frombuf(head[:512], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def read_archive(
    open_stream: Callable[[], io.BufferedIOBase],
    label: str,
    wanted: Callable[[str], bool],
    limits: ArchiveLimits | None = None,
) -> dict[str, bytes]:
    """Read the members whose names are wanted, by relative POSIX name, in the archive's order.

    Raises UnsafeArchiveError for a member that tarfile's data filter refuses, for any link, and past the limits;
    SourceError where the archive is broken.
    """
    limits = limits or ArchiveLimits()
    files: dict[str, bytes] = {}
    unpacked = kept = 0
    try:
        with open_stream() as stream, tarfile.open(fileobj=stream, mode="r|", errorlevel=2, tarinfo=_Member) as archive:
            for count, member in enumerate(archive, start=1):
                _refuse_unsafe(member, label)
                unpacked += member.size
                if count > limits.members:
                    _too_much(label, f"more than {limits.members} files")
                if unpacked > limits.unpacked:
                    _too_much(label, f"more than {limits.unpacked >> 20} MB unpacked")
                name = relative_name(_readable(member.name))
                if not member.isreg() or not name or not wanted(name):
                    continue
                kept += member.size
                if kept > limits.kept:
                    _too_much(label, f"more than {limits.kept >> 20} MB of text")
                content = archive.extractfile(member)
                files[name] = content.read() if content else b""
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, OSError) as error:
        msg = f"{label} is a broken archive: {error}"
        raise SourceError(msg, hint="Fetch it again; it was probably cut off on the way.") from error
    return files


def relative_name(name: str) -> str:
    """Write a path as relative POSIX without `.` and `..`; empty where it leads out of its root."""
    parts: list[str] = []
    for part in name.replace("\\", "/").split("/"):
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _refuse_unsafe(member: tarfile.TarInfo, label: str) -> None:
    hint = "Papers do not need this; do not unpack the file by hand without a look into it."
    name = _readable(member.name)
    problem = ""
    if member.issym() or member.islnk():
        problem = f"a link ({name!r})"
    elif member.ischr() or member.isblk() or member.isfifo():
        problem = f"a device ({name!r})"
    elif name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        problem = f"an absolute path ({name!r})"
    elif ".." in name.replace("\\", "/").split("/"):
        problem = f"a path with '..' ({name!r})"
    if problem:
        msg = f"{label} holds {problem}"
        raise UnsafeArchiveError(msg, hint=hint)
    try:
        tarfile.data_filter(member, "/")
    except tarfile.FilterError as error:
        msg = f"{label} holds an unsafe member: {error}"
        raise UnsafeArchiveError(msg, hint=hint) from error


def _too_much(label: str, what: str) -> NoReturn:
    msg = f"{label} holds {what}"
    raise UnsafeArchiveError(
        msg, hint="It looks like an archive bomb; if it is genuine, ingest the paper's PDF instead."
    )


def _readable(name: str) -> str:
    """Undo tarfile's escapes for names that are not UTF-8: they are taken for western ones."""
    raw = name.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
