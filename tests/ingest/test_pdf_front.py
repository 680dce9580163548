"""Titles, abstracts, headings and lists of members, as journals and collaborations set them."""

from __future__ import annotations

import pytest

from ingest.pdf import read_pdf
from kb.document import Document
from tests.ingest.sheets import Sheet, pdf_of

PROSE = (
    "Events are recorded with single-muon triggers and kept if",
    "they have at least one primary vertex. Muons are built by",
    "combining tracks of the inner detector with those of the",
    "spectrometer, and electrons by matching clusters to them.",
)
MEMBERS = [f"{a}. {name}er^{n}, {b}. {name}sen^{n}, {a}.{b}. {name}ova^{n + 1}," for n, (a, b, name) in
           enumerate([("A", "B", "Mei"), ("C", "D", "Kar"), ("E", "F", "Lars"), ("G", "H", "Petr")] * 8)]  # fmt: skip
INSTITUTES = [f"^{n} Department of Physics, University of Place {n}, Country" for n in range(1, 20)]


def read(*sheets: Sheet) -> Document:
    return read_pdf(pdf_of(*sheets), arxiv_id="test")


def blocks(document: Document, kind: str) -> list[str]:
    return [document.quote(block.start, block.end) for block in document.blocks if block.kind == kind]


def cover() -> Sheet:
    sheet = Sheet()
    sheet.text(72, 780, "EUROPEAN ORGANIZATION FOR NUCLEAR RESEARCH", size=12, font="B")
    sheet.text(72, 740, "Search for new particles with four", size=17, font="B")
    sheet.text(72, 720, "leptons in the final state", size=17, font="B")
    sheet.text(72, 690, "The SIM Collaboration", size=13)
    sheet.text(250, 660, "Abstract", size=11, font="B")
    sheet.lines(90, 640, *PROSE, *PROSE, size=9, pitch=11)
    return sheet


def paper(*sheets: Sheet) -> Document:
    body = Sheet()
    body.text(72, 760, "1 Introduction", size=14, font="B")
    body.lines(72, 736, *PROSE, *PROSE)
    body.text(72, 620, "2 Selection", size=14, font="B")
    body.lines(72, 596, *PROSE, *PROSE)
    return read(cover(), body, *sheets)


def test_the_front_page_has_a_title_and_an_abstract_and_no_other_headings() -> None:
    document = paper()
    assert document.title == "Search for new particles with four leptons in the final state"
    assert document.authors == ("SIM Collaboration",)
    assert [section.title for section in document.sections] == ["Abstract", "Introduction", "Selection"]
    assert [text[:10] for text in blocks(document, "abstract")] == [PROSE[0][:10]]


def test_the_abstract_of_a_letter_does_not_take_in_its_body() -> None:
    body = Sheet()
    body.lines(72, 736, *PROSE, *PROSE)
    document = read(cover(), body)
    (abstract,) = document.sections
    assert document.section_path(abstract.start) == ("Abstract",)
    assert document.section_path(document.text.rindex("Events are recorded")) == ()


def test_the_members_of_the_collaboration_are_not_part_of_the_text() -> None:
    references, members, institutes = Sheet(), Sheet(), Sheet()
    references.text(72, 760, "References", size=14, font="B")
    references.lines(72, 730, *(f"[{n}] A. Author, Phys. Rev. {n} (2001) 1." for n in range(1, 6)))
    members.text(72, 760, "The SIM Collaboration", size=14, font="B")
    members.lines(72, 730, *MEMBERS, size=9, pitch=11)
    institutes.lines(72, 760, *INSTITUTES, size=9, pitch=11)
    document = paper(references, members, institutes)
    assert len(document.references) == 5
    assert "Larsova" not in document.text
    assert "University of Place" not in document.text
    assert document.text.endswith("[5] A. Author, Phys. Rev. 5 (2001) 1.")


def test_an_appendix_that_lists_the_members_keeps_its_heading_and_what_follows_it() -> None:
    references, members, more = Sheet(), Sheet(), Sheet()
    references.text(72, 760, "References", size=14, font="B")
    references.lines(72, 730, *(f"[{n}] A. Author, Phys. Rev. {n} (2001) 1." for n in range(1, 6)))
    members.text(72, 760, "A The SIM Collaboration", size=14, font="B")
    members.lines(72, 730, *MEMBERS, size=9, pitch=11)
    more.text(72, 760, "B Auxiliary material", size=14, font="B")
    more.lines(72, 730, *PROSE)
    document = paper(references, members, more)
    assert [section.title for section in document.sections][-2:] == ["The SIM Collaboration", "Auxiliary material"]
    assert "Larsova" not in document.text
    assert document.text.endswith(PROSE[-1])


