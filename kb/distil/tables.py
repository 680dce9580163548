"""Read region tables: rows of requirements and columns of regions, the transposed form, and matrices of regions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kb.distil.amounts import closed_at
from kb.distil.candidates import Candidate, Turned
from kb.distil.cells import in_unit, is_empty, object_of, requirement, signed
from kb.distil.channels import channel, members, place
from kb.distil.declared import Declared
from kb.distil.grid import Grid, Item, names_variable, states_bound
from kb.distil.named_cells import named_by
from kb.distil.overlap_tables import removals
from kb.distil.parts import of_part
from kb.distil.telegrams import objects
from kb.document import Cell, Document, Table

_SELECTS = re.compile(
    r"\b(?:(?:pre)?selections?|criteria|requirements?|defin\w+|deﬁn\w+|regions?|cuts?"
    r"|categor\w+|signal region|SRs?|CRs?|thresholds?|triggers?|binning|bins)\b",
    re.IGNORECASE,
)
_REPORTS = re.compile(
    r"\b(?:yields?|observed|expected (?:number|event|background|and)|uncertaint\w+|systematic\w*"
    r"|limits?|efficienc\w+|simulated|samples|generators?|cross[- ]sections?|cutflow|scale factors?"
    r"|normali[sz]ation factors|fit(?:ted)? (?:result|parameter|value)|breakdown|number of (?:data"
    r"|selected|expected|observed)|event counts?|correlation|branching|(?:signal|geometrical) acceptance|acceptances"
    r"|acceptance (?:and|times|×|of the signal)|parameters)\b",
    re.IGNORECASE,
)
_GENERATED = re.compile(
    r"\b(?:fiducial|phase[- ]space|(?:particle|parton|hadron|generator|truth)[- ]level)\b", re.IGNORECASE
)
_DEFINES = re.compile(r"\b(?:selection|criteria|requirements?|definitions?|deﬁnitions?)\b", re.IGNORECASE)
# rows and columns that tell of a region but require nothing
_TELLS = re.compile(
    r"\b(?:events?|observed|expected|data|yields?|backgrounds?|total|fit(?:ted)?|purity|process"
    r"|target(?:ed)?|signal|generator|motivation|sample|purpose)\b",
    re.IGNORECASE,
)
# "All masses and momenta are in GeV."
_ALL_IN = re.compile(
    r"\b(?:masses|momenta|energies|quantities|requirements|variables|values|thresholds|cuts)\b[^.;()]{0,60}?"
    r"\b(?:given\s+|quoted\s+|expressed\s+)?in\s+(?:units\s+of\s+)?(?P<unit>[GTM]eV)\b"
)
# "The quantity in the first column must be less than the value in the other ones."
_ALL_SIGNED = re.compile(
    r"\b(?:is|are|be) (?:strictly )?(?P<sign>less|smaller|lower|below|greater|larger|higher|above)(?: than)?"
    r" (?:the|these|those) (?:[\w-]+ ){0,2}?(?:values?|numbers?|thresholds?)\b",
    re.IGNORECASE,
)
_ENERGY = re.compile(r"\d[\d.]*\s*(?P<unit>[MG]eV)\b")
_BELOW = frozenset({"less", "smaller", "lower", "below"})
_PLURAL = re.compile(
    r"(?:\w+\s+)?(?:electron|muon|photon|tau|jet|lepton|track)s?(?:\s+(?:candidates?|channel))?", re.IGNORECASE
)
# a row of a table of objects
_OBJECT = re.compile(
    r"(?:(?:b|AK\d|[\w-]+-R|central|forward)[- ])?(?:tagged )?(?:electron|muon|photon|tau|jet|lepton|track)s?"
    r"(?: candidates?)?",
    re.IGNORECASE,
)
_CODE = re.compile(r"(?=\S*(?:\d|[A-Z]{2}))[\w+≥-]{1,12}")
_EVERYWHERE = re.compile(r"all|baseline|common|preselection|total", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a caption says of all cells: the object, the unit of energies and the sign of numbers that have none."""

    about: str | None
    unit: str
    sign: str

    def whole(self, head: str, cell: str) -> str:
        """Return a header with what only the caption says."""
        return signed(in_unit(head, self.unit), self.sign, cell)


