"""Review: what a person decides about cuts, and how it outlives the next reading of the paper.

A decision is kept in the review log with the cut before and after it. Reading the paper again proposes its cuts anew;
`reviewed` lets the log speak last. What a person states is held to the text like everything else: an edited cut has to
be grounded in the words that it cites. Only a cut that a person adds may cite none, and says so.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kb.bounds import Operator, Subject, Value
from kb.cut import Cut, Evidence, EvidenceKind, Origin, Role, Scope, cut_id
from kb.document import Document
from kb.errors import CriteriaError, EvidenceError, InputError
from kb.ssc import Refused, SelectionCriteria
from kb.store.records import ReviewRecord
from kb.vocabulary import vocabulary


class Edit(BaseModel):
    """What a person changes in a cut, or states of a new one; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    object: str | None = Field(default=None, description="vocabulary id")
    rank: int | None = Field(default=None, ge=0, description="1 leading, 2 subleading, …; 0 takes the rank away")
    variable: str | None = Field(default=None, description="vocabulary id")
    operator: Operator | None = None
    value: Value | None = Field(default=None, description="number, [low, high], or text for `is`")
    unit: str | None = None
    when: str | None = Field(default=None, description="under which condition; an empty text takes it away")
    role: Role | None = None
    scope: Scope | None = None
    regions: tuple[str, ...] | None = Field(default=None, description="names of regions; none means everywhere")
    note: str | None = None
    quote: str | None = Field(default=None, description="words of the paper that state it, verbatim")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            msg = "nothing is changed"
            raise ValueError(msg)
        return self


def edited(cut: Cut, edit: Edit, document: Document) -> Cut:
    """Return a cut as a person corrects it; its id stays. CriteriaError for what cannot be a cut; EvidenceError."""
    given = edit.model_dump(exclude_unset=True, exclude={"object", "rank", "variable", "when", "quote"})
    changes: dict[str, Any] = {**given, "subject": _subject(cut.subject, edit), "status": "edited"}
    if edit.variable is not None and edit.variable != cut.variable.id:
        changes["variable"] = {"id": edit.variable}
    if "when" in edit.model_fields_set:
        changes["when"] = {"text": edit.when} if edit.when else None
    if edit.operator is not None and edit.operator not in {"in", "not_in"}:
        changes["closed"] = "both"
    if edit.quote is not None:
        changes["evidence"] = (located(edit.quote, document),)
    return _valid({**dict(cut), **changes})


def added(document: Document, edit: Edit) -> Cut:
    """Return a cut that a person states; InputError where something is left out that a cut needs."""
    missing = [name for name in ("object", "variable", "operator", "value") if getattr(edit, name) is None]
    if missing:
        message = f"a cut needs {', '.join(missing)}"
        raise InputError(message, hint="such as: object muon, variable pt, operator >, value 25, unit GeV")
    usual = vocabulary().variables[edit.variable].unit if edit.variable in vocabulary().variables else "1"
    if edit.unit is None and usual != "1" and not isinstance(edit.value, str):
        message = f"{edit.variable} has a unit: {edit.value} of what?"
        raise InputError(message, hint=f"give the unit as the paper writes it, such as {usual}; 1 if it has none")
    evidence = (located(edit.quote, document),) if edit.quote else ()
    fields = {
        "scope": edit.scope or "object",
        "subject": {"object": edit.object, "rank": edit.rank or None},
        "variable": {"id": edit.variable},
        "operator": edit.operator,
        "value": edit.value,
        "unit": edit.unit or "1",
        "when": {"text": edit.when} if edit.when else None,
        "role": edit.role or "select",
        "regions": edit.regions or (),
        "note": edit.note or "",
        "evidence": evidence,
        "origin": Origin(extractor="human"),
        "status": "accepted",
    }
    said = [str(fields[name]) for name in sorted(fields) if name not in {"evidence", "origin", "note", "status"}]
    return _valid({**fields, "id": cut_id(document.arxiv_id, "human", *said, edit.quote or "")})


def located(quote: str, document: Document) -> Evidence:
    """Return the place of a quote in a document, however its lines are broken; EvidenceError where it is not there."""
    words = quote.split()
    found = re.search(r"\s+".join(map(re.escape, words)), document.text) if words else None
    if found is None:
        message = f"'{' '.join(words)}' does not stand in {document.arxiv_id}"
        raise EvidenceError(message, hint="copy the words from the paper as `cutbook show` or `search` print them")
    block = document.block_at(found.start())
    kind: EvidenceKind = block.kind if block and block.kind in {"table", "caption"} else "stated"
    return Evidence(
        arxiv_id=document.arxiv_id,
        version=document.version,
        document_hash=document.document_hash,
        section=document.section_path(found.start()),
        start=found.start(),
        end=found.end(),
        quote=found.group(),
        kind=kind,
    )


