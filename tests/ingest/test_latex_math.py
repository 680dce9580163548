"""Mathematics comes out as a physicist would type it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kb.document import Document

PaperOf = Callable[..., Document]


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"$p_{\mathrm{T}}>7~\mathrm{GeV}$", "p_T > 7 GeV"),
        (r"$|\eta|<2.47$", "|η| < 2.47"),
        (r"$\left|\eta\right|\leq 2.5$", "|η| ≤ 2.5"),
        (r"$\lvert\eta\rvert\geqslant1.4$", "|η| ≥ 1.4"),
        (r"$E_{\text{T}}^{\text{miss}}$", "E_T^miss"),
        (r"$E^{\rm miss}_{\rm T}$", "E_T^miss"),
        (r"$\slashed{E}_{\mathrm{T}}$, $\cancel{E}_T$, $\not\!\!E_T$", "E_T^miss, E_T^miss, E_T^miss"),
        (r"$\sqrt{s}=13$\,TeV", "√s = 13 TeV"),
        (r"$\sqrt{(\Delta\eta)^2+(\Delta\phi)^2}$", "√((Δη)^2 + (Δφ)^2)"),
        (r"$m_{4\ell}$, $m_{\ell\ell}$, $m_{12}$", "m_4ℓ, m_ℓℓ, m_12"),
        (r"$\Delta R\ge0.1$, $\Delta\varphi$", "ΔR ≥ 0.1, Δφ"),
        (r"$\chi^2/\mathrm{ndof}<6$", "χ^2/ndof < 6"),
        (r"36.1\,fb$^{-1}$", "36.1 fb^-1"),
        (r"$d_0/\sigma_{d_0}$", "d_0/σ_{d_0}"),
        (r"$|z_0\sin\theta|<0.5$\,mm", "|z_0 sinθ| < 0.5 mm"),
        (r"$-\ln\tan(\theta/2)$", "-ln tan(θ/2)"),
        (r"$12<m_{34}<50\GeV$", "12 < m_34 < 50 GeV"),
        (r"$|m_{\ell\ell}-m_Z|<10$~GeV", "|m_ℓℓ - m_Z| < 10 GeV"),
        (r"$\pm7$, $2\pm1$, $x=-1$", "±7, 2 ± 1, x = -1"),
        (r"$p_{\mathrm{T},1}$, $p_T^{j_1}$", "p_{T,1}, p_T^{j_1}"),
        (r"$\frac{1}{2}$, $\frac{a+b}{c}$, $\frac{x}{2y}$", "1/2, (a + b)/c, x/(2y)"),
        (r"$H_T/\sqrt{n}$", "H_T/√n"),
        (r"$t\bar{t}$, $\tilde{\chi}^{0}_{1}$, $\vec{p}_T$", "tt̄, χ̃_1^0, p_T"),
        (r"$3.45^{+0.49}_{-0.17}$", "3.45 ^{+0.49}_{-0.17}"),
        (r"$2\times10^{34}~\mathrm{cm^{-2}s^{-1}}$", "2 × 10^34 cm^-2 s^-1"),
        (r"$30^\circ$, $90^{\circ}$, 5$^{\mathrm{th}}$", "30°, 90°, 5th"),
        (r"$B_c^+\to J/\psi D_s^{*+}$", "B_c^+ → J/ψ D_s^*+"),
        (r"$x\in[0,1]$, $f(x,y)$", "x ∈ [0, 1], f(x, y)"),
        (r"36\,100 events, $1\,234$, $20{,}000$", "36100 events, 1234, 20,000"),
        (r"$>30$\,GeV, $\sim$10\%, $\gtrsim 5$", "> 30 GeV, ∼10%, ≳ 5"),
        (r"$\sum_{i} p_{\mathrm{T}}^{i}$", "∑_i p_T^i"),
        (r"$\alpha_{\mathrm T}$, $\tau_{21}$, $\sigma_{i\eta i\eta}$", "α_T, τ_21, σ_iηiη"),
        (r"$\text{if } x>1\text{ and }y<2$", "if x > 1 and y < 2"),
        (r"$\stackrel{<}{\sim}5$, $a\not=b$", "≲ 5, a ≠ b"),
        (r"$\mathrm{e}^{\pm}\mu^{\mp}$", "e^±μ^∓"),
        (r"$\min(\Delta\phi_{1},\,\Delta\phi_2)$", "min(Δφ_1, Δφ_2)"),
        (r"$m_{\mathrm{T}}^{W}=13TeV$", "m_T^W = 13 TeV"),
        (r"$Z^{\prime}$, $Z'$, $Z''_1$", "Z′, Z′, Z_1′′"),
        (r"$f=\begin{cases}1&x>0\\0&\text{else}\end{cases}$", "f = { 1 x > 0; 0 else"),
        (r"\(a\) and $a$ and \ensuremath{a}", "a and a and a"),
        (r"$a\over b$, ${x+1\over y}$, $\left({p_T\over2}\right)^2$", "a/b, (x + 1)/y, (p_T/2)^2"),
        (r"$n\choose k$, $^{1}/_{2}$, $\tfrac12$, $\nicefrac{1}{3}$", "(n choose k), ^1/_2, 1/2, 1/3"),
        (r"${\not}E_T$, ${\not\!E}_{T}$, $\slash\!\!\!\!E_T > 40$", "E_T^miss, E_T^miss, E_T^miss > 40"),
        (r"$\Delta R < 0.04 + 10$ GeV$/p_T$ and $(/p_T > 30)$", "ΔR < 0.04 + 10 GeV/p_T and (p_T^miss > 30)"),
        (r"$E\!\!\!\!/_{T}$, $\rlap{\,/}E_T$, $E_T\hspace{-1em}/$", "E_T^miss, E_T^miss, E_T^miss"),
        (r"$E\mspace{-8.mu}/_T$, $\slashed{p}_T$, $\rlap{\kern.25em/}E_T$", "E_T^miss, p_T^miss, E_T^miss"),
        (r"$\PW\PZ\to\ell\nu$, $\Pp\Pp$, $\PSQt\PSGczDo$, $5\GeV\pt$", "WZ → ℓν, pp, t̃χ̃_1^0, 5 GeV p_T"),
        (r"$\left<p_T\right>$, $\left\{x\right.$, $\lfloor x\rfloor$", "⟨p_T⟩, {x, ⌊x⌋"),
        (r"\textgreater 5, \textless{}3, $>\!\!>1$", "> 5, < 3, ≫ 1"),
        (r"$f=\begin{cases}1,&x>0,\\0,&\text{else.}\end{cases}$", "f = { 1, x > 0; 0, else."),
        (r"$\left\{\begin{array}{ll}a&x<1\\b&x\ge1\end{array}\right.$", "{a x < 1; b x ≥ 1"),
        (r"$|\Delta\phi(j_1,\vec{p}_{\rm T}^{\,\rm miss})|<\pi/2$", "|Δφ(j_1, p_T^miss)| < π/2"),
        (r"$p_T^{\mu_1(\mu_2)} > 20\,(10)$~GeV", "p_T^{μ_1(μ_2)} > 20 (10) GeV"),
        (r"$E_T^{miss}/\sqrt{H_T} > 10~\mathrm{GeV}^{1/2}$", "E_T^miss/√H_T > 10 GeV^{1/2}"),
        (r"$M_{\text{T}2}(\ell\ell)$, $m_{\rm T2}^{100}$", "M_T2(ℓℓ), m_T2^100"),
        (r"5$\times10^{3}$, $\times$, $\frac{d \sigma}{d x}$", "5 × 10^3, ×, dσ/dx"),
    ],
)
def test_formulas_become_plain_unicode(paper_of: PaperOf, latex: str, text: str) -> None:
    assert paper_of(latex).text == text


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\SI{13}{\TeV}", "13 TeV"),
        (r"\qty[mode=text]{0.5}{\milli\metre}", "0.5 mm"),
        (r"\SIrange{12}{50}{\GeV}", "12–50 GeV"),
        (r"\SIlist{20;15;10}{\GeV}", "20, 15 and 10 GeV"),
        (r"\num{1.2e-3}, \num{1+-0.1}, \numrange{2}{4}", "1.2 × 10^-3, 1 ± 0.1, 2–4"),
        (r"\SI{36.1}{\per\femto\barn}, \SI{36.1}{\femto\barn^{-1}}", "36.1 fb^-1, 36.1 fb^-1"),
        (r"\si{\GeV\per\clight\squared}, \unit{fb^{-1}}, \si{cm^2.s}", "GeV/c^2, fb^-1, cm^2 s"),
        (r"\ang{30}, \SI{81}{\percent}", "30°, 81%"),
        (r"$p_T>\SI{30}{\giga\electronvolt}$", "p_T > 30 GeV"),
        (r"$\SI{1}{\mm}<d_0$", "1 mm < d_0"),
        (r"\num{1234.5 \pm 12.3}, \qty{36.1 \pm 0.8}{\per\femto\barn}", "1234.5 ± 12.3, 36.1 ± 0.8 fb^-1"),
        (r"\SI{10(2)}{\GeV}, \num{1.5(3)e4}, \SI{<5}{\GeV}", "10(2) GeV, 1.5(3) × 10^4, < 5 GeV"),
        (r"\qtyrange{10}{20}{\GeV}, \qtylist{1;2;3}{\mm}, \numlist{1;2}", "10–20 GeV, 1, 2 and 3 mm, 1 and 2"),
        (r"\qtyproduct{1 x 2}{\mm}, \numproduct{2x3}", "1 × 2 mm, 2 × 3"),
        (r"\ang{45;30;}, \SI{25}{\ns}, \SI{0.1}{\micro\metre}", "45°30′, 25 ns, 0.1 μm"),
        (r"\SI{2e34}{\per\square\centi\meter\per\second}", "2 × 10^34 cm^-2 s^-1"),
        (r"\unit[13]{TeV}, \unit[per-mode=symbol]{\GeV}, 5\unit{\GeV}", "13 TeV, GeV, 5 GeV"),
    ],
)
def test_siunitx_prints_numbers_with_units(paper_of: PaperOf, latex: str, text: str) -> None:
    assert paper_of(latex).text == text


def test_units_of_the_paper_are_known(paper_of: PaperOf) -> None:
    document = paper_of(r"\SI{5}{\mygev}, \SI{3}{\ifb}", r"\DeclareSIUnit{\mygev}{GeV}\newcommand{\ifb}{fb$^{-1}$}")
    assert document.text == "5 GeV, 3 fb^-1"
    document = paper_of(
        r"\SI{13}{\GeV}, \SI{5}{\GeV\per\clight}", r"\DeclareSIUnit\GeV{Ge\kern-0.1em V}\DeclareSIUnit\clight{c}"
    )
    assert document.text == "13 GeV, 5 GeV/c"


def test_a_displayed_formula_is_a_block_and_its_rows_are_lines(paper_of: PaperOf) -> None:
    document = paper_of("Cuts:\n\\begin{align*} p_T &> 5\\\\[2pt] |\\eta| &< 2 \\end{align*}\nhold. $$a=1$$ \\[b=2\\]")
    found = [(block.kind, document.quote(block.start, block.end)) for block in document.blocks]
    assert found == [
        ("paragraph", "Cuts:"),
        ("equation", "p_T > 5\n|η| < 2"),
        ("paragraph", "hold."),
        ("equation", "a = 1"),
        ("equation", "b = 2"),
    ]


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\begin{equation*}\begin{split}a&=b\\&=d\end{split}\end{equation*}", "a = b\n= d"),
        (r"\begin{multline}a+b\\+c=d\end{multline}", "a + b\n+c = d"),
        (r"\begin{IEEEeqnarray}{rCl}a&=&b\end{IEEEeqnarray}", "a = b"),
        (r"\begin{eqnarray}a&>&5\,,\\b&<&3\,.\end{eqnarray}", "a > 5,\nb < 3."),
        (r"\begin{gather}a>5\\\intertext{and also}b<3\end{gather}", "a > 5\nand also\nb < 3"),
    ],
)
def test_every_display_is_read(paper_of: PaperOf, latex: str, text: str) -> None:
    assert paper_of(latex).text == text


def test_equations_are_numbered_as_latex_numbers_them(paper_of: PaperOf) -> None:
    document = paper_of(
        r"""\begin{equation}a\label{a}\end{equation}
        \begin{align} b \label{b}\\ c \nonumber \\ d \tag{X}\label{x} \\ e\label{e} \end{align}
        \begin{equation*}f\end{equation*}\begin{eqnarray}g\label{g}\end{eqnarray}
        \eqref{a} \eqref{b} \eqref{x} \ref{e} \cref{g}"""
    )
    assert document.text.split("\n\n")[-1] == "(1) (2) (X) 3 Eq. (4)"
