"""Cuts across papers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.deps import Base, Limit, Offset
from api.names import check_terms, find_paper, newest
from api.reviews import search as find
from kb.index import Hit, Kind
from kb.passages import CutPassage
from kb.ssc import Operator, Role, Scope, Status
from kb.store.records import CutFilter, CutRecord

router = APIRouter(tags=["cuts"])

Text = Annotated[str | None, Query(max_length=200)]


class CutPage(BaseModel):
    """A part of the cuts that fit."""

    total: int = Field(description="how many fit")
    limit: int
    offset: int
    items: list[CutRecord]


class Found(BaseModel):
    """A passage or a cut that was found; the higher the score, the better, within one search."""

    kind: Kind
    arxiv_id: str
    version: int
    section: tuple[str, ...]
    start: int
    end: int
    text: str
    cut_id: str | None
    statement: str | None
    score: float

    @classmethod
    def of(cls, hit: Hit) -> Found:
        """Leave out what concerns the index alone."""
        fields = hit.passage.model_dump(include={"arxiv_id", "version", "section", "start", "end", "text"})
        statement = hit.passage.statement if isinstance(hit.passage, CutPassage) else None
        return cls(kind=hit.kind, cut_id=hit.cut_id, statement=statement, score=hit.score, **fields)


@router.get("/cuts", summary="Look for cuts in all papers")
def cuts(
    base: Base,
    q: Annotated[
        str | None,
        Query(max_length=200, description="words that must all occur in the cut or its sentence", examples=["missing"]),
    ] = None,
    object: Annotated[str | None, Query(max_length=60, description="vocabulary id", examples=["muon"])] = None,
    variable: Annotated[str | None, Query(max_length=60, description="vocabulary id", examples=["pt"])] = None,
    operator: Operator | None = None,
    paper: Text = None,
    experiment: Text = None,
    scope: Scope | None = None,
    role: Role | None = None,
    status: Status | None = None,
    region: Text = None,
    at_least: Annotated[float | None, Query(description="threshold from here [GeV, mm, ns, 1]")] = None,
    at_most: Annotated[float | None, Query(description="threshold up to here [GeV, mm, ns, 1]")] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> CutPage:
    """Return the cuts that meet every condition, each with its paper and its sentences."""
    check_terms(object, variable)
    named = None if paper is None else find_paper(base.store, paper)
    if named is not None:
        base.store.paper(named.arxiv_id, named.version)
    wanted = CutFilter(
        text=q,
        object=object,
        variable=variable,
        operator=operator,
        arxiv_id=named.arxiv_id if named else None,
        version=named.version if named else None,
        experiment=experiment,
        scope=scope,
        role=role,
        status=status,
        region=region,
        at_least=at_least,
        at_most=at_most,
    )
    items = base.store.cuts(wanted, limit=limit, offset=offset)
    return CutPage(total=base.store.count_cuts(wanted), limit=limit, offset=offset, items=items)


@router.get("/cuts/{cut_id}", summary="See one cut")
def cut(base: Base, cut_id: str) -> CutRecord:
    """Return a cut with its paper and its sentences."""
    return base.store.cut(cut_id)


@router.get("/search", summary="Search passages and cuts of all papers")
def search(
    base: Base,
    q: Annotated[str, Query(min_length=1, max_length=400, examples=["muon impact parameter"])],
    paper: Annotated[list[str] | None, Query(description="only in these papers")] = None,
    kind: Annotated[Kind | None, Query(description="only these")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> list[Found]:
    """Return what is nearest to the query, by words and by meaning, the best first."""
    papers = [newest(base.store, name, doing="the search") for name in paper or ()]
    hits = find(base, q, limit=limit, papers=papers or None, kinds=[kind] if kind else None)
    return [Found.of(hit) for hit in hits]
