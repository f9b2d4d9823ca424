"""The catalogue of the archive: which months of which layer are in files, and how to know them again."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Connection, Date, DateTime, Row, func, select
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped, mapped_column

from layers.base import Base


class ArchivedMonth(Base):
    """One month of one layer whose files are whole and verified.

    A month that is ``restored`` is in the database too, and counts there; the files stay as
    they are until the month is released, or archived anew because rows were added.
    """

    __tablename__ = "archive_months"

    layer: Mapped[str] = mapped_column(SqlText, primary_key=True, comment="Layer whose rows they are")
    month: Mapped[date] = mapped_column(Date, primary_key=True, comment="First day of the month, in UTC")
    rows: Mapped[int] = mapped_column(BigInteger, comment="Rows in the files")
    bytes: Mapped[int] = mapped_column(BigInteger, comment="Size of the files")
    digest: Mapped[str] = mapped_column(
        SqlText, comment="Digest of all values of all rows, whatever their order"
    )
    path: Mapped[str] = mapped_column(
        SqlText, comment="Folder of the daily folders, from the folder of the archive"
    )
    first_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), comment="Time of the first row")
    last_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), comment="Time of the last row")
    archived_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), comment="When the files were verified"
    )
    restored: Mapped[bool] = mapped_column(
        Boolean, server_default="false", comment="Whether the rows are in the database as well"
    )


MONTHS = ArchivedMonth.__table__.c


def entries(connection: Connection, layer: str | None = None) -> list[Row[Any]]:
    """Every month on record, or those of one layer, in the order of layer and month."""
    query = select(ArchivedMonth.__table__).order_by(MONTHS.layer, MONTHS.month)
    return list(connection.execute(query if layer is None else query.where(MONTHS.layer == layer)))
