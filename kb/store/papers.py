"""Papers and their documents, and which papers of the base cite which."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session, aliased

from kb.document import Document, Reference
from kb.errors import PaperNotFoundError
from kb.identity import is_arxiv_id
from kb.store.records import PaperRecord, PaperState, now
from kb.store.transactions import Transactions
from kb.tables import CitationRow, CriteriaRow, CutRow, DocumentRow, PaperRow, UnresolvedRow

_Counts = dict[tuple[str, int], int]


class Papers(Transactions):
    """The part of the store that keeps papers."""

    def save_document(self, document: Document, *, sha256: str, experiment: str | None = None) -> None:
        """Keep a document as its paper's text; `sha256` is of the source it was read from.

        Saving the same content again changes nothing. Another text for the same version (from a better reader)
        takes its place; the old text stays for the cuts that quote it.
        """
        body = document.model_dump_json()
        with self._writing() as session:
            row = session.get(DocumentRow, document.document_hash)
            if row is None:
                session.add(DocumentRow(hash=document.document_hash, body=body))
                session.flush()
            elif row.body != body:
                row.body = body
            paper = session.get(PaperRow, (document.arxiv_id, document.version))
            if paper is None:
                paper = PaperRow(arxiv_id=document.arxiv_id, version=document.version, document_hash="")
                session.add(paper)
            if paper.document_hash != document.document_hash:
                paper.document_hash, paper.state, paper.ingested_at = document.document_hash, "read", now()
            paper.title, paper.source_format = document.title, document.source_format
            paper.reader, paper.sha256 = document.reader, sha256
            paper.experiment = experiment or paper.experiment
            session.flush()
            place = {"arxiv_id": document.arxiv_id, "version": document.version}
            session.execute(delete(CitationRow).filter_by(**place))
            session.add_all(_citations(document))

    def set_state(self, arxiv_id: str, version: int, state: PaperState) -> None:
        """Note how far a paper has come; PaperNotFoundError."""
        with self._writing() as session:
            self._paper_row(session, arxiv_id, version).state = state

    def delete_paper(self, arxiv_id: str, version: int) -> None:
        """Take a version of a paper out of the base, with its cuts; its text stays, for others may quote it."""
        with self._writing() as session:
            session.delete(self._paper_row(session, arxiv_id, version))

    def document(self, arxiv_id: str, version: int | None = None) -> Document:
        """Return a paper's document, of its newest version unless one is named; PaperNotFoundError."""
        with self._reading() as session:
            return _document(session, self._paper_row(session, arxiv_id, version))

    def documents(self, hashes: Iterable[str]) -> dict[str, Document]:
        """Return, by hash, those of these documents that the base has."""
        query = select(DocumentRow.hash, DocumentRow.body).where(DocumentRow.hash.in_(sorted(set(hashes))))
        with self._reading() as session:
            return {name: Document.model_validate_json(body) for name, body in session.execute(query)}

    def paper(self, arxiv_id: str, version: int | None = None) -> PaperRecord:
        """Return a paper's record, of its newest version unless one is named; PaperNotFoundError."""
        with self._reading() as session:
            row = self._paper_row(session, arxiv_id, version)
            return _record(row, _counts(session, CutRow), _counts(session, UnresolvedRow))

    def versions(self, arxiv_id: str) -> list[PaperRecord]:
        """Return a paper's records, one for each version, the oldest first; none where it is not there."""
        with self._reading() as session:
            cuts, unresolved = _counts(session, CutRow), _counts(session, UnresolvedRow)
            rows = session.scalars(select(PaperRow).filter_by(arxiv_id=arxiv_id).order_by(PaperRow.version))
            return [_record(row, cuts, unresolved) for row in rows]

    def papers(self, *, all_versions: bool = True) -> list[PaperRecord]:
        """Return all papers, by id, each with its versions in order."""
        with self._reading() as session:
            cuts, unresolved = _counts(session, CutRow), _counts(session, UnresolvedRow)
            rows = session.scalars(select(PaperRow).order_by(PaperRow.arxiv_id, PaperRow.version)).all()
            newest = {row.arxiv_id: row.version for row in rows}
            wanted = [row for row in rows if all_versions or row.version == newest[row.arxiv_id]]
            return [_record(row, cuts, unresolved) for row in wanted]

    def cited_documents(self, document: Document) -> dict[str, Document]:
        """Return, by bibliography key, the newest documents of the cited papers that are in the base.

        An entry is resolved by its arXiv id or by its report number, compared without regard to case with the ids
        of the papers.
        """
        found = {}
        with self._reading() as session:
            ids = {name.casefold(): name for name in session.scalars(select(PaperRow.arxiv_id).distinct())}
            for reference in document.references:
                known = [ids[name] for name in _names(reference) if name in ids]
                if known and known[0] != document.arxiv_id:
                    found[reference.key] = _document(session, self._paper_row(session, known[0], None))
        return found

    def citing(self, arxiv_id: str) -> list[str]:
        """Return the ids of the papers in the base that cite this one."""
        name = arxiv_id.casefold()
        cites = or_(CitationRow.cited_id == name, CitationRow.report_number == name)
        query = select(CitationRow.arxiv_id).where(cites, CitationRow.arxiv_id != arxiv_id).distinct()
        with self._reading() as session:
            return sorted(session.scalars(query))

    def outdated(self) -> list[tuple[str, int]]:
        """Return the papers, by id and version, that were distilled before the text of a paper they cite came.

        They may delegate to it what only now can be found. Older versions of a paper are left as they are.
        """
        cited, citing, others = aliased(PaperRow), aliased(CitationRow), aliased(CriteriaRow)
        name = func.lower(cited.arxiv_id)
        newest = select(func.max(others.version)).where(others.arxiv_id == citing.arxiv_id)
        query = (
            select(CriteriaRow.arxiv_id, CriteriaRow.version)
            .join(citing, (citing.arxiv_id == CriteriaRow.arxiv_id) & (citing.version == CriteriaRow.version))
            .join(cited, or_(citing.cited_id == name, citing.report_number == name))
            .where(cited.arxiv_id != citing.arxiv_id, cited.ingested_at > CriteriaRow.saved_at)
            .where(CriteriaRow.version == newest.scalar_subquery())
            .distinct()
            .order_by(CriteriaRow.arxiv_id)
        )
        with self._reading() as session:
            return [(arxiv_id, version) for arxiv_id, version in session.execute(query)]

    def _paper_row(self, session: Session, arxiv_id: str, version: int | None) -> PaperRow:
        rows = session.scalars(select(PaperRow).filter_by(arxiv_id=arxiv_id).order_by(PaperRow.version)).all()
        found = [row for row in rows if version in {None, row.version}]
        if found:
            return found[-1]
        shown = arxiv_id if version is None else f"{arxiv_id}v{version}"
        message = f"the paper {shown} is not in the knowledge base"
        alike = get_close_matches(arxiv_id, list(session.scalars(select(PaperRow.arxiv_id).distinct())))
        hints = [f"the base has version {', '.join(str(row.version) for row in rows)} of it"] if rows else []
        if alike and not rows:
            hints.append(f"perhaps you mean {' or '.join(alike)}")
        if is_arxiv_id(arxiv_id):
            hints.append(f"ingest it first: cutbook ingest {shown}")
        elif not rows:
            hints.append(
                f"cutbook papers lists what is there; cutbook ingest FILE --id {shown} brings a file in by this name"
            )
        hint = "; ".join(hints)
        raise PaperNotFoundError(message, hint=hint)


