"""From criteria and a dataset to a validated result: plan, write the code, run it sandboxed, compare, draw, pack."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from codegen.backend import Write, writer
from codegen.bundle import write_bundle
from codegen.dataset import Dataset, Sample
from codegen.emit import unreviewed
from codegen.export_coffea import to_coffea
from codegen.export_hepdata import to_hepdata
from codegen.gallery import gallery
from codegen.leftovers import remember
from codegen.measured import Measured
from codegen.plan import make_plan
from codegen.plan_model import Plan
from codegen.recognition import unread
from codegen.result import (
    AbsentPaths,
    BackendName,
    Coverage,
    CutProbes,
    DatasetResult,
    EngineName,
    EngineResult,
    HistogramSums,
    InputFile,
    Inputs,
    Omission,
    PaperResult,
    Probes,
    RemarkResult,
    Result,
    SampleResult,
    UnreadInput,
    Validation,
)
from codegen.runner import JSON_NAME, MASKS_NAME, RawRun, SampleRun, run_analysis
from codegen.sandbox import Policy
from codegen.software import requirements, software
from codegen.tally import sample_result
from codegen.validate import Flags, Prober, Reference, Weigher, compare_masks, compare_sums, compare_yields, judge
from codegen.validate_histograms import Filled, compare_histograms
from kb.model import Model
from kb.ssc import SelectionCriteria

Progress = Callable[[str, int, int], None]

CODE, RESULT, CRITERIA, PROFILE, BUNDLE = "analysis.py", "result.json", "ssc.json", "profile.json", "bundle.zip"
REQUIREMENTS, LEDGER = "requirements.txt", "ledger.json"
COFFEA, HEPDATA = "coffea_selection.py", "hepdata"
RUNS, PLOTS = "samples", "plots"

__all__ = ["Prober", "Progress", "Reference", "Weigher", "analyse", "run_criteria"]


def analyse(
    criteria: SelectionCriteria,
    dataset: Dataset,
    output: Path,
    *,
    policy: Policy | None = None,
    reference: Reference | None = None,
    weigher: Weigher | None = None,
    prober: Prober | None = None,
    published: Mapping[str, Mapping[str, float]] | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    write: Write | None = None,
    backend: BackendName = "awkward",
    engine: EngineName = "compiled",
    model: Model | None = None,
) -> Result:
    """Apply criteria to a dataset and return the result, which is also written to `output`.

    `output` gets analysis.py, coffea_selection.py, ssc.json, profile.json, result.json, requirements.txt, plots/,
    hepdata/ (tables as YAML), samples/<name>/ (counts and masks) and bundle.zip. With a `reference` every event is
    compared with it, with a `weigher` besides every sum of weights, with a `prober` every cut is shown on events made
    for it; with `published` yields (`{sample: {"selected": …, "weighted": …}}`) those are compared.

    What an earlier run left in `output` and this one does not replace is removed; other files there stay.

    `workers` sandboxes run side by side (default: one per processor core), or as many as the `executor` has. `progress`
    is called with a stage and how much of it is done. Files that cannot be read are named in the result, which then is
    not complete; DataError if none can be. `write` makes the code, or else the compiler for a `backend`; `engine` and
    `model` say who it is, and the calls of the model come into the bundle.
    """
    tell = progress or (lambda stage, done, total: None)
    plan, run = run_criteria(
        criteria,
        dataset,
        output,
        policy=policy,
        progress=progress,
        workers=workers,
        executor=executor,
        write=write or writer(backend),
    )
    (output / CRITERIA).write_text(criteria.to_json() + "\n", encoding="utf-8")
    (output / PROFILE).write_text(dataset.profile.model_dump_json(indent=1) + "\n", encoding="utf-8")
    samples = {name: _sample(dataset.samples[name], found) for name, found in run.samples.items()}
    # A model is asked for masks; what it does not fill is told, and not held against it.
    validation = _validate(criteria, plan, dataset, run, reference, weigher, tell, masks_only=engine == "llm")
    yields = compare_yields(samples, published or {})
    probes = _probe(criteria, dataset, output, run, prober, tell)
    plots = gallery(plan, dataset, run, output / PLOTS, partial(tell, "plots"))
    drawn = [path.relative_to(output).as_posix() for path in plots.drawn]
    result = Result(
        paper=PaperResult.model_validate(
            criteria.paper.model_dump(include={"arxiv_id", "version", "title", "document_hash"})
        ),
        dataset=DatasetResult(
            name=dataset.name,
            profile=dataset.profile.name,
            luminosity=None if plots.no_luminosity else dataset.luminosity,
            no_luminosity=plots.no_luminosity,
        ),
        samples=samples,
        unread=tuple(
            UnreadInput(sample=one.sample, name=one.path.name, reason=unread(one.path, one.reason))
            for one in run.unread
        ),
        absent=tuple(
            AbsentPaths(sample=name, name=Path(file).name, paths=tuple(paths))
            for name, found in run.samples.items()
            for file, paths in found.measured.absent.items()
        ),
        coverage=Coverage(
            applied=len(plan.applied),
            already=sum(one.already for one in plan.not_applied),
            total=len(plan.cuts),
            unreviewed=unreviewed(plan),
        ),
        not_applied=tuple(
            Omission(cut_id=o.cut_id, statement=o.statement, reason=o.reason, review=o.review, already=o.already)
            for o in plan.not_applied
        ),
        plots=tuple(drawn),
        not_drawn=plots.not_drawn,
        not_varied=dataset.not_varied,
        regions_left_out=dict(plan.left_out),
        remarks=tuple(RemarkResult(about=one.about, text=one.text, review=one.review) for one in plan.remarks),
        validation=judge(validation.event_by_event, yields, probes, validation.weights, validation.histograms),
        software=software(run.tier, backend),
        inputs=_inputs(output, dataset),
        seeds=_seeds(dataset, probes, model),
        engine=EngineResult(
            name=engine,
            backend=backend,
            model=model.name if model else None,
            calls=tuple(dict.fromkeys(call.key for call in model.calls)) if model else (),
        ),
    )
    (output / RESULT).write_text(result.to_json(), encoding="utf-8")
    (output / REQUIREMENTS).write_text(requirements(backend), encoding="utf-8")
    (output / COFFEA).write_text(to_coffea(plan), encoding="utf-8")
    submission = to_hepdata(result, dataset.profile.sqrt_s)
    (output / HEPDATA).mkdir(exist_ok=True)
    for name, text in submission.items():
        (output / HEPDATA / name).write_text(text, encoding="utf-8")
    names = [
        CODE,
        CRITERIA,
        PROFILE,
        RESULT,
        REQUIREMENTS,
        COFFEA,
        *(f"{HEPDATA}/{name}" for name in submission),
        *_ledger(output, model),
        *drawn,
    ]
    write_bundle(output, names, output / BUNDLE, seeds=result.seeds)
    kept = [f"{RUNS}/{name}/{file}" for name in run.samples for file in (JSON_NAME, MASKS_NAME)]
    remember(output, [*names, BUNDLE, *kept])
    return result


def run_criteria(
    criteria: SelectionCriteria,
    dataset: Dataset,
    output: Path,
    *,
    policy: Policy | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    write: Write | None = None,
) -> tuple[Plan, RawRun]:
    """Compile criteria for a dataset and run them sandboxed; `output` gets analysis.py and samples/<name>/.

    `write` makes the code of the plan (default: the compiler, with awkward arrays).
    """
    tell = progress or (lambda stage, done, total: None)
    output.mkdir(parents=True, exist_ok=True)
    tell("plan", 0, 1)
    plan = make_plan(criteria, dataset.profile)
    script = output / CODE
    script.write_text((write or writer("awkward"))(plan, dataset.samples), encoding="utf-8")
    tell("plan", 1, 1)
    files: dict[str, Sequence[Path]] = {name: sample.files for name, sample in dataset.samples.items()}
    tell("run", 0, len(files))
    run = run_analysis(
        script,
        files,
        output / RUNS,
        policy,
        tree=dataset.profile.tree,
        workers=workers or len(os.sched_getaffinity(0)),
        executor=executor,
        progress=partial(tell, "run"),
    )
    return plan, run


def _validate(
    criteria: SelectionCriteria,
    plan: Plan,
    dataset: Dataset,
    run: RawRun,
    reference: Reference | None,
    weigher: Weigher | None,
    tell: Progress,
    *,
    masks_only: bool = False,
) -> Validation:
    if reference is None:
        return Validation(status="not_validated")
    expected: dict[str, Flags] = {}
    weights: dict[str, Mapping[str, Sequence[float]]] = {}
    tell("validate", 0, len(run.samples))
    for number, (name, found) in enumerate(run.samples.items(), start=1):
        expected[name] = reference(criteria, dataset.profile, found.files)
        if weigher is not None:
            weights[name] = weigher(dataset.profile, dataset.samples[name], found.files)
        tell("validate", number, len(run.samples))
    events = compare_masks(plan, {name: run.samples[name].masks for name in expected}, expected)
    measured = {name: found.measured for name, found in run.samples.items()}
    if not weights:
        return judge(events, ())
    sums = compare_sums(plan, measured, expected, weights)
    return judge(
        events, (), weights=sums, histograms=_histograms(plan, measured, expected, weights, optional=masks_only)
    )


def _histograms(
    plan: Plan,
    measured: Mapping[str, Measured],
    expected: Mapping[str, Flags],
    weights: Mapping[str, Mapping[str, Sequence[float]]],
    *,
    optional: bool,
) -> HistogramSums | None:
    """Compare histograms if the reference says what they are filled with, as one given as masks does not."""
    filled = {name: flags for name, flags in expected.items() if isinstance(flags, Filled)}
    if len(filled) < len(expected):
        return None
    return compare_histograms(plan, measured, filled, weights, optional=optional)


def _probe(
    criteria: SelectionCriteria, dataset: Dataset, output: Path, run: RawRun, prober: Prober | None, tell: Progress
) -> Probes | None:
    if prober is None or not run.samples:
        return None
    tell("probe", 0, 1)
    measured = next(iter(run.samples.values())).measured
    try:
        probes = prober(criteria, dataset, output / CODE, measured)
    except Exception as error:  # what cannot be shown leaves the rest of the result as good as it is
        probes = _unshown(criteria, measured, f"no events could be made: {type(error).__name__}: {error}")
    tell("probe", 1, 1)
    return probes


def _unshown(criteria: SelectionCriteria, measured: Measured, reason: str) -> Probes:
    """Return a table that says why no cut could be shown."""
    flows = [measured.cutflow, *(region.cutflow for region in measured.regions.values())]
    applied = dict.fromkeys(cut_id for flow in flows for step in flow for cut_id in step.cut_ids)
    cuts = [cut for cut_id in applied if (cut := criteria.cut(cut_id)) is not None]
    shown = tuple(
        CutProbes(cut_id=cut.id, statement=cut.statement(), verdict="not_provable", reason=reason, events=0)
        for cut in cuts
    )
    return Probes(events=0, proven=0, wrong=0, not_provable=len(shown), cuts=shown)


def _seeds(dataset: Dataset, probes: Probes | None, model: Model | None) -> dict[str, int]:
    """Return the seeds of what was drawn by chance, by what that is."""
    asked = [call.question.get("seed") for call in model.calls] if model else []
    known = {"probes": probes.seed if probes else None, "toys": dataset.seed, "model": next(iter(asked), None)}
    return {name: seed for name, seed in known.items() if seed is not None}


def _sample(sample: Sample, run: SampleRun) -> SampleResult:
    return sample_result(run.measured, kind=sample.kind, normalised=sample.normalised)


def _ledger(output: Path, model: Model | None) -> list[str]:
    """Keep what a model was asked and answered; return the name of the file."""
    if model is None:
        return []
    calls = {call.key: call.model_dump(mode="json") for call in model.calls}
    text = json.dumps(list(calls.values()), indent=1, ensure_ascii=False) + "\n"
    (output / LEDGER).write_text(text, encoding="utf-8")
    return [LEDGER]


def _inputs(output: Path, dataset: Dataset) -> Inputs:
    files = [
        InputFile(sample=name, name=path.name, bytes=path.stat().st_size, sha256=_checksum(path))
        for name, sample in dataset.samples.items()
        for path in sample.files
        if path.is_file()
    ]
    return Inputs(
        criteria=_checksum(output / CRITERIA),
        profile=_checksum(output / PROFILE),
        code=_checksum(output / CODE),
        files=tuple(files),
        left_out=dataset.left_out,
    )


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
