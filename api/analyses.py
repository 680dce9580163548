"""Generated analyses: run one for a paper and a dataset, keep its files, find it again."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from api.intake import Progress
from kb.errors import AnalysisNotFoundError, CutbookError, InputError
from kb.store.records import AnalysisRecord, Problem, now

if TYPE_CHECKING:
    from api.workspace import Workspace
    from codegen.dataset import Dataset
    from codegen.profile import Profile
    from codegen.result import BackendName, EngineName, Result
    from kb.ssc import Observable, SelectionCriteria

CODE = "analysis.py"
RESULT = "result.json"


def analysis_id(
    arxiv_id: str, version: int, folder: Path, engine: EngineName = "compiled", backend: BackendName = "awkward"
) -> str:
    """Return the name of an engine's analysis of a paper on the dataset in a folder; running it again replaces it.

    >>> toys = Path("toys")
    >>> analysis_id("hzz4l", 1, toys) == analysis_id("hzz4l", 1, toys) != analysis_id("hzz4l", 2, toys)
    True
    """
    by = "".join(f"\n{name}" for name in (engine, backend) if name not in {"compiled", "awkward"})
    return hashlib.sha256(f"{arxiv_id}v{version}\n{folder.resolve()}{by}".encode()).hexdigest()[:12]


def request_analysis(
    workspace: Workspace,
    arxiv_id: str,
    dataset: str,
    *,
    output: Path | None = None,
    profile: str | None = None,
    engine: EngineName = "compiled",
    probes: bool = True,
    observables: Sequence[Observable] = (),
    backend: BackendName = "awkward",
) -> dict[str, Any]:
    """Enter an analysis into the base as queued and return the request for a job that does it.

    The paper and the dataset, a name or a folder, have to exist, and `output` must be a folder that can be written to.
    `profile`, a name or a TOML file, says what the dataset's branches mean; else the files tell. `probes`: show every
    cut on made-up events. `observables` are drawn besides those of the criteria. `backend` is what the code is written
    for.
    """
    _check(engine, backend)
    if engine != "compiled":
        workspace.model()
    criteria = workspace.store.criteria(arxiv_id)
    paper = criteria.paper
    if not criteria.cuts:
        message = f"no cut of {arxiv_id} is known, so that there is nothing to apply"
        raise InputError(message, hint=f"see what was read and refused: cutbook cuts {arxiv_id} --explain")
    opened = workspace.dataset(dataset, profile=profile)
    if backend == "rdataframe":
        _check_trees(opened)
    if observables:
        _check_observables(criteria, observables, opened.profile)
    if output is not None:
        _check_output(output)
    record = AnalysisRecord(
        id=analysis_id(paper.arxiv_id, paper.version, opened.folder, engine, backend),
        arxiv_id=paper.arxiv_id,
        version=paper.version,
        dataset=opened.name,
    )
    try:
        under_way = workspace.store.analysis(record.id).finished_at is None
    except AnalysisNotFoundError:
        under_way = False
    # One that a job is at is not queued once more.
    if not under_way:
        workspace.store.save_analysis(record)
    return {
        "paper": record.arxiv_id,
        "dataset": record.dataset,
        "folder": str(opened.folder.absolute()),
        "analysis": record.id,
        "probes": probes,
        **({"out": str(output.absolute())} if output else {}),
        **({"engine": engine} if engine != "compiled" else {}),
        **({"backend": backend} if backend != "awkward" else {}),
        **({"profile": _lasting(profile)} if profile else {}),
        **({"observables": [one.model_dump(mode="json") for one in observables]} if observables else {}),
    }


def run_analysis(
    workspace: Workspace,
    arxiv_id: str,
    dataset: str,
    *,
    output: Path | None = None,
    profile: str | None = None,
    probes: bool = True,
    progress: Progress = lambda *_: None,
    job_id: str | None = None,
    engine: EngineName = "compiled",
    observables: Sequence[Observable] = (),
    backend: BackendName = "awkward",
) -> tuple[AnalysisRecord, Result]:
    """Generate, run and validate a paper's analysis; return its record, whose folder holds the files, and its result.

    `dataset` is a known name or a folder. `output` defaults to a folder of the home; there the old files are replaced
    only once the new ones are complete. `engine` says who writes the code, `backend` for what. What fails is kept in
    the record, and raised.
    """
    criteria = _with(workspace.store.criteria(arxiv_id), observables)
    paper = criteria.paper
    opened = workspace.dataset(dataset, profile=profile)
    name = analysis_id(paper.arxiv_id, paper.version, opened.folder, engine, backend)

    # Heavy, so imported when paper and dataset are known to exist.
    from api.cluster import executor
    from eval.probes.table import probe
    from eval.reference import reference_masks
    from eval.weights import reference_weights

    target = output.absolute() if output else workspace.folder("analyses") / name
    record = AnalysisRecord(
        id=name,
        arxiv_id=paper.arxiv_id,
        version=paper.version,
        dataset=opened.name,
        state="running",
        job_id=job_id,
    )
    workspace.store.save_analysis(record)
    work = target if output else target.with_name(f".{name}.partial")
    # What a run that was killed has left there of the same code and data is taken up.
    work.mkdir(parents=True, exist_ok=True)
    try:
        with executor(workspace.settings.dask_scheduler) as workers:
            given: dict[str, Any] = {"reference": reference_masks, "weigher": reference_weights}
            given |= {"progress": progress, "executor": workers}
            given |= {"prober": probe} if probes else {}
            given |= {"backend": backend} if engine == "compiled" else {}
            result = _written(workspace, engine)(criteria, opened, work, **given)
    except CutbookError as error:
        failed = record.model_copy(update={"state": "failed", "finished_at": now(), "problem": Problem.of(error)})
        workspace.store.save_analysis(failed)
        raise
    if output is None:
        shutil.rmtree(target, ignore_errors=True)
        work.replace(target)
    done = {"state": "done", "finished_at": now(), "folder": str(target), "result": result.model_dump(mode="json")}
    record = record.model_copy(update=done)
    workspace.store.save_analysis(record)
    return record, result


def _with(criteria: SelectionCriteria, observables: Sequence[Observable]) -> SelectionCriteria:
    """Return criteria with more observables; one asked for takes the place of theirs of the same name."""
    asked = {one.name: one for one in observables}
    kept = [one for one in criteria.observables if one.name not in asked]
    return criteria.model_copy(update={"observables": (*kept, *asked.values())})


def _check_observables(criteria: SelectionCriteria, observables: Sequence[Observable], profile: Profile) -> None:
    """Raise `InputError`, before anything runs, for what somebody asks to be drawn and cannot be."""
    from codegen.plan import make_plan

    reasons = dict(make_plan(_with(criteria, observables), profile).not_drawn)
    for one in observables:
        if reason := reasons.get(one.name):
            rank = f"@{one.subject.rank}" if one.subject.rank else ""
            written = f"{one.subject.object}.{one.variable.id}{rank}"
            message = f"{written} cannot be drawn for {criteria.paper.arxiv_id} on this ntuple: {reason}"
            raise InputError(message, hint=f"see what the ntuple has: cutbook datasets show {profile.name}")


def _check_trees(dataset: Dataset) -> None:
    """Refuse RNTuples for code that reads TTrees."""
    from codegen.recognition import is_ntuple

    tree = dataset.profile.tree
    for path in (path for sample in dataset.samples.values() for path in sample.files):
        if is_ntuple(path, tree):
            message = f"{path}: '{tree}' is an RNTuple, which the code for RDataFrame does not read"
            raise InputError(message, hint="take the back end 'awkward', which does, or write the events as a TTree")


def _check_output(output: Path) -> None:
    """Make the folder that files are to be put into; raise `InputError`, before anything runs, where that fails."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=output):
            pass
    except OSError as error:
        message = f"{output}: no files can be written there: {error.strerror or error}"
        raise InputError(message, hint="give a folder that you may write to: --out FOLDER; or leave it out") from error


