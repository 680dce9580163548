"""Canonical text from blocks of lines: hyphens at line ends undone, every piece mapped to its page and box."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from ingest.pdfhyphens import LINKING, Words
from ingest.pdflines import Line
from kb.document import SourcePiece, Span

_LAST_WORD = re.compile(r"((?:[^\W\d_]+-)*)([^\W\d_]+)-$")
_BULLET = re.compile(r"[•◦▪▶‣●○■]\s+(?=\S)")
_FIRST_WORD = re.compile(r"[^\W\d_][^\W_]*")
_ADDRESS = re.compile(r"(?:https?://|www\.|doi:|10\.\d{4,9}/|arXiv:)\S*$")


class Manuscript:
    """The text as it grows, with its source map."""

    def __init__(self, words: Words, marks: dict[int, Set[str]]) -> None:
        self._words = words
        self._marks = marks
        self._parts: list[str] = []
        self._size = 0
        self.source_map: list[SourcePiece] = []

    def __len__(self) -> int:
        return self._size

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self._parts)

    def add(self, text: str) -> None:
        """Add text that stands nowhere in the source."""
        self._parts.append(text)
        self._size += len(text)

    def block(self, lines: Sequence[Line], *, address: bool = False, bare: bool = False) -> Span:
        """Add lines as running text and return its span; in an `address` no space follows a broken DOI.

        A `bare` block goes without the footnote's mark or bullet that it begins with.
        """
        start = self._size
        texts = [line.text(self._marks.get(line.page, frozenset())) for line in lines]
        for index, (line, text) in enumerate(zip(lines, texts, strict=True)):
            if not text:
                continue
            glue, cut = "", 0
            if self._size > start:
                glue, cut = self._glue(self._tail(), text, address=address)
            if cut:
                self._shorten()
            self.add(glue)
            if index == 0 and text.startswith("^") and line.leading_mark():
                mark, _, rest = text.partition(" ")
                text = (rest if bare else f"{mark.lstrip('^')} {rest}") if rest else text
            elif index == 0 and bare:
                text = _BULLET.sub("", text)
            begin = self._size
            self.add(text)
            box = (round(line.x0, 1), round(line.bottom, 1), round(line.x1, 1), round(line.top, 1))
            self.source_map.append(SourcePiece(start=begin, end=self._size, page=line.page, box=box))
        return Span(start=start, end=self._size)

    def _tail(self) -> str:
        return "".join(self._parts[-3:])[-80:]

    def _shorten(self) -> None:
        """Take the last character, a hyphen, away again."""
        last = self.source_map[-1]
        self.source_map[-1] = last.model_copy(update={"end": last.end - 1})
        self._parts[-1] = self._parts[-1][:-1]
        self._size -= 1

    def _glue(self, tail: str, text: str, *, address: bool) -> tuple[str, int]:
        """Return what joins two lines, and how many characters to take from the first."""
        if address and _ADDRESS.search(tail) and tail[-1:] in "/.-_:" and not text.startswith(("[", "(")):
            return "", 0
        left, right = _LAST_WORD.search(tail), _FIRST_WORD.match(text)
        if left and right:
            if right[0] in {"and", "or"}:  # first- and second-generation
                return " ", 0
            chained = bool(left[1]) and left[2].lower() in LINKING  # centre-of-mass
            kept = chained or self._words.keeps_hyphen(left[2], right[0], text[right.end() : right.end() + 1])
            return ("", 0) if kept else ("", 1)
        if tail.endswith("-") and re.search(r"\w-$", tail):
            return "", 0
        if tail.endswith("–") and re.search(r"\w–$", tail) and re.match(r"\w", text):
            return "", 0
        if re.search(r"\w/$", tail):
            return "", 0
        return " ", 0
