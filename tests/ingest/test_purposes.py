"""A citation that defines objects or selection is told from all others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ingest.purposes import of_collaboration, reasons, title_kind
from ingest.reader import read_file
from ingest.references import merge
from kb.document import Block, Citation, Document, Reference, Section

MUONS = "ATLAS Collaboration, Muon reconstruction performance of the ATLAS detector, arXiv:1603.05598"
ELECTRONS = "CMS Collaboration, “Performance of electron reconstruction and selection with the CMS detector”, JINST 10"
SEARCH = "ATLAS Collaboration, Search for heavy neutral particles, JHEP 06 (2016) 059"
JETS = "CMS Collaboration, “Jet energy scale and resolution in the CMS experiment”, JINST 12"
B_JETS = "ATLAS Collaboration, Performance of b-jet identification in the ATLAS experiment, JINST 11"
TRIGGER = "CMS Collaboration, “The CMS trigger system”, JINST 12 (2017) P01020"
DETECTOR = "ATLAS Collaboration, The ATLAS Experiment at the CERN Large Hadron Collider, JINST 3"
ANTI_KT = "M. Cacciari, G. P. Salam and G. Soyez, The anti-k_t jet clustering algorithm, JHEP 04 (2008) 063"
THEORY = "J. Doe and A. Physicist, A variable for boosted systems, JHEP 03 (2011) 059"
NOTE = "A. Physicist, Cleaning of events, ATLAS-CONF-2015-029"


def paper(sentence: str, entry: str, section: str = "Object reconstruction") -> Document:
    """A paper with one section and one sentence; `[n]` cites an entry, the number 1 the one given."""
    heading = f"3 {section}"
    start = len(heading) + 2
    text = f"{heading}\n\n{sentence}\n\n"
    citations = [
        Citation(start=start + found.start(), end=start + found.end(), keys=tuple(found[1].split(", ")))
        for found in re.finditer(r"\[(\d+(?:, \d+)*)\]", sentence)
    ]
    report = re.search(r"ATLAS-CONF-\d{4}-\d{3}", entry)
    document = Document(
        arxiv_id="2611.00001",
        title="A search with the ATLAS detector",
        source_format="latex",
        text=text,
        blocks=(
            Block(start=0, end=len(heading), kind="heading"),
            Block(start=start, end=start + len(sentence), kind="paragraph"),
        ),
        sections=(Section(start=0, end=len(text), title=section, number="3", level=1),),
        citations=tuple(citations),
        references=(
            Reference(key="1", label="1", text=entry, report_number=report[0] if report else None),
            Reference(key="2", label="2", text=ANTI_KT),
        ),
    )
    return merge(document).document


def cited_for(sentence: str, entry: str, section: str = "Object reconstruction") -> list[str]:
    return [reason.purpose for reason in reasons(paper(sentence, entry, section)) if reason.key == "1"]


@pytest.mark.parametrize(
    ("sentence", "entry"),
    [
        ("Muons have to fulfil the Medium identification criteria [1].", MUONS),
        ("Muons are reconstructed and identified as in [1].", MUONS),
        ("Muon candidates are found by combining tracks in the inner detector and the spectrometer [1].", MUONS),
        ("Electrons are identified with a likelihood-based method [1].", ELECTRONS),
        ("Electrons [1] need p_T > 20 GeV.", ELECTRONS),
        ("The Loose selection of electrons, which is documented in Ref. [1], is applied.", ELECTRONS),
        ("Jets with a b hadron are identified at a working point of 77% efficiency [1].", B_JETS),
        ("A multivariate discriminant [1] is used to tag jets from b quarks.", B_JETS),
        ("Events with noise bursts are removed, following the cleaning requirements of Ref. [1].", NOTE),
        (
            "The isolation of a lepton is computed from the tracks within a cone whose radius depends on p_T [1].",
            SEARCH,
        ),
        ("Jets are clustered with the anti-k_t algorithm [2] and pass the cleaning criteria of Ref. [1].", NOTE),
        ("Photons pass the Tight requirements that are defined in Ref. [1].", SEARCH),
        ("The scaled momentum, a variable proposed in Ref. [1], is part of the selection.", THEORY),
    ],
)
def test_what_defines_an_object_or_a_requirement_is_wanted(sentence: str, entry: str) -> None:
    assert cited_for(sentence, entry)


@pytest.mark.parametrize(
    ("sentence", "entry", "section"),
    [
        ("Jets are reconstructed with the anti-k_t algorithm [1] with a radius parameter of 0.4.", ANTI_KT, "Jets"),
        ("Jets pass the criteria of the algorithm described in Ref. [1].", ANTI_KT, "Jets"),
        ("The energy of jets is corrected for the response of the calorimeter [1].", JETS, "Jets"),
        ("The jet energy calibration follows Ref. [1], as do the requirements on jets.", JETS, "Jets"),
        ("The scaled momentum [1] separates signal from background.", THEORY, "Event selection"),
        ("Events are selected with single-muon triggers [1].", TRIGGER, "Event selection"),
        ("The detector is described in Ref. [1].", DETECTOR, "The ATLAS detector"),
        ("Muons are measured in the spectrometer with a resolution of 2% [1].", MUONS, "The ATLAS detector"),
        ("Simulated muons are weighted to match the identification efficiency in data [1].", MUONS, "Simulated samples"),
        ("An earlier search excluded masses below 1 TeV [1].", SEARCH, "Introduction"),
        ("Muons are important in many searches [1].", MUONS, "Introduction"),
        ("The uncertainty in the muon identification requirements is taken from Ref. [1].", MUONS, "Systematic uncertainties"),
        ("The background from misreconstructed jets is estimated with the method of Ref. [1].", SEARCH, "Background estimation"),
        ("The excluded cross-section is lower than that observed in Ref. [1].", SEARCH, "Results"),
        ("The selection efficiency is measured with Z decays [1].", MUONS, "Event selection"),
    ],
)  # fmt: skip
def test_other_citations_are_not(sentence: str, entry: str, section: str) -> None:
    assert cited_for(sentence, entry, section) == []


@pytest.mark.parametrize(
    ("sentence", "section", "entry", "wanted"),
    [
        ("The analysis follows the strategy of the previous search described in Ref. [1].", "Introduction", SEARCH, True),
        ("The strategy is similar to that of Ref. [1].", "Introduction", SEARCH.replace("ATLAS", "CMS"), False),
        ("Data quality requirements must be satisfied, see Ref. [1].", "Data and simulated samples", NOTE, True),
        ("Muons of the control region pass the Loose identification criteria [1].", "Background estimation", MUONS, True),
        ("A set of muon selection criteria is applied [1].", "Signal extraction", MUONS, True),
    ],
)  # fmt: skip
def test_the_section_decides_how_much_a_sentence_must_say(
    sentence: str, section: str, entry: str, wanted: bool
) -> None:
    assert bool(cited_for(sentence, entry, section)) is wanted


def test_of_several_citations_in_a_sentence_each_has_its_own_words() -> None:
    sentence = (
        "Details are given in Ref. [1] on the calibration of jets [2], the identification requirements, "
        "and the subtraction of pileup [3]."
    )
    document = paper(sentence, SEARCH)
    document = document.model_copy(update={"references": (*document.references[:1], Reference(key="2", text=JETS, collaboration="CMS"), Reference(key="3", text=NOTE, collaboration="ATLAS"))})  # fmt: skip
    assert [reason.key for reason in reasons(document)] == ["1"]


def test_the_sentence_is_given_with_the_reason() -> None:
    document = paper("The trigger is efficient. Muons pass the Medium identification criteria [1]. Jets follow.", MUONS)
    (reason,) = reasons(document)
    assert document.quote(reason.start, reason.end) == "Muons pass the Medium identification criteria [1]."


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        (MUONS, "object"),
        (ELECTRONS, "object"),
        (JETS, "calibration"),
        (SEARCH, "results"),
        (ANTI_KT, "never"),
        (DETECTOR, "never"),
        (TRIGGER, "never"),
        (THEORY, "other"),
        ("CMS Collaboration, “Muon identification in data and simulation”", "object"),
        ("CMS Collaboration, “Search for resonances with the CMS experiment at the LHC”", "results"),
        ("R. D. Ball et al., Parton distributions for the LHC run II", "never"),
        ("ATLAS Collaboration, Luminosity determination in pp collisions", "never"),
    ],
)
def test_a_title_tells_what_a_paper_is(entry: str, kind: str) -> None:
    quoted = re.search("“(.+)”", entry)
    assert title_kind(Reference(key="k", text=entry)) == kind
    assert title_kind(Reference(key="k", text=entry, title=quoted[1] if quoted else "")) == kind


def test_a_note_is_its_collaborations_by_its_number() -> None:
    assert of_collaboration(Reference(key="k", report_number="ATL-PHYS-PUB-2015-041"), "ATLAS")
    assert of_collaboration(Reference(key="k", collaboration="ATLAS and CMS"), "CMS")
    assert not of_collaboration(Reference(key="k", report_number="CMS-PAS-BTV-15-001"), "ATLAS")
    assert not of_collaboration(Reference(key="k"), "")


# Judged by reading: what a physicist needs to redo the selection, and what would do no harm. The rest is neither.
BY_HAND = {
    "1605.03814": ("77 79 80 81 83", "11 12 13 14 15 78 82"),
    "1704.03848": ("17 51 52 53 58 59 61 64", "16 50 60 62"),
    "1705.04673": ("16 52 53 61 62", "54 55 56"),
    "1706.09933": ("44 45 46 51 52", "47 53 54"),
    "1710.09154": ("41 49 50 53 54", "51 52"),
    "1711.08008": ("39 47", "26 42 73"),
    "2203.01808": ("24", "2 15"),
}


@pytest.mark.parametrize("arxiv_id", BY_HAND)
def test_real_papers_are_judged_as_by_hand(shared: Path, arxiv_id: str) -> None:
    path = shared / "papers" / "pdf" / f"{arxiv_id}.pdf"
    path = path if path.is_file() else shared / "papers" / "eprint" / f"{arxiv_id}.tar.gz"
    document = merge(read_file(path, arxiv_id=arxiv_id)).document
    labels = {reference.key: reference.label for reference in document.references}
    chosen = {labels[reason.key] for reason in reasons(document)}
    needed, harmless = (set(numbers.split()) for numbers in BY_HAND[arxiv_id])
    assert needed - chosen == set()
    assert chosen - needed - harmless == set()
