"""The bibliography of a PDF and the numbers in the text that cite it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ingest.pdfblocks import Draft
from ingest.pdflines import Line
from ingest.reports import report_number_in
from kb.document import Citation, Reference

_HEADING = re.compile(r"(?i)(references|bibliography)")
_FIRST = re.compile(r"\[1\]\s")
_ENTRY = re.compile(r"\[(\d{1,3})\]|(\d{1,3})\.\s")
_ARXIV = re.compile(r"(?i)(?:arxiv\s*:?\s*|abs/)((?:\d{4}\.\d{4,5})|(?:[a-z-]+(?:\.[A-Z]{2})?/\d{7}))")
_BARE_ARXIV = re.compile(r"\[?\b((?:hep|astro|nucl|cond|gr|math|physics|quant)-?(?:ex|ph|th|lat|mat|qc)?/\d{7})\b")
_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s,;\]]+)")
_TITLE = re.compile(r"[“\"‘]([^”\"]{8,300}?),?[”\"’](?=[\s,.]|$)")
_BRACKET = re.compile(r"\[(\d{1,3}(?:\s*[–,-]\s*\d{1,3})*)\]")
_INTERVAL_BEFORE = re.compile(r"[∈∉=<>≤≥~∼]\s*$")


@dataclass(frozen=True, slots=True)
class Bibliography:
    """The entries of a bibliography, a list of lines each, the drafts they stand in, and what follows the last."""

    first: Draft
    drafts: list[Draft]
    entries: list[list[Line]]
    rest: list[Line]


def bibliography(drafts: Sequence[Draft]) -> Bibliography | None:
    """Find the bibliography beneath its heading or, as letters have none, by its entries; floats may interrupt it."""
    headings = [
        index for index, draft in enumerate(drafts) if draft.kind == "heading" and _HEADING.fullmatch(draft.title)
    ]
    for start in reversed(headings):
        found = _beneath(drafts, start + 1, least=3)
        if found is not None:
            return found
    for start, draft in enumerate(drafts):
        if draft.kind in {"paragraph", "item"} and _FIRST.match(draft.lines[0].text()):
            found = _beneath(drafts, start, least=3)
            if found is not None:
                return found
    return None


def _beneath(drafts: Sequence[Draft], start: int, *, least: int) -> Bibliography | None:
    used: list[Draft] = []
    for draft in drafts[start:]:
        if draft.kind == "heading" and not _ENTRY.match(draft.lines[0].text()):
            break
        if draft.kind not in {"table", "caption"}:
            used.append(draft)
    found = entries([line for draft in used for line in draft.lines])
    if len(found) < least:
        return None
    cut = _end_of_last(found)
    rest = found[-1][cut:]
    found[-1] = found[-1][:cut]
    return Bibliography(used[0], used, found, rest)


def _end_of_last(found: Sequence[Sequence[Line]]) -> int:
    """Return how many lines belong to the last entry: what stands apart from it is something else."""
    gaps = [a.y - b.y for entry in found for a, b in pairwise(entry) if a.page == b.page and a.y > b.y]
    usual = median(gaps) if gaps else 12.0
    for index, (above, below) in enumerate(pairwise(found[-1]), 1):
        moved = above.page != below.page or below.y >= above.y
        if (moved and above.text().endswith(".")) or above.y - below.y > 1.9 * usual:
            return index
    return len(found[-1])


def entries(lines: Sequence[Line]) -> list[list[Line]]:
    """Split the lines of a bibliography into entries: each begins with the number that follows the last one's."""
    result: list[list[Line]] = []
    expected = 1
    for line in lines:
        match = _ENTRY.match(line.text())
        number = int(match[1] or match[2]) if match else 0
        if number and (number == expected or (match and match[1] and expected <= number <= expected + 3)):
            result.append([])
            expected = number + 1
        if result:
            result[-1].append(line)
    return result


def reference(text: str, links: Iterable[str] = ()) -> Reference | None:
    """Return the bibliography entry that `text` states; `links` are the addresses behind its words."""
    match = _ENTRY.match(text)
    if match is None:
        return None
    label = match[1] or match[2]
    body = text[match.end() :].strip()
    addresses = " ".join(links)
    compact = re.sub(r"(?<=[/.-])\s+(?=\S)", "", body)
    arxiv = _ARXIV.search(body) or _ARXIV.search(addresses) or _BARE_ARXIV.search(body)
    doi = _DOI.search(addresses) or _DOI.search(compact) or _DOI.search(body)
    title = _TITLE.search(body)
    return Reference(
        key=label,
        label=label,
        text=body,
        title=title[1] if title else "",
        arxiv_id=arxiv[1] if arxiv else None,
        doi=doi[1].rstrip(".)") if doi else None,
        report_number=report_number_in(body),
    )


def citations(text: str, start: int, labels: set[str]) -> list[Citation]:
    """Return the citations in a block's text that begins at offset `start`: `[31, 40–42]` cites 31, 40, 41 and 42."""
    found: list[Citation] = []
    for match in _BRACKET.finditer(text):
        if _INTERVAL_BEFORE.search(text[: match.start()]):
            continue
        keys: list[str] = []
        for part in match[1].split(","):
            ends = [int(number) for number in re.findall(r"\d+", part)]
            if len(ends) == 2 and ends[0] < ends[1] <= ends[0] + 60:
                keys += [str(number) for number in range(ends[0], ends[1] + 1)]
            else:
                keys += [str(number) for number in ends]
        if keys and all(key in labels for key in keys):
            found.append(
                Citation(start=start + match.start(), end=start + match.end(), keys=tuple(dict.fromkeys(keys)))
            )
    return found
