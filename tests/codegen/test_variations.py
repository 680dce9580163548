"""Weights shifted up and down are summed up beside the nominal one, the same by every road."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
import yaml

from codegen.analysis import analyse
from codegen.dataset import Dataset, Sample, open_dataset
from codegen.emit import emit
from codegen.export_hepdata import to_hepdata
from codegen.measured import Histogram, Measured, merged
from codegen.plan import make_plan
from codegen.plan_model import Plan
from codegen.plots import shifts
from codegen.profile import load_profile
from codegen.replay import replay
from codegen.result import BackendName, Result, SampleResult
from codegen.sandbox import choose
from codegen.tally import sample_result
from codegen.validate import compare_sums
from eval.reference import reference_masks
from eval.weights import reference_weights
from kb.errors import ProfileError, SandboxError
from kb.ssc import Region, SelectionCriteria
from tests.codegen.backends import BACKENDS, needs_root, ran, root_source
from tests.codegen.conftest import HASH, criteria_of, cut

PROFILE = """\
name = "mine"
title = "Mine"
experiment = "Mine"
sqrt_s = 13.0
luminosity = 2.0
tree = "t"
identifiers = { event = "event" }
samples = { pattern = '(?P<name>.+)\\.root', data = "^data" }

[collections.muon]
prefix = "mu_"
variables = { pt = { branch = "pt", unit = "GeV" }, eta = "eta", phi = { branch = "phi", unit = "rad" } }

[objects.muon]
collection = "muon"
mass = 0.1056583755

[weight]
factors = ["gen", "muonSF"]
cross_section = "xsec"
sum_of_weights = "sumw"

[weight.variations.muon]
replaces = "muonSF"
up = "muonSF_up"
down = "muonSF_down"

[weight.variations.scale]
up = { branch = "scales", index = 2 }
down = { branch = "scales", index = 0 }

[weight.variations.luminosity]
up = { factor = 1.02 }
down = { factor = 0.97 }

