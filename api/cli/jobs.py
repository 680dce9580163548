"""`cutbook jobs`: what is done, under way and was left; and how other commands put jobs to work."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from rich.text import Text

    from api.jobs import Jobs
    from api.workspace import Workspace
    from kb.store.records import JobRecord

_JobId = Annotated[str, typer.Argument(metavar="ID", help="As cutbook jobs lists it; its beginning will do.")]
_STYLES = {"done": "green", "failed": "red", "running": "yellow", "interrupted": "magenta"}


def register(app: typer.Typer) -> None:
    """Add the commands about jobs."""
    group = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
    group.callback()(jobs)
    for command in (show, cancel, retry):
        group.command()(command)
    app.add_typer(group, name="jobs")


@contextmanager
def at_work(workspace: Workspace) -> Iterator[Jobs]:
    """Yield the jobs of a home, worked on in this process until the block ends.

    Interrupted by the user, what is under way is left for the next process.
    """
    from api.cli.screen import errors
    from api.jobs import Jobs

    jobs = Jobs(workspace)
    jobs.start()
    try:
        yield jobs
    except KeyboardInterrupt:
        hint = "Interrupted; what is done stays. The same command, `cutbook jobs retry` or `cutbook serve` goes on."
        errors().print(hint, soft_wrap=True)
        if not jobs.stop(seconds=3):
            end_at_once(130)
        raise
    finally:
        jobs.stop(seconds=60)


def end_at_once(status: int) -> NoReturn:
    """End the process without waiting for a step that still runs: the next process takes it again."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def jobs(
    context: typer.Context, limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20
) -> None:
    """List jobs; show, cancel or retry one.

    Jobs are made by ingest and analyse and by the server. An interrupted one was left by a process that ended.
    """
    if context.invoked_subcommand is not None:
        return
    from rich.text import Text

    from api.cli.progress import short
    from api.cli.screen import errors, grid, screen
    from api.settings import Settings
    from api.workspace import Workspace

    with Workspace(Settings.read()) as workspace:
        records = workspace.store.jobs(parts=False, limit=limit)
        working = _is_worked_in(workspace, records)
    states = [(job, _state(job, working=working)) for job in records]
    if not records:
        errors().print("There are no jobs. `cutbook ingest` and `cutbook analyse` make them, and so does the server")
        return
    table = grid()
    for header in ("job", "kind", "about", "state", "since"):
        table.add_column(header, overflow="fold", no_wrap=header in {"job", "since"})
    for job, state in states:
        if job.problem:
            state.append(f": {job.problem.message}", style="dim")
        table.add_row(Text(job.id, style="cyan"), job.kind, Text(short(job)), state, _since(job))
    screen().print(table)


def show(job_id: _JobId) -> None:
    """Show how far a job is, what came of it, and its parts."""
    from rich.text import Text

    from api.cli.progress import print_plan, short
    from api.cli.screen import grid, screen
    from api.jobs import find
    from api.settings import Settings
    from api.workspace import Workspace

    with Workspace(Settings.read()) as workspace:
        job = find(workspace.store, job_id)
        parts = workspace.store.parts(job.id)
        working = _is_worked_in(workspace, [job, *parts])
    state = _state(job, working=working)
    out = screen()
    out.print(Text.assemble((job.id, "bold cyan"), f" {job.kind} {short(job)}: ", state, f", {_since(job)}"))
    table = grid("stage", "done")
    for stage in job.stages:
        table.add_row(stage.name, f"{stage.done} of {stage.total}")
    if job.stages:
        out.print(table)
    if job.cited:
        print_plan(out, job.cited)
    for reason in (job.result or {}).get("incomplete", ()):
        out.print(Text(f"Not complete: {reason}", style="bold yellow"))
    if job.problem:
        out.print(Text.assemble((job.problem.code, "bold red"), f": {job.problem.message}\n  {job.problem.hint}"))
    if parts:
        table = grid("part", "about", "state")
        for part in parts:
            told = _state(part, working=working)
            if part.problem:
                told.append(f": {part.problem.message}", style="dim")
            table.add_row(Text(part.id, style="cyan"), Text(short(part)), told)
        out.print(table)


def cancel(job_id: _JobId) -> None:
    """Cancel a job and its parts.

    Whichever process runs it stops within seconds; what is done stays.
    """
    from api.cli.screen import screen
    from api.jobs import cancel as cancel_job
    from api.settings import Settings
    from api.workspace import Workspace

    with Workspace(Settings.read()) as workspace:
        job = cancel_job(workspace.store, job_id)
    screen().print(f"Cancelled {job.id}")


def retry(job_id: _JobId) -> None:
    """Try a job again that failed, was cancelled or was interrupted."""
    from api.cli.analyses import print_analysis
    from api.cli.papers import print_taken
    from api.cli.progress import job_progress
    from api.cli.screen import screen
    from api.settings import Settings
    from api.workspace import Workspace

    with Workspace(Settings.read(), label="cutbook jobs retry") as workspace:
        with at_work(workspace) as jobs, job_progress() as watch:
            job = jobs.follow(jobs.retry(job_id), watch)
        if job.kind == "ingest":
            print_taken(workspace, [job])
        else:
            print_analysis(screen(), workspace.store.analysis(job.request["analysis"]))


def _is_worked_in(workspace: Workspace, jobs: Sequence[JobRecord]) -> bool:
    """Say whether a process works in the home; it is asked for only where a job says that it runs."""
    from api.jobs import seat

    return any(job.state == "running" for job in jobs) and seat(workspace).owner() is not None


def _state(job: JobRecord, *, working: bool) -> Text:
    from rich.text import Text

    # A process that was killed could not say so.
    interrupted = job.state == "running" and not working
    name = "interrupted" if interrupted else job.state
    text = Text(name, style=_STYLES.get(name, ""))
    if job.state == "done" and (job.result or {}).get("incomplete"):
        text = Text("done, not complete", style="yellow")
    if not job.ended and job.stage.name:
        counts = f" {job.stage.done}/{job.stage.total}" if job.stage.total > 1 else ""
        text.append(f" ({job.stage.name}{counts})", style="dim")
    return text


def _since(job: JobRecord) -> str:
    return f"{job.updated_at.astimezone():%Y-%m-%d %H:%M}"