def test_names_in_the_prose_of_a_paper_stay() -> None:
    sheet = Sheet()
    sheet.text(72, 760, "1 Methods", size=14, font="B")
    sheet.lines(72, 730, "We thank A. Meier, B. Larsen and C. Petrova for their help with", *PROSE)
    assert "A. Meier, B. Larsen and C. Petrova" in read(sheet).text


@pytest.mark.parametrize(
    ("heading", "font", "size", "path"),
    [
        ("II. EVENT SELECTION", "F", 10, "II EVENT SELECTION"),  # REVTeX
        ("EVENT SELECTION", "B", 9, "EVENT SELECTION"),  # Physical Review Letters
        ("3.2. Signal muons", "I", 10, "3.2 Signal muons"),  # Elsevier
        ("3 Event selection", "B", 12, "3 Event selection"),  # EPJC, JHEP, preprints
        ("Acknowledgements", "I", 10, "Acknowledgements"),
    ],
)
def test_headings_of_journals_are_known_by_their_dress(heading: str, font: str, size: float, path: str) -> None:
    sheet = Sheet()
    sheet.lines(72, 760, *PROSE, *PROSE)
    sheet.text(72, 640, heading, font=font, size=size)
    sheet.lines(72, 610, *PROSE, *PROSE)
    document = read(sheet)
    assert document.section_path(len(document.text) - 1)[-1:] == (path,)
    assert len(document.sections) == 1


def test_a_caption_needs_no_colon_where_its_label_is_bold() -> None:
    sheet = Sheet()
    sheet.lines(72, 760, *PROSE, *PROSE)
    end = sheet.text(72, 640, "Fig. 1", font="B", size=8)
    sheet.text(end + 4, 640, "Distribution of the mass of the four", size=8)
    sheet.text(72, 630, "leptons after all requirements.", size=8)
    sheet.lines(72, 600, *PROSE, "As shown in", "Fig. 1 the data agree with the expectation.")
    assert blocks(read(sheet), "caption") == [
        "Fig. 1 Distribution of the mass of the four leptons after all requirements."
    ]


def test_prose_is_known_however_long_the_list_of_members_is() -> None:
    sheets = []
    for _ in range(6):
        sheet = Sheet()
        sheet.lines(72, 760, *MEMBERS, size=8, pitch=10)
        sheets.append(sheet)
    document = paper(*sheets)
    assert [section.title for section in document.sections] == ["Abstract", "Introduction", "Selection"]
    assert blocks(document, "paragraph")[-1].startswith(PROSE[0])


def test_a_bold_opening_is_a_heading_where_it_stands_by_itself() -> None:
    sheet = Sheet()
    sheet.text(72, 760, "4 Regions", size=14, font="B")
    for y, bold, rest in (
        (736, "Region A.", "Exactly one muon is required, with a momentum"),
        (700, "Fake muons", "are muons from the decays of hadrons, which"),
    ):
        end = sheet.text(72, y, bold, font="B")
        sheet.text(end + 6, y, rest)
        sheet.lines(72, y - 12, "of more than 30 GeV, in the rest of the events.")
    document = read(sheet)
    assert [(section.level, section.title) for section in document.sections] == [(1, "Regions"), (4, "Region A")]
    assert document.section_path(document.text.index("Exactly one muon")) == ("4 Regions", "Region A")
    assert "Fake muons are muons from the decays" in document.text


def test_the_items_of_a_list_stay_together_over_a_page_with_a_figure() -> None:
    first, second = Sheet(), Sheet()
    first.lines(72, 760, *PROSE, "Events must have:")
    first.lines(84, 700, "- exactly two muons of opposite charge,")
    first.text(72, 104, "1", size=5)
    first.text(78, 100, "A note on the charge.", size=8)
    second.lines(72, 780, "Figure 1: Mass of the muons.", size=9)
    second.lines(84, 740, "- no electron and")
    second.lines(72, 700, *PROSE)
    document = read(first, second)
    kinds = [block.kind for block in document.blocks]
    assert kinds[:3] == ["paragraph", "item", "item"]
    assert {"footnote", "caption"} <= set(kinds[3:])
