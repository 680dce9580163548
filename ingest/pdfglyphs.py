"""The pages of a PDF file read with PDFium: every glyph with its place, rules, figures and links."""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

from ingest.pdfaccents import accented, barred, underscored
from ingest.pdffigures import without_figures
from ingest.pdffonts import Font, font_named
from ingest.pdfpage import Box, Glyph, Page, Rule, Run, Stroke
from kb.errors import SourceError

# PDFium is not thread-safe.
_PDFIUM = Lock()

Matrix = tuple[float, float, float, float, float, float]
# PDF's own limit of a page's sides is 14400 points.
_LARGEST = 14400.0

# Figures that some fonts have raised and small, for footnotes.
_RAISABLE = frozenset("0123456789")
_TALL_SYMBOLS = frozenset("√∑∏∫∮∐⋃⋂")


@dataclass(slots=True)
class _Style:
    font: Font
    size: float
    angle: int
    in_figure: bool
    handle: Any
    scale: float


def read_pages(data: bytes) -> tuple[list[Page], dict[str, str]]:
    """Return the pages of a PDF and its metadata; raises SourceError for what is no readable PDF."""
    with _PDFIUM, _open(data) as document:
        metadata = {key: value for key, value in document.get_metadata_dict().items() if value}
        return [_page(document, index) for index in range(len(document))], metadata


def front_text(data: bytes) -> str:
    """Return the text of a PDF's first page, with what stands in its margins; SourceError for what is no PDF."""
    import pypdfium2

    with _PDFIUM, _open(data) as document:
        try:
            return str(document[0].get_textpage().get_text_range())
        except pypdfium2.PdfiumError as error:
            msg = "the first page of the PDF file cannot be read: it is damaged"
            raise SourceError(msg, hint="download it again and open it in a PDF viewer to check") from error


def _page(document: Any, index: int) -> Page:
    import pypdfium2

    try:
        page = document[index]
    except pypdfium2.PdfiumError as error:
        msg = f"page {index + 1} of {len(document)} of the PDF file cannot be read: it is damaged"
        raise SourceError(msg, hint="download it again and open it in a PDF viewer to check") from error
    try:
        return _read_page(page, index + 1)
    finally:
        page.close()


@contextmanager
def _open(data: bytes) -> Iterator[Any]:
    import pypdfium2

    if not data:
        msg = "the PDF file is empty"
        raise SourceError(msg, hint="download it again; it has no bytes")
    try:
        document = pypdfium2.PdfDocument(data)
        count = len(document)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            msg = "the PDF file is encrypted and asks for a password"
            raise SourceError(
                msg, hint="remove the password, e.g. with `qpdf --decrypt`, and ingest it again"
            ) from error
        msg = "the file cannot be read as PDF: it is broken, cut off or of another kind"
        raise SourceError(msg, hint="download it again and open it in a PDF viewer to check") from error
    try:
        if count == 0:
            msg = "the PDF file has no pages"
            raise SourceError(msg, hint="download it again and open it in a PDF viewer to check")
        yield document
    finally:
        document.close()


def _read_page(page: Any, number: int) -> Page:
    import pypdfium2.raw as pdfium

    sheet = _sheet(page)
    width, height = sheet[2] - sheet[0], sheet[3] - sheet[1]
    text_page = pdfium.FPDFText_LoadPage(page.raw)
    if not text_page:
        return Page(number, width, height)
    try:
        objects = _Objects(pdfium, page.raw, text_page, sheet)
        glyphs, angles = _glyphs(pdfium, text_page, objects, sheet)
    finally:
        pdfium.FPDFText_ClosePage(text_page)
    result = Page(number, width, height, rules=objects.rules, figures=objects.figures, strokes=objects.strokes)
    result.links = _links(pdfium, page, sheet)
    result.glyph_count = sum(angles.values())
    turn = max(angles, key=lambda angle: (angles[angle], -angle)) if angles else 0
    if turn in {90, 270} and angles[turn] > 0.7 * result.glyph_count:
        _turn(result, turn)
    else:
        turn = 0
    upright = [_turned_glyph(g, turn, width, height) for g, angle in glyphs if angle == turn]
    result.runs = _runs(underscored(barred(accented(upright), result.rules), result.rules))
    return without_figures(result)


