"""The journal of loads: which source went into which layer, when, and how many rows it brought.

An entry is written in the transaction of its rows, so that it stands exactly when they do.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Connection, DateTime, Identity, func, insert, select
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped, mapped_column

from layers.base import Base
from layers.store import LoadReport


class LoadEntry(Base):
    __tablename__ = "load_journal"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    loaded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), comment="When the load was committed"
    )
    source: Mapped[str] = mapped_column(
        SqlText, index=True, comment="File or generator that the rows came from"
    )
    layer: Mapped[str] = mapped_column(SqlText, comment="Layer that they went into")
    inserted: Mapped[int] = mapped_column(BigInteger, comment="Rows that were new")
    updated: Mapped[int] = mapped_column(BigInteger, comment="Rows that changed")
    unchanged: Mapped[int] = mapped_column(BigInteger, comment="Rows that were there already")


def was_loaded(connection: Connection, source: str) -> bool:
    """Whether a load from ``source`` has ever been committed."""
    found = connection.execute(select(LoadEntry.id).where(LoadEntry.source == source).limit(1))
    return found.first() is not None


def record_load(connection: Connection, source: str, layer: str, report: LoadReport) -> None:
    """Note a load in the caller's transaction."""
    connection.execute(
        insert(LoadEntry).values(
            source=source,
            layer=layer,
            inserted=report.inserted,
            updated=report.updated,
            unchanged=report.unchanged,
        )
    )
