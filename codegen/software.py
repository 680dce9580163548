"""Versions of all that takes part in a run."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from codegen.backend import IMPORTS
from codegen.result import BackendName


def software(tier: str, backend: BackendName = "awkward") -> dict[str, str]:
    """Return the versions of all that takes part in a run of a back end's code, and the tier of its sandbox."""
    versions = {"python": platform.python_version(), "sandbox": tier}
    for package in dict.fromkeys(("cutbook", *IMPORTS["awkward"], *IMPORTS[backend])):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return dict(sorted(versions.items()))


def requirements(backend: BackendName = "awkward") -> str:
    """Return, as pip reads it, what an emitted analysis needs to run by itself, in the versions that ran it."""
    return "".join(f"{package}=={version(package)}\n" for package in IMPORTS[backend] if _by_pip(package))


def _by_pip(package: str) -> bool:
    """Say whether pip has installed a package; ROOT may come from elsewhere."""
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True
