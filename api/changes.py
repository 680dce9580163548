"""What a version of a paper changes in the selection of an earlier one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.bibliography import arxiv_id_in
from kb.errors import InputError, PaperNotFoundError

if TYPE_CHECKING:
    from kb.store import Store
    from kb.versions import VersionComparison


@dataclass(frozen=True, slots=True)
class Changes:
    """How many cuts a version adds to, removes from, changes in and shares with version `since`."""

    since: int
    added: int
    removed: int
    changed: int
    unchanged: int

    def __str__(self) -> str:
        if not (self.added or self.removed or self.changed):
            return f"the {self.unchanged} cuts are those of version {self.since}"
        counts = f"{self.added} added, {self.removed} removed, {self.changed} changed, {self.unchanged} as before"
        return f"cuts since version {self.since}: {counts}"


def changes(store: Store, arxiv_id: str, *, since: int | None = None, version: int | None = None) -> VersionComparison:
    """Compare a version of a paper, the newest unless one is named, with `since`, or with the one before it.

    PaperNotFoundError where the base has not both of them; InputError for a version and itself.
    """
    from kb.versions import compare

    new = store.criteria(arxiv_id, version)
    if since is None:
        since = _before(store, arxiv_id, new.paper.version)
    if since is None:
        message = f"the base has no version of {arxiv_id} before version {new.paper.version}"
        local = "a file that is ingested again takes the place of what it was; versions are those of arXiv papers"
        other = f"bring another one in beside it, such as: cutbook ingest {arxiv_id}v1"
        raise PaperNotFoundError(message, hint=other if arxiv_id_in(f"arXiv:{arxiv_id}") else local)
    if since == new.paper.version:
        message = f"version {since} of {arxiv_id} is not compared with itself"
        raise InputError(message, hint="name another version")
    return compare(store.criteria(arxiv_id, since), new)


def counts(store: Store, arxiv_id: str, version: int) -> Changes | None:
    """Count what a version changes; None where the base has none before it."""
    since = _before(store, arxiv_id, version)
    if since is None:
        return None
    made = changes(store, arxiv_id, since=since, version=version)
    return Changes(made.old_version, len(made.added), len(made.removed), len(made.changed), made.unchanged)


def _before(store: Store, arxiv_id: str, version: int) -> int | None:
    distilled = [paper.version for paper in store.versions(arxiv_id) if paper.state == "distilled"]
    return max((other for other in distilled if other < version), default=None)
