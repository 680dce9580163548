"""Tables are grids: one requirement per cell, whatever rules and centring draw them."""

from __future__ import annotations

from ingest.pdf import read_pdf
from kb.document import Document, Table
from tests.ingest.sheets import Sheet, pdf_of

LEAD = (
    "The selection is given in a table which lists what every event of a region",
    "must satisfy. The regions do not overlap with each other, and a dash stands",
    "for no requirement at all in the region of its column.",
)


def read(sheet: Sheet) -> Document:
    sheet.lines(72, 760, *LEAD)
    return read_pdf(pdf_of(sheet), arxiv_id="test")


def rows(document: Document, table: Table) -> list[list[str]]:
    height, _ = table.shape
    return [[document.quote(c.start, c.end) for c in table.cells if c.row == row] for row in range(height)]


def test_rules_above_and_below_frame_a_table_with_its_caption() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, "Table 1: Requirements of the regions.")
    for y in (690, 672, 630):
        sheet.rule(72, y, 400)
    for y, cells in (
        (677, ("Variable", "SR", "CR")),
        (660, ("p_T [GeV]", "> 30", "> 20")),
        (648, ("m_jj [GeV]", "> 500", "–")),
        (636, ("N_jets", "≥ 2".replace("≥", ">="), "2")),
    ):
        for x, cell in zip((80, 200, 300), cells, strict=True):
            sheet.math(x, y, cell.replace("–", "-"))
    document = read(sheet)
    (table,) = document.tables
    assert table.label == "1"
    assert table.caption is not None
    assert document.quote(table.caption.start, table.caption.end) == "Table 1: Requirements of the regions."
    assert document.quote(table.start, table.end).splitlines()[:3] == [
        "Variable | SR | CR",
        "p_T [GeV] | > 30 | > 20",
        "m_jj [GeV] | > 500 | -",
    ]
    assert table.shape == (4, 3)
    assert {cell.row for cell in table.cells if cell.header} == {0}
    assert len([block for block in document.blocks if block.kind == "table"]) == 1


def test_cells_between_vertical_rules_span_the_columns_they_cover() -> None:
    sheet = Sheet()
    sheet.lines(72, 720, "Table 2: Signal regions.")
    edges = (80, 160, 220, 280, 340)
    levels = (700, 680, 660, 640, 620)
    for level in levels:
        sheet.rule(80, level, 340)
    for x in edges:
        sheet.wall(x, 660, 700)
    for x in (80, 160, 340):
        sheet.wall(x, 640, 660)
    for x in (80, 160, 220, 340):
        sheet.wall(x, 620, 640)
    for y, cells in (
        (686, (("Region", 90), ("A", 185), ("B", 245), ("C", 305))),
        (666, (("p_T >", 90), ("10", 182), ("20", 242), ("30", 302))),
        (646, (("H_T >", 90), ("400", 240))),
        (626, (("N_j >", 90), ("2", 185), ("4", 278))),
    ):
        for text, x in cells:
            sheet.math(x, y, text)
    document = read(sheet)
    (table,) = document.tables
    assert rows(document, table) == [
        ["Region", "A", "B", "C"],
        ["p_T >", "10", "20", "30"],
        ["H_T >", "400"],
        ["N_j >", "2", "4"],
    ]
    whole, pair = table.at(2, 3), table.at(3, 3)
    assert whole is not None
    assert (whole.column, whole.column_span) == (1, 3)
    assert pair is not None
    assert (pair.column, pair.column_span) == (2, 2)


def test_a_label_centred_on_several_rows_spans_them() -> None:
    sheet = Sheet()
    sheet.lines(72, 720, "Table 3: Regions.")
    for y in (710, 692, 638):
        sheet.rule(72, y, 380)
    for x, head in zip((80, 160, 280), ("N_b", "H_T [GeV]", "Region"), strict=True):
        sheet.math(x, 697, head)
    for y, ht, region in (
        (680, "60-400", "SR1"),
        (668, "400-600", "SR2"),
        (656, "60-400", "SR3"),
        (644, "> 600", "SR4"),
    ):
        sheet.text(160, y, ht)
        sheet.text(280, y, region)
    sheet.text(85, 674, "0")
    sheet.text(85, 650, "1")
    document = read(sheet)
    (table,) = document.tables
    for row, label in ((1, "0"), (2, "0"), (3, "1"), (4, "1")):
        cell = table.at(row, 0)
        assert cell is not None
        assert (document.quote(cell.start, cell.end), cell.row_span) == (label, 2)


