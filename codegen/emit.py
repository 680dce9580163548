"""Write a plan as a Python module that a physicist could have written, and can read, run and change without cutbook.

The module needs uproot, awkward, hist, numpy and, where it computes with momenta, vector. The same plan gives the same
bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from codegen.dataset import Sample
from codegen.emit_functions import Functions
from codegen.emit_momenta import WITH_NAME
from codegen.emit_source import docstring, library, literal, number
from codegen.plan_distributions import with_distributions
from codegen.plan_menus import menus
from codegen.plan_model import Plan, Step
from codegen.weight import SIDES, Weight

_DRIVER = (
    *("UnreadableError", "Cutflow", "Analysis", "nothing", "tally", "booked", "fill", "contents", "flat"),
    *("shifted", "element", "normalisation", "pieces", "require", "unfired", "table", "main"),
)
CHUNK = 250_000
"""Events in memory at a time."""


def emit_with_distributions(plan: Plan, samples: Mapping[str, Sample] | None = None) -> str:
    """Return the source of a module that also fills what each requirement cuts away (N − 1), which takes it longer."""
    return emit(with_distributions(plan), samples)


def emit(plan: Plan, samples: Mapping[str, Sample] | None = None) -> str:
    """Return the source of a module that applies the plan.

    `samples` are built in: the cross-section and the sum of weights of those that are simulated. Without them the
    module weights events only when it is given a table (`--samples`).
    """
    functions = Functions(plan)
    return module(plan, samples or {}, functions.source(), functions.branches() or any_branch(plan))


def module(plan: Plan, samples: Mapping[str, Sample], body: str, branches: Sequence[str], *, author: str = "") -> str:
    """Return the source of a module around a body that defines `select` and reads these branches.

    `author` is told where it is not the compiler.
    """
    parts = library("emit_parts.py")
    driver = library("emit_driver.py", without=("select",))
    used = [name for name in parts.names if re.search(rf"\b{name}\(", body)]
    blocks = [
        "\n".join(docstring([*about(plan, masses=".mass" in body), *([author] if author else [])], indent=0)),
        _imports(vectors=WITH_NAME in body or "vector." in body),
        "\n".join(constants(plan, samples, branches)),
        *(f"\n{text}" for text in parts.copied(used)),
        f"\n{body}",
        *(f"\n{text}" for text in driver.copied(_DRIVER)),
        '\nif __name__ == "__main__":\n    sys.exit(main())',
    ]
    return "\n\n".join(blocks) + "\n"


def about(plan: Plan, *, masses: bool) -> list[str]:
    paper = plan.paper
    name = f"{paper.arxiv_id} (version {paper.version})"
    title = f"“{paper.title}”, {name}" if paper.title else name
    text = [
        f"Event selection of {name} on {plan.profile.title}.",
        f"Paper: {title}.",
        f"Coverage: {len(plan.applied)} of {len(plan.cuts)} cuts are applied. Every cut stands under its id and the "
        "sentence it comes from.",
    ]
    if waiting := unreviewed(plan):
        text.append(
            f"Not reviewed: {waiting} of {len(plan.cuts)} cuts are as they were read; no person has judged them yet "
            f"(cutbook review walk {paper.arxiv_id})."
        )
    for already, title in ((True, "Already applied in the file:"), (False, "Not applied:")):
        lines = [title]
        for missing in plan.not_applied:
            review = " (needs review)" if missing.review else ""
            if missing.already == already:
                lines.append(f"  {missing.cut_id}: {missing.statement} – {missing.reason}{review}")
        text += ["\n".join(lines)] if len(lines) > 1 else []
    for title, told in (("Read so:", _remarks(plan)), ("Regions left out:", _left_out(plan))):
        text += ["\n".join([title, *told])] if told else []
    text.append("Energies and masses are in GeV, lengths in mm." + (_NEGATIVE if masses else ""))
    text.append("Usage:\n  python analysis.py FILE [FILE ...] [--json OUT.json] [--masks OUT.npz] [--sample NAME]")
    return text


def unreviewed(plan: Plan) -> int:
    """Return how many of the cuts no person has judged."""
    return sum(cut.status == "proposed" for cut in plan.cuts.values())


def _remarks(plan: Plan) -> list[str]:
    return [f"  {one.about}: {one.text}{' (needs review)' if one.review else ''}" for one in plan.remarks]


def _left_out(plan: Plan) -> list[str]:
    return [f"  {name}: {reason}" for name, reason in plan.left_out]


_NEGATIVE = (
    " Where rounding makes the square of a mass negative, the mass from vector has a minus sign; requirements take it "
    "as they take 0."
)
_IMPORTS = """\
from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import awkward as ak
import hist
import numpy as np
import uproot"""
_VECTORS = """
import vector

