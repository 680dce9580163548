"""Plots hold the numbers they were given, with the axes, units and legend that a reader needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from codegen import plots
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
    return draw(samples, output, data=("data_A", "data_B"), luminosity=10, names=names, formats=formats)


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


def test_empty_histograms_are_drawn_too(tmp_path: Path) -> None:
    empty = {name: {"m4l": _histogram([0, 0, 0])} for name in SAMPLES}
    assert len(_draw(empty, tmp_path)) == 1


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
