"""Alternatives that ask for several things select the same events in the emitted code and in the reference."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.profile import load_profile
from eval.reference import reference_masks
from kb.distil import distil
from tests.codegen.conftest import event, masks_of, write_events
from tests.distil.papers import paper

MU = 13
ONE = [(MU, 1, 60, 0, 0)]
FAR = [*ONE, (MU, -1, 50, 0, 2)]
NEAR = [*ONE, (MU, -1, 50, 0, 0.1)]
THREE = [*NEAR, (MU, 1, 40, 0, 1)]
JETS = [(300, 0, 1), (250, 0, 2), (100, 0, 3)]

EVENTS = (
    event(ONE, met=250),
    event(FAR, met=10),
    event(NEAR, met=250),
    event(THREE, met=150),
    event(THREE, JETS, met=120),
    event(FAR, JETS, met=60),
)
SELECTIONS = {
    "either two leptons and m_ℓℓ > 20 GeV, or three leptons": [False, True, False, True, True, True],
    "either exactly two leptons, or exactly three leptons and E_T^miss > 130 GeV": [
        False,
        True,
        True,
        True,
        False,
        True,
    ],
    "either E_T^miss > 200 GeV or both H_T > 500 GeV and E_T^miss > 100 GeV": [True, False, True, False, True, False],
}


@pytest.mark.parametrize(("words", "expected"), SELECTIONS.items())
def test_events_pass_by_one_alternative_or_the_other(words: str, expected: list[bool], tmp_path: Path) -> None:
    verb = "satisfy" if "E_T^miss >" in words[:20] else "contain"
    criteria = distil(paper(f"# Event selection\n\nEvents must {verb} {words}."))
    file, profile = write_events(tmp_path / "events.root", *EVENTS), load_profile("atlas-2020")
    assert reference_masks(criteria, profile, [file]).selected == expected
    assert masks_of(criteria, profile, file)["selected"] == expected
