"""Passages are found by words and by meaning, and one process at a time owns the index."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kb.document import Block, Document
from kb.embedding import MODEL, Embedder
from kb.errors import HomeInUseError, InputError, UnreachableError
from kb.index.edge import EdgeIndex
from kb.passages import Passage, chunk
from kb.retrieval import Retriever

PARAGRAPHS = {
    "muons": "Muons must have p_T > 5 GeV. Their transverse impact parameter has to be smaller than 1 mm.",
    "jets": "Jets are clustered with the anti-kt algorithm and have |η| < 4.5.",
    "cosmic": "Background from outer space is suppressed by requirements on the distance to the beam line.",
    "trigger": "Events were recorded by single-lepton triggers.",
}


def document(name: str, *texts: str) -> Document:
    text = "\n\n".join(texts)
    blocks, start = [], 0
    for part in texts:
        # Captions stand alone, so that each text is a passage.
        blocks.append(Block(start=start, end=start + len(part), kind="caption"))
        start += len(part) + 2
    return Document(arxiv_id=name, source_format="latex", text=text, blocks=tuple(blocks))


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder()


@pytest.fixture
def index(tmp_path: Path) -> Iterator[EdgeIndex]:
    opened = EdgeIndex(tmp_path / "index")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def indexed(embedder: Embedder) -> list[tuple[list[Passage], list[list[float]]]]:
    papers = [document("one", *PARAGRAPHS.values()), document("two", "Electrons need E_T > 7 GeV.")]
    chunks = [chunk(paper) for paper in papers]
    return [(passages, embedder.embed([passage.context for passage in passages])) for passages in chunks]


@pytest.fixture
def retriever(
    index: EdgeIndex, embedder: Embedder, indexed: list[tuple[list[Passage], list[list[float]]]]
) -> Retriever:
    for passages, vectors in indexed:
        index.replace(passages[0].arxiv_id, passages, vectors)
    return Retriever(index, embedder)


def test_vectors_have_unit_length_and_equal_texts_equal_vectors(embedder: Embedder) -> None:
    vectors = embedder.embed(["muon", "a much longer text about electrons, which comes second", "muon"])
    assert [len(vector) for vector in vectors] == [384] * 3
    assert [sum(x * x for x in vector) for vector in vectors] == pytest.approx([1, 1, 1], abs=1e-5)
    assert vectors[0] == pytest.approx(vectors[2], abs=1e-6)
    assert vectors[0] == pytest.approx(embedder.embed_query("muon"), abs=1e-6)


def test_embedding_tells_how_far_it_is(embedder: Embedder) -> None:
    told: list[tuple[int, int]] = []
    embedder.embed(["muon"] * 40, lambda done, total: told.append((done, total)))
    assert told == [(32, 40), (40, 40)]
    assert embedder.embed([]) == []


def test_a_folder_that_is_not_there_or_holds_no_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no folder .* with an embedding model"):
        Embedder(str(tmp_path / "nothing")).embed(["text"])
    with pytest.raises(InputError, match="holds no sentence-transformers model"):
        Embedder(tmp_path).source()


def test_weights_that_are_not_here_are_not_fetched_where_that_is_not_allowed() -> None:
    with pytest.raises(UnreachableError, match="not on this machine"):
        Embedder("nobody/no-such-model", allow_download=False).source()


def test_a_local_folder_comes_before_the_installed_package(tmp_path: Path, embedder: Embedder) -> None:
    assert embedder.weights().origin in {"cache", "package"}
    folder = tmp_path / "model"
    folder.symlink_to(embedder.weights().place, target_is_directory=True)
    assert Embedder(folder).weights().origin == "folder"


def test_installed_weights_must_be_the_published_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.setattr("kb.embedding._packaged", lambda: tmp_path)
    monkeypatch.setattr("kb.embedding._cached", lambda _model: None)
    with pytest.raises(InputError, match="sha256"):
        Embedder(MODEL).embed(["text"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("muon impact parameter", "muons"),
        ("pseudorapidity of jets |η|", "jets"),
        ("cosmic rays", "cosmic"),
        ("which trigger selected the events", "trigger"),
    ],
)
def test_passages_are_found_by_words_and_by_meaning(retriever: Retriever, query: str, expected: str) -> None:
    assert retriever.search(query, limit=1)[0].passage.text == PARAGRAPHS[expected]


def test_a_search_can_be_kept_to_one_paper(retriever: Retriever) -> None:
    hits = retriever.search("muon momentum", arxiv_ids=["two"])
    assert [hit.passage.arxiv_id for hit in hits] == ["two"]


def test_the_same_question_gets_the_same_answer(retriever: Retriever) -> None:
    assert retriever.search("momentum of leptons") == retriever.search("momentum of leptons")


def test_an_empty_question_or_base_gets_no_answer(retriever: Retriever, embedder: Embedder, tmp_path: Path) -> None:
    assert retriever.search("  ") == []
    empty = EdgeIndex(tmp_path / "empty")
    assert Retriever(empty, embedder).search("muon") == []
    empty.close()


def test_indexing_a_paper_again_replaces_its_passages(index: EdgeIndex, embedder: Embedder) -> None:
    for texts in (["Muons are isolated.", "Jets are not."], ["Muons are isolated."], ["Muons are isolated."]):
        passages = chunk(document("one", *texts))
        index.replace("one", passages, embedder.embed([passage.context for passage in passages]))
        assert index.count() == len(texts)


def test_the_index_survives_closing(index: EdgeIndex, retriever: Retriever, embedder: Embedder) -> None:
    before = retriever.search("muon impact parameter")
    index.close()
    assert retriever.search("muon impact parameter") == before


def test_a_second_process_is_told_who_has_the_index(index: EdgeIndex, tmp_path: Path) -> None:
    assert index.count() == 0
    code = (
        "import sys; from pathlib import Path\n"
        "from kb.index.edge import EdgeIndex; from kb.errors import HomeInUseError\n"
        "try: EdgeIndex(Path(sys.argv[1])).count()\n"
        "except HomeInUseError as error: sys.stdout.write(error.message)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "index")], capture_output=True, text=True, check=True
    ).stdout
    assert "is open in process" in told
    index.close()
    second = EdgeIndex(tmp_path / "index")
    assert second.count() == 0
    third = EdgeIndex(tmp_path / "index")
    with pytest.raises(HomeInUseError, match=r"open in process \d+, since 20"):
        third.count()
    second.close()


def test_nobody_waits_for_the_model_where_the_index_is_not_to_be_had(index: EdgeIndex, tmp_path: Path) -> None:
    free: list[int] = []

    class Model(Embedder):
        def embed_query(self, text: str) -> list[float]:
            with EdgeIndex(tmp_path / "index", wait=0.0) as other:
                free.append(other.count())
            return [1.0, *[0.0] * 383]

    second = EdgeIndex(tmp_path / "index", wait=0.0)
    index.open()
    with pytest.raises(HomeInUseError, match="open in process"):
        Retriever(second, Model()).search("muon")
    assert free == []
    index.close()
    # While the model loads, others may search.
    assert Retriever(second, Model()).search("muon") == []
    assert free == [0]
    second.close()


def test_llama_index_gets_nodes_that_know_their_place(retriever: Retriever) -> None:
    found = retriever.as_llama_index(limit=2).retrieve("muon impact parameter")
    assert len(found) == 2
    node = found[0].node
    assert node.get_content() == PARAGRAPHS["muons"]
    assert (node.metadata["start"], node.metadata["end"]) == (0, len(PARAGRAPHS["muons"]))
    assert node.metadata["arxiv_id"] == "one"
