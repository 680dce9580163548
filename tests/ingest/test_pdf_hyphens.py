"""Hyphens at the ends of a PDF's lines: those of compounds stay, those of the line breaks go."""

from __future__ import annotations

import pytest

from ingest.pdfhyphens import Words


@pytest.mark.parametrize(
    ("left", "right", "behind"),
    [
        ("same", "flavour", " "),
        ("opposite", "charge", " "),
        ("data", "quality", " "),
        ("single", "lepton", " "),
        ("two", "dimensional", " "),
        ("highest", "p", "_"),
        ("next", "to", "-"),
        ("hadrons", "plus", "-"),
    ],
)
def test_compounds_keep_theirs_although_the_paper_has_them_but_once(left: str, right: str, behind: str) -> None:
    assert Words([]).keeps_hyphen(left, right, behind)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("selec", "tion"),
        ("back", "ground"),
        ("life", "time"),
        ("cor", "related"),
        ("mis", "identified"),
        ("per", "formed"),
        ("data", "sets"),
        ("de", "sign"),
        ("Mad", "Graph"),
    ],
)
def test_words_that_tex_broke_become_whole(left: str, right: str) -> None:
    assert not Words([]).keeps_hyphen(left, right, " ")
