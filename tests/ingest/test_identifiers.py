"""Identifiers are understood as physicists paste them."""

from __future__ import annotations

import pytest

from ingest.identifiers import Identifier, parse_identifier
from kb.errors import IdentifierError


@pytest.mark.parametrize(
    ("text", "arxiv_id", "version"),
    [
        ("1712.02304", "1712.02304", None),
        ("  1712.02304v2 ", "1712.02304", 2),
        ("0706.1234", "0706.1234", None),
        ("arXiv:1712.02304", "1712.02304", None),
        ("arXiv: 1712.02304 [hep-ex]", "1712.02304", None),
        ("arxiv:1712.02304v12", "1712.02304", 12),
        ("https://arxiv.org/abs/1712.02304", "1712.02304", None),
        ("http://export.arxiv.org/abs/1712.02304v1", "1712.02304", 1),
        ("https://arxiv.org/pdf/1712.02304v2.pdf", "1712.02304", 2),
        ("https://arxiv.org/pdf/1712.02304?download=1#page=3", "1712.02304", None),
        ("arxiv.org/abs/hep-ex/0309045v1", "hep-ex/0309045", 1),
        ("hep-ex/0309045", "hep-ex/0309045", None),
        ("math.GT/0309136", "math/0309136", None),
        ("10.48550/arXiv.1712.02304", "1712.02304", None),
        ("https://doi.org/10.48550/arXiv.1712.02304", "1712.02304", None),
    ],
)
def test_the_usual_forms_are_understood(text: str, arxiv_id: str, version: int | None) -> None:
    assert parse_identifier(text) == Identifier(arxiv_id, version)


@pytest.mark.parametrize(
    "text",
    ["", "abc", "1712", "1713.02304", "1712.023", "1712.02304v0", "hep-ex/03090", "https://example.org/1712.02304"],
)
def test_anything_else_is_refused_with_the_forms_that_work(text: str) -> None:
    with pytest.raises(IdentifierError) as raised:
        parse_identifier(text)
    assert "1712.02304v2" in raised.value.hint
    assert "hep-ex/0309045" in raised.value.hint
    assert f"'{text}'" in raised.value.message
