"""Whether compiled code and the reference loop agree, event by event and step by step, and meet published yields."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.reference import ReferenceMasks, reference_masks
from kb.errors import InputError
from kb.ssc import SelectionCriteria

if TYPE_CHECKING:
    from codegen.dataset import Dataset
    from codegen.plan_model import Plan
    from codegen.runner import Measured, RawRun, SampleRun

Progress = Callable[[str, int, int], None]

SIX_DIGITS = 5e-7
"""Relative tolerance of published yields, which are sums in single precision."""


@dataclass(frozen=True)
class SampleAgreement:
    """One sample: how many of its events pass the same steps in both."""

    sample: str
    events: int
    selected: int
    steps: int
    agreeing: int
    first: str = ""

    @property
    def share(self) -> float:
        """Share of events on which both agree at every step; 1 for a sample without events."""
        return self.agreeing / self.events if self.events else 1.0


@dataclass(frozen=True)
class Agreement:
    """One data set: agreement per sample, and the cuts that only one side applies."""

    dataset: str
    samples: tuple[SampleAgreement, ...]
    applied: int
    total: int
    only_compiled: tuple[str, ...]
    only_reference: tuple[str, ...]
    not_applied: Mapping[str, str]

    @property
    def events(self) -> int:
        """Number of events compared."""
        return sum(sample.events for sample in self.samples)

    @property
    def share(self) -> float:
        """Share of all events on which both agree at every step."""
        return sum(sample.agreeing for sample in self.samples) / self.events if self.events else 1.0

    @property
    def complete(self) -> bool:
        """Whether both apply the same cuts and agree on every event."""
        return not self.only_compiled and not self.only_reference and self.share == 1


@dataclass(frozen=True)
class YieldCheck:
    """A published number and ours."""

    selection: str
    sample: str
    kind: str
    published: float
    measured: float

    @property
    def agrees(self) -> bool:
        """Whether counts are equal, or weighted yields to six digits."""
        if self.kind == "raw":
            return self.published == self.measured
        return math.isclose(self.published, self.measured, rel_tol=SIX_DIGITS)


def measure_agreement(
    criteria: SelectionCriteria, dataset: Dataset, work: Path, *, progress: Progress | None = None
) -> Agreement:
    """Compile the criteria, run them sandboxed over the data set, and compare with the reference loop.

    The script and its output stay in `work`.
    """
    tell = progress or (lambda stage, done, total: None)
    plan, run = run_compiled(criteria, dataset, work, progress=progress)
    files = {name: sample.files for name, sample in dataset.samples.items()}
    samples = []
    masks = ReferenceMasks()
    for number, (name, paths) in enumerate(files.items(), start=1):
        masks = reference_masks(criteria, dataset.profile, paths)
        samples.append(compare_sample(name, run.samples[name], masks))
        tell(f"compare {dataset.name}", number, len(files))
    compiled, interpreted = set(plan.applied), set(masks.applied)
    return Agreement(
        dataset=dataset.name,
        samples=tuple(samples),
        applied=len(compiled),
        total=len(criteria.cuts),
        only_compiled=tuple(sorted(compiled - interpreted)),
        only_reference=tuple(sorted(interpreted - compiled)),
        not_applied={entry.cut_id: entry.reason for entry in plan.not_applied},
    )


def run_compiled(
    criteria: SelectionCriteria, dataset: Dataset, work: Path, *, progress: Progress | None = None
) -> tuple[Plan, RawRun]:
    """Compile the criteria and run them sandboxed over the data set; script and output stay in `work`."""
    from codegen.emit import emit
    from codegen.plan import make_plan
    from codegen.runner import run_analysis

    work.mkdir(parents=True, exist_ok=True)
    plan = make_plan(criteria, dataset.profile)
    script = work / "analysis.py"
    script.write_text(emit(plan, dataset.samples), encoding="utf-8")
    files: dict[str, Sequence[Path]] = {name: sample.files for name, sample in dataset.samples.items()}
    done: list[str] = []

    def finished(name: str) -> None:
        done.append(name)
        if progress:
            progress(f"run on {dataset.name}", len(done), len(files))

    run = run_analysis(script, files, work / "runs", workers=len(os.sched_getaffinity(0)), progress=finished)
    return plan, run


def compare_sample(name: str, run: SampleRun, reference: ReferenceMasks) -> SampleAgreement:
    """Compare the masks of a sample's run with the reference's: after each step, for the baseline, for each region."""
    expected = dict(_expected(run.measured, reference))
    size = len(reference.selected)
    agree = [True] * size
    first = ""
    for key, (label, wanted) in expected.items():
        given = [bool(flag) for flag in run.masks[key].tolist()]
        if len(given) != size:
            message = f"{name}: {len(given)} events in the run, {size} in the reference"
            raise InputError(message, hint="both must read the same files")
        for index, (one, other) in enumerate(zip(wanted, given, strict=True)):
            if one != other:
                agree[index] = False
                first = first or f"event {index} at '{label}': reference {'passes' if one else 'fails'}"
    return SampleAgreement(name, size, sum(reference.selected), len(expected) - 1, sum(agree), first)


def _expected(measured: Measured, reference: ReferenceMasks) -> Iterator[tuple[str, tuple[str, list[bool]]]]:
    """Yield what the reference says of each mask of a run: its key, then its label and flags."""
    so_far: list[str] = []
    for number, step in enumerate(measured.cutflow):
        so_far += [cut_id for cut_id in step.cut_ids if cut_id in reference.passes]
        yield f"step_{number:03d}", (step.label, reference.after(so_far))
    yield "selected", ("selected", reference.selected)
    for place, (name, region) in enumerate(measured.regions.items()):
        passed = reference.regions[region.parent] if region.parent else reference.selected
        so_far = []
        for number, step in enumerate(region.cutflow):
            so_far += [cut_id for cut_id in step.cut_ids if cut_id in reference.passes]
            flags = [one and other for one, other in zip(passed, reference.after(so_far), strict=True)]
            if number + 1 == len(region.cutflow):  # the region as the reference composes it
                flags = reference.regions[name]
            yield f"region_{place:03d}_step_{number:03d}", (f"{name}: {step.label}", flags)


def check_yields(
    folder: Path, dataset: Dataset, work: Path, *, progress: Progress | None = None
) -> tuple[YieldCheck, ...]:
    """Run the selections of the papers of a `yields.json` on a data set and compare with the published numbers.

    Samples the data set does not have are passed over.
    """
    from ingest.reader import read_file
    from kb.distil import distil

    published = load_yields(folder / "yields.json")
    checks = []
    wanted = published_samples(folder)
    samples = {name: sample for name, sample in dataset.samples.items() if name in wanted}
    dataset = replace(dataset, samples=samples)
    for number, (selection, entry) in enumerate(published.items(), start=1):
        document = read_file(folder / entry["paper"], arxiv_id=f"{folder.name}-{selection}")
        _, run = run_compiled(distil(document), dataset, work / selection)
        measured = {name: sample_run.measured for name, sample_run in run.samples.items()}
        for sample, count in entry["raw"].items():
            if sample in samples:
                checks.append(YieldCheck(selection, sample, "raw", count, measured[sample].selected))
        for sample, amount in entry["weighted"].items():
            if sample in samples:
                checks.append(YieldCheck(selection, sample, "weighted", amount, measured[sample].weighted))
        if progress:
            progress("published yields", number, len(published))
    return tuple(checks)


def load_yields(path: Path) -> dict[str, dict[str, Any]]:
    """Read the selections of a `yields.json`: paper, raw counts and weighted yields by sample."""
    try:
        selections = json.loads(path.read_text(encoding="utf-8"))["selections"]
        return {str(name): dict(entry) for name, entry in selections.items()}
    except (OSError, ValueError, KeyError, AttributeError) as error:
        message = f"{path}: no published yields: {error}"
        raise InputError(message, hint="compare with eval/benchmarks/opendata4l/yields.json") from error


def published_samples(folder: Path) -> set[str]:
    """Return the samples that a `yields.json` has numbers for."""
    selections = load_yields(folder / "yields.json").values()
    return {sample for entry in selections for sample in (*entry["raw"], *entry["weighted"])}
