"""An analysis script is run per sample, believed only as far as its books agree, and its failures are told apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codegen import sandbox
from codegen.runner import RawRun, run_analysis
from codegen.sandbox import Policy
from kb.errors import AnalysisError, DataError, InputError, SandboxError

# What an emitted script does, on text files with one number per event: keep the numbers above ten.
SCRIPT = """
import argparse, json, sys
import numpy as np
parser = argparse.ArgumentParser()
parser.add_argument("files", nargs="+")
parser.add_argument("--entries", nargs=2, type=int)
for option in ("json", "masks", "sample"):
    parser.add_argument("--" + option)
given = parser.parse_args()
values = []
for name in given.files:
    try:
        values += [float(word) for word in open(name).read().split()][slice(*(given.entries or (None, None)))]
    except ValueError as problem:
        print(f"data_unreadable: {name}: {problem}", file=sys.stderr)
        sys.exit(3)
mask = np.array(values) > 10
report = {
    "events": len(values), "selected": int(mask.sum()), "weighted": float(mask.sum()),
    "cutflow": [{"cut_ids": ["c1"], "label": "x > 10", "raw": int(mask.sum()), "weighted": float(mask.sum()),
                 "sumw2": float(mask.sum())}],
    "histograms": {"x": {"edges": [0, 10, 20], "values": [1, 2], "variances": [1, 2], "label": "x", "unit": "GeV"}},
}
arrays = {"step_000": mask, "selected": mask, "event": np.arange(len(values))}
#HERE
json.dump(report, open(given.json, "w"))
np.savez_compressed(given.masks, **arrays)
print(given.sample, len(values), int(mask.sum()))
"""


@pytest.fixture(autouse=True, scope="module")
def _sandbox() -> None:
    try:
        sandbox.choose()
    except SandboxError as refusal:
        pytest.skip(f"nothing may run here: {refusal.message}")


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "first.txt", tmp_path / "second.txt"]
    paths[0].write_text("5 15 25")
    paths[1].write_text("12 8")
    return paths


def _run(tmp_path: Path, samples: dict[str, list[Path]], change: str = "", **limits: float) -> RawRun:
    script = tmp_path / "analysis.py"
    script.write_text(SCRIPT.replace("#HERE", change))
    bounds: dict[str, float] = {"wall_seconds": 60} | limits
    policy = Policy(**bounds)  # type: ignore[arg-type]  # one mapping for whole and real limits
    return run_analysis(script, samples, tmp_path / "out", policy, workers=2)


def test_files_of_a_sample_are_read_together_and_in_order(tmp_path: Path, files: list[Path]) -> None:
    run = _run(tmp_path, {"both": files, "second": files[1:]})
    assert list(run.samples) == ["both", "second"]
    both = run.samples["both"]
    assert (both.measured.events, both.measured.selected) == (5, 3)
    assert both.masks["selected"].tolist() == [False, True, True, True, False]
    assert both.stdout == "both 5 3\n"
    assert both.measured.histograms["x"].unit == "GeV"
    assert np.load(tmp_path / "out" / "second" / "masks.npz")["selected"].tolist() == [True, False]
    assert run.tier in sandbox.TIERS


def test_every_finished_partition_is_counted(tmp_path: Path, files: list[Path]) -> None:
    script = tmp_path / "analysis.py"
    script.write_text(SCRIPT)
    told: list[tuple[int, int]] = []
    run_analysis(
        script, {"a": files, "b": files}, tmp_path / "out", progress=lambda done, total: told.append((done, total))
    )
    assert sorted(told) == told
    assert (told[0], told[-1]) == ((0, 2), (2, 2))


def test_partitions_add_up_to_the_whole(tmp_path: Path, files: list[Path]) -> None:
    whole = _run(tmp_path, {"s": files}).samples["s"]
    script = tmp_path / "analysis.py"
    # No more than a file a partition: each has some ten bytes.
    parts = run_analysis(script, {"s": files}, tmp_path / "parts", largest=1).samples["s"]
    # The histogram of this script is the same whatever it reads.
    bare = {"histograms": {}}
    assert parts.measured.model_copy(update=bare) == whole.measured.model_copy(update=bare)
    assert parts.measured.histograms["x"].values == [2, 4]
    assert {name: mask.tolist() for name, mask in parts.masks.items() if name != "event"} == {
        name: mask.tolist() for name, mask in whole.masks.items() if name != "event"
    }
    assert parts.files == whole.files == tuple(files)
    assert np.load(tmp_path / "parts" / "s" / "masks.npz")["selected"].tolist() == whole.masks["selected"].tolist()


def test_a_damaged_file_is_named_and_the_rest_is_run(tmp_path: Path, files: list[Path]) -> None:
    files[0].write_text("12 garbage")
    run = _run(tmp_path, {"s": files, "t": files[1:]})
    assert [(one.sample, one.path) for one in run.unread] == [("s", files[0])]
    assert "could not convert" in run.unread[0].reason
    assert (run.samples["s"].measured.events, run.samples["s"].files) == (2, (files[1],))
    assert run.samples["t"].measured.events == 2


def test_where_no_file_can_be_read_it_is_the_data_s_fault(tmp_path: Path, files: list[Path]) -> None:
    for path in files:
        path.write_text("12 garbage")
    with pytest.raises(DataError, match=rf"sample s: {files[0]}: could not convert") as error:
        _run(tmp_path, {"s": files})
    assert error.value.hint


def test_what_is_done_is_not_done_again_after_a_failure(tmp_path: Path, files: list[Path]) -> None:
    gate = tmp_path / "gate.txt"
    gate.write_text("1")
    # The second sample fails as long as the gate has its first content.
    change = "if given.sample == 'late' and values[0] == 1: sys.exit('not yet')"
    with pytest.raises(AnalysisError, match="not yet"):
        _run(tmp_path, {"early": files, "late": [gate]}, change)
    kept = list((tmp_path / "out" / ".parts").glob("*/part.json"))
    assert len(kept) == 1
    kept[0].write_text(kept[0].read_text().replace("early 5 3", "kept"))
    gate.write_text("11")
    run = _run(tmp_path, {"early": files, "late": [gate]}, change)
    assert run.samples["early"].stdout == "kept\n"
    assert run.samples["late"].measured.selected == 1
    assert not (tmp_path / "out" / ".parts").exists()


@pytest.mark.parametrize("what", ["script", "data"])
def test_parts_of_another_script_or_of_other_data_do_not_count(tmp_path: Path, files: list[Path], what: str) -> None:
    change = "if given.sample == 'late': sys.exit('not yet')"
    with pytest.raises(AnalysisError, match="not yet"):
        _run(tmp_path, {"early": files, "late": files}, change)
    if what == "data":
        files[0].write_text("50 60 70 80")
        with pytest.raises(AnalysisError, match="not yet"):
            _run(tmp_path, {"early": files, "late": files}, change)
        folders = list((tmp_path / "out" / ".parts").iterdir())
        assert len(folders) == 2
    else:
        run = _run(tmp_path, {"early": files, "late": files}, "# another script")
        assert run.samples["early"].measured.selected == 3


def test_a_script_cannot_blame_a_file_it_was_not_given(tmp_path: Path, files: list[Path]) -> None:
    lie = 'print("data_unreadable: /etc/passwd: no", file=sys.stderr); sys.exit(3)'
    with pytest.raises(AnalysisError, match="status 3"):
        _run(tmp_path, {"s": files}, lie)


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda path: path.unlink(), "no such file"),
        (lambda path: path.write_text(""), "is empty"),
        (lambda path: (path.unlink(), path.mkdir()), "no such file"),
    ],
)
def test_absent_and_empty_files_are_named(tmp_path: Path, files: list[Path], prepare: object, words: str) -> None:
    assert callable(prepare)
    prepare(files[0])
    run = _run(tmp_path, {"s": files})
    assert [one.path for one in run.unread] == [files[0]]
    assert words in run.unread[0].reason
    with pytest.raises(DataError, match=words):
        _run(tmp_path, {"s": files[:1]})


def test_samples_need_files_and_plain_names(tmp_path: Path, files: list[Path]) -> None:
    with pytest.raises(DataError, match="has no files"):
        _run(tmp_path, {"s": []})
    with pytest.raises(InputError, match=r"sample '\.\./s'"):
        _run(tmp_path, {"../s": files})


def test_a_crash_shows_the_end_of_what_the_script_said(tmp_path: Path, files: list[Path]) -> None:
    with pytest.raises(AnalysisError, match="ZeroDivisionError: division by zero") as error:
        _run(tmp_path, {"s": files}, "1 / 0")
    assert "sample s: the analysis ended with status 1" in error.value.message
    assert "by hand" in error.value.hint


def test_too_little_memory_is_said_to_be_that(tmp_path: Path, files: list[Path]) -> None:
    with pytest.raises(AnalysisError) as error:
        _run(tmp_path, {"s": files}, "np.ones(1 << 30)", memory_bytes=512 << 20)
    assert "memory" in error.value.hint


def test_an_endless_script_is_stopped_and_said_to_be_that(tmp_path: Path, files: list[Path]) -> None:
    with pytest.raises(AnalysisError, match="stopped: after 2 s of wall time"):
        _run(tmp_path, {"s": files}, "import time; time.sleep(100)", wall_seconds=2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("report['selected'] = 2", "2 events selected, but 3 after the last step"),
        ("report['cutflow'][0]['raw'] = 6", "a cutflow never rises"),
        ("report['weighted'] = float('nan')", "not valid JSON"),
        ("report['surprise'] = 1", "breaks its contract at surprise"),
        ("del report['events']", "breaks its contract at events"),
        ("report['histograms']['x']['edges'] = [0, 10]", "one value and one variance per bin"),
        ("report['histograms']['x']['edges'] = [0, 20, 10]", "bin edges rise"),
        ("del arrays['step_000']", "no boolean array 'step_000' of 5 events"),
        ("arrays['selected'] = ~mask", "mask 'selected' keeps 2 events, the cutflow says 3"),
        ("arrays['selected'] = mask.astype(int)", "no boolean array 'selected'"),
        ("arrays['event'] = np.arange(3)", "'event' in masks.npz is not one value per event"),
        ("import os; given.json = os.devnull", "no readable file result.json"),
    ],
)
def test_books_that_do_not_agree_are_refused(tmp_path: Path, files: list[Path], change: str, words: str) -> None:
    with pytest.raises(AnalysisError, match=words):
        _run(tmp_path, {"s": files}, change)


def test_a_result_of_an_earlier_run_is_never_taken_for_a_new_one(tmp_path: Path, files: list[Path]) -> None:
    _run(tmp_path, {"s": files})
    with pytest.raises(AnalysisError, match="no readable file"):
        _run(tmp_path, {"s": files}, "sys.exit(0)")
