"""A paper's way into the knowledge base: fetch, parse, embed, distil, and link what cites it.

Each stage may be run again, after a crash in its midst or by a second ingest of the same paper: what it writes is
found by content (an e-print by its version, a text by its hash, a passage by its place in the text), so that the
second time changes nothing. Nothing is written before the paper has been read.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from api.changes import Changes, counts
from api.source import Source
from kb.errors import PaperNotFoundError, SourceError, UnreachableError

if TYPE_CHECKING:
    from api.workspace import Workspace
    from ingest.arxiv import Fetched
    from ingest.inspire_records import Entry
    from kb.document import Document
    from kb.ssc import SelectionCriteria
    from kb.store import Store
    from kb.store.records import ReviewRecord

Progress = Callable[[str, int, int], None]
"""Called with a stage's name, what is done of it and its total."""

_Outcome = TypeVar("_Outcome")
# PDFium may not be used by two threads at a time, and Python runs one of them at a time anyway.
_READING = threading.Lock()


class Step(Protocol):
    """Does a piece of work, or remembers its outcome if it was done before; outcomes are small and JSON."""

    def __call__(self, name: str, work: Callable[[], _Outcome], /) -> _Outcome:
        """Return what `work` returns."""


def at_once(_name: str, work: Callable[[], _Outcome]) -> _Outcome:
    """Do a piece of work and remember nothing."""
    return work()


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of one paper."""

    arxiv_id: str
    version: int
    title: str
    cuts: int
    delegated: int
    unresolved: int
    passages: int
    linked: tuple[str, ...]
    """Papers of the base that were distilled again, since a paper they cite has come."""
    notes: tuple[str, ...] = ()
    """What went otherwise than asked, and yet was done."""
    changes: Changes | None = None
    """What it changes, if the base has an earlier version of it."""


class Desk:
    """Where one paper is worked on, stage by stage."""

    def __init__(self, workspace: Workspace, source: Source, tell: Progress = lambda *_: None) -> None:
        self._workspace = workspace
        self._source = source
        self._tell = tell

    def fetch(self) -> tuple[str, int]:
        """Bring the paper's source to this machine; return the paper's id and version."""
        # A home that another process has open is told before anything is fetched.
        self._workspace.index.open()
        self._tell("fetch", 0, 1)
        if self._source.path is not None:
            found = self._local_name(self._source.path, lambda _: None)
        else:
            from ingest.identifiers import parse_name

            refresh = self._source.refresh
            identifier = self._workspace.inspire.identifier(parse_name(self._source.name), refresh=refresh)
            # arXiv asks for one request at a time.
            with self._workspace.store.turn("arxiv"):
                fetched = self._workspace.arxiv.fetch(identifier, refresh=refresh)
            found = (fetched.arxiv_id, fetched.version)
        self._tell("fetch", 1, 1)
        return found

    def parse(self, arxiv_id: str, version: int) -> list[str]:
        """Read the source, complete its bibliography and keep its text; return what is worth noting."""
        notes: list[str] = []
        self._tell("parse", 0, 1)
        with _READING:
            document, digest = self._read(arxiv_id, version, notes.append)
        document = self._with_references(document, notes.append)
        notes += self._replaced(document)
        # Whoever distils meanwhile sees this text or does not, but not first the one and then the other.
        with self._workspace.store.turn("base"):
            self._workspace.store.save_document(document, sha256=digest)
        self._tell("parse", 1, 1)
        return notes

    def embed(self, arxiv_id: str, version: int) -> int:
        """Cut the text into passages and index them, unless the base has a newer version; return how many there are."""
        from kb.passages import chunk

        store, index = self._workspace.store, self._workspace.index
        self._tell("chunk", 0, 1)
        passages = chunk(store.document(arxiv_id, version))
        self._tell("chunk", len(passages), len(passages))
        self._tell("embed", 0, len(passages))
        vectors = self._workspace.embedder.embed(
            [passage.context for passage in passages], partial(self._tell, "embed")
        )
        self._tell("embed", len(passages), len(passages))
        self._tell("index", 0, len(passages))
        with store.turn("base"):
            if is_newest(store, arxiv_id, version):
                index.replace(arxiv_id, passages, vectors, kind="passage")
        self._tell("index", len(passages), len(passages))
        if store.paper(arxiv_id, version).state == "read":
            store.set_state(arxiv_id, version, "indexed")
        return len(passages)

    def distil(self, arxiv_id: str, version: int) -> int:
        """Find the paper's cuts, keep and index them; return how many there are."""
        self._tell("distil", 0, 1)
        cuts = distil_again(self._workspace, arxiv_id, version)
        self._tell("distil", cuts, cuts)
        return cuts

    def _read(self, arxiv_id: str, version: int, warn: Callable[[str], None]) -> tuple[Document, str]:
        path, grobid = self._source.path, self._workspace.grobid
        if path is None:
            from ingest.identifiers import Identifier

            fetched = self._workspace.arxiv.fetch(Identifier(arxiv_id, version))
            if fetched.note:
                warn(fetched.note)
            try:
                return self._read_fetched(fetched, warn), fetched.sha256
            except SourceError as error:
                pdf = self._pdf_instead(fetched, error)
                warn(f"it is read from its PDF: {error.message}")
                return self._read_fetched(pdf, warn), pdf.sha256
        from ingest.reader import read_file

        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            message = f"cannot read {path}: {error.strerror or error}"
            raise SourceError(message, hint="check the path and the file's permissions") from error
        self._local_name(path, warn)
        return read_file(path, arxiv_id=arxiv_id, version=version, grobid=grobid, warn=warn), digest

    def _local_name(self, path: Path, warn: Callable[[str], None]) -> tuple[str, int]:
        """Return the id and version under which a file is kept."""
        from ingest.reader import version_of

        request = self._source.request()
        arxiv_id = str(request["id"])
        return arxiv_id, version_of(path, arxiv_id=arxiv_id, given=request.get("version"), warn=warn)

    def _read_fetched(self, fetched: Fetched, warn: Callable[[str], None]) -> Document:
        from ingest.reader import read_source

        return read_source(
            fetched.data,
            fetched.name,
            arxiv_id=fetched.arxiv_id,
            version=fetched.version,
            title=fetched.metadata.title,
            grobid=self._workspace.grobid,
            warn=warn,
        )

    def _pdf_instead(self, source: Fetched, unreadable: SourceError) -> Fetched:
        """Return the PDF of a paper whose source cannot be read; raise what is wrong with that where there is none."""
        if source.data.startswith(b"%PDF-"):
            raise unreadable
        try:
            with self._workspace.store.turn("arxiv"):
                pdf = self._workspace.arxiv.pdf(source)
        except UnreachableError as error:
            message = f"{unreadable.message}, and its PDF is not to be had now: {error.message}"
            raise UnreachableError(message, hint=error.hint) from error
        if pdf is None:
            raise unreadable
        return pdf

    def _replaced(self, document: Document) -> list[str]:
        """Say that a file takes the place of a paper of another title, which its name may not have been meant to."""
        if self._source.path is None:
            return []
        try:
            title = self._workspace.store.paper(document.arxiv_id, document.version).title
        except PaperNotFoundError:
            return []
        if title in {"", document.title}:
            return []
        return [f"it takes the place of “{title}”; to keep both, give this one another name by --id"]

    def _with_references(self, document: Document, warn: Callable[[str], None]) -> Document:
        """Complete the bibliography: by itself, and for a paper from arXiv by INSPIRE's list of its references."""
        from ingest.references import merge

        if self._source.path is not None or not document.references:
            return merge(document).document
        from ingest.identifiers import Identifier

        inspire, refresh = self._workspace.inspire, self._source.refresh
        entries: tuple[Entry, ...] = ()
        try:
            record = inspire.record(Identifier(document.arxiv_id), refresh=refresh)
            document = document.model_copy(update={"licence": record.licence})
            entries = inspire.entries(record, refresh=refresh)
        except PaperNotFoundError:
            pass
        except UnreachableError as error:
            warn(f"references are read from the paper alone: {error.message}")
        merged = merge(document, entries)
        for conflict in merged.conflicts:
            warn(str(conflict))
        return merged.document


