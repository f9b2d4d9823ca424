"""One month out of the database into files, so that whoever is killed on the way loses nothing.

The month's table is detached first, so that no row can be added to it. Its rows are written to
files beside their places and read back; only if these hold exactly what the table holds are
they moved to their places, and one transaction both notes the month in the catalogue and drops
the table. Until that commit the table stands, and the next run begins anew from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import Connection, Row, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from gis_core.db import SCHEMA, translated, working_engine, writing
from gis_core.errors import DatabaseUnavailableError
from layers.archive.catalogue import MONTHS, ArchivedMonth
from layers.archive.digest import Digest
from layers.archive.errors import ArchiveError
from layers.archive.files import days_of, month_pattern, place, writable
from layers.archive.write import write_month
from layers.base import Layer
from layers.partitions import ROWS_COME_IN, attach, lock_making, partition_name, standing_months

_ALONE = 4_836_712
"""Advisory lock: one command at a time changes what is archived."""


class Archived(NamedTuple):
    """A month that is in files now; ``rows`` is 0 where there was nothing to keep."""

    layer: str
    month: pd.Period
    rows: int
    bytes: int


@contextmanager
def alone() -> Iterator[Connection]:
    """A connection outside any transaction; while it lasts nobody else changes what is archived.

    Raises:
        ArchiveError: somebody is at it.
    """
    engine = working_engine().execution_options(isolation_level="AUTOCOMMIT")
    with translated(), engine.connect() as connection:
        if not connection.execute(select(func.pg_try_advisory_lock(_ALONE))).scalar():
            raise ArchiveError("Another command is changing the archive of this database; wait for its end.")
        try:
            yield connection
        finally:
            connection.execute(select(func.pg_advisory_unlock(_ALONE)))


def archive_month(keeper: Connection, layer: Layer, month: pd.Period, folder: Path) -> Archived:
    """Take a month of a layer out of the database; if that cannot be, it is as it was before.

    Args:
        keeper: of ``alone``.
        layer: a layer that is partitioned.
        month: one whose table stands, attached or left detached by an interrupted run.
        folder: that of the archive.

    Raises:
        ArchiveError: the files cannot be written, or do not hold what the table holds.
    """
    with taken_out(keeper, layer, month), writing() as connection:
        table = f"{SCHEMA}.{partition_name(layer.table, month)}"
        connection.execute(text(f"LOCK TABLE {table} IN SHARE MODE"))
        with writable(folder):
            digest, files = write_month(connection, layer, month, folder)
            place(files, layer.name, month, folder)
            size = sum(file.path.stat().st_size for file in days_of(folder, layer.name, month))
        _record(connection, layer, month, digest, size)
        connection.execute(text(f"DROP TABLE {table}"))
    return Archived(layer.name, month, digest.rows, size)


@contextmanager
def taken_out(keeper: Connection, layer: Layer, month: pd.Period) -> Iterator[None]:
    """A month detached from its parent; attached again unless the block ends well."""
    detach(keeper, layer, month)
    done = False
    try:
        yield
        done = True
    finally:
        if not done:
            # A database that has gone away keeps the table as it is; the next run finds it.
            with suppress(DatabaseUnavailableError), writing() as connection:
                lock_making(connection, layer.table)
                attach(connection, layer.table, month)


def detach(keeper: Connection, layer: Layer, month: pd.Period) -> None:
    """Let a month's table stand alone; readers of the layer go on, and writers wait for a moment."""
    table = layer.table
    standing = standing_months(keeper, table)[month]
    if not standing.attached and not standing.pending:
        return
    lock = func.hashtext(table.fullname)
    keeper.execute(select(func.pg_advisory_lock(ROWS_COME_IN, lock)))
    try:
        way = "FINALIZE" if standing.pending else "CONCURRENTLY"
        keeper.execute(text(f"ALTER TABLE {table.fullname} DETACH PARTITION {SCHEMA}.{standing.name} {way}"))
    finally:
        keeper.execute(select(func.pg_advisory_unlock(ROWS_COME_IN, lock)))


def entry_of(connection: Connection, layer: Layer, month: pd.Period) -> Row[Any] | None:
    """What the catalogue says of a month."""
    query = select(*MONTHS).where(MONTHS.layer == layer.name, MONTHS.month == first_day(month))
    return connection.execute(query).one_or_none()


def first_day(month: pd.Period) -> date:
    """How the catalogue names a month."""
    return date(month.year, month.month, 1)


def _record(connection: Connection, layer: Layer, month: pd.Period, digest: Digest, size: int) -> None:
    first = first_day(month)
    if not digest.rows:
        connection.execute(delete(ArchivedMonth).where(MONTHS.layer == layer.name, MONTHS.month == first))
        return
    table, time = partition_name(layer.table, month), layer.time_column
    first_at, last_at = connection.execute(
        text(f'SELECT min("{time}"), max("{time}") FROM {SCHEMA}.{table}')
    ).one()
    values = {
        "rows": digest.rows,
        "bytes": size,
        "digest": digest.hex,
        "path": month_pattern(layer.name, month),
        "first_at": first_at,
        "last_at": last_at,
        "archived_at": func.now(),
        "restored": False,
    }
    connection.execute(
        insert(ArchivedMonth)
        .values(layer=layer.name, month=first, **values)
        .on_conflict_do_update(index_elements=["layer", "month"], set_=values)
    )
