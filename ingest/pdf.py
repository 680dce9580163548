"""The PDF reader: from the bytes of a paper to a Document.

Reads by geometry with PDFium: glyphs (`pdfglyphs`) → lines with scripts (`pdflines`) → columns (`pdflayout`) →
tables (`pdftables`) and blocks (`pdfblocks`) → canonical text (`pdftext`) with references (`pdfreferences`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from ingest.pdfblocks import Draft, drafts
from ingest.pdfglyphs import read_pages
from ingest.pdflayout import Column, Typography, columns, typography
from ingest.pdflines import Line
from ingest.pdfpage import Page
from ingest.pdfreferences import citations, entries, reference
from ingest.pdftables import Grid
from ingest.pdftext import Manuscript, Words
from kb.document import Block, BlockKind, Cell, Citation, Document, Reference, Section, Span, Table
from kb.errors import NoTextError

_BIBLIOGRAPHY = re.compile(r"(?i)(references|bibliography)")
_COLLABORATION = re.compile(r"(?:The |the )?(\w[\w+-]*(?:, \w+)*(?: and \w+)?) [Cc]ollaborations?\b")
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
        self.drafts: list[Draft] = drafts(self.columns, self.body)
        lines = [line for column in self.columns for line in column.lines]
        self.manuscript = Manuscript(Words(lines), self._footnote_marks())
        self.blocks: list[Block] = []
        self.tables: list[Table] = []
        self.references: list[Reference] = []
        self.headings: list[tuple[int, Draft]] = []
        self.bibliography: Span | None = None

    def document(self, arxiv_id: str, version: int) -> Document:
        title = self._mark_title()
        self._mark_abstract()
        self._write()
        self._link_captions()
        text = self.manuscript.text
        return Document(
            arxiv_id=arxiv_id,
            version=version,
            title=title or self.metadata.get("Title", "").strip(),
            authors=self._authors(),
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

    # what the first page says

    def _footnote_marks(self) -> dict[int, Set[str]]:
        marks: dict[int, set[str]] = {}
        for draft in self.drafts:
            if draft.kind == "footnote" and (mark := draft.lines[0].leading_mark()):
                marks.setdefault(draft.lines[0].page, set()).add(mark)
        return {page: frozenset(found) for page, found in marks.items()}

    def _mark_title(self) -> str:
        """Find the title, the largest text on the first page, and make it a block of its own."""
        first = [d for d in self.drafts if d.lines[0].page == min(self.pages) and d.kind in {"paragraph", "heading"}]
        candidates = [
            d for d in first if d.lines[0].size > 1.15 * self.body.size and self._letters(d.lines) >= 8 and not d.number
        ]
        if not candidates:
            return ""
        largest = max(round(d.lines[0].size) for d in candidates)
        chosen = next(d for d in candidates if round(d.lines[0].size) == largest)
        parts = [d for d in candidates if round(d.lines[0].size) == largest]
        for other in parts:  # a title set with wide leading comes in several pieces
            if other is not chosen and self.drafts.index(other) == self.drafts.index(chosen) + 1:
                chosen.lines += other.lines
                self.drafts.remove(other)
        chosen.kind, chosen.level = "heading", 0
        chosen.title = " ".join(line.text() for line in chosen.lines)
        return re.sub(r"(?<=[a-z])- (?=[a-z])", "", chosen.title).rstrip("*† ")

    @staticmethod
    def _letters(lines: Sequence[Line]) -> int:
        return sum(character.isalpha() for line in lines for run in line.runs for character in run.text)

    def _mark_abstract(self) -> None:
        self.abstract: set[int] = set()
        heading = next(
            (i for i, d in enumerate(self.drafts) if d.kind == "heading" and d.title.lower() == "abstract"), None
        )
        if heading is not None:
            for draft in self.drafts[heading + 1 :]:
                if draft.kind == "heading" or draft.lines[0].page > self.drafts[heading].lines[0].page + 1:
                    break
                if draft.kind == "paragraph" and (not self.abstract or self._letters(draft.lines) > 200):
                    self.abstract.add(id(draft))
            return
        numbered = next((i for i, d in enumerate(self.drafts) if d.kind == "heading" and d.number), len(self.drafts))
        front = [d for d in self.drafts[:numbered] if d.kind == "paragraph" and d.lines[0].page <= min(self.pages) + 1]
        longest = max(front, key=lambda d: self._letters(d.lines), default=None)
        if longest is not None and self._letters(longest.lines) > 250:
            self.abstract.add(id(longest))

    def _authors(self) -> tuple[str, ...]:
        for block in self.blocks[:25]:
            text = self.manuscript.text[block.start : block.end]
            match = _COLLABORATION.match(text)
            if match and len(text) < 60:
                return (f"{match[1]} Collaboration",)
        return ()

    # writing

    def _write(self) -> None:
        index = 0
        while index < len(self.drafts):
            draft = self.drafts[index]
            index += 1
            if draft.kind == "table" and draft.grid is not None:
                self._write_table(draft.grid)
                continue
            kind: BlockKind = draft.kind
            if draft.kind == "heading" and draft.level == 0:
                kind = "title"
            elif id(draft) in self.abstract:
                kind = "abstract"
            begin = self._begin()
            span = self.manuscript.block(draft.lines)
            self._end(begin, span, kind)
            if draft.kind == "heading" and draft.level:
                self.headings.append((span.start, draft))
                if _BIBLIOGRAPHY.fullmatch(draft.title):
                    index = self._write_bibliography(index)

    def _begin(self) -> int:
        if len(self.manuscript):
            self.manuscript.add("\n\n")
        return len(self.manuscript)

    def _end(self, begin: int, span: Span, kind: BlockKind) -> None:
        if span.end > begin:
            self.blocks.append(Block(start=begin, end=span.end, kind=kind))

    def _write_bibliography(self, index: int) -> int:
        lines: list[Line] = []
        stop = index
        while stop < len(self.drafts) and self.drafts[stop].kind not in {"heading", "table", "caption"}:
            lines += self.drafts[stop].lines
            stop += 1
        found = entries(lines)
        if len(found) < 3:
            return index
        start = len(self.manuscript)
        for entry in found:
            begin = self._begin()
            span = self.manuscript.block(entry, address=True)
            self._end(begin, span, "item")
            made = reference(self.manuscript.text[span.start : span.end], self._links(entry))
            if made is not None and all(made.key != other.key for other in self.references):
                self.references.append(made)
        self.bibliography = Span(start=start, end=len(self.manuscript))
        return stop

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
        for cell in grid.cells:
            while row < cell.row:
                self._fill(covered, row, column, grid.width)
                self.manuscript.add("\n")
                row, column = row + 1, 0
            column = self._fill(covered, row, column, cell.column)
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
        self._fill(covered, row, column, grid.width)
        self.blocks.append(Block(start=begin, end=len(self.manuscript), kind="table"))
        self.tables.append(Table(start=begin, end=len(self.manuscript), cells=tuple(cells)))

    def _fill(self, covered: dict[int, int], row: int, column: int, until: int) -> int:
        """Write empty cells up to a column, so that columns line up; cells covered from above are empty too."""
        while column < until:
            if column > 0:
                self.manuscript.add(" | ")
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
