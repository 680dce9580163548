"""Cells of a PDF's table that stand for several columns or rows, and cells that are empty."""

from __future__ import annotations

from ingest.pdf import read_pdf
from kb.document import Document, Table
from tests.ingest.sheets import Sheet, pdf_of

LEAD = (
    "The selection is given in a table which lists what every event of a region",
    "must satisfy. The regions do not overlap with each other, and a dash stands",
    "for no requirement at all in the region of its column.",
)


def read(sheet: Sheet) -> tuple[Document, Table]:
    sheet.lines(72, 760, *LEAD)
    sheet.lines(72, 715, "Table 1: Requirements of the regions.")
    document = read_pdf(pdf_of(sheet), arxiv_id="test")
    (table,) = document.tables
    return document, table


def cells(document: Document, table: Table) -> list[list[str]]:
    """Return the rows as they are laid out: a cell stands in all columns and rows it spans."""
    height, width = table.shape
    grid = [["?"] * width for _ in range(height)]
    for cell in table.cells:
        for row in range(cell.row, cell.row + cell.row_span):
            for column in range(cell.column, cell.column + cell.column_span):
                grid[row][column] = document.quote(cell.start, cell.end)
    return grid


def centred(sheet: Sheet, y: float, *pieces: tuple[float, str]) -> None:
    for x, text in pieces:
        sheet.text(x - 3 * len(text), y, text)


def framed(*, x0: float = 72, x1: float = 420, levels: tuple[float, ...] = (705, 690)) -> Sheet:
    sheet = Sheet()
    for y in levels:
        sheet.rule(x0, y, x1)
    return sheet


def test_a_value_centred_over_columns_makes_no_column_of_its_own() -> None:
    sheet = framed(levels=(705, 690, 640))
    centred(sheet, 695, (180, "SR"), (250, "VR"), (320, "CR"), (390, "TR"))
    for y, name, pieces in (
        (680, "N jets", ((215, "2"), (355, "3"))),
        (668, "b tags", ((215, "1"), (320, "2"), (390, "1"))),
        (656, "HT", ((180, "> 180"), (250, "> 190"), (320, "> 220"), (390, "> 230"))),
        (644, "Score", ((180, "> 0.9"), (250, "-"), (320, "-"), (390, "< 0.3"))),
    ):
        sheet.text(80, y, name)
        centred(sheet, y, *pieces)
    assert cells(*read(sheet)) == [
        ["", "SR", "VR", "CR", "TR"],
        ["N jets", "2", "2", "3", "3"],
        ["b tags", "1", "1", "2", "1"],
        ["HT", "> 180", "> 190", "> 220", "> 230"],
        ["Score", "> 0.9", "-", "-", "< 0.3"],
    ]


def test_a_wide_value_over_two_columns_leaves_them_apart() -> None:
    sheet = framed(levels=(705, 690, 640))
    centred(sheet, 695, (180, "SR-High"), (250, "SR-Int"), (330, "SR-Low"))
    for y, name, pieces in (
        (680, "MET", ((180, "> 250"), (250, "> 5"), (330, "> 100"))),
        (668, "mjj", ((216, "[70,100]"), (330, "[70,90]"))),
        (656, "dphi", ((180, "-"), (250, "[.5,3.0]"), (330, "< 0.8"))),
        (644, "mT", ((180, "> 80"), (250, "> 6"), (330, "-"))),
    ):
        sheet.text(80, y, name)
        centred(sheet, y, *pieces)
    assert cells(*read(sheet))[1:4] == [
        ["MET", "> 250", "> 5", "> 100"],
        ["mjj", "[70,100]", "[70,100]", "[70,90]"],
        ["dphi", "-", "[.5,3.0]", "< 0.8"],
    ]


