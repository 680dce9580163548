"""`cutbook ingest` and `cutbook papers`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from kb.errors import CutbookError, InputError

if TYPE_CHECKING:
    from api.workspace import Workspace
    from kb.store.records import JobRecord


def register(app: typer.Typer) -> None:
    """Add the commands about papers."""
    app.command()(ingest)
    app.command()(papers)
    app.command()(forget)


def ingest(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="ID_OR_FILE...",
            help="arXiv identifiers, DOIs, INSPIRE records, report numbers; or .tex, .tar.gz and .pdf files.",
        ),
    ],
    name: Annotated[str | None, typer.Option("--id", help="The paper's id, where it is one local file.")] = None,
    references: Annotated[
        str | None,
        typer.Option(
            metavar="none|selection|all",
            help="Which cited papers to ingest with it: those that define parts of its selection, which is usual for "
            "a paper from arXiv; all; or none, which is usual for a file.",
        ),
    ] = None,
    max_references: Annotated[int, typer.Option(min=0, help="How many of them at most.")] = 20,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask arXiv for a newer version than the one that was fetched before.")
    ] = False,
) -> None:
    """Read papers, distil their cuts and keep them.

    A paper that is already there is read again, which changes nothing unless its source or cutbook changed. Papers
    that cite it are distilled again: what they delegate to it is now known. Interrupted, it goes on when it is asked
    for the same again.
    """
    from api.cli.jobs import at_work
    from api.cli.main import fail
    from api.cli.progress import job_progress
    from api.references import usual, wishes
    from api.settings import Settings
    from api.source import Source
    from api.workspace import Workspace

    if name is not None and len(sources) > 1:
        message = f"--id names one paper, and {len(sources)} were given"
        raise InputError(message, hint="ingest them one by one, or leave --id away")
    if references is not None:
        wishes(references, max_references)
    failed: list[CutbookError] = []

    def told(error: CutbookError) -> None:
        if len(sources) == 1:
            raise error
        fail(error)
        failed.append(error)

    requests = []
    for text in sources:
        try:
            source = Source.of(text, arxiv_id=name, refresh=refresh)
            wanted = references or usual(file=source.path is not None)
            requests.append({**source.request(), **wishes(wanted, max_references)})
        except CutbookError as error:
            told(error)
    done: list[JobRecord] = []
    if requests:
        with Workspace(Settings.read(), label="cutbook ingest") as workspace:
            with at_work(workspace) as jobs:
                for request in requests:
                    try:
                        with job_progress() as watch:
                            done.append(jobs.follow(jobs.submit("ingest", request), watch))
                    except CutbookError as error:
                        told(error)
            print_taken(workspace, done)
    if failed:
        raise typer.Exit(failed[0].exit_status)


def print_taken(workspace: Workspace, done: Sequence[JobRecord]) -> None:
    """Print what became of papers, as the base has them now."""
    from rich.text import Text

    from api.cli.screen import errors, grid, screen
    from api.intake import Intake, recount

    if not done:
        return
    results = [job.result or {} for job in done]
    # A job that was begun by an older cutbook knows less.
    known = [{name: result[name] for name in Intake.__slots__ if name in result} for result in results]
    taken = recount(workspace, [Intake(**fields) for fields in known])
    for intake in taken:
        for note in intake.notes:
            errors().print(f"Note on {intake.arxiv_id}: {note}", style="yellow", soft_wrap=True)
    table = grid("paper", "title")
    for header in ("cuts", "delegated", "unresolved"):
        table.add_column(header, justify="right")
    for intake in taken:
        counts = (intake.cuts, intake.delegated, intake.unresolved)
        table.add_row(
            Text(_shown(intake.arxiv_id, intake.version), style="cyan"), Text(intake.title), *map(str, counts)
        )
    out = screen()
    out.print(table)
    references = [reference for result in results for reference in result.get("references", [])]
    for state, said in (("done", "Ingested with it"), ("linked", "Cited and already there")):
        if names := ", ".join(reference["id"] for reference in references if reference["state"] == state):
            out.print(f"{said}: {names}", soft_wrap=True)
    for reference in references:
        if problem := reference.get("problem"):
            errors().print(f"Not ingested: {reference['id']}: {problem['message']}", soft_wrap=True)
    for intake in taken:
        if intake.changes:
            name = f"{intake.arxiv_id}v{intake.version}"
            out.print(f"{name}, {intake.changes}: cutbook changes {name}", soft_wrap=True)
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
        name = _shown(record.arxiv_id, record.version)
        cuts = str(record.cuts) if record.state == "distilled" else record.state
        table.add_row(
            Text(name, style="cyan"), Text(record.title), record.experiment or "", cuts, str(record.unresolved)
        )
    screen().print(table)


def forget(
    paper: Annotated[str, typer.Argument(metavar="ID", help="A paper of the knowledge base, all its versions.")],
) -> None:
    """Remove a paper, its cuts and its passages from the knowledge base.

    What was fetched from arXiv stays in the cache; analyses keep their files.
    """
    from api.cli.screen import screen
    from api.intake import forget as forget_paper
    from api.names import to_forget
    from api.settings import Settings
    from api.workspace import Workspace

    with Workspace(Settings.read(), label="cutbook forget") as workspace:
        named = to_forget(workspace.store, paper)
        title = forget_paper(workspace, named.arxiv_id)
    screen().print(f"Forgot {named}: {title}", soft_wrap=True)


def _shown(arxiv_id: str, version: int) -> str:
    """Return the name by which all commands know a version of a paper; the first needs no number."""
    return arxiv_id if version == 1 else f"{arxiv_id}v{version}"
