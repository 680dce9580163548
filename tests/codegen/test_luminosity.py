"""The luminosity that is told is that of the data at hand, not that of the whole release."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.dataset import open_dataset
from codegen.luminosity import luminosity_of
from codegen.profile import Profile, load_profile
from codegen.toys import write_toys
from tests.codegen.conftest import error_of_changed, event, write_events
from tests.codegen.formats import write_atlas_2025, write_nanoaod


def test_all_periods_have_the_luminosity_of_the_release(profile: Profile) -> None:
    periods = ["data_A", "data_B", "data_C", "data_D"]
    assert luminosity_of(profile, periods) == (10.0, "")
    assert luminosity_of(profile, []) == (10.0, ""), "simulation alone is scaled to it"


@pytest.mark.parametrize(
    ("periods", "luminosity"), [(["data_A"], 0.5), (["data_B"], 1.9), (["data_A", "data_B", "data_C"], 5.3)]
)
def test_some_periods_have_the_sum_of_theirs(periods: list[str], luminosity: float, profile: Profile) -> None:
    assert luminosity_of(profile, periods) == (luminosity, "")


def test_simulation_is_scaled_to_the_periods_that_are_there(tmp_path: Path) -> None:
    write_events(tmp_path / "data_B.4lep.root", event())
    write_events(tmp_path / "mc_361106.Zee.4lep.root", event())
    (tmp_path / "samples.json").write_text('{"infos": {"Zee": {"xsec": 2.0, "sumw": 4.0, "red_eff": 1}}}')
    dataset = open_dataset(str(tmp_path))
    assert (dataset.luminosity, dataset.profile.luminosity) == (1.9, 1.9)


def test_a_period_of_unknown_luminosity_has_none_and_the_reason(tmp_path: Path) -> None:
    write_atlas_2025(tmp_path / "ODEO_FEB2025_v0_exactly4lep_data15_periodD.exactly4lep.root", 20)
    dataset = open_dataset(str(tmp_path))
    assert dataset.luminosity is None
    assert dataset.no_luminosity.startswith("36.1 fb^-1 are those of 16 periods of data taking, of which only")
    assert "data15_periodD is here" in dataset.no_luminosity
    assert "dataset.toml" in dataset.no_luminosity
    (tmp_path / "dataset.toml").write_text("luminosity = 0.05")
    assert (open_dataset(str(tmp_path)).luminosity, open_dataset(str(tmp_path)).no_luminosity) == (0.05, "")


def test_periods_are_told_however_their_names_are_capitalised() -> None:
    profile = load_profile("atlas-2025")
    spelt = [name.replace("data16_periodI", "data16_PeriodI") for name in profile.periods]
    assert luminosity_of(profile, spelt) == (36.1, "")
    assert luminosity_of(profile, spelt[:-1])[0] is None


def test_a_folder_says_nothing_of_one_of_its_files(tmp_path: Path) -> None:
    for name in ("data_X.root", "data_Y.root"):
        write_events(tmp_path / name, event())
    (tmp_path / "dataset.toml").write_text("luminosity = 3.0")
    assert open_dataset(str(tmp_path)).luminosity == 3.0
    one = open_dataset(str(tmp_path / "data_X.root"))
    assert one.luminosity is None
    assert "data_X is none of them" in one.no_luminosity


def test_a_format_without_a_release_has_no_luminosity(tmp_path: Path) -> None:
    dataset = open_dataset(str(write_nanoaod(tmp_path / "nano.root", 20)))
    assert (dataset.luminosity, "cms-nanoaod states none" in dataset.no_luminosity) == (None, True)


def test_toys_have_the_luminosity_that_they_were_made_with(tmp_path: Path) -> None:
    write_toys(tmp_path, events=5)
    assert (open_dataset(str(tmp_path)).luminosity, open_dataset(str(tmp_path)).no_luminosity) == (10.0, "")


def test_one_file_of_the_real_release_of_2025_has_no_luminosity(shared: Path) -> None:
    assert open_dataset(str(shared / "data" / "atlas_2025_exactly4lep")).luminosity is None
    assert open_dataset(str(shared / "data" / "atlas_2020_4lep")).luminosity == 10.0
    assert open_dataset(str(shared / "data" / "atlas_2020_4lep" / "Data" / "data_D.4lep.root")).luminosity == 4.7


def test_periods_without_luminosity_are_no_periods(tmp_path: Path) -> None:
    message, number, lines = error_of_changed(tmp_path, "data_B = 1.9", "data_B = -1.9")
    assert "periods" in message
    assert "periods" in lines[number - 1] or "data_B" in lines[number - 1]
