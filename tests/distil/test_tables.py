"""Region tables are read in every orientation: one requirement per cell, dashes meaning none."""

from __future__ import annotations

import pytest

from kb.distil import distil
from kb.document import Block, Cell, Document, Span, Table

Place = tuple[int, int, int, int, str]


def table(caption: str, cells: list[Place]) -> Document:
    """Build a document of one table; a cell is (row, column, row span, column span, text)."""
    text = f"{caption}\n\n"
    start = len(text)
    placed = []
    for row, column, high, wide, words in cells:
        end = len(text) + len(words)
        placed.append(Cell(start=len(text), end=end, row=row, column=column, row_span=high, column_span=wide))
        text += f"{words} | "
    grid = Table(start=start, end=len(text), caption=Span(start=0, end=len(caption)), cells=tuple(placed))
    blocks = (Block(start=0, end=len(caption), kind="caption"), Block(start=start, end=len(text), kind="table"))
    return Document(arxiv_id="t", source_format="latex", text=text, blocks=blocks, tables=(grid,))


def rows(*lines: list[str]) -> list[Place]:
    return [(r, c, 1, 1, cell) for r, line in enumerate(lines) for c, cell in enumerate(line)]


def said(document: Document) -> dict[str, tuple[str, ...]]:
    return {cut.statement(): cut.regions for cut in distil(document).cuts}


def test_rows_are_requirements_and_columns_regions() -> None:
    cells: list[Place] = [
        *rows(["Requirement", "2jl", "2jm", "4jt"]),
        (1, 0, 1, 1, "E_T^miss [GeV] >"),
        (1, 1, 1, 3, "200"),
        *[(2, c, 1, 1, text) for c, text in enumerate(["p_T(j_1) [GeV] >", "200", "300", "200"])],
        *[(3, c, 1, 1, text) for c, text in enumerate(["p_T(j_4) [GeV] >", "–", "–", "100"])],
        *[(4, c, 1, 1, text) for c, text in enumerate(["E_T^miss/√H_T [GeV^1/2] >", "15", "20", "…"])],
    ]
    assert said(table("Table 2: Selection criteria used to define each of the signal regions.", cells)) == {
        "E_T^miss p_T > 200 GeV": ("2jl", "2jm", "4jt"),
        "leading jet p_T > 200 GeV": ("2jl", "4jt"),
        "leading jet p_T > 300 GeV": ("2jm",),
        "4th jet p_T > 100 GeV": ("4jt",),
        "E_T^miss/√H_T > 15": ("2jl",),
        "E_T^miss/√H_T > 20": ("2jm",),
    }


def test_rows_are_regions_and_columns_requirements() -> None:
    cells = rows(
        ["Region", "N_jets", "N_b", "E_T^miss [GeV]", "m_T [GeV]"],
        ["SRA", "≥ 4", "≥ 2", "> 250", "> 120"],
        ["SRB", "2–3", "1", "200–250", "–"],
    )
    assert said(table("Table 4: Definition of the signal regions.", cells)) == {
        "jet N ≥ 4": ("SRA",),
        "b-jet N ≥ 2": ("SRA",),
        "E_T^miss p_T > 250 GeV": ("SRA",),
        "event m_T > 120 GeV": ("SRA",),
        "jet N in 2 to 3": ("SRB",),
        "b-jet N = 1": ("SRB",),
        "E_T^miss p_T in 200 to 250 GeV": ("SRB",),
    }


def test_cells_name_regions_and_the_sides_their_requirements() -> None:
    cells: list[Place] = [
        (0, 0, 1, 1, "N_b jets"),
        (0, 1, 1, 1, "H_T [GeV]"),
        (0, 2, 1, 1, "50 ≤ p_T^miss < 150 GeV"),
        (0, 3, 1, 1, "150 ≤ p_T^miss < 300 GeV"),
        (1, 0, 2, 1, "0"),
        (1, 1, 1, 1, "60–400"),
        (1, 2, 1, 1, "SR1 †"),
        (1, 3, 1, 1, "SR2 †"),
        (2, 1, 1, 1, "400–600"),
        (2, 2, 1, 1, "SR3"),
        (2, 3, 1, 1, "SR4"),
        (3, 0, 1, 1, "≥3"),
        (3, 1, 1, 1, "60–600"),
        (3, 2, 1, 2, "SR13"),
    ]
    found = said(table("Table 2: Summary of the signal region definitions.", cells))
    assert found["b-jet N = 0"] == ("SR1", "SR2", "SR3", "SR4")
    assert found["event H_T in 400 to 600 GeV"] == ("SR3", "SR4")
    assert found["E_T^miss 50 ≤ p_T < 300 GeV"] == ("SR13",)


