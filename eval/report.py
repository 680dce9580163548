"""What `cutbook eval` finds out about a benchmark, as a table, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.agreement import Agreement, YieldCheck, check_yields, measure_agreement, published_samples
from eval.benchmarks import OPENDATA4L
from eval.extraction import Extraction, measure_extraction
from eval.score import Score
from kb.errors import DataError, InputError

if TYPE_CHECKING:
    from rich.table import Table

Progress = Callable[[str, int, int], None]
Line = tuple[str, str, bool]

TOY_EVENTS = 500


@dataclass(frozen=True)
class Report:
    """Everything measured on one benchmark; `extraction` is None for one that only has published yields."""

    benchmark: str
    extraction: Extraction | None
    agreements: tuple[Agreement, ...]
    yields: tuple[YieldCheck, ...]
    unused: tuple[str, ...] = ()
    """Data folders that could not be used, with the reason."""

    @property
    def passed(self) -> bool:
        """Whether every measurement is as it must be."""
        return all(good for _, _, good in self.lines())

    def lines(self) -> list[Line]:
        """Return what was measured: name, value, and whether it is as it must be."""
        lines = _extraction_lines(self.extraction) if self.extraction else []
        for agreement in self.agreements:
            lines.append(_agreement_line(agreement))
            lines.append((f"cuts applied, {agreement.dataset}", f"{agreement.applied} of {agreement.total}", True))
        if self.yields:
            right = sum(check.found.agrees for check in self.yields)
            lines.append(("published yields", f"{right} of {len(self.yields)}", right == len(self.yields)))
        return lines

    def remarks(self) -> list[str]:
        """Return what went wrong, one line each."""
        remarks = []
        if self.extraction:
            for part in (self.extraction.baseline, self.extraction.regions):
                remarks += [f"missed: {_spelt(record)}" for record in part.missed]
                remarks += [f"found with another object, rank or role: {_spelt(record)}" for record in part.different]
            remarks += [f"invented: {cut.statement} ({cut.reason})" for cut in self.extraction.inventions]
        for agreement in self.agreements:
            sides = ((agreement.only_compiled, "code"), (agreement.only_reference, "reference"))
            remarks += [f"{agreement.dataset}: only the {side} applies {c}" for ids, side in sides for c in ids]
            remarks += [f"{agreement.dataset}, {s.sample}: {s.first}" for s in agreement.samples if s.first]
        for check in self.yields:
            if not check.found.agrees:
                told = f"{check.found.measured:.8g}, published {check.found.published:.8g}"
                remarks.append(f"{check.selection}, {check.found.sample}: {check.found.quantity} yield {told}")
        return [*remarks, *(f"not used: {folder}" for folder in self.unused)]

    def to_json(self) -> dict[str, Any]:
        """Return all numbers as plain JSON values."""
        report: dict[str, Any] = {"benchmark": self.benchmark, "passed": self.passed}
        if self.extraction:
            report["extraction"] = _extraction_json(self.extraction)
        report["agreement"] = [
            {**asdict(agreement), "events": agreement.events, "share": agreement.share} for agreement in self.agreements
        ]
        report["yields"] = [{"selection": check.selection, **check.found.model_dump()} for check in self.yields]
        report["remarks"] = self.remarks()
        return report

    def to_markdown(self) -> str:
        """Return the table and the remarks as Markdown."""
        rows = [f"| {name} | {value} | {'✓' if good else '✗'} |" for name, value, good in self.lines()]
        lines = [f"## Benchmark {self.benchmark}", "", "| measured | value | |", "|---|---|---|", *rows]
        remarks = self.remarks()
        return "\n".join([*lines, *(["", *(f"- {remark}" for remark in remarks)] if remarks else []), ""])

    def table(self) -> Table:
        """Return the table for a terminal."""
        from rich.table import Table

        table = Table(title=f"Benchmark {self.benchmark}")
        table.add_column("measured")
        table.add_column("value", justify="right")
        table.add_column("")
        for name, value, good in self.lines():
            table.add_row(name, value, "[green]✓[/]" if good else "[red]✗[/]")
        return table


def evaluate(
    benchmark: Path,
    *,
    runs: int,
    data: Sequence[Path] | None,
    work: Path,
    progress: Progress | None = None,
) -> Report:
    """Measure a benchmark folder: extraction `runs` times, agreement on toys and on real data, published yields.

    `data` are folders of ROOT files; None measures on toys only. What is written stays in `work`. Raises InputError for
    a folder that is no benchmark.
    """
    from codegen.dataset import open_dataset
    from codegen.toys import write_toys

    if runs < 1:
        message = f"a benchmark is run at least once, not {runs} times"
        raise InputError(message, hint="give --runs 1 or more")
    real, unused = [], []
    for folder in data or ():
        try:
            real.append(open_dataset(str(folder)))
        except DataError as error:
            unused.append(error.message)
    extraction = None
    agreements = []
    if (benchmark / "gold.json").is_file() or not (benchmark / "yields.json").is_file():
        extraction = measure_extraction(benchmark, runs=runs, progress=progress)
        toys = work / "toys"
        write_toys(toys, seed=1, events=TOY_EVENTS)
        for dataset in [open_dataset(str(toys)), *real]:
            out = work / "agreement" / dataset.name
            agreements.append(measure_agreement(extraction.criteria, dataset, out, progress=progress))
    published = benchmark if (benchmark / "yields.json").is_file() else OPENDATA4L
    wanted = published_samples(published)
    yields: list[YieldCheck] = []
    for dataset in real:
        if wanted & set(dataset.samples):
            yields += check_yields(published, dataset, work / "yields" / dataset.name, progress=progress)
    return Report(benchmark.name, extraction, tuple(agreements), tuple(yields), tuple(unused))


def _extraction_lines(extraction: Extraction) -> list[Line]:
    gold, found = extraction.gold_baseline, extraction.found_baseline
    lines = [("cuts found", f"{found} of {gold}", found == gold)]
    if extraction.gold_regional:
        gold, found = extraction.gold_regional, extraction.found_regional
        lines.append(("region cuts found", f"{found} of {gold}", found == gold))
    invented = len(extraction.inventions)
    lines.append(("invented", str(invented), invented == 0))
    base = extraction.baseline
    lines.append(_share_line("recall, numbers", base.numeric, base.gold_numbers))
    lines.append(_share_line("precision, numbers", base.numeric, base.predicted_numbers))
    lines.append(_share_line("quotes that overlap the gold ones", base.cited, base.matched))
    lines.append(("quotes not in the text", str(base.not_in_text), base.not_in_text == 0))
    different = len(set(extraction.hashes))
    lines.append((f"different results in {extraction.runs} runs", str(different - 1), different == 1))
    return lines


def _share_line(name: str, part: int, whole: int) -> Line:
    share = f"{100 * part / whole:.1f} %" if whole else "–"
    return name, f"{share} ({part}/{whole})", part == whole


def _agreement_line(agreement: Agreement) -> Line:
    share = f"{100 * agreement.share:.6g} % of {agreement.events} events"
    return f"code and reference agree, {agreement.dataset}", share, agreement.complete


def _extraction_json(extraction: Extraction) -> dict[str, Any]:
    return {
        "papers": list(extraction.papers),
        "gold": {"baseline": extraction.gold_baseline, "regional": extraction.gold_regional},
        "found": {"baseline": extraction.found_baseline, "regional": extraction.found_regional},
        "predicted": extraction.predicted,
        "delegated": extraction.delegated,
        "invented": [asdict(cut) for cut in extraction.inventions],
        "baseline": _score_json(extraction.baseline),
        "regions": _score_json(extraction.regions),
        "runs": extraction.runs,
        "identical": extraction.identical,
        "sha256": sorted(set(extraction.hashes)),
    }


def _score_json(score: Score) -> dict[str, Any]:
    shares = ("numeric_recall", "numeric_precision", "full_recall", "full_precision", "flag_recall", "flag_precision")
    return {**asdict(score), **{name: getattr(score, name) for name in (*shares, "region_recall", "cited_share")}}


def _spelt(record: Any) -> str:
    rank = f" (rank {record['rank']})" if record.get("rank") else ""
    unit = "" if record.get("unit") in {None, "", "1"} else f" {record['unit']}"
    return f"{record['object']} {record['variable']} {record['operator']} {record['value']}{unit}{rank}"
