"""The history of edits: who added, changed or removed which feature, what it was and what it became.

An entry is written in the transaction of its edit. A trigger of migration 0015 refuses to alter
or to remove one.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import BigInteger, Connection, DateTime, Identity, Index, func, insert, select
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from layers.base import Base, Layer, choice

Action = Literal["create", "replace", "update", "delete"]


class FeatureEdit(Base):
    __tablename__ = "feature_edits"
    __table_args__ = (Index("ix_feature_edits_layer_feature_id", "layer", "feature_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    edited_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp(), comment="When it was edited (UTC)"
    )
    layer: Mapped[str] = mapped_column(SqlText, comment="Layer")
    feature_id: Mapped[str] = mapped_column(SqlText, comment="Identifier of the feature in its layer")
    action: Mapped[str] = mapped_column(
        choice("action", "create", "replace", "update", "delete"), comment="What was done"
    )
    edited_by: Mapped[str] = mapped_column(SqlText, comment="Account that did it")
    before: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True), comment="The row before; null where it was added"
    )
    after: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True), comment="The row afterwards; null where it was removed"
    )


class Edit(NamedTuple):
    """One edit of a feature; ``edited_at`` is aware UTC, rows are objects with geometries as GeoJSON."""

    edited_at: datetime
    action: str
    edited_by: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def stored_row(connection: Connection, layer: Layer, feature_id: str) -> dict[str, Any] | None:
    """The row of a feature of things that last as the history keeps it, None where there is none."""
    whole = layer.table.table_valued()
    query = select(func.to_jsonb(whole, type_=JSONB)).select_from(layer.table)
    row: dict[str, Any] | None = connection.execute(query.where(layer.id_column == feature_id)).scalar()
    return row


def record_edit(
    connection: Connection,
    layer: Layer,
    feature_id: str,
    action: Action,
    *,
    by: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    """Note an edit in the caller's transaction."""
    connection.execute(
        insert(FeatureEdit).values(
            layer=layer.name, feature_id=feature_id, action=action, edited_by=by, before=before, after=after
        )
    )


def edits_of(connection: Connection, layer: Layer, feature_id: str) -> list[Edit]:
    """The edits of a feature from the first on, also of one that was removed since."""
    columns = FeatureEdit.__table__.c
    query = select(*(columns[name] for name in Edit._fields)).where(
        columns.layer == layer.name, columns.feature_id == feature_id
    )
    rows = connection.execute(query.order_by(columns.id))
    return [Edit(row[0].astimezone(UTC), *row[1:]) for row in rows]


def changes_in(edit: Edit) -> list[tuple[str, str, str]]:
    """What an edit changed, by column: what was there and what came, as JSON; ``-`` is nothing at all."""
    before, after = edit.before or {}, edit.after or {}
    return [
        (name, _shown(before, name), _shown(after, name))
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    ]


def _shown(row: dict[str, Any], name: str) -> str:
    return json.dumps(row[name], ensure_ascii=False) if name in row else "-"
