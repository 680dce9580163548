"""Histograms as a user writes them."""

from __future__ import annotations

import pytest

from kb.errors import InputError
from kb.observable import Observable


def test_a_histogram_is_written_in_one_word() -> None:
    seen = Observable.parse("jet.pt@2=40,0,400")
    assert (seen.subject.object, seen.subject.rank, seen.variable.id) == ("jet", 2, "pt")
    assert (seen.bins, seen.low, seen.high, seen.unit) == (40, 0, 400, "GeV")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("met", "is not object.variable=bins,low,high"),
        ("met.pt=50,0", "is not object.variable=bins,low,high"),
        ("squark.pt=50,0,200", "there is no 'squark'"),
        ("met.colour=50,0,200", "there is no 'colour'"),
        ("met.pt=50,200,0", "does not rise"),
        ("met.pt=0,0,200", "greater than 0"),
        ("met.pt=50,zero,200", "could not convert"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        Observable.parse(text)
