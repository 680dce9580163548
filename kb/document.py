"""The canonical form of a paper: one Unicode string, and everything else as spans of it.

Offsets count Unicode code points of `Document.text`; every span is half open, `[start, end)`. Mathematics is
written plainly (`p_T > 7 GeV`, `|η| < 2.47`, `E_T^miss`). Blocks (paragraphs, captions, …) are separated by one
blank line, table rows by a newline and table cells by ` | `, so that the string can also be read by a person.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from functools import cached_property
from itertools import pairwise
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

BlockKind = Literal["title", "abstract", "heading", "paragraph", "item", "equation", "caption", "footnote", "table"]
SourceFormat = Literal["latex", "pdf", "tei"]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Span(_Frozen):
    """A half-open range `[start, end)` of a document's text, in code points."""

    start: int = Field(ge=0)
    end: int = Field(ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end < self.start:
            msg = f"span ends ({self.end}) before it starts ({self.start})"
            raise ValueError(msg)
        return self

    def holds(self, offset: int) -> bool:
        """Say whether `offset` lies inside."""
        return self.start <= offset < self.end

    def overlaps(self, other: Span) -> bool:
        """Say whether the two ranges share at least one code point."""
        return self.start < other.end and other.start < self.end


class Block(Span):
    """A piece of text that stands for itself: a paragraph, a caption, a list item, a whole table."""

    kind: BlockKind


class Section(Span):
    """A section with all its subsections; `[start, end)` begins at its title."""

    title: str
    number: str = ""
    level: int = Field(ge=1, description="1 section, 2 subsection, …")


class Cell(Span):
    """A table cell; `row` and `column` count from zero, spans cover merged cells."""

    row: int = Field(ge=0)
    column: int = Field(ge=0)
    row_span: int = Field(default=1, ge=1)
    column_span: int = Field(default=1, ge=1)
    header: bool = False


class Table(Span):
    """A table as a grid of cells; `caption` is the span of its caption block."""

    label: str = ""
    caption: Span | None = None
    cells: tuple[Cell, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return (
            max((c.row + c.row_span for c in self.cells), default=0),
            max((c.column + c.column_span for c in self.cells), default=0),
        )

    def at(self, row: int, column: int) -> Cell | None:
        """Return the cell that covers a grid position, or None where there is none."""
        for cell in self.cells:
            rows = range(cell.row, cell.row + cell.row_span)
            columns = range(cell.column, cell.column + cell.column_span)
            if row in rows and column in columns:
                return cell
        return None


class Citation(Span):
    """An in-text citation; `keys` name entries of `Document.references`."""

    keys: tuple[str, ...]


class Reference(_Frozen):
    """An entry of the bibliography: what the paper itself tells, completed where INSPIRE was asked."""

    key: str
    label: str = Field(default="", description="as printed in the text: '31'")
    text: str = ""
    title: str = ""
    arxiv_id: str | None = None
    doi: str | None = None
    report_number: str | None = None
    collaboration: str = Field(default="", description="'ATLAS', without the word Collaboration")
    inspire_id: str | None = Field(default=None, description="number of its INSPIRE record")


class SourcePiece(Span):
    """Where a piece of the text comes from: LaTeX file and character offset, or PDF page (from 1) and box.

    Boxes are (left, bottom, right, top) in PDF points.
    """

    file: str = ""
    offset: int | None = None
    page: int | None = None
    box: tuple[float, float, float, float] | None = None


class Document(_Frozen):
    """A paper as canonical text with its structure; build it with a reader of `ingest`."""

    arxiv_id: str = Field(description="arXiv id without version, or the local name a file was ingested under")
    version: int = Field(default=1, ge=1)
    title: str = ""
    authors: tuple[str, ...] = ()
    licence: str = Field(default="", description="under which it may be quoted and handed on, where INSPIRE tells")
    source_format: SourceFormat
    reader: str = Field(default="", description="name and version of the reader that made this")
    text: str
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    tables: tuple[Table, ...] = ()
    citations: tuple[Citation, ...] = ()
    references: tuple[Reference, ...] = ()
    source_map: tuple[SourcePiece, ...] = ()

    @model_validator(mode="after")
    def _spans_lie_in_text(self) -> Self:
        size = len(self.text)
        for name in ("blocks", "sections", "tables", "citations", "source_map"):
            for index, span in enumerate(getattr(self, name)):
                if span.end > size:
                    msg = f"{name}[{index}] ends at {span.end}, after the text's end {size}"
                    raise ValueError(msg)
        if any(a.start > b.start for a, b in pairwise(self.blocks)):
            msg = "blocks are not in the order of the text"
            raise ValueError(msg)
        return self

    @cached_property
    def document_hash(self) -> str:
        """sha256 of the canonical text, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def _block_starts(self) -> list[int]:
        return [block.start for block in self.blocks]

    def quote(self, start: int, end: int) -> str:
        """Return the text of `[start, end)`."""
        return self.text[start:end]

    def block_at(self, offset: int) -> Block | None:
        """Return the block that holds `offset`, or None between blocks."""
        index = bisect_right(self._block_starts, offset) - 1
        if index >= 0 and self.blocks[index].holds(offset):
            return self.blocks[index]
        return None

    def section_path(self, offset: int) -> tuple[str, ...]:
        """Return the numbers and titles of the sections around `offset`, outermost first."""
        return tuple(f"{s.number} {s.title}".strip() for s in self.sections_around(offset))

    def sections_around(self, offset: int) -> tuple[Section, ...]:
        """Return the sections that hold `offset`, outermost first."""
        around = (section for section in self.sections if section.holds(offset))
        return tuple(sorted(around, key=lambda section: (section.level, section.start)))

    def table_at(self, offset: int) -> Table | None:
        """Return the table whose grid holds `offset`, or None."""
        return next((table for table in self.tables if table.holds(offset)), None)

    def reference(self, key: str) -> Reference | None:
        """Return the bibliography entry with this key, or None."""
        return next((reference for reference in self.references if reference.key == key), None)

    def source_of(self, offset: int) -> SourcePiece | None:
        """Return where the character at `offset` comes from, or None for text the reader added."""
        return next((piece for piece in self.source_map if piece.holds(offset)), None)
