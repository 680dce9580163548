"""From what a reader of LaTeX gathers to a Document: blocks of pieces, laid out as canonical text with its spans."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from kb.document import Block, BlockKind, Cell, Citation, Section, SourcePiece, Span, Table

THIN_SPACE = "\u2009"
_RANGE_FROM = 3


@dataclass(frozen=True, slots=True)
class Run:
    """Text with its place in the source; `file` is negative for text that no file holds."""

    text: str
    file: int = -1
    pos: int = 0


@dataclass(frozen=True, slots=True)
class Cite:
    """An in-text citation before its numbers are known."""

    keys: tuple[str, ...]
    note: str = ""
    file: int = -1
    pos: int = 0


@dataclass(frozen=True, slots=True)
class Ref:
    r"""A cross-reference before its number is known; `style` is the command: `ref`, `eqref`, `cref`, …"""

    labels: tuple[str, ...]
    style: str = "ref"
    file: int = -1
    pos: int = 0


Item = Run | Cite | Ref


@dataclass(slots=True)
class CellDraft:
    """A cell of a table before layout."""

    items: list[Item] = field(default_factory=list)
    row: int = 0
    column: int = 0
    row_span: int = 1
    column_span: int = 1
    header: bool = False


@dataclass(slots=True)
class BlockDraft:
    """A block before layout; `heading` is (level, number), `rows` the cells of a table in print order."""

    kind: BlockKind
    items: list[Item] = field(default_factory=list)
    heading: tuple[int, str] | None = None
    rows: list[list[CellDraft | None]] = field(default_factory=list)
    caption: BlockDraft | None = None
    label: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing would be printed."""
        cells = (cell.items for row in self.rows for cell in row if cell is not None)
        return not any(
            not isinstance(item, Run) or item.text.strip() for items in (self.items, *cells) for item in items
        )


@dataclass(frozen=True, slots=True)
class Target:
    """What a label stands for: the kind of thing and its number."""

    kind: Literal["section", "equation", "figure", "table", "appendix", "item", "footnote", "theorem", ""]
    number: str


_NAMES = {
    "section": ("Section", "Sections"),
    "appendix": ("Appendix", "Appendices"),
    "equation": ("Eq.", "Eqs."),
    "figure": ("Figure", "Figures"),
    "table": ("Table", "Tables"),
    "footnote": ("footnote", "footnotes"),
    "item": ("item", "items"),
    "theorem": ("", ""),
    "": ("", ""),
}


