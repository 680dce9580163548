"""What functions in emitted C++ are given: columns of objects and systems, and branches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from codegen.plan_names import identifier
from codegen.rdf_source import KEYWORDS, parts

MISSING_COLUMN = "missing"


def column(name: str) -> str:
    """Return the name, in C++ and as a column, of a collection or a system of the plan."""
    while name in KEYWORDS or name in parts().names or name == MISSING_COLUMN:
        name += "_"
    return name


@dataclass
class Parameters:
    """What a C++ function is given: collections and systems by name, and branches."""

    of_objects: bool = False
    """Whether branches hold lists."""
    systems: dict[str, str] = field(default_factory=dict)
    """Types by the names of columns."""
    kinds: dict[tuple[str, ...], str] = field(default_factory=dict)
    """What the branches are read as, by themselves or, where they are several, as one list."""

    def branch(self, branches: Sequence[str], kind: str) -> str:
        """Return the parameter for a branch, or for the branches of single objects; `kind` is a type of C++."""
        key = tuple(branches)
        known = self.kinds.setdefault(key, kind)
        if known != kind:
            self.kinds[key] = "" if len(key) == 1 else "double"
        return self.name(key)

    def name(self, key: tuple[str, ...]) -> str:
        """Return the name of a branch's parameter."""
        name = identifier(key[0]) if len(key) == 1 else "_".join(identifier(branch) for branch in key)
        return f"{name}_branch" if name in self.systems or column(name) != name else name

    @property
    def template(self) -> str:
        """What stands before the function where types of branches are open."""
        several = [f"typename T{n}" for n, kind in enumerate(self.kinds.values()) if not kind]
        return f"template <{', '.join(several)}>" if several else ""

    @property
    def declared(self) -> list[str]:
        """The parameters."""
        found = []
        for n, (key, kind) in enumerate(self.kinds.items()):
            kind_ = kind or f"T{n}"
            type_ = f"const RVec<{kind_}> &" if self.of_objects else f"{kind_} " if kind else f"const {kind_} &"
            found.append(f"{type_}{self.name(key)}")
        return [*found, *(f"const {kind} &{name}" for name, kind in self.systems.items())]

    @property
    def arguments(self) -> list[str]:
        """What is handed over, by the names of columns."""
        branches = [key[0] if len(key) == 1 else f"side_by_side({', '.join(key)})" for key in self.kinds]
        return [*branches, *self.systems]
