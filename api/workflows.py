"""The work that jobs are made of, as DBOS workflows: killed at any point, they go on after the last step that was done.

A workflow is named by its job and attempt. The job's record in the store says what is asked and how far it is, for
everyone to read; DBOS keeps which steps are done, and what little they returned, so as to go on. Where the two
differ the record is right: a workflow of a job that was cancelled, or begun anew, ends without doing anything.
"""

from __future__ import annotations

import contextvars
import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from dbos import DBOS, SetWorkflowID
from dbos import error as dbos_errors

from api.analyses import run_analysis
from api.intake import Desk, ReadIn, intake_of, link, read_in
from api.references import Plan
from api.report import Report, Stopped, Withdrawn
from api.source import Source
from api.workspace import Workspace
from kb.errors import CutbookError, FaultError
from kb.observable import Observable
from kb.store.records import AnalysisRecord, JobRecord, Problem, now

STEPS = 1
"""Which sequence of steps the workflows take. Raise it when steps are added, renamed or put in another order: attempts
that were begun with other steps are then begun anew, which repeats work and loses none."""

AHEAD = 2
"""How many cited papers are worked on at a time: while one is fetched, another one is read."""

_LOG = logging.getLogger("cutbook.jobs")
_PAUSE = 0.2
_Outcome = TypeVar("_Outcome")


@dataclass
class Bench:
    """What the workflows of this process work with."""

    workspace: Workspace
    plan: Plan
    stopping: threading.Event = field(default_factory=threading.Event)
    news: threading.Condition = field(default_factory=threading.Condition)
    """Told whenever a job of this process has moved."""
    at_work: set[str] = field(default_factory=set)
    """The workflows that run now."""
    faults: dict[str, Exception] | None = None
    """Where errors that are no `CutbookError` are kept by job, for one who asks at once; else they are logged."""


_benches: list[Bench] = []


def set_up(bench: Bench) -> None:
    """Give the workflows of this process what they work with; they can work in one home at a time."""
    if _benches:
        message = f"jobs of {_benches[0].workspace.home} are worked on in this process already"
        raise FaultError(message, hint="stop them first")
    _benches.append(bench)


def clear() -> None:
    """Take it away again."""
    _benches.clear()


def name_of(job: JobRecord) -> str:
    """Return the id of the workflow that is the present attempt at a job."""
    return f"{job.id}#{job.attempt}"


def start(job: JobRecord, *, part: bool = False) -> None:
    """Start the present attempt at a job in this process; nothing happens if it was started before."""
    with SetWorkflowID(name_of(job)):
        if job.kind == "ingest":
            DBOS.start_workflow(ingest, job.id, job.attempt, part)
        else:
            DBOS.start_workflow(analyse, job.id, job.attempt)


def enqueue(job: JobRecord, queue: str) -> None:
    """Put the present attempt at a job on a queue; nothing happens if it was started before."""
    with SetWorkflowID(name_of(job)):
        if job.kind == "ingest":
            DBOS.enqueue_workflow(queue, ingest, job.id, job.attempt, False)
        else:
            DBOS.enqueue_workflow(queue, analyse, job.id, job.attempt)


def anew(bench: Bench, job_id: str, *, only: int | None = None) -> JobRecord:
    """Make the next attempt at a job the present one, unless `only`, the one it should follow, no longer is."""

    def again(job: JobRecord) -> JobRecord:
        if only is not None and job.attempt != only:
            return job
        changes = {"state": "queued", "stages": (), "cited": (), "steps": 0, "result": None, "problem": None}
        return job.model_copy(update={**changes, "attempt": job.attempt + 1})

    return bench.workspace.store.change_job(job_id, again)


def has_died(job: JobRecord) -> bool:
    """Say whether the workflow of a job that has not ended has: DBOS could not go on with it."""
    # Asked from outside any workflow; inside one the answer would be taken for a step of it.
    status = contextvars.Context().run(DBOS.get_workflow_status, name_of(job))
    return status is not None and status.status not in {"PENDING", "ENQUEUED", "DELAYED", "SUCCESS"}