def take_in(workspace: Workspace, source: Source, progress: Progress = lambda *_: None, step: Step = at_once) -> Intake:
    """Bring one paper into the base, link what cites it, and return what became of it.

    The same paper twice changes nothing.
    """
    read = read_in(Desk(workspace, source, progress), step)
    linked = link(workspace, progress, step)
    return intake_of(workspace, read, [name for name in linked if name != read.arxiv_id])


@dataclass(frozen=True, slots=True)
class ReadIn:
    """A paper that has come in by itself, not linked yet."""

    arxiv_id: str
    version: int
    passages: int
    notes: tuple[str, ...] = ()


def read_in(desk: Desk, step: Step = at_once) -> ReadIn:
    """Take a paper through all stages that concern it alone."""
    arxiv_id, version = step("fetch", desk.fetch)
    notes = step("parse", partial(desk.parse, arxiv_id, version))
    passages = step("embed", partial(desk.embed, arxiv_id, version))
    step("distil", partial(desk.distil, arxiv_id, version))
    return ReadIn(arxiv_id, version, passages, tuple(notes))


def link(workspace: Workspace, progress: Progress, step: Step = at_once) -> list[str]:
    """Distil again the papers that cite one whose text came after they were distilled; return their ids.

    What they delegate to it can be found now.
    """
    outdated = step("outdated", workspace.store.outdated)
    for done, (arxiv_id, version) in enumerate(outdated):
        progress("link", done, len(outdated))
        step("link", partial(distil_again, workspace, arxiv_id, version))
    progress("link", len(outdated), len(outdated))
    return [arxiv_id for arxiv_id, _ in outdated]