class Layout:
    """Lays out blocks as one text; its spans are complete when `lay_out` has returned."""

    def __init__(self, labels: Mapping[str, Target], numbers: Mapping[str, str], files: Sequence[str]) -> None:
        self.labels = labels
        self.numbers = numbers
        self.files = files
        self.blocks: list[Block] = []
        self.sections: list[Section] = []
        self.tables: list[Table] = []
        self.citations: list[Citation] = []
        self._pieces: list[tuple[int, int, int, int]] = []  # start, end, file, offset
        self._out: list[str] = []
        self._size = 0
        self._start = 0
        self._space = False
        self._tail = ""
        self._spans: dict[int, Span] = {}
        self._open_sections: list[tuple[int, int, str, str]] = []  # level, start, number, title

    def lay_out(self, drafts: Sequence[BlockDraft]) -> str:
        """Return the text of the blocks, one blank line between any two."""
        grids: list[tuple[BlockDraft, Span, tuple[Cell, ...]]] = []
        for draft in drafts:
            if draft.empty:
                continue
            before = self._size
            self._raw("\n\n" if before else "")
            self._begin()
            start = self._size
            if draft.heading is not None and draft.heading[1]:
                self._raw(f"{draft.heading[1]} ")
                self._begin()
            title_start = self._size
            cells = tuple(self._grid(draft.rows)) if draft.rows else ()
            if not draft.rows:
                self._items(draft.items)
            if self._size == title_start:
                self._cut(before)
                continue
            span = Span(start=start, end=self._size)
            self._spans[id(draft)] = span
            self.blocks.append(Block(start=start, end=self._size, kind=draft.kind))
            if draft.rows:
                grids.append((draft, span, cells))
            if draft.heading is not None:
                level, number = draft.heading
                self._close_sections(level, start)
                self._open_sections.append((level, start, number, _closing_quotes(self.text()[title_start:])))
        self._close_sections(0, self._size)
        self.sections.sort(key=lambda section: (section.start, section.level))
        for draft, span, cells in grids:
            caption = self._spans.get(id(draft.caption)) if draft.caption is not None else None
            self.tables.append(Table(start=span.start, end=span.end, label=draft.label, caption=caption, cells=cells))
        return _closing_quotes(self.text())

    def text(self) -> str:
        """Return what has been laid out so far."""
        if len(self._out) > 1:
            self._out = ["".join(self._out)]
        return self._out[0] if self._out else ""

    def source_map(self) -> tuple[SourcePiece, ...]:
        """Return where each piece of the text comes from."""
        files = self.files
        return tuple(
            SourcePiece(start=start, end=end, file=files[file], offset=offset)
            for start, end, file, offset in self._pieces
        )

    def _cut(self, size: int) -> None:
        text = self.text()[:size]
        self._out, self._size, self._tail = [text] if text else [], size, text[-24:]

    def _close_sections(self, level: int, end: int) -> None:
        while self._open_sections and self._open_sections[-1][0] >= level:
            depth, start, number, title = self._open_sections.pop()
            # The blank line before the next heading belongs to no section.
            stop = end if end == self._size and level == 0 else max(start, end - 2)
            self.sections.append(Section(start=start, end=stop, title=title, number=number, level=depth))

    def _begin(self) -> None:
        self._start, self._space = self._size, False

    def _raw(self, text: str) -> None:
        if text:
            self._out.append(text)
            self._size += len(text)
            self._tail = (self._tail + text)[-24:]

    def _put(self, text: str, file: int = -1, pos: int = 0) -> None:
        """Write text with white space collapsed, none at the start of a block or cell."""
        core = text.strip()
        if not core:
            self._space = self._space or bool(text)
            return
        if text[0].isspace():
            self._space = True
            pos += len(text) - len(text.lstrip())
        if self._space and self._size > self._start:
            self._raw(" ")
        self._space = text[-1].isspace()
        if " " in core or "\n" in core or "\t" in core:
            core = "\n".join(" ".join(line.split()) for line in core.split("\n"))
        start = self._size
        self._raw(core)
        if file >= 0:
            self._map(start, self._size, file, pos)

    def _map(self, start: int, end: int, file: int, pos: int) -> None:
        if self._pieces:
            first, last, same, offset = self._pieces[-1]
            if same == file and last + 1 >= start and pos - offset == start - first and last > self._start:
                self._pieces[-1] = (first, end, file, offset)
                return
        self._pieces.append((start, end, file, pos))

    def _items(self, items: Sequence[Item]) -> None:
        for index, item in enumerate(items):
            if isinstance(item, Run):
                if item.text == THIN_SPACE:
                    self._space = self._space or not self._groups_digits(items, index)
                else:
                    self._put(item.text, item.file, item.pos)
            elif isinstance(item, Cite):
                self._cite(item)
            else:
                text = self.reference(item)
                if item.style == "subref" and self._tail.count("(") > self._tail.count(")"):
                    text = text.removeprefix("(").removesuffix(")")
                self._put(text, item.file, item.pos)

    def _groups_digits(self, items: Sequence[Item], index: int) -> bool:
        r"""Say whether a thin space groups the digits of one number, `36\,100`."""
        following = items[index + 1] if index + 1 < len(items) else None
        return (
            isinstance(following, Run)
            and re.match(r"\d{3}(?!\d)", following.text) is not None
            and re.search(r"(?<![\d.])\d{1,3}(?:\d{3})*$", self._tail) is not None
            and not self._space
        )

    def _cite(self, cite: Cite) -> None:
        text = f"[{_ranges([self.numbers[key] for key in cite.keys if key in self.numbers])}"
        text += f", {cite.note}]" if cite.note else "]"
        if self._size > self._start and self._tail[-1:] not in " ([–—-\n":
            self._space = True
        if self._space and self._size > self._start:
            self._raw(" ")
            self._space = False
        start = self._size
        self._put(text, cite.file, cite.pos)
        keys = tuple(key for key in cite.keys if key in self.numbers)
        self.citations.append(Citation(start=start, end=self._size, keys=keys))

    def reference(self, ref: Ref) -> str:
        r"""Write a cross-reference: its number, after a word where the command prints one."""
        targets = [self.labels[label] for label in ref.labels if label in self.labels]
        if not targets:
            return "…"
        if ref.style in ("cref", "range"):
            kinds = dict.fromkeys(target.kind for target in targets)
            named = [_named([t for t in targets if t.kind == kind], ranged=ref.style == "range") for kind in kinds]
            return _enumerated(named)
        if ref.style == "name":
            return _NAMES[targets[0].kind][0]
        numbers = [target.number for target in targets]
        if ref.style == "subref":
            numbers = [number[number.index("(") :] if "(" in number else number for number in numbers]
        elif ref.style == "eqref":
            numbers = [f"({number})" for number in numbers]
        return _enumerated(numbers)

    def _grid(self, rows: Sequence[Sequence[CellDraft | None]]) -> Iterator[Cell]:
        for index, row in enumerate(rows):
            self._raw("\n" if index else "")
            for position, draft in enumerate(row):
                self._raw(" | " if position else "")
                if draft is None:
                    continue
                self._begin()
                start = self._size
                self._items(draft.items)
                yield Cell(
                    start=start,
                    end=self._size,
                    row=index,
                    column=draft.column,
                    row_span=draft.row_span,
                    column_span=draft.column_span,
                    header=draft.header,
                )
                self._space = False


def plain_text(items: Iterable[Item]) -> str:
    """Write items alone as text, for titles and names; citations and references leave nothing."""
    text = "".join(" " if item.text == THIN_SPACE else item.text for item in items if isinstance(item, Run))
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _closing_quotes(text: str) -> str:
    """Write the apostrophe that closes a single quotation as what LaTeX prints for it."""
    return re.sub(r"(‘[^‘’'\n]{1,80})'(?!\w)", r"\1’", text)


def _named(targets: Sequence[Target], *, ranged: bool) -> str:
    """Write numbers of one kind of thing after its name."""
    kind = targets[0].kind
    numbers = [f"({target.number})" if kind == "equation" else target.number for target in targets]
    text = "–".join(numbers) if ranged else _enumerated(numbers)
    return f"{_NAMES[kind][len(targets) > 1]} {text}".strip()


def _enumerated(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def _ranges(numbers: Sequence[str]) -> str:
    """Write citation numbers, three or more in a row as a range: `1, 3–7`."""
    parts: list[str] = []
    index = 0
    while index < len(numbers):
        last = index
        while last + 1 < len(numbers) and _follows(numbers[last], numbers[last + 1]):
            last += 1
        if last - index + 1 >= _RANGE_FROM:
            parts.append(f"{numbers[index]}–{numbers[last]}")
        else:
            parts += numbers[index : last + 1]
        index = last + 1
    return ", ".join(parts)


def _follows(first: str, second: str) -> bool:
    return first.isdigit() and second.isdigit() and int(second) == int(first) + 1
