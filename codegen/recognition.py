"""What ROOT files hold, and which profile fits them: told by their trees and branches, never by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from codegen.profile import Profile, load_profile, shipped_profiles
from kb.errors import DataError

_FIRST = 1000
"""Events that are looked at."""
_LONGEST = 1 << 30
TREES = frozenset({"TTree", "ROOT::RNTuple"})
"""Both are read in the same way."""
_BROKEN = (
    r"expected Chunk|insufficient|decompress|not enough (data|bytes)|[Cc]orrupt|invalid (stored )?block|\bError -\d"
)
"""What libraries say of broken bytes that they meet on their way through a file."""


@dataclass(frozen=True)
class Contents:
    """The trees of a file; `problem` says why it cannot be read."""

    path: Path
    trees: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Fit:
    """A profile, how many files have its tree, and how many of its branches the first of them has."""

    profile: Profile
    files: int
    known: int

    def __str__(self) -> str:
        count = "1 file" if self.files == 1 else f"{self.files} files"
        name = self.profile.name
        return f"{name} (tree {self.profile.tree}, {count}, {self.known} of {len(self.profile.branches)} branches)"


def contents(path: Path) -> Contents:
    """Look into a file."""
    import uproot

    try:
        with uproot.open(path) as file:
            kinds = file.classnames(cycle=False)
            return Contents(path, tuple(sorted(name for name, kind in kinds.items() if kind in TREES)))
    except Exception as error:  # uproot raises whatever the broken bytes lead it to
        return Contents(path, problem=_damage(path, error))


def is_ntuple(path: Path, tree: str) -> bool:
    """Say whether a file holds its events as an RNTuple, not as a TTree."""
    import uproot

    try:
        with uproot.open(path) as file:
            return str(file.classname_of(tree)) != "TTree"
    except Exception:  # the run says why it cannot be read
        return False


def branches(files: Iterable[Contents], tree: str) -> frozenset[str] | None:
    """Return the names of a tree's branches in the first file in which they can be read; None where there is none."""
    import uproot

    for known in files:
        if known.problem or tree not in known.trees:
            continue
        try:
            with uproot.open(known.path) as file:
                return frozenset(map(str, file[tree].keys()))
        except Exception:
            continue
    return None


def decisions(files: Iterable[Contents], profile: Profile) -> frozenset[str]:
    """Return the branches of triggers that any of the files has, as far as they can be read."""
    import uproot

    if not profile.triggers and not profile.trigger_prefix:
        return frozenset()
    found: set[str] = set()
    for known in files:
        if known.problem or profile.tree not in known.trees:
            continue
        try:
            with uproot.open(known.path) as file:
                tree = file[profile.tree]
                found |= {name for name in map(str, tree.keys()) if name not in found and profile.decides(name)}
        except Exception:  # the run says why it cannot be read
            continue
    return frozenset(found)


def shortest(files: Iterable[Contents], tree: str, branch: str) -> int:
    """Return the length of the shortest list of a branch among the first events in which it can be read; 0 of none."""
    import awkward as ak
    import uproot

    for known in files:
        if known.problem or tree not in known.trees:
            continue
        try:
            with uproot.open(known.path) as file:
                return int(ak.min(ak.num(file[tree][branch].array(entry_stop=_FIRST)), initial=_LONGEST))
        except Exception:
            continue
    return 0


def fits(files: Iterable[Contents], profiles: Iterable[Profile]) -> list[Fit]:
    """Return the profiles that give at least one kind of object in the files, those that know most of them first."""
    readable = [file for file in files if not file.problem]
    found: list[Fit] = []
    seen: dict[str, frozenset[str]] = {}
    for profile in profiles:
        having = [file for file in readable if profile.tree in file.trees]
        if not having:
            continue
        if profile.tree not in seen:
            seen[profile.tree] = branches(having, profile.tree) or frozenset()
        if profile.fitted(seen[profile.tree]).objects:
            found.append(Fit(profile, len(having), len(seen[profile.tree] & set(profile.branches))))
    return sorted(found, key=lambda fit: (-fit.known / len(fit.profile.branches), fit.profile.name))


def recognised(files: Sequence[Contents]) -> Profile:
    """Return the one shipped profile that fits; DataError lists the candidates where there are several, or none."""
    readable = [file for file in files if not file.problem]
    if not readable:
        more = f", nor can the other {len(files) - 1}" if len(files) > 1 else ""
        message = f"{files[0].path} {files[0].problem}{more}"
        raise DataError(message, hint="fetch the files again and compare their sizes or checksums")
    found = fits(readable, map(load_profile, shipped_profiles()))
    if len(found) == 1:
        return found[0].profile
    if found:
        message = f"{readable[0].path.parent}: several profiles fit: {'; '.join(map(str, found))}"
        hint = "name the one that is meant: --profile NAME; or part the files into folders"
        raise DataError(message, hint=hint)
    trees = ", ".join(sorted({tree for file in readable for tree in file.trees})) or "none"
    message = f"{readable[0].path}: no profile fits its trees ({trees})"
    hint = f"let one be proposed: cutbook datasets add FOLDER; shipped: {', '.join(shipped_profiles())}"
    raise DataError(message, hint=hint)


def unread(path: Path, reason: str) -> str:
    """Say in our words why a file could not be read, where a library said it in its own.

    What is wrong with a file that can be looked into, such as a branch that it lacks, stays as it was said.
    """
    problem = contents(path).problem if path.is_file() and path.stat().st_size else ""
    if not problem and re.search(_BROKEN, reason):
        problem = f"is damaged or cut off ({reason})"
    return f"it {problem}" if problem else reason


def _damage(path: Path, error: Exception) -> str:
    try:
        with path.open("rb") as file:
            if file.read(4) != b"root":
                return "is no ROOT file"
    except OSError as problem:
        return f"cannot be opened: {problem.strerror or problem}"
    reason = str(error).strip().splitlines()[0].strip(" ,:") if str(error).strip() else type(error).__name__
    return f"is damaged or cut off ({reason})"
