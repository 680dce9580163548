"""Papers as four collaborations write them, each in its own style, come out as their selections read in print."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from ingest.reader import read_source
from kb.document import Document, Table

PAPERS = Path(__file__).parent / "papers"


def eprint_of(name: str) -> bytes:
    """Pack a paper as arXiv hands it out."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.add(PAPERS / name, arcname=".")
    return gzip.compress(stream.getvalue())


def read(name: str) -> Document:
    return read_source(eprint_of(name), f"{name}.tar.gz", arxiv_id=name)


@pytest.fixture(scope="module")
def atlas() -> Document:
    return read("atlas")


@pytest.fixture(scope="module")
def cms() -> Document:
    return read("cms")


@pytest.fixture(scope="module")
def lhcb() -> Document:
    return read("lhcb")


@pytest.fixture(scope="module")
def prl() -> Document:
    return read("prl")


def blocks(document: Document, kind: str) -> list[str]:
    return [document.quote(block.start, block.end) for block in document.blocks if block.kind == kind]


def grid(document: Document, table: Table) -> list[list[str]]:
    rows, columns = table.shape
    cells = [[table.at(row, column) for column in range(columns)] for row in range(rows)]
    return [[document.quote(cell.start, cell.end) if cell else "" for cell in row] for row in cells]


def titles(document: Document) -> list[tuple[int, str, str]]:
    return [(section.level, section.number, section.title) for section in document.sections]


