"""Sentences as physicists write them, and the cuts they state."""

from __future__ import annotations

import pytest

from kb.distil import distil, ground
from kb.distil.experiment import experiment
from kb.document import Block, Document, Section
from kb.ssc import Cut
from tests.distil.papers import paper


def cuts(text: str, section: str = "Event selection") -> list[Cut]:
    document = paper(f"# {section}\n\n{text}")
    criteria = distil(document)
    for cut in criteria.cuts:
        assert ground(cut, {document.document_hash: document}) == ()
    return list(criteria.cuts)


def said(text: str, section: str = "Event selection") -> set[str]:
    return {cut.statement() for cut in cuts(text, section)}


def test_parenthesised_values_are_distributed_over_objects() -> None:
    assert said("Electrons (muons) must have p_T > 30 (25) GeV and |η| < 1.44 (2.1).") == {
        "e p_T > 30 GeV",
        "μ p_T > 25 GeV",
        "e |η| < 1.44",
        "μ |η| < 2.1",
    }


def test_parenthesised_values_may_precede_their_objects() -> None:
    text = (
        "The leading lepton must have p_T > 23 (17) GeV and the subleading lepton p_T > 12 (8) GeV "
        "for muons (electrons)."
    )
    assert said(text) == {
        "leading μ p_T > 23 GeV",
        "leading e p_T > 17 GeV",
        "subleading μ p_T > 12 GeV",
        "subleading e p_T > 8 GeV",
    }


@pytest.mark.parametrize(
    "text",
    [
        "The three leading leptons must have p_T > 20, 15 and 10 GeV, respectively.",
        (
            "The leading, subleading and third leptons are required to have transverse momenta above 20 "
            "GeV, 15 GeV and 10 GeV."
        ),
        "The three leptons with the highest p_T must satisfy p_T > 20, 15, 10 GeV.",
        "We require p_T(ℓ1) > 20 GeV, p_T(ℓ2) > 15 GeV and p_T(ℓ3) > 10 GeV.",
        (
            "The p_T of the leading lepton must exceed 20 GeV, that of the subleading lepton 15 GeV and "
            "p_T of the third lepton must exceed 10 GeV."
        ),
    ],
)
def test_lists_of_thresholds_follow_the_ranks(text: str) -> None:
    found = said(text)
    assert {"leading ℓ p_T > 20 GeV", "third ℓ p_T > 10 GeV"} <= found


