"""A real paper, with the style files of its collaboration, is read completely."""

from __future__ import annotations

import json
import re
from collections import Counter
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


def test_every_section_of_the_source_is_there_in_order_and_numbered(paper: Document, source: str) -> None:
    written = re.findall(r"\\((?:sub)*)section(\*?)\{([^\n]*)\}", source)
    numbers, above = [], 0
    below = 0
    for depth, star, _ in written:
        if depth:
            below += 1
        elif not star:
            above, below = above + 1, 0
        numbers.append("" if star else f"{above}.{below}" if depth else str(above))
    assert [section.number for section in paper.sections] == numbers
    for (_, _, title), section in zip(written, paper.sections, strict=True):
        words = re.findall(r"[a-z]{3,}", re.sub(r"\\\w+", " ", title))
        assert in_order(words, re.findall(r"[a-z]{3,}", section.title)) == len(words)
        assert section.end - section.start > 200


def test_every_number_of_a_table_is_in_its_grid(paper: Document, source: str) -> None:
    tabulars = re.findall(r"\\begin\{tabular\}\{[^\n]*\}(.*?)\\end\{tabular\}", source, re.DOTALL)
    assert len(paper.tables) == len(tabulars) == 5
    for table, written in zip(paper.tables, tabulars, strict=True):
        assert table.caption
        rows = re.sub(r"(?<!\\)((?:\\\\)*)%[^\n]*|\\(?:cite|ref|cmidrule\S*)\{[^}]*\}", r"\1 ", written)
        wanted = Counter(re.findall(r"\d+\.\d+(?!\d|ex|em|pt)", rows))
        found = Counter(re.findall(r"\d+\.\d+", " ".join(paper.quote(cell.start, cell.end) for cell in table.cells)))
        assert wanted
        assert wanted - found == Counter()


def test_every_citation_of_the_source_is_there_with_the_numbers_of_its_targets(paper: Document, source: str) -> None:
    written = [tuple(re.split(r"\s*,\s*", keys.strip())) for keys in re.findall(r"\\cite\{([^}]*)\}", source)]
    # Footnotes come after the paragraphs they stand in.
    assert Counter(citation.keys for citation in paper.citations) == Counter(written)
    numbers = {reference.key: int(reference.label) for reference in paper.references}
    for citation in paper.citations:
        printed: set[int] = set()
        for first, last in re.findall(r"(\d+)(?:–(\d+))?", paper.quote(citation.start, citation.end)):
            printed |= set(range(int(first), int(last or first) + 1))
        assert printed == {numbers[key] for key in citation.keys}


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