def _sheet(page: Any) -> Box:
    """Return the part of the plane that a page shows, in points; coordinates are taken from its lower left corner."""
    box = page.get_cropbox()
    x0, y0, x1, y1 = (float(value) for value in box)
    if not (1 < x1 - x0 < _LARGEST and 1 < y1 - y0 < _LARGEST and abs(x0) < _LARGEST and abs(y0) < _LARGEST):
        width, height = (min(max(float(value), 1.0), _LARGEST) for value in page.get_size())
        return (0.0, 0.0, width, height)
    return (x0, y0, x1, y1)


def _links(pdfium: Any, page: Any, sheet: Box) -> list[tuple[str, Box]]:
    """Return the web addresses that a page links to and where."""
    left, bottom = sheet[:2]
    found: list[tuple[str, Box]] = []
    position = ctypes.c_int(0)
    link = pdfium.FPDF_LINK()
    rect = pdfium.FS_RECTF()
    while pdfium.FPDFLink_Enumerate(page.raw, position, link):
        action = pdfium.FPDFLink_GetAction(link)
        if not action or pdfium.FPDFAction_GetType(action) != pdfium.PDFACTION_URI:
            continue
        size = pdfium.FPDFAction_GetURIPath(page.pdf.raw, action, None, 0)
        buffer = ctypes.create_string_buffer(size)
        pdfium.FPDFAction_GetURIPath(page.pdf.raw, action, buffer, size)
        if pdfium.FPDFLink_GetAnnotRect(link, rect):
            uri = buffer.value.decode("utf-8", "replace")
            found.append((uri, (rect.left - left, rect.bottom - bottom, rect.right - left, rect.top - bottom)))
    return found


