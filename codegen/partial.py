"""One partition of a run: what a sandbox left of it, held against itself, and kept until the run is complete."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from codegen.measured import Measured
from codegen.partitions import Partition
from codegen.sandbox import Outcome, Policy, choose, read_arrays, read_json, run_sandboxed
from codegen.software import software
from kb.errors import AnalysisError

if TYPE_CHECKING:
    import numpy as np

DATA_STATUS = 3
LARGEST_JSON = 64 << 20
LARGEST_MASKS = 256 << 20
_JSON, _MASKS, _ABOUT = "result.json", "masks.npz", "part.json"
_FOLDER = ".parts"


@dataclass(frozen=True)
class Part:
    """What a partition gave; nothing was measured where no file of it could be read. It can be sent and stored."""

    report: str
    """The script's JSON, empty where nothing was measured."""
    masks: bytes
    """The script's arrays, as it wrote them."""
    unread: tuple[tuple[str, str], ...]
    """Files, by absolute path, that cannot be read, and why."""
    stdout: str
    seconds: float
    peak_memory: int | None

    @property
    def measured(self) -> Measured:
        """What was counted; ValueError where nothing was."""
        return Measured.model_validate_json(self.report)

    def arrays(self) -> dict[str, Any]:
        """Return the arrays by name."""
        import numpy as np

        with np.load(io.BytesIO(self.masks), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}


class Parts:
    """The parts of a run that are done, kept in its output folder; those of other code or other data do not count."""

    def __init__(self, output: Path, script: Path, tier: str) -> None:
        self.code = script.read_bytes()
        self._folder = output / _FOLDER
        self._ingredients = (hashlib.sha256(self.code).hexdigest(), repr(software(tier)))

    def get(self, partition: Partition) -> Part | None:
        """Return what a partition gave, if it is done."""
        folder = self._folder / partition.key(*self._ingredients)
        try:
            about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
            about["unread"] = tuple((path, reason) for path, reason in about["unread"])
            return Part(**about, masks=(folder / _MASKS).read_bytes())
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def put(self, partition: Partition, part: Part) -> None:
        """Keep what a partition gave."""
        folder = self._folder / partition.key(*self._ingredients)
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / _MASKS, part.masks)
        about = {name: value for name, value in asdict(part).items() if name != "masks"}
        # The record comes last: while it is missing, the part counts as not done.
        _write(folder / _ABOUT, json.dumps(about).encode())

    def clear(self) -> None:
        """Forget all parts."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _write(path: Path, data: bytes) -> None:
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.write_bytes(data)
    partial.replace(path)


def run_partition(code: bytes, partition: Partition, policy: Policy) -> Part:
    """Run a script on a partition in a sandbox of this machine; files that cannot be read are left out and named.

    AnalysisError where the script fails or breaks its contract; SandboxError where nothing may run.
    """
    tier = choose()
    files = [path.absolute() for path in partition.files]
    unread: list[tuple[str, str]] = []
    while files:
        try:
            part = _run(code, partition, files, policy, tier)
        except _UnreadableError as error:
            files.remove(error.path)
            unread.append((str(error.path), error.reason))
        else:
            return Part(**{**part, "unread": tuple(unread)})
    return Part("", b"", tuple(unread), "", 0.0, None)


class _UnreadableError(Exception):
    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(reason)
        self.path, self.reason = path, reason


def _run(code: bytes, partition: Partition, files: Sequence[Path], policy: Policy, tier: str) -> dict[str, Any]:
    name = partition.sample
    entries = ["--entries", *map(str, partition.entries)] if partition.entries else []
    alone = ["--alone"] if partition.alone else []
    argv = [*map(str, files), *entries, "--json", _JSON, "--masks", _MASKS, *alone, "--sample", name]
    with TemporaryDirectory(prefix="cutbook-run-") as folder:
        script, fresh = Path(folder) / "analysis.py", Path(folder) / "out"
        script.write_bytes(code)
        fresh.mkdir()
        outcome = run_sandboxed(argv, code=script, data=files, output=fresh, policy=policy, tier=tier)
        if not outcome.ok:
            raise _failure(name, files, outcome)
        measured = _measured(name, read_json(fresh, _JSON, LARGEST_JSON))
        _check_files(name, measured, files)
        _check_masks(name, measured, read_arrays(fresh, _MASKS, LARGEST_MASKS))
        masks = (fresh / _MASKS).read_bytes()
    return {
        "report": measured.model_dump_json(),
        "masks": masks,
        "stdout": outcome.stdout,
        "seconds": outcome.seconds,
        "peak_memory": outcome.peak_memory,
    }


def _failure(name: str, files: Sequence[Path], outcome: Outcome) -> Exception:
    """Turn a failed run into the error that says whose fault it is."""
    if outcome.exit_status == DATA_STATUS and not outcome.stopped:
        found = re.search(r"^data_unreadable: (.*)$", outcome.stderr, re.MULTILINE)
        reason = found[1] if found else ""
        # The script may be lying: only files that it was given can be unreadable.
        for path in files:
            if reason.startswith(f"{path}: "):
                return _UnreadableError(path, reason.removeprefix(f"{path}: "))
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
        message = f"sample {name}: {_JSON} breaks its contract at {path or 'the top'}: {first['msg']}"
        raise AnalysisError(
            message, hint="the generated code is at fault; report it with the script", path=path
        ) from None


def _check_files(name: str, measured: Measured, files: Sequence[Path]) -> None:
    for file in measured.absent:
        if file not in set(map(str, files)):
            message = f"sample {name}: {_JSON} tells of a file that it was not given: {file}"
            raise AnalysisError(message, hint="the generated code is at fault; report it with the script")


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
            problem = f"{_MASKS} has no boolean array {key!r} of {measured.events} events"
        elif int(mask.sum()) != count:
            problem = f"mask {key!r} keeps {int(mask.sum())} events, the cutflow says {count}"
        else:
            continue
        message = f"sample {name}: {problem}"
        raise AnalysisError(message, hint="the generated code is at fault; report it with the script")
    for key, values in masks.items():
        if len(values.shape) != 1 or len(values) != measured.events:
            message = f"sample {name}: array {key!r} in {_MASKS} is not one value per event"
            raise AnalysisError(message, hint="the generated code is at fault; report it with the script")
