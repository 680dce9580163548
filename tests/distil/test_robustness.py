"""Sentences made from the notation are read back; text about something else gives no cuts and never an error."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.distil import distil
from tests.distil.grammar import KINDS, stated
from tests.distil.papers import paper

SIGNS = "abc xyz 0123456789.,;:()[]<>≤≥=|_^{}ημp_TGeVℓΔRφ-–%±√/√ \n"


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_sentences_are_read_back_to_the_cuts_they_were_made_from(kind: str, data: st.DataObject) -> None:
    text, made_from = data.draw(KINDS[kind])
    found = [one for cut in distil(paper(f"# Event selection\n\n{text}")).cuts for one in stated(cut)]
    assert sorted(map(repr, found)) == sorted(map(repr, made_from))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(5, 200), min_size=2, max_size=4, unique=True))
def test_lists_are_read_back_with_ranks(thresholds: list[int]) -> None:
    falling = sorted(thresholds, reverse=True)
    words = {2: "two", 3: "three", 4: "four"}[len(falling)]
    listed = ", ".join(str(t) for t in falling[:-1]) + f" and {falling[-1]} GeV"
    criteria = distil(paper(f"# Selection\n\nThe {words} leading jets must have p_T > {listed}, respectively."))
    assert [(c.subject.rank, c.value) for c in criteria.cuts] == [(i + 1, float(t)) for i, t in enumerate(falling)]


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.sampled_from(SIGNS), max_size=300))
def test_noise_never_breaks_the_distiller(text: str) -> None:
    distil(paper(f"# Event selection\n\nx {text}"))


PROSE = (Path(__file__).parent / "prose.txt").read_text(encoding="utf-8").split("\n\n")
"""Paragraphs in the manner of other fields, with their thresholds, counts and exclusions."""


@pytest.mark.parametrize("text", PROSE)
@pytest.mark.parametrize("heading", ["Selection", "Methods", "Event selection"])
def test_text_about_something_else_states_no_cuts(heading: str, text: str) -> None:
    assert [cut.statement() for cut in distil(paper(f"# {heading}\n\n{text}")).cuts] == []
