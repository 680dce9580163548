"""The index on a Qdrant server or cluster, for many processes at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from kb.errors import InputError, UnreachableError
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
from kb.index.terms import weigh
from kb.passages import Passage

if TYPE_CHECKING:
    from qdrant_client import QdrantClient
    from qdrant_client.models import Filter

_BATCH = 200


class ServerIndex:
    """The passages of all papers in a collection of the server at `url`; it is made when first used.

    UnreachableError if the server does not answer. `client` stands in for one that this would open at `url`.
    """

    def __init__(
        self,
        url: str,
        *,
        collection: str = "cutbook",
        api_key: str | None = None,
        dimension: int = DIMENSION,
        client: QdrantClient | None = None,
    ) -> None:
        self._url = url
        self._collection = collection
        self._api_key = api_key
        self._dimension = dimension
        self._client = client
        self._ready = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Connect now rather than at the first use."""
        with self._connected():
            pass

    def check_free(self) -> None:
        """Connect: a server has room for many processes, but it may not answer."""
        self.open()

    def close(self) -> None:
        """End the connection."""
        if self._client is not None:
            self._client.close()
            self._client, self._ready = None, False

    def replace(
        self, arxiv_id: str, passages: Sequence[Passage], vectors: Vectors, *, kind: Kind | None = None
    ) -> None:
        """Keep these passages of a paper in place of what was kept of it; with `kind`, only of that kind."""
        from qdrant_client.models import FilterSelector, HasIdCondition, PointStruct, SparseVector

        check(arxiv_id, passages, vectors, self._dimension)
        points = []
        for passage, vector in zip(passages, vectors, strict=True):
            weights = weigh(passage.context)
            sparse = SparseVector(indices=weights.indices, values=weights.values)
            points.append(
                PointStruct(id=passage.id, vector={DENSE: list(vector), SPARSE: sparse}, payload=payload_of(passage))
            )
        with self._connected() as client:
            for first in range(0, len(points), _BATCH):
                client.upsert(self._collection, points[first : first + _BATCH], wait=True)
            old = _filter(arxiv_ids=[arxiv_id], kinds=[kind] if kind else None)
            if passages:
                old.must_not = [HasIdCondition(has_id=[passage.id for passage in passages])]
            client.delete(self._collection, FilterSelector(filter=old), wait=True)

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
        from qdrant_client.models import QueryRequest, SparseVector

        wanted = _filter(arxiv_ids=arxiv_ids, kinds=kinds, object=object, variable=variable)
        depth = max(CANDIDATES, 4 * limit)
        weights = weigh(text, question=True)
        sparse = SparseVector(indices=weights.indices, values=weights.values)
        requests = [QueryRequest(query=sparse, using=SPARSE, limit=depth, filter=wanted, with_payload=True)]
        if vector is not None:
            requests.append(
                QueryRequest(query=list(vector), using=DENSE, limit=depth, filter=wanted, with_payload=True)
            )
        with self._connected() as client:
            found = client.query_batch_points(self._collection, requests)
        return fused((map(hit_of, response.points) for response in found), limit=limit)

    def delete_paper(self, arxiv_id: str) -> None:
        """Forget all passages and cuts of a paper."""
        self._delete(_filter(arxiv_ids=[arxiv_id]))

    def delete_document(self, document_hash: str) -> None:
        """Forget the passages and cuts of one text."""
        self._delete(_filter(document_hash=document_hash))

    def count(self, *, arxiv_id: str | None = None, kind: Kind | None = None) -> int:
        """Return how many passages and cuts there are."""
        wanted = _filter(arxiv_ids=[arxiv_id] if arxiv_id else None, kinds=[kind] if kind else None)
        with self._connected() as client:
            return client.count(self._collection, count_filter=wanted, exact=True).count

    def optimize(self) -> None:
        """Do nothing: the server optimises by itself."""

    def _delete(self, wanted: Filter) -> None:
        from qdrant_client.models import FilterSelector

        with self._connected() as client:
            client.delete(self._collection, FilterSelector(filter=wanted), wait=True)

    @contextmanager
    def _connected(self) -> Iterator[QdrantClient]:
        from qdrant_client import QdrantClient
        from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

        try:
            if self._client is None:
                self._client = QdrantClient(url=self._url, api_key=self._api_key, check_compatibility=False)
            if not self._ready:
                self._prepare(self._client)
                self._ready = True
            yield self._client
        except UnexpectedResponse as error:
            message = f"the Qdrant server at {self._url} refuses: {error.status_code} {error.reason_phrase}"
            raise UnreachableError(message, hint="check CUTBOOK_QDRANT_URL and the server's API key") from error
        except (ResponseHandlingException, ApiException) as error:
            message = f"the Qdrant server at {self._url} does not answer: {error}"
            raise UnreachableError(message, hint="start it, or unset CUTBOOK_QDRANT_URL") from error

    def _prepare(self, client: QdrantClient) -> None:
        from qdrant_client.models import Distance, Modifier, PayloadSchemaType, SparseVectorParams, VectorParams

        if client.collection_exists(self._collection):
            vectors = client.get_collection(self._collection).config.params.vectors
            size = vectors[DENSE].size if isinstance(vectors, dict) and DENSE in vectors else None
            if size != self._dimension:
                message = f"the collection '{self._collection}' at {self._url} has vectors of {size} numbers"
                raise InputError(message, hint=f"this embedding model makes {self._dimension}; use another collection")
            return
        client.create_collection(
            self._collection,
            vectors_config={DENSE: VectorParams(size=self._dimension, distance=Distance.COSINE)},
            sparse_vectors_config={SPARSE: SparseVectorParams(modifier=Modifier.IDF)},
        )
        for field in KEYWORDS:
            client.create_payload_index(self._collection, field, PayloadSchemaType.KEYWORD)


def _filter(
    *,
    arxiv_ids: Sequence[str] | None = None,
    kinds: Sequence[Kind] | None = None,
    document_hash: str | None = None,
    object: str | None = None,
    variable: str | None = None,
) -> Filter:
    from qdrant_client.models import FieldCondition, Filter, MatchAny

    wanted = {
        "arxiv_id": arxiv_ids,
        "kind": kinds,
        "document_hash": [document_hash] if document_hash else None,
        "object": [object] if object else None,
        "variable": [variable] if variable else None,
    }
    return Filter(
        must=[
            FieldCondition(key=key, match=MatchAny(any=[str(value) for value in values]))
            for key, values in wanted.items()
            if values is not None
        ]
    )
