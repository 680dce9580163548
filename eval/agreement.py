"""Whether compiled code and the reference loop agree, event by event and step by step, and meet published yields."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codegen.analysis import run_criteria
from codegen.result import YieldComparison
from codegen.validate import compare_masks, compare_yields
from eval.reference import ReferenceMasks, reference_masks
from kb.errors import InputError
from kb.ssc import SelectionCriteria

if TYPE_CHECKING:
    from codegen.dataset import Dataset
    from codegen.plan_model import Plan

Progress = Callable[[str, int, int], None]


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
    """A published number of a selection and ours."""

    selection: str
    found: YieldComparison


def measure_agreement(
    criteria: SelectionCriteria, dataset: Dataset, work: Path, *, progress: Progress | None = None
) -> Agreement:
    """Compile the criteria, run them sandboxed over the data set, and compare with the reference loop.

    The script and its output stay in `work`.
    """
    tell = progress or (lambda stage, done, total: None)

    def running(stage: str, done: int, total: int) -> None:
        tell(f"{stage} on {dataset.name}", done, total)

    plan, run = run_criteria(criteria, dataset, work, progress=running)
    files = {name: found.files for name, found in run.samples.items()}
    samples = []
    masks = ReferenceMasks()
    for number, (name, paths) in enumerate(files.items(), start=1):
        masks = reference_masks(criteria, dataset.profile, paths)
        samples.append(compare_sample(name, plan, run.samples[name].masks, masks))
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


def compare_sample(name: str, plan: Plan, masks: Mapping[str, Any], reference: ReferenceMasks) -> SampleAgreement:
    """Compare the masks of a sample's run with the reference's: after each step, for the baseline, for each region."""
    found = compare_masks(plan, {name: masks}, {name: reference})
    first = ""
    if found.disagreements:
        event = found.disagreements[0]
        verb = "passes" if event.reference_passes else "fails"
        first = f"event {event.index} at '{event.step}': reference {verb}"
    steps = len(plan.steps) + sum(len(region.steps) for region in plan.regions)
    return SampleAgreement(name, found.events, sum(reference.selected), steps, found.agreeing, first)


def check_yields(
    folder: Path, dataset: Dataset, work: Path, *, progress: Progress | None = None
) -> tuple[YieldCheck, ...]:
    """Run the selections of the papers of a `yields.json` on a data set and compare with the published numbers.

    Samples the data set does not have are passed over.
    """
    from ingest.reader import read_file
    from kb.distil import distil

    published = load_yields(folder / "yields.json")
    checks: list[YieldCheck] = []
    wanted = published_samples(folder)
    samples = {name: sample for name, sample in dataset.samples.items() if name in wanted}
    dataset = replace(dataset, samples=samples)
    for number, (selection, entry) in enumerate(published.items(), start=1):
        document = read_file(folder / entry["paper"], arxiv_id=f"{folder.name}-{selection}")
        _, run = run_criteria(distil(document), dataset, work / selection)
        measured = {name: sample_run.measured for name, sample_run in run.samples.items()}
        for quantity, numbers in (("selected", entry["raw"]), ("weighted", entry["weighted"])):
            compared = compare_yields(measured, {sample: {quantity: value} for sample, value in numbers.items()})
            checks += [YieldCheck(selection, comparison) for comparison in compared]
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