def test_a_lone_value_is_for_all_columns_where_dashes_fill_the_others() -> None:
    def table(nothing: str) -> list[str]:
        sheet = framed(levels=(705, 690, 640))
        centred(sheet, 695, (180, "SR"), (250, "VR"), (320, "CR"))
        for y, name, values in (
            (680, "N jets", ("2", "3", "4")),
            (668, "HT", (nothing, "> 190", nothing)),
            (656, "Score", ("> 0.9", nothing, "> 0.1")),
        ):
            sheet.text(80, y, name)
            centred(sheet, y, *((x, v) for x, v in zip((180, 250, 320), values, strict=True) if v))
        sheet.text(80, 644, "b tags")
        centred(sheet, 644, (250, "0"))
        return cells(*read(sheet))[-1]

    assert table("-") == ["b tags", "0", "0", "0"]
    assert table("") == ["b tags", "", "0", ""]


def test_rows_without_a_label_are_rows_of_their_own() -> None:
    sheet = framed(levels=(705, 690, 620))
    rows = [
        ("Muons", "pT", "> 550 MeV"),
        ("", "IP chi2", "> 4"),
        ("Kaons", "pT", "> 350 MeV"),
        ("", "p", "> 3 GeV"),
        ("", "IP chi2", "> 9"),
    ]
    for y, row in zip((695, 680, 668, 656, 644, 632), [("Particle", "Variable", "Value"), *rows], strict=True):
        for x, text in zip((80, 180, 300), row, strict=True):
            sheet.text(x, y, text)
    document, table = read(sheet)
    assert cells(document, table)[1:] == [list(row) for row in rows]
    assert all(cell.row_span == 1 for cell in table.cells)


def test_a_wrapped_cell_goes_on_beneath_its_first_line() -> None:
    sheet = framed(levels=(705, 690, 640))
    for y, row in (
        (695, ("Region", "Trigger", "Use")),
        (680, ("SR", "one muon of", "search")),
        (668, ("", "24 GeV", "for signal")),
        (650, ("CR", "no muon", "norm")),
    ):
        for x, text in zip((80, 180, 300), row, strict=True):
            sheet.text(x, y, text)
    assert cells(*read(sheet))[1] == ["SR", "one muon of 24 GeV", "search for signal"]


def test_names_beneath_a_heading_over_columns_are_a_row_of_their_own() -> None:
    sheet = framed(levels=(705, 678, 640))
    sheet.text(80, 695, "Region")
    centred(sheet, 695, (180, "BDT"), (285, "requirements"), (390, "b jets"))
    sheet.rule(220, 692, 350)
    centred(sheet, 682, (250, "score"), (320, "mass"))
    for y, name, values in (
        (668, "A1", ("> 0.4", "> 0.98", "110-150", "0")),
        (656, "A2", ("> 0.1", "> 0.9", "90", "1")),
    ):
        sheet.text(80, y, name)
        centred(sheet, y, *zip((180, 250, 320, 390), values, strict=True))
    assert cells(*read(sheet))[:3] == [
        ["Region", "BDT", "requirements", "requirements", "b jets"],
        ["", "", "score", "mass", ""],
        ["A1", "> 0.4", "> 0.98", "110-150", "0"],
    ]


def test_names_beside_a_head_of_two_lines_span_it() -> None:
    sheet = framed(levels=(705, 676, 640))
    centred(sheet, 695, (215, "ggF"))
    sheet.text(80, 689, "Requirement")
    centred(sheet, 689, (320, "VBF"))
    centred(sheet, 683, (180, "0-jet"), (250, "1-jet"))
    for y, name, values in ((666, "N jets", ("0", "1", "> 2")), (654, "mll", ("< 55", "< 60", "-"))):
        sheet.text(80, y, name)
        centred(sheet, y, *zip((180, 250, 320), values, strict=True))
    assert cells(*read(sheet))[:2] == [["Requirement", "ggF", "ggF", "VBF"], ["Requirement", "0-jet", "1-jet", "VBF"]]


def test_a_heading_that_the_rules_between_columns_leave_out_is_for_all_of_them() -> None:
    sheet = framed(levels=(705, 690, 676, 652, 638, 626))
    for x in (170, 300):
        for low, high in ((652, 676), (626, 638), (690, 705)):
            sheet.wall(x, low, high)
    for y, row in (
        (695, ("Parameter", "Value", "Remarks")),
        (667, ("pT", "> 10 GeV", "")),
        (655, ("ID", "Tight", "")),
        (629, ("pT", "> 25 GeV", "JVF cut")),
    ):
        for x, text in zip((80, 180, 310), row, strict=True):
            sheet.text(x, y, text)
    sheet.text(360, 680, "Electrons")
    sheet.text(390, 642, "Jets")
    assert cells(*read(sheet))[1:] == [
        ["Electrons"] * 3,
        ["pT", "> 10 GeV", ""],
        ["ID", "Tight", ""],
        ["Jets"] * 3,
        ["pT", "> 25 GeV", "JVF cut"],
    ]


