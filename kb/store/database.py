"""Opening the database: its engine, and bringing its tables to the newest migration.

SQLite runs with a write-ahead log, so that readers do not wait for the writer, and takes the write lock when a
writing transaction begins, so that two writers queue instead of failing half-way.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from kb.errors import FaultError, InputError, NotFoundError, UnreachableError
from kb.tables import REVISION

_MIGRATIONS = Path(__file__).parents[1] / "migrations"
_LOCK_WAIT = 30.0  # seconds a writer waits for another one
_POSTGRESQL_LOCK = 0x63757462  # any number that no other program takes for an advisory lock
_WRITING = "cutbook_writes"


def open_database(url: str, *, create: bool = True) -> Engine:
    """Open the database at `url` with its tables up to date.

    NotFoundError if it is a missing SQLite file and `create` is False; UnreachableError if the server does not
    answer; InputError for a URL of no database or a database of a newer cutbook.
    """
    engine = _engine(url, create=create)
    try:
        if _revision(engine) != REVISION:
            _upgrade(engine)
    except DBAPIError as error:
        engine.dispose()
        shown = engine.url.render_as_string(hide_password=True)
        message = f"the database {shown} cannot be used: {error.orig}"
        hint = "is the server running, and are user and password right?"
        if engine.dialect.name == "sqlite":
            hint = "the file may belong to another program or user; move it away or choose another home"
            raise InputError(message, hint=hint) from error
        raise UnreachableError(message, hint=hint) from error
    return engine


def writing(engine: Engine) -> Engine:
    """Return the same engine for transactions that will write."""
    return engine.execution_options(**{_WRITING: True})


def _engine(url: str, *, create: bool) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            message = f"'{parsed.drivername}' is no database that cutbook knows"
            raise InputError(message, hint="give sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
        _check_file(parsed, create=create)
        if parsed.get_backend_name() != "sqlite":
            return create_engine(parsed, pool_pre_ping=True)
        engine = create_engine(parsed, connect_args={"timeout": _LOCK_WAIT})
    except (ArgumentError, NoSuchModuleError) as error:
        message = f"no URL of a database: {error}"
        raise InputError(message, hint="give sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME") from error
    except ModuleNotFoundError as error:
        message = f"the driver of this database is not installed: {error.name}"
        raise InputError(message, hint="install psycopg[binary]") from error
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _check_file(url: URL, *, create: bool) -> None:
    if url.get_backend_name() != "sqlite" or url.database in {None, "", ":memory:"}:
        return
    path = Path(url.database or "")
    if create:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"the folder {path.parent} cannot be made: {error.strerror}"
            raise InputError(message, hint="choose another home") from error
    elif not path.exists():
        message = f"there is no knowledge base at {path}"
        raise NotFoundError(message, hint="ingest a paper first")


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # Without this the driver begins transactions by itself, late and only for some statements.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(_WRITING) else "BEGIN")


def _revision(engine: Engine) -> str | None:
    """Return the migration the tables are at; asked with one statement, for this happens at every start."""
    try:
        with engine.connect() as connection:
            row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
            return row[0] if row else None
    except SQLAlchemyError:
        with engine.connect() as connection:
            if "alembic_version" in inspect(connection).get_table_names():
                raise
        return None


def _upgrade(engine: Engine) -> None:
    # Imported here: alembic takes as long as everything else that a light command imports.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with writing(engine).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_POSTGRESQL_LOCK})"))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            message = f"the knowledge base is of a cutbook that this one does not know: {error}"
            raise InputError(message, hint="install the newer cutbook, or choose another home") from error
    if (found := _revision(engine)) != REVISION:
        message = f"after all migrations the tables are at {found}, not at {REVISION}"
        raise FaultError(message, hint="report this")
