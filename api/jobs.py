"""Durable jobs: rows of the store, worked off by a small pool of threads in the server process.

A job that a stopped or killed server left queued or running is queued again when the next one starts; every step is
idempotent, so that it simply runs again.
"""

from __future__ import annotations

import logging
import queue
import secrets
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.analyses import run_analysis
from api.intake import Source, take_in
from kb.errors import CutbookError
from kb.store.records import JobRecord, Problem, now

if TYPE_CHECKING:
    from api.workspace import Workspace

_LOG = logging.getLogger("cutbook.jobs")
# A progress report costs a write; more of them than this per second help nobody.
_REPORT_SECONDS = 0.3


class Jobs:
    """Take jobs, run them, remember them."""

    def __init__(self, workspace: Workspace, *, workers: int = 1) -> None:
        self._workspace = workspace
        self._queue: queue.Queue[str | None] = queue.Queue()
        self._threads = [
            threading.Thread(target=self._work, name=f"job-{number}", daemon=True) for number in range(workers)
        ]
        # Papers of one base link to each other; two at a time could miss each other's citations.
        self._intake = threading.Lock()
        self._stopping = threading.Event()

    def start(self) -> int:
        """Start the workers; return how many jobs an earlier server left and are queued again."""
        left = [job for job in self._workspace.store.jobs() if job.state in {"queued", "running"}]
        for job in sorted(left, key=lambda job: job.created_at):
            self._save(job, state="queued")
            self._queue.put(job.id)
        for thread in self._threads:
            thread.start()
        return len(left)

    def stop(self, *, seconds: float = 10) -> None:
        """Take no further job and give the running ones some time; what is unfinished runs again at the next start."""
        self._stopping.set()
        for _ in self._threads:
            self._queue.put(None)
        until = time.monotonic() + seconds
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, until - time.monotonic()))

    def submit(self, kind: str, request: dict[str, Any]) -> JobRecord:
        """Save a job and queue it."""
        job = JobRecord(id=secrets.token_hex(8), kind=kind, request=request)
        self._workspace.store.save_job(job)
        self._queue.put(job.id)
        return job

    def _work(self) -> None:
        while (job_id := self._queue.get()) is not None and not self._stopping.is_set():
            try:
                self._run(self._workspace.store.job(job_id))
            except Exception:
                _LOG.exception("job %s could not be kept", job_id)

    def _run(self, job: JobRecord) -> None:
        job = self._save(job, state="running")
        reported = 0.0

        def progress(stage: str, done: int, total: int) -> None:
            nonlocal job, reported
            if stage != job.stage or time.monotonic() - reported > _REPORT_SECONDS:
                job = self._save(job, stage=stage, done=done, total=total)
                reported = time.monotonic()

        try:
            if job.kind == "ingest":
                result = self._ingest(job.request, progress)
            else:
                result = self._analyse(job.request, progress)
        except CutbookError as error:
            self._save(job, state="failed", problem=Problem(code=error.code, message=error.message, hint=error.hint))
        except Exception as error:
            _LOG.exception("job %s broke", job.id)
            message = f"{job.kind} broke: {type(error).__name__}: {error}"
            problem = Problem(
                code="fault", message=message, hint="the server's log has the traceback; please report it"
            )
            self._save(job, state="failed", problem=problem)
        else:
            self._save(job, state="done", result=result, done=max(job.total, job.done))

    def _ingest(self, request: dict[str, Any], progress: Any) -> dict[str, Any]:
        path = Path(request["file"]) if request.get("file") else None
        source = Source(request.get("name") or request["id"], path, request["id"] if path else None)
        with self._intake:
            return asdict(take_in(self._workspace, source, progress))

    def _analyse(self, request: dict[str, Any], progress: Any) -> dict[str, Any]:
        record, _ = run_analysis(self._workspace, request["paper"], request["folder"], progress=progress)
        return {"analysis": record.id}

    def _save(self, job: JobRecord, **changes: Any) -> JobRecord:
        job = job.model_copy(update={**changes, "updated_at": now()})
        self._workspace.store.save_job(job)
        return job
