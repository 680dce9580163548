"""The front of a paper: title, who wrote it, abstract; and the lists of names that are no prose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ingest.pdfblocks import Draft
from ingest.pdfheadings import KNOWN
from ingest.pdflines import Line

_COLLABORATION = re.compile(
    r"(?:[Tt]he )?(?P<name>[\w+-]+(?:, [\w+-]+)*(?: and [\w+-]+)?) [Cc]ollaborations?(?![\w ]*\w)"
)
_NAME = re.compile(r"(?:[^\W\d_]\.[ ~-]?){1,4}\s?[^\W\d_a-z][^\W\d_]+")
_INSTITUTE = re.compile(r"(?i)universi|institut|laborator|department|school|college|centre|center|academy|INFN|CERN")
# Fewer names than these stand in the prose of a theory paper or in an entry of a bibliography.
_MANY_NAMES = 25


def letters(lines: Iterable[Line]) -> int:
    """Count the letters of lines."""
    return sum(character.isalpha() for line in lines for run in line.runs for character in run.text)


def title(drafts: list[Draft], size: float) -> Draft | None:
    """Return the title, the largest text of the first page, with its pieces joined; `size` is that of the body."""
    if not drafts:
        return None
    page = min(draft.lines[0].page for draft in drafts)
    candidates = [
        draft
        for draft in drafts
        if draft.lines[0].page == page and draft.kind in {"paragraph", "heading"} and not draft.number
        if draft.lines[0].size > 1.15 * size and letters(draft.lines) >= 8
    ]
    if not candidates:
        return _bold_opening(drafts, page)
    largest = max(round(draft.lines[0].size) for draft in candidates)
    parts = [draft for draft in candidates if round(draft.lines[0].size) == largest]
    chosen = parts[0]
    for other in parts[1:]:  # a title set with wide leading comes in several pieces
        if drafts.index(other) == drafts.index(chosen) + 1:
            chosen.lines += other.lines
            drafts.remove(other)
    return chosen


def _bold_opening(drafts: Sequence[Draft], page: int) -> Draft | None:
    """Return the bold lines that open a letter whose title is no larger than its text."""
    for draft in drafts[:6]:
        bold = all(line.share("bold") > 0.6 for line in draft.lines)
        if draft.lines[0].page == page and bold and not draft.number and letters(draft.lines) >= 25:
            return draft
    return None


def abstract(drafts: Sequence[Draft]) -> list[Draft]:
    """Return the paragraphs of the abstract: those beneath its heading, or the longest one of the front."""
    heading = next(
        (i for i, d in enumerate(drafts) if d.kind == "heading" and d.title.lower().rstrip(".:") == "abstract"), None
    )
    page = min((draft.lines[0].page for draft in drafts), default=1)
    if heading is not None:
        found: list[Draft] = []
        for draft in drafts[heading + 1 :]:
            if draft.kind == "heading" or draft.lines[0].page > drafts[heading].lines[0].page + 1:
                break
            if draft.kind == "paragraph" and (not found or letters(draft.lines) > 200):
                found.append(draft)
        if len(found) > 1 and not any(draft.number for draft in drafts):  # a letter goes on without a heading
            return found[:1]
        return found
    opening = next((i for i, d in enumerate(drafts) if d.kind == "heading" and d.level > 0), len(drafts))
    front = [d for d in drafts[:opening] if d.kind == "paragraph" and d.lines[0].page <= page + 1]
    longest = max(front, key=lambda d: letters(d.lines), default=None)
    return [longest] if longest is not None and letters(longest.lines) > 250 else []


def collaboration(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the collaboration that the first blocks of a paper name as its author."""
    for text in texts:
        match = _COLLABORATION.match(text)
        if match and len(text) < 60:
            return (f"{match['name']} Collaboration",)
    return ()


def settled_front(drafts: list[Draft], title: Draft | None) -> None:
    """Make paragraphs of what looks like headings on the front page: names, dates, report numbers."""
    if title is None:
        return
    at = drafts.index(title)
    for index, draft in enumerate(drafts):
        if draft is title or draft.kind != "heading":
            continue
        known = KNOWN.fullmatch(draft.title) and not _COLLABORATION.match(draft.title)
        if (index > at and (known or draft.number)) or draft.lines[0].page > title.lines[0].page:
            return
        draft.kind = "paragraph"


def without_members(drafts: list[Draft]) -> list[Draft]:
    """Leave out the lists of a collaboration's members and of their institutes."""
    result: list[Draft] = []
    listing = late = False
    for index, draft in enumerate(drafts):
        text = draft.title if draft.kind == "heading" else " ".join(line.text() for line in draft.lines[:4])
        opening = _COLLABORATION.match(text)
        if draft.kind == "heading":
            late = late or bool(re.fullmatch(r"(?i)references|bibliography|acknowledge?ments?", draft.title))
            if (draft.number and not opening) or (KNOWN.fullmatch(draft.title) and not opening):
                listing = False
        if late and opening and len(text) < 80 and _lists_people(drafts[index + 1 :]):
            listing = True
            if draft.number:
                result.append(draft)
            continue
        if not listing and not (draft.kind in {"paragraph", "item", "footnote"} and is_list_of_people(draft.lines)):
            result.append(draft)
    return result


def _lists_people(drafts: Sequence[Draft]) -> bool:
    """Say whether names or institutes follow."""
    lines = [line for draft in drafts[:40] for line in draft.lines][:120]
    text = " ".join(line.text() for line in lines)
    return len(_NAME.findall(text)) >= min(_MANY_NAMES, len(lines)) or is_list_of_people(lines)


def is_list_of_people(lines: Sequence[Line]) -> bool:
    """Say whether lines are a long list of names or of institutes."""
    if len(lines) < 4:
        return False
    texts = [line.text() for line in lines]
    joined = " ".join(texts)
    names = len(_NAME.findall(joined))
    if names >= _MANY_NAMES and 3.2 * names > len(re.findall(r"[^\W\d_]{2,}", joined)) * 0.9:
        return True
    institutes = sum(bool(_INSTITUTE.search(text)) for text in texts)
    return len(texts) >= 8 and institutes > 0.6 * len(texts)