def test_a_value_flush_with_those_of_its_column_is_no_heading() -> None:
    sheet = framed(levels=(705, 690, 640))
    for y, row in (
        (695, ("Lepton", "Trigger", "Threshold")),
        (680, ("Electron", "HLT_e24_medium", "25 GeV")),
        (668, ("", "HLT_e60", "60 GeV")),
        (656, ("", "HLT_e120_loose", "")),
        (644, ("Muon", "HLT_mu20", "21 GeV")),
    ):
        for x, text in zip((80, 204, 330), row, strict=True):
            sheet.text(x, y, text)
    assert cells(*read(sheet))[3] == ["", "HLT_e120_loose", ""]


def test_full_lines_between_two_rules_are_rows_beside_one_label() -> None:
    levels = (705, 690, 664, 638, 612)
    sheet = framed(levels=levels)
    for x, text in zip((80, 160, 220, 330), ("Channel", "Year", "Trigger", "Threshold"), strict=True):
        sheet.text(x, 695, text)
    for top, name in ((690, "ee"), (664, "em"), (638, "mm")):
        sheet.text(80, top - 10, name)
        for k, year in enumerate(("2015", "2016")):
            sheet.text(160, top - 10 - 12 * k, year)
            sheet.text(220, top - 10 - 12 * k, f"HLT_{name}{k}")
            sheet.text(330, top - 10 - 12 * k, f"> {15 + 3 * k} GeV")
    grid = cells(*read(sheet))
    assert grid[1:3] == [["ee", "2015", "HLT_ee0", "> 15 GeV"], ["ee", "2016", "HLT_ee1", "> 18 GeV"]]


def test_a_cell_amid_empty_ones_is_for_its_row_only_where_others_of_its_column_are_not_in_the_middle() -> None:
    def table(*columns: tuple[str, ...]) -> list[list[str]]:
        sheet = framed(levels=(705, 690, 628))
        for x, text in zip((80, 200, 320), ("Particle", "Variable", "Value"), strict=True):
            sheet.text(x, 695, text)
        for x, column in zip((80, 200, 320), columns, strict=True):
            for y, text in zip((680, 668, 656, 644, 632), column, strict=True):
                sheet.text(x, y, text)
        return [row[:1] for row in cells(*read(sheet))[1:]]

    names, values = ("pT", "chi2", "eta", "mass", "p"), ("> 1", "> 2", "> 3", "> 4", "> 5")
    # Three rows of muons with the label in the middle, two of kaons each with its own.
    assert table(("", "Muon", "", "K+", "K-"), names, values) == [["Muon"], ["Muon"], ["Muon"], ["K+"], ["K-"]]
    # The label of muons is at their first row, so that of kaons is as well.
    assert table(("Muon", "", "Kaon", "", ""), names, values) == [["Muon"], [""], ["Kaon"], [""], [""]]


def test_a_heavy_rule_closes_a_table() -> None:
    sheet = framed(levels=(690, 664))
    for y in (705, 628):
        sheet.marks.append(f"72 {y} 348 2.4 re f")
    for y, row in ((695, ("Region", "MET", "HT")), (680, ("SR1", "> 20", "")), (668, ("SR2", "> 30", "> 9"))):
        for x, text in zip((80, 200, 320), row, strict=True):
            sheet.text(x, y, text)
    for y, row in ((648, ("SR3", "> 40", "> 8")), (636, ("SR4", "> 50", "> 7"))):
        for x, text in zip((80, 200, 320), row, strict=True):
            sheet.text(x, y, text)
    assert [row[0] for row in cells(*read(sheet))] == ["Region", "SR1", "SR2", "SR3", "SR4"]
