"""The house stands: arrows point down, light rooms stay light, files keep to their size and to this repository."""

from __future__ import annotations

import ast
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "kb": {"kb"},
    "ingest": {"ingest", "kb"},
    "codegen": {"codegen", "kb"},
    "eval": {"eval", "ingest", "codegen", "kb"},
    "api": {"api", "eval", "ingest", "codegen", "kb"},
}
ROOMS = sorted(MAY_IMPORT)
LONGEST = 400


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and full name of every import of a module, also those inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." if node.level else (node.module or "")


@pytest.mark.parametrize("room", ROOMS)
def test_arrows_point_down(room: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules(room)
        for line, name in imported(path)
        if name.split(".")[0] in MAY_IMPORT and name.split(".")[0] not in MAY_IMPORT[room]
    ]
    assert wrong == []


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "api"])
def test_only_api_reads_the_environment(room: str) -> None:
    # The probe is a program of its own: it runs inside the sandbox and looks whether the environment leaks into it.
    probe = ROOT / "codegen" / "sandbox" / "probe.py"
    readers = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules(room)
        if path != probe
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in {"environ", "getenv"}
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    ]
    assert readers == []


@pytest.mark.parametrize("room", ROOMS)
def test_modules_are_named_after_nouns_of_the_domain(room: str) -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base", "core"}
    assert [path for path in modules(room) if path.stem in vague] == []


def test_modules_stay_short() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for room in ROOMS for path in modules(room)}
    assert statistics.median(length for length in lengths.values() if length > 1) <= 150
    assert [path.relative_to(ROOT).as_posix() for path, length in lengths.items() if length > LONGEST] == []


def test_no_tracked_file_names_this_machine_or_a_package_index() -> None:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout")
    forbidden = [b"/" + b"work/", b"/opt/" + b"wheels", b"pypi" + b".org", b"pythonhosted" + b".org", b"+" + b"cpu\n"]
    files = [ROOT / name.decode() for name in listing.stdout.split(b"\0") if name]
    found = [(path.name, word) for path in files if path.is_file() for word in forbidden if word in path.read_bytes()]
    assert found == []
