"""An analysis' numbers in the layout of a HEPData submission: cutflows, regions and histograms as YAML tables.

hepdata-submission.readthedocs.io describes the layout: `submission.yaml` lists tables, each in a file of its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from codegen.result import HistogramResult, Result, SampleResult, StepResult

_Table = dict[str, Any]


def to_hepdata(result: Result, sqrt_s: float) -> dict[str, str]:
    """Return the files of a submission, `submission.yaml` first: name → YAML text.

    `sqrt_s` is the energy of the collisions in TeV. Errors are statistical, √(Σw²). N − 1 distributions are left out.
    """
    paper, energy = result.paper, f"{1000 * sqrt_s:g}"
    about = f"Selection of {paper.title or paper.arxiv_id} (arXiv:{paper.arxiv_id}v{paper.version}) on "
    documents: list[dict[str, Any]] = [{"comment": f"{about}{result.dataset.name}, as applied by cutbook."}]
    files: dict[str, str] = {}
    tables = {"Cutflow": _cutflow({name: sample.cutflow for name, sample in result.samples.items()})}
    regions = dict.fromkeys(region for sample in result.samples.values() for region in sample.regions)
    for region in regions:
        tables[f"Cutflow {region}"] = _cutflow({n: s.regions[region].cutflow for n, s in result.samples.items()})
    if regions:
        tables["Yields"] = _yields(list(regions), result.samples)
    names = dict.fromkeys(name for sample in result.samples.values() for name in sample.histograms)
    for name in names:
        contents = {n: s.histograms[name] for n, s in result.samples.items() if name in s.histograms}
        if next(iter(contents.values())).without is None:
            tables[f"Histogram {name}"] = _histogram(contents)
    for title, table in tables.items():
        file = re.sub(r"[^\w.-]+", "_", title).strip("_").lower() + ".yaml"
        files[file] = _written(table)
        documents.append(
            {
                "name": title,
                "location": "Data from an Open Data analysis",
                "description": f"{about}{result.dataset.name}: {title.lower()}.",
                "keywords": [{"name": "cmenergies", "values": [energy]}],
                "data_file": file,
            }
        )
    return {"submission.yaml": "---\n".join(_written(document) for document in documents), **files}


def _cutflow(flows: Mapping[str, Sequence[StepResult]]) -> _Table:
    first = next(iter(flows.values()), ())
    return {
        "independent_variables": [
            {"header": {"name": "Requirement"}, "values": [{"value": step.label} for step in first]},
        ],
        "dependent_variables": [
            _column(sample, [(step.weighted, step.sumw2) for step in flow]) for sample, flow in flows.items()
        ],
    }


def _yields(regions: Sequence[str], samples: Mapping[str, SampleResult]) -> _Table:
    return {
        "independent_variables": [{"header": {"name": "Region"}, "values": [{"value": name} for name in regions]}],
        "dependent_variables": [
            _column(sample, [(found.regions[name].weighted, found.regions[name].sumw2) for name in regions])
            for sample, found in samples.items()
        ],
    }


def _histogram(contents: Mapping[str, HistogramResult]) -> _Table:
    first = next(iter(contents.values()))
    edges = [{"low": low, "high": high} for low, high in zip(first.edges, first.edges[1:], strict=False)]
    header = {"name": first.label, **({"units": first.unit} if first.unit else {})}
    return {
        "independent_variables": [{"header": header, "values": edges}],
        "dependent_variables": [
            _column(sample, list(zip(found.values, found.variances, strict=True))) for sample, found in contents.items()
        ],
    }


def _column(sample: str, numbers: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Return the numbers of a sample, each with its variance, as a dependent variable."""
    values = [
        {"value": value, "errors": [{"symerror": float(f"{math.sqrt(variance):.6g}"), "label": "stat"}]}
        for value, variance in numbers
    ]
    return {"header": {"name": "Events"}, "qualifiers": [{"name": "Sample", "value": sample}], "values": values}


def _written(document: dict[str, Any]) -> str:
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
