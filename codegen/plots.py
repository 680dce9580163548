"""Draw measured histograms as a collider experiment shows them: data over stacked simulation, with their ratio below.

Runs outside the sandbox, on numbers that have been checked. matplotlib and mplhep are imported when a plot is drawn.
"""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codegen.measured import Histogram, Measured
from codegen.weight import SIDES
from kb.errors import InputError

if TYPE_CHECKING:
    from hist import Hist
    from matplotlib.figure import Figure

# M. A. Petroff, "Accessible Color Sequences for Data Visualization" (arXiv:2107.02270): told apart by colour-blind
# readers and in grey.
COLOURS = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
FORMATS = ("png", "pdf")
_DPI = 150
# Characters that have room on a line: of an axis, of a title beside the luminosity, and of a legend's entry in columns.
_AXIS, _TITLE, _ENTRY = 52, 36, 28
_REGION = 26
_PER_CHARACTER = 0.085  # inches


def draw(
    samples: Mapping[str, Mapping[str, Histogram]],
    output: Path,
    *,
    data: Collection[str],
    header: str,
    title: str = "Open Data",
    names: Mapping[str, str] | None = None,
    compare: bool = True,
    formats: Sequence[str] = FORMATS,
) -> list[Path]:
    """Draw every histogram of `samples` (sample → histogram name → contents) and return the files written.

    The samples named in `data` are added up and drawn as points with Poisson intervals, the others stacked, the
    largest at the bottom, and compared as data / simulation. Without data, without simulation, or where they are not to
    `compare`, the ratio is left out. A plot without any event says so. `header` tells luminosity and energy; `names`
    gives the legend's names (default: the sample's own).
    Raises `InputError` when a histogram has different bins in different samples.
    """
    found = dict.fromkeys(name for content in samples.values() for name in content)
    written: list[Path] = []
    output.mkdir(parents=True, exist_ok=True)
    for name in found:
        contents = {sample: content[name] for sample, content in samples.items() if name in content}
        _same_bins(name, contents)
        measured = [contents[sample] for sample in contents if sample in data]
        simulated = {sample: contents[sample] for sample in contents if sample not in data}
        with warnings.catch_warnings():
            # Deprecations inside mplhep and matplotlib, empty bins in the ratio and its scale: nothing for our user.
            warnings.simplefilter("ignore")
            figure = _figure(measured, simulated, header, title, names or {}, compare)
            for kind in formats:
                path = output / f"{file_stem(name)}.{kind}"
                # No dates: the same numbers give the same bytes.
                figure.savefig(path, metadata={"CreationDate": None} if kind == "pdf" else None)
                written.append(path)
    return written


def file_stem(name: str) -> str:
    """Return a name for files, from one of a histogram or a region.

    >>> file_stem("SR 2ℓ (low m_T)")
    'SR_2ℓ_low_m_T'
    """
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "histogram"


def draw_overlaps(samples: Sequence[Measured], output: Path) -> list[Path]:
    """Draw which share of each region's events is in each other region; nothing where there are no two regions."""
    import numpy as np
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    regions = list(samples[0].regions) if samples else []
    if len(regions) < 2:
        return []
    total = np.sum([sample.overlaps.weighted for sample in samples], axis=0)
    own = np.diag(total)
    share = np.divide(total, own[:, np.newaxis], out=np.full_like(total, np.nan), where=own[:, np.newaxis] > 0)
    names = [wrapped(region, _REGION) for region in regions]
    lines = [line for name in names for line in name.splitlines()]
    beside, side = 0.4 + _PER_CHARACTER * max(map(len, lines)), max(2.2, 0.6 * len(regions))
    with rc_context({"figure.constrained_layout.use": True, "font.size": 10}):
        figure = Figure(figsize=(max(side + beside + 1, 4.0), side + beside + 0.7))
        axes = figure.subplots()
        image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
        axes.set_xticks(range(len(regions)), names, rotation=90)
        axes.set_yticks(range(len(regions)), names)
        for row, column in np.ndindex(*share.shape):
            if np.isfinite(share[row, column]):
                shade = "white" if share[row, column] > 0.6 else "black"
                axes.text(column, row, f"{share[row, column]:.2g}", ha="center", va="center", color=shade, size=8)
        width = int(figure.get_figwidth() / _PER_CHARACTER)
        figure.suptitle(wrapped("Share of a row's events that are also in the column", width), fontsize=10)
        figure.colorbar(image, ax=axes, fraction=0.046)
        output.mkdir(parents=True, exist_ok=True)
        path = output / "region_overlap.png"
        figure.savefig(path, dpi=150)
    return [path]


