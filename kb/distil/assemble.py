"""Assemble selection criteria from grounded candidates: definitions, composites, regions, what stays unresolved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from kb.distil.candidates import Candidate, Turned
from kb.distil.composites import composed
from kb.distil.conflicts import conflicts
from kb.distil.delegation import Delegation, follow
from kb.distil.exclusion import restricted
from kb.distil.experiment import experiment
from kb.distil.flags import with_algorithms
from kb.distil.grounding import ground
from kb.distil.inheritance import building_on, inherited
from kb.distil.merge import merge, regions_of, restated_in, slot
from kb.distil.paper import walk
from kb.distil.particles import PHYSICAL
from kb.distil.qualifiers import apart
from kb.distil.quotes import evidence_of, quote, unique
from kb.document import Document
from kb.ssc import (
    Cut,
    Evidence,
    ObjectDefinition,
    Origin,
    OverlapRemoval,
    Paper,
    Refused,
    SelectionCriteria,
    Subject,
    Value,
    cut_id,
)

_LIMIT = 300
_COMMON = re.compile(
    r"\b(?:baseline|preselect\w*|all (?:\w+ )?regions|[Ss]elected events|[Ee]vents are (?:\w+ )?required"
    r"|[Ww]e (?:select|require) events)\b"
)

# "… are suppressed by the requirement m_T > 140 GeV" states nothing new
_REFERS = re.compile(
    r"\b(?:suppressed|reduced|removed|rejected|minimi[sz]ed|eliminated|selected) by (?:the|this|these|its)\b"
    r"|\b(?:because of|due to|thanks to|after|before) (?:the|this|these) (?:[\w/^_-]+ )?"
    r"(?:requirements?|cuts?|selections?)\b"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the trace: a cut and its rule, or a refusal and its reason."""

    start: int
    end: int
    rule: str
    outcome: str
    text: str


Proposal = tuple[Candidate, tuple[Evidence, ...]]


@dataclass(slots=True)
class _Verdict:
    """What became of the proposals."""

    cuts: list[Cut] = field(default_factory=list)
    overlaps: list[OverlapRemoval] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


def criteria(
    document: Document, cited: Mapping[str, Document], version: str
) -> tuple[SelectionCriteria, tuple[Step, ...]]:
    """Read a paper and put its selection together."""
    findings = walk(document)
    proposals = _stated(document, findings.candidates)
    taken = {slot(candidate): candidate for candidate, _ in proposals}
    unavailable: list[Refused] = []
    for found in findings.delegations:
        extra, refusals = _delegated(document, found, cited, taken)
        proposals += extra
        unavailable += refusals
    documents = {document.document_hash: document, **{d.document_hash: d for d in cited.values()}}
    verdict = _judged(document, proposals, documents, version)
    turned = [_refused(document, one) for one in findings.turned]
    steps = [*verdict.steps, *(Step(t.start, t.end, t.code, f"refused: {t.reason}", t.text) for t in findings.turned)]
    cuts, composites = composed(document, _alternatives(verdict.cuts), findings)
    cuts = restricted(cuts, building_on(cuts, findings.inherits), document.text)
    about = experiment(document)
    result = SelectionCriteria(
        paper=Paper(
            arxiv_id=document.arxiv_id,
            version=document.version,
            title=document.title,
            experiment=about.name,
            sqrt_s=about.sqrt_s,
            luminosity=about.luminosity,
            document_hash=document.document_hash,
        ),
        objects=_definitions(cuts, verdict.overlaps),
        composites=composites,
        cuts=tuple(cuts),
        regions=inherited(document, cuts, findings.inherits),
        unresolved=(*unavailable, *verdict.refused, *conflicts(cuts, findings.candidates), *turned),
    )
    return result, tuple(sorted(steps, key=lambda s: (s.start, s.end, s.rule, s.text)))


def _stated(document: Document, candidates: list[Candidate]) -> list[Proposal]:
    """Return what the paper states itself, once, with all places that say it."""

    def common(candidate: Candidate) -> bool:
        return bool(_COMMON.search(document.quote(candidate.start, candidate.end)))

    def refers(candidate: Candidate) -> bool:
        return bool(_REFERS.search(document.quote(candidate.start, candidate.end)))

    candidates = with_algorithms(candidates)
    return [
        (
            _placed(group[0], regions_of(group, common, refers), restated_in(group)),
            unique(e for candidate in group for e in evidence_of(document, candidate)),
        )
        for group in merge(candidates)
    ]


def _placed(candidate: Candidate, regions: tuple[str, ...], restated: tuple[str, ...]) -> Candidate:
    """Give a requirement its regions; where it holds everywhere, those that state it again."""
    return candidate.with_(regions=regions, restated=() if regions else restated)


def _delegated(
    document: Document, found: Delegation, cited: Mapping[str, Document], taken: Mapping[tuple[object, ...], Candidate]
) -> tuple[list[Proposal], list[Refused]]:
    """Return what the cited papers state for this one, and which of them are not at hand."""
    citing = quote(document, found.start, found.end, "delegated")
    proposals: list[Proposal] = []
    refused: list[Refused] = []
    for reference in found.keys:
        source = cited.get(reference)
        if source is None:
            entry = document.reference(reference)
            name = (entry.arxiv_id or entry.report_number or entry.doi or entry.key) if entry else reference
            refused.append(
                Refused(
                    code="delegated",
                    reason=f"left to a cited paper that is not in the base: ingest {name}",
                    evidence=citing,
                    references=(name,),
                    candidate=" ".join(found.text.split()),
                )
            )
            continue
        for group in merge(follow(found, walk(source).candidates)):
            candidate = group[0]
            own = taken.get(slot(candidate))
            if own is not None and own.value == candidate.value:
                continue
            places = (e for one in group for e in evidence_of(source, one))
            stated, *others = (e.model_copy(update={"kind": "delegated"}) for e in places)
            proposals.append((candidate.with_(rationale=None), unique([stated, citing, *others])))
    return proposals, refused


