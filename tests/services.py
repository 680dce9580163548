"""arXiv, INSPIRE and GROBID played on loopback, with every mood that a server can be in.

`Services` answers with papers, records and TEI that a test gives it; `recorded` adds real replies where the folder of
real papers is there. `breaks` puts a fault on all paths that begin as told, once or for good.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

ENTRY = """<entry><id>http://arxiv.org/abs/{name}</id><title>{title}</title>
<updated>2018-03-20T10:00:00Z</updated><published>2017-12-06T19:00:00Z</published>
<link href="http://arxiv.org/abs/{name}" rel="alternate" type="text/html"/>
<link href="http://arxiv.org/pdf/{name}" rel="related" type="application/pdf" title="pdf"/>
<summary>A summary.</summary><arxiv:comment>{comment}</arxiv:comment>
<category term="hep-ex" scheme="http://arxiv.org/schemas/atom"/>
<arxiv:primary_category term="hep-ex"/><author><name>A. Physicist</name></author></entry>"""
FEED = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"
 xmlns:arxiv="http://arxiv.org/schemas/atom"><id>feed</id><title>feed</title><updated>2018-03-20T10:00:00Z</updated>
<opensearch:totalResults>{count}</opensearch:totalResults><opensearch:startIndex>0</opensearch:startIndex>
<opensearch:itemsPerPage>{count}</opensearch:itemsPerPage>{entries}</feed>"""
WEB_PAGE = b"<!DOCTYPE html>\n<html><head><title>Wait</title></head><body>Are you a robot?</body></html>"


@dataclass(frozen=True)
class Reply:
    """An answer; `sent` of its bytes go out before the line is cut, `announced` is its Content-Length (-1: none)."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: int | None = None
    announced: int | None = None
    pause: float = 0.0


MISS = Reply(404, b"nothing here")


def withdrawal(note: str = "This paper has been withdrawn by the authors.") -> bytes:
    """Return what arXiv hands out as the e-print of a withdrawn paper."""
    return gzip.compress(f"%auto-ignore\n{note}\n".encode(), mtime=0)


def eprint(**files: str) -> bytes:
    """Return an e-print of LaTeX files; `__` in a name stands for the dot."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name.replace("__", "."))
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


