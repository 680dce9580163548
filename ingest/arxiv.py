"""arXiv as a source of papers: metadata by the `arxiv` client, source files by HTTP, all of it kept by version."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.download import Downloads, UnfitError, advice
from ingest.eprint import is_withdrawal
from ingest.identifiers import Identifier, parse_identifier
from ingest.patience import BUSY, BusyError, Patience, asked_wait
from ingest.web import reason, worth_another_try
from kb.errors import IdentifierError, PaperNotFoundError, SourceError, UnreachableError

if TYPE_CHECKING:
    import arxiv

_OK = 200
# What a version's folder says of the file that was fetched, and of the PDF beside a source that cannot be read.
_RECORD, _PDF_RECORD = "paper.json", "pdf.json"
_FEED_END = re.compile(rb"</(?:\w+:)?feed>\s*\Z")
_WITHDRAWN = re.compile(r"\bwithdrawn\b", re.IGNORECASE)


class _NoFeedError(Exception):
    """An answer of the API that is no Atom feed, or not all of one."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What arXiv tells about one version of a paper."""

    arxiv_id: str
    version: int
    title: str = ""
    authors: tuple[str, ...] = ()
    summary: str = ""
    published: str = ""
    doi: str | None = None
    primary_category: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A paper's source as it came: an archive or a single file of LaTeX, or else a PDF; `note` says why that."""

    metadata: Metadata
    name: str
    data: bytes
    sha256: str
    from_cache: bool
    note: str = ""

    @property
    def arxiv_id(self) -> str:
        """The id without its version."""
        return self.metadata.arxiv_id

    @property
    def version(self) -> int:
        """The version that was fetched."""
        return self.metadata.version


