"""Assemble selection criteria from grounded candidates: definitions, composites, regions, what stays unresolved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from kb.distil.candidates import Candidate, Turned
from kb.distil.context import experiment
from kb.distil.delegation import Delegation, follow
from kb.distil.grounding import ground
from kb.distil.merge import merge, regions_of, slot
from kb.distil.paper import Findings, walk
from kb.distil.regions import kind_of
from kb.document import Document
from kb.ssc import (
    Composite,
    Cut,
    Evidence,
    EvidenceKind,
    ObjectDefinition,
    Origin,
    PairRequirement,
    Paper,
    Refused,
    Region,
    SelectionCriteria,
    Subject,
    cut_id,
)

_LIMIT = 300
_COMMON = re.compile(
    r"\b(?:baseline|preselect\w*|all (?:\w+ )?regions|[Ss]elected events|[Ee]vents are (?:\w+ )?required"
    r"|[Ww]e (?:select|require) events)\b"
)
_PHYSICAL = {"electron", "muon", "lepton", "tau", "photon", "jet", "bjet", "fatjet", "track"}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the trace: a cut and its rule, or a refusal and its reason."""

    start: int
    end: int
    rule: str
    outcome: str
    text: str


def criteria(
    document: Document, cited: Mapping[str, Document], version: str
) -> tuple[SelectionCriteria, tuple[Step, ...]]:
    """Read a paper and put its selection together."""
    findings = walk(document)
    documents = {document.document_hash: document, **{d.document_hash: d for d in cited.values()}}
    refused: list[Refused] = []
    cuts: list[Cut] = []
    steps: list[Step] = []
    proposals: list[tuple[Candidate, tuple[Evidence, ...], tuple[Candidate, ...]]] = []

    def common(candidate: Candidate) -> bool:
        return bool(_COMMON.search(document.quote(candidate.start, candidate.end)))

    for group in merge(findings.candidates):
        evidence = _unique(e for candidate in group for e in _evidence(document, candidate))
        first = group[0].with_(
            regions=regions_of(group, lambda c: bool(_COMMON.search(document.quote(c.start, c.end))))
        )
        proposals.append((first, evidence, tuple(group)))
    taken = {slot(candidate): candidate for candidate, _, _ in proposals}
    for found in findings.delegations:
        extra, refusals = _delegated(document, found, cited, taken)
        proposals += extra
        refused += refusals
    used: set[str] = set()
    for candidate, evidence, _ in proposals:
        try:
            cut = _cut(document, candidate, evidence, version)
        except ValidationError as error:
            reason = str(error.errors()[0]["msg"])
            refused.append(Refused(code="unstructured", reason=reason, evidence=evidence[0], candidate=candidate.rule))
            continue
        if cut.id in used:
            continue
        objections = ground(cut, documents)
        if objections:
            refused.append(
                Refused(
                    code="ungrounded", reason="; ".join(objections), evidence=evidence[0], candidate=cut.statement()
                )
            )
            steps.append(
                Step(candidate.start, candidate.end, candidate.rule, f"refused: {objections[0]}", cut.statement())
            )
            continue
        used.add(cut.id)
        cuts.append(cut)
        steps.append(Step(candidate.start, candidate.end, candidate.rule, "cut", cut.statement()))
    refused += _conflicts(cuts)
    refused += [_refused(document, turned) for turned in findings.turned]
    steps += [Step(t.start, t.end, t.code, f"refused: {t.reason}", t.text) for t in findings.turned]
    cuts, composites = _composed(document, cuts, findings)
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
        objects=_definitions(cuts),
        composites=composites,
        cuts=tuple(cuts),
        regions=_regions(cuts),
        unresolved=tuple(refused),
    )
    return result, tuple(sorted(steps, key=lambda s: (s.start, s.end, s.rule, s.text)))


def _unique(evidence: object) -> tuple[Evidence, ...]:
    return tuple({(e.document_hash, e.start, e.end): e for e in evidence}.values())  # type: ignore[attr-defined]  # an iterable of Evidence


def _quote(document: Document, start: int, end: int, kind: EvidenceKind) -> Evidence:
    return Evidence(
        arxiv_id=document.arxiv_id,
        version=document.version,
        document_hash=document.document_hash,
        section=document.section_path(start),
        start=start,
        end=end,
        quote=document.quote(start, end),
        kind=kind,
    )


def _evidence(document: Document, candidate: Candidate) -> list[Evidence]:
    found = [_quote(document, candidate.start, candidate.end, candidate.kind)]
    found += [_quote(document, start, end, kind) for start, end, kind in candidate.also]
    return found


def _cut(document: Document, candidate: Candidate, evidence: tuple[Evidence, ...], version: str) -> Cut:
    value = candidate.value
    identity = cut_id(
        document.arxiv_id,
        candidate.object,
        candidate.rank,
        candidate.variable.model_dump_json(),
        candidate.operator,
        _spelt(value),
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
        value=value,
        closed=candidate.closed,
        unit=candidate.unit,
        when=candidate.when,
        role=candidate.role,
        regions=candidate.regions,
        any_of=candidate.any_of,
        evidence=evidence,
        rationale=_quote(document, *candidate.rationale, "stated") if candidate.rationale else None,
        origin=Origin(extractor="grammar", version=version, rule=candidate.rule),
        note=candidate.note,
    )


def _spelt(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_spelt(v) for v in value) + "]"
    return f"{value:g}" if isinstance(value, int | float) else value if isinstance(value, str) else repr(value)


