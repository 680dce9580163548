"""What the readers of sentences and tables propose: a cut before it is grounded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from kb.distil.reading import Reading
from kb.ssc import Closed, Condition, EvidenceKind, Operator, Role, Scope, Value, Variable


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposed cut; `[start, end)` is its quote, `at` where in it the bound stands."""

    object: str
    variable: Variable
    operator: Operator
    value: Value
    start: int
    end: int
    rule: str
    scope: Scope
    unit: str = "1"
    closed: Closed = "both"
    rank: int | None = None
    definition: str | None = None
    when: Condition | None = None
    role: Role = "select"
    regions: tuple[str, ...] = ()
    restated: tuple[str, ...] = ()
    """Regions that state again what holds everywhere."""
    kind: EvidenceKind = "stated"
    also: tuple[tuple[int, int, EvidenceKind], ...] = ()
    rationale: tuple[int, int] | None = None
    at: int = 0
    any_of: int | None = None
    """What alternatives share: where the sentence starts that lists them."""
    overlap: tuple[str, str] | None = None
    """Which object is removed, and near which one."""

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


@dataclass(frozen=True, slots=True)
class Setting:
    """What a whole sentence is about: the regions it speaks of and, for a sentence on triggers, that scope."""

    scope: Scope | None = None
    regions: tuple[str, ...] = ()

    @property
    def event_scope(self) -> Scope:
        """The scope of what is required of the event as a whole."""
        return self.scope or ("region" if self.regions else "event")


def stated(
    reading: Reading, setting: Setting, object_id: str, variable: str, operator: str, value: Value, rule: str
) -> Candidate:
    """Propose what a sentence requires of the event; `with_` adds what else it says."""
    return Candidate(
        object=object_id,
        variable=Variable(id=variable),
        operator=operator_of(operator),
        value=value,
        start=reading.start,
        end=reading.end,
        rule=rule,
        regions=setting.regions,
        scope=setting.event_scope,
    )


def flag(
    reading: Reading,
    setting: Setting,
    object_id: str,
    variable: str,
    value: str,
    rule: str,
    scope: Scope = "object",
) -> Candidate:
    """Propose a requirement without a number; `scope` is its own, where the sentence sets none for all."""
    return stated(reading, setting, object_id, variable, "is", value, rule).with_(scope=setting.scope or scope)


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
