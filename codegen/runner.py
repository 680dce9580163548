"""Run an emitted analysis over samples, one sandbox per sample, and gather what it measured.

The contract with the script, whoever wrote it:

    python analysis.py FILE [FILE ...] [--json OUT.json] [--masks OUT.npz] [--sample NAME]

It prints a cutflow; OUT.json holds what `SampleRun` describes; OUT.npz holds one boolean array per cutflow step, named
`step_000`, `step_001` …, one named `selected`, one per step of each region (`region_000_step_000` …), and the event
identifiers (`run`, `event`), all as long as the sample.
A file that it cannot read ends it with status 3 and the line `data_unreadable: FILE: reason` on standard error.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from codegen.sandbox import Outcome, Policy, choose, read_arrays, read_json, run_sandboxed
from kb.errors import AnalysisError, DataError, InputError

if TYPE_CHECKING:
    import numpy as np

DATA_STATUS = 3
LARGEST_JSON = 64 << 20
LARGEST_MASKS = 256 << 20
JSON_NAME, MASKS_NAME = "result.json", "masks.npz"

Count = Annotated[int, Field(ge=0)]
Text = Annotated[str, Field(max_length=1000)]


class Report(BaseModel):
    """What every part of a script's JSON has in common: nothing unknown, no NaN."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class Step(Report):
    """One line of a cutflow: what survives this step and all before it."""

    cut_ids: list[Text]
    label: Text
    raw: Count
    weighted: float
    sumw2: Annotated[float, Field(ge=0)]


class Histogram(Report):
    """Weighted counts in bins; `variances` are sums of squared weights; no under- or overflow."""

    edges: Annotated[list[float], Field(min_length=2)]
    values: list[float]
    variances: list[Annotated[float, Field(ge=0)]]
    label: Text
    unit: Text = ""

    @model_validator(mode="after")
    def _consistent(self) -> Histogram:
        if not len(self.edges) - 1 == len(self.values) == len(self.variances):
            message = "a histogram has one value and one variance per bin"
            raise ValueError(message)
        if any(high <= low for low, high in zip(self.edges, self.edges[1:], strict=False)):
            message = "bin edges rise"
            raise ValueError(message)
        return self


class RegionCount(Report):
    """The steps of a region, counted after the baseline and after its parent region."""

    parent: Text | None = None
    cutflow: list[Step]


class Measured(Report):
    """What the script writes as JSON for one sample."""

    events: Count
    selected: Count
    weighted: float
    cutflow: list[Step]
    regions: dict[Text, RegionCount] = {}
    histograms: dict[str, Histogram]

    @model_validator(mode="after")
    def _falling(self) -> Measured:
        counts = [self.events, *(step.raw for step in self.cutflow)]
        flows = [counts, *([self.selected, *(step.raw for step in r.cutflow)] for r in self.regions.values())]
        if any(later > earlier for flow in flows for earlier, later in itertools.pairwise(flow)):
            message = "a cutflow never rises"
            raise ValueError(message)
        if self.cutflow and self.selected != counts[-1]:
            message = f"{self.selected} events selected, but {counts[-1]} after the last step"
            raise ValueError(message)
        return self


class SampleRun(BaseModel):
    """One sample: what was measured, event by event and in sum, and how the run went."""

    model_config = ConfigDict(arbitrary_types_allowed=True, frozen=True)

    measured: Measured
    masks: dict[str, Any]
    """Arrays over the events of the sample's files, in order: `step_000` …, `selected`, `run`, `event`."""
    stdout: str
    seconds: float
    peak_memory: int | None


class RawRun(BaseModel):
    """All samples of one run, in the order given, not yet validated against anything."""

    model_config = ConfigDict(frozen=True)

    samples: dict[str, SampleRun]
    tier: str


def run_analysis(
    script: Path,
    samples: Mapping[str, Sequence[Path]],
    output: Path,
    policy: Policy | None = None,
    *,
    workers: int = 1,
    progress: Callable[[str], None] | None = None,
) -> RawRun:
    """Run `script` once per sample, sandboxed, `workers` at a time; results are kept under `output/<sample>/`.

    `progress` is called with a sample's name when it is done.
    Raises `DataError` naming the file for data that cannot be read, `AnalysisError` with the end of the script's
    standard error when it fails or breaks its contract, `SandboxError` when nothing may run here.
    """
    for name, files in samples.items():
        _check_sample(name, files)
    tier = choose()
    bounds = policy or Policy()

    def one(name: str) -> SampleRun:
        run = _run_sample(script, name, samples[name], output / name, bounds, tier)
        if progress is not None:
            progress(name)
        return run

    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        jobs = {name: pool.submit(one, name) for name in samples}
        try:
            runs = {name: job.result() for name, job in jobs.items()}
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return RawRun(samples=runs, tier=tier)


