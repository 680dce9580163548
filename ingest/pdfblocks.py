"""Lines grouped into what a reader sees: headings, paragraphs, list items, captions, footnotes, equations, tables."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from ingest.pdfcases import in_reading_order
from ingest.pdfheadings import Dress, dress, is_heading, opens_caption, ranks, run_in
from ingest.pdflayout import Column, Typography
from ingest.pdflines import Line
from ingest.pdftables import Grid, find_grids

DraftKind = Literal["heading", "paragraph", "item", "equation", "caption", "footnote", "table"]

_ITEM = re.compile(r"(?:[•◦▪▶‣●○■*⋆–—-]|\(?(?:[ivx]{1,4}|[a-h]|\d{1,2})[.)])\s+\S")
_BULLET = re.compile(r"[•◦▪▶‣●○■]\s+\S")
_ENTRY = re.compile(r"\[\d{1,3}\]\s")
_FIGURE_LETTERS = re.compile(r"(?:\(?[a-z]\)\s*)+")
_EQUATION_NUMBER = re.compile(r"\((?:[A-Z]\.?)?\d{1,3}[a-z]?\)$")
_PAGE_AT_END = re.compile(r"(?:\s|\.)\d{1,3}$")
_WORD = re.compile(r"(?<![\w^_{])[a-z]{2,}(?![\w}])")
_MATHEMATICAL = re.compile(r"[=<>≤≥≡∑∫√±×→∈Δ^_|]")


# Headings that open a paragraph stand below sub-subsections, like those of LaTeX's paragraph command.
_RUN_IN_LEVEL = 4


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
    worn = dress(columns, body)
    result: list[Draft] = []
    for column in columns:
        result += _column_drafts(column, worn)
    result = _whole_tables(_without_contents(result))
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


def _whole_tables(result: list[Draft]) -> list[Draft]:
    """Join a table with its continuation, which repeats its header on the next page."""
    out: list[Draft] = []
    for draft in result:
        last = out[-1] if out else None
        if last is None or last.grid is None or draft.grid is None or not last.grid.take(draft.grid):
            out.append(draft)
            continue
        last.lines += draft.lines
    return out


def _set_levels(result: Sequence[Draft]) -> None:
    headings = [draft for draft in result if draft.kind == "heading" and draft.level != _RUN_IN_LEVEL]
    for draft, rank in zip(headings, ranks([(draft.title, draft.lines[0]) for draft in headings]), strict=True):
        draft.number, draft.title, draft.level = rank.number, rank.title, rank.level


# --- one column -----------------------------------------------------------------------------------------------------


def _column_drafts(column: Column, worn: Dress) -> list[Draft]:
    body = worn.body
    grids = {grid.first: grid for grid in find_grids(column)}
    left, right = _margins(column, body)
    footnotes_from = _footnote_start(column, body)
    result: list[Draft] = []
    group: list[Line] = []

    def close() -> None:
        if group:
            result.extend(_classified(list(group), left, right, worn))
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
            notes = _footnotes(column.lines[index:])
            result += notes
            index += sum(len(note.lines) for note in notes)
            footnotes_from = len(column.lines)
            continue
        if group and _breaks(group, line, left, right, worn):
            close()
        group.append(line)
        index += 1
    close()
    if column.at_foot and result and _is_imprint(result[-1], column, body):
        result[-1].kind = "footnote"
    return result


def _is_imprint(draft: Draft, column: Column, body: Typography) -> bool:
    """Say whether a column ends with a line that stands apart: a date or the name of a journal."""
    if draft.kind != "paragraph" or len(draft.lines) > 1 or len(column.lines) < 12:
        return False
    above, line = column.lines[-2:]
    apart = above.y - line.y > (1.8 if line.size > 0.9 * body.size else 1.4) * body.pitch
    return apart and line.x1 - line.x0 < 0.6 * (column.right - column.left) and not line.text().endswith(".")


def _margins(column: Column, body: Typography) -> tuple[float, float]:
    """Return where the lines of a column's text begin and end: not those of its lists and displays."""
    text = [line for line in column.lines if abs(line.size - body.size) < 0.6]
    if not text:
        return column.left, column.right
    starts = sorted(line.x0 for line in text)
    enough = max(3, 0.12 * len(text)) if len(text) >= 6 else 1
    left = next((x for x in starts if sum(0 <= other - x <= 1.5 for other in starts) >= enough), starts[0])
    ends = Counter(round(line.x1) for line in text)
    right = max(ends, key=lambda x: (ends[x], x)) if len(text) >= 6 else max(line.x1 for line in text)
    return left, float(right)


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
        if opens_caption(column.lines[index]):
            break
    return start