def _check(engine: EngineName, backend: BackendName) -> None:
    """Refuse a back end that is not here, or that an engine does not write for."""
    if backend != "awkward" and engine != "compiled":
        message = f"the engine '{engine}' writes for the back end 'awkward' only"
        raise InputError(message, hint="take the engine 'compiled', or the back end 'awkward'")
    if backend != "awkward":
        from codegen.backend import writer

        writer(backend)


def _written(workspace: Workspace, engine: EngineName) -> Callable[..., Result]:
    """Return what makes an analysis with this engine."""
    if engine == "compiled":
        from codegen.analysis import analyse

        return analyse
    if engine == "llm":
        from codegen.engine_llm import analyse_by_model

        return partial(analyse_by_model, model=workspace.model())
    from codegen.engine_hybrid import analyse_with_model

    return partial(analyse_with_model, model=workspace.model())


def _lasting(profile: str) -> str:
    """Return a profile's name, or the path of its file as it is known from everywhere."""
    return str(Path(profile).absolute()) if profile.endswith(".toml") else profile


def files_of(record: AnalysisRecord) -> list[str]:
    """Return the names, relative to its folder, of an analysis' files; links and hidden files are left out."""
    if not record.folder:
        return []
    folder = Path(record.folder)
    found = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    names = (path.relative_to(folder) for path in found)
    return sorted(name.as_posix() for name in names if not any(part.startswith(".") for part in name.parts))


def file_of(record: AnalysisRecord, name: str) -> Path:
    """Return the path of one of the files that `files_of` lists; no other name is followed."""
    names = files_of(record)
    if name not in names:
        message = f"analysis {record.id} has no file '{name}'"
        raise AnalysisNotFoundError(message, hint=f"it has: {', '.join(names) or 'none yet'}")
    return Path(record.folder) / name
