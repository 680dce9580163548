"""Where TEI says that its pieces stand in the PDF: pages and boxes from `coords`."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from kb.document import SourcePiece

_FIELDS = 5


@dataclass(slots=True)
class _Area:
    """Boxes of lines that follow one another on one page; from the page's upper left corner, in points."""

    page: int
    left: float
    top: float
    right: float
    bottom: float
    width: float

    def takes(self, page: int, top: float, height: float) -> bool:
        """Say whether a further line belongs here: same page, and no jump up into the next column."""
        return page == self.page and top > self.bottom - 2.5 * height


class Places:
    """Turns `coords` attributes into pieces of a source map.

    TEI counts from the upper left of a page, documents from the lower left, so boxes are known on the pages whose
    height the TEI tells (`facsimile`); on others only the page is.
    """

    def __init__(self, root: Element) -> None:
        self._heights: dict[int, float] = {}
        for surface in root.iter("surface"):
            try:
                self._heights[int(surface.get("n", ""))] = abs(
                    float(surface.get("lry", "")) - float(surface.get("uly", ""))
                )
            except ValueError:
                continue

    def pieces(self, coords: str, text: str, start: int) -> list[SourcePiece]:
        """Return where a text that begins at offset `start` stands.

        `coords` names a box per line, not what is in it: where the lines fall into several columns or pages the text
        is divided between them by the lengths of their lines.
        """
        areas = _areas(coords)
        total = sum(area.width for area in areas) or 1.0
        pieces: list[SourcePiece] = []
        begin, share = 0, 0.0
        for index, area in enumerate(areas):
            share += area.width / total
            end = len(text) if index == len(areas) - 1 else text.rfind(" ", 0, round(share * len(text))) + 1
            if end > begin:
                pieces.append(SourcePiece(start=start + begin, end=start + end, page=area.page, box=self._box(area)))
                begin = end
        return pieces

    def _box(self, area: _Area) -> tuple[float, float, float, float] | None:
        height = self._heights.get(area.page)
        if height is None:
            return None
        left, bottom, right, top = area.left, height - area.bottom, area.right, height - area.top
        return round(left, 1), round(bottom, 1), round(right, 1), round(top, 1)


def _areas(coords: str) -> list[_Area]:
    areas: list[_Area] = []
    for part in coords.split(";"):
        fields = part.split(",")
        try:
            page, (left, top, width, height) = int(fields[0]), map(float, fields[1:])
        except ValueError:
            continue
        if len(fields) != _FIELDS or page < 1:
            continue
        if areas and areas[-1].takes(page, top, height):
            last = areas[-1]
            last.left, last.right = min(last.left, left), max(last.right, left + width)
            last.top, last.bottom = min(last.top, top), max(last.bottom, top + height)
            last.width += width
        else:
            areas.append(_Area(page, left, top, left + width, top + height, width))
    return areas
