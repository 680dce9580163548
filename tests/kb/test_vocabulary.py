"""The vocabulary has the words that the schema asks for, and says what is wrong with a file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from kb.errors import VocabularyError
from kb.vocabulary import Vocabulary, normal_unit, unit_factor, vocabulary

OBJECTS = """event electron muon lepton tau photon jet bjet fatjet track vertex met lepton_pair electron_pair muon_pair
jet_pair bjet_pair photon_pair lepton_met jet_met photon_met jet_lepton jet_photon lepton_photon jet_electron jet_muon
electron_muon trilepton fourlepton w z top higgs jpsi meson candidate hemisphere other"""
VARIABLES = """pt energy eta abs_eta rapidity abs_rapidity phi mass mt mt2 mct mj charge charge_product count d0 d0_sig
z0 z0_sintheta iso_rel iso_abs mini_iso isolation delta_r delta_phi delta_eta ht st lt meff mht met_sig ratio
aplanarity sphericity alpha_t mr r2 id btag trigger n_tracks chi2 lifetime decay_length discriminant tau21
sigma_ietaieta h_over_e time cleaning other"""
SMALL = """
version = "1.0"
[objects.star]
symbol = "*"
description = "a star"
[variables.mag]
symbol = "m"
description = "magnitude"
unit = "mag"
[units.mag]
normal = "mag"
factor = 1.0
[units.1]
normal = "1"
factor = 1.0
"""


def test_every_object_and_variable_of_the_schema_is_there() -> None:
    assert set(OBJECTS.split()) <= set(vocabulary().objects)
    assert set(VARIABLES.split()) <= set(vocabulary().variables)


@pytest.mark.parametrize("group", ["objects", "variables"])
def test_an_alias_names_one_thing(group: str) -> None:
    terms = getattr(vocabulary(), group).values()
    counts = Counter(alias for term in terms for alias in set(term.aliases))
    assert [alias for alias, count in counts.items() if count > 1] == []


def test_units_of_units_are_normal() -> None:
    words = vocabulary()
    for unit in words.units.values():
        normal = words.units.get(unit.normal)
        assert normal is None or (normal.normal, normal.factor) == (unit.normal, 1.0), unit.id


@pytest.mark.parametrize(
    ("unit", "normal", "factor"),
    [
        ("GeV", "GeV", 1),
        ("TeV", "GeV", 1000),
        ("MeV", "GeV", 0.001),
        ("GeV/c", "GeV", 1),
        ("cm", "mm", 10),
        ("μm", "mm", 0.001),
        ("ps", "ns", 0.001),
        ("rad", "1", 1),
        ("%", "1", 0.01),
        ("1", "1", 1),
    ],
)
def test_units_have_their_normal_form(unit: str, normal: str, factor: float) -> None:
    assert normal_unit(unit) == normal
    assert unit_factor(unit) == pytest.approx(factor, rel=1e-12)


def test_another_field_brings_its_own_words(tmp_path: Path) -> None:
    path = tmp_path / "stars.toml"
    path.write_text(SMALL)
    words = Vocabulary.load(path)
    assert words.variables["mag"].unit == "mag"
    assert words.objects["star"].id == "star"


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('symbol = "*"', "symbol = *", "line 4"),
        ('unit = "mag"', 'unit = "lux"', "unknown unit 'lux'"),
        ("factor = 1.0", "factor = -1.0", "units.mag.factor"),
        ('symbol = "m"', 'name = "m"', "variables.mag"),
        ("objects.star", "objects.Star", "objects.Star.id"),
    ],
)
def test_a_broken_file_says_where(tmp_path: Path, old: str, new: str, where: str) -> None:
    path = tmp_path / "stars.toml"
    path.write_text(SMALL.replace(old, new, 1))
    with pytest.raises(VocabularyError) as caught:
        Vocabulary.load(path)
    assert where in caught.value.message
    assert str(path) in caught.value.message
    assert caught.value.hint
