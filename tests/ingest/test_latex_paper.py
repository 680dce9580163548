"""A real paper, with the style files of its collaboration, is read completely."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ingest.eprint import open_local
from ingest.latex import read_latex
from ingest.latex.tokens import tokenise
from kb.document import Document


@pytest.fixture(scope="module")
def paper(shared: Path) -> Document:
    return read_latex(open_local(shared / "papers" / "eprint" / "2203.01808.tar.gz"), arxiv_id="2203.01808")


@pytest.fixture(scope="module")
def source(shared: Path) -> str:
    eprint = open_local(shared / "papers" / "eprint" / "2203.01808.tar.gz")
    text = eprint.text(eprint.main)
    return text[text.index(r"\begin{document}") :]


def in_order(wanted: list[str], found: list[str]) -> int:
    position = count = 0
    for item in wanted:
        if item in found[position:]:
            position = found.index(item, position) + 1
            count += 1
    return count


def test_each_annotated_quote_stands_within_one_block(paper: Document, shared: Path) -> None:
    gold = json.loads((shared / "gold" / "2203.01808.json").read_text())
    texts = [paper.quote(block.start, block.end) for block in paper.blocks]
    words = [re.findall(r"[A-Za-z]{2,}", text) for text in texts]
    numbers = [re.findall(r"\d+(?:\.\d+)?", text) for text in texts]
    lost = []
    for cut in gold["cuts"]:
        prose = re.sub(r"\\(?:cite|ref)\{[^}]*\}|\$[^$]*\$|\\[A-Za-z]+", " ", cut["quote"])
        wanted = re.findall(r"[A-Za-z]{2,}", prose)
        values = re.findall(r"\d+(?:\.\d+)?", re.sub(r"\\cite\{[^}]*\}", " ", cut["quote"]))
        if not any(
            in_order(values, found) == len(values) and in_order(wanted, known) == len(wanted)
            for found, known in zip(numbers, words, strict=True)
        ):
            lost.append(cut["quote"])
    assert lost == []


def test_every_section_table_and_citation_of_the_source_is_there(paper: Document, source: str) -> None:
    assert len(paper.sections) == len(re.findall(r"\\(?:sub)*section\*?\{", source))
    assert len(paper.tables) == source.count(r"\begin{tabular}")
    assert len(paper.citations) == source.count(r"\cite{")
    known = {reference.key for reference in paper.references}
    assert all(set(citation.keys) <= known and citation.keys for citation in paper.citations)
    assert all(table.caption for table in paper.tables)


def test_no_markup_is_left_in_the_text(paper: Document) -> None:
    prose = [paper.quote(block.start, block.end) for block in paper.blocks if block.kind != "table"]
    assert [found for text in prose for found in re.findall(r"\\\w+|\$|\?\?|~|\{\}|  ", text)] == []


def test_every_word_of_the_prose_is_in_the_text(paper: Document, source: str) -> None:
    text = paper.text
    prose = [token.text for token in tokenise(source) if token.kind == "chars"]
    words = {word for token in prose for word in re.findall(r"[a-z]{6,}", token)}
    missing = {word for word in words if word not in text}
    # Names of files, labels, environments and lengths are no prose.
    assert {word for word in missing if not re.search(rf"[{{_:./-]{word}|{word}[}}_:*]|\\{word}", source)} == set()


def test_the_source_map_covers_every_block_and_points_at_its_words(paper: Document, shared: Path) -> None:
    eprint = open_local(shared / "papers" / "eprint" / "2203.01808.tar.gz")
    texts = {name: eprint.text(name) for name in eprint.files}
    for block in paper.blocks:
        assert any(piece.overlaps(block) for piece in paper.source_map)
    exact = 0
    for piece in paper.source_map:
        assert piece.offset is not None
        printed = paper.quote(piece.start, min(piece.end, piece.start + 12))
        exact += texts[piece.file][piece.offset : piece.offset + 12].startswith(printed[:4])
    assert exact > 0.6 * len(paper.source_map)
    covered = sum(piece.end - piece.start for piece in paper.source_map)
    assert covered > 0.95 * len(paper.text)


def test_macros_of_the_style_files_are_expanded(paper: Document) -> None:
    assert paper.title.startswith("Study of B_c^+ → J/ψ D_s^+")
    assert "|η| < 2.3" in paper.text
    assert "139 fb^-1" in paper.text
    assert "Pythia 8.244 [19]" in paper.text
