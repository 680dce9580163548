"""A sample is cut into partitions that together hold every event once, in order; parts of a sample add up exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import uproot
from hypothesis import given
from hypothesis import strategies as st

from codegen.measured import Histogram, Measured, RegionCount, Step, merged
from codegen.partitions import Partition, partitions


@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=12),
    st.integers(1, 120),
)
def test_whole_files_stay_together_up_to_the_limit(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], largest: int
) -> None:
    folder = tmp_path_factory.mktemp("files")
    files = []
    for number, size in enumerate(sizes):
        files.append(folder / f"{number:02d}.root")
        files[-1].write_bytes(b"x" * size)
    made = partitions("s", files, None, largest=largest)
    assert [path for partition in made for path in partition.files] == files
    for partition in made:
        assert len(partition.files) == 1 or sum(path.stat().st_size for path in partition.files) <= largest


def test_a_large_file_is_cut_by_its_entries(tmp_path: Path) -> None:
    path = tmp_path / "large.root"
    with uproot.recreate(path) as file:
        file["mini"] = {"x": np.random.default_rng(1).normal(size=1001)}
    made = partitions("s", [path], "mini", largest=path.stat().st_size // 3)
    ranges = [partition.entries for partition in made]
    assert len(ranges) in {3, 4}
    assert [entry for start, stop in filter(None, ranges) for entry in range(start, stop)] == list(range(1001))


def test_a_file_that_cannot_be_opened_is_left_whole_for_the_script_to_name(tmp_path: Path) -> None:
    path = tmp_path / "broken.root"
    path.write_bytes(b"no ROOT file" * 10)
    assert partitions("s", [path], "mini", largest=10) == [Partition("s", (path,))]


def test_the_key_of_a_partition_changes_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.root"
    path.write_bytes(b"1")
    before = Partition("s", (path,)).key("code")
    assert Partition("s", (path,)).key("code") == before
    assert Partition("s", (path,)).key("other code") != before
    assert Partition("s", (path,), (0, 1)).key("code") != before
    path.write_bytes(b"12")
    assert Partition("s", (path,)).key("code") != before


def measured(weights: list[float]) -> Measured:
    kept = [weight for weight in weights if weight > 0]
    step = Step(
        cut_ids=["c1"], label="w > 0", raw=len(kept), weighted=sum(kept), sumw2=sum(weight**2 for weight in kept)
    )
    values, _ = np.histogram(weights, bins=[-2, 0, 2], weights=weights)
    squares, _ = np.histogram(weights, bins=[-2, 0, 2], weights=np.square(weights))
    return Measured(
        events=len(weights),
        selected=len(kept),
        weighted=sum(kept),
        cutflow=[step],
        regions={"SR": RegionCount(parent=None, cutflow=[step])},
        histograms={
            "w": Histogram(edges=[-2, 0, 2], values=values.tolist(), variances=squares.tolist(), label="w", unit="")
        },
    )


@given(st.lists(st.lists(st.floats(-1, 1), max_size=8), min_size=1, max_size=6))
def test_parts_add_up_to_what_the_whole_gives(parts: list[list[float]]) -> None:
    total = merged([measured(part) for part in parts])
    whole = measured([weight for part in parts for weight in part])
    assert (total.events, total.selected, total.cutflow[0].raw) == (whole.events, whole.selected, whole.cutflow[0].raw)
    assert total.regions["SR"].cutflow[0].raw == whole.selected
    assert total.weighted == pytest.approx(whole.weighted, abs=1e-12)
    assert total.cutflow[0].sumw2 == pytest.approx(whole.cutflow[0].sumw2, abs=1e-12)
    assert total.histograms["w"].values == pytest.approx(whole.histograms["w"].values, abs=1e-12)


def test_parts_of_other_selections_do_not_add_up() -> None:
    one = measured([1.0])
    other = one.model_copy(update={"cutflow": [one.cutflow[0].model_copy(update={"label": "w > 1"})]})
    with pytest.raises(ValueError, match="other steps"):
        merged([one, other])
