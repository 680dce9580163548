"""What Alembic runs to migrate; the connection is handed over by `kb.store.database`."""

from __future__ import annotations

from alembic import context

from kb.tables import Base


def migrate() -> None:
    """Run the migrations on the connection that was handed over."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=Base.metadata,
        # SQLite cannot alter a column in place; Alembic then copies the table.
        render_as_batch=True,
    )
    # The caller has begun the transaction and ends it.
    context.run_migrations()


# The name under which Alembic runs this file; any other import wants only the names above.
if __name__ == "env_py":
    migrate()
