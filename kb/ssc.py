"""Structured Selection Criteria 1.0: what a paper requires of events and objects, each cut with its sentence.

The models are the schema: what is bounded in `kb.bounds`, cuts in `kb.cut`, what is built of them here.
`kb/schemas/ssc-1.0.json` is the published form.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from kb.bounds import Bound, Closed, Frozen, Operator, Piecewise, Subject, Value, Variable
from kb.cut import Clause, Condition, Cut, Evidence, EvidenceKind, Extractor, Origin, Role, Scope, Status, cut_id
from kb.errors import CriteriaError
from kb.observable import Observable

__all__ = [
    "SCHEMA_VERSION",
    "Bound",
    "Choice",
    "Clause",
    "Closed",
    "Composite",
    "Condition",
    "Cut",
    "Evidence",
    "EvidenceKind",
    "Extractor",
    "ObjectDefinition",
    "Observable",
    "Operator",
    "Origin",
    "OverlapRemoval",
    "PairRequirement",
    "Paper",
    "Piecewise",
    "Refused",
    "Region",
    "RegionKind",
    "Role",
    "Scope",
    "SelectionCriteria",
    "Status",
    "Subject",
    "Value",
    "Variable",
    "cut_id",
    "json_schema",
]

SCHEMA_VERSION = "1.0"

RegionKind = Literal["preselection", "signal", "control", "validation"]
PairRequirement = Literal["opposite_charge", "same_charge", "same_flavour", "different_flavour"]


class OverlapRemoval(Frozen):
    """`removed` objects close to `kept` ones are dropped; `cut` states how close."""

    removed: str
    kept: str
    cut: str = Field(description="id of the cut that states the distance")


class ObjectDefinition(Frozen):
    """A named collection: 'signal electron' is a vocabulary object with cuts."""

    name: str
    object: str
    parent: str | None = Field(default=None, description="definition whose cuts it inherits")
    cuts: tuple[str, ...] = Field(default=(), description="ids")
    besides: str | None = Field(
        default=None,
        description="definition or object whose selected ones are not counted: additional lepton",
    )
    outside: str | None = Field(default=None, description="composite whose constituents are left out")
    overlap_removal: tuple[OverlapRemoval, ...] = ()


class Choice(Frozen):
    """Which of several possible systems is taken."""

    mode: Literal["closest", "largest", "smallest"]
    variable: Variable
    target: float | None = Field(default=None, description="in `unit`; for `closest`")
    unit: str = "1"
    text: str = Field(default="", description="the paper's words")


class Composite(Frozen):
    """A built system: constituents, what they must be to each other, and which is chosen."""

    name: str
    object: str
    constituents: tuple[str, ...] = Field(min_length=1, description="vocabulary objects, definitions or composites")
    count: int | None = Field(default=None, ge=1, description="how many constituents, where they are alike")
    requires: tuple[PairRequirement, ...] = ()
    rank: int | None = Field(default=None, ge=1, description="1 the leading system, 2 the subleading")
    choice: Choice | None = None
    excludes: tuple[str, ...] = Field(default=(), description="composites whose constituents may not be used again")
    evidence: tuple[Evidence, ...] = ()


class Region(Frozen):
    """A named set of events; it inherits its parent's cuts."""

    name: str
    kind: RegionKind
    parent: str | None = None
    cuts: tuple[str, ...] = Field(default=(), description="ids of the cuts it adds")
    evidence: tuple[Evidence, ...] = ()


class Refused(Frozen):
    """A candidate that is not a cut, with the reason; nothing the distiller saw is dropped silently."""

    code: str = Field(description="ungrounded, unstructured, delegated, conflict, not_a_cut, …")
    reason: str
    evidence: Evidence
    references: tuple[str, ...] = Field(default=(), description="arXiv ids or bibliography keys that would settle it")
    candidate: str = Field(default="", description="what was proposed, as text")


class Paper(Frozen):
    """The paper the criteria come from."""

    arxiv_id: str
    version: int = Field(default=1, ge=1)
    title: str = ""
    experiment: str | None = None
    sqrt_s: float | None = Field(default=None, description="TeV")
    luminosity: float | None = Field(default=None, description="fb^-1")
    document_hash: str = Field(pattern=r"^[0-9a-f]{64}$")


class SelectionCriteria(Frozen):
    """All a paper requires."""

    schema_version: Literal["1.0"] = "1.0"
    paper: Paper
    objects: tuple[ObjectDefinition, ...] = ()
    composites: tuple[Composite, ...] = ()
    cuts: tuple[Cut, ...] = ()
    regions: tuple[Region, ...] = ()
    unresolved: tuple[Refused, ...] = ()
    observables: tuple[Observable, ...] = Field(default=(), description="histograms of the selected events")

    @model_validator(mode="after")
    def _names_resolve(self) -> Self:
        ids = {cut.id for cut in self.cuts}
        if len(ids) != len(self.cuts):
            msg = "two cuts share an id"
            raise ValueError(msg)
        used: Iterable[tuple[str, Sequence[str]]] = [(o.name, o.cuts) for o in self.objects]
        used = [*used, *((r.name, r.cuts) for r in self.regions)]
        for name, cuts in used:
            unknown = sorted(set(cuts) - ids)
            if unknown:
                msg = f"'{name}' names cuts that do not exist: {', '.join(unknown)}"
                raise ValueError(msg)
        if len({observable.name for observable in self.observables}) != len(self.observables):
            msg = "two observables share a name"
            raise ValueError(msg)
        regions = {region.name for region in self.regions}
        for cut in self.cuts:
            if not set(cut.regions) <= regions:
                msg = f"cut {cut.id} holds in regions that do not exist: {sorted(set(cut.regions) - regions)}"
                raise ValueError(msg)
        return self

    def cut(self, cut_id: str) -> Cut | None:
        """Return the cut with this id, or None."""
        return next((cut for cut in self.cuts if cut.id == cut_id), None)

    def to_json(self, *, indent: int | None = 2) -> str:
        """Write the criteria as JSON; `from_json` reads back an equal object."""
        return self.model_dump_json(indent=indent)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read criteria; CriteriaError names the JSON path of the first offence."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            path = "$" + "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in first["loc"])
            message = f"selection criteria break the SSC {SCHEMA_VERSION} schema at {path}: {first['msg']}"
            raise CriteriaError(message, hint="compare with kb/schemas/ssc-1.0.json", path=path) from error


def json_schema() -> str:
    """Return the JSON Schema of `SelectionCriteria`, as published in `kb/schemas/ssc-1.0.json`."""
    schema = SelectionCriteria.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = f"Structured Selection Criteria {SCHEMA_VERSION}"
    return json.dumps(schema, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
