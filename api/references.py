"""Which of the papers that a paper cites are ingested with it, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from kb.errors import InputError
from kb.store.records import CitedPaper

if TYPE_CHECKING:
    from api.workspace import Workspace
    from kb.document import Document

References = Literal["none", "selection", "all"]
MOST = 20

Plan = Callable[["Workspace", "Document", dict[str, Any]], Sequence[CitedPaper]]
"""Return the cited papers that a request wants, those to be fetched in the order in which to fetch them."""


def wishes(references: str, most: int) -> dict[str, Any]:
    """Return what a request says about references; InputError for what cannot be meant."""
    if references not in get_args(References):
        message = f"'{references}' does not say which cited papers to fetch"
        raise InputError(message, hint=f"one of: {', '.join(get_args(References))}")
    return {} if references == "none" else {"references": references, "max_references": most}


def usual(*, file: bool) -> References:
    """Return what is wanted where nobody said: a file is read as it is, an arXiv paper with what defines its selection.

    >>> usual(file=True), usual(file=False)
    ('none', 'selection')
    """
    return "none" if file else "selection"


def cited_papers(workspace: Workspace, document: Document, request: dict[str, Any]) -> list[CitedPaper]:
    """Choose by the sentences that cite them; what is in the base is linked, what cannot be fetched is told."""
    from ingest.harvest import plan

    held = {paper.arxiv_id.casefold() for paper in workspace.store.papers() if paper.state == "distilled"}
    chosen = plan(
        document,
        known=lambda name: name.casefold() in held,
        mode=request["references"],
        maximum=int(request.get("max_references", MOST)),
    )
    return [
        CitedPaper(
            label=pick.reference.label or pick.reference.key,
            arxiv_id=pick.arxiv_id,
            title=pick.reference.title or pick.reference.text[:120],
            state=pick.state,
            why=pick.why,
            quote=pick.quote,
        )
        for pick in chosen.picks
    ]
