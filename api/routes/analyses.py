"""Analyses: request one, follow it, fetch its files."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import FileResponse, JSONResponse, RedirectResponse

from api.analyses import file_of, files_of, request_analysis
from api.deps import Base, Limit, Queue
from api.names import newest
from api.routes.jobs import Job, accepted
from codegen.result import BackendName, EngineName
from kb.errors import AnalysisNotFoundError, DatasetNotFoundError, JobNotFoundError
from kb.observable import Observable
from kb.store.records import AnalysisRecord, AnalysisState, JobRecord, Problem

router = APIRouter(tags=["analyses"])

_BY_JOB: dict[int | str, dict[str, Any]] = {
    202: {"model": Job, "description": "The id is a job's, and the job has not ended: how far it is"},
    303: {"description": "The id is a job's, and the job has ended: `Location` is its analysis"},
}


class AnalysisRequest(BaseModel):
    """Which paper to run on which dataset."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"paper": "hzz4l", "dataset": "toys"}]})

    paper: str = Field(min_length=1, max_length=200, description="a paper of the knowledge base")
    dataset: str = Field(min_length=1, max_length=200, description="a name that GET /v1/datasets lists")
    engine: EngineName = Field(
        default="compiled", description="who writes the code: the compiler, a language model, or both"
    )
    backend: BackendName = Field(
        default="awkward", description="what the code is written for: awkward arrays, or ROOT's RDataFrame"
    )
    observables: tuple[Observable, ...] = Field(
        default=(), max_length=50, description="histograms to fill besides those of the criteria and the profile"
    )
    probes: bool = Field(default=True, description="show every cut on events made just beside its threshold")


class Analysis(BaseModel):
    """An analysis; `result` is what its result.json says, `files` are under /v1/analyses/{id}/files/."""

    id: str
    paper: str
    version: int
    dataset: str
    state: AnalysisState
    created_at: AwareDatetime
    finished_at: AwareDatetime | None
    files: list[str]
    result: dict[str, Any] | None
    problem: Problem | None

    @classmethod
    def of(cls, record: AnalysisRecord) -> Analysis:
        """Leave out where the server keeps the files."""
        fields = record.model_dump(exclude={"arxiv_id", "folder", "job_id"})
        return cls(paper=record.arxiv_id, files=files_of(record), **fields)


class DatasetEntry(BaseModel):
    """A dataset that analyses can run on."""

    name: str
    files: int


@router.post("/analyses", status_code=202, summary="Generate, run and validate an analysis")
def analyse(wanted: AnalysisRequest, response: Response, base: Base, queue: Queue) -> Job:
    """Return the job that does it; what it `makes` is the analysis, which GET /v1/analyses/{id of the job} leads to.

    The same paper on the same dataset replaces the earlier analysis.
    """
    # Names only: a folder given by a client would let it look around on this machine.
    known = {entry.name: entry.folder for entry in base.datasets()}
    if wanted.dataset not in known:
        message = f"there is no dataset '{wanted.dataset}'"
        hint = f"known: {', '.join(known)}; CUTBOOK_DATA tells the server where more are"
        raise DatasetNotFoundError(message, hint=hint)
    folder = str(known[wanted.dataset])
    request = request_analysis(
        base,
        newest(base.store, wanted.paper, doing="an analysis"),
        folder,
        engine=wanted.engine,
        probes=wanted.probes,
        observables=wanted.observables,
        backend=wanted.backend,
    )
    return accepted(queue.submit("analyse", {**request, "dataset": wanted.dataset}), response)


@router.get("/analyses", summary="List analyses, the latest first")
def analyses(base: Base, paper: str | None = None, limit: Limit = 50) -> list[Analysis]:
    """Return the latest analyses."""
    if paper is not None:
        base.store.paper(paper)
    return [Analysis.of(record) for record in base.store.analyses(arxiv_id=paper, limit=limit)]


@router.get("/analyses/{analysis_id}", summary="See an analysis", response_model=Analysis, responses=_BY_JOB)
def analysis(base: Base, analysis_id: str) -> Analysis | Response:
    """Return an analysis: cutflow, coverage, validation and the names of its files once it is done.

    The id of the job that POST /v1/analyses returned leads there, too: 303 to the analysis once the job has ended, and
    before that 202 with the job, to be asked again after `Retry-After` seconds.
    """
    try:
        return Analysis.of(base.store.analysis(analysis_id))
    except AnalysisNotFoundError as error:
        job = _job_of(base, analysis_id, error)
    if job.ended:
        return RedirectResponse(f"/v1/analyses/{job.request['analysis']}", status_code=303)
    to_wait = Response()
    told = accepted(job, to_wait).model_dump(mode="json")
    pointers = {name: to_wait.headers[name] for name in ("location", "retry-after")}
    return JSONResponse(told, status_code=202, headers=pointers)


def _job_of(base: Base, job_id: str, unknown: AnalysisNotFoundError) -> JobRecord:
    """Return the job of this id if it makes an analysis; raise that the analysis is `unknown` if there is none."""
    try:
        job = base.store.job(job_id)
    except JobNotFoundError:
        raise unknown from None
    if job.kind != "analyse":
        message = f"job {job_id} makes no analysis but brings in {job.about}"
        raise AnalysisNotFoundError(message, hint=f"see it at /v1/jobs/{job_id}")
    return job


@router.get("/analyses/{analysis_id}/files/{name:path}", summary="Fetch code, plots or the bundle")
def analysis_file(base: Base, analysis_id: str, name: str) -> FileResponse:
    """Return one of the files that the analysis lists; the id of its job does as well."""
    try:
        record = base.store.analysis(analysis_id)
    except AnalysisNotFoundError as error:
        record = base.store.analysis(_job_of(base, analysis_id, error).request["analysis"])
    path = file_of(record, name)
    kind = "text/x-python; charset=utf-8" if path.suffix == ".py" else None
    return FileResponse(path, filename=path.name, content_disposition_type="inline", media_type=kind)


@router.get("/datasets", summary="List the datasets")
def datasets(base: Base) -> list[DatasetEntry]:
    """Return the datasets that the server knows; `toys` are made when they are first asked for."""
    return [DatasetEntry(name=entry.name, files=entry.files) for entry in base.datasets()]
