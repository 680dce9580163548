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
        ("electron.pt", "three numbers belong behind '=', none given"),
        ("electron.pt=0,100", "three numbers belong behind '=', 2 given"),
        ("squark.pt=50,0,200", "there is no object 'squark'"),
        ("met.colour=50,0,200", "there is no variable 'colour'"),
        ("met.pt=50,200,0", "does not rise from 200 to 0"),
        ("met.pt=0,0,200", "'0' is no number of bins, which is whole"),
        ("met.pt=5.5,0,200", "'5.5' is no number of bins, which is whole"),
        ("met.pt=50,zero,200", "'zero' is no number"),
        ("met.pt=50,0,inf", "'inf' is no number"),
        ("jet.pt@0=50,0,200", "counted from 1"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        Observable.parse(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("electron.pt=0,0,100", "such as electron.pt=50,0,200"),
        ("electron.pt@2", "such as electron.pt@2=50,0,200"),
        ("eletron.pt=50,0,100", "perhaps you mean electron"),
        ("electron.ptt=50,0,100", "perhaps you mean pt"),
        ("met", "lepton_pair.mass@1=60,0,120 of the leading of the pairs that the paper chooses"),
    ],
)
def test_the_hint_says_what_works(text: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        Observable.parse(text)
    assert hint in caught.value.hint
