"""What histograms hold is compared with the loop over events: by bin, weight, region, and without one requirement."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codegen.analysis import analyse
from codegen.dataset import Dataset, open_dataset
from codegen.emit import emit_with_distributions
from codegen.measured import Measured
from codegen.plan import make_plan
from codegen.profile import Profile
from codegen.result import HistogramSums
from codegen.toys import write_toys
from codegen.validate_histograms import compare_histograms
from eval.reference import reference_masks
from eval.weights import reference_weights
from kb.observable import Observable
from kb.ssc import Choice, Composite, ObjectDefinition, Region, SelectionCriteria
from tests.codegen.backends import needs_root, ran, root_source
from tests.codegen.conftest import criteria_of, cut, quadruplet_of
from tests.eval.mutants import mutants_of_fillings

SAMPLE = "toy_ZZ4lep"


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("filled-toys")
    write_toys(folder, seed=4, events=300)
    found = open_dataset(str(folder))
    raw = found.profile.weight.model_dump() if found.profile.weight else {}
    raw["variations"] = {"lumi": {"up": {"factor": 1.02}, "down": {"factor": 0.97}}}
    weight = type(found.profile.weight).model_validate(raw)  # type: ignore[union-attr]
    profile: Profile = found.profile.model_copy(update={"weight": weight})
    return Dataset(**{**vars(found), "profile": profile})


@pytest.fixture(scope="module")
def criteria() -> SelectionCriteria:
    """Return a selection that fills one number per event, one per object, sums, pairs, regions and N − 1."""
    cuts = (
        cut("two", "lepton.count", ">=", 2),
        cut("pt", "lepton.pt", ">", 20, "GeV", rank=1),
        cut("eta", "lepton.abs_eta", "<", 2.4),
        cut("m12", "lepton_pair.mass", "in", (50, 106), "GeV", rank=1),
        cut("met", "met.pt", ">", 15, "GeV", scope="region", regions=("high", "higher")),
        cut("jets", "jet.count", ">=", 1, scope="region", regions=("higher",)),
    )
    plots = ("lepton.pt=25,0,100", "event.ht=20,0,400", "lepton_pair.mass@2=20,0,120", "jet.eta@1=10,-5,5")
    return criteria_of(
        *cuts,
        composites=quadruplet_of(),
        regions=(Region(name="high", kind="signal"), Region(name="higher", kind="signal", parent="high")),
        observables=tuple(map(Observable.parse, plots)),
    )


def compared(
    criteria: SelectionCriteria, toys: Dataset, change: Callable[[str], str] | None = None, write: Any = None
) -> HistogramSums:
    plan, sample = make_plan(criteria, toys.profile), toys.samples[SAMPLE]
    source = (write or emit_with_distributions)(plan, toys.samples)
    changed = change(source) if change else source
    assert change is None or changed != source
    measured = Measured.model_validate(ran(changed, sample.files, SAMPLE).report())
    flags = reference_masks(criteria, toys.profile, sample.files)
    weights = reference_weights(toys.profile, sample, sample.files)
    return compare_histograms(plan, {SAMPLE: measured}, {SAMPLE: flags}, {SAMPLE: weights})


@pytest.mark.parametrize("write", [None, pytest.param(root_source, marks=needs_root)], ids=["awkward", "rdataframe"])
def test_good_code_fills_what_the_reference_fills(criteria: SelectionCriteria, toys: Dataset, write: Any) -> None:
    found = compared(criteria, toys, write=write)
    assert (found.agreeing, found.unchecked, found.differences) == (found.compared, (), ())
    # Eight plots by three weights, of all and in two regions; and what single requirements cut away.
    assert found.compared >= 3 * 3 * 8 + (0 if write else 5)


def systems() -> SelectionCriteria:
    """Return what chooses three jets and four leptons of more, and shows them and what they are made of."""
    top, lightest = (
        Choice.model_validate({"mode": mode, "variable": {"id": variable}, "target": target, "unit": "GeV"})
        for mode, variable, target in (("closest", "mass", 172.5), ("smallest", "pt", None))
    )

    def seen(name: str, thing: str, variable: str, definition: str, **more: Any) -> Observable:
        subject = {"object": thing, "definition": definition, "rank": more.pop("rank", None)}
        fields = {"name": name, "subject": subject, "variable": {"id": variable}, "bins": 15, "low": 0, "unit": "GeV"}
        return Observable.model_validate({**fields, "high": 600, **more})

    four = ObjectDefinition(name="signal lepton", object="lepton", cuts=("hard",))
    return criteria_of(
        cut("hard", "lepton.pt", ">", 7, "GeV", scope="object", definition="signal lepton"),
        cut("jets", "jet.count", ">=", 1),
        cut("window", "top.mass", "<", 800, "GeV", definition="trijet", scope="region", regions=("top",)),
        objects=(four,),
        composites=(
            Composite(name="trijet", object="top", constituents=("jet",), count=3, choice=top),
            Composite(name="four", object="fourlepton", constituents=("signal lepton",) * 4, choice=lightest),
        ),
        regions=(Region(name="top", kind="signal"),),
        observables=(
            seen("m_top", "top", "mass", "trijet"),
            seen("pt_top", "top", "pt", "trijet"),
            seen("m_four", "fourlepton", "mass", "four"),
            seen("q_four", "fourlepton", "charge", "four", unit="1", low=-5, high=5),
            seen("second", "jet", "pt", "trijet", rank=2),
            seen("each", "jet", "pt", "trijet"),
            seen("widest", "lepton", "abs_eta", "four", unit="1", high=3, take="largest"),
        ),
    )


@pytest.mark.parametrize("write", [None, pytest.param(root_source, marks=needs_root)], ids=["awkward", "rdataframe"])
def test_chosen_systems_of_three_and_more_are_compared(toys: Dataset, write: Any) -> None:
    found = compared(systems(), toys, write=write)
    assert (found.agreeing, found.unchecked, found.differences) == (found.compared, (), ())
    filled = reference_masks(systems(), toys.profile, toys.samples[SAMPLE].files).fills
    assert all(sum(map(len, filled[one.name])) > 10 for one in systems().observables)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("mass - 172.5", "mass - 100.0"),
        ("groups(jets, 3)", "groups(jets, 2)"),
        ("groups(signal_leptons, 4)", "groups(signal_leptons[:, :4], 4)"),
        ("nth(trijet, 2)", "nth(trijet, 1)"),
    ],
)
def test_a_chosen_system_that_is_built_wrong_is_found(right: str, wrong: str, toys: Dataset) -> None:
    found = compared(systems(), toys, lambda source: source.replace(right, wrong))
    assert found.differences


WRONG = {
    "another variable": ('"met": scattered(met.pt', '"met": scattered(met.pt + 5'),
    "another object": ('"jet_1_eta": scattered(nth(jets, 1)', '"jet_1_eta": scattered(nth(jets, 2)'),
    "another pair": (
        '"m34": scattered((subleading_pair.first + subleading_pair.second)',
        '"m34": scattered((leading_pair.first + leading_pair.second)',
    ),
    "another unit": ('"event_ht": scattered(ak.sum(jets.pt', '"event_ht": scattered(ak.sum(jets.pt / 1000'),
    "only the leading object": ("lepton_pt\": scattered(quadruplet.pt", "lepton_pt\": scattered(quadruplet[:, :1].pt"),
    "no weights": ("weight=weights[name][places]", "weight=np.ones(len(places))"),
    "one weight for all": ("weight=weights[name][places]", 'weight=weights["nominal"][places]'),
    "weights without their sign": ("weight=weights[name][places]", "weight=np.abs(weights[name][places])"),
    "weights of other events": ("weight=weights[name][places]", "weight=np.roll(weights[name], 1)[places]"),
    "filled twice": (
        "histogram.fill(known, weight=weights[name][places])",
        "histogram.fill(known, weight=weights[name][places]); histogram.fill(known, weight=weights[name][places])",
    ),
    "events of the baseline in a region": ("name], value, survived[region]", "name], value, passed"),
    "events of a region in the baseline": ("kept = passed\n", 'kept = survived["high"]\n'),
    "all requirements where one is left out": ("if i != index", "if True"),
    "fewer requirements than all others": ("if i != index", "if i < index"),
    "another range": ('"range": (0.0, 200.0)', '"range": (0.0, 190.0)'),
    "fewer bins": ('"bins": 25', '"bins": 20'),
}  # fmt: skip


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_fillings_are_found(change: tuple[str, str], criteria: SelectionCriteria, toys: Dataset) -> None:
    found = compared(criteria, toys, lambda source: source.replace(*change))
    assert found.agreeing < found.compared
    assert found.differences


def test_whatever_is_changed_in_what_is_filled_is_found(criteria: SelectionCriteria, toys: Dataset) -> None:
    plan, sample = make_plan(criteria, toys.profile), toys.samples[SAMPLE]
    right = emit_with_distributions(plan, toys.samples)
    flags = {SAMPLE: reference_masks(criteria, toys.profile, sample.files)}
    weights = {SAMPLE: reference_weights(toys.profile, sample, sample.files)}

    def measured(source: str) -> Measured:
        return Measured.model_validate(ran(source, sample.files, SAMPLE).report())

    tried = list(mutants_of_fillings(right))
    alive = []
    for mutant in tried:
        try:
            found = measured(mutant.source)
        except Exception:  # code that ends with an error has no result
            continue
        if not compare_histograms(plan, {SAMPLE: found}, flags, weights).differences and found != measured(right):
            alive.append((mutant.kind, mutant.line))
    assert len(tried) >= 20
    assert alive == []


def test_what_differs_is_named(criteria: SelectionCriteria, toys: Dataset) -> None:
    found = compared(
        criteria, toys, lambda source: source.replace('"met": scattered(met.pt', '"met": scattered(met.pt + 50')
    )
    assert {one.histogram for one in found.differences} == {"met"}
    assert {one.region for one in found.differences} == {None, "high", "higher"}
    first = found.differences[0]
    assert (first.sample, first.weight, first.low) == (SAMPLE, "nominal", 0.0)
    assert first.code != first.reference


def test_a_histogram_that_is_not_filled_is_found(criteria: SelectionCriteria, toys: Dataset) -> None:
    found = compared(criteria, toys, lambda source: source.replace('        "met": scattered(met.pt, alive),\n', ""))
    assert {one.histogram for one in found.differences} == {"met"}
    assert all(one.code == 0 for one in found.differences)


def test_code_that_was_asked_for_masks_alone_is_judged_by_what_it_fills(
    criteria: SelectionCriteria, toys: Dataset
) -> None:
    plan, sample = make_plan(criteria, toys.profile), toys.samples[SAMPLE]
    source = emit_with_distributions(plan, toys.samples)
    flags = {SAMPLE: reference_masks(criteria, toys.profile, sample.files)}
    weights = {SAMPLE: reference_weights(toys.profile, sample, sample.files)}

    def judged(source: str, *, optional: bool) -> HistogramSums:
        whole = Measured.model_validate(ran(source, sample.files, SAMPLE).report())
        kept = {name: one for name, one in whole.histograms.items() if name != "met"}
        regions = {
            name: one.model_copy(update={"histograms": {k: h for k, h in one.histograms.items() if k != "met"}})
            for name, one in whole.regions.items()
        }
        measured = whole.model_copy(update={"histograms": kept, "regions": regions})
        return compare_histograms(plan, {SAMPLE: measured}, flags, weights, optional=optional)

    found = judged(source, optional=True)
    assert (found.unfilled, found.differences) == (("met",), ())
    assert found.agreeing == found.compared > 0
    assert {one.histogram for one in judged(source, optional=False).differences} == {"met"}
    assert judged(source.replace("if i != index", "if True"), optional=True).differences


def test_what_the_reference_cannot_fill_is_told(toys: Dataset) -> None:
    measured = compared_without(toys, "met")
    assert measured.unchecked == ("met",)


def compared_without(toys: Dataset, name: str) -> HistogramSums:
    criteria = criteria_of(cut("two", "lepton.count", ">=", 2))
    plan, sample = make_plan(criteria, toys.profile), toys.samples[SAMPLE]
    measured = Measured.model_validate(ran(emit_with_distributions(plan), sample.files).report())
    flags = reference_masks(criteria, toys.profile, sample.files)
    del flags.fills[name]
    ones = {"nominal": [1.0] * measured.events}
    return compare_histograms(plan, {SAMPLE: measured}, {SAMPLE: flags}, {SAMPLE: ones})


def test_an_analysis_is_validated_by_its_histograms_too(
    criteria: SelectionCriteria, toys: Dataset, tmp_path: Path
) -> None:
    one = Dataset(**{**vars(toys), "samples": {SAMPLE: toys.samples[SAMPLE]}})
    given: dict[str, Any] = {"reference": reference_masks, "weigher": reference_weights}
    result = analyse(criteria, one, tmp_path / "good", **given)
    assert result.validation.status == "agrees"
    assert result.validation.histograms is not None
    assert result.validation.histograms.agreeing == result.validation.histograms.compared > 0

    def wrong(plan: Any, samples: Any) -> str:
        return emit_with_distributions(plan, samples).replace("weight=weights[name][places]", "weight=None")

    result = analyse(criteria, one, tmp_path / "wrong", write=wrong, **given)
    assert result.validation.status == "disagrees"
