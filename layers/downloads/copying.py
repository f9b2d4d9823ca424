"""What a query finds, row by row out of the database, never more than a piece of it at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from psycopg import errors as pg
from sqlalchemy import Connection

from gis_core.errors import QueryTimeoutError
from layers.query import FeatureQuery, evaluable, request_of

_PIECE_BYTES = 256 * 1024
"""Large enough to be worth a turn of the service's loop, small enough to compress without a pause."""


@contextmanager
def lasting(connection: Connection, timeout_s: float) -> Iterator[None]:
    """One moment of the database for everything that is read inside, each statement as long as that.

    The connection must be one of single statements, as a client's is.

    Raises:
        QueryTimeoutError: a statement took longer.
    """
    connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(timeout_s * 1000)}")
        yield
    except pg.QueryCanceled as error:
        raise QueryTimeoutError(
            f"The download took longer than {timeout_s:g} s and was stopped; ask for a smaller area or time."
        ) from error
    finally:
        connection.exec_driver_sql("ROLLBACK")


def copied(connection: Connection, query: FeatureQuery, statement: str, options: str) -> Iterator[bytes]:
    """The rows of a statement as COPY writes them, one by one; ``query`` gives the values bound in it.

    The query must be read inside ``lasting``, which also says what went wrong in COPY.
    """
    _, values, _ = request_of(query)
    into = f"COPY ({statement}) TO STDOUT WITH ({options})"
    driver = connection.connection.cursor()
    with evaluable(query.filter), driver.copy(into, {**values, "_limit": query.limit}) as copy:
        for row in copy:
            yield bytes(row)


def pieces(rows: Iterable[bytes], between: bytes) -> Iterator[bytes]:
    """Rows without the line feed that ends each, with ``between`` between them, in pieces of one size."""
    waiting: list[bytes] = []
    length = 0
    for row in rows:
        waiting.append(row[:-1])
        length += len(row)
        if length >= _PIECE_BYTES:
            yield between.join(waiting)
            # What comes next begins with what stands between.
            waiting, length = [b""], 0
    if waiting:
        yield between.join(waiting)
