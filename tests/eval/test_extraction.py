"""The bundled benchmark is extracted completely, repeatably, and without inventions; lapses are noticed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.benchmarks import HZZ4L
from eval.extraction import Extraction, cited_papers, compare, measure_extraction, read_papers
from eval.gold import load_gold
from kb.document import Document, Reference
from kb.errors import InputError
from kb.ssc import Cut, Piecewise, SelectionCriteria


@pytest.fixture(scope="module")
def extraction() -> Extraction:
    return measure_extraction(HZZ4L, runs=10)


def recompared(extraction: Extraction, cuts: tuple[Cut, ...]) -> Extraction:
    """Compare the gold file with other cuts of the same papers."""
    gold = load_gold(HZZ4L / "gold.json")
    criteria = SelectionCriteria(paper=extraction.criteria.paper, cuts=cuts, regions=extraction.criteria.regions[:0])
    return compare(gold, read_papers(HZZ4L, gold), criteria, extraction.hashes)


def test_all_27_cuts_and_the_signal_region_are_found_and_nothing_is_invented(extraction: Extraction) -> None:
    assert [record["id"] for record in (*extraction.baseline.missed, *extraction.baseline.different)] == []
    assert (extraction.found_baseline, extraction.found_regional) == (27, 1)
    assert extraction.inventions == ()
    assert extraction.complete


def test_ten_runs_in_fresh_interpreters_are_byte_identical(extraction: Extraction) -> None:
    assert extraction.runs == 10
    assert extraction.identical


def test_every_quote_stands_at_its_offsets_in_the_paper_it_names(extraction: Extraction) -> None:
    papers = read_papers(HZZ4L, load_gold(HZZ4L / "gold.json"))
    for cut in extraction.criteria.cuts:
        for evidence in cut.evidence:
            document = papers[evidence.arxiv_id]
            assert document.document_hash == evidence.document_hash
            assert document.quote(evidence.start, evidence.end) == evidence.quote


def test_what_the_main_note_delegates_is_cited_in_both_notes(extraction: Extraction) -> None:
    delegated = [cut for cut in extraction.criteria.cuts if any(e.kind == "delegated" for e in cut.evidence)]
    notes = [{evidence.arxiv_id for evidence in cut.evidence} for cut in delegated]
    assert len(delegated) == 14
    assert sum(note == {"hzz4l", "hzz4l-leptons"} for note in notes) == 9
    assert sum(note == {"hzz4l", "hzz4l-jets"} for note in notes) == 5


def test_the_subleading_mass_threshold_is_read_as_a_function_of_the_four_lepton_mass(extraction: Extraction) -> None:
    curves = [
        value
        for cut in extraction.criteria.cuts
        for value in (cut.value if isinstance(cut.value, tuple) else (cut.value,))
        if isinstance(value, Piecewise)
    ]
    assert len(curves) == 1
    assert (curves[0].subject.object, curves[0].variable.id) == ("fourlepton", "mass")
    assert [curves[0].at(mass) for mass in (100, 140, 165, 190, 300)] == [12, 12, 31, 50, 50]


def test_a_lost_cut_is_missed(extraction: Extraction) -> None:
    cuts = tuple(cut for cut in extraction.criteria.cuts if not cut.regions)
    lapsed = recompared(extraction, tuple(cut for cut in cuts if cut.variable.id != "z0_sintheta"))
    assert lapsed.found_baseline == 26
    assert [record["variable"] for record in lapsed.baseline.missed] == ["z0_sintheta"]
    assert not lapsed.complete


def test_a_cut_with_another_number_is_an_invention_and_says_why(extraction: Extraction) -> None:
    cuts = tuple(cut for cut in extraction.criteria.cuts if not cut.regions)
    false = cuts[-1].model_copy(update={"value": 0.77})
    lapsed = recompared(extraction, (*cuts[:-1], false))
    assert [invention.cut_id for invention in lapsed.inventions] == [false.id]
    assert "no annotated cut" in lapsed.inventions[0].reason


def test_a_cut_on_the_wrong_object_is_not_found(extraction: Extraction) -> None:
    cuts = tuple(cut for cut in extraction.criteria.cuts if not cut.regions)
    first = next(cut for cut in cuts if cut.subject.object == "jet")
    wrong = first.model_copy(update={"subject": first.subject.model_copy(update={"object": "photon"})})
    lapsed = recompared(extraction, tuple(wrong if cut is first else cut for cut in cuts))
    assert lapsed.found_baseline == 26
    assert len(lapsed.baseline.different) == 1


@pytest.mark.parametrize(
    "reference",
    [
        Reference(key="k", arxiv_id="2101.00001"),
        Reference(key="k", report_number="2101.00001"),
        Reference(key="k", text="The authors, A title, report 2101.00001."),
    ],
)
def test_a_reference_names_a_paper_by_arxiv_id_report_number_or_text(reference: Reference) -> None:
    other = Document(arxiv_id="2101.00001", source_format="latex", text="x")
    document = Document(arxiv_id="main", source_format="latex", text="y", references=(reference, Reference(key="l")))
    assert cited_papers(document, {"2101.00001": other}) == {"k": other}


def test_a_folder_without_gold_is_no_benchmark(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gold\.json"):
        measure_extraction(tmp_path)
    (tmp_path / "gold.json").write_text(json.dumps({"arxiv_id": "x", "cuts": []}))
    with pytest.raises(InputError, match="lists no papers"):
        measure_extraction(tmp_path)
