"""The blocks of a TEI document in the order of reading: headings put right, floats where they are first spoken of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from ingest.tei_prose import Prose, Segment
from kb.document import BlockKind

_BLOCKS = {"formula", "list", "figure", "table", "note"}
_ROMAN = re.compile(r"[IVX]+")
_NUMBERED_HEAD = re.compile(r"\s*((?:\d{1,2}|[A-Z])(?:\.\d{1,2})*)\.?\s+(?=[A-Z“])")
_LOST_HEAD = re.compile(r"(\d{1,2}(?:\.\d{1,2})*)\.?\s+([A-Z](?:[^.;:=<>]|\.(?=\d)){2,80})")
_END_MATTER = re.compile(
    r"(?i)(?:acknowledge?ments?|references|bibliography|appendi.*|summary|conclusions?|funding|data availability.*)\W*"
)
_LEGEND_WORD = re.compile(r"\b[A-Z][a-z]{3,}\b")
_MOST_HEADER_ROWS = 3
_MEMBER = re.compile(r"\b[A-Z]\.(?:[ -]?[A-Z]\.)* ?[A-Z][\w'’-]+")


@dataclass(slots=True)
class CellDraft:
    """A cell of a table before layout."""

    raw: str
    row: int
    column: int
    row_span: int = 1
    column_span: int = 1
    header: bool = False


@dataclass(slots=True)
class Draft:
    """A block before layout; `heading` is (level, number); `loose` ones belong to no section."""

    kind: BlockKind
    segments: list[Segment] = field(default_factory=list)
    heading: tuple[int, str] | None = None
    mentions: frozenset[str] = frozenset()
    cells: list[CellDraft] = field(default_factory=list)
    caption: Draft | None = None
    label: str = ""
    loose: bool = False

    @property
    def raw(self) -> str:
        """All of its text."""
        return " ".join(segment.raw for segment in self.segments)


@dataclass(slots=True)
class Float:
    """A figure, table or footnote: what it is called in the text, and its blocks."""

    names: frozenset[str]
    drafts: list[Draft]


class Body:
    """Reads the body and the back of a TEI text into drafts."""

    def __init__(self, prose: Prose) -> None:
        self._prose = prose
        self._stream: list[Draft | Float] = []
        self._numbered = False
        self._roman = False
        self._level = 0

    def read(self, body: Element | None, back: Element | None) -> list[Draft]:
        """Return the drafts of a text."""
        loose: list[Float] = []
        if body is not None:
            self._survey(body)
            for child in body:
                if child.tag in {"figure", "note"}:
                    loose += self._floats(child)
                else:
                    self._element(child, 1)
        main = _placed(self._repaired(self._stream), loose)
        self._stream, self._level = [], 0
        for division in back if back is not None else ():
            if division.get("type") != "references" and division.tag != "listBibl":
                self._element(division, 1)
        ending = [item for item in self._stream if not _is_member_list(item)]
        return main + _placed(_without_empty_heads(ending), [])

    def _survey(self, body: Element) -> None:
        numbers = [head.get("n", "").strip(" .") for division in body.iter("div") for head in division.findall("head")]
        numbers += [match[1] for head in body.iter("head") if (match := _NUMBERED_HEAD.match(head.text or ""))]
        self._numbered = any(numbers)
        self._roman = sum(bool(_ROMAN.fullmatch(number)) for number in numbers) > 1

    # elements

    def _element(self, element: Element, depth: int) -> None:
        tag = element.tag
        if tag == "head":
            self._head(element, depth)
        elif tag in {"p", "item"}:
            self._flow(element, "item" if tag == "item" else "paragraph")
        elif tag == "formula":
            self._formula(element)
        elif tag in {"figure", "table", "note"}:
            self._stream += self._floats(element)
        else:
            nested = depth + (tag == "div" and element.find("head") is not None)
            self._add("paragraph", [Segment(element.text or "", element.get("coords", ""))])
            for child in element:
                self._element(child, nested if child.tag == "div" else depth)
                self._add("paragraph", [Segment(child.tail or "")])

    def _head(self, head: Element, depth: int) -> None:
        raw = self._prose.text(head)
        number = (head.get("n") or "").strip(" .")
        if not number and (match := _NUMBERED_HEAD.match(raw)):
            number, raw = match[1], raw[match.end() :]
        self._add(
            "heading", [Segment(raw, head.get("coords", ""))], heading=(self._level_of(number, raw, depth), number)
        )

    def _level_of(self, number: str, title: str, depth: int) -> int:
        parts = [part for part in number.split(".") if part]
        if len(parts) > 1:
            level = len(parts)
        elif parts:
            level = depth
            if self._roman and not _ROMAN.fullmatch(number):  # II, A, 1
                level += 2 if number.isdecimal() else 1
        elif not self._numbered or _END_MATTER.fullmatch(title.strip()) or not self._level:
            return depth
        else:
            return self._level + 1  # below the numbered section it stands in
        self._level = level
        return level

    def _flow(self, element: Element, kind: BlockKind) -> None:
        """Add a paragraph or an item of a list; what stands for itself within it parts it."""
        coords = element.get("coords", "")
        lead, waiting = element.text, list[Element]()
        for child in element:
            if child.tag not in _BLOCKS:
                waiting.append(child)
                continue
            self._add(kind, self._segments(lead, waiting, coords))
            self._element(child, 1)
            lead, waiting = child.tail, []
        self._add(kind, self._segments(lead, waiting, coords))

    def _segments(self, lead: str | None, children: Sequence[Element], coords: str) -> list[Segment]:
        """Return the text in pieces whose place is known: by sentence where these have coordinates, else as one."""
        if not any(child.tag == "s" and child.get("coords") for child in children):
            return [Segment(self._prose.pieces(lead, children), coords)]
        segments = [Segment(lead or "")]
        waiting: list[Element] = []
        for child in children:
            if child.tag != "s":
                waiting.append(child)
                continue
            segments[-1].raw += self._prose.pieces("", waiting)
            waiting = []
            segments += [Segment(self._prose.text(child), child.get("coords", "")), Segment(child.tail or "")]
        segments[-1].raw += self._prose.pieces("", waiting)
        return [segment for segment in segments if segment.raw.strip()]

    def _formula(self, formula: Element) -> None:
        label = formula.find("label")
        printed = "" if label is None else self._prose.text(label).strip()
        parts = [child for child in formula if child is not label]
        raw = self._prose.pieces(formula.text, parts)
        if label is not None and label.tail:
            raw += label.tail
        # GROBID takes the words in a plot for a formula; a formula has no legend.
        if printed or len(_LEGEND_WORD.findall(raw)) < 4:
            self._add("equation", [Segment(f"{raw} {printed}", formula.get("coords", ""))])

    def _floats(self, element: Element) -> Iterator[Float]:
        if element.tag == "note":
            number = (element.get("n") or "").strip()
            segments = self._segments(f"{number} {element.text or ''}", list(element), element.get("coords", ""))
            yield Float(frozenset({element.get("id", "")}), [Draft("footnote", segments)])
            return
        kind = "table" if element.get("type") == "table" or element.tag == "table" else "figure"
        number = self._prose.plain(element.find("label")).strip(" .:")
        caption = self._caption(element)
        grid = element if element.tag == "table" else element.find("table")
        drafts = [caption] if caption.raw.strip() else []
        cells = _cells(grid, self._prose) if grid is not None else []
        if cells:
            place = [Segment("", grid.get("coords", "") or element.get("coords", ""))] if grid is not None else []
            linked = caption if caption.raw.strip() else None
            drafts.append(Draft("table", place, cells=cells, caption=linked, label=number))
        for note in element.findall("note"):
            drafts.append(Draft("footnote", self._segments(note.text, list(note), note.get("coords", ""))))
        if drafts:
            yield Float(frozenset({element.get("id", ""), f"{kind} {number}" if number else ""}), drafts)

    def _caption(self, figure: Element) -> Draft:
        head, description = figure.find("head"), figure.find("figDesc")
        title = "" if head is None else " ".join(self._prose.text(head).split())
        text = "" if description is None else " ".join(self._prose.text(description).split())
        # GROBID gives "Figure 2 :" and the rest, or the caption's first sentence twice.
        raw = text if title and text.startswith(title) else f"{title} {text}"
        coords = ";".join(
            part.get("coords", "") for part in (head, description) if part is not None and part.get("coords")
        )
        return Draft("caption", [Segment(raw, coords or figure.get("coords", ""))])

    def _add(self, kind: BlockKind, segments: list[Segment], heading: tuple[int, str] | None = None) -> None:
        mentions, self._prose.mentions = frozenset(self._prose.mentions - {""}), set()
        if any(segment.raw.strip() for segment in segments):
            self._stream.append(Draft(kind, segments, heading, mentions))

    # putting right

    def _repaired(self, stream: Sequence[Draft | Float]) -> list[Draft | Float]:
        """Make headings of the paragraphs that are some: `3 Data analysis` right before section 3.1."""
        result = list(stream)
        number = ""
        for index, item in enumerate(result):
            if not isinstance(item, Draft):
                continue
            if item.heading is not None:
                number = item.heading[1] or number
                continue
            match = _LOST_HEAD.fullmatch(item.raw.strip()) if item.kind == "paragraph" else None
            if match is None or not _follows(number, match[1]):
                continue
            later = (draft.heading[1] for draft in result[index + 1 :] if isinstance(draft, Draft) and draft.heading)
            after = next(filter(None, later), "")
            if after == f"{match[1]}.1" or _follows(match[1], after):
                coords = item.segments[0].coords
                level = match[1].count(".") + 1
                result[index] = Draft("heading", [Segment(match[2], coords)], (level, match[1]), item.mentions)
                number = match[1]
        return result


def _follows(number: str, other: str) -> bool:
    """Say whether a section's number can come right after another: 3 after 2, 2.4 or 2.4.1; 2.5 after 2.4.1."""
    ours, theirs = number.split("."), other.split(".")
    if len(theirs) > len(ours) or not all(part.isdecimal() for part in (*ours, *theirs)):
        return False
    level = len(theirs) - 1
    return ours[:level] == theirs[:level] and int(theirs[level]) == int(ours[level]) + 1


