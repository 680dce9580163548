"""How long a LaTeX paper takes from its e-print to passages, and how much memory; speed is for `make bench`."""

from __future__ import annotations

import io
import tarfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingest.reader import read_source
from kb.passages import Passage, chunk

PAPER = Path(__file__).parent / "papers" / "atlas"
SIZE = 60_000


@pytest.fixture(scope="module")
def eprint() -> bytes:
    """Return an e-print of 60 kB of LaTeX: the sections of the ATLAS paper, over and over."""
    files = {path.relative_to(PAPER).as_posix(): path.read_text("utf-8") for path in PAPER.rglob("*") if path.is_file()}
    parts = [files[f"sections/{name}.tex"] for name in ("introduction", "selection")]
    times = SIZE // sum(map(len, parts)) + 1
    files |= {f"sections/part{number}.tex": "\n".join(parts) for number in range(times)}
    inputs = "".join(f"\\input{{sections/part{number}}}\n" for number in range(times))
    files["main.tex"] = files["main.tex"].replace("\\include{sections/selection}\n", inputs)
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return stream.getvalue()


def read(eprint: bytes) -> list[Passage]:
    return chunk(read_source(eprint, "paper.tar.gz", arxiv_id="paper"))


def test_bench_60_kb_of_latex_to_passages(benchmark: Callable[..., Any], eprint: bytes) -> None:
    assert len(benchmark(read, eprint)) > 50


def test_bench_a_real_paper_to_passages(benchmark: Callable[..., Any], shared: Path) -> None:
    data = (shared / "papers" / "eprint" / "2203.01808.tar.gz").read_bytes()
    assert len(benchmark(read, data)) > 50


def test_reading_takes_little_memory(eprint: bytes) -> None:
    tracemalloc.start()
    try:
        read(eprint)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100 << 20
