"""A removal of overlapping objects is applied where it can be, else told as done before, if the profile says so."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from codegen.dataset import open_dataset
from codegen.emit import emit
from codegen.plan import make_plan
from codegen.plan_model import NotApplied
from codegen.profile import Profile, load_profile
from eval.reference import reference_masks
from kb.ssc import Cut, ObjectDefinition, OverlapRemoval, SelectionCriteria
from kb.vocabulary import vocabulary
from tests.codegen.conftest import clause, criteria_of, cut, error_of_changed, event, when, write_events

NEAR = "jet_electron.delta_r"
SHARED = cut("track", "jet_electron.other", "is", "shared track", role="veto", name="shared-track")
TRACKS = cut("tracks", "electron_muon.other", "is", "shared track", role="veto", name="shared-track")


def missing(profile: Profile, *cuts: Cut) -> dict[str, NotApplied]:
    plan = make_plan(criteria_of(*cuts, cut("n", "jet.count", ">=", 1)), profile)
    return {one.cut_id: one for one in plan.not_applied}


def test_what_the_makers_of_the_file_have_done_is_told_as_that() -> None:
    profile = load_profile("atlas-2020")
    found = missing(profile, SHARED, TRACKS)
    assert found["track"].already
    assert not found["track"].review
    assert "no jet is within ΔR = 0.4 of any electron in the file" in found["track"].reason
    assert "because the release was made after the removal of overlaps" in found["track"].reason
    assert not found["tracks"].already, "electrons and muons are not kept apart"
    assert "not known to have it applied" in found["tracks"].reason
    head = emit(make_plan(criteria_of(SHARED, TRACKS), profile)).split('"""')[1]
    assert head.index("Already applied in the file:") < head.index("  track:") < head.index("Not applied:")


def test_a_distance_counts_only_as_far_as_the_file_goes() -> None:
    condition = when("for jets of no use", clause("jet", "other", "useless"))
    for distance, already in ((0.2, True), (0.4, True), (0.6, False)):
        stated = cut("near", NEAR, "<", distance, scope="object", role="veto", when=condition)
        assert missing(load_profile("atlas-2020"), stated)["near"].already == already


def test_a_format_that_keeps_every_object_says_so() -> None:
    found = missing(load_profile("cms-nanoaod"), SHARED)["track"]
    assert not found.already
    assert "not applied in the file either, because NanoAOD holds every object" in found.reason


def test_objects_that_must_be_near_are_no_overlap() -> None:
    """A jet next to an electron is asked for: a file without such jets has not 'already applied' that."""
    condition = when("for jets of no use", clause("jet", "other", "useless"))
    for operator, role in (("<", "select"), (">", "veto")):
        stated = cut("near", NEAR, operator, 0.4, role=role, when=condition)
        assert not missing(load_profile("atlas-2020"), stated)["near"].already


def test_a_cut_that_was_rejected_in_review_stays_rejected() -> None:
    found = missing(load_profile("atlas-2020"), SHARED.model_copy(update={"status": "rejected"}))["track"]
    assert (found.reason, found.already) == ("it was rejected in review", False)


def removal(label: str, removed: str, kept: str, distance: float) -> tuple[Cut, ObjectDefinition]:
    """Return 'REMOVED within ΔR < DISTANCE of a KEPT are dropped', and the definition that says so."""
    pair = next(name for name in (f"{removed}_{kept}", f"{kept}_{removed}") if name in vocabulary().objects)
    stated = cut(label, f"{pair}.delta_r", "<", distance, scope="object", role="veto")
    return stated, ObjectDefinition(
        name=f"clean {removed} {label}",
        object=removed,
        overlap_removal=(OverlapRemoval(removed=removed, kept=kept, cut=label),),
    )


ORDER = (("jet", "electron", 0.2), ("electron", "jet", 0.4), ("jet", "muon", 0.2), ("muon", "jet", 0.4))


def crowded(number: int) -> list[dict[str, Any]]:
    """Return events whose objects lie so close that every removal has something to do."""
    of = random.Random(5)

    def place() -> tuple[float, float]:
        return of.choice([-1.0, 1.0]) + of.uniform(-0.35, 0.35), of.choice([-2.0, 2.0]) + of.uniform(-0.35, 0.35)

    return [
        event(
            [(of.choice([11, 13]), 1, of.uniform(5, 60), *place()) for _ in range(of.randint(0, 4))],
            [(of.uniform(10, 90), *place()) for _ in range(of.randint(0, 5))],
        )
        for _ in range(number)
    ]


