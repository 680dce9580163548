"""`cutbook cuts`, `cutbook show` and `cutbook search`."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from kb.errors import InputError, PaperNotFoundError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from api.workspace import Workspace
    from kb.document import Document
    from kb.ssc import Evidence
    from kb.store.records import CutRecord

Format = Literal["table", "json", "yaml", "adl", "markdown", "ssc"]


def register(app: typer.Typer) -> None:
    """Add the commands about cuts."""
    app.command()(cuts)
    app.command()(show)
    app.command()(search)


def cuts(
    paper: Annotated[str | None, typer.Argument(metavar="ID", help="A paper; all papers where none is given.")] = None,
    form: Annotated[
        Format,
        typer.Option(
            "--format", "-f", help="adl and ssc give the paper's complete criteria, the others the list of cuts."
        ),
    ] = "table",
    about: Annotated[str | None, typer.Option("--object", help="Only cuts on this object: muon, jet, …")] = None,
    variable: Annotated[str | None, typer.Option(help="Only cuts on this variable: pt, abs_eta, …")] = None,
    region: Annotated[str | None, typer.Option(help="Only cuts that hold in this region.")] = None,
    text: Annotated[str | None, typer.Option(help="Only cuts with these words.")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Tell which rule read each cut, and why what was refused is no cut.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Show whole sentences and all regions.")] = False,
) -> None:
    """Show a paper's cuts, each with its sentence.

    JSON, YAML and Markdown go to standard output as they are, ready for a pipe.
    """
    from api.names import check_terms, find_paper
    from api.settings import Settings
    from api.workspace import Workspace
    from kb.store.records import CutFilter

    check_terms(about, variable)
    if explain:
        _explain(paper, filtered=bool(about or variable or region or text), form=form, full=full)
        return
    with Workspace(Settings.read()) as workspace:
        version = None
        if paper is not None:
            named = find_paper(workspace.store, paper)
            paper, version = named.arxiv_id, named.version
            workspace.store.paper(paper, version)
        if form in {"adl", "ssc"}:
            if paper is None or about or variable or region or text:
                message = f"--format {form} gives the complete criteria of one paper"
                raise InputError(message, hint="name the paper and leave the filters away, or use another format")
            criteria = workspace.store.criteria(paper, version)
            from codegen.export_adl import to_adl

            typer.echo(criteria.to_json() if form == "ssc" else to_adl(criteria), nl=form == "ssc")
            return
        wanted = CutFilter(arxiv_id=paper, version=version, object=about, variable=variable, region=region, text=text)
        records = workspace.store.cuts(wanted)
        if not records and paper is not None:
            names = [known.name for known in workspace.store.criteria(paper, version).regions]
            if region is not None and region not in names:
                message = f"{paper} has no region '{region}'"
                raise InputError(message, hint=f"known: {', '.join(names) or 'none'}", path="region")
    _print_cuts(records, form, paper, full=full)


def _explain(paper: str | None, *, filtered: bool, form: Format, full: bool) -> None:
    """Distil again, which gives the same, and print the trace of it in the order of the text."""
    from rich.text import Text

    from api.cli.screen import grid, screen
    from api.names import find_paper
    from api.settings import Settings
    from api.workspace import Workspace
    from kb.distil import distil_with_trace

    if paper is None or filtered or form != "table":
        message = "--explain tells of one whole paper, as a table"
        raise InputError(message, hint="name the paper and leave the other options away")
    with Workspace(Settings.read()) as workspace:
        named = find_paper(workspace.store, paper)
        document = workspace.store.document(named.arxiv_id, named.version)
        criteria, trace = distil_with_trace(document, cited=workspace.store.cited_documents(document))
    table = grid("read as", "by rule", "from", title=f"{named}: what was read and what was refused")
    for step in sorted(trace, key=lambda step: step.start):
        refused = step.outcome != "cut"
        outcome = Text(step.outcome, style="yellow") if refused else Text(step.text, style="green")
        quote = step.text if refused else document.text[step.start : step.end]
        table.add_row(outcome, step.rule, Text(_short(quote, full=full), style="dim"))
    told = {step.start for step in trace if step.outcome != "cut"}
    for refusal in (one for one in criteria.unresolved if one.evidence.start not in told):
        outcome = Text(f"{refusal.code}: {refusal.reason}", style="yellow")
        table.add_row(outcome, "", Text(_short(refusal.evidence.quote, full=full), style="dim"))
    screen().print(table)


def _short(quote: str, *, full: bool) -> str:
    return " ".join(quote.split()) if full else shorten(quote, 120, placeholder=" …")


def _print_cuts(records: list[CutRecord], form: Format, paper: str | None, *, full: bool) -> None:
    from api.cli.screen import cut_table, errors, screen
    from kb.exports import flat_json, flat_yaml, to_markdown

    chosen = [record.cut for record in records]
    writers = {"json": flat_json, "yaml": flat_yaml, "markdown": to_markdown}
    if form in writers:
        typer.echo(writers[form](chosen), nl=False)
    elif not chosen:
        errors().print("No cut fits." if paper is None else f"No cut of {paper} fits.")
    else:
        out = screen()
        for name in dict.fromkeys((record.arxiv_id, record.title) for record in records):
            own = [record.cut for record in records if record.arxiv_id == name[0]]
            count = f"{len(own)} cut{'s' if len(own) != 1 else ''}"
            out.print(cut_table(own, width=out.width, title=f"{name[0]}: {name[1]} · {count}", full=full))


def show(
    cut: Annotated[str, typer.Argument(metavar="CUT", help="A cut's id, or its last eight characters.")],
) -> None:
    """Show a cut, its sentences marked in their paragraphs."""
    from api.cli.screen import screen
    from api.settings import Settings
    from api.workspace import Workspace

    with Workspace(Settings.read()) as workspace:
        print_cut(screen(), workspace, find_cut(workspace, cut))


def print_cut(out: Console, workspace: Workspace, record: CutRecord) -> None:
    """Print all that is known of a cut, with its sentences."""
    from rich.text import Text

    from api.cli.screen import grid

    found = record.cut
    documents = workspace.store.documents([evidence.document_hash for evidence in found.evidence])
    log = workspace.store.reviews(arxiv_id=record.arxiv_id, cut_id=found.id)
    out.print(Text(found.statement(), style="bold"))
    table = grid()
    table.show_header = False
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    reviews = [
        ": ".join(filter(None, (f"{entry.status} by {entry.reviewer}, {entry.at.astimezone():%Y-%m-%d}", entry.reason)))
        for entry in log
    ]
    own = documents.get(record.document_hash)
    licence = ("licence", own.licence if own else "")
    for label, value in [*_facts(record), licence, ("review", "\n".join(reviews))]:
        if value:
            table.add_row(label, Text(value))
    out.print(table)
    for evidence in found.evidence:
        _print_evidence(out, evidence, record.arxiv_id, documents.get(evidence.document_hash))
    if found.rationale:
        out.print(Text.assemble(("why: ", "bold"), f"“{found.rationale.quote}”"))


def _facts(record: CutRecord) -> list[tuple[str, str]]:
    cut = record.cut
    return [
        ("id", cut.id),
        ("paper", f"{record.arxiv_id} v{record.version}, {record.title}"),
        ("object", cut.subject.object + (f" ({cut.subject.definition})" if cut.subject.definition else "")),
        ("variable", cut.variable.id + (f" ({cut.variable.name})" if cut.variable.name else "")),
        ("scope, role", f"{cut.scope}, {cut.role}"),
        ("holds", cut.when.text if cut.when else ""),
        ("regions", ", ".join(cut.regions)),
        ("status", cut.status),
        ("read by", " ".join(filter(None, (cut.origin.extractor, cut.origin.version, cut.origin.rule)))),
        ("note", cut.note),
    ]


def find_cut(workspace: Workspace, name: str) -> CutRecord:
    """Return the cut of this id, or the only one whose id ends in it."""
    from kb.errors import CutNotFoundError

    try:
        return workspace.store.cut(name)
    except CutNotFoundError:
        if len(name) < 4:
            raise
        fitting = [record for record in workspace.store.cuts() if record.cut.id.endswith(name)]
        if len(fitting) == 1:
            return fitting[0]
        raise


def _print_evidence(out: Console, evidence: Evidence, paper: str, document: Document | None) -> None:
    from rich.padding import Padding
    from rich.text import Text

    delegated = "refers to the cited paper" if evidence.arxiv_id == paper else "states it, as the cited paper"
    kinds = {"stated": "states it", "table": "states it in a table", "caption": "states it in a caption"}
    kind = kinds.get(evidence.kind, delegated)
    heading = Text.assemble((f"{evidence.arxiv_id} ", "cyan"), (" › ".join(evidence.section), "bold"), f"  {kind}")
    out.print(heading)
    out.print(Padding(_paragraph(out, evidence, document), (0, 0, 0, 2)))
    if document is not None and (place := source_place(document, evidence.start)):
        out.print(Padding(Text(place, style="dim"), (0, 0, 1, 2)))


def _paragraph(out: Console, evidence: Evidence, document: Document | None) -> Text:
    from rich.text import Text

    block = document.block_at(evidence.start) if document else None
    start, end = (block.start, max(block.end, evidence.end)) if block else (evidence.start, evidence.end)
    before, after = ("", "") if out.color_system else ("»", "«")
    text = document.text if document else ""
    return Text.assemble(
        text[start : evidence.start],
        (f"{before}{evidence.quote}{after}", "bold black on yellow"),
        text[evidence.end : end],
    )


def source_place(document: Document, offset: int) -> str:
    """Say where in the source file a character of the text comes from; empty where the reader does not know."""
    piece = document.source_of(offset)
    if piece is None:
        return ""
    if piece.page is not None:
        box = f", box {', '.join(f'{edge:.0f}' for edge in piece.box)} pt" if piece.box else ""
        return f"{piece.file or 'PDF'} page {piece.page}{box}"
    if piece.offset is None:
        return piece.file
    return f"{piece.file} at character {piece.offset + offset - piece.start}"


def search(
    query: Annotated[str, typer.Argument(help="Words, such as “muon impact parameter”.")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many to show.")] = 5,
    paper: Annotated[list[str] | None, typer.Option("--paper", help="Only in this paper; may be repeated.")] = None,
) -> None:
    """Search passages and cuts, by words and by meaning."""
    from rich.padding import Padding
    from rich.text import Text

    from api.cli.screen import errors, screen
    from api.names import newest
    from api.reviews import search as find
    from api.settings import Settings
    from api.workspace import Workspace
    from kb.passages import CutPassage

    if not query.strip():
        message = "the query is empty"
        raise InputError(message, hint='give words, such as cutbook search "muon impact parameter"')
    with Workspace(Settings.read()) as workspace:
        if not workspace.store.papers():
            message = "the knowledge base is empty"
            raise PaperNotFoundError(message, hint="ingest a paper first: cutbook ingest ID_OR_FILE")
        papers = [newest(workspace.store, name, doing="the search") for name in paper or []]
        hits = find(workspace, query, limit=limit, papers=papers or None)
    if not hits:
        errors().print("Nothing found.")
    out = screen()
    for hit in hits:
        passage = hit.passage
        heading = Text.assemble((f"{passage.arxiv_id} ", "cyan"), (" › ".join(passage.section), "bold"))
        if isinstance(passage, CutPassage):
            heading.append(f"  {passage.statement}", style="green")
            heading.append(f"  cut {passage.cut_id}", style="dim")
        out.print(heading)
        text = Text(" ".join(passage.text.split()))
        text.highlight_words([word for word in query.split() if len(word) > 2], "bold yellow", case_sensitive=False)
        out.print(Padding(text, (0, 0, 1, 2)))
