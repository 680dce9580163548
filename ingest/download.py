"""A paper's file over HTTP: all of it or nothing, and nothing that is no paper."""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import time
import zlib
from typing import TYPE_CHECKING

from ingest.eprint_archive import is_tar
from ingest.patience import BUSY, BusyError, Patience, asked_wait
from ingest.web import asked, duration, reason, worth_another_try
from kb.errors import SourceError, UnreachableError

if TYPE_CHECKING:
    import httpx

_LARGEST = 200 * 2**20
_UNPACKED = 2**30
_GZIP = b"\x1f\x8b"
_WEB_PAGE = re.compile(rb"\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)


class UnfitError(UnreachableError):
    """An address answers, again and again, with something that is no paper or not all of one."""


class _IncompleteError(Exception):
    """A file that ends too early."""


class Downloads:
    """Fetch files of arXiv; `timeout` limits each silence of the server, `deadline` a whole file, both in seconds."""

    def __init__(self, patience: Patience, *, timeout: float = 60.0, deadline: float = 900.0) -> None:
        self._patience = patience
        self._timeout = timeout
        self._deadline = deadline

    def get(self, url: str) -> bytes | None:
        """Return the file at an address, None where there is none.

        A file that comes incomplete is fetched again. Raises UnreachableError where the server does not answer or
        asks for a pause, UnfitError where it refuses the file, sends a web page in its place or never all of it,
        SourceError for a file that is empty or larger than any paper.
        """
        import httpx

        try:
            return self._patience.call(
                lambda: self._once(url),
                lambda error: isinstance(error, _IncompleteError) or worth_another_try(error, httpx.TransportError),
            )
        except BusyError as error:
            message = f"arXiv answered {error.status} for {url}"
            raise UnreachableError(message, hint=advice(error.status, error.wait)) from error
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            if status in {404, 410}:
                return None
            message = f"arXiv answered {status} for {url}"
            raise UnfitError(message, hint=advice(status)) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            message = f"{url} could not be fetched: {reason(error)}"
            raise UnreachableError(message, hint="is the network up? Try again; what is fetched is kept") from error
        except _IncompleteError as error:
            message = f"{url} could not be fetched whole: {error}"
            raise UnfitError(message, hint="try again later, or ingest the paper from a file") from error

    def _once(self, url: str) -> bytes:
        started = time.monotonic()
        # Identity, and iter_raw below: a gzipped source must not be unpacked on the way.
        with asked(url, timeout=self._timeout, headers={"accept-encoding": "identity"}) as reply:
            if reply.status_code in BUSY:
                raise BusyError(reply.status_code, asked_wait(reply.headers))
            reply.raise_for_status()
            data = bytearray()
            for piece in reply.iter_raw():
                data += piece
                if len(data) > _LARGEST:
                    message = f"{url} is larger than {_LARGEST >> 20} MiB"
                    raise SourceError(message, hint="no paper is that large; ingest its PDF from a file instead")
                if time.monotonic() - started > self._deadline:
                    message = f"{url} is not here after {self._deadline:.0f} s"
                    raise UnreachableError(message, hint="the connection is too slow; try again later")
            _refuse_web_page(url, bytes(data), reply)
        if not data:
            message = f"{url} is an empty file"
            raise SourceError(message, hint="try again later; arXiv may still be preparing the source")
        if missing := _missing(bytes(data)):
            raise _IncompleteError(missing)
        return bytes(data)


def advice(status: int, wait: float | None = None) -> str:
    """Say what to do about a refusal of arXiv."""
    if wait:
        return f"arXiv asks to come back in {duration(wait)}; what is fetched is kept"
    if status in {403, 429}:
        return "arXiv asks for fewer requests; try again in some minutes"
    return "arXiv has trouble; try again later, what is fetched is kept"


def _refuse_web_page(url: str, data: bytes, reply: httpx.Response) -> None:
    head = data[:4096]
    if head.startswith(_GZIP):
        try:
            head = zlib.decompressobj(31).decompress(head, 4096)
        except zlib.error:
            return
    if _WEB_PAGE.match(head):
        message = f"{url} is a web page ({reply.headers.get('content-type', 'no type')}), not a paper's source"
        raise UnfitError(message, hint="arXiv may ask for a captcha or a pause; try again in some minutes")


def _missing(data: bytes) -> str:
    """Say what a file lacks at its end; a server may announce a wrong length, so that HTTP alone does not tell."""
    try:
        if data.startswith(_GZIP):
            unpacked = 0
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
                while unpacked < _UNPACKED and (piece := stream.read(2**20)):
                    unpacked += len(piece)
        elif is_tar(data[:512]):
            with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
                archive.getmembers()
    except (EOFError, OSError, zlib.error, tarfile.TarError) as error:
        return reason(error)
    if data.lstrip().startswith(b"%PDF-") and b"%%EOF" not in data[-4096:]:
        return f"the PDF breaks off after {len(data)} bytes"
    return ""
