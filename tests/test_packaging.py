"""What a clone promises: the top level, the lock file, the services."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
TOP_LEVEL = {"pyproject.toml", "ingest", "kb", "api", "codegen", "eval", "tests", "docker-compose.yml", "README.md"}
BESIDE = {"Makefile", "LICENSE", "requirements.txt", ".ci", ".gitignore"}


def test_the_top_level_holds_what_was_agreed_and_nothing_else() -> None:
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout")
    names = {line.split("/")[0] for line in listing.stdout.splitlines()}
    assert names <= TOP_LEVEL | BESIDE


def test_the_lock_pins_everything_and_names_no_index() -> None:
    lines = (ROOT / "requirements.txt").read_text().split("\n")
    assert all(re.fullmatch(r"[a-z0-9._-]+(\[[a-z,]+\])?==[A-Za-z0-9.]+( ;.*)?", line) for line in lines if line), lines
    assert "torch==2.13.0" in lines


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert "cutbook[dask]" in extras["dev"]
    wanted = [*project["dependencies"], *extras["dask"], *(name for name in extras["dev"] if name != "cutbook[dask]")]
    names = {re.split(r"[\[<>=~! ]", name)[0].lower().replace("_", "-") for name in wanted}
    locked = {line.split("==")[0] for line in (ROOT / "requirements.txt").read_text().splitlines()}
    assert names <= locked


def test_the_services_get_settings_that_exist() -> None:
    from api.settings import Settings

    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    given = {name.removeprefix("CUTBOOK_").lower() for name in services["cutbook"]["environment"]}
    assert given <= set(Settings.model_fields)
