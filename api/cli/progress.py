"""How far a job is, drawn on the terminal: a line for each stage with its counts, and one for each part at work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

from api.cli.screen import errors
from kb.store.records import CitedPaper, JobRecord, Stage

if TYPE_CHECKING:
    from rich.console import Console

_Show = Callable[[JobRecord, Sequence[JobRecord]], None]


@contextmanager
def job_progress() -> Iterator[_Show]:
    """Yield the function that is told how far a job and its parts are.

    It draws on stderr, where someone looks; what is planned for the cited papers is told in any case, and first.
    """
    console = errors()
    planned = False

    def plan(job: JobRecord) -> None:
        nonlocal planned
        if job.cited and not planned:
            planned = True
            print_plan(console, job.cited)

    if not console.is_terminal:
        yield lambda job, _parts: plan(job)
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
            plan(job)
            for stage in job.stages:
                line(stage.name, f"{short(job)}: {stage.name}", stage)
            for part in parts:
                if part.state == "running":
                    line(part.id, f"  {short(part)}: {part.stage.name}", part.stage)
                elif part.id in lines:
                    bar.remove_task(lines.pop(part.id))

        yield show


@contextmanager
def download_progress(total: int) -> Iterator[Callable[[str, int, int], None]]:
    """Yield the function that is told how many bytes of which file are here; it draws where someone looks."""
    console = errors()
    if not console.is_terminal:
        yield lambda _name, _here, _size: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        line = bar.add_task("", total=total)
        known: dict[str, int] = {}

        def show(name: str, here: int, _size: int) -> None:
            known[name] = here
            bar.update(line, description=shorten(name, 40, placeholder="…"), completed=sum(known.values()))

        yield show


def print_plan(out: Console, cited: Sequence[CitedPaper]) -> None:
    """Print which cited papers are fetched, linked and left out, each with the sentence that says why."""
    from rich.text import Text

    from api.cli.screen import grid

    wanted = sum(one.state == "fetch" for one in cited)
    table = grid("cited", "paper", "plan", "because", title=f"Cited papers to fetch: {wanted}")
    styles = {"fetch": "green", "there": "cyan", "left out": "dim", "unavailable": "yellow"}
    words = {"there": "in the base"}
    for one in cited:
        because = Text(one.why)
        if one.quote and one.state in {"fetch", "there"}:
            because.append(f" “{shorten(one.quote, 160, placeholder=' …')}”", style="dim")
        name = Text.assemble((one.arxiv_id or "", "cyan"), " " if one.arxiv_id else "", shorten(one.title, 70))
        table.add_row(
            Text(f"[{one.label}]"), name, Text(words.get(one.state, one.state), style=styles[one.state]), because
        )
    out.print(table)


def short(job: JobRecord) -> str:
    """Say in a few words what a job is about: of a file, the name alone."""
    return Path(job.about).name if job.request.get("file") else job.about
