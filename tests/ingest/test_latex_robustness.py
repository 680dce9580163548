"""No source, however odd, hangs the reader or makes it lose prose."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.eprint import Eprint
from ingest.latex import read_latex
from kb.document import Document
from kb.errors import NoTextError

PaperOf = Callable[..., Document]


def read(body: str, preamble: str = "") -> Document:
    main = f"\\documentclass{{article}}\n{preamble}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"
    return read_latex(Eprint(files={"main.tex": main.encode()}, kind="latex", main="main.tex"), arxiv_id="x")


@pytest.mark.parametrize(
    ("preamble", "body"),
    [
        (r"\def\a{\a}", r"start \a end"),
        (r"\def\a{x\a}", r"start \a end"),
        (r"\def\a{\b\b}\def\b{\c\c}\def\c{\d\d}\def\d{\a\a}", r"start \a end"),
        (r"\newcommand{\a}[1]{\a{#1#1}}", r"start \a{xy} end"),
        (r"\newcommand{\a}{\footnote{\a}}", r"start \a end"),
        (r"\newcommand{\a}{\ensuremath{\text{\a}}}", r"start \a end"),
        (r"\newcommand{\a}{\text{$\frac{\a}{2}$}}", r"start \a end"),
        (r"\newcommand{\a}{\begin{tabular}{c}\a\end{tabular}}", r"start \a end"),
        (r"\newenvironment{e}{\begin{e}}{\end{e}}", r"start \begin{e} x \end{e} end"),
        (r"\DeclareSIUnit{\x}{\x}", r"start \SI{1}{\x} end"),
        (r"\def\a{\ifnum\a}", r"start \a end"),
        (r"\def\a{\csname a\endcsname}", r"start \a end"),
        (r"\def\a{\expandafter\a\a}", r"start \a end"),
        (r"\let\foo\baz\let\baz\foo", r"start \foo end"),
        ("", "start " + r"\if" * 3000 + " end"),
        ("", "start " + "{" * 5000 + " end"),
        ("", "start $" + "{" * 3000 + "x" + "}" * 3000 + "$ end"),
        ("", "start $" + "_" * 3000 + "$ end"),
        ("", "start $" + r"\hat" * 3000 + "$ end"),
        ("", "start $" + r"\frac{" * 400 + "x" + "}{y}" * 400 + "$ end"),
        ("", "start " + r"\footnote{" * 400 + "x" + "}" * 400 + " end"),
        ("", "start " + r"\begin{itemize}\item " * 500 + " end"),
        ("", "start " + r"\begin{tabular}{c}" * 200 + "x" + r"\end{tabular}" * 200 + " end"),
        ("", "start " + "$x " * 501 + " end"),
        ("", "start " + r"\ifthenelse{" + r"\NOT " * 2000 + r"\equal{a}{a}}{}{} end"),
        ("", "start " + r"\'" * 2000 + "a end"),
        ("", "start \\input{main} \\input{main.tex} end"),
    ],
)
def test_endless_macros_and_deep_nesting_end(preamble: str, body: str) -> None:
    text = read(body, preamble).text
    assert "start" in text
    assert "end" in text


@pytest.mark.parametrize(
    "body",
    [
        "alpha $beta gamma\n\ndelta",
        "alpha $$beta gamma\n\ndelta",
        "alpha \\[ beta gamma\n\ndelta",
        "alpha \\begin{equation} beta gamma\n\ndelta",
        "alpha \\begin{align} beta gamma delta",
        "alpha \\textbf{beta gamma\n\ndelta",
        "alpha } beta }} gamma \\} delta",
        "alpha \\begin{figure} beta \\caption{gamma delta",
        "alpha \\end{itemize} beta \\end{nothing} gamma delta",
        "alpha \\begin{itemize} beta \\section{gamma} delta",
        "alpha \\item beta & gamma \\\\ delta",
        "alpha \\else beta \\fi gamma \\or delta",
        "alpha \\iffalse beta gamma delta",
        "alpha \\cite{x beta gamma delta",
        "alpha \\footnote{beta} gamma delta \\footnote",
        "alpha ^beta_gamma #1 ~delta",
        "alpha \\left( beta \\right) gamma delta \\frac",
        "alpha \\begin{tikzpicture} beta gamma delta",
        "alpha \\begin{} beta \\begin gamma delta",
        "alpha [beta \\mystery[gamma delta",
        "alpha \\verb|beta| \\verb gamma delta",
        "alpha\x00 beta\x0c gamma\x1b delta",
    ],
)
def test_unbalanced_sources_keep_their_words(body: str) -> None:
    text = read(body).text
    squeezed = "".join(text.split())
    assert [word for word in ("alpha", "beta", "gamma", "delta") if word not in squeezed] == []


WORDS = ["muons", "electrons", "jets", "require", "above", "below", "selected", "with", "momentum", "isolation"]
FORMULAS = [r"$p_T>5$", r"$|\eta|<2.4$", r"$\frac{a}{b}$", r"\(x\)", r"\ensuremath{\sqrt{s}}", r"$m_{\text{jj}}$"]
COMMANDS = r"""
\textbf{%s}  \emph{%s}  {\it %s}  {{%s}}  \unknown{%s}  \unknown[a]{%s}  \mbox{%s}  ``%s''  \footnote{%s}  \par %s\par{}
\section{%s}  \begin{itemize}\item %s\end{itemize}  \begin{center}%s\end{center}  \begin{quote}%s\end{quote}
\begin{table}\caption{%s}\end{table}  \begin{tabular}{cc}a & %s\end{tabular}  \twice{%s}  \textcolor{red}{%s}
\iftrue %s\fi{}
"""
words = st.sampled_from(WORDS)
formulas = st.sampled_from(FORMULAS)
commands = st.sampled_from([command for line in COMMANDS.split("\n") for command in line.split("  ") if command])
MACROS = r"\newcommand{\twice}[1]{#1 #1}"


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    wrapped = st.tuples(commands, inner).map(lambda pair: pair[0].replace("%s", pair[1]))
    return st.lists(st.one_of(wrapped, inner), min_size=1, max_size=4).map(" ".join)


prose = st.recursive(st.one_of(words, formulas), nested, max_leaves=12)


@settings(max_examples=150, deadline=None)
@given(st.lists(prose, min_size=1, max_size=5).map(" ".join))
def test_every_word_of_nested_commands_is_in_the_text(body: str) -> None:
    text = read("Start. " + body, MACROS).text
    for word in [
        "muons",
        "electrons",
        "jets",
        "require",
        "above",
        "below",
        "selected",
        "with",
        "momentum",
        "isolation",
    ]:
        assert text.count(word) >= body.count(word)


PIECES = r"""
\begin{ \end{ table} equation} \item \def\a \a \newcommand{ \if \else \fi \frac \left \verb \\ \[ \] tabular}{c}
\footnote{ \section{ \let \input{ \csname \endcsname \xspace \SI{ \cite{ \sqrt \text{ \multicolumn{ \expandafter
\ensuremath{ \' \hspace{ \caption{ \begin{document} \end{document} \ifthenelse{ \kern é
"""
broken = st.lists(st.sampled_from([*"ab {}[]$%&_^~#\\\n*-.,1=<>|'`\"@", *PIECES.split()]), max_size=60).map("".join)


@settings(max_examples=300, deadline=None)
@given(broken)
def test_random_tex_is_read_without_an_accident(body: str) -> None:
    try:
        document = read(body)
    except NoTextError:
        return
    assert document == read(body)
    for block in document.blocks:
        assert document.quote(block.start, block.end).strip()
        assert "\n\n" not in document.quote(block.start, block.end)
    for first, second in zip(document.blocks, document.blocks[1:], strict=False):
        assert document.text[first.end : second.start] == "\n\n"
    for table in document.tables:
        assert all(table.start <= cell.start <= cell.end <= table.end for cell in table.cells)
