"""What is written in a figure is no prose, whether the figure is an object of the file or only ink on the page."""

from __future__ import annotations

from ingest.pdf import read_pdf
from kb.document import Document
from tests.ingest.sheets import Sheet, pdf_of

PROSE = (
    "Events are recorded with single-muon triggers and kept if",
    "they have at least one primary vertex. Muons are built by",
    "combining tracks of the inner detector with those of the",
    "spectrometer. The distribution is shown in Fig.",
    "1.",
)


def read(*sheets: Sheet) -> Document:
    return read_pdf(pdf_of(*sheets), arxiv_id="test")


def plot(sheet: Sheet, x: float, y: float, font: str) -> None:
    """Draw a plot 200 points square straight onto the page: frame, ticks, markers, labels."""
    sheet.marks.append(f"{x} {y} 200 200 re S")
    for k in range(1, 20):
        sheet.marks.append(f"{x + 10 * k} {y} 0.4 5 re f {x} {y + 10 * k} 5 0.4 re f")
        sheet.marks.append(f"q 1 0 0 1 {x + 10 * k} {y + 9 * k} cm 0 0 m 2 2 l 1 1 2 2 3 3 c 1 2 3 4 5 6 c S Q")
    for k in range(5):
        sheet.text(x + 40 * k, y - 12, f"{100 * k}", font=font)
        sheet.text(x - 26, y + 40 * k, f"{10 * k}.5", font=font)
    sheet.text(x + 120, y - 26, "M [GeV]", font="I")
    sheet.text(x + 60, y + 170, "Data 2016", font=font)


def test_a_plot_drawn_onto_the_page_leaves_its_caption_and_the_prose() -> None:
    for font in ("I", "F"):
        sheet = Sheet()
        plot(sheet, 150, 560, font)
        sheet.lines(72, 520, "Figure 1: Mass of the muons.", size=9)
        sheet.lines(72, 480, *PROSE)
        assert read(sheet).text == "Figure 1: Mass of the muons.\n\n" + " ".join(PROSE)


def test_a_table_with_many_rules_is_no_figure() -> None:
    sheet = Sheet()
    sheet.lines(72, 720, "Table 1: Regions.")
    for row in range(13):
        sheet.rule(72, 710 - 14 * row, 432)
        for k in range(7):
            if row < 12:
                sheet.wall(72 + 60 * k, 696 - 14 * row, 710 - 14 * row)
        for k in range(6):
            if row < 12:
                sheet.text(80 + 60 * k, 700 - 14 * row, f"{row}.{k}")
    document = read(sheet)
    (table,) = document.tables
    assert table.shape == (12, 6)


def test_text_over_a_patterned_page_is_read() -> None:
    sheet = Sheet()
    for k in range(60):
        for j in range(20):
            sheet.marks.append(f"{30 * j} {14 * k} 0.4 3 re f")
    sheet.lines(72, 780, *(line for _ in range(10) for line in PROSE[:4]))
    assert read(sheet).text.count("at least one primary vertex") == 10