class TestAtlas:
    """atlasdoc and atlasphysics not shipped, definitions in a style file, sections in files, biblatex commands."""

    @pytest.mark.parametrize(
        "sentence",
        [
            "Electron candidates are required to have p_T > 7 GeV and |η| < 2.47, excluding the transition region"
            " 1.37 < |η| < 1.52, and to satisfy the ‘Loose’ likelihood identification [6].",
            "must fulfil p_T > 6 GeV, |η| < 2.7 and |z_0 sinθ| < 0.5 mm; the significance |d_0|/σ(d_0) must be below 3.",
            "Jets are reconstructed with the anti-k_t algorithm [7] with R = 0.4, and retained if p_T > 25 GeV and"
            " |η| < 2.5.",
            "Signal leptons form same-flavour, opposite-sign (SFOS) pairs ℓ^+ℓ^- or e^+μ^- with 81 < m_ℓℓ < 101 GeV.",
            "at least four jets with\n\np_T^{j_1}, p_T^{j_2}, p_T^{j_3}, p_T^{j_4} > 60, 50, 40, 40 GeV,\n\n"
            "of which at least one is b-tagged;",
            "E_T^miss > 230 GeV, m_T > 160 GeV, and |Δφ(j_1, p_T^miss)| > 0.4, |Δφ(j_2, p_T^miss)| > 0.4;",
            "H_{T,sig}^miss > 14 as well as am_T2 > 175 GeV.",
            "tN_med optimised for medium stop masses: E_{T,⊥}^miss > 400 GeV.",
            "The selections of Table 1 and Eq. (1) define the regions tN_med and bC_soft respectively.",
            "m_T = √(2 p_T^ℓ E_T^miss[1 - cos(Δφ_{ℓ,miss})]),\nΔR(b, ℓ) < { 3.0 for E_T^miss < 300 GeV; 2.0 otherwise,",
            "Figure 1 shows that the tt̄ and W+jets yields of 1234.5 ± 12.3 agree within 5 %; μ_sig = 1.04 ^{+0.12}_{-0.10}"
            " for √s = 13 TeV with L = 36.1 fb^-1, m(t̃_1) = 1 TeV, B_s^0, Z → μμ, Z → ee, W → eν and H → ττ.",
        ],
    )
    def test_selection_sentences_read_as_in_print(self, atlas: Document, sentence: str) -> None:
        assert sentence in atlas.text

    def test_title_abstract_and_sections_are_complete(self, atlas: Document) -> None:
        assert atlas.title.endswith("missing transverse momentum in 13 TeV pp collisions")
        (abstract,) = blocks(atlas, "abstract")
        assert "correspond to 36.1 fb^-1 at √s = 13 TeV. Masses of t̃_1 up to 940 GeV are excluded" in abstract
        assert titles(atlas) == [
            (1, "1", "Introduction"),
            (1, "2", "Object reconstruction"),
            (4, "", "Electrons"),
            (4, "", "Muons"),
            (1, "3", "Event selection"),
            (1, "4", "Results"),
        ]

    def test_the_table_of_regions_is_a_grid(self, atlas: Document) -> None:
        (table,) = atlas.tables
        assert table.label == "Table 1"
        assert grid(atlas, table) == [
            ["", "tN", "tN", "bC^a"],
            ["Selection", "med", "high", "bC^a"],
            ["Number of (jets, b-tags)", "(≥ 4, ≥ 1)", "(≥ 4, ≥ 1)", "(≥ 2, = 2)"],
            ["E_T^miss [GeV]", "> 230", "> 520", ""],
            ["m_T [GeV]", "> 160", "> 380", "120.5"],
            ["Leading jet p_T", "> 60 GeV", "> 60 GeV", "—"],
            ["ΔR(b, ℓ) (with H_{T,sig}^miss)", "< 2.0", "—", "–"],
        ]
        assert {cell.row for cell in table.cells if cell.header} == {0, 1}

    def test_what_is_hidden_stays_hidden(self, atlas: Document) -> None:
        for hidden in ("internal remark", "Old text", "never read", "xspace", "template"):
            assert hidden not in atlas.text

    def test_captions_of_parts_and_notes_are_there(self, atlas: Document) -> None:
        assert blocks(atlas, "caption")[1:] == [
            "(a) m_T in tN_med",
            "(b) E_T^miss after all cuts",
            "Figure 1: Distributions of (a) m_T and (b) E_T^miss. The hatched area is the total uncertainty.",
        ]
        assert blocks(atlas, "item")[-1] == "a For bC the requirement on m_T is “loose”."
        assert "η = -ln tan(θ/2)" in blocks(atlas, "footnote")[0]

    def test_citations_and_their_targets_are_known(self, atlas: Document) -> None:
        cited = [(atlas.quote(c.start, c.end), c.keys) for c in atlas.citations]
        assert cited[0] == ("[1–3]", ("Golfand:1971iw", "Volkov:1973ix", "Wess:1974tw"))
        assert cited[2] == ("[5, Chapter 2]", ("Farrar:1978xj",))
        known = {reference.key: reference for reference in atlas.references}
        assert known["SUSY-2014-00"].arxiv_id == "1407.0583"
        assert known["PERF-2016-01"].report_number == "ATLAS-CONF-2016-024"

    def test_every_piece_leads_back_to_its_file(self, atlas: Document) -> None:
        for words, file in [
            ("Electron candidates", "sections/selection.tex"),
            ("predicts a partner", "sections/introduction.tex"),
            ("agree within", "sections/results.tex"),
            ("described. The data", "main.tex"),
        ]:
            piece = atlas.source_of(atlas.text.index(words))
            assert piece is not None
            assert piece.file == file
            assert piece.offset is not None
            source = (PAPERS / "atlas" / file).read_text(encoding="utf-8")
            place = piece.offset + atlas.text.index(words) - piece.start
            assert source[place:].startswith(words.split()[0])


