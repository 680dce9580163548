"""How far a job is, drawn on the terminal: a line for each stage with its counts, and one for each part at work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from api.cli.screen import errors
from kb.store.records import JobRecord, Stage

_Show = Callable[[JobRecord, Sequence[JobRecord]], None]


@contextmanager
def job_progress() -> Iterator[_Show]:
    """Yield the function that is told how far a job and its parts are.

    It draws on stderr, where someone looks; which cited papers are fetched is said in any case.
    """
    console = errors()
    planned = False

    def plan(parts: Sequence[JobRecord]) -> None:
        nonlocal planned
        if parts and not planned:
            planned = True
            names = ", ".join(short(part) for part in parts)
            console.print(f"Cited papers to fetch: {len(parts)} ({names})", soft_wrap=True)

    if not console.is_terminal:
        yield lambda _job, parts: plan(parts)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=20), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        lines: dict[str, TaskID] = {}

        def line(name: str, text: str, stage: Stage) -> None:
            if name not in lines:
                lines[name] = bar.add_task(text)
            bar.update(lines[name], description=text, completed=stage.done, total=stage.total or None)

        def show(job: JobRecord, parts: Sequence[JobRecord]) -> None:
            plan(parts)
            for stage in job.stages:
                line(stage.name, f"{short(job)}: {stage.name}", stage)
            for part in parts:
                if part.state == "running":
                    line(part.id, f"  {short(part)}: {part.stage.name}", part.stage)
                elif part.id in lines:
                    bar.remove_task(lines.pop(part.id))

        yield show


def short(job: JobRecord) -> str:
    """Say in a few words what a job is about."""
    request = job.request
    if job.kind == "ingest":
        name = str(request.get("name") or request["id"])
        return Path(name).name if request.get("file") else name
    return f"{request['paper']} on {request['dataset']}"
