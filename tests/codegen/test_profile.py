"""A dataset profile says what branches mean, and says where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.profile import PROFILES, Profile, load_profile, shipped_profiles
from kb.errors import DatasetNotFoundError, ProfileError
from kb.ssc import Variable
from tests.codegen.conftest import error_of_changed


@pytest.mark.parametrize("name", shipped_profiles())
def test_every_shipped_profile_is_valid(name: str) -> None:
    assert load_profile(name).name == name


def test_a_profile_answers_to_its_former_name(profile: Profile) -> None:
    assert load_profile("atlas-2020-4lep") == profile
    assert "atlas-2020-4lep" not in shipped_profiles()


def test_energies_of_the_four_lepton_skim_are_in_mev(profile: Profile) -> None:
    pt = profile.branch("electron", "pt")
    assert pt is not None
    assert (pt.branch, pt.factor) == ("lep_pt", 0.001)


def test_electrons_and_muons_share_branches_and_are_told_apart_by_type(profile: Profile) -> None:
    assert profile.parts("lepton") == ("electron", "muon")
    where = profile.objects["muon"].where
    assert where is not None
    assert (where.branch, where.equals) == ("lep_type", 13)


def test_isolation_needs_the_cone_that_the_paper_names(profile: Profile) -> None:
    track = Variable(id="iso_rel", component="track")
    found = profile.isolation("muon", track)
    assert found is not None
    assert found.branch == "lep_ptcone30"
    assert profile.isolation("muon", track.model_copy(update={"cone": 0.3})) == found
    assert profile.isolation("muon", track.model_copy(update={"cone": 0.2})) is None
    assert profile.isolation("muon", track.model_copy(update={"cone_rule": "10 GeV / pT"})) is None
    assert profile.isolation("muon", Variable(id="iso_rel")) is None, "track or calorimeter?"


def test_working_points_are_found_whatever_their_case(profile: Profile) -> None:
    assert profile.flag("electron", "id", "Tight") == profile.flag("electron", "id", "tight") is not None
    assert profile.flag("electron", "id", "loose") is None


def test_a_trigger_is_known_by_the_words_of_the_paper(profile: Profile) -> None:
    assert profile.named_triggers("single-lepton triggers") == ("electron", "muon")
    assert profile.named_triggers("dimuon trigger") == ("muon",)
    assert profile.named_triggers("E_T^miss trigger") == ()


def test_an_unknown_profile_names_the_shipped_ones() -> None:
    with pytest.raises(DatasetNotFoundError) as caught:
        load_profile("atlas-1999")
    assert "atlas-2020" in caught.value.hint


@pytest.mark.parametrize(
    ("line", "wrong", "said"),
    [
        ('unit = "MeV" }', 'unit = "furlong" }', "furlong"),
        ("bins = 34", 'bins = "many"', "bins"),
        ('collection = "jet"', 'collection = "jets"', "no collection 'jets'"),
        ("equals = 11", "equals = 11, above = 3.0", "at most one"),
        ('cross_section = "xsec"', "", "both 'cross_section' and 'sum_of_weights'"),
        ('name = "m4l"', 'name = "m4l"\nnames = 1', "not permitted"),
    ],
)
def test_an_error_names_file_and_line(tmp_path: Path, line: str, wrong: str, said: str) -> None:
    message, number, _ = error_of_changed(tmp_path, line, wrong)
    assert said in message
    assert 1 <= number <= len((PROFILES / "atlas-2020.toml").read_text(encoding="utf-8").splitlines())


def test_the_line_is_the_one_with_the_error(tmp_path: Path) -> None:
    text = (PROFILES / "atlas-2020.toml").read_text(encoding="utf-8").replace("bins = 8", "bins = 0")
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    line = text.splitlines().index("bins = 0") + 1
    with pytest.raises(ProfileError, match=rf"mine\.toml:{line}: "):
        load_profile(path)


def test_broken_toml_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text('name = "x"\ntitle = \n', encoding="utf-8")
    with pytest.raises(ProfileError, match=r"broken\.toml:2: "):
        load_profile(path)


def test_the_checksum_tells_profiles_apart(profile: Profile) -> None:
    other = profile.model_copy(update={"luminosity": 36.1})
    assert profile.checksum == load_profile("atlas-2020").checksum != other.checksum


FORMAT = """
name = "mine"
title = "mine"
experiment = "mine"
sqrt_s = 13.0
tree = "t"
trigger_prefix = "HLT_"
samples = { pattern = '(?P<name>\\w+)', data = "data" }

[collections.mu]
prefix = "mu_"
variables.pt = { branch = "pt", unit = "MeV", otherwise = { branch = "PT", unit = "GeV" } }
variables.eta = "eta"
variables.phi = { branch = "phi", unit = "rad" }
variables.d0_sig = { branch = "d0", over = "d0Err" }
flags.id.loose = { all_of = [{ branch = "pf" }, { any_of = [{ branch = "global" }, { branch = "tracker" }] }] }
flags.id.medium = { branch = "quality", bits = 7, at_most = 1, otherwise = { branch = "isMedium" } }

