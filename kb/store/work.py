"""Analyses, jobs and reviews in the store."""

from __future__ import annotations

from sqlalchemy import select

from kb.errors import AnalysisNotFoundError, JobNotFoundError
from kb.store.records import AnalysisRecord, JobRecord, JobState, ReviewRecord
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

    def job(self, job_id: str) -> JobRecord:
        """Return a job; JobNotFoundError."""
        with self._reading() as session:
            if (row := session.get(JobRow, job_id)) is not None:
                return JobRecord.model_validate_json(row.body)
        message = f"no job has the id '{job_id}'"
        raise JobNotFoundError(message, hint="the reply that started it names its id")

    def jobs(self, *, state: JobState | None = None, limit: int | None = None) -> list[JobRecord]:
        """Return jobs, the latest first."""
        query = select(JobRow.body).order_by(JobRow.created_at.desc(), JobRow.id).limit(limit)
        if state is not None:
            query = query.where(JobRow.state == state)
        with self._reading() as session:
            return [JobRecord.model_validate_json(body) for body in session.scalars(query)]

    def reviews(self, *, arxiv_id: str | None = None, cut_id: str | None = None) -> list[ReviewRecord]:
        """Return the review log, the oldest entry first."""
        query = select(ReviewRow.body).order_by(ReviewRow.number)
        if arxiv_id is not None:
            query = query.where(ReviewRow.arxiv_id == arxiv_id)
        if cut_id is not None:
            query = query.where(ReviewRow.cut_id == cut_id)
        with self._reading() as session:
            return [ReviewRecord.model_validate_json(body) for body in session.scalars(query)]
