"""`cutbook analyse`, and what it found on the screen."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from kb.errors import DataError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from codegen.result import HistogramSums, Probes, RegionResult, Result, SampleResult, StepResult, Validation
    from kb.store.records import AnalysisRecord


def register(app: typer.Typer) -> None:
    """Add the commands about analyses."""
    app.command()(analyse)


def analyse(
    paper: Annotated[str, typer.Argument(metavar="ID", help="A paper of the knowledge base.")],
    dataset: Annotated[str, typer.Option(metavar="NAME_OR_FOLDER", help="What to run on: see cutbook datasets.")],
    profile: Annotated[
        str | None, typer.Option(metavar="NAME_OR_TOML", help="What its branches mean; default: told by the files.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help="Where to put the files; default: the home.")
    ] = None,
    engine: Annotated[
        Literal["compiled", "llm", "hybrid"],
        typer.Option(help="Who writes the code: the compiler; a language model; or it what the compiler cannot."),
    ] = "compiled",
    backend: Annotated[
        Literal["awkward", "rdataframe"],
        typer.Option(help="What the code is written for: awkward arrays, or ROOT's RDataFrame."),
    ] = "awkward",
    plot: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OBJECT.VARIABLE=BINS,LOW,HIGH",
            help="Also draw this, in GeV, mm or 1; @n is the n-th object or the n-th pair that the paper chooses: "
            "jet.pt@1=40,0,400, jet_pair.mass=50,0,500, lepton_pair.mass@1=60,0,120. May be repeated.",
        ),
    ] = None,
    probes: Annotated[
        bool, typer.Option("--probes/--no-probes", help="Show every cut on events made just beside its threshold.")
    ] = True,
) -> None:
    """Turn a paper's cuts into code, run and validate it.

    The code runs in a sandbox; event by event it is compared with an independent reading of the same cuts, and
    every cut is shown on made-up events just below, at and just above its threshold.
    """
    from api.analyses import request_analysis
    from api.cli.jobs import at_work
    from api.cli.progress import job_progress
    from api.cli.screen import screen
    from api.names import newest
    from api.settings import Settings
    from api.workspace import Workspace
    from kb.observable import Observable

    observables = [Observable.parse(text) for text in plot or ()]
    with Workspace(Settings.read(), label="cutbook analyse") as workspace:
        request = request_analysis(
            workspace,
            newest(workspace.store, paper, doing="an analysis"),
            dataset,
            output=out,
            profile=profile,
            engine=engine,
            probes=probes,
            observables=observables,
            backend=backend,
        )
        with at_work(workspace) as jobs, job_progress() as watch:
            jobs.follow(jobs.submit("analyse", request), watch)
        record = workspace.store.analysis(request["analysis"])
    print_analysis(screen(), record)
    if (record.result or {}).get("unread"):
        raise typer.Exit(DataError.exit_status)


def print_analysis(out: Console, record: AnalysisRecord) -> None:
    """Print what came of an analysis that is done."""
    from codegen.result import Result

    print_result(out, record, Result.model_validate(record.result))


def print_result(out: Console, record: AnalysisRecord, result: Result) -> None:
    """Print cutflow, yields, coverage, what is not applied, validation and where the files lie."""
    from rich.text import Text

    from api.analyses import CODE, RESULT
    from api.cli.screen import grid

    out.print(_cutflow(result))
    out.print(_yields(result))
    if shifted := _shifted(result):
        out.print(shifted)
    for one in result.unread:
        out.print(Text(f"Not complete: {one.sample}: {one.name} cannot be read: {one.reason}", style="bold yellow"))
    for absent in result.absent:
        lacks = f"{absent.sample}: {absent.name} lacks {', '.join(absent.paths)}, which count as not fired in it"
        out.print(Text.assemble(("Trigger: ", "bold yellow"), lacks))
    if warning := _emptied(result):
        out.print(Text(warning, style="bold yellow"))
    if result.engine.model:
        out.print(Text.assemble(("Engine: ", "bold"), f"{result.engine.name}, with {result.engine.model}"))
    coverage = result.coverage
    before = f", {coverage.already} more already applied in the file" if coverage.already else ""
    out.print(Text.assemble(("Coverage: ", "bold"), f"{coverage.applied} of {coverage.total} cuts applied{before}"))
    if coverage.unreviewed:
        waiting = f"{coverage.unreviewed} of {coverage.total} cuts were not reviewed yet"
        out.print(
            Text.assemble(("Review: ", "bold yellow"), f"{waiting} (cutbook review walk {result.paper.arxiv_id})")
        )
    for already, title in ((True, "already applied in the file"), (False, "not applied")):
        table = grid("cut", title, "because")
        for missing in result.not_applied:
            name = Text(missing.cut_id.rpartition("-")[2], style="cyan")
            if missing.already == already:
                review = ("; please review", "yellow") if missing.review else ""
                table.add_row(name, Text(missing.statement), Text.assemble(missing.reason, review))
        if table.row_count:
            out.print(table)
    if result.dataset.no_luminosity:
        out.print(Text.assemble(("Luminosity: ", "bold yellow"), f"not known: {result.dataset.no_luminosity}"))
    for reason, names in _by_reason(result.not_drawn).items():
        out.print(Text.assemble(("Not drawn: ", "bold yellow"), f"{', '.join(names)}, because {reason}"))
    for region, reason in result.regions_left_out.items():
        out.print(Text.assemble(("Region left out: ", "bold yellow"), f"{region}, because {reason}"))
    for remark in result.remarks:
        review = "; please review" if remark.review else ""
        out.print(Text.assemble(("Read so: ", "bold yellow"), f"{remark.about}: {remark.text}{review}"))
    for variation, reason in result.not_varied.items():
        out.print(Text.assemble(("Not varied: ", "bold yellow"), f"{variation}, because {reason}"))
    for line in _validation(result.validation):
        out.print(line)
    for file, reason in result.inputs.left_out.items():
        out.print(Text.assemble(("Left out: ", "bold yellow"), f"{file}, because {reason}"))
    plots = [name for name in result.plots if name.endswith(".png")]
    files = {
        CODE: "the code; it also runs by itself: python analysis.py FILE...",
        RESULT: "all numbers, versions and checksums",
        "plots/": ", ".join(name.removeprefix("plots/") for name in plots) or "none was made",
        "hepdata/": "cutflows and histograms as tables for HEPData",
        "bundle.zip": "criteria, code, results and plots in one file",
    }
    out.print(Text.assemble(("Files", "bold"), f" in {record.folder}"), soft_wrap=True)
    for file, about in files.items():
        if about:
            out.print(Text.assemble("  ", (f"{file:<12}", "cyan"), f" {about}"))


def _by_reason(told: Mapping[str, str]) -> dict[str, list[str]]:
    """Return what has the same reason together.

    >>> _by_reason({"m12": "no pairs", "met": "no MET", "m34": "no pairs"})
    {'no pairs': ['m12', 'm34'], 'no MET': ['met']}
    """
    found: dict[str, list[str]] = {}
    for name, reason in told.items():
        found.setdefault(reason, []).append(name)
    return found


def _emptied(result: Result) -> str:
    """Say after which step no event of any sample is left, if there is such a step in the baseline."""
    samples = list(result.samples.values())
    if not samples or any(sample.selected for sample in samples) or not any(sample.events for sample in samples):
        return ""
    flows = zip(*(sample.cutflow for sample in samples), strict=True)
    emptied = next((steps[0].label for steps in flows if not any(step.raw for step in steps)), "the last one")
    return f"No event is left after “{emptied}”. Was that cut read rightly, and do these data suit the paper?"


def _cutflow(result: Result) -> Table:
    """Sum the samples: events in data; events and, at the luminosity of the data, their weight in simulation.

    Simulation of unknown cross-section is shown where there is no other, and only counted.
    """
    from rich.text import Text

    from api.cli.screen import grid

    data = [sample for sample in result.samples.values() if sample.kind == "data"]
    every = [sample for sample in result.samples.values() if sample.kind == "mc"]
    simulated = [sample for sample in every if sample.normalised]
    weighted, simulated = bool(simulated), simulated or every
    columns = [*(["data"] if data else []), *(["simulation, raw"] if simulated else [])]
    columns += ["weighted"] if weighted else []
    table = grid("step", title=f"Cutflow of {result.paper.arxiv_id} on {result.dataset.name}")
    for header in columns:
        table.add_column(header, justify="right", no_wrap=True)

    counted = [*data, *simulated]
    if not counted:
        return table

    def add(label: Text, steps: Sequence[StepResult]) -> None:
        cells = []
        if data:
            cells.append(f"{sum(step.raw for step in steps[: len(data)])}")
        if simulated:
            cells.append(f"{sum(step.raw for step in steps[len(data) :])}")
        if weighted:
            cells.append(with_error(steps[len(data) :]))
        table.add_row(label, *cells)

    first = [f"{sum(sample.events for sample in group)}" for group in (data, simulated) if group]
    table.add_row("all events", *first, *([""] if weighted else []))
    for number, step in enumerate(counted[0].cutflow):
        add(Text(step.label), [sample.cutflow[number] for sample in counted])
    for name, region in counted[0].regions.items():
        for number, step in enumerate(region.cutflow):
            label = Text.assemble((f"{name}: ", "magenta"), step.label)
            add(label, [sample.regions[name].cutflow[number] for sample in counted])
    return table


def _yields(result: Result) -> Table:
    from rich.text import Text

    from api.cli.screen import grid

    luminosity = f" at {result.dataset.luminosity:g} fb⁻¹" if result.dataset.luminosity else ""
    table = grid("sample", "kind", title=f"Yields after the baseline selection{luminosity}")
    for header in ("events", "selected", "weighted"):
        table.add_column(header, justify="right")
    for name, sample in result.samples.items():
        weighted = "" if sample.kind == "data" else with_error([sample]) if sample.normalised else "no cross-section"
        row = (Text(name, style="cyan"), sample.kind, str(sample.events), str(sample.selected), weighted)
        table.add_row(*row)
    return table


def _shifted(result: Result) -> Table | None:
    """Tell what the simulated yields would be with weights shifted up and down; None where they are not known."""
    from rich.text import Text

    from api.cli.screen import grid

    simulated = [sample for sample in result.samples.values() if sample.kind == "mc" and sample.normalised]
    names = dict.fromkeys(name for sample in simulated for name in sample.varied)
    if not names:
        return None
    places: dict[str, Sequence[SampleResult | RegionResult]] = {"baseline": simulated}
    places |= {region: [sample.regions[region] for sample in simulated] for region in simulated[0].regions}
    table = grid("selection", "uncertainty", title="Weighted yields with the weights shifted")
    for header in ("up", "down"):
        table.add_column(header, justify="right")
    for place, counted in places.items():
        nominal = math.fsum(part.weighted for part in counted)
        for name in names:
            sides = [part.varied.get(name) for part in counted]
            up = math.fsum(s.up.weighted if s else part.weighted for s, part in zip(sides, counted, strict=True))
            down = math.fsum(s.down.weighted if s else part.weighted for s, part in zip(sides, counted, strict=True))
            table.add_row(Text(place), Text(name, style="cyan"), _moved(up, nominal), _moved(down, nominal))
    return table


def _moved(shifted: float, nominal: float) -> str:
    """Write a yield and by how much it has moved.

    >>> _moved(103.0, 100.0), _moved(0.0, 0.0)
    ('103 (+3.0 %)', '0')
    """
    return f"{shifted:.4g} ({100 * (shifted / nominal - 1):+.1f} %)" if nominal else f"{shifted:.4g}"


def with_error(parts: Sequence[StepResult | SampleResult]) -> str:
    """Write a sum of weighted counts with its statistical uncertainty, the root of the sum of squared weights.

    The uncertainty gets two significant digits, and the sum as many decimals.
    """
    total = math.fsum(part.weighted for part in parts)
    error = math.sqrt(math.fsum(part.sumw2 for part in parts))
    decimals = max(0, 1 - math.floor(math.log10(error))) if error > 0 else 0
    return f"{total:.{decimals}f} ± {error:.{decimals}f}"


def _contents(contents: HistogramSums) -> Iterator[Text]:
    from rich.text import Text

    alike = contents.agreeing == contents.compared
    text = Text.assemble(("Histograms: ", "bold"))
    if contents.compared or not contents.unfilled:
        text.append("code and independent reference fill the same into ")
        text.append(f"{contents.agreeing} of {contents.compared}", style="bold green" if alike else "bold red")
    if contents.unfilled:
        told = f"not filled by the code: {', '.join(contents.unfilled)}"
        text.append(f"; {told}" if contents.compared else told, style="yellow")
    if contents.unchecked:
        text.append(f"; not compared: {', '.join(contents.unchecked)}", style="yellow")
    yield text
    for one in contents.differences[:5]:
        where = f"{one.sample}{f', {one.region}' if one.region else ''}, {one.histogram}, {one.weight}"
        told = f"  {where}, from {one.low:g} to {one.high:g}: {one.code:.6g} in the code, {one.reference:.6g}"
        yield Text(f"{told} in the reference", style="red")


def _probes(probes: Probes) -> Iterator[Text]:
    """Tell how many cuts the code was shown to apply as stated, and what is wrong or could not be shown."""
    from rich.text import Text

    judged = len(probes.cuts)
    style = "bold red" if probes.wrong else "bold green" if probes.proven == judged else "bold yellow"
    text = Text.assemble(("Probes: ", "bold"), (f"{probes.proven} of {judged} cuts proven", style))
    for number, words in ((probes.wrong, "wrong"), (probes.not_provable, "not provable")):
        text.append(f", {number} {words}" if number else "")
    text.append(f", on {probes.events} made-up events next to their thresholds")
    yield text
    for verdict, words, colour in (("wrong", "wrong", "red"), ("not_provable", "not provable, because", "yellow")):
        for cut in probes.cuts:
            if cut.verdict == verdict:
                name = cut.cut_id.rpartition("-")[2]
                yield Text(
                    f"  {name} {cut.statement}: {words}: {cut.reason}".replace("because:", "because"), style=colour
                )


def _validation(validation: Validation) -> Iterator[Text]:
    from rich.text import Text

    style = {"agrees": "bold green", "disagrees": "bold red"}.get(validation.status, "bold yellow")
    text = Text.assemble(("Validation: ", "bold"), (validation.status.replace("_", " "), style))
    if events := validation.event_by_event:
        share = f"{100 * events.agreement:.6g} %"
        text.append(f", code and independent reference pass the same in {events.agreeing} of {events.events}")
        text.append(f" events ({share})")
        if events.left == 0:
            text.append("; none of them is left at the end, so that this shows little", style="yellow")
        yield text
        for one in events.disagreements[:5]:
            passes = "the code" if one.code_passes else "the reference"
            yield Text(f"  {one.sample}, event {one.index}: only {passes} lets it pass “{one.step}”", style="red")
        for cut_ids, who in ((events.only_code, "code"), (events.only_reference, "reference")):
            if cut_ids:
                yield Text(f"  only the {who} applies {', '.join(cut_ids)}", style="red")
    else:
        yield text
    if sums := validation.weights:
        alike = sums.agreeing == sums.compared
        text = Text.assemble(("Weights: ", "bold"), "code and independent reference agree on ")
        yield text.append(f"{sums.agreeing} of {sums.compared} sums", style="bold green" if alike else "bold red")
        for difference in sums.differences[:5]:
            where = f"{difference.sample}, “{difference.step}”, {difference.weight}"
            told = f"  {where}: {difference.code:.6g} in the code, {difference.reference:.6g} in the reference"
            yield Text(told, style="red")
    if contents := validation.histograms:
        yield from _contents(contents)
    if probes := validation.probes:
        yield from _probes(probes)
    for check in validation.yields:
        mark = ("agrees", "green") if check.agrees else ("differs", "red")
        told = f"{check.sample} {check.quantity}: {check.measured:g}, published {check.published:g}"
        yield Text.assemble(f"  {told}: ", mark)
