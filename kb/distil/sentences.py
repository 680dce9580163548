"""Split blocks into sentences: `Ref. [31]`, `Fig. 2`, `i.e.` and decimals end none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kb.distil.lexicon import lexicon
from kb.document import Block, Document

_ABBREVIATIONS = "|".join(map(re.escape, sorted(lexicon().sets["abbreviations"])))
_ENDS_IN_ABBREVIATION = re.compile(rf"(?:^|[\s(\[])(?:{_ABBREVIATIONS})\.$", re.IGNORECASE)
_END = re.compile(
    r"[.!?](?:[\"'”’)\]]|\[[\d,\s–-]+\]|(?<!\d\.)\d{1,2}(?=\s+[A-Z]))*"
    r"(?=\s+(?:[A-Z“\"‘'(\[|∆Δ•\d]|b[- ](?:tagged|jets?)\b|τ)|\s*$)"
)
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
_OPEN = re.compile(r"[^.!?\s]\s*$")
_BOUNDS = re.compile(r"[^=≡:]*?[<>≤≥∈∉]")  # an inequality comes first: nothing is defined
_GOES_ON = re.compile(r"(?:and|or|as well as|with|where|for|in|if|while|but|together|respectively)\b")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a block, `[start, end)` in the document."""

    start: int
    end: int
    block: Block


def split(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of sentences.

    >>> text = "As in Ref. [3], p_T > 0.5 GeV, e.g. for muons. Jets, see Fig. 2, are kept."
    >>> [text[a:b] for a, b in split(text)]
    ['As in Ref. [3], p_T > 0.5 GeV, e.g. for muons.', 'Jets, see Fig. 2, are kept.']
    """
    start = 0
    for match in _END.finditer(text):
        head = text[start : match.start() + 1]
        if _ENDS_IN_ABBREVIATION.search(head):
            continue
        yield from _trimmed(text, start, match.end())
        start = match.end()
    yield from _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if end > start:
        yield start, end


def sentences(document: Document, block: Block) -> list[Sentence]:
    """Return the sentences of a block."""
    text = document.text[block.start : block.end]
    return [Sentence(block.start + a, block.start + b, block) for a, b in split(text)]


def running(document: Document, kinds: frozenset[str]) -> Iterator[Block]:
    """Yield the blocks of these kinds; displayed bounds are part of the text around: `must satisfy (2) and …`."""
    text = document.text
    last: Block | None = None
    shown = False  # whether the last block ends with a displayed bound
    for block in document.blocks:
        if block.kind not in kinds:
            continue
        body = text[block.start : block.end]
        if last is not None and _OPEN.search(text, last.start, last.end):
            displayed = block.kind == "equation" and _BOUNDS.match(body) is not None
            if displayed or (shown and block.kind == "paragraph" and _GOES_ON.match(body)):
                last, shown = last.model_copy(update={"end": block.end}), displayed
                continue
        if last is not None:
            yield last
        last, shown = block, False
    if last is not None:
        yield last


def is_figure(text: str) -> bool:
    """Say whether a text is mostly numbers, as those of an axis or a table are."""
    numbers = len(_NUMBER.findall(text))
    return numbers >= 12 and numbers * 3 > len(text.split())
