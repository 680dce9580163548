"""The plan of a harvest says what will be fetched, in which order, why, and what cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.harvest import HarvestPlan, Pick, plan
from ingest.inspire_records import Entry
from ingest.references import merge
from kb.document import Block, Citation, Document, Reference, Section
from kb.errors import InputError

TEXT = """Muons must pass the identification criteria of Ref. [1]. Electrons pass the criteria of Ref. [2].

Jets are clustered with the anti-k_t algorithm [3]. Photons pass the Tight identification [4], as do electrons [2].

The selection is the same as in Ref. [5], and jets pass the cleaning requirements of Ref. [6]."""
REFERENCES = (
    Reference(key="1", label="1", collaboration="CMS", arxiv_id="1206.0001", text="CMS, Performance of muons"),
    Reference(key="2", label="2", collaboration="ATLAS", arxiv_id="1407.0002", text="ATLAS, Electrons"),
    Reference(key="3", label="3", arxiv_id="0802.0003", text="The anti-k_t jet clustering algorithm"),
    Reference(key="4", label="4", collaboration="ATLAS", arxiv_id="1606.00004", text="ATLAS, Photons"),
    Reference(key="5", label="5", collaboration="ATLAS", arxiv_id="1501.00005", text="ATLAS, Search for squarks"),
    Reference(key="6", label="6", collaboration="ATLAS", report_number="ATLAS-CONF-2015-006", text="ATLAS, Jets"),
    Reference(key="7", label="7", text="A. Physicist, private communication"),
)


def paper(*references: Reference) -> Document:
    heading = "Object selection\n\n"
    text = heading + TEXT
    blocks, start = [Block(start=0, end=len(heading) - 2, kind="heading")], len(heading)
    for paragraph in TEXT.split("\n\n"):
        blocks.append(Block(start=start, end=start + len(paragraph), kind="paragraph"))
        start += len(paragraph) + 2
    return Document(
        arxiv_id="2611.00001",
        title="A search with the ATLAS detector",
        source_format="latex",
        text=text,
        blocks=tuple(blocks),
        sections=(Section(start=0, end=len(text), title="Object selection", number="4", level=1),),
        citations=tuple(
            Citation(start=found.start(), end=found.end(), keys=(found[1],)) for found in re.finditer(r"\[(\d)\]", text)
        ),
        references=references or REFERENCES,
    )


def nothing(_: str) -> bool:
    return False


def labels(picks: Iterable[Pick]) -> list[str]:
    return [pick.reference.label for pick in picks]


def test_the_own_collaboration_comes_first_and_an_earlier_analysis_after_what_defines_objects() -> None:
    made = plan(paper(), known=nothing)
    assert labels(made.to_fetch) == ["2", "4", "5", "1"]
    assert [pick.arxiv_id for pick in made.to_fetch] == ["1407.0002", "1606.00004", "1501.00005", "1206.0001"]
    assert [pick.same_collaboration for pick in made.to_fetch] == [True, True, True, False]


def test_every_pick_shows_the_sentence_that_made_it_one() -> None:
    document = paper()
    made = {pick.reference.label: pick for pick in plan(document, known=nothing).picks}
    assert made["2"].quote == "Electrons pass the criteria of Ref. [2]."
    assert made["2"].section == ("4 Object selection",)
    assert made["5"].purpose == "earlier analysis"
    for pick in made.values():
        assert pick.span is not None
        assert document.quote(pick.span.start, pick.span.end) == pick.quote
        assert pick.why


def test_what_is_not_on_arxiv_is_listed_with_what_to_do() -> None:
    (pick,) = plan(paper(), known=nothing).unavailable
    assert pick.reference.label == "6"
    assert "ATLAS-CONF-2015-006" in pick.why


def test_what_is_in_the_base_is_linked_and_counts_not() -> None:
    made = plan(paper(), known={"1407.0002", "ATLAS-CONF-2015-006"}.__contains__, maximum=1)
    assert labels(made.there) == ["2", "6"]
    assert labels(made.to_fetch) == ["4"]
    assert labels(made.left_out) == ["5", "1"]
    assert "1 are fetched at most" in made.left_out[0].why


def test_all_means_all_and_those_with_a_reason_first() -> None:
    made = plan(paper(), known=nothing, mode="all")
    assert sorted(labels(made.picks)) == ["1", "2", "3", "4", "5", "6", "7"]
    assert labels(made.to_fetch) == ["2", "4", "5", "1", "3"]
    by_label = {pick.reference.label: pick for pick in made.picks}
    assert by_label["3"].quote == "Jets are clustered with the anti-k_t algorithm [3]."
    assert (by_label["7"].quote, by_label["7"].state) == ("", "unavailable")
    assert "neither" in by_label["7"].why


def test_none_means_none() -> None:
    assert plan(paper(), known=nothing, mode="none") == HarvestPlan("2611.00001", "none")


def test_a_paper_is_not_fetched_twice_nor_along_with_itself() -> None:
    twice = REFERENCES[0].model_copy(update={"arxiv_id": "1407.0002"})
    itself = REFERENCES[3].model_copy(update={"arxiv_id": "2611.00001"})
    made = plan(paper(twice, REFERENCES[1], REFERENCES[2], itself, *REFERENCES[4:]), known=nothing)
    assert [pick.arxiv_id for pick in made.to_fetch] == ["1407.0002", "1501.00005"]
    why = {pick.reference.label: pick.why for pick in made.unavailable}
    assert (why["1"], why["4"]) == ("it is the same paper as [2]", "it is this paper itself")


def test_versions_are_left_to_arxiv_and_misprints_are_told() -> None:
    versioned = REFERENCES[0].model_copy(update={"arxiv_id": "1206.0001v2"})
    misprint = REFERENCES[1].model_copy(update={"arxiv_id": "1407.002"})
    made = plan(paper(versioned, misprint, *REFERENCES[2:]), known=nothing)
    assert "1206.0001" in [pick.arxiv_id for pick in made.to_fetch]
    assert "'1407.002'" in {pick.reference.label: pick.why for pick in made.unavailable}["2"]


def test_what_inspire_knows_can_be_fetched() -> None:
    bare = [reference.model_copy(update={"arxiv_id": None}) for reference in REFERENCES]
    assert plan(paper(*bare), known=nothing).to_fetch == ()
    entries = [
        Entry(
            label=reference.label, arxiv_id=reference.arxiv_id or "1503.00006", report_numbers=("ATLAS-CONF-2015-006",)
        )
        if reference.label == "6"
        else Entry(label=reference.label, arxiv_id=reference.arxiv_id)
        for reference in REFERENCES
    ]
    document = merge(paper(*bare), entries).document
    assert [pick.arxiv_id for pick in plan(document, known=nothing).to_fetch] == [
        *("1407.0002", "1606.00004", "1503.00006", "1501.00005", "1206.0001")
    ]


@pytest.mark.parametrize("wrong", [{"mode": "some"}, {"maximum": -1}])
def test_a_wrong_wish_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError) as raised:
        plan(paper(), known=nothing, **wrong)  # type: ignore[arg-type]
    assert raised.value.hint


@given(
    st.sets(st.sampled_from([reference.arxiv_id or "" for reference in REFERENCES])),
    st.integers(0, 8),
    st.sampled_from(["selection", "all"]),
)
def test_every_pick_has_one_state_and_the_maximum_holds(there: set[str], maximum: int, mode: str) -> None:
    made = plan(paper(), known=there.__contains__, maximum=maximum, mode=mode)  # type: ignore[arg-type]
    assert len(made.to_fetch) <= maximum
    assert len(made.to_fetch) == maximum or not made.left_out
    assert all(pick.arxiv_id and pick.arxiv_id not in there for pick in made.to_fetch)
    parts = (made.to_fetch, made.there, made.left_out, made.unavailable)
    assert sum(map(len, parts)) == len(made.picks) == len(set(labels(made.picks)))