class TestCms:
    """cms-tdr and ptdr-definitions not shipped, hepparticles in formulas, scotch tables, an external `.bbl`."""

    @pytest.mark.parametrize(
        "sentence",
        [
            "Jets are clustered with the anti-k_T algorithm [4, 5] with a distance parameter of 0.4. The vector p_T^miss is"
            " the negative vector p_T sum of all PF candidates, and its magnitude is p_T^miss.",
            "Muons are required to have p_T > 53 GeV and |η| < 2.4, with |d_z|/σ_{d_z} < 5, and isolation"
            " ∑ p_T/p_T < 0.15 in a cone ΔR = √((Δη)^2 + (Δφ)^2) < 0.3.",
            "Electrons (photons) with E_T > 35 (20) GeV, 1.566 < |η| < 2.5, H/E < 0.05, σ_ηη < 0.03 are used.",
            "Hadronically decaying τ leptons (τ_h) need p_T^{τ_h} > 40 GeV, i.e. within 0.1 cm of the vertex,"
            " |d_0| < 0.05 cm, Δt < 25 ns, at 2 × 10^34 cm^-2 s^-1 with E_T^miss > 200 GeV, H_T^miss > 300 GeV.",
            "MadGraph5_aMC@NLO 2.3.3 [6], Powheg v2, Pythia 8.212 with CUETP8M1, and Geant4.",
            "We select events with a W(→ ℓν) + tt̄ candidate, |m_ℓℓ - m_Z| < 15 GeV (e.g. Z → e^+e^- or μ^+μ^-).",
            "Δφ(τ_h, p_T^miss) > 2.4 radians;",
            "no b-tagged jets: N_b = 0, where the b tag uses csvv2;",
            "cosΔφ(τ_1, τ_2) < -0.95, and p_T > 30 (50) GeV for 2016 (2017–2018).",
            "Table 1 and Fig. 1 (left) summarize, see Section 2 and Eq. (1):",
            "m(τ_1, τ_2, p_T^miss) = √((E_{τ_1} + E_{τ_2} + p_T^miss)^2 - (p_{τ_1} + p_{τ_2} + p_T^miss)^2),",
            "The 95% CL limit is σ < 1.5 fb, m_{χ̃_1^0} > 100 GeV, t̃ → tχ̃_1^0, H → γγ.",
        ],
    )
    def test_selection_sentences_read_as_in_print(self, cms: Document, sentence: str) -> None:
        assert sentence in cms.text

    def test_title_and_abstract(self, cms: Document) -> None:
        assert cms.title == ("Search for a Z′ boson in final states with τ^+τ^- pairs in pp collisions at √s = 13 TeV")
        assert blocks(cms, "abstract")[0].startswith("A search for Z′ → ττ is presented, using proton-proton")

    def test_nothing_of_the_version_control_is_left(self, cms: Document) -> None:
        assert "HeadURL" not in cms.text
        assert "502302" not in cms.text

    def test_the_table_of_regions_is_a_grid(self, cms: Document) -> None:
        (table,) = cms.tables
        assert grid(cms, table) == [
            ["Region", "N_j", "p_T^miss", "H_T [GeV]"],
            ["SR1", "2–3", "> 250", "> 300"],
            ["SR2", "≥ 4", "250 - 350", "500–1000"],
            ["SR3", "≥ 4", "> 350", "500–1000"],
            ["μτ_h channel"] * 4,
            ["SR4", "—", "120 ± 12 ± 4", "1.2 ^{+0.3}_{-0.2}"],
        ]
        assert table.caption is not None
        assert cms.quote(table.caption.start, table.caption.end) == (
            "Table 1: Signal regions. The p_T^miss ranges are in GeV."
        )

    def test_references_have_titles_and_ids(self, cms: Document) -> None:
        first = cms.references[0]
        assert (first.arxiv_id, first.doi) == ("0801.1345", "10.1103/RevModPhys.81.1199")
        assert first.title == "The physics of heavy Z′ gauge bosons"


