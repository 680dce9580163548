"""Formulas come out plainly, whatever the type-setting: scripts by geometry, one way to write each."""

from __future__ import annotations

import pytest

from ingest.pdf import read_pdf
from ingest.pdffonts import font_named
from tests.ingest.sheets import Sheet, pdf_of

LEAD = "Candidates are selected with the requirement given here by"


def formula(*written: str) -> str:
    """Return what the last lines of a paragraph read."""
    sheet = Sheet()
    sheet.lines(72, 700, LEAD, *written)
    return read_pdf(pdf_of(sheet), arxiv_id="test").text.removeprefix(LEAD).strip()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("muons with p_T > 30 GeV", "muons with p_T > 30 GeV"),
        ("muons with p_T >30GeV", "muons with p_T > 30 GeV"),
        ("events with E_T^miss > 200 GeV", "events with E_T^miss > 200 GeV"),
        ("events with E^miss_T > 200 GeV", "events with E_T^miss > 200 GeV"),
        ("a sample of 36.1 fb^-1 of data", "a sample of 36.1 fb^-1 of data"),
        ("a rate below 10^-3 per event", "a rate below 10^-3 per event"),
        ("within |η|<2.47 and Δφ>0.4", "within |η| < 2.47 and Δφ > 0.4"),
        ("a fit with χ^2 below 5", "a fit with χ^2 below 5"),
        ("exactly N_{b jets} = 2 of them", "exactly N_{b jets} = 2 of them"),
        ("at √s = 13 TeV", "at √s = 13 TeV"),
        ("a product p_{T}E_T^miss of two", "a product p_T E_T^miss of two"),
        ("a luminosity of 10^33 cm^-2s^-1", "a luminosity of 10^33 cm^-2 s^-1"),
    ],
)
def test_formulas_read_plainly(written: str, read: str) -> None:
    assert formula(written) == read


def test_scripts_of_neighbouring_lines_do_not_mix() -> None:
    assert formula("a threshold on p_T and a^2 and p_T", "which is E^miss and x_T or E^miss twice") == (
        "a threshold on p_T and a^2 and p_T which is E^miss and x_T or E^miss twice"
    )


def test_a_built_up_fraction_stands_on_the_line() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, LEAD, LEAD, LEAD)
    end = sheet.text(200, 640, "R = ")
    sheet.text(end, 647, "a + b")
    sheet.rule(end, 642.5, end + 30)
    sheet.text(end + 12, 633, "c")
    sheet.text(end + 30, 640, ", (1)")
    assert "R = (a + b)/c, (1)" in read_pdf(pdf_of(sheet), arxiv_id="test").text


def test_a_root_covers_what_its_bar_covers() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, LEAD)
    end = sheet.text(72, 688, "the ratio E/√")
    sheet.rule(end, 696.5, end + 18)
    sheet.text(end, 688, "a+b above 5")
    assert read_pdf(pdf_of(sheet), arxiv_id="test").text.endswith("the ratio E/√(a+b) above 5")


def test_an_accent_is_put_onto_its_letter_and_a_bar_becomes_a_macron() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, LEAD)
    end = sheet.text(72, 688, "the method of Poincare")
    sheet.text(end - 6, 690, "\xb4")
    end = sheet.text(end, 688, " and the tt")
    sheet.rule(end - 6, 695, end)
    sheet.text(end, 688, " production")
    text = read_pdf(pdf_of(sheet), arxiv_id="test").text
    assert text.endswith("Poincaré and the tt\u0304 production")


@pytest.mark.parametrize(
    ("font", "code", "text"),
    [
        ("ABCDEF+CMMI10", 0x60, "ℓ"),
        ("CMSY10", 0x14, "≤"),
        ("CMEX10", 0x70, "√"),
        ("rtxmi", 0x0F, "ε"),
        ("MSAM10", 0x58, "✓"),
        ("Helvetica", 0x60, "`"),
    ],
)
def test_glyphs_without_a_unicode_map_are_known_by_their_font(font: str, code: int, text: str) -> None:
    assert font_named(font).text(code, mapped=False) == text


@pytest.mark.parametrize(("code", "text"), [(0x2206, "Δ"), (0xB5, "μ"), (0x1D45D, "p"), (0xFB01, "fi"), (0xF068, "η")])
def test_look_alikes_are_written_in_one_way(code: int, text: str) -> None:
    assert font_named("AnyFont").text(code, mapped=True) == text