@dataclass(slots=True)
class _Found:
    """A candidate and the cells that state it, the main one first."""

    candidate: Candidate
    cells: tuple[Cell, ...]


def title(caption: str) -> str:
    """Return a caption's first sentence without the table's number."""
    told = re.sub(r"^\s*(?:Table|TABLE|Tab\.)\s*\w+\s*[:.]?\s*", "", caption)
    return re.split(r"(?<=[.])\s", told, maxsplit=1)[0]


def read(document: Document, table: Table, own: Declared | None = None) -> tuple[list[Candidate], list[Turned]]:
    """Return the candidates of a table and what was turned down; `own` are symbols that only the paper explains."""
    own = own or Declared()
    rows, columns = table.shape
    if rows < 2 or columns < 2:
        return [], []
    caption = document.text[table.caption.start : table.caption.end] if table.caption else ""
    first = title(caption)
    reports = _REPORTS.search(first) and not _DEFINES.search(first)
    if reports or _GENERATED.search(first):
        end = min(table.end, table.start + 200)
        reason = "a table of results or samples" if reports else "a table of generated particles"
        return [], [Turned("not_a_cut", reason, table.start, end, caption)]
    grid = Grid(document, table, own)
    removed = [_Found(one, tuple(item.cell for item in items)) for one, items in removals(grid)]
    named = list(_named(grid))
    sign = match["sign"].lower() if (match := _ALL_SIGNED.search(caption)) else ""
    if (
        not removed
        and not named
        and not sign
        and not _SELECTS.search(caption)
        and not grid.requires
        and sum(item.is_label for item in grid.items) < 2
    ):
        return [], []
    about = object_of(first)
    unit = match["unit"] if (match := _ALL_IN.search(caption)) else ""
    custom = None if unit else _custom(document.text, [caption, *(item.text for item in grid.items)])
    unit = unit or ("GeV" if custom else "")
    said = _Said(about, unit, sign and ("<" if sign in _BELOW else ">"))
    if removed:
        found = iter(removed)
    elif grid.is_matrix():
        found = _matrix(grid)
    else:
        found = _transposed(grid, said) if grid.is_transposed() else _upright(grid, said)
    out = []
    stated = list(found)
    known = {(one.cells[0], one.candidate.value) for one in stated}
    for one in (*stated, *(one for one in named if (one.cells[0], one.candidate.value) not in known)):
        main, *rest = dict.fromkeys(one.cells)
        also = tuple((c.start, c.end, "table") for c in rest if c.end > c.start)
        if table.caption and (unit or sign or not rest):
            also = (*also, (table.caption.start, table.caption.end, "caption"))
        if custom and one.candidate.unit == "GeV":
            also = (*also, (*custom, "stated"))
        told = (where for c in one.cells for where in own.told(document.text[c.start : c.end]))
        also = (*also, *((start, end, "stated") for start, end in dict.fromkeys(told)))
        # Alternatives are of one cell.
        either = None if one.candidate.any_of is None else main.start + one.candidate.any_of
        placed = one.candidate.with_(start=main.start, end=main.end, kind="table", also=also, at=0, any_of=either)
        out.append(placed)
    return out, []


def _custom(text: str, cells: list[str]) -> tuple[int, int] | None:
    """Return where a paper that writes all energies in GeV does so first, for a table that prints no unit."""
    written = list(_ENERGY.finditer(text))
    only = {match["unit"] for match in written} == {"GeV"} and len(written) > 2
    return written[0].span() if only and not any(map(_ENERGY.search, cells)) else None


def _named(grid: Grid) -> Iterator[_Found]:
    """Cells that are names of triggers or of filters, wherever they stand."""
    for item in grid.items:
        yield from (_Found(one, (item.cell,)) for one in named_by(item.text))


