"""What the tests of the LaTeX reader share: a paper from a few lines."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ingest.eprint import Eprint
from ingest.latex import read_latex
from kb.document import Document

PaperOf = Callable[..., Document]


@pytest.fixture(scope="session")
def paper_of() -> PaperOf:
    """Return a function that reads a body (with preamble and further files) as a paper."""

    def read(body: str, preamble: str = "", **files: str) -> Document:
        main = f"\\documentclass{{article}}\n{preamble}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"
        named = {name.replace("__", "."): text.encode() for name, text in files.items()}
        eprint = Eprint(files={"main.tex": main.encode(), **named}, kind="latex", main="main.tex")
        return read_latex(eprint, arxiv_id="local")

    return read
