"""A removal of overlapping objects is applied where it can be, else told as done before, if the profile says so."""

from __future__ import annotations

from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from codegen.dataset import open_dataset
from codegen.emit import emit
from codegen.plan import make_plan
from codegen.plan_model import NotApplied, Plan
from codegen.profile import PROFILES, Profile, load_profile
from kb.errors import ProfileError
from kb.ssc import Cut, ObjectDefinition, OverlapRemoval
from tests.codegen.conftest import criteria_of, cut


def sequence(second: float = 0.4) -> tuple[tuple[Cut, ...], tuple[ObjectDefinition, ...]]:
    """Return the usual order: jets at electrons are dropped, then electrons at the jets that remain; and tracks."""
    cuts = (
        cut("jet-at-e", "jet_electron.delta_r", "<", 0.2, scope="object", role="veto"),
        cut("e-at-jet", "jet_electron.delta_r", "<", second, scope="object", role="veto"),
        cut("track", "electron_muon.other", "is", "shared track", role="veto", name="shared-track"),
        cut("n", "jet.count", ">=", 1),
        cut("e", "electron.count", ">=", 1),
    )
    jets = ObjectDefinition(
        name="clean jet",
        object="jet",
        overlap_removal=(OverlapRemoval(removed="jet", kept="electron", cut="jet-at-e"),),
    )
    electrons = ObjectDefinition(
        name="clean electron",
        object="electron",
        overlap_removal=(OverlapRemoval(removed="electron", kept="jet", cut="e-at-jet"),),
    )
    return cuts, (jets, electrons)


def planned(profile: Profile, second: float = 0.4) -> tuple[Plan, dict[str, NotApplied]]:
    cuts, objects = sequence(second)
    plan = make_plan(criteria_of(*cuts, objects=objects), profile)
    return plan, {missing.cut_id: missing for missing in plan.not_applied}


def test_what_can_be_applied_is_whatever_the_file_has_done() -> None:
    for name in ("atlas-2020", "cms-nanoaod"):
        plan, _ = planned(load_profile(name))
        assert "jet-at-e" in plan.applied


def test_what_the_makers_of_the_file_have_done_is_told_as_that() -> None:
    plan, missing = planned(load_profile("atlas-2020"))
    assert missing["e-at-jet"].already
    assert not missing["e-at-jet"].review
    assert "within ΔR = 0.4" in missing["e-at-jet"].reason
    assert "removal of overlaps" in missing["e-at-jet"].reason
    assert not missing["track"].already, "electrons and muons are not kept apart"
    head = emit(plan).split('"""')[1]
    assert head.index("Already applied in the file:") < head.index("e-at-jet") < head.index("Not applied:")


def test_a_wider_removal_than_that_of_the_file_is_not_done() -> None:
    _, missing = planned(load_profile("atlas-2020"), second=0.6)
    assert not missing["e-at-jet"].already
    assert "not known to have it applied" in missing["e-at-jet"].reason


def test_a_format_that_keeps_every_object_says_so() -> None:
    _, missing = planned(load_profile("cms-nanoaod"))
    assert not any(one.already for one in missing.values())
    assert "not applied in the file either, because NanoAOD holds every object" in missing["e-at-jet"].reason


def test_objects_that_must_be_near_are_no_overlap() -> None:
    """A jet next to an electron is asked for, which a file without such jets has not 'already applied'."""
    near = cut("near", "jet_electron.phi", "<", 0.4)
    far = cut("far", "jet_electron.delta_phi", ">", 0.4, rank=3)
    plan = make_plan(criteria_of(near, far), load_profile("atlas-2020"))
    assert not any(one.already for one in plan.not_applied)


def test_a_cut_that_was_rejected_in_review_stays_rejected() -> None:
    cuts, objects = sequence()
    rejected = [one.model_copy(update={"status": "rejected"}) if one.id == "e-at-jet" else one for one in cuts]
    plan = make_plan(criteria_of(*rejected, objects=objects), load_profile("atlas-2020"))
    [missing] = [one for one in plan.not_applied if one.cut_id == "e-at-jet"]
    assert (missing.reason, missing.already) == ("it was rejected in review", False)


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
    text = (PROFILES / "atlas-2020.toml").read_text(encoding="utf-8")
    assert line in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(line, wrong, 1), encoding="utf-8")
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    assert said in caught.value.message
    number = int(caught.value.message.removeprefix(f"{path}:").split(":")[0])
    assert path.read_text(encoding="utf-8").splitlines()[number - 1].startswith(at)


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
