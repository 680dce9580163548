"""Transactions of the store: everything saved inside one happens as a whole or not at all."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kb.store.database import open_database, writing


class Transactions:
    """What all parts of the store stand on: the engine and the transaction that is open in this thread or task."""

    def __init__(self, url: str, *, create: bool = True) -> None:
        self._engine = open_database(url, create=create)
        self._open: ContextVar[Session | None] = ContextVar("transaction", default=None)
        self._turns: dict[str, threading.Lock] = {}

    @property
    def url(self) -> str:
        """Where the records are, without a password."""
        return self._engine.url.render_as_string(hide_password=True)

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all saves inside one: an error undoes every one of them."""
        with self._writing():
            yield

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """Let one at a time do what goes by this name: one of all processes on a PostgreSQL database.

        On SQLite one thread of this process; an embedded home has one process at work at a time.
        """
        with self._turns.setdefault(name, threading.Lock()):
            if self._engine.dialect.name != "postgresql":
                yield
                return
            key = (zlib.crc32(b"cutbook") - 2**31, zlib.crc32(name.encode()) - 2**31)
            # Outside any transaction, for what is done may take long; the server frees the lock of a killed process.
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(select(func.pg_advisory_lock(*key)))
                try:
                    yield
                finally:
                    connection.execute(select(func.pg_advisory_unlock(*key)))

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        if (session := self._open.get()) is not None:
            yield session
            session.flush()
            return
        with Session(writing(self._engine)) as session, session.begin():
            token = self._open.set(session)
            try:
                yield session
            finally:
                self._open.reset(token)

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        if (session := self._open.get()) is not None:
            yield session
            return
        with Session(self._engine) as session:
            yield session
