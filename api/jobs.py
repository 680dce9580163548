"""Jobs: work that outlives the process that began it.

There is one record of each, in the store, which the command line and the REST server read and through which a job is
cancelled; `api.workflows` does the work, and DBOS (`api.durable`) sees to it that it is done to the end. This module
imports neither until a process begins to work: looking at jobs is light.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from api.references import Plan, cited_papers
from api.seat import MANY, Seat
from kb.errors import CutbookError, FaultError, JobNotFoundError, RefusedError
from kb.store.records import JobRecord, now

if TYPE_CHECKING:
    from api.durable import Durable
    from api.workflows import Bench
    from api.workspace import Workspace
    from kb.store import Store

Watch = Callable[[JobRecord, Sequence[JobRecord]], None]
"""Told how far a job and its parts are."""

# What happens in this process is told at once; what others do is looked for so often [s].
_LOOK = 0.5
_LOOK_CLOSER = 5.0


class Jobs:
    """The jobs of a home and, once started, the process that works on them.

    A server (`serving`) works on them one after the other, `CUTBOOK_WORKERS` at a time; any other process only on
    those it is asked for. `plan` chooses the cited papers that are ingested with a paper.
    """

    def __init__(self, workspace: Workspace, *, serving: bool = False, plan: Plan = cited_papers) -> None:
        self._workspace = workspace
        self._serving = serving
        self._plan = plan
        self._seat = seat(workspace)
        self._durable: Durable | None = None
        self._bench: Bench | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> int:
        """Begin to work; return how many jobs were left by earlier processes, with which a server goes on.

        HomeInUseError, naming it, if another process works in this home.
        """
        if self._durable is not None:
            return 0
        executor = self._seat.take()
        try:
            from api.durable import Durable
            from api.workflows import Bench

            self._bench = Bench(self._workspace, self._plan, faults=None if self._serving else {})
            workers = self._workspace.settings.workers if self._serving else None
            self._durable = Durable(self._bench, self._seat, executor=executor, workers=workers)
            return self._durable.recover() if self._serving else 0
        except BaseException:
            self.stop(seconds=0)
            raise

    def stop(self, *, seconds: float = 10) -> bool:
        """Stop working; what is under way goes on in the next process. Say whether it could be left within this time.

        If it could not, threads still run that the end of the process would wait for.
        """
        durable, self._durable = self._durable, None
        stopped = durable.stop(seconds) if durable is not None else True
        self._seat.leave()
        return stopped

    def submit(self, kind: str, request: dict[str, Any]) -> JobRecord:
        """Begin a job, or go on with the one that was asked for the same and has not ended."""
        store = self._workspace.store
        with store.turn("submission"):
            for job in store.jobs(unfinished=True, parts=False):
                if job.kind == kind and _meaning(job.request) == _meaning(request):
                    break
            else:
                job = JobRecord(id=secrets.token_hex(8), kind=kind, request=request)
                store.save_job(job)
        self._working.go_on(job)
        return job

    def retry(self, job_id: str) -> JobRecord:
        """Try a job again that failed or was cancelled, or go on with one that was interrupted."""
        job = find(self._workspace.store, job_id)
        if job.state == "done":
            message = f"job {job.id} is done"
            raise RefusedError(message, hint="to ingest or analyse anew, ask for a new job")
        if job.ended:
            from api.workflows import anew

            job = anew(self._at_bench, job.id, only=job.attempt)
            self._working.start(job)
        elif self._serving:
            message = f"job {job.id} is {job.state}"
            raise RefusedError(message, hint="wait for it to end, or cancel it first")
        else:
            self._working.go_on(job)
        return job

    def follow(self, job: JobRecord, watch: Watch = lambda *_: None) -> JobRecord:
        """Wait for a job to end and return it; `watch` is told how far it is. An error of it is raised."""
        from api.workflows import has_died

        bench = self._at_bench
        looked = time.monotonic()
        while True:
            job = self._workspace.store.job(job.id)
            watch(job, self._workspace.store.parts(job.id))
            if job.ended:
                break
            if time.monotonic() - looked > _LOOK_CLOSER:
                looked = time.monotonic()
                if has_died(job):
                    message = f"DBOS could not go on with job {job.id}"
                    raise FaultError(message, hint=f"try again: cutbook jobs retry {job.id}")
            with bench.news:
                bench.news.wait(_LOOK)
        if bench.faults and job.id in bench.faults:
            raise bench.faults.pop(job.id)
        if job.problem is not None:
            raise CutbookError.of(job.problem.code, job.problem.message, hint=job.problem.hint)
        if job.state == "cancelled":
            message = f"job {job.id} was cancelled"
            raise RefusedError(message, hint=f"cutbook jobs retry {job.id} does it after all")
        return job

    @property
    def _working(self) -> Durable:
        assert self._durable is not None, "not started"
        return self._durable

    @property
    def _at_bench(self) -> Bench:
        assert self._bench is not None, "not started"
        return self._bench


def cancel(store: Store, job_id: str) -> JobRecord:
    """Cancel a job and its parts: what runs stops soon, what is done stays. RefusedError if it has ended."""
    job = find(store, job_id)

    def cancelled(job: JobRecord) -> JobRecord:
        if job.ended:
            message = f"job {job.id} has ended already: it is {job.state}"
            raise RefusedError(message, hint="only a job that waits or runs can be cancelled")
        return job.model_copy(update={"state": "cancelled"})

    with store.transaction():
        job = store.change_job(job.id, cancelled)
        for part in store.parts(job.id):
            store.change_job(part.id, lambda part: part if part.ended else cancelled(part))
        if job.kind == "analyse":
            analysis = store.analysis(job.request["analysis"])
            if analysis.state in {"queued", "running"}:
                store.save_analysis(analysis.model_copy(update={"state": "cancelled", "finished_at": now()}))
    return job


def find(store: Store, job_id: str) -> JobRecord:
    """Return the job of this id, or of the only one that begins so; JobNotFoundError."""
    try:
        return store.job(job_id)
    except JobNotFoundError:
        alike = [job for job in store.jobs(parts="-" in job_id) if job_id and job.id.startswith(job_id)]
        if len(alike) != 1:
            raise
        return alike[0]


def seat(workspace: Workspace) -> Seat:
    """Return a seat in the home, not taken yet: one process at a time works where engines are embedded."""
    settings = workspace.settings
    embedded = settings.qdrant_url is None or not settings.database.startswith("postgresql")
    folder = workspace.folder("jobs")
    return Seat(workspace.home, folder, label=workspace.label, seats=1 if embedded else MANY)


def _meaning(request: dict[str, Any]) -> dict[str, Any]:
    """Return what a request asks for, however it was written."""
    return {name: value for name, value in request.items() if name != "name"}
