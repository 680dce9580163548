"""From criteria and data to a validated result, in the sandbox."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from codegen.analysis import analyse
from codegen.backend import writer
from codegen.bundle import verify_bundle
from codegen.dataset import Dataset, open_dataset
from codegen.emit import emit_with_distributions
from codegen.export_hepdata import to_hepdata
from codegen.plan import make_plan
from codegen.result import BackendName, Probes, Result
from codegen.runner import run_analysis
from codegen.toys import write_toys
from eval.reference import reference_masks
from eval.weights import reference_weights
from kb.errors import DataError
from kb.ssc import SelectionCriteria
from tests.codegen.backends import BACKENDS


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("data") / "toys"
    write_toys(folder, seed=1, events=150)
    dataset = open_dataset(str(folder))
    few = {name: dataset.samples[name] for name in list(dataset.samples)[:1] + list(dataset.samples)[-1:]}
    return Dataset(dataset.name, folder, dataset.profile, few)


@pytest.fixture(scope="module")
def analysed(toys: Dataset, hzz4l: SelectionCriteria, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    output = tmp_path_factory.mktemp("out")
    stages: list[str] = []
    result = analyse(
        hzz4l, toys, output, reference=reference_masks, progress=lambda stage, done, total: stages.append(stage)
    )
    assert list(dict.fromkeys(stages)) == ["plan", "run", "validate", "plots"]
    return output, result


def test_code_and_reference_agree_on_every_event(analysed: tuple[Path, Result]) -> None:
    _, result = analysed
    compared = result.validation.event_by_event
    assert compared is not None
    assert compared.events == sum(sample.events for sample in result.samples.values()) > 0
    assert (compared.agreement, compared.only_code, compared.only_reference) == (1.0, (), ())
    assert result.validation.status == "agrees"


def test_the_result_says_what_was_done(analysed: tuple[Path, Result], hzz4l: SelectionCriteria) -> None:
    _, result = analysed
    assert (result.coverage.applied, result.coverage.total) == (24, 28)
    applied = {cut_id for s in result.samples.values() for step in s.cutflow for cut_id in step.cut_ids}
    applied |= {i for s in result.samples.values() for r in s.regions.values() for t in r.cutflow for i in t.cut_ids}
    assert applied | {missing.cut_id for missing in result.not_applied} == {cut.id for cut in hzz4l.cuts}
    assert any(sample.selected for sample in result.samples.values())
    assert {"python", "awkward", "uproot", "sandbox"} <= set(result.software)
    assert all(len(file.sha256) == 64 for file in result.inputs.files)


def test_the_output_folder_holds_it_all(analysed: tuple[Path, Result]) -> None:
    output, result = analysed
    assert Result.from_json((output / "result.json").read_text(encoding="utf-8")) == result
    names = {path.name for path in output.iterdir()}
    assert {"analysis.py", "ssc.json", "profile.json", "result.json", "plots", "samples", "bundle.zip"} <= names
    assert (output / "plots" / "m4l.png").stat().st_size > 0
    assert verify_bundle(output / "bundle.zip") == []


def test_running_again_gives_the_same_bytes(
    analysed: tuple[Path, Result], toys: Dataset, hzz4l: SelectionCriteria, tmp_path: Path
) -> None:
    output, _ = analysed
    analyse(hzz4l, toys, tmp_path, reference=reference_masks)
    for name in ("analysis.py", "result.json", "ssc.json"):
        assert (tmp_path / name).read_bytes() == (output / name).read_bytes()
    text = (output / "result.json").read_text(encoding="utf-8")
    assert str(toys.folder) not in text


def test_the_written_code_is_the_emitted_one(
    analysed: tuple[Path, Result], toys: Dataset, hzz4l: SelectionCriteria
) -> None:
    output, _ = analysed
    written = emit_with_distributions(make_plan(hzz4l, toys.profile), toys.samples)
    assert (output / "analysis.py").read_text(encoding="utf-8") == written


def test_a_truncated_file_is_named_in_the_result_and_the_rest_is_analysed(
    toys: Dataset, notebook: dict[str, SelectionCriteria], tmp_path: Path
) -> None:
    whole = next(iter(toys.samples.values())).files[0]
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "data_A.root").write_bytes(whole.read_bytes())
    (folder / "data_B.root").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    result = analyse(notebook["loose"], open_dataset(str(folder)), tmp_path / "out", reference=reference_masks)
    assert [(one.sample, one.name) for one in result.unread] == [("data_B", "data_B.root")]
    assert list(result.samples) == ["data_A"]
    assert result.validation.status == "agrees"
    assert (result.dataset.luminosity, result.dataset.no_luminosity) == (None, "data_B.root could not be read")
    (folder / "data_A.root").write_bytes((folder / "data_B.root").read_bytes())
    with pytest.raises(DataError, match=r"data_A\.root") as caught:
        analyse(notebook["loose"], open_dataset(str(folder)), tmp_path / "out")
    assert caught.value.hint


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_sample_in_partitions_gives_what_it_gives_as_a_whole(
    backend: BackendName, toys: Dataset, hzz4l: SelectionCriteria, tmp_path: Path
) -> None:
    script = tmp_path / "analysis.py"
    script.write_text(writer(backend)(make_plan(hzz4l, toys.profile), toys.samples), encoding="utf-8")
    name, sample = next(iter(toys.samples.items()))
    path = sample.files[0]
    whole = run_analysis(script, {name: [path]}, tmp_path / "whole").samples[name]
    third = path.stat().st_size // 3
    cut = run_analysis(script, {name: [path]}, tmp_path / "cut", tree=toys.profile.tree, largest=third).samples[name]
    assert cut.stdout.count("step") > whole.stdout.count("step")
    assert {key: mask.tolist() for key, mask in cut.masks.items()} == {
        key: mask.tolist() for key, mask in whole.masks.items()
    }
    assert [step.raw for step in cut.measured.cutflow] == [step.raw for step in whole.measured.cutflow]
    for key, histogram in whole.measured.histograms.items():
        assert cut.measured.histograms[key].values == pytest.approx(histogram.values, rel=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("selection", ["loose", "pt"])
def test_published_yields_of_real_data(
    selection: str, backend: BackendName, notebook: dict[str, SelectionCriteria], shared: Path, tmp_path: Path
) -> None:
    folder = shared / "data" / "atlas_2020_4lep"
    numbers = json.loads((folder / "published_yields.json").read_text(encoding="utf-8"))
    weighted = numbers[f"{selection}_weighted"]
    dataset = open_dataset(str(folder))
    published = {name: {"weighted": weighted[name]} for name in dataset.samples if name in weighted}
    assert set(published) == {"data_A", "data_B", "data_C", "data_D", "Zee", "Zmumu", "ttbar_lep"}
    result = analyse(
        notebook[selection],
        dataset,
        tmp_path,
        reference=reference_masks,
        weigher=reference_weights,
        published=published,
        backend=backend,
    )
    assert [y for y in result.validation.yields if not y.agrees] == []
    assert result.validation.status == "agrees"
    assert result.validation.event_by_event is not None
    assert result.validation.event_by_event.events == 4827
    assert result.validation.event_by_event.agreement == 1
    assert result.engine.backend == backend


@pytest.mark.parametrize("backend", BACKENDS)
def test_ten_runs_on_real_data_give_the_same_bytes(
    backend: BackendName, notebook: dict[str, SelectionCriteria], shared: Path, tmp_path: Path
) -> None:
    dataset = open_dataset(str(shared / "data" / "atlas_2020_4lep"))
    few = {name: dataset.samples[name] for name in ("data_A", "Zmumu")}
    # One histogram is drawn; drawing them all takes longer than all else together.
    profile = dataset.profile.model_copy(update={"histograms": dataset.profile.histograms[:1]})
    dataset = replace(dataset, samples=few, profile=profile)
    found = set()
    for number in range(10):
        output = tmp_path / f"{number}"
        analyse(notebook["pt"], dataset, output, backend=backend)
        found.add(tuple((output / name).read_bytes() for name in ("analysis.py", "result.json", "bundle.zip")))
    assert len(found) == 1


def test_a_prober_that_breaks_leaves_the_result_and_is_told(
    toys: Dataset, notebook: dict[str, SelectionCriteria], tmp_path: Path
) -> None:
    def broken(*_: object) -> Probes:
        raise StopIteration

    criteria = notebook["pt"]
    result = analyse(criteria, toys, tmp_path, reference=reference_masks, prober=broken)
    assert result.validation.status == "agrees"
    probes = result.validation.probes
    assert probes is not None
    assert (probes.proven, probes.not_provable) == (0, result.coverage.applied)
    assert all("StopIteration" in cut.reason for cut in probes.cuts)


def test_every_table_of_a_submission_is_there_and_holds_the_numbers(analysed: tuple[Path, Result]) -> None:
    folder, result = analysed
    documents = list(yaml.safe_load_all((folder / "hepdata" / "submission.yaml").read_text(encoding="utf-8")))
    about, *tables = documents
    assert result.paper.arxiv_id in about["comment"]
    assert [table["name"] for table in tables][:1] == ["Cutflow"]
    for table in tables:
        content = yaml.safe_load((folder / "hepdata" / table["data_file"]).read_text(encoding="utf-8"))
        rows = {len(column["values"]) for column in content["independent_variables"]}
        assert {len(column["values"]) for column in content["dependent_variables"]} == rows
    cutflow = yaml.safe_load((folder / "hepdata" / "cutflow.yaml").read_text(encoding="utf-8"))
    column = next(c for c in cutflow["dependent_variables"])
    sample = result.samples[column["qualifiers"][0]["value"]]
    assert [value["value"] for value in column["values"]] == [step.weighted for step in sample.cutflow]
    assert column["values"][0]["errors"] == [
        {"symerror": pytest.approx(sample.cutflow[0].sumw2 ** 0.5, rel=1e-5), "label": "stat"}
    ]


def test_names_of_files_are_those_of_the_submission(analysed: tuple[Path, Result]) -> None:
    _, result = analysed
    files = to_hepdata(result, 13.0)
    tables = [d for d in yaml.safe_load_all(files["submission.yaml"]) if "data_file" in d]
    assert sorted(d["data_file"] for d in tables) == sorted(set(files) - {"submission.yaml"})
    assert {d["keywords"][0]["values"][0] for d in tables} == {"13000"}
