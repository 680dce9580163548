"""Passages and cuts as nodes of llama-index, for its query engines and for language models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeRelationship, NodeWithScore, QueryBundle, RelatedNodeInfo, TextNode

if TYPE_CHECKING:
    from kb.index import Hit, Kind
    from kb.retrieval import Retriever

_UNREAD = ["document_hash", "version", "start", "end", "kind", "cut_id"]  # by a model; citations need them


class NodeRetriever(BaseRetriever):
    """Hybrid search that answers with nodes; their metadata cite paper, section and offsets."""

    def __init__(
        self,
        retriever: Retriever,
        *,
        limit: int = 10,
        arxiv_ids: Sequence[str] | None = None,
        kinds: Sequence[Kind] | None = None,
    ) -> None:
        super().__init__()
        self._retriever = retriever
        self._limit = limit
        self._arxiv_ids = arxiv_ids
        self._kinds = kinds

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        hits = self._retriever.search(
            query_bundle.query_str, limit=self._limit, arxiv_ids=self._arxiv_ids, kinds=self._kinds
        )
        return [node_of(hit) for hit in hits]


def node_of(hit: Hit) -> NodeWithScore:
    """Return what was found as a node: its text, its place in the document, and its paper as its source."""
    passage = hit.passage
    metadata = {
        "arxiv_id": passage.arxiv_id,
        "version": passage.version,
        "document_hash": passage.document_hash,
        "section": " › ".join(passage.section),
        "start": passage.start,
        "end": passage.end,
        "kind": hit.kind,
    }
    if hit.cut_id is not None:
        metadata["cut_id"] = hit.cut_id
    node = TextNode(
        id_=passage.id,
        text=passage.text,
        start_char_idx=passage.start,
        end_char_idx=passage.end,
        metadata=metadata,
        excluded_llm_metadata_keys=_UNREAD,
        excluded_embed_metadata_keys=_UNREAD,
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=passage.document_hash)},
    )
    return NodeWithScore(node=node, score=hit.score)
