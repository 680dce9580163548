"""The tables of the knowledge base, the same for SQLite and PostgreSQL.

Bodies are kept as JSON text exactly as the models write them; the columns beside them are what queries ask for.
Numbers in columns are in normal units (GeV, mm, ns, 1). A paper is known by its id and version, so that a new
version stands beside the old one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import DateTime, ForeignKey, ForeignKeyConstraint, Index, MetaData, String, Text, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

REVISION = "0001"
"""The newest migration; a test holds it together with `kb/migrations/versions`."""


class Moment(TypeDecorator[datetime]):
    """A time in UTC; SQLite forgets the zone, this remembers it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn any zoned time into UTC before it is written."""
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give every time that is read its zone."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables; constraints get names, which migrations need."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Moment(), str: String()}


class DocumentRow(Base):
    """A document under the hash of its text."""

    __tablename__ = "documents"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    body: Mapped[str] = mapped_column(Text)


class PaperRow(Base):
    """A version of a paper and the document read from it."""

    __tablename__ = "papers"

    arxiv_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str]
    experiment: Mapped[str | None] = mapped_column(index=True)
    source_format: Mapped[str]
    reader: Mapped[str]
    state: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    document_hash: Mapped[str] = mapped_column(ForeignKey("documents.hash"), index=True)
    ingested_at: Mapped[datetime]


class CitationRow(Base):
    """An entry of a paper's bibliography, as far as it can be matched with a paper."""

    __tablename__ = "citations"

    arxiv_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(primary_key=True)
    cited_id: Mapped[str | None] = mapped_column(index=True)
    report_number: Mapped[str | None] = mapped_column(index=True)

    __table_args__ = (
        ForeignKeyConstraint(["arxiv_id", "version"], ["papers.arxiv_id", "papers.version"], ondelete="CASCADE"),
    )


class CriteriaRow(Base):
    """What a paper requires, without its cuts and its unresolved candidates, which have rows of their own."""

    __tablename__ = "criteria"

    arxiv_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document_hash: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime]

    __table_args__ = (
        ForeignKeyConstraint(["arxiv_id", "version"], ["papers.arxiv_id", "papers.version"], ondelete="CASCADE"),
    )


class CutRow(Base):
    """A cut: its body, and what cuts are looked for by.

    `low` and `high` are the threshold in normal units: `>` sets `low`, `<` sets `high`, `==` and ranges set both; a
    threshold function gives its loosest value. `words` holds all that text search looks at, in lower case.
    """

    __tablename__ = "cuts"

    arxiv_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    object: Mapped[str]
    variable: Mapped[str]
    operator: Mapped[str]
    low: Mapped[float | None]
    high: Mapped[float | None]
    flag: Mapped[str | None]
    unit: Mapped[str]
    rank: Mapped[int | None]
    scope: Mapped[str]
    role: Mapped[str]
    status: Mapped[str] = mapped_column(index=True)
    extractor: Mapped[str]
    statement: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(["arxiv_id", "version"], ["criteria.arxiv_id", "criteria.version"], ondelete="CASCADE"),
        Index(None, "object", "variable"),
        Index(None, "variable", "low", "high"),
        Index(None, "id"),
    )


class CutRegionRow(Base):
    """A region in which a cut holds; a cut without rows holds everywhere."""

    __tablename__ = "cut_regions"

    arxiv_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cut_id: Mapped[str] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(primary_key=True, index=True)

    __table_args__ = (
        ForeignKeyConstraint(
            ["arxiv_id", "version", "cut_id"], ["cuts.arxiv_id", "cuts.version", "cuts.id"], ondelete="CASCADE"
        ),
    )


class UnresolvedRow(Base):
    """A candidate that is not a cut, with the reason."""

    __tablename__ = "unresolved"

    arxiv_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(index=True)
    body: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(["arxiv_id", "version"], ["criteria.arxiv_id", "criteria.version"], ondelete="CASCADE"),
    )


class AnalysisRow(Base):
    """A requested analysis and what came of it."""

    __tablename__ = "analyses"

    id: Mapped[str] = mapped_column(primary_key=True)
    arxiv_id: Mapped[str] = mapped_column(index=True)
    version: Mapped[int]
    dataset: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(index=True)
    body: Mapped[str] = mapped_column(Text)


class JobRow(Base):
    """A piece of work that outlives the process that started it."""

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(index=True)
    body: Mapped[str] = mapped_column(Text)


class ReviewRow(Base):
    """A person's decision about a cut; rows are added, never changed."""

    __tablename__ = "reviews"

    number: Mapped[int] = mapped_column(primary_key=True)
    arxiv_id: Mapped[str]
    version: Mapped[int]
    cut_id: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime]
    body: Mapped[str] = mapped_column(Text)

    __table_args__ = (Index(None, "arxiv_id", "version"),)
