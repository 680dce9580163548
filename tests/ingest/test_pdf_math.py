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
        ("a yield of 88_{-9}^{+12} events", "a yield of 88 ^{+12}_{-9} events"),
        ("the process e^+e^- of it", "the process e^+e^- of it"),
        ("an uncertainty of ±5% in x", "an uncertainty of ±5% in x"),
        ("decays to D^{(*)+} mesons", "decays to D^(*)+ mesons"),
        ("a cut on S of 8.5 GeV^{1/2} there", "a cut on S of 8.5 GeV^1/2 there"),
        ("hadrons as τ_{had-vis} there".replace("τ", "t"), "hadrons as t_had-vis there"),
    ],
)
def test_formulas_read_plainly(written: str, read: str) -> None:
    assert formula(written) == read


def test_thin_spaces_part_neither_thousands_nor_arguments() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, LEAD)
    end = sheet.text(72, 688, "more than 10")
    end = sheet.text(end + 1.7, 688, "000 events with m")
    end = sheet.text(end, 685.5, "T", size=7)
    sheet.text(end + 1.7, 688, "(lepton) > 30 GeV")
    assert read_pdf(pdf_of(sheet), arxiv_id="test").text.endswith("more than 10000 events with m_T(lepton) > 30 GeV")


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


def test_a_script_goes_on_behind_a_smaller_script() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, LEAD)
    end = sheet.text(72, 688, "the ratio R")
    end = sheet.text(end, 684, "D", size=7)
    star = sheet.text(end, 688.5, "(*)+", size=5)
    end = sheet.text(star, 684, "/K", size=7)
    sheet.text(end + 6, 688, "is measured in")
    sheet.text(72, 676, "all of the events")
    text = read_pdf(pdf_of(sheet), arxiv_id="test").text
    assert text == f"{LEAD} the ratio R_{{D^(*)+/K}} is measured in all of the events"


def test_limits_follow_the_sign_they_belong_to() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, LEAD, LEAD, LEAD)
    end = sheet.text(200, 640, "H = ")
    after = sheet.text(end + 5, 640, "∑")
    sheet.text(end - 5, 628, "tracks", size=6)
    sheet.text(after + 14, 640, "p, (1)")
    assert "H = ∑_tracks p, (1)" in read_pdf(pdf_of(sheet), arxiv_id="test").text


def test_the_variable_comes_before_the_rows_of_its_brace() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, LEAD, LEAD, LEAD)
    sheet.text(200, 640, "12 GeV for m < 140 GeV,")
    sheet.text(130, 626, "M > ")
    sheet.text(200, 626, "m - 128 GeV for m < 190 GeV,")
    sheet.text(430, 626, "(2)")
    sheet.text(200, 612, "50 GeV otherwise,")
    sheet.lines(72, 590, LEAD)
    document = read_pdf(pdf_of(sheet), arxiv_id="test")
    assert [document.quote(b.start, b.end) for b in document.blocks if b.kind == "equation"] == [
        "M > { 12 GeV for m < 140 GeV,; m - 128 GeV for m < 190 GeV,; 50 GeV otherwise, (2)"
    ]


def test_an_equation_number_on_its_own_line_stays_with_the_equation() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, LEAD, LEAD, LEAD)
    sheet.text(100, 640, "a + b = c + d + e + f + g + h + i + j + k + l + m")
    sheet.text(398, 628, "(3)")
    sheet.lines(72, 606, LEAD, LEAD)
    document = read_pdf(pdf_of(sheet), arxiv_id="test")
    assert [document.quote(b.start, b.end)[-9:] for b in document.blocks if b.kind == "equation"] == ["l + m (3)"]


def test_a_small_fraction_has_no_macron_in_it() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, LEAD)
    end = sheet.text(72, 680, "as the ratio ")
    sheet.text(end + 0.5, 684.3, "a", size=7)
    sheet.rule(end, 682.2, end + 5.2)
    sheet.text(end + 0.5, 676.2, "b", size=7)
    sheet.text(end + 5.2, 680, " of events")
    assert read_pdf(pdf_of(sheet), arxiv_id="test").text.endswith("as the ratio a/b of events")


def test_an_accent_is_found_wherever_the_file_has_it() -> None:
    sheet = Sheet()
    sheet.text(72 + 15 * 6, 702, "\xb4")
    sheet.lines(72, 700, "the method of Poincare and others is used", LEAD)
    assert "Póincare" in read_pdf(pdf_of(sheet), arxiv_id="test").text


def test_a_momentum_struck_through_is_a_missing_one() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, LEAD)
    end = sheet.text(72, 680, "events with E")
    sheet.text(end - 6.1, 680, "/")
    end = sheet.text(end, 677.5, "T", size=7)
    sheet.text(end, 680, " > 50 GeV")
    assert read_pdf(pdf_of(sheet), arxiv_id="test").text.endswith("events with E_T^miss > 50 GeV")


