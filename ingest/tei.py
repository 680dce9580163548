"""Papers as GROBID's TEI, read into Documents.

The road: `tei_tree` parses, `tei_references` numbers the bibliography, `tei_body` gathers blocks whose running text
`tei_prose` flattens and `tei_symbols` writes plainly; here they are laid out. The bibliography is no part of the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from ingest.pdfreferences import citations
from ingest.tei_body import Body, CellDraft, Draft
from ingest.tei_places import Places
from ingest.tei_prose import Prose, Segment
from ingest.tei_references import Bibliography, person
from ingest.tei_tree import parse_tei
from kb.document import Block, Cell, Citation, Document, Section, SourcePiece, Span, Table
from kb.errors import NoTextError

READER = "tei 1"


def read_tei(data: bytes, *, arxiv_id: str, version: int = 1) -> Document:
    """Read the TEI that GROBID makes of a paper's full text; its title may be empty.

    Raises SourceError for what is no TEI, NoTextError for TEI without prose.
    """
    root = parse_tei(data)
    prose = Prose(Bibliography(root))
    header = root.find("teiHeader")
    own = prose.plain(header.find("fileDesc/titleStmt/title") if header is not None else None)
    drafts = [Draft("title", [Segment(own)])] if own else []
    drafts += _abstract(header, prose)
    drafts += Body(prose).read(root.find("text/body"), root.find("text/back"))
    layout = _Layout(prose, Places(root))
    layout.lay_out(drafts)
    if not any(block.kind in {"paragraph", "item"} for block in layout.blocks):
        message = "the TEI holds no prose"
        raise NoTextError(message, hint="GROBID understood nothing of this PDF; the embedded reader may")
    return Document(
        arxiv_id=arxiv_id,
        version=version,
        title=own,
        authors=_authors(header),
        source_format="tei",
        reader=_reader_name(header),
        text=layout.text,
        blocks=tuple(layout.blocks),
        sections=tuple(layout.sections),
        tables=tuple(layout.tables),
        citations=tuple(sorted(layout.citations, key=lambda citation: citation.start)),
        references=prose.bibliography.references,
        source_map=tuple(layout.source_map),
    )


def _abstract(header: Element | None, prose: Prose) -> list[Draft]:
    abstract = header.find("profileDesc/abstract") if header is not None else None
    if abstract is None:
        return []
    paragraphs = list(abstract.iter("p")) or [abstract]
    return [Draft("abstract", [Segment(prose.text(p), p.get("coords", ""))]) for p in paragraphs]


def _authors(header: Element | None) -> tuple[str, ...]:
    """Return the authors, or the collaboration alone where there is one."""
    if header is None:
        return ()
    names = [
        name for author in header.findall("fileDesc/sourceDesc/biblStruct/analytic/author") if (name := person(author))
    ]
    collaborations = [name for name in names if name.endswith("Collaboration")]
    return tuple(dict.fromkeys(collaborations or names))


def _reader_name(header: Element | None) -> str:
    for application in header.iter("application") if header is not None else ():
        if application.get("ident") == "GROBID":
            return f"{READER} (GROBID {application.get('version', 'of unknown version')})"
    return READER


class _Layout:
    """Lays out drafts as one text with its spans."""

    def __init__(self, prose: Prose, places: Places) -> None:
        self._prose = prose
        self._places = places
        self._parts: list[str] = []
        self._size = 0
        self.blocks: list[Block] = []
        self.sections: list[Section] = []
        self.tables: list[Table] = []
        self.citations: list[Citation] = []
        self.source_map: list[SourcePiece] = []
        self._spans: dict[int, Span] = {}
        self._open: list[tuple[int, int, str, str]] = []  # level, start, number, title

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self._parts)

    def lay_out(self, drafts: Sequence[Draft]) -> None:
        """Write the blocks, one blank line between any two."""
        for draft in drafts:
            if not draft.cells and not any(segment.raw.strip() for segment in draft.segments):
                continue
            self._add("\n\n" if self._size else "")
            start = self._size
            if draft.loose:
                self._close_sections(0)
            if draft.heading is not None:
                self._heading(draft, *draft.heading)
            elif draft.cells:
                self._table(draft)
            else:
                self._prose_block(draft.segments)
            self._spans[id(draft)] = Span(start=start, end=self._size)
            self.blocks.append(Block(start=start, end=self._size, kind=draft.kind))
        self._close_sections(0, at_end=True)
        self.sections.sort(key=lambda section: (section.start, section.level))

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self._size += len(text)

    def _heading(self, draft: Draft, level: int, number: str) -> None:
        self._close_sections(level)
        start = self._size
        self._add(f"{number} " if number else "")
        title_start = self._size
        self._prose_block(draft.segments)
        self._open.append((level, start, number, self.text[title_start:]))

    def _close_sections(self, level: int, *, at_end: bool = False) -> None:
        while self._open and self._open[-1][0] >= level:
            depth, start, number, title = self._open.pop()
            # The blank line before the next heading belongs to no section.
            end = self._size if at_end else self._size - 2
            self.sections.append(Section(start=start, end=end, title=title, number=number, level=depth))

    def _prose_block(self, segments: Sequence[Segment]) -> None:
        block = self._size
        for segment in segments:
            text, cites = self._prose.written(segment.raw)
            if not text:
                continue
            self._add(" " if self._size > block else "")
            start = self._size
            self._add(text)
            self.source_map += self._places.pieces(segment.coords, text, start)
            own = [Citation(start=start + a, end=start + b, keys=keys) for a, b, keys in cites]
            self.citations += own
            self._numbers(text, start, own)

    def _numbers(self, text: str, start: int, known: Sequence[Citation]) -> None:
        """Add the citations by number that GROBID has not marked."""
        keys = self._prose.bibliography.keys
        for found in citations(text, start, set(keys)):
            if not any(found.overlaps(other) for other in known):
                self.citations.append(found.model_copy(update={"keys": tuple(keys[label] for label in found.keys)}))

    def _table(self, draft: Draft) -> None:
        start = self._size
        starts = {(cell.row, cell.column): cell for cell in draft.cells}
        rows = max(cell.row + cell.row_span for cell in draft.cells)
        width = max(cell.column + cell.column_span for cell in draft.cells)
        cells: list[Cell] = []
        for row in range(rows):
            self._add("\n" if row else "")
            for column in range(width):
                self._add(" | " if column else "")
                if (cell := starts.get((row, column))) is not None:
                    cells.append(self._cell(cell))
        coords = draft.segments[0].coords if draft.segments else ""
        self.source_map += self._places.pieces(coords, self.text[start:], start)
        caption = self._spans.get(id(draft.caption)) if draft.caption is not None else None
        self.tables.append(Table(start=start, end=self._size, label=draft.label, caption=caption, cells=tuple(cells)))

    def _cell(self, cell: CellDraft) -> Cell:
        start = self._size
        self._prose_block([Segment(cell.raw)])
        return Cell(
            start=start,
            end=self._size,
            row=cell.row,
            column=cell.column,
            row_span=cell.row_span,
            column_span=cell.column_span,
            header=cell.header,
        )
