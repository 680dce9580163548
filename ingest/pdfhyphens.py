"""Hyphens at the ends of lines: those of the words, which stay, and those of the line breaks, which go.

The paper's own words tell most; `hyphens.toml` has what compounds are made of, since in a short paper a compound may
occur but once, at the end of a line.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ingest.pdflines import Line

_FIRST_WORD = re.compile(r"[^\W\d_][^\W_]*")
_LISTS: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("hyphens.toml").read_text(encoding="utf-8"))
_SOLID, _SYLLABLES, _NUMERALS, LINKING, _FIRST, _LAST = (
    frozenset(_LISTS[name]) for name in ("solid", "syllables", "numerals", "linking", "first", "last")
)


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

    def keeps_hyphen(self, left: str, right: str, behind: str = "") -> bool:
        """Say whether `left-` at a line's end and `right` at the next one's begin make a word with a hyphen.

        `behind` is the character that follows `right`.
        """
        one, two = left.lower(), right.lower()
        if one + two in _SOLID or (self._whole[one + two] and not self._joined[f"{one}-{two}"]):
            return False
        if not right[0].islower() or (left.isupper() and len(left) > 1) or len(left) == 1 or one in _NUMERALS:
            return True
        if (len(right) == 1 and behind in ("_", "^", " ")) or (two in LINKING and behind == "-"):  # highest-p_T
            return True
        split, whole = self._joined[f"{one}-{two}"], self._whole[one + two]
        if split or whole:
            return split > whole
        if len(one) < 3 or one in _SYLLABLES:
            return False
        if one in self._prefixes and (self._whole[two] > 1 or two in _LAST):
            return True
        if (one in _FIRST or self._whole[one] > 0) and two in _LAST:
            return True
        return self._whole[one] > 0 and self._whole[two] > 1
