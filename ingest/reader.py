"""A paper's source, whatever its form, as a Document."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.eprint import open_eprint, open_local
from kb.errors import SourceError

if TYPE_CHECKING:
    from ingest.eprint import Eprint
    from kb.document import Document

_SUFFIXES = re.compile(r"(\.(tex|ltx|pdf|tar|tgz|gz|zip|bz2|xz|txt))+$", re.IGNORECASE)
_ARXIV_STEM = re.compile(r"(\d{4}\.\d{4,5})(v\d+)?")


def read_source(data: bytes, name: str, *, arxiv_id: str, version: int = 1) -> Document:
    """Read a paper from the bytes of an e-print or a PDF; `name` serves messages.

    Raises SourceError for what cannot be read, NoTextError where there is no text.
    """
    if not data:
        message = f"{name} is empty"
        raise SourceError(message, hint="fetch or export the file again")
    if data.lstrip()[:5] == b"%PDF-":
        return _read_pdf(data, name, arxiv_id=arxiv_id, version=version)
    return _read_eprint(open_eprint(data, name), arxiv_id=arxiv_id, version=version)


def read_file(path: Path, *, arxiv_id: str, version: int = 1) -> Document:
    """Read a paper from a local file; a `.tex` brings along the files beside it that it names."""
    try:
        with path.open("rb") as file:
            head = file.read(1024)
        if head.lstrip()[:5] == b"%PDF-" or path.suffix.lower() == ".pdf":
            return _read_pdf(path.read_bytes(), path.name, arxiv_id=arxiv_id, version=version)
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}"
        raise SourceError(message, hint="check the path and the file's permissions") from error
    return _read_eprint(open_local(path), arxiv_id=arxiv_id, version=version)


def local_id(path: Path) -> str:
    """Return the id a file is kept under when the user names none: its stem, or the arXiv id that is its stem.

    >>> local_id(Path("notes/2203.01808v2.tar.gz")), local_id(Path("My selection (final).tex"))
    ('2203.01808', 'My-selection-final')
    """
    stem = _SUFFIXES.sub("", path.name)
    if found := _ARXIV_STEM.fullmatch(stem):
        return found[1]
    return re.sub(r"[^A-Za-z0-9._]+", "-", stem).strip("-._") or "paper"


def _read_eprint(eprint: Eprint, *, arxiv_id: str, version: int) -> Document:
    if eprint.kind == "pdf":
        return _read_pdf(eprint.files[eprint.main], eprint.main, arxiv_id=arxiv_id, version=version)
    from ingest.latex import read_latex

    return read_latex(eprint, arxiv_id=arxiv_id, version=version)


def _read_pdf(data: bytes, name: str, *, arxiv_id: str, version: int) -> Document:
    from ingest.pdf import read_pdf

    try:
        return read_pdf(data, arxiv_id=arxiv_id, version=version)
    except SourceError as error:
        # The reader sees bytes only; the user needs to know which file.
        if name not in error.message:
            error.message = f"{name}: {error.message}"
            error.args = (error.message,)
        raise
