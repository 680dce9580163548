"""A paper's source, whatever its form, as a Document."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.eprint import open_eprint, open_local
from ingest.identifiers import Identifier
from kb.errors import SourceError, UnreachableError

if TYPE_CHECKING:
    from ingest.eprint import Eprint
    from ingest.grobid import Grobid
    from kb.document import Document

Warn = Callable[[str], None]
"""Called with a sentence about what went otherwise than asked, and yet was done."""

_SUFFIXES = re.compile(r"(\.(tex|ltx|pdf|tar|tgz|gz|zip|bz2|xz|txt|tei|xml))+$", re.IGNORECASE)
_ARXIV_STEM = re.compile(r"(\d{4}\.\d{4,5})(?:v([1-9]\d?))?")
_TEI = re.compile(rb"<(?:\w+:)?TEI[\s>]")


def read_source(
    data: bytes,
    name: str,
    *,
    arxiv_id: str,
    version: int = 1,
    title: str = "",
    grobid: Grobid | None = None,
    warn: Warn = lambda _: None,
) -> Document:
    """Read a paper from the bytes of an e-print, a PDF or GROBID's TEI; `name` serves messages.

    A PDF is read by `grobid` where there is one; where that fails, `warn` is told why and the embedded reader reads
    it. `title` is used where the paper itself tells none. Raises SourceError for what cannot be read, NoTextError
    where there is no text.
    """
    if not data:
        message = f"{name} is empty"
        raise SourceError(message, hint="fetch or export the file again")
    if data.lstrip()[:5] == b"%PDF-":
        document = _read_pdf(data, name, arxiv_id, version, grobid, warn)
    elif _TEI.search(data[:4096]) and data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        from ingest.tei import read_tei

        with _naming(name):
            document = read_tei(data, arxiv_id=arxiv_id, version=version)
    else:
        document = _read_eprint(open_eprint(data, name), arxiv_id, version, grobid, warn)
    return _titled(document, title)


def read_file(
    path: Path,
    *,
    arxiv_id: str,
    version: int = 1,
    title: str = "",
    grobid: Grobid | None = None,
    warn: Warn = lambda _: None,
) -> Document:
    """Read a paper from a local file as `read_source` does; a `.tex` brings along the files beside it that it names."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
        is_pdf = head.lstrip()[:5] == b"%PDF-" or path.suffix.lower() == ".pdf"
        is_tei = path.suffix.lower() == ".xml" and _TEI.search(head) is not None
        data = path.read_bytes() if is_pdf or is_tei else b""
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}"
        raise SourceError(message, hint="check the path and the file's permissions") from error
    if is_tei:
        return read_source(data, path.name, arxiv_id=arxiv_id, version=version, title=title)
    if is_pdf:
        document = _read_pdf(data, path.name, arxiv_id, version, grobid, warn)
    else:
        document = _read_eprint(open_local(path), arxiv_id, version, grobid, warn)
    return _titled(document, title)


def local_name(path: Path) -> Identifier:
    """Return what a file is kept under when the user names nothing: its stem, or arXiv's id and version in it.

    >>> str(local_name(Path("notes/2203.01808v2.tar.gz"))), str(local_name(Path("My selection (final).tex")))
    ('2203.01808v2', 'My-selection-final')
    """
    stem = _SUFFIXES.sub("", path.name)
    if found := _ARXIV_STEM.fullmatch(stem):
        return Identifier(found[1], int(found[2]) if found[2] else None)
    return Identifier(re.sub(r"[^A-Za-z0-9._]+", "-", stem).strip("-._") or "paper")


def version_of(path: Path, *, arxiv_id: str, given: int | None, warn: Warn = lambda _: None) -> int:
    """Return the version of a paper in a local file: the one `given`, by the user or the file's name; else its stamp's.

    A stamp of another paper tells nothing of this one. What none of them tells is version 1. `warn` is told where they
    contradict each other.
    """
    from ingest.stamp import stamped

    try:
        data = path.read_bytes()
    except OSError:
        return given or 1
    stamp = stamped(data) if data.lstrip()[:5] == b"%PDF-" else None
    if stamp is None:
        return given or 1
    if stamp.arxiv_id != arxiv_id and _ARXIV_STEM.fullmatch(arxiv_id):
        warn(f"it is kept as {arxiv_id}, and stamped arXiv:{stamp}")
        return given or 1
    if given is not None and given != stamp.version:
        warn(f"it is kept as version {given}, and stamped arXiv:{stamp}")
    return given or stamp.version or 1


def _read_eprint(eprint: Eprint, arxiv_id: str, version: int, grobid: Grobid | None, warn: Warn) -> Document:
    if eprint.kind == "pdf":
        return _read_pdf(eprint.files[eprint.main], eprint.main, arxiv_id, version, grobid, warn)
    from ingest.latex import read_latex

    return read_latex(eprint, arxiv_id=arxiv_id, version=version, warn=warn)


def _read_pdf(data: bytes, name: str, arxiv_id: str, version: int, grobid: Grobid | None, warn: Warn) -> Document:
    if grobid is not None:
        from ingest.tei import read_tei

        try:
            return read_tei(grobid.fulltext(data, name), arxiv_id=arxiv_id, version=version)
        except (UnreachableError, SourceError) as error:
            warn(f"{name} is read by the embedded PDF reader: {error.message}")
    from ingest.pdf import read_pdf

    with _naming(name):
        return read_pdf(data, arxiv_id=arxiv_id, version=version)


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Put the file's name before a reader's complaint: readers see bytes only, the user has files."""
    try:
        yield
    except SourceError as error:
        if name not in error.message:
            error.message = f"{name}: {error.message}"
            error.args = (error.message,)
        raise


def _titled(document: Document, title: str) -> Document:
    """Fill an empty title; the text, and with it the document's hash, stays."""
    title = " ".join(title.split())
    return document if document.title or not title else document.model_copy(update={"title": title})
