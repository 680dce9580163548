"""No source, however odd, hangs the reader or makes it lose prose."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from itertools import pairwise

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


# "%s" stands for words, which are numbered so that each occurs once; "nope" is never printed.
COMMANDS = r"""
\textbf{%s}  \emph{%s}  {\it %s}  {%s}  \unknown{%s}  \unknown[a]{%s}  \mbox{%s}  ``%s''  \footnote{%s}  \par %s\par{}
\section{%s}  \subsection*{%s}  \begin{itemize}\item %s\item[x] %s\end{itemize}  \begin{center}%s\end{center}
\begin{quote}%s\end{quote}  \begin{table}\caption{%s}\end{table}  \begin{figure}\includegraphics{f}\caption{%s}\end{figure}
\begin{tabular}{cc}%s & %s \\ \multicolumn{2}{c}{%s}\end{tabular}  \twice{%s}  \opt{%s}  \textcolor{red}{%s}  \iftrue %s\fi{}
\iftrue %s\else nope\fi{}  \iffalse nope\else %s\fi{}  \ifx\undefinedx\undefinedy %s\fi{}  $\text{%s}$  \href{http://x}{%s}
\begin{equation}\text{%s}\end{equation}  \begin{align}a&=\text{%s}\\b&=\mbox{%s}\end{align}  \begin{minipage}{3cm}%s\end{minipage}
\parbox{2cm}{%s}  \enquote{%s}  \begin{description}\item[x] %s\end{description}  \resizebox{\textwidth}{!}{%s}
\csname textbf\endcsname{%s}  \expandafter\textit{%s}  \begin{mine}{%s}%s\end{mine}  \raisebox{1ex}{%s}  \makecell{%s\\%s}
\ifthenelse{\equal{a}{a}}{%s}{nope}  \texorpdfstring{%s}{nope}  \textsuperscript{%s}  \begingroup\small %s\endgroup
\begin{sidewaystable}\caption{%s}\begin{tabular*}{3cm}{c}%s\\\hline %s\end{tabular*}\end{sidewaystable}  \unskip~%s
\begin{enumerate*}\item %s\item %s\end{enumerate*}  \subfloat{%s}  \begin{subfigure}{3cm}\caption{%s}\end{subfigure}
\captionof{table}{%s}  \texttt{%s}\xspace  \begin{threeparttable}\begin{tabular}{l}%s\end{tabular}\begin{tablenotes}\item[a] %s
\end{tablenotes}\end{threeparttable}  \begin{comment}nope\end{comment}%s  \begin{hidden}nope\end{hidden}%s  \subcaptionbox{%s}{%s}
"""
MACROS = r"""\newcommand{\twice}[1]{#1 #1}\newcommand{\opt}[2][]{#1 #2}\excludecomment{hidden}
\newenvironment{mine}[1]{\begin{center}#1}{\end{center}}"""
FORMULAS = [
    *(
        r"$p_T>5$",
        r"$|\eta|<2.4$",
        r"$\frac{a}{b}$",
        r"\(x\)",
        r"\ensuremath{\sqrt{s}}",
        r"$m_{\text{jj}}$",
        r"\cite{a}",
    ),
    *(r"\ref{b}", r"\label{c}", "\n\n", "~", r"\\", r"\quad{}", r"\SI{5}{\GeV}", r"\pt{}", "--", "{}", r"\,", "%\n"),
]
words = st.just("%s")
formulas = st.sampled_from(FORMULAS)
commands = st.sampled_from([command for line in COMMANDS.split("\n") for command in line.split("  ") if command])


def numbered(source: str) -> tuple[str, list[str]]:
    """Put a word of its own in each place for one: `qaq`, `qbq`, …"""
    parts = source.split("%s")
    found = [f"q{''.join(chr(97 + int(digit)) for digit in str(count))}q" for count in range(len(parts) - 1)]
    return "".join(part + word for part, word in zip(parts, [*found, ""], strict=True)), found


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def filled(command: str) -> st.SearchStrategy[str]:
        parts = command.split("%s")
        return st.lists(inner, min_size=len(parts) - 1, max_size=len(parts) - 1).map(
            lambda fillings: "".join(part + filling for part, filling in zip(parts, [*fillings, ""], strict=True))
        )

    return st.lists(st.one_of(commands.flatmap(filled), inner), min_size=1, max_size=4).map(" ".join)


prose = st.recursive(st.one_of(words, formulas), nested, max_leaves=15)


@settings(max_examples=250, deadline=None)
@given(st.lists(prose, min_size=1, max_size=5).map(" ".join))
def test_every_word_of_nested_commands_is_in_the_text(body: str) -> None:
    source, wanted = numbered("Start. " + body)
    text = read(source, MACROS).text
    assert [word for word in wanted if word not in text] == []
    assert "nope" not in text


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.one_of(words, formulas, st.sampled_from([r"\textbf{%s}", r"\pt", r"{%s}"])), min_size=1, max_size=30)
)
def test_words_of_a_paragraph_keep_their_order(parts: list[str]) -> None:
    source, wanted = numbered("Start. " + " ".join(parts))
    text = read(source).text
    assert sorted(wanted, key=text.index) == wanted


# Anything that may be left over from an edit: lonely braces, dollars, ends, and commands without their arguments.
DEBRIS = r"""
{ } $ $$ \[ \] \( \) \begin{equation} \end{equation} \begin{align} \end{align} \begin{itemize} \end{itemize} \begin{table}
\end{table} \begin{figure} \end{figure} \begin{tabular}{cc} \end{tabular} & \\ \item \else \fi \or \iftrue \left( \right) \left
\right \frac \sqrt \hat ^ _ #1 ~ \textbf \emph{ \section{ \caption{ \unknown \xspace \bf \ensuremath{ \text{ [ ] \unknown[
\textcolor{red}{ \mbox{ \par \subfloat{ \begin{center} \end{center} \begin{minipage}{3cm} \over \middle \begin{cases}
\end{cases} \begin{array}{l} \end{array} \hline \begin{abstract} \end{abstract} \appendix \maketitle \begin{document}
\begin{longtable}{c} \begin{quote} \end{quote} \twice \pt \SI{5}{\GeV} \ldots -- `` '' \' \" \~ \- \/ \, \! \@ \limits
\begin{subequations} \end{subequations} \begin{tabbing} \end{tabbing} \begin{enumerate*} \end{enumerate*} \nonumber
\substack{ \underbrace{ \not \mathrm{ \operatorname{ \makecell{ \begin{split} \end{split} \multicolumn{2}{c}{
"""


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(words, st.sampled_from(DEBRIS.split()), st.just("\n\n")), max_size=30).map(" ".join))
def test_broken_sources_lose_no_word(body: str) -> None:
    source, wanted = numbered("Start. " + body)
    # A command without its argument takes the first letter of what follows: what counts is that all letters stay.
    text = "".join(
        character for character in unicodedata.normalize("NFD", read(source, MACROS).text) if character.isalpha()
    )
    assert [word for word in wanted if word not in text] == []


