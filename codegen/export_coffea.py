"""A plan's steps as a PackedSelection of coffea, around the functions of the emitted module."""

from __future__ import annotations

from codegen.emit_source import literal
from codegen.plan_model import Plan, Step

_HEAD = '''\
"""The selection of {paper} as a PackedSelection of coffea; it needs analysis.py beside it.

    packed, regions = packed_selection(events)
    events[packed.all(*packed.names)]
"""

from __future__ import annotations

from typing import Any

import awkward as ak
import numpy as np
from analysis import BRANCHES, select, unfired
from coffea.analysis_tools import PackedSelection


def packed_selection(events: ak.Array) -> tuple[PackedSelection, dict[str, list[str]]]:
    """Return the masks of all steps by name, and the names of each region's own steps; `events` are branches.

    A trigger path that they lack has not fired, for menus change with the years; without any of a trigger's, or without
    another branch, they cannot be selected.
    """
    for path, value in unfired([branch for branch in BRANCHES if branch not in events.fields]).items():
        events = ak.with_field(events, np.full(len(events), value), path)
    packed = PackedSelection()
    steps, regions, _ = select(events)
'''


def to_coffea(plan: Plan) -> str:
    """Return a module that gives the masks of the emitted code their names in coffea."""
    paper = f"{plan.paper.arxiv_id} (version {plan.paper.version})"
    lines = [_HEAD.format(paper=paper)]
    lines.append("    names = [")
    lines += [f"        {literal(name)}," for name in _names(plan.steps)]
    lines += [
        "    ]",
        "    for name, mask in zip(names, steps, strict=True):",
        "        packed.add(name, ak.to_numpy(mask))",
    ]
    lines.append("    of_regions: dict[str, list[str]] = {")
    taken = set(_names(plan.steps))
    for region in plan.regions:
        own = [_free(f"{region.name}: {name}", taken) for name in _names(region.steps)]
        lines.append(f"        {literal(region.name)}: [")
        lines += [f"            {literal(name)}," for name in own]
        lines.append("        ],")
    lines += [
        "    }",
        "    for region, own in of_regions.items():",
        "        for name, mask in zip(own, regions[region], strict=True):",
        "            packed.add(name, ak.to_numpy(mask))",
        "    return packed, of_regions",
    ]
    return "\n".join(lines) + "\n"


def _names(steps: tuple[Step, ...]) -> list[str]:
    taken: set[str] = set()
    return [_free(step.label, taken) for step in steps]


def _free(name: str, taken: set[str]) -> str:
    wanted, number = name, 2
    while wanted in taken:
        wanted, number = f"{name} ({number})", number + 1
    taken.add(wanted)
    return wanted
