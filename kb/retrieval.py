"""Retrieval: passages and cuts that answer a question, by words and by meaning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kb.embedding import Embedding, Progress
from kb.index import Hit, Index, Kind
from kb.passages import Passage, chunk, cut_passages

if TYPE_CHECKING:
    from kb.document import Document
    from kb.nodes import NodeRetriever
    from kb.ssc import SelectionCriteria

__all__ = ["Hit", "Retriever"]


class Retriever:
    """Hybrid search in an index with an embedding model."""

    def __init__(self, index: Index, embedder: Embedding) -> None:
        self._index = index
        self._embedder = embedder

    def search(
        self,
        query: str,
        *,
        limit: int = 10,
        arxiv_ids: Sequence[str] | None = None,
        kinds: Sequence[Kind] | None = None,
        object: str | None = None,
        variable: str | None = None,
    ) -> list[Hit]:
        """Return the passages and cuts that fit a question best, the best first.

        `arxiv_ids` and `kinds` narrow the search down; `object` and `variable` are vocabulary ids, which only cuts
        have. An empty question finds nothing.
        """
        if not query.strip() or limit < 1:
            return []
        # The model takes seconds to load, the index is open to one process: so first the one, then the other. Where
        # the index will not be had, nobody waits for the model.
        self._index.check_free()
        vector = self._embedder.embed_query(query)
        return self._index.search(
            query, vector, limit=limit, arxiv_ids=arxiv_ids, kinds=kinds, object=object, variable=variable
        )

    def add(
        self, document: Document, criteria: SelectionCriteria | None = None, *, progress: Progress | None = None
    ) -> int:
        """Index a paper's passages, and its cuts, in place of what was indexed of it; return how many there are."""
        passages: list[Passage] = [*chunk(document)]
        if criteria is not None:
            passages.extend(cut_passages(criteria))
        vectors = self._embedder.embed([passage.context for passage in passages], progress)
        self._index.replace(document.arxiv_id, passages, vectors)
        return len(passages)

    def add_cuts(self, criteria: SelectionCriteria) -> int:
        """Index a paper's cuts in place of those that were indexed of it; return how many there are."""
        passages = cut_passages(criteria)
        vectors = self._embedder.embed([passage.context for passage in passages])
        self._index.replace(criteria.paper.arxiv_id, passages, vectors, kind="cut")
        return len(passages)

    def as_llama_index(
        self, *, limit: int = 10, arxiv_ids: Sequence[str] | None = None, kinds: Sequence[Kind] | None = None
    ) -> NodeRetriever:
        """Return the same search as a retriever of llama-index."""
        from kb.nodes import NodeRetriever

        return NodeRetriever(self, limit=limit, arxiv_ids=arxiv_ids, kinds=kinds)
