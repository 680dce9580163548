"""Replay a bundle: its files are unchanged, the data are the same, and its code measures the same numbers again."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from codegen.analysis import CODE, CRITERIA, RESULT, Progress
from codegen.bundle import MANIFEST, verify_bundle
from codegen.dataset import root_files
from codegen.result import InputFile, Result, SampleResult
from codegen.runner import run_analysis
from codegen.software import software
from codegen.tally import sample_result
from kb.errors import DataError, InputError
from kb.ssc import SelectionCriteria

LARGEST = 64 << 20
"""Of a file in a bundle [bytes]; code, criteria and results are far smaller."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A number, by its path in the result, that is not what it was; None where there is none."""

    path: str
    then: float | str | None
    now: float | str | None


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay found."""

    result: Result
    """What the bundle says."""
    compared: int
    """How many numbers were compared."""
    different: tuple[Difference, ...]
    software: tuple[Difference, ...]
    """Versions that are not those of the first run."""

    @property
    def agrees(self) -> bool:
        """Whether every number is the same."""
        return not self.different


def open_bundle(path: Path) -> tuple[bytes, SelectionCriteria, Result]:
    """Return the code, criteria and result of a bundle; InputError for one that is no bundle or was changed."""
    if not path.is_file():
        message = f"there is no file {path}"
        raise InputError(message, hint="give the bundle.zip that an analysis has left")
    try:
        with zipfile.ZipFile(path) as archive:
            if any(entry.file_size > LARGEST for entry in archive.infolist()):
                message = f"{path} holds a file of more than {LARGEST >> 20} MiB"
                raise InputError(message, hint="this is no bundle of cutbook's")
            if MANIFEST not in archive.namelist():
                message = f"{path} has no {MANIFEST}"
                raise InputError(message, hint="give the bundle.zip that an analysis has left")
            wrong = verify_bundle(path)
            if wrong:
                message = f"{path} was changed: {'; '.join(wrong)}"
                raise InputError(message, hint="take the bundle as the analysis left it")
            code, criteria, result = (archive.read(name) for name in (CODE, CRITERIA, RESULT))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        message = f"{path} is no bundle: {error}"
        raise InputError(message, hint="give the bundle.zip that an analysis has left") from error
    result_ = Result.from_json(result)
    for name, data, said in ((CODE, code, result_.inputs.code), (CRITERIA, criteria, result_.inputs.criteria)):
        if hashlib.sha256(data).hexdigest() != said:
            message = f"{path}: {name} is not the one that the result was made with"
            raise InputError(message, hint="take the bundle as the analysis left it")
    return code, SelectionCriteria.from_json(criteria), result_


def replay(
    path: Path,
    folder: Path,
    *,
    workers: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Replay:
    """Run a bundle's code, sandboxed, on the data in a folder and compare every number with the bundle's result.

    The data are recognised by their checksums, whatever their files are called now. InputError for a bundle that was
    changed; DataError naming the files that are not there any more or are others.
    """
    tell = progress or (lambda _stage, _done, _total: None)
    code, _, result = open_bundle(path)
    samples = _files(result, folder, tell)
    with TemporaryDirectory(prefix="cutbook-replay-") as work:
        script = Path(work) / CODE
        script.write_bytes(code)
        run = run_analysis(
            script, samples, Path(work), workers=workers, executor=executor, progress=partial(tell, "run")
        )
    if run.unread:
        unread = ", ".join(str(one.path) for one in run.unread)
        message = f"files that could be read then cannot be read now: {unread}"
        raise DataError(message, hint="is the disk well? Their checksums are right")
    now = {
        name: sample_result(found.measured, kind=result.samples[name].kind, normalised=result.samples[name].normalised)
        for name, found in run.samples.items()
    }
    named = {(name, str(path.absolute())): place for name, files in samples.items() for place, path in enumerate(files)}
    absent = {
        f"absent.{name}[{named[name, file]}]": ", ".join(paths)
        for name, found in run.samples.items()
        for file, paths in found.measured.absent.items()
    }
    pairs = list(_compared(_numbers(result.samples) | _absent(result), _numbers(now) | absent))
    versions = software(run.tier, result.engine.backend)
    return Replay(
        result=result,
        compared=len(pairs),
        different=tuple(pair for pair in pairs if pair.then != pair.now),
        software=tuple(pair for pair in _compared(result.software, versions) if pair.then != pair.now),
    )


def _files(result: Result, folder: Path, tell: Progress) -> dict[str, Sequence[Path]]:
    """Find the files that were read then, by size and checksum."""
    unread = {(one.sample, one.name) for one in result.unread}
    wanted = [one for one in result.inputs.files if (one.sample, one.name) not in unread]
    at_hand: dict[int, list[Path]] = {}
    for file in root_files(folder):
        at_hand.setdefault(file.stat().st_size, []).append(file)
    known: dict[Path, str] = {}
    found: dict[str, list[Path]] = {name: [] for name in result.samples}
    missing: list[str] = []
    for done, one in enumerate(wanted):
        tell("checksums", done, len(wanted))
        place = _find(one, at_hand.get(one.bytes, []), known)
        if place is None:
            missing.append(f"{one.name} ({one.sample})")
        else:
            found[one.sample].append(place)
    tell("checksums", len(wanted), len(wanted))
    if missing:
        message = f"{folder} has not the data of this bundle: {', '.join(missing)}"
        raise DataError(message, hint="give the folder with the same files; names do not matter, contents do")
    return {name: tuple(files) for name, files in found.items()}


def _find(wanted: InputFile, candidates: Sequence[Path], known: dict[Path, str]) -> Path | None:
    for path in sorted(candidates, key=lambda path: path.name != wanted.name):
        if path not in known:
            with path.open("rb") as file:
                known[path] = hashlib.file_digest(file, "sha256").hexdigest()
        if known[path] == wanted.sha256:
            return path
    return None


def _numbers(samples: Mapping[str, SampleResult]) -> dict[str, float | str]:
    return dict(_leaves({name: json.loads(sample.model_dump_json()) for name, sample in samples.items()}, "samples"))


def _absent(result: Result) -> dict[str, float | str]:
    """Return the trigger paths that files lacked, by the place of the file among those of its sample that were read."""
    unread = {(one.sample, one.name) for one in result.unread}
    read: dict[str, list[str]] = {}
    for one in result.inputs.files:
        if (one.sample, one.name) not in unread:
            read.setdefault(one.sample, []).append(one.name)
    return {f"absent.{one.sample}[{read[one.sample].index(one.name)}]": ", ".join(one.paths) for one in result.absent}


def _leaves(value: Any, path: str) -> Iterator[tuple[str, float | str]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _leaves(part, f"{path}.{name}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _leaves(part, f"{path}[{index}]")
    elif value is not None:
        yield path, value


def _compared(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    for path in dict.fromkeys([*then, *now]):
        yield Difference(path, then.get(path), now.get(path))
