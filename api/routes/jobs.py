"""Jobs: work that takes longer than a request."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict

from api.deps import Base, Limit
from kb.store.records import JobRecord, JobState, Problem

router = APIRouter(prefix="/jobs", tags=["jobs"])


class Job(BaseModel):
    """A job and where what it makes will be."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "3f1c9d0e5b7a2468",
                    "kind": "ingest",
                    "about": "2203.01808",
                    "state": "running",
                    "stage": "distil",
                    "done": 0,
                    "total": 1,
                    "created_at": "2026-11-24T09:00:00Z",
                    "updated_at": "2026-11-24T09:00:02Z",
                    "makes": "/v1/papers/2203.01808",
                }
            ]
        }
    )

    id: str
    kind: str
    about: str
    state: JobState
    stage: str = ""
    done: int = 0
    total: int = 0
    created_at: AwareDatetime
    updated_at: AwareDatetime
    makes: str
    """Address of the paper or the analysis."""
    result: dict[str, Any] | None = None
    problem: Problem | None = None

    @classmethod
    def of(cls, record: JobRecord) -> Job:
        """Leave out what concerns the server alone, such as where it keeps an upload."""
        request = record.request
        if record.kind == "ingest":
            name = (record.result or {}).get("arxiv_id") or request["id"]
            about, makes = str(request.get("name") or name), f"/v1/papers/{name}"
        else:
            about, makes = f"{request['paper']} on {request['dataset']}", f"/v1/analyses/{request['analysis']}"
        return cls(about=about, makes=makes, **record.model_dump(exclude={"request"}))


def accepted(record: JobRecord, response: Response) -> Job:
    """Point the client of a 202 reply to the job."""
    response.headers["Location"] = f"/v1/jobs/{record.id}"
    response.headers["Retry-After"] = "1"
    return Job.of(record)


@router.get("", summary="List jobs, the latest first")
def jobs(
    base: Base, limit: Limit = 50, state: Annotated[JobState | None, Query(description="only these")] = None
) -> list[Job]:
    """Return the latest jobs."""
    return [Job.of(record) for record in base.store.jobs(state=state, limit=limit)]


@router.get("/{job_id}", summary="See how far a job is")
def job(base: Base, job_id: str) -> Job:
    """Return a job; `state` ends as `done` or `failed`, the latter with a `problem`."""
    return Job.of(base.store.job(job_id))