def _placed(stream: Sequence[Draft | Float], loose: Sequence[Float]) -> list[Draft]:
    """Put floats behind the block that first speaks of them; others stay, those of no section come last."""
    floats = [item for item in stream if isinstance(item, Float)] + list(loose)
    waiting = list(floats)
    mentioned = {name for item in stream if isinstance(item, Draft) for name in item.mentions}
    result: list[Draft] = []
    for item in stream:
        if isinstance(item, Float):
            if item in waiting and not item.names & mentioned:
                waiting.remove(item)
                result += item.drafts
            continue
        result.append(item)
        for found in [found for found in waiting if found.names & item.mentions]:
            waiting.remove(found)
            result += found.drafts
    for rest in waiting:
        for draft in rest.drafts:
            draft.loose = True
            result.append(draft)
    return result


def _is_member_list(item: Draft | Float) -> bool:
    """Say whether a block behind the paper lists the members of its collaboration."""
    if isinstance(item, Float) or item.heading is not None:
        return False
    members = _MEMBER.findall(item.raw)
    return len(members) >= 15 and sum(len(name) for name in members) > 0.3 * len(item.raw)


def _without_empty_heads(stream: Sequence[Draft | Float]) -> list[Draft | Float]:
    result: list[Draft | Float] = []
    for item in reversed(stream):
        heading = item.heading if isinstance(item, Draft) else None
        following = next((other.heading for other in reversed(result) if isinstance(other, Draft)), None)
        if heading is not None and (not result or (following is not None and following[0] <= heading[0])):
            continue
        result.append(item)
    return result[::-1]


