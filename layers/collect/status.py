"""How each source fares: its last attempt and success, its rows, how far behind its data are.

A success is noted in the transaction of its rows, so that the counts are exactly those of the
rows that stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, DateTime, Row, func, select
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
            },
        )
    )


def record_failure(source: str, sentence: str) -> None:
    """Note that a delivery did not go in, in a transaction of its own."""
    offered = insert(CollectStatus).values(
        source=source, last_attempt_at=func.now(), rows_in=0, rows_refused=0, last_error=sentence
    )
    new = offered.excluded
    with writing() as connection:
        connection.execute(
            offered.on_conflict_do_update(
                index_elements=[CollectStatus.source],
                set_={"last_attempt_at": new.last_attempt_at, "last_error": new.last_error},
            )
        )


def read_status(connection: Connection) -> Sequence[Row[Any]]:
    """One row per source, in the order of their names; columns as declared above."""
    return connection.execute(select(CollectStatus.__table__).order_by(CollectStatus.source)).all()