@pytest.mark.parametrize(
    ("cell", "statement"),
    [
        ("60–120", "ℓℓ m in 60 to 120 GeV"),
        ("[60, 120]", "ℓℓ m in 60 to 120 GeV"),
        ("[60, 120)", "ℓℓ 60 ≤ m < 120 GeV"),
        ("(60, 120]", "ℓℓ 60 < m ≤ 120 GeV"),
        ("∈ (60, 120)", "ℓℓ 60 < m < 120 GeV"),
        ("(60–120)", "ℓℓ m in 60 to 120 GeV"),
        ("∉ [60, 120]", "ℓℓ m not in 60 to 120 GeV"),
        ("∉ (60, 120)", "ℓℓ m ≤ 60 or ≥ 120 GeV"),
    ],
)
def test_brackets_of_an_interval_say_which_ends_it_has(cell: str, statement: str) -> None:
    document = table("Table 4: Definition of the regions.", rows(["Region", "m_ℓℓ [GeV]"], ["SRA", cell]))
    assert said(document) == {statement: ("SRA",)}


def test_a_region_that_spans_ranges_has_the_outermost_ends() -> None:
    cells: list[Place] = [
        (0, 0, 1, 1, "N_jets"),
        (0, 1, 1, 1, "50 < p_T^miss ≤ 150 GeV"),
        (0, 2, 1, 1, "150 < p_T^miss ≤ 300 GeV"),
        (1, 0, 1, 1, "2"),
        (1, 1, 1, 1, "SR1"),
        (1, 2, 1, 1, "SR2"),
        (2, 0, 1, 1, "3"),
        (2, 1, 1, 2, "SR3"),
    ]
    found = said(table("Table 2: Summary of the signal region definitions.", cells))
    assert found["E_T^miss 50 < p_T ≤ 300 GeV"] == ("SR3",)


def test_vetoes_ticks_and_inversions() -> None:
    cells = rows(
        ["Selection", "SR", "CR2ℓ", "CR0b"],
        ["N(leptons)", "=1", "=1 or 2", "=1"],
        ["Isolated track veto", "✓", "inverted", "✓"],
        ["Number of b tags", "=2", "=2", "=0"],
        ["M_bb [GeV]", "∈[90,150]", "—", "∉[90,150]"],
    )
    assert said(table("Table 1: Requirements of the signal and control regions.", cells)) == {
        "ℓ N = 1": ("SR", "CR0b"),
        "ℓ N in 1 to 2": ("CR2ℓ",),
        "track N = 0": ("SR", "CR0b"),
        "track N ≥ 1": ("CR2ℓ",),
        "b-jet N = 2": ("SR", "CR2ℓ"),
        "b-jet N = 0": ("CR0b",),
        "bb m in 90 to 150 GeV": ("SR",),
        "bb m not in 90 to 150 GeV": ("CR0b",),
    }


def test_a_cell_may_be_a_sentence() -> None:
    cells = rows(
        ["CR", "Process", "CR selection"],
        ["CRW", "W + jets", "30 GeV < m_T(ℓ, E_T^miss) < 100 GeV, b-veto"],
        ["CRT", "top", "30 GeV < m_T(ℓ, E_T^miss) < 100 GeV, b-tag"],
    )
    assert said(table("Table 3: Control regions and the requirements used to select them.", cells)) == {
        "event 30 < m_T < 100 GeV": ("CRW", "CRT"),
        "b-jet N = 0": ("CRW",),
        "b-jet N ≥ 1": ("CRT",),
    }


def test_tables_of_results_state_nothing() -> None:
    cells = rows(["Region", "Observed", "E_T^miss [GeV]"], ["SRA", "12", "> 200"], ["SRB", "3", "> 300"])
    document = table("Table 5: Observed and expected event yields.", cells)
    assert said(document) == {}
    assert distil(document).unresolved[0].reason == "a table of results or samples"


def test_every_cell_is_cited_with_its_headers() -> None:
    document = table("Table 4: Definition of the regions.", rows(["Region", "m_T [GeV]"], ["SRA", "> 120"]))
    (cut,) = distil(document).cuts
    assert [(e.quote, e.kind) for e in cut.evidence] == [("> 120", "table"), ("m_T [GeV]", "table"), ("SRA", "table")]
