"""A dataset is shown with the luminosity that its own data have."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from tests.codegen.conftest import event, write_events
from tests.codegen.formats import write_atlas_2025


def shown(folder: Path) -> str:
    done = CliRunner().invoke(app, ["datasets", "show", str(folder)])
    assert done.exit_code == 0, done.output
    return " ".join(done.stdout.split())


@pytest.mark.parametrize(("period", "luminosity"), [("data_A", "0.5 fb⁻¹"), ("data_D", "4.7 fb⁻¹")])
def test_one_period_has_its_own_luminosity(period: str, luminosity: str, tmp_path: Path) -> None:
    write_events(tmp_path / f"{period}.root", event())
    assert f"13 TeV, {luminosity}" in shown(tmp_path)


def test_a_period_whose_luminosity_nobody_states_has_none_and_the_reason(tmp_path: Path) -> None:
    write_atlas_2025(tmp_path / "data15_periodD.root", 20)
    told = shown(tmp_path)
    assert "fb⁻¹" not in told
    assert "Luminosity not known: 36.1 fb^-1 are those of 16 periods" in told