@pytest.mark.parametrize(
    "text",
    [
        "Jets must have p_T > 30 GeV.",
        "Jets are required to have a transverse momentum greater than 30 GeV.",
        "Only jets with p_T above 30 GeV are considered.",
        "The transverse momentum of each jet has to exceed 30 GeV.",
        "We select jets with p_T in excess of 30 GeV.",
        "Jets with transverse momenta larger than 30 GeV are retained.",
        "Selected jets satisfy p_T > 30 GeV.",
        "Jets are kept if they have p_T > 30 GeV.",
        "Jets are required to have 30 GeV < p_T.",
        "A p_T threshold of 30 GeV is applied to jets.",
        "Jets with p_T > 0.03 TeV are selected.",
    ],
)
def test_a_lower_bound_is_read_in_every_wording(text: str) -> None:
    found = [cut for cut in cuts(text) if cut.variable.id == "pt"]
    assert [(c.subject.object, c.operator[0], c.normal_value, c.role) for c in found] == [("jet", ">", 30.0, "select")]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("The invariant mass of the two b jets is required to be in the range 90 ≤ M_bb ≤ 150 GeV.", 90, 150),
        ("The dijet invariant mass must lie between 90 and 150 GeV.", 90, 150),
        ("The diphoton invariant mass is required to be in the range 105–160 GeV.", 105, 160),
        ("Events with 60 < m_ℓℓ < 120 GeV are selected.", 60, 120),
        ("The dilepton mass has to be between 60 GeV and 120 GeV.", 60, 120),
        ("Events must have m_ℓℓ in the interval [60, 120] GeV.", 60, 120),
    ],
)
def test_ranges_are_read(text: str, low: float, high: float) -> None:
    found = [cut for cut in cuts(text) if cut.variable.id == "mass"]
    assert [(cut.operator, cut.value) for cut in found] == [("in", (low, high))]


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("Events with 50 < m_ℓℓ < 106 GeV are selected.", "ℓℓ 50 < m < 106 GeV"),
        ("Events with 50 ≤ m_ℓℓ < 106 GeV are selected.", "ℓℓ 50 ≤ m < 106 GeV"),
        ("Events with 106 ≥ m_ℓℓ > 50 GeV are selected.", "ℓℓ 50 < m ≤ 106 GeV"),
        ("Events with 50 ≤ m_ℓℓ ≤ 106 GeV are selected.", "ℓℓ m in 50 to 106 GeV"),
        ("The dilepton mass must be in the range 50 < m_ℓℓ < 106 GeV.", "ℓℓ 50 < m < 106 GeV"),
        ("The dilepton mass must be between 50 and 106 GeV.", "ℓℓ m in 50 to 106 GeV"),
        ("The dilepton mass must be in the range 50–106 GeV.", "ℓℓ m in 50 to 106 GeV"),
        ("Events must have m_ℓℓ ∈ [50, 106) GeV.", "ℓℓ 50 ≤ m < 106 GeV"),
        ("Events must have m_ℓℓ ∉ (50, 106) GeV.", "ℓℓ m ≤ 50 or ≥ 106 GeV"),
        ("Events with 50 < m_ℓℓ < 106 GeV are vetoed.", "veto: ℓℓ 50 < m < 106 GeV"),
        ("The dilepton mass must be outside the range 81 < m_ℓℓ < 101 GeV.", "ℓℓ m ≤ 81 or ≥ 101 GeV"),
        ("The dilepton mass must not be in the range 81 ≤ m_ℓℓ ≤ 101 GeV.", "ℓℓ m not in 81 to 101 GeV"),
        ("The dilepton mass must be outside the interval 81–101 GeV.", "ℓℓ m not in 81 to 101 GeV"),
    ],
)
def test_signs_and_brackets_say_which_ends_a_range_has(text: str, statement: str) -> None:
    assert said(text) == {statement}


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("The dilepton mass must be greater than 50 and less than 106 GeV.", {(">", 50), ("<", 106)}),
        ("The dilepton mass must be at least 50 but below 106 GeV.", {(">=", 50), ("<", 106)}),
        ("The dilepton mass has to be below 106 and above 50 GeV.", {(">", 50), ("<", 106)}),
        ("The dilepton mass has to be above 50 GeV and below 106 GeV.", {(">", 50), ("<", 106)}),
    ],
)
def test_a_range_in_words_is_two_bounds_of_one_unit(text: str, bounds: set[tuple[str, float]]) -> None:
    found = cuts(text)
    assert {(cut.operator, cut.value) for cut in found} == bounds
    assert {(cut.variable.id, cut.unit) for cut in found} == {("mass", "GeV")}


def test_a_bound_does_not_take_the_unit_of_another_quantity() -> None:
    assert said("Jets must have |η| below 2.5 and p_T above 30 GeV.") == {"jet |η| < 2.5", "jet p_T > 30 GeV"}


@pytest.mark.parametrize(
    ("text", "operator", "closed"),
    [
        ("Events must satisfy |m_ℓℓ − m_Z| < 10 GeV.", "in", "neither"),
        ("Events must satisfy |m_ℓℓ − m_Z| ≤ 10 GeV.", "in", "both"),
        ("Events must satisfy |m_ℓℓ − m_Z| > 10 GeV.", "not_in", "both"),
        ("Events must satisfy |m_ℓℓ − m_Z| ≥ 10 GeV.", "not_in", "neither"),
        ("The dilepton mass must be less than 10 GeV from the Z boson mass.", "in", "neither"),
        ("The dilepton mass must lie within 10 GeV of the Z boson mass.", "in", "both"),
        ("The dilepton mass must differ by more than 10 GeV from the Z boson mass.", "not_in", "both"),
        ("The dilepton mass must differ by at least 10 GeV from the Z boson mass.", "not_in", "neither"),
    ],
)
def test_the_edges_of_a_window_follow_the_distance(text: str, operator: str, closed: str) -> None:
    (cut,) = cuts(text)
    assert (cut.operator, cut.closed, cut.value) == (operator, closed, (81.1876, 101.1876))


def test_a_condition_has_the_ends_the_text_gives_it() -> None:
    (cut,) = cuts("The isolation must be less than 0.1 for electrons with 20 < p_T ≤ 50 GeV.")
    assert cut.when is not None
    assert [(clause.value, clause.closed) for clause in cut.when.clauses] == [((20, 50), "right")]


