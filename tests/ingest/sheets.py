"""Write small PDF files by hand, so that tests know where every glyph stands.

Text is set in Courier, whose glyphs are all 0.6 em wide; Greek letters in Symbol. Two more fonts have no map to
Unicode: `Y`, whose glyphs have names, and `T`, a bitmap font (Type 3) whose glyphs have none that mean anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_FONTS = {"F": "Courier", "B": "Courier-Bold", "I": "Courier-Oblique", "S": "Symbol"}
_NAMED = (
    "<</Type/Font/Subtype/Type1/BaseFont/ABCDEF+CMSY10/FirstChar 65/LastChar 67/Widths[600 600 600]"
    "/Encoding<</Type/Encoding/Differences[65/lessequal/arrowright/multiply]>>>>"
)
_BITMAP = (
    "<</Type/Font/Subtype/Type3/FontBBox[0 0 600 700]/FontMatrix[.001 0 0 .001 0 0]/FirstChar 65/LastChar 67"
    "/Widths[600 600 600]/CharProcs<</a65 {0} 0 R/a66 {0} 0 R/a67 {0} 0 R>>"
    "/Encoding<</Type/Encoding/Differences[65/a65/a66/a67]>>>>"
)
_SYMBOLS = {
    **{"η": ("h", 0.603), "χ": ("c", 0.549), "Δ": ("D", 0.612), "φ": ("f", 0.521)},
    **{"√": ("\xd6", 0.549), "∑": ("\xe5", 0.713)},
}
_SCRIPT = re.compile(r"[_^](\{[^}]*\}|[^\W_]+|[+-]\d*)")


@dataclass
class Sheet:
    """A page being written; lengths in points from the lower left corner."""

    marks: list[str] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)
    width: float = 595.0
    height: float = 842.0

    def text(self, x: float, y: float, text: str, *, size: float = 10.0, font: str = "F", angle: int = 0) -> float:
        """Write text and return where it ends."""
        turn = {0: "1 0 0 1", 90: "0 1 -1 0"}[angle]
        for piece in re.findall(r"[ηχΔφ√∑]|[^ηχΔφ√∑]+", text):
            if piece in _SYMBOLS:
                code, advance = _SYMBOLS[piece]
                self._show("S", size, f"1 0 0 1 {x:.3f} {y:.3f}", code)
                x += advance * size
            else:
                self._show(font, size, f"{turn} {x:.3f} {y:.3f}", piece)
                x += 0.6 * size * len(piece)
        return x

    def math(self, x: float, y: float, text: str, *, size: float = 10.0) -> float:
        """Write text in which `_` lowers and `^` raises what follows; both after one letter share their place."""
        at = 0
        while at < len(text):
            scripts = [_SCRIPT.match(text, at)] if text[at] in "_^" else []
            if not scripts:
                stop = min((k for k in (text.find("_", at), text.find("^", at)) if k > 0), default=len(text))
                x = self.text(x, y, text[at:stop], size=size)
                at = stop
                continue
            ends = [x]
            while (script := _SCRIPT.match(text, at)) is not None:
                shift = -0.25 if text[at] == "_" else 0.4
                ends.append(self.text(x, y + shift * size, script[1].strip("{}"), size=0.7 * size))
                at = script.end()
            x = max(ends)
        return x

    def columns(self, y: float, left: list[str], right: list[str], *, size: float = 8.0) -> float:
        """Write two columns of lines side by side and return the baseline of the next."""
        ends = [self.lines(x, y, *texts, size=size, pitch=11.0) for x, texts in ((54, left), (310, right))]
        return min(ends)

    def lines(self, x: float, y: float, *texts: str, size: float = 10.0, pitch: float = 12.0) -> float:
        """Write lines under one another and return the baseline of the next."""
        for text in texts:
            self.math(x, y, text, size=size)
            y -= pitch
        return y

    def rule(self, x0: float, y: float, x1: float) -> None:
        """Draw a horizontal rule."""
        self.marks.append(f"{x0} {y} {x1 - x0} 0.5 re f")

    def wall(self, x: float, y0: float, y1: float) -> None:
        """Draw a vertical rule."""
        self.marks.append(f"{x} {y0} 0.5 {y1 - y0} re f")

    def figure(self, x: float, y: float, *texts: str) -> None:
        """Place a figure 200 points square, with text in it, as pictures included by LaTeX are."""
        shown = " ".join(f"BT /F 9 Tf 1 0 0 1 20 {20 + 30 * k} Tm ({t}) Tj ET" for k, t in enumerate(texts))
        self.figures.append(f"0 0 200 200 re S 10 10 m 190 190 l S 10 20 m 20 30 l S {shown}")
        self.marks.append(f"q 1 0 0 1 {x} {y} cm /X{len(self.figures) - 1} Do Q")

    def _show(self, font: str, size: float, matrix: str, text: str) -> None:
        escaped = re.sub(r"([()\\])", r"\\\1", text)
        self.marks.append(f"BT /{font} {size} Tf {matrix} Tm ({escaped}) Tj ET")


def pdf_of(*sheets: Sheet, encrypt: bool = False) -> bytes:
    """Return the sheets as the bytes of a PDF file."""
    objects: list[bytes] = [b"", b""]
    fonts = ""
    for key, name in _FONTS.items():
        encoding = "" if name == "Symbol" else "/Encoding /WinAnsiEncoding"
        objects.append(f"<</Type/Font/Subtype/Type1/BaseFont/{name}{encoding}>>".encode())
        fonts += f"/{key} {len(objects)} 0 R "
    stamp = b"600 0 0 0 600 700 d1 0 0 600 700 re f"
    objects.append(f"<</Length {len(stamp)}>>stream\n".encode() + stamp + b"\nendstream")
    for key, font in (("Y", _NAMED), ("T", _BITMAP.replace("{0}", str(len(objects))))):
        objects.append(font.encode())
        fonts += f"/{key} {len(objects)} 0 R "
    pages = []
    for sheet in sheets:
        pictures = ""
        for index, figure in enumerate(sheet.figures):
            data = figure.encode("cp1252")
            head = f"<</Type/XObject/Subtype/Form/BBox[0 0 200 200]/Resources<</Font<<{fonts}>>>>/Length {len(data)}>>"
            objects.append(head.encode() + b"stream\n" + data + b"\nendstream")
            pictures += f"/X{index} {len(objects)} 0 R "
        data = "\n".join(sheet.marks).encode("latin-1")
        objects.append(f"<</Length {len(data)}>>stream\n".encode() + data + b"\nendstream")
        box = f"[0 0 {sheet.width} {sheet.height}]"
        resources = f"<</Font<<{fonts}>>/XObject<<{pictures}>>>>"
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox{box}/Contents {len(objects)} 0 R/Resources{resources}>>".encode()
        )
        pages.append(f"{len(objects)} 0 R")
    objects[0] = b"<</Type/Catalog/Pages 2 0 R>>"
    objects[1] = f"<</Type/Pages/Kids[{' '.join(pages)}]/Count {len(pages)}>>".encode()
    trailer = ""
    if encrypt:
        objects.append(f"<</Filter/Standard/V 1/R 2/P -4/O <{'11' * 32}>/U <{'22' * 32}>>>".encode())
        trailer = f"/Encrypt {len(objects)} 0 R/ID[<{'33' * 16}><{'33' * 16}>]"
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    start = len(out)
    out += f"xref\n0 {size}\n0000000000 65535 f \n{table}".encode()
    return out + f"trailer<</Size {size}/Root 1 0 R{trailer}>>\nstartxref\n{start}\n%%EOF\n".encode()
