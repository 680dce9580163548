"""Draw measured histograms as a collider experiment shows them: data over stacked simulation, with their ratio below.

Runs outside the sandbox, on numbers that have been checked. matplotlib and mplhep are imported when a plot is drawn.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codegen.measured import Histogram, Measured
from codegen.plots_labels import NOT_NORMALISED, axis_label, events_label, wrapped
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
# Characters that have room on a line: of a title beside the luminosity, and of a legend's entry in columns.
_TITLE, _ENTRY = 36, 28
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
    outlined: bool = False,
    formats: Sequence[str] = FORMATS,
) -> list[Path]:
    """Draw every histogram of `samples` (sample → histogram name → contents) and return the files written.

    The samples named in `data` are added up and drawn as points with Poisson intervals, the others stacked, the
    largest at the bottom, and compared as data / simulation. Without data, without simulation, or where they are not to
    `compare`, the ratio is left out. Simulation that is not normalised is `outlined`: one line for the events of each
    sample, compared with nothing. A plot without any event says so. `header` tells luminosity and energy; `names`
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
            figure = _figure(measured, simulated, header, title, names or {}, outlined, compare)
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
    outlined: bool = False,
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
        both = bool(measured and simulated) and compare and not outlined
        if both:
            upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        else:
            upper, lower = figure.subplots(), None
        if outlined:
            outline(upper, {names.get(sample, sample): one for sample, one in simulated.items()})
        elif stacked:
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
            points(upper, measured)
        if lower is not None:
            _ratio(lower, measured, simulated)
        upper.set_xlabel("")
        bottom = lower if lower is not None else upper
        bottom.set_xlabel(axis_label(first.label, first.unit))
        upper.set_ylabel(events_label(first.edges, first.unit, normalised=not (outlined and simulated)))
        upper.set_xlim(first.edges[0], first.edges[-1])
        columns = 1 if max(map(len, [names.get(sample, sample) for sample in simulated] or [""])) > _ENTRY else 2
        rows = (len(simulated) + bool(measured) + columns) // columns + outlined
        upper.set_ylim(0, highest(measured, simulated, stacked=not outlined) * (1.15 + 0.09 * rows))
        handles, labels = upper.get_legend_handles_labels()
        order = sorted(range(len(labels)), key=lambda index: labels[index] != "Data")
        upper.legend(
            [handles[i] for i in order],
            [labels[i] for i in order],
            title=NOT_NORMALISED if outlined and simulated else None,
            ncols=columns,
            frameon=False,
            loc="upper right",
        )
        if not any(any(histogram.values) for histogram in (*measured, *simulated.values())):
            say_empty(upper, "no event selected")
        upper.set_title(wrapped(title, _TITLE), loc="left", fontweight="bold")
        upper.set_title(header, loc="right")
        figure.align_ylabels()
        # Laid out once, here: an engine would do it again for every format, with a drawing that nobody sees.
        ConstrainedLayoutEngine(hspace=0.02).execute(figure)
    return figure


def points(axes: Any, measured: Sequence[Histogram], **style: Any) -> None:
    """Draw the sum of data as points with the Poisson intervals of their counts, of bins without events as well."""
    import mplhep

    look = {"histtype": "errorbar", "color": "black", "label": "Data", "w2method": "poisson", "flow": "none"}
    mplhep.histplot(summed(measured), ax=axes, **{**look, **style})


def outline(axes: Any, simulated: Mapping[str, Histogram]) -> None:
    """Draw the events of each sample as a line."""
    for index, (sample, histogram) in enumerate(simulated.items()):
        colour = COLOURS[index % len(COLOURS)]
        axes.stairs(histogram.values, histogram.edges, color=colour, linewidth=1.6, label=sample)


def highest(measured: Sequence[Histogram], simulated: Mapping[str, Histogram], *, stacked: bool = True) -> float:
    """Return where the highest error bar, band or line ends; 1 where nothing is drawn."""
    import numpy as np
    from hist.intervals import poisson_interval

    tops = []
    if measured and np.any(data := summed(measured).values()):
        tops.append(np.max(np.nan_to_num(poisson_interval(data))))
    parts = list(simulated.values())
    for group in [parts] if stacked and parts else [[part] for part in parts]:
        total, (above, _) = summed(group), shifts(group)
        values = total.values()
        tops.append(np.max(values + np.sqrt(np.asarray(total.variances()) + above) if stacked else values))
    return max([float(top) for top in tops if top > 0], default=1.0)


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
