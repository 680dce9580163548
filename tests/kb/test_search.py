"""Questions across papers: which thresholds there are, and which contradict each other."""

from __future__ import annotations

from types import ModuleType

import pytest

from kb.document import Document
from kb.search import conflicts, thresholds
from kb.ssc import Condition, Region
from kb.store import CutFilter, Store


def test_thresholds_are_compared_in_normal_units(store: Store, papers: ModuleType) -> None:
    first, second = papers.dimuon_paper(), papers.dimuon_paper(arxiv_id="2611.00002")
    for paper, experiment in ((first, "ATLAS"), (second, "CMS")):
        cuts = list(papers.dimuon_cuts(paper))
        if paper is second:
            cuts[4] = cuts[4].model_copy(update={"value": 20.0, "unit": "GeV"})
            cuts.pop(0)
        store.save_document(paper, sha256="0" * 64)
        store.save_criteria(papers.criteria(paper, *cuts, experiment=experiment))
    shared, alone = thresholds(store, CutFilter(variable="pt"))
    assert (shared.value, shared.unit, shared.rank, shared.experiments) == (20, "GeV", 1, ("ATLAS", "CMS"))
    assert (shared.papers, len(shared.cuts)) == (("2611.00001", "2611.00002"), 2)
    assert (alone.value, alone.papers) == (5, ("2611.00001",))


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"value": 6}, 1),
        ({"value": 0.005, "unit": "TeV"}, 0),
        ({"value": 6, "operator": "<"}, 0),
        ({"value": 6, "regions": ("SR",)}, 0),
        ({"value": 6, "when": Condition(text="in the barrel")}, 0),
        ({"value": 6, "status": "rejected"}, 0),
        ({"value": 6, "any_of": "either"}, 0),
    ],
    ids=str,
)
def test_two_thresholds_for_one_thing_are_a_conflict(
    papers: ModuleType, dimuon: Document, change: dict[str, object], number: int
) -> None:
    cut = papers.dimuon_cuts(dimuon)[0]
    other = cut.model_copy(update={"id": "other", **change})
    made = papers.criteria(dimuon, cut, other, regions=(Region(name="SR", kind="signal"),))
    assert len(conflicts(made)) == number


def test_a_range_without_an_end_is_another_requirement(store: Store, papers: ModuleType, dimuon: Document) -> None:
    window = papers.cut(dimuon, "|d_0| must", "muon_pair", "mass", "in", (80, 100), unit="GeV")
    open_window = window.model_copy(update={"id": "open", "closed": "neither"})
    made = papers.criteria(dimuon, window, open_window)
    store.save_document(dimuon, sha256="0" * 64)
    store.save_criteria(made)
    assert {found.closed for found in thresholds(store, CutFilter(variable="mass"))} == {"both", "neither"}
    assert len(conflicts(made)) == 1


def test_a_paper_that_agrees_with_itself_has_no_conflict(papers: ModuleType, dimuon: Document) -> None:
    assert conflicts(papers.criteria(dimuon, *papers.dimuon_cuts(dimuon))) == []
