"""`cutbook changes`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from rich.text import Text

    from kb.ssc import Cut
    from kb.versions import VersionComparison


def register(app: typer.Typer) -> None:
    """Add the command about versions."""
    app.command()(changes)


def changes(
    paper: Annotated[str, typer.Argument(metavar="ID", help="A paper, of its newest version unless one is named.")],
    since: Annotated[
        int | None, typer.Option(min=1, help="The version to compare it with; the one before unless given.")
    ] = None,
    form: Annotated[Literal["table", "json"], typer.Option("--format", "-f", help="How to print it.")] = "table",
) -> None:
    """Show which cuts a version of a paper adds, removes and changes.

    Rewording is no change. Ingest the versions by their names: 2203.01808v1, 2203.01808v2.
    """
    from api.changes import changes as made_by
    from api.cli.screen import screen
    from api.names import find_paper
    from api.settings import Settings
    from api.workspace import Workspace

    with Workspace(Settings.read()) as workspace:
        named = find_paper(workspace.store, paper)
        made = made_by(workspace.store, named.arxiv_id, since=since, version=named.version)
    if form == "json":
        typer.echo(made.model_dump_json(indent=2))
    else:
        _print(made)
        if made.added or made.removed or made.changed:
            screen().print(f"[dim]{made.unchanged} cuts are as before[/dim]")


def _print(made: VersionComparison) -> None:
    from rich.text import Text

    from api.cli.screen import citation, grid, screen

    out = screen()
    heading = f"{made.arxiv_id}: version {made.new_version} compared with version {made.old_version}"
    if not (made.added or made.removed or made.changed):
        out.print(f"{heading}: the same {made.unchanged} cuts")
        return
    width = max(20, (out.width - 24) // 2)
    table = grid("change", "cut", "requirement", "cited from", title=heading)

    def row(sign: str, style: str, cut: Cut, requirement: Text) -> None:
        table.add_row(Text(sign, style=style), Text(cut.id, style="cyan"), requirement, citation(cut, width))

    for cut in made.added:
        row("added", "green", cut, Text(_said(cut)))
    for cut in made.removed:
        row("removed", "red", cut, Text(_said(cut)))
    for change in made.changed:
        was = Text.assemble(_said(change.new), (f"\nwas {_said(change.old)}", "dim"))
        row(f"changed: {', '.join(change.what)}", "yellow", change.new, was)
    out.print(table)


def _said(cut: Cut) -> str:
    where = f" in {', '.join(cut.regions)}" if cut.regions else ""
    return f"{cut.statement()}{where}"