def test_a_requirement_wrapped_over_lines_is_one_cell() -> None:
    sheet = Sheet()
    sheet.lines(72, 720, "Table 4: Criteria.")
    for y in (710, 640):
        sheet.rule(72, y, 420)
    sheet.text(80, 698, "Photon")
    sheet.math(180, 698, "E_T > 150 GeV, tight, isolated,")
    sheet.math(180, 686, "within 0.25 m of the vertex")
    sheet.text(80, 666, "Jets")
    sheet.math(180, 666, "0 or 1 with p_T > 30 GeV")
    sheet.text(80, 648, "Lepton")
    sheet.text(180, 648, "none")
    document = read(sheet)
    (table,) = document.tables
    assert rows(document, table) == [
        ["Photon", "E_T > 150 GeV, tight, isolated, within 0.25 m of the vertex"],
        ["Jets", "0 or 1 with p_T > 30 GeV"],
        ["Lepton", "none"],
    ]


def test_cells_lie_inside_the_table_in_the_order_of_the_text() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, "Table 5: Yields.")
    for y in (690, 672, 640):
        sheet.rule(72, y, 300)
    for y, cells in ((677, ("", "SR")), (660, ("data", "11")), (648, ("sum", "7.5"))):
        for x, cell in zip((80, 200), cells, strict=True):
            if cell:
                sheet.text(x, y, cell)
    document = read(sheet)
    (table,) = document.tables
    starts = [cell.start for cell in table.cells]
    assert starts == sorted(starts)
    assert all(table.start <= cell.start <= cell.end <= table.end for cell in table.cells)
    assert document.quote(table.start, table.end) == " | SR\ndata | 11\nsum | 7.5"


def test_small_tables_beside_one_another_are_read_as_one() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, "Table 6: Yields in two bins.")
    for left in (80, 280):
        for y in (690, 672, 630):
            sheet.rule(left, y, left + 150)
        for y, cells in (
            (677, ("Process", "Yield")),
            (660, ("signal", "4.4")),
            (648, ("top", "1.1")),
            (636, ("sum", "5.5")),
        ):
            for x, cell in zip((left + 5, left + 90), cells, strict=True):
                sheet.text(x, y, cell)
    document = read(sheet)
    (table,) = document.tables
    assert document.quote(table.start, table.end).splitlines()[1] == "signal | 4.4 | signal | 4.4"


def test_a_table_goes_on_over_a_page_under_its_repeated_header() -> None:
    sheets = []
    for first in (1, 21):
        sheet = Sheet()
        if first == 1:
            sheet.lines(72, 770, "Table 7: All bins of the search.")
        for y in (760, 742, 742 - 14 * 20 - 8):
            sheet.rule(72, y, 400)
        for x, head in zip((80, 200, 320), ("Bin", "HT", "Events"), strict=True):
            sheet.text(x, 748, head)
        for row in range(20):
            for x, value in zip((80, 200, 320), (first + row, 100 * row, 7 * row), strict=True):
                sheet.text(x, 728 - 14 * row, str(value))
        sheets.append(sheet)
    document = read_pdf(pdf_of(*sheets), arxiv_id="test")
    (table,) = document.tables
    assert table.label == "7"
    assert table.shape == (41, 3)
    assert [rows(document, table)[k][0] for k in (0, 1, 20, 21, 40)] == ["Bin", "1", "20", "21", "40"]


def test_a_wide_gap_within_a_ruled_cell_parts_it_only_where_the_rows_agree() -> None:
    sheet = Sheet()
    sheet.lines(72, 720, "Table 8: Super regions.")
    for y in (710, 682, 650):
        sheet.rule(72, y, 430)
    sheet.wall(120, 650, 710)
    sheet.wall(275, 650, 710)
    for x in (125, 280):
        sheet.text(x, 698, "N < 2,")
        sheet.text(x + 46, 698, "M > 120 GeV")
        sheet.text(x, 686, "H > 200 GeV,")
        sheet.text(x + 82, 686, "E > 9 GeV")
    for y, cells in ((670, ("off", "SSR1", "SSR2")), (656, ("on", "SSR3", "SSR4"))):
        for x, cell in zip((80, 185, 340), cells, strict=True):
            sheet.text(x, y, cell)
    document = read(sheet)
    (table,) = document.tables
    assert table.shape[1] == 3
    assert "N < 2, M > 120 GeV" in rows(document, table)[0][1]


