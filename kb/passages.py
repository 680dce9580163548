"""Passages: the pieces of a document that are searched for, each small enough to be read at a glance.

A passage is a paragraph, or the neighbouring short ones of a section, or part of a long one; a sentence is never
split, however long. A table is one passage with its caption, however long, and so is the caption of a figure.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from kb.document import Block, BlockKind, Document, Span, Table
from kb.ssc import SelectionCriteria
from kb.vocabulary import vocabulary

if TYPE_CHECKING:
    from kb.distil.sentences import Sentence

AIM = 200
"""Tokens a passage aims at; the embedding model reads 256."""

_NAMESPACE = uuid.UUID("5d3b2f0e-6a58-5c57-9a3e-1c0c5f0f9d11")
_TOKEN = re.compile(r"\w+|[^\w\s]")
_ALONE: frozenset[BlockKind] = frozenset({"title", "abstract", "caption", "footnote", "table"})


class Passage(BaseModel):
    """A piece of a document: `text` is the document's text at `[start, end)`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(description="UUID made from paper, document hash and span: the same passage, the same id")
    arxiv_id: str
    version: int = Field(ge=1)
    document_hash: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    text: str
    section: tuple[str, ...] = ()
    kind: BlockKind

    @property
    def context(self) -> str:
        """What is embedded and searched for words: the text under the titles of its sections."""
        return f"{' › '.join(self.section)}\n{self.text}" if self.section else self.text


class CutPassage(Passage):
    """A cut as a passage: the words that state it, found also by what the cut is about."""

    cut_id: str
    statement: str
    object: str
    variable: str

    @property
    def context(self) -> str:
        """What is embedded and searched for words: the cut, its terms in full, and its words."""
        terms = f"{vocabulary().objects[self.object].description}, {vocabulary().variables[self.variable].description}"
        return f"{self.statement} ({terms})\n{self.text}"


def tokens(text: str) -> int:
    """Count words, numbers and signs, much as the tokenizer of the embedding model does.

    >>> tokens("p_T > 7 GeV.")
    5
    """
    return sum(1 for _ in _TOKEN.finditer(text))


def chunk(document: Document, *, aim: int = AIM) -> list[Passage]:
    """Cut a document into passages of about `aim` tokens, in the order of the text.

    The same document gives the same passages with the same ids. Headings are not passages; they are the `section`
    of what stands under them.
    """
    tables = {table.start: _with_caption(document, table) for table in document.tables}
    passages: list[Passage] = []
    waiting: list[Block] = []

    def flush() -> None:
        if waiting:
            kinds = {block.kind for block in waiting}
            kind: BlockKind = waiting[0].kind if len(kinds) == 1 else "paragraph"
            passages.extend(_passage(document, span, kind) for span in _parts(document, waiting, aim))
            waiting.clear()

    for block in document.blocks or _paragraphs(document.text):
        if not document.text[block.start : block.end].strip():
            continue
        if block.kind in _ALONE:
            flush()
            if block.kind == "table":
                passages.append(_passage(document, tables.get(block.start, block), "table"))
            elif not any(table.start <= block.start and block.end <= table.end for table in tables.values()):
                passages.extend(_passage(document, span, block.kind) for span in _parts(document, [block], aim))
        elif block.kind == "heading":
            flush()
        else:
            if waiting and not _belong_together(document, [*waiting, block], aim):
                flush()
            waiting.append(block)
    flush()
    return sorted(passages, key=lambda passage: passage.start)


def cut_passages(criteria: SelectionCriteria) -> list[CutPassage]:
    """Return the cuts as passages; a cut without evidence, which a person entered, and a rejected one have none."""
    paper = criteria.paper
    passages = []
    for cut in (cut for cut in criteria.cuts if cut.status != "rejected"):
        # A delegated cut quotes two papers; the words of this one are what its reader looks for.
        quotes = sorted(cut.evidence, key=lambda evidence: evidence.document_hash != paper.document_hash)
        if not quotes:
            continue
        quote = quotes[0]
        passages.append(
            CutPassage(
                id=str(uuid.uuid5(_NAMESPACE, f"{paper.arxiv_id}v{paper.version} cut {cut.id}")),
                arxiv_id=paper.arxiv_id,
                version=paper.version,
                document_hash=paper.document_hash,
                start=quote.start,
                end=quote.end,
                text=quote.quote,
                section=quote.section,
                kind="table" if quote.kind == "table" else "caption" if quote.kind == "caption" else "paragraph",
                cut_id=cut.id,
                statement=cut.statement(),
                object=cut.subject.object,
                variable=cut.variable.id,
            )
        )
    return passages


def _paragraphs(text: str) -> Iterator[Block]:
    """Yield the paragraphs of a text without structure."""
    for match in re.finditer(r"\S(?:(?!\n\s*\n).)*", text, re.DOTALL):
        yield Block(start=match.start(), end=match.end(), kind="paragraph")


def _belong_together(document: Document, blocks: Sequence[Block], aim: int) -> bool:
    first, last = blocks[0], blocks[-1]
    if document.section_path(first.start) != document.section_path(last.start):
        return False
    return tokens(document.text[first.start : last.end]) <= aim


def _parts(document: Document, blocks: Sequence[Block], aim: int) -> Iterator[Span]:
    """Yield the blocks as one span, or, if they are too long, groups of whole sentences of about equal length."""
    # Imported here: searching needs passages, but not the rules of distillation.
    from kb.distil.sentences import sentences

    start, end = blocks[0].start, blocks[-1].end
    size = tokens(document.text[start:end])
    if size <= aim * 5 // 4:
        yield Span(start=start, end=end)
        return
    share = size / -(-size // aim)
    part: list[Sentence] = []
    filled = 0
    for sentence in (sentence for block in blocks for sentence in sentences(document, block)):
        length = tokens(document.text[sentence.start : sentence.end])
        # Close the part where that leaves it nearer to its share than taking the sentence in would.
        if part and filled + length / 2 > share:
            yield Span(start=part[0].start, end=part[-1].end)
            part, filled = [], 0
        part.append(sentence)
        filled += length
    yield Span(start=part[0].start, end=part[-1].end)


def _with_caption(document: Document, table: Table) -> Span:
    """Return the span of a table and its caption, or of the table alone if other text stands between them."""
    if table.caption is None:
        return table
    start, end = min(table.start, table.caption.start), max(table.end, table.caption.end)
    between = document.text[min(table.end, table.caption.end) : max(table.start, table.caption.start)]
    return table if between.strip() else Span(start=start, end=end)


def _passage(document: Document, span: Span, kind: BlockKind) -> Passage:
    name = f"{document.arxiv_id}v{document.version} {document.document_hash} {span.start} {span.end}"
    return Passage(
        id=str(uuid.uuid5(_NAMESPACE, name)),
        arxiv_id=document.arxiv_id,
        version=document.version,
        document_hash=document.document_hash,
        start=span.start,
        end=span.end,
        text=document.text[span.start : span.end],
        section=document.section_path(span.start),
        kind=kind,
    )
