"""Files of the CERN Open Data portal, by record: fetched over HTTPS, checked, and gone on with where they broke off."""

from __future__ import annotations

import fnmatch
import hashlib
import re
import tomllib
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ingest.patience import BUSY, BusyError, Patience, asked_wait
from ingest.web import reason
from kb.errors import DataError, DatasetNotFoundError, InputError, UnreachableError

if TYPE_CHECKING:
    import httpx

_RECORDS = Path(__file__).with_name("records.toml")
_AGENT = "cutbook (reads open data)"
_PIECE = 1 << 20
_EOS = re.compile(r"^root://[\w.-]+/+(?=eos/)")
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}

Progress = Callable[[str, int, int], None]
"""Told the name of a file, and how much of how many bytes are here."""


@dataclass(frozen=True)
class KnownRecord:
    """A record with a name of its own."""

    name: str
    record: int
    title: str
    only: str = "*"


@dataclass(frozen=True)
class RemoteFile:
    """A file of a record; `checksum` is written `adler32:0a1b2c3d`."""

    name: str
    url: str
    size: int
    checksum: str


@dataclass(frozen=True)
class Record:
    """What the portal tells of a record."""

    id: int
    title: str
    files: tuple[RemoteFile, ...]


class _IncompleteError(Exception):
    """A transfer that ended too early."""


@cache
def known_records() -> dict[str, KnownRecord]:
    """Return the records of `records.toml` by name."""
    entries = tomllib.loads(_RECORDS.read_text(encoding="utf-8"))
    return {name: KnownRecord(name, **entry) for name, entry in entries.items()}


def record_of(name: str) -> KnownRecord:
    """Return the record of a name or a number; DatasetNotFoundError lists the names."""
    if name.isdecimal():
        return KnownRecord(f"record-{name}", int(name), f"record {name} of the CERN Open Data portal")
    if name not in known_records():
        message = f"no open data are known by the name '{name}'"
        raise DatasetNotFoundError(message, hint=f"known: {', '.join(known_records())}; or give the record's number")
    return known_records()[name]


class OpenData:
    """The portal at `base_url`, which must be HTTPS, or loopback; what breaks off is tried `retries` times more."""

    def __init__(self, base_url: str, *, retries: int = 4, timeout: float = 60.0, first: float = 1.0) -> None:
        parts = urlsplit(base_url)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            message = f"open data are fetched over HTTPS, not from {base_url}"
            raise InputError(message, hint="set CUTBOOK_OPENDATA_URL to an https:// address")
        self._base = base_url.rstrip("/")
        self._timeout = timeout
        self._patience = Patience(retries=retries, first=first)

    def record(self, number: int) -> Record:
        """Ask the portal for a record.

        Raises DatasetNotFoundError for a number it does not know, UnreachableError where it does not answer.
        """
        import httpx

        url = f"{self._base}/api/records/{number}"
        try:
            reply = self._patience.call(lambda: self._asked(url), lambda error: isinstance(error, httpx.TransportError))
            told = reply.json()
            metadata = told.get("metadata", told)
            listed = [*metadata.get("files", []), *metadata.get("_files", [])]
            listed += [file for index in metadata.get("_file_indices", []) for file in index.get("files", [])]
            files = {file.name: file for file in map(self._file, listed)}
        except httpx.HTTPStatusError as error:
            if error.response.status_code in {404, 410}:
                message = f"the portal has no record {number}"
                raise DatasetNotFoundError(message, hint=f"search at {self._base}") from error
            raise _unreachable(url, error) from error
        except (httpx.HTTPError, BusyError) as error:
            raise _unreachable(url, error) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"{url} does not describe a record: {error}"
            raise UnreachableError(message, hint="the portal may be under maintenance; try again later") from error
        return Record(number, str(metadata.get("title", "")), tuple(files.values()))

    def fetch(self, file: RemoteFile, folder: Path, progress: Progress = lambda *_: None) -> Path:
        """Bring a file into a folder and return its path; one that is there and whole is not fetched again.

        What is not whole yet is kept as `NAME.part`, and gone on with. Raises UnreachableError where the transfer
        fails, DataError where the bytes are not those of the portal's checksum.
        """
        import httpx

        target, part = folder / file.name, folder / f"{file.name}.part"
        if target.is_file() and target.stat().st_size == file.size and _checksum(target, file) == file.checksum:
            progress(file.name, file.size, file.size)
            return target
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self._patience.call(
                lambda: self._go_on(file, part, progress),
                lambda error: isinstance(error, httpx.TransportError | _IncompleteError),
            )
        except (httpx.HTTPError, BusyError, _IncompleteError) as error:
            raise _unreachable(file.url, error) from error
        except OSError as error:
            message = f"cannot write {part}: {error.strerror or error}"
            raise InputError(message, hint="free space on its disk, or choose another folder by --out") from error
        if (found := _checksum(part, file)) != file.checksum:
            part.unlink()
            message = f"{file.name} came with the checksum {found}, not {file.checksum}"
            raise DataError(message, hint="fetch it again")
        part.replace(target)
        return target

    def _file(self, told: dict[str, Any]) -> RemoteFile:
        uri, size, checksum = str(told["uri"]), int(told["size"]), str(told["checksum"]).casefold()
        name = PurePosixPath(urlsplit(uri).path).name
        if not re.fullmatch(r"[\w+=,@-][\w.+=,@-]*", name):
            msg = f"'{name}' is no name for a file"
            raise ValueError(msg)
        url = _EOS.sub(f"{self._base}/", uri)
        if urlsplit(url).scheme != "https" and not url.startswith(f"{self._base}/"):
            msg = f"{uri} is not to be had over HTTPS"
            raise ValueError(msg)
        if checksum.partition(":")[0] not in {"adler32", *hashlib.algorithms_guaranteed}:
            msg = f"the checksum '{checksum}' is of no known kind"
            raise ValueError(msg)
        return RemoteFile(name, url, size, checksum)

    def _asked(self, url: str) -> httpx.Response:
        import httpx

        headers = {"user-agent": _AGENT, "accept": "application/json"}
        reply = httpx.get(url, headers=headers, timeout=self._timeout, follow_redirects=True)
        if reply.status_code in BUSY:
            raise BusyError(reply.status_code, asked_wait(reply.headers))
        return reply.raise_for_status()

    def _go_on(self, file: RemoteFile, part: Path, progress: Progress) -> None:
        """Fetch what is missing of a file; the part of it that is here is kept whatever happens."""
        import httpx

        here = part.stat().st_size if part.is_file() else 0
        if here > file.size:
            part.unlink()
            here = 0
        progress(file.name, here, file.size)
        if here == file.size and part.is_file():
            return
        headers = {"user-agent": _AGENT, "accept-encoding": "identity"}
        headers |= {"range": f"bytes={here}-"} if here else {}
        with httpx.stream("GET", file.url, headers=headers, timeout=self._timeout, follow_redirects=True) as reply:
            if reply.status_code in BUSY:
                raise BusyError(reply.status_code, asked_wait(reply.headers))
            reply.raise_for_status()
            if reply.status_code != httpx.codes.PARTIAL_CONTENT:
                here = 0  # the server begins anew
            with part.open("ab" if here else "wb") as kept:
                for piece in reply.iter_raw():
                    kept.write(piece)
                    here += len(piece)
                    progress(file.name, min(here, file.size), file.size)
                    if here > file.size:
                        break
        if here != file.size:
            if here > file.size:
                part.unlink()
            message = f"{here} of {file.size} bytes came"
            raise _IncompleteError(message)


