"""An analysis' numbers in the layout of a HEPData submission: cutflows, regions and histograms as YAML tables.

hepdata-submission.readthedocs.io describes the layout: `submission.yaml` lists tables, each in a file of its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import yaml

from codegen.result import HistogramResult, Result, SampleResult, StepResult, Varied
from kb.identity import is_arxiv_id

_Table = dict[str, Any]


class _Yield(Protocol):
    """A sum of weights, and what it varies by."""

    @property
    def weighted(self) -> float: ...

    @property
    def sumw2(self) -> float: ...

    @property
    def varied(self) -> Varied: ...


def to_hepdata(result: Result, sqrt_s: float) -> dict[str, str]:
    """Return the files of a submission, `submission.yaml` first: name → YAML text.

    `sqrt_s` is the energy of the collisions in TeV. Errors are statistical, √(Σw²), and by name those from weights that
    are shifted up and down. N − 1 distributions are left out.
    """
    paper, energy = result.paper, f"{1000 * sqrt_s:g}"
    version = f"{paper.arxiv_id}v{paper.version}"
    named = f"arXiv:{version}" if is_arxiv_id(paper.arxiv_id) else version
    about = f"Selection of {paper.title or paper.arxiv_id} ({named}) on "
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
        "dependent_variables": [_column(sample, [_value(step) for step in flow]) for sample, flow in flows.items()],
    }


def _yields(regions: Sequence[str], samples: Mapping[str, SampleResult]) -> _Table:
    return {
        "independent_variables": [{"header": {"name": "Region"}, "values": [{"value": name} for name in regions]}],
        "dependent_variables": [
            _column(sample, [_value(found.regions[name]) for name in regions]) for sample, found in samples.items()
        ],
    }


def _histogram(contents: Mapping[str, HistogramResult]) -> _Table:
    first = next(iter(contents.values()))
    edges = [{"low": low, "high": high} for low, high in zip(first.edges, first.edges[1:], strict=False)]
    header = {"name": first.label, **({"units": first.unit} if first.unit else {})}
    return {
        "independent_variables": [{"header": header, "values": edges}],
        "dependent_variables": [
            _column(sample, [_bin(found, place) for place in range(len(found.values))])
            for sample, found in contents.items()
        ],
    }


def _value(counted: _Yield) -> dict[str, Any]:
    shifts = {name: (one.up.weighted, one.down.weighted) for name, one in counted.varied.items()}
    return _with_errors(counted.weighted, counted.sumw2, shifts)


def _bin(filled: HistogramResult, place: int) -> dict[str, Any]:
    shifts = {name: (one.up.values[place], one.down.values[place]) for name, one in filled.varied.items()}
    return _with_errors(filled.values[place], filled.variances[place], shifts)


def _with_errors(value: float, variance: float, shifts: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    """Return a value with its statistical error and, by name, what it is off by when shifted up and down."""
    errors: list[dict[str, Any]] = [{"symerror": _short(math.sqrt(variance)), "label": "stat"}]
    for name, (up, down) in shifts.items():
        errors.append({"asymerror": {"plus": _short(up - value), "minus": _short(down - value)}, "label": name})
    return {"value": value, "errors": errors}


def _short(error: float) -> float:
    return float(f"{error:.6g}")


def _column(sample: str, values: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the values of a sample as a dependent variable."""
    return {"header": {"name": "Events"}, "qualifiers": [{"name": "Sample", "value": sample}], "values": [*values]}


def _written(document: dict[str, Any]) -> str:
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
