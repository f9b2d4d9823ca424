"""What tells that a layer's rows have changed, whoever changed them and by whichever way.

A trigger notes every writing statement on a layer's table. Each transaction removes the notes that
it sees and leaves one of its own, so that the set of notes is another one after every commit, and
none of them ever waits for another. Months that are attached or taken out count as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import BigInteger, Connection, DateTime, Table, text
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped, mapped_column

from layers.base import Base


class LayerChange(Base):
    __tablename__ = "layer_changes"

    table_name: Mapped[str] = mapped_column(SqlText, primary_key=True, comment="Table whose rows changed")
    changed_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), primary_key=True, comment="When the transaction began that changed them"
    )
    transaction: Mapped[int] = mapped_column(BigInteger, primary_key=True, comment="Its number")


_STATE = text(
    "SELECT (SELECT count(*) FROM pg_trigger WHERE tgrelid = table_oid AND tgname = 'note_layer_change'), "
    "concat(current_database(), '/', table_oid), "
    "(SELECT string_agg(concat(extract(epoch FROM changed_at), '/', transaction), ',' "
    " ORDER BY changed_at, transaction) FROM gis.layer_changes WHERE table_name = :table_name), "
    "(SELECT md5(string_agg(inhrelid::text, ',' ORDER BY inhrelid)) FROM pg_inherits "
    " WHERE inhparent = table_oid AND NOT inhdetachpending) "
    "FROM (SELECT CAST(to_regclass(:full_name) AS oid) AS table_oid) AS looked_up"
)


def state_of(connection: Connection, table: Table) -> str | None:
    """A text that is another one after every change of a table's rows.

    None where nobody notes the changes: nothing of such a table may be kept.
    """
    watched, place, notes, months = connection.execute(
        _STATE, {"table_name": table.name, "full_name": table.fullname}
    ).one()
    return f"{place};{notes or ''};{months or ''}" if watched else None


def watch(connection: Connection, tables: Iterable[Table]) -> None:
    """Have the changes of these tables noted; those that are watched already are left alone."""
    watched = set(
        connection.execute(
            text("SELECT tgrelid FROM pg_trigger WHERE tgname = 'note_layer_change'")
        ).scalars()
    )
    for table in dict.fromkeys(tables):
        oid = connection.execute(
            text("SELECT CAST(to_regclass(:name) AS oid)"), {"name": table.fullname}
        ).scalar()
        if oid is not None and oid not in watched:
            connection.execute(
                text(
                    "CREATE TRIGGER note_layer_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE "
                    f"ON {table.fullname} FOR EACH STATEMENT EXECUTE FUNCTION gis.note_layer_change()"
                )
            )
