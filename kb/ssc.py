"""Structured Selection Criteria 1.0: what a paper requires of events and objects, each cut with its sentence.

The models here are the schema; `kb/schemas/ssc-1.0.json` is its published form. Numbers are kept in the unit the
paper writes; `Cut.normal_value` gives them in GeV, mm, ns and 1 (radians and counts).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kb.errors import CriteriaError
from kb.vocabulary import normal_unit, unit_factor, vocabulary

SCHEMA_VERSION = "1.0"

Scope = Literal["trigger", "cleaning", "object", "event", "region"]
Operator = Literal[">", ">=", "<", "<=", "==", "!=", "in", "not_in", "is"]
Role = Literal["select", "veto"]
EvidenceKind = Literal["stated", "table", "caption", "delegated"]
RegionKind = Literal["preselection", "signal", "control", "validation"]
Extractor = Literal["grammar", "llm", "human"]
Status = Literal["proposed", "accepted", "edited", "rejected"]
PairRequirement = Literal["opposite_charge", "same_charge", "same_flavour", "different_flavour"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Evidence(_Model):
    """A verbatim piece of a document: `quote` equals the document's text at `[start, end)`."""

    arxiv_id: str
    version: int = Field(default=1, ge=1)
    document_hash: str = Field(pattern=r"^[0-9a-f]{64}$", description="sha256 of the document's canonical text")
    section: tuple[str, ...] = Field(default=(), description="titles of the sections around it, outermost first")
    start: int = Field(ge=0)
    end: int = Field(gt=0)
    quote: str = Field(min_length=1)
    kind: EvidenceKind = "stated"

    @model_validator(mode="after")
    def _length_fits(self) -> Self:
        if self.end - self.start != len(self.quote):
            msg = f"quote has {len(self.quote)} characters, its span {self.end - self.start}"
            raise ValueError(msg)
        return self


class Variable(_Model):
    """A vocabulary variable and what it takes to compute it."""

    id: str = Field(description="vocabulary id: pt, abs_eta, mass, iso_rel, …")
    name: str | None = Field(default=None, description="what it is, where the id is `other` or `ratio`: 'flavour'")
    component: Literal["track", "calorimeter", "combined"] | None = Field(
        default=None, description="what an isolation or a missing momentum is summed over"
    )
    cone: float | None = Field(default=None, gt=0, description="radius ΔR of an isolation sum")
    cone_rule: str | None = Field(default=None, description="a cone that shrinks with pT, as the paper writes it")
    reference: tuple[str, ...] = Field(default=(), description="vocabulary objects or definitions it is taken against")

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.id not in vocabulary().variables:
            msg = f"'{self.id}' is no variable of the vocabulary"
            raise ValueError(msg)
        return self


class Subject(_Model):
    """What a cut is about."""

    object: str = Field(description="vocabulary id: electron, lepton_pair, met, event, …")
    rank: int | None = Field(default=None, ge=1, description="1 leading, 2 subleading, …; null every one, or the event")
    definition: str | None = Field(default=None, description="name of an ObjectDefinition or a Composite")

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.object not in vocabulary().objects:
            msg = f"'{self.object}' is no object of the vocabulary"
            raise ValueError(msg)
        return self


class Piecewise(_Model):
    """A threshold that follows another quantity: linear between its points, constant outside them."""

    subject: Subject
    variable: Variable
    unit: str = Field(description="unit of the points' first number")
    points: tuple[tuple[float, float], ...] = Field(min_length=1, description="(x, threshold at x), x ascending")

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if any(a[0] > b[0] for a, b in pairwise(self.points)):
            msg = "points do not ascend"
            raise ValueError(msg)
        return self

    def at(self, x: float) -> float:
        """Return the threshold at `x` (both in the units the paper writes).

        >>> m34 = Piecewise(subject=Subject(object="fourlepton"), variable=Variable(id="mass"), unit="GeV",
        ...                 points=((140, 12), (190, 50)))
        >>> m34.at(100), m34.at(165), m34.at(500)
        (12.0, 31.0, 50.0)
        """
        if x <= self.points[0][0]:
            return self.points[0][1]
        for (x0, y0), (x1, y1) in pairwise(self.points):
            if x < x1:
                return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
        return self.points[-1][1]


Bound = float | Piecewise
Value = float | tuple[Bound, Bound] | str | Piecewise


class Clause(_Model):
    """One part of a condition: the muon is calorimeter-tagged, the channel is 4μ, pT < 50 GeV."""

    subject: Subject
    variable: Variable
    operator: Operator
    value: float | tuple[float, float] | str
    unit: str = "1"


class Condition(_Model):
    """When a cut applies; `text` is how the paper says it."""

    text: str = Field(min_length=1)
    clauses: tuple[Clause, ...] = ()
    combine: Literal["all", "any"] = "all"