FAULTS: dict[str, Callable[[Reply], Reply]] = {
    "miss": lambda _: MISS,
    "withdrawn": lambda _: Reply(body=withdrawal()),
    "forbidden": lambda _: Reply(403, b"no"),
    "limited": lambda _: Reply(429, b"too many", {"Retry-After": "0"}),
    "limited for long": lambda _: Reply(429, b"too many", {"Retry-After": "86400"}),
    "busy": lambda _: Reply(503, b"busy"),
    "slow": lambda healthy: replace(healthy, pause=30.0),
    "cut off": lambda healthy: replace(healthy, sent=len(healthy.body) // 2),
    "cut off silently": lambda healthy: replace(healthy, sent=len(healthy.body) // 2, announced=-1),
    "wrong length": lambda healthy: replace(healthy, announced=len(healthy.body) // 2),
    "web page": lambda _: Reply(body=WEB_PAGE, headers={"Content-Type": "text/html"}),
    "empty": lambda _: Reply(),
}
"""What may befall a healthy reply. A wrong length is half of the right one, so that the client stops reading."""


@dataclass
class _Fault:
    prefix: str
    name: str
    left: float


@dataclass
class Services:
    """A loopback server; `asked` lists the requests, `posted` the form fields of those to GROBID."""

    address: str = ""
    asked: list[str] = field(default_factory=list)
    posted: list[dict[str, list[bytes]]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    _replies: dict[str, Reply] = field(default_factory=dict)
    _entries: dict[str, str] = field(default_factory=dict)
    _feeds: dict[str, bytes] = field(default_factory=dict)
    _records: list[dict[str, object]] = field(default_factory=list)
    _faults: list[_Fault] = field(default_factory=list)

    api = "/arxiv/api/query"
    eprints = "/arxiv/e-print/"
    pdfs = "/arxiv/pdf/"
    literature = "/inspire/api/literature"
    fulltext = "/grobid/api/processFulltextDocument"

    @property
    def inspire_url(self) -> str:
        """The base URL of INSPIRE."""
        return f"{self.address}/inspire/api"

    @property
    def grobid_url(self) -> str:
        """The base URL of GROBID."""
        return f"{self.address}/grobid"

    # what the servers know

    def paper(
        self,
        name: str,
        *,
        source: bytes | None = None,
        pdf: bytes | None = None,
        title: str = "Four leptons\n  in data",
        comment: str = "",
    ) -> None:
        """Put a version of a paper on arXiv; the last one put is its newest."""
        entry = ENTRY.format(name=name, title=escape(title), comment=escape(comment))
        self._entries[name] = self._entries[name.rpartition("v")[0]] = entry
        if source is not None:
            self._replies[self.eprints + name] = Reply(body=source)
        if pdf is not None:
            self._replies[self.pdfs + name] = Reply(body=pdf, headers={"Content-Type": "application/pdf"})

    def feed(self, name: str, feed: bytes) -> None:
        """Answer arXiv's API with this feed when asked for an id."""
        self._feeds[name] = feed

    def record(self, record: Mapping[str, object]) -> None:
        """Put a literature record into INSPIRE, as its API returns it or its metadata alone."""
        metadata = record.get("metadata", record)
        assert isinstance(metadata, dict)
        self._records.append(metadata)

    def reads(self, tei: bytes, status: int = 200) -> None:
        """Let GROBID answer every PDF with this TEI."""
        self._replies[self.fulltext] = Reply(status, tei, {"Content-Type": "application/xml;charset=UTF-8"})

    def recorded(self, shared: Path) -> None:
        """Take over the real replies of the folder of samples."""
        for path in sorted((shared / "samples" / "arxiv").glob("id_*.atom.xml")):
            name = path.name.removeprefix("id_").rsplit("_", 3)[0].replace("quant-ph_", "quant-ph/")
            self._feeds[name] = path.read_bytes()
        for path in sorted((shared / "samples" / "inspire").glob("literature_*.json")):
            self.record(json.loads(path.read_bytes()))
        self.reads((shared / "samples" / "grobid" / "cms-hin-19-007.tei.xml").read_bytes())

    def breaks(self, prefix: str, fault: str, *, times: float = float("inf")) -> None:
        """Let a fault of `FAULTS` befall the next requests (`times`) to paths that begin with `prefix`."""
        assert fault in FAULTS
        self._faults.append(_Fault(prefix, fault, times))

    def heals(self) -> None:
        """Take all faults away."""
        self._faults.clear()

    # answering

    def answer(self, target: str) -> Reply:
        """Return the reply to a request, healthy or broken."""
        parts = urlsplit(target)
        path = unquote(parts.path)
        self.asked.append(target)
        healthy = self._healthy(path, {name: values[0] for name, values in parse_qs(parts.query).items()})
        for fault in self._faults:
            if fault.left > 0 and path.startswith(fault.prefix):
                fault.left -= 1
                return FAULTS[fault.name](healthy)
        return healthy

    def _healthy(self, path: str, query: Mapping[str, str]) -> Reply:
        if path == self.api:
            return self._feed(query.get("id_list", "").split(","))
        if path.startswith("/inspire/api/"):
            return self._literature(path.removeprefix("/inspire/api/"), query)
        if path == "/grobid/api/isalive":
            return Reply(body=b"true")
        if path == "/grobid/api/version":
            return Reply(body=b'{"version": "0.8.1"}', headers={"Content-Type": "application/json"})
        return self._replies.get(path, MISS)

    def _feed(self, names: list[str]) -> Reply:
        if len(names) == 1 and names[0] in self._feeds:
            return Reply(body=self._feeds[names[0]])
        entries = [self._entries[name] for name in names if name in self._entries]
        return Reply(body=FEED.format(count=len(entries), entries="".join(entries)).encode())

    def _literature(self, path: str, query: Mapping[str, str]) -> Reply:
        kind, _, value = path.partition("/")
        if value:
            name = {"literature": "control_number", "arxiv": "arxiv_eprints", "doi": "dois"}.get(kind, "")
            hits = [record for record in self._records if value in _values(record.get(name))]
            if not hits:
                return Reply(404, b'{"status": 404, "message": "PID does not exist."}')
            return _json(_wrapped(hits[0], query))
        names = ("control_number", "arxiv_eprints", "dois", "report_numbers")
        hits = [
            record
            for record in self._records
            if any(value in query.get("q", "") for name in names for value in _values(record.get(name)))
        ]
        return _json({"hits": {"hits": [_wrapped(hit, query) for hit in hits], "total": len(hits)}, "links": {}})


def _values(field: object) -> list[str]:
    if isinstance(field, list):
        return [str(entry["value"]) for entry in field if isinstance(entry, dict) and "value" in entry]
    return [] if field is None else [str(field)]


def _wrapped(record: Mapping[str, object], query: Mapping[str, str]) -> dict[str, object]:
    wanted = {name.partition(".")[0] for name in query.get("fields", "").split(",") if name}
    metadata = {name: value for name, value in record.items() if not wanted or name in wanted}
    return {"id": str(record["control_number"]), "metadata": metadata}


def _json(value: object) -> Reply:
    return Reply(body=json.dumps(value).encode(), headers={"Content-Type": "application/json"})


@contextmanager
def serving(services: Services) -> Iterator[Services]:
    """Run the services on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._say(services.answer(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            form = message_from_bytes(b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n" + body)
            fields: dict[str, list[bytes]] = {}
            for part in form.walk():
                name = part.get_param("name", header="content-disposition")
                if isinstance(name, str):
                    content = part.get_payload(decode=True)
                    fields.setdefault(name, []).append(content if isinstance(content, bytes) else b"")
            services.posted.append(fields)
            self._say(services.answer(self.path))

        def _say(self, reply: Reply) -> None:
            if reply.pause:
                services.closing.wait(reply.pause)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.announced != -1:
                announced = len(reply.body) if reply.announced is None else reply.announced
                self.send_header("Content-Length", str(announced))
            if reply.sent is not None or reply.announced is not None or reply.pause:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            try:
                self.wfile.write(reply.body[: reply.sent])
            except OSError:  # the client has lost its patience
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Say nothing: clients that hang up are what is tested."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    services.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield services
    finally:
        services.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