vector.register_awkward()"""


def _imports(*, vectors: bool) -> str:
    return f"{_IMPORTS}{_VECTORS if vectors else ''}\n\nArray = Any"


def constants(plan: Plan, samples: Mapping[str, Sample], branches: Sequence[str]) -> list[str]:
    weight, profile = plan.profile.weight, plan.profile
    keys = (weight.cross_section, weight.sum_of_weights, weight.efficiency) if weight else (None, None, None)
    identifiers = {name: literal(branch).text for name, branch in profile.identifiers.items()}
    lines = [
        f"TREE = {literal(profile.tree)}",
        *_listed("BRANCHES", branches),
        *_menus(plan),
        f"IDENTIFIERS: dict[str, str] = {{{', '.join(f'{literal(k)}: {v}' for k, v in identifiers.items())}}}",
        f"CHUNK = {CHUNK:_}  # events in memory at a time",
        f"LUMINOSITY = {number(1000 * (profile.luminosity or 0.0))}  # pb^-1",
        *_listed("WEIGHTS", weight.factors if weight else ()),
        *(_listed("DIVISORS", weight.divisors) if weight and weight.divisors else ["DIVISORS: tuple[str, ...] = ()"]),
        *_variations(weight, samples),
        "SAMPLE_KEYS = (" + ", ".join(str(literal(key or "")) for key in keys) + ")",
        f"SAMPLE_TABLE = {literal((weight.table if weight else '') or '')}",
        "# Cross-section in pb, sum of weights of all generated events, fraction of events kept.",
        *_samples(samples, keys),
        "# Samples of which every event counts as 1: data, and simulation of unknown cross-section.",
        *_listed("COUNTED", [sample.name for sample in samples.values() if not sample.weighted]),
        "# The steps of the selection, each with the cuts that it is the first to apply.",
        *_steps("STEPS: list[dict[str, Any]] = [", plan.steps, 0, "]"),
    ]
    if plan.regions:
        lines.append("REGIONS: dict[str, dict[str, Any]] = {")
        for region in plan.regions:
            parent = "None" if region.parent is None else literal(region.parent)
            lines += [f"    {literal(region.name)}: {{", f'        "parent": {parent},']
            lines += [*_steps('        "steps": [', region.steps, 8, "],"), "    },"]
        lines.append("}")
    else:
        lines.append("REGIONS: dict[str, dict[str, Any]] = {}")
    return [*lines, *_histograms(plan)]


def any_branch(plan: Plan) -> tuple[str, ...]:
    """Return one branch, since a file without columns has no events."""
    for collection in plan.profile.collections.values():
        for branch in collection.variables.values():
            return (branch.branch,)
    return ()


def _listed(name: str, values: Sequence[str]) -> list[str]:
    if not values:
        return [f"{name}: tuple[str, ...] = ()"]
    if len(values) == 1:
        return [f"{name} = {_tuple(values)}"]
    return [f"{name} = (", *(f"    {literal(value)}," for value in values), ")"]


def _tuple(values: Sequence[str]) -> str:
    inner = ", ".join(str(literal(value)) for value in values)
    return f"({inner},)" if len(values) == 1 else f"({inner})"


def _menus(plan: Plan) -> list[str]:
    known = menus(plan)
    if not known.alternatives:
        return ["MENUS: tuple[tuple[tuple[str, ...], ...], ...] = ()", "UNFIRED: dict[str, Any] = {}"]
    lines = [
        "# Trigger paths: of each menu, a file has all that one of the alternatives needs.",
        "MENUS: tuple[tuple[tuple[str, ...], ...], ...] = (",
    ]
    for menu in known.alternatives:
        lines += ["    (", *(f"        {_tuple(paths)}," for paths in menu), "    ),"]
    lines += [")", "# What is read of a path that a file lacks: not fired.", "UNFIRED: dict[str, Any] = {"]
    return [*lines, *(f"    {literal(path)}: {value!r}," for path, value in known.unfired.items()), "}"]


def _samples(samples: Mapping[str, Sample], keys: Sequence[str | None]) -> list[str]:
    known = [sample for sample in samples.values() if sample.kind == "mc" and sample.normalised]
    if not known:
        return ["SAMPLES: dict[str, dict[str, float]] = {}"]
    lines = ["SAMPLES: dict[str, dict[str, float]] = {"]
    for sample in known:
        values = (sample.cross_section, sample.sum_of_weights, sample.efficiency)
        entries = [f"{literal(k)}: {number(v or 1.0)}" for k, v in zip(keys, values, strict=True) if k]
        lines.append(f"    {literal(sample.name)}: {{{', '.join(entries)}}},")
    return [*lines, "}"]


def _variations(weight: Weight | None, samples: Mapping[str, Sample]) -> list[str]:
    if weight is None or not weight.variations:
        return ["VARIATIONS: dict[str, dict[str, Any]] = {}", "NOT_VARIED: dict[str, tuple[str, ...]] = {}"]
    lines = [
        "# Uncertainties of the weight: what it is multiplied with instead of the factor that this replaces, if any.",
        "VARIATIONS: dict[str, dict[str, Any]] = {",
    ]
    for name, variation in weight.variations.items():
        for side, shift in variation.sides:
            entries = {"replaces": variation.replaces, "branch": shift.branch or None, "index": shift.index}
            told = [f'"{k}": {literal(v) if isinstance(v, str) else v}' for k, v in entries.items() if v is not None]
            told += [f'"factor": {number(shift.factor)}'] if shift.factor is not None else []
            told = told if variation.replaces else ['"replaces": None', *told]
            lines.append(f'    "{name}_{side}": {{{", ".join(told)}}},')
    lacking = {
        sample.name: [f'"{name}_{side}"' for name in weight.variations if name in sample.not_varied for side in SIDES]
        for sample in samples.values()
        if sample.weighted
    }
    if not any(lacking.values()):
        return [*lines, "}", "NOT_VARIED: dict[str, tuple[str, ...]] = {}"]
    lines += ["}", "# Samples that do not hold some of them.", "NOT_VARIED: dict[str, tuple[str, ...]] = {"]
    lines += [f"    {literal(name)}: ({', '.join(names)})," for name, names in lacking.items() if names]
    return [*lines, "}"]


def _steps(opening: str, steps: Sequence[Step], indent: int, closing: str) -> list[str]:
    pad = " " * (indent + 4)
    if not steps:
        return [f"{opening}{closing}"]
    lines = [opening]
    for step in steps:
        ids = [str(literal(cut_id)) for cut_id in step.all_cut_ids]
        lines.append(f"{pad}{{")
        one = f'{pad}    "cut_ids": [{", ".join(ids)}],'
        if len(one) <= 120:
            lines.append(one)
        else:
            lines += [f'{pad}    "cut_ids": [', *(f"{pad}        {entry}," for entry in ids), f"{pad}    ],"]
        lines += [f'{pad}    "label": {literal(step.label)},', f"{pad}}},"]
    return [*lines, f"{' ' * indent}{closing}"]


def _histograms(plan: Plan) -> list[str]:
    if not plan.histograms:
        return ["HISTOGRAMS: dict[str, dict[str, Any]] = {}"]
    lines = ["HISTOGRAMS: dict[str, dict[str, Any]] = {"]
    for planned in plan.histograms:
        axis = planned.axis
        low, high = (number(edge) for edge in axis.range)
        lines += [
            f"    {literal(axis.name)}: {{",
            f'        "bins": {axis.bins},',
            f'        "range": ({low}, {high}),',
            f'        "label": {literal(axis.label)},',
            f'        "unit": {literal(axis.unit)},',
        ]
        if planned.without is not None:
            region, index = planned.without
            where = "None" if region is None else literal(region)
            edges = ", ".join(str(number(edge)) for edge in planned.thresholds)
            lines += [f'        "without": ({where}, {index}),', f'        "thresholds": [{edges}],']
        lines.append("    },")
    return [*lines, "}"]
