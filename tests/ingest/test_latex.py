"""A paper's prose comes out whole, in order, with its structure."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ingest.eprint import Eprint
from ingest.latex import read_latex
from kb.document import Document
from kb.errors import NoTextError, SourceError

PaperOf = Callable[..., Document]


def blocks(document: Document) -> list[tuple[str, str]]:
    return [(block.kind, document.quote(block.start, block.end)) for block in document.blocks]


@pytest.mark.parametrize(
    ("preamble", "body", "text"),
    [
        (
            r"\newcommand{\pt}{\ensuremath{p_{\mathrm{T}}}\xspace}",
            r"The \pt is $\pt>5$, \pt, \pt{} or \pt.",
            "The p_T is p_T > 5, p_T, p_T or p_T.",
        ),
        (r"\newcommand{\cut}[2][>]{$#2#1 30$\,GeV}", r"\cut{p} \cut[<]{q}", "p > 30 GeV q < 30 GeV"),
        (r"\newcommand\x[1]{<#1>}", r"\x a \x{bc}", "<a> <bc>"),
        (r"\def\m(#1,#2){[#1 and #2]}", r"\m(a,{b,c})", "[a and b,c]"),
        (r"\def\pair#1#2{#2#1}", r"\pair{a}{b}", "ba"),
        (r"\DeclareMathOperator{\rank}{rank}", r"$\rank A$", "rank A"),
        (r"\DeclarePairedDelimiter{\abs}{\lvert}{\rvert}", r"$\abs{\eta}<2$ $\abs*{x}$", "|η| < 2 |x|"),
        (r"\let\old\alpha\renewcommand{\alpha}{\old_s}", r"$\alpha$", "α_s"),
        (r"\let\GEV=\relax\def\GEV{GeV}", r"5 \GEV", "5 GeV"),
        (
            r"\NewDocumentCommand{\mc}{s o m}{\IfBooleanTF{#1}{S}{N}\IfNoValueTF{#2}{}{ (#2)}#3}",
            r"\mc{x} \mc*[8.2]{y}",
            "Nx S (8.2)y",
        ),
        (r"\newcommand{\a}{A\b}\newcommand{\b}{B}", r"\a", "AB"),
        (r"\newif\ifdraft\draftfalse", r"\ifdraft hidden\else shown\fi", "shown"),
        (r"\newif\ifdraft\drafttrue", r"\ifdraft shown\else hidden\fi", "shown"),
        (
            r"\newboolean{ext}\setboolean{ext}{true}",
            r"\ifthenelse{\boolean{ext} \AND \NOT \equal{a}{b}}{yes}{no}",
            "yes",
        ),
        ("", r"\iffalse none \iftrue of \fi this \else but \fi that", "but that"),
        ("", r"a\ifx\undefined\nothing b\else c\fi", "ab"),
        (r"\newenvironment{cuts}[1]{\begin{itemize}\item #1: }{\end{itemize}}", r"\begin{cuts}{A} x\end{cuts}", "A: x"),
        (r"\newcommand{\be}{\begin{equation}}\newcommand{\ee}{\end{equation}}", r"\be a>b \ee", "a > b"),
        (r"\expandafter\newcommand\csname my\endcsname{ok}", r"\csname my\endcsname", "ok"),
        (r"\makeatletter\def\in@side{ok}\newcommand{\out}{\in@side}\makeatother", r"\out", "ok"),
        ("", r"\newcommand{\set}[1]{\newcommand{\val}{#1}}\set{7}\val", "7"),
        (r"\newacronym{met}{MET}{missing energy}", r"\gls{met}, \gls{met}", "missing energy (MET), MET"),
        (
            r"\DeclareAcronym{met}{short = MET, long = {missing energy}}",
            r"\ac{met}, \ac{met}",
            "missing energy (MET), MET",
        ),
        (r"\acrodef{met}[MET]{missing energy}", r"\ac{met} or \acs{met}", "missing energy (MET) or MET"),
        (r"\newcommandx*\rng[3][1=a,3={b, c}]{(#1:#2:#3)}", r"\rng{b} \rng[x]{y}[z]", "(a:b:b, c) (x:y:z)"),
        (
            r"\newcommand{\sr}[1]{\ifcase#1 zero\or one\or two\else many\fi}",
            r"\sr{1} \sr{2} \sr{0} \sr{7}",
            "one two zero many",
        ),
        (r"\def\q#1\to#2.{#1 gives #2}", r"\q Z\to ee.", "Z gives ee"),
        (r"\def\a#1#{(#1)}", r"\a x{y}", "(x)y"),
        (r"\newcommand{\tsub}[1]{\ensuremath{_{\text{#1}}}}", r"p\tsub{T}", "p_T"),
        (r"\DeclarePairedDelimiterX\inner[2]{\langle}{\rangle}{#1,#2}", r"$\inner{a}{b}$", "⟨a, b⟩"),
        (r"\NewCommandCopy{\old}{\alpha}\LetLtxMacro\older\old", r"$\old$, $\older$", "α, α"),
        (
            r"\makeatletter\newcommand\cut{\@ifstar\cut@star\cut@plain}"
            r"\def\cut@star#1{S#1}\def\cut@plain#1{P#1}\makeatother",
            r"\cut{a} \cut*{b}",
            "Pa Sb",
        ),
        (r"\def\gtsim{\mathrel{\raise.3ex\hbox{$>$\kern-.75em\lower1ex\hbox{$\sim$}}}}", r"$m \gtsim 5$", "m ≳ 5"),
        (r"\newcommand{\lsim}{\raisebox{-1mm}{~\shortstack{$<$ \\[-1mm] $\sim$}}~}", r"$m \lsim 5$", "m ≲ 5"),
        (r"\excludecomment{note}", "a \\begin{note}hidden\\end{note} b", "a b"),
        ("", r"\added{new} \deleted{old} \replaced{now}{then}", "new now"),
        (r"\def\holder{\the\year\ CERN}", r"\copyright~\holder", "© CERN"),
        (r"\newcommand{\where}{\jobname}", r"\where", "main"),
    ],
)
def test_the_papers_own_macros_are_expanded(paper_of: PaperOf, preamble: str, body: str, text: str) -> None:
    assert paper_of(body, preamble).text == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (r"\pt, \pT\ and \MET above 5\GeV or 5\TeV.", "p_T, p_T and E_T^miss above 5 GeV or 5 TeV."),
        (r"$\abs{\eta}<2.4$, \ttbar, \PW{} and \PQb jets, \fbinv", "|η| < 2.4, tt̄, W and b jets, fb^-1"),
        (r"\ptmiss and \Etmiss", "p_T^miss and E_T^miss"),
        (r"$30\GeVns$ to $\pt^{\ell}$", "30 GeV to p_T^ℓ"),
        (r"\PYTHIA[8.2] and \POWHEG", "Pythia 8.2 and Powheg"),
    ],
)
def test_the_usual_macros_are_known_without_being_shipped(paper_of: PaperOf, body: str, text: str) -> None:
    assert paper_of(body).text == text


@pytest.mark.parametrize(
    ("preamble", "body", "text"),
    [
        (
            r"\usepackage{atlasphysics}",
            r"\Zmm, \Wenu, \ninoone, \PYTHIA[8], \pTX{1}{j}",
            "Z → μμ, W → eν, χ̃_1^0, Pythia 8, p_{T,1}^j",
        ),
        (
            r"\usepackage{latex/atlasphysics}",
            r"\antikt, \kt, \avgmu, \NNPDF[3.0nlo]",
            "anti-k_t, k_t, ⟨μ⟩, NNPDF3.0nlo",
        ),
        (
            r"\documentclass{cms-tdr}",
            r"$5\unit{cm}$, 5\unit{ns}, \EE, \NA, $0.1\GeVns$",
            "5 cm, 5 ns, e^+e^-, —, 0.1 GeV",
        ),
        (r"\documentclass{cms-tdr}", r"$\PQt\PAQt\to\PW\PQb\PW\PAQb$, \PSGczDo, \kt", "tt̄ → WbWb̄, χ̃_1^0, k_T"),
        (r"\usepackage{heppennames}", r"$\PZ\to\PGmp\PGmm$, $\PSQt_1$, \PAGne", "Z → μ^+μ^-, t̃_1, ν̄_e"),
        (
            r"\input{lhcb-symbols-def}",
            r"\decay{\Bs}{\jpsi\KS}, 5\gevcc, $t>0.3\unit{ps}$, \B",
            "B_s^0 → J/ψ K_S^0, 5 GeV/c^2, t > 0.3 ps, B",
        ),
        (r"\input{lhcb-symbols-def}\def\B{bottom}", r"\B, 0.1\stat", "bottom, 0.1 (stat)"),
    ],
)
def test_a_style_file_that_is_not_shipped_is_known_by_its_name(
    paper_of: PaperOf, preamble: str, body: str, text: str
) -> None:
    assert paper_of(body, preamble).text == text


def test_a_shipped_style_file_wins_over_the_known_one(paper_of: PaperOf) -> None:
    style = r"\newcommand{\Zmm}{dimuons\xspace}"
    assert (
        paper_of(r"\Zmm and \Zee", r"\usepackage{atlasphysics}", atlasphysics__sty=style).text == "dimuons and Z → ee"
    )


def test_files_are_named_with_macros(paper_of: PaperOf) -> None:
    preamble = r"\newcommand{\folder}{parts/}"
    files = {"parts/one__tex": "one", "other/one__tex": "another", "main-data__tex": "data"}
    assert paper_of(r"\input{\folder one} \input{\jobname-data}", preamble, **files).text == "one data"


def test_a_command_that_nobody_defines_leaves_its_name(paper_of: PaperOf) -> None:
    body = r"The \Qzero veto, $\Qone > 5$ and \Qtwo. \vfilneg\nocorr End \SI{5}{\QGeV}"
    assert paper_of(body).text == "The Qzero veto, Qone > 5 and Qtwo. End 5 QGeV"


def test_the_day_of_reading_is_not_in_the_text(paper_of: PaperOf) -> None:
    assert paper_of(r"Draft of \today.").text == "Draft of ."


def test_macros_come_from_shipped_style_files_with_their_options(paper_of: PaperOf) -> None:
    style = r"""\ProvidesPackage{ours}\DeclareBoolOption[false]{units}
    \newcommand{\gev}{Gigaelectronvolt}\RequirePackage{deeper}
    \ifthenelse{\boolean{units}}{\newcommand{\mass}{mass in units}}{\newcommand{\mass}{mass}}
    \def\in@ner{inner}\newcommand\outer@{\in@ner}\AtBeginDocument{\def\late{late}}
    Text in a style file is not printed."""
    files = {"ours__sty": style, "deeper__sty": r"\def\pt{transverse momentum}"}
    document = paper_of(r"5 \gev, \mass, \pt, \late", r"\usepackage[units]{ours}", **files)
    assert document.text == "5 Gigaelectronvolt, mass in units, transverse momentum, late"


def test_included_files_are_read_where_they_stand(paper_of: PaperOf) -> None:
    document = paper_of(
        r"a \input{one} d \include{two.tex} \input nowhere e",
        one__tex="b\n\\input{three}",
        three__tex="c",
        two__tex="x\\endinput y",
    )
    assert document.text == "a b c d x e"
    places = [document.source_of(document.text.index(letter)) for letter in "bcx"]
    assert [place.file for place in places if place] == ["one.tex", "three.tex", "two.tex"]


def test_a_subfile_ends_without_ending_the_paper(paper_of: PaperOf) -> None:
    part = "\\documentclass[main]{subfiles}\n\\begin{document}\nmiddle\n\\end{document}\nignored"
    assert paper_of(r"start \subfile{part} end", part__tex=part).text == "start middle end"


def test_comments_and_hidden_text_are_gone_and_paragraphs_stay(paper_of: PaperOf) -> None:
    body = "one % two\n three\n% four\n\nfive\\% six\n\\begin{comment}\nseven\n\\end{comment}\n%\n eight%\nnine"
    assert paper_of(body).text == "one three\n\nfive% six eightnine"


def test_accents_dashes_quotes_and_special_characters(paper_of: PaperOf) -> None:
    body = r"""Sch\"{o}n na\"\i ve \'Etude \v{S}koda \c{c}a \o{} \ss{} \AA, 2--3---4, ``a'' `b' \& \% \$ \# \_ \{x\}
    a~b \dots"""
    assert paper_of(body).text == "Schön naïve Étude Škoda ça ø ß Å, 2–3—4, “a” ‘b’ & % $ # _ {x} a b …"


def test_sections_carry_numbers_levels_and_their_text(paper_of: PaperOf) -> None:
    document = paper_of(
        r"""\section{Event selection}\label{s} In Section~\ref{sub}.
        \subsection[short]{Leptons with $p_T$}\label{sub} L. \subsubsection*{Muons} M.
        \section*{Acknowledgements} A. \appendix \section{More}\label{app} B \ref{app}, \cref{s}."""
    )
    assert [(s.level, s.number, s.title) for s in document.sections] == [
        (1, "1", "Event selection"),
        (2, "1.1", "Leptons with p_T"),
        (3, "", "Muons"),
        (1, "", "Acknowledgements"),
        (1, "A", "More"),
    ]
    assert document.section_path(document.text.index("M.")) == ("1 Event selection", "1.1 Leptons with p_T", "Muons")
    assert "In Section 1.1." in document.text
    assert "B A, Section 1." in document.text
    assert document.quote(document.sections[2].start, document.sections[2].end) == "Muons\n\nM."


def test_list_items_are_blocks(paper_of: PaperOf) -> None:
    document = paper_of(
        r"""We require: \begin{itemize}\item two muons, \item one of: \begin{enumerate} \item[(a)] a jet \item a track
        \end{enumerate}\item no tau.

        More on taus.\end{itemize} Then we fit."""
    )
    assert blocks(document) == [
        ("paragraph", "We require:"),
        ("item", "two muons,"),
        ("item", "one of:"),
        ("item", "(a) a jet"),
        ("item", "a track"),
        ("item", "no tau."),
        ("paragraph", "More on taus."),
        ("paragraph", "Then we fit."),
    ]


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\begin{inparaenum}[(i)]\item muons, \item jets\end{inparaenum} pass.", "We ask (i) muons, (ii) jets pass."),
        (r"\begin{enumerate*}[label=\alph*)]\item x \item y\end{enumerate*}", "We ask a) x b) y"),
        (r"\begin{itemize*}\item x \item y\end{itemize*}", "We ask x y"),
        (r"\begin{enumerate*}\item[A] x \item y\end{enumerate*}", "We ask A x 1. y"),
    ],
)
def test_lists_within_a_line_stay_in_it(paper_of: PaperOf, latex: str, text: str) -> None:
    assert paper_of(f"We ask {latex}").text == text


def test_tabbing_has_tabulators_where_others_have_accents(paper_of: PaperOf) -> None:
    assert paper_of(r"\begin{tabbing} a \= b \\ \> c \end{tabbing} \=o").text == "a b c\n\nō"


def test_footnotes_and_floats_follow_the_paragraph_they_interrupt(paper_of: PaperOf) -> None:
    document = paper_of(
        r"""Jets\footnote{Cone of $R=0.4$.} have
        \begin{figure}\includegraphics[width=1cm]{a}\caption[s]{A plot\footnote{Old.} of $m$.\label{f}}\end{figure}
        $p_T>20$ (Figure~\ref{f}).

        Next."""
    )
    assert blocks(document) == [
        ("paragraph", "Jets have p_T > 20 (Figure 1)."),
        ("footnote", "Cone of R = 0.4."),
        ("caption", "Figure 1: A plot of m."),
        ("footnote", "Old."),
        ("paragraph", "Next."),
    ]


def test_subfigures_are_lettered(paper_of: PaperOf) -> None:
    document = paper_of(
        r"""\begin{figure}\subfloat[]{\includegraphics{a}\label{fa}}\subfloat[Right]{\label{fb}\includegraphics{b}}
        \caption{Two: \subref{fa}.}\end{figure} See \ref{fb}."""
    )
    assert blocks(document) == [
        ("caption", "(b) Right"),
        ("caption", "Figure 1: Two: (a)."),
        ("paragraph", "See 1(b)."),
    ]


def test_title_abstract_and_authors(paper_of: PaperOf) -> None:
    preamble = r"""\title[short]{Search for $\tilde{t}$\thanks{money}}\author[a]{A. One$^{1}$ \and B.~Two}
    \author{The X Collaboration}\abstract{We search. \par We find $p_T$.}"""
    document = paper_of(r"\maketitle Text.", preamble)
    assert document.title == "Search for t̃"
    assert document.authors == ("A. One", "B. Two", "The X Collaboration")
    assert blocks(document)[:3] == [("title", "Search for t̃"), ("abstract", "We search."), ("abstract", "We find p_T.")]
    environment = paper_of("\\title{T}\\begin{abstract}Short.\\end{abstract}\n\\maketitle Text.")
    assert blocks(environment) == [("title", "T"), ("abstract", "Short."), ("paragraph", "Text.")]


def test_citations_are_spans_numbered_by_the_bibliography(paper_of: PaperOf) -> None:
    document = paper_of(
        r"""As in Refs.~\cite{b, a}, \citep[see][Sec.~2]{c}, all\cite{a,b,c} and \cite{new}.
        \begin{thebibliography}{9}\bibitem{a} A. \bibitem{b} B. \bibitem{c} C.\end{thebibliography}"""
    )
    assert document.text == "As in Refs. [2, 1], [3, Sec. 2], all [1–3] and [4]."
    assert [(document.quote(c.start, c.end), c.keys) for c in document.citations] == [
        ("[2, 1]", ("b", "a")),
        ("[3, Sec. 2]", ("c",)),
        ("[1–3]", ("a", "b", "c")),
        ("[4]", ("new",)),
    ]
    assert [(r.key, r.label) for r in document.references] == [("a", "1"), ("b", "2"), ("c", "3"), ("new", "4")]


def test_every_command_that_cites_makes_a_span(paper_of: PaperOf) -> None:
    document = paper_of(
        r"""\textcite{a}, \autocite[12]{b}, \parencite*{a}, \cites{a}[3]{b}, \Citet{a}, \supercite{b}, \Refn{a},
        \Refs{\cite{a,b}}, \onlinecite{b}, \citeauthor{a} (\citeyear{a}), \citealp{b}, \footcite{a}, $x^{\cite{b}}$"""
    )
    assert document.text == (
        "[1], [2, 12], [1], [1] [2, 3], [1], [2], Ref. [1], Refs. [1, 2], [2], [1] (), [2], [1], x [2]"
    )
    assert len(document.citations) == 14


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"(\subref{fa}, \subref{fb})", "(a, b)"),
        (r"\subref{fa}", "(a)"),
        (r"\cref{fa,e,t}", "Figure 1(a), Eq. (1) and Table 1"),
        (r"\crefrange{e}{g}", "Eqs. (1)–(2)"),
        (r"\namecref{t}~\ref{t}", "Table 1"),
        (r"\autoref{s}, \hyperref[s]{Section~\ref*{s}}, \S\ref{s}", "Section 1, Section 1, §1"),
        (r"\eqref{ga}, \ref{gb}, \eqref{g}", "(2a), 2b, (2)"),
    ],
)
def test_cross_references_print_what_latex_prints(paper_of: PaperOf, latex: str, text: str) -> None:
    floats = r"""\begin{figure}\subcaptionbox{A\label{fa}}[2cm]{\includegraphics{a}}\subcaptionbox{B\label{fb}}{b}
    \caption{C}\end{figure}\begin{table}\caption{D}\label{t}\end{table}\section{S}\label{s}
    \begin{equation}\begin{aligned}a&=b\\c&=d\end{aligned}\label{e}\end{equation}
    \begin{subequations}\label{g}\begin{align}x\label{ga}\\y\label{gb}\end{align}\end{subequations}"""
    assert paper_of(f"{floats}\n\nSee {latex}.").text.endswith(f"See {text}.")


def test_references_to_nowhere_leave_neutral_text(paper_of: PaperOf) -> None:
    assert paper_of(r"See Table~\ref{gone}.").text == "See Table …."


def test_unknown_commands_keep_the_words_they_are_given(paper_of: PaperOf) -> None:
    body = r"\mystery{One} \other[opt]{two} \third*{three} [four] \begin{strange}five\end{strange} \textcolor{red}{six}"
    assert paper_of(body).text.split() == ["One", "two", "three", "[four]", "five", "six"]


def test_drawings_are_no_text(paper_of: PaperOf) -> None:
    assert paper_of(r"a \begin{tikzpicture}\draw (0,0) -- (1,1);\end{tikzpicture} b").text == "a b"


def test_the_list_of_a_collaborations_members_is_left_out(paper_of: PaperOf) -> None:
    body = r"""Text.\section*{Acknowledgements}Thanks.\section{The XYZ Collaboration}
    \textbf{Institute}\\ A.~One, B.~Two$^{1}$

    \appendix\section{Extra}Kept."""
    document = paper_of(body)
    assert "One" not in document.text
    assert document.text.endswith("A Extra\n\nKept.")
    assert "A. One" in paper_of("The XYZ Collaboration\n\nA.~One is early in the text.").text


def test_the_source_map_leads_back_to_the_words(paper_of: PaperOf) -> None:
    body = "First paragraph with $p_T>5$ and\nmore \\emph{words}.\n\n\\begin{itemize}\\item Item text.\\end{itemize}"
    document = paper_of(body)
    source = f"\\documentclass{{article}}\n\n\\begin{{document}}\n{body}"
    for word in ("First", "paragraph", "and", "more", "words", "Item", "text"):
        offset = document.text.index(word)
        piece = document.source_of(offset)
        assert piece is not None
        assert piece.offset is not None
        assert source[piece.offset + offset - piece.start :].startswith(word)
    for block in document.blocks:
        assert any(piece.overlaps(block) for piece in document.source_map)


def test_the_same_source_gives_the_same_document(paper_of: PaperOf) -> None:
    body = r"\section{A}$p_T>5$ \cite{x} \begin{table}\caption{C}\begin{tabular}{c}a\\b\end{tabular}\end{table}"
    assert paper_of(body) == paper_of(body)


def test_what_is_no_latex_or_holds_no_prose_is_an_error(paper_of: PaperOf) -> None:
    with pytest.raises(SourceError, match="no LaTeX"):
        read_latex(Eprint(files={"a.pdf": b"%PDF-1.4"}, kind="pdf", main="a.pdf"), arxiv_id="x")
    with pytest.raises(NoTextError):
        paper_of("% nothing")


def test_cyrillic_papers_keep_their_letters() -> None:
    text = "\\documentclass{article}\\usepackage[cp1251]{inputenc}\\begin{document}Импульс $p_T>7$ ГэВ\\end{document}"
    eprint = Eprint(files={"a.tex": text.encode("cp1251")}, kind="latex", main="a.tex")
    assert read_latex(eprint, arxiv_id="x").text == "Импульс p_T > 7 ГэВ"
