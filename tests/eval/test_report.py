"""The report says what was measured and what is wrong, for people and for machines."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest
from rich.console import Console

from codegen.validate import compare_yields
from eval.agreement import Agreement, SampleAgreement, YieldCheck
from eval.benchmarks import HZZ4L, OPENDATA4L
from eval.extraction import measure_extraction
from eval.report import Report, evaluate
from kb.errors import InputError


class Sums(NamedTuple):
    selected: int
    weighted: float


def published(measured: int) -> YieldCheck:
    """Return the comparison with a published count of 27 events."""
    return YieldCheck("loose", *compare_yields({"data_A": Sums(measured, measured)}, {"data_A": {"selected": 27}}))


@pytest.fixture(scope="module")
def good() -> Report:
    sample = SampleAgreement("higgs", events=10, selected=4, steps=3, agreeing=10)
    agreement = Agreement("toys", (sample,), 22, 27, (), (), {"x": "the ntuple has no vertex"})
    return Report("hzz4l", measure_extraction(HZZ4L), (agreement,), (published(27),))


@pytest.fixture
def bad(good: Report) -> Report:
    sample = SampleAgreement("higgs", events=10, selected=4, steps=3, agreeing=9, first="event 3 at 'm12'")
    agreement = Agreement("toys", (sample,), 22, 27, ("a",), (), {})
    return Report("hzz4l", good.extraction, (agreement,), (published(28),))


def test_a_perfect_benchmark_passes_without_remarks(good: Report) -> None:
    assert good.passed
    assert good.remarks() == []
    assert ("cuts found", "27 of 27", True) in good.lines()
    assert ("code and reference agree, toys", "100 % of 10 events", True) in good.lines()


def test_every_flaw_is_a_remark_and_fails_the_benchmark(bad: Report) -> None:
    assert not bad.passed
    assert bad.remarks() == [
        "toys: only the code applies a",
        "toys, higgs: event 3 at 'm12'",
        "loose, data_A: selected yield 28, published 27",
    ]


def test_the_report_is_plain_json_and_markdown(bad: Report) -> None:
    report = json.loads(json.dumps(bad.to_json()))
    assert report["passed"] is False
    assert report["agreement"][0]["share"] == 0.9
    assert report["extraction"]["found"] == {"baseline": 27, "regional": 1}
    markdown = bad.to_markdown()
    assert "| cuts found | 27 of 27 | ✓ |" in markdown
    assert "- toys, higgs: event 3 at 'm12'" in markdown


def test_the_table_fits_a_terminal(good: Report) -> None:
    console = Console(width=80, record=True, file=StringIO())
    console.print(good.table())
    assert "27 of 27" in console.export_text()


def test_a_benchmark_is_run_at_least_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least once"):
        evaluate(HZZ4L, runs=0, data=None, work=tmp_path)


def test_toys_and_the_benchmark_agree_in_compiled_code_and_reference(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    report = evaluate(HZZ4L, runs=1, data=[empty], work=tmp_path)
    assert report.passed, report.remarks()
    (toys,) = report.agreements
    assert toys.share == 1
    assert all(sample.events > sample.selected for sample in toys.samples)
    assert sum(sample.selected for sample in toys.samples) > 0
    assert toys.total - toys.applied == len(toys.not_applied)
    assert report.remarks() == [f"not used: {empty}: no ROOT file in this folder or its subfolders"]


def test_our_two_line_papers_give_the_published_yields(tmp_path: Path, shared: Path) -> None:
    folder = shared / "data" / "atlas_2020_4lep"
    few = tmp_path / "atlas_2020_4lep"  # one simulated sample is enough here; it is scaled to the periods at hand
    few.mkdir()
    for file in (*folder.glob("Data/*.root"), *folder.glob("MC/*.Zee.4lep.root"), folder / "samples.json"):
        (few / file.name).symlink_to(file)
    report = evaluate(OPENDATA4L, runs=1, data=[few], work=tmp_path / "work")
    assert {(check.selection, check.found.sample, check.found.quantity) for check in report.yields} == {
        *((selection, f"data_{period}", "selected") for selection in ("loose", "pt") for period in "ABCD"),
        ("loose", "Zee", "selected"),
        ("loose", "Zee", "weighted"),
        ("pt", "Zee", "weighted"),
    }
    assert report.passed, report.remarks()
