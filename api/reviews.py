"""Decisions about cuts, kept with their log; search follows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from kb.errors import RefusedError
from kb.review import Edit, added, edited, with_cut
from kb.store.records import CutFilter, CutRecord, ReviewRecord

if TYPE_CHECKING:
    from api.workspace import Workspace
    from kb.cut import Cut
    from kb.index import Hit, Kind
    from kb.ssc import SelectionCriteria

Verdict = Literal["accepted", "rejected", "proposed"]
"""What a person says of a cut as it is; `proposed` takes an earlier verdict back."""


def decide(workspace: Workspace, cut_id: str, verdict: Verdict, *, reviewer: str, reason: str = "") -> CutRecord:
    """Accept or reject a cut, or take that back; CutNotFoundError."""
    store = workspace.store
    with store.turn("base"):
        record = store.cut(cut_id)
        if verdict == record.cut.status == "proposed":
            message = f"there is no decision about {cut_id} to take back"
            raise RefusedError(message, hint=f"see what was decided: cutbook review log {cut_id}")
        cut = _as_proposed(workspace, record) if verdict == "proposed" else record.cut
        if cut.statement() != record.cut.statement():
            workspace.index.open()
        criteria = store.criteria(record.arxiv_id, record.version)
        decided = cut.model_copy(update={"status": verdict})
        _keep(workspace, criteria, record.cut, decided, reviewer, reason)
    if cut.statement() != record.cut.statement():
        _index(workspace, record.arxiv_id)
    return store.cut(cut_id)


def correct(workspace: Workspace, cut_id: str, edit: Edit, *, reviewer: str, reason: str = "") -> CutRecord:
    """Change what a cut requires; EvidenceError, and nothing changes, where its sentence does not say so."""
    store = workspace.store
    # A home that another process has open is told before anything is written.
    workspace.index.open()
    with store.turn("base"):
        record = store.cut(cut_id)
        cut = edited(record.cut, edit, store.document(record.arxiv_id, record.version))
        criteria = store.criteria(record.arxiv_id, record.version)
        _keep(workspace, criteria, record.cut, cut, reviewer, reason)
    _index(workspace, record.arxiv_id)
    return store.cut(cut_id)


def add(workspace: Workspace, arxiv_id: str, edit: Edit, *, reviewer: str, reason: str = "") -> CutRecord:
    """Add a cut that a person read in a paper; with a quote it is held to it."""
    store = workspace.store
    workspace.index.open()
    with store.turn("base"):
        criteria = store.criteria(arxiv_id)
        cut = added(store.document(arxiv_id), edit)
        if criteria.cut(cut.id) is not None:
            message = f"the cut is there already: {cut.id}"
            raise RefusedError(message, hint=f"cutbook show {cut.id}")
        _keep(workspace, criteria, cut, cut, reviewer, reason)
    _index(workspace, arxiv_id)
    return store.cut(cut.id)


def search(
    workspace: Workspace, query: str, *, limit: int, papers: list[str] | None = None, kinds: list[Kind] | None = None
) -> list[Hit]:
    """Return what is nearest to a query, the best first, without cuts that a person rejected."""
    rejected = {record.cut.id for record in workspace.store.cuts(CutFilter(status="rejected"))}
    hits = workspace.retriever.search(query, limit=limit + len(rejected), arxiv_ids=papers, kinds=kinds)
    return [hit for hit in hits if hit.cut_id not in rejected][:limit]


def _as_proposed(workspace: Workspace, record: CutRecord) -> Cut:
    """Return a cut as it was before a person decided about it."""
    log = workspace.store.reviews(arxiv_id=record.arxiv_id, cut_id=record.cut.id)
    own = [entry for entry in log if entry.version == record.version]
    return own[0].before if own else record.cut


def _keep(
    workspace: Workspace, criteria: SelectionCriteria, before: Cut, after: Cut, reviewer: str, reason: str
) -> None:
    """Keep a decision about one of the criteria's cuts, or about one that is new to them."""
    review = ReviewRecord(
        arxiv_id=criteria.paper.arxiv_id,
        version=criteria.paper.version,
        cut_id=after.id,
        reviewer=reviewer,
        status=after.status,
        reason=reason,
        before=before,
        after=after,
    )
    workspace.store.save_criteria(with_cut(criteria, after), review=review)


def _index(workspace: Workspace, arxiv_id: str) -> None:
    workspace.retriever.add_cuts(workspace.store.criteria(arxiv_id))