[objects.muon]
collection = "mu"

[objects.lepton]
union = ["muon"]

[triggers.muon]
any_of = [{ branch = "HLT_Mu20" }, { branch = "HLT_Mu24" }]
words = ["muon"]

[triggers.dimuon]
branch = "HLT_2Mu10"
words = ["dimuon"]
"""


@pytest.fixture
def mine(tmp_path: Path) -> Profile:
    (tmp_path / "mine.toml").write_text(FORMAT, encoding="utf-8")
    return load_profile(tmp_path / "mine.toml")


def test_a_prefix_stands_before_all_branches_of_a_collection(mine: Profile) -> None:
    muons = mine.collections["mu"]
    assert muons.variables["d0_sig"].branches == ("mu_d0", "mu_d0Err")
    assert muons.flags["id"]["loose"].branches == ("mu_pf", "mu_global", "mu_tracker")
    assert Profile.model_validate_json(mine.model_dump_json()) == mine, "it is put there once"


def test_a_profile_is_fitted_to_what_a_tree_has(mine: Profile) -> None:
    momentum = ["mu_eta", "mu_phi"]
    fitted = mine.fitted(["mu_PT", *momentum, "mu_d0", "mu_isMedium", "mu_pf", "mu_tracker", "HLT_Mu24"])
    pt = fitted.branch("muon", "pt")
    assert pt is not None
    assert (pt.branch, pt.factor) == ("mu_PT", 1.0)
    assert fitted.branch("muon", "d0_sig") is None, "its uncertainty is not there"
    medium, loose = fitted.flag("muon", "id", "Medium"), fitted.flag("muon", "id", "loose")
    assert medium is not None
    assert (medium.branches, medium.comparison) == (("mu_isMedium",), None)
    assert loose is not None
    assert loose.branches == ("mu_pf", "mu_tracker")
    assert fitted.named_triggers("single-muon trigger") == ("muon",)
    assert fitted.trigger("muon").branches == ("HLT_Mu24",)
    assert mine.fitted(["mu_pt", *momentum, "mu_tracker"]).flag("muon", "id", "loose") is None
    assert mine.fitted(["mu_pt", "mu_eta"]).objects == {}, "without a direction there are no muons"


def test_a_trigger_is_named_by_its_longest_word_or_by_its_path(mine: Profile) -> None:
    fitted = mine.fitted(["mu_pt", "mu_eta", "mu_phi", "HLT_Mu20", "HLT_2Mu10", "HLT_Photon90"])
    assert fitted.named_triggers("a dimuon trigger") == ("dimuon",)
    assert fitted.named_triggers("muon and dimuon triggers") == ("muon", "dimuon")
    assert fitted.named_triggers("the HLT_Photon90_v3 path for muons") == ("HLT_Photon90",)
    assert fitted.named_triggers("HLT_Photon200, which replaced the muon trigger") == ()
    assert fitted.trigger("HLT_Photon90").branches == ("HLT_Photon90",)


@pytest.mark.parametrize(
    ("line", "wrong", "said"),
    [
        ('branch = "quality", bits = 7', "bits = 7", "one of 'branch', 'any_of', 'all_of'"),
        ("at_most = 1", "at_most = 1, equals = 3", "at most one"),
        ('{ branch = "pf" }', '{ branch = "pf", bits = -1 }', "greater than 0"),
        ('variables.eta = "eta"', "variables.eta = 3", "Branch"),
        ('unit = "GeV" } }', 'unit = "stone" } }', "'stone' is no unit"),
    ],
)
def test_what_is_wrong_with_a_flag_or_a_branch_has_its_line(tmp_path: Path, line: str, wrong: str, said: str) -> None:
    path = tmp_path / "mine.toml"
    assert line in FORMAT
    path.write_text(FORMAT.replace(line, wrong), encoding="utf-8")
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    number = next(i for i, text in enumerate(FORMAT.splitlines(), start=1) if line in text)
    assert caught.value.message.startswith(f"{path}:{number}: ")
    assert said in caught.value.message


@pytest.mark.parametrize("name", ["cms-nanoaod", "atlas-2025"])
def test_single_lepton_triggers_are_no_lepton_triggers_of_other_kinds(name: str) -> None:
    profile = load_profile(name)
    assert {"dimuon", "dielectron"} <= set(profile.named_triggers("lepton triggers"))
    assert not {"dimuon", "dielectron"} & set(profile.named_triggers("single-lepton triggers"))
    assert not {"dimuon", "dielectron"} & set(profile.named_triggers("single lepton triggers"))
