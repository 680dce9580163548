"""GROBID as a reader of PDF structure: a PDF goes out, TEI comes back."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from ingest.patience import BusyError, Patience, asked_wait
from ingest.web import reason
from kb.errors import NoTextError, SourceError, UnreachableError

if TYPE_CHECKING:
    import requests
    from grobid_client.grobid_client import GrobidClient

COORDINATES = ("title", "head", "p", "s", "ref", "figure", "formula", "note", "biblStruct")
"""The elements whose page and box GROBID is asked for."""

_LARGEST = 64 * 2**20
_OK, _NO_CONTENT = 200, 204
# GROBID tells an unreadable PDF by 400 or 500; between us and it a proxy may speak.
_UNFIT = frozenset({400, 406, 413, 415, 422, 500})
_BUSY = frozenset({408, 425, 429, 502, 503, 504})
_TEI_BEGIN = re.compile(rb"<(?:\w+:)?TEI[\s>]")
_TEI_END = re.compile(rb"</(?:\w+:)?TEI>\s*\Z")


class _IncompleteError(Exception):
    """TEI that ends too early."""


class Grobid:
    """Ask the GROBID server at `base_url` (such as `http://localhost:8070`).

    A PDF may take `timeout` seconds. While all engines are at work (503), it is asked again up to `retries` times,
    `pause` seconds later or when it says.
    """

    def __init__(self, base_url: str, *, timeout: float = 180.0, retries: int = 5, pause: float = 5.0) -> None:
        self._base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._patience = Patience(retries=retries, first=pause, longest=max(60.0, pause))

    @property
    def base_url(self) -> str:
        """Where the server is."""
        return self._base_url

    def alive(self) -> bool:
        """Say whether the server answers."""
        import requests

        try:
            reply, status = self._client.get(self._client.get_server_url("isalive"), timeout=min(self._timeout, 10.0))
        except requests.RequestException:
            return False
        return status == _OK and reply.text.strip().lower() == "true"

    def fulltext(self, pdf: bytes, name: str = "paper.pdf") -> bytes:
        """Return the TEI of a PDF, with coordinates and without marks of sentences; `name` serves messages.

        Raises UnreachableError where the server does not answer, stays busy or answers with something else than TEI,
        SourceError for a PDF it cannot read, NoTextError for one without content.
        """
        import requests

        try:
            reply = self._patience.call(lambda: self._once(pdf, name), _again)
        except BusyError as error:
            message = f"GROBID at {self._base_url} answers {error.status}: it is busy"
            raise UnreachableError(message, hint="try again later, or give it more engines") from error
        except _IncompleteError as error:
            message = f"GROBID at {self._base_url} broke off: {error}"
            raise UnreachableError(message, hint="try again later; does a proxy stand between?") from error
        except requests.Timeout as error:
            message = f"GROBID at {self._base_url} did not read {name} within {self._timeout:g} s"
            raise UnreachableError(message, hint="is the server overloaded or the PDF very long?") from error
        except requests.RequestException as error:
            message = f"GROBID at {self._base_url} did not answer: {reason(error)}"
            raise UnreachableError(message, hint="is it running, and CUTBOOK_GROBID_URL right?") from error
        return self._checked(reply, name)

    @cached_property
    def _client(self) -> GrobidClient:
        with _no_log_configured():
            from grobid_client.grobid_client import GrobidClient

        class Quiet(GrobidClient):
            """Without a log of its own on the user's terminal."""

            DEFAULT_CONFIG = GrobidClient.DEFAULT_CONFIG | {"logging": {"level": "CRITICAL", "console": False}}

        return Quiet(grobid_server=self._base_url, coordinates=list(COORDINATES), check_server=False)

    def _once(self, pdf: bytes, name: str) -> requests.Response:
        # Not process_pdf: it tells a refused connection as 400, as if the PDF were bad, and waits for a busy server
        # without end.
        client = self._client
        reply, status = client.post(
            client.get_server_url("processFulltextDocument"),
            files={"input": (_plain(name), io.BytesIO(pdf), "application/pdf", {"Expires": "0"})},
            data={
                "teiCoordinates": client.config["coordinates"],
                "includeRawCitations": "1",
                # What other services know of the paper today would change its text from one day to the next.
                "consolidateHeader": "0",
                "consolidateCitations": "0",
            },
            timeout=self._timeout,
        )
        if status in _BUSY:
            raise BusyError(status, asked_wait(reply.headers))
        body = reply.content
        if status == _OK and _TEI_BEGIN.search(body[:4096]) and not _TEI_END.search(body[-4096:]):
            message = f"{len(body)} bytes of TEI without its end"
            raise _IncompleteError(message)
        return reply

    def _checked(self, reply: requests.Response, name: str) -> bytes:
        status, body = reply.status_code, reply.content
        if status == _NO_CONTENT or (status == _OK and not body.strip()):
            message = f"GROBID found no content in {name}"
            raise NoTextError(message, hint="is it a scan? Run it through OCR first")
        if status in _UNFIT:
            message = f"GROBID cannot read {name}: {_said(reply) or f'it answered {status}'}"
            raise SourceError(message, hint="the embedded PDF reader may manage")
        if status != _OK:
            message = f"GROBID at {self._base_url} answered {status}"
            raise UnreachableError(message, hint="is CUTBOOK_GROBID_URL the address of a GROBID server?")
        if len(body) > _LARGEST:
            message = f"GROBID's answer for {name} is larger than {_LARGEST >> 20} MiB"
            raise SourceError(message, hint="no paper is that long")
        if not _TEI_BEGIN.search(body[:4096]):
            kind = reply.headers.get("content-type", "something of no type")
            message = f"{self._base_url} answered with {kind}, not with TEI"
            raise UnreachableError(message, hint="is CUTBOOK_GROBID_URL the address of a GROBID server?")
        return body


@contextmanager
def _no_log_configured() -> Iterator[None]:
    """Keep a package from configuring the root log when it is imported, as grobid_client does if nobody has."""
    root, placeholder = logging.getLogger(), logging.NullHandler()
    root.addHandler(placeholder)
    try:
        yield
    finally:
        root.removeHandler(placeholder)


def _again(error: Exception) -> bool:
    """Say whether a reply broke off; a server that does not listen or is too slow will not mend within seconds."""
    import requests

    broken = (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError, _IncompleteError)
    return isinstance(error, broken)


def _said(reply: requests.Response) -> str:
    """Return GROBID's own words, as it writes them: `[BAD_INPUT_DATA] PDF to XML conversion failed`."""
    words = " ".join(reply.text.split())
    return words[:200] if words and not words.startswith("<") else ""


def _plain(name: str) -> str:
    """Write a file's name in ASCII: names beyond it make a form that GROBID's parser does not know."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name.rpartition("/")[2]) or "paper.pdf"
