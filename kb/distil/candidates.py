"""What the readers of sentences and tables propose: a cut before it is grounded."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from kb.ssc import Closed, Condition, EvidenceKind, Operator, Role, Scope, Value, Variable


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposed cut; `[start, end)` is its quote, `at` where in it the bound stands."""

    object: str
    variable: Variable
    operator: Operator
    value: Value
    unit: str
    start: int
    end: int
    rule: str
    closed: Closed = "both"
    rank: int | None = None
    definition: str | None = None
    when: Condition | None = None
    role: Role = "select"
    scope: Scope = "object"
    regions: tuple[str, ...] = ()
    any_of: str | None = None
    note: str = ""
    kind: EvidenceKind = "stated"
    also: tuple[tuple[int, int, EvidenceKind], ...] = ()
    rationale: tuple[int, int] | None = None
    at: int = 0

    def with_(self, **changes: Any) -> Candidate:
        """Return a copy with some fields changed."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Turned:
    """A candidate turned down, with the reason."""

    code: str
    reason: str
    start: int
    end: int
    text: str = ""
    references: tuple[str, ...] = ()


@dataclass(slots=True)
class Memory:
    """What earlier sentences leave behind for pronouns and bare nouns."""

    subject: str | None = None
    variable: str | None = None
    pair: str = "lepton_pair"
    system: str | None = None
    leptons: int | None = None
    listing: bool = False
    told: int | None = None
    placeholders: dict[str, tuple[str, str | None, str]] = field(default_factory=dict)
    vetoed: dict[str, str] = field(default_factory=dict)
    collection: dict[str, str] = field(default_factory=dict)
    component: str | None = None
    cones: dict[str, float] = field(default_factory=dict)


def joined_condition(found: list[Condition]) -> Condition | None:
    """Return one condition for several that hold together."""
    if not found:
        return None
    if len(found) == 1:
        return found[0]
    clauses = tuple(c for condition in found for c in condition.clauses)
    return Condition(text="; ".join(c.text for c in found), clauses=clauses)


def operator_of(text: str) -> Operator:
    """Return an operator of the SSC for its text."""
    assert text in {">", ">=", "<", "<=", "==", "!=", "in", "not_in", "is"}, text
    return text  # type: ignore[return-value]  # narrowed by the line above
