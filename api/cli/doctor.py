"""`cutbook doctor`: what is configured, what works, what to do about what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from api.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the check-up."""
    app.command()(doctor)


def doctor(
    online: Annotated[bool, typer.Option("--online", help="Also ask the services on the network.")] = False,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Try to break out of every sandbox instead, and show what stopped it.")
    ] = False,
) -> None:
    """Tell what works, and what to do about the rest.

    Exits with 1 if something is broken. The settings are environment variables.
    """
    if sandbox:
        _try_sandboxes()
        return
    from rich.text import Text

    from api.checkup import Check, checkup
    from api.cli.screen import grid, progress, screen
    from api.settings import Settings
    from api.workspace import Workspace

    checks: list[Check] = []
    settings = Settings.read()
    with Workspace(settings) as workspace, progress("looking") as tell:
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
    screen().print(_settings(settings))
    if any(check.state == "broken" for check in checks):
        raise typer.Exit(1)


def _try_sandboxes() -> None:
    """Show, tier by tier, what stopped every attempt; exit with 1 where generated code would not be run."""
    from rich.text import Text

    from api.cli.screen import grid, progress, screen
    from codegen.sandbox import TIERS, bombs, choose, selftest
    from kb.errors import SandboxError

    out = screen()
    for tier in TIERS:
        checks = selftest(tier)
        # Where nothing starts, there is nothing to set off.
        if all(check.name != "start" for check in checks):
            with progress(tier) as tell:
                for check in bombs(tier):
                    checks.append(check)
                    tell(check.name, 0, 0)
        held = sum(check.ok for check in checks)
        table = grid("attempt", "stopped", "by", title=f"{tier}: {held} of {len(checks)}")
        for check in checks:
            state = Text("yes", style="green") if check.ok else Text("NO", style="bold red")
            table.add_row(check.name, state, Text(check.detail))
        out.print(table)
    try:
        out.print(f"Generated code is run by {choose()}")
    except SandboxError as error:
        out.print(Text(f"Generated code is not run here. {error.hint}", style="bold red"))
        raise typer.Exit(1) from error


def _settings(settings: Settings) -> Table:
    """List every setting: its variable, its value where it is set, what it is. Secrets are not shown."""
    from pydantic import SecretStr
    from rich.text import Text

    from api.cli.screen import grid
    from api.settings import PREFIX

    table = grid("setting", "is", "what")
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        shown = ""
        if name in settings.model_fields_set:
            # A password may stand in an address.
            secret = isinstance(value, SecretStr) or "@" in str(value)
            shown = "set" if secret else ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
        table.add_row(Text(f"{PREFIX}{name.upper()}", style="cyan"), Text(shown), Text(field.description or ""))
    return table