def _footnotes(lines: Sequence[Line]) -> list[Draft]:
    result: list[Draft] = []
    for line in lines:
        if _ENTRY.match(line.text()):  # the bibliography of a letter
            break
        if line.leading_mark() or not result:
            result.append(Draft("footnote", [line]))
        else:
            result[-1].lines.append(line)
    return result


def _breaks(group: list[Line], line: Line, left: float, right: float, worn: Dress) -> bool:
    body = worn.body
    last = group[-1]
    if _EQUATION_NUMBER.fullmatch(line.text()) and line.x1 > right - body.size:  # it found no room beside its formula
        return False
    if _EQUATION_NUMBER.fullmatch(last.text()):
        return True
    if all(_is_numbered_display(one, right) and one.x0 > left + body.size for one in (last, line)):
        return True
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
    if worn.worn_by(last) != worn.worn_by(line):
        return True
    if opens_caption(line) and not opens_caption(group[0]):
        return last.x1 < right - body.size or line.size < 0.97 * body.size or line.share("bold") > 0.05
    em = body.size
    if _is_item(line, left, 0.5 * em) or (_ITEM.match(text) and _ITEM.match(group[0].text())):
        return line.x0 <= group[0].x0 + 0.5 * em or not _ITEM.match(group[0].text())
    if _is_item(group[0], left, 0.4 * em):
        return line.x0 < group[0].x0 - 0.3 * em or (len(group) > 1 and line.x0 < group[1].x0 - 0.8 * em)
    # A display stands indented on both sides.
    shown, before = (
        _is_numbered_display(one, right)
        or (one.x0 > left + 2.2 * em and (one.x1 < right - 2.2 * em or bool(_EQUATION_NUMBER.search(one.text()))))
        for one in (line, last)
    )
    if line.size < 1.15 * body.size and shown != before and _is_mathematical(text if shown else last.text()):
        return True
    # A first line that is indented opens a paragraph, where the line before it was not.
    indented = 0.5 * em < line.x0 - left < 3.5 * em
    return indented and abs(last.x0 - left) < 0.4 * em and not shown


def _is_mathematical(text: str) -> bool:
    """Say whether a text is a formula rather than a sentence with symbols in it."""
    words = sum(len(word) for word in _WORD.findall(text))
    return _MATHEMATICAL.search(text) is not None and words < 0.5 * len(re.sub(r"\s", "", text))


def _is_item(line: Line, left: float, indent: float) -> bool:
    """Say whether a line opens an item of a list: with a bullet, or indented with a dash, a letter or a number."""
    text = line.text()
    if run_in([line]) is not None:
        return False
    return _BULLET.match(text) is not None or (_ITEM.match(text) is not None and line.x0 > left + indent)


def _is_numbered_display(line: Line, right: float, apart: float = 1.0) -> bool:
    """Say whether a formula fills its line up to the number of the equation at the right edge, `apart` ems from it."""
    if len(line.runs) < 2 or line.x1 < right - line.size or not _EQUATION_NUMBER.search(line.text()):
        return False
    number = next((k for k in range(len(line.runs) - 1, 0, -1) if line.runs[k].text.startswith("(")), 0)
    return number > 0 and line.runs[number].x0 - max(run.x1 for run in line.runs[:number]) > apart * line.size


def _shares_size(one: Line, other: Line) -> bool:
    common = {round(run.size, 1) for run in one.runs} & {round(run.size, 1) for run in other.runs}
    return any(abs(size - max(one.size, other.size)) < 0.1 for size in common)


