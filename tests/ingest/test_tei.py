"""GROBID's TEI becomes a Document as the other readers make it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.tei import read_tei
from ingest.tei_symbols import readable
from kb.errors import CutbookError, NoTextError, SourceError
from tests.ingest.tei_paper import entry, paper, references, tei


def texts(document: object, kind: str) -> list[str]:
    return [document.quote(b.start, b.end) for b in document.blocks if b.kind == kind]  # type: ignore[attr-defined]


# the front


def test_title_abstract_and_authors_come_from_the_header() -> None:
    authors = (
        "<author><persName><forename>W</forename><surname>Fang</surname></persName></author>"
        '<author><persName><forename type="first">Lucy</forename><forename type="middle">L</forename>'
        "<surname>Wang</surname></persName></author><author><affiliation>CERN</affiliation></author>"
    )
    read = paper(
        "<div><p>Prose.</p></div>",
        title="Jets with p T &gt; 30 GeV",
        front="<abstract><div><p>We search.</p></div></abstract>",
        authors=authors,
    )
    assert read.title == "Jets with p_T > 30 GeV"
    assert read.authors == ("W. Fang", "Lucy L. Wang")
    assert (read.source_format, read.reader) == ("tei", "tei 1 (GROBID 0.8.1)")
    assert read.text == "Jets with p_T > 30 GeV\n\nWe search.\n\nProse."
    assert [block.kind for block in read.blocks] == ["title", "abstract", "paragraph"]


def test_a_collaboration_is_the_author() -> None:
    authors = (
        "<author><persName><surname>Aad</surname></persName></author>"
        '<author><orgName type="collaboration">The ATLAS Collaboration</orgName></author>'
    )
    assert paper("<div><p>Prose.</p></div>", authors=authors).authors == ("ATLAS Collaboration",)


def test_an_empty_title_stays_empty() -> None:
    read = paper("<div><p>Prose.</p></div>", title="")
    assert (read.title, read.text) == ("", "Prose.")


# sections


def test_levels_come_from_the_numbers() -> None:
    read = paper(
        '<div><head n="1">Introduction</head><p>a</p></div><div><head n="2">Objects</head><p>b</p></div>'
        '<div><head n="2.1">Muons</head><p>c</p></div><div><head>Isolation</head><p>d</p></div>'
        '<div><head n="3">Selection</head><p>e</p></div>',
        back='<div type="acknowledgement"><div><head>Acknowledgements</head><p>We thank.</p></div></div>',
    )
    found = [(s.number, s.title, s.level) for s in read.sections]
    assert found == [
        ("1", "Introduction", 1),
        ("2", "Objects", 1),
        ("2.1", "Muons", 2),
        ("", "Isolation", 3),
        ("3", "Selection", 1),
        ("", "Acknowledgements", 1),
    ]
    assert read.section_path(read.text.index("\n\nd") + 2) == ("2 Objects", "2.1 Muons", "Isolation")
    assert [read.quote(s.start, s.end).split("\n\n")[-1] for s in read.sections] == [
        "a",
        "d",
        "d",
        "d",
        "e",
        "We thank.",
    ]


def test_letters_and_roman_numbers_have_levels_too() -> None:
    read = paper(
        '<div><head n="I.">INTRODUCTION</head><p>a</p></div><div><head n="II.">EVENTS</head><p>b</p></div>'
        '<div><head n="A.">Jets</head><p>c</p></div><div><head n="1.">Calibration</head><p>d</p></div>'
        '<div><head n="III.">RESULTS</head><p>e</p></div>'
    )
    assert [(s.number, s.level) for s in read.sections] == [("I", 1), ("II", 1), ("A", 2), ("1", 3), ("III", 1)]


def test_a_number_within_the_words_of_a_heading_is_its_number() -> None:
    read = paper("<div><head>2.3 Missing momentum</head><p>a</p></div>")
    assert [(s.number, s.title, s.level) for s in read.sections] == [("2.3", "Missing momentum", 2)]
    assert read.text.startswith("A search\n\n2.3 Missing momentum\n\n")


def test_a_heading_taken_for_a_paragraph_is_put_back() -> None:
    body = '<div><head n="2">Detector</head><p>a</p><p>3 Data analysis</p></div><div><head n="3.1">Jets</head><p>b</p></div>'
    read = paper(body)
    assert read.section_path(len(read.text) - 1) == ("3 Data analysis", "3.1 Jets")
    assert [block.kind for block in read.blocks if block.kind == "heading"] == ["heading"] * 3


def test_a_number_that_opens_a_sentence_makes_no_heading() -> None:
    body = '<div><head n="2">Data</head><p>3 Events pass</p></div><div><head n="2.1">Jets</head><p>b</p></div>'
    assert [s.title for s in paper(body).sections] == ["Data", "Jets"]


def test_the_members_of_a_collaboration_are_no_prose() -> None:
    members = ", ".join(f"{a}.{b}. Smith{a.lower()}" for a in "ABCDEF" for b in "XYZ")
    read = paper(
        "<div><p>Prose.</p></div>",
        back=f'<div type="annex"><div><head>The CMS Collaboration</head><p>{members}</p></div></div>',
    )
    assert read.text == "A search\n\nProse."


# blocks


def test_a_formula_parts_a_paragraph_and_keeps_its_number() -> None:
    read = paper(
        '<div><p>The mass is</p><formula xml:id="f0">m T = 2p T (1 − cos Δ φ)<label>(1)</label></formula>'
        "<p>where all is <formula>H T &gt; 300 GeV</formula> well.</p></div>"
    )
    assert texts(read, "paragraph") == ["The mass is", "where all is", "well."]
    assert texts(read, "equation") == ["m_T = 2p_T (1 - cos Δφ) (1)", "H_T > 300 GeV"]


def test_the_legend_of_a_plot_is_no_formula() -> None:
    read = paper(
        "<div><p>Prose.</p><formula>Data Total fit Prompt J/ψ Background 30 &lt; p T &lt; 40 GeV Pull</formula></div>"
    )
    assert read.text == "A search\n\nProse."


def test_list_items_are_items_and_footnotes_follow_the_paragraph_they_belong_to() -> None:
    read = paper(
        "<div><list><item>at least two jets;</item><item>no lepton.</item></list>"
        '<p>The axis<ref type="foot" target="#foot_0">1</ref> is right-handed.</p><p>Later.</p></div>'
        '<note place="foot" n="1" xml:id="foot_0">ATLAS uses the beam axis.</note>'
    )
    assert texts(read, "item") == ["at least two jets;", "no lepton."]
    assert [block.kind for block in read.blocks][-2:] == ["footnote", "paragraph"]
    assert texts(read, "footnote") == ["1 ATLAS uses the beam axis."]


FIGURES = (
    '<figure xml:id="fig_0"><head>Figure 1 :</head><label>1</label><figDesc>The mass.</figDesc></figure>'
    '<figure xml:id="fig_1"><head>Figure 2 (</head><label>2</label><figDesc>left) shows more.</figDesc></figure>'
    '<figure type="table" xml:id="tab_0"><head>Table 1 .</head><label>1</label><figDesc>Signal regions.</figDesc>'
    '<table><row><cell>Region</cell><cell cols="2">Cuts</cell></row><row><cell/><cell>E miss T [GeV]</cell><cell>N jets</cell></row>'
    "<row><cell>SR1</cell><cell>&gt; 200</cell><cell>≥ 2</cell></row><row><cell>SR2</cell><cell>&gt; 300</cell></row></table>"
    "<note>Masses in GeV.</note></figure>"
)


def test_floats_stand_behind_the_paragraph_that_first_speaks_of_them() -> None:
    read = paper(
        '<div><head n="1">Selection</head><p>See Table <ref type="table" target="#tab_0">1</ref> for the regions.</p>'
        '<p>And more.</p></div><div><head n="2">Results</head><p>In <ref type="figure">Fig. 1</ref> they are.</p></div>'
        + FIGURES
    )
    assert [block.kind for block in read.blocks] == [
        *("title", "heading", "paragraph", "caption", "table", "footnote", "paragraph"),
        *("heading", "paragraph", "caption", "caption"),
    ]
    assert texts(read, "caption") == ["Table 1. Signal regions.", "Figure 1: The mass.", "Figure 2 (left) shows more."]
    assert [read.section_path(b.start) for b in read.blocks if b.kind == "caption"] == [
        ("1 Selection",),
        ("2 Results",),
        (),
    ]


def test_a_table_is_a_grid_of_cells_linked_to_its_caption() -> None:
    read = paper(f"<div><p>Prose.</p></div>{FIGURES}")
    table = read.tables[0]
    assert read.quote(table.start, table.end) == (
        "Region | Cuts | \n | E_T^miss [GeV] | N_jets\nSR1 | > 200 | ≥ 2\nSR2 | > 300 | "
    )
    assert (table.shape, table.label) == ((4, 3), "1")
    assert table.caption is not None
    assert read.quote(table.caption.start, table.caption.end) == "Table 1. Signal regions."
    spanning = table.at(0, 2)
    assert spanning is not None
    assert (read.quote(spanning.start, spanning.end), spanning.column_span) == ("Cuts", 2)
    assert [cell.row for cell in table.cells if cell.header] == [0, 0, 1, 1, 1]


# citations and references


def cited(*labels: str) -> str:
    return "".join(f'<ref type="bibr" target="#b{index}">[{label}]</ref> x ' for index, label in enumerate(labels))


def test_citations_are_spans_with_their_targets() -> None:
    body = (
        '<div><p>As in<ref type="bibr" target="#b0">[1]</ref> and Refs. <ref type="bibr" target="#b1">[2,</ref>'
        '<ref type="bibr" target="#b2">3]</ref>, not <ref type="bibr" target="#b0">[1]</ref><ref type="bibr" target="#b1">[2]'
        '</ref><ref type="bibr" target="#b2">[3]</ref>.</p></div>'
    )
    read = paper(body, back=references(*(entry(f"Paper {name}") for name in "abc")))
    assert read.text.endswith("As in [1] and Refs. [2, 3], not [1–3].")
    assert [(read.quote(c.start, c.end), c.keys) for c in read.citations] == [
        ("[1]", ("b0",)),
        ("[2, 3]", ("b1", "b2")),
        ("[1–3]", ("b0", "b1", "b2")),
    ]
    assert [reference.label for reference in read.references] == ["1", "2", "3"]


def test_brackets_that_the_paper_sets_apart_stay_apart() -> None:
    body = '<div><p>See <ref type="bibr" target="#b0">[1]</ref>, <ref type="bibr" target="#b1">[2]</ref>.</p></div>'
    read = paper(body, back=references(entry("a"), entry("b")))
    assert read.text.endswith("See [1], [2].")
    assert [c.keys for c in read.citations] == [("b0",), ("b1",)]


def test_characters_of_private_use_are_left_out() -> None:
    body = '<div><p>A \ue123 sign \U000f0000 and <ref type="bibr" target="#b0">[1]</ref>.</p></div>'
    read = paper(body, back=references(entry("a")))
    assert read.text.endswith("A sign and [1].")
    assert len(read.citations) == 1


def test_citations_by_name_keep_their_words() -> None:
    body = '<div><p>Shown before (<ref type="bibr" target="#b0">Aad et al., 2012)</ref>.</p></div>'
    read = paper(body, back=references(entry("A discovery")))
    assert read.text.endswith("Shown before (Aad et al., 2012).")
    assert [c.keys for c in read.citations] == [("b0",)]
    assert read.references[0].label == ""


def test_a_citation_that_is_not_marked_or_has_no_target_is_found_by_its_number() -> None:
    body = f'<div><p>{cited("1", "2")}then <ref type="bibr">[3]</ref> and [2, 3], but η in [1, 2].</p></div>'
    read = paper(body, back=references(*(entry(f"Paper {name}") for name in "abcd")))
    found = [(read.quote(c.start, c.end), c.keys) for c in read.citations]
    assert ("[3]", ("b2",)) in found
    assert ("[2, 3]", ("b1", "b2")) in found


def test_references_carry_their_identifiers() -> None:
    pas = '<monogr><title level="m">Luminosity</title><title level="s">CMS-PAS</title><idno>LUM-17-001</idno><imprint><date when="2017"/></imprint></monogr>'
    raw = '<monogr><title>Jets</title></monogr><note type="raw_reference">ATLAS Collaboration, Jets, ATLAS-CONF-2015-037, https://arxiv.org/abs/1510.03823v2.</note>'
    back = references(entry("Muons", arXiv="arXiv:hep-ex/0309045", DOI="10.1007/JHEP04(2012)069"), pas, raw)
    muons, luminosity, jets = paper("<div><p>Prose.</p></div>", back=back).references
    assert (muons.arxiv_id, muons.doi) == ("hep-ex/0309045", "10.1007/JHEP04(2012)069")
    assert muons.text.startswith("A. Physicist, Muons, JHEP 4 (2012)")
    assert luminosity.report_number == "CMS-PAS-LUM-17-001"
    assert (jets.report_number, jets.arxiv_id) == ("ATLAS-CONF-2015-037", "1510.03823")
    assert jets.text.startswith("ATLAS Collaboration, Jets, ATLAS-CONF")


def test_a_reference_cut_in_two_is_one_again_and_the_numbers_are_those_printed() -> None:
    half = '<monogr><title level="m">Suppression at √ s NN =</title></monogr>'
    rest = '<analytic><title/><author><persName><surname>Tev</surname></persName></author><idno type="arXiv">arXiv:1202.1383</idno></analytic>'
    body = (
        '<div><p><ref type="bibr" target="#b0">[1]</ref> a <ref type="bibr" target="#b2">[2]</ref> b '
        '<ref type="bibr" target="#b4">[4]</ref> c [3]</p></div>'
    )
    read = paper(body, back=references(half, rest, entry("b"), entry("c"), entry("d")))
    assert [(r.label, r.key) for r in read.references] == [("1", "b0"), ("2", "b2"), ("3", "b3"), ("4", "b4")]
    assert (read.references[0].arxiv_id, read.references[0].title) == ("1202.1383", "Suppression at √s_NN =")
    assert read.citations[-1].keys == ("b3",)


def test_members_taken_for_references_are_left_out() -> None:
    member = "<analytic><title>Zumerle INFN Sezione di Padova</title><author><persName><surname>Bari</surname></persName></author></analytic>"
    read = paper(f"<div><p>{cited('1')}</p></div>", back=references(entry("a"), entry("never cited"), member, member))
    assert [r.title for r in read.references] == ["a", "never cited"]


# places


def test_the_source_map_has_page_and_box_from_below() -> None:
    read = paper('<div><p coords="1,72.0,100.0,200.0,10.0;1,72.0,112.0,100.0,10.0">Two lines of text.</p></div>')
    piece = read.source_of(read.text.index("Two"))
    assert piece is not None
    assert (piece.page, piece.box) == (1, (72.0, 670.0, 272.0, 692.0))


def test_a_paragraph_over_two_pages_is_divided_by_the_lengths_of_its_lines() -> None:
    words = " ".join(["word"] * 50)
    read = paper(f'<div><p coords="1,72.0,700.0,400.0,10.0;2,72.0,72.0,100.0,10.0">{words} end.</p></div>')
    first, second = read.source_map
    assert (first.page, second.page) == (1, 2)
    assert first.end == second.start
    assert (first.end - first.start) / (second.end - first.start) == pytest.approx(0.8, abs=0.03)
    assert read.source_of(len(read.text) - 1) == second


def test_sentences_with_coordinates_have_places_of_their_own() -> None:
    read = paper('<div><p><s coords="1,72,100,200,10">First.</s> <s coords="2,72,100,200,10">Second.</s></p></div>')
    assert read.text.endswith("First. Second.")
    assert [(read.quote(p.start, p.end), p.page) for p in read.source_map] == [("First.", 1), ("Second.", 2)]


def test_a_page_of_unknown_height_has_no_box() -> None:
    read = paper('<div><p coords="7,72.0,100.0,200.0,10.0">Text.</p><p coords="x,1;0,1,2,3,4">More.</p></div>')
    assert [(piece.page, piece.box) for piece in read.source_map] == [(7, None)]


# symbols


@pytest.mark.parametrize(
    ("flat", "plain"),
    [
        ("p T &gt; 20 GeV", "p_T > 20 GeV"),
        ("the p T -differential yield", "the p_T-differential yield"),
        ("E miss T above 200GeV", "E_T^miss above 200 GeV"),
        ("p miss T and p ℓ T", "p_T^miss and p_T^ℓ"),
        ("m T2 or M T", "m_T2 or M_T"),
        ("| d 0 | &lt; 2 mm, |z 0 | &lt; 5 mm", "|d_0| < 2 mm, |z_0| < 5 mm"),
        ("∆R &lt; 0.4 and ∆ φ &gt; 2", "ΔR < 0.4 and Δφ > 2"),
        ("at √ s NN = 5 TeV, √ s = 13 TeV", "at √s_NN = 5 TeV, √s = 13 TeV"),
        ("80 &lt; m ℓℓ &lt; 100", "80 < m_ℓℓ < 100"),
        ("m µ + µ − in bins", "m_{μ^+μ^-} in bins"),
        ("35.9 fb −1 and 2 × 10 34 cm −2 s −1", "35.9 fb^-1 and 2 × 10^34 cm^-2 s^-1"),
        ("N jets ≥ 2, n b = 1, M J &gt; 250 GeV", "N_jets ≥ 2, n_b = 1, M_J > 250 GeV"),
        ("|m ℓℓ − m Z | &lt; 15 GeV", "|m_ℓℓ - m_Z| < 15 GeV"),
        ("|d PV 0 |/σ &lt; 5 and z BL 0 sin(θ)", "|d_0^PV|/σ < 5 and z_0^BL sin(θ)"),
        ("S γ T &gt; 600 GeV and m CT &gt; 170 GeV", "S_T^γ > 600 GeV and m_CT > 170 GeV"),
        ("E miss T / √ H T and p T (j 1 ) &gt; 50 GeV", "E_T^miss/√H_T and p_T(j_1) > 50 GeV"),
        (
            "e + e − and µ + µ − pairs, N b = 2 b jets, N b jets ≥ 1",
            "e^+e^- and μ^+μ^- pairs, N_b = 2 b jets, N_{b jets} ≥ 1",
        ),
        ("√ ((∆η) 2 + (∆φ) 2 )", "√((Δη)^2 + (Δφ)^2)"),
        ("χ 2 /ndof", "χ^2/ndof"),
        ("eﬃcient identiﬁcation", "efficient identification"),
    ],
)
def test_scripts_without_doubt_are_set_again(flat: str, plain: str) -> None:
    assert texts(paper(f"<div><p>{flat}</p></div>"), "paragraph") == [plain]


@pytest.mark.parametrize(
    "text",
    [
        "We thank H T Nguyen and S T Chen.",
        "W + jets and a jet with R = 0.4",
        "in region A is = 3",
        "where x is > 5",
        "plan B for 2 GeV = 3",
        "from 10 -15 to 20",
        "vitamin d 0.5",
        "the distances d - m and e + e - 2",
        "section N of M",
    ],
)
def test_what_may_be_two_words_stays(text: str) -> None:
    assert readable(text) == text


@given(st.text(alphabet="pEmTHdz0123 missjetsℓμηΔ|<>=+-.,()[]√sNAR", max_size=60))
def test_no_letter_is_lost_and_none_is_added(text: str) -> None:
    def letters(value: str) -> list[str]:
        return sorted(c for c in value if c.isalnum())

    once = readable(text)
    assert letters(once) == letters(text)
    assert once == once.strip()


# what is no TEI


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (tei("<div><p>Prose.</p></div>")[:-30], "broken XML"),
        (b"<html><body/></html>", "root is 'html'"),
        (b'<!DOCTYPE TEI [<!ENTITY a "b">]><TEI><text><body><p>&a;</p></body></text></TEI>', "entities"),
        (b'<!DOCTYPE TEI SYSTEM "file:///etc/hostname"><TEI/>', "document type"),
        (b"<TEI>" + b"<div>" * 80 + b"</div>" * 80 + b"</TEI>", "deep"),
        (b"<TEI>" + b" " * (64 * 2**20) + b"</TEI>", "larger"),
        (b"\xff\xfe\x00", "broken XML"),
    ],
)
def test_what_is_no_tei_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(SourceError, match=words) as raised:
        read_tei(data, arxiv_id="x")
    assert raised.value.hint


def test_tei_without_prose_is_told_as_such() -> None:
    with pytest.raises(NoTextError, match="no prose"):
        paper('<div><head n="1">Introduction</head></div>')


INLINE = st.recursive(
    st.sampled_from(["alpha", "beta ", " gamma", "7 GeV", "&lt; 2"]),
    lambda inner: st.builds(
        "<{0}>{1}</{2}>{3}".format,
        st.sampled_from(
            ["hi", "s", 'ref type="bibr" target="#b0"', 'ref type="figure"', "formula", "note", "list", "item"]
        ),
        inner,
        st.just("@"),
        inner,
    ),
    max_leaves=8,
)


@given(st.lists(INLINE, min_size=1, max_size=5))
def test_any_nesting_of_elements_keeps_the_words_or_is_refused(parts: list[str]) -> None:
    import re

    body = ""
    for part in parts:
        stack: list[str] = []

        def close(match: re.Match[str], stack: list[str] = stack) -> str:
            if match[0] == "</@>":
                return f"</{stack.pop()}>"
            stack.append(match[1])
            return match[0]

        body += "<p>lead " + re.sub(r"</@>|<(\w+)[^>]*>", close, part) + "</p>"
    try:
        read = paper(f"<div>{body}</div>", back=references(entry("a")))
    except CutbookError:
        return
    words = re.findall(r"alpha|beta|gamma", body)
    assert sorted(re.findall(r"alpha|beta|gamma", read.text)) == sorted(words)
