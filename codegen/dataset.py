"""A dataset on disk: a folder of ROOT files, sorted into samples by its profile.

Known layouts: files beside each other, or in subfolders (`Data/`, `MC/`), with the numbers of the simulated samples
in a JSON file (`samples.json`). A folder may bring its own `profile.toml`, and say in `dataset.toml` by which `title`
its plots are headed.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from codegen.profile import Profile, load_profile, shipped_profiles
from kb.errors import DataError, DatasetNotFoundError


@dataclass(frozen=True)
class Sample:
    """One process or data-taking period.

    `cross_section` [pb], `sum_of_weights` and `efficiency` are None for data, and for simulation that the dataset
    gives no numbers for: its events are then counted, each with weight 1.
    """

    name: str
    kind: Literal["data", "mc"]
    files: tuple[Path, ...]
    cross_section: float | None = None
    sum_of_weights: float | None = None
    efficiency: float | None = None

    @property
    def normalised(self) -> bool:
        """Whether weighted yields mean events at the profile's luminosity (counts, for data)."""
        return self.kind == "data" or self.cross_section is not None


@dataclass(frozen=True)
class Dataset:
    """A folder, read through a profile."""

    name: str
    folder: Path
    profile: Profile
    samples: dict[str, Sample]
    title: str = "Open Data"
    """What plots are headed by."""


@dataclass(frozen=True)
class DatasetEntry:
    """A folder that could be opened as a dataset, not looked into."""

    name: str
    folder: Path
    files: int


def list_datasets(folders: Sequence[Path]) -> list[DatasetEntry]:
    """Return every dataset in the folders: each itself, if it holds ROOT files, else its subfolders that do."""
    found: dict[str, DatasetEntry] = {}
    for folder in folders:
        if not folder.is_dir():
            continue
        here = [folder] if _direct_files(folder) else sorted(p for p in folder.iterdir() if p.is_dir())
        for candidate in here:
            files = root_files(candidate)
            if files:
                found.setdefault(_key(candidate.name), DatasetEntry(candidate.name, candidate, len(files)))
    return sorted(found.values(), key=lambda entry: entry.name)


def open_dataset(name_or_folder: str, *, folders: Sequence[Path] = (), profile: Profile | None = None) -> Dataset:
    """Open a dataset by the name of its folder, the name of its profile, or its path.

    The profile is the given one, else the folder's `profile.toml`, else the shipped one whose tree and branches the
    files have. Raises DatasetNotFoundError listing the known names, DataError for a folder that cannot be used.
    """
    path = Path(name_or_folder).expanduser()
    if path.is_dir():
        return _open(path, profile)
    if path.is_file():
        message = f"{path} is a file, not a folder of ROOT files"
        raise DataError(message, hint=f"give the folder: {path.parent}")
    entries = list_datasets(folders)
    for entry in entries:
        if _key(entry.name) == _key(name_or_folder):
            return _open(entry.folder, profile)
    if name_or_folder in shipped_profiles():
        wanted = load_profile(name_or_folder)
        for entry in entries:
            try:
                dataset = _open(entry.folder, profile)
            except DataError:
                continue
            if dataset.profile.name == wanted.name:
                return dataset
    known = ", ".join(entry.name for entry in entries) or "none"
    message = f"no dataset '{name_or_folder}'"
    raise DatasetNotFoundError(message, hint=f"known datasets: {known}; or give the path of a folder of ROOT files")


def root_files(folder: Path) -> list[Path]:
    """Return the ROOT files of a folder and of its direct subfolders, sorted."""
    return sorted([*_direct_files(folder), *(p for p in folder.glob("*/*.root") if p.is_file())])