def _same_bins(name: str, contents: Mapping[str, Histogram]) -> None:
    (first, reference), *others = contents.items()
    for sample, histogram in others:
        if histogram.edges != reference.edges:
            message = f"histogram {name} has other bins in {sample} than in {first}"
            raise InputError(message, hint="run all samples with the same analysis")


def axis_label(label: str, unit: str, width: int = _AXIS) -> str:
    """Return an axis title with its unit, the label's plain or TeX symbols kept, in lines of some characters.

    >>> axis_label("$m_{4l}$", "GeV"), axis_label("number of jets", "")
    ('$m_{4l}$ [GeV]', 'number of jets')
    """
    return wrapped(f"{label} [{unit}]" if unit and unit != "1" else label, width)


def wrapped(text: str, width: int) -> str:
    """Break text into lines at spaces; words and formulas stay whole.

    >>> wrapped("number of jets far from every lepton", 20)
    'number of jets far\\nfrom every lepton'
    >>> wrapped("mass $m_{a b}$ of it", 8)
    'mass\\n$m_{a b}$\\nof it'
    """
    words = re.findall(r"(?:\$[^$]*\$|\S)+", text)
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return "\n".join(lines)


def events_label(edges: Sequence[float], unit: str) -> str:
    """Return the title of a count axis: events per bin width, where all bins are equally wide.

    >>> events_label([80.0, 85.0, 90.0], "GeV"), events_label([0, 1, 4], "")
    ('Events / 5 GeV', 'Events / bin')
    """
    widths = [high - low for low, high in itertools.pairwise(edges)]
    if max(widths) - min(widths) > 1e-6 * max(widths):
        return "Events / bin"
    return f"Events / {widths[0]:.4g} {unit if unit != '1' else ''}".rstrip()


def summed(histograms: Sequence[Histogram]) -> Hist[Any]:
    """Add histograms up into one with variances."""
    import numpy as np
    from hist import Hist, axis, storage

    total = Hist(axis.Variable(histograms[0].edges, flow=False), storage=storage.Weight())
    view: Any = total.view()
    view.value = np.sum([histogram.values for histogram in histograms], axis=0)
    view.variance = np.sum([histogram.variances for histogram in histograms], axis=0)
    return total


def shifts(histograms: Sequence[Histogram]) -> tuple[Any, Any]:
    """Return the squares of what the weights' uncertainties move the sum of histograms up by, and down by, in each bin.

    Of one uncertainty the samples move together, and different ones are independent: their squares are added. Of its
    two sides, the larger move up counts for up and the larger one down for down. A sample that lacks it does not move.
    """
    import numpy as np

    nominal = np.sum([histogram.values for histogram in histograms], axis=0)
    above, below = np.zeros_like(nominal), np.zeros_like(nominal)
    names = dict.fromkeys(name.rpartition("_")[0] for histogram in histograms for name in histogram.varied)
    for name in names:
        moves = []
        for side in SIDES:
            weight = f"{name}_{side}"
            moved = [one.varied[weight].values if weight in one.varied else one.values for one in histograms]
            moves.append(np.sum(moved, axis=0) - nominal)
        above += np.max([*moves, np.zeros_like(nominal)], axis=0) ** 2
        below += np.min([*moves, np.zeros_like(nominal)], axis=0) ** 2
    return above, below


def _figure(
    measured: Sequence[Histogram],
    simulated: Mapping[str, Histogram],
    header: str,
    title: str,
    names: Mapping[str, str],
    compare: bool = True,
) -> Figure:
    """Lay out one figure; it is no figure of pyplot, so that nothing has to close it."""
    import mplhep
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    first = next(iter([*measured, *simulated.values()]))
    stacked = dict(sorted(simulated.items(), key=lambda item: -sum(item[1].values)))
    # A sample keeps its colour whatever its yield.
    colours = {sample: COLOURS[index % len(COLOURS)] for index, sample in enumerate(simulated)}
    with rc_context(_style()):
        figure = Figure(figsize=(7, 6.6), dpi=_DPI)
        both = bool(measured and simulated) and compare
        if both:
            upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        else:
            upper, lower = figure.subplots(), None
        if stacked:
            parts = [summed([histogram]) for histogram in stacked.values()]
            mplhep.histplot(
                parts,
                ax=upper,
                stack=True,
                histtype="fill",
                color=[colours[sample] for sample in stacked],
                label=[names.get(sample, sample) for sample in stacked],
                edgecolor="black",
                linewidth=0.5,
                flow="none",
            )
            _uncertainty(upper, simulated, relative=False)
        if measured:
            mplhep.histplot(
                summed(measured),
                ax=upper,
                histtype="errorbar",
                color="black",
                label="Data",
                w2method="poisson",
                flow="none",
            )
        if lower is not None:
            _ratio(lower, measured, simulated)
        upper.set_xlabel("")
        bottom = lower if lower is not None else upper
        bottom.set_xlabel(axis_label(first.label, first.unit))
        upper.set_ylabel(events_label(first.edges, first.unit))
        upper.set_xlim(first.edges[0], first.edges[-1])
        columns = 1 if max(map(len, [names.get(sample, sample) for sample in simulated] or [""])) > _ENTRY else 2
        _headroom(upper, measured, simulated, columns)
        handles, labels = upper.get_legend_handles_labels()
        order = sorted(range(len(labels)), key=lambda index: labels[index] != "Data")
        upper.legend(
            [handles[i] for i in order], [labels[i] for i in order], ncols=columns, frameon=False, loc="upper right"
        )
        if not any(any(histogram.values) for histogram in (*measured, *simulated.values())):
            say_empty(upper, "no event selected")
        upper.set_title(wrapped(title, _TITLE), loc="left", fontweight="bold")
        upper.set_title(header, loc="right")
        figure.align_ylabels()
        # Laid out once, here: an engine would do it again for every format, with a drawing that nobody sees.
        ConstrainedLayoutEngine(hspace=0.02).execute(figure)
    return figure