def _check_sample(name: str, files: Sequence[Path]) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][\w.+-]*", name):
        message = f"sample {name!r}: a sample's name starts with a letter or digit and holds no spaces or slashes"
        raise InputError(message, hint="rename the sample")
    if not files:
        message = f"sample {name} has no files"
        raise DataError(message, hint="give at least one ROOT file per sample")
    for path in files:
        if not path.is_file():
            message = f"sample {name}: no file {path}"
            raise DataError(message, hint="check the dataset's folder")
        if path.stat().st_size == 0:
            message = f"sample {name}: {path} is empty"
            raise DataError(message, hint="fetch the file again")


def _run_sample(script: Path, name: str, files: Sequence[Path], output: Path, policy: Policy, tier: str) -> SampleRun:
    paths = [path.absolute() for path in files]
    argv = [*map(str, paths), "--json", JSON_NAME, "--masks", MASKS_NAME, "--sample", name]
    with TemporaryDirectory(prefix="cutbook-run-") as folder:
        # Only what this run left is read, never a result of an earlier one that lies in `output`.
        fresh = Path(folder)
        outcome = run_sandboxed(argv, code=script, data=paths, output=fresh, policy=policy, tier=tier)
        if not outcome.ok:
            raise _failure(name, paths, outcome)
        measured = _measured(name, read_json(fresh, JSON_NAME, LARGEST_JSON))
        masks = read_arrays(fresh, MASKS_NAME, LARGEST_MASKS)
        _check_masks(name, measured, masks)
        output.mkdir(parents=True, exist_ok=True)
        for result in (JSON_NAME, MASKS_NAME):
            (output / result).write_bytes((fresh / result).read_bytes())
    return SampleRun(
        measured=measured,
        masks=masks,
        stdout=outcome.stdout,
        seconds=outcome.seconds,
        peak_memory=outcome.peak_memory,
    )


def _failure(name: str, files: Sequence[Path], outcome: Outcome) -> DataError | AnalysisError:
    """Turn a failed run into the error that says whose fault it is."""
    if outcome.exit_status == DATA_STATUS and not outcome.stopped:
        found = re.search(r"^data_unreadable: (.*)$", outcome.stderr, re.MULTILINE)
        reason = found[1] if found else ""
        # The script may be lying: only files that it was given can be unreadable.
        if any(reason.startswith(f"{path}: ") for path in files):
            return DataError(f"sample {name}: {reason}", hint="the file is damaged or not a ROOT file; fetch it again")
    tail = "\n".join(outcome.stderr.strip().splitlines()[-12:])
    if outcome.stopped:
        return AnalysisError(
            f"sample {name}: the analysis was stopped: {outcome.stopped}" + (f"\n{tail}" if tail else ""),
            hint="split the sample into fewer files, or allow more in the policy",
        )
    how = f"signal {outcome.exit_status - 128}" if outcome.exit_status > 128 else f"status {outcome.exit_status}"
    if "MemoryError" in tail or "Unable to allocate" in tail:
        hint = "it needs more memory than the policy allows; split the sample into fewer files, or allow more"
    elif outcome.exit_status in (128 + 9, 128 + 24):
        hint = "it used up its processor time; split the sample into fewer files, or allow more in the policy"
    else:
        hint = "run it by hand with 'python analysis.py FILES' to look closer"
    return AnalysisError(f"sample {name}: the analysis ended with {how}:\n{tail or '(it printed nothing)'}", hint=hint)


def _measured(name: str, content: object) -> Measured:
    try:
        return Measured.model_validate(content, strict=False)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        message = f"sample {name}: {JSON_NAME} breaks its contract at {path or 'the top'}: {first['msg']}"
        raise AnalysisError(
            message, hint="the generated code is at fault; report it with the script", path=path
        ) from None


def _check_masks(name: str, measured: Measured, masks: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Hold the masks against the counts of the same run: two books of one business must agree."""
    steps = [f"step_{index:03d}" for index in range(len(measured.cutflow))]
    expected = {step: line.raw for step, line in zip(steps, measured.cutflow, strict=True)}
    expected["selected"] = measured.selected
    for number, region in enumerate(measured.regions.values()):
        for index, line in enumerate(region.cutflow):
            expected[f"region_{number:03d}_step_{index:03d}"] = line.raw
    for key, count in expected.items():
        mask = masks.get(key)
        if mask is None or mask.dtype != bool or mask.shape != (measured.events,):
            problem = f"{MASKS_NAME} has no boolean array {key!r} of {measured.events} events"
        elif int(mask.sum()) != count:
            problem = f"mask {key!r} keeps {int(mask.sum())} events, the cutflow says {count}"
        else:
            continue
        message = f"sample {name}: {problem}"
        raise AnalysisError(message, hint="the generated code is at fault; report it with the script")
    for key, values in masks.items():
        if len(values.shape) != 1 or len(values) != measured.events:
            message = f"sample {name}: array {key!r} in {MASKS_NAME} is not one value per event"
            raise AnalysisError(message, hint="the generated code is at fault; report it with the script")
