"""Draw many small plots on one page: what each requirement of a selection cuts away, with its threshold."""

from __future__ import annotations

import math
import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from codegen.measured import Histogram
from codegen.plots import COLOURS, highest, outline, points, say_empty, summed
from codegen.plots_labels import axis_label, wrapped

COLUMNS = 3
_WIDTH = 4.2 * COLUMNS  # inches
_TITLE, _AXIS = 110, 46
"""Characters that have room on a line."""


def draw_grid(
    samples: Mapping[str, Mapping[str, Histogram]],
    path: Path,
    *,
    data: Collection[str],
    title: str,
    outlined: bool = False,
) -> list[Path]:
    """Draw the histograms of `samples` (sample → name → contents) side by side and return the file, if any.

    Simulation is stacked, or `outlined` where it is not normalised, data are points with Poisson intervals. Histograms
    without entries say so; without any other, no file is.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    names = dict.fromkeys(name for content in samples.values() for name in content)
    shown = list(names)
    if not any(any(content[name].values) for name in names for content in samples.values()):
        return []
    rows = math.ceil(len(shown) / COLUMNS)
    with rc_context({"font.size": 9, "xtick.direction": "in", "ytick.direction": "in"}), warnings.catch_warnings():
        # Deprecations inside mplhep: nothing for our user.
        warnings.simplefilter("ignore")
        words = wrapped(title, _TITLE)
        entries = [*samples, "Data"]
        across = max(1, min(len(entries), int(_WIDTH / (0.8 + 0.08 * max(map(len, entries))))))
        top, below = 0.2 + 0.2 * len(words.splitlines()), 0.3 + 0.2 * math.ceil(len(entries) / across)
        height = 2.9 * rows + top + below
        figure = Figure(figsize=(_WIDTH, height))
        panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
        for panel in panels[len(shown) :]:
            panel.set_axis_off()
        for panel, name in zip(panels, shown, strict=False):
            _panel(panel, {sample: content[name] for sample, content in samples.items()}, data, outlined)
        handles: dict[str, Any] = {}
        for panel in panels[: len(shown)]:
            handles |= {label: handle for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)}
        figure.text(0.01, 1 - 0.1 / height, words, ha="left", va="top", fontweight="bold", fontsize=11)
        place = (0, 1 - top / height)
        figure.legend(handles.values(), handles, loc="upper left", bbox_to_anchor=place, ncols=across, frameon=False)
        figure.tight_layout(rect=(0, 0, 1, 1 - (top + below) / height))
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=110)
    return [path]


def _panel(axes: Any, contents: Mapping[str, Histogram], data: Collection[str], outlined: bool = False) -> None:
    import mplhep

    first = next(iter(contents.values()))
    simulated = [sample for sample in contents if sample not in data]
    stacked = sorted((s for s in simulated if any(contents[s].values)), key=lambda s: sum(contents[s].values))
    if outlined:
        outline(axes, {sample: contents[sample] for sample in simulated})
    elif stacked:
        mplhep.histplot(
            [summed([contents[sample]]) for sample in stacked],
            ax=axes,
            stack=True,
            histtype="fill",
            color=[COLOURS[simulated.index(sample) % len(COLOURS)] for sample in stacked],
            label=stacked,
            flow="none",
        )
    measured: Sequence[Histogram] = [contents[sample] for sample in contents if sample in data]
    if measured:
        points(axes, measured, markersize=4)
    for threshold in first.thresholds:
        axes.axvline(threshold, color="black", linestyle=":", linewidth=1.3)
    if not any(any(content.values) for content in contents.values()):
        say_empty(axes, "no event")
    axes.set_xlim(first.edges[0], first.edges[-1])
    axes.set_ylim(0, 1.08 * highest(measured, {sample: contents[sample] for sample in simulated}, stacked=not outlined))
    axes.set_xlabel(axis_label(first.label, first.unit, _AXIS), loc="right")
    axes.set_ylabel("Events (not normalised)" if outlined and simulated else "Events", loc="top")
