"""What the store hands out: papers, cuts with their paper, analyses, jobs and reviews, as plain records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from kb.errors import CutbookError
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

    @classmethod
    def of(cls, error: CutbookError) -> Self:
        """Keep what an error says."""
        return cls(code=error.code, message=error.message, hint=error.hint)


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


class Stage(_Record):
    """A stage of a job: how many pieces of it are done, and of how many."""

    name: str
    done: int = Field(default=0, ge=0)
    total: int = Field(default=0, ge=0)


class CitedPaper(_Record):
    """A paper that another one cites: what is to be done about it, and the sentence that says why."""

    label: str = Field(description="as the citing paper prints it")
    arxiv_id: str | None = None
    title: str = ""
    state: Literal["fetch", "there", "left out", "unavailable"] = "fetch"
    why: str = ""
    quote: str = ""


class JobRecord(_Record):
    """A piece of work: what was asked, how far it is, what came of it.

    A part of a larger job has an id of its own behind the larger one's: `3f1c9d0e5b7a2468-1712.02304`.
    """

    id: str
    kind: str = Field(description="ingest, analyse, …")
    state: JobState = "queued"
    request: dict[str, Any] = Field(default_factory=dict)
    stages: tuple[Stage, ...] = Field(default=(), description="those that were begun, the present one last")
    cited: tuple[CitedPaper, ...] = Field(default=(), description="the cited papers of its plan, once there is one")
    attempt: int = Field(default=1, ge=1, description="one more whenever it is begun anew")
    revision: int = Field(default=0, ge=0, description="one more with every change")
    steps: int = Field(default=0, ge=0, description="which sequence of steps this attempt was begun with")
    created_at: AwareDatetime = Field(default_factory=now)
    updated_at: AwareDatetime = Field(default_factory=now)
    result: dict[str, Any] | None = None
    problem: Problem | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_first_form(cls, data: Any) -> Any:
        """Read jobs that were kept when only the present stage was."""
        if isinstance(data, dict) and "stage" in data:
            data = dict(data)
            stage = {"name": data.pop("stage"), "done": data.pop("done", 0), "total": data.pop("total", 0)}
            data.setdefault("stages", [stage] if stage["name"] else [])
        return data

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.state in {"done", "failed", "cancelled"}

    @property
    def about(self) -> str:
        """What it is about, in short."""
        if self.kind == "ingest":
            return str(self.request.get("name") or self.request["id"])
        return f"{self.request['paper']} on {self.request['dataset']}"

    @property
    def whole(self) -> str | None:
        """The id of the job that this one is a part of."""
        whole, dash, _ = self.id.partition("-")
        return whole if dash else None

    @property
    def stage(self) -> Stage:
        """The present stage, or the last one; without a name before the first."""
        return self.stages[-1] if self.stages else Stage(name="")


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
