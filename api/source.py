"""What a user names to be read: a file, or a paper on arXiv."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kb.errors import IdentifierError, InputError, SourceError

if TYPE_CHECKING:
    from ingest.identifiers import Identifier

_FILE_SUFFIX = re.compile(r"\.(tex|pdf|gz|tgz|tar|zip|bz2|xz|txt)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a paper is read from: a file, or arXiv when `path` is None. `name` is what the user wrote.

    A name may be one outside arXiv (a DOI, an INSPIRE record, a report number) that INSPIRE leads to an arXiv id.
    """

    name: str
    path: Path | None = None
    arxiv_id: str | None = None
    refresh: bool = False
    """Ask arXiv and INSPIRE again, who may know a newer version, instead of taking what was fetched before."""

    @classmethod
    def of(cls, text: str, *, arxiv_id: str | None = None, refresh: bool = False) -> Source:
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
        from ingest.identifiers import parse_name

        try:
            parse_name(text)
        except IdentifierError:
            if _FILE_SUFFIX.search(text) or path.is_absolute() or text.startswith((".", "~")):
                message = f"there is no file {text}"
                raise SourceError(message, hint=f"the current folder is {Path.cwd()}") from None
            raise
        return cls(text, refresh=refresh)

    @classmethod
    def of_request(cls, request: dict[str, Any]) -> Source:
        """Read back what `request` wrote."""
        refresh, version = bool(request.get("refresh")), request.get("version")
        name = f"{request['id']}v{version}" if version else request["id"]
        if request.get("file"):
            return cls(request.get("name") or name, Path(request["file"]), name)
        if request.get("outside"):
            return cls(request["outside"], refresh=refresh)
        return cls(name, refresh=refresh)

    def request(self) -> dict[str, Any]:
        """Return it as a job's request: the same paper gives the same, but for the `name` that the user wrote."""
        if self.path is not None:
            local = local_name(self.path, self.arxiv_id)
            version = {"version": local.version} if local.version else {}
            return {"id": local.arxiv_id, "name": self.name, "file": str(self.path.absolute()), **version}
        from ingest.identifiers import Handle, parse_name

        named = parse_name(self.name)
        refresh = {"refresh": True} if self.refresh else {}
        if isinstance(named, Handle):
            return {"id": str(named), "name": self.name, "outside": self.name, **refresh}
        version = {"version": named.version} if named.version else {}
        return {"id": named.arxiv_id, "name": self.name, **version, **refresh}


def local_name(path: Path, given: str | None = None) -> Identifier:
    """Return the id and, where it is told, the version of a paper in a file: those `given`, or those of its name.

    A given id is taken as it is written, and as arXiv's where it is one. InputError for what can be no id.
    """
    from ingest.identifiers import Identifier, parse_identifier
    from ingest.reader import local_name as named

    if given is None:
        found = named(path)
    else:
        try:
            found = parse_identifier(given)
        except IdentifierError:
            found = Identifier(given)
    _check(found.arxiv_id)
    return found


def _check(name: str) -> None:
    """Raise `InputError` unless a name can be used in addresses and file names."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?", name) or len(name) > 80:
        message = f"'{name}' cannot be a paper's id"
        raise InputError(message, hint="use up to 80 letters, digits, '.', '-' and '_', such as hzz4l or 2203.01808")
