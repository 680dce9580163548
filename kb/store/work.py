"""Analyses, jobs and reviews in the store."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from kb.errors import AnalysisNotFoundError, JobNotFoundError
from kb.store.records import AnalysisRecord, JobRecord, JobState, ReviewRecord, now
from kb.store.transactions import Transactions
from kb.tables import AnalysisRow, JobRow, ReviewRow


class Work(Transactions):
    """The part of the store that keeps what was asked for and what came of it."""

    def save_analysis(self, analysis: AnalysisRecord) -> None:
        """Keep an analysis, in place of what was kept under its id before."""
        with self._writing() as session:
            columns = ("id", "arxiv_id", "version", "dataset", "state", "created_at")
            values = {name: getattr(analysis, name) for name in columns}
            session.merge(AnalysisRow(**values, body=analysis.model_dump_json()))

    def analysis(self, analysis_id: str) -> AnalysisRecord:
        """Return an analysis; AnalysisNotFoundError."""
        with self._reading() as session:
            if (row := session.get(AnalysisRow, analysis_id)) is not None:
                return AnalysisRecord.model_validate_json(row.body)
        message = f"no analysis has the id '{analysis_id}'"
        raise AnalysisNotFoundError(message, hint="request one: cutbook analyse ID --dataset NAME")

    def analyses(self, *, arxiv_id: str | None = None, limit: int | None = None) -> list[AnalysisRecord]:
        """Return analyses, the latest first."""
        query = select(AnalysisRow.body).order_by(AnalysisRow.created_at.desc(), AnalysisRow.id).limit(limit)
        if arxiv_id is not None:
            query = query.where(AnalysisRow.arxiv_id == arxiv_id)
        with self._reading() as session:
            return [AnalysisRecord.model_validate_json(body) for body in session.scalars(query)]

    def save_job(self, job: JobRecord) -> None:
        """Keep a job, in place of what was kept under its id before."""
        with self._writing() as session:
            values = {name: getattr(job, name) for name in ("id", "kind", "state", "created_at")}
            session.merge(JobRow(**values, body=job.model_dump_json()))

    def change_job(self, job_id: str, change: Callable[[JobRecord], JobRecord]) -> JobRecord:
        """Put what `change` makes of a job in its place and return it; JobNotFoundError.

        Nobody else changes the job in between. A `change` that returns the job itself leaves it as it is.
        """
        with self._writing() as session:
            if (row := session.get(JobRow, job_id, with_for_update=True, populate_existing=True)) is None:
                raise _no_job(job_id)
            before = JobRecord.model_validate_json(row.body)
            after = change(before)
            if after is before:
                return before
            after = after.model_copy(update={"revision": before.revision + 1, "updated_at": now()})
            row.state, row.body = after.state, after.model_dump_json()
            return after

    def job(self, job_id: str) -> JobRecord:
        """Return a job; JobNotFoundError."""
        with self._reading() as session:
            if (row := session.get(JobRow, job_id)) is not None:
                return JobRecord.model_validate_json(row.body)
        raise _no_job(job_id)

    def jobs(
        self,
        *,
        state: JobState | None = None,
        unfinished: bool = False,
        parts: bool = True,
        limit: int | None = None,
    ) -> list[JobRecord]:
        """Return jobs, the latest first: those in a state, those that have not ended, those that are no part."""
        query = select(JobRow.body).order_by(JobRow.created_at.desc(), JobRow.id).limit(limit)
        if state is not None:
            query = query.where(JobRow.state == state)
        if unfinished:
            query = query.where(JobRow.state.in_(["queued", "running"]))
        if not parts:
            query = query.where(~JobRow.id.contains("-", autoescape=True))
        with self._reading() as session:
            return [JobRecord.model_validate_json(body) for body in session.scalars(query)]

    def parts(self, job_id: str) -> list[JobRecord]:
        """Return the jobs that are parts of this one, in the order in which they were made."""
        query = select(JobRow.body).where(JobRow.id.startswith(f"{job_id}-", autoescape=True))
        with self._reading() as session:
            bodies = session.scalars(query.order_by(JobRow.created_at, JobRow.id))
            return [JobRecord.model_validate_json(body) for body in bodies]

    def reviews(self, *, arxiv_id: str | None = None, cut_id: str | None = None) -> list[ReviewRecord]:
        """Return the review log, the oldest entry first."""
        query = select(ReviewRow.body).order_by(ReviewRow.number)
        if arxiv_id is not None:
            query = query.where(ReviewRow.arxiv_id == arxiv_id)
        if cut_id is not None:
            query = query.where(ReviewRow.cut_id == cut_id)
        with self._reading() as session:
            return [ReviewRecord.model_validate_json(body) for body in session.scalars(query)]


def _no_job(job_id: str) -> JobNotFoundError:
    message = f"no job has the id '{job_id}'"
    return JobNotFoundError(message, hint="`cutbook jobs` lists them; the reply that started one names it")
