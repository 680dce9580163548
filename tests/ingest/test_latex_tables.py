"""Tables are grids whose cells are spans of the text."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kb.document import Document, Table

PaperOf = Callable[..., Document]


def grid(document: Document, table: Table) -> list[list[str]]:
    rows, columns = table.shape
    cells = [[table.at(row, column) for column in range(columns)] for row in range(rows)]
    return [[document.quote(cell.start, cell.end) if cell else "" for cell in row] for row in cells]


REGIONS = r"""
\begin{table}[htb]
\centering
\caption{Signal regions.}\label{tab:sr}
\resizebox{\textwidth}{!}{%
\begin{tabular}{l|cc}
\toprule
\multirow{2}{*}{Variable} & \multicolumn{2}{c}{Region} \\ \cmidrule(lr){2-3}
 & SR1 & SR2 \\
\midrule
$p_T$ [GeV] & $>200$ & [100, 200] \\[2pt]
$N_{\mathrm{jet}}$ & \multicolumn{2}{c}{$\geq 4$}\\
$b$ veto & \checkmark & -- \\
\bottomrule
\end{tabular}}
\end{table}
Table~\ref{tab:sr}.
"""


def test_merged_cells_cover_their_rows_and_columns(paper_of: PaperOf) -> None:
    document = paper_of(REGIONS)
    (table,) = document.tables
    assert table.shape == (5, 3)
    assert grid(document, table) == [
        ["Variable", "Region", "Region"],
        ["Variable", "SR1", "SR2"],
        ["p_T [GeV]", "> 200", "[100, 200]"],
        ["N_jet", "≥ 4", "≥ 4"],
        ["b veto", "✓", "–"],
    ]
    assert {cell.row for cell in table.cells if cell.header} == {0, 1}
    assert table.caption is not None
    assert document.quote(table.caption.start, table.caption.end) == "Table 1: Signal regions."
    assert table.label == "Table 1"
    assert document.text.endswith("Table 1.")


def test_a_table_is_one_block_with_a_line_for_each_row(paper_of: PaperOf) -> None:
    document = paper_of(REGIONS)
    (block,) = [block for block in document.blocks if block.kind == "table"]
    assert document.quote(block.start, block.end).split("\n") == [
        "Variable | Region",
        " | SR1 | SR2",
        "p_T [GeV] | > 200 | [100, 200]",
        "N_jet | ≥ 4",
        "b veto | ✓ | –",
    ]


@pytest.mark.parametrize(
    ("latex", "rows"),
    [
        (
            r"\begin{tabular*}{\textwidth}{@{\extracolsep{\fill}}lr} a & b \\ c & d \end{tabular*}",
            [["a", "b"], ["c", "d"]],
        ),
        (r"\begin{tabularx}{5cm}[t]{lX} a & b \\ \hline c & d \\ \end{tabularx}", [["a", "b"], ["c", "d"]]),
        (r"\begin{tabular}{r@{$\,\pm\,$}l} 12 & 3 \end{tabular}", [["12", "± 3"]]),
        (r"\begin{tabular}{>{$}c<{$}c} p_T & \eta \end{tabular}", [["p_T", "η"]]),
        (
            r"\begin{tabular}{*{3}{c}} 1 & 2 & 3 \tabularnewline 4 & 5 & \end{tabular}",
            [["1", "2", "3"], ["4", "5", ""]],
        ),
        (r"\begin{tabular}{cc} \makecell{a\\b} & \begin{tabular}{c}c\\d\end{tabular} \end{tabular}", [["a b", "c d"]]),
        (r"\begin{tabular}{cc} {a & b} & c \end{tabular}", [["a b", "c"]]),
        (
            r"\newcommand{\row}[2]{#1 & $#2$ \\}\begin{tabular}{cc}\row{a}{>1}\row{b}{<2}\end{tabular}",
            [["a", "> 1"], ["b", "< 2"]],
        ),
        (
            r"\begin{tabular}{cc} \bf a & b\footnote{n} \\\hline\hline 1\,\% & \num{1e3} \\\hline\end{tabular}",
            [["a", "b"], ["1 %", "1 × 10^3"]],
        ),
        (
            r"\begin{tabular}{S[table-format=2.1]D{.}{.}{1}p{3cm}} 1.2 & {3.4} & text\newline more\end{tabular}",
            [["1.2", "3.4", "text more"]],
        ),
        (
            r"\begin{tabular}{l D{.}{.}{-1} D{+}{\,\pm\,}{2}} a & <1.5 & 2+1 \\ b & \multicolumn{1}{c}{n/a} & \end{tabular}",
            [["a", "< 1.5", "2 ± 1"], ["b", "n/a", ""]],
        ),
        (r"\begin{tabular}{SS} 1e3 & 3 +- 1 \\ {x} & > 5 \end{tabular}", [["1 × 10^3", "3 ± 1"], ["x", "> 5"]]),
        (
            r"\newcolumntype{L}[1]{>{\raggedright}p{#1}}\newcolumntype{M}{>{$}c<{$}}"
            r"\begin{tabular}{L{3cm}M} a & \eta>2 \end{tabular}",
            [["a", "η > 2"]],
        ),
        (
            r"\begin{tabular}{lr@{.}lc} a & 1&5 & x \\ b & \multicolumn{2}{c}{n} & y\end{tabular}",
            [["a", "1.5", "x"], ["b", "n", "y"]],
        ),
        (
            r"\begin{tabular}{c|c}\multicolumn{1}{c|}{\multirow{2}*{A}} & b\\ \multicolumn{1}{c|}{} & c\end{tabular}",
            [["A", "b"], ["A", "c"]],
        ),
        (r"\begin{scotch}{lc} a & b \\ \hline c & d \\ \end{scotch}", [["a", "b"], ["c", "d"]]),
        (r"\begin{NiceTabular}{ll}[hvlines] a & \xmark \\ \end{NiceTabular}", [["a", "✗"]]),
        (
            r"\begin{tabular}{cc} a\tnote{b} & \ding{51} \\[\mySkip] c & \ding{55} \end{tabular}",
            [["a^b", "✓"], ["c", "✗"]],
        ),
        (
            r"\begin{tabulary}{5cm}{LCR} a & \shortstack[l]{x\\y} & \parbox[t]{2cm}{u\\v}\end{tabulary}",
            [["a", "x y", "u v"]],
        ),
        (
            r"\newenvironment{cuts}{\begin{tabular}{ll}}{\end{tabular}}\begin{cuts} a & b \\ c & d \end{cuts}",
            [["a", "b"], ["c", "d"]],
        ),
    ],
)
def test_every_kind_of_tabular_is_read(paper_of: PaperOf, latex: str, rows: list[list[str]]) -> None:
    document = paper_of(latex)
    assert [grid(document, table) for table in document.tables] == [rows]


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        (r"A & B \\ \hline a & 1 \\ b & 2", {0}),
        (r"\hline A & \multicolumn{2}{c}{B} \\ & x & y \\ \hline $p_T>5$ & 1 & 2 \\ \hline", {0, 1}),
        (r"\toprule A & B \\ \midrule \multicolumn{2}{l}{Group} \\ \midrule a & 1 \\ \bottomrule", {0}),
        (r"a & 1 \\ b & 2 \\ \hline Total & 3", set()),
        (r"a & 1 \\ b & 2", set()),
    ],
)
def test_the_head_stands_above_the_first_rule(paper_of: PaperOf, rows: str, header: set[int]) -> None:
    (table,) = paper_of(rf"\begin{{tabular}}{{lll}}{rows}\end{{tabular}}").tables
    assert {cell.row for cell in table.cells if cell.header} == header


@pytest.mark.parametrize(
    "latex",
    [
        r"\begin{longtable}{l}\caption{Cuts}\\ a\end{longtable}",
        r"\captionof{table}{Cuts}\begin{tabular}{l}a\end{tabular}",
        r"\begin{tabular}{l}a\end{tabular}\captionof{table}{Cuts}",
        r"\ctable[caption={Cuts}, pos=t]{l}{}{\FL a \LL}",
        r"\begin{sidewaystable}\caption{Cuts}\begin{tabular}{l}a\end{tabular}\end{sidewaystable}",
        r"\begin{wraptable}{r}{5cm}\begin{tabular}{l}a\end{tabular}\caption{Cuts}\end{wraptable}",
    ],
)
def test_a_table_knows_its_caption_wherever_it_stands(paper_of: PaperOf, latex: str) -> None:
    document = paper_of(f"First.\n\n{latex}\n\nLast.")
    (table,) = document.tables
    assert table.caption is not None
    assert document.quote(table.caption.start, table.caption.end) == "Table 1: Cuts"
    assert (table.label, grid(document, table)) == ("Table 1", [["a"]])


def test_parts_of_a_table_are_lettered(paper_of: PaperOf) -> None:
    document = paper_of(
        r"""\begin{table}\caption{A}\begin{subtable}{3cm}\caption{left}\begin{tabular}{l}a\end{tabular}\end{subtable}
        \begin{subtable}{3cm}\begin{tabular}{l}b\end{tabular}\caption{right}\end{subtable}\end{table}"""
    )
    assert [table.label for table in document.tables] == ["Table 1(a)", "Table 1(b)"]


def test_a_grid_of_pictures_is_no_table(paper_of: PaperOf) -> None:
    document = paper_of(
        r"""\begin{figure}\begin{tabular}{cc}\includegraphics{a} & \includegraphics{b}\\(a)&(b)\end{tabular}
        \caption{Two.}\end{figure}"""
    )
    assert document.tables == ()
    assert document.text == "(a) (b)\n\nFigure 1: Two."


def test_a_preamble_that_multiplies_itself_ends(paper_of: PaperOf) -> None:
    preamble = "*{99}{" * 6 + "|" + "}" * 6
    assert paper_of(rf"\begin{{tabular}}{{{preamble}}} a \end{{tabular}}").text == "a"


def test_a_longtable_has_one_head_and_its_caption(paper_of: PaperOf) -> None:
    document = paper_of(
        r"""\begin{longtable}{cc}\caption{Long.}\\ \hline H1 & H2\\ \hline \endfirsthead
        \multicolumn{2}{c}{continued}\\ H1 & H2\\ \endhead \multicolumn{2}{c}{next page}\\ \endfoot \endlastfoot
        a & b\\ c & d\end{longtable}"""
    )
    (table,) = document.tables
    assert grid(document, table) == [["H1", "H2"], ["a", "b"], ["c", "d"]]
    assert document.blocks[0].kind == "caption"


def test_two_tables_in_a_float_have_the_captions_that_stand_with_them(paper_of: PaperOf) -> None:
    one = r"\begin{tabular}{c}%s\end{tabular}"
    document = paper_of(
        r"\begin{table}\caption{First}" + one % "a" + r"\caption{Second}" + one % "b" + r"\end{table}"
        r"\begin{table}" + one % "c" + one % "d" + r"\caption{Both}\end{table}"
    )
    captions = [document.quote(table.caption.start, table.caption.end) for table in document.tables if table.caption]
    assert captions == ["Table 1: First", "Table 2: Second", "Table 3: Both", "Table 3: Both"]


def test_citations_in_cells_are_spans(paper_of: PaperOf) -> None:
    document = paper_of(r"\begin{tabular}{cc} ATLAS & 5~\cite{a} \\ CMS & 6~\cite{b}\end{tabular}")
    assert [document.quote(c.start, c.end) for c in document.citations] == ["[1]", "[2]"]
    assert document.tables[0].cells[1].overlaps(document.citations[0])


def test_a_table_that_never_ends_keeps_its_words(paper_of: PaperOf) -> None:
    document = paper_of(r"\begin{tabular}{cc} alpha & beta \\ gamma")
    assert [word for word in ("alpha", "beta", "gamma") if word not in document.text] == []
