"""Partitions run on the workers of a Dask scheduler, also when one of them dies in the midst of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.cluster import executor
from api.settings import Settings
from codegen import sandbox
from codegen.backend import writer
from codegen.dataset import open_dataset
from codegen.plan import make_plan
from codegen.result import BackendName
from codegen.runner import run_analysis
from codegen.toys import write_toys
from kb.errors import SandboxError, UnreachableError
from tests.codegen.backends import BACKENDS
from tests.codegen.conftest import criteria_of, cut
from tests.codegen.test_runner import SCRIPT

pytest.importorskip("distributed")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def _sandbox() -> None:
    try:
        sandbox.choose()
    except SandboxError as refusal:
        pytest.skip(f"nothing may run here: {refusal.message}")


class Cluster:
    """A scheduler and two workers of one thread, each a process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.address = ""
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Cluster:
        file = self._folder / "scheduler.json"
        self._start("dask_scheduler", "--port", "0", "--scheduler-file", str(file))
        for number in range(2):
            local = str(self._folder / f"worker{number}")
            options = ("--nthreads", "1", "--no-nanny", "--local-directory", local)
            self._start("dask_worker", "--scheduler-file", str(file), *options)
        from distributed import Client

        with Client(scheduler_file=str(file), set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
            self.address = client.scheduler.address
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def kill_a_worker(self) -> None:
        """Kill the first worker without warning."""
        self._processes[1].send_signal(signal.SIGKILL)
        self._processes[1].wait()

    def _start(self, program: str, *options: str) -> None:
        command = [sys.executable, "-m", f"distributed.cli.{program}", "--host", "127.0.0.1", "--no-dashboard"]
        with (self._folder / f"{program}.log").open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    [*command, *options], env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log
                )
            )


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


def test_a_worker_that_dies_takes_nothing_with_it(cluster: Cluster, tmp_path: Path) -> None:
    script = tmp_path / "analysis.py"
    script.write_text(SCRIPT.replace("#HERE", "import time; time.sleep(0.5)"))
    files = []
    for number in range(8):
        files.append(tmp_path / f"{number}.txt")
        files[-1].write_text(" ".join(str(value) for value in range(number, 30)))
    here = run_analysis(script, {"s": files}, tmp_path / "here")
    counts: list[Any] = []

    def progress(done: int, total: int) -> None:
        if not counts and done:
            cluster.kill_a_worker()
        counts.append((done, total))

    with executor(cluster.address) as workers:
        there = run_analysis(script, {"s": files}, tmp_path / "there", largest=1, executor=workers, progress=progress)
    assert counts[-1] == (8, 8)
    assert there.samples["s"].stdout.count("\n") == 8
    assert (there.samples["s"].measured.events, there.samples["s"].measured.selected) == (
        here.samples["s"].measured.events,
        here.samples["s"].measured.selected,
    )
    assert there.samples["s"].masks["selected"].tolist() == here.samples["s"].masks["selected"].tolist()


@pytest.mark.parametrize("backend", BACKENDS)
def test_ranges_of_a_file_add_up_on_the_workers(backend: BackendName, cluster: Cluster, tmp_path: Path) -> None:
    criteria = criteria_of(cut("pt", "lepton.pt", ">", 30, "GeV", rank=1), cut("four", "lepton.count", ">=", 4))
    write_toys(tmp_path / "toys", seed=2, events=120)
    dataset = open_dataset(str(tmp_path / "toys"))
    script = tmp_path / "analysis.py"
    script.write_text(writer(backend)(make_plan(criteria, dataset.profile), dataset.samples), encoding="utf-8")
    name = next(name for name, sample in dataset.samples.items() if sample.weighted)
    files = dataset.samples[name].files
    here = run_analysis(script, {name: files}, tmp_path / "here").samples[name]
    parts: list[int] = []
    with executor(cluster.address) as workers:
        there = run_analysis(
            script,
            {name: files},
            tmp_path / "there",
            tree=dataset.profile.tree,
            largest=files[0].stat().st_size // 2 + 1,
            executor=workers,
            progress=lambda done, total: parts.append(total),
        ).samples[name]
    assert parts[-1] == 2
    assert {key: mask.tolist() for key, mask in there.masks.items()} == {
        key: mask.tolist() for key, mask in here.masks.items()
    }
    assert there.measured.weighted == pytest.approx(here.measured.weighted, rel=1e-12)
    assert [step.raw for step in there.measured.cutflow] == [step.raw for step in here.measured.cutflow]


def test_a_scheduler_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.cluster.PATIENCE", 0.5)
    began = time.monotonic()
    with pytest.raises(UnreachableError, match="no Dask scheduler answers") as caught, executor("tcp://127.0.0.1:1"):
        pass
    assert "CUTBOOK_DASK_SCHEDULER" in caught.value.hint
    assert time.monotonic() - began < 30


def test_without_a_scheduler_this_machine_does_it() -> None:
    with executor(Settings.read().dask_scheduler) as workers:
        assert workers is None
