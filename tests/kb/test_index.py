"""The index finds by words and by meaning, keeps what it was given, and belongs to one process at a time."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from kb.document import Document
from kb.errors import FaultError, InputError, UnreachableError
from kb.index import Hit, Index, Kind, fused
from kb.index.edge import EdgeIndex
from kb.index.server import ServerIndex
from kb.index.terms import terms
from kb.passages import Passage, chunk, cut_passages

WORDS = ("muon", "jet", "electron", "trigger")


def meaning(text: str) -> list[float]:
    """Stand in for an embedding model: one direction per topic, and a little of everything."""
    return [text.casefold().count(word) + 0.1 for word in WORDS]


@pytest.fixture(params=["edge", "server"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    """Give an empty index of each kind; the server is played by the client library's own stand-in."""
    if request.param == "edge":
        with EdgeIndex(tmp_path / "index", dimension=len(WORDS)) as opened:
            yield opened
        return
    from qdrant_client import QdrantClient

    with warnings.catch_warnings():
        # The stand-in has no payload indexes, and says so.
        warnings.simplefilter("ignore")
        with ServerIndex("memory", dimension=len(WORDS), client=QdrantClient(":memory:")) as played:
            played.open()
            yield played


def fill(index: Index, passages: Sequence[Passage], *, kind: Kind | None = None) -> None:
    vectors = [meaning(passage.context) for passage in passages]
    index.replace(passages[0].arxiv_id, passages, vectors, kind=kind)


@pytest.fixture
def both(index: Index, papers: ModuleType, dimuon: Document) -> Index:
    """Give an index with the passages and cuts of one paper and a passage of another."""
    jets = papers.document(("paragraph", "Jets must have |η| < 4.5."), arxiv_id="note-jets")
    fill(index, [*chunk(dimuon), *cut_passages(papers.criteria(dimuon, *papers.dimuon_cuts(dimuon)))])
    fill(index, chunk(jets))
    return index


def test_passages_and_cuts_come_back_as_they_went_in(both: Index, papers: ModuleType, dimuon: Document) -> None:
    wanted = [*chunk(dimuon), *cut_passages(papers.criteria(dimuon, *papers.dimuon_cuts(dimuon)))]
    hits = both.search("muons", meaning("muons"), limit=50, arxiv_ids=["2611.00001"])
    assert sorted((hit.passage for hit in hits), key=lambda p: p.id) == sorted(wanted, key=lambda p: p.id)
    assert {hit.cut_id for hit in hits if hit.kind == "cut"} == {cut.id for cut in papers.dimuon_cuts(dimuon)}


def test_a_question_in_words_finds_a_cut_in_symbols(both: Index) -> None:
    (hit,) = both.search("transverse impact parameter", None, limit=1, kinds=["cut"])
    assert hit.passage.text == "Their |d_0| must be below 1 mm"


def test_without_a_common_word_the_meaning_finds_it(both: Index) -> None:
    assert both.search("sprays", None) == []
    assert both.search("sprays", meaning("jet jet jet"), limit=1)[0].passage.arxiv_id == "note-jets"


@pytest.mark.parametrize(
    ("narrow", "count"),
    [
        ({"arxiv_ids": ["note-jets"]}, 1),
        ({"arxiv_ids": []}, 0),
        ({"kinds": ["cut"]}, 5),
        ({"kinds": ["passage"], "arxiv_ids": ["2611.00001"]}, 3),
        ({"object": "muon", "variable": "pt"}, 2),
        ({"variable": "mass"}, 0),
        ({"limit": 2}, 2),
    ],
    ids=str,
)
def test_a_search_is_narrowed_down(both: Index, narrow: dict[str, object], count: int) -> None:
    assert len(both.search("muons", meaning("muons"), **{"limit": 50, **narrow})) == count


def test_the_same_passages_again_change_nothing(both: Index, papers: ModuleType, dimuon: Document) -> None:
    before = both.search("muons", meaning("muons"), limit=50)
    fill(both, [*chunk(dimuon), *cut_passages(papers.criteria(dimuon, *papers.dimuon_cuts(dimuon)))])
    assert both.search("muons", meaning("muons"), limit=50) == before
    assert both.count() == 9


def test_new_passages_replace_those_of_the_paper_only(both: Index, papers: ModuleType) -> None:
    fill(both, chunk(papers.document(("paragraph", "Electrons."), version=2)))
    assert (both.count(arxiv_id="2611.00001"), both.count()) == (1, 2)


def test_cuts_are_replaced_without_touching_passages(both: Index, papers: ModuleType, dimuon: Document) -> None:
    fill(both, cut_passages(papers.criteria(dimuon, *papers.dimuon_cuts(dimuon)[:2])), kind="cut")
    assert (both.count(kind="cut"), both.count(kind="passage")) == (2, 4)
    both.replace("2611.00001", [], [], kind="cut")
    assert (both.count(kind="cut"), both.count(kind="passage")) == (0, 4)


