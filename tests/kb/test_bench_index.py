"""How long a hybrid question to 2,000 passages takes, without the embedding of the question."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kb.document import Block, Document
from kb.index import DIMENSION
from kb.index.edge import EdgeIndex
from kb.passages import chunk
from kb.vocabulary import vocabulary

PASSAGES = 2000


def paper(number: int, words: list[str], dice: random.Random) -> Document:
    text, blocks = "", []
    for _ in range(50):
        piece = " ".join(dice.choices(words, k=120)) + "."
        blocks.append(Block(start=len(text), end=len(text) + len(piece), kind="caption"))
        text += piece + "\n\n"
    return Document(arxiv_id=f"2611.{number:05}", source_format="latex", text=text, blocks=tuple(blocks))


@pytest.mark.parametrize("narrow", [{}, {"arxiv_ids": ["2611.00003"], "kinds": ["passage"]}], ids=["all", "one paper"])
def test_bench_hybrid_search(benchmark: Callable[..., Any], tmp_path: Path, narrow: dict[str, Any]) -> None:
    dice = random.Random(1)
    terms = [*vocabulary().objects.values(), *vocabulary().variables.values()]
    words = [word for term in terms for alias in term.aliases for word in alias.split()]

    def vector() -> list[float]:
        return [dice.gauss(0, 1) for _ in range(DIMENSION)]

    with EdgeIndex(tmp_path / "index") as index:
        for number in range(PASSAGES // 50):
            passages = chunk(paper(number, words, dice))
            index.replace(f"2611.{number:05}", passages, [vector() for _ in passages])
        assert index.count() >= PASSAGES
        hits = benchmark(index.search, "leading muon transverse momentum above 20 GeV", vector(), **narrow)
    assert len(hits) == 10
