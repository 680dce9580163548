"""A cut: one requirement on events or objects, with the sentence that states it.

`Cut.value` is in the unit the paper writes; `Cut.normal_value` is in GeV, mm, ns and 1 (radians and counts).
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from kb.bounds import Closed, Frozen, Operator, Subject, Value, Variable, plain, scaled
from kb.statement import statement
from kb.vocabulary import normal_unit, unit_factor

Scope = Literal["trigger", "cleaning", "object", "event", "region"]
Role = Literal["select", "veto"]
EvidenceKind = Literal["stated", "table", "caption", "delegated"]
Extractor = Literal["grammar", "llm", "human"]
Status = Literal["proposed", "accepted", "edited", "rejected"]

_GREEK = re.compile(r"GREEK (?P<case>SMALL|CAPITAL) LETTER (?P<of>\w+)")
_RANGES = frozenset({"in", "not_in"})
# Written only where it says something: most operators have no range, and most ranges both ends.
_Ends = Annotated[
    Closed,
    Field(
        exclude_if=lambda closed: closed == "both",
        description="which ends belong to the range of `in` and `not_in`: both (the default), left (the lower one), "
        "right (the upper one) or neither; what is `not_in` is all that the range with these ends leaves",
    ),
]


class Evidence(Frozen):
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


class Clause(Frozen):
    """One part of a condition: the muon is calorimeter-tagged, the channel is 4μ, pT < 50 GeV."""

    subject: Subject
    variable: Variable
    operator: Operator
    value: float | tuple[float, float] | str
    closed: _Ends = "both"
    unit: str = "1"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _check_range(self.operator, self.value, self.closed)
        return self


class Condition(Frozen):
    """When a cut applies; `text` is how the paper says it."""

    text: str = Field(min_length=1)
    clauses: tuple[Clause, ...] = ()
    combine: Literal["all", "any"] = "all"


class Origin(Frozen):
    """Who proposed a cut."""

    extractor: Extractor
    version: str = ""
    rule: str = Field(default="", description="the grammar rule that read it")
    model: str | None = None
    prompt_hash: str | None = None
    votes: int | None = Field(default=None, ge=1)


class Cut(Frozen):
    """One requirement on events or objects.

    `in` and `not_in` take a range of which `closed` names the ends that belong to it. `in` holds inside, `not_in` in
    the complement: outside a range closed at both ends, and also at the very ends of one closed at neither. So
    50 < m < 106 GeV is `in` and `neither`, |m − m_Z| > 10 GeV is `not_in` and `both`, |m − m_Z| ≥ 10 GeV is `not_in`
    and `neither`.
    """

    id: str = Field(min_length=1)
    scope: Scope
    subject: Subject
    variable: Variable
    operator: Operator
    value: Value
    closed: _Ends = "both"
    unit: str = Field(default="1", description="as the paper writes it")
    when: Condition | None = None
    role: Role = "select"
    regions: tuple[str, ...] = Field(default=(), description="names of regions; empty means everywhere")
    restated: tuple[str, ...] = Field(
        default=(),
        exclude_if=lambda names: not names,
        description="names of regions whose definition states again what holds everywhere",
    )
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
        _check_range(self.operator, self.value, self.closed)
        if self.operator not in {*_RANGES, "is"} and isinstance(self.value, str):
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
        return _normal(self.value, self.unit)

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
        named = None if built else self.subject.definition
        # They write it of any object that is one too many.
        return re.sub(r"^additional ", "veto ", named) if named else None

    @property
    def _regions(self) -> tuple[str, ...]:
        """What annotations list as the regions of a cut: those of vetoed objects are so called in every region."""
        own = (self._collection,) if self._collection else ()
        if self.regions:
            counts = self.variable.id == "count"
            return (*self.regions, *(name for name in own if name.startswith("veto ") and not counts))
        return (*own, *self.restated)

    def flat(self) -> dict[str, Any]:
        """Return the record by which annotations and predictions are compared.

        Keys: id object variable operator value unit rank role scope region quote note status evidence. Threshold
        functions are given by their first point; regions with Greek letters in their names also by their Latin
        spelling, `eμ channel (emu channel)`, since annotations write either.
        """
        value: Any = self.value
        if isinstance(value, tuple):
            value = [plain(value[0]), plain(value[1])]
        elif not isinstance(value, str):
            value = plain(value)
        unit = self.unit
        if unit == "deg" and not isinstance(value, str):  # annotations give angles in radians
            turned = [round(x * unit_factor(unit), 6) for x in (value if isinstance(value, list) else [value])]
            unit, value = "rad", turned if isinstance(value, list) else turned[0]
        if self.variable.id in {"btag", "id"} and self.variable.name:
            value = f"{self.variable.name}, {value}"  # the algorithm, or how the paper writes the working point
        notes = [self.note, self.when.text if self.when else "", f"any of: {self.any_of}" if self.any_of else ""]
        return {
            "id": self.id,
            "object": self.subject.object,
            "variable": self.variable.id,
            "operator": self.operator,
            "value": value,
            "unit": unit,
            "rank": self.subject.rank,
            "role": self.role,
            "scope": self.scope,
            "region": ", ".join(map(_spelt, self._regions)) or None,
            "quote": self.evidence[0].quote if self.evidence else "",
            "note": "; ".join(filter(None, notes)),
            "status": self.status,
            "evidence": [e.model_dump(mode="json") for e in self.evidence],
        }


@lru_cache(maxsize=4096)
def _normal(value: Value, unit: str) -> Value:
    factor = unit_factor(unit)
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return (scaled(value[0], factor), scaled(value[1], factor))
    return scaled(value, factor)


def _spelt(name: str) -> str:
    """Write a name with Greek letters in Latin ones, too.

    >>> _spelt("CRγ"), _spelt("SR1")
    ('CRγ (CRgamma)', 'SR1')
    """
    latin = "".join(_latin(letter) for letter in name)
    return name if latin == name else f"{name} ({latin})"


def _latin(letter: str) -> str:
    greek = _GREEK.fullmatch(unicodedata.name(letter, ""))
    return letter if greek is None else greek["of"].lower() if greek["case"] == "SMALL" else greek["of"].title()


def _check_range(operator: Operator, value: Value, closed: Closed) -> None:
    if operator in _RANGES and not isinstance(value, tuple):
        msg = f"operator '{operator}' takes a range [lo, hi]"
        raise ValueError(msg)
    if operator not in _RANGES and isinstance(value, tuple):
        msg = f"operator '{operator}' takes one number"
        raise ValueError(msg)
    if operator not in _RANGES and closed != "both":
        msg = f"operator '{operator}' has no range whose ends could be 'closed'; 'in' and 'not_in' have one"
        raise ValueError(msg)


def cut_id(arxiv_id: str, *parts: object) -> str:
    """Return a stable id: the same paper and the same parts (subject, variable, value, quote …) give the same id.

    White space in the parts does not matter; version and position in the paper do not enter.
    """
    squeezed = [re.sub(r"\s+", " ", str(part)).strip() for part in parts]
    digest = hashlib.sha256(json.dumps([arxiv_id, *squeezed], ensure_ascii=False).encode()).hexdigest()
    return f"{arxiv_id.replace('/', '.')}-{digest[:8]}"
