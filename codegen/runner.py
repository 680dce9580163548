"""Run an analysis script over samples, a sandbox for each partition, and gather what it measured.

The contract with the script, whoever wrote it:

    python analysis.py FILE [FILE ...] [--entries START STOP] [--json OUT.json] [--masks OUT.npz [--alone]]
    [--sample NAME]

It prints a cutflow; OUT.json holds what `Measured` describes; OUT.npz holds one boolean array per cutflow step, named
`step_000`, `step_001` …, one named `selected`, one per step of each region (`region_000_step_000` …), and the event
identifiers (`run`, `event`), all as long as what it was given. `--entries` comes with one file only.
Trigger paths that a file lacks count as not fired, and OUT.json names them, unless it has none at all.
A file that it cannot read ends it with status 3 and the line `data_unreadable: FILE: reason` on standard error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from codegen.measured import Histogram, Measured, Step, merged
from codegen.partial import Part, Parts, run_partition
from codegen.partitions import LARGEST, Partition, partitions
from codegen.sandbox import Policy, choose
from kb.errors import AnalysisError, DataError, InputError

JSON_NAME, MASKS_NAME = "result.json", "masks.npz"
_LOOK = 1.0

Progress = Callable[[int, int], None]
"""Told how many partitions are done, and of how many. What it raises ends the run; what is done stays."""

__all__ = ["Histogram", "Measured", "Progress", "RawRun", "SampleRun", "Step", "UnreadFile", "run_analysis"]


@dataclass(frozen=True)
class UnreadFile:
    """A file that could not be read, and why; the others of its sample were."""

    sample: str
    path: Path
    reason: str


class SampleRun(BaseModel):
    """One sample: what was measured, event by event and in sum, and how the run went."""

    model_config = ConfigDict(arbitrary_types_allowed=True, frozen=True)

    measured: Measured
    masks: dict[str, Any]
    """Arrays over the events of the sample's files, in order: `step_000` …, `selected`, `run`, `event`."""
    files: tuple[Path, ...]
    """The files that were read."""
    stdout: str
    seconds: float
    peak_memory: int | None
    """Of the partition that needed most [bytes]."""


class RawRun(BaseModel):
    """All samples of one run, in the order given, not yet validated against anything."""

    model_config = ConfigDict(arbitrary_types_allowed=True, frozen=True)

    samples: dict[str, SampleRun]
    """Without those of which no file could be read."""
    unread: tuple[UnreadFile, ...] = ()
    tier: str


