"""Reviews: a person accepts, rejects, corrects and adds cuts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api import reviews
from api.deps import Base
from api.reviews import Verdict
from api.routes.papers import PaperId
from kb.review import Edit
from kb.store.records import CutRecord, ReviewRecord

router = APIRouter(tags=["reviews"])


class _Signed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reviewer: str = Field(min_length=1, max_length=100, description="who decides")
    reason: str = Field(default="", max_length=2000, description="why; kept in the review log")


class Decision(_Signed):
    """What a person says of a cut as it is."""

    verdict: Verdict = Field(description="`proposed` takes earlier decisions back")


class Correction(_Signed):
    """What a person changes in a cut, or states of a new one."""

    edit: Edit = Field(examples=[{"value": 30, "quote": "muons with a transverse momentum above 30 GeV"}])


@router.get("/reviews", summary="See the review log")
def log(
    base: Base,
    paper: Annotated[str | None, Query(max_length=200, description="only of this paper")] = None,
    cut: Annotated[str | None, Query(max_length=200, description="only of this cut")] = None,
) -> list[ReviewRecord]:
    """Return who decided what, the oldest decision first."""
    if paper is not None:
        base.store.paper(paper)
    return base.store.reviews(arxiv_id=paper, cut_id=cut)


@router.post("/cuts/{cut_id}/reviews", summary="Accept or reject a cut")
def decide(base: Base, cut_id: str, decision: Decision) -> CutRecord:
    """Accept a cut, reject it, or take that back. A rejected cut stays visible, and no analysis applies it."""
    return reviews.decide(base, cut_id, decision.verdict, reviewer=decision.reviewer, reason=decision.reason)


@router.patch("/cuts/{cut_id}", summary="Correct a cut")
def correct(base: Base, cut_id: str, correction: Correction) -> CutRecord:
    """Change what a cut requires; what its sentence does not say is refused."""
    return reviews.correct(base, cut_id, correction.edit, reviewer=correction.reviewer, reason=correction.reason)


@router.post("/papers/{paper_id:path}/cuts", status_code=201, summary="Add a cut")
def add(base: Base, paper_id: PaperId, correction: Correction, response: Response) -> CutRecord:
    """Add a cut that was not found; a `quote` has to stand in the paper and to state it."""
    made = reviews.add(base, paper_id, correction.edit, reviewer=correction.reviewer, reason=correction.reason)
    response.headers["Location"] = f"/v1/cuts/{made.cut.id}"
    return made
