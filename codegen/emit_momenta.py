"""Momenta in emitted code, as scikit-hep's `vector` has them: which kind columns make, their sums and distances."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from codegen.emit_source import Code, call, chain, literal, member
from codegen.plan_terms import DistanceKind

WITH_NAME = "with_name="
"""What makes records vectors, in code."""


def kind_of(columns: Collection[str]) -> str | None:
    """Return the kind of vector that columns make, or None if they make none.

    >>> kind_of(["pt", "eta", "phi", "charge"]), kind_of(["pt", "eta"])
    ('Momentum3D', None)
    """
    known = set(columns)
    if not known >= {"pt", "phi"}:
        return None
    if "eta" not in known:
        return "Momentum2D"
    return "Momentum4D" if known & {"energy", "mass"} else "Momentum3D"


def naming(columns: Collection[str]) -> list[str]:
    """Write the argument that makes records vectors, on a line of its own; nothing where they are none."""
    kind = kind_of(columns)
    return [f"        {WITH_NAME}{literal(kind)},"] if kind else []


def merging(names: Sequence[str], columns: Sequence[Sequence[str]]) -> Code:
    """Write several collections as one, in the order of falling pT; `columns` are those of each."""
    parts = f"[{', '.join(names)}]"
    if all(list(one) == list(columns[0]) for one in columns):
        return call("by_pt", call("ak.concatenate", parts, "axis=1"))
    shared = [name for name in columns[0] if all(name in one for one in columns)]
    if all(kind_of(one) == "Momentum4D" for one in columns):
        # Some have energies and some have masses; all vectors know their energy.
        shared = [*(name for name in shared if name not in {"energy", "mass"}), "energy"]
    kind = kind_of(shared)
    return call("merged", parts, f"[{_joined(shared)}]", literal(kind) if kind else "None")


def _joined(names: Iterable[str]) -> str:
    return ", ".join(str(literal(name)) for name in names)


def summed(pair: Code | str) -> Code:
    """Write the momentum of a pair."""
    return chain("+", [member(pair, "first"), member(pair, "second")])


def distance(kind: DistanceKind, one: Code, other: Code) -> Code:
    """Write a distance of two objects, without its sign."""
    if kind == "delta_r":
        return call(f"{one}.deltaR", other)
    if kind == "delta_phi":
        return call("np.abs", call(f"{one}.deltaphi", other))
    return call("np.abs", chain("-", [member(one, "eta"), member(other, "eta")]))


def nonnegative(mass: Code) -> Code:
    """Write a mass as 0 where rounding makes its square negative, and vector therefore the mass."""
    return call("np.maximum", mass, "0.0")
