r"""The numbers LaTeX would print: of sections, equations, floats, footnotes; and what each `\label` stands for."""

from __future__ import annotations

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
        self._counts[kind] += 1
        self._letters = 0
        number = str(self._counts[kind])
        if kind == "equation" and self.by_section:
            number = f"{self._sections[0]}.{number}"
        self.target = Target(kind, number)
        return self.target

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


def letter(count: int) -> str:
    """Return A for 1, B for 2, …, AA for 27."""
    text = ""
    while count > 0:
        count, rest = divmod(count - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
