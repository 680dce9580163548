"""Which lines of a PDF are headings, and of what level: by number, by dress (bold, larger, capitals) and by name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest.pdflayout import Column, Typography
from ingest.pdflines import Line

Style = tuple[str, float]

NUMBERED = re.compile(
    r"(?P<number>\d{1,2}(?:\.\d{1,2}){0,3}|[IVX]{1,5}|[A-Z](?:\.\d{1,2}){0,2}|Appendix(?: [A-Z\d])?)[.:]?\s+"
    r"(?P<title>\S.*)",
    re.DOTALL,
)
KNOWN = re.compile(
    r"(?i)(abstract|(?:table of )?contents|"
    r"summary|introduction|conclusions?|references|bibliography|acknowledge?ments?|appendix|appendices|"
    r"auxiliary material|supplement(?:al|ary) material|the [\w+]+ collaboration)\s*[.:]?"
)
_CAPTION = re.compile(
    r"(?:Table|TABLE|Tab\.|Figure|FIGURE|Fig\.|FIG\.)\s*(?:[A-Z]\.?)?(?:\d+|[IVXL]+)[a-z]?\s*(?:[.:|]|$)"
)
_BARE_CAPTION = re.compile(r"(?:Table|Tab\.|Figure|Fig\.) ?(?:[A-Z]\.?)?\d{1,2}[a-z]?$")
# The letter before a heading that opens a paragraph.
_LETTERED = re.compile(r"[a-z]\.\s+(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Dress:
    """What the headings of a document wear: font and size of the numbered ones; none in a letter."""

    body: Typography
    styles: frozenset[Style]

    def worn_by(self, line: Line) -> bool:
        """Say whether a whole line is set as headings are; a paragraph with a bold opening is not."""
        if not _stands_out(line, self.body) or style(line) not in self.styles:
            return False
        return (
            line.share("bold") > 0.9 or line.size > 1.09 * self.body.size or NUMBERED.fullmatch(line.text()) is not None
        )


def dress(columns: Iterable[Column], body: Typography) -> Dress:
    """Return the font and size of every numbered heading, so that unnumbered ones in the same dress are found."""
    styles: Counter[Style] = Counter()
    for column in columns:
        for line in column.lines:
            match = NUMBERED.fullmatch(line.text()) if _stands_out(line, body) else None
            if match and _opens_title(match["title"][0]) and not opens_caption(line):
                styles[style(line)] += 1
    return Dress(body, frozenset(styles))


def style(line: Line) -> Style:
    """Return font and size of most of a line."""
    names: Counter[str] = Counter()
    for run in line.runs:
        names[run.font.name] += len(run.text)
    return max(names, key=lambda name: (names[name], name)), round(line.size, 1)


def opens_caption(line: Line) -> bool:
    """Say whether a caption begins: `Table 2: …`, `FIG. 3. …`, or a bold `Fig. 1` before text that is not."""
    if _CAPTION.match(line.text()):
        return True
    label = [run for run in line.runs[:3] if run.font.bold]
    return (
        0 < len(label) < min(3, len(line.runs))
        and line.runs[0].font.bold
        and _BARE_CAPTION.match(" ".join(run.text for run in label)) is not None
    )


def is_heading(lines: Sequence[Line], text: str, dress: Dress) -> bool:
    """Say whether lines that stand together, reading `text`, are a heading."""
    if len(lines) > 3 or len(text) > 200 or not re.search(r"[^\W\d_]{2}", text) or opens_caption(lines[0]):
        return False
    if len(lines) == 1 and KNOWN.fullmatch(text):
        return True
    if _is_bold_heading(lines, text, dress):
        return True
    if not all(_stands_out(line, dress.body) for line in lines):
        return _is_quiet_heading(lines, text)
    numbered = NUMBERED.fullmatch(text)
    if numbered and _opens_title(numbered["title"][0]) and not text.endswith("."):
        return True
    if text.endswith((".", ",", ";")):
        return False
    return all(dress.worn_by(line) for line in lines)


def _is_bold_heading(lines: Sequence[Line], text: str, dress: Dress) -> bool:
    """Recognise a bold line without a number: in capitals, or in a document whose headings have none."""
    if text.endswith((".", ",", ";", ":")) or len(text.split()) > 12 or not text[0].isupper():
        return False
    if not all(line.share("bold") > 0.9 and line.size > 0.85 * dress.body.size for line in lines):
        return False
    return not dress.styles or (text.upper() == text and len(re.findall(r"[^\W\d_]{3,}", text)) > 0)


def run_in(lines: Sequence[Line]) -> tuple[Line, Line] | None:
    r"""Part a paragraph's first line behind the bold heading it opens with, `Region A. Exactly …`, or return None.

    LaTeX's `\paragraph` sets such headings; a bold word that the sentence goes on from is none. REVTeX sets them in
    italics behind a letter: `a. Electrons`.
    """
    first = lines[0]
    lettered = _LETTERED.match(first.text()) is not None and first.runs[0].font.italic
    bold = next(
        (k for k, run in enumerate(first.runs) if not (run.font.italic if lettered else run.font.bold)),
        len(first.runs),
    )
    if not 0 < bold < len(first.runs):
        return None
    heading = Line(first.y, first.size, first.runs[:bold], first.page)
    rest = Line(first.y, first.size, first.runs[bold:], first.page)
    text = heading.text()
    apart = rest.x0 - heading.x1 > 0.75 * first.size
    if lettered:
        text = text.partition(" ")[2]
    named = text[:1].isupper() and len(text.split()) <= 8 and len(re.findall(r"[^\W\d_]", text)) >= 3
    return (heading, rest) if named and (apart or text.endswith((".", ":"))) else None


def _stands_out(line: Line, body: Typography) -> bool:
    return (line.share("bold") > 0.55 and line.size > 0.93 * body.size) or line.size > 1.09 * body.size


def _opens_title(character: str) -> bool:
    """Say whether a title can begin so: with a capital or a symbol (γ+jets background, √s dependence)."""
    return character.isupper() or not (character.isascii() and character.isalnum())


def _is_quiet_heading(lines: Sequence[Line], text: str) -> bool:
    """Recognise a heading in body size: `II. EVENT SELECTION` of REVTeX, `3.2. Jets` in italics of Elsevier."""
    match = NUMBERED.fullmatch(text)
    if match is None or len(lines) > 2 or text.endswith((".", ",", ";", ":")):
        return False
    title = match["title"]
    if ("." in match["number"] and title[0].isupper()) or (re.match(r"\d\.\s", text) and len(lines) == 1):
        return all(line.share("italic") > 0.6 for line in lines)
    if not re.match(r"(?:[IVX]{1,5}|[A-Z]|\d)\.\s", text) or re.search(r"\d", title):
        return False
    return title.upper() == title or all(line.share("bold") > 0.5 for line in lines)


@dataclass(frozen=True, slots=True)
class Rank:
    """Number, title and level of a heading; level 1 is a section."""

    number: str
    title: str
    level: int


def ranks(headings: Sequence[tuple[str, Line]]) -> list[Rank]:
    """Return what the headings of a document are, from the text and the first line of each, in order."""
    sizes: dict[Style, int] = {}
    found: list[Rank | None] = []
    matches = [NUMBERED.fullmatch(text) for text, _ in headings]
    roman = any(match is not None and match["number"] == "I" for match in matches)
    for (_, line), match in zip(headings, matches, strict=True):
        if match is None or not (match["title"][0].isupper() or match["number"][0].isdigit()):
            found.append(None)
            continue
        level = match["number"].count(".") + 1
        if roman and re.fullmatch(r"[A-Z]", match["number"]):
            level = 1 if match["number"] in "IVX" else 2
        elif roman and match["number"].isdigit():
            level = 3
        sizes.setdefault(style(line), level)
        found.append(Rank(match["number"], match["title"], level))
    capitals = any(rank is None and text.upper() == text for rank, (text, _) in zip(found, headings, strict=True))
    result: list[Rank] = []
    for rank, (text, line) in zip(found, headings, strict=True):
        if rank is None:
            usual = 1 if not capitals or text.upper() == text else 2
            rank = Rank("", text.rstrip(".:"), 1 if KNOWN.fullmatch(text) else sizes.get(style(line), usual))
        result.append(rank)
    return result
