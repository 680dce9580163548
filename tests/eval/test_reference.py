"""The reference loop agrees with a selection written by hand, and with what the collaboration published."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from codegen.dataset import open_dataset
from codegen.profile import Profile, load_profile
from codegen.toys import write_toys
from eval.agreement import measure_agreement
from eval.benchmarks import OPENDATA4L
from eval.benchmarks.hzz4l.reference import STEPS, survived_steps
from eval.gold import load_gold
from eval.reference import ReferenceMasks, reference_masks
from kb.errors import DataError
from kb.ssc import Cut, Origin, Paper, Region, SelectionCriteria, Subject, Variable

BASELINE_STEPS = {
    "trigger": ("trigger",),
    "quadruplet": ("pairs",),
    "pt": ("pt-1", "pt-2", "pt-3"),
    "m12": ("m12",),
    "m34": ("m34",),
    "delta_r": ("dr-same", "dr-different"),
    "m_ll": ("m-ll",),
    "signal region": ("m4l",),
}


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("atlas-2020")


def agrees_with_hand_written_loop(masks: ReferenceMasks, files: list[Path]) -> list[int]:
    """Compare event by event after each step; return how many events survive each."""
    survived = survived_steps(files)
    so_far: list[str] = []
    left = []
    for number, step in enumerate(STEPS, start=1):
        so_far += BASELINE_STEPS[step]
        expected = [count >= number for count in survived]
        passed = [all(flags) for flags in zip(*(masks.passes[cut_id] for cut_id in so_far), strict=True)]
        assert passed == expected, step
        left.append(sum(expected))
    assert masks.selected == [count >= len(STEPS) - 1 for count in survived]
    assert masks.regions["signal region"] == [count == len(STEPS) for count in survived]
    return left


def test_the_benchmark_agrees_with_a_hand_written_loop_on_toys(
    hzz4l: SelectionCriteria, profile: Profile, toys: list[Path]
) -> None:
    left = agrees_with_hand_written_loop(reference_masks(hzz4l, profile, toys), toys)
    # Every step has something to remove, or the comparison would say nothing about it.
    assert all(before > after > 0 for before, after in pairwise(left)), left


def test_the_benchmark_agrees_with_a_hand_written_loop_on_open_data(
    hzz4l: SelectionCriteria, profile: Profile, open_data: dict[str, Path]
) -> None:
    files = list(open_data.values())
    left = agrees_with_hand_written_loop(reference_masks(hzz4l, profile, files), files)
    assert left[-1] > 0


def test_what_the_ntuple_lacks_is_left_out_with_a_reason(hzz4l: SelectionCriteria, profile: Profile) -> None:
    masks = reference_masks(hzz4l, profile, [])
    assert set(masks.not_applied) == {"mu-tagged-pt", "tagged-count", "chi2-4mu", "chi2-other", "track-iso"}
    assert "calorimeter-tagged" in masks.not_applied["mu-tagged-pt"]
    assert len(masks.applied) == len(hzz4l.cuts) - 5


@pytest.mark.parametrize("selection", ["loose", "pt"])
def test_the_published_counts_of_the_notebook_are_reproduced(
    selection: str, notebook: dict[str, SelectionCriteria], profile: Profile, open_data: dict[str, Path]
) -> None:
    published = json.loads((OPENDATA4L / "yields.json").read_text())["selections"][selection]["raw"]
    counted = {
        sample: sum(reference_masks(notebook[selection], profile, [open_data[sample]]).selected) for sample in published
    }
    assert counted == published


E, MU = 11, 13
MakeEvent = Callable[..., Path]


def test_the_leading_pair_is_the_one_nearest_the_z_not_the_most_energetic(
    event: MakeEvent, hzz4l: SelectionCriteria, profile: Profile
) -> None:
    far = [(E, 1, 60.0, 0.0, 0.0), (E, -1, 55.0, 0.0, 0.5)]  # 28 GeV
    near = [(MU, 1, 45.6, 0.0, 0.8), (MU, -1, 45.6, 0.0, 0.8 - math.pi)]  # 91.2 GeV
    masks = reference_masks(hzz4l, profile, [event(far + near)])
    assert (masks.passes["pairs"], masks.passes["m12"]) == ([True], [True])


def test_three_leptons_of_one_charge_make_no_quadruplet(
    event: MakeEvent, hzz4l: SelectionCriteria, profile: Profile
) -> None:
    leptons = [(E, charge, 40.0 - n, 0.3 * n, 1.5 * n) for n, charge in enumerate((1, 1, 1, -1))]
    masks = reference_masks(hzz4l, profile, [event(leptons)])
    assert masks.passes["pairs"] == masks.selected == [False]


def test_a_lepton_that_fails_its_definition_is_not_in_the_quadruplet(
    event: MakeEvent, hzz4l: SelectionCriteria, profile: Profile
) -> None:
    leptons = [(MU, charge, 40.0 - n, 0.3 * n, 1.5 * n) for n, charge in enumerate((1, -1, 1, -1))]
    assert reference_masks(hzz4l, profile, [event(leptons)]).passes["pairs"] == [True]
    for d0 in (1.2, -1.2):
        displaced = event(leptons, trackd0pvunbiased=[0.0, 0.0, 0.0, d0])
        assert reference_masks(hzz4l, profile, [displaced]).passes["pairs"] == [False]


def entered(file: Path, *, apart: bool = False) -> SelectionCriteria:
    """Return an annotated selection as criteria; `apart` puts each cut on events into a region of its own."""
    cuts = []
    for gold in load_gold(file).cuts:
        fields = gold.model_dump(include={"id", "scope", "operator", "value", "role", "note"})
        regions = (gold.region,) if gold.region else ()
        if apart and (gold.scope != "object" or regions):
            regions = (gold.id,)
            fields["scope"] = gold.scope if gold.scope in {"trigger", "cleaning"} else "region"
        cut = Cut(
            **fields,
            unit=gold.unit or "1",
            subject=Subject(object=gold.object, rank=gold.rank),
            variable=Variable(id=gold.variable),
            regions=regions,
            origin=Origin(extractor="human"),
        )
        cuts.append(cut)
    names = dict.fromkeys(name for cut in cuts for name in cut.regions)
    named = tuple(Region(name=name, kind="signal") for name in names)
    return SelectionCriteria(paper=Paper(arxiv_id=file.stem, document_hash="0" * 64), cuts=tuple(cuts), regions=named)


def test_every_cut_of_real_selections_is_applied_or_left_out_with_a_reason(
    shared: Path, profile: Profile, tmp_path: Path
) -> None:
    toys = write_toys(tmp_path, seed=3, events=100)["toy_ZZ4lep"]
    for file in sorted((shared / "gold").glob("*.json")):
        criteria = entered(file)
        masks = reference_masks(criteria, profile, [toys])
        assert {*masks.applied} | {*masks.not_applied} == {cut.id for cut in criteria.cuts}
        assert not {*masks.applied} & {*masks.not_applied}
        assert all(masks.not_applied.values())
        assert len(masks.applied) > 0


@pytest.mark.parametrize("paper", ["1605.03814", "1710.09154"])
def test_code_and_reference_agree_on_each_event_cut_of_a_real_selection_by_itself(
    paper: str, shared: Path, tmp_path: Path
) -> None:
    write_toys(tmp_path / "toys", seed=5, events=1)
    toys = open_dataset(str(tmp_path / "toys"))
    data = replace(toys, samples={"data_toy": toys.samples["data_toy"]})
    criteria = entered(shared / "gold" / f"{paper}.json", apart=True)
    agreement = measure_agreement(criteria, data, tmp_path / "work")
    assert agreement.complete, (agreement.only_compiled, agreement.only_reference, agreement.samples)
    assert agreement.samples[0].steps > 40


def test_a_file_without_the_tree_is_unreadable_data(tmp_path: Path, hzz4l: SelectionCriteria, profile: Profile) -> None:
    broken = tmp_path / "broken.root"
    broken.write_bytes(b"no ROOT file")
    with pytest.raises(DataError, match=r"broken\.root"):
        reference_masks(hzz4l, profile, [broken])