def _judged(document: Document, proposals: list[Proposal], documents: Mapping[str, Document], version: str) -> _Verdict:
    """Accept what makes a cut and is grounded, once."""
    verdict = _Verdict()
    used: set[str] = set()
    for candidate, evidence in proposals:
        try:
            cut = _cut(document, candidate, evidence, version)
        except ValidationError as error:
            reason = str(error.errors()[0]["msg"])
            verdict.refused.append(
                Refused(code="unstructured", reason=reason, evidence=evidence[0], candidate=candidate.rule)
            )
            continue
        if cut.id in used:
            continue
        statement = cut.statement()
        objections = ground(cut, documents)
        if objections:
            reason = "; ".join(objections)
            verdict.refused.append(Refused(code="ungrounded", reason=reason, evidence=evidence[0], candidate=statement))
        else:
            used.add(cut.id)
            verdict.cuts.append(cut)
            if candidate.overlap:
                removed, kept = candidate.overlap
                verdict.overlaps.append(OverlapRemoval(removed=removed, kept=kept, cut=cut.id))
        outcome = f"refused: {objections[0]}" if objections else "cut"
        verdict.steps.append(Step(candidate.start, candidate.end, candidate.rule, outcome, statement))
    return verdict


def _cut(document: Document, candidate: Candidate, evidence: tuple[Evidence, ...], version: str) -> Cut:
    identity = cut_id(
        document.arxiv_id,
        candidate.object,
        candidate.rank,
        candidate.variable.model_dump_json(),
        candidate.operator,
        _spelt(candidate.value),
        candidate.unit,
        candidate.role,
        candidate.scope,
        candidate.when.text if candidate.when else "",
        evidence[0].quote,
    )
    return Cut(
        id=identity,
        scope=candidate.scope,
        subject=Subject(object=candidate.object, rank=candidate.rank, definition=candidate.definition),
        variable=candidate.variable,
        operator=candidate.operator,
        value=candidate.value,
        closed=candidate.closed,
        unit=candidate.unit,
        when=candidate.when,
        role=candidate.role,
        regions=candidate.regions,
        restated=candidate.restated,
        any_of=None if candidate.any_of is None else str(candidate.any_of),
        evidence=evidence,
        rationale=quote(document, *candidate.rationale, "stated") if candidate.rationale else None,
        origin=Origin(extractor="grammar", version=version, rule=candidate.rule),
    )


def _alternatives(cuts: list[Cut]) -> list[Cut]:
    """Name alternatives by what they say; one that the others did not follow is none."""
    groups: dict[str, list[Cut]] = {}
    for cut in cuts:
        if cut.any_of is not None:
            groups.setdefault(cut.any_of, []).append(cut)
    names = {key: " or ".join(c.statement() for c in group) for key, group in groups.items() if len(group) > 1}
    return [c.model_copy(update={"any_of": names.get(c.any_of)}) if c.any_of is not None else c for c in cuts]


def _spelt(value: Value | object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_spelt(v) for v in value) + "]"
    return f"{value:g}" if isinstance(value, int | float) else value if isinstance(value, str) else repr(value)


def _refused(document: Document, turned: Turned) -> Refused:
    end = turned.end
    if end - turned.start > _LIMIT:
        end = max(document.text.rfind(" ", turned.start, turned.start + _LIMIT), turned.start + 1)
    return Refused(code=turned.code, reason=turned.reason, evidence=quote(document, turned.start, end, "stated"))


def _definitions(cuts: list[Cut], overlaps: list[OverlapRemoval]) -> tuple[ObjectDefinition, ...]:
    collections: dict[tuple[str, str], list[str]] = {
        (removal.removed, f"selected {removal.removed}"): [] for removal in overlaps
    }
    for cut in cuts:
        kind = cut.subject.object
        if cut.scope == "object" and not cut.regions and kind in PHYSICAL and cut.subject.rank is None:
            # What a veto is on is not what the events are selected with, nor what one of several must be.
            named = cut.subject.definition or ""
            own = named if apart(named) else f"selected {kind}"
            collections.setdefault((kind, own), []).append(cut.id)
        elif cut.variable.id == "count" and (cut.subject.definition or "").startswith("additional "):
            collections.setdefault((kind, str(cut.subject.definition)), [])
    return tuple(
        ObjectDefinition(
            name=name,
            object=kind,
            cuts=tuple(ids),
            besides=_selected(kind, collections) if name.startswith("additional ") else None,
            overlap_removal=tuple(o for o in overlaps if name == f"selected {o.removed}"),
        )
        for (kind, name), ids in sorted(collections.items())
    )


def _selected(kind: str, collections: Iterable[tuple[str, str]]) -> str:
    """Return what objects of a kind are selected as: the collection, or the kind where it has no cuts of its own."""
    return f"selected {kind}" if (kind, f"selected {kind}") in collections else kind
