"""Whose source it is: one collector at a time polls or listens, however many processes run.

A claim is an advisory lock of a session that this process keeps for nothing else, so it ends
with the process, however that ends. Behind a pooler that shares sessions between clients
(PgBouncer by transaction) claims would mean nothing; give the collector a direct address.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from gis_core.db import database_url, make_engine, translated

_SEED = 4_836_712
"""Keeps the names of sources apart from what else is hashed for advisory locks."""


class Claims:
    """The claims of one process; safe to share between threads."""

    def __init__(self) -> None:
        self._one_at_a_time = Lock()
        self._engine: Engine | None = None
        self._connection: Connection | None = None
        self._held: set[str] = set()

    def hold(self, name: str) -> bool:
        """Claim a source, or make sure that the claim still stands; False where another has it.

        Raises:
            DatabaseUnavailableError: the database does not answer; every claim is lost then.
        """
        with self._one_at_a_time, translated():
            try:
                connection = self._connected()
                if name in self._held:
                    # The lock stands as long as the session does.
                    connection.execute(text("SELECT 1"))
                    return True
                got = connection.execute(text(_LOCK), {"name": name, "seed": _SEED}).scalar_one()
            except DBAPIError:
                self._forget()
                raise
            if got:
                self._held.add(name)
            return bool(got)

    def release(self, name: str) -> None:
        """Give a claim up; one that is lost or was never held is given up already."""
        with self._one_at_a_time:
            if self._connection is None or name not in self._held:
                return
            self._held.discard(name)
            try:
                self._connection.execute(text(_UNLOCK), {"name": name, "seed": _SEED})
            except DBAPIError:
                self._forget()

    @contextmanager
    def held(self, name: str) -> Iterator[bool]:
        """Whether the source is ours for the length of the block."""
        try:
            yield self.hold(name)
        finally:
            self.release(name)

    def close(self) -> None:
        """Give every claim up."""
        with self._one_at_a_time:
            self._forget()

    def _connected(self) -> Connection:
        if self._connection is None:
            self._engine = make_engine(database_url(), pool_size=1)
            self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        return self._connection

    def _forget(self) -> None:
        self._held.clear()
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
        if self._engine is not None:
            self._engine.dispose()
        self._connection = self._engine = None


_LOCK = "SELECT pg_try_advisory_lock(hashtextextended(:name, :seed))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended(:name, :seed))"
