"""The store: papers, their documents and cuts, analyses, jobs and reviews, in SQLite or PostgreSQL."""

from __future__ import annotations

from typing import Self

from kb.store.cuts import Cuts, Ground
from kb.store.records import (
    AnalysisRecord,
    AnalysisState,
    CutFilter,
    CutRecord,
    JobRecord,
    JobState,
    PaperRecord,
    PaperState,
    Problem,
    ReviewRecord,
    SavedCriteria,
    Stage,
)
from kb.store.work import Work

__all__ = [
    "AnalysisRecord",
    "AnalysisState",
    "CutFilter",
    "CutRecord",
    "Ground",
    "JobRecord",
    "JobState",
    "PaperRecord",
    "PaperState",
    "Problem",
    "ReviewRecord",
    "SavedCriteria",
    "Stage",
    "Store",
]


class Store(Cuts, Work):
    """All records of the knowledge base at `url` (`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`).

    Saves are all or nothing; `with store.transaction():` makes several of them one. One store may serve several
    threads, each with its own transactions.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
