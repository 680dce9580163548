"""Which of the papers that a paper cites are ingested with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from kb.errors import IdentifierError, InputError

if TYPE_CHECKING:
    from api.workspace import Workspace
    from kb.document import Document

References = Literal["none", "all"]
MOST = 20

Plan = Callable[["Workspace", "Document", dict[str, Any]], Sequence[str]]
"""Return the arXiv ids of the cited papers that a request wants, in the order in which to fetch them."""


def wishes(references: str, most: int) -> dict[str, Any]:
    """Return what a request says about references; InputError for what cannot be meant."""
    if references not in get_args(References):
        message = f"'{references}' does not say which cited papers to fetch"
        raise InputError(message, hint=f"one of: {', '.join(get_args(References))}")
    if references == "none" or most == 0:
        return {}
    return {"references": references, "max_references": most}


def cited_papers(workspace: Workspace, document: Document, request: dict[str, Any]) -> list[str]:
    """Return the arXiv ids of a paper's bibliography in its order, each once, at most `max_references`."""
    from ingest.identifiers import parse_identifier

    found: dict[str, None] = {}
    for reference in document.references:
        try:
            arxiv_id = parse_identifier(reference.arxiv_id or "").arxiv_id
        except IdentifierError:
            continue
        if arxiv_id != document.arxiv_id:
            found[arxiv_id] = None
    return list(found)[: int(request.get("max_references", MOST))]
