"""A cut is grounded when its quotes are verbatim and hold its numbers and its variable."""

from __future__ import annotations

from typing import Any

import pytest

from kb.distil import distil, ground
from kb.document import Document
from kb.ssc import Cut, Evidence
from tests.distil.papers import paper

TEXT = "Muons must have p_T > 5 GeV and lie within 0.5 mm of the beam. Events with no jets are kept."


@pytest.fixture
def document() -> Document:
    return paper(f"# Selection\n\n{TEXT}")


@pytest.fixture
def cut(document: Document) -> Cut:
    return next(c for c in distil(document).cuts if c.variable.id == "pt")


def changed(cut: Cut, **changes: Any) -> Cut:
    return Cut.model_validate({**cut.model_dump(), **changes})


def test_what_the_paper_says_is_grounded(document: Document, cut: Cut) -> None:
    assert ground(cut, {document.document_hash: document}) == ()


def test_another_number_is_not(document: Document, cut: Cut) -> None:
    objections = ground(changed(cut, value=6.0), {document.document_hash: document})
    assert objections == ("the number 6 is not in the quote",)


def test_the_same_number_in_another_unit_is(document: Document, cut: Cut) -> None:
    assert ground(changed(cut, value=5000.0, unit="MeV"), {document.document_hash: document}) == ()


def test_another_variable_is_not(document: Document, cut: Cut) -> None:
    variable = {"id": "chi2"}
    assert "the variable chi2 is not in the quote" in ground(
        changed(cut, variable=variable), {document.document_hash: document}
    )


def test_a_quote_must_be_verbatim(document: Document, cut: Cut) -> None:
    evidence = cut.evidence[0]
    moved = Evidence.model_validate({**evidence.model_dump(), "start": evidence.start + 1, "end": evidence.end + 1})
    assert (
        "the quote is not the document's text"
        in ground(changed(cut, evidence=[moved.model_dump()]), {document.document_hash: document})[0]
    )


def test_an_unknown_document_is_named(cut: Cut) -> None:
    assert "is not at hand" in ground(cut, {})[0]


def test_windows_are_grounded_by_mass_and_width() -> None:
    document = paper("# Selection\n\nThe dilepton mass must lie within 10 GeV of the Z boson mass.")
    (cut,) = distil(document).cuts
    assert cut.value == (81.1876, 101.1876)
    assert ground(cut, {document.document_hash: document}) == ()
    wider = changed(cut, value=[79.1876, 103.1876])
    assert ground(wider, {document.document_hash: document}) != ()
