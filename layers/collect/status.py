"""How each source fares: its last attempt and success, its rows, how far behind its data are.

A success is noted in the transaction of its rows, so that the counts are exactly those of the
rows that stand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, DateTime, Integer, Row, func, select, text, update
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from gis_core.db import writing
from layers.base import Base


class CollectStatus(Base):
    __tablename__ = "collect_status"

    source: Mapped[str] = mapped_column(SqlText, primary_key=True, comment="Connector or pusher")
    last_attempt_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="When the source last brought something"
    )
    last_success_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), comment="When something of it last went in"
    )
    rows_in: Mapped[int] = mapped_column(BigInteger, comment="Rows that were new or changed, in all")
    rows_refused: Mapped[int] = mapped_column(BigInteger, comment="Rows that went into quarantine, in all")
    latest_event_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), comment="Time of the latest event that it brought"
    )
    last_error: Mapped[str | None] = mapped_column(SqlText, comment="Why the last attempt failed, if it did")
    failures_in_a_row: Mapped[int] = mapped_column(
        Integer, server_default=text("0"), comment="Attempts that failed since the last success"
    )
    next_due_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), comment="When the source is polled next, for those with a schedule"
    )


def lag(latest_event_at: datetime | None, now: datetime) -> timedelta | None:
    """How far a source is behind the present: the age of its latest event; None without events."""
    return None if latest_event_at is None else now - latest_event_at


def record_success(
    connection: Connection, source: str, *, rows_in: int, rows_refused: int, latest_at: datetime | None
) -> None:
    """Note what a delivery brought, in its own transaction."""
    table = CollectStatus
    offered = insert(table).values(
        source=source,
        last_attempt_at=func.clock_timestamp(),
        last_success_at=func.clock_timestamp(),
        rows_in=rows_in,
        rows_refused=rows_refused,
        latest_event_at=latest_at,
    )
    new = offered.excluded
    connection.execute(
        offered.on_conflict_do_update(
            index_elements=[table.source],
            set_={
                "last_attempt_at": new.last_attempt_at,
                "last_success_at": new.last_success_at,
                "rows_in": table.rows_in + new.rows_in,
                "rows_refused": table.rows_refused + new.rows_refused,
                "latest_event_at": func.greatest(table.latest_event_at, new.latest_event_at),
                "last_error": None,
                "failures_in_a_row": 0,
            },
        )
    )


def set_due(connection: Connection, source: str, due_at: datetime) -> None:
    """Note when a source is polled next, in the caller's transaction."""
    connection.execute(update(CollectStatus).where(CollectStatus.source == source).values(next_due_at=due_at))


class Standing(NamedTuple):
    """Whether a source may be polled yet: how often it failed since it last did not, and when it is due."""

    failures_in_a_row: int = 0
    next_due_at: datetime | None = None


def standing(connection: Connection, source: str) -> Standing:
    """How a source stands; one that was never polled stands well."""
    table = CollectStatus
    row = connection.execute(
        select(table.failures_in_a_row, table.next_due_at).where(table.source == source)
    ).first()
    return Standing() if row is None else Standing(*row)


def record_failure(
    source: str, sentence: str, retry_at: Callable[[int], datetime | None] = lambda failures: None
) -> None:
    """Note that a delivery did not go in, in a transaction of its own.

    Args:
        source: whose delivery it was.
        sentence: why.
        retry_at: gives, by the number of failures in a row, when the source is to be tried again.
    """
    table = CollectStatus
    offered = insert(table).values(
        source=source,
        last_attempt_at=func.now(),
        rows_in=0,
        rows_refused=0,
        last_error=sentence,
        failures_in_a_row=1,
    )
    new = offered.excluded
    with writing() as connection:
        failures = connection.execute(
            offered.on_conflict_do_update(
                index_elements=[table.source],
                set_={
                    "last_attempt_at": new.last_attempt_at,
                    "last_error": new.last_error,
                    "failures_in_a_row": table.failures_in_a_row + 1,
                },
            ).returning(table.failures_in_a_row)
        ).scalar_one()
        due_at = retry_at(failures)
        if due_at is not None:
            set_due(connection, source, due_at)


def read_status(connection: Connection) -> Sequence[Row[Any]]:
    """One row per source, in the order of their names; columns as declared above."""
    return connection.execute(select(CollectStatus.__table__).order_by(CollectStatus.source)).all()
