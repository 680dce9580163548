"""Criteria go out as YAML, Markdown and flat records, and nothing is lost on the way."""

from __future__ import annotations

from types import ModuleType

import pytest

from kb.document import Document
from kb.errors import CriteriaError
from kb.exports import flat_records, from_yaml, to_markdown, to_yaml
from kb.ssc import Piecewise, Region, SelectionCriteria, Subject, Variable


@pytest.fixture
def criteria(papers: ModuleType, dimuon: Document) -> SelectionCriteria:
    rising = Piecewise(
        subject=Subject(object="fourlepton"), variable=Variable(id="mass"), unit="GeV", points=((140, 12), (190, 50))
    )
    cuts = papers.dimuon_cuts(dimuon)
    window = papers.cut(dimuon, "|d_0| must", "muon_pair", "mass", "in", (rising, 115), unit="GeV", regions=("SR | 1",))
    made: SelectionCriteria = papers.criteria(dimuon, *cuts, window, regions=(Region(name="SR | 1", kind="signal"),))
    return made


def test_yaml_reads_back_to_the_same_criteria(criteria: SelectionCriteria) -> None:
    text = to_yaml(criteria)
    assert from_yaml(text) == criteria
    assert to_yaml(from_yaml(text)) == text
    assert "schema_version: '1.0'" in text
    assert "Muons are required to have p_T > 5 GeV and |η| < 2.7." in text


@pytest.mark.parametrize("text", ["a: [", "- 1", "schema_version: '1.0'", "just words"])
def test_yaml_of_something_else_is_refused(text: str) -> None:
    with pytest.raises(CriteriaError) as caught:
        from_yaml(text)
    assert caught.value.hint


def test_markdown_is_a_table_with_a_row_per_cut(criteria: SelectionCriteria) -> None:
    lines = to_markdown(criteria.cuts).splitlines()
    assert len(lines) == 2 + 6
    cells = [line.replace("\\|", "").count("|") for line in lines]
    assert cells == [6] * 8
    assert "| μ p_T > 5 GeV |" in lines[2]
    assert "2611.00001v1: 1 Muons" in lines[2]
    assert "SR \\| 1" in lines[7]


def test_flat_records_give_one_number_per_cut(criteria: SelectionCriteria) -> None:
    records = flat_records(criteria.cuts)
    assert [record["id"] for record in records] == [cut.id for cut in criteria.cuts]
    assert records[-1]["value"] == [12, 115]
    assert records[0]["value"] == 5
