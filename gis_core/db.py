"""The database: one engine per process, and driver errors translated once.

Every connection speaks UTC and names its tables in full; those of clients carry the statement
timeout of the settings.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg import errors as pg
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from gis_core.cluster import Cluster
from gis_core.config import get_settings
from gis_core.errors import ConfigError, DatabaseUnavailableError, GisError, QueryTimeoutError
from gis_core.stopping import stoppable

SCHEMA = "gis"


def make_engine(url: str, *, pool_size: int = 5, statement_timeout_s: float | None = None) -> Engine:
    """An engine for a PostgreSQL URL; ``postgresql://`` is read as psycopg 3.

    Raises:
        ConfigError: the text is no database URL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError(
            "HUEGIS_DATABASE_URL is not of the form postgresql://user:password@host:port/name."
        ) from error
    if parsed.get_backend_name() != "postgresql":
        raise ConfigError(f"The database must be PostgreSQL with PostGIS, not {parsed.get_backend_name()}.")
    # A plan kept for all values alike takes any bounding box to be tiny, and sorts a whole city for it.
    options = "-c search_path=public -c timezone=UTC -c plan_cache_mode=force_custom_plan"
    if statement_timeout_s is not None:
        options += f" -c statement_timeout={int(statement_timeout_s * 1000)}"
    engine = create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        connect_args={"options": options, "connect_timeout": 10, "application_name": "huegis"},
    )
    _ask_the_idle(engine)
    return engine


_IDLE_S = 1.0
"""A connection that was used a moment ago is not asked first whether it still lives: that would take
a fourth of the time of a small page."""


def _ask_the_idle(engine: Engine) -> None:
    """Have connections that were idle for a while replaced where they live no more."""

    def note_use(driver: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["used_at_s"] = time.monotonic()

    def ask(driver: DBAPIConnection, record: ConnectionPoolEntry, proxy: object) -> None:
        used_at_s = record.info.get("used_at_s")
        if used_at_s is None or time.monotonic() - used_at_s < _IDLE_S:
            return
        try:
            engine.dialect.do_ping(driver)
        except pg.Error as error:
            # The pool then makes new connections, and whoever asked has one of them.
            raise DisconnectionError from error

    event.listen(engine, "checkin", note_use)
    event.listen(engine, "checkout", ask)


def database_url() -> str:
    """The URL in force: the one that was set, else that of the private cluster.

    Raises:
        DatabaseUnavailableError: neither is there yet.
    """
    settings = get_settings()
    if settings.database_url:
        return settings.database_url
    cluster = Cluster.of(settings)
    if not cluster.is_running():
        raise DatabaseUnavailableError(
            "The private database is not running; start it with 'huegis db start'."
        )
    return cluster.url


def serving_engine() -> Engine:
    """The engine for clients' queries: pooled, with the statement timeout, at the replica if there is one."""
    with _one_at_a_time:
        return _serving_engine()


def working_engine() -> Engine:
    """The engine for loading, building and migrating, which may take their time."""
    with _one_at_a_time:
        return _working_engine()


_one_at_a_time = Lock()
"""A cache alone lets two threads make an engine each at the start, and forgets one of them open."""


@cache
def _serving_engine() -> Engine:
    settings = get_settings()
    return make_engine(
        settings.database_read_url or database_url(),
        pool_size=settings.database.pool_size,
        statement_timeout_s=settings.database.statement_timeout_s,
    )


@cache
def _working_engine() -> Engine:
    return make_engine(database_url(), pool_size=2)


def dispose() -> None:
    """Close every pooled connection and forget the engines; the next use makes new ones."""
    with _one_at_a_time:
        for engine in (_serving_engine, _working_engine):
            if engine.cache_info().currsize:
                engine().dispose()
            engine.cache_clear()


@contextmanager
def reading() -> Iterator[Connection]:
    """A connection for a client's query; what goes wrong in it is a ``GisError``.

    What runs on it is stopped when the client goes, if it was asked for by ``stopping.unless_gone``.
    """
    with translated(), serving_engine().connect() as connection, stoppable(connection):
        yield connection


def fetch_row(connection: Connection, statement: str, values: Mapping[str, Any]) -> tuple[Any, ...]:
    """The one row that a compiled statement gives, asked for by the driver itself.

    What SQLAlchemy does around a statement takes longer than a small page does. Errors are the
    driver's own; ``translated`` and whoever else looks at causes knows them.
    """
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError(f"{type(driver).__name__} is no connection of psycopg")
    try:
        row: tuple[Any, ...] | None = driver.execute(statement, values or None).fetchone()
    except pg.OperationalError:
        if driver.closed:
            connection.invalidate()
        raise
    if row is None:
        raise LookupError("the statement gave no row")
    return row


@contextmanager
def writing() -> Iterator[Connection]:
    """One transaction for a piece of work: all of it, or nothing."""
    with translated(), working_engine().begin() as connection:
        last_steps: list[Callable[[Connection], None]] = []
        _last_steps[connection] = last_steps
        yield connection
        for step in last_steps:
            step(connection)


_last_steps: WeakKeyDictionary[Connection, list[Callable[[Connection], None]]] = WeakKeyDictionary()


def before_commit(connection: Connection, step: Callable[[Connection], None]) -> None:
    """Have ``step`` done once, as the last thing of the transaction that ``writing`` began.

    For what many transactions write to at the same rows: whoever locks those last, and asks for
    no further lock, cannot be in a circle of waiting. In any other transaction it is done now.
    """
    last_steps = _last_steps.get(connection)
    if last_steps is None:
        step(connection)
    elif step not in last_steps:
        last_steps.append(step)


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors that a user can act on into ``GisError``; let bugs through."""
    try:
        yield
    except DBAPIError as error:
        raise translate(error) from error
    except pg.Error as error:
        # COPY and ``fetch_row`` are the driver's own: what they raise does not pass through SQLAlchemy.
        meant = _meaning(error)
        if meant is None:
            raise
        raise meant from error
    except PoolTimeoutError as error:
        raise DatabaseUnavailableError(
            "The database is busy with other requests; try again shortly."
        ) from error


def translate(error: DBAPIError) -> GisError | DBAPIError:
    """The ``GisError`` that a driver's error stands for, or the error itself."""
    meant = _meaning(error.orig)
    if meant is None and (isinstance(error, OperationalError) or error.connection_invalidated):
        return no_answer()
    return meant or error


def _meaning(cause: BaseException | None) -> GisError | None:
    if isinstance(cause, pg.QueryCanceled):
        limit = get_settings().database.statement_timeout_s
        return QueryTimeoutError(
            f"The query ran longer than {limit:g} s and was stopped; ask for a smaller area or time."
        )
    if isinstance(cause, pg.UndefinedTable | pg.UndefinedColumn):
        return DatabaseUnavailableError("A table or a column is missing; run 'huegis db upgrade'.")
    return no_answer() if isinstance(cause, pg.OperationalError) else None


def no_answer() -> DatabaseUnavailableError:
    """What is said of a database that is not there, or went away."""
    return DatabaseUnavailableError("The database does not answer; see 'huegis doctor'.")


def describe_target(engine: Engine) -> str:
    """Which database an engine writes to, for printing before anything is changed; no password."""
    with translated(), engine.connect() as connection:
        name, version = connection.execute(
            text("SELECT current_database(), current_setting('server_version')")
        ).one()
    place = engine.url.query.get("host") or engine.url.host or "local socket"
    return f"database '{name}' at {place} (PostgreSQL {version}), schema '{SCHEMA}'"
