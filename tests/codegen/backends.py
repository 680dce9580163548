"""Both back ends side by side: the code of one plan, run in this interpreter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codegen.dataset import Sample
from codegen.emit import emit
from codegen.plan_model import Plan
from codegen.rdf_emit import NAMESPACE, emit_rdataframe

needs_root = pytest.mark.skipif(find_spec("ROOT") is None, reason="ROOT is not installed (cutbook[root])")
BACKENDS = ["awkward", pytest.param("rdataframe", marks=needs_root)]
"""For tests of what is the same by both."""
_numbers = count()


def ran(source: str, files: Sequence[Path], sample: str | None = None) -> Any:
    """Run a module's code on files and return its analysis."""
    namespace: dict[str, Any] = {"__name__": "emitted", "__doc__": ""}
    exec(compile(source, "analysis.py", "exec"), namespace)
    analysis = namespace["Analysis"](sample, None)
    for file in files:
        for piece in namespace["pieces"](str(file), analysis.branches):
            analysis.add(piece)
    return analysis


def root_source(plan: Plan, samples: Mapping[str, Sample] | None = None) -> str:
    """Return a plan's PyROOT module as one interpreter may run it with others: nothing in C++ is declared twice."""
    own = f"{NAMESPACE}_{next(_numbers)}"
    source = emit_rdataframe(plan, samples)
    source = source.replace(f"{NAMESPACE}::", f"{own}::").replace(f"ROOT.{NAMESPACE}.", f"ROOT.{own}.")
    return source.replace(f"namespace {NAMESPACE}", f"namespace {own}")


def assert_same(
    plan: Plan, *files: Path, samples: Mapping[str, Sample] | None = None, sample: str | None = None
) -> Any:
    """Run a plan by both back ends, demand the same masks and the same numbers, and return the report."""
    awkward = ran(emit(plan, samples), files, sample)
    root = ran(root_source(plan, samples), files, sample)
    expected, found = awkward.masks(), root.masks()
    assert list(found) == list(expected)
    for name, mask in expected.items():
        assert found[name].dtype == mask.dtype
        assert np.array_equal(found[name], mask), name
    assert_close(root.report(), awkward.report())
    return root.report()


def assert_close(found: Any, expected: Any) -> None:
    """Demand equal counts and names, and numbers that differ by rounding at most."""
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        for key, value in expected.items():
            assert_close(found[key], value)
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_close(one, other)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)
    else:
        assert found == expected