def _document(session: Session, paper: PaperRow) -> Document:
    document = Document.model_validate_json(session.get_one(DocumentRow, paper.document_hash).body)
    # Two papers may have the same text, which is kept once.
    return document.model_copy(update={"arxiv_id": paper.arxiv_id, "version": paper.version, "title": paper.title})


def _counts(session: Session, table: type[CutRow] | type[UnresolvedRow]) -> _Counts:
    query = select(table.arxiv_id, table.version, func.count()).group_by(table.arxiv_id, table.version)
    return {(arxiv_id, version): count for arxiv_id, version, count in session.execute(query)}


def _record(row: PaperRow, cuts: _Counts, unresolved: _Counts) -> PaperRecord:
    columns = {column.key: getattr(row, column.key) for column in PaperRow.__table__.columns}
    key = (row.arxiv_id, row.version)
    return PaperRecord(**columns, cuts=cuts.get(key, 0), unresolved=unresolved.get(key, 0))


def _citations(document: Document) -> list[CitationRow]:
    rows = {}
    for reference in document.references:
        names = {"cited_id": _unversioned(reference.arxiv_id), "report_number": _folded(reference.report_number)}
        if any(names.values()):
            rows[reference.key] = CitationRow(
                arxiv_id=document.arxiv_id, version=document.version, key=reference.key, **names
            )
    return list(rows.values())


def _names(reference: Reference) -> list[str]:
    return [name for name in (_unversioned(reference.arxiv_id), _folded(reference.report_number)) if name]


def _folded(name: str | None) -> str | None:
    return name.strip().casefold() if name and name.strip() else None


def _unversioned(arxiv_id: str | None) -> str | None:
    name = _folded(arxiv_id)
    return re.sub(r"v\d+$", "", name.removeprefix("arxiv:")) if name else None
