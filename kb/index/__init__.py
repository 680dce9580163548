"""Where passages are found: one face, kept by Qdrant in this process (`edge`) or on a server (`server`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from kb.errors import FaultError
from kb.passages import CutPassage, Passage

Kind = Literal["passage", "cut"]
Vectors = Sequence[Sequence[float]]

DIMENSION = 384
"""Of the embedding model's vectors."""

DENSE, SPARSE = "dense", "terms"
"""The names of a point's two vectors: its meaning and its BM25 weights."""

CANDIDATES = 50
"""How many each of the two searches hands to the fusion, at least."""

RRF_CONSTANT = 60
"""k of reciprocal rank fusion, 1/(k + rank); Cormack, Clarke, Büttcher, doi:10.1145/1571941.1572114."""

KEYWORDS = ("kind", "arxiv_id", "document_hash", "object", "variable")
"""The fields that searches narrow down by; each has an index."""


class Hit(BaseModel):
    """A passage or cut that was found; the higher `score`, the better, comparable within one search only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    passage: CutPassage | Passage
    score: float

    @property
    def kind(self) -> Kind:
        """What was found."""
        return "cut" if isinstance(self.passage, CutPassage) else "passage"

    @property
    def cut_id(self) -> str | None:
        """The id of the cut, where a cut was found."""
        return self.passage.cut_id if isinstance(self.passage, CutPassage) else None


class Index(Protocol):
    """What keeps passages and finds them by words (BM25) and by meaning (cosine), fused by reciprocal rank."""

    def open(self) -> None:
        """Open it now rather than at the first use."""

    def check_free(self) -> None:
        """Raise the error that using it now would end with: another process has it, or a server does not answer."""

    def replace(
        self, arxiv_id: str, passages: Sequence[Passage], vectors: Vectors, *, kind: Kind | None = None
    ) -> None:
        """Keep these passages of a paper in place of what was kept of it; with `kind`, only of that kind."""

    def search(
        self,
        text: str,
        vector: Sequence[float] | None,
        *,
        limit: int = 10,
        arxiv_ids: Sequence[str] | None = None,
        kinds: Sequence[Kind] | None = None,
        object: str | None = None,
        variable: str | None = None,
    ) -> list[Hit]:
        """Return what fits best; without a `vector` by words alone."""

    def delete_paper(self, arxiv_id: str) -> None:
        """Forget all passages and cuts of a paper."""

    def delete_document(self, document_hash: str) -> None:
        """Forget the passages and cuts of one text."""

    def count(self, *, arxiv_id: str | None = None, kind: Kind | None = None) -> int:
        """Return how many passages and cuts there are."""

    def optimize(self) -> None:
        """Build what makes searches fast after a bulk load; this may take seconds."""

    def close(self) -> None:
        """Let another process have it."""


def payload_of(passage: Passage) -> dict[str, Any]:
    """Return what is kept beside the vectors, from which `passage_of` makes the passage again."""
    fields = passage.model_dump(mode="json", exclude={"id", "kind"})
    return {**fields, "block": passage.kind, "kind": "cut" if isinstance(passage, CutPassage) else "passage"}


def passage_of(point_id: object, payload: dict[str, Any]) -> CutPassage | Passage:
    """Return the passage that was kept as `payload`."""
    fields = {name: value for name, value in payload.items() if name not in {"kind", "block"}}
    made = CutPassage if payload["kind"] == "cut" else Passage
    return made(id=str(point_id), kind=payload["block"], **fields)


def hit_of(point: Any) -> Hit:
    """Return what a point of Qdrant, found with its payload and score, is about."""
    return Hit(passage=passage_of(point.id, point.payload or {}), score=point.score)


def fused(found: Iterable[Iterable[Hit]], *, limit: int) -> list[Hit]:
    """Return the best hits of several searches by reciprocal rank, Σ 1/(k + rank), with the rank from 1.

    Equal scores, in a search and in the sum, are ordered by place, so that the same searches give the same list: an
    index orders them as they lie in its segments, which change when it is optimised.
    """
    scores: dict[str, float] = {}
    passages: dict[str, CutPassage | Passage] = {}
    for hits in found:
        for rank, hit in enumerate(_in_order(hits), start=1):
            passages[hit.passage.id] = hit.passage
            scores[hit.passage.id] = scores.get(hit.passage.id, 0.0) + 1 / (RRF_CONSTANT + rank)
    return _in_order(Hit(passage=passages[key], score=score) for key, score in scores.items())[:limit]


def _in_order(hits: Iterable[Hit]) -> list[Hit]:
    return sorted(hits, key=lambda hit: (-hit.score, hit.passage.arxiv_id, hit.passage.start, hit.passage.id))


def check(arxiv_id: str, passages: Sequence[Passage], vectors: Vectors, dimension: int) -> None:
    """Raise FaultError unless every passage is of the paper and has a vector of the right size."""
    if len(passages) != len(vectors):
        message = f"{len(passages)} passages came with {len(vectors)} vectors"
        raise FaultError(message, hint="report this")
    for passage, vector in zip(passages, vectors, strict=True):
        if passage.arxiv_id != arxiv_id or len(vector) != dimension:
            message = f"a passage of {passage.arxiv_id} with {len(vector)} numbers does not belong to {arxiv_id}"
            raise FaultError(message, hint=f"its vectors have {dimension} numbers; another embedding model has others")
