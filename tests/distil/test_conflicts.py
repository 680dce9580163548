"""What is cut differently in a text, in a table and in a cited paper is shown, never settled in silence."""

from __future__ import annotations

import pytest

from ingest.reader import read_source
from kb.distil import distil
from kb.document import Document
from kb.ssc import Refused, SelectionCriteria

_REFERENCES = r"\begin{thebibliography}{9}\bibitem{leptons} A companion, arXiv:1234.56789.\end{thebibliography}"


def document(body: str, arxiv_id: str = "test") -> Document:
    source = f"\\documentclass{{article}}\n\\begin{{document}}\n{body}\n{_REFERENCES}\n\\end{{document}}\n"
    return read_source(source.encode(), "paper.tex", arxiv_id=arxiv_id)


def table(*rows: str, head: str = "Variable & Requirement") -> str:
    lines = " \\\\ ".join(rows)
    columns = "l" * (1 + head.count("&"))
    caption = "\\caption{Summary of the selection requirements of the regions.}"
    grid = f"\\begin{{tabular}}{{{columns}}}{head} \\\\ \\hline {lines}\\end{{tabular}}"
    return f"\\begin{{table}}{caption}{grid}\\end{{table}}"


def conflicts(criteria: SelectionCriteria) -> list[Refused]:
    return [one for one in criteria.unresolved if one.code == "conflict"]


def test_a_table_that_differs_from_the_text_is_shown_with_both_quotes() -> None:
    text = "\\section{Event selection}\nEvents must have $H_T > 800$ GeV.\n" + table("$H_T$ & $> 900$ GeV")
    criteria = distil(document(text))
    assert {cut.statement() for cut in criteria.cuts} == {"event H_T > 800 GeV", "event H_T > 900 GeV"}
    (shown,) = conflicts(criteria)
    assert shown.candidate == "event H_T > 900 GeV"
    assert "Events must have H_T > 800 GeV." in shown.reason
    assert shown.evidence.quote == "> 900 GeV"


def test_regions_are_compared_each_with_itself() -> None:
    rows = table("$H_T$ [GeV] & $> 900$ & $> 1200$", head="Variable & SRA & SRB")
    text = "\\section{Signal regions}\nSRA requires $H_T > 800$ GeV, and SRB requires $H_T > 1200$ GeV.\n" + rows
    (shown,) = conflicts(distil(document(text)))
    assert shown.candidate == "event H_T > 900 GeV"
    assert "'event H_T > 800 GeV'" in shown.reason


def test_a_cited_paper_that_differs_is_shown() -> None:
    text = (
        "\\section{Object selection}\nMuons must have $p_T > 25$ GeV. "
        "Muons satisfy the identification requirements defined in Ref.~\\cite{leptons}."
    )
    cited = document("\\section{Muons}\nMuons must have $p_T > 20$ GeV and $|\\eta| < 2.4$.", arxiv_id="1234.56789")
    criteria = distil(document(text), cited={"leptons": cited})
    (shown,) = conflicts(criteria)
    assert shown.candidate == "μ p_T > 20 GeV"
    assert "'μ p_T > 25 GeV'" in shown.reason
    assert shown.evidence.arxiv_id == "1234.56789"


@pytest.mark.parametrize(
    "text",
    [
        "Events must have $H_T > 800$ GeV.\n" + table("$H_T$ & $> 800$ GeV"),
        "Photons must have $p_T > 15$ GeV. One photon with $p_T > 180$ GeV is required.\n"
        + table("Photon $p_T$ & $> 180$ GeV"),
        "The dilepton mass must satisfy $|m_{\\ell\\ell} - m_Z| < 10$ GeV.\n" + table("$m_{\\ell\\ell}$ & 81--101 GeV"),
        "The leading jet must have $p_T > 80$ GeV.\n" + table("Jet $p_T$ & $> 30$ GeV"),
        "For electrons, $p_T > 30$ GeV is required.\n" + table("Muon $p_T$ & $> 25$ GeV"),
    ],
)
def test_what_agrees_is_no_conflict(text: str) -> None:
    assert conflicts(distil(document("\\section{Event selection}\n" + text))) == []
