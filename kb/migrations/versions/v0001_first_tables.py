"""The first tables: documents, papers, citations, criteria, cuts, analyses, jobs, reviews.

Revision 0001, the beginning.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "analyses",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("arxiv_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_analyses"),
    )
    op.create_index("ix_analyses_arxiv_id", "analyses", ["arxiv_id"])
    op.create_index("ix_analyses_created_at", "analyses", ["created_at"])
    op.create_index("ix_analyses_state", "analyses", ["state"])
    op.create_table(
        "documents",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_documents"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_created_at", "jobs", ["created_at"])
    op.create_index("ix_jobs_state", "jobs", ["state"])
    op.create_table(
        "reviews",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("arxiv_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("cut_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_reviews"),
    )
    op.create_index("ix_reviews_arxiv_id_version", "reviews", ["arxiv_id", "version"])
    op.create_index("ix_reviews_cut_id", "reviews", ["cut_id"])
    op.create_table(
        "papers",
        sa.Column("arxiv_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("experiment", sa.String(), nullable=True),
        sa.Column("source_format", sa.String(), nullable=False),
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("document_hash", sa.String(length=64), nullable=False),
        sa.Column("ingested_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["document_hash"], ["documents.hash"], name="fk_papers_document_hash"),
        sa.PrimaryKeyConstraint("arxiv_id", "version", name="pk_papers"),
    )
    op.create_index("ix_papers_document_hash", "papers", ["document_hash"])
    op.create_index("ix_papers_experiment", "papers", ["experiment"])
    op.create_table(
        "citations",
        sa.Column("arxiv_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("cited_id", sa.String(), nullable=True),
        sa.Column("report_number", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["arxiv_id", "version"],
            ["papers.arxiv_id", "papers.version"],
            name="fk_citations_arxiv_id_version",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("arxiv_id", "version", "key", name="pk_citations"),
    )
    op.create_index("ix_citations_cited_id", "citations", ["cited_id"])
    op.create_index("ix_citations_report_number", "citations", ["report_number"])
    op.create_table(
        "criteria",
        sa.Column("arxiv_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document_hash", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["arxiv_id", "version"],
            ["papers.arxiv_id", "papers.version"],
            name="fk_criteria_arxiv_id_version",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("arxiv_id", "version", name="pk_criteria"),
    )
    op.create_table(
        "cuts",
        sa.Column("arxiv_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("variable", sa.String(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("low", sa.Double(), nullable=True),
        sa.Column("high", sa.Double(), nullable=True),
        sa.Column("flag", sa.String(), nullable=True),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("extractor", sa.String(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["arxiv_id", "version"],
            ["criteria.arxiv_id", "criteria.version"],
            name="fk_cuts_arxiv_id_version",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("arxiv_id", "version", "id", name="pk_cuts"),
    )
    op.create_index("ix_cuts_id", "cuts", ["id"])
    op.create_index("ix_cuts_object_variable", "cuts", ["object", "variable"])
    op.create_index("ix_cuts_status", "cuts", ["status"])
    op.create_index("ix_cuts_variable_low_high", "cuts", ["variable", "low", "high"])
    op.create_table(
        "unresolved",
        sa.Column("arxiv_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["arxiv_id", "version"],
            ["criteria.arxiv_id", "criteria.version"],
            name="fk_unresolved_arxiv_id_version",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("arxiv_id", "version", "position", name="pk_unresolved"),
    )
    op.create_index("ix_unresolved_code", "unresolved", ["code"])
    op.create_table(
        "cut_regions",
        sa.Column("arxiv_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cut_id", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["arxiv_id", "version", "cut_id"],
            ["cuts.arxiv_id", "cuts.version", "cuts.id"],
            name="fk_cut_regions_arxiv_id_version_cut_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("arxiv_id", "version", "cut_id", "region", name="pk_cut_regions"),
    )
    op.create_index("ix_cut_regions_region", "cut_regions", ["region"])


def downgrade() -> None:
    """Drop the tables; their indexes go with them."""
    for table in (
        "cut_regions",
        "unresolved",
        "cuts",
        "criteria",
        "citations",
        "papers",
        "reviews",
        "jobs",
        "documents",
        "analyses",
    ):
        op.drop_table(table)
