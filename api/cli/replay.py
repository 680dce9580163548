"""`cutbook replay`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kb.errors import DatasetNotFoundError

_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command that runs bundles again."""
    app.command()(replay)


def replay(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="The bundle.zip that an analysis has left.")],
    dataset: Annotated[
        str | None,
        typer.Option(metavar="NAME_OR_FOLDER", help="The data; default: the dataset that the bundle names."),
    ] = None,
) -> None:
    """Check a bundle, run its code again and compare every number.

    Data are recognised by their checksums. Exits with 1 if a number is not what it was.
    """
    import os

    from rich.text import Text

    from api.cli.screen import grid, progress, screen
    from api.cluster import executor
    from api.settings import Settings
    from api.workspace import Workspace
    from codegen.replay import open_bundle
    from codegen.replay import replay as run_again

    _, _, result = open_bundle(bundle)
    with Workspace(Settings.read(), label="cutbook replay") as workspace:
        try:
            folder = workspace.dataset(dataset or result.dataset.name).folder
        except DatasetNotFoundError as error:
            if dataset is not None:
                raise
            # The bundle knows the name of a folder, and not where it was.
            message = f"the bundle was made with the data '{result.dataset.name}', and no dataset is called so"
            raise DatasetNotFoundError(message, hint="say where the files are: --dataset FOLDER") from error
        with progress("replaying") as tell, executor(workspace.settings.dask_scheduler) as workers:
            found = run_again(bundle, folder, workers=len(os.sched_getaffinity(0)), executor=workers, progress=tell)
    out = screen()
    files = len(result.inputs.files) - len(result.unread)
    out.print(f"{result.paper.arxiv_id} on {result.dataset.name}: the bundle is whole, {files} data files are the same")
    for one in found.software:
        out.print(Text(f"  {one.path} is {one.now}, and was {one.then}", style="dim"))
    if found.agrees:
        out.print(Text(f"All {found.compared} numbers are the same", style="bold green"))
        return
    out.print(Text(f"{len(found.different)} of {found.compared} numbers are not what they were", style="bold red"))
    table = grid("number", "then", "now")
    for one in found.different[:_SHOWN]:
        table.add_row(Text(one.path), str(one.then), str(one.now))
    out.print(table)
    raise typer.Exit(1)
