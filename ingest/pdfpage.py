"""What stands on a PDF page: glyphs, runs of glyphs, ruled lines, figures and links.

Coordinates are PDF points with the origin at the lower left of the page as it is read (a page set sideways is turned).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ingest.pdffonts import Font

# Left, bottom, right and top.
Box = tuple[float, float, float, float]


@dataclass(slots=True)
class Glyph:
    """A glyph: its text, horizontal extent, baseline `y` and font size in points."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    font: Font
    tall: bool = False
    reach: float = 0.0


@dataclass(slots=True)
class Run:
    """Glyphs of one font on one baseline without a gap: a word or a piece of one.

    `tall` marks brackets, radicals and sums that grow with their content; `reach` is where a radical's bar ends.
    """

    text: str
    x0: float
    x1: float
    y: float
    size: float
    font: Font
    tall: bool = False
    reach: float = 0.0


@dataclass(frozen=True, slots=True)
class Rule:
    """A thin straight line, horizontal or vertical."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def horizontal(self) -> bool:
        """Say whether it lies rather than stands."""
        return self.x1 - self.x0 >= self.y1 - self.y0

    @property
    def length(self) -> float:
        """Length in points."""
        return max(self.x1 - self.x0, self.y1 - self.y0)


@dataclass(frozen=True, slots=True)
class Stroke:
    """Something drawn; `ink` counts the pieces of curves and short marks, which tables have none of."""

    box: Box
    ink: int


@dataclass(slots=True)
class Page:
    """The content of a page; `number` counts from one; boxes of figures and links are (left, bottom, right, top)."""

    number: int
    width: float
    height: float
    runs: list[Run] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    figures: list[Box] = field(default_factory=list)
    links: list[tuple[str, Box]] = field(default_factory=list)
    strokes: list[Stroke] = field(default_factory=list)
    turned: bool = False
    glyph_count: int = 0
