"""What the command line draws: consoles, tables of cuts, a progress display on stderr."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from kb.ssc import Cut

NARROW = 100
"""Below this many columns ids are shortened to their digest, which `cutbook show` takes too."""


_MOST_REGIONS = 4


def screen() -> Console:
    """Return the console for results: stdout."""
    return Console(highlight=False)


def errors() -> Console:
    """Return the console for errors and progress: stderr."""
    return Console(stderr=True, highlight=False)


def grid(*headers: str, title: str | None = None) -> Table:
    """Return an empty table in the house style."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    for header in headers:
        table.add_column(header, overflow="fold")
    return table


def excerpt(quote: str, around: str, width: int) -> str:
    """Shorten a quote to `width` characters at word boundaries, keeping `around` in view.

    >>> excerpt("Electrons must have a transverse energy above 7 GeV and be isolated.", "7", 30)
    '… energy above 7 GeV and be …'
    """
    quote = " ".join(quote.split())
    if len(quote) <= width:
        return quote
    # 0.2 may be written 0.20.
    zeros = "0*" if "." in around else r"(?:\.0+)?"
    found = re.search(rf"(?<![\w.]){re.escape(around)}{zeros}(?!\d)", quote) if around else None
    middle = found.start() if found else 0
    start = max(0, min(middle - width // 2, len(quote) - width + 4))
    if start:
        start = quote.find(" ", start) + 1
    end = start + width - 4
    if end < len(quote):
        end = quote.rfind(" ", start, end + 1)
    if end <= start:
        # One word is longer than all there is room for.
        end = next((at for at in range(start + width - 4, len(quote)) if quote[at] == " "), len(quote))
    shown = quote[start:end].strip(" ,;")
    return f"{'… ' if start else ''}{shown}{' …' if end < len(quote) else ''}"


def cut_table(cuts: Iterable[Cut], *, width: int, title: str | None = None, full: bool = False) -> Table:
    """Lay cuts out in `width` columns: id, requirement, regions where any has one, citation.

    Sentences and lists of regions are shortened unless they are wanted in `full`.
    """
    cuts = list(cuts)
    narrow = width < NARROW
    ids = [cut.id.rpartition("-")[2] if narrow else cut.id for cut in cuts]
    id_width = max([3, *(len(name) for name in ids)])
    with_regions = not narrow and any(cut.regions for cut in cuts)
    region_width = max([7, *(min(16, len(name)) for cut in cuts for name in cut.regions)])
    # Rich puts two blanks and a separator between columns, and a blank at either edge.
    columns = 4 if with_regions else 3
    rest = max(20, width - id_width - (region_width if with_regions else 0) - (3 * columns - 1))
    requirement = rest * 9 // 20
    table = grid(title=title)
    table.add_column("cut", style="cyan", no_wrap=True, width=id_width)
    table.add_column("requirement", width=requirement)
    if with_regions:
        table.add_column("regions", style="magenta", width=region_width, overflow="fold")
    table.add_column("cited from", width=rest - requirement)
    for name, cut in zip(ids, cuts, strict=True):
        row = [Text(name), _requirement(cut)]
        if with_regions:
            row.append(Text(_regions(cut, full=full)))
        elif cut.regions:
            row[1].append(f"\nin {_regions(cut, full=full)}", style="magenta")
        table.add_row(*row, citation(cut, None if full else 2 * (rest - requirement) - 4))
    return table


def _regions(cut: Cut, *, full: bool) -> str:
    most = len(cut.regions) if full else _MOST_REGIONS
    shown = ", ".join(cut.regions[:most])
    more = len(cut.regions) - most
    return f"{shown} and {more} more" if more > 0 else shown


def _requirement(cut: Cut) -> Text:
    text = Text(cut.statement(), style="bold" if cut.status in {"accepted", "edited"} else "")
    if cut.any_of:
        text.append(f" (any of {cut.any_of})", style="dim")
    if cut.status != "proposed":
        text.append(f" [{cut.status}]", style="green")
    return text


def citation(cut: Cut, width: int | None) -> Text:
    """Return where a cut is stated, and of the sentence `width` characters, or all of it."""
    if not cut.evidence:
        return Text("entered by a person", style="dim")
    # The words that state it come first; after them, if these are a cited paper's, the sentence that leads there.
    source = cut.evidence[0]
    place = " › ".join(source.section[-1:])
    if any(evidence.arxiv_id != source.arxiv_id for evidence in cut.evidence):
        place = f"{source.arxiv_id} {place}".strip()
    text = Text(f"{place}\n" if place else "", style="dim")
    quote = " ".join(source.quote.split()) if width is None else excerpt(source.quote, first_number(cut), width)
    return text.append(f"“{quote}”", style="not dim")


def first_number(cut: Cut) -> str:
    """Return how the cut's threshold is probably written in its sentence, or an empty string."""
    value = cut.value[0] if isinstance(cut.value, tuple) else cut.value
    return value if isinstance(value, str) else f"{value:g}" if isinstance(value, float | int) else ""


@contextmanager
def progress(label: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show what is being done on stderr, and yield the function that is told of it; nothing where no one looks."""
    console = errors()
    if not console.is_terminal:
        yield lambda _stage, _done, _total: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=None)

        def tell(stage: str, done: int, total: int) -> None:
            bar.update(task, description=f"{label}: {stage}", completed=done, total=total if total > 1 else None)

        yield tell