def say_empty(axes: Any, words: str) -> None:
    """Say in the middle of an empty frame that it is no mistake."""
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color="0.4", style="italic")


def _style() -> Any:
    return {
        "font.size": 12,
        "axes.labelsize": 14,
        "axes.titlesize": 13,
        "legend.fontsize": 11,
        "xaxis.labellocation": "right",
        "yaxis.labellocation": "top",
        "xtick.direction": "in",
        "ytick.direction": "in",
        "xtick.top": True,
        "ytick.right": True,
        "xtick.minor.visible": True,
        "ytick.minor.visible": True,
        "axes.unicode_minus": True,
    }


def _uncertainty(axes: Any, simulated: Mapping[str, Histogram], *, relative: bool) -> None:
    """Draw the uncertainty of the sum of simulations, statistical and of its weights, as a hatched band."""
    import numpy as np

    total = summed(list(simulated.values()))
    edges, values, statistical = total.axes[0].edges, total.values(), np.asarray(total.variances())
    above, below = (np.sqrt(statistical + squared) for squared in shifts(list(simulated.values())))
    varied = any(histogram.varied for histogram in simulated.values())
    if relative:
        with np.errstate(divide="ignore", invalid="ignore"):
            above, below = (np.where(values > 0, error / values, 0) for error in (above, below))
        values = np.ones_like(values)
    axes.stairs(
        values + above,
        edges,
        baseline=values - below,
        fill=True,
        facecolor="none",
        edgecolor="black",
        alpha=0.45,
        hatch="/////",
        linewidth=0,
        label=None if relative else "MC stat. and weight unc." if varied else "MC stat. unc.",
    )


def _ratio(axes: Any, measured: Sequence[Histogram], simulated: Mapping[str, Histogram]) -> None:
    """Draw data / simulation with the Poisson intervals of the data; bins without either are left empty."""
    import numpy as np
    from hist.intervals import poisson_interval

    data, total = summed(measured), summed(list(simulated.values()))
    values, expected, centres = data.values(), total.values(), total.axes[0].centers
    shown = (expected > 0) & (values > 0)
    interval = np.nan_to_num(poisson_interval(values, data.variances()))
    ratio = values[shown] / expected[shown]
    error = np.abs(interval[:, shown] / expected[shown] - ratio)
    axes.errorbar(centres[shown], ratio, yerr=error, fmt=".", color="black", markersize=8, elinewidth=1.2)
    _uncertainty(axes, simulated, relative=True)
    axes.axhline(1, color="black", linewidth=0.8, linestyle="--")
    axes.set_ylim(0, 2)
    # A point outside is marked at the edge instead of vanishing.
    outside = ratio > 2
    axes.scatter(centres[shown][outside], np.full(outside.sum(), 1.93), marker="^", color="black", s=16)
    axes.set_ylabel("Data / MC", loc="center")


def _headroom(axes: Any, measured: Sequence[Histogram], simulated: Mapping[str, Histogram], columns: int) -> None:
    """Leave room above the highest bin for the legend, which may have many entries."""
    import numpy as np

    highest = [1e-9]
    if measured:
        values = summed(measured).values()
        highest.append(float(np.max(values + np.sqrt(np.maximum(values, 0)))))
    if simulated:
        highest.append(float(np.max(summed(list(simulated.values())).values())))
    rows = (len(simulated) + bool(measured) + columns) // columns
    axes.set_ylim(0, max(highest) * (1.15 + 0.09 * rows))