def _cells(table: Element, prose: Prose) -> list[CellDraft]:
    """Return the cells of a table's rows, each at the first place that no cell from above covers."""
    cells: list[CellDraft] = []
    covered: set[tuple[int, int]] = set()
    rows = [row for row in table.iter("row") if any("".join(cell.itertext()).strip() for cell in row.iter("cell"))]
    for row, element in enumerate(rows):
        column = 0
        for cell in element.iter("cell"):
            while (row, column) in covered:
                column += 1
            wide, high = _count(cell.get("cols")), min(_count(cell.get("rows")), len(rows) - row)
            covered |= {(row + down, column + right) for down in range(high) for right in range(wide)}
            cells.append(CellDraft(prose.text(cell), row, column, high, wide))
            column += wide
    header = _header_rows(cells, len(rows))
    for draft in cells:
        draft.header = draft.row < header
    return cells


def _count(value: str | None) -> int:
    return min(int(value), 100) if value and value.isdecimal() and int(value) > 0 else 1


def _header_rows(cells: Sequence[CellDraft], rows: int) -> int:
    """Count the header rows, which TEI does not tell apart: those before the first number or label of a row."""
    labelled = {cell.row for cell in cells if cell.column == 0 and cell.raw.strip()}
    for row in range(1, min(rows, _MOST_HEADER_ROWS + 1)):
        numbers = any(cell.column and re.search(r"\d", cell.raw) for cell in cells if cell.row == row)
        if numbers or (row in labelled and 0 in labelled) or row == _MOST_HEADER_ROWS:
            return row
    return 1 if rows > 1 else 0
