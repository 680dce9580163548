"""What the store hands out: papers, cuts with their paper, analyses, jobs and reviews, as plain records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from kb.ssc import Cut, Operator, Role, Scope, Status

PaperState = Literal["read", "indexed", "distilled"]
AnalysisState = Literal["queued", "running", "done", "failed", "cancelled"]
JobState = Literal["queued", "running", "done", "failed", "cancelled"]


def now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PaperRecord(_Record):
    """A version of a paper in the base."""

    arxiv_id: str
    version: int = Field(ge=1)
    title: str
    experiment: str | None = None
    source_format: str
    reader: str
    state: PaperState
    sha256: str = Field(description="of the source's bytes")
    document_hash: str
    ingested_at: AwareDatetime
    cuts: int = Field(default=0, ge=0, description="how many cuts it states")
    unresolved: int = Field(default=0, ge=0, description="how many candidates were refused")


class CutRecord(_Record):
    """A cut with the paper it stands in; `low` and `high` are in `normal_unit`."""

    arxiv_id: str
    version: int
    title: str
    experiment: str | None
    document_hash: str
    statement: str
    low: float | None
    high: float | None
    normal_unit: str
    cut: Cut


class CutFilter(_Record):
    """Which cuts are wanted; what is None does not matter."""

    object: str | None = Field(default=None, description="vocabulary id")
    variable: str | None = Field(default=None, description="vocabulary id")
    operator: Operator | None = None
    experiment: str | None = None
    arxiv_id: str | None = None
    version: int | None = Field(default=None, description="None: the newest version of each paper")
    status: Status | None = None
    scope: Scope | None = None
    role: Role | None = None
    region: str | None = None
    text: str | None = Field(default=None, description="words that must all occur in the statement or its sentences")
    at_least: float | None = Field(default=None, description="thresholds from here, in the normal unit")
    at_most: float | None = Field(default=None, description="thresholds up to here, in the normal unit")


class SavedCriteria(_Record):
    """What saving criteria did to the base."""

    arxiv_id: str
    version: int
    cuts: int
    unresolved: int
    added: tuple[str, ...] = Field(default=(), description="ids of cuts that were not there before")
    removed: tuple[str, ...] = Field(default=(), description="ids of cuts that are no longer there")


class Problem(_Record):
    """Why something failed, in the words of the error tree."""

    code: str
    message: str
    hint: str = ""


class AnalysisRecord(_Record):
    """A requested analysis; `result` is the content of its result.json once it is done."""

    id: str
    arxiv_id: str
    version: int = 1
    dataset: str
    state: AnalysisState = "queued"
    created_at: AwareDatetime = Field(default_factory=now)
    finished_at: AwareDatetime | None = None
    folder: str = Field(default="", description="where code, result and plots lie")
    job_id: str | None = None
    result: dict[str, Any] | None = None
    problem: Problem | None = None


class JobRecord(_Record):
    """A piece of work: what was asked, how far it is, what came of it."""

    id: str
    kind: str = Field(description="ingest, analyse, …")
    state: JobState = "queued"
    request: dict[str, Any] = Field(default_factory=dict)
    stage: str = ""
    done: int = Field(default=0, ge=0)
    total: int = Field(default=0, ge=0)
    created_at: AwareDatetime = Field(default_factory=now)
    updated_at: AwareDatetime = Field(default_factory=now)
    result: dict[str, Any] | None = None
    problem: Problem | None = None


class ReviewRecord(_Record):
    """A person's decision about a cut."""

    arxiv_id: str
    version: int
    cut_id: str
    at: AwareDatetime = Field(default_factory=now)
    reviewer: str
    status: Status
    reason: str = ""
    before: Cut
    after: Cut