def test_glyphs_are_known_by_their_names_and_bitmaps_by_their_codes() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, LEAD)
    end = sheet.text(72, 680, "symbols ")
    end = sheet.text(end, 680, "ABC", font="Y")
    end = sheet.text(end, 680, " letters ")
    sheet.text(end, 680, "CAB", font="T")
    assert read_pdf(pdf_of(sheet), arxiv_id="test").text.endswith("symbols ≤→× letters CAB")


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
        ("txsyc", 0x3C, "∉"),
        ("pxsyc", 0x2C, "≠"),
        ("txexs", 0xCD, "∑"),
        ("HFBRSY10", 0x1C, "≪"),
        ("PazoMath-Italic", 0x65, "ε"),
        ("CMEX10", 0x00, "("),
        ("Helvetica", 0x60, "`"),
    ],
)
def test_glyphs_without_a_unicode_map_are_known_by_their_font(font: str, code: int, text: str) -> None:
    assert font_named(font).text(code, mapped=False) == text


@pytest.mark.parametrize(
    ("code", "text"), [(0x2206, "Δ"), (0xB5, "μ"), (0x1D45D, "p"), (0xFB01, "fi"), (0x133, "ij"), (0xF068, "η")]
)
def test_look_alikes_are_written_in_one_way(code: int, text: str) -> None:
    assert font_named("AnyFont").text(code, mapped=True) == text


def test_an_underscore_drawn_as_a_rule_is_one() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, LEAD, "a table above a rule and the program")
    end = sheet.text(72, 676, "MadGraph5")
    sheet.rule(end + 0.6, 675.8, end + 4.6)
    end = sheet.text(end + 5.2, 676, "aMC")
    sheet.rule(end + 6, 675.8, end + 10)  # between words it is no letter
    sheet.text(end + 16, 676, "version 2")
    assert read_pdf(pdf_of(sheet), arxiv_id="test").text.endswith("the program MadGraph5_aMC version 2")


def test_equations_with_a_number_each_stand_apart() -> None:
    sheet = Sheet()
    sheet.lines(72, 720, *[LEAD] * 3)
    for number, y in ((1, 664), (2, 644)):
        sheet.math(180, y, f"SF_{number} = 1.{number} ± 0.06,")
        sheet.text(402, y, f"({number})")
    sheet.lines(72, 620, *[LEAD] * 3)
    document = read_pdf(pdf_of(sheet), arxiv_id="test")
    equations = [document.quote(b.start, b.end) for b in document.blocks if b.kind == "equation"]
    assert equations == ["SF_1 = 1.1 ± 0.06, (1)", "SF_2 = 1.2 ± 0.06, (2)"]


def test_the_script_of_a_script_may_stand_on_the_line() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, LEAD, "12 < m")
    x = 72 + 0.6 * 10 * 6
    for text, y, size in (("a", 685.6, 7.0), ("(2)", 688.0, 5.0), ("b", 685.6, 7.0), ("-", 688.0, 5.0)):
        x = sheet.text(x, y, text, size=size)
    sheet.text(x + 3, 688, "< 120 GeV")
    assert read_pdf(pdf_of(sheet), arxiv_id="test").text.endswith("12 < m_{a^(2) b^-} < 120 GeV")


def test_what_stands_above_a_minimum_belongs_to_the_line_above() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, LEAD, "exactly N")
    x = sheet.text(126, 685.5, "jet", size=7)
    x = sheet.text(x, 685.5, ",(20", size=7, font="I")
    sheet.text(x + 3, 688, "= 0 of them and")
    sheet.text(sheet.text(72, 676, "with large min"), 676, "(m)", font="I")
    text = read_pdf(pdf_of(sheet), arxiv_id="test").text
    assert text.endswith("exactly N_{jet,(20} = 0 of them and with large min(m)")


def test_a_subscript_below_a_superscript_hangs_low() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, LEAD, "with D")
    sheet.text(108, 682.1, "bb", size=7)
    sheet.text(108, 692.5, "(2)", size=7)
    sheet.text(124, 688, "> 0.8")
    assert read_pdf(pdf_of(sheet), arxiv_id="test").text.endswith("with D_bb^(2) > 0.8")


def test_a_comma_set_in_one_with_the_end_of_a_radicand_is_none_of_it() -> None:
    sheet = Sheet()
    sheet.lines(72, 700, LEAD, "m = √2pE,")
    sheet.rule(72 + 4 * 6 + 5.49, 697, 72 + 4 * 6 + 5.49 + 3 * 6)
    assert read_pdf(pdf_of(sheet), arxiv_id="test").text.endswith("m = √(2pE),")
