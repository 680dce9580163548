"""Every run says which plots it made, and of the others why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from codegen.dataset import Dataset, open_dataset
from codegen.emit import emit
from codegen.gallery import Gallery, gallery
from codegen.measured import Measured
from codegen.plan import make_plan
from codegen.runner import RawRun, SampleRun, UnreadFile
from codegen.toys import write_toys
from kb.ssc import SelectionCriteria
from tests.codegen.backends import ran
from tests.codegen.conftest import criteria_of, cut, event, write_events
from tests.codegen.formats import write_atlas_2025, write_nanoaod

HARD = cut("met", "met.pt", ">", 50, "GeV")


def drawn(criteria: SelectionCriteria, dataset: Dataset, output: Path, *lost: str) -> Gallery:
    """Run the code here and draw; of the samples called `lost`, no file could be read."""
    plan = make_plan(criteria, dataset.profile)
    source = emit(plan, dataset.samples)
    runs = {name: _run(source, name, dataset) for name in dataset.samples if name not in lost}
    unread = tuple(UnreadFile(name, dataset.samples[name].files[0], "it is damaged") for name in lost)
    return gallery(plan, dataset, RawRun(samples=runs, unread=unread, tier="none"), output, lambda done, of: None)


def _run(source: str, name: str, dataset: Dataset) -> SampleRun:
    files = dataset.samples[name].files
    measured = Measured.model_validate(ran(source, files, name).report(), strict=False)
    return SampleRun(measured=measured, masks={}, files=files, stdout="", seconds=0, peak_memory=None)


def headers(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Catch what stands above plots, and whether data and simulation are compared in them."""
    from codegen import plots

    caught: list[tuple[str, bool]] = []
    original = plots._figure

    def catching(measured: object, simulated: Mapping[str, object], header: str, *more: object) -> object:
        caught.append((header, bool(more[-1])))
        return original(measured, simulated, header, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(plots, "_figure", catching)
    return caught


def test_where_no_cross_section_is_known_events_are_drawn_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    caught = headers(monkeypatch)
    write_nanoaod(tmp_path / "DY.root", 40, simulated=True)
    found = drawn(criteria_of(HARD), open_dataset(str(tmp_path)), tmp_path / "out")
    assert {"met.png", "met.pdf"} <= {path.name for path in found.drawn}
    assert {one for one, _ in caught} == {"13 TeV"}  # of no luminosity
    assert "sample DY" not in found.not_drawn
    write_nanoaod(tmp_path / "Run2016H.root", 40)
    beside = drawn(criteria_of(HARD), open_dataset(str(tmp_path)), tmp_path / "both")
    assert "met.png" in {path.name for path in beside.drawn}
    assert not {"sample DY", "sample Run2016H"} & beside.not_drawn.keys()


def test_a_sample_that_is_left_out_of_the_plots_is_named(tmp_path: Path) -> None:
    write_toys(tmp_path, seed=1, events=20)
    known = open_dataset(str(tmp_path))
    lost = next(name for name, sample in known.samples.items() if sample.kind == "mc")
    unknown = replace(known.samples[lost], cross_section=None, sum_of_weights=None, efficiency=None)
    found = drawn(criteria_of(HARD), replace(known, samples={**known.samples, lost: unknown}), tmp_path / "out")
    assert "met.png" in {path.name for path in found.drawn}
    assert [name for name in found.not_drawn if name.startswith("sample ")] == [f"sample {lost}"]
    assert "its cross-section is not known" in found.not_drawn[f"sample {lost}"]


def test_every_histogram_of_the_profile_is_drawn_or_has_its_reason(tmp_path: Path) -> None:
    write_events(tmp_path / "data_A.root", event([(13, 1, 50, 0, 0)], met=60))
    dataset = open_dataset(str(tmp_path))
    found = drawn(criteria_of(HARD), dataset, tmp_path / "out")
    made = {path.stem for path in found.drawn}
    assert {axis.name for axis in dataset.profile.histograms} <= made | found.not_drawn.keys()
    assert not made & found.not_drawn.keys()
    assert found.not_drawn["m4l"] == "no four leptons are chosen"


def test_code_that_fills_no_histogram_is_said_to_fill_none(tmp_path: Path) -> None:
    write_events(tmp_path / "data_A.root", event(met=60))
    dataset = open_dataset(str(tmp_path))
    plan = make_plan(criteria_of(HARD), dataset.profile)
    empty = Measured(events=1, selected=1, weighted=1.0, cutflow=[], histograms={})
    run = SampleRun(measured=empty, masks={}, files=(), stdout="", seconds=0, peak_memory=None)
    found = gallery(plan, dataset, RawRun(samples={"data_A": run}, tier="none"), tmp_path, lambda done, of: None)
    assert (found.drawn, found.not_drawn["met"]) == ([], "the code does not fill it")


@pytest.mark.parametrize(("name", "header"), [("data_B", "1.9 fb$^{-1}$ (13 TeV)"), ("data_X", "13 TeV")])
def test_plots_are_headed_by_the_luminosity_of_the_data_or_by_none(
    name: str, header: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    caught = headers(monkeypatch)
    write_events(tmp_path / f"{name}.root", event(met=60))
    found = drawn(criteria_of(HARD), open_dataset(str(tmp_path)), tmp_path / "out")
    assert {one for one, _ in caught} == {header}
    assert bool(found.no_luminosity) == (header == "13 TeV")


def test_simulation_is_not_compared_with_data_of_unknown_luminosity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    caught = headers(monkeypatch)
    write_atlas_2025(tmp_path / "data15_periodD.root", 60)
    write_atlas_2025(tmp_path / "mc_345060.root", 60, simulated=True)
    criteria = criteria_of(cut("pt", "lepton.pt", ">", 20, "GeV", rank=1))
    drawn(criteria, open_dataset(str(tmp_path)), tmp_path / "out")
    assert set(caught) == {("13 TeV, simulation: 36.1 fb$^{-1}$", False)}


def test_data_that_could_not_be_read_leave_the_luminosity_unknown(tmp_path: Path) -> None:
    for name in ("data_A", "data_B"):
        write_events(tmp_path / f"{name}.root", event(met=60))
    dataset = open_dataset(str(tmp_path))
    assert drawn(criteria_of(HARD), dataset, tmp_path / "all").no_luminosity == ""
    assert drawn(criteria_of(HARD), dataset, tmp_path / "some", "data_B").no_luminosity == (
        "data_B.root could not be read"
    )