class TestLhcb:
    """Particles by lhcb-symbols-def, a title in a macro, a bibliography of mciteplus."""

    @pytest.mark.parametrize(
        "sentence",
        [
            "The decay B_s^0 → J/ψ K^*0 is studied with 9 fb^-1 at √s = 7, 8 and 13 TeV. The B̄_s^0 is a meson.",
            "The LHCb detector [1, 2] is a single-arm forward spectrometer covering the pseudorapidity range 2 < η < 5.",
            "with a resolution of (15 + 29/p_T) μm, where p_T is in GeV/c.",
            "Muons are required to have p_T > 550 MeV/c, and the μ^+μ^- pair |m(μ^+μ^-) - m_{J/ψ}| < 48 MeV/c^2 and"
            " χ_vtx^2 < 16.",
            "Kaons need p > 3 GeV/c, χ_IP^2 > 9 and DLL_Kπ > 0; K^*0 → K^+π^- has p_T > 1.5 GeV/c.",
            "Tracks with χ^2/ndf ≳ 3 are removed, i.e. t_{B_s^0} > 0.3 ps holds.",
        ],
    )
    def test_selection_sentences_read_as_in_print(self, lhcb: Document, sentence: str) -> None:
        assert sentence in lhcb.text

    def test_the_title_comes_from_the_templates_macro_and_stands_once(self, lhcb: Document) -> None:
        assert lhcb.title == "Observation of the decay B_s^0 → J/ψ K^*0"
        assert lhcb.text.count(lhcb.title) == 1

    def test_the_title_pages_layout_is_no_table(self, lhcb: Document) -> None:
        (table,) = lhcb.tables
        assert grid(lhcb, table)[1:] == [
            ["p_T (μ^±)", ">", "550", "MeV/c"],
            ["cosθ", "", "> 0.999", ""],
            ["B (10^-5)", "4.14", "±", "0.18 (stat)"],
        ]

    def test_the_bibliography_is_read_and_the_members_are_left_out(self, lhcb: Document) -> None:
        assert [(r.label, r.arxiv_id, r.title) for r in lhcb.references] == [
            ("1", None, "The LHCb detector at the LHC"),
            ("2", "1412.6352", "LHCb detector performance"),
        ]
        assert "Rio de Janeiro" not in lhcb.text


class TestPrl:
    """REVTeX of the Tevatron: TeX's own fractions, struck letters, stacked relations, dcolumn."""

    @pytest.mark.parametrize(
        "sentence",
        [
            "Supersymmetry [1] is appealing [2–4]. Event selection.—We require E_T^miss > 40 GeV, two jets with"
            " p_T > 15 GeV and |η| < 2.5, and H_T ≡ ∑_jets E_T^miss, E_T^miss > 60 GeV, E_T^miss < 70 GeV.",
            "The dijet mass is M_jj ≳ 50 GeV/c^2 and Δφ_min ≥ 40°, 10° - 170°.",
            "where [Eq. (1)] a/b, 1/2, 1/2, a/b, (n choose k).",
            "See Table 1 and [1].",
        ],
    )
    def test_selection_sentences_read_as_in_print(self, prl: Document, sentence: str) -> None:
        assert sentence in prl.text

    def test_decimals_and_errors_of_a_column_are_put_together(self, prl: Document) -> None:
        (table,) = prl.tables
        assert grid(prl, table) == [
            ["Cut", "Data", "Background"],
            ["E_T^miss > 40 GeV", "12", "11.4 ± 1.2"],
            ["Δφ_max < 165°", "10^a", "9.1 ± 0.8"],
        ]
        assert {cell.row for cell in table.cells if cell.header} == {0}

    def test_the_front_matter_is_no_prose(self, prl: Document) -> None:
        assert prl.authors == ("V.M. Abazov", "B. Abbott", "D0 Collaboration")
        for hidden in ("Dubna", "14.80.Ly", "FERMILAB", "x@y.z"):
            assert hidden not in prl.text

    def test_a_bibliography_of_revtex_shows_what_it_prints(self, prl: Document) -> None:
        assert prl.references[0].arxiv_id == "hep-ph/9709356"
        last = prl.references[-1]
        assert (last.arxiv_id, last.doi) == ("1207.7214", "10.1016/j.physletb.2012.08.020")
        assert last.text.startswith("G. Aad et al. (")
        assert last.title == "Observation of a new particle in the search"