def in_turn(path: Path) -> list[tuple[int, int, int]]:
    """Count jets, electrons and muons by hand: each removal looks at what those before it have left."""
    counts = []
    branches = ("lep_type", "lep_eta", "lep_phi", "jet_eta", "jet_phi")
    for kinds, etas, phis, jet_etas, jet_phis in zip(
        *(uproot.open(path)["mini"][name].array().to_list() for name in branches), strict=True
    ):
        left = {"jet": list(zip(jet_etas, jet_phis, strict=True))}
        for name, number in (("electron", 11), ("muon", 13)):
            left[name] = [(e, p) for k, e, p in zip(kinds, etas, phis, strict=True) if k == number]
        for removed, kept, distance in ORDER:
            left[removed] = [
                one
                for one in left[removed]
                if not any(
                    math.hypot(one[0] - other[0], math.remainder(one[1] - other[1], math.tau)) < distance
                    for other in left[kept]
                )
            ]
        counts.append((len(left["jet"]), len(left["electron"]), len(left["muon"])))
    return counts


def test_removals_of_each_other_are_done_in_the_order_of_the_paper(
    masks: Callable[..., dict[str, list[bool]]], profile: Profile, tmp_path: Path
) -> None:
    path = write_events(tmp_path / "events.root", *crowded(400))
    stated = [removal(f"r{place}", *one) for place, one in enumerate(ORDER)]
    counts = in_turn(path)
    both = [cut_ for cut_, _ in stated]
    for place, kind in enumerate(("jet", "electron", "muon")):
        wanted = max(count[place] for count in counts) - 1
        number = cut("n", f"{kind}.count", "==", wanted)
        criteria = criteria_of(*both, number, objects=tuple(known for _, known in stated))
        expected = [count[place] == wanted for count in counts]
        assert 0 < sum(expected) < len(expected)
        assert masks(criteria, path)["selected"] == expected
        reference = reference_masks(criteria, profile, [path])
        assert reference.selected == expected
        assert reference.not_applied == {}


@dataclass(frozen=True)
class Ring:
    """What is said of jets at electrons: of a ring by its inner and its outer end."""

    words: str
    operator: str
    closed: str
    role: str
    removal: bool = False

    def criteria(self, *more: Cut) -> SelectionCriteria:
        """Return them with other cuts."""
        fields: dict[str, Any] = {"scope": "object", "role": self.role, "closed": self.closed}
        if not self.removal:
            stated = cut("ring", "jet.delta_r", self.operator, (INNER, OUTER), reference=("electron",), **fields)
            return criteria_of(stated, *more)
        stated = cut("ring", NEAR, self.operator, (INNER, OUTER), **fields)
        dropped = OverlapRemoval(removed="jet", kept="electron", cut="ring")
        clean = ObjectDefinition(name="clean jet", object="jet", overlap_removal=(dropped,))
        return criteria_of(stated, *more, objects=(clean,))


def lone(distance: float) -> dict[str, Any]:
    """Return an event with an electron and a jet at this distance."""
    return event([(11, 1, 40, 0, 0)], [(50, distance, 0)])


RINGS = [
    (Ring("removed in it", "in", "neither", "veto", removal=True), [True, True, False, True, True]),
    (Ring("removed in it or on its ends", "in", "both", "veto", removal=True), [True, False, False, False, True]),
    (Ring("kept outside", "not_in", "both", "select"), [True, False, False, False, True]),
    (Ring("kept outside or on its ends", "not_in", "neither", "select"), [True, True, False, True, True]),
    (Ring("kept in it", "in", "left", "select"), [False, True, True, False, False]),
    (Ring("removed outside", "not_in", "right", "veto"), [False, False, True, True, False]),
]
INNER, OUTER = 0.25, 0.5  # in single precision, too


@pytest.mark.parametrize(("ring", "kept"), [pytest.param(*entry, id=entry[0].words) for entry in RINGS])
def test_jets_in_a_ring_around_an_electron_are_removed_or_kept(
    ring: Ring, kept: list[bool], masks: Callable[..., dict[str, list[bool]]], profile: Profile, tmp_path: Path
) -> None:
    path = write_events(tmp_path / "events.root", *map(lone, (0.1, INNER, 0.3, OUTER, 1.0)))
    criteria = ring.criteria(cut("n", "jet.count", "==", 1))
    assert masks(criteria, path)["selected"] == kept
    reference = reference_masks(criteria, profile, [path])
    assert (reference.selected, reference.not_applied) == (kept, {})


@pytest.mark.parametrize("ring", [pytest.param(ring, id=ring.words) for ring, _ in RINGS])
def test_one_electron_is_enough_to_be_in_the_ring_of(
    ring: Ring, masks: Callable[..., dict[str, list[bool]]], profile: Profile, tmp_path: Path
) -> None:
    """A jet is in a ring around one of two electrons; one far from both is in none, and so is one without electrons."""
    path = write_events(
        tmp_path / "events.root",
        event([(11, 1, 40, 0, 0), (11, 1, 30, 2, 2)], [(50, 0.3, 0)]),
        event([(11, 1, 40, 0, 0), (11, 1, 30, 2, 2)], [(50, -1, 0)]),
        event([], [(50, 0, 0)]),
        *crowded(200),
    )
    inside = (ring.operator == "in") == (ring.role == "select")
    found = []
    for number in (1, 2):
        criteria = ring.criteria(cut("n", "jet.count", "==", number))
        found.append(masks(criteria, path)["selected"])
        assert found[-1] == reference_masks(criteria, profile, [path]).selected
        assert 0 < sum(found[-1][3:]) < 200
    assert found[0][:3] == ([True, False, False] if inside else [False, True, True])


