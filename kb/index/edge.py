"""The index in this process: Qdrant Edge, opened when first used, by one process at a time.

Updates go to a write-ahead log before they return, so that a killed process loses none of them.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from kb.errors import InputError
from kb.index import (
    CANDIDATES,
    DENSE,
    DIMENSION,
    KEYWORDS,
    SPARSE,
    Hit,
    Kind,
    Vectors,
    check,
    fused,
    hit_of,
    payload_of,
)
from kb.index.lock import FolderLock
from kb.index.terms import weigh
from kb.passages import Passage

if TYPE_CHECKING:
    from qdrant_edge import EdgeShard, Filter

_BATCH = 500


class EdgeIndex:
    """The passages of all papers in `folder`; threads may share it.

    HomeInUseError, at the first use, if another process keeps it open for longer than `wait` seconds.
    """

    def __init__(self, folder: Path, *, dimension: int = DIMENSION, label: str = "", wait: float = 1.0) -> None:
        self._folder = folder
        self._dimension = dimension
        self._wait = wait
        self._lock = FolderLock(folder, label=label)
        self._turn = threading.RLock()
        self._shard: EdgeShard | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Open it now rather than at the first use."""
        self._opened()

    def check_free(self) -> None:
        """Raise HomeInUseError where it could not be opened now, since another process has it; it stays closed."""
        with self._turn:
            if self._shard is None:
                self._lock.acquire(wait=self._wait)
                self._lock.release()

    def close(self) -> None:
        """Write everything out and let another process have it; it opens again when it is used."""
        with self._turn:
            if self._shard is not None:
                self._shard.flush()
                self._shard.close()
                self._shard = None
                self._lock.release()

    def replace(
        self, arxiv_id: str, passages: Sequence[Passage], vectors: Vectors, *, kind: Kind | None = None
    ) -> None:
        """Keep these passages of a paper in place of what was kept of it; with `kind`, only of that kind.

        The same passages again change nothing. The new ones are in before the old ones go.
        """
        from qdrant_edge import Filter, HasIdCondition, Point, UpdateOperation

        check(arxiv_id, passages, vectors, self._dimension)
        with self._turn:
            shard = self._opened()
            for first in range(0, len(passages), _BATCH):
                chosen = zip(passages[first : first + _BATCH], vectors[first : first + _BATCH], strict=True)
                points = [
                    Point(
                        passage.id,
                        {DENSE: [float(x) for x in vector], SPARSE: weigh(passage.context)},
                        payload_of(passage),
                    )
                    for passage, vector in chosen
                ]
                shard.update(UpdateOperation.upsert_points(points))
            old = _filter(arxiv_ids=[arxiv_id], kinds=[kind] if kind else None)
            kept = Filter(must=[old] if old else [], must_not=[HasIdCondition({p.id for p in passages})])
            shard.update(UpdateOperation.delete_points_by_filter(kept if passages else old or kept))

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
        """Return what fits best, by BM25 and by cosine, fused by reciprocal rank; without a `vector` by BM25 alone."""
        from qdrant_edge import Query, QueryRequest

        wanted = _filter(arxiv_ids=arxiv_ids, kinds=kinds, object=object, variable=variable)
        depth = max(CANDIDATES, 4 * limit)
        shard = self._opened()
        queries = [Query.Nearest(weigh(text, question=True), using=SPARSE)]
        if vector is not None:
            queries.append(Query.Nearest([float(x) for x in vector], using=DENSE))
        found = (
            shard.query(QueryRequest(limit=depth, query=query, filter=wanted, with_payload=True)) for query in queries
        )
        return fused((map(hit_of, points) for points in found), limit=limit)

    def delete_paper(self, arxiv_id: str) -> None:
        """Forget all passages and cuts of a paper."""
        self._delete(_filter(arxiv_ids=[arxiv_id]))

    def delete_document(self, document_hash: str) -> None:
        """Forget the passages and cuts of one text."""
        self._delete(_filter(document_hash=document_hash))

    def count(self, *, arxiv_id: str | None = None, kind: Kind | None = None) -> int:
        """Return how many passages and cuts there are."""
        from qdrant_edge import CountRequest

        wanted = _filter(arxiv_ids=[arxiv_id] if arxiv_id else None, kinds=[kind] if kind else None)
        return self._opened().count(CountRequest(exact=True, filter=wanted))

    def optimize(self) -> None:
        """Build the graph that makes searches in very many passages fast; it takes seconds, and blocks."""
        with self._turn:
            self._opened().optimize()

    def _delete(self, wanted: Filter | None) -> None:
        from qdrant_edge import UpdateOperation

        if wanted is not None:
            with self._turn:
                self._opened().update(UpdateOperation.delete_points_by_filter(wanted))

    def _opened(self) -> EdgeShard:
        with self._turn:
            if self._shard is None:
                self._lock.acquire(wait=self._wait)
                try:
                    self._shard = self._load()
                except Exception as error:
                    self._lock.release()
                    message = f"the index in {self._folder} cannot be opened: {error}"
                    hint = "move that folder away and ingest the papers again; the records are not in it"
                    raise InputError(message, hint=hint) from error
            return self._shard

    def _load(self) -> EdgeShard:
        from qdrant_edge import EdgeShard, PayloadSchemaType, UpdateOperation

        path = self._folder / "shard"
        if not path.is_dir() or not any(path.iterdir()):
            # A shard that a process was killed while making cannot be loaded: it gets its name when it is whole.
            partial = path.with_name("shard.partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            EdgeShard.create(str(partial), _config(self._dimension)).close()
            partial.replace(path)
        shard = EdgeShard.load(str(path))
        # A process may have been killed between creating the shard and its keyword indexes.
        for field in sorted(set(KEYWORDS) - set(shard.info().payload_schema)):
            shard.update(UpdateOperation.create_field_index(field, PayloadSchemaType.Keyword))
        return shard


def _config(dimension: int) -> Any:
    from qdrant_edge import Distance, EdgeConfig, EdgeSparseVectorParams, EdgeVectorParams, Modifier

    return EdgeConfig(
        vectors={DENSE: EdgeVectorParams(size=dimension, distance=Distance.Cosine)},
        sparse_vectors={SPARSE: EdgeSparseVectorParams(modifier=Modifier.Idf)},
    )


def _filter(
    *,
    arxiv_ids: Sequence[str] | None = None,
    kinds: Sequence[Kind] | None = None,
    document_hash: str | None = None,
    object: str | None = None,
    variable: str | None = None,
) -> Filter | None:
    from qdrant_edge import FieldCondition, Filter, MatchAny

    wanted = {
        "arxiv_id": arxiv_ids,
        "kind": kinds,
        "document_hash": [document_hash] if document_hash else None,
        "object": [object] if object else None,
        "variable": [variable] if variable else None,
    }
    conditions = [
        FieldCondition(key, match=MatchAny([str(value) for value in values]))
        for key, values in wanted.items()
        if values is not None
    ]
    return Filter(must=[*conditions]) if conditions else None