class ArxivSource:
    """Fetch papers once and keep them in `cache`; base URLs are those of arXiv or of a mirror.

    At most one request is made per `delay` seconds, as arXiv's terms of use ask, also by one process after another.
    Answers of 429 and 5xx and broken
    ones are tried again `retries` times, after the time the answer names (at most `longest_wait` seconds). `timeout`
    limits each silence of the server, `deadline` the download of one file.
    """

    def __init__(
        self,
        *,
        api_url: str,
        eprint_url: str,
        pdf_url: str,
        cache: Path,
        delay: float = 3.0,
        retries: int = 3,
        timeout: float = 60.0,
        deadline: float = 900.0,
        longest_wait: float = 120.0,
    ) -> None:
        self._api_url = api_url
        self._eprint_url = eprint_url.rstrip("/")
        self._pdf_url = pdf_url.rstrip("/")
        self._cache = cache
        self._timeout = timeout
        self._patience = Patience(delay=delay, retries=retries, longest=longest_wait, trace=cache / "asked")
        self._downloads = Downloads(self._patience, timeout=timeout, deadline=deadline)

    def fetch(self, identifier: Identifier, *, refresh: bool = False) -> Fetched:
        """Return a paper's source: from the cache where it is there, from arXiv else.

        Without a version the newest one in the cache is taken, unless `refresh` asks arXiv for a newer one, and for
        the source of a paper of which only the PDF was to be had. LaTeX is preferred, the PDF taken where arXiv has
        no source or hands out none that is one. Raises PaperNotFoundError for an id that arXiv does not know and for
        a withdrawn paper, UnreachableError where arXiv does not answer, SourceError where the answer is no paper.
        """
        kept = None if refresh else self._kept(identifier)
        if kept is not None:
            return kept
        metadata = self.metadata(identifier)
        kept = self._kept(Identifier(metadata.arxiv_id, metadata.version))
        if kept is not None and not (refresh and kept.note):
            return kept
        return self._keep(metadata, *self._download(metadata))

    def pdf(self, source: Fetched) -> Fetched | None:
        """Return the PDF of a paper whose source cannot be read, None where arXiv has none.

        Raises PaperNotFoundError where the source says that the paper was withdrawn, else as `fetch`.
        """
        metadata = source.metadata
        if is_withdrawal(source.data):
            raise _withdrawn(metadata)
        kept = self._kept(Identifier(metadata.arxiv_id, metadata.version), _PDF_RECORD)
        if kept is not None:
            return kept
        data = self._downloads.get(f"{self._pdf_url}/{metadata.arxiv_id}v{metadata.version}")
        return self._keep(metadata, data, record_name=_PDF_RECORD) if data is not None else None

    def metadata(self, identifier: Identifier) -> Metadata:
        """Ask arXiv's API about a paper."""
        import arxiv
        import requests

        def ask() -> list[arxiv.Result]:
            return list(self._client.results(arxiv.Search(id_list=[str(identifier)])))

        try:
            found = self._patience.call(
                ask,
                lambda error: isinstance(error, _NoFeedError) or worth_another_try(error, requests.RequestException),
            )
        except arxiv.HTTPError as error:
            if error.status in {400, 404}:
                raise _unknown(identifier) from error
            message = f"arXiv's API answered {error.status} for {identifier}"
            raise UnreachableError(message, hint=advice(error.status)) from error
        except BusyError as error:
            message = f"arXiv's API answered {error.status} for {identifier}"
            raise UnreachableError(message, hint=advice(error.status, error.wait)) from error
        except _NoFeedError as error:
            message = f"arXiv's API at {self._api_url} answered with {error}, not with a whole feed"
            raise UnreachableError(message, hint="arXiv may ask for a pause; try again in some minutes") from error
        except (requests.RequestException, arxiv.ArxivError) as error:
            message = f"arXiv's API at {self._api_url} did not answer: {reason(error)}"
            raise UnreachableError(
                message, hint="is the network up? CUTBOOK_ARXIV_API_URL may name a mirror"
            ) from error
        if not found or "/api/errors" in found[0].entry_id:
            raise _unknown(identifier)
        return _metadata(found[0], identifier)

    @cached_property
    def _client(self) -> arxiv.Client:
        import arxiv
        from requests.adapters import HTTPAdapter

        patience = self._timeout

        class OneTry(HTTPAdapter):
            """What the client leaves out: a time limit, the wait that a busy server asks for, a look at the body."""

            def send(self, *args: Any, **kwargs: Any) -> Any:
                reply = super().send(*args, **{**kwargs, "timeout": patience})
                if reply.status_code in BUSY:
                    reply.close()
                    raise BusyError(reply.status_code, asked_wait(reply.headers))
                if reply.status_code == _OK and not _FEED_END.search(reply.content):
                    raise _NoFeedError(reply.headers.get("content-type", "something of no type"))
                return reply

        # Pauses and retries are ours: the client's own know nothing of Retry-After nor of the downloads between.
        client = arxiv.Client(page_size=1, delay_seconds=0.0, num_retries=0)
        client.query_url_format = self._api_url + "?{}"
        for scheme in ("http://", "https://"):
            client._session.mount(scheme, OneTry())
        return client

    def _download(self, metadata: Metadata) -> tuple[bytes, str]:
        """Return the source, or else the PDF and why it is that."""
        name = f"{metadata.arxiv_id}v{metadata.version}"
        unfit: SourceError | UnfitError | None = None
        try:
            data = self._downloads.get(f"{self._eprint_url}/{name}")
        except (SourceError, UnfitError) as error:
            data, unfit = None, error
        if data is not None:
            if is_withdrawal(data):
                raise _withdrawn(metadata)
            return data, ""
        try:
            data = self._downloads.get(f"{self._pdf_url}/{name}")
        except (SourceError, UnreachableError) as error:
            raise unfit or error from error
        if data is not None:
            why = f"{unfit.message}; --refresh asks for it again" if unfit else "arXiv has no source of it"
            return data, f"it is read from its PDF: {why}"
        if _WITHDRAWN.search(metadata.comment) or _WITHDRAWN.search(metadata.summary):
            raise _withdrawn(metadata)
        if unfit:
            raise unfit
        message = f"arXiv has neither source nor PDF of {name}"
        raise PaperNotFoundError(message, hint="another version may be there: add v1 to the id")

    def _folder(self, identifier: Identifier) -> Path:
        return self._cache / identifier.arxiv_id.replace("/", ".") / f"v{identifier.version}"

    def _kept(self, identifier: Identifier, record_name: str = _RECORD) -> Fetched | None:
        if identifier.version is None:
            folder = self._cache / identifier.arxiv_id.replace("/", ".")
            versions = [int(name) for path in folder.glob("v*") if (name := path.name[1:]).isdecimal()]
            found = (self._kept(Identifier(identifier.arxiv_id, version)) for version in sorted(versions, reverse=True))
            return next((fetched for fetched in found if fetched is not None), None)
        folder = self._folder(identifier)
        try:
            record = json.loads((folder / record_name).read_text(encoding="utf-8"))
            data = (folder / record["name"]).read_bytes()
        except (OSError, ValueError, KeyError):
            return None
        if hashlib.sha256(data).hexdigest() != record["sha256"]:
            return None
        metadata = Metadata(**{**record["metadata"], "authors": tuple(record["metadata"]["authors"])})
        return Fetched(metadata, record["name"], data, record["sha256"], from_cache=True, note=record.get("note", ""))

    def _keep(self, metadata: Metadata, data: bytes, note: str = "", *, record_name: str = _RECORD) -> Fetched:
        folder = self._folder(Identifier(metadata.arxiv_id, metadata.version))
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"{metadata.arxiv_id.replace('/', '.')}v{metadata.version}"
        name = stem + (".pdf" if data.startswith(b"%PDF-") else ".tar.gz" if data[:2] == b"\x1f\x8b" else ".tex")
        fetched = Fetched(metadata, name, data, hashlib.sha256(data).hexdigest(), from_cache=False, note=note)
        record = {"name": name, "sha256": fetched.sha256, "metadata": asdict(metadata), "note": note}
        _write(folder / name, data)
        # The record comes last: while it is missing, the paper counts as not fetched.
        _write(folder / record_name, json.dumps(record, indent=1, ensure_ascii=False).encode())
        return fetched


def _write(path: Path, data: bytes) -> None:
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    partial.write_bytes(data)
    partial.replace(path)


def _metadata(result: arxiv.Result, asked: Identifier) -> Metadata:
    try:
        found = parse_identifier(result.entry_id)
    except IdentifierError:
        found = asked
    return Metadata(
        arxiv_id=found.arxiv_id,
        version=found.version or asked.version or 1,
        title=" ".join(result.title.split()),
        authors=tuple(author.name for author in result.authors),
        summary=" ".join(result.summary.split()),
        published=result.published.isoformat(),
        doi=result.doi or None,
        primary_category=result.primary_category,
        comment=" ".join((result.comment or "").split()),
    )


def _unknown(identifier: Identifier) -> PaperNotFoundError:
    message = f"arXiv has no paper {identifier}"
    return PaperNotFoundError(message, hint="check the number (and the version) at arxiv.org")


def _withdrawn(metadata: Metadata) -> PaperNotFoundError:
    message = f"{metadata.arxiv_id}v{metadata.version} is withdrawn from arXiv"
    if metadata.comment:
        message += f": {metadata.comment}"
    if metadata.version > 1:
        return PaperNotFoundError(message, hint=f"an earlier version: {metadata.arxiv_id}v{metadata.version - 1}")
    return PaperNotFoundError(message, hint="it has no earlier version")