def test_a_ring_may_be_what_objects_wait_for_in_turn(
    masks: Callable[..., dict[str, list[bool]]], profile: Profile, tmp_path: Path
) -> None:
    """Jets at the very electron go first, then electrons in the ring around the jets that are left."""
    inner, jets = removal("inner", "jet", "electron", 0.2)
    ring = inner.model_copy(update={"id": "ring", "operator": "in", "value": (0.2, 0.4), "closed": "left"})
    electrons = ObjectDefinition(
        name="clean electron",
        object="electron",
        overlap_removal=(OverlapRemoval(removed="electron", kept="jet", cut="ring"),),
    )
    path = write_events(tmp_path / "events.root", *map(lone, (0.1, 0.3, 0.5)))
    for kind, kept in (("jet", [False, True, True]), ("electron", [True, False, True])):
        criteria = criteria_of(inner, ring, cut("n", f"{kind}.count", "==", 1), objects=(jets, electrons))
        assert masks(criteria, path)["selected"] == kept
        assert reference_masks(criteria, profile, [path]).selected == kept


def test_a_ring_that_reaches_further_than_the_file_has_it_is_not_already_applied() -> None:
    condition = when("for jets of no use", clause("jet", "other", "useless"))
    for outer, already in ((0.4, True), (0.5, False)):
        stated = cut("near", NEAR, "in", (0.2, outer), scope="object", role="veto", when=condition)
        assert missing(load_profile("atlas-2020"), stated)["near"].already == already


def test_leptons_are_apart_if_electrons_and_muons_are(profile: Profile) -> None:
    assert profile.apart("electron", "jet") == profile.apart("jet", "lepton") == 0.4
    assert profile.apart("electron", "muon") is None
    assert profile.apart("bjet", "electron") is None, "only what is stated is known"


@pytest.mark.parametrize(
    ("line", "wrong", "said", "at"),
    [
        ('["jet", "lepton"]', '["jet", "leptons"]', "'leptons' is no object of the profile", "apart"),
        ("distance = 0.4", "distance = 0", "greater than 0", "apart"),
        ('about = "the release', 'around = "the release', "overlap.about: Field required", "[overlap]"),
    ],
)
def test_an_error_names_file_and_line(tmp_path: Path, line: str, wrong: str, said: str, at: str) -> None:
    message, number, lines = error_of_changed(tmp_path, line, wrong)
    assert said in message
    assert lines[number - 1].startswith(at)


@pytest.mark.parametrize("folder", ["atlas_2020_4lep", "atlas_2025_exactly4lep"])
def test_the_files_have_the_objects_as_far_apart_as_their_profile_says(folder: str, shared: Path) -> None:
    dataset = open_dataset(str(shared / "data" / folder))
    overlap, tree = dataset.profile.overlap, dataset.profile.tree
    assert overlap is not None
    assert overlap.apart
    pairs = 0
    for path in (path for sample in dataset.samples.values() for path in sample.files):
        with uproot.open(path) as file:
            for stated in overlap.apart:
                distances = _distances(file[tree], dataset.profile, *stated.objects)
                assert np.all(distances >= stated.distance), (path.name, stated)
                pairs += len(distances)
    assert pairs > 10_000


def _distances(tree: uproot.TTree, profile: Profile, *names: str) -> np.ndarray:
    """Return ΔR, by rapidity, of every pair of two kinds of objects."""
    sides = []
    for name in names:
        known = profile.collection_of(profile.parts(name)[0])
        assert known is not None
        pt, eta, phi, energy = (tree[known.variables[v].branch].array() for v in ("pt", "eta", "phi", "energy"))
        sides.append(ak.zip({"rapidity": np.arctanh(pt * np.sinh(eta) / energy), "phi": phi}))
    one, other = ak.unzip(ak.cartesian(sides))
    around = (one.phi - other.phi + np.pi) % (2 * np.pi) - np.pi
    return ak.to_numpy(ak.flatten(np.hypot(one.rapidity - other.rapidity, around)))


def test_what_is_asked_of_the_leading_jet_is_no_removal() -> None:
    """The file has no jet near an electron; that says nothing of a cut on the event."""
    asked = cut("far", "jet_electron.delta_r", ">", 0.4, rank=1)
    [left_out] = make_plan(criteria_of(asked), load_profile("atlas-2020")).not_applied
    assert not left_out.already
    assert "ranked" in left_out.reason
