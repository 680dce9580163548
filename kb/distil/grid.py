"""See what a table's rows and columns are for: which are heads, which name regions, what spans what."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kb.distil.declared import Declared
from kb.distil.entities import shape
from kb.distil.parts import is_part
from kb.document import Cell, Document, Table

_LABEL = re.compile(
    r"^(?:[A-Za-z0-9]{0,5}-?(?:SR|CR|VR)[\w+γνℓμτ/-]*(?:\s?\d+\w?)?|R\d\w?|[A-Z]{1,3}\d{1,2}\w?"
    r"|\d[jℓl]\w{0,3}|(?:\w+\s){0,3}(?:[Ss]ignal|[Cc]ontrol|[Vv]alidation"
    r"|[Ss]ideband)(?:\s[Rr]egions?)?(?:\s\w+)?|"
    r"(?:[Ll]oose|[Mm]edium|[Tt]ight|[Bb]oosted|[Rr]esolved|[Mm]erged|[Pp]reselection"
    r"|[Bb]aseline)(?:\s\w+)?)\s*[†‡*§]*$"
)
_TITLE = re.compile(
    r"(?:regions?|selections?|cuts?|requirements?|variables?|criteri\w+|category|channel|[SCV]R)$", re.IGNORECASE
)
_COMMON_HEAD = re.compile(
    r"(?:\w+\s+){0,2}(?:requirements?|value|cut|selection|criteri\w+|all|threshold|variable|baseline|common|preselection"
    r"|condition|remark|comment|note|description|purpose|target(?:ed)? background)s?",
    re.IGNORECASE,
)
_QUANTITY = re.compile(
    r"(?:[\w-]+\s+)?(?:variable|quantity|quantities|observable|property|parameter|feature|criterion|criteria)s?",
    re.IGNORECASE,
)
_ROWS = re.compile(
    r"(?:\w+\s+)?(?:regions?|categor(?:y|ies)|event class(?:es)?|final states?|channels?)(?:\s+name)?", re.IGNORECASE
)
_COLUMN = re.compile(r"(?:region|category|channel|final state)(?: name)?", re.IGNORECASE)
_NAMED = re.compile(r"(?:[\w→/+±^-]+ ){1,4}(?:[SCV]Rs?|regions?|categor(?:y|ies)|samples?)")
_SHORT = re.compile(r"(?=[^\W\d])[\w^{}+/-]{1,12}(?: [\w^{}+/-]{1,12})?")
_UNIT_LINE = re.compile(r"[\[(]\s*(?:[GTMk]?eV|[cmµ]m|mm|rad|√GeV|GeV\^\{?1/2\}?)[^\])]*[\])]|[GTM]eV|mm|cm")
_SIGN = re.compile(r"[<>≤≥]=?")
_BOUND = re.compile(r"\s*[<>≤≥]=?\s*\d")
_VALUE = re.compile(r"\s*[<>≤≥=±–∈-]*\s*[\[(]?\d[\d.,\s±–/×%-]*(?:[^\w\s]|\s[GTM]?eV|$)")
# a number of events or a share of them
_LEFT = re.compile(r"[\d.,\s]*\d(?:\s?(?:±|\+/?-)\s?[\d.,]+)*(?:\s?\([^()]*\))?(?:\s?%)?")
_PROSE = re.compile(r"\b(?:selection|requirements?|criteria)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Item:
    """A cell as text on one line, with its place."""

    cell: Cell
    text: str
    more: tuple[Cell, ...] = ()
    """Further cells that the text is from."""

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells that the text is from."""
        return (self.cell, *self.more)

    @property
    def bare(self) -> str:
        """The text without marks of footnotes."""
        return re.sub(r"\s*[†‡*§]+$", "", self.text)

    @property
    def is_region(self) -> bool:
        """Whether the text is a region's name with a noun: `top CR`."""
        return _NAMED.fullmatch(self.bare) is not None

    @property
    def is_label(self) -> bool:
        """Whether the text names a region."""
        return _LABEL.match(self.text) is not None


