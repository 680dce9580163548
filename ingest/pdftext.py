"""Canonical text from blocks of lines: hyphens at line ends undone, every piece mapped to its page and box."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence, Set

from ingest.pdflines import Line
from kb.document import SourcePiece, Span

_LAST_WORD = re.compile(r"((?:[^\W\d_]+-)*)([^\W\d_]+)-$")
# Words that only ever stand before a hyphen of their own (two-dimensional), and those written in one with the next.
_NUMERALS = frozenset(("one", "two", "three", "four", "five", "six", "seven", "eight", "half", "self", "anti"))
_WHOLE = frozenset(
    [
        "furthermore",
        "moreover",
        "therefore",
        "however",
        "otherwise",
        "without",
        "within",
        "into",
        "onto",
        "throughout",
        "another",
        "something",
        "nevertheless",
        "nonetheless",
        "whenever",
        "wherever",
        "whereas",
        "meanwhile",
        "likewise",
        "elsewhere",
        "although",
    ]
)
_LINKING = frozenset(("of", "to", "by", "in", "the", "on", "at", "and", "or", "per", "for"))
_FIRST_WORD = re.compile(r"[^\W\d_][^\W_]*")
_ADDRESS = re.compile(r"(?:https?://|www\.|doi:|10\.\d{4,9}/|arXiv:)\S*$")


class Words:
    """How often each word of the document occurs, to tell a hyphen of the word from one of the line break."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._whole: Counter[str] = Counter()
        self._joined: Counter[str] = Counter()
        self._prefixes: set[str] = set()
        for line in lines:
            text = line.text()
            words = text.lower().split()
            for word in words[1:-1] if len(words) > 2 else words:
                bare = word.strip(".,;:()[]“”‘’\"'")
                if "-" in bare:
                    self._joined[bare] += 1
                    self._prefixes.add(bare.partition("-")[0])
                    continue
                self._whole[bare] += 1
                first = _FIRST_WORD.match(bare)
                if first and first[0] != bare:  # MadGraph5_aMC@NLO
                    self._whole[first[0]] += 1

    def keeps_hyphen(self, left: str, right: str) -> bool:
        """Say whether `left-` at a line's end and `right` at the next one's begin make a word with a hyphen."""
        one, two = left.lower(), right.lower()
        if one + two in _WHOLE or (self._whole[one + two] and not self._joined[f"{one}-{two}"]):
            return False
        if not right[0].islower() or (left.isupper() and len(left) > 1) or len(left) == 1 or one in _NUMERALS:
            return True
        split, whole = self._joined[f"{one}-{two}"], self._whole[one + two]
        if split or whole:
            return split > whole
        if one in self._prefixes and self._whole[two] > 1 and len(one) > 2:
            return True
        return len(one) > 2 and self._whole[one] > 0 and self._whole[two] > 1


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

    def block(self, lines: Sequence[Line], *, address: bool = False) -> Span:
        """Add lines as running text and return its span; in an `address` no space follows a broken DOI."""
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
                text = f"{mark.lstrip('^')} {rest}" if rest else text
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
            chained = bool(left[1]) and left[2].lower() in _LINKING  # centre-of-mass
            kept = chained or self._words.keeps_hyphen(left[2], right[0])
            return ("", 0) if kept else ("", 1)
        if tail.endswith("-") and re.search(r"\w-$", tail):
            return "", 0
        if tail.endswith("–") and re.search(r"\w–$", tail) and re.match(r"\w", text):
            return "", 0
        if re.search(r"\w/$", tail):
            return "", 0
        return " ", 0
