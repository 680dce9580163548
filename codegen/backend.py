"""The two languages that a plan is written in: columns of awkward arrays, and ROOT's RDataFrame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec

from codegen.dataset import Sample
from codegen.plan_model import Plan
from codegen.result import BackendName
from kb.errors import InputError

Write = Callable[[Plan, Mapping[str, Sample]], str]
"""Makes the source of an analysis of a plan and the samples that it is for."""
IMPORTS: dict[BackendName, tuple[str, ...]] = {
    "awkward": ("awkward", "hist", "numpy", "uproot", "vector"),
    "rdataframe": ("hist", "numpy", "root"),
}
"""What an emitted analysis needs, by the names that pip knows."""


def writer(backend: BackendName) -> Write:
    """Return what writes plans, with what each requirement cuts away (N − 1), for a back end.

    InputError where this interpreter could not run what it writes.
    """
    if backend == "awkward":
        from codegen.emit import emit_with_distributions

        return emit_with_distributions
    if find_spec("ROOT") is None:
        message = "the back end 'rdataframe' writes code for ROOT, which is not installed for this Python"
        raise InputError(message, hint="pip install 'cutbook[root]', or take the back end 'awkward'")
    from codegen.rdf_emit import emit_rdataframe_with_distributions

    return emit_rdataframe_with_distributions
