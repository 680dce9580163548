"""A small knowledge base of one hand-made paper, and stand-ins for what takes seconds to load."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from api.settings import Settings
from api.workspace import Workspace
from kb.document import Block, Document, Section, SourcePiece
from kb.index import Hit, Kind
from kb.passages import CutPassage, Passage
from kb.ssc import Cut, Evidence, Origin, Paper, Region, SelectionCriteria, Subject, Variable

TITLE = "A search with two leptons"
ELECTRONS = "Electrons are required to have p_T > 7 GeV and |η| < 2.47, well inside the tracker."
REGION = "In the signal region E_T^miss > 150 GeV is required, which suppresses Z + jets events."


def _document() -> Document:
    heading = "2 Selection"
    text = "\n\n".join([TITLE, heading, ELECTRONS, REGION])
    starts = [text.index(part) for part in (TITLE, heading, ELECTRONS, REGION)]
    kinds = ("title", "heading", "paragraph", "paragraph")
    parts = (TITLE, heading, ELECTRONS, REGION)
    return Document(
        arxiv_id="hep-ex/0101001",
        title=TITLE,
        source_format="latex",
        reader="hand",
        text=text,
        blocks=tuple(
            Block(start=start, end=start + len(part), kind=kind)
            for start, part, kind in zip(starts, parts, kinds, strict=True)
        ),
        sections=(Section(start=starts[1], end=len(text), title="Selection", number="2", level=1),),
        source_map=(SourcePiece(start=starts[2], end=len(text), file="paper.tex", offset=1000),),
    )


def _criteria(document: Document) -> SelectionCriteria:
    def cut(name: str, object_: str, variable: str, operator: str, value: float, unit: str, quote: str) -> Cut:
        start = document.text.index(quote)
        evidence = Evidence(
            arxiv_id=document.arxiv_id,
            document_hash=document.document_hash,
            section=document.section_path(start),
            start=start,
            end=start + len(quote),
            quote=quote,
        )
        return Cut(
            id=f"hep-ex.0101001-{name}",
            scope="object" if object_ == "electron" else "event",
            subject=Subject(object=object_),
            variable=Variable(id=variable),
            operator=operator,
            value=value,
            unit=unit,
            regions=() if object_ == "electron" else ("SR",),
            evidence=(evidence,),
            origin=Origin(extractor="grammar", version="1"),
        )

    return SelectionCriteria(
        paper=Paper(arxiv_id=document.arxiv_id, title=TITLE, experiment="ATLAS", document_hash=document.document_hash),
        cuts=(
            cut("aaaa1111", "electron", "pt", ">", 7, "GeV", ELECTRONS),
            cut("bbbb2222", "electron", "abs_eta", "<", 2.47, "1", ELECTRONS),
            cut("cccc3333", "met", "pt", ">", 150, "GeV", REGION),
        ),
        regions=(Region(name="SR", kind="signal"),),
    )


class FakeIndex:
    """Keeps passages in a dictionary and finds those that hold a word of the query."""

    def __init__(self) -> None:
        self._passages: dict[tuple[str, Kind], list[Passage]] = {}

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def replace(self, arxiv_id: str, passages: Sequence[Passage], vectors: Any, *, kind: Kind | None = None) -> None:
        assert len(passages) == len(vectors)
        kinds: tuple[Kind, ...] = ("passage", "cut") if kind is None else (kind,)
        for name in kinds:
            own = [p for p in passages if isinstance(p, CutPassage) == (name == "cut")]
            self._passages[arxiv_id, name] = own

    def count(self, *, kind: Kind | None = None) -> int:
        return sum(len(group) for (_, name), group in self._passages.items() if kind in {None, name})

    def search(self, text: str, _vector: Any, *, limit: int, arxiv_ids: Any, kinds: Any, **_: object) -> list[Hit]:
        wanted = [
            passage
            for (arxiv_id, kind), group in self._passages.items()
            for passage in group
            if (not arxiv_ids or arxiv_id in arxiv_ids) and (not kinds or kind in kinds)
        ]
        return [Hit(passage=p, score=1.0) for p in wanted if any(word in p.text for word in text.split())][:limit]


class FakeEmbedder:
    """Gives every text the same vector."""

    def embed(self, texts: Sequence[str], _progress: Any = None) -> list[list[float]]:
        return [[1.0, 0.0] for _ in texts]

    def embed_query(self, _text: str) -> list[float]:
        return [1.0, 0.0]

    def source(self) -> str:
        return "a stand-in"


def _light(settings: Settings) -> Workspace:
    workspace = Workspace(settings)
    index = FakeIndex()
    workspace.parts.update(index=index, embedder=FakeEmbedder())
    return workspace


@pytest.fixture
def light() -> Callable[[Settings], Workspace]:
    """Return a maker of workspaces with stand-ins for the passage index and the embedding model."""
    return _light


@pytest.fixture
def settings() -> Settings:
    """Return the settings of a test's private home."""
    return Settings.read()