@pytest.mark.parametrize(
    "text",
    [
        "The dilepton mass must lie within 15 GeV of the Z boson mass.",
        "Events are required to satisfy |m_ℓℓ − m_Z| < 15 GeV.",
        "The lepton pair must have a mass consistent with the Z boson mass to within 15 GeV.",
        "We require a lepton pair with an invariant mass within the 15 GeV window around the Z boson mass.",
    ],
)
def test_windows_around_the_z_mass(text: str) -> None:
    found = [cut for cut in cuts(text) if cut.variable.id == "mass"]
    assert [(cut.operator, cut.value) for cut in found] == [("in", (76.1876, 106.1876))]


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("Events must contain exactly two jets with p_T > 30 GeV.", "jet N = 2"),
        ("We require at least one photon.", "γ N ≥ 1"),
        ("Events with more than one jet are rejected.", "veto: jet N > 1"),
        ("Events are required to have no b-tagged jets.", "b-jet N = 0"),
        ("Events with two or more electrons are selected.", "e N ≥ 2"),
        ("Selected events contain one or two jets.", "jet N in 1 to 2"),
        ("At most one muon is allowed.", "μ N ≤ 1"),
        ("The number of jets has to be at least 4.", "jet N ≥ 4"),
        ("Events are required to satisfy N_jets ≥ 6.", "jet N ≥ 6"),
        ("Events containing a hadronically decaying tau lepton are vetoed.", "τ N = 0"),
        ("At least six jets are required, at least one of which is b tagged.", "b-jet N ≥ 1"),
    ],
)
def test_counts(text: str, statement: str) -> None:
    assert statement in said(text)


def test_a_vetoed_object_is_defined_and_must_be_absent() -> None:
    found = cuts("We reject events with a tau lepton with p_T > 20 GeV.")
    assert {(c.subject.object, c.variable.id, c.operator, c.value, c.role) for c in found} == {
        ("tau", "pt", ">", 20.0, "select"),
        ("tau", "count", "==", 0.0, "select"),
    }
    assert {c.subject.definition for c in found} == {"veto tau"}


@pytest.mark.parametrize(
    ("text", "object_id"),
    [
        ("Any jets within ΔR = 0.4 of the lepton are removed.", "jet_lepton"),
        ("If a jet lies a distance ΔR < 0.4 of a candidate photon, the jet is removed.", "jet_photon"),
        ("Muons lying a distance ΔR < 0.4 with respect to the remaining jets are discarded.", "jet_muon"),
        ("Jets are not considered if they are separated from the lepton by less than 0.4 in ΔR.", "jet_lepton"),
    ],
)
def test_overlap_removal_is_a_veto_between_two_objects(text: str, object_id: str) -> None:
    (cut,) = [c for c in cuts(text, "Object reconstruction") if c.variable.id == "delta_r"]
    assert (cut.subject.object, cut.operator, cut.value, cut.role) == (object_id, "<", 0.4, "veto")


def test_impact_parameters_in_two_directions() -> None:
    text = (
        "For leptons, the impact parameter is required to be less than 0.5 mm in the transverse "
        "plane and 1 mm along the beam direction."
    )
    assert said(text) == {"ℓ |d_0| < 0.5 mm", "ℓ |z_0| < 1 mm"}


def test_a_gap_in_pseudorapidity() -> None:
    assert said("Photons must have |η| < 1.37 or 1.52 < |η| < 2.37.") == {"γ |η| not in 1.37 to 1.52", "γ |η| < 2.37"}
    assert said("Photons must have |η| ≤ 1.37 or 1.52 ≤ |η| ≤ 2.37.") == {"γ |η| ≤ 1.37 or ≥ 1.52", "γ |η| ≤ 2.37"}


def test_thresholds_named_first_and_given_later() -> None:
    text = "Leptons must satisfy I_rel < I_1. For electrons (muons), the requirements are I_1 = 0.12 (0.16)."
    assert said(text) == {"e I/p_T < 0.12", "μ I/p_T < 0.16"}


def test_bins_that_define_regions() -> None:
    found = cuts("The three S_T regions 600–800, 800–1000, and >1000 GeV define exclusive bins.")
    assert {(c.operator, c.value) for c in found} == {("in", (600.0, 800.0)), ("in", (800.0, 1000.0)), (">", 1000.0)}
    assert all(c.regions for c in found)


