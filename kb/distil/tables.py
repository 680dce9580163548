"""Read region tables: rows of requirements and columns of regions, the transposed form, and matrices of regions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kb.distil import clauses, flags
from kb.distil.candidates import Candidate, Memory, Turned, operator_of
from kb.distil.entities import kinds, tokens_of
from kb.distil.lexer import plain
from kb.distil.quantities import closed_at
from kb.distil.reading import read as read_sentence
from kb.document import Cell, Document, Span, Table
from kb.ssc import Variable
from kb.vocabulary import vocabulary

_SELECTS = re.compile(
    (
        r"\b(?:selection|criteria|requirements?|defin\w+|deﬁn\w+|regions?|cuts?|preselection"
        r"|categor\w+|signal region|SRs?|CRs?|thresholds?|triggers?|binning|bins)\b"
    ),
    re.IGNORECASE,
)
_REPORTS = re.compile(
    (
        r"\b(?:yields?|observed|expected (?:number|event|background|and)|uncertaint\w+|systematic\w*"
        r"|limits?|efficienc\w+|simulated|samples|generators?|cross[- ]sections?|cutflow|scale "
        r"factors?|"
        r"normali[sz]ation factors|fit(?:ted)? (?:result|parameter|value)|breakdown|number of (?:data"
        r"|selected|expected|observed)|event counts?|correlation|branching|acceptance|parameters)\b"
    ),
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^(?:[A-Za-z0-9]{0,5}(?:SR|CR|VR)[\w+γνℓμτ/-]*(?:\s?\d+\w?)?|R\d\w?|[A-Z]{1,3}\d{1,2}\w?"
    r"|\d[jℓl]\w{0,3}|(?:\w+\s){0,3}(?:[Ss]ignal|[Cc]ontrol|[Vv]alidation"
    r"|[Ss]ideband)(?:\s[Rr]egions?)?(?:\s\w+)?|"
    r"(?:[Ll]oose|[Mm]edium|[Tt]ight|[Bb]oosted|[Rr]esolved|[Mm]erged|[Pp]reselection"
    r"|[Bb]aseline)(?:\s\w+)?)\s*[†‡*§]*$"
)
_NONE = re.compile(r"^\s*(?:[-–—−]+|\.{2,}|…|n/?a|none|inclusive|any|all|·)?\s*$", re.IGNORECASE)
_TITLE = re.compile(
    r"(?:regions?|selections?|cuts?|requirements?|variables?|criteri\w+|category|channel|[SCV]R)$", re.IGNORECASE
)
_TICK = re.compile(r"^\s*(?:[✓✔√xX•]|yes|applied|required|veto(?:ed)?)\s*$", re.IGNORECASE)
_SKIP_ROW = re.compile(
    (
        r"\b(?:events?|observed|expected|data|yields?|backgrounds?|total|fit(?:ted)?|purity|process"
        r"|target(?:ed)?|signal|generator|motivation|sample|purpose)\b"
    ),
    re.IGNORECASE,
)
_UNITS = "|".join(sorted((re.escape(u) for u in vocabulary().units if u not in {"1", "s", "%"}), key=len, reverse=True))
_HEAD_UNIT = re.compile(
    rf"\s*[\[(]\s*({_UNITS})(?:\s*\^?\{{?1/2\}}?)?(?:/c(?:\^?2)?)?\s*[\])]|,\s*({_UNITS})(?=\s*$)"
    rf"|\s+in\s+({_UNITS})\s*$"
)
_RANGE = re.compile(r"(∈|∉|/∈|outside|not in)?\s*([\[(]?)\s*([\d.]+)\s*(?:(,)|–|-|to)\s*([\d.]+)\s*([\])]?)")
_COMPARATOR = re.compile(r"\s*([<>≤≥]=?|=)\s*$")


@dataclass(frozen=True, slots=True)
class _Item:
    """A cell as text, with its place."""

    cell: Cell
    text: str


@dataclass(slots=True)
class _Found:
    candidate: Candidate
    cells: tuple[Cell, ...]


def read(document: Document, table: Table) -> tuple[list[Candidate], list[Turned]]:
    """Return the candidates of a table and what was turned down."""
    caption = document.text[table.caption.start : table.caption.end] if table.caption else ""
    title = re.sub(r"^\s*(?:Table|TABLE|Tab\.)\s*\w+\s*[:.]?\s*", "", caption)
    first = re.split(r"(?<=[.])\s", title, maxsplit=1)[0] if title else ""
    items = {
        (c.row, c.column): _Item(c, re.sub(r"\s+", " ", document.text[c.start : c.end]).strip()) for c in table.cells
    }
    rows, columns = table.shape
    if rows < 2 or columns < 2:
        return [], []
    place = Span(start=table.start, end=table.end)
    if (
        title
        and _REPORTS.search(first)
        and not re.search(r"\b(?:selection|criteria|requirements?|definitions?|deﬁnitions?)\b", first, re.IGNORECASE)
    ):
        return [], [
            Turned(
                "not_a_cut", "a table of results or samples", place.start, min(place.end, place.start + 200), caption
            )
        ]
    labels = sum(1 for item in items.values() if _LABEL.match(item.text))
    if not (_SELECTS.search(title) or labels >= 2):
        return [], []
    grid = _Grid(table, items, rows, columns)
    found = (
        [*grid.matrix()] if grid.is_matrix() else [*grid.transposed()] if grid.is_transposed() else [*grid.upright()]
    )
    out = []
    for one in found:
        main, *rest = dict.fromkeys(one.cells)
        also = tuple((c.start, c.end, "table") for c in rest if c.end > c.start)
        if table.caption and not rest:
            also = (*also, (table.caption.start, table.caption.end, "caption"))
        out.append(one.candidate.with_(start=main.start, end=main.end, kind="table", also=also, at=0))
    return out, []


class _Grid:
    """A table's cells with the questions its readers ask."""

    def __init__(self, table: Table, items: dict[tuple[int, int], _Item], rows: int, columns: int) -> None:
        self.table, self.items, self.rows, self.columns = table, items, rows, columns
        self.cover: dict[tuple[int, int], _Item] = {}
        for item in items.values():
            for row in range(item.cell.row, item.cell.row + item.cell.row_span):
                for column in range(item.cell.column, item.cell.column + item.cell.column_span):
                    self.cover.setdefault((row, column), item)
        self.heads = self._head_rows()

    def at(self, row: int, column: int) -> _Item | None:
        return self.cover.get((row, column))

    def row(self, row: int) -> list[_Item]:
        seen: dict[int, _Item] = {}
        for column in range(self.columns):
            item = self.at(row, column)
            if item is not None:
                seen.setdefault(id(item), item)
        return list(seen.values())

    def _head_rows(self) -> set[int]:
        heads = set()
        for row in range(self.rows):
            cells = [i for i in self.row(row) if i.text]
            rest = [i for i in cells if i.cell.column > 0]
            if (
                (cells and all(i.cell.header for i in cells))
                or (len(rest) >= 2 and sum(bool(_LABEL.match(i.text)) for i in rest) >= max(2, len(rest) // 2 + 1))
                or (
                    row == 0
                    and rest
                    and (len(rest) >= 2 or _TITLE.match(cells[0].text))
                    and not any(_valued(i.text) for i in rest)
                )
            ):
                heads.add(row)
        return heads

    def is_matrix(self) -> bool:
        """Say whether the body's cells name regions, below or beside what is required of them."""
        named = [r for r in range(self.rows) if any(_LABEL.match(i.text) and i.cell.column > 0 for i in self.row(r))]
        if not named or named[0] == 0 or self.rows - 1 not in named:
            return False
        above = [i for r in range(named[0]) for i in self.row(r) if i.cell.column > 0]
        if not any(_complete(i.text) for i in above):
            return False
        self.heads = set(range(named[0]))
        return True

    def is_transposed(self) -> bool:
        """Say whether rows are regions and columns requirements."""
        head = [i for i in self.row(min(self.heads, default=0)) if i.cell.column > 0 and i.text]
        first = [self.at(r, 0) for r in range(self.rows) if r not in self.heads]
        side = [i for i in first if i is not None and i.text]
        if any(_LABEL.match(i.text) for i in head):
            return False
        above = sum(bool(_names_variable(i.text)) for i in head)
        beside = sum(bool(_names_variable(i.text)) for i in side)
        labelled = sum(bool(_LABEL.match(i.text)) for i in side)
        prose = any(re.search(r"\b(?:selection|requirements?|criteria)\b", i.text, re.IGNORECASE) for i in head)
        return above > beside or (labelled >= 2 and labelled > beside) or (prose and labelled >= 1)

    def regions(self, row: int, column: int) -> tuple[tuple[str, ...], tuple[Cell, ...]]:
        """Return the regions a column stands for at a row, with the cells that say so."""
        above = [r for r in sorted(self.heads) if r < row]
        for head in reversed(above):
            item = self.at(head, column)
            if item is None or not item.text or item.cell.column == 0:
                continue
            text = re.sub(r"\s*[†‡*§]+$", "", item.text)
            if re.fullmatch(
                (
                    r"(?i)(?:requirements?|value|cut|selection|criteri\w+|all|threshold|variable|baseline|common"
                    r"|preselection|condition)s?"
                ),
                text,
            ):
                return (), ()
            return (text,), (item.cell,)
        return (), ()

    def upright(self) -> Iterator[_Found]:
        """Rows are requirements, columns regions."""
        for row in range(self.rows):
            if row in self.heads:
                continue
            side = self.at(row, 0)
            if side is None or not side.text or _NONE.match(side.text):
                continue
            if _SKIP_ROW.search(side.text) and not _names_variable(side.text):
                continue
            body = [i for i in self.row(row) if i.cell.column > 0]
            for item in body:
                covered = range(item.cell.column, item.cell.column + item.cell.column_span)
                names: list[str] = []
                marks: list[Cell] = []
                for column in covered:
                    region, cells = self.regions(row, column)
                    names += region
                    marks += cells
                if not item.text and len(body) > 1:
                    continue
                for candidate in requirement(side.text, item.text, tuple(dict.fromkeys(names))):
                    yield _Found(candidate, (item.cell, side.cell, *dict.fromkeys(marks)))

    def transposed(self) -> Iterator[_Found]:
        """Rows are regions, columns requirements."""
        for row in range(self.rows):
            side = self.at(row, 0)
            if row in self.heads or side is None or not side.text or _NONE.match(side.text):
                continue
            region: tuple[str, ...] = (re.sub(r"\s*[†‡*§]+$", "", side.text),)
            if re.fullmatch(r"(?i)all|baseline|common|preselection|total", side.text):
                region = ()
            for item in self.row(row):
                if item.cell.column == 0:
                    continue
                head = self._above(row, item.cell.column)
                if head is None or (
                    _SKIP_ROW.search(head.text)
                    and not _names_variable(head.text)
                    and not re.search(r"selection|requirement|criteri", head.text, re.IGNORECASE)
                ):
                    continue
                for candidate in requirement(head.text, item.text, region):
                    yield _Found(candidate, (item.cell, head.cell, side.cell))

    def _above(self, row: int, column: int) -> _Item | None:
        for head in sorted((r for r in self.heads if r < row), reverse=True):
            item = self.at(head, column)
            if item is not None and item.text:
                return item
        return None

    def matrix(self) -> Iterator[_Found]:
        """Cells name regions; the sides say what is required of them."""
        for item in self.items.values():
            row, column = item.cell.row, item.cell.column
            if row in self.heads or column == 0 or not _LABEL.match(item.text):
                continue
            region = (re.sub(r"\s*[†‡*§]+$", "", item.text),)
            across = range(column, column + item.cell.column_span)
            down = range(row, row + item.cell.row_span)
            for head in sorted(self.heads):
                tops = [
                    t
                    for t in self.items.values()
                    if t.text
                    and t.cell.row <= head < t.cell.row + t.cell.row_span
                    and t.cell.column < across.stop
                    and t.cell.column + t.cell.column_span > across.start
                    and not (t.cell.column == 0 and t.cell.column_span == 1)
                ]
                yield from self._joint(None, tops, item, region)
            for left in range(column):
                sides = [v for v in (self.at(r, left) for r in down) if v is not None and v.text]
                sides = [v for v in dict.fromkeys(sides) if not _LABEL.match(v.text)]
                above = self._above(row, left)
                yield from self._joint(above, sides, item, region)

    def _joint(self, head: _Item | None, sides: list[_Item], item: _Item, region: tuple[str, ...]) -> Iterator[_Found]:
        """Read what a region's side says; a region that spans several ranges has them all."""
        said = [(list(requirement(head.text if head else "", side.text, region)), side) for side in sides]
        heads = (head.cell,) if head else ()
        if len(said) == 1:
            for candidate in said[0][0]:
                yield _Found(candidate, (said[0][1].cell, *heads, item.cell))
            return
        if len({(c.object, c.variable.id) for found, _ in said for c in found}) > 1:
            for found, side in said:
                for candidate in found:
                    yield _Found(candidate, (side.cell, *heads, item.cell))
            return
        merged = _union([c for found, _ in said for c in found])
        if merged is not None and all(found for found, _ in said):
            yield _Found(merged, (said[0][1].cell, said[-1][1].cell, *heads, item.cell))


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


def _names_variable(text: str) -> bool:
    shape = kinds(tokens_of(plain(text)))
    return "v" in shape or ("o" in shape and bool(re.search(r"\bveto|number|N\(", text, re.IGNORECASE)))


def _complete(text: str) -> bool:
    shape = kinds(tokens_of(plain(text)))
    return bool(re.search(r"v.{0,2}cn|ncv", shape))


def _valued(text: str) -> bool:
    return bool(re.search(r"\d", text)) and not _LABEL.match(text)


def requirement(head: str, cell: str, regions: tuple[str, ...]) -> Iterator[Candidate]:
    """Read a cell under its header.

    >>> [(c.object, c.operator, c.value, c.unit) for c in requirement("E_T^miss [GeV] >", "200", ("SR1",))]
    [('met', '>', 200.0, 'GeV')]
    >>> [(c.variable.id, c.operator, c.value) for c in requirement("N_jets", "2", ())]
    [('count', '==', 2.0)]
    >>> [(c.variable.id, c.operator, c.value, c.unit) for c in requirement("H_T [GeV]", "60–400", ())]
    [('ht', 'in', (60.0, 400.0), 'GeV')]
    """
    if _NONE.match(cell):
        return
    bare, unit, comparator = _header(head)
    veto = re.search(r"\bveto\b", head, re.IGNORECASE)
    if veto and (_TICK.match(cell) or re.match(r"(?i)inverted", cell)):
        operator, value = ("==", 0.0) if _TICK.match(cell) else (">=", 1.0)
        sentence = f"{re.sub(r'(?i)veto', '', bare)}"
        for phrase in _phrases(sentence):
            yield _made(phrase, "count", operator, value, regions)
        return
    several = re.match(r"\s*(\d+)\s*or\s*(\d+)\s+(?:with\b|$)", cell)
    if bare and several:
        subject, rank = _owner(bare)
        if subject:
            low, high = float(several.group(1)), float(several.group(2))
            yield _made(subject, "count", "<=" if low == 0 else "in", high if low == 0 else (low, high), regions)
    if not bare or _complete(cell):
        subject, rank = _owner(bare)
        yield from _sentence(cell, subject, rank, regions, bare)
        return
    written = _written(cell, unit, comparator, bare)
    if written is None:
        subject, rank = _owner(bare)
        veto_cell = re.match(r"\s*veto(?:\s+on\s+(?P<o>.*))?$", cell, re.IGNORECASE)
        if veto_cell:
            for name in _vetoed(veto_cell.group("o") or bare):
                yield _made(name, "count", "==", 0.0, regions)
            return
        yield from _sentence(cell, subject, rank, regions, bare)
        return
    yield from _sentence(written, None, None, regions, "")


def _header(head: str) -> tuple[str, str, str]:
    comparator = _COMPARATOR.search(head)
    body = head[: comparator.start()] if comparator else head
    match = _HEAD_UNIT.search(body)
    unit = next((g for g in match.groups() if g), "") if match and "1/2" not in match.group() else ""
    bare = _HEAD_UNIT.sub("", body).strip() if match else body.strip()
    return bare, unit, comparator.group(1) if comparator else ""


def _written(cell: str, unit: str, comparator: str, bare: str) -> str | None:
    """Spell a cell's value out as a requirement on its header's variable."""
    flat = plain(cell).text.strip()
    tail = f" {unit}" if unit and not re.search(_UNITS, flat) else ""
    flat = re.sub(r"\s*[†‡*§]+$", "", flat)
    if not re.search(r"\d", flat):
        return None
    shape = kinds(tokens_of(plain(bare)))
    if "v" not in shape and not re.match(r"(?i)number of|N\(", bare):
        return None
    counted = bool(re.match(r"(?i)number of|N\(", bare)) or any(
        t.kind == "v" and t.value.variable == "count" for t in tokens_of(plain(bare))
    )
    if counted and "v" not in shape:
        inner = re.match(r"N\((.*?)\)", bare)
        bare = f"number of {inner.group(1)}" if inner else bare
    if re.fullmatch(r"[+-]?\d[\d.,]*", flat):
        if comparator:
            return f"{bare} {comparator} {flat}{tail}"
        return f"{bare} = {flat}" if counted else None
    aside = re.match(r"([<>≤≥]=?\s*[\d.]+)\s*\(.*\)$", flat)
    if aside:
        return f"{bare} {aside.group(1)}{tail}"
    if re.match(r"\s*(?:[<>≤≥=]|≥|≤)", flat):
        either = re.match(r"=\s*(\d+)\s*or\s*(\d+)$", flat)
        if either:
            return f"{bare} in the range {either.group(1)}–{either.group(2)}"
        return f"{bare} {flat}{tail}"
    ranged = _RANGE.fullmatch(flat)
    if ranged:
        sign, left, low, comma, high, right = ranged.groups()
        outside = sign in {"∉", "/∈", "outside", "not in"}
        if comma and left + right in {"[)", "(]", "()"}:  # in dashes, brackets are only brackets
            return f"{bare} {'∉' if outside else '∈'} {left}{low}, {high}{right}{tail}"
        return f"{bare} {'outside' if outside else 'in the range'} {low}–{high}{tail}"
    either = re.fullmatch(r"(\d+)\s*(?:or|,|/)\s*(\d+)", flat)
    if either and counted:
        return f"{bare} in the range {either.group(1)}–{either.group(2)}"
    return None


def _phrases(text: str) -> list[str]:
    flat = plain(text)
    reading = read_sentence(flat, 0, len(flat.text)) if flat.text.strip() else None
    return list(dict.fromkeys(p.object for p in reading.phrases if p.object != "event")) if reading else []


def _vetoed(text: str) -> list[str]:
    symbols = {"e": "electron", "μ": "muon", "τ": "tau", "ℓ": "lepton", "γ": "photon"}
    found = [symbols[t.text] for t in tokens_of(plain(text)) if t.text in symbols] or _phrases(text)
    return ["lepton"] if set(found) == {"electron", "muon"} else found


def _owner(head: str) -> tuple[str | None, int | None]:
    flat = plain(head)
    if not flat.text.strip():
        return None, None
    reading = read_sentence(flat, 0, len(flat.text))
    phrase = next((p for p in reading.phrases if p.object != "event"), None)
    return (phrase.object, phrase.rank) if phrase else (None, None)


def _made(
    object_id: str, variable: str, operator: str, value: float | tuple[float, float], regions: tuple[str, ...]
) -> Candidate:
    return Candidate(
        object=object_id,
        variable=Variable(id=variable),
        operator=operator_of(operator),
        value=value,
        unit="1",
        start=0,
        end=1,
        rule="table-cell",
        regions=regions,
        scope="region" if regions else "event",
    )


def _sentence(
    text: str, subject: str | None, rank: int | None, regions: tuple[str, ...], head: str
) -> Iterator[Candidate]:
    lead = (
        f"{head} with "
        if subject and head and kinds(tokens_of(plain(head))).count("v") == 0
        else f"{head} "
        if head
        else ""
    )
    flat = plain(lead + text)
    if not flat.text.strip():
        return
    reading = read_sentence(flat, 0, len(flat.text))
    memory = Memory(subject=subject)
    for candidate in clauses.candidates(reading, memory, scope=None, regions=regions):
        ranked = rank if candidate.object == subject and candidate.rank is None else candidate.rank
        yield candidate.with_(rule=f"table-{candidate.rule}", rank=ranked)
    for word in re.split(r"\s*,\s*", text):
        told = re.fullmatch(r"(?i)(?P<o>[\w -]{1,20}?)[ -](?P<w>veto|tag|tagged)\.?", word.strip())
        if told:
            name = "b jet" if re.fullmatch(r"(?i)b(?:[ -]jets?)?", told.group("o")) else told.group("o")
            absent = told.group("w").lower() == "veto"
            for object_id in _phrases(name):
                yield _made(object_id, "count", "==" if absent else ">=", 0.0 if absent else 1.0, regions)
        lone = re.fullmatch(r"(?i)(?:an? )?(?P<a>isolated|tight|loose|medium) (?P<o>\w+)", word.strip())
        if lone and not subject:
            for object_id in _phrases(lone.group("o")):
                yield _made(object_id, "count", ">=", 1.0, regions)
                variable = "isolation" if lone.group("a").lower() == "isolated" else "id"
                yield _made(object_id, variable, "is", 0.0, regions).with_(value=lone.group("a").lower())
    if subject:
        for flag in re.split(r"\s*,\s*", text):
            if re.fullmatch(r"(?i)loose|medium|tight", flag.strip()):
                yield _made(subject, "id", "is", 0.0, regions).with_(value=flag.strip().lower(), rank=rank)
            if re.fullmatch(r"(?i)(?:\w+[- ])?isolated", flag.strip()):
                yield _made(subject, "isolation", "is", 0.0, regions).with_(value=flag.strip().lower(), rank=rank)
    yield from flags.flags(reading, memory, None, regions)