@pytest.fixture
def workspace(settings: Settings) -> Iterator[Workspace]:
    """Return an open, empty workspace with stand-ins."""
    with _light(settings) as opened:
        yield opened


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    """Return a workspace whose base holds the hand-made paper."""
    document = _document()
    workspace.store.save_document(document, sha256="0" * 64)
    workspace.store.save_criteria(_criteria(document))
    return workspace


@pytest.fixture
def home(filled: Workspace) -> Path:
    """Return the home of the filled workspace, closed, for commands that open it themselves."""
    filled.close()
    return filled.home


FEED = """<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"
xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"><opensearch:totalResults>{count}</opensearch:totalResults>
<opensearch:startIndex>0</opensearch:startIndex><opensearch:itemsPerPage>1</opensearch:itemsPerPage>
<id>x</id><title>q</title><updated>2022-03-03T00:00:00-05:00</updated>{entry}</feed>"""
ENTRY = """<entry><id>http://arxiv.org/abs/{name}</id><updated>2022-03-03T00:00:00Z</updated>
<published>2022-03-03T00:00:00Z</published><title>A paper from arXiv</title><summary>s</summary>
<author><name>ATLAS Collaboration</name></author>
<link href="http://arxiv.org/abs/{name}" rel="alternate" type="text/html"/>
<arxiv:primary_category xmlns:arxiv="http://arxiv.org/schemas/atom" term="hep-ex"/>
<category term="hep-ex" scheme="http://arxiv.org/schemas/atom"/></entry>"""


class PlayedArxiv:
    """Plays arXiv on loopback: knows the papers it was given, each as its version 2, and what it was asked.

    E-prints are sent only while `open` is set.
    """

    def __init__(self) -> None:
        self.papers: dict[str, str] = {}
        self.asked: list[str] = []
        self.open = threading.Event()
        self.open.set()

    def has(self, name: str, text: str, *, title: str = "", cites: Sequence[str] = ()) -> None:
        """Know a paper with this selection, which cites others."""
        items = "".join(f"\\bibitem{{r{n}}} ATLAS Collaboration, arXiv:{cited}.\n" for n, cited in enumerate(cites))
        references = f"\\begin{{thebibliography}}{{9}}\n{items}\\end{{thebibliography}}\n" if cites else ""
        self.papers[name] = (
            f"\\documentclass{{article}}\\title{{{title}}}\\begin{{document}}\\maketitle\n"
            f"\\section{{Selection}}\n{text}\n{references}\\end{{document}}\n"
        )

    def answer(self, path: str) -> bytes | None:
        """Return the body for a path, or None where there is nothing."""
        self.asked.append(path)
        parts = urlsplit(path)
        if parts.path == "/api":
            name = parse_qs(parts.query)["id_list"][0].removesuffix("v2")
            known = name in self.papers
            entry = ENTRY.format(name=f"{name}v2") if known else ""
            return FEED.format(count=int(known), entry=entry).encode()
        self.open.wait(60)
        text = self.papers.get(parts.path.removeprefix("/e-print/").removesuffix("v2"))
        return gzip.compress(text.encode(), mtime=0) if text is not None else None


@pytest.fixture
def arxiv(monkeypatch: pytest.MonkeyPatch) -> Iterator[PlayedArxiv]:
    """Run a stand-in for arXiv and point the settings to it."""
    played = PlayedArxiv()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = played.answer(self.path)
            if body is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Say nothing where a client was killed."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    for name, path in (("API", "api"), ("EPRINT", "e-print"), ("PDF", "pdf")):
        monkeypatch.setenv(f"CUTBOOK_ARXIV_{name}_URL", f"{base}/{path}")
    yield played
    played.open.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test on either database, and point the settings to it."""
    if request.param == "postgresql":
        monkeypatch.setenv("CUTBOOK_DATABASE_URL", request.getfixturevalue("postgresql"))
    return str(request.param)


def _hurry(workspace: Workspace) -> Workspace:
    workspace.arxiv._delay = 0
    workspace.arxiv._retries = 0
    return workspace


@pytest.fixture
def hurry() -> Callable[[Workspace], Workspace]:
    """Return what takes the pause between requests out of a workspace; it is arXiv's, not the stand-in's."""
    return _hurry
