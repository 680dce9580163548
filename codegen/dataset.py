"""A dataset on disk: a folder of ROOT files, or one of them, sorted into samples by its profile.

Known layouts: files beside each other, or in subfolders (`Data/`, `MC/`), with the numbers of the simulated samples
in a JSON file (`samples.json`). A folder may bring its own `profile.toml`, and say in `dataset.toml` by which `title`
its plots are headed, which `luminosity` (fb^-1) its data have, where it is not that of the profile, and, where they are
toys, by which `seed` they were drawn.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from codegen.copies import copies
from codegen.luminosity import luminosity_of
from codegen.profile import Profile, load_profile
from codegen.recognition import Contents, branches, contents, decisions, recognised, shortest
from codegen.weight import Variation
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
    in_branches: bool = False
    """Whether the three numbers are in branches of its events."""
    not_varied: dict[str, str] = field(default_factory=dict)
    """Variations of the weight that its events do not hold, and why."""

    @property
    def normalised(self) -> bool:
        """Whether weighted yields mean events at the profile's luminosity (counts, for data)."""
        return self.kind == "data" or self.weighted

    @property
    def weighted(self) -> bool:
        """Whether its events have weights."""
        return self.kind == "mc" and (self.in_branches or self.cross_section is not None)


@dataclass(frozen=True)
class Dataset:
    """A folder or a file, read through a profile, which is fitted to the branches that are there."""

    name: str
    folder: Path
    profile: Profile
    samples: dict[str, Sample]
    title: str = "Open Data"
    """What plots are headed by."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Files that are no part of it, by name, and why."""
    no_luminosity: str = ""
    """Why nobody knows how much luminosity its data have, if so; simulation is scaled to that of the profile."""
    seed: int | None = None
    """By which its events were drawn, where they are toys."""

    @property
    def luminosity(self) -> float | None:
        """That of its data, or of what simulation is scaled to where there are none [fb^-1]; None if not known."""
        return None if self.no_luminosity else self.profile.luminosity

    @property
    def not_varied(self) -> dict[str, str]:
        """Variations of the weight that some samples lack, and why."""
        weighted = [sample for sample in self.samples.values() if sample.weighted]
        found: dict[str, dict[str, list[str]]] = {}
        for sample in weighted:
            for name, reason in sample.not_varied.items():
                found.setdefault(name, {}).setdefault(reason, []).append(sample.name)
        told = {
            name: "; ".join(
                reason if len(lacking) == len(weighted) else f"{reason} in {', '.join(lacking)}"
                for reason, lacking in reasons.items()
            )
            for name, reasons in found.items()
        }
        return dict(sorted(told.items()))


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
    if path.exists():
        return _open(path, profile)
    entries = list_datasets(folders)
    for entry in entries:
        if _key(entry.name) == _key(name_or_folder):
            return _open(entry.folder, profile)
    try:
        wanted = load_profile(name_or_folder)
    except DatasetNotFoundError:
        wanted = None
    for entry in entries if wanted else ():
        try:
            dataset = _open(entry.folder, profile)
        except DataError:
            continue
        if wanted and dataset.profile.name == wanted.name:
            return dataset
    known = ", ".join(entry.name for entry in entries) or "none"
    message = f"no dataset '{name_or_folder}'"
    raise DatasetNotFoundError(message, hint=f"known datasets: {known}; or give the path of a folder of ROOT files")


def root_files(folder: Path) -> list[Path]:
    """Return the ROOT files of a folder and of its direct subfolders, sorted."""
    deeper = [path for part in folder.iterdir() if part.is_dir() for path in _direct_files(part)]
    return sorted([*_direct_files(folder), *deeper])


def _direct_files(folder: Path) -> list[Path]:
    """Return the files named `*.root`, or `*.root.1` as ATLAS numbers them."""
    return [path for path in folder.iterdir() if re.search(r"\.root(\.\d+)?$", path.name) and path.is_file()]