@DBOS.workflow(name="ingest")
def ingest(job_id: str, attempt: int, part: bool) -> None:
    """Bring a paper into the base and, if it is wanted, papers that it cites; `part`: for one that cites it."""
    _carry_out(job_id, attempt, partial(_ingest, part=part))


@DBOS.workflow(name="analyse")
def analyse(job_id: str, attempt: int) -> None:
    """Generate, run and validate the analysis of a paper."""
    _carry_out(job_id, attempt, _analyse)


def _step(name: str, work: Callable[[], _Outcome]) -> _Outcome:
    return DBOS.run_step({"name": name}, work)


def _carry_out(job_id: str, attempt: int, work: Callable[[Bench, JobRecord, Report], dict[str, Any]]) -> None:
    if not _benches:
        # Started while the process was about to end.
        raise Stopped
    bench = _benches[0]
    store = bench.workspace.store
    report = Report(store, job_id, attempt, stopping=bench.stopping, news=bench.news)
    name = f"{job_id}#{attempt}"
    bench.at_work.add(name)
    try:
        if (before := store.job(job_id)).steps not in {0, STEPS} and before.attempt == attempt and not before.ended:
            _begin_anew(bench, before)
            return
        job = report.begin(STEPS)
        try:
            result = work(bench, job, report)
        except CutbookError as error:
            _fail(bench, report, job, error)
        except dbos_errors.DBOSException:
            # Another process goes on with this workflow, or someone handles it with DBOS's own tools.
            raise
        except Exception as error:
            if bench.faults is None:
                _LOG.exception("job %s broke", job_id)
            else:
                bench.faults[job_id] = error
            _fail(bench, report, job, _fault(job.kind, error))
        else:
            report.end("done", result=result)
    except Withdrawn:
        _LOG.info("attempt %s at job %s is over: it was cancelled or begun anew", attempt, job_id)
    finally:
        bench.at_work.discard(name)
        with bench.news:
            bench.news.notify_all()


def _fail(bench: Bench, report: Report, job: JobRecord, error: CutbookError) -> None:
    """Note that an attempt failed, and that parts which it has not begun are not done."""

    def left(part: JobRecord) -> JobRecord:
        return part.model_copy(update={"state": "cancelled"}) if part.state == "queued" else part

    store = bench.workspace.store
    with store.transaction():
        report.end("failed", problem=Problem.of(error))
        for part in store.parts(job.id):
            store.change_job(part.id, left)


def _begin_anew(bench: Bench, job: JobRecord) -> None:
    """Begin anew what was begun by a cutbook with other steps."""
    _LOG.info("job %s was begun with other steps; it is begun anew", job.id)
    # Outside this workflow, which is not to know the new one as its child.
    contextvars.Context().run(start, anew(bench, job.id, only=job.attempt), part=job.whole is not None)


def _ingest(bench: Bench, job: JobRecord, report: Report, *, part: bool) -> dict[str, Any]:
    workspace = bench.workspace
    paper = read_in(Desk(workspace, Source.of_request(job.request), report), _step)
    references = []
    if job.request.get("references"):
        references = _fetch_references(bench, job, report, paper)
    # Papers that come together are linked once all of them are there.
    linked = [] if part else link(workspace, report, _step)
    own = {paper.arxiv_id, *(reference["id"] for reference in references)}
    intake = intake_of(workspace, paper, [name for name in linked if name not in own])
    return {**asdict(intake), **({"references": references} if references else {})}


def _fetch_references(bench: Bench, job: JobRecord, report: Report, paper: ReadIn) -> list[dict[str, Any]]:
    """Ingest the cited papers that are wanted, each by a workflow of its own; one that fails stops no other."""
    store = bench.workspace.store
    planned = _step("plan", partial(_plan, bench, job, report, paper))
    parts = [part for _, part in planned if part]
    report("references", len(planned) - len(parts), len(planned))
    ended: dict[str, JobRecord] = {}
    running: deque[str] = deque()
    waiting = deque(parts)
    while waiting or running:
        while waiting and len(running) < AHEAD:
            start(store.job(waiting[0]), part=True)
            running.append(waiting.popleft())
        # In this order whatever comes first, so that a replay starts the parts in the same one.
        part = running.popleft()
        ended[part] = _wait_for(bench, part, report)
        report("references", len(planned) - len(parts) + len(ended), len(planned))
    return [_reference(name, ended.get(part)) for name, part in planned]