def with_cut(criteria: SelectionCriteria, cut: Cut) -> SelectionCriteria:
    """Return criteria with a cut in place of the one of its id, or as its last; regions list it where it holds.

    CriteriaError for a region that the paper does not have.
    """
    names = [region.name for region in criteria.regions]
    if unknown := [name for name in cut.regions if name not in names]:
        message = f"the paper has no region {', '.join(unknown)}"
        raise CriteriaError(message, hint=f"it has {', '.join(names)}" if names else "it has none; leave regions away")
    old = criteria.cut(cut.id)
    cuts = [cut if other.id == cut.id else other for other in criteria.cuts]
    regions = [
        region.model_copy(update={"cuts": _listed(region.cuts, cut.id, wanted=region.name in cut.regions)})
        for region in criteria.regions
    ]
    objects = list(criteria.objects)
    if old is not None and old.subject.definition != cut.subject.definition:
        objects = [one.model_copy(update={"cuts": _listed(one.cuts, cut.id, wanted=False)}) for one in objects]
    update = {"cuts": (*cuts, *(() if old else (cut,))), "regions": tuple(regions), "objects": tuple(objects)}
    return SelectionCriteria.model_validate(dict(criteria.model_copy(update=update)))


def reviewed(
    criteria: SelectionCriteria, log: Iterable[ReviewRecord], documents: Mapping[str, Document]
) -> SelectionCriteria:
    """Return freshly distilled criteria as the review log, oldest entry first, leaves them.

    `documents` are, by hash, the paper's own and those that its reviews quote. A cut that a person accepted, edited or
    added stays even if it is not proposed any more, as long as its words stand in the text; else it is listed as
    unresolved, with the person's name.
    """
    entries: dict[str, list[ReviewRecord]] = defaultdict(list)
    for entry in log:
        entries[entry.cut_id].append(entry)
    for name, decisions in entries.items():
        fresh = criteria.cut(name)
        cut = _decided(fresh or decisions[0].before, decisions)
        if fresh is None and cut.status not in {"accepted", "edited"}:
            continue
        anchored, objections = _anchored(cut, criteria, documents)
        if not objections:
            criteria = with_cut(criteria, anchored)
        elif cut.evidence:
            criteria = _given_up(criteria, decisions[-1], cut, objections)
    return criteria


def _decided(cut: Cut, decisions: Iterable[ReviewRecord]) -> Cut:
    """Return a cut as decisions about it, one after the other, leave it."""
    proposed = cut.model_copy(update={"status": "proposed"})
    for decision in decisions:
        before, after = dict(decision.before), dict(decision.after)
        changed = {name: value for name, value in after.items() if before[name] != value}
        cut = proposed if decision.status == "proposed" else cut.model_copy(update=changed)
        cut = cut.model_copy(update={"status": decision.status})
    return cut


def _anchored(cut: Cut, criteria: SelectionCriteria, documents: Mapping[str, Document]) -> tuple[Cut, Sequence[str]]:
    """Return a cut with its quotes where they stand in the present text, and what is wrong with it."""
    # Imported here: reading the log does not need the rules of grounding.
    from kb.distil.grounding import ground

    paper, evidence = criteria.paper, []
    for quote in cut.evidence:
        own = quote.arxiv_id == paper.arxiv_id and quote.document_hash != paper.document_hash
        if not own:
            evidence.append(quote)
            continue
        try:
            evidence.append(located(quote.quote, documents[paper.document_hash]))
        except EvidenceError as error:
            return cut, (error.message,)
    regions = {region.name for region in criteria.regions}
    if unknown := [name for name in cut.regions if name not in regions]:
        return cut, (f"the paper has no region {', '.join(unknown)} any more",)
    moved = cut.model_copy(update={"evidence": tuple(evidence)})
    return moved, ground(moved, documents)


def _given_up(
    criteria: SelectionCriteria, entry: ReviewRecord, cut: Cut, objections: Sequence[str]
) -> SelectionCriteria:
    reason = f"{entry.reviewer} {entry.status} it, and it no longer holds: {'; '.join(objections)}"
    refused = Refused(code="review", reason=reason, evidence=cut.evidence[0], candidate=cut.statement())
    return criteria.model_copy(update={"unresolved": (*criteria.unresolved, refused)})


def _subject(subject: Subject, edit: Edit) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if edit.object is not None and edit.object != subject.object:
        changes = {"object": edit.object, "definition": None}
    if edit.rank is not None:
        changes["rank"] = edit.rank or None
    return {**dict(subject), **changes}


def _listed(ids: tuple[str, ...], cut: str, *, wanted: bool) -> tuple[str, ...]:
    if wanted:
        return ids if cut in ids else (*ids, cut)
    return tuple(other for other in ids if other != cut)


def _valid(fields: Mapping[str, Any]) -> Cut:
    try:
        return Cut.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        message = f"this is no cut: {where + ': ' if where else ''}{first['msg'].removeprefix('Value error, ')}"
        raise CriteriaError(message, hint="kb/schemas/ssc-1.0.json has the rules, kb/vocabulary.toml the names") from (
            error
        )
