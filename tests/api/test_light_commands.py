"""Light commands load light libraries only, so that they answer at once."""

from __future__ import annotations

import subprocess
import sys

from api.workspace import Workspace
from kb.store.records import JobRecord

HEAVY = {
    "torch",
    "sentence_transformers",
    "transformers",
    "llama_index",
    "uproot",
    "awkward",
    "matplotlib",
    "qdrant_edge",
    "qdrant_client",
    "pypdfium2",
    "alembic",
    "fastapi",
    "numpy",
    "pylatexenc",
    "dbos",
}
SCRIPT = """
import sys
from api.cli.main import run
for args in {commands!r}:
    try:
        run(args)
    except SystemExit as ended:
        assert ended.code == 0, args
sys.stderr.write(" ".join(sorted({{name.split('.')[0] for name in sys.modules}})))
"""


def imported(*commands: list[str]) -> set[str]:
    """Run commands in one fresh process and return which top-level modules it has loaded."""
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(commands=commands)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return set(ran.stderr.split())


def test_looking_things_up_loads_nothing_heavy(filled: Workspace) -> None:
    paper = "hep-ex/0101001"
    filled.store.save_job(JobRecord(id="1a", kind="ingest", request={"id": paper}))
    filled.close()
    loaded = imported(
        ["papers"],
        ["cuts", paper],
        ["cuts", paper, "--format", "json"],
        ["cuts", "--object", "electron"],
        ["show", "aaaa1111"],
        ["jobs"],
        ["jobs", "show", "1a"],
        ["jobs", "cancel", "1a"],
        ["datasets"],
    )
    assert loaded & HEAVY == set()


def test_help_loads_neither_the_store_nor_the_drawing_of_tables() -> None:
    assert imported(["--help"]) & (HEAVY | {"sqlalchemy", "pydantic", "rich"}) == set()