def test_a_table_needs_no_rules_beneath_its_caption() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, "Table 9: Processes and programs with", "which they are simulated.")
    for row, cells in enumerate((("Process", "Program"), ("signal", "Powheg"), ("top", "Sherpa"), ("jets", "Pythia"))):
        for x, cell in zip((80, 200), cells, strict=True):
            sheet.text(x, 672 - 12 * row, cell)
    sheet.lines(72, 600, "The text goes on after the table with prose.", "It has no cells in it.")
    document = read(sheet)
    (table,) = document.tables
    assert rows(document, table) == [
        ["Process", "Program"],
        ["signal", "Powheg"],
        ["top", "Sherpa"],
        ["jets", "Pythia"],
    ]
    assert table.label == "9"


def test_cells_know_their_page_and_box() -> None:
    first, second = Sheet(), Sheet()
    first.lines(72, 760, *LEAD)
    second.lines(72, 720, "Table 1: Requirements.")
    for y in (710, 690, 660):
        second.rule(72, y, 300)
    for y, cells in ((696, ("Variable", "SR")), (678, ("N_jets", "> 2")), (666, ("H_T", "> 700 GeV"))):
        for x, cell in zip((80, 200), cells, strict=True):
            second.math(x, y, cell)
    document = read_pdf(pdf_of(first, second), arxiv_id="test")
    (table,) = document.tables
    pieces = [document.source_of(cell.start) for cell in table.cells]
    assert [piece.page for piece in pieces if piece] == [2] * 6
    last = pieces[-1]
    assert last is not None
    assert last.box is not None
    assert 199 < last.box[0] < 201
    assert last.box[1] < 666 < last.box[3]


def test_names_of_columns_over_two_lines_are_one_cell_each() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, "Table 1: Requirements of the regions.")
    for y in (690, 660, 618):
        sheet.rule(72, y, 400)
    for y, cells in (
        (677, ("Signal", "Momentum", "N_jets", "N_b")),
        (665, ("region", "[GeV]", "", "")),
        (648, ("A", "> 30", "4", "1")),
        (636, ("B", "> 50", "5", "2")),
        (624, ("C", "> 70", "6", "3")),
    ):
        for x, cell in zip((80, 160, 260, 340), cells, strict=True):
            sheet.math(x, y, cell)
    document = read(sheet)
    (table,) = document.tables
    assert rows(document, table)[:2] == [["Signal region", "Momentum [GeV]", "N_jets", "N_b"], ["A", "> 30", "4", "1"]]
    assert {cell.row for cell in table.cells if cell.header} == {0}


def test_names_beneath_a_name_of_several_columns_are_a_row_of_their_own() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, "Table 1: Limits.")
    for y in (690, 660, 630):
        sheet.rule(72, y, 400)
    sheet.text(250, 677, "Limit in fb")
    for y, cells in (
        (665, ("Region", "SR1", "SR2", "SR3")),
        (648, ("Seen", "7", "3", "2")),
        (636, ("Due", "9", "4", "3")),
    ):
        for x, cell in zip((80, 200, 280, 350), cells, strict=True):
            sheet.text(x, y, cell)
    document = read(sheet)
    (table,) = document.tables
    assert rows(document, table)[1:3] == [["Region", "SR1", "SR2", "SR3"], ["Seen", "7", "3", "2"]]
    assert {cell.row for cell in table.cells if cell.header} == {0, 1}


def test_a_head_beside_an_empty_corner_ends_at_the_rule_that_leaves_the_corner_out() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, "Table 3: Regions for others to use.")
    sheet.rule(80, 690, 400)
    sheet.rule(130, 660, 400)
    sheet.rule(80, 630, 400)
    for x in (130, 265):
        sheet.wall(x, 630, 690)
    for y, cells in (
        (677, ("", "N_b > 2,", "N_b > 3,")),
        (665, ("", "H_T > 200 GeV", "H_T > 60 GeV")),
        (648, ("off", "S1", "S2")),
        (636, ("on", "S3", "S4")),
    ):
        for x, cell in zip((90, 140, 275), cells, strict=True):
            sheet.math(x, y, cell)
    document = read(sheet)
    (table,) = document.tables
    assert rows(document, table) == [
        ["", "N_b > 2, H_T > 200 GeV", "N_b > 3, H_T > 60 GeV"],
        ["off", "S1", "S2"],
        ["on", "S3", "S4"],
    ]
    assert {cell.row for cell in table.cells if cell.header} == {0}
