"""The quarantine: rows that could not go in, each with its source and the reason, until replayed or dropped.

Rows land here in the transaction of the good rows that came with them, so neither can be lost
alone. The same bad row given again is there once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Identity,
    Integer,
    Row,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from layers.base import Base

MAX_ROW_CHARS = 100_000
"""A longer row is kept cut, with its full length noted, and cannot be replayed."""

_ROWS_A_STATEMENT = 1_000


class Quarantined(Base):
    __tablename__ = "quarantine"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), comment="When the row last came in"
    )
    source: Mapped[str] = mapped_column(
        SqlText, index=True, comment="Connector or pusher that brought the row"
    )
    document: Mapped[str | None] = mapped_column(SqlText, comment="File that held the row")
    layer: Mapped[str] = mapped_column(SqlText, comment="Layer that the row was meant for")
    row_number: Mapped[int] = mapped_column(Integer, comment="Number of the row where it came from, from 1")
    content: Mapped[str] = mapped_column(SqlText, comment="The row as JSON, cut where it is very long")
    content_chars: Mapped[int] = mapped_column(Integer, comment="Length of the whole row in characters")
    crs: Mapped[str | None] = mapped_column(
        SqlText, comment="CRS of the row's coordinates, where it is not WGS 84"
    )
    reason: Mapped[str] = mapped_column(SqlText, comment="Why the row could not go in")
    replayed_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), comment="When the row went in after all"
    )
    digest: Mapped[str] = mapped_column(SqlText, unique=True, comment="Digest of source, layer and whole row")


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row for the quarantine: ``row`` is its JSON in full; ``crs`` None stands for WGS 84."""

    number: int
    row: str
    reason: str
    crs: str | None = None


def add(
    connection: Connection, source: str, layer: str, rows: Iterable[BadRow], document: str | None = None
) -> None:
    """Put rows into the quarantine, in the caller's transaction.

    A row that is there already keeps its place; it takes the newer reason, and waits again if
    it had been replayed.
    """
    # In the order of the digest, so that two deliveries of the same rows wait and never deadlock.
    values = {_digest(source, layer, row): row for row in rows}
    ordered = [_value(source, layer, values[digest], document, digest) for digest in sorted(values)]
    for start in range(0, len(ordered), _ROWS_A_STATEMENT):
        offered = insert(Quarantined).values(ordered[start : start + _ROWS_A_STATEMENT])
        new = offered.excluded
        connection.execute(
            offered.on_conflict_do_update(
                index_elements=[Quarantined.digest],
                set_={"reason": new.reason, "received_at": func.now(), "replayed_at": None},
                where=or_(Quarantined.reason != new.reason, Quarantined.replayed_at.is_not(None)),
            )
        )


def _digest(source: str, layer: str, bad: BadRow) -> str:
    return blake2b("\x1f".join((source, layer, bad.row)).encode(), digest_size=16).hexdigest()


def _value(source: str, layer: str, bad: BadRow, document: str | None, digest: str) -> dict[str, object]:
    return {
        "source": source,
        "document": document,
        "layer": layer,
        "row_number": bad.number,
        "content": bad.row[:MAX_ROW_CHARS],
        "content_chars": len(bad.row),
        "crs": bad.crs,
        "reason": bad.reason,
        "digest": digest,
    }


def waiting(
    connection: Connection, *, source: str | None = None, layer: str | None = None, limit: int
) -> Sequence[Row[Any]]:
    """Rows that have not gone in yet, the oldest first."""
    query = select(Quarantined.__table__).where(*_conditions(source, layer))
    order = (Quarantined.received_at, Quarantined.document, Quarantined.row_number)
    return connection.execute(query.order_by(*order).limit(limit)).all()


def next_to_replay(
    connection: Connection, *, source: str | None = None, after: int, limit: int
) -> Sequence[Row[Any]]:
    """Waiting rows with an id above ``after``, by their ids; nobody else may take them meanwhile."""
    query = select(Quarantined.__table__).where(*_conditions(source, None), Quarantined.id > after)
    return connection.execute(query.order_by(Quarantined.id).limit(limit).with_for_update()).all()


def count_waiting(connection: Connection, *, source: str | None = None, layer: str | None = None) -> int:
    """How many rows have not gone in yet."""
    query = select(func.count()).select_from(Quarantined).where(*_conditions(source, layer))
    return connection.execute(query).scalar_one()


def _conditions(source: str | None, layer: str | None) -> list[ColumnElement[bool]]:
    asked = [(Quarantined.source, source), (Quarantined.layer, layer)]
    return [Quarantined.replayed_at.is_(None), *(column == value for column, value in asked if value)]


def mark_replayed(connection: Connection, ids: Iterable[int]) -> None:
    """Note that rows went in."""
    connection.execute(
        update(Quarantined).where(Quarantined.id.in_(list(ids))).values(replayed_at=func.now())
    )


def keep(connection: Connection, reasons: Iterable[tuple[int, str]]) -> None:
    """Give rows that stay their newest reason: pairs of id and reason."""
    for identifier, reason in reasons:
        connection.execute(update(Quarantined).where(Quarantined.id == identifier).values(reason=reason))


def drop(connection: Connection, ids: Iterable[int]) -> list[int]:
    """Remove rows for good, and say which of them were there."""
    gone = connection.execute(
        delete(Quarantined).where(Quarantined.id.in_(list(ids))).returning(Quarantined.id)
    )
    return sorted(gone.scalars())
