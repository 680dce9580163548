"""`cutbook ingest` and `cutbook papers`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kb.errors import CutbookError, InputError

if TYPE_CHECKING:
    from api.intake import Intake


def register(app: typer.Typer) -> None:
    """Add the commands about papers."""
    app.command()(ingest)
    app.command()(papers)


def ingest(
    sources: Annotated[
        list[str], typer.Argument(metavar="ID_OR_FILE...", help="arXiv identifiers, or .tex, .tar.gz and .pdf files.")
    ],
    name: Annotated[str | None, typer.Option("--id", help="The paper's id, where it is one local file.")] = None,
) -> None:
    """Read papers, distil their cuts and keep them.

    A paper that is already there is read again, which changes nothing unless its source or cutbook changed. Papers
    that cite it are distilled again: what they delegate to it is now known.
    """
    from api.cli.main import fail
    from api.cli.screen import progress
    from api.intake import Source, recount, take_in
    from api.settings import Settings
    from api.workspace import Workspace

    if name is not None and len(sources) > 1:
        message = f"--id names one paper, and {len(sources)} were given"
        raise InputError(message, hint="ingest them one by one, or leave --id away")
    taken: list[Intake] = []
    failed: list[CutbookError] = []
    with Workspace(Settings.read()) as workspace:
        for text in sources:
            try:
                source = Source.of(text, arxiv_id=name)
                with progress(Path(source.name).name) as tell:
                    taken.append(take_in(workspace, source, tell))
            except CutbookError as error:
                if len(sources) == 1:
                    raise
                fail(error)
                failed.append(error)
        taken = recount(workspace, taken)
    print_taken(taken)
    if failed:
        raise typer.Exit(failed[0].exit_status)


def print_taken(taken: list[Intake]) -> None:
    """Print what became of papers."""
    from rich.text import Text

    from api.cli.screen import grid, screen

    if not taken:
        return
    table = grid("paper", "title")
    for header in ("cuts", "delegated", "unresolved"):
        table.add_column(header, justify="right")
    for intake in taken:
        counts = (intake.cuts, intake.delegated, intake.unresolved)
        table.add_row(Text(intake.arxiv_id, style="cyan"), Text(intake.title), *map(str, counts))
    out = screen()
    out.print(table)
    new = {intake.arxiv_id for intake in taken}
    if linked := sorted({name for intake in taken for name in intake.linked} - new):
        out.print(f"Distilled again, since they cite these: {', '.join(linked)}")
    out.print(f"[dim]Next: cutbook cuts {taken[-1].arxiv_id}[/dim]")


def papers() -> None:
    """List the papers of the knowledge base."""
    from rich.text import Text

    from api.cli.screen import errors, grid, screen
    from api.settings import Settings
    from api.workspace import Workspace

    with Workspace(Settings.read()) as workspace:
        records = workspace.store.papers()
    if not records:
        errors().print("The knowledge base is empty. Fill it: cutbook ingest ID_OR_FILE, or try cutbook demo")
        return
    table = grid("paper", "title", "experiment")
    for header in ("cuts", "unresolved"):
        table.add_column(header, justify="right")
    for record in records:
        name = record.arxiv_id if record.version == 1 else f"{record.arxiv_id}v{record.version}"
        cuts = str(record.cuts) if record.state == "distilled" else record.state
        table.add_row(
            Text(name, style="cyan"), Text(record.title), record.experiment or "", cuts, str(record.unresolved)
        )
    screen().print(table)
