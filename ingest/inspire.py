"""INSPIRE as a source of names and references: asked politely, answers kept on disk."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ingest.identifiers import Handle, Identifier
from ingest.inspire_records import FIELDS, LIST_FIELDS, Entry, Record, record_of, trimmed
from ingest.pace import Pace
from ingest.patience import BUSY, BusyError, Patience, asked_wait
from ingest.web import asked, duration, reason, worth_another_try
from kb.errors import PaperNotFoundError, UnreachableError

_LARGEST = 100 * 2**20
_PAGE = 500
_MISS_KEPT = 24 * 3600.0


class _BrokenReplyError(Exception):
    """A body that ends before its JSON does."""


class InspireSource:
    """Ask INSPIRE about papers once and keep its answers in `cache`; `base_url` is that of its REST API.

    At most `requests` requests are made per `seconds`, INSPIRE's own limit. Answers of 429 and 5xx, broken
    connections and broken bodies are tried again `retries` times, after the time the answer names. Searches are used
    where addresses of records would do, because only they return chosen fields: the record of a paper with three
    thousand authors is large. What INSPIRE does not know is asked again after a day.

    Source of the limit and the syntax: https://github.com/inspirehep/rest-api-doc.
    """

    def __init__(
        self,
        *,
        base_url: str,
        cache: Path,
        retries: int = 3,
        timeout: float = 30.0,
        requests: int = 15,
        seconds: float = 5.0,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._cache = cache
        self._timeout = timeout
        self._seconds = seconds
        self._pace = Pace(requests, seconds)
        self._patience = Patience(retries=retries, longest=timeout, first=seconds / 5)

    def identifier(self, name: Identifier | Handle, *, refresh: bool = False) -> Identifier:
        """Return the arXiv identifier that a name leads to; one that is an arXiv identifier is returned as it is.

        Raises PaperNotFoundError where INSPIRE does not know the name or knows of no arXiv id.
        """
        if isinstance(name, Identifier):
            return name
        record = self.record(name, refresh=refresh)
        if record.arxiv_id is None:
            title = f" ('{record.title}')" if record.title else ""
            message = f"{name}{title} is not on arXiv"
            raise PaperNotFoundError(message, hint=_elsewhere(name, record))
        return Identifier(record.arxiv_id)

    def record(self, name: Identifier | Handle, *, refresh: bool = False) -> Record:
        """Return what INSPIRE knows of a paper, with its list of references as INSPIRE read it.

        Raises PaperNotFoundError for a name that INSPIRE does not know, UnreachableError where it does not answer.
        """
        place = self._place(name)
        kept = None if refresh else _kept(place)
        if kept is None:
            kept = {"records": [found] if (found := self._find(name)) else []}
            _keep(place, kept)
        if not kept["records"]:
            message = f"INSPIRE knows no {name}" if isinstance(name, Handle) else f"INSPIRE does not know arXiv:{name}"
            raise PaperNotFoundError(message, hint="check it at inspirehep.net; new papers appear there after a day")
        return record_of(kept["records"][0])

    def entries(self, record: Record, *, refresh: bool = False) -> tuple[Entry, ...]:
        """Return a paper's references, each completed from the cited paper's own record, in the paper's order.

        Raises UnreachableError.
        """
        linked = {entry.record_id for entry in record.entries if entry.record_id}
        if not linked:
            return record.entries
        place = self._cache / "cited" / f"{record.record_id}.json"
        kept = None if refresh else _kept(place)
        if kept is None:
            kept = {"records": self._search(f"citedby:recid:{record.record_id}", FIELDS, _PAGE)}
            _keep(place, kept)
        known = {found.record_id: found for found in map(record_of, kept["records"])}
        return tuple(
            entry.with_record(known[entry.record_id]) if entry.record_id in known else entry for entry in record.entries
        )

    def _find(self, name: Identifier | Handle) -> dict[str, Any] | None:
        """Search for a paper, or else go to the address that its name has, and return its JSON."""
        kind, value = _spelt(name)
        keyword = {"arxiv": "arxiv", "doi": "doi", "record": "recid", "report": "reportnumber"}[kind]
        spelling = value if re.fullmatch(r"[\w./:-]+", value) else f'"{value}"'
        for found in self._search(f"{keyword}:{spelling}", (*FIELDS, *LIST_FIELDS), 10):
            if record_of(found).goes_by(name):
                return found
        if kind == "report":
            return None
        address = {"arxiv": "arxiv", "doi": "doi", "record": "literature"}[kind]
        reply = self._get(f"{self._base_url}/{address}/{quote(value)}", {})
        return trimmed(reply) if reply is not None else None

    def _search(self, query: str, fields: tuple[str, ...], size: int) -> list[dict[str, Any]]:
        """Return the records that a search finds: all of them, page after page, where `size` is that of a full page."""
        url = f"{self._base_url}/literature"
        found: list[dict[str, Any]] = []
        page = 1
        while True:
            reply = self._get(url, {"q": query, "fields": ",".join(fields), "size": str(size), "page": str(page)})
            if reply is None:
                message = f"there is no INSPIRE at {self._base_url}"
                raise UnreachableError(message, hint="CUTBOOK_INSPIRE_URL should be https://inspirehep.net/api")
            hits = reply.get("hits")
            records = hits.get("hits") if isinstance(hits, Mapping) else None
            if not isinstance(hits, Mapping) or not isinstance(records, list):
                message = f"{url} did not answer as INSPIRE does: there are no hits in it"
                raise UnreachableError(message, hint="CUTBOOK_INSPIRE_URL should be https://inspirehep.net/api")
            found += [trimmed(record) for record in records if isinstance(record, Mapping)]
            total = hits.get("total")
            if size < _PAGE or not records or not isinstance(total, int) or page * size >= total:
                return found
            page += 1

    def _get(self, url: str, parameters: Mapping[str, str]) -> dict[str, Any] | None:
        """Ask, patiently; None where there is nothing at this address."""
        import httpx

        try:
            return self._patience.call(
                lambda: self._get_once(url, parameters),
                lambda error: isinstance(error, _BrokenReplyError) or worth_another_try(error, httpx.TransportError),
            )
        except BusyError as error:
            message = f"INSPIRE answered {error.status} for {parameters.get('q', url)}"
            raise UnreachableError(message, hint=_hint(error.status, error.wait)) from error
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            if status in {404, 410}:
                return None
            message = f"INSPIRE answered {status} for {parameters.get('q', url)}"
            raise UnreachableError(message, hint=_hint(status)) from error
        except (httpx.HTTPError, _BrokenReplyError) as error:
            told = str(error) if isinstance(error, _BrokenReplyError) else reason(error)
            message = f"INSPIRE at {self._base_url} did not answer: {told}"
            raise UnreachableError(
                message, hint="is the network up? Try again; what INSPIRE answered is kept"
            ) from error

    def _get_once(self, url: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        self._pace.wait()
        headers = {"accept": "application/json"}
        with asked(url, timeout=self._timeout, headers=headers, parameters=parameters) as reply:
            if (status := reply.status_code) in BUSY:
                # Refused requests count towards the quota: where no time is named, only a whole quiet window helps.
                usual = self._seconds if status == 429 else None
                wait = asked_wait(reply.headers)
                raise BusyError(status, usual if wait is None else wait)
            reply.raise_for_status()
            body = bytearray()
            for piece in reply.iter_bytes():
                body += piece
                if len(body) > _LARGEST:
                    message = f"INSPIRE's answer to {url} is larger than {_LARGEST >> 20} MiB"
                    raise UnreachableError(message, hint="no record is that large; is CUTBOOK_INSPIRE_URL right?")
        if body[:200].lstrip()[:1] == b"<":
            message = f"{url} is a web page, not INSPIRE's answer"
            raise UnreachableError(message, hint="INSPIRE may be under maintenance; try again in some minutes")
        try:
            answer = json.loads(body)
        except ValueError as error:
            message = f"the answer to {url} is no complete JSON"
            raise _BrokenReplyError(message) from error
        if not isinstance(answer, dict):
            message = f"{url} did not answer as INSPIRE does"
            raise UnreachableError(message, hint="CUTBOOK_INSPIRE_URL should be https://inspirehep.net/api")
        return answer

    def _place(self, name: Identifier | Handle) -> Path:
        kind, value = _spelt(name)
        return self._cache / kind / f"{quote(value.casefold(), safe='')}.json"


def _spelt(name: Identifier | Handle) -> tuple[str, str]:
    """Return kind and value of a name; INSPIRE knows papers, not their versions."""
    return ("arxiv", name.arxiv_id) if isinstance(name, Identifier) else (name.kind, name.value)


def _kept(place: Path) -> dict[str, Any] | None:
    """Read an answer from the cache; None where there is none, a damaged one, or an old 'not found'."""
    try:
        kept = json.loads(place.read_text(encoding="utf-8"))
        records = kept["records"]
        age = time.time() - place.stat().st_mtime
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        return None
    return kept if records or age < _MISS_KEPT else None


def _keep(place: Path, answer: Mapping[str, Any]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = place.with_name(f"{place.name}.{time.time_ns():x}.part")
    partial.write_text(json.dumps(answer, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    partial.replace(place)


def _hint(status: int, wait: float | None = None) -> str:
    if status in {403, 429}:
        return f"INSPIRE asks for a pause{f' of {duration(wait)}' if wait else ''}; what it answered is kept"
    return "INSPIRE has trouble; try again later, what it answered is kept"


def _elsewhere(name: Handle, record: Record) -> str:
    """Say where a paper without arXiv id may be found."""
    numbers = (name.value, *record.report_numbers)
    preliminary = next((number for number in numbers if number.upper().startswith("CMS-PAS-")), None)
    hint = "download its PDF and ingest the file: cutbook ingest FILE --id NAME"
    if preliminary:
        return f"its publication may have the number {preliminary[:4]}{preliminary[8:]}; or {hint}"
    if record.doi:
        hint = f"https://doi.org/{record.doi} may have it; {hint}"
    return hint
