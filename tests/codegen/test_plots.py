"""Plots hold the numbers they were given, with the axes, units and legend that a reader needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from codegen import plots, plots_grid, plots_labels
from codegen.measured import Measured, Overlaps, RegionCount, Step
from codegen.plots import draw
from codegen.runner import Histogram
from kb.errors import InputError


def _histogram(values: list[float], **changes: Any) -> Histogram:
    content: dict[str, Any] = {"edges": [80.0, 90.0, 100.0, 110.0], "values": values, "variances": values}
    return Histogram(**{**content, "label": "$m_{4\\ell}$", "unit": "GeV", **changes})


SAMPLES = {
    "data_A": {"m4l": _histogram([1, 5, 0])},
    "data_B": {"m4l": _histogram([2, 6, 1])},
    "signal": {"m4l": _histogram([0, 2.5, 0])},
    "background": {"m4l": _histogram([3, 8, 0])},
}


HEADER = "10 fb$^{-1}$ (13 TeV)"


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Catch the figures on their way to the files."""
    caught: list[Any] = []
    original = plots._figure

    def catching(*arguments: Any) -> Any:
        caught.append(original(*arguments))
        return caught[-1]

    monkeypatch.setattr(plots, "_figure", catching)
    return caught


def _draw(samples: dict[str, dict[str, Histogram]], output: Path, formats: tuple[str, ...] = ("png",)) -> list[Path]:
    names = {"signal": "H → 4ℓ"}
    return draw(samples, output, data=("data_A", "data_B"), header=HEADER, names=names, formats=formats)


def test_each_histogram_becomes_a_picture_and_a_vector_file(tmp_path: Path) -> None:
    paths = _draw(SAMPLES, tmp_path / "plots", plots.FORMATS)
    assert [path.name for path in paths] == ["m4l.png", "m4l.pdf"]
    assert paths[0].read_bytes()[:4] == b"\x89PNG"
    assert paths[1].read_bytes()[:5] == b"%PDF-"


def test_axes_say_what_they_show_in_which_unit(tmp_path: Path, figures: list[Any]) -> None:
    _draw(SAMPLES, tmp_path)
    upper, lower = figures[0].axes
    assert lower.get_xlabel() == "$m_{4\\ell}$ [GeV]"
    assert upper.get_xlabel() == ""
    assert upper.get_ylabel() == "Events / 10 GeV"
    assert lower.get_ylabel() == "Data / MC"
    assert "10 fb$^{-1}$ (13 TeV)" in upper.get_title(loc="right")
    assert upper.get_xlim() == (80, 110)


def test_the_legend_names_data_first_and_every_sample_once(tmp_path: Path, figures: list[Any]) -> None:
    _draw(SAMPLES, tmp_path)
    texts = [text.get_text() for text in figures[0].axes[0].get_legend().get_texts()]
    assert texts[0] == "Data"
    assert sorted(texts) == sorted(["Data", "H → 4ℓ", "background", "MC stat. unc."])


def test_the_ratio_is_data_over_the_sum_of_simulations(tmp_path: Path, figures: list[Any]) -> None:
    _draw(SAMPLES, tmp_path)
    points = figures[0].axes[1].containers[0].lines[0]
    assert points.get_xdata().tolist() == [85, 95]
    assert points.get_ydata().tolist() == pytest.approx([3 / 3, 11 / 10.5])


def test_text_does_not_run_out_of_the_picture_or_into_other_text(tmp_path: Path, figures: list[Any]) -> None:
    _draw(SAMPLES, tmp_path)
    figure = figures[0]
    canvas: Any = FigureCanvasAgg(figure)
    renderer = canvas.get_renderer()
    figure.draw(renderer)
    upper, lower = figure.axes
    texts = [lower.xaxis.label, upper.yaxis.label, lower.yaxis.label, upper.get_legend(), *_titles(upper)]
    boxes = [text.get_window_extent(renderer) for text in texts]
    for index, box in enumerate(boxes):
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= figure.bbox.x1
        assert box.y1 <= figure.bbox.y1
        assert not any(box.overlaps(other) for other in boxes[index + 1 :])


