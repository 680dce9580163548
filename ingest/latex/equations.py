r"""The numbers of displayed equations, row by row: `\label`, `\tag` and `\nonumber` as LaTeX counts them."""

from __future__ import annotations

from dataclasses import dataclass, field

from ingest.latex.composition import Target
from ingest.latex.numbering import Numbering


@dataclass
class _Row:
    numbered: bool = True
    labels: list[str] = field(default_factory=list)
    tag: str = ""


@dataclass
class Equations:
    """The rows of the display being read."""

    numbering: Numbering
    displays: int = 0
    rows: list[_Row] = field(default_factory=lambda: [_Row()])

    def begin(self, *, display: bool) -> None:
        """Open a formula."""
        self.displays += display
        if display:
            self.rows = [_Row()]

    def abandon(self, *, display: bool) -> None:
        """Forget a formula that never ended."""
        self.displays -= display

    def end(self, *, display: bool, numbered: bool) -> None:
        """Close a formula and give its rows their numbers."""
        self.displays -= display
        if not display:
            return
        for index, row in enumerate(self.rows):
            # A last row without anything of its own is the one behind a closing line break.
            printed = bool(row.labels) or len(self.rows) == 1 or index < len(self.rows) - 1
            target = self.numbering.target
            if row.tag:
                target = Target("equation", row.tag)
            elif numbered and row.numbered and printed:
                target = self.numbering.count("equation")
            for name in row.labels:
                self.numbering.label(name, target)
        self.rows = [_Row()]

    def label(self, name: str) -> bool:
        r"""Keep a `\label` for the number of its row; False outside of displays."""
        if self.displays:
            self.rows[-1].labels.append(name)
        return bool(self.displays)

    def tag(self, text: str) -> None:
        """Note what a row has instead of a number."""
        self.rows[-1].tag = text.strip()

    def unnumbered(self) -> None:
        """Note that a row has no number."""
        self.rows[-1].numbered = False

    def row_end(self) -> None:
        """Go on to the next row."""
        self.rows.append(_Row())