class Origin(_Model):
    """Who proposed a cut."""

    extractor: Extractor
    version: str = ""
    rule: str = Field(default="", description="the grammar rule that read it")
    model: str | None = None
    prompt_hash: str | None = None
    votes: int | None = Field(default=None, ge=1)


class Cut(_Model):
    """One requirement on events or objects."""

    id: str = Field(min_length=1)
    scope: Scope
    subject: Subject
    variable: Variable
    operator: Operator
    value: Value
    unit: str = Field(default="1", description="as the paper writes it")
    when: Condition | None = None
    role: Role = "select"
    regions: tuple[str, ...] = Field(default=(), description="names of regions; empty means everywhere")
    any_of: str | None = Field(default=None, description="cuts that share this name are alternatives: one must hold")
    evidence: tuple[Evidence, ...] = ()
    rationale: Evidence | None = Field(default=None, description="the sentence that says why")
    origin: Origin
    status: Status = "proposed"
    note: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.evidence and self.origin.extractor != "human":
            msg = "a cut needs evidence unless a person entered it"
            raise ValueError(msg)
        if self.operator == "is" and not isinstance(self.value, str):
            msg = "operator 'is' takes a string"
            raise ValueError(msg)
        if self.operator in {"in", "not_in"} and not isinstance(self.value, tuple):
            msg = f"operator '{self.operator}' takes a range [lo, hi]"
            raise ValueError(msg)
        if self.operator not in {"in", "not_in", "is"} and isinstance(self.value, str | tuple):
            msg = f"operator '{self.operator}' takes one number"
            raise ValueError(msg)
        if normal_unit(self.unit) is None:
            msg = f"'{self.unit}' is no unit of the vocabulary"
            raise ValueError(msg)
        return self

    @property
    def normal_unit(self) -> str:
        """The unit of `normal_value`: GeV, mm, ns, 1, …"""
        return normal_unit(self.unit) or self.unit

    @property
    def normal_value(self) -> Value:
        """The value in the normal unit; points of a Piecewise have both their numbers converted."""
        value, factor = self.value, unit_factor(self.unit)
        if isinstance(value, str):
            return value
        if isinstance(value, tuple):
            return (_scaled(value[0], factor), _scaled(value[1], factor))
        return _scaled(value, factor)

    def statement(self) -> str:
        """Write the cut as a physicist would note it.

        >>> Cut(id="x", scope="object", subject=Subject(object="muon"), variable=Variable(id="pt"), operator=">",
        ...     value=5, unit="GeV", origin=Origin(extractor="human")).statement()
        'μ p_T > 5 GeV'
        """
        return statement(self)

    @property
    def _collection(self) -> str | None:
        """The named collection (`veto lepton`) of a cut on single objects, which annotations list as a region."""
        built = "_" in self.subject.object or self.subject.object in {"trilepton", "fourlepton"}
        return None if built else self.subject.definition

    def flat(self) -> dict[str, Any]:
        """Return the record by which annotations and predictions are compared.

        Keys: id object variable operator value unit rank role scope region quote note status evidence. Threshold
        functions are given by their first point.
        """
        value: Any = self.value
        if isinstance(value, tuple):
            value = [_plain(value[0]), _plain(value[1])]
        elif not isinstance(value, str):
            value = _plain(value)
        notes = [self.note, self.when.text if self.when else "", f"any of: {self.any_of}" if self.any_of else ""]
        return {
            "id": self.id,
            "object": self.subject.object,
            "variable": self.variable.id,
            "operator": self.operator,
            "value": value,
            "unit": self.unit,
            "rank": self.subject.rank,
            "role": self.role,
            "scope": self.scope,
            "region": ", ".join(self.regions) or self._collection,
            "quote": self.evidence[0].quote if self.evidence else "",
            "note": "; ".join(filter(None, notes)),
            "status": self.status,
            "evidence": [e.model_dump(mode="json") for e in self.evidence],
        }


class OverlapRemoval(_Model):
    """`removed` objects close to `kept` ones are dropped; `cut` states how close."""

    removed: str
    kept: str
    cut: str = Field(description="id of the cut that states the distance")


class ObjectDefinition(_Model):
    """A named collection: 'signal electron' is a vocabulary object with cuts."""

    name: str
    object: str
    parent: str | None = Field(default=None, description="definition whose cuts it inherits")
    cuts: tuple[str, ...] = Field(default=(), description="ids")
    overlap_removal: tuple[OverlapRemoval, ...] = ()


class Choice(_Model):
    """Which of several possible systems is taken."""

    mode: Literal["closest", "largest", "smallest"]
    variable: Variable
    target: float | None = Field(default=None, description="in `unit`; for `closest`")
    unit: str = "1"
    text: str = Field(default="", description="the paper's words")