@pytest.mark.parametrize(
    "text",
    [
        "We select events with four leptons of total charge zero and flavours 4e, 4μ or 2e2μ. "
        "The three leading leptons must have p_T > 30, 20 and 10 GeV, respectively.",
        "Events are required to contain at least four leptons (electrons or muons). The sum of the "
        "charges of the four leptons must be zero, "
        "and their flavours must be eeee, μμμμ or eeμμ. The leading, subleading and third leptons "
        "are required to have transverse momenta above "
        "30 GeV, 20 GeV and 10 GeV.",
        "At least four leptons with zero net charge are required. Only the flavour combinations 4e, "
        "4μ and 2e2μ are accepted. "
        "The leptons are ordered by p_T and p_T(ℓ1) > 30 GeV, p_T(ℓ2) > 20 GeV and p_T(ℓ3) > 10 GeV are required.",
    ],
)
def test_a_four_lepton_selection_in_two_lines(text: str) -> None:
    assert said(text) == {
        "ℓ N ≥ 4",
        "4ℓ q = 0",
        "4ℓ flavour is 4e or 4μ or 2e2μ",
        "leading ℓ p_T > 30 GeV",
        "subleading ℓ p_T > 20 GeV",
        "third ℓ p_T > 10 GeV",
    }


def test_conditions_become_when() -> None:
    (cut,) = cuts("To suppress mismeasured events, all jets with p_T > 100 GeV must fulfil Δφ(jet, E_T^miss) > 0.3.")
    assert (cut.subject.object, cut.value) == ("jet_met", 0.3)
    assert cut.when is not None
    assert [(c.variable.id, c.operator, c.value) for c in cut.when.clauses] == [("pt", ">", 100.0)]


def test_regions_are_followed() -> None:
    text = (
        "The WZ control region is defined by the requirement of three leptons. The p_T^miss has to "
        "be in the range 30 < p_T^miss < 100 GeV. "
        "In the two-lepton control region (2muCR) the dilepton mass must be larger than 20 GeV."
    )
    regions = {cut.variable.id: cut.regions for cut in cuts(text)}
    assert regions == {"count": ("WZ control region",), "pt": ("WZ control region",), "mass": ("2muCR",)}


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ("The CMS detector", "The tracker covers the pseudorapidity range |η| < 2.5."),
        ("Introduction", "A previous search required p_T > 100 GeV for the leading jet."),
        ("Monte Carlo simulation", "A photon with p_T > 130 GeV is required at the matrix-element level."),
        (
            "Object reconstruction",
            "Jets are reconstructed with the anti-k_t algorithm with a radius parameter R = 0.4.",
        ),
        ("Object reconstruction", "The identification efficiency is 85% for electrons with p_T > 20 GeV."),
        ("Systematic uncertainties", "The energy scale uncertainty is less than 2% for jets with p_T > 50 GeV."),
        ("Results", "Gluinos with masses below 1800 GeV are excluded."),
        ("Event selection", "The weather in Geneva was above 30 degrees in at least two weeks of the summer."),
    ],
)
def test_what_is_no_cut(section: str, text: str) -> None:
    assert said(text, section) == set()


@pytest.mark.parametrize(
    ("text", "sqrt_s"),
    [
        ("Limits exclude masses below 3 TeV.", None),
        ("A search in 13 TeV proton–proton collisions excludes 3 TeV.", 13),
        ("The data were taken in collisions at 8 TeV.", 8),
        ("pp collisions at √s = 7 TeV", 7),
    ],
)
def test_the_energy_is_that_of_the_collisions(text: str, sqrt_s: float | None) -> None:
    document = Document(arxiv_id="x", source_format="latex", text=text)
    assert experiment(document).sqrt_s == sqrt_s


def test_a_list_right_below_its_heading_is_one_of_requirements() -> None:
    parts = ["2 Event selection", "Four leptons (e or μ) with p_T > 20, 15, 10, 7 GeV;", "110 < m_4ℓ < 150 GeV."]
    text = "\n\n".join(parts)
    blocks = tuple(
        Block(start=text.index(part), end=text.index(part) + len(part), kind=kind)
        for part, kind in zip(parts, ("heading", "item", "item"), strict=True)
    )

    def cuts(title: str) -> list[tuple[str, str, int | None]]:
        section = Section(start=0, end=len(text), title=title, number="2", level=1)
        document = Document(arxiv_id="x", source_format="latex", text=text, blocks=blocks, sections=(section,))
        return [(cut.subject.object, cut.variable.id, cut.subject.rank) for cut in distil(document).cuts]

    ranked = [("lepton", "pt", rank) for rank in (1, 2, 3, 4)]
    assert cuts("Event selection") == [*ranked, ("fourlepton", "mass", None)]
    assert cuts("Results") == []


def test_a_long_sentence_that_states_no_cut_is_quoted_up_to_a_word() -> None:
    details = ", ".join(f"the component number {number} of the subsystem" for number in range(20))
    document = paper(f"# The detector\n\nThe calorimeter covers the range |η| < 4.9 and consists of {details}.")
    (refused,) = distil(document).unresolved
    assert 250 < len(refused.evidence.quote) <= 300
    assert document.text[refused.evidence.end] == " "
