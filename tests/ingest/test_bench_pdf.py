"""How fast papers in PDF are read, in how much memory, and what other programs make of the same files."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from ingest.pdf import read_pdf
from tests.ingest.quotes import PAPERS, lost, quotes

LONGEST = "1605.03814"  # 45 pages

pytestmark = pytest.mark.benchmark(group="a PDF of 45 pages")


def coverage(shared: Path, texts: Callable[[Path], Sequence[str]]) -> tuple[float, list[str]]:
    """Return the share of annotated quotes that stand in one of the texts made of their paper, and which do not."""
    wanted = 0
    missed: list[str] = []
    for arxiv_id in PAPERS:
        cited = quotes(shared, arxiv_id)
        wanted += len(cited)
        missed += lost(texts(file(shared, arxiv_id)), cited)
    return 1 - len(missed) / wanted, missed


def file(shared: Path, arxiv_id: str) -> Path:
    return shared / "papers" / "pdf" / f"{arxiv_id}.pdf"


def blocks(path: Path) -> list[str]:
    document = read_pdf(path.read_bytes(), arxiv_id="bench")
    return [document.quote(block.start, block.end) for block in document.blocks]


def show(benchmark: Any, name: str, **found: object) -> None:
    """Put results beside the times in the table that is printed, and into what is saved as JSON."""
    benchmark.stats.name = f"{name}: {', '.join(f'{key} {value}' for key, value in found.items() if key != 'lost')}"
    benchmark.extra_info.update(found)


def test_bench_a_paper_of_45_pages(benchmark: Any, shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = file(shared, LONGEST)
    assert len(benchmark(blocks, path)) > 100
    found, missed = coverage(shared, blocks)
    show(benchmark, "cutbook", quotes=f"{found:.1%}", lost=missed)
    with capsys.disabled():
        sys.stdout.write(f"\nquotes that cutbook does not find in one block: {', '.join(missed) or 'none'}\n")
    assert found >= 0.98
    assert benchmark.stats.stats.median < 3.0


def test_bench_peak_memory(benchmark: Any, shared: Path) -> None:
    code = (
        "import resource, sys, pathlib, ingest.pdf\n"
        "ingest.pdf.read_pdf(pathlib.Path(sys.argv[1]).read_bytes(), arxiv_id='bench')\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    command = [sys.executable, "-c", code, str(file(shared, LONGEST))]
    run = benchmark.pedantic(lambda: subprocess.run(command, capture_output=True, text=True, check=True), rounds=1)
    mib = int(run.stdout) / (2**20 if sys.platform == "darwin" else 2**10)
    show(benchmark, "cutbook, alone", memory=f"{mib:.0f} MiB")
    assert mib < 500


def test_bench_pdftotext(benchmark: Any, shared: Path) -> None:
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("pdftotext (poppler) is not installed")

    def paragraphs(path: Path) -> list[str]:
        done = subprocess.run([program, "-enc", "UTF-8", str(path), "-"], capture_output=True, check=True)
        return done.stdout.decode().split("\n\n")

    benchmark(paragraphs, file(shared, LONGEST))
    found, missed = coverage(shared, paragraphs)
    show(benchmark, "pdftotext", quotes=f"{found:.1%}", lost=missed)
    assert found <= coverage(shared, blocks)[0]


def test_bench_the_pdf_reader_of_llama_index(benchmark: Any, shared: Path) -> None:
    """Compare with pages of text, which are larger than our blocks: an easier test for the other reader."""
    from llama_index.readers.file import PDFReader

    reader = PDFReader()

    def pages(path: Path) -> list[str]:
        return [str(page.text) for page in reader.load_data(path)]

    benchmark.pedantic(pages, (file(shared, LONGEST),), rounds=3)
    found, missed = coverage(shared, pages)
    show(benchmark, "llama-index's PDFReader", quotes=f"{found:.1%}", lost=missed)
    assert found <= coverage(shared, blocks)[0]