[[histograms]]
name = "pt"
object = "muon"
variable = "pt"
rank = 1
bins = 5
range = [0.0, 100.0]
label = "leading muon pT"
unit = "GeV"
"""
SAMPLES = '{"signal": {"xsec": 3.0, "sumw": 800.0}, "other": {"xsec": 1.5, "sumw": 500.0}}'
VARIED = ("muon_up", "muon_down", "scale_up", "scale_down", "luminosity_up", "luminosity_down")
_SCALE = 2000.0 * 3.0 / 800.0


def write_sample(path: Path, size: int, *, simulated: bool = True, scales: bool = True) -> Path:
    """Write muons and, in simulation, weights: of every seventh event the list of scales is empty, one weighs 0."""
    rng = np.random.default_rng(size)
    number = rng.integers(0, 4, size)
    muons = {
        "pt": rng.exponential(30, number.sum()),
        "eta": rng.uniform(-2.7, 2.7, number.sum()),
        "phi": rng.uniform(-3, 3, number.sum()),
    }
    columns: dict[str, Any] = {"event": np.arange(size, dtype="i8")}
    if simulated:
        columns["gen"] = rng.choice([1.0, 1.0, 1.0, -1.0], size).astype("f4")
        factor = rng.normal(0.97, 0.02, size)
        factor[1] = 0.0
        columns |= {"muonSF": factor.astype("f4")}
        columns |= {"muonSF_up": (factor * 1.01 + 1e-3).astype("f4"), "muonSF_down": (factor * 0.98).astype("f4")}
    lists: dict[str, ak.Array] = {"mu": ak.unflatten(ak.zip({k: v.astype("f4") for k, v in muons.items()}), number)}
    types: dict[str, Any] = {"mu": lists["mu"].type.content}
    if simulated and scales:
        length = np.where(np.arange(size) % 7 == 3, 0, 3) if size > 1000 else np.full(size, 3)
        lists["scales"] = ak.unflatten(rng.uniform(0.8, 1.2, length.sum()).astype("f4"), length)
        types["scales"] = lists["scales"].type.content
    with uproot.recreate(path) as file:
        file.mktree("t", types | {name: column.dtype for name, column in columns.items()})
        file["t"].extend(lists | columns)
    return path


def folder_of(folder: Path, *, scales_of_other: bool = True) -> Path:
    """Make a dataset of recorded events and two simulated samples."""
    folder.mkdir()
    (folder / "profile.toml").write_text(PROFILE, encoding="utf-8")
    (folder / "samples.json").write_text(SAMPLES, encoding="utf-8")
    write_sample(folder / "data.root", 150, simulated=False)
    write_sample(folder / "signal.root", 400)
    write_sample(folder / "other.root", 300, scales=scales_of_other)
    return folder


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return open_dataset(str(folder_of(tmp_path / "mine")))


@pytest.fixture
def criteria() -> SelectionCriteria:
    """Return at least one muon, one harder than 20 GeV; and a region with two."""
    cuts = (
        cut("eta", "muon.abs_eta", "<", 2.4, scope="object"),
        cut("one", "muon.count", ">=", 1),
        cut("pt", "muon.pt", ">", 20, "GeV", rank=1),
        cut("two", "muon.count", ">=", 2, scope="region", regions=("two muons",)),
    )
    return criteria_of(*cuts, regions=(Region(name="two muons", kind="signal", cuts=("two",)),))


@dataclass(frozen=True)
class ByHand:
    """Weights of selected events, by step and by name."""

    steps: tuple[dict[str, list[float]], ...]
    region: dict[str, list[float]]
    leading: tuple[float, ...]


def by_hand(path: Path, scale: float) -> ByHand:
    """Select and weight in a loop, without any of our code."""
    branches = ("mu_pt", "mu_eta", "gen", "muonSF", "muonSF_up", "muonSF_down", "scales")
    arrays = {name: uproot.open(path)["t"][name].array().to_list() for name in branches}
    names = ("nominal", *VARIED)
    steps: tuple[dict[str, list[float]], ...] = ({n: [] for n in names}, {n: [] for n in names})
    region: dict[str, list[float]] = {n: [] for n in names}
    leading = []
    for pts, etas, gen, factor, up, down, scales in zip(*arrays.values(), strict=True):
        kept = sorted((pt for pt, eta in zip(pts, etas, strict=True) if abs(eta) < 2.4), reverse=True)
        nominal = scale * gen * factor
        weights = {
            "nominal": nominal,
            "muon_up": scale * gen * up,
            "muon_down": scale * gen * down,
            "scale_up": nominal * (scales[2] if len(scales) > 2 else 1.0),
            "scale_down": nominal * (scales[0] if scales else 1.0),
            "luminosity_up": nominal * 1.02,
            "luminosity_down": nominal * 0.97,
        }
        if kept:
            _append(steps[0], weights)
        if kept and kept[0] > 20:
            _append(steps[1], weights)
            leading.append(kept[0])
            if len(kept) >= 2:
                _append(region, weights)
    return ByHand(steps, region, tuple(leading))


def _append(lists: Mapping[str, list[float]], weights: Mapping[str, float]) -> None:
    for name, weight in weights.items():
        lists[name].append(weight)


def assert_sums(found: Mapping[str, Any], expected: Mapping[str, Sequence[float]]) -> None:
    assert list(found["varied"]) == list(VARIED)
    for name, weights in expected.items():
        sums = found if name == "nominal" else found["varied"][name]
        assert sums["weighted"] == pytest.approx(math.fsum(weights), rel=1e-9), name
        assert sums["sumw2"] == pytest.approx(math.fsum(w * w for w in weights), rel=1e-9), name


Source = Callable[[Plan, Mapping[str, Sample]], str]
BOTH = [pytest.param(emit, id="awkward"), pytest.param(root_source, id="rdataframe", marks=needs_root)]


@pytest.mark.parametrize("source", BOTH)
def test_sums_of_shifted_weights_are_those_of_a_loop(
    source: Source, dataset: Dataset, criteria: SelectionCriteria
) -> None:
    plan = make_plan(criteria, dataset.profile)
    [path] = dataset.samples["signal"].files
    report = ran(source(plan, dataset.samples), [path], "signal").report()
    expected = by_hand(path, _SCALE)
    assert 0 < report["selected"] < report["events"]
    for step, weights in zip(report["cutflow"], expected.steps, strict=True):
        assert_sums(step, weights)
    assert_sums(report["regions"]["two muons"]["cutflow"][0], expected.region)
    histogram = report["histograms"]["pt"]
    for name, weights in expected.steps[1].items():
        values, _ = np.histogram(expected.leading, bins=5, range=(0, 100), weights=weights)
        squares, _ = np.histogram(expected.leading, bins=5, range=(0, 100), weights=np.square(weights))
        filled = histogram if name == "nominal" else histogram["varied"][name]
        assert filled["values"] == pytest.approx(values.tolist(), rel=1e-9), name
        assert filled["variances"] == pytest.approx(squares.tolist(), rel=1e-9), name
    inside = report["regions"]["two muons"]["histograms"]["pt"]
    assert list(inside["varied"]) == list(VARIED)
    assert sum(inside["varied"]["muon_up"]["values"]) != sum(inside["values"])


@pytest.mark.parametrize("source", BOTH)
def test_an_event_whose_list_is_too_short_keeps_its_nominal_weight(
    source: Source, dataset: Dataset, criteria: SelectionCriteria, tmp_path: Path
) -> None:
    path = write_sample(tmp_path / "signal.root", 1001)
    report = ran(source(make_plan(criteria, dataset.profile), dataset.samples), [path], "signal").report()
    for step, weights in zip(report["cutflow"], by_hand(path, _SCALE).steps, strict=True):
        assert_sums(step, weights)


@pytest.mark.parametrize("source", BOTH)
def test_data_are_not_varied(source: Source, dataset: Dataset, criteria: SelectionCriteria) -> None:
    plan = make_plan(criteria, dataset.profile)
    report = ran(source(plan, dataset.samples), dataset.samples["data"].files, "data").report()
    assert report["weighted"] == report["selected"] > 0
    assert "varied" not in report
    assert not any("varied" in step for step in report["cutflow"])


def test_partitions_add_up_to_the_whole(dataset: Dataset, criteria: SelectionCriteria) -> None:
    namespace: dict[str, Any] = {"__name__": "emitted", "__doc__": ""}
    plan = make_plan(criteria, dataset.profile)
    exec(compile(emit(plan, dataset.samples), "analysis.py", "exec"), namespace)
    [path] = dataset.samples["signal"].files
    parts = []
    for entries in ([0, 400], [0, 120], [120, 121], [121, 400]):
        analysis = namespace["Analysis"]("signal", None)
        for piece in namespace["pieces"](str(path), analysis.branches, entries):
            analysis.add(piece)
        parts.append(Measured.model_validate(analysis.report()))
    whole, total = parts[0], merged(parts[1:])
    assert (total.events, total.selected) == (whole.events, whole.selected)
    assert list(total.varied) == list(VARIED)
    for mine, theirs in ((total, whole), *zip(total.cutflow, whole.cutflow, strict=True)):
        for name, sums in mine.varied.items():
            assert sums.weighted == pytest.approx(theirs.varied[name].weighted, rel=1e-12)
            assert sums.sumw2 == pytest.approx(theirs.varied[name].sumw2, rel=1e-12)
            assert sums.weighted == math.fsum(p.cutflow[-1].varied[name].weighted for p in parts[1:]) or mine != total
    for name, filled in total.histograms["pt"].varied.items():
        assert filled.values == pytest.approx(whole.histograms["pt"].varied[name].values, rel=1e-12)
    nominal = total.model_copy(update={"varied": {}})
    with pytest.raises(ValueError, match="other steps, weights"):
        merged([total, nominal])


def test_a_sample_that_lacks_a_variation_is_said(tmp_path: Path, criteria: SelectionCriteria) -> None:
    dataset = open_dataset(str(folder_of(tmp_path / "mine", scales_of_other=False)))
    assert dataset.not_varied == {"scale": "there is no branch scales in other"}
    plan = make_plan(criteria, dataset.profile)
    source = emit(plan, dataset.samples)
    assert '"other": ("scale_up", "scale_down"),' in source
    for name, count in (("signal", 6), ("other", 4)):
        assert len(ran(source, dataset.samples[name].files, name).report()["varied"]) == count
    assert set(reference_weights(dataset.profile, dataset.samples["other"], dataset.samples["other"].files)) == {
        "nominal",
        *(name for name in VARIED if not name.startswith("scale")),
    }


def test_a_variation_that_no_sample_has_is_left_out_and_said(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "mine")
    text = PROFILE.replace("index = 2", "index = 20").replace('"muonSF_up"', '"muonSF_upwards"')
    (folder / "profile.toml").write_text(text, encoding="utf-8")
    dataset = open_dataset(str(folder))
    assert dataset.profile.weight is not None
    assert list(dataset.profile.weight.variations) == ["luminosity"]
    assert dataset.not_varied == {
        "muon": "there is no branch muonSF_upwards",
        "scale": "the lists of scales have no place 20",
    }


@pytest.mark.parametrize(
    ("line", "wrong", "said", "at"),
    [
        ('replaces = "muonSF"', 'replaces = "eleSF"', "muon.replaces: 'eleSF' is none of the factors", "replaces"),
        ("up = { factor = 1.02 }", "up = { factor = -1.0 }", "greater than or equal to 0", "up = { factor"),
        ("down = { factor = 0.97 }", "", "luminosity.down: Field required", "[weight.variations.luminosity]"),
        ("factor = 1.02", 'factor = 1.02, branch = "w"', "either 'branch' or 'factor'", "up = { factor"),
        ("factor = 1.02", "factor = 1.02, index = 1", "a place in the list of a 'branch'", "up = { factor"),
        ("index = 2", "index = -2", "greater than or equal to 0", 'up = { branch = "scales"'),
        ("[weight.variations.muon]", "[weight.variations.muon]\nboth = 1", "not permitted", "both"),
        ("[weight.variations.scale]", "[weight.variations.Scale]", "should match", "[weight.variations.Scale]"),
    ],
)
def test_an_error_in_a_variation_names_file_and_line(tmp_path: Path, line: str, wrong: str, said: str, at: str) -> None:
    assert line in PROFILE
    path = tmp_path / "mine.toml"
    text = PROFILE.replace(line, wrong, 1)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    assert said in caught.value.message
    number = int(caught.value.message.removeprefix(f"{path}:").split(":")[0])
    assert text.splitlines()[number - 1].startswith(at)


def test_the_nanoaod_profile_knows_scales_and_showers() -> None:
    weight = load_profile("cms-nanoaod").weight
    assert weight is not None
    assert weight.variations["scale"].branches == ("LHEScaleWeight",)
    assert [side.index for _, side in weight.variations["final_state_shower"].sides] == [1, 3]


def measured_of(dataset: Dataset, plan: Plan, source: str) -> dict[str, Measured]:
    return {
        name: Measured.model_validate(ran(source, sample.files, name).report())
        for name, sample in dataset.samples.items()
    }


def test_the_reference_tells_wrong_weights_from_right_ones(dataset: Dataset, criteria: SelectionCriteria) -> None:
    plan = make_plan(criteria, dataset.profile)
    flags = {n: reference_masks(criteria, dataset.profile, s.files) for n, s in dataset.samples.items()}
    weights = {n: reference_weights(dataset.profile, s, s.files) for n, s in dataset.samples.items()}
    right = emit(plan, dataset.samples)
    sums = compare_sums(plan, measured_of(dataset, plan, right), flags, weights)
    # Two steps, the baseline and a region: seven weights of two samples, one of data.
    assert (sums.compared, sums.agreeing, sums.differences) == (4 * 15, 4 * 15, ())
    in_place = '"replaces": "muonSF", "branch": "muonSF_up"'
    for old, new, weight in (
        (in_place, in_place.replace('"muonSF"', "None"), "muon_up"),
        ('"branch": "scales", "index": 2', '"branch": "scales", "index": 1', "scale_up"),
        ("weight *= self.scale", "weight *= self.scale * 1.0001", "nominal"),
    ):
        assert old in right
        sums = compare_sums(plan, measured_of(dataset, plan, right.replace(old, new)), flags, weights)
        assert sums.agreeing < sums.compared
        assert sums.differences[0].weight == weight


def test_hepdata_tables_have_an_error_by_each_name(dataset: Dataset, criteria: SelectionCriteria) -> None:
    plan = make_plan(criteria, dataset.profile)
    measured = measured_of(dataset, plan, emit(plan, dataset.samples))["signal"]
    sample = sample_result(measured, kind="mc", normalised=True)
    result = _result(sample)
    assert Result.from_json(result.to_json()) == result
    files = {name: yaml.safe_load(text) for name, text in to_hepdata(result, 13.0).items() if name != "submission.yaml"}
    [column] = files["yields.yaml"]["dependent_variables"]
    errors = {error["label"]: error for error in column["values"][0]["errors"]}
    assert list(errors) == ["stat", "muon", "scale", "luminosity"]
    region = sample.regions["two muons"]
    assert errors["luminosity"]["asymerror"]["plus"] == pytest.approx(0.02 * region.weighted, rel=1e-4)
    assert errors["luminosity"]["asymerror"]["minus"] == pytest.approx(-0.03 * region.weighted, rel=1e-4)
    [column] = files["histogram_pt.yaml"]["dependent_variables"]
    assert [len(value["errors"]) for value in column["values"]] == [4] * 5


def _result(sample: SampleResult) -> Result:
    return Result.model_validate(
        {
            "paper": {"arxiv_id": "note", "version": 1, "document_hash": HASH},
            "dataset": {"name": "mine", "profile": "mine", "luminosity": 2.0},
            "samples": {"signal": sample},
            "coverage": {"applied": 4, "total": 4},
            "not_applied": (),
            "validation": {"status": "not_validated"},
            "software": {},
            "inputs": {"criteria": "", "profile": "", "code": "", "files": ()},
        }
    )


def test_the_band_adds_samples_within_an_uncertainty_and_squares_of_different_ones() -> None:
    def filled(value: float, **varied: float) -> Histogram:
        other = {name: {"values": [number], "variances": [0.0]} for name, number in varied.items()}
        return Histogram.model_validate(
            {"edges": [0, 1], "values": [value], "variances": [0.0], "label": "x", "varied": other}
        )

    one = filled(10, a_up=13, a_down=9, b_up=14, b_down=12)
    other = filled(5, a_up=5, a_down=4)
    above, below = shifts([one, other])
    assert above.tolist() == [3**2 + 4**2]
    assert below.tolist() == [2**2 + 0**2]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_result_has_them_and_a_replay_compares_them(
    backend: BackendName, dataset: Dataset, criteria: SelectionCriteria, tmp_path: Path
) -> None:
    try:
        choose()
    except SandboxError as error:
        pytest.skip(f"generated code cannot run here: {error}")
    output = tmp_path / "out"
    result = analyse(criteria, dataset, output, reference=reference_masks, weigher=reference_weights, backend=backend)
    assert result.validation.status == "agrees"
    assert result.validation.weights is not None
    assert result.validation.weights.compared == 60
    varied = result.samples["signal"].varied
    assert list(varied) == ["muon", "scale", "luminosity"]
    assert varied["luminosity"].up.weighted == pytest.approx(1.02 * result.samples["signal"].weighted, rel=1e-9)
    assert result.samples["data"].varied == {}
    found = replay(output / "bundle.zip", dataset.folder)
    assert found.agrees
    assert found.compared > 800
