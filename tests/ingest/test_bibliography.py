"""Bibliographies in all their forms become references with identifiers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.bibliography import arxiv_id_in, doi_in
from ingest.eprint import open_local
from ingest.latex import read_latex
from kb.document import Document

PaperOf = Callable[..., Document]


@pytest.mark.parametrize(
    ("source", "arxiv_id"),
    [
        ("arXiv:1712.02304 [hep-ex]", "1712.02304"),
        (r"\href{http://www.arXiv.org/abs/1612.01234v2}{\texttt{here}}", "1612.01234"),
        (r"\href{https://arxiv.org/pdf/0901.0512}{pdf}", "0901.0512"),
        (r"\eprint{hep-ph/0506026}", "hep-ph/0506026"),
        (r"\Eprint {http://arxiv.org/abs/1407.3483} {arXiv:1407.3483}", "1407.3483"),
        (r"\href{http://arxiv.org/abs/hep-ex/9901001}{hep-ex/9901001}", "hep-ex/9901001"),
        ("JHEP 04 (2008) 063, [0802.1189].", "0802.1189"),
        ("hep-ph/0211021 (2002)", "hep-ph/0211021"),
        ("math.GT/0309136, arXiv:math.GT/0309136", "math/0309136"),
        ("Phys. Rev. D 87 (2013) 112012", None),
        ("10.1103/PhysRevD.87.112012 and 1234.5678", None),
    ],
)
def test_arxiv_ids_are_found_in_every_notation(source: str, arxiv_id: str | None) -> None:
    assert arxiv_id_in(source) == arxiv_id


@pytest.mark.parametrize(
    ("source", "doi"),
    [
        (r"\href{https://doi.org/10.1140/epjc/s10052-015-3743-8}{EPJC}", "10.1140/epjc/s10052-015-3743-8"),
        (r"\href{http://dx.doi.org/10.1007/JHEP01(2017)001}{JHEP}", "10.1007/JHEP01(2017)001"),
        (r"doi:10.1016/S0370-2693(03)00123-4.", "10.1016/S0370-2693(03)00123-4"),
        (r"10.1007/978-3-319-00000-0\_3", "10.1007/978-3-319-00000-0_3"),
        ("(10.1088/1748-0221/3/08/S08003)", "10.1088/1748-0221/3/08/S08003"),
        ("volume 10.11 page 3", None),
    ],
)
def test_dois_are_found(source: str, doi: str | None) -> None:
    assert doi_in(source) == doi


def test_a_bbl_beside_the_paper_is_read_with_the_papers_macros(paper_of: PaperOf) -> None:
    bbl = r"""\begin{thebibliography}{99}
\providecommand{\newblock}{}
\bibitem[{\textit{et~al.}(2012)}]{Aad:2012}
\ourcoll, ``Observation of a new particle'',
\newblock \href{https://doi.org/10.1016/j.physletb.2012.08.020}{Phys. Lett. B \textbf{716} (2012) 1},
\eprint{1207.7214}.
\bibitem{note} \emph{A conference note title}, ATLAS-CONF-2016-078.
\end{thebibliography}"""
    document = paper_of(
        r"Seen~\cite{note}.\bibliography{x}", r"\newcommand{\ourcoll}{ATLAS Collaboration}", main__bbl=bbl
    )
    first, second = document.references
    assert (first.key, first.label, first.arxiv_id) == ("Aad:2012", "1", "1207.7214")
    assert first.doi == "10.1016/j.physletb.2012.08.020"
    assert first.title == "Observation of a new particle"
    assert first.text.startswith("ATLAS Collaboration, “Observation of a new particle”, Phys. Lett. B 716 (2012) 1")
    assert (second.title, second.report_number) == ("A conference note title", "ATLAS-CONF-2016-078")
    assert document.text == "Seen [2]."


def test_a_bib_file_gives_the_cited_entries_in_order_of_citation(paper_of: PaperOf) -> None:
    bib = r"""@string{plb = "Phys. Lett. B"}
@comment{ignored}
@article{unused, title={Never cited}}
@Article{b, author = {M{\"u}ller, Karl and Others, A.}, title = "{The {B} paper on $p_T$}", journal = plb # " A",
  volume = 716, year = 2012, eprint = {1207.7214}, archivePrefix = "arXiv", doi = {10.1016/x.y}}
@techreport{a, title={Note}, collaboration={CMS}, number={CMS-PAS-HIG-16-001}, year={2016}}
"""
    document = paper_of(r"First \cite{a}, then \cite{b,missing}.\bibliography{refs}", refs__bib=bib)
    assert [(r.label, r.key) for r in document.references] == [("1", "a"), ("2", "b"), ("3", "missing")]
    a, b, _ = document.references
    assert (a.report_number, a.text.split(",")[0]) == ("CMS-PAS-HIG-16-001", "CMS Collaboration")
    assert (b.arxiv_id, b.doi, b.title) == ("1207.7214", "10.1016/x.y", "The B paper on p_T")
    assert b.text == "Karl Müller and A. Others, The B paper on p_T, Phys. Lett. B A 716 (2012), arXiv:1207.7214"


def test_a_biblatex_bbl_is_read_in_its_order(paper_of: PaperOf) -> None:
    bbl = r"""\refsection{0}
  \datalist[entry]{none/global//global/global}
    \entry{one}{article}{}
      \name{author}{2}{}{%
        {{hash=a}{%
           family={De\bibnamedelima Fazio},
           familyi={D\bibinitperiod},
           given={Maria\bibnamedelima A.},
           giveni={M\bibinitperiod\bibinitdelim A\bibinitperiod}}}%
        {{hash=b}{%
           family={{XYZ Collaboration}},
           familyi={X\bibinitperiod}}}%
      }
      \field{eprinttype}{arXiv}
      \field{journaltitle}{JHEP}
      \field{title}{{A study of \(p_T\)}}
      \field{volume}{01}
      \field{year}{2015}
      \field{pages}{1\bibrangedash 9}
      \verb{doi}
      \verb 10.1007/JHEP01(2015)001
      \endverb
      \verb{eprint}
      \verb 1501.00001
      \endverb
    \endentry
    \entry{two}{report}{}
      \field{number}{ATLAS-CONF-2019-021}
      \field{title}{Luminosity}
    \endentry
  \enddatalist
\endrefsection"""
    document = paper_of(r"\cite{two}", main__bbl=bbl)
    one, two = document.references
    assert one.text == "M. A. De Fazio and XYZ Collaboration, A study of p_T, JHEP 01 (2015) 1–9, arXiv:1501.00001"
    assert (one.arxiv_id, one.doi) == ("1501.00001", "10.1007/JHEP01(2015)001")
    assert (two.label, two.report_number) == ("2", "ATLAS-CONF-2019-021")


def test_every_arxiv_id_of_a_real_bibliography_is_resolved(shared: Path) -> None:
    eprint = open_local(shared / "papers" / "eprint" / "2203.01808.tar.gz")
    document = read_latex(eprint, arxiv_id="2203.01808")
    bbl = next(eprint.text(name) for name in eprint.files if name.endswith(".bbl"))
    written = bbl.split(r"\verb{eprint}")[1:]
    expected = {entry.split(r"\verb ", 1)[1].split("\n", 1)[0].strip() for entry in written}
    assert expected == {reference.arxiv_id for reference in document.references if reference.arxiv_id}
    assert len(document.references) == bbl.count(r"\endentry")
    assert all(reference.text and reference.title for reference in document.references)
