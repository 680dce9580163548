"""Versions of all that takes part in a run."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

STANDALONE = ("awkward", "hist", "numpy", "uproot", "vector")
"""What an emitted analysis imports."""
PACKAGES = ("cutbook", *STANDALONE)


def software(tier: str) -> dict[str, str]:
    """Return the versions of all that takes part in a run, and the tier of its sandbox."""
    versions = {"python": platform.python_version(), "sandbox": tier}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return dict(sorted(versions.items()))


def requirements() -> str:
    """Return, as pip reads it, what an emitted analysis needs to run by itself, in the versions that ran it."""
    return "".join(f"{package}=={version(package)}\n" for package in STANDALONE)
