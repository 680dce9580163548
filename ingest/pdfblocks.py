"""Lines grouped into what a reader sees: headings, paragraphs, list items, captions, footnotes, equations, tables."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ingest.pdflayout import Column, Typography
from ingest.pdflines import Line
from ingest.pdftables import CAPTION, Grid, find_grids

DraftKind = Literal["heading", "paragraph", "item", "equation", "caption", "footnote", "table"]

_NUMBERED = re.compile(
    r"(?P<number>\d{1,2}(?:\.\d{1,2}){0,3}|[IVX]{1,5}|[A-Z](?:\.\d{1,2}){0,2}|Appendix(?: [A-Z\d])?)[.:]?\s+"
    r"(?P<title>\S.*)",
    re.DOTALL,
)
_KNOWN_HEADING = re.compile(
    r"(?i)(abstract|(?:table of )?contents|"
    r"summary|introduction|conclusions?|references|bibliography|acknowledge?ments?|appendix|appendices|"
    r"auxiliary material|supplement(?:al|ary) material|the [\w+]+ collaboration)\s*[.:]?"
)
_ITEM = re.compile(r"(?:[•◦▪▶‣●○■*⋆–—-]|\(?(?:[ivx]{1,4}|[a-h]|\d{1,2})[.)])\s+\S")
_FIGURE_LETTERS = re.compile(r"(?:\(?[a-z]\)\s*)+")
_EQUATION_NUMBER = re.compile(r"\((?:[A-Z]\.?)?\d{1,3}[a-z]?\)$")
_PAGE_AT_END = re.compile(r"(?:\s|\.)\d{1,3}$")
_MATHEMATICAL = re.compile(r"[=<>≤≥≡∑∫√±×→∈Δ^_|]")


@dataclass(slots=True)
class Draft:
    """A block before its text is joined; a table has a grid, a heading its number, title and level."""

    kind: DraftKind
    lines: list[Line]
    grid: Grid | None = None
    number: str = ""
    title: str = ""
    level: int = 0
    flush: bool = False
    indented: bool = False


def drafts(columns: Sequence[Column], body: Typography) -> list[Draft]:
    """Return the blocks of a document in reading order; paragraphs that go on in the next column are joined."""
    styles = _heading_styles(columns, body)
    result: list[Draft] = []
    for column in columns:
        result += _column_drafts(column, body, styles)
    result = _without_contents(result)
    _set_levels(result)
    return _continued(result, body)


def _without_contents(result: list[Draft]) -> list[Draft]:
    """Leave out the table of contents: it repeats the headings with their pages."""
    start = next(
        (i for i, d in enumerate(result) if d.kind == "heading" and d.title.lower().endswith("contents")), None
    )
    if start is None:
        return result
    stop = start + 1
    while stop < len(result) and sum(bool(_PAGE_AT_END.search(line.text())) for line in result[stop].lines) * 2 >= len(
        result[stop].lines
    ):
        stop += 1
    return result[:start] + result[stop:]


# --- headings -------------------------------------------------------------------------------------------------------


def _style(line: Line) -> tuple[str, float]:
    names: Counter[str] = Counter()
    for run in line.runs:
        names[run.font.name] += len(run.text)
    return max(names, key=lambda name: (names[name], name)), round(line.size, 1)


def _stands_out(line: Line, body: Typography) -> bool:
    return (line.share("bold") > 0.55 and line.size > 0.93 * body.size) or line.size > 1.09 * body.size


def _opens_title(character: str) -> bool:
    """Say whether a title can begin so: with a capital or a symbol (γ+jets background, √s dependence)."""
    return character.isupper() or not (character.isascii() and character.isalnum())


def _dressed(line: Line, body: Typography, styles: set[tuple[str, float]]) -> bool:
    """Say whether a whole line is set as headings are; a paragraph with a bold opening is not."""
    if not _stands_out(line, body) or _style(line) not in styles:
        return False
    return line.share("bold") > 0.9 or line.size > 1.09 * body.size or _NUMBERED.fullmatch(line.text()) is not None


def _heading_styles(columns: Sequence[Column], body: Typography) -> set[tuple[str, float]]:
    """Return the font and size of every numbered heading, so that unnumbered ones in the same dress are found."""
    styles: Counter[tuple[str, float]] = Counter()
    for column in columns:
        for line in column.lines:
            match = _NUMBERED.fullmatch(line.text()) if _stands_out(line, body) else None
            if match and _opens_title(match["title"][0]) and not CAPTION.match(line.text()):
                styles[_style(line)] += 1
    return set(styles)


def _is_heading(lines: Sequence[Line], text: str, styles: set[tuple[str, float]], body: Typography) -> bool:
    if len(lines) > 3 or len(text) > 200 or not re.search(r"[^\W\d_]{2}", text) or CAPTION.match(text):
        return False
    if len(lines) == 1 and _KNOWN_HEADING.fullmatch(text):
        return True
    if not all(_stands_out(line, body) for line in lines):
        return _is_small_capital_heading(lines, text)
    numbered = _NUMBERED.fullmatch(text)
    if numbered and _opens_title(numbered["title"][0]) and not text.endswith("."):
        return True
    return all(_dressed(line, body, styles) for line in lines) and not text.endswith((".", ","))


def _is_small_capital_heading(lines: Sequence[Line], text: str) -> bool:
    """Recognise `II. EVENT SELECTION` in body size, as REVTeX sets it."""
    match = re.fullmatch(r"(?:[IVX]{1,5}|[A-Z]|\d)\.\s+(\D+)", text)
    if match is None:
        return False
    title = match[1]
    return len(lines) <= 2 and (title.upper() == title or all(line.share("bold") > 0.5 for line in lines))


def _set_levels(result: list[Draft]) -> None:
    sizes: dict[tuple[str, float], int] = {}
    for draft in result:
        if draft.kind != "heading":
            continue
        text = draft.title
        match = _NUMBERED.fullmatch(text)
        if match and (match["title"][0].isupper() or match["number"][0].isdigit()):
            draft.number, draft.title = match["number"], match["title"]
            draft.level = draft.number.count(".") + 1
            if re.fullmatch(r"[A-Z]", draft.number) and any(d.number == "I" for d in result if d is not draft):
                draft.level = 1 if draft.number in "IVX" else 2
            sizes.setdefault(_style(draft.lines[0]), draft.level)
    for draft in result:
        if draft.kind == "heading" and not draft.number:
            known = _KNOWN_HEADING.fullmatch(draft.title)
            draft.level = 1 if known else sizes.get(_style(draft.lines[0]), 1)
            draft.title = draft.title.rstrip(".:")


# --- one column -----------------------------------------------------------------------------------------------------


def _column_drafts(column: Column, body: Typography, styles: set[tuple[str, float]]) -> list[Draft]:
    grids = {grid.first: grid for grid in find_grids(column)}
    left, right = _margins(column, body)
    footnotes_from = _footnote_start(column, body)
    result: list[Draft] = []
    group: list[Line] = []

    def close() -> None:
        if group:
            result.extend(_classified(list(group), left, right, styles, body))
            group.clear()

    index = 0
    while index < len(column.lines):
        grid = grids.get(index)
        if grid is not None:
            close()
            result.append(Draft("table", column.lines[grid.first : grid.last + 1], grid))
            index = grid.last + 1
            continue
        line = column.lines[index]
        if index >= footnotes_from:
            close()
            result += _footnotes(column.lines[index:])
            break
        if group and _breaks(group, line, left, right, body, styles):
            close()
        group.append(line)
        index += 1
    close()
    return result


def _margins(column: Column, body: Typography) -> tuple[float, float]:
    starts = Counter(round(line.x0) for line in column.lines if abs(line.size - body.size) < 0.6)
    ends = Counter(round(line.x1) for line in column.lines if abs(line.size - body.size) < 0.6)
    left = max(starts, key=lambda x: (starts[x], -x)) if starts else column.left
    right = max(ends, key=lambda x: (ends[x], x)) if ends else column.right
    if sum(starts.values()) < 6:
        left = min([left, *starts]) if starts else column.left
    if sum(ends.values()) < 6:
        right = max([right, *ends]) if ends else column.right
    return float(left), float(right)


def _footnote_start(column: Column, body: Typography) -> int:
    """Return the index of the first footnote line at the foot of a column, or the number of lines."""
    start = len(column.lines)
    if not column.at_foot:
        return start
    index = start
    while index > 0 and column.lines[index - 1].size < 0.94 * body.size:
        index -= 1
        if column.lines[index].leading_mark():
            start = index
        if CAPTION.match(column.lines[index].text()):
            break
    return start


def _footnotes(lines: Sequence[Line]) -> list[Draft]:
    result: list[Draft] = []
    for line in lines:
        if line.leading_mark() or not result:
            result.append(Draft("footnote", [line]))
        else:
            result[-1].lines.append(line)
    return result


def _breaks(
    group: list[Line], line: Line, left: float, right: float, body: Typography, styles: set[tuple[str, float]]
) -> bool:
    last = group[-1]
    text = line.text()
    expected = body.pitch * max(last.size, line.size) / body.size
    gap = last.y - line.y
    # Scripts push lines apart: compare the white between the lines where it is smaller.
    if gap > 1.32 * expected and last.bottom - line.top > 0.42 * expected:
        return True
    if gap > 1.75 * expected or gap < -0.5:
        return True
    if abs(line.size - last.size) > 0.09 * body.size and not (_shares_size(line, last)):
        return True
    if _dressed(last, body, styles) != _dressed(line, body, styles):
        return True
    if CAPTION.match(text) and not CAPTION.match(group[0].text()):
        return last.x1 < right - body.size or line.size < 0.97 * body.size or line.share("bold") > 0.05
    em = body.size
    if _ITEM.match(text) and (line.x0 > left + 0.5 * em or _ITEM.match(group[0].text())):
        return line.x0 <= group[0].x0 + 0.5 * em or not _ITEM.match(group[0].text())
    item = bool(_ITEM.match(group[0].text())) and group[0].x0 > left + 0.4 * em
    if item:
        return line.x0 < group[0].x0 - 0.3 * em or (len(group) > 1 and line.x0 < group[1].x0 - 0.8 * em)
    # A display stands indented on both sides.
    shown = line.x0 > left + 2.2 * em and (line.x1 < right - 2.2 * em or bool(_EQUATION_NUMBER.search(text)))
    before = last.x0 > left + 2.2 * em and (last.x1 < right - 2.2 * em or bool(_EQUATION_NUMBER.search(last.text())))
    if (
        line.size < 1.15 * body.size
        and shown != before
        and (_MATHEMATICAL.search(text if shown else last.text()) is not None)
    ):
        return True
    # A first line that is indented opens a paragraph, where the line before it was not.
    indented = 0.5 * em < line.x0 - left < 3.5 * em
    return indented and abs(last.x0 - left) < 0.4 * em and not shown


def _shares_size(one: Line, other: Line) -> bool:
    common = {round(run.size, 1) for run in one.runs} & {round(run.size, 1) for run in other.runs}
    return any(abs(size - max(one.size, other.size)) < 0.1 for size in common)


def _classified(
    lines: list[Line], left: float, right: float, styles: set[tuple[str, float]], body: Typography
) -> list[Draft]:
    text = " ".join(line.text() for line in lines)
    if not text or _FIGURE_LETTERS.fullmatch(text):
        return []
    if _is_heading(lines, text, styles, body):
        return [Draft("heading", lines, title=re.sub(r"\s+", " ", text))]
    if CAPTION.match(text):
        return [Draft("caption", lines)]
    em = body.size
    first = lines[0]
    if _ITEM.match(text) and (first.x0 > left + 0.5 * em or len(lines) == 1 or lines[1].x0 > first.x0 + 0.3 * em):
        return [Draft("item", lines)]
    display = all(line.x0 > left + 2.2 * em and line.size < 1.15 * em for line in lines)
    if display and len(lines) < 8 and _MATHEMATICAL.search(re.sub(r"\^[*†‡\da-z]$", "", text)):
        words = len(re.findall(r"[^\W\d_]{4,}", text))
        if _EQUATION_NUMBER.search(text) or words <= 6:
            return [Draft("equation", lines)]
    flush = lines[-1].x1 > right - 0.8 * em
    return [Draft("paragraph", lines, flush=flush, indented=first.x0 > left + 0.5 * em)]


# --- paragraphs that go on ------------------------------------------------------------------------------------------


def _continued(result: list[Draft], body: Typography) -> list[Draft]:
    """Join a paragraph with its continuation in the next column; floats and footnotes between them follow it."""
    out: list[Draft] = []
    for draft in result:
        if draft.kind in {"paragraph", "item"}:
            open_one = _open_paragraph(out, draft, body)
            if open_one is not None:
                open_one.lines += draft.lines
                open_one.flush = draft.flush
                continue
        out.append(draft)
    return out


def _open_paragraph(out: list[Draft], draft: Draft, body: Typography) -> Draft | None:
    if draft.kind == "item" or not draft.lines:
        return None
    for previous in reversed(out):
        if previous.kind in {"caption", "table", "footnote"}:
            continue
        if previous.kind == "equation" or previous.kind == "heading":
            return None
        break
    else:
        return None
    last, first = previous.lines[-1], draft.lines[0]
    moved = last.page != first.page or first.y > last.y or out[-1] is not previous
    if not moved or draft.indented or abs(last.size - first.size) > 0.06 * body.size:
        return None
    end, start = last.text(), first.text()
    if re.search(r"[.:;?!][)\]”’]?(?:\s*\[[\d, –-]+\])?$", end):
        # The sentence is over; only a line that opens in lower case can belong to it.
        return previous if start[:1].islower() and previous.flush and not end.endswith(".") else None
    return previous if previous.flush or start[:1].islower() or end.endswith("-") else None
