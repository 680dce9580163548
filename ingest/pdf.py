"""The PDF reader: from the bytes of a paper to a Document.

Reads by geometry with PDFium: glyphs (`pdfglyphs`) → lines with scripts (`pdflines`) → columns (`pdflayout`) →
tables (`pdftables`) and blocks (`pdfblocks`) → canonical text (`pdftext`) with references (`pdfreferences`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from ingest.pdfblocks import Draft, drafts
from ingest.pdffront import abstract, collaboration, settled_front, title, without_members
from ingest.pdfglyphs import read_pages
from ingest.pdfhyphens import Words
from ingest.pdflayout import Column, Typography, columns, typography
from ingest.pdflines import Line
from ingest.pdfpage import Page
from ingest.pdfreferences import Bibliography, bibliography, citations, reference
from ingest.pdftables import Grid
from ingest.pdftext import Manuscript
from kb.document import Block, BlockKind, Cell, Citation, Document, Reference, Section, Span, Table
from kb.errors import NoTextError

_TABLE_LABEL = re.compile(r"(?i)tab(?:le|\.)\s*((?:[A-Z]\.?)?(?:\d+|[IVXL]+)[a-z]?)")


def read_pdf(data: bytes, *, arxiv_id: str, version: int = 1) -> Document:
    """Return the paper in a PDF file as a Document.

    Raises SourceError for a file that is empty, broken or encrypted and NoTextError for one without a text layer.
    """
    pages, metadata = read_pages(data)
    if sum(len(run.text) for page in pages for run in page.runs) < 20 * min(len(pages), 5):
        msg = f"the PDF file has {len(pages)} pages but no text: it is a scan or a picture"
        raise NoTextError(
            msg, hint="run it through OCR first, e.g. `ocrmypdf in.pdf out.pdf`, or ingest its LaTeX source"
        )
    return _Reading(pages, metadata).document(arxiv_id, version)


class _Reading:
    """One PDF being turned into a Document."""

    def __init__(self, pages: list[Page], metadata: dict[str, str]) -> None:
        self.pages = {page.number: page for page in pages}
        self.metadata = metadata
        self.body: Typography = typography(pages)
        self.columns: list[Column] = columns(pages, self.body)
        self.drafts: list[Draft] = without_members(drafts(self.columns, self.body))
        self.title = title(self.drafts, self.body.size)
        settled_front(self.drafts, self.title)
        self.abstract = abstract(self.drafts)
        lines = [line for column in self.columns for line in column.lines]
        self.manuscript = Manuscript(Words(lines), self._footnote_marks())
        self.blocks: list[Block] = []
        self.tables: list[Table] = []
        self.references: list[Reference] = []
        self.headings: list[tuple[int, Draft]] = []
        self.bibliography: Span | None = None

    def document(self, arxiv_id: str, version: int) -> Document:
        name = self._mark_title()
        self._write()
        self._link_captions()
        text = self.manuscript.text
        return Document(
            arxiv_id=arxiv_id,
            version=version,
            title=name or self.metadata.get("Title", "").strip(),
            authors=collaboration(text[block.start : block.end] for block in self.blocks[:25]),
            source_format="pdf",
            reader=_reader_name(),
            text=text,
            blocks=tuple(self.blocks),
            sections=self._sections(len(text)),
            tables=tuple(self.tables),
            citations=tuple(self._citations(text)),
            references=tuple(self.references),
            source_map=tuple(self.manuscript.source_map),
        )

    def _mark_title(self) -> str:
        if self.title is None:
            return ""
        self.title.kind, self.title.level, self.title.number = "heading", 0, ""
        self.title.title = " ".join(line.text() for line in self.title.lines)
        return re.sub(r"(?<=[a-z])- (?=[a-z])", "", self.title.title).rstrip("*† ")

    def _footnote_marks(self) -> dict[int, Set[str]]:
        marks: dict[int, set[str]] = {}
        for draft in self.drafts:
            if draft.kind == "footnote" and (mark := draft.lines[0].leading_mark()):
                marks.setdefault(draft.lines[0].page, set()).add(mark)
        return {page: frozenset(found) for page, found in marks.items()}

    # writing

    def _write(self) -> None:
        found = bibliography(self.drafts)
        entries = {id(draft) for draft in found.drafts} if found else set()
        for draft in self.drafts:
            if found is not None and draft is found.first:
                self._write_bibliography(found)
            if id(draft) in entries:
                continue
            if draft.kind == "table" and draft.grid is not None:
                self._write_table(draft.grid)
                continue
            kind: BlockKind = draft.kind
            if draft is self.title:
                kind = "title"
            elif any(draft is one for one in self.abstract):
                kind = "abstract"
            begin = self._begin()
            span = self.manuscript.block(draft.lines, bare=draft.kind in {"footnote", "item"})
            self._end(begin, span, kind)
            if draft.kind == "heading" and draft.level:
                self.headings.append((span.start, draft))

    def _begin(self) -> int:
        if len(self.manuscript):
            self.manuscript.add("\n\n")
        return len(self.manuscript)

    def _end(self, begin: int, span: Span, kind: BlockKind) -> None:
        if span.end > begin:
            self.blocks.append(Block(start=begin, end=span.end, kind=kind))

    def _write_bibliography(self, found: Bibliography) -> None:
        start = len(self.manuscript)
        for entry in found.entries:
            begin = self._begin()
            span = self.manuscript.block(entry, address=True)
            self._end(begin, span, "item")
            made = reference(self.manuscript.text[span.start : span.end], self._links(entry))
            if made is not None and all(made.key != other.key for other in self.references):
                self.references.append(made)
        self.bibliography = Span(start=start, end=len(self.manuscript))
        if found.rest:
            begin = self._begin()
            self._end(begin, self.manuscript.block(found.rest), "paragraph")

    def _links(self, lines: Sequence[Line]) -> list[str]:
        found: list[str] = []
        for line in lines:
            for uri, (x0, y0, x1, y1) in self.pages[line.page].links:
                if line.y - 3 <= (y0 + y1) / 2 <= line.top + 2 and x0 < line.x1 and x1 > line.x0:
                    found.append(uri)
        return found

    def _write_table(self, grid: Grid) -> None:
        begin = self._begin()
        cells: list[Cell] = []
        row, column = 0, 0
        covered: dict[int, int] = {}
        heads = {cell.row for cell in grid.cells if cell.header} - {c.row for c in grid.cells if not c.header}
        for cell in grid.cells:
            while row < cell.row:
                self._fill(cells, heads, covered, row, column, grid.width)
                self.manuscript.add("\n")
                row, column = row + 1, 0
            column = self._fill(cells, heads, covered, row, column, cell.column)
            if cell.column > 0:
                self.manuscript.add(" | ")
            span = self.manuscript.block(cell.pieces)
            column = cell.column + cell.column_span
            if cell.row_span > 1:
                for k in range(cell.column, column):
                    covered[k] = cell.row + cell.row_span
            cells.append(
                Cell(
                    start=span.start,
                    end=span.end,
                    row=cell.row,
                    column=cell.column,
                    row_span=cell.row_span,
                    column_span=cell.column_span,
                    header=cell.header,
                )
            )
        self._fill(cells, heads, covered, row, column, grid.width)
        self.blocks.append(Block(start=begin, end=len(self.manuscript), kind="table"))
        self.tables.append(Table(start=begin, end=len(self.manuscript), cells=tuple(cells)))

    def _fill(
        self, cells: list[Cell], heads: Set[int], covered: dict[int, int], row: int, column: int, until: int
    ) -> int:
        """Write empty cells up to a column, so that columns line up; what a cell above covers is none."""
        while column < until:
            if column > 0:
                self.manuscript.add(" | ")
            if covered.get(column, 0) <= row:
                at = len(self.manuscript)
                cells.append(Cell(start=at, end=at, row=row, column=column, header=row in heads))
            column += 1
        return column

    def _link_captions(self) -> None:
        """Give each table the caption next to it that says "Table", and its label."""
        linked: list[Table] = []
        used: set[int] = set()
        starts = [block.start for block in self.blocks]
        for table in self.tables:
            at = starts.index(table.start)
            near = [at - 1, at + 1, at - 2, at + 2, at - 3]
            chosen = None
            for index in near:
                if not 0 <= index < len(self.blocks) or index in used or self.blocks[index].kind != "caption":
                    continue
                match = _TABLE_LABEL.match(self.manuscript.text, self.blocks[index].start)
                if match:
                    chosen = (index, match[1])
                    break
            if chosen is None:
                linked.append(table)
                continue
            used.add(chosen[0])
            caption = self.blocks[chosen[0]]
            linked.append(
                table.model_copy(update={"label": chosen[1], "caption": Span(start=caption.start, end=caption.end)})
            )
        self.tables = linked

    def _sections(self, size: int) -> tuple[Section, ...]:
        sections: list[Section] = []
        for index, (start, draft) in enumerate(self.headings):
            end = next((s for s, other in self.headings[index + 1 :] if other.level <= draft.level), size)
            if draft.title.lower() == "abstract":  # a letter goes on behind it without a heading
                end = max((b.end for b in self.blocks if b.kind == "abstract"), default=end)
            sections.append(
                Section(
                    start=start, end=end, title=draft.title, number=draft.number.rstrip("."), level=max(draft.level, 1)
                )
            )
        return tuple(sections)

    def _citations(self, text: str) -> list[Citation]:
        labels = {entry.label for entry in self.references}
        found: list[Citation] = []
        for block in self.blocks:
            if block.kind == "equation" or (self.bibliography and self.bibliography.overlaps(block)):
                continue
            found += citations(text[block.start : block.end], block.start, labels)
        return found


def _reader_name() -> str:
    from importlib.metadata import version

    return f"pdf 1 (pypdfium2 {version('pypdfium2')})"
