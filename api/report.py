"""How far a job has come, written where everyone reads it: the job's record in the store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from kb.store.records import CitedPaper, JobRecord, JobState, Problem, Stage

if TYPE_CHECKING:
    from kb.store import Store

# A report costs a write; more of them than this per second help nobody.
_SECONDS = 0.3


class Withdrawn(BaseException):
    """Someone cancelled the job, or began it anew: this attempt at it is over.

    Like `Stopped` no Exception: what catches errors of the work, and keeps them as its outcome, has to let it pass.
    """


class Stopped(BaseException):
    """The process ends; the job goes on in the next one."""


class Report:
    """What one attempt at a job reports; threads may share it.

    Every call may raise `Stopped` or `Withdrawn`, so that work which reports often ends soon after it should.
    """

    def __init__(
        self, store: Store, job_id: str, attempt: int, *, stopping: threading.Event, news: threading.Condition
    ) -> None:
        self._store = store
        self._job_id = job_id
        self._attempt = attempt
        self._stopping = stopping
        self._news = news
        self._turn = threading.Lock()
        self._written = ("", 0.0)

    def begin(self, steps: int) -> JobRecord:
        """Note that the attempt runs now, by this sequence of steps."""
        return self._write(lambda job: job.model_copy(update={"state": "running", "steps": steps}))

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Note that `done` of `total` pieces of a stage are done."""
        self.check()
        with self._turn:
            name, at = self._written
            if stage == name and done < total and time.monotonic() - at < _SECONDS:
                return
            self._written = (stage, time.monotonic())
        self._write(lambda job: _with_stage(job, Stage(name=stage, done=done, total=total)))

    def plan(self, cited: Sequence[CitedPaper]) -> None:
        """Note which cited papers are wanted, before any of them is fetched."""
        self._write(lambda job: job.model_copy(update={"cited": tuple(cited)}))

    def check(self) -> None:
        """Raise `Stopped` if the process ends."""
        if self._stopping.is_set():
            raise Stopped

    def claim(self) -> None:
        """Raise `Withdrawn` if the attempt is over; in a transaction, nobody can end it before that ends."""
        self._write(lambda job: job)

    def pause(self, seconds: float) -> None:
        """Wait for others, and notice meanwhile that one should wait no longer."""
        self._stopping.wait(seconds)
        self.check()
        job = self._store.job(self._job_id)
        if job.ended or job.attempt != self._attempt:
            raise Withdrawn

    def end(self, state: JobState, *, result: dict[str, Any] | None = None, problem: Problem | None = None) -> None:
        """Note what came of it."""
        self._write(lambda job: job.model_copy(update={"state": state, "result": result, "problem": problem}))

    def _write(self, change: Callable[[JobRecord], JobRecord]) -> JobRecord:
        def mine(job: JobRecord) -> JobRecord:
            if job.ended or job.attempt != self._attempt:
                raise Withdrawn
            return change(job)

        self.check()
        job = self._store.change_job(self._job_id, mine)
        with self._news:
            self._news.notify_all()
        return job


def _with_stage(job: JobRecord, stage: Stage) -> JobRecord:
    before = [other for other in job.stages if other.name != stage.name]
    return job.model_copy(update={"stages": (*before, stage)})
