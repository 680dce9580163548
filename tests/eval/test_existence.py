"""What is counted has all that is said of it, two pairs share nothing, and the Z candidate is the chosen one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from codegen.dataset import Dataset, open_dataset
from codegen.emit import emit_with_distributions
from codegen.plan import make_plan
from codegen.profile import Profile, load_profile
from codegen.runner import run_analysis
from codegen.toys import write_toys
from eval.probes.table import probe
from kb.distil import distil
from kb.ssc import SelectionCriteria
from tests.codegen.conftest import Event, event
from tests.distil.papers import paper
from tests.eval.readings import agreed

E, MU = 11, 13
Lepton = tuple[float, ...]


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("atlas-2020")


def criteria_of(sentences: str) -> SelectionCriteria:
    return distil(paper(f"# Event selection\n\n{sentences}"))


def selected(sentences: str, profile: Profile, folder: Path, *events: Sequence[Lepton]) -> list[bool]:
    made: list[Event] = [event(leptons) for leptons in events]
    return agreed(criteria_of(sentences), profile, folder, *made)


def back_to_back(
    mass: float, kind: int = MU, *, azimuth: float = 0.0, charges: tuple[int, int] = (1, -1)
) -> list[Lepton]:
    """Return two central leptons, opposite in azimuth, of this invariant mass."""
    return [(kind, charges[0], mass / 2, 0, azimuth), (kind, charges[1], mass / 2, 0, azimuth - math.pi)]


NEAR_Z = (
    "Events must contain at least one same-flavour opposite-charge lepton pair with an invariant mass between 81 and "
    "101 GeV."
)


def test_one_pair_of_several_is_enough(profile: Profile, tmp_path: Path) -> None:
    """A third lepton makes other pairs, of other masses and flavours, and does not matter; nor who leads."""
    z, leading, third = back_to_back(91), (E, 1, 120, 1.5, 1.0), (MU, 1, 20, 0.5, 2.0)
    events = [z, [leading, *z], [*z, third], back_to_back(70), back_to_back(91, charges=(1, 1)), [leading, third], []]
    assert selected(NEAR_Z, profile, tmp_path, *events) == [True, True, True, False, False, False, False]


def test_all_that_is_said_must_hold_of_the_same_pair(profile: Profile, tmp_path: Path) -> None:
    """One pair has the flavours and charges, another one the mass."""
    apart = [*back_to_back(60), (E, 1, 50, 0, math.pi / 2), (MU, 1, 41.4, 0, -math.pi / 2)]
    assert selected(NEAR_Z, profile, tmp_path, apart) == [False]


def test_two_pairs_have_no_object_in_common(profile: Profile, tmp_path: Path) -> None:
    sentence = "The four leptons must form two pairs of the same flavour and opposite charge."
    two = [*back_to_back(91), *back_to_back(40, E, azimuth=1)]
    sharing = [(MU, 1, 40, 0, 0), (MU, -1, 30, 0, 1), (MU, -1, 20, 0, 2), (E, 1, 10, 0, 3)]
    same = [(MU, 1, 40, 0, 0), (MU, -1, 30, 0, 1), (MU, -1, 20, 0, 2), (MU, 1, 10, 0, 3)]
    assert selected(sentence, profile, tmp_path, two, sharing, same, back_to_back(91)) == [True, False, True, False]


@pytest.mark.parametrize(
    "said",
    [
        "The Z candidate is the same-flavour opposite-charge pair with invariant mass closest to the Z boson mass, and "
        "must satisfy |m_ℓℓ − m_Z| < 10 GeV.",
        "The Z boson candidate is formed from the opposite-sign same-flavour lepton pair whose invariant mass is "
        "closest to m_Z. The mass of the Z candidate is required to be between 81 and 101 GeV.",
    ],
)
def test_the_mass_of_the_z_candidate_is_that_of_the_chosen_pair(said: str, profile: Profile, tmp_path: Path) -> None:
    z = back_to_back(91)
    events = [z, [*z, *back_to_back(40, E, azimuth=1)], back_to_back(60), back_to_back(91, charges=(1, 1)), []]
    assert selected(said, profile, tmp_path, *events) == [True, True, False, False, False]


def four(*momenta: float) -> list[Lepton]:
    return [(MU, 1, pt, 0, 0.8 * number) for number, pt in enumerate(momenta)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Leptons must have p_T > 7 GeV. At least one lepton with p_T > 25 GeV is required. Events have four leptons.",
        "Events must have exactly four leptons. At least one lepton must have p_T > 25 GeV.",
    ],
)
def test_a_harder_lepton_is_asked_for_once(sentence: str, profile: Profile, tmp_path: Path) -> None:
    exactly = f"{sentence} Exactly four leptons are required." if "exactly" not in sentence else sentence
    events = [four(30, 20, 15, 10), four(20, 18, 15, 10), four(40, 30, 26, 26), four(30, 20, 15)]
    assert selected(exactly, profile, tmp_path, *events) == [True, False, True, False]


CHANNELS = (
    "In the electron channel exactly one electron with p_T > 30 GeV is required, in the muon channel exactly one muon "
    "with p_T > 25 GeV and |η| < 2.4."
)


def test_what_objects_must_be_in_one_region_is_counted_there(profile: Profile, tmp_path: Path) -> None:
    events = [event(leptons) for leptons in (four(30), four(20), four(30, 20), four(30, 28), [(E, 1, 40, 0, 0)])]
    criteria = criteria_of(CHANNELS)
    assert agreed(criteria, profile, tmp_path, *events, region="muon channel") == [True, False, True, False, False]
    assert agreed(criteria, profile, tmp_path, *events, region="electron channel") == [False] * 4 + [True]


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("existence-toys")
    write_toys(folder, seed=2, events=5)
    return open_dataset(str(folder))


@pytest.mark.parametrize(
    ("sentences", "right", "wrong", "cuts"),
    [
        (NEAR_Z, "<= 101.0", "<= 111.0", {"mass"}),
        (NEAR_Z, "opposite_charge(leptons_pairs)", "~opposite_charge(leptons_pairs)", {"charge_product"}),
        (NEAR_Z, "same_flavour(leptons_pairs)", "~same_flavour(leptons_pairs)", {"other"}),
        (CHANNELS, "muons.pt > 25.0", "muons.pt >= 25.0", {"pt"}),
        (CHANNELS, "np.abs(muons.eta) < 2.4", "np.abs(muons.eta) < 2.5", {"abs_eta"}),
    ],
)
def test_probes_show_what_counted_objects_are_like(
    sentences: str, right: str, wrong: str, cuts: set[str], toys: Dataset, tmp_path: Path
) -> None:
    criteria = criteria_of(sentences)
    source = emit_with_distributions(make_plan(criteria, toys.profile))
    assert right in source
    verdicts = {}
    for name, text in (("right", source), ("wrong", source.replace(right, wrong))):
        (folder := tmp_path / name).mkdir()
        (script := folder / "analysis.py").write_text(text)
        sample, files = next((name, sample.files) for name, sample in toys.samples.items())
        measured = run_analysis(script, {sample: files}, folder / "run").samples[sample].measured
        verdicts[name] = probe(criteria, toys, script, measured).cuts
    assert {one.cut_id: one.reason for one in verdicts["right"] if one.verdict != "proven"} == {}
    variables = {cut.id: cut.variable.id for cut in criteria.cuts}
    assert {variables[one.cut_id] for one in verdicts["wrong"] if one.verdict == "wrong"} >= cuts


def test_what_is_said_of_two_chosen_pairs_is_said_of_these(profile: Profile, tmp_path: Path) -> None:
    """The pair that is not chosen first is the other one, and its charges are told where both are counted."""
    sentences = (
        "Exactly four leptons are required. The four leptons must form two pairs of the same flavour and opposite "
        "charge. The pair with mass closest to the Z boson mass is the leading pair and must satisfy 50 < m_ℓℓ < 106 "
        "GeV. The other pair must have a mass between 12 and 115 GeV."
    )
    z, low, lower = back_to_back(91), back_to_back(40, E, azimuth=1), back_to_back(8, E, azimuth=1)
    same = back_to_back(40, E, azimuth=1, charges=(1, 1))
    events = [[*z, *low], [*z, *lower], [*z, *same], z]
    assert selected(sentences, profile, tmp_path, *events) == [True, False, False, False]
