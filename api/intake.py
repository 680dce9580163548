"""A paper's way into the knowledge base: read, distil, chunk, embed; then save.

Everything that can fail on the paper's own account happens before the first write. The writes are idempotent by
content, so that ingesting again repairs what a crash between two of them left undone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kb.errors import IdentifierError, InputError, SourceError

if TYPE_CHECKING:
    from api.workspace import Workspace
    from kb.document import Document
    from kb.ssc import SelectionCriteria

Progress = Callable[[str, int, int], None]
"""Called with a stage's name, what is done of it and its total."""

_FILE_SUFFIX = re.compile(r"\.(tex|pdf|gz|tgz|tar|zip|bz2|xz|txt)$", re.IGNORECASE)


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
    """Papers of the base that cite this one and were distilled again."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a paper is read from: a file, or arXiv when `path` is None."""

    name: str
    path: Path | None = None
    arxiv_id: str | None = None

    @classmethod
    def of(cls, text: str, *, arxiv_id: str | None = None) -> Source:
        """Tell a file from an identifier. Raises `SourceError` for a file that is not there."""
        path = Path(text).expanduser()
        if path.is_file():
            return cls(text, path, arxiv_id)
        if path.is_dir():
            message = f"{text} is a folder"
            raise SourceError(message, hint="give the .tex or .pdf file in it, or pack the folder as a .tar.gz")
        if arxiv_id is not None:
            message = f"there is no file {text}"
            raise SourceError(message, hint="--id names a local file; an arXiv identifier is its own name")
        from ingest.identifiers import parse_identifier

        try:
            parse_identifier(text)
        except IdentifierError:
            if _FILE_SUFFIX.search(text) or path.is_absolute() or text.startswith((".", "~")):
                message = f"there is no file {text}"
                raise SourceError(message, hint=f"the current folder is {Path.cwd()}") from None
            raise
        return cls(text)


def take_in(workspace: Workspace, source: Source, progress: Progress = lambda *_: None) -> Intake:
    """Bring one paper into the base and return what became of it; the same paper twice changes nothing.

    Papers that are in the base and cite this one are distilled again: what they delegate may be here.
    """
    from kb.distil import distil
    from kb.passages import chunk, cut_passages

    store, index = workspace.store, workspace.index
    index.open()
    progress("read", 0, 1)
    document, digest = _read(workspace, source)
    progress("distil", 0, 1)
    criteria = distil(document, cited=store.cited_documents(document))
    passages = [*chunk(document), *cut_passages(criteria)]
    progress("embed", 0, len(passages))
    vectors = workspace.embedder.embed(
        [passage.context for passage in passages], lambda done, total: progress("embed", done, total)
    )
    progress("save", 0, 1)
    with store.transaction():
        store.save_document(document, sha256=digest)
        store.save_criteria(criteria)
    index.replace(document.arxiv_id, passages, vectors)
    linked = tuple(name for name in store.citing(document.arxiv_id) if name != document.arxiv_id)
    for done, name in enumerate(linked):
        progress("link", done, len(linked))
        citing = store.document(name)
        again = distil(citing, cited=store.cited_documents(citing))
        store.save_criteria(again)
        workspace.retriever.add_cuts(again)
    progress("link", len(linked), len(linked))
    return _counted(criteria, len(passages), linked)


def recount(workspace: Workspace, taken: Iterable[Intake]) -> list[Intake]:
    """Return the intakes as the base has them now: a later paper of a run may have supplied an earlier one's cuts."""
    return [
        _counted(workspace.store.criteria(intake.arxiv_id, intake.version), intake.passages, intake.linked)
        for intake in taken
    ]


def _counted(criteria: SelectionCriteria, passages: int, linked: tuple[str, ...]) -> Intake:
    return Intake(
        arxiv_id=criteria.paper.arxiv_id,
        version=criteria.paper.version,
        title=criteria.paper.title,
        cuts=len(criteria.cuts),
        delegated=sum(any(e.kind == "delegated" for e in cut.evidence) for cut in criteria.cuts),
        unresolved=len(criteria.unresolved),
        passages=passages,
        linked=linked,
    )


def _read(workspace: Workspace, source: Source) -> tuple[Document, str]:
    if source.path is None:
        from ingest.identifiers import parse_identifier
        from ingest.reader import read_source

        fetched = workspace.arxiv.fetch(parse_identifier(source.name))
        document = read_source(fetched.data, fetched.name, arxiv_id=fetched.arxiv_id, version=fetched.version)
        if not document.title:
            document = document.model_copy(update={"title": fetched.metadata.title})
        return document, fetched.sha256
    from ingest.reader import local_id, read_file

    try:
        digest = hashlib.sha256(source.path.read_bytes()).hexdigest()
    except OSError as error:
        message = f"cannot read {source.path}: {error.strerror or error}"
        raise SourceError(message, hint="check the file's permissions") from error
    name = source.arxiv_id or local_id(source.path)
    check_local_id(name)
    return read_file(source.path, arxiv_id=name), digest


def check_local_id(name: str) -> None:
    """Raise `InputError` unless a name can be used in addresses and file names."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?", name) or len(name) > 80:
        message = f"'{name}' cannot be a paper's id"
        raise InputError(message, hint="use up to 80 letters, digits, '.', '-' and '_', such as hzz4l or 2203.01808")