def _upright(grid: Grid, said: _Said) -> Iterator[_Found]:
    """Rows are requirements, columns regions."""
    about, told = said.about, list[Item]()
    for row, side in grid.body_rows():
        alone = len([i for i in grid.row(row) if i.text]) == 1 and side.cell.column_span >= max(2, grid.columns - 1)
        if alone:  # "E_T^miss > 250 GeV" across the table
            yield from (_Found(c, (side.cell,)) for c in requirement("", side.text, (), about))
            continue
        body = [i for i in grid.row(row) if i.cell.column >= grid.sides]
        tells = _TELLS.search(side.text) and not names_variable(side.text)
        if is_empty(side.text) or (tells and not any(states_bound(i.text) for i in body)):
            continue
        if grid.counts_events(row, side):
            yield from (_Found(c, side.cells) for c in requirement("", side.text, (), about))
            continue
        for item in body:
            if not item.text and len(body) > 1:
                continue
            covered = range(item.cell.column, item.cell.column + item.cell.column_span)
            heads = [head for column in covered if (head := grid.region(row, column))]
            bare = list(dict.fromkeys(head.bare for head in heads))
            parts = {head.bare for column in covered if (head := grid.part(row, column))}
            part = parts.pop() if len(parts) == 1 else None
            owner = next((o for b in bare if len(bare) == 1 and _PLURAL.fullmatch(b) and (o := object_of(b))), None)
            names = () if owner and "channel" not in bare[0].lower() else tuple(bare)
            if owner and not names:
                groups = (grid.group(row, column) for column in covered)
                names = tuple(dict.fromkeys(group.bare for group in groups if group))
            owner = owner or _object(grid.subtitle(row)) or about
            named = "" if side.is_region else side.text
            if side.is_region:
                names = tuple(f"{side.bare} {name}" for name in names) or (side.bare,)
            for candidate in requirement(said.whole(named, item.text), item.text, names, owner):
                if part and candidate.when is None:
                    candidate = candidate.with_(when=of_part(part, candidate.object))
                told += heads
                yield _Found(candidate, (item.cell, *side.cells, *(head.cell for head in heads)))

    for head in dict.fromkeys(told):
        counts = (c for c in requirement("", head.text, (head.bare,)) if c.variable.id == "count")
        yield from (_Found(c, (head.cell,)) for c in counts)  # "N_jet = 0 | N_jet = 1"


def _transposed(grid: Grid, said: _Said) -> Iterator[_Found]:
    """Rows are regions, columns requirements."""
    about = said.about
    named = grid.label_column()
    for row, opens in grid.body_rows():
        side = opens if named is None else grid.at(row, named)
        if side is None or is_empty(side.text):
            continue
        listed = _object(side.bare)
        region = () if listed or _EVERYWHERE.fullmatch(side.text) else _listed(side.bare)
        for item in grid.row(row):
            apart = item is side if named is not None else item.cell.column < grid.sides
            head = None if apart else grid.above(row, item.cell.column)
            if head is None and not apart and states_bound(item.text):  # "Signal region | E_T^miss > 250 GeV"
                labelled = side.is_label or side.is_region
                told = requirement(
                    "" if labelled else side.text, item.text, region if labelled else (), listed or about
                )
                yield from (_Found(c, (item.cell, *side.cells)) for c in told)
            if head is None or (
                _TELLS.search(head.text)
                and not names_variable(head.text)
                and not re.search(r"selection|requirement|criteri", head.text, re.IGNORECASE)
            ):
                continue
            text, owner, rank = _of_member(head.text, side.bare, listed or about)
            regions = (channel(side.bare),) if rank is not None or text != head.text else region
            for candidate in requirement(said.whole(text, item.text), item.text, regions, owner):
                yield _Found(candidate.with_(rank=rank or candidate.rank), (item.cell, *head.cells, *side.cells))


