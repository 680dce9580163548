"""The command `cutbook`: its options, its sub-commands, and how it fails."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated

import typer
from typer.main import get_command

from api.cli import (
    analyses,
    benchmark,
    changes,
    cuts,
    datasets,
    demo,
    doctor,
    jobs,
    papers,
    replay,
    reviews,
    server,
)
from kb.errors import CutbookError, FaultError, InputError

app = typer.Typer(
    name="cutbook",
    help="Read the event selections of collider papers, cite every cut, and run them on Open Data.",
    pretty_exceptions_enable=False,
    # Help drawn by rich costs 0.2 s of imports; `cutbook --help` should answer at once.
    rich_markup_mode=None,
)
for part in (papers, cuts, changes, reviews, analyses, replay, datasets, jobs, server, doctor, benchmark, demo):
    part.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cutbook {installed_version('cutbook')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = (
        False
    ),
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    pass


def run(args: Sequence[str] | None = None) -> None:
    """Run and exit: 0 done, 2 wrong input, 3 not found, 4 source unreachable, 5 refused, 1 a fault of ours."""
    given = list(sys.argv[1:] if args is None else args)
    options = given[: given.index("--")] if "--" in given else given
    debug = "--debug" in options
    if debug:
        given.remove("--debug")
    given = given or ["--help"]
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and (stream.encoding or "").lower().replace("-", "") != "utf8":
            stream.reconfigure(errors="backslashreplace")
    try:
        status = get_command(app).main(args=given, prog_name="cutbook", standalone_mode=False)
    except CutbookError as error:
        if debug or isinstance(error, FaultError):
            _keep_traceback(error, show=debug)
        fail(error)
        status = error.exit_status
    except typer.TyperException as error:
        fail(_usage(error, given))
        status = InputError.exit_status
    except typer.Abort:
        status = 130
    except Exception as error:
        log = _keep_traceback(error, show=debug)
        kept = f"the traceback is in {log}" if log else "run it again with --debug to see where"
        message = f"cutbook broke: {type(error).__name__}: {error}"
        fail(FaultError(message, hint=f"{kept}; please report it"))
        status = FaultError.exit_status
    sys.exit(status if isinstance(status, int) else 0)


def fail(error: CutbookError) -> None:
    """Print an error and its hint on stderr."""
    from rich.text import Text

    from api.cli.screen import errors

    screen = errors()
    screen.print(Text.assemble((f"error[{error.code}]", "bold red"), f": {error.message}"), soft_wrap=True)
    if error.hint:
        screen.print(Text.assemble(("hint", "bold cyan"), f": {error.hint}"), soft_wrap=True)


def _usage(error: typer.TyperException, given: Sequence[str]) -> CutbookError:
    context = getattr(error, "ctx", None)
    # An option without its value is told of without a context.
    commands = getattr(get_command(app), "commands", {})
    bare = " ".join(["cutbook", *(word for word in given[:1] if word in commands)])
    message = error.format_message().replace("Value error, ", "")
    return InputError(message, hint=f"see `{context.command_path if context else bare} --help`")


def _keep_traceback(error: BaseException, *, show: bool) -> Path | None:
    text = "".join(traceback.format_exception(error))
    if show:
        sys.stderr.write(text)
        return None
    try:
        from api.settings import Settings

        folder = Settings.read().home / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / f"fault-{datetime.now(UTC):%Y%m%d-%H%M%S}.log"
        log.write_text(f"cutbook {installed_version('cutbook')}: {' '.join(sys.argv)}\n{text}", encoding="utf-8")
    except (CutbookError, OSError):
        return None
    return log
