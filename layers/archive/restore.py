"""An archived month back into the database, and out of it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Column, Connection, Row, text, update

from gis_core.db import SCHEMA, writing
from layers.archive.catalogue import MONTHS, ArchivedMonth
from layers.archive.digest import Digest, digest_of_table
from layers.archive.errors import ArchiveError
from layers.archive.files import days_of, read_day
from layers.archive.month import entry_of, first_day, taken_out
from layers.archive.rewrite import settle
from layers.base import Layer
from layers.copying import copy_rows
from layers.partitions import attach, create_standing, lock_making, partition_name, standing_months


def restore(layer: Layer, month: pd.Period, folder: Path) -> int:
    """Bring a month back, just as it was; one transaction, in which readers and writers go on.

    Nothing is enriched or rolled up: what the files hold is, and roll-ups never left. The caller
    holds ``layers.archive.month.alone``.

    Returns:
        The number of rows.

    Raises:
        ArchiveError: the month is not archived, or its files are not what was written.
    """
    with writing() as connection:
        entry = _archived(connection, layer, month)
        if entry.restored:
            raise ArchiveError(f"{month:%Y-%m} of {layer.name} is restored already.")
        settle(connection, layer, month, folder)
        lock_making(connection, layer.table)
        if month in standing_months(connection, layer.table):
            raise ArchiveError(
                f"{month:%Y-%m} of {layer.name} is being archived; finish that with 'huegis archive run'."
            )
        # Its indexes are made when it is attached, which is faster than row by row.
        table = create_standing(connection, layer.table, month, indexed=False)
        columns = _load(connection, layer, table, month, folder)
        found = digest_of_table(connection, table, columns) if columns else Digest()
        if (found.rows, found.hex) != (entry.rows, entry.digest):
            raise ArchiveError(
                f"The files of {month:%Y-%m} of {layer.name} are not what was archived "
                f"({found.rows:,} of {entry.rows:,} rows, or a value differs); nothing was restored."
            )
        attach(connection, layer.table, month)
        connection.execute(text(f"ANALYZE {table}"))
        _set_restored(connection, layer, month, restored=True)
    return found.rows


def release(keeper: Connection, layer: Layer, month: pd.Period) -> None:
    """Drop a restored month whose rows are still those of its files.

    Raises:
        ArchiveError: the month is not restored, or its rows have changed.
    """
    with writing() as connection:
        entry = _archived(connection, layer, month)
        standing = standing_months(connection, layer.table).get(month)
    if not entry.restored or standing is None:
        raise ArchiveError(f"{month:%Y-%m} of {layer.name} is not restored.")
    with taken_out(keeper, layer, month), writing() as connection:
        if has_changed(connection, layer, month, entry):
            raise ArchiveError(
                f"{month:%Y-%m} of {layer.name} has changed since it was restored; "
                "'huegis archive run' archives it anew."
            )
        _set_restored(connection, layer, month, restored=False)
        connection.execute(text(f"DROP TABLE {SCHEMA}.{partition_name(layer.table, month)}"))


def has_changed(connection: Connection, layer: Layer, month: pd.Period, entry: Row[Any]) -> bool:
    """Whether a restored month holds other rows or values than its files."""
    table = f"{SCHEMA}.{partition_name(layer.table, month)}"
    found = digest_of_table(connection, table, list(layer.table.columns))
    return (found.rows, found.hex) != (entry.rows, entry.digest)


def _load(
    connection: Connection, layer: Layer, table: str, month: pd.Period, folder: Path
) -> list[Column[Any]]:
    """Put all files of a month into its table, and give the columns that they hold between them."""
    names: set[str] = set()
    for file in days_of(folder, layer.name, month):
        for columns, rows in read_day(file.path, layer):
            copy_rows(connection, table, columns, rows)
            names.update(column.name for column in columns)
    return [column for column in layer.table.columns if column.name in names]


def _archived(connection: Connection, layer: Layer, month: pd.Period) -> Row[Any]:
    entry = entry_of(connection, layer, month)
    if entry is None:
        raise ArchiveError(
            f"{month:%Y-%m} of {layer.name} is not archived; 'huegis archive list' shows what is."
        )
    return entry


def _set_restored(connection: Connection, layer: Layer, month: pd.Period, *, restored: bool) -> None:
    connection.execute(
        update(ArchivedMonth)
        .where(MONTHS.layer == layer.name, MONTHS.month == first_day(month))
        .values(restored=restored)
    )