def _classified(lines: list[Line], left: float, right: float, worn: Dress) -> list[Draft]:
    body = worn.body
    text = " ".join(line.text() for line in lines)
    if not text or _FIGURE_LETTERS.fullmatch(text):
        return []
    if is_heading(lines, text, worn):
        return [Draft("heading", lines, title=re.sub(r"\s+", " ", text))]
    if opens_caption(lines[0]):
        return [Draft("caption", lines)]
    em = body.size
    first = lines[0]
    hanging = len(lines) == 1 or lines[1].x0 > first.x0 + 0.3 * em
    headed = run_in(lines)
    if _is_item(first, left, 0.5 * em) or (_ITEM.match(text) and hanging and headed is None):
        return [Draft("item", lines)]
    if len(lines) > 1 and _EQUATION_NUMBER.fullmatch(lines[-1].text()):
        return [Draft("equation", lines)]
    numbered = any(_is_numbered_display(line, right, 0.6) for line in lines)
    indent = 1.2 * em if numbered else 2.2 * em
    display = all(line.x0 > left + indent and line.size < 1.15 * em for line in lines) or (
        len(lines) < 3 and _is_numbered_display(lines[-1], right)
    )
    if display and len(lines) < 8 and _is_mathematical(re.sub(r"\^[*†‡\da-z]$", "", text)):
        words = len(re.findall(r"[^\W\d_]{4,}", text))
        if any(_EQUATION_NUMBER.search(line.text()) for line in lines) or words <= 6:
            return [Draft("equation", in_reading_order(lines))]
    flush = lines[-1].x1 > right - 0.8 * em
    if headed is not None:
        name = re.sub(r"^[a-z]\. ", "", headed[0].text()).rstrip(".:")
        heading = Draft("heading", [headed[0]], title=name, level=_RUN_IN_LEVEL)
        return [heading, Draft("paragraph", [headed[1], *lines[1:]], flush=flush)]
    return [Draft("paragraph", lines, flush=flush, indented=first.x0 > left + 0.5 * em)]


# --- paragraphs that go on ------------------------------------------------------------------------------------------


def _continued(result: list[Draft], body: Typography) -> list[Draft]:
    """Join a paragraph with its continuation in the next column; floats and footnotes between them follow it."""
    out: list[Draft] = []
    indenting = _indents(result)
    for draft in result:
        if draft.kind in {"paragraph", "item"}:
            open_one = _open_paragraph(out, draft, body, indenting=indenting)
            if open_one is not None:
                open_one.lines += draft.lines
                open_one.flush = draft.flush
                continue
        out.insert(_place(out, draft), draft)
    return out


def _place(out: Sequence[Draft], draft: Draft) -> int:
    """Return where a draft goes: what goes on with the text before floats and footnotes goes before them.

    That is an item of a list, a formula within a sentence, and the rest of a sentence behind a formula.
    """
    place = len(out)
    while place and out[place - 1].kind in {"caption", "table", "footnote"}:
        place -= 1
    if place in {0, len(out)}:
        return len(out)
    before, text = out[place - 1], out[place - 1].lines[-1].text()
    if draft.kind == "item":
        goes_on = before.kind == "item" or text.endswith(":")
    elif draft.kind == "equation":
        goes_on = before.kind in {"paragraph", "item"} and not text.endswith((".", "!", "?"))
    else:
        goes_on = draft.kind == "paragraph" and before.kind == "equation" and draft.lines[0].text()[:1].islower()
    return place if goes_on else len(out)


def _indents(result: Sequence[Draft]) -> bool:
    """Say whether the paragraphs of a document begin with an indented line."""
    following = [
        after.indented
        for before, after in pairwise(result)
        if before.kind == after.kind == "paragraph" and before.lines[-1].page == after.lines[0].page
        if before.lines[-1].y > after.lines[0].y
    ]
    return len(following) >= 3 and sum(following) > 0.6 * len(following)


def _open_paragraph(out: list[Draft], draft: Draft, body: Typography, *, indenting: bool) -> Draft | None:
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
    if not moved or abs(last.size - first.size) > 0.06 * body.size:
        return None
    if draft.indented and not (first.text()[:1].islower() and previous.lines[-1].x0 > first.x0 - 2):
        return None  # a new paragraph, and not the hanging lines of a description
    hanging = previous.lines[1].x0 if previous.kind == "item" and len(previous.lines) > 1 else None
    if hanging is not None and first.page != last.page and abs(first.x0 - hanging) < 2:
        return previous
    end, start = last.text(), first.text()
    if re.search(r"[.:;?!][)\]”’]?(?:\s*\[[\d, –-]+\])?$", end):
        if indenting and previous.kind == "paragraph" and previous.flush and last.size > 0.94 * body.size:
            return previous
        # The sentence is over; only a line that opens in lower case can belong to it.
        return previous if start[:1].islower() and previous.flush and not end.endswith(".") else None
    return previous if previous.flush or start[:1].islower() or end.endswith("-") else None