class _Objects:
    """The objects of a page: text styles by object, rules, and which text belongs to a figure."""

    def __init__(self, pdfium: Any, page: Any, text_page: Any, sheet: Box) -> None:
        self.pdfium = pdfium
        self.text_page = text_page
        self.rules: list[Rule] = []
        self.figures: list[Box] = []
        self.strokes: list[Stroke] = []
        self.styles: dict[int, _Style] = {}
        self.prose: set[int] = set()
        self.widths: dict[tuple[int, int], float] = {}
        self.width, self.height = sheet[2] - sheet[0], sheet[3] - sheet[1]
        self.area = self.width * self.height
        count = pdfium.FPDFPage_CountObjects(page)
        self._descend([pdfium.FPDFPage_GetObject(page, k) for k in range(count)], _shift(sheet), depth=0)

    def _descend(self, handles: list[Any], outer: Matrix, *, depth: int) -> None:
        """Collect objects; a form that holds the whole page is a wrapper (stamps need one), others are figures."""
        pdfium = self.pdfium
        forms = [handle for handle in handles if self._collect(handle, outer) == pdfium.FPDF_PAGEOBJ_FORM]
        scarce = len(self.prose) < 60
        for handle in forms:
            box = self._bounds(handle, outer)
            size = (box[2] - box[0]) * (box[3] - box[1])
            count = pdfium.FPDFFormObj_CountObjects(handle)
            if size > 0.6 * self.area and scarce and depth < 4:
                matrix = pdfium.FS_MATRIX()
                pdfium.FPDFPageObj_GetMatrix(handle, matrix)
                inner = _product((matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f), outer)
                children = [pdfium.FPDFFormObj_GetObject(handle, k) for k in range(count)]
                self._descend(children, inner, depth=depth + 1)
            elif count > 3 or size > 0.02 * self.area:
                self.figures.append(box)

    def _collect(self, handle: Any, outer: Matrix) -> int:
        kind = int(self.pdfium.FPDFPageObj_GetType(handle))
        if kind == self.pdfium.FPDF_PAGEOBJ_TEXT:
            self.prose.add(_address(handle))
        elif kind in {self.pdfium.FPDF_PAGEOBJ_PATH, self.pdfium.FPDF_PAGEOBJ_IMAGE}:
            x0, y0, x1, y1 = self._bounds(handle, outer)
            wide, high = x1 - x0, y1 - y0
            # Old PDF writers draw rules as one-bit images.
            thin, long = min(wide, high), max(wide, high)
            if (thin <= 2.0 and long > 2.5 and long > 3 * thin) or (thin <= 3.0 and long > 50 * thin):
                self.rules.append(Rule(x0, y0, x1, y1))
                self.strokes.append(Stroke((x0, y0, x1, y1), int(max(wide, high) < 7)))
            elif kind == self.pdfium.FPDF_PAGEOBJ_PATH and wide * high < 0.5 * self.area:
                segments = int(self.pdfium.FPDFPath_CountSegments(handle))
                self.strokes.append(Stroke((x0, y0, x1, y1), min(segments, 40) if segments > 5 else int(wide < 7)))
            elif kind == self.pdfium.FPDF_PAGEOBJ_IMAGE and wide > 40 and high > 40:
                self.figures.append((x0, y0, x1, y1))
        return kind

    def _bounds(self, handle: Any, outer: Matrix) -> Box:
        left, bottom, right, top = (ctypes.c_float() for _ in range(4))
        if not self.pdfium.FPDFPageObj_GetBounds(handle, left, bottom, right, top):
            return (0.0, 0.0, 0.0, 0.0)
        a, b, c, d, e, f = outer
        xs, ys = [], []
        for x in (left.value, right.value):
            for y in (bottom.value, top.value):
                xs.append(a * x + c * y + e)
                ys.append(b * x + d * y + f)
        if not all(math.isfinite(value) for value in (*xs, *ys)):
            return (0.0, 0.0, 0.0, 0.0)
        # What is drawn off the page is not seen; a damaged file draws there without end.
        xs, ys = [min(max(x, 0.0), self.width) for x in xs], [min(max(y, 0.0), self.height) for y in ys]
        return (min(xs), min(ys), max(xs), max(ys))

    def style(self, index: int) -> _Style | None:
        """Return font, size and angle of the text object that holds a character."""
        handle = self.pdfium.FPDFText_GetTextObject(self.text_page, index)
        if not handle:
            return None
        key = _address(handle)
        found = self.styles.get(key)
        if found is None:
            font = self.pdfium.FPDFTextObj_GetFont(handle)
            name = ctypes.create_string_buffer(256)
            self.pdfium.FPDFFont_GetBaseFontName(font, name, 256)
            size = ctypes.c_float()
            self.pdfium.FPDFTextObj_GetFontSize(handle, size)
            matrix = self.pdfium.FS_MATRIX()
            self.pdfium.FPDFText_GetMatrix(self.text_page, index, matrix)
            scale = math.hypot(matrix.c, matrix.d) or 1.0
            angle = round(math.degrees(math.atan2(matrix.b, matrix.a))) % 360
            found = _Style(
                font_named(name.value.decode("latin-1")),
                abs(size.value) * scale,
                angle,
                key not in self.prose,
                font,
                math.hypot(matrix.a, matrix.b) * abs(size.value),
            )
            self.styles[key] = found
        return found

    def advance(self, style: _Style, code: int) -> float:
        """Return how far a character moves the pen, in points; 0 where its font does not tell."""
        key = (_address(style.handle), code)
        if key not in self.widths:
            width = ctypes.c_float()
            told = self.pdfium.FPDFFont_GetGlyphWidth(style.handle, code, 1.0, width)
            self.widths[key] = width.value if told else 0.0
        return self.widths[key] * style.scale


def _shift(sheet: Box) -> Matrix:
    return (1.0, 0.0, 0.0, 1.0, -sheet[0], -sheet[1])


