"""`cutbook demo`: the whole road on the bundled benchmark, from a paper to a validated analysis."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from api.jobs import Jobs
    from api.workspace import Workspace

PAPER = "hzz4l"
# Files of the benchmark and the ids they are ingested under; what a note cites comes before it.
NOTES = {"hzz4l-leptons": "leptons.tex", "hzz4l-jets": "jets.tex", PAPER: "main.tex"}
TOYS = "toys"


def register(app: typer.Typer) -> None:
    """Add the demonstration."""
    app.command()(demo)


def demo(
    out: Annotated[Path, typer.Option(file_okay=False, help="Where to put code, results and plots.")] = Path(
        "demo-output"
    ),
) -> None:
    """Go the whole road on the bundled benchmark paper.

    Its cuts are shown with their sentences, and run on toy data and, if there is some, on real Open Data.
    """
    from api.cli.jobs import at_work
    from api.cli.screen import screen
    from api.settings import Settings
    from api.workspace import Workspace

    screen_ = screen()
    began = time.monotonic()
    with Workspace(Settings.read(), label="cutbook demo") as workspace, at_work(workspace) as jobs:
        read_notes(workspace, jobs, screen_)
        _show(workspace, screen_)
        _run(workspace, jobs, screen_, _toys(workspace), out / TOYS)
        real = workspace.open_data()
        for folder in real:
            _run(workspace, jobs, screen_, folder, out / folder.name)
        if not real:
            screen_.print("[dim]No Open Data here, so only toys were analysed. To add some: CUTBOOK_DATA=FOLDER[/dim]")
    screen_.print(f"Done in {time.monotonic() - began:.0f} s. Look around:")
    for line in ("papers", f"cuts {PAPER}", 'search "muon impact parameter"', "serve"):
        screen_.print(f"  cutbook {line}", style="cyan")


def read_notes(workspace: Workspace, jobs: Jobs, out: Console) -> None:
    """Bring the benchmark's notes into the base, as a user would by `cutbook ingest`."""
    from api.cli.papers import print_taken
    from api.cli.progress import job_progress
    from api.source import Source
    from eval.benchmarks import HZZ4L

    out.rule("[bold]1. Read three notes[/bold]")
    done = []
    for name, file in NOTES.items():
        with job_progress() as watch:
            done.append(jobs.follow(jobs.submit("ingest", Source(file, HZZ4L / file, name).request()), watch))
    print_taken(workspace, done)


def _show(workspace: Workspace, out: Console) -> None:
    from api.cli.screen import cut_table

    criteria = workspace.store.criteria(PAPER)
    out.rule("[bold]2. What the paper requires, and where it says so[/bold]")
    out.print(cut_table(criteria.cuts, width=out.width))


def _toys(workspace: Workspace) -> Path:
    from api.cli.screen import progress

    with progress("writing toy data") as tell:
        tell("", 0, 0)
        return workspace.make_toys()


def _run(workspace: Workspace, jobs: Jobs, out: Console, folder: Path, target: Path) -> None:
    from api.analyses import request_analysis
    from api.cli.analyses import print_analysis
    from api.cli.progress import job_progress

    toys = folder == workspace.toys
    data = "3. The same as code, run in the sandbox on toy data" if toys else "4. And on real Open Data"
    out.rule(f"[bold]{data}[/bold]")
    request = request_analysis(workspace, PAPER, str(folder), output=target)
    with job_progress() as watch:
        jobs.follow(jobs.submit("analyse", request), watch)
    print_analysis(out, workspace.store.analysis(request["analysis"]))