class Grid:
    """A table's cells with the questions its readers ask."""

    def __init__(self, document: Document, table: Table, own: Declared | None = None) -> None:
        spelt = own.spelt if own else str
        self.items = [Item(cell, spelt(" ".join(document.text[cell.start : cell.end].split()))) for cell in table.cells]
        self.rows, self.columns = table.shape
        self._cover: dict[tuple[int, int], Item] = {}
        for item in self.items:
            cell = item.cell
            for row in range(cell.row, cell.row + cell.row_span):
                for column in range(cell.column, cell.column + cell.column_span):
                    self._cover.setdefault((row, column), item)
        self.subtitles = {row for row in range(self.rows) if self._is_subtitle(row)}
        self.heads: set[int] = set()
        for row in range(self.rows):
            if row not in self.subtitles and self._is_head(row):
                self.heads.add(row)
        self.sides = self._count_sides()

    def at(self, row: int, column: int) -> Item | None:
        """Return what covers a place."""
        return self._cover.get((row, column))

    def row(self, row: int) -> list[Item]:
        """Return what covers a row, from left to right."""
        covering = (self.at(row, column) for column in range(self.columns))
        return list({id(item): item for item in covering if item is not None}.values())

    def body_rows(self) -> list[tuple[int, Item]]:
        """Return the rows that are no heads and open with a text, with what they open with."""
        aside = self.heads | self.subtitles
        sides = ((row, self._side(row)) for row in range(self.rows) if row not in aside)
        return [(row, side) for row, side in sides if side is not None and side.text]

    def _side(self, row: int) -> Item | None:
        covering = [self.at(row, column) for column in range(self.sides)]
        if covering[0] is not None and not covering[0].text:
            above = self._owner_above(row)  # the object is named in the first of its rows
            if self.sides > 1 and covering[1] is not None:
                covering[0] = above
            elif self.sides == 1 and above is not None and _is_objects(above.text):
                return above
        items = list({id(item): item for item in covering if item is not None and item.text}.values())
        return _joined(items) if items else self.at(row, 0)

    def _owner_above(self, row: int) -> Item | None:
        above = (self.at(other, 0) for other in range(row - 1, -1, -1) if other not in self.heads)
        return next((item for item in above if item is not None and item.text), None)

    def _count_sides(self) -> int:
        """Return how many columns say what the rows are: `Jets | p_T [GeV] | > 30`, `m_T | [GeV] | > 120`."""
        sides = 1
        while self.heads and sides < self.columns - 1:
            tops = [top for head in self.heads if (top := self.at(head, sides)) is not None and top.text]
            if tops and all(_COLUMN.fullmatch(top.text) for top in tops):  # "Bin | Category | m_T"
                sides += 1
                continue
            if any(top.cell.column != 0 and not _QUANTITY.fullmatch(top.text) for top in tops):
                break
            texts = [i.text for r in range(self.rows) if r not in self.heads and (i := self.at(r, sides)) and i.text]
            tells = [_UNIT_LINE.fullmatch(text) or _SIGN.fullmatch(text) or names_variable(text) for text in texts]
            enough = 2 * sum(map(bool, tells)) > len(tells) if tops else all(tells)
            if not texts or not enough or any(states_bound(text) for text in texts):
                break
            sides += 1
        return sides

    def above(self, row: int, column: int) -> Item | None:
        """Return the nearest head above a place, with those above it that say what a unit is of: `m_T` over `[GeV]`."""
        covering = (self.at(head, column) for head in sorted((r for r in self.heads if r < row), reverse=True))
        lines = list({id(item): item for item in covering if item is not None and item.text}.values())
        last = next((i for i, item in enumerate(lines) if not _UNIT_LINE.fullmatch(item.text)), len(lines) - 1)
        if last < 0:
            return None
        if last + 1 < len(lines) and _is_symbol(lines[last].text) and _is_objects(lines[last + 1].text):
            last += 1  # "Leading jet" over "p_T"
        return _joined(list(reversed(lines[: last + 1])))

    def _is_subtitle(self, row: int) -> bool:
        """Say whether a row is one text across the table that requires nothing: `Strong production`."""
        cells = [i for i in self.row(row) if i.text]
        lone = len(cells) == 1 and cells[0].cell.column == 0
        whole = lone and (cells[0].cell.column_span >= max(2, self.columns - 1) or _is_objects(cells[0].text))
        return whole and not names_variable(cells[0].text) and not states_bound(cells[0].text)

    def _is_head(self, row: int) -> bool:
        cells = [i for i in self.row(row) if i.text]
        rest = [i for i in cells if i.cell.column > 0]
        if row and len(rest) >= 2 and (self._repeats(cells) or self._names_columns(cells)):
            return True
        if not cells or (len(cells) == 1 and cells[0].cell.column_span > 1 and states_bound(cells[0].text)):
            return False
        if all(i.cell.header for i in cells):
            return True
        if rest and not any(re.search(r"\w", i.text) for i in rest):
            return False  # nothing is required in this region
        if len(rest) >= 2 and sum(i.is_label for i in rest) >= max(2, len(rest) // 2 + 1):
            return True
        titled = len(rest) >= 2 or (rest and _TITLE.match(cells[0].text))
        above = self.subtitles | (self.heads if _TITLE.match(cells[0].text) else set())
        first = all(other in above for other in range(row))
        return first and bool(titled) and not any(_VALUE.match(i.text) and not i.is_label for i in rest)

    def _repeats(self, cells: list[Item]) -> bool:
        """Say whether a row opens as the first one with several cells does, and bounds nothing: a next part's head."""
        rows = (self.row(row) for row in range(cells[0].cell.row) if row not in self.subtitles)
        first = next((items for items in rows if len([i for i in items if i.text]) > 2), None)
        return first is not None and first[0].text == cells[0].text and not any(_BOUND.match(i.text) for i in cells)

    def _names_columns(self, cells: list[Item]) -> bool:
        """Say whether a row opens with nothing and gives every column a short label, `μ_1 | μ_2 | μ_3`."""
        labels = {i.text for i in cells if _SHORT.fullmatch(i.text) and i.cell.column and i.cell.column_span == 1}
        return len(labels) == len(cells) == self.columns - 1 and not any(map(names_variable, labels))

    @property
    def requires(self) -> bool:
        """Whether cells of the body are bounds."""
        return sum(bool(_BOUND.match(i.text)) for i in self.items if i.cell.row not in self.heads) >= 2

    def counts_events(self, row: int, side: Item) -> bool:
        """Say whether a row tells how many events a requirement leaves: `m_ℓℓ > 10 GeV | 4.59 ± 0.04 | 1.2 ± 0.3`."""
        body = [item for item in self.row(row) if item.cell.column >= self.sides]
        return states_bound(side.text) and all(_LEFT.fullmatch(item.text) for item in body)

    def label_column(self) -> int | None:
        """Return the column that names the regions which the others define, where it is not the first one."""
        below = [row for row in range(self.rows) if row not in self.heads]
        if any(i and i.is_label for i in (self.at(row, 0) for row in below)):
            return None
        for column in range(self.columns - 1, 0, -1):
            body = [i for row in below if (i := self.at(row, column)) and i.text]
            labels = sum(i.is_label for i in body)
            if labels >= 2 and labels > len(body) // 2:
                return column
        return None

    def is_matrix(self) -> bool:
        """Say whether the body's cells name regions, below or beside what is required of them."""
        named = [r for r in range(self.rows) if any(i.is_label and i.cell.column > 0 for i in self.row(r))]
        if not named or named[0] == 0 or self.rows - 1 not in named:
            return False
        above = [i for r in range(named[0]) for i in self.row(r) if i.cell.column > 0]
        if not any(states_bound(i.text) for i in above):
            return False
        self.heads = set(range(named[0]))
        return True

    def is_transposed(self) -> bool:
        """Say whether rows are regions and columns requirements."""
        lines = [self.row(row) for row in sorted(self.heads) or [0]]
        tops = [[i for i in line if i.cell.column > 0 and i.text] for line in lines]
        head = max(
            tops, key=lambda items: sum(names_variable(i.text) for i in items)
        )  # "First object" over "p_T | |η|"
        side = [i for _, i in self.body_rows()]
        if any(i.is_label or states_bound(i.text) for i in head):
            return False  # "N_jet = 0 | N_jet = 1"
        above = sum(names_variable(i.text) for i in head)
        beside = sum(names_variable(i.text) and not i.is_label for i in side)
        labelled = sum(i.is_label for i in side)
        title = next((i for line in lines for i in line if i.cell.column == 0 and i.text), None)
        if title is not None and _ROWS.fullmatch(title.text) and above >= beside:
            return True
        prose = any(_PROSE.search(i.text) for i in head)
        return above > beside or (labelled > beside and (labelled >= 2 or prose))

    def subtitle(self, row: int) -> str:
        """Return the text across the table that a row stands under."""
        above = [r for r in self.subtitles if r < row]
        item = self.at(max(above), 0) if above else None
        return item.text if item else ""

    def region(self, row: int, column: int) -> Item | None:
        """Return the head that names the region of a column at a row; None where the column is for all."""
        named = self._tops(row, column)
        return next((None if _COMMON_HEAD.fullmatch(i.bare) else i for i in named if not is_part(i.bare)), None)

    def part(self, row: int, column: int) -> Item | None:
        """Return the head that says in which part of the detector a column at a row holds: `barrel`."""
        return next((item for item in self._tops(row, column) if is_part(item.bare)), None)

    def group(self, row: int, column: int) -> Item | None:
        """Return the head over the one that names a column: `Third-lepton veto` over `Electrons | Muons`."""
        over = [item for item in self._above(row, column) if not is_part(item.bare)][1:2]
        return next((item for item in over if not _COMMON_HEAD.fullmatch(item.bare)), None)

    def _tops(self, row: int, column: int) -> list[Item]:
        """Return the heads above a place, the nearest first, up to the first that is no part of the detector."""
        items = self._above(row, column)
        first = next((i for i, item in enumerate(items) if not is_part(item.bare)), len(items))
        return items[: first + 1]

    def _above(self, row: int, column: int) -> list[Item]:
        above = (self.at(head, column) for head in sorted((r for r in self.heads if r < row), reverse=True))
        return [item for item in above if item is not None and item.text and item.cell.column > 0]


def _joined(items: list[Item]) -> Item:
    """Return several items as one text."""
    first, *rest = items
    return Item(first.cell, " ".join(item.text for item in items), tuple(c for item in rest for c in item.cells))


def _is_symbol(text: str) -> bool:
    """Say whether a text is a variable of whatever stands beside it."""
    kinds_of_text = shape(text)
    return "v" in kinds_of_text and "o" not in kinds_of_text


def _is_objects(text: str) -> bool:
    return re.fullmatch(r"[trk]{0,3}o", shape(text)) is not None


def names_variable(text: str) -> bool:
    """Say whether a text names what can be required, a variable or objects to count."""
    kinds_of_text = shape(text)
    return "v" in kinds_of_text or ("o" in kinds_of_text and bool(re.search(r"\bveto|number|N\(", text, re.IGNORECASE)))


def states_bound(text: str) -> bool:
    """Say whether a text is a requirement by itself: `p_T > 30 GeV`."""
    return bool(re.search(r"v.{0,2}cn|ncv", shape(text)))