def _delegated(
    document: Document, found: Delegation, cited: Mapping[str, Document], taken: Mapping[tuple[object, ...], Candidate]
) -> tuple[list[tuple[Candidate, tuple[Evidence, ...], tuple[Candidate, ...]]], list[Refused]]:
    citing = _quote(document, found.start, found.end, "delegated")
    proposals: list[tuple[Candidate, tuple[Evidence, ...], tuple[Candidate, ...]]] = []
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
                    candidate=re.sub(r"\s+", " ", found.text),
                )
            )
            continue
        for group in merge(follow(found, walk(source).candidates)):
            candidate = group[0]
            stated = tuple(e.model_copy(update={"kind": "delegated"}) for c in group for e in _evidence(source, c))
            evidence = _unique([stated[0], citing, *stated[1:]])
            own = taken.get(slot(candidate))
            if own is not None and own.value == candidate.value:
                continue
            proposals.append((candidate.with_(rationale=None), evidence, ()))
    return proposals, refused


def _conflicts(cuts: list[Cut]) -> list[Refused]:
    """Show where the same is cut differently without a condition or a region that tells the two apart."""
    found = []
    seen: dict[tuple[object, ...], Cut] = {}
    for cut in cuts:
        if (
            cut.regions
            or cut.when
            or cut.any_of
            or cut.scope in {"trigger", "cleaning"}
            or isinstance(cut.value, str)
            or cut.variable.id == "other"
        ):
            continue
        direction = cut.operator[0] if cut.operator in {">", ">=", "<", "<="} else cut.operator
        place = (cut.subject.object, cut.subject.rank, cut.subject.definition, cut.variable, direction, cut.role)
        earlier = seen.setdefault(place, cut)
        if (
            earlier is not cut
            and earlier.evidence[0].kind != cut.evidence[0].kind
            and earlier.normal_value != cut.normal_value
            and cut.variable.id != "ratio"
        ):
            found.append(
                Refused(
                    code="conflict",
                    reason=f"'{cut.statement()}' here, '{earlier.statement()}' elsewhere ({earlier.id})",
                    evidence=cut.evidence[0],
                    candidate=cut.statement(),
                )
            )
    return found


def _refused(document: Document, turned: Turned) -> Refused:
    end = min(turned.end, turned.start + _LIMIT)
    return Refused(
        code=turned.code,
        reason=turned.reason,
        evidence=_quote(document, turned.start, end, "stated"),
        references=turned.references,
    )


def _definitions(cuts: list[Cut]) -> tuple[ObjectDefinition, ...]:
    by_object: dict[str, list[str]] = {}
    for cut in cuts:
        if cut.scope == "object" and not cut.regions and cut.subject.object in _PHYSICAL and cut.subject.rank is None:
            by_object.setdefault(cut.subject.object, []).append(cut.id)
    return tuple(
        ObjectDefinition(name=f"selected {name}", object=name, cuts=tuple(ids))
        for name, ids in sorted(by_object.items())
    )


def _regions(cuts: list[Cut]) -> tuple[Region, ...]:
    names: dict[str, list[Cut]] = {}
    for cut in cuts:
        for name in cut.regions:
            names.setdefault(name, []).append(cut)
    return tuple(
        Region(name=name, kind=kind_of(name), cuts=tuple(c.id for c in members), evidence=(members[0].evidence[0],))
        for name, members in names.items()
    )


def _composed(document: Document, cuts: list[Cut], findings: Findings) -> tuple[list[Cut], tuple[Composite, ...]]:
    """Build composites and name them in the cuts that are about them."""
    composites: list[Composite] = []
    for system in findings.systems:
        if any(c.name == system.name for c in composites):
            continue
        composites.append(
            Composite(
                name=system.name,
                object=system.object,
                constituents=("lepton",) if system.object == "lepton_pair" else (system.object.removesuffix("_pair"),),
                count=2,
                requires=system.requires,
                rank=system.rank,
                choice=system.choice,
                excludes=("leading pair",) if system.rank == 2 and any(c.rank == 1 for c in composites) else (),
                evidence=(_quote(document, system.start, system.end, "stated"),),
            )
        )
    names = {c.rank: c.name for c in composites}
    if {1, 2} <= set(names):
        where = findings.quadruplet or (findings.systems[0].start, findings.systems[0].end)
        composites.append(
            Composite(
                name="quadruplet",
                object="fourlepton",
                constituents=(names[1], names[2]),
                evidence=(_quote(document, *where, "stated"),),
            )
        )
    out = []
    for cut in cuts:
        definition = cut.subject.definition
        if cut.subject.object == "lepton_pair" and cut.subject.rank in names:
            definition = names[cut.subject.rank]
        elif cut.subject.object == "fourlepton" and any(c.name == "quadruplet" for c in composites):
            definition = "quadruplet"
        if definition != cut.subject.definition:
            cut = cut.model_copy(update={"subject": cut.subject.model_copy(update={"definition": definition})})
        out.append(cut)
        if definition and not any(c.name == definition for c in composites) and "_" in cut.subject.object:
            composites.append(_pairs(cut, definition))
    return out, tuple(composites)


def _pairs(cut: Cut, name: str) -> Composite:
    known: tuple[PairRequirement, ...] = ("same_flavour", "different_flavour", "opposite_charge", "same_charge")
    requires = tuple(r for r in known if r.replace("_", "-") in name)
    return Composite(
        name=name,
        object=cut.subject.object,
        constituents=("lepton",)
        if cut.subject.object == "lepton_pair"
        else (cut.subject.object.removesuffix("_pair"),),
        count=2,
        requires=requires,
        evidence=cut.evidence[:1],
    )