def _titles(axes: Any) -> list[Any]:
    return [text for text in axes.get_children() if getattr(text, "get_text", lambda: "")() and text.get_visible()]


def test_data_stay_below_the_legend(tmp_path: Path, figures: list[Any]) -> None:
    _draw(SAMPLES, tmp_path)
    upper = figures[0].axes[0]
    assert upper.get_ylim()[1] > 1.3 * (11 + 11**0.5)


@pytest.mark.parametrize("kept", [("data_A",), ("signal", "background")])
def test_data_alone_or_simulation_alone_are_drawn_without_a_ratio(
    tmp_path: Path, figures: list[Any], kept: tuple[str, ...]
) -> None:
    _draw({name: SAMPLES[name] for name in kept}, tmp_path)
    assert len(figures[0].axes) == 1
    assert figures[0].axes[0].get_xlabel() == "$m_{4\\ell}$ [GeV]"


def _words(axes: Any) -> set[str]:
    return {text.get_text() for text in axes.texts}


def test_a_plot_without_any_event_says_so_and_others_do_not(tmp_path: Path, figures: list[Any]) -> None:
    empty = {name: {"m4l": _histogram([0, 0, 0])} for name in SAMPLES}
    assert len(_draw(empty, tmp_path)) == 1
    _draw(SAMPLES, tmp_path)
    assert [_words(figure.axes[0]) for figure in figures] == [{"no event selected"}, set()]


def test_of_many_panels_the_empty_ones_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    panels: dict[str, set[str]] = {}
    original = plots_grid._panel

    def catching(axes: Any, contents: dict[str, Histogram], *more: Any) -> None:
        original(axes, contents, *more)
        panels[next(iter(contents.values())).label] = _words(axes)

    monkeypatch.setattr(plots_grid, "_panel", catching)
    both = {"data_A": {"m": _histogram([1, 0, 0]), "n": _histogram([0, 0, 0]).model_copy(update={"label": "n"})}}
    assert len(plots_grid.draw_grid(both, tmp_path / "page.png", data=["data_A"], title="page")) == 1
    assert panels == {SAMPLES["data_A"]["m4l"].label: set(), "n": {"no event"}}
    nothing = {"data_A": {"n": both["data_A"]["n"]}}
    assert plots_grid.draw_grid(nothing, tmp_path / "none.png", data=["data_A"], title="page") == []


def test_simulation_that_is_not_normalised_is_outlined_and_says_so(tmp_path: Path, figures: list[Any]) -> None:
    draw(SAMPLES, tmp_path, data=("data_A", "data_B"), header=HEADER, outlined=True, formats=("png",))
    [axes] = figures[0].axes
    assert axes.get_ylabel() == "Events (not normalised) / 10 GeV"
    assert axes.get_legend().get_title().get_text() == "events, not normalised"
    lines = {patch.get_label(): patch for patch in axes.patches}
    assert {"signal", "background"} <= lines.keys()
    assert not any(patch.get_fill() for patch in lines.values())
    assert lines["background"].get_data().values.tolist() == [3, 8, 0]
    assert len(axes.collections) <= 1  # the error bars of the data, and no band


def _tops(axes: Any) -> list[float]:
    """Return where the error bars of the data end."""
    [container] = axes.containers
    return [float(segment[1][1]) for segment in container.lines[2][0].get_segments()]


