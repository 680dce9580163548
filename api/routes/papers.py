"""Papers: bring them in, list them, look at one and at its cuts."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from api.changes import changes
from api.deps import Base, Queue
from api.intake import forget
from api.names import find_paper, to_forget
from api.references import MOST, References, usual, wishes
from api.routes.jobs import Job, accepted
from api.source import Source, local_name
from api.workspace import Workspace
from kb.errors import InputError
from kb.ssc import SelectionCriteria
from kb.store.records import JobRecord, PaperRecord
from kb.versions import VersionComparison

router = APIRouter(prefix="/papers", tags=["papers"])

PaperId = Annotated[
    str,
    Path(
        description="arXiv id, old or new style, or a local name; a version may follow, as in 2203.01808v2",
        examples=["2203.01808", "hep-ex/9901001", "hzz4l"],
    ),
]


class PaperRequest(BaseModel):
    """Which paper to fetch from arXiv, and which of the papers that it cites."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"id": "2203.01808"}]})

    id: str = Field(
        min_length=1, max_length=200, description="arXiv identifier or URL, DOI, INSPIRE record, report number"
    )
    references: References = Field(
        default="selection",
        description="the cited papers to ingest with it: those that define its selection, all, none",
    )
    max_references: int = Field(default=MOST, ge=0, le=500, description="how many of them at most")
    refresh: bool = Field(default=False, description="ask arXiv for a newer version than the one fetched before")


class UploadWishes(BaseModel):
    """Which of the papers that a file cites to ingest with it: fields of the form beside the file."""

    references: References = Field(default=usual(file=True), description="as for a paper from arXiv")
    max_references: int = Field(default=MOST, ge=0, le=500, description="how many of them at most")


_BODIES = {
    "required": True,
    "content": {
        "application/json": {"schema": PaperRequest.model_json_schema()},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": ".tex, .tar.gz or .pdf"},
                    "id": {
                        "type": "string",
                        "description": "name for the paper; default: the file's",
                        "example": "hzz4l",
                    },
                    **UploadWishes.model_json_schema()["properties"],
                },
            }
        },
    },
}


@router.post("", status_code=202, summary="Bring a paper in", openapi_extra={"requestBody": _BODIES})
async def ingest(request: Request, response: Response, base: Base, queue: Queue) -> Job:
    """Take an arXiv identifier (JSON) or a file (multipart form) and return the job that ingests it.

    The same paper again changes nothing.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        work = await _uploaded(request, base)
    elif kind in {"application/json", ""}:
        work = await _named(request)
    else:
        raise HTTPException(415, f"'{kind}' is not taken here; send application/json or multipart/form-data")
    job: JobRecord = await asyncio.to_thread(queue.submit, "ingest", work)
    return accepted(job, response)


async def _named(request: Request) -> dict[str, Any]:
    body = await request.body()
    with _as_request_error():
        wanted = PaperRequest.model_validate_json(body)
    return {**Source(wanted.id, refresh=wanted.refresh).request(), **wishes(wanted.references, wanted.max_references)}


async def _uploaded(request: Request, base: Base) -> dict[str, Any]:
    async with request.form(max_files=1, max_fields=4, max_part_size=4096) as form:
        file, name = form.get("file"), form.get("id")
        known = {"file", "id", *UploadWishes.model_fields}
        if unknown := [field for field in form if field not in known]:
            message = f"the form has a part '{unknown[0]}', which means nothing here"
            raise InputError(message, hint=f"known: {', '.join(sorted(known))}", path=f"body.{unknown[0]}")
        asked = {field: form[field] for field in UploadWishes.model_fields if form.get(field)}
        if not isinstance(file, UploadFile) or not file.filename:
            message = "the form has no file"
            raise InputError(
                message, hint="send the paper in a part named 'file', with its file name", path="body.file"
            )
        data = await file.read()
    with _as_request_error():
        wanted = UploadWishes.model_validate(asked)
    # Only the name's own letters are kept; folders in it mean nothing here.
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", file.filename.replace("\\", "/").rpartition("/")[2]).lstrip(".")[-100:]
    folder = base.folder("uploads", hashlib.sha256(data).hexdigest()[:32])
    path = folder / (safe or "paper")
    local = local_name(path, name.strip() if isinstance(name, str) and name.strip() else None)
    # A job may be reading the same upload just now.
    partial = path.with_name(f"{path.name}.part")
    await asyncio.to_thread(partial.write_bytes, data)
    partial.replace(path)
    version = {"version": local.version} if local.version else {}
    named = {"id": local.arxiv_id, "name": file.filename[:200], "file": str(path), **version}
    return {**named, **wishes(wanted.references, wanted.max_references)}


@contextmanager
def _as_request_error() -> Iterator[None]:
    """Tell of a body in the way in which FastAPI tells of other parts of a request."""
    try:
        yield
    except ValidationError as error:
        raise RequestValidationError([{**found, "loc": ("body", *found["loc"])} for found in error.errors()]) from error


@router.get("", summary="List the papers")
def papers(base: Base) -> list[PaperRecord]:
    """Return all papers of the knowledge base."""
    return base.store.papers()


@router.delete("/{paper_id:path}", status_code=204, summary="Remove a paper")
def remove(base: Base, paper_id: PaperId) -> None:
    """Remove a paper, its cuts and its passages; analyses keep their files."""
    forget(base, to_forget(base.store, paper_id).arxiv_id)


@router.get("/{paper_id:path}/cuts", summary="See what a paper requires")
def criteria(base: Base, paper_id: PaperId, version: int | None = None) -> SelectionCriteria:
    """Return the Structured Selection Criteria of a paper: cuts with their citations, objects, composites, regions."""
    return base.store.criteria(*_one(base, paper_id, version))


@router.get("/{paper_id:path}/changes", summary="See what a version changes")
def changed(
    base: Base,
    paper_id: PaperId,
    since: Annotated[int | None, Query(ge=1, description="the version before, where none is given")] = None,
    version: Annotated[int | None, Query(ge=1, description="the newest, where none is given")] = None,
) -> VersionComparison:
    """Return which cuts a version of a paper adds, removes and changes; rewording changes none."""
    arxiv_id, version = _one(base, paper_id, version)
    return changes(base.store, arxiv_id, since=since, version=version)


@router.get("/{paper_id:path}/versions", summary="See a paper's versions")
def versions(base: Base, paper_id: PaperId) -> list[PaperRecord]:
    """Return the records of all versions of a paper that are in the base, the oldest first."""
    arxiv_id, version = _one(base, paper_id, None)
    base.store.paper(arxiv_id, version)
    return base.store.versions(arxiv_id)


@router.get("/{paper_id:path}", summary="See a paper's record")
def paper(base: Base, paper_id: PaperId, version: int | None = None) -> PaperRecord:
    """Return what is known of a paper and how far it has come."""
    return base.store.paper(*_one(base, paper_id, version))


def _one(base: Workspace, paper_id: str, version: int | None) -> tuple[str, int | None]:
    """Return the id and the version that an address names, in its path or as a parameter."""
    named = find_paper(base.store, paper_id)
    if version is not None and named.version not in {None, version}:
        message = f"{paper_id} names another version than {version}"
        raise InputError(message, hint="name it once", path="query.version")
    return named.arxiv_id, version or named.version