def test_papers_and_texts_are_forgotten(both: Index, dimuon: Document) -> None:
    both.delete_document(dimuon.document_hash)
    assert both.count() == 1
    both.delete_paper("note-jets")
    assert both.count() == 0


def test_what_was_indexed_survives_a_kill(tmp_path: Path, papers: ModuleType) -> None:
    script = f"""
import os
from pathlib import Path
from kb.document import Document
from kb.index.edge import EdgeIndex
from kb.passages import chunk
paper = Document(arxiv_id="a", source_format="latex", text="Muons are isolated.")
index = EdgeIndex(Path({str(tmp_path / "killed")!r}), dimension=4)
index.replace("a", chunk(paper), [[1, 0, 0, 0]])
os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    with EdgeIndex(tmp_path / "killed", dimension=4) as index:
        assert [hit.passage.text for hit in index.search("muon isolation", None)] == ["Muons are isolated."]


def test_a_process_killed_while_it_makes_the_index_leaves_one_that_opens(tmp_path: Path) -> None:
    script = f"""
import os, signal, sys, time
from pathlib import Path
import qdrant_edge
from kb.index.edge import EdgeIndex
for moment in range(20):
    folder = Path({str(tmp_path)!r}) / str(moment)
    if (child := os.fork()) == 0:
        EdgeIndex(folder, dimension=4).open()
        time.sleep(60)
    time.sleep(moment / 1000)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if (child := os.fork()) == 0:
        os._exit(EdgeIndex(folder, dimension=4).count())
    if os.waitpid(child, 0)[1]:
        sys.exit(f"not after {{moment}} ms")
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_optimizing_keeps_the_answers(both: Index) -> None:
    before = both.search("muons", meaning("muons"), limit=5)
    both.optimize()
    assert both.search("muons", meaning("muons"), limit=5) == before


def test_equal_scores_are_told_apart_by_place(dimuon: Document) -> None:
    first, second, third = chunk(dimuon)[:3]
    words = [Hit(passage=passage, score=2.0) for passage in (third, first, second)]
    meanings = [Hit(passage=second, score=0.9), Hit(passage=first, score=0.8)]
    orders = [fused([words, meanings], limit=limit) for limit in (1, 2, 3)]
    orders += [fused([words[::-1], meanings], limit=limit) for limit in (1, 2, 3)]
    assert orders[:3] == orders[3:]
    assert [hit.passage for hit in orders[2]] == [first, second, third]
    assert orders[2][0].score == orders[2][1].score == 1 / 61 + 1 / 62  # first in one search, second in the other
    assert orders[2][2].score == 1 / 63


def test_vectors_must_fit(index: Index, dimuon: Document) -> None:
    passages = chunk(dimuon)
    with pytest.raises(FaultError, match="came with 1 vectors"):
        index.replace("2611.00001", passages, [[1.0] * 4])
    with pytest.raises(FaultError, match="with 3 numbers"):
        index.replace("2611.00001", passages, [[1.0] * 3] * len(passages))
    with pytest.raises(FaultError, match="does not belong to other"):
        index.replace("other", passages, [[1.0] * 4] * len(passages))


def test_a_broken_index_says_what_to_do_and_lets_go(tmp_path: Path) -> None:
    shard = tmp_path / "broken" / "shard"
    shard.mkdir(parents=True)
    (shard / "edge_config.json").write_text("{")
    for _ in range(2):
        with pytest.raises(InputError, match="cannot be opened") as caught:
            EdgeIndex(tmp_path / "broken").count()
        assert "ingest the papers again" in caught.value.hint


def test_an_index_that_is_not_used_is_not_opened(tmp_path: Path) -> None:
    EdgeIndex(tmp_path / "unused").close()
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_does_not_answer_is_told() -> None:
    with pytest.raises(UnreachableError, match=r"http://127\.0\.0\.1:1 does not answer") as caught:
        ServerIndex("http://127.0.0.1:1").count()
    assert "CUTBOOK_QDRANT_URL" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("|η| < 2.47", ["η", "pseudorapidity", "2.47"]),
        ("b-tagged", ["b-tagged", "b", "tagged"]),
        ("m_4ℓ", ["m_4ℓ"]),
        ("", []),
    ],
)
def test_numbers_and_symbols_are_whole_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_a_symbol_is_also_its_name() -> None:
    assert {"missing", "transverse", "momentum"} <= set(terms("E_T^miss"))
    assert {"transverse", "impact", "parameter"} <= set(terms("d_0"))
