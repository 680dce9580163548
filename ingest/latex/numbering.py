r"""The numbers LaTeX would print: of sections, equations, floats, footnotes; and what each `\label` stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ingest.latex.composition import Target

_NUMBERED_LEVELS = 3


class Numbering:
    """Counts as LaTeX does and remembers the label's targets."""

    def __init__(self) -> None:
        self.labels: dict[str, Target] = {}
        self.target = Target("", "")
        self.by_section = False
        self._sections = [0] * 6
        self._appendix = False
        self._counts = {"equation": 0, "figure": 0, "table": 0, "footnote": 0, "item": 0, "theorem": 0}
        self._letters = 0
        self._whole: Target | None = None  # the equation whose parts are being counted
        self._parts = 0

    def section(self, level: int) -> str:
        """Count a section of a level from 1 and return its number, empty below the numbered levels."""
        self._sections[level - 1] += 1
        self._sections[level:] = [0] * (len(self._sections) - level)
        if level > _NUMBERED_LEVELS:
            return ""
        if level == 1:
            self._letters = 0
            if self.by_section:
                self._counts["equation"] = 0
        parts = [str(count) for count in self._sections[:level]]
        if self._appendix:
            parts[0] = letter(self._sections[0])
        number = ".".join(parts)
        self.target = Target("appendix" if self._appendix else "section", number)
        return number

    def appendix(self) -> None:
        """Go on with lettered sections."""
        if not self._appendix:
            self._appendix = True
            self._sections = [0] * len(self._sections)

    def count(self, kind: Literal["equation", "figure", "table", "footnote", "item", "theorem"]) -> Target:
        """Count one more of a kind and make it what the next label means."""
        if kind == "equation" and self._whole is not None:
            self._parts += 1
            self.target = Target("equation", f"{self._whole.number}{letter(self._parts).lower()}")
            return self.target
        self._counts[kind] += 1
        self._letters = 0
        number = str(self._counts[kind])
        if kind == "equation" and self.by_section:
            number = f"{self._sections[0]}.{number}"
        self.target = Target(kind, number)
        return self.target

    def open_parts(self) -> None:
        """Count an equation whose parts follow, lettered: `3a`, `3b`."""
        self._whole = None
        self._whole = self.count("equation")
        self._parts = 0

    def close_parts(self) -> None:
        """Go on with whole equations."""
        self._whole = None

    def part(self, kind: Literal["figure", "table"], *, counted: bool) -> Target:
        """Count a lettered part of a float: `2(a)`; `counted` says whether the float already has its number."""
        self._letters += 1
        number = self._counts[kind] + (not counted)
        self.target = Target(kind, f"{number}({letter(self._letters).lower()})")
        return self.target

    def label(self, name: str, target: Target | None = None) -> None:
        """Remember what a label stands for; the first meaning stays."""
        if name:
            self.labels.setdefault(name, target or self.target)


@dataclass
class ItemLabels:
    """The labels of a list within a line: `(a)`, `(b)`; `ii)`; none for bullets."""

    style: Literal["roman", "letter", "digit", ""]
    before: str = "("
    after: str = ")"
    count: int = 0

    @classmethod
    def read(cls, environment: str, option: str) -> ItemLabels:
        r"""Read the pattern of enumitem, `[label=(\roman*)]`, or of paralist, `[(i)]`."""
        if environment in ("itemize", "inparaitem", "description", "inparadesc", "compactdesc"):
            return cls("")
        pattern = re.search(r"label\s*=\s*(\{.*?\}(?=\s*(?:,|$))|[^,]*)", option)
        text = pattern.group(1) if pattern else "" if "=" in option else option
        text = re.sub(r"\\(?:text\w+|emph|bfseries|itshape|upshape|rmfamily)\s*|[{}]", "", text)
        token = re.search(r"\\(roman|Roman|alph|Alph|arabic)\s*\*|[iIaA1](?![a-z])", text)
        if token is None:
            return cls("letter") if environment.startswith("inpara") else cls("digit", "", ".")
        name = token.group(1) or token.group()
        style: Literal["roman", "letter", "digit"] = (
            "roman" if name.lower() in ("roman", "i") else "letter" if name.lower() in ("alph", "a") else "digit"
        )
        return cls(style, text[: token.start()].strip(), text[token.end() :].strip())

    def next(self) -> str:
        """Return the label of the next item."""
        self.count += 1
        if not self.style:
            return ""
        written = {"roman": roman(self.count), "letter": letter(self.count).lower(), "digit": str(self.count)}
        return f"{self.before}{written[self.style]}{self.after}"


def roman(count: int) -> str:
    """Return i for 1, iv for 4."""
    text = ""
    for value, sign in ((50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")):
        while count >= value:
            text, count = text + sign, count - value
    return text


def letter(count: int) -> str:
    """Return A for 1, B for 2, …, AA for 27."""
    text = ""
    while count > 0:
        count, rest = divmod(count - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