def wanted(record: Record, only: str) -> tuple[RemoteFile, ...]:
    """Return the files of a record whose names fit a pattern; DataError where none does."""
    found = tuple(file for file in record.files if fnmatch.fnmatch(file.name, only))
    if not found:
        names = ", ".join(file.name for file in record.files[:5]) or "none at all"
        message = f"record {record.id} has no file '{only}'"
        raise DataError(message, hint=f"it has {len(record.files)} files: {names}{' …' * (len(record.files) > 5)}")
    return found


def unpack(archives: Sequence[Path], folder: Path) -> list[Path]:
    """Take the ROOT files out of zip archives, each beside the others; DataError for one that is damaged."""
    taken: list[Path] = []
    for path in archives:
        try:
            with zipfile.ZipFile(path) as archive:
                for member in archive.infolist():
                    name = PurePosixPath(member.filename).name
                    if member.is_dir() or not re.fullmatch(r"[\w+=,@-][\w.+=,@-]*\.root", name):
                        continue
                    target = folder / name
                    if target.is_file() and target.stat().st_size == member.file_size:
                        continue
                    part = folder / f"{name}.part"
                    with archive.open(member) as packed, part.open("wb") as kept:
                        while piece := packed.read(_PIECE):
                            kept.write(piece)
                    taken.append(part.replace(target))
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            message = f"{path} is no whole zip archive: {error}"
            raise DataError(message, hint="fetch it again") from error
    return taken


def _checksum(path: Path, file: RemoteFile) -> str:
    kind = file.checksum.partition(":")[0]
    with path.open("rb") as kept:
        if kind != "adler32":
            return f"{kind}:{hashlib.file_digest(kept, kind).hexdigest()}"
        value = 1
        while piece := kept.read(_PIECE):
            value = zlib.adler32(piece, value)
    return f"{kind}:{value:08x}"


def _unreachable(url: str, error: Exception) -> UnreachableError:
    told = f"the answer was {error.status}" if isinstance(error, BusyError) else reason(error)
    return UnreachableError(
        f"{url} could not be fetched: {told}", hint="try again: what is here is kept and gone on with"
    )
