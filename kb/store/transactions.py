"""Transactions of the store: everything saved inside one happens as a whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy.orm import Session

from kb.store.database import open_database, writing


class Transactions:
    """What all parts of the store stand on: the engine and the transaction that is open in this thread or task."""

    def __init__(self, url: str, *, create: bool = True) -> None:
        self._engine = open_database(url, create=create)
        self._open: ContextVar[Session | None] = ContextVar("transaction", default=None)

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