def _direct_files(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*.root") if path.is_file()]


def _key(name: str) -> str:
    return name.casefold().replace("_", "-")


def _open(folder: Path, profile: Profile | None) -> Dataset:
    files = root_files(folder)
    if not files:
        message = f"{folder}: no ROOT file in this folder or its subfolders"
        raise DataError(message, hint="give a folder that holds *.root files, or Data/ and MC/ with them")
    if profile is None:
        own = folder / "profile.toml"
        profile = load_profile(own) if own.is_file() else _matching_profile(files)
    return Dataset(folder.name, folder, profile, _samples(folder, files, profile), _title(folder, profile))


def _title(folder: Path, profile: Profile) -> str:
    path = folder / "dataset.toml"
    usual = f"{profile.experiment} Open Data"
    if not path.is_file():
        return usual
    try:
        title = tomllib.loads(path.read_text(encoding="utf-8")).get("title", usual)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path}: {error}"
        raise DataError(message, hint='it should hold a line such as title = "Toy data"') from error
    return str(title)


def _matching_profile(files: Sequence[Path]) -> Profile:
    """Return the shipped profile that shares most branches with the first readable file."""
    import uproot

    problems: list[str] = []
    for path in files:
        try:
            with uproot.open(path) as file:
                trees = {key.split(";")[0]: set(file[key].keys()) for key in file if hasattr(file[key], "keys")}
        except Exception as error:  # uproot raises whatever the broken bytes lead it to
            problems.append(f"{path} {_damage(path, error)}")
            continue
        fits = []
        for name in shipped_profiles():
            profile = load_profile(name)
            wanted = {branch.branch for group in profile.collections.values() for branch in group.variables.values()}
            if profile.tree in trees and (shared := len(wanted & trees[profile.tree])):
                fits.append((shared / len(wanted), profile))
        if fits:
            return max(fits, key=lambda fit: fit[0])[1]
        message = f"{path}: no profile fits its trees ({', '.join(sorted(trees)) or 'none'})"
        raise DataError(message, hint="write a profile.toml into the folder; shipped: " + ", ".join(shipped_profiles()))
    more = f", nor can the other {len(problems) - 1}" if len(problems) > 1 else ""
    message = f"{problems[0]}{more}"
    raise DataError(message, hint="fetch the files again and compare their sizes or checksums")


def _damage(path: Path, error: Exception) -> str:
    with path.open("rb") as file:
        if file.read(4) != b"root":
            return "is no ROOT file"
    reason = str(error).strip().splitlines()[0].strip(" ,:") if str(error).strip() else type(error).__name__
    return f"is damaged or cut off ({reason})"


def _samples(folder: Path, files: Sequence[Path], profile: Profile) -> dict[str, Sample]:
    table = _normalisations(folder, profile)
    grouped: dict[str, list[Path]] = {}
    for path in files:
        found = re.search(profile.samples.pattern, path.name)
        grouped.setdefault(_clean(found["name"] if found else path.stem), []).append(path)
    samples = []
    for name, paths in grouped.items():
        is_data = re.search(profile.samples.data, name) is not None
        numbers = None if is_data else table.get(name)
        weight = profile.weight
        if numbers is None or weight is None:
            samples.append(Sample(name, "data" if is_data else "mc", tuple(paths)))
            continue
        samples.append(
            Sample(
                name,
                "mc",
                tuple(paths),
                cross_section=_number(numbers, weight.cross_section, name),
                sum_of_weights=_number(numbers, weight.sum_of_weights, name),
                efficiency=_number(numbers, weight.efficiency, name) if weight.efficiency in numbers else 1.0,
            )
        )
    return {sample.name: sample for sample in sorted(samples, key=lambda sample: (sample.kind != "data", sample.name))}


def _clean(name: str) -> str:
    return re.sub(r"[^\w.+-]", "_", name).lstrip("_.+-") or "sample"


def _normalisations(folder: Path, profile: Profile) -> dict[str, dict[str, Any]]:
    if profile.weight is None:
        return {}
    path = folder / profile.weight.file
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        table = content[profile.weight.table] if profile.weight.table else content
        return {str(name): dict(entry) for name, entry in table.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{path}: no table of samples: {error}"
        hint = f"it should hold {{'{profile.weight.table or 'SAMPLE'}': {{…}}}} in JSON"
        raise DataError(message, hint=hint) from error


def _number(entry: dict[str, Any], key: str | None, sample: str) -> float:
    value = entry.get(key or "")
    if not isinstance(value, int | float) or value <= 0:
        message = f"sample {sample}: '{key}' is {value!r}, not a positive number"
        raise DataError(message, hint="mend the table of samples")
    return float(value)
