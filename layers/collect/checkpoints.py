"""How far a polled source has been read; saved in the transaction of the rows that were read."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, DateTime, func, select
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from layers.base import Base


class CollectCheckpoint(Base):
    __tablename__ = "collect_checkpoints"

    source: Mapped[str] = mapped_column(SqlText, primary_key=True, comment="Connector that polls it")
    request: Mapped[str] = mapped_column(
        SqlText, comment="Digest of what was asked last: address without secrets, and settings"
    )
    etag: Mapped[str | None] = mapped_column(SqlText, comment="ETag of the last answer")
    last_modified: Mapped[str | None] = mapped_column(SqlText, comment="Last-Modified of the last answer")
    content: Mapped[str | None] = mapped_column(SqlText, comment="Digest of the last answer's body")
    since: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), comment="Instant up to which the source has been read"
    )
    saved_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), comment="When this was noted"
    )


class Checkpoint(NamedTuple):
    """How far a source has been read, as ``CollectCheckpoint`` keeps it; ``since`` is aware."""

    request: str
    etag: str | None = None
    last_modified: str | None = None
    content: str | None = None
    since: datetime | None = None


def load_checkpoint(connection: Connection, source: str) -> Checkpoint | None:
    """The checkpoint of a source, None where it was never read."""
    table = CollectCheckpoint
    columns = (table.request, table.etag, table.last_modified, table.content, table.since)
    row = connection.execute(select(*columns).where(table.source == source)).first()
    return None if row is None else Checkpoint(*row)


def save_checkpoint(connection: Connection, source: str, checkpoint: Checkpoint) -> None:
    """Keep a checkpoint, in the caller's transaction."""
    values = checkpoint._asdict() | {"saved_at": func.now()}
    offered = insert(CollectCheckpoint).values(source=source, **values)
    connection.execute(offered.on_conflict_do_update(index_elements=[CollectCheckpoint.source], set_=values))
