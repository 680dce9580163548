"""Which plots are made of a run, and why others are not: nothing is left out without a word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from codegen.dataset import Dataset
from codegen.measured import Histogram, Measured
from codegen.plan_model import Plan
from codegen.runner import RawRun

if TYPE_CHECKING:
    from collections.abc import Callable

_CUT_AWAY = "what each requirement cuts away (all others are met)"
_UNFILLED = "the code does not fill it"
_EMPTY = "no event is in any of its histograms"
_UNKNOWN = "its cross-section is not known, so that it is left out of the plots"


@dataclass
class Gallery:
    """The plots of a run."""

    drawn: list[Path] = field(default_factory=list)
    not_drawn: dict[str, str] = field(default_factory=dict)
    """What was not drawn, and why."""
    no_luminosity: str = ""
    """Why the plots do not say how much luminosity is shown, if so."""


def gallery(plan: Plan, dataset: Dataset, run: RawRun, output: Path, tell: Callable[[int, int], None]) -> Gallery:
    """Draw data, and simulation of known cross-section; `tell` hears what is done.

    Where no cross-section is known, the events of each simulated sample are drawn as they are, beside the data.
    """
    found = Gallery(not_drawn=dict([*plan.not_drawn, *plan.not_built]), no_luminosity=_unknown(dataset, run))
    every = {name: dataset.samples[name] for name in run.samples}
    outlined = not any(one.weighted for one in every.values()) and any(one.kind == "mc" for one in every.values())
    shown = {name: one for name, one in every.items() if one.normalised or outlined}
    measured = {name: run.samples[name].measured for name in shown}
    own = {known.axis.name: known.without for known in plan.histograms if known.without is None}
    filled = {name for sample in run.samples.values() for name in sample.measured.histograms}
    for name in own:
        if name not in filled:
            found.not_drawn[name] = _UNFILLED
    found.not_drawn |= {f"sample {name}": _UNKNOWN for name in run.samples if name not in shown}
    if not any(known.histograms for known in measured.values()):
        return found
    from codegen.plots import draw, draw_overlaps, file_stem
    from codegen.plots_grid import draw_grid

    data = [name for name, sample in shown.items() if sample.kind == "data"]
    regions = list(dict.fromkeys(region for known in measured.values() for region in known.regions))
    tell(0, len(regions) + 1)
    found.drawn += draw(
        {name: {k: h for k, h in known.histograms.items() if h.without is None} for name, known in measured.items()},
        output,
        data=data,
        header=_header(
            dataset,
            # What is not normalised has no luminosity.
            found.no_luminosity or ("nothing is normalised" if outlined and not data else ""),
            simulated=len(data) < len(shown) and not outlined,
        ),
        title=dataset.title,
        compare=not found.no_luminosity,
        outlined=outlined,
    )
    simulated = [known for name, known in measured.items() if shown[name].kind != "data"]
    found.drawn += draw_overlaps(simulated or list(measured.values()), output)
    grid = partial(_grid, found, partial(draw_grid, data=data, outlined=outlined))
    grid(_without(measured, None), output / "n_minus_1.png", _CUT_AWAY)
    for number, region in enumerate(regions, start=1):
        page = output / "regions" / f"{file_stem(region)}.png"
        grid({name: known.regions[region].histograms for name, known in measured.items()}, page, region)
        beside = page.with_name(f"{page.stem}_n_minus_1.png")
        grid(_without(measured, region), beside, f"{region}: {_CUT_AWAY}")
        tell(number, len(regions) + 1)
    tell(len(regions) + 1, len(regions) + 1)
    return found


def _grid(
    found: Gallery,
    draw: Callable[..., list[Path]],
    histograms: Mapping[str, Mapping[str, Histogram]],
    page: Path,
    title: str,
) -> None:
    drawn = draw(histograms, page, title=title)
    found.drawn += drawn
    if not drawn and any(histograms.values()):
        found.not_drawn[f"regions/{page.stem}" if page.parent.name == "regions" else page.stem] = _EMPTY


def _unknown(dataset: Dataset, run: RawRun) -> str:
    """Say why nobody knows how much luminosity was analysed, if so."""
    if dataset.no_luminosity:
        return dataset.no_luminosity
    lost = [one.path.name for one in run.unread if dataset.samples[one.sample].kind == "data"]
    return f"{', '.join(lost)} could not be read" if lost else ""


def _header(dataset: Dataset, no_luminosity: str, *, simulated: bool) -> str:
    """Return luminosity and energy, as they stand above a plot.

    Where the luminosity of the data is not known, that of simulation is told, so that nobody compares the two unawares.
    """
    energy = f"{dataset.profile.sqrt_s:g} TeV"
    luminosity = dataset.profile.luminosity
    if luminosity is None or (no_luminosity and not simulated):
        return energy
    told = f"{luminosity:g} fb$^{{-1}}$"
    return f"{energy}, simulation: {told}" if no_luminosity else f"{told} ({energy})"


def _without(measured: Mapping[str, Measured], region: str | None) -> dict[str, dict[str, Histogram]]:
    """Return the N − 1 histograms of a region's steps, or of the baseline's."""
    return {
        name: {k: h for k, h in known.histograms.items() if h.without is not None and h.without[0] == region}
        for name, known in measured.items()
    }
