"""Jobs: work that takes longer than a request."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict
from starlette.responses import StreamingResponse

from api import events
from api.deps import Base, Limit, Queue
from api.jobs import cancel
from kb.store.records import CitedPaper, JobRecord, JobState, Problem, Stage

router = APIRouter(prefix="/jobs", tags=["jobs"])


class Part(BaseModel):
    """A part of a job: a paper that is ingested because another one cites it; a job itself."""

    id: str
    about: str
    state: JobState
    stage: str
    done: int
    total: int
    problem: Problem | None


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
                    "stage": "embed",
                    "done": 64,
                    "total": 143,
                    "stages": [
                        {"name": "fetch", "done": 1, "total": 1},
                        {"name": "parse", "done": 1, "total": 1},
                        {"name": "chunk", "done": 143, "total": 143},
                        {"name": "embed", "done": 64, "total": 143},
                    ],
                    "parts": [],
                    "attempt": 1,
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
    stages: tuple[Stage, ...] = ()
    """All that were begun, the present one last."""
    parts: list[Part] = []
    """Only where one job is asked for."""
    cited: tuple[CitedPaper, ...] = ()
    """The plan for the papers that it cites, once there is one; only where one job is asked for."""
    attempt: int = 1
    created_at: AwareDatetime
    updated_at: AwareDatetime
    makes: str
    """Address of the paper or the analysis."""
    result: dict[str, Any] | None = None
    problem: Problem | None = None

    @classmethod
    def of(cls, record: JobRecord, parts: list[JobRecord] | None = None) -> Job:
        """Leave out what concerns the server alone, such as where it keeps an upload."""
        request = record.request
        if record.kind == "ingest":
            makes = f"/v1/papers/{(record.result or {}).get('arxiv_id') or request['id']}"
        else:
            makes = f"/v1/analyses/{request['analysis']}"
        stage = record.stage
        return cls(
            about=record.about,
            makes=makes,
            stage=stage.name,
            done=stage.done,
            total=stage.total,
            parts=[_part(part) for part in parts or []],
            cited=record.cited if parts is not None else (),
            **record.model_dump(exclude={"request", "revision", "steps", "cited"}),
        )


def _part(record: JobRecord) -> Part:
    stage = record.stage
    return Part(
        id=record.id,
        about=record.about,
        state=record.state,
        stage=stage.name,
        done=stage.done,
        total=stage.total,
        problem=record.problem,
    )


def accepted(record: JobRecord, response: Response) -> Job:
    """Point the client of a 202 reply to the job."""
    response.headers["Location"] = f"/v1/jobs/{record.id}"
    response.headers["Retry-After"] = "1"
    return Job.of(record)


@router.get("", summary="List jobs, the latest first")
def jobs(
    base: Base, limit: Limit = 50, state: Annotated[JobState | None, Query(description="only these")] = None
) -> list[Job]:
    """Return the latest jobs; those that are part of another one are with that one."""
    return [Job.of(record) for record in base.store.jobs(state=state, parts=False, limit=limit)]


@router.get("/{job_id}", summary="See how far a job is")
def job(base: Base, job_id: str) -> Job:
    """Return a job; `state` ends as `done`, as `failed` with a `problem`, or as `cancelled`."""
    return Job.of(*events.look_at(base.store, job_id))


@router.get(
    "/{job_id}/events",
    summary="Follow a job",
    response_class=StreamingResponse,
    responses={
        200: {"description": "A stream of events", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
        204: {"description": "The job has ended, and the client has seen its end"},
    },
)
def follow(
    request: Request,
    base: Base,
    job_id: str,
    last_event_id: Annotated[str, Header(description="id of the last event that the client has seen")] = "",
) -> Response:
    """Tell every change of a job as a server-sent event: `progress`, and at last `done`, `failed` or `cancelled`.

    The data are the job as GET /v1/jobs/{id} returns it. The stream ends when the job does. A client that comes back
    with `Last-Event-ID` gets what has changed since.
    """
    look = partial(events.look_at, base.store, job_id)
    now, parts = look()
    seen = int(last_event_id) if last_event_id.isdecimal() else 0
    if now.ended and events.number_of(now, parts) <= seen:
        # This, and not the end of a stream, tells a browser not to connect again.
        return Response(status_code=204)
    told = events.follow(
        look,
        lambda job, parts: Job.of(job, parts).model_dump_json(),
        seen=seen,
        leaving=lambda: bool(request.app.state.leaving),
    )
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(told, media_type="text/event-stream", headers=headers)


@router.post("/{job_id}/cancel", summary="Cancel a job")
def stop(base: Base, job_id: str) -> Job:
    """Cancel a job that waits or runs, and its parts. What runs stops within seconds; what is done stays."""
    return Job.of(cancel(base.store, job_id), base.store.parts(job_id))


@router.post("/{job_id}/retry", status_code=202, summary="Try a job again")
def again(queue: Queue, response: Response, job_id: str) -> Job:
    """Try a job again that failed or was cancelled. Of its parts those that are done are not done again."""
    return accepted(queue.retry(job_id), response)
