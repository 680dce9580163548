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


@pytest.mark.parametrize(
    ("value", "unit"), [(50.0, "GeV"), (0.5, "GeV"), (5.0, "MeV"), (5.0, "TeV"), (0.5, "cm"), (5.0, "mm")]
)
def test_a_number_of_another_size_or_unit_is_not(document: Document, cut: Cut, value: float, unit: str) -> None:
    objections = ground(changed(cut, value=value, unit=unit), {document.document_hash: document})
    assert f"the number {value:g} is not in the quote" in objections


def test_numbers_of_a_list_share_its_unit() -> None:
    document = paper("# Selection\n\nThe three leading leptons must have p_T > 20, 15 and 10 GeV.")
    for cut in distil(document).cuts:
        assert ground(cut, {document.document_hash: document}) == ()
        assert ground(changed(cut, unit="TeV"), {document.document_hash: document}) != ()


@pytest.mark.parametrize(
    "text",
    ["The dilepton mass must lie within 10 GeV of the Z boson mass.", "Events must have |m_ℓℓ − m_Z| < 10 GeV."],
)
def test_a_window_around_a_mass_that_is_not_named_is_not_grounded(text: str) -> None:
    document = paper(f"# Selection\n\n{text}")
    (cut,) = distil(document).cuts
    higgs = changed(cut, value=[115.2, 135.2])
    assert ground(higgs, {document.document_hash: document}) != ()


@pytest.mark.parametrize("variable", ["time", "st", "lt", "meff", "mass", "z0", "decay_length"])
def test_a_letter_in_a_word_names_no_variable(variable: str) -> None:
    document = paper("# Selection\n\nMuons must have p_T > 5 GeV.")
    (cut,) = distil(document).cuts
    other = changed(cut, variable={"id": variable})
    assert f"the variable {variable} is not in the quote" in ground(other, {document.document_hash: document})


def test_a_window_may_be_around_a_symbol() -> None:
    document = paper("# Selection\n\nThe dilepton mass must exceed 12 GeV and differ from m_Z by at least 10 GeV.")
    cut = distil(document).cuts[0]
    window = changed(cut, operator="not_in", value=[81.1876, 101.1876])
    assert ground(window, {document.document_hash: document}) == ()