def run_analysis(
    script: Path,
    samples: Mapping[str, Sequence[Path]],
    output: Path,
    policy: Policy | None = None,
    *,
    tree: str | None = None,
    alone: bool = False,
    largest: int = LARGEST,
    workers: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> RawRun:
    """Run `script` over all samples, sandboxed; results are kept under `output/<sample>/`.

    A partition holds about `largest` bytes; files beyond that are cut by the entries of their `tree`. `workers` run
    side by side here, or as many as the `executor` has, which may lead to other machines that see the same files.
    What a partition leaves is kept in `output` until the run is complete, so that a run which was killed goes on.
    The mask `step_000` is of what meets all up to this step; `alone` asks for `step_000_alone`, of what meets it by
    itself, too.

    Files that cannot be read are named in the result, and the rest is run; `DataError` if no file can be. Raises
    `AnalysisError` with the end of the script's standard error when it fails or breaks its contract, `SandboxError`
    when nothing may run here.
    """
    unread: list[UnreadFile] = []
    parts: list[Partition] = []
    for name, files in samples.items():
        _check_name(name, files)
        good, useless = _looked_at(name, files)
        unread += useless
        parts += [replace(one, alone=alone) for one in partitions(name, good, tree, largest=largest)]
    tier = choose()
    kept = Parts(output, script, tier)
    tell = progress or (lambda _done, _total: None)
    if executor is None:
        with ThreadPoolExecutor(max_workers=max(1, workers)) as own:
            done = _all(own, parts, kept, policy or Policy(), tell)
    else:
        done = _all(executor, parts, kept, policy or Policy(), tell)
    found = list(zip(parts, done, strict=True))
    bad = {path: reason for _, part in found for path, reason in part.unread}
    unread += [UnreadFile(name, path, bad[str(path)]) for name, path in _absolute(samples) if str(path) in bad]
    runs: dict[str, SampleRun] = {}
    for name in samples:
        # A file of which one range of entries cannot be read counts as unread as a whole.
        own_parts = [(p, m) for p, m in found if p.sample == name and m.report and not _spoilt(p, bad)]
        if own_parts:
            runs[name] = _joined(name, own_parts, bad, output / name)
    if unread and not runs:
        first = unread[0]
        message = f"sample {first.sample}: {first.path}: {first.reason}"
        raise DataError(message, hint="none of the files can be read; fetch them again")
    kept.clear()
    return RawRun(samples=runs, unread=tuple(unread), tier=tier)


def _all(executor: Executor, parts: Sequence[Partition], kept: Parts, policy: Policy, tell: Progress) -> list[Part]:
    """Run what is not done yet; the first failure ends what has not begun."""
    done = {place: part for place, partition in enumerate(parts) if (part := kept.get(partition)) is not None}
    tell(len(done), len(parts))
    pending = {
        executor.submit(run_partition, kept.code, partition, policy): place
        for place, partition in enumerate(parts)
        if place not in done
    }
    try:
        while pending:
            # Told now and then in any case, so that whoever listens can end the run.
            ended, _ = wait(pending, timeout=_LOOK, return_when=FIRST_COMPLETED)
            for future in sorted(ended, key=pending.__getitem__):
                place = pending.pop(future)
                done[place] = future.result()
                kept.put(parts[place], done[place])
            tell(len(done), len(parts))
    except BaseException:
        running = [future for future in pending if not future.cancel()]
        # What runs here is waited for in any case; what it gives is for the next attempt.
        ended, _ = wait(running, timeout=None if isinstance(executor, ThreadPoolExecutor) else 0)
        for future in ended:
            if future.exception() is None:
                kept.put(parts[pending[future]], future.result())
        raise
    return [done[place] for place in range(len(parts))]


def _check_name(name: str, files: Sequence[Path]) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][\w.+-]*", name):
        message = f"sample {name!r}: a sample's name starts with a letter or digit and holds no spaces or slashes"
        raise InputError(message, hint="rename the sample")
    if not files:
        message = f"sample {name} has no files"
        raise DataError(message, hint="give at least one ROOT file per sample")


def _looked_at(name: str, files: Sequence[Path]) -> tuple[list[Path], list[UnreadFile]]:
    """Sort out files that are not worth a sandbox."""
    good: list[Path] = []
    bad: list[UnreadFile] = []
    for path in files:
        reason = "there is no such file" if not path.is_file() else "it is empty" if not path.stat().st_size else ""
        if reason:
            bad.append(UnreadFile(name, path, reason))
        else:
            good.append(path)
    return good, bad


def _absolute(samples: Mapping[str, Sequence[Path]]) -> Iterator[tuple[str, Path]]:
    for name, files in samples.items():
        yield from ((name, path.absolute()) for path in files)


def _spoilt(partition: Partition, bad: Mapping[str, str]) -> bool:
    return partition.entries is not None and str(partition.files[0].absolute()) in bad


def _joined(name: str, parts: Sequence[tuple[Partition, Part]], bad: Mapping[str, str], folder: Path) -> SampleRun:
    """Add up a sample's partitions and keep the sum."""
    try:
        measured = merged([made.measured for _, made in parts])
    except ValueError as error:
        message = f"sample {name}: {error}"
        raise AnalysisError(message, hint="the generated code is at fault; report it with the script") from error
    arrays = [made.arrays() for _, made in parts]
    masks = {key: np.concatenate([one[key] for one in arrays]) for key in arrays[0]}
    files = [path for partition, _ in parts for path in partition.files if str(path.absolute()) not in bad]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / JSON_NAME).write_text(measured.model_dump_json(indent=1) + "\n", encoding="utf-8")
    if len(parts) == 1:
        (folder / MASKS_NAME).write_bytes(parts[0][1].masks)
    else:
        with (folder / MASKS_NAME).open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **masks)
    return SampleRun(
        measured=measured,
        masks=masks,
        files=tuple(dict.fromkeys(files)),
        stdout="".join(made.stdout for _, made in parts),
        seconds=sum(made.seconds for _, made in parts),
        peak_memory=max((made.peak_memory for _, made in parts if made.peak_memory), default=None),
    )