def _listed(label: str) -> tuple[str, ...]:
    """Return the regions that a label names: `0μ, 1μ, and 2μ` are three.

    >>> _listed("0μ, 1μ, and 2μ"), _listed("SR1"), _listed("two b tags and one lepton")
    (('0μ', '1μ', '2μ'), ('SR1',), ('two b tags and one lepton',))
    """
    parts = re.split(r",\s*(?:and\s+)?|\s+and\s+", label)
    return tuple(parts) if len(parts) > 1 and all(_CODE.fullmatch(part) for part in parts) else (label,)


def _object(text: str) -> str | None:
    """Return the object that a text names and nothing else: `Electrons`, `b-tagged jets`."""
    named = objects(text) if _OBJECT.fullmatch(text) else []
    return named[0] if len(named) == 1 else None


def _of_member(head: str, label: str, about: str | None) -> tuple[str, str | None, int | None]:
    """Return a head, the object it is of and its rank: the `p_T^1` of `eτ_h` is the electron's."""
    of, two = place(head), members(label)
    if of is None or not two:
        return head, about, None
    member = two[of[0] - 1]
    return of[1], member.object, member.rank


def _matrix(grid: Grid) -> Iterator[_Found]:
    """Cells name regions; the sides say what is required of them."""
    for item in grid.items:
        row, column = item.cell.row, item.cell.column
        if row in grid.heads or column == 0 or not item.is_label:
            continue
        across = range(column, column + item.cell.column_span)
        down = range(row, row + item.cell.row_span)
        for head in sorted(grid.heads):
            tops = [
                t
                for t in grid.items
                if t.text
                and t.cell.row <= head < t.cell.row + t.cell.row_span
                and t.cell.column < across.stop
                and t.cell.column + t.cell.column_span > across.start
                and not (t.cell.column == 0 and t.cell.column_span == 1)
            ]
            yield from _joint(None, tops, item)
        for left in range(column):
            covering = (grid.at(r, left) for r in down)
            sides = list(dict.fromkeys(v for v in covering if v is not None and v.text and not v.is_label))
            yield from _joint(grid.above(row, left), sides, item)


def _joint(head: Item | None, sides: list[Item], item: Item) -> Iterator[_Found]:
    """Read what the sides of a region say; a region that spans several ranges has them all."""
    said = [(list(requirement(head.text if head else "", side.text, (item.bare,))), side.cell) for side in sides]
    heads = head.cells if head else ()
    several = len({(c.object, c.variable.id) for found, _ in said for c in found}) > 1
    if len(said) == 1 or several:
        for found, cell in said:
            for candidate in found:
                yield _Found(candidate, (cell, *heads, item.cell))
        return
    merged = _union([c for found, _ in said for c in found])
    if merged is not None and all(found for found, _ in said):
        yield _Found(merged, (said[0][1], said[-1][1], *heads, item.cell))


def _union(found: list[Candidate]) -> Candidate | None:
    """Return the range that several ranges of one variable cover together."""
    if len({(c.object, c.rank, c.variable.id) for c in found}) != 1 or any(c.operator == "==" for c in found):
        return None
    lows = [
        (low, c.operator != ">" and c.closed in {"both", "left"})
        for c in found
        if c.operator in {"in", ">", ">="}
        and isinstance(low := c.value[0] if isinstance(c.value, tuple) else c.value, float)
    ]
    if len(lows) != len(found):
        return None
    # Of ranges that begin at the same number, one with its end is the wider.
    low, has_low = min(lows, key=lambda end: (end[0], not end[1]))
    highs = [
        (high, c.closed in {"both", "right"})
        for c in found
        if isinstance(c.value, tuple) and isinstance(high := c.value[1], float)
    ]
    if len(highs) == len(found):
        high, has_high = max(highs)
        return found[0].with_(operator="in", value=(low, high), closed=closed_at(low=has_low, high=has_high))
    return found[0].with_(operator=">=" if has_low else ">", value=low, closed="both")
