"""A paper's bibliography is completed by INSPIRE's, never overruled by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.inspire_records import Entry, record_of
from ingest.reader import read_file
from ingest.references import merge
from kb.document import Block, Citation, Document, Reference

TEXT = "Muons are identified [1]. Jets [2, 3] are calibrated [4]."


def paper(*references: Reference, citations: tuple[Citation, ...] = ()) -> Document:
    blocks = (Block(start=0, end=len(TEXT), kind="paragraph"),)
    return Document(
        arxiv_id="2611.00001",
        source_format="pdf",
        text=TEXT,
        blocks=blocks,
        references=references,
        citations=citations,
    )


def ref(label: str, text: str = "", **known: Any) -> Reference:
    return Reference(key=known.pop("key", label), label=label, text=text, **known)


FILLED = {"arxiv_id": "1603.00001", "title": "Muon performance", "collaboration": "ATLAS", "record_id": "901"}


@pytest.mark.parametrize(
    ("own", "entry"),
    [
        ({"arxiv_id": "1603.00001v2"}, {}),
        ({"doi": "10.1140/EPJC/1"}, {"doi": "10.1140/epjc/1"}),
        ({"report_number": "CERN-EP-2016-033"}, {"report_numbers": ("ATLAS-MUO-1", "CERN-EP-2016-033")}),
        ({"title": "Performance of muons at √s = 13 TeV"}, {"title": "Performance of muons at sqrt(s)=13 TeV"}),
        (
            {"text": "ATLAS Collaboration, Performance of muon triggers in early data, Eur. Phys. J. C 76"},
            {"title": "Performance of muon triggers in early data"},
        ),
        ({"text": "Eur. Phys. J. C 76 (2016) 292"}, {"journal": "Eur.Phys.J.C", "volume": "76", "page": "292"}),
        ({"text": "Phys. Rev. D87 (2013) 012008"}, {"journal": "Phys.Rev.D", "volume": "87", "page": "012008"}),
    ],
    ids=["arXiv id", "DOI", "report number", "title", "title in the text", "journal", "volume with section"],
)
def test_the_same_paper_is_recognised_wherever_it_stands_in_the_list(
    own: dict[str, Any], entry: dict[str, Any]
) -> None:
    entries = [Entry(label="7", **{**FILLED, **entry}), Entry(label="8", arxiv_id="1700.00008")]
    merged = merge(paper(ref("1", **own)), entries)
    found = merged.document.references[0]
    assert found.arxiv_id in {"1603.00001", "1603.00001v2"}
    assert (found.collaboration, found.inspire_id) == ("ATLAS", "901")
    assert found.title == own.get("title", entry.get("title", "Muon performance"))
    assert merged.conflicts == ()
    assert [left.label for left in merged.unmatched] == ["8"]


def test_titles_that_differ_in_a_number_are_two_papers() -> None:
    merged = merge(
        paper(ref("1", title="Search for squarks in data at 7 TeV")),
        [Entry(label="9", title="Search for squarks in data at 8 TeV", arxiv_id="1400.00001")],
    )
    assert merged.document.references[0].arxiv_id is None


def test_a_title_that_two_papers_bear_decides_nothing() -> None:
    title = "Search for squarks and gluinos with jets"
    entries = [Entry(label="8", title=title, arxiv_id="1102.0001"), Entry(label="9", title=title, arxiv_id="1109.0002")]
    assert merge(paper(ref("1", title=title)), entries).document.references[0].arxiv_id is None


NUMBERED = [Entry(label=str(number), arxiv_id=f"1001.{number:04}", record_id=str(number)) for number in range(1, 7)]


def test_where_both_lists_are_numbered_alike_the_number_decides() -> None:
    own = [ref(str(number), arxiv_id=f"1001.{number:04}") for number in range(1, 5)]
    merged = merge(paper(*own, ref("5", "A. Author, private communication"), ref("6", "A. Author, a book")), NUMBERED)
    assert [found.arxiv_id for found in merged.document.references] == [f"1001.{number:04}" for number in range(1, 7)]


def test_where_the_numbers_have_shifted_they_decide_nothing() -> None:
    own = [ref(str(number), arxiv_id=f"1001.{number + 1:04}") for number in range(1, 5)]
    merged = merge(paper(*own, ref("5", "A. Author, private communication")), NUMBERED)
    assert merged.document.references[4].arxiv_id is None
    assert [left.label for left in merged.unmatched] == ["1", "6"]


@pytest.mark.parametrize(
    "own",
    [
        {"arxiv_id": "1999.00099"},
        {"title": "Something else altogether"},
        {"text": "CMS Collaboration, a paper"},
    ],
    ids=["another arXiv id", "another title", "another collaboration"],
)
def test_a_number_does_not_decide_against_better_knowledge(own: dict[str, Any]) -> None:
    told = [ref(str(number), arxiv_id=f"1001.{number:04}") for number in range(1, 5)]
    entries = [*NUMBERED[:4], Entry(label="5", arxiv_id="1001.0005", title="Muon performance", collaboration="ATLAS")]
    merged = merge(paper(*told, ref("5", **own)), entries)
    assert merged.document.references[4].arxiv_id == own.get("arxiv_id")
    assert [left.label for left in merged.unmatched] == ["5"]


def test_the_paper_is_believed_and_the_difference_told() -> None:
    own = ref("1", doi="10.1/a", arxiv_id="1603.00001", report_number="CMS-MUO-16-001", title="Muons in early data")
    entry = Entry(
        label="1", doi="10.1/a", arxiv_id="1603.00002", report_numbers=("CMS-MUO-16-002",), title="Jet resolution"
    )
    merged = merge(paper(own), [entry])
    found = merged.document.references[0]
    assert (found.arxiv_id, found.report_number, found.title) == ("1603.00001", "CMS-MUO-16-001", "Muons in early data")
    assert [conflict.what for conflict in merged.conflicts] == ["arXiv id", "report number", "title"]
    assert str(merged.conflicts[0]) == (
        "[1] arXiv id: the paper has '1603.00001', INSPIRE '1603.00002'; kept as in the paper"
    )


def test_a_citation_of_a_number_with_several_papers_leads_to_all_of_them() -> None:
    place = TEXT.index("[2, 3]")
    citation = Citation(start=place, end=place + 6, keys=("2", "3"))
    own = [ref(str(number), arxiv_id=f"1001.{number:04}") for number in range(1, 4)]
    entries = [
        *NUMBERED[:2],
        Entry(label="2", record_id="20", arxiv_id="1002.0002", collaboration="CMS", report_numbers=("X-1", "CMS-2")),
        Entry(label="2", record_id="2", journal="Erratum"),
        NUMBERED[2],
    ]
    merged = merge(paper(*own, citations=(citation,)), entries).document
    assert merged.citations[0].keys == ("2", "2#2", "3")
    further = merged.reference("2#2")
    assert further is not None
    assert (further.arxiv_id, further.label, further.report_number) == ("1002.0002", "2", "CMS-2")
    assert len(merged.references) == 4
    assert merge(merged, entries).document == merged


def test_without_inspire_the_collaboration_is_read_from_the_paper() -> None:
    references = (
        ref("1", "ATLAS Collaboration, Muon performance, Eur. Phys. J. C 76 (2016) 292"),
        ref("2", "S. Chatrchyan et al. [CMS Collaboration], “Jets”"),
        ref("3", "J. Doe, “Reinterpreting results of the ATLAS Collaboration”", title="Reinterpreting results of"),
    )
    merged = merge(paper(*references))
    assert [found.collaboration for found in merged.document.references] == ["ATLAS", "CMS", ""]
    assert [found.text for found in merged.document.references] == [found.text for found in references]


names = st.sampled_from(["", "1001.0001", "1001.0002", "1001.0003"])
labels = st.sampled_from(["", "1", "2", "3"])
titles = st.sampled_from(["", "Muons in early data taking", "Jets in early data taking", "Search at 8 TeV with jets"])


@st.composite
def bibliographies(draw: st.DrawFn) -> tuple[Document, list[Entry]]:
    count = draw(st.integers(0, 4))
    own = [
        Reference(key=f"k{n}", label=str(n), arxiv_id=draw(names) or None, title=draw(titles), doi=draw(names) or None)
        for n in range(1, count + 1)
    ]
    entries = draw(
        st.lists(
            st.builds(
                Entry, label=labels, arxiv_id=names.map(lambda name: name or None), title=titles, record_id=labels
            )
        )
    )
    citation = Citation(start=0, end=1, keys=tuple(found.key for found in own))
    return paper(*own, citations=(citation,) if own else ()), entries


@given(bibliographies())
def test_nothing_that_the_paper_says_is_changed_or_lost(drawn: tuple[Document, list[Entry]]) -> None:
    document, entries = drawn
    merged = merge(document, entries).document
    for own in document.references:
        found = merged.reference(own.key)
        assert found is not None
        for name, value in own.model_dump().items():
            assert not value or getattr(found, name) == value
    for before, after in zip(document.citations, merged.citations, strict=True):
        assert set(before.keys) <= set(after.keys)
        assert all(merged.reference(key) for key in after.keys)
    assert len({found.key for found in merged.references}) == len(merged.references)


@pytest.mark.parametrize("number", [1459277, 1851403])
def test_a_real_list_completes_a_bibliography_that_lacks_half(shared: Path, number: int) -> None:
    import json

    record = record_of(json.loads((shared / "samples" / "inspire" / f"literature_{number}.json").read_text()))
    # The paper's own list, as a reader would have it: numbers and, for every second one, the arXiv id.
    own = {entry.label: entry for entry in reversed(record.entries)}
    references = [
        ref(label, arxiv_id=own[label].arxiv_id if count % 2 else None) for count, label in enumerate(sorted(own))
    ]
    merged = merge(paper(*references), record.entries)
    assert {found.label: found.arxiv_id for found in merged.document.references if "#" not in found.key} == {
        label: entry.arxiv_id for label, entry in own.items()
    }
    assert merged.conflicts == ()


def test_every_citation_of_a_real_paper_leads_to_what_the_list_says(shared: Path) -> None:
    document = read_file(shared / "papers" / "eprint" / "2203.01808.tar.gz", arxiv_id="2203.01808")
    entries = [
        Entry(label=found.label, doi=found.doi, arxiv_id=found.arxiv_id or f"0000.{int(found.label):05}")
        for found in document.references
    ]
    merged = merge(document, entries)
    assert merged.conflicts == ()
    cited = [merged.document.reference(key) for citation in merged.document.citations for key in citation.keys]
    assert all(found is not None and found.arxiv_id for found in cited)
    # What the journal's DOI alone tells is not enough for a collaboration; the text is.
    assert sum(found.collaboration == "ATLAS" for found in merged.document.references) >= 10
