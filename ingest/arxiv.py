"""arXiv as a source of papers: metadata by the `arxiv` client, source files by HTTP, all of it kept by version."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.identifiers import Identifier, parse_identifier
from kb.errors import FaultError, IdentifierError, PaperNotFoundError, SourceError, UnreachableError

if TYPE_CHECKING:
    import arxiv
    import httpx

_AGENT = "cutbook (https://arxiv.org/help/api; reads event selections)"
_LARGEST = 200 * 2**20
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})


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


@dataclass(frozen=True, slots=True)
class Fetched:
    """A paper's source as it came: an archive or a single file of LaTeX, or else a PDF."""

    metadata: Metadata
    name: str
    data: bytes
    sha256: str
    from_cache: bool

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

    At most one request is made per `delay` seconds, as arXiv's terms of use ask. Answers of 429 and 5xx are tried
    again `retries` times, after the time the answer names.
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
    ) -> None:
        self._api_url = api_url
        self._eprint_url = eprint_url.rstrip("/")
        self._pdf_url = pdf_url.rstrip("/")
        self._cache = cache
        self._delay = delay
        self._retries = retries
        self._timeout = timeout
        self._last_request = float("-inf")

    def fetch(self, identifier: Identifier, *, refresh: bool = False) -> Fetched:
        """Return a paper's source: from the cache where it is there, from arXiv else.

        Without a version the newest one in the cache is taken, unless `refresh` asks arXiv for a newer one. LaTeX is
        preferred, the PDF taken where arXiv has no source. Raises PaperNotFoundError for an id that arXiv does not
        know, UnreachableError where it does not answer, SourceError where the answer is no paper.
        """
        kept = None if refresh else self._kept(identifier)
        if kept is not None:
            return kept
        metadata = self.metadata(identifier)
        known = Identifier(metadata.arxiv_id, metadata.version)
        return self._kept(known) or self._keep(metadata, self._download(known))

    def metadata(self, identifier: Identifier) -> Metadata:
        """Ask arXiv's API about a paper."""
        import arxiv
        import requests

        self._wait()
        try:
            found = list(self._client.results(arxiv.Search(id_list=[str(identifier)])))
        except arxiv.HTTPError as error:
            if error.status in {400, 404}:
                raise _unknown(identifier) from error
            message = f"arXiv's API answered {error.status} for {identifier}"
            raise UnreachableError(message, hint=_hint(error.status)) from error
        except (requests.RequestException, arxiv.ArxivError) as error:
            message = f"arXiv's API at {self._api_url} did not answer: {_reason(error)}"
            raise UnreachableError(
                message, hint="is the network up? CUTBOOK_ARXIV_API_URL may name a mirror"
            ) from error
        finally:
            self._last_request = time.monotonic()
        if not found or "/api/errors" in found[0].entry_id:
            raise _unknown(identifier)
        return _metadata(found[0], identifier)

    @cached_property
    def _client(self) -> arxiv.Client:
        import arxiv
        from requests.adapters import HTTPAdapter

        patience = self._timeout

        class Impatient(HTTPAdapter):
            """The client sets no time limit of its own and would wait forever for a silent server."""

            def send(self, *args: Any, **kwargs: Any) -> Any:
                return super().send(*args, **{**kwargs, "timeout": patience})

        client = arxiv.Client(page_size=1, delay_seconds=self._delay, num_retries=self._retries)
        client.query_url_format = self._api_url + "?{}"
        for scheme in ("http://", "https://"):
            client._session.mount(scheme, Impatient())
        return client

    def _wait(self) -> None:
        time.sleep(max(0.0, self._last_request + self._delay - time.monotonic()))

    def _download(self, identifier: Identifier) -> bytes:
        source = self._get(f"{self._eprint_url}/{identifier}")
        data = source if source is not None else self._get(f"{self._pdf_url}/{identifier}")
        if data is None:
            message = f"arXiv has neither source nor PDF of {identifier}"
            raise PaperNotFoundError(
                message, hint="the paper may be withdrawn; an earlier version may be there: add v1"
            )
        return data

    def _get(self, url: str) -> bytes | None:
        """Download, patiently; None where there is nothing at this address."""
        import httpx
        import stamina

        def again(error: Exception) -> bool | float:
            if isinstance(error, httpx.HTTPStatusError):
                if error.response.status_code not in _RETRIED:
                    return False
                wait = error.response.headers.get("retry-after", "")
                return min(float(wait), self._timeout) if wait.isdecimal() else True
            return isinstance(error, httpx.TransportError)

        try:
            for attempt in stamina.retry_context(
                on=again,
                attempts=self._retries + 1,
                timeout=None,
                wait_initial=max(self._delay, 0.01),
                wait_jitter=self._delay,
                wait_max=60,
            ):
                with attempt:
                    return self._get_once(url)
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            if status in {404, 410}:
                return None
            message = f"arXiv answered {status} for {url}"
            raise UnreachableError(message, hint=_hint(status)) from error
        except httpx.HTTPError as error:
            message = f"{url} could not be fetched: {_reason(error)}"
            raise UnreachableError(message, hint="is the network up? Try again; what is fetched is kept") from error
        message = "the retry loop ended without an answer"
        raise FaultError(message)

    def _get_once(self, url: str) -> bytes:
        import httpx

        self._wait()
        try:
            headers = {"user-agent": _AGENT, "accept-encoding": "identity"}
            with httpx.stream("GET", url, headers=headers, timeout=self._timeout, follow_redirects=True) as reply:
                reply.raise_for_status()
                # iter_raw: a gzipped source must not be unpacked on the way.
                data = bytearray()
                for piece in reply.iter_raw():
                    data += piece
                    if len(data) > _LARGEST:
                        message = f"{url} is larger than {_LARGEST >> 20} MiB"
                        raise SourceError(message, hint="no paper is that large; ingest its PDF from a file instead")
                _check_body(url, bytes(data), reply)
        finally:
            self._last_request = time.monotonic()
        return bytes(data)

    def _folder(self, identifier: Identifier) -> Path:
        return self._cache / identifier.arxiv_id.replace("/", ".") / f"v{identifier.version}"

    def _kept(self, identifier: Identifier) -> Fetched | None:
        if identifier.version is None:
            folder = self._cache / identifier.arxiv_id.replace("/", ".")
            versions = [int(name) for path in folder.glob("v*") if (name := path.name[1:]).isdecimal()]
            found = (self._kept(Identifier(identifier.arxiv_id, version)) for version in sorted(versions, reverse=True))
            return next((fetched for fetched in found if fetched is not None), None)
        folder = self._folder(identifier)
        try:
            record = json.loads((folder / "paper.json").read_text(encoding="utf-8"))
            data = (folder / record["name"]).read_bytes()
        except (OSError, ValueError, KeyError):
            return None
        if hashlib.sha256(data).hexdigest() != record["sha256"]:
            return None
        metadata = Metadata(**{**record["metadata"], "authors": tuple(record["metadata"]["authors"])})
        return Fetched(metadata, record["name"], data, record["sha256"], from_cache=True)

    def _keep(self, metadata: Metadata, data: bytes) -> Fetched:
        folder = self._folder(Identifier(metadata.arxiv_id, metadata.version))
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"{metadata.arxiv_id.replace('/', '.')}v{metadata.version}"
        name = stem + (".pdf" if data.startswith(b"%PDF-") else ".tar.gz" if data[:2] == b"\x1f\x8b" else ".tex")
        fetched = Fetched(metadata, name, data, hashlib.sha256(data).hexdigest(), from_cache=False)
        record = {"name": name, "sha256": fetched.sha256, "metadata": asdict(metadata)}
        _write(folder / name, data)
        # The record comes last: while it is missing, the paper counts as not fetched.
        _write(folder / "paper.json", json.dumps(record, indent=1, ensure_ascii=False).encode())
        return fetched


def _write(path: Path, data: bytes) -> None:
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(data)
    partial.replace(path)


def _check_body(url: str, data: bytes, reply: httpx.Response) -> None:
    if not data:
        message = f"{url} is an empty file"
        raise SourceError(message, hint="try again later; arXiv may still be preparing the source")
    if data[:200].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        message = f"{url} is a web page ({reply.headers.get('content-type', 'no type')}), not a paper's source"
        raise UnreachableError(message, hint="arXiv may ask for a captcha or a pause; try again in some minutes")


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
    )


def _unknown(identifier: Identifier) -> PaperNotFoundError:
    message = f"arXiv has no paper {identifier}"
    return PaperNotFoundError(message, hint="check the number (and the version) at arxiv.org")


def _hint(status: int) -> str:
    if status in {403, 429}:
        return "arXiv asks for fewer requests; try again in some minutes"
    return "arXiv has trouble; try again later, what is fetched is kept"


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
