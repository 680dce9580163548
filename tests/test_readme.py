"""What the README shows is what a user gets: its session is run, line by line."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def sessions() -> list[list[tuple[str, str]]]:
    """Return the console blocks, each a list of commands with the output shown below them."""
    blocks = re.findall(r"^```console\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return [
        [(c, shown) for c, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)]
        for block in blocks
    ]


def plain(text: str) -> str:
    """Drop blank lines and trailing blanks, which tables have and no one sees."""
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip()) + "\n"


# What `make demo` does first, in the words of the demonstration itself.
DEMO_READS = """
from api.cli.demo import read_notes
from api.cli.jobs import at_work
from api.cli.screen import screen
from api.settings import Settings
from api.workspace import Workspace
with Workspace(Settings.read()) as workspace, at_work(workspace) as jobs:
    read_notes(workspace, jobs, screen())
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a user with a home of their own and a terminal of 100 columns."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("CUTBOOK_")},
        "CUTBOOK_HOME": str(tmp_path / "home"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "100",
        "NO_COLOR": "1",
    }


def commands() -> list[tuple[str, str]]:
    """Return the commands of all sessions with what is shown below them."""
    found = [step for session in sessions() for step in session if step[0].startswith("cutbook ")]
    assert len(found) >= 5
    return found


def test_the_session_of_the_readme_gives_the_output_it_shows(environment: dict[str, str]) -> None:
    follow(commands(), environment)


def test_after_the_demo_a_user_sees_the_same(environment: dict[str, str]) -> None:
    subprocess.run([sys.executable, "-c", DEMO_READS], cwd=ROOT, env=environment, capture_output=True, check=True)
    follow([step for step in commands() if not step[0].startswith("cutbook analyse")], environment)


def follow(steps: list[tuple[str, str]], environment: dict[str, str]) -> None:
    """Run commands one after the other; each has to print what is shown."""
    checker = doctest.OutputChecker()
    for command, shown in steps:
        ran = subprocess.run(
            shlex.split(command), cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, f"$ {command}\n{ran.stderr}"
        same = checker.check_output(plain(shown), plain(ran.stdout), doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        assert same, f"$ {command}\n--- README\n{plain(shown)}--- now\n{plain(ran.stdout)}"


def test_the_readme_is_short_and_names_the_two_commands() -> None:
    assert len(README.splitlines()) <= 150
    for target in ("make demo", "make test"):
        assert target in README


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`make ([a-z]+)`|^make ([a-z]+)", README, re.MULTILINE)):
        assert re.search(rf"^{''.join(target)}:", makefile, re.MULTILINE), target