def _product(first: Matrix, second: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    p, q, r, s, t, u = second
    return (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u)


def _address(handle: Any) -> int:
    return ctypes.addressof(handle.contents)


def _glyphs(pdfium: Any, text_page: Any, objects: _Objects, sheet: Box) -> tuple[list[tuple[Glyph, int]], Counter[int]]:
    x_left, y_bottom, x_right, y_top = sheet
    x, y = ctypes.c_double(), ctypes.c_double()
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    loose = pdfium.FS_RECTF()
    is_generated, unicode_of, style_of = pdfium.FPDFText_IsGenerated, pdfium.FPDFText_GetUnicode, objects.style
    unmapped, origin_of, box_of = (
        pdfium.FPDFText_HasUnicodeMapError,
        pdfium.FPDFText_GetCharOrigin,
        pdfium.FPDFText_GetLooseCharBox,
    )
    glyphs: list[tuple[Glyph, int]] = []
    angles: Counter[int] = Counter()
    high = 0
    before: tuple[float, float, float] | None = None
    for index in range(pdfium.FPDFText_CountChars(text_page)):
        if is_generated(text_page, index) == 1:
            continue
        style = style_of(index)
        if style is None or style.in_figure or not 0.1 < style.size < _LARGEST:
            continue
        code = unicode_of(text_page, index)
        if 0xD800 <= code < 0xDC00:
            high = code
            continue
        if 0xDC00 <= code < 0xE000:
            code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00) if high else 0
        is_mapped = unmapped(text_page, index) != 1
        text = style.font.text(code, mapped=is_mapped)
        if not text or text == " ":
            continue
        origin_of(text_page, index, x, y)
        if not (x_left <= x.value <= x_right and y_bottom <= y.value <= y_top):  # not to be seen, or no number
            continue
        box_of(text_page, index, loose)
        tall = style.font.tall or text in _TALL_SYMBOLS
        base, size = y.value, style.size
        if tall:
            pdfium.FPDFText_GetCharBox(text_page, index, left, right, bottom, top)
            # TeX centres what grows on the mathematical axis, a quarter of an em above the baseline.
            base = (bottom.value + top.value) / 2 - 0.25 * size
        elif text in _RAISABLE and style.angle == 0:
            pdfium.FPDFText_GetCharBox(text_page, index, left, right, bottom, top)
            if bottom.value - base > 0.2 * size and top.value - bottom.value < 0.55 * size:  # superior figures
                base, size = base + 0.35 * size, 0.65 * size
        angles[style.angle] += 1
        x0, x1 = loose.left, loose.right
        edges = (loose.left, loose.right, base)
        # PDFium splits a ligature into letters that share one box.
        if glyphs and edges == before:
            glyphs[-1][0].text += text
            glyphs[-1][0].x1 = x1
            continue
        before = edges
        if style.angle in {90, 270}:
            x0, x1, base = loose.bottom, loose.top, x.value
        elif style.angle == 0 and not tall:
            # The box takes in what slants beyond the advance; gaps between words are measured from the pen.
            # A box that begins at the pen ends there, too; a font may have several glyphs of one character.
            at_pen = abs(x0 - x.value) < 0.001
            x0 = x.value
            advance = objects.advance(style, code) if is_mapped and not at_pen else 0.0
            x1 = x0 + advance if advance > 0 else x1
        glyphs.append((Glyph(text, x0, x1, base, size, style.font, tall), style.angle))
    for glyph, angle in glyphs:
        along, across = (y_bottom, x_left) if angle in {90, 270} else (x_left, y_bottom)
        glyph.x0, glyph.x1, glyph.y = glyph.x0 - along, glyph.x1 - along, glyph.y - across
    return glyphs, angles


def _turned_glyph(glyph: Glyph, turn: int, width: float, height: float) -> Glyph:
    if turn == 90:  # text runs upwards: along the page's y, lines step to the right
        glyph.y = width - glyph.y
    elif turn == 270:
        glyph.x0, glyph.x1 = height - glyph.x1, height - glyph.x0
    return glyph


def _turn(page: Page, turn: int) -> None:
    def turned(x0: float, y0: float, x1: float, y1: float) -> Box:
        if turn == 90:
            return y0, page.width - x1, y1, page.width - x0
        return page.height - y1, x0, page.height - y0, x1

    page.rules = [Rule(*turned(r.x0, r.y0, r.x1, r.y1)) for r in page.rules]
    page.figures = [turned(*box) for box in page.figures]
    page.strokes = [Stroke(turned(*stroke.box), stroke.ink) for stroke in page.strokes]
    page.width, page.height = page.height, page.width
    page.turned = True


def _runs(glyphs: list[Glyph]) -> list[Run]:
    runs: list[Run] = []
    last: Run | None = None
    for glyph in glyphs:
        if (
            last is not None
            and glyph.font is last.font
            and not glyph.tall
            and not last.tall
            and abs(glyph.y - last.y) < 0.05
            and abs(glyph.size - last.size) < 0.2
            and -0.35 * glyph.size < glyph.x0 - last.x1 < 0.1 * glyph.size
        ):
            last.text += glyph.text
            last.x1 = max(glyph.x1, last.x1)
            continue
        last = Run(glyph.text, glyph.x0, glyph.x1, glyph.y, glyph.size, glyph.font, glyph.tall, glyph.reach)
        runs.append(last)
    return runs
