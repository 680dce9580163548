"""How fast papers in PDF are read, in how much memory, and what other programs make of the same files."""

from __future__ import annotations

import importlib
import importlib.util
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


def coverage(shared: Path, texts: Callable[[Path], Sequence[str]]) -> float:
    """Return the share of annotated quotes that stand in one of the texts made of their paper."""
    wanted = missed = 0
    for arxiv_id in PAPERS:
        cited = quotes(shared, arxiv_id)
        wanted += len(cited)
        missed += len(lost(texts(file(shared, arxiv_id)), cited))
    return 1 - missed / wanted


def file(shared: Path, arxiv_id: str) -> Path:
    return shared / "papers" / "pdf" / f"{arxiv_id}.pdf"


def blocks(path: Path) -> list[str]:
    document = read_pdf(path.read_bytes(), arxiv_id="bench")
    return [document.quote(block.start, block.end) for block in document.blocks]


def test_bench_a_paper_of_45_pages(benchmark: Any, shared: Path) -> None:
    data = file(shared, LONGEST).read_bytes()
    assert benchmark(lambda: read_pdf(data, arxiv_id=LONGEST)).tables
    benchmark.extra_info["quotes found"] = f"{coverage(shared, blocks):.1%}"
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
    benchmark.extra_info["peak memory"] = f"{mib:.0f} MiB"
    assert mib < 500


def test_bench_pdftotext(benchmark: Any, shared: Path) -> None:
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("pdftotext (poppler) is not installed")

    def text(path: Path) -> str:
        done = subprocess.run([program, "-enc", "UTF-8", str(path), "-"], capture_output=True, check=True)
        return done.stdout.decode()

    benchmark(text, file(shared, LONGEST))
    found = coverage(shared, lambda path: text(path).split("\n\n"))
    benchmark.extra_info["quotes found"] = f"{found:.1%}"
    assert found <= coverage(shared, blocks)


def test_bench_the_pdf_reader_of_llama_index(benchmark: Any, shared: Path) -> None:
    """Compare with pages of text, which are larger than our blocks: an easier test for the other reader."""
    pages = _llama_index() or _pypdf()
    if pages is None:
        pytest.skip("neither llama-index-readers-file nor pypdf, on which it is built, is installed")
    benchmark.pedantic(pages, (file(shared, LONGEST),), rounds=1)
    found = coverage(shared, pages)
    benchmark.extra_info["quotes found"] = f"{found:.1%}"
    assert found <= coverage(shared, blocks)


def _llama_index() -> Callable[[Path], list[str]] | None:
    if importlib.util.find_spec("llama_index.readers") is None:
        return None
    reader = importlib.import_module("llama_index.readers.file").PDFReader()
    return lambda path: [str(page.text) for page in reader.load_data(path)]


def _pypdf() -> Callable[[Path], list[str]] | None:
    if importlib.util.find_spec("pypdf") is None:
        return None
    reader = importlib.import_module("pypdf").PdfReader
    return lambda path: [str(page.extract_text()) for page in reader(path).pages]
