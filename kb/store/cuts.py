"""Selection criteria in the store: cuts come in with evidence that holds, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.sql import ColumnElement

from kb.document import Document
from kb.errors import CriteriaError, CutNotFoundError, EvidenceError, PaperNotFoundError
from kb.ssc import Cut, Evidence, Piecewise, SelectionCriteria, Value
from kb.store.papers import Papers
from kb.store.records import CutFilter, CutRecord, ReviewRecord, SavedCriteria, now
from kb.tables import CriteriaRow, CutRegionRow, CutRow, PaperRow, ReviewRow, UnresolvedRow
from kb.vocabulary import vocabulary

Ground = Callable[[Cut, Mapping[str, Document]], tuple[str, ...]]
_EQUAL_COLUMNS = ("object", "variable", "operator", "arxiv_id", "status", "scope", "role")


def _ground(cut: Cut, documents: Mapping[str, Document]) -> tuple[str, ...]:
    # Imported here: reading the base does not need the rules of grounding.
    from kb.distil.grounding import ground

    return ground(cut, documents)


class Cuts(Papers):
    """The part of the store that keeps selection criteria.

    `ground` returns the objections to a cut, given by hash the documents that its evidence names.
    """

    def __init__(self, url: str, *, create: bool = True, ground: Ground = _ground) -> None:
        super().__init__(url, create=create)
        self._ground = ground

    def save_criteria(self, criteria: SelectionCriteria, *, review: ReviewRecord | None = None) -> SavedCriteria:
        """Keep what a paper requires, in place of what was kept for this version before.

        They come of reading the paper, or of a person's decision about one of its cuts, which is kept with them.

        PaperNotFoundError if the paper is not in the base; CriteriaError if the criteria are of another text of it;
        EvidenceError, and nothing changes, if the evidence of any cut does not hold.
        """
        paper = criteria.paper
        place = {"arxiv_id": paper.arxiv_id, "version": paper.version}
        with self._writing() as session:
            row = self._paper_row(session, paper.arxiv_id, paper.version)
            if row.document_hash != paper.document_hash:
                message = f"the criteria of {paper.arxiv_id}v{paper.version} are of another text of the paper"
                raise CriteriaError(message, hint="distil the paper again", path="$.paper.document_hash")
            self._check_evidence(criteria)
            before = set(session.scalars(select(CutRow.id).filter_by(**place)))
            saved_at = now()
            if (old := session.get(CriteriaRow, (paper.arxiv_id, paper.version))) is not None:
                # A decision is no reading: papers that have come since the last one are still to be linked.
                saved_at = saved_at if review is None else old.saved_at
                session.delete(old)
                session.flush()
            body = criteria.model_dump_json(exclude={"cuts", "unresolved"})
            session.add(CriteriaRow(**place, document_hash=paper.document_hash, body=body, saved_at=saved_at))
            session.flush()
            session.add_all(_rows(criteria))
            session.flush()
            regions = [(cut.id, name) for cut in criteria.cuts for name in dict.fromkeys(cut.regions)]
            session.add_all(CutRegionRow(**place, cut_id=cut_id, region=name) for cut_id, name in regions)
            session.add_all(
                UnresolvedRow(**place, position=position, code=refused.code, body=refused.model_dump_json())
                for position, refused in enumerate(criteria.unresolved)
            )
            if review is not None:
                about = {**place, "cut_id": review.cut_id, "at": review.at}
                session.add(ReviewRow(**about, body=review.model_dump_json()))
            row.state = "distilled"
            row.experiment = paper.experiment or row.experiment
        ids = {cut.id for cut in criteria.cuts}
        return SavedCriteria(
            arxiv_id=paper.arxiv_id,
            version=paper.version,
            cuts=len(ids),
            unresolved=len(criteria.unresolved),
            added=tuple(sorted(ids - before)),
            removed=tuple(sorted(before - ids)),
        )

    def criteria(self, arxiv_id: str, version: int | None = None) -> SelectionCriteria:
        """Return what a paper requires; PaperNotFoundError if it is absent or not distilled yet."""
        with self._reading() as session:
            paper = self._paper_row(session, arxiv_id, version)
            place = {"arxiv_id": paper.arxiv_id, "version": paper.version}
            row = session.get(CriteriaRow, (paper.arxiv_id, paper.version))
            if row is None:
                message = f"{arxiv_id}v{paper.version} is in the knowledge base, but its cuts are not"
                raise PaperNotFoundError(message, hint=f"finish it: cutbook ingest {arxiv_id}")
            cuts = session.scalars(select(CutRow.body).filter_by(**place).order_by(CutRow.position))
            refused = session.scalars(select(UnresolvedRow.body).filter_by(**place).order_by(UnresolvedRow.position))
            # The bodies are JSON that the models wrote: joined as text, they are validated once and quickly.
            body = row.body.removesuffix("}") + f',"cuts":[{",".join(cuts)}],"unresolved":[{",".join(refused)}]}}'
        return SelectionCriteria.model_validate_json(body)

    def cut(self, cut_id: str) -> CutRecord:
        """Return a cut with its paper, of the newest version that has it; CutNotFoundError."""
        with self._reading() as session:
            query = _with_paper().where(CutRow.id == cut_id).order_by(CutRow.version.desc())
            if (found := session.execute(query).first()) is not None:
                return _record(found[0], found[1])
            alike = select(CutRow.id).where(CutRow.id.contains(cut_id, autoescape=True)).distinct()
            near = session.scalars(alike.order_by(CutRow.id).limit(5)).all()
        message = f"no cut has the id '{cut_id}'"
        hint = f"there are {', '.join(near)}" if near else "`cutbook cuts ID` lists the cuts of a paper with their ids"
        raise CutNotFoundError(message, hint=hint)

    def cuts(self, wanted: CutFilter | None = None, *, limit: int | None = None, offset: int = 0) -> list[CutRecord]:
        """Return the cuts of all papers that fit, by paper and there in the order of its criteria."""
        query = _with_paper().where(*_conditions(wanted or CutFilter()))
        query = query.order_by(CutRow.arxiv_id, CutRow.version, CutRow.position).limit(limit).offset(offset)
        with self._reading() as session:
            return [_record(row, paper) for row, paper in session.execute(query)]

    def count_cuts(self, wanted: CutFilter | None = None) -> int:
        """Return how many cuts fit."""
        query = _with_paper().where(*_conditions(wanted or CutFilter())).with_only_columns(func.count())
        with self._reading() as session:
            return session.scalar(query) or 0

    def _check_evidence(self, criteria: SelectionCriteria) -> None:
        quotes = list(_quotes(criteria))
        documents = self.documents(evidence.document_hash for _, evidence in quotes)
        for path, evidence in quotes:
            if objection := _misquoted(evidence, documents):
                message = f"{path}: {objection}"
                raise EvidenceError(message, hint="a quote is copied from the text of its document", path=path)
        for index, cut in enumerate(criteria.cuts):
            # A person may enter a cut that no sentence states; the schema sees to it that nobody else does.
            if cut.evidence and (objections := self._ground(cut, documents)):
                message = f"the evidence of cut {cut.id} ({cut.statement()}) does not hold: {'; '.join(objections)}"
                hint = "cite the words that state the cut, or list it as unresolved"
                raise EvidenceError(message, hint=hint, path=f"$.cuts[{index}]")


def _quotes(criteria: SelectionCriteria) -> Iterator[tuple[str, Evidence]]:
    """Yield every quote with its JSON path."""
    groups: dict[str, Iterable[tuple[Evidence, ...]]] = {
        "cuts": [cut.evidence for cut in criteria.cuts],
        "composites": [composite.evidence for composite in criteria.composites],
        "regions": [region.evidence for region in criteria.regions],
    }
    for group, lists in groups.items():
        for index, quotes in enumerate(lists):
            yield from ((f"$.{group}[{index}].evidence[{i}]", evidence) for i, evidence in enumerate(quotes))
    yield from (
        (f"$.cuts[{index}].rationale", cut.rationale) for index, cut in enumerate(criteria.cuts) if cut.rationale
    )
    yield from (
        (f"$.unresolved[{index}].evidence", refused.evidence) for index, refused in enumerate(criteria.unresolved)
    )


def _misquoted(evidence: Evidence, documents: Mapping[str, Document]) -> str:
    document = documents.get(evidence.document_hash)
    if document is None:
        return f"it quotes a text of {evidence.arxiv_id}v{evidence.version} that is not in the base"
    if document.quote(evidence.start, evidence.end) != evidence.quote:
        return f"'{evidence.quote}' is not what stands at [{evidence.start}, {evidence.end}) of {evidence.arxiv_id}"
    return ""


def _rows(criteria: SelectionCriteria) -> Iterator[CutRow]:
    for position, cut in enumerate(criteria.cuts):
        low, high = _range(cut)
        yield CutRow(
            arxiv_id=criteria.paper.arxiv_id,
            version=criteria.paper.version,
            id=cut.id,
            position=position,
            object=cut.subject.object,
            variable=cut.variable.id,
            operator=cut.operator,
            low=low,
            high=high,
            flag=cut.value if isinstance(cut.value, str) else None,
            unit=cut.unit,
            rank=cut.subject.rank,
            scope=cut.scope,
            role=cut.role,
            status=cut.status,
            extractor=cut.origin.extractor,
            statement=cut.statement(),
            words=_words(cut),
            body=cut.model_dump_json(),
        )


def _range(cut: Cut) -> tuple[float | None, float | None]:
    """Return the threshold as a range in normal units; a threshold function gives its loosest value."""
    value: Value = cut.normal_value
    if isinstance(value, str):
        return None, None
    low, high = value if isinstance(value, tuple) else (value, value)
    lowest = min(y for _, y in low.points) if isinstance(low, Piecewise) else low
    highest = max(y for _, y in high.points) if isinstance(high, Piecewise) else high
    return None if cut.operator in {"<", "<="} else lowest, None if cut.operator in {">", ">="} else highest


def _words(cut: Cut) -> str:
    terms = [vocabulary().objects[cut.subject.object], vocabulary().variables[cut.variable.id]]
    names = [word for term in terms for word in (term.id, term.symbol, term.description, *term.aliases)]
    said = [cut.statement(), cut.note, *cut.regions, *(evidence.quote for evidence in cut.evidence)]
    return json.dumps([*said, *names], ensure_ascii=False).casefold()


def _with_paper() -> Select[CutRow, PaperRow]:
    same = (PaperRow.arxiv_id == CutRow.arxiv_id) & (PaperRow.version == CutRow.version)
    return select(CutRow, PaperRow).join(PaperRow, same)


def _conditions(wanted: CutFilter) -> Iterator[ColumnElement[bool]]:
    for name in _EQUAL_COLUMNS:
        if (value := getattr(wanted, name)) is not None:
            yield getattr(CutRow, name) == value
    if wanted.experiment is not None:
        yield func.lower(PaperRow.experiment) == wanted.experiment.lower()
    if wanted.version is not None:
        yield CutRow.version == wanted.version
    else:
        newest = select(func.max(CriteriaRow.version)).where(CriteriaRow.arxiv_id == CutRow.arxiv_id)
        yield CutRow.version == newest.scalar_subquery()
    if wanted.region is not None:
        yield exists().where(
            CutRegionRow.arxiv_id == CutRow.arxiv_id,
            CutRegionRow.version == CutRow.version,
            CutRegionRow.cut_id == CutRow.id,
            CutRegionRow.region == wanted.region,
        )
    if wanted.at_least is not None:
        yield or_(CutRow.low >= wanted.at_least, CutRow.high >= wanted.at_least)
    if wanted.at_most is not None:
        yield or_(CutRow.low <= wanted.at_most, CutRow.high <= wanted.at_most)
    for word in (wanted.text or "").casefold().split():
        yield CutRow.words.contains(word, autoescape=True)


def _record(row: CutRow, paper: PaperRow) -> CutRecord:
    cut = Cut.model_validate_json(row.body)
    return CutRecord(
        arxiv_id=row.arxiv_id,
        version=row.version,
        title=paper.title,
        experiment=paper.experiment,
        document_hash=paper.document_hash,
        statement=row.statement,
        low=row.low,
        high=row.high,
        normal_unit=cut.normal_unit,
        cut=cut,
    )