def test_data_have_poisson_intervals_on_every_page_and_their_tops_are_inside(
    tmp_path: Path, figures: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    panels: list[Any] = []
    original = plots_grid._panel

    def catching(axes: Any, *more: Any) -> None:
        original(axes, *more)
        panels.append(axes)

    monkeypatch.setattr(plots_grid, "_panel", catching)
    data = {"data_A": {"m": _histogram([4, 0, 1])}}
    draw(data, tmp_path, data=("data_A",), header=HEADER, formats=("png",))
    plots_grid.draw_grid(data, tmp_path / "page.png", data=["data_A"], title="page")
    main, panel = _tops(figures[0].axes[0]), _tops(panels[0])
    assert main == panel == pytest.approx([4 + 3.163, 0 + 1.841, 1 + 2.300], abs=0.01)
    for axes, tops in ((figures[0].axes[0], main), (panels[0], panel)):
        assert axes.get_ylim()[1] > 1.05 * max(tops)


def test_an_empty_frame_has_a_scale_of_events(tmp_path: Path, figures: list[Any]) -> None:
    _draw({name: {"m4l": _histogram([0, 0, 0])} for name in SAMPLES}, tmp_path)
    assert figures[0].axes[0].get_ylim()[1] >= 1


def test_symbols_are_printed_as_in_papers() -> None:
    assert plots_labels.axis_label("leading muon p_T", "GeV") == r"leading muon $p_\mathrm{T}$ [GeV]"
    assert plots_labels.axis_label("E_T^miss", "GeV") == r"$E_\mathrm{T}^\mathrm{miss}$ [GeV]"


@given(st.lists(st.text("abc", min_size=1, max_size=12), max_size=12), st.integers(5, 30))
def test_labels_break_between_words_only(words: list[str], width: int) -> None:
    lines = plots_labels.wrapped(" ".join(words), width).splitlines()
    assert " ".join(lines).split() == words
    assert all(len(line) <= width or " " not in line for line in lines)


LONG = "control region with inverted isolation of the leptons that stem from a decay of the second candidate"


def test_long_names_of_regions_stay_inside_the_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.figure import Figure

    saved: list[Any] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: saved.append(figure))
    step = Step(cut_ids=[], label="step", raw=1, weighted=1.0, sumw2=1.0)
    region = RegionCount(parent=None, cutflow=[step])
    overlaps = Overlaps(raw=[[1, 1], [1, 1]], weighted=[[1.0, 1.0], [1.0, 1.0]])
    sample = Measured(
        events=1, selected=1, weighted=1.0, cutflow=[], regions={"SR": region, LONG: region}, overlaps=overlaps,
        histograms={},
    )  # fmt: skip
    plots.draw_overlaps([sample], tmp_path)
    far = _histogram([1, 2, 3]).model_copy(update={"label": LONG})
    plots_grid.draw_grid({"data_A": {"m": far}}, tmp_path / "page.png", data=["data_A"], title=f"{LONG}: {LONG}")
    for figure in saved:
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        texts = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
        assert any(" ".join(text.get_text().split()).startswith(LONG) for text in texts)
        for box in (text.get_window_extent(renderer) for text in texts):
            assert -1 <= box.x0 < box.x1 <= figure.bbox.x1 + 1
            assert -1 <= box.y0 < box.y1 <= figure.bbox.y1 + 1


@pytest.mark.parametrize("compare", [True, False])
def test_data_and_simulation_that_are_not_to_be_compared_have_no_ratio(
    compare: bool, tmp_path: Path, figures: list[Any]
) -> None:
    draw(SAMPLES, tmp_path, data=("data_A", "data_B"), header=HEADER, compare=compare, formats=("png",))
    assert len(figures[0].axes) == 1 + compare


def test_different_bins_are_not_added(tmp_path: Path) -> None:
    other = {**SAMPLES, "signal": {"m4l": _histogram([1, 2, 3], edges=[80.0, 90.0, 100.0, 120.0])}}
    with pytest.raises(InputError, match="other bins in signal than in data_A"):
        _draw(other, tmp_path)


def test_a_name_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    paths = _draw({"data_A": {"../../x y": _histogram([1, 2, 3])}}, tmp_path / "plots")
    assert {path.parent for path in paths} == {tmp_path / "plots"}


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = (_draw(SAMPLES, tmp_path / name, plots.FORMATS) for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
