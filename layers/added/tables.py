"""Where the declarations of added layers are kept, and the mark that changes with their list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, DateTime, Identity, func
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from layers.base import Base


class AddedLayerRow(Base):
    __tablename__ = "added_layers"

    name: Mapped[str] = mapped_column(SqlText, primary_key=True, comment="Layer")
    place: Mapped[int] = mapped_column(
        BigInteger, Identity(always=True), comment="Place in the list of layers"
    )
    table_name: Mapped[str] = mapped_column(SqlText, unique=True, comment="Table of its rows")
    declaration: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="Title, steward, style and columns")
    source: Mapped[str] = mapped_column(SqlText, comment="File that its rows came from")
    added_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), comment="When it was added (UTC)"
    )
    changed_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), comment="When it was changed last (UTC)"
    )


class AddedLayersState(Base):
    __tablename__ = "added_layers_state"
    __table_args__ = (CheckConstraint("only_row", name="only_row"),)

    only_row: Mapped[bool] = mapped_column(Boolean, primary_key=True, server_default="true")
    version: Mapped[int] = mapped_column(BigInteger, comment="Another number after every change of the list")
