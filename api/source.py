"""What a user names to be read: a file, or a paper on arXiv."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kb.errors import IdentifierError, InputError, SourceError

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
        if request.get("file"):
            return cls(request.get("name") or request["id"], Path(request["file"]), request["id"])
        refresh, version = bool(request.get("refresh")), request.get("version")
        if request.get("outside"):
            return cls(request["outside"], refresh=refresh)
        return cls(f"{request['id']}v{version}" if version else request["id"], refresh=refresh)

    def request(self) -> dict[str, Any]:
        """Return it as a job's request: the same paper gives the same, but for the `name` that the user wrote."""
        if self.path is not None:
            from ingest.reader import local_id

            arxiv_id = self.arxiv_id or local_id(self.path)
            check_local_id(arxiv_id)
            return {"id": arxiv_id, "name": self.name, "file": str(self.path.absolute())}
        from ingest.identifiers import Handle, parse_name

        named = parse_name(self.name)
        refresh = {"refresh": True} if self.refresh else {}
        if isinstance(named, Handle):
            return {"id": str(named), "name": self.name, "outside": self.name, **refresh}
        version = {"version": named.version} if named.version else {}
        return {"id": named.arxiv_id, "name": self.name, **version, **refresh}


def check_local_id(name: str) -> None:
    """Raise `InputError` unless a name can be used in addresses and file names."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?", name) or len(name) > 80:
        message = f"'{name}' cannot be a paper's id"
        raise InputError(message, hint="use up to 80 letters, digits, '.', '-' and '_', such as hzz4l or 2203.01808")
