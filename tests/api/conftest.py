"""A small knowledge base of one hand-made paper, and stand-ins for what takes seconds to load."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings
from api.workspace import Workspace
from ingest.arxiv import ArxivSource
from kb.document import Block, Document, Section, SourcePiece
from kb.index import Hit, Kind
from kb.passages import CutPassage, Passage
from kb.ssc import Cut, Evidence, Origin, Paper, Region, SelectionCriteria, Subject, Variable
from tests.services import Reply, Services, serving

TITLE = "A search with two leptons"
ELECTRONS = "Electrons are required to have p_T > 7 GeV and |η| < 2.47, well inside the tracker."
REGION = "In the signal region E_T^miss > 150 GeV is required, which suppresses Z + jets events."

# The command, with a stand-in for the embedding model and without arXiv's pauses, for a process of its own.
STAND_IN = """
import kb.embedding
class Embedder:
    def embed(self, texts, progress=None):
        return [[1.0] + [0.0] * 383 for _ in texts]
kb.embedding.Embedder = Embedder
import ingest.arxiv
polite = ingest.arxiv.ArxivSource.__init__
ingest.arxiv.ArxivSource.__init__ = lambda self, **given: polite(self, **given, delay=0.0)
from api.cli.main import run
run()
"""


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

    def check_free(self) -> None:
        pass

    def close(self) -> None:
        pass

    def replace(self, arxiv_id: str, passages: Sequence[Passage], vectors: Any, *, kind: Kind | None = None) -> None:
        assert len(passages) == len(vectors)
        kinds: tuple[Kind, ...] = ("passage", "cut") if kind is None else (kind,)
        for name in kinds:
            own = [p for p in passages if isinstance(p, CutPassage) == (name == "cut")]
            self._passages[arxiv_id, name] = own

    def delete_paper(self, arxiv_id: str) -> None:
        self._passages = {key: group for key, group in self._passages.items() if key[0] != arxiv_id}

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
    """Gives every text the same vector, of as many numbers as the model's."""

    def embed(self, texts: Sequence[str], _progress: Any = None) -> list[list[float]]:
        return [[1.0] + [0.0] * 383 for _ in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.embed([text])[0]

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


@dataclass
class Library(Services):
    """arXiv with papers of a sentence or two, each as its version 2; e-prints are sent only while `open` is set."""

    open: threading.Event = field(default_factory=threading.Event)

    def has(self, name: str, text: str, *, title: str = "", cites: Sequence[str] = ()) -> None:
        """Know a paper with this selection, which cites others."""
        items = "".join(f"\\bibitem{{r{n}}} ATLAS Collaboration, arXiv:{cited}.\n" for n, cited in enumerate(cites))
        references = f"\\begin{{thebibliography}}{{9}}\n{items}\\end{{thebibliography}}\n" if cites else ""
        source = (
            f"\\documentclass{{article}}\\title{{{title}}}\\begin{{document}}\\maketitle\n"
            f"\\section{{Selection}}\n{text}\n{references}\\end{{document}}\n"
        )
        self.paper(f"{name}v2", source=gzip.compress(source.encode(), mtime=0), title="A paper from arXiv")

    def answer(self, target: str) -> Reply:
        """Hold e-prints back while `open` is not set."""
        if target.startswith(self.eprints):
            self.open.wait(60)
        return super().answer(target)


@pytest.fixture
def arxiv(monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """Run arXiv and INSPIRE on loopback and point the settings to them."""
    library = Library()
    library.open.set()
    with serving(library):
        for name, path in (("API", library.api), ("EPRINT", library.eprints), ("PDF", library.pdfs)):
            monkeypatch.setenv(f"CUTBOOK_ARXIV_{name}_URL", f"{library.address}{path}")
        monkeypatch.setenv("CUTBOOK_INSPIRE_URL", library.inspire_url)
        yield library
        library.open.set()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test on either database, and point the settings to it."""
    if request.param == "postgresql":
        monkeypatch.setenv("CUTBOOK_DATABASE_URL", request.getfixturevalue("postgresql"))
    return str(request.param)


def _hurry(workspace: Workspace) -> Workspace:
    settings = workspace.settings
    workspace.parts["arxiv"] = ArxivSource(
        api_url=settings.arxiv_api_url,
        eprint_url=settings.arxiv_eprint_url,
        pdf_url=settings.arxiv_pdf_url,
        cache=workspace.folder("sources"),
        delay=0.0,
        retries=0,
    )
    return workspace


@pytest.fixture
def hurry() -> Callable[[Workspace], Workspace]:
    """Return what takes the pause between requests out of a workspace; it is arXiv's, not the stand-in's."""
    return _hurry
