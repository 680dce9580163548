"""Real TEI of GROBID: a CMS paper, and a paper of another field with the PDF it was made from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ingest.reader import read_file, read_source
from ingest.tei_references import cited_numbers
from ingest.tei_symbols import readable
from kb.distil import distil
from kb.document import Document


@pytest.fixture(scope="module")
def cms(shared: Path) -> Document:
    return read_file(shared / "samples" / "grobid" / "cms-hin-19-007.tei.xml", arxiv_id="2106.13235")


def test_every_section_is_there_in_order(cms: Document) -> None:
    numbers = ["1", "2", "3", "3.1", "3.2", "3.3", "4", "5", "6"]
    assert [section.number for section in cms.sections] == numbers
    assert [section.level for section in cms.sections] == [number.count(".") + 1 for number in numbers]


def test_the_references_are_those_the_paper_numbers(cms: Document) -> None:
    assert [reference.label for reference in cms.references] == [str(number) for number in range(1, 44)]
    assert sum(reference.arxiv_id is not None for reference in cms.references) == 34
    assert all(r.arxiv_id or r.doi or r.report_number for r in cms.references)


def test_every_citation_means_what_it_prints(cms: Document) -> None:
    labels = {reference.key: reference.label for reference in cms.references}
    for citation in cms.citations:
        printed = cms.quote(citation.start, citation.end)
        assert [labels[key] for key in citation.keys] == cited_numbers(printed)
    cited = {key for citation in cms.citations for key in citation.keys}
    assert cited == set(labels)


def test_no_script_of_the_transverse_momentum_is_left_flat(cms: Document) -> None:
    assert cms.text.count("p_T") == 40
    assert not re.search(r"\bp T\b|√ |\bR AA\b|fb −|k T\b", cms.text)


def test_captions_stand_in_the_section_that_speaks_of_them(cms: Document) -> None:
    captions = [block for block in cms.blocks if block.kind == "caption"]
    assert len(captions) == 6
    assert all(cms.section_path(block.start) for block in captions)


def test_the_selection_of_muon_pairs_is_distilled(cms: Document) -> None:
    cuts = distil(cms).cuts
    assert ("muon_pair", "mass", "in", (1.0, 5.0), "GeV") in [
        (cut.subject.object, cut.variable.id, cut.operator, cut.value, cut.unit) for cut in cuts
    ]
    assert ("muon", "count", ">=", 2.0) in [
        (cut.subject.object, cut.variable.id, cut.operator, cut.value) for cut in cuts
    ]
    for cut in cuts:
        evidence = cut.evidence[0]
        assert cms.quote(evidence.start, evidence.end) == evidence.quote
        assert evidence.section[0].startswith("3 ")


def test_an_empty_title_is_filled_without_touching_the_text(cms: Document, shared: Path) -> None:
    data = (shared / "samples" / "grobid" / "cms-hin-19-007.tei.xml").read_bytes()
    named = read_source(data, "x", arxiv_id="2106.13235", title=" A title\n from arXiv ")
    assert (cms.title, named.title) == ("", "A title from arXiv")
    assert named.document_hash == cms.document_hash


def test_the_same_bytes_give_the_same_document(cms: Document, shared: Path) -> None:
    again = read_file(shared / "samples" / "grobid" / "cms-hin-19-007.tei.xml", arxiv_id="2106.13235")
    assert again == cms


FLATTENED = (
    (r"([pEHS]⃗?)_T\^(\w+)", r"\1 \2 T "),
    (r"\b([pEHmMS]⃗?|anti-k)_T\b", r"\1 T "),
    (r"\b([Nmd])_(jets|eff|b|0|ℓℓ)\b", r"\1 \2 "),
    (r"\bfb\^-1", "fb −1 "),
    (r"√(?=\w)", "√ "),
)


@pytest.mark.parametrize("arxiv_id", ["1704.03848", "1706.09933"])
def test_the_scripts_of_a_paper_survive_being_flattened(shared: Path, arxiv_id: str) -> None:
    original = read_file(shared / "papers" / "pdf" / f"{arxiv_id}.pdf", arxiv_id=arxiv_id)
    same = scripts = 0
    for block in original.blocks:
        text = flat = original.quote(block.start, block.end)
        if block.kind != "paragraph" or not re.search(r"_T|√|_jets|fb\^", text):
            continue
        for pattern, replacement in FLATTENED:
            flat = re.sub(pattern, replacement, flat)
        flat = " ".join(flat.split())
        before, after = (re.findall(r"[\w√⃗]+[_^][\w-]+", value) for value in (text, readable(flat)))
        scripts += len(before)
        same += sum(a == b for a, b in zip(before, after, strict=False)) if len(before) == len(after) else 0
    assert scripts > 100
    assert same > 0.9 * scripts


def test_tei_and_the_pdf_it_was_made_from_tell_the_same(shared: Path) -> None:
    folder = shared / "samples" / "grobid"
    tei = read_file(folder / "N18-3011.tei.xml", arxiv_id="n")
    pdf = read_file(folder / "N18-3011.pdf", arxiv_id="n")
    assert tei.title == pdf.title
    assert [s.number for s in tei.sections if s.number] == [s.number for s in pdf.sections if s.number]
    words = set(re.findall(r"[a-z]{5,}", pdf.text))
    own = re.findall(r"[a-z]{5,}", tei.text)
    assert sum(word in words for word in own) > 0.97 * len(own)
