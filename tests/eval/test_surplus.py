"""Additional objects: those that meet their own requirements and are none of the selected ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.plan import make_plan
from codegen.profile import Profile, load_profile
from eval.reference import reference_masks
from ingest.reader import read_source
from kb.distil import distil
from kb.ssc import ObjectDefinition, SelectionCriteria
from tests.codegen.conftest import criteria_of, cut, event, masks_of, write_events

E, MU = 11, 13
EVENTS = {
    "μμ": [(MU, 1, 50, 0, 0), (MU, -1, 40, 0, 2)],
    "μμ + soft μ": [(MU, 1, 50, 0, 0), (MU, -1, 40, 0, 2), (MU, 1, 15, 1, 1)],
    "μμ + very soft μ": [(MU, 1, 50, 0, 0), (MU, -1, 40, 0, 2), (MU, 1, 8, 1, 1)],
    "μμ + soft e": [(MU, 1, 50, 0, 0), (MU, -1, 40, 0, 2), (E, 1, 15, 1, 1)],
    "μμ + hard e": [(MU, 1, 50, 0, 0), (MU, -1, 40, 0, 2), (E, 1, 45, 1, 1)],
    "μμμ": [(MU, 1, 50, 0, 0), (MU, -1, 40, 0, 2), (MU, 1, 30, 1, 1)],
    "eμ": [(E, 1, 50, 0, 0), (MU, -1, 40, 0, 2)],
    "μ": [(MU, 1, 50, 0, 0)],
}


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("atlas-2020")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("events") / "events.root"
    return write_events(path, *(event(leptons) for leptons in EVENTS.values()))


def passing(criteria: SelectionCriteria, profile: Profile, file: Path) -> list[str]:
    """Return the events that the code selects, which are those of the reference."""
    assert make_plan(criteria, profile).not_applied == ()
    by_code = masks_of(criteria, profile, file)["selected"]
    assert by_code == reference_masks(criteria, profile, [file]).selected
    return [name for name, passed in zip(EVENTS, by_code, strict=True) if passed]


def read(text: str) -> SelectionCriteria:
    source = rf"\documentclass{{article}}\begin{{document}}\section{{Event selection}}{text}\end{{document}}"
    return distil(read_source(source.encode(), "paper.tex", arxiv_id="x", version=1, title="x"))


@pytest.mark.parametrize(
    ("sentences", "expected"),
    [
        (
            "Muons must have $p_T > 25$ GeV. Exactly two muons are required. "
            "Events with additional muons with $p_T > 10$ GeV are rejected.",
            ["μμ", "μμ + very soft μ", "μμ + soft e", "μμ + hard e"],
        ),
        (
            "Leptons must have $p_T > 25$ GeV. At least two leptons are required. "
            "Events with a third lepton with $p_T > 10$ GeV are rejected.",
            ["μμ", "μμ + very soft μ", "eμ"],
        ),
        (
            "Muons must have $p_T > 25$ GeV. Exactly two muons are required. "
            "Events with additional electrons or muons with $p_T > 10$ GeV are rejected.",
            ["μμ", "μμ + very soft μ"],
        ),
        (
            "Leptons must have $p_T > 25$ GeV. Events are required to have exactly two leptons "
            "and no additional leptons.",
            ["μμ", "μμ + soft μ", "μμ + very soft μ", "μμ + soft e", "eμ"],
        ),
        (
            "Muons must have $p_T > 25$ GeV. Exactly one muon is required. "
            "Events with an additional electron with $p_T > 20$ GeV are rejected.",
            ["μ"],
        ),
    ],
)
def test_selected_objects_are_not_additional(sentences: str, expected: list[str], profile: Profile, file: Path) -> None:
    assert passing(read(sentences), profile, file) == expected


def test_without_a_number_of_selected_objects_nobody_knows_which_are_additional(profile: Profile) -> None:
    [missing] = make_plan(read("Events with additional leptons are rejected."), profile).not_applied
    assert missing.reason.startswith("it does not say how many leptons are selected")
    assert missing.review


def test_a_number_of_leptons_that_regions_do_not_share_leaves_those_that_are_none_of_them(
    profile: Profile, file: Path
) -> None:
    cuts = (
        cut("signal", "lepton.pt", ">", 25, "GeV", scope="object", definition="selected lepton"),
        cut("soft", "lepton.pt", ">", 10, "GeV", scope="object", definition="additional lepton"),
        cut("veto", "lepton.count", "==", 0, definition="additional lepton"),
        cut("two", "lepton.count", "==", 2, any_of="either"),
        cut("three", "lepton.count", "==", 3, any_of="either"),
        cut("some", "lepton.pt", ">", 25, "GeV", rank=1),
    )
    objects = (
        ObjectDefinition(name="additional lepton", object="lepton", cuts=("soft",), besides="selected lepton"),
        ObjectDefinition(name="selected lepton", object="lepton", cuts=("signal",)),
    )
    expected = ["μμ", "μμ + very soft μ", "μμ + hard e", "μμμ", "eμ"]
    assert passing(criteria_of(*cuts, objects=objects), profile, file) == expected
