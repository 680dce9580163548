"""Every threshold of code is shown on made-up events next to it; code that is wrong is named, and by which cut."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot

from codegen.analysis import analyse
from codegen.branch import Flag
from codegen.dataset import Dataset, open_dataset
from codegen.emit import emit_with_distributions
from codegen.plan import make_plan
from codegen.profile import load_profile
from codegen.recognition import is_ntuple
from codegen.result import CutProbes, Probes
from codegen.runner import Measured, run_analysis
from codegen.toys import write_toys
from eval.probes.specimen import Anatomy, flag_value
from eval.probes.table import probe
from eval.reference import reference_masks
from eval.weights import reference_weights
from kb.ssc import Cut, ObjectDefinition, Region, SelectionCriteria
from tests.codegen.formats import write_nanoaod, write_physlite
from tests.eval.conftest import by_hand, criteria_of

Rewrite = Callable[[str], str]


@pytest.fixture(scope="module")
def toys_set(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("probe-toys")
    write_toys(folder, seed=2, events=5)
    dataset = open_dataset(str(folder))
    return dataset


def proven(
    criteria: SelectionCriteria, dataset: Dataset, work: Path, rewrite: Rewrite = lambda source: source
) -> Probes:
    """Probe the emitted code, or what `rewrite` makes of it."""
    script = work / "analysis.py"
    source = emit_with_distributions(make_plan(criteria, dataset.profile))
    script.write_text(rewrite(source))
    assert rewrite is proven.__defaults__[0] or script.read_text() != source  # type: ignore[index]
    name, sample = next(iter(dataset.samples.items()))
    measured: Measured = run_analysis(script, {name: sample.files}, work / "run").samples[name].measured
    return probe(criteria, dataset, script, measured)


def test_a_broken_first_file_spoils_no_proof(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    write_toys(folder, seed=2, events=5)
    dataset = open_dataset(str(folder))
    criteria = two_muons()
    script = tmp_path / "analysis.py"
    script.write_text(emit_with_distributions(make_plan(criteria, dataset.profile)))
    samples = {name: sample.files for name, sample in dataset.samples.items()}
    broken, *others = samples
    measured = run_analysis(script, {others[0]: samples[others[0]]}, tmp_path / "run").samples[others[0]].measured
    samples[broken][0].write_bytes(samples[broken][0].read_bytes()[:500])
    found = probe(criteria, dataset, script, measured)
    assert found.proven == len(found.cuts) > 0


def test_result_and_bundle_name_the_seeds_of_what_was_drawn_by_chance(tmp_path: Path) -> None:
    write_toys(tmp_path / "toys", seed=7, events=5)
    criteria = criteria_of(by_hand("two", "muon.count", ">=", 2))
    result = analyse(criteria, open_dataset(str(tmp_path / "toys")), tmp_path / "out", prober=probe)
    assert result.seeds == {"probes": 1, "toys": 7}
    with zipfile.ZipFile(tmp_path / "out" / "bundle.zip") as bundle:
        assert json.loads(bundle.read("manifest.json"))["seeds"] == result.seeds
    bare = analyse(criteria, open_dataset(str(next((tmp_path / "toys" / "MC").iterdir()))), tmp_path / "bare")
    assert bare.seeds == {}


def test_events_in_an_ntuple_of_root_7_are_read_like_those_in_a_tree(tmp_path: Path) -> None:
    write_toys(tmp_path / "trees", seed=2, events=60)
    whole = open_dataset(str(tmp_path / "trees"))
    name, sample = next((name, one) for name, one in whole.samples.items() if one.kind == "data")
    (tmp_path / "ntuples").mkdir()
    with uproot.open(sample.files[0]) as tree:
        columns = {branch: tree["mini"][branch].array() for branch in map(str, tree["mini"].keys())}
    with uproot.recreate(tmp_path / "ntuples" / sample.files[0].name) as made:
        made["mini"] = columns
        assert made.classnames() == {"mini;1": "ROOT::RNTuple"}
    dataset = open_dataset(str(tmp_path / "ntuples"))
    assert dataset.profile.name == whole.profile.name
    criteria = two_muons()
    expected = reference_masks(criteria, whole.profile, sample.files)
    found = reference_masks(criteria, dataset.profile, dataset.samples[name].files)
    assert (found.passes, found.selected) == (expected.passes, expected.selected)
    result = analyse(
        criteria, dataset, tmp_path / "out", reference=reference_masks, weigher=reference_weights, prober=probe
    )
    assert result.validation.status == "agrees"
    assert result.validation.probes is not None
    assert result.validation.probes.proven == len(result.validation.probes.cuts) > 0
    assert is_ntuple(dataset.samples[name].files[0], "mini")
    assert not is_ntuple(sample.files[0], "mini")


def two_muons(*more: Cut) -> SelectionCriteria:
    """Return two muons of opposite charge around the Z mass, and what else is asked."""
    return criteria_of(
        *more,
        by_hand("eta", "muon.abs_eta", "<", 2.4, scope="object"),
        by_hand("two", "muon.count", "==", 2),
        by_hand("pt-1", "muon.pt", ">", 20, "GeV", rank=1),
        by_hand("mass", "muon_pair.mass", "in", (70, 110), "GeV", closed="neither"),
    )


def verdicts(probes: Probes) -> dict[str, str]:
    return {cut.cut_id: cut.verdict for cut in probes.cuts}


def of(probes: Probes, cut_id: str) -> CutProbes:
    return next(cut for cut in probes.cuts if cut.cut_id == cut_id)


def test_all_cuts_of_the_four_lepton_benchmark_are_proven(
    hzz4l: SelectionCriteria, toys_set: Dataset, tmp_path: Path
) -> None:
    probes = proven(hzz4l, toys_set, tmp_path)
    assert {cut.cut_id: cut.reason for cut in probes.cuts if cut.verdict != "proven"} == {}
    assert probes.proven == len(probes.cuts) > 20
    for cut in probes.cuts:
        for point in cut.points:
            if point.threshold is None or point.below is None or point.above is None:
                continue
            # The two events are neighbours, on both sides of the number in the criteria (which may move with them).
            assert point.below <= point.threshold <= point.above or "piece" in point.where
            for measured in (point.below, point.above):
                assert abs(measured - point.threshold) < 1e-4 * max(abs(point.threshold), 0.1), (cut.cut_id, point)
    pieces = {point.where for point in of(probes, "m34").points}
    assert {f"lower end, piece {n} of the threshold" for n in (1, 2, 3)} < pieces


def test_the_same_request_gives_the_same_table(
    notebook: dict[str, SelectionCriteria], toys_set: Dataset, tmp_path: Path
) -> None:
    tables = []
    for number in range(2):
        (work := tmp_path / str(number)).mkdir()
        tables.append(proven(notebook["pt"], toys_set, work).model_dump_json())
    assert tables[0] == tables[1]
    assert '"not_provable":0' in tables[0]


@pytest.mark.parametrize(
    ("right", "wrong", "cut"),
    [
        ("nth(leptons_4, 2).pt > 20.0", "nth(leptons_4, 2).pt >= 20.0", "pt-2"),
        ("nth(leptons_4, 2).pt > 20.0", "nth(leptons_4, 2).pt > 20.00001", "pt-2"),
        ("nth(leptons_4, 1).pt > 30.0", "nth(leptons_4, 2).pt > 30.0", "pt-1"),
        ("== 0", ">= 0", "charge"),
    ],
    ids=["an edge that belongs", "ten keV", "a wrong rank", "a sign"],
)
def test_code_that_is_wrong_by_a_hair_is_named(
    right: str, wrong: str, cut: str, notebook: dict[str, SelectionCriteria], toys_set: Dataset, tmp_path: Path
) -> None:
    source = emit_with_distributions(make_plan(notebook["pt"], toys_set.profile))
    name = next(word.split(",")[0] for word in source.split("nth(")[2:3])
    right, wrong = right.replace("leptons_4", name), wrong.replace("leptons_4", name)
    probes = proven(notebook["pt"], toys_set, tmp_path, lambda source: source.replace(right, wrong))
    assert of(probes, cut).verdict == "wrong"
    assert "the code" in of(probes, cut).reason
    assert [other for other, verdict in verdicts(probes).items() if verdict == "wrong"] == [cut]


def contradictory() -> SelectionCriteria:
    cuts = (
        by_hand("met", "met.pt", ">", 50, "GeV"),
        by_hand("five", "jet.count", "==", 5),
        by_hand("six", "bjet.count", ">=", 6),
    )
    return criteria_of(*cuts)


def test_cuts_that_exclude_each_other_are_shown_by_themselves(toys_set: Dataset, tmp_path: Path) -> None:
    probes = proven(contradictory(), toys_set, tmp_path)
    assert set(verdicts(probes).values()) == {"proven"}
    assert "“jet N = 5” excludes it" in of(probes, "six").reason
    numbers = [point.where for point in of(probes, "six").points if point.where.startswith("n = ")]
    assert {"n = 5, by itself", "n = 6, by itself"} <= set(numbers)
    assert all(where.endswith("by itself") for where in numbers)


def test_code_is_named_that_is_wrong_where_no_event_comes(toys_set: Dataset, tmp_path: Path) -> None:
    probes = proven(contradictory(), toys_set, tmp_path, lambda source: source.replace(">= 6", ">= 7"))
    assert [cut for cut, verdict in verdicts(probes).items() if verdict == "wrong"] == ["six"]


def test_a_cut_that_another_implies_is_shown_where_the_other_fails(toys_set: Dataset, tmp_path: Path) -> None:
    cuts = (
        by_hand("met", "met.pt", ">", 100, "GeV"),
        by_hand("some", "met.pt", ">", 50, "GeV", scope="region", regions=("low",)),
    )
    criteria = criteria_of(*cuts, regions=(Region(name="low", kind="control"),))
    probes = proven(criteria, toys_set, tmp_path)
    assert verdicts(probes) == {"met": "proven", "some": "proven"}
    assert "no more than other cuts" in of(probes, "some").reason


def test_cuts_that_no_event_can_pass_are_not_provable_and_said_to(toys_set: Dataset, tmp_path: Path) -> None:
    cuts = (by_hand("none", "jet.count", "<", 0), by_hand("met", "met.pt", ">", 50, "GeV"))
    probes = proven(criteria_of(*cuts), toys_set, tmp_path)
    assert verdicts(probes) == {"none": "not_provable", "met": "proven"}
    assert "no event passes “jet N < 0”" in of(probes, "none").reason


def test_pairs_that_a_cut_leaves_out_are_shown_to_be(
    hzz4l: SelectionCriteria, toys_set: Dataset, tmp_path: Path
) -> None:
    """Of all pairs, those of the same flavour and opposite charge must be heavier than 5 GeV."""
    both = "same_flavour(quadruplet_pairs) & opposite_charge(quadruplet_pairs)"
    for wrong in ("same_flavour(quadruplet_pairs)", "opposite_charge(quadruplet_pairs)"):
        (work := tmp_path / wrong[:8]).mkdir()
        probes = proven(hzz4l, toys_set, work, lambda source, wrong=wrong: source.replace(both, wrong))  # type: ignore[misc]
        assert of(probes, "m-ll").verdict == "wrong"


def test_a_cut_on_objects_that_nothing_requires_shows_in_a_histogram(toys_set: Dataset, tmp_path: Path) -> None:
    cuts = (by_hand("met", "met.pt", ">", 50, "GeV"), by_hand("jet", "jet.pt", ">", 30, "GeV", scope="object"))
    assert verdicts(proven(criteria_of(*cuts), toys_set, tmp_path)) == {"met": "proven", "jet": "proven"}

    def looser(source: str) -> str:
        return source.replace("jets.pt > 30.0", "jets.pt > 29.0")

    assert verdicts(proven(criteria_of(*cuts), toys_set, tmp_path, looser)) == {"met": "proven", "jet": "wrong"}


def regional() -> SelectionCriteria:
    veto: dict[str, Any] = {"definition": "veto lepton"}
    cuts = (
        by_hand("signal-pt", "lepton.pt", ">", 25, "GeV", scope="object", definition="signal lepton"),
        by_hand("veto-pt", "lepton.pt", ">", 8, "GeV", scope="object", **veto),
        by_hand("one", "lepton.count", "==", 1, definition="signal lepton"),
        by_hand("no-more", "lepton.count", "<=", 1, **veto),
        by_hand("jets", "jet.count", ">=", 2, scope="region", regions=("loose",)),
        by_hand("ht", "event.ht", ">", 150, "GeV", scope="region", regions=("loose",)),
        by_hand("met", "met.pt", "in", (100, 200), "GeV", closed="left", scope="region", regions=("tight",)),
        by_hand("mt", "event.mt", ">", 60, "GeV", scope="region", regions=("tight",)),
        by_hand("apart", "jet_met.delta_phi", ">", 0.4, scope="region", regions=("tight",)),
    )
    definitions = tuple(ObjectDefinition(name=name, object="lepton") for name in ("signal lepton", "veto lepton"))
    regions = (Region(name="loose", kind="control"), Region(name="tight", kind="signal", parent="loose"))
    return criteria_of(*cuts, objects=definitions, regions=regions)


def test_regions_are_shown_with_their_parent_satisfied(toys_set: Dataset, tmp_path: Path) -> None:
    probes = proven(regional(), toys_set, tmp_path)
    assert {cut.cut_id: cut.reason for cut in probes.cuts if cut.verdict != "proven"} == {}
    assert {point.where for point in of(probes, "met").points} >= {"lower end, in tight", "upper end, in tight"}
    assert any(point.exact for point in of(probes, "met").points)


def test_a_region_without_its_parent_is_found(toys_set: Dataset, tmp_path: Path) -> None:
    probes = proven(regional(), toys_set, tmp_path, lambda s: s.replace('"parent": "loose"', '"parent": None'))
    assert probes.wrong > 0


def test_numbers_of_single_precision_are_counted_in_their_order() -> None:
    from eval.probes.handles import from_ordinal, ordinal

    values = np.array([-3.5, -1e-30, 0.0, 1e-30, 1.0, 2.47, 5000.0], dtype="f4")
    for value in values:
        assert from_ordinal(ordinal(float(value))) == value
        assert from_ordinal(ordinal(float(value)) + 1) == np.nextafter(value, np.float32(np.inf))


def test_made_up_events_have_every_path_of_a_trigger() -> None:
    profile = load_profile("cms-nanoaod")
    event = Anatomy(profile).empty()
    paths = [path for trigger in profile.triggers.values() for path in trigger.branches]
    assert len(paths) > len(profile.triggers), "some triggers have several paths"
    assert all(event[path] is True for path in paths)


@pytest.mark.parametrize(
    ("flag", "holds"),
    [
        (Flag(branch="id", at_least=3), lambda value: value >= 3),
        (Flag(branch="quality", bits=7, at_most=1), lambda value: value & 7 <= 1),
        (Flag(branch="bitmap", bits=4), lambda value: bool(value & 4)),
    ],
)
def test_a_flag_of_a_number_is_set_and_not_set(flag: Flag, holds: Callable[[int], bool]) -> None:
    assert holds(int(flag_value(flag, on=True)))
    assert not holds(int(flag_value(flag, on=False)))


@pytest.mark.parametrize(
    ("menu", "asked"),
    [
        (("HLT_Dimuon0_Jpsi",), "HLT_Dimuon0_Jpsi"),
        (("HLT_Dimuon0_Jpsi", "HLT_IsoMu24"), "HLT_Dimuon0_Jpsi_v3 or HLT_IsoMu24"),
    ],
)
def test_trigger_paths_by_their_names_are_proven_and_the_other_cuts_with_them(
    menu: tuple[str, ...], asked: str, tmp_path: Path
) -> None:
    path = write_nanoaod(tmp_path / "data.root", 40, paths={**dict.fromkeys(menu, 0.5), "HLT_Ele7": 0.5})
    criteria = two_muons(by_hand("trigger", "event.trigger", "is", asked, scope="trigger"))
    probes = proven(criteria, open_dataset(str(path)), tmp_path)
    assert verdicts(probes) == dict.fromkeys(("trigger", "eta", "two", "pt-1", "mass"), "proven")
    for name in menu:
        without = proven(criteria, open_dataset(str(path)), tmp_path, ignoring(name))
        assert verdicts(without)["trigger"] == "wrong", f"the code takes {name} as never fired"


def ignoring(path: str) -> Rewrite:
    """Return what makes code take a trigger path as never fired."""
    return lambda source: source.replace(f'events["{path}"]', f'(events["{path}"] & False)')


def test_selections_of_physlite_are_proven_with_a_trigger_that_nobody_can_ask(tmp_path: Path) -> None:
    dataset = open_dataset(str(write_physlite(tmp_path / "lite.root")))
    criteria = two_muons(by_hand("trigger", "event.trigger", "is", "HLT_mu26_ivarmedium", scope="trigger"))
    (trigger,) = make_plan(criteria, dataset.profile).not_applied
    assert trigger.cut_id == "trigger"
    assert "the files do not tell" in trigger.reason
    assert verdicts(proven(criteria, dataset, tmp_path)) == dict.fromkeys(("eta", "two", "pt-1", "mass"), "proven")


def test_real_physlite_is_proven_though_it_holds_branches_that_cannot_be_read(shared: Path, tmp_path: Path) -> None:
    dataset = open_dataset(str(shared / "data" / "atlas_physlite"))
    identified = by_hand("id", "muon.id", "is", "medium", scope="object")
    wanted = dict.fromkeys(("id", "eta", "two", "pt-1", "mass"), "proven")
    assert verdicts(proven(two_muons(identified), dataset, tmp_path)) == wanted