class Composite(_Model):
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


class Region(_Model):
    """A named set of events; it inherits its parent's cuts."""

    name: str
    kind: RegionKind
    parent: str | None = None
    cuts: tuple[str, ...] = Field(default=(), description="ids of the cuts it adds")
    evidence: tuple[Evidence, ...] = ()


class Refused(_Model):
    """A candidate that is not a cut, with the reason; nothing the distiller saw is dropped silently."""

    code: str = Field(description="ungrounded, unstructured, delegated, conflict, not_a_cut, …")
    reason: str
    evidence: Evidence
    references: tuple[str, ...] = Field(default=(), description="arXiv ids or bibliography keys that would settle it")
    candidate: str = Field(default="", description="what was proposed, as text")


class Paper(_Model):
    """The paper the criteria come from."""

    arxiv_id: str
    version: int = Field(default=1, ge=1)
    title: str = ""
    experiment: str | None = None
    sqrt_s: float | None = Field(default=None, description="TeV")
    luminosity: float | None = Field(default=None, description="fb^-1")
    document_hash: str = Field(pattern=r"^[0-9a-f]{64}$")


class SelectionCriteria(_Model):
    """All a paper requires."""

    schema_version: Literal["1.0"] = "1.0"
    paper: Paper
    objects: tuple[ObjectDefinition, ...] = ()
    composites: tuple[Composite, ...] = ()
    cuts: tuple[Cut, ...] = ()
    regions: tuple[Region, ...] = ()
    unresolved: tuple[Refused, ...] = ()

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


def cut_id(arxiv_id: str, *parts: object) -> str:
    """Return a stable id: the same paper and the same parts (subject, variable, value, quote …) give the same id.

    White space in the parts does not matter; version and position in the paper do not enter.
    """
    squeezed = [re.sub(r"\s+", " ", str(part)).strip() for part in parts]
    digest = hashlib.sha256(json.dumps([arxiv_id, *squeezed], ensure_ascii=False).encode()).hexdigest()
    return f"{arxiv_id.replace('/', '.')}-{digest[:8]}"


def json_schema() -> str:
    """Return the JSON Schema of `SelectionCriteria`, as published in `kb/schemas/ssc-1.0.json`."""
    schema = SelectionCriteria.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = f"Structured Selection Criteria {SCHEMA_VERSION}"
    return json.dumps(schema, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def statement(cut: Cut) -> str:
    """Write a cut as a physicist would note it: subject, symbol, operator, value, unit, condition."""
    words = vocabulary()
    symbol = words.variables[cut.variable.id].symbol
    if cut.variable.name:
        symbol = cut.variable.name
    subject = cut.subject.definition or words.objects[cut.subject.object].symbol
    rank = f"{_ordinal(cut.subject.rank)} " if cut.subject.rank else ""
    # A definition may say its rank itself: the leading pair.
    rank = "" if subject.startswith(rank.strip()) else rank
    if cut.variable.component:
        symbol = f"{cut.variable.component} {symbol}"
    unit = "" if cut.unit in {"", "1"} else f" {cut.unit}"
    value = cut.value
    if isinstance(value, tuple):
        shown = f"{_shown(value[0])} to {_shown(value[1])}"
    else:
        shown = value if isinstance(value, str) else _shown(value)
    operator = {">=": "≥", "<=": "≤", "==": "=", "!=": "≠", "not_in": "not in"}.get(cut.operator, cut.operator)
    text = f"{rank}{subject} {symbol} {operator} {shown}{unit}"
    if cut.when:
        text += f" ({cut.when.text})"
    return f"veto: {text}" if cut.role == "veto" else text


def _ordinal(rank: int) -> str:
    return {1: "leading", 2: "subleading", 3: "third"}.get(rank, f"{rank}th")


def _plain(bound: Bound) -> float:
    return bound.points[0][1] if isinstance(bound, Piecewise) else bound


def _shown(bound: Bound) -> str:
    if isinstance(bound, Piecewise):
        symbol = f"{bound.subject.object} {bound.variable.id}"
        points = ", ".join(f"{y:g} at {x:g} {bound.unit}" for x, y in bound.points)
        return f"f({symbol}: {points})"
    return f"{bound:g}"


def _scaled(bound: Bound, factor: float) -> Bound:
    if isinstance(bound, Piecewise):
        across = unit_factor(bound.unit)
        points = tuple((round(x * across, 9), round(y * factor, 9)) for x, y in bound.points)
        return bound.model_copy(update={"points": points, "unit": normal_unit(bound.unit) or bound.unit})
    return round(bound * factor, 9)