def _key(name: str) -> str:
    return name.casefold().replace("_", "-")


def _open(place: Path, profile: Profile | None) -> Dataset:
    folder = place if place.is_dir() else place.parent
    files = root_files(place) if place.is_dir() else [place]
    if not files:
        message = f"{folder}: no ROOT file in this folder or its subfolders"
        raise DataError(message, hint="give a folder that holds *.root files, or Data/ and MC/ with them")
    looked = [contents(path) for path in files]
    if profile is None:
        own = folder / "profile.toml"
        profile = load_profile(own) if own.is_file() else recognised(looked)
    left_out = {
        str(file.path.relative_to(folder)): f"it has no tree '{profile.tree}' ({', '.join(file.trees) or 'no tree'})"
        for file in looked
        if not file.problem and profile.tree not in file.trees
    }
    left_out |= {
        str(path.relative_to(folder)): f"it is the same as {other.relative_to(folder)}, byte for byte: counted once"
        for path, other in copies(file.path for file in looked if str(file.path.relative_to(folder)) not in left_out)
    }
    kept = [file for file in looked if str(file.path.relative_to(folder)) not in left_out]
    if not any(not file.problem for file in kept):
        file = next((file for file in looked if not file.problem), looked[0])
        why = left_out.get(str(file.path.relative_to(folder)), file.problem)
        message = f"{file.path}: {profile.name} does not fit: {why}"
        raise DataError(message, hint="choose another profile, or let one be proposed: cutbook datasets add FOLDER")
    title, luminosity, seed = _own_words(folder)
    grouped = _grouped(folder, kept, profile)
    read = {name: branches(group, profile.tree) for name, group in grouped.items()}
    present = {name: found for name, found in read.items() if found is not None}
    if not present:
        message = f"{kept[0].path}: tree '{profile.tree}' is damaged or cut off"
        raise DataError(message, hint="fetch the files again and compare their sizes or checksums")
    data = [name for name in grouped if _is_data(name, profile, present)]
    # What is said of a folder is not said of one of its files of data.
    if luminosity is not None and not (data and place.is_file() and len(root_files(folder)) > 1):
        profile = profile.model_copy(update={"luminosity": luminosity, "periods": ()})
    fitted = profile.fitted(frozenset.intersection(*present.values()), decisions(kept, profile))
    if not fitted.objects:
        message = f"{folder}: {profile.name} does not fit: tree '{profile.tree}' has no object of it"
        raise DataError(message, hint="compare its branches with the profile: cutbook datasets show NAME")
    measured, unknown = luminosity_of(profile, data)
    if measured is not None:
        profile, fitted = (one.model_copy(update={"luminosity": measured}) for one in (profile, fitted))
    samples = _varied(_samples(folder, grouped, profile, present), grouped, profile, present)
    name = place.name if place.is_dir() else place.stem
    return Dataset(
        name,
        place,
        _with_variations(fitted, samples),
        samples,
        title or f"{profile.experiment} Open Data",
        left_out,
        unknown,
        seed,
    )


def _is_data(sample: str, profile: Profile, present: Mapping[str, frozenset[str]]) -> bool:
    if (only := profile.samples.simulated) is not None and sample in present:
        return only not in present[sample]
    return re.search(profile.samples.data, sample) is not None


def _grouped(folder: Path, files: Sequence[Contents], profile: Profile) -> dict[str, list[Contents]]:
    """Sort files into samples."""
    grouped: dict[str, list[Contents]] = {}
    for file in files:
        found = re.search(profile.samples.pattern, file.path.name)
        name = found["name"] if found else file.path.stem
        if profile.samples.folders and file.path.parent != folder:
            name = file.path.parent.name
        grouped.setdefault(_clean(name), []).append(file)
    return grouped


