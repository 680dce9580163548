"""A section's title tells what it is for, however the journal sets and counts its headings."""

from __future__ import annotations

import pytest

from kb.distil import distil
from kb.distil.context import titles_at
from kb.document import Block, Document, Section

SENTENCE = "Electrons are required to have p_T > 20 GeV."


def paper(number: str, title: str) -> Document:
    heading = f"{number}. {title}"
    text = f"{heading}\n\n{SENTENCE}"
    start = len(heading) + 2
    return Document(
        arxiv_id="test",
        version=1,
        title="A search",
        source_format="pdf",
        reader="none",
        text=text,
        blocks=(
            Block(start=0, end=len(heading), kind="heading"),
            Block(start=start, end=len(text), kind="paragraph"),
        ),
        sections=(Section(start=0, end=len(text), number=number, title=title, level=1),),
    )


@pytest.mark.parametrize(
    ("number", "title", "cuts"),
    [("1", "Introduction", 0), ("I", "INTRODUCTION", 0), ("IV", "EVENT SELECTION", 1), ("A", "Summary", 0)],
)
def test_an_introduction_states_no_cut_also_where_numerals_are_roman(number: str, title: str, cuts: int) -> None:
    assert len(distil(paper(number, title)).cuts) == cuts


def test_capitals_of_a_heading_become_small_letters_except_short_names() -> None:
    assert titles_at(paper("III", "THE WW CONTROL REGION"), 0) == ("the WW control region",)
    assert titles_at(paper("3", "The WW control region"), 0) == ("3 The WW control region",)
