"""`cutbook eval`: measure the system on the bundled benchmark, or on one of your own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Literal

import typer


def register(app: typer.Typer) -> None:
    """Add the measurement."""
    app.command("eval")(evaluate)


def evaluate(
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="A benchmark; default: the bundled one.")
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="How often to distil, each time in a fresh process.")] = 3,
    form: Annotated[Literal["table", "json", "markdown"], typer.Option("--format", "-f")] = "table",
    toys_only: Annotated[bool, typer.Option("--toys-only", help="Leave real Open Data out.")] = False,
) -> None:
    """Measure cutbook on the bundled benchmark.

    Recall, precision and invented cuts against the gold annotations; agreement of generated code and independent
    reference event by event; published yields where Open Data is at hand. Exits with 1 if anything is amiss.
    """
    import json

    from rich.text import Text

    from api.cli.screen import progress, screen
    from api.settings import Settings
    from api.workspace import Workspace
    from eval.benchmarks import HZZ4L
    from eval.report import evaluate as measure

    with Workspace(Settings.read()) as workspace:
        data = [] if toys_only else workspace.open_data()
    with tempfile.TemporaryDirectory(prefix="cutbook-eval-") as work, progress("eval") as tell:
        report = measure(folder or HZZ4L, runs=runs, data=data, work=Path(work), progress=tell)
    if form == "json":
        typer.echo(json.dumps(report.to_json(), indent=1, ensure_ascii=False))
    elif form == "markdown":
        typer.echo(report.to_markdown(), nl=False)
    else:
        out = screen()
        out.print(report.table())
        for remark in report.remarks():
            out.print(Text(f"  {remark}"))
    if not report.passed:
        raise typer.Exit(1)