def _own_words(folder: Path) -> tuple[str | None, float | None, int | None]:
    """Return the title, the luminosity and the seed that a folder's `dataset.toml` gives."""
    path = folder / "dataset.toml"
    if not path.is_file():
        return None, None, None
    try:
        own = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path}: {error}"
        raise DataError(message, hint='it should hold a line such as title = "Toy data"') from error
    title, luminosity = own.get("title"), own.get("luminosity")
    if luminosity is not None and not (isinstance(luminosity, int | float) and luminosity > 0):
        message = f"{path}: luminosity is {luminosity!r}, not a positive number"
        raise DataError(message, hint="give it in fb^-1: luminosity = 3.2")
    seed = own.get("seed")
    if seed is not None and not isinstance(seed, int):
        message = f"{path}: seed is {seed!r}, not a whole number"
        raise DataError(message, hint="give the seed of the toys, or leave it out")
    return None if title is None else str(title), luminosity, seed


def _samples(
    folder: Path, grouped: Mapping[str, Sequence[Contents]], profile: Profile, present: Mapping[str, frozenset[str]]
) -> dict[str, Sample]:
    table = _normalisations(folder, profile)
    samples = []
    for name, group in grouped.items():
        paths = tuple(file.path for file in group)
        is_data = _is_data(name, profile, present)
        numbers = None if is_data or profile.luminosity is None else table.get(name)
        weight = profile.weight
        if weight is not None and weight.in_branches and not is_data and profile.luminosity is not None:
            whole = {*weight.factors, *weight.divisors} <= present.get(name, frozenset())
            samples.append(Sample(name, "mc", paths, in_branches=whole))
            continue
        if numbers is None or weight is None:
            samples.append(Sample(name, "data" if is_data else "mc", paths))
            continue
        samples.append(
            Sample(
                name,
                "mc",
                paths,
                cross_section=_number(numbers, weight.cross_section, name),
                sum_of_weights=_number(numbers, weight.sum_of_weights, name),
                efficiency=_number(numbers, weight.efficiency, name) if weight.efficiency in numbers else 1.0,
            )
        )
    return {sample.name: sample for sample in sorted(samples, key=lambda sample: (sample.kind != "data", sample.name))}


def _varied(
    samples: Mapping[str, Sample],
    grouped: Mapping[str, Sequence[Contents]],
    profile: Profile,
    present: Mapping[str, frozenset[str]],
) -> dict[str, Sample]:
    """Return the samples, with what they lack of the profile's variations of the weight."""
    variations = profile.weight.variations if profile.weight else {}
    found = dict(samples)
    for name, sample in samples.items():
        if sample.weighted and name in present:
            reasons = {
                key: _lacking(one, grouped[name], profile.tree, present[name]) for key, one in variations.items()
            }
            found[name] = replace(sample, not_varied={key: reason for key, reason in reasons.items() if reason})
    return found


def _lacking(variation: Variation, files: Sequence[Contents], tree: str, present: frozenset[str]) -> str:
    """Say what a sample lacks for a variation of its weight, if anything."""
    if lacking := variation.lacking(present):
        return lacking
    for _, side in variation.sides:
        if side.index is not None and shortest(files, tree, side.branch) <= side.index:
            return f"the lists of {side.branch} have no place {side.index}"
    return ""


def _with_variations(profile: Profile, samples: Mapping[str, Sample]) -> Profile:
    """Return the profile with those variations of the weight that any sample has."""
    weighted = [sample for sample in samples.values() if sample.weighted]
    if profile.weight is None or not profile.weight.variations:
        return profile
    variations = profile.weight.variations
    kept = {key: one for key, one in variations.items() if any(key not in sample.not_varied for sample in weighted)}
    return profile.model_copy(update={"weight": profile.weight.model_copy(update={"variations": kept})})


def _clean(name: str) -> str:
    return re.sub(r"[^\w.+-]", "_", name).lstrip("_.+-") or "sample"


def _normalisations(folder: Path, profile: Profile) -> dict[str, dict[str, Any]]:
    if profile.weight is None or profile.weight.in_branches:
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
