"""A term of the vocabulary is read by each of its names, and search knows the words of its symbols."""

from __future__ import annotations

import pytest

from tests.distil.names import NAMES, misread, unsearched


@pytest.mark.parametrize(("kind", "term"), [(kind, term) for kind, terms in NAMES.items() for term in terms])
def test_a_term_is_read_by_its_names(kind: str, term: str) -> None:
    assert misread(kind, term) == []


def test_search_finds_the_words_of_a_symbol() -> None:
    assert unsearched() == []
