"""`cutbook doctor`: what is configured, what works, what to do about what does not."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the check-up."""
    app.command()(doctor)


def doctor(
    online: Annotated[bool, typer.Option("--online", help="Also ask the services on the network.")] = False,
) -> None:
    """Tell what works, and what to do about the rest.

    Exits with 1 if something is broken.
    """
    from rich.text import Text

    from api.checkup import Check, checkup
    from api.cli.screen import grid, progress, screen
    from api.settings import Settings
    from api.workspace import Workspace

    checks: list[Check] = []
    with Workspace(Settings.read()) as workspace, progress("looking") as tell:
        for check in checkup(workspace, online=online):
            tell(check.part, 0, 0)
            checks.append(check)
    styles = {"ok": "green", "off": "dim", "warning": "yellow", "broken": "bold red"}
    table = grid("part", "state", "found")
    for check in checks:
        found = Text(check.found)
        if check.advice:
            found.append(f"\n→ {check.advice}", style="red" if check.state == "broken" else "dim")
        table.add_row(check.part, Text(check.state, style=styles[check.state]), found)
    screen().print(table)
    if any(check.state == "broken" for check in checks):
        raise typer.Exit(1)
