"""The version of each layer of things that last: what is kept of one in memory is good until it changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import BigInteger, Connection, DateTime, Sequence, func, select
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from gis_core.db import SCHEMA
from layers.base import Base

NUMBERS = Sequence("layer_version_numbers", schema=SCHEMA, metadata=Base.metadata)
"""A number is never given twice, not even that of a change that was rolled back."""


class LayerVersion(Base):
    __tablename__ = "layer_versions"

    layer: Mapped[str] = mapped_column(SqlText, primary_key=True, comment="Layer")
    version: Mapped[int] = mapped_column(BigInteger, comment="Another number after every change of its rows")
    changed_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), comment="When its rows were changed (UTC)"
    )


def bump(connection: Connection, table: str) -> None:
    """Give a layer's table a new version in the caller's transaction, before its rows are changed.

    Whoever changes the same layer meanwhile waits here, holding nothing that this one may want.
    """
    statement = insert(LayerVersion).values(layer=table, version=NUMBERS.next_value())
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[LayerVersion.layer],
            set_={"version": statement.excluded.version, "changed_at": func.now()},
        )
    )


def versions(connection: Connection, tables: Iterable[str]) -> dict[str, int]:
    """The version of each layer's table, 0 for one that was never changed through the store."""
    wanted = list(tables)
    query = select(LayerVersion.layer, LayerVersion.version).where(LayerVersion.layer.in_(wanted))
    found = {row.layer: row.version for row in connection.execute(query)}
    return {table: found.get(table, 0) for table in wanted}
