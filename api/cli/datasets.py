"""`cutbook datasets`: what analyses can run on, what its branches mean, and a first profile where nobody has told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from codegen.dataset import Dataset
    from codegen.profile import Profile


def register(app: typer.Typer) -> None:
    """Add the commands about datasets."""
    group = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
    group.callback()(datasets)
    group.command(name="list")(list_)
    for command in (show, add, fetch):
        group.command()(command)
    app.add_typer(group, name="datasets")


def datasets(context: typer.Context) -> None:
    """List the datasets that analyses can run on; show one, or add one."""
    if context.invoked_subcommand is None:
        list_()


def list_() -> None:
    """List the datasets that analyses can run on, and the profiles that say what branches mean."""
    from rich.text import Text

    from api.cli.screen import errors, grid, screen
    from api.open_data import known_records
    from api.settings import Settings
    from api.workspace import Workspace
    from codegen.profile import load_profile, shipped_profiles

    with Workspace(Settings.read()) as workspace:
        found = workspace.datasets()
        searched = ", ".join(map(str, workspace.data_folders)) or "no folder at all"
    table = grid("dataset", "files", "folder")
    for dataset in found:
        files = str(dataset.files) if dataset.files else "made when first used"
        table.add_row(Text(dataset.name, style="cyan"), files, Text(str(dataset.folder)))
    screen().print(table)
    profiles = grid("profile", "tree", "describes")
    for name in shipped_profiles():
        profile = load_profile(name)
        profiles.add_row(Text(name, style="cyan"), Text(profile.tree), Text(profile.title))
    screen().print(profiles)
    records = grid("to fetch", "record", "holds")
    for known in known_records().values():
        records.add_row(Text(known.name, style="cyan"), str(known.record), Text(known.title))
    screen().print(records)
    if len(found) == 1:
        errors().print(f"No Open Data in {searched}. Set CUTBOOK_DATA to the folders that hold it")


def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A dataset, a profile, a folder or a TOML file.")],
    profile: Annotated[
        str | None, typer.Option(metavar="NAME_OR_TOML", help="What its branches mean; default: told by the files.")
    ] = None,
) -> None:
    """Show what the branches of a dataset or of a profile mean: objects, variables, units, flags, triggers."""
    from rich.text import Text

    from api.cli.screen import screen
    from api.settings import Settings
    from api.workspace import Workspace
    from codegen.profile import load_profile
    from kb.errors import CutbookError, DatasetNotFoundError

    opened: Dataset | None = None
    with Workspace(Settings.read()) as workspace:
        try:
            if name.endswith(".toml"):
                known = load_profile(name)
            else:
                opened = workspace.dataset(name, profile=profile)
                known = opened.profile
        except DatasetNotFoundError as absent:
            try:
                known = load_profile(name)
            except CutbookError as unknown:
                message = f"there is no dataset and no profile '{name}'"
                hint = f"datasets: {absent.hint}; profiles: {unknown.hint}"
                raise DatasetNotFoundError(message, hint=hint) from absent
    out = screen()
    amount = opened.luminosity if opened is not None else known.luminosity
    luminosity = f", {amount:g} fb⁻¹" if amount else ""
    out.print(Text.assemble((known.name, "bold"), f": {known.title}, {known.sqrt_s:g} TeV{luminosity}"))
    out.print(Text(f"tree {known.tree}; {known.source or 'no source named'}"), soft_wrap=True)
    if opened is not None:
        if opened.no_luminosity:
            out.print(Text(f"Luminosity not known: {opened.no_luminosity}", style="yellow"))
        out.print(_samples(opened))
        for file, reason in opened.left_out.items():
            out.print(Text(f"Left out: {file}, because {reason}", style="yellow"))
    out.print(_objects(known))
    if known.triggers or known.cleaning:
        out.print(_decisions(known))
    if known.trigger_paths:
        out.print(Text(f"and {len(known.trigger_paths)} trigger paths {known.trigger_prefix}… by their own names"))
    if opened is not None:
        lacking = [branch for branch in load_profile_of(opened, profile).branches if branch not in known.branches]
        if lacking:
            out.print(Text(f"Not in these files: {', '.join(lacking)}", style="dim"))


def load_profile_of(opened: Dataset, named: str | None) -> Profile:
    """Return the whole profile of a dataset, with what its files lack."""
    from codegen.profile import load_profile

    own = (opened.folder if opened.folder.is_dir() else opened.folder.parent) / "profile.toml"
    return load_profile(named or (own if own.is_file() else opened.profile.name))


def add(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the ROOT files are; or one of them.")],
    tree: Annotated[str | None, typer.Option(help="Which tree; default: the one with most branches.")] = None,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Where to write it; default: profile.toml beside the files.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Replace a profile that is there.")] = False,
) -> None:
    """Propose a profile for ntuples that nobody has described, from names and values of their branches.

    It is for you to check and edit; then cutbook analyse ID --dataset FOLDER uses it.
    """
    from rich.text import Text

    from api.cli.screen import errors, screen
    from codegen.dataset import root_files
    from codegen.profile import load_profile
    from codegen.proposal import propose
    from kb.errors import DataError, InputError

    if not folder.exists():
        message = f"there is no folder {folder}"
        raise DataError(message, hint="give a folder of ROOT files")
    files = root_files(folder) if folder.is_dir() else [folder]
    if not files:
        message = f"{folder}: no ROOT file in this folder or its subfolders"
        raise DataError(message, hint="give a folder that holds *.root files")
    place = folder if folder.is_dir() else folder.parent
    target = out or place / "profile.toml"
    if target.exists() and not force:
        message = f"{target} is there already"
        raise InputError(message, hint="edit it, or replace it by --force; --out writes elsewhere")
    name = folder.resolve().name if folder.is_dir() else folder.stem
    text = propose(name, files[0], tree)
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"cannot write {target}: {error.strerror or error}"
        raise InputError(
            message, hint="--out FILE.toml writes it elsewhere; analyse --profile FILE.toml uses it"
        ) from error
    proposed = load_profile(target)
    screen().print(_objects(proposed))
    screen().print(Text.assemble("Proposed in ", (str(target), "cyan")), soft_wrap=True)
    elsewhere = "" if target == place / "profile.toml" else f" --profile {target}"
    errors().print(
        f"Check every line, above all the units. Next: cutbook analyse ID --dataset {folder}{elsewhere}", soft_wrap=True
    )


def fetch(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A name that cutbook datasets lists, or the number of a record.")
    ],
    only: Annotated[
        str | None, typer.Option(metavar="PATTERN", help="Only files of such names: 'data_*.root'.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help="Where to put them; default: the home's folder open.")
    ] = None,
) -> None:
    """Download official data of the CERN Open Data portal by record.

    Every file is compared with the portal's checksum. What breaks off is gone on with by the same command.
    """
    from rich.text import Text

    from api.cli.progress import download_progress
    from api.cli.screen import errors, screen
    from api.open_data import OpenData, record_of, unpack, wanted
    from api.settings import Settings
    from api.workspace import Workspace

    known = record_of(name)
    settings = Settings.read()
    with Workspace(settings) as workspace:
        folder = out or workspace.folder("open", known.name)
    portal = OpenData(settings.opendata_url)
    record = portal.record(known.record)
    files = wanted(record, only or known.only)
    total = sum(file.size for file in files)
    about = f"{len(files)} files, {total / 1e6:.1f} MB" if len(files) > 1 else f"1 file, {total / 1e6:.1f} MB"
    errors().print(Text(f"{record.title or known.title}: {about}"), soft_wrap=True)
    with download_progress(total) as tell:
        paths = [portal.fetch(file, folder, tell) for file in files]
    paths += unpack([path for path in paths if path.suffix == ".zip"], folder)
    screen().print(Text.assemble(f"{len(paths)} files, checked, in ", (str(folder), "cyan")), soft_wrap=True)
    errors().print(f"Next: cutbook analyse ID --dataset {folder if out else known.name}", soft_wrap=True)


def _samples(opened: Dataset) -> Table:
    from rich.text import Text

    from api.cli.screen import grid

    table = grid("sample", "kind", "files", "cross-section [pb]")
    for sample in opened.samples.values():
        told = (
            f"{sample.cross_section:g}" if sample.cross_section else "in branches" if sample.in_branches else "unknown"
        )
        section = "" if sample.kind == "data" else told
        table.add_row(Text(sample.name, style="cyan"), sample.kind, str(len(sample.files)), section)
    return table


def _objects(profile: Profile) -> Table:
    from rich.text import Text

    from api.cli.screen import grid

    table = grid("object", "variable", "branch", "unit")
    for name, kind in profile.objects.items():
        label = Text(name, style="cyan")
        if kind.union:
            table.add_row(label, Text("all of"), Text(", ".join(kind.union)), "")
            continue
        if kind.where is not None:
            table.add_row(label, Text("where"), Text(str(kind.where)), "")
            label = Text("")
        for variable, branch, unit in _rows(profile, name):
            table.add_row(label, Text(variable), Text(branch), unit)
            label = Text("")
    return table


def _rows(profile: Profile, name: str) -> Iterator[tuple[str, str, str]]:
    collection = profile.collection_of(name)
    if collection is None:
        return
    for variable, branch in collection.variables.items():
        yield variable, " / ".join(branch.branches), "" if branch.unit == "1" else branch.unit
    for sum_ in collection.isolation:
        cone = f", ΔR = {sum_.cone:g}" if sum_.cone else ""
        yield f"{sum_.component} isolation{cone}", sum_.branch, "of pT" if sum_.relative else sum_.unit
    for variable, points in collection.flags.items():
        for point, flag in points.items():
            yield f"{variable}: {point}", str(flag), ""


def _decisions(profile: Profile) -> Table:
    from rich.text import Text

    from api.cli.screen import grid

    table = grid("decision", "branches", "meant by")
    for name, flag in {**profile.triggers, **{f"cleaning: {n}": f for n, f in profile.cleaning.items()}}.items():
        table.add_row(Text(name, style="cyan"), Text(str(flag)), Text(", ".join(flag.words)))
    return table
