"""`cutbook review`: a person accepts, rejects, corrects and adds cuts."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.names import find_paper, newest
from kb.errors import InputError

if TYPE_CHECKING:
    from api.reviews import Verdict
    from api.workspace import Workspace
    from kb.review import Edit
    from kb.store.records import CutRecord

_CUTS = Annotated[list[str] | None, typer.Argument(metavar="CUT...", help="Ids of cuts, or their last characters.")]
_CUT = Annotated[str, typer.Argument(metavar="CUT", help="A cut's id, or its last characters.")]
_Paper = Annotated[str | None, typer.Option("--paper", metavar="ID", help="All cuts of a paper nobody has judged yet.")]
_Reason = Annotated[str, typer.Option("--because", help="Why; kept in the review log.")]
_Reviewer = Annotated[str, typer.Option("--reviewer", help="Who decides; default: the login name.")]
_Object = Annotated[str | None, typer.Option(help="What it is about: muon, jet, …")]
_Rank = Annotated[int | None, typer.Option(min=0, help="1 for the leading one, 2 for the next; 0 for every one.")]
_Variable = Annotated[str | None, typer.Option(help="pt, abs_eta, …")]
_Operator = Annotated[str | None, typer.Option(help="> >= < <= == != in not_in is")]
_Value = Annotated[str | None, typer.Option(help="A number, a range such as 70,110, or words for 'is'.")]
_Unit = Annotated[str | None, typer.Option(help="GeV, mm, 1, …")]
_When = Annotated[str | None, typer.Option(help="Under which condition, in the paper's words.")]
_Role = Annotated[str | None, typer.Option(help="select or veto")]
_Scope = Annotated[str | None, typer.Option(help="trigger, cleaning, object, event or region")]
_Regions = Annotated[
    list[str] | None, typer.Option("--region", help="A region in which it holds; may be repeated; '' for everywhere.")
]
_Note = Annotated[str | None, typer.Option(help="A remark.")]
_Quote = Annotated[str | None, typer.Option(help="The words of the paper that state it, verbatim.")]


def register(app: typer.Typer) -> None:
    """Add the commands about reviews."""
    group = typer.Typer(
        help="Accept, reject, correct and add cuts. Decisions outlive the next reading of the paper.",
        rich_markup_mode=None,
    )
    group.command()(accept)
    group.command()(reject)
    group.command()(undo)
    group.command()(edit)
    group.command()(add)
    group.command()(walk)
    group.command()(log)
    app.add_typer(group, name="review")


def accept(cuts: _CUTS = None, paper: _Paper = None, because: _Reason = "", reviewer: _Reviewer = "") -> None:
    """Say that cuts are as the paper states them."""
    _judge(cuts, paper, "accepted", because, reviewer)


def reject(cuts: _CUTS = None, paper: _Paper = None, because: _Reason = "", reviewer: _Reviewer = "") -> None:
    """Say that these are no cuts; they stay visible, and no analysis applies them."""
    _judge(cuts, paper, "rejected", because, reviewer)


def undo(cuts: _CUTS = None, because: _Reason = "", reviewer: _Reviewer = "") -> None:
    """Take decisions back: the cuts are what was read, and wait for review."""
    _judge(cuts, None, "proposed", because, reviewer)


def edit(
    cut: _CUT,
    about: Annotated[str | None, typer.Option("--object", help="What it is about: muon, jet, …")] = None,
    rank: _Rank = None,
    variable: _Variable = None,
    operator: _Operator = None,
    value: _Value = None,
    unit: _Unit = None,
    when: _When = None,
    role: _Role = None,
    scope: _Scope = None,
    region: _Regions = None,
    note: _Note = None,
    quote: _Quote = None,
    because: _Reason = "",
    reviewer: _Reviewer = "",
) -> None:
    """Correct a cut; what its sentence does not say is refused.

    Give --quote where other words of the paper state it.
    """
    from api.cli.screen import screen
    from api.reviews import correct

    given = _edit(locals())
    with _workspace() as workspace:
        record = _find(workspace, cut)
        made = correct(workspace, record.cut.id, given, reviewer=_who(reviewer), reason=because)
    screen().print(f"{made.cut.id}: {record.statement} → {made.statement}", soft_wrap=True, markup=False)


def add(
    paper: Annotated[str, typer.Argument(metavar="ID", help="A paper of the knowledge base.")],
    about: Annotated[str, typer.Option("--object", help="What it is about: muon, jet, …")],
    variable: Annotated[str, typer.Option(help="pt, abs_eta, …")],
    operator: Annotated[str, typer.Option(help="> >= < <= == != in not_in is")],
    value: Annotated[str, typer.Option(help="A number, a range such as 70,110, or words for 'is'.")],
    rank: _Rank = None,
    unit: _Unit = None,
    when: _When = None,
    role: _Role = None,
    scope: _Scope = None,
    region: _Regions = None,
    note: _Note = None,
    quote: _Quote = None,
    because: _Reason = "",
    reviewer: _Reviewer = "",
) -> None:
    """Add a cut that was not found, with --quote where the paper states it."""
    from api.cli.screen import screen
    from api.reviews import add as add_cut

    given = _edit(locals())
    with _workspace() as workspace:
        paper = newest(workspace.store, paper, doing="a review")
        made = add_cut(workspace, paper, given, reviewer=_who(reviewer), reason=because)
    screen().print(f"{made.cut.id}: {made.statement}", soft_wrap=True, markup=False)


def walk(
    paper: Annotated[str, typer.Argument(metavar="ID", help="A paper of the knowledge base.")],
    reviewer: _Reviewer = "",
) -> None:
    """Go through the cuts of a paper that nobody has judged yet, each with its sentence.

    Each decision is kept at once. An empty line or Ctrl-D where a reason is asked for goes back to the question and
    keeps nothing; a dash rejects without a reason. Ctrl-D at the question quits.
    """
    from api.cli.cuts import print_cut
    from api.cli.screen import screen
    from api.reviews import decide

    out = screen()
    who = _who(reviewer)
    with _workspace() as workspace:
        paper = newest(workspace.store, paper, doing="a review")
        waiting = _waiting(workspace, paper)
        for done, record in enumerate(waiting):
            out.rule(f"{done + 1} of {len(waiting)}")
            print_cut(out, workspace, record)
            answer = _asked()
            if answer is None:
                break
            verdict, because = answer
            if verdict is not None:
                decide(workspace, record.cut.id, verdict, reviewer=who, reason=because)
        left = len(_waiting(workspace, paper))
    waits = f"{left} cut{'s' if left != 1 else ''} of {paper} wait for review"
    out.print(waits if left else f"All cuts of {paper} are reviewed")


def _asked() -> tuple[Verdict | None, str] | None:
    """Ask for a verdict and its reason: no verdict to skip the cut, None to quit."""
    while True:
        try:
            answer = typer.prompt("[a]ccept, [r]eject, [s]kip, [q]uit", prompt_suffix=" ").strip().lower()[:1]
        except typer.Abort:
            typer.echo()
            return None
        if answer == "a":
            return "accepted", ""
        if answer == "s":
            return None, ""
        if answer == "q":
            return None
        if answer != "r":
            continue
        try:
            because = typer.prompt(
                "because (- for no reason, empty to go back)", default="", show_default=False
            ).strip()
        except typer.Abort:
            typer.echo()
            continue
        if because:
            return "rejected", "" if because == "-" else because


def log(
    paper: Annotated[str | None, typer.Argument(metavar="ID", help="A paper; all papers where none is given.")] = None,
) -> None:
    """Show who decided what, the oldest decision first."""
    from rich.text import Text

    from api.cli.screen import errors, grid, screen

    with _workspace() as workspace:
        if paper is not None:
            paper = find_paper(workspace.store, paper).arxiv_id
            workspace.store.paper(paper)
        entries = workspace.store.reviews(arxiv_id=paper)
    if not entries:
        errors().print("Nothing is reviewed yet: cutbook review walk ID")
        return
    table = grid("when", "who", "decision", "cut", "requirement", "because")
    for entry in entries:
        said, before = Text(entry.after.statement()), entry.before.statement()
        if before != entry.after.statement():
            said.append(f"\nwas {before}", style="dim")
        at = f"{entry.at.astimezone():%Y-%m-%d %H:%M}"
        table.add_row(
            at, Text(entry.reviewer), entry.status, Text(entry.cut_id, style="cyan"), said, Text(entry.reason)
        )
    screen().print(table)


def _workspace() -> Workspace:
    from api.settings import Settings
    from api.workspace import Workspace

    return Workspace(Settings.read(), label="cutbook review")


def _judge(cuts: Sequence[str] | None, paper: str | None, verdict: Verdict, because: str, reviewer: str) -> None:
    from api.cli.screen import screen
    from api.reviews import decide

    if bool(cuts) == (paper is not None):
        message = "name cuts, or a paper by --paper" if not cuts else "--paper takes all cuts; do not name some as well"
        raise InputError(message, hint="`cutbook cuts ID` lists the cuts of a paper with their ids")
    with _workspace() as workspace:
        records = _waiting(workspace, paper) if paper is not None else [_find(workspace, name) for name in cuts or ()]
        for record in records:
            decide(workspace, record.cut.id, verdict, reviewer=_who(reviewer), reason=because)
    counted = f"{len(records)} cut{'s' if len(records) != 1 else ''}"
    screen().print(f"{verdict.capitalize()}: {counted}" if verdict != "proposed" else f"Taken back: {counted}")


def _waiting(workspace: Workspace, paper: str) -> list[CutRecord]:
    from kb.store.records import CutFilter

    paper = newest(workspace.store, paper, doing="a review")
    workspace.store.criteria(paper)
    return workspace.store.cuts(CutFilter(arxiv_id=paper, status="proposed"))


def _find(workspace: Workspace, name: str) -> CutRecord:
    from api.cli.cuts import find_cut

    return find_cut(workspace, name)


def _who(reviewer: str) -> str:
    try:
        return reviewer or getpass.getuser()
    except (KeyError, OSError) as error:
        message = "this account has no login name"
        raise InputError(message, hint="say who decides: --reviewer NAME") from error


def _edit(options: dict[str, Any]) -> Edit:
    """Return what the options change; InputError for what they cannot say."""
    from pydantic import ValidationError

    from kb.review import Edit

    names = {"about": "object", "region": "regions"}
    given = {
        names.get(name, name): value
        for name, value in options.items()
        if value is not None and names.get(name, name) in Edit.model_fields
    }
    if "value" in given:
        given["value"] = _number(given["value"])
    if "regions" in given:
        given["regions"] = tuple(filter(None, given["regions"]))
    try:
        return Edit(**given)
    except ValidationError as error:
        first = error.errors()[0]
        option = f"--{first['loc'][0]}: " if first["loc"] else ""
        message = f"{option}{first['msg'].removeprefix('Value error, ')}"
        raise InputError(message, hint="cutbook review edit --help") from error


def _number(text: str) -> float | tuple[float, float] | str:
    """Read a value as the command line writes it.

    >>> _number("25"), _number("70, 110"), _number("tight")
    (25.0, (70.0, 110.0), 'tight')
    """
    parts = text.strip("[]() ").split(",")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        return text
    return numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1]) if len(numbers) == 2 else text