def _plan(bench: Bench, job: JobRecord, report: Report, paper: ReadIn) -> list[tuple[str, str]]:
    """Choose the cited papers and make a job for each that is not in the base; return papers and jobs.

    A job that an earlier attempt at this one made is taken up again.
    """
    store = bench.workspace.store
    cited = bench.plan(bench.workspace, store.document(paper.arxiv_id, paper.version), job.request)
    report.plan(cited)
    wanted = {one.arxiv_id: one.state for one in cited if one.arxiv_id and one.state in {"fetch", "there"}}
    planned = []
    with store.transaction():
        # Whoever cancels this job finds all of its parts, or comes first and keeps them from being made.
        report.claim()
        known = {part.id: part for part in store.parts(job.id)}
        for name, state in wanted.items():
            part = f"{job.id}-{name.replace('/', '.')}"
            if part in known:
                if known[part].state in {"failed", "cancelled"}:
                    anew(bench, part)
            elif state == "there":
                part = ""
            else:
                store.save_job(JobRecord(id=part, kind="ingest", request=Source(name).request()))
            planned.append((name, part))
    return planned


def _wait_for(bench: Bench, part: str, report: Report) -> JobRecord:
    store = bench.workspace.store
    while not (job := store.job(part)).ended:
        with bench.news:
            bench.news.wait(_PAUSE)
        report.pause(0)
        if has_died(job):
            died = store.change_job(part, lambda now: now if now.ended else now.model_copy(update=_DIED))
            if died.ended:
                return died
    return job


def _reference(name: str, job: JobRecord | None) -> dict[str, Any]:
    if job is None:
        return {"id": name, "state": "linked"}
    problem = {"problem": job.problem.model_dump()} if job.problem else {}
    return {"id": name, "state": job.state, "job": job.id, **problem}


def _analyse(bench: Bench, job: JobRecord, report: Report) -> dict[str, Any]:
    request, store = job.request, bench.workspace.store
    output = Path(request["out"]) if request.get("out") else None

    def run() -> str:
        record, _ = run_analysis(
            bench.workspace,
            request["paper"],
            request["folder"],
            output=output,
            profile=request.get("profile"),
            probes=request.get("probes", True),
            observables=[Observable.model_validate(one) for one in request.get("observables", ())],
            progress=report,
            job_id=job.id,
            engine=request.get("engine", "compiled"),
            backend=request.get("backend", "awkward"),
        )
        return record.id

    try:
        return _outcome(store.analysis(_step("analyse", run)))
    except Exception as error:
        problem = Problem.of(error if isinstance(error, CutbookError) else _fault(job.kind, error))
        failed = {"state": "failed", "finished_at": now(), "problem": problem, "job_id": job.id}
        store.save_analysis(store.analysis(request["analysis"]).model_copy(update=failed))
        raise


def _outcome(record: AnalysisRecord) -> dict[str, Any]:
    """Return what a job tells of its analysis: its name, and which files it had to leave out."""
    unread = (record.result or {}).get("unread", ())
    told = [f"{one['sample']}: {one['name']} cannot be read: {one['reason']}" for one in unread]
    return {"analysis": record.id, **({"incomplete": told} if told else {})}


def _fault(kind: str, error: Exception) -> FaultError:
    message = f"{kind} broke: {type(error).__name__}: {error}"
    return FaultError(message, hint="the server's log has the traceback; please report it")


_DIED = {
    "state": "failed",
    "problem": Problem(
        code="fault", message="DBOS could not go on with this job", hint="try again: cutbook jobs retry ID"
    ),
}
