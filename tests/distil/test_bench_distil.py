"""How fast a paper of 100 pages is distilled, which stage takes what share, and in how much memory."""

from __future__ import annotations

import cProfile
import pstats
import random
import subprocess
import sys
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from ingest.reader import read_source
from kb.distil import distil
from kb.document import Document
from tests.distil import corpus

PAGES = 100
CHARACTERS_PER_PAGE = 2000
"""More than real papers have: the six of the annotated ones that are PDF have 1,300 to 1,800, references included."""
TALK = (
    "The shape of the distribution is taken from simulation and compared with the data in a region close to this one.",
    "Such events come from top quark pairs in which one of the leptons is lost, or from jets that are measured badly.",
    "The agreement is found to be good, as is shown in the figure, and no further correction is derived from it.",
)
"""What is said around requirements in the sections that state them."""

# What surrounds a selection: the share of a paper in thousandths, its title, and what its sentences are like.
SECTIONS = (
    (60, "Introduction", "the standard model", "no deviation from the predictions has been found so far"),
    (80, "The detector", "the inner tracker", "covers the pseudorapidity range |η| < 2.5 in a field of 3.8 T"),
    (
        120,
        "Simulated samples",
        "the tt̄ sample",
        "is generated at next-to-leading order with p_T > 10 GeV at parton level",
    ),
    (120, "Object reconstruction", "", ""),
    (240, "Event selection", "", ""),
    (140, "Background estimation", "", ""),
    (100, "Systematic uncertainties", "the jet energy scale", "is known to 2% for jets with p_T > 100 GeV"),
    (140, "Results", "the observed yield", "is 120 events, to be compared with 118 ± 9 that are expected"),
)
# The functions that are the stages, in the order in which a paper goes through them.
STAGES = {
    "names of regions": ("region_index.py", "own_names"),
    "sentences": ("sentences.py", "sentences"),
    "lexer and entities": ("entities.py", "tokens_of"),
    "reading": ("reading.py", "read"),
    "requirements": ("paper.py", "_requirements"),
    "tables": ("tables.py", "read"),
    "merge": ("merge.py", "merge"),
    "grounding": ("grounding.py", "ground"),
}


@pytest.fixture(scope="module")
def paper() -> Document:
    """Return a paper of 100 pages: about half of it selection, twice as dense as in the annotated papers."""
    dice = random.Random(7)
    known = [e for file in sorted(corpus.FOLDER.glob("*.toml")) for e in corpus.entries(file)]
    dice.shuffle(known)
    sentences = cycle([e.text for e in known if e.text])
    tables = cycle(
        [e.latex for e in known if "\\section" not in e.latex.split("\\begin{table")[0][30:] and "{table" in e.latex]
    )
    parts: list[str] = []
    for share, title, subject, verb in SECTIONS:
        size = PAGES * CHARACTERS_PER_PAGE * share // 1000
        parts.append(f"\\section{{{title}}}")
        while size > 0:
            if verb:
                piece = " ".join(
                    f"In case {dice.randrange(100)} {subject} {verb} [{dice.randrange(90)}]." for _ in range(6)
                )
            elif dice.random() < 0.1:
                body = next(tables)
                piece = body[body.index("\\begin{table") : body.index("\\end{table}") + len("\\end{table}")]
            else:
                piece = f"{next(sentences)} {' '.join(dice.sample(TALK, 2))}".replace("%", "\\%").replace("&", "\\&")
            parts.append(piece)
            size -= len(piece)
    source = "\\documentclass{article}\n\\begin{document}\n" + "\n\n".join(parts) + "\n\\end{document}\n"
    document = read_source(source.encode(), "paper.tex", arxiv_id="bench")
    assert len(document.text) > 0.8 * PAGES * CHARACTERS_PER_PAGE
    assert len(document.tables) > PAGES / 10
    return document


def test_bench_a_paper_of_100_pages(benchmark: Any, paper: Document) -> None:
    criteria = benchmark(distil, paper)
    benchmark.extra_info |= {"characters": len(paper.text), "cuts": len(criteria.cuts), **shares(lambda: distil(paper))}
    assert len(criteria.cuts) > 2 * PAGES
    assert benchmark.stats.stats.min < 2.0


def shares(work: Callable[[], object]) -> dict[str, str]:
    """Return the share of each stage in the time of some work; a stage may contain another one."""
    profile = cProfile.Profile()
    profile.runcall(work)
    stats = pstats.Stats(profile)
    told = stats.stats  # type: ignore[attr-defined]  # what pstats itself sorts and prints
    times = {
        (Path(file).name, name): row[3] for (file, _, name), row in told.items() if Path(file).parent.name == "distil"
    }
    whole = stats.total_tt  # type: ignore[attr-defined]  # likewise
    return {stage: f"{times[place] / whole:.0%}" for stage, place in STAGES.items()}


def test_bench_peak_memory(benchmark: Any, paper: Document, tmp_path: Path) -> None:
    (tmp_path / "paper.json").write_text(paper.model_dump_json(), encoding="utf-8")
    code = (
        "import resource, sys, pathlib\n"
        "from kb.distil import distil\n"
        "from kb.document import Document\n"
        "distil(Document.model_validate_json(pathlib.Path(sys.argv[1]).read_text(encoding='utf-8')))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "paper.json")]
    run = benchmark.pedantic(lambda: subprocess.run(command, capture_output=True, text=True, check=True), rounds=1)
    mib = int(run.stdout) / (2**20 if sys.platform == "darwin" else 2**10)
    benchmark.extra_info["peak memory"] = f"{mib:.0f} MiB"
    assert mib < 300