NAMES = [r"\aa", r"\bb", r"\cc", r"\dd"]
names = st.sampled_from(NAMES)
bodies = st.lists(
    st.one_of(
        names,
        names.map(lambda name: name + "{#1}"),
        st.sampled_from([*DEBRIS.split(), "#1", "#2", "x", r"\def\bb{\cc\cc}"]),
    ),
    max_size=6,
).map(" ".join)
definitions = st.one_of(
    st.tuples(
        st.sampled_from([r"\newcommand{%s}[1]{%s}", r"\newcommand{%s}[2][\aa]{%s}", r"\def%s#1#2{%s}"]), names, bodies
    ),
    st.tuples(
        st.sampled_from([r"\def%s{%s}", r"\def%s#1.{%s}", r"\NewDocumentCommand{%s}{s o m}{%s}", r"\let%s=%s"]),
        names,
        bodies,
    ),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(definitions, min_size=1, max_size=6), st.lists(names, max_size=6))
def test_odd_macros_end_and_keep_the_prose_around_them(given: list[tuple[str, str, str]], used: list[str]) -> None:
    defined = "\n\n".join(command % (name, body) for command, name, body in given)
    text = "".join(read(f"Alpha.\n\n{defined}\n\n{' '.join(used)}\n\n" + "Omega.\n\n" * 9).text.split())
    assert "Alpha" in text
    assert text.count("Omega") > 5


def test_a_macro_that_doubles_forty_times_is_cut_off() -> None:
    letters = [chr(97 + digit // 26) + chr(97 + digit % 26) for digit in range(41)]
    preamble = "".join(rf"\def\m{a}{{\m{b} \m{b}}}" for a, b in pairwise(letters))
    text = read(rf"Alpha \m{letters[0]} omega", preamble + rf"\def\m{letters[-1]}{{x}}").text
    assert text.startswith("Alpha")
    assert text.endswith("omega")
    assert len(text) < 2_000_000


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
