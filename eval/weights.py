"""An independent reading of the weights of simulated events: one event, one factor at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from codegen.dataset import Sample
from codegen.profile import Profile
from codegen.weight import Shift, Weight
from kb.errors import DataError

Row = dict[str, object]


def reference_weights(profile: Profile, sample: Sample, files: Sequence[Path]) -> dict[str, list[float]]:
    """Return the weights of every event of the files, in their order: `nominal`, and `x_up` and `x_down` for each x.

    An event weighs what the integrated luminosity (pb^-1) makes of its cross-section; data, and simulation of which no
    cross-section is known, weigh 1. DataError for a file that cannot be read.
    """
    weight = profile.weight if sample.weighted else None
    shifts: dict[str, tuple[str | None, Shift]] = {}
    for name, variation in weight.variations.items() if weight else ():
        if name not in sample.not_varied:
            shifts[f"{name}_up"] = (variation.replaces, variation.up)
            shifts[f"{name}_down"] = (variation.replaces, variation.down)
    found: dict[str, list[float]] = {name: [] for name in ("nominal", *shifts)}
    for row in _rows(profile.tree, files, _branches(weight, shifts)):
        if weight is None:
            found["nominal"].append(1.0)
            continue
        found["nominal"].append(_weight(profile, sample, weight, row, None))
        for name, (replaced, shift) in shifts.items():
            found[name].append(_weight(profile, sample, weight, row, replaced) * _shifted(row, shift))
    return found


def _weight(profile: Profile, sample: Sample, weight: Weight, row: Row, without: str | None) -> float:
    """Return an event's weight, as if one factor were 1."""
    events = 1000.0 * (profile.luminosity or 0.0)  # for a cross-section of 1 pb
    if sample.cross_section is not None:
        events *= sample.cross_section / ((sample.sum_of_weights or 1.0) * (sample.efficiency or 1.0))
    for branch in weight.factors:
        if branch != without:
            events *= _number(row[branch])
    for branch in weight.divisors:
        events /= _number(row[branch])
    return events


def _shifted(row: Row, shift: Shift) -> float:
    if shift.factor is not None:
        return shift.factor
    value = row[shift.branch]
    if shift.index is None:
        return _number(value)
    assert isinstance(value, list)
    return _number(value[shift.index]) if shift.index < len(value) else 1.0


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)


def _branches(weight: Weight | None, shifts: dict[str, tuple[str | None, Shift]]) -> list[str]:
    if weight is None:
        return []
    names = [*weight.factors, *weight.divisors, *(shift.branch for _, shift in shifts.values() if shift.branch)]
    return list(dict.fromkeys(names))


def _rows(tree: str, files: Sequence[Path], branches: Sequence[str]) -> Iterator[Row]:
    import uproot

    for file in files:
        try:
            with uproot.open(file) as root:
                columns = {name: root[tree][name].array(library="np") for name in branches}
                for number in range(root[tree].num_entries):
                    yield {name: column[number].tolist() for name, column in columns.items()}
        except (OSError, KeyError, ValueError) as error:
            message = f"{file}: {error}"
            raise DataError(message, hint=f"give ROOT files with a tree '{tree}'") from error
