"""How well a paper's cuts are extracted: recall, precision, inventions, and whether runs repeat to the byte.

A benchmark is a folder with a `gold.json` that lists its papers: the first one is distilled, the others are the papers
it cites. Every repetition runs in a fresh interpreter with its own hash seed, so that no order of a set survives.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import pathsep
from pathlib import Path

from eval.gold import Gold, load_gold
from eval.score import Score, score
from kb.document import Document
from kb.errors import FaultError, InputError
from kb.exports import flat_records
from kb.ssc import SelectionCriteria

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Invention:
    """A predicted cut that no annotation supports, or that its own evidence does not."""

    cut_id: str
    statement: str
    reason: str


@dataclass(frozen=True)
class Extraction:
    """What the distiller made of a benchmark, compared with its gold file."""

    benchmark: str
    papers: tuple[str, ...]
    baseline: Score
    regions: Score
    gold_baseline: int
    found_baseline: int
    gold_regional: int
    found_regional: int
    predicted: int
    inventions: tuple[Invention, ...]
    delegated: int
    hashes: tuple[str, ...]
    criteria: SelectionCriteria

    @property
    def runs(self) -> int:
        """How often the benchmark was distilled."""
        return len(self.hashes)

    @property
    def identical(self) -> bool:
        """Whether all runs gave the same bytes."""
        return len(set(self.hashes)) == 1

    @property
    def complete(self) -> bool:
        """Whether every annotated cut was found and nothing was invented."""
        found = self.found_baseline == self.gold_baseline and self.found_regional == self.gold_regional
        return found and not self.inventions


def read_papers(folder: Path, gold: Gold) -> dict[str, Document]:
    """Read all papers of a benchmark by id, the one to distil first."""
    from ingest.reader import read_file

    if not gold.papers:
        message = f"{folder / 'gold.json'} lists no papers"
        raise InputError(message, hint='add "papers": {"id": "file.tex"}, the paper to distil first', path="$.papers")
    return {paper: read_file(folder / file, arxiv_id=paper) for paper, file in gold.papers.items()}


def cited_papers(document: Document, others: Mapping[str, Document]) -> dict[str, Document]:
    """Return the other papers by the bibliography keys of the document that name them.

    A reference names a paper by its arXiv id, its report number, or the report number in its text.
    """
    cited = {}
    for reference in document.references:
        said = {reference.arxiv_id, (reference.report_number or "").lower()}
        said |= {word.strip(".,;:()[]").lower() for word in reference.text.split()}
        for name, other in others.items():
            if name.lower() in said:
                cited[reference.key] = other
    return cited


def distil_papers(papers: Mapping[str, Document]) -> SelectionCriteria:
    """Distil the first paper with those of the others that it cites."""
    from kb.distil import distil

    first, *_ = papers
    return distil(papers[first], cited=cited_papers(papers[first], papers))


def measure_extraction(folder: Path, *, runs: int = 1, progress: Progress | None = None) -> Extraction:
    """Distil a benchmark `runs` times and compare the first result with its gold file.

    Raises InputError for a folder that is no benchmark.
    """
    gold = load_gold(folder / "gold.json")
    papers = read_papers(folder, gold)
    criteria = distil_papers(papers)
    hashes = [fingerprint(criteria)]
    if progress:
        progress("distil", 1, runs)
    for run in range(1, runs):
        hashes.append(repeated(folder, seed=run))
        if progress:
            progress("distil", run + 1, runs)
    return compare(gold, papers, criteria, tuple(hashes))


def compare(
    gold: Gold, papers: Mapping[str, Document], criteria: SelectionCriteria, hashes: tuple[str, ...]
) -> Extraction:
    """Compare criteria with a gold file, cut by cut."""
    from kb.distil.grounding import ground

    by_hash = {document.document_hash: document for document in papers.values()}
    text = "\n".join(document.text for document in papers.values())
    predicted = flat_records(criteria.cuts)
    scores = {
        regional: score(
            [record for record in gold.records() if (record["region"] is not None) == regional],
            [record for record in predicted if (record["region"] is not None) == regional],
            text,
        )
        for regional in (False, True)
    }
    unsupported = {record["id"] for result in scores.values() for record in result.extra}
    inventions = []
    for cut in criteria.cuts:
        reasons = ["no annotated cut matches it"] if cut.id in unsupported else []
        reasons += ground(cut, by_hash)
        if reasons:
            inventions.append(Invention(cut.id, cut.statement(), "; ".join(reasons)))
    gold_regional = sum(cut.region is not None for cut in gold.cuts)
    return Extraction(
        benchmark=gold.arxiv_id,
        papers=tuple(papers),
        baseline=scores[False],
        regions=scores[True],
        gold_baseline=len(gold.baseline),
        found_baseline=len(gold.baseline) - _lost(scores[False]),
        gold_regional=gold_regional,
        found_regional=gold_regional - _lost(scores[True]),
        predicted=len(criteria.cuts),
        inventions=tuple(inventions),
        delegated=sum(any(e.kind == "delegated" for e in cut.evidence) for cut in criteria.cuts),
        hashes=hashes,
        criteria=criteria,
    )


def _lost(result: Score) -> int:
    """Count gold cuts of which an atom was missed, or got with another object, rank or role."""
    return len({record["id"] for record in (*result.missed, *result.different)})


def fingerprint(criteria: SelectionCriteria) -> str:
    """Return the sha256 of the criteria's JSON, hexadecimal."""
    return hashlib.sha256(criteria.to_json().encode()).hexdigest()


def repeated(folder: Path, *, seed: int) -> str:
    """Distil a benchmark in a fresh interpreter with this hash seed; return the fingerprint."""
    program = "import sys, pathlib, eval.extraction as e; sys.stdout.write(e.distil_folder(pathlib.Path(sys.argv[1])))"
    environment = {"PYTHONHASHSEED": str(seed), "PYTHONPATH": pathsep.join(sys.path), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        message = f"distilling {folder} again failed: {done.stderr.strip().splitlines()[-1:]}"
        raise FaultError(message, hint="run it once with --runs 1 to see whether it works at all")
    return done.stdout.strip()


def distil_folder(folder: Path) -> str:
    """Distil a benchmark once; return the fingerprint."""
    return fingerprint(distil_papers(read_papers(folder, load_gold(folder / "gold.json"))))
