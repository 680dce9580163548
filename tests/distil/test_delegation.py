"""Requirements that a paper leaves to another one: followed where it is at hand, named where it is not."""

from __future__ import annotations

import pytest

from ingest.reader import read_source
from kb.distil import distil
from kb.document import Document
from kb.ssc import Refused

_REFERENCES = (
    r"\begin{thebibliography}{9}\bibitem{a} The first companion, arXiv:1111.11111."
    r"\bibitem{b} The second companion, arXiv:2222.22222.\end{thebibliography}"
)


def document(text: str, section: str = "Object selection") -> Document:
    body = f"\\section{{{section}}}\n{text}\n{_REFERENCES}"
    source = f"\\documentclass{{article}}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"
    return read_source(source.encode(), "paper.tex", arxiv_id="test")


def missing(text: str, section: str = "Object selection") -> list[Refused]:
    return [one for one in distil(document(text, section)).unresolved if one.code == "delegated"]


@pytest.mark.parametrize(
    "text",
    [
        r"Electrons are identified as described in Ref.~\cite{a}.",
        r"Muons must satisfy the selection criteria defined in Ref.~\cite{a}.",
        r"Jets are selected following the requirements of Ref.~\cite{a}.",
        r"Photons are required to be isolated, using the criteria detailed in~\cite{a}.",
        r"The selection of tau leptons is the same as in Ref.~\cite{a}.",
        r"Leptons are required to pass the medium identification working point~\cite{a}.",
        r"The definition of the electron isolation is given in Ref.~\cite{a}.",
    ],
)
def test_a_paper_that_is_not_at_hand_is_one_to_ingest(text: str) -> None:
    (refused,) = missing(text)
    assert refused.references == ("1111.11111",)
    assert "ingest 1111.11111" in refused.reason
    assert refused.evidence.quote.rstrip().endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        r"Jets are reconstructed with the anti-$k_t$ algorithm~\cite{a}.",
        r"The electron efficiency is measured as described in Ref.~\cite{a}.",
        r"The transverse mass is defined as in Ref.~\cite{a}.",
        r"The variable $m_{T2}$ is defined in Ref.~\cite{a} and is used to select events with two leptons.",
        r"The selection differs from that of our earlier search for photons~\cite{a}.",
        r"The jets must be compatible with the world-average mass of the W boson given in Ref.~\cite{a}.",
        r"The fit of the muon tracks and the quality of the method are described in Ref.~\cite{a}.",
        r"The muon spectrometer~\cite{a} is used to identify muon candidates.",
        r"Tau candidates are identified by a neural network~\cite{a} and must satisfy the loose working point.",
        r"Jets are selected as $b$-jet candidates with a tagger~\cite{a} at its medium working point.",
    ],
)
def test_other_reasons_to_cite_leave_no_requirement(text: str) -> None:
    assert missing(text) == []


def test_only_the_paper_that_is_missing_is_named() -> None:
    text = r"Electrons and muons are selected with the requirements given in Refs.~\cite{a,b}."
    cited = read_source(
        b"\\documentclass{article}\\begin{document}\\section{Muons}\nMuons must have $p_T > 20$ GeV.\\end{document}",
        "cited.tex",
        arxiv_id="1111.11111",
    )
    criteria = distil(document(text), cited={"a": cited})
    (cut,) = criteria.cuts
    assert cut.statement() == "μ p_T > 20 GeV"
    assert [(e.arxiv_id, e.kind) for e in cut.evidence] == [("1111.11111", "delegated"), ("test", "delegated")]
    assert [one.references for one in criteria.unresolved if one.code == "delegated"] == [("2222.22222",)]