def distil_again(workspace: Workspace, arxiv_id: str, version: int) -> int:
    """Distil a paper with what is in the base of the papers it cites; keep and index its cuts, return how many."""
    from kb.distil import distil
    from kb.review import reviewed

    store = workspace.store
    # Papers link to each other. One at a time, or of two that come together each could miss the other.
    with store.turn("base"):
        document = store.document(arxiv_id, version)
        criteria = distil(document, cited=store.cited_documents(document))
        if log := [entry for entry in store.reviews(arxiv_id=arxiv_id) if entry.version <= version]:
            criteria = reviewed(criteria, log, store.documents(_quoted(criteria, log)))
        store.save_criteria(criteria)
        if is_newest(store, arxiv_id, version):
            workspace.retriever.add_cuts(criteria)
    return len(criteria.cuts)


def _quoted(criteria: SelectionCriteria, log: Iterable[ReviewRecord]) -> set[str]:
    """Return the hashes of the texts that the cuts and their reviews quote."""
    cuts = [*criteria.cuts, *(cut for entry in log for cut in (entry.before, entry.after))]
    quotes = [quote for cut in cuts for quote in (*cut.evidence, *((cut.rationale,) if cut.rationale else ()))]
    return {criteria.paper.document_hash, *(quote.document_hash for quote in quotes)}


def is_newest(store: Store, arxiv_id: str, version: int) -> bool:
    """Say whether the base has no newer version of a paper: search is in the newest ones."""
    return store.paper(arxiv_id).version == version


def intake_of(workspace: Workspace, paper: ReadIn | Intake, linked: Iterable[str]) -> Intake:
    """Return what became of a paper, as the base has it now."""
    criteria = workspace.store.criteria(paper.arxiv_id, paper.version)
    return Intake(
        arxiv_id=paper.arxiv_id,
        version=paper.version,
        title=criteria.paper.title,
        cuts=len(criteria.cuts),
        delegated=sum(any(e.kind == "delegated" for e in cut.evidence) for cut in criteria.cuts),
        unresolved=len(criteria.unresolved),
        passages=paper.passages,
        linked=tuple(linked),
        notes=tuple(paper.notes),
        changes=counts(workspace.store, paper.arxiv_id, paper.version),
    )


def forget(workspace: Workspace, arxiv_id: str) -> str:
    """Remove a paper with all its versions; return its title. PaperNotFoundError where it is not there."""
    store = workspace.store
    title = store.paper(arxiv_id).title
    with store.turn("base"):
        # Passages first: those of a paper that is gone would be found for ever.
        workspace.index.delete_paper(arxiv_id)
        for paper in store.versions(arxiv_id):
            store.delete_paper(arxiv_id, paper.version)
    return title


def recount(workspace: Workspace, taken: Iterable[Intake]) -> list[Intake]:
    """Return the intakes as the base has them now: a later paper of a run may have supplied an earlier one's cuts."""
    return [intake_of(workspace, intake, intake.linked) for intake in taken]
