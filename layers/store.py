"""The one door into the tables: rows by COPY through a staging table, in one transaction.

Things that last (cameras, stations, roads) are known by their code and updated by a
later file; things that happened (detections, observations) are known by their event
identifier and never change. Loading the same rows twice therefore changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from psycopg.errors import DataError, IntegrityError, OutOfMemory
from sqlalchemy import Column, Connection, func, select, text
from sqlalchemy.exc import OperationalError

from gis_core.db import SCHEMA
from gis_core.errors import GisError
from gis_core.ids import event_ids
from layers.base import Layer
from layers.binary_copy import HEADER, TRAILER, encode

_CHUNK_ROWS = 50_000
_MANY_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What became of the rows that were offered to a layer."""

    inserted: int
    updated: int
    unchanged: int

    def __add__(self, other: LoadReport) -> LoadReport:
        return LoadReport(
            self.inserted + other.inserted, self.updated + other.updated, self.unchanged + other.unchanged
        )


def load(connection: Connection, layer: Layer, rows: gpd.GeoDataFrame) -> LoadReport:
    """Put rows into a layer inside the caller's transaction.

    Args:
        connection: an open transaction; nothing is committed here.
        layer: where the rows go.
        rows: columns named as the table's, geometry in EPSG:4326. Columns left out take
            the table's default; the event identifier is made from time, ``origin`` and
            ``origin_key``. Times are aware.

    Returns:
        How many rows were new, changed, and there already.
    """
    return put(connection, layer, rows if rows.empty else complete(layer, rows))


def put(connection: Connection, layer: Layer, rows: gpd.GeoDataFrame) -> LoadReport:
    """Put rows that are ``complete`` into a layer, as ``load`` does."""
    if rows.empty:
        return LoadReport(0, 0, 0)
    if layer.partitioned:
        ensure_partitions(connection, layer, rows[layer.time_column])
    columns = [column for column in layer.table.columns if column.name in rows.columns]
    if layer.time_column is not None:
        # In the order of their identifiers, so that two loads of the same events wait and never deadlock.
        rows = rows.iloc[
            np.argsort(np.array([identifier.bytes for identifier in rows[layer.id_column.name]]))
        ]
        if _append(connection, layer, columns, rows):
            return LoadReport(len(rows), 0, 0)
    staging = _stage(connection, layer, columns)
    _copy(connection, staging, columns, rows)
    return _merge(connection, layer, staging, columns, len(rows))


def complete(layer: Layer, rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rows with their geometry column named, derived columns filled and identifiers given.

    Events are known to the millisecond, as their identifiers are: most file formats hold no
    more, and an event that comes back from one must be the same.
    """
    if rows.geometry.name != layer.geometry_name:
        rows = rows.rename_geometry(layer.geometry_name)
    if layer.derive is not None:
        rows = layer.derive(rows)
    if layer.time_column is not None:
        times = pd.to_datetime(rows[layer.time_column], utc=True).dt.floor("ms")
        rows = rows.assign(**{layer.time_column: times})
        if layer.id_column.name not in rows.columns:
            identifiers = event_ids(times.dt.to_pydatetime(), rows["origin"], rows["origin_key"])
            rows = rows.assign(**{layer.id_column.name: identifiers})
    return rows


def ensure_partitions(connection: Connection, layer: Layer, times: pd.Series) -> None:
    """Make the monthly partitions that these times need; those that exist are left alone.

    A table is made first and attached then: that lets readers go on, whereas making it as
    a partition would lock them out until the whole load is committed.
    """
    months = pd.to_datetime(times, utc=True).dt.tz_localize(None).dt.to_period("M").unique()
    names = {_partition_name(layer, month): month for month in sorted(months)}
    if names.keys() <= _partitions(connection, layer):
        return
    # Two loads that need the same month make it one after the other, not both.
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(layer.table.fullname))))
    there = _partitions(connection, layer)
    try:
        for name in (name for name in names if name not in there):
            _add_partition(connection, layer, name, names[name])
    except OperationalError as error:
        if isinstance(error.orig, OutOfMemory):
            raise GisError(
                f"These rows span {len(names):,} months, more than the database can make at once; "
                "load them in parts, or raise its max_locks_per_transaction."
            ) from error
        raise


def _partition_name(layer: Layer, month: pd.Period) -> str:
    return f"{layer.table.name}_{month:%Y_%m}"


def _partitions(connection: Connection, layer: Layer) -> set[str]:
    # Read from the catalogue itself: to_regclass may still deny what another session just made.
    found = connection.execute(
        text(
            "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid "
            "WHERE inhparent = CAST(:parent AS regclass)"
        ),
        {"parent": layer.table.fullname},
    )
    return set(found.scalars())


def _add_partition(connection: Connection, layer: Layer, name: str, month: pd.Period) -> None:
    # Identifiers and bounds are made here from a table's name and a month: no outside text is in them.
    parent, child = layer.table.fullname, f"{SCHEMA}.{name}"
    first, after = month.start_time, (month + 1).start_time
    connection.execute(text(f"CREATE TABLE {child} (LIKE {parent} INCLUDING ALL)"))
    connection.execute(
        text(
            f"ALTER TABLE {parent} ATTACH PARTITION {child} "
            f"FOR VALUES FROM ('{first:%Y-%m-%d}+00') TO ('{after:%Y-%m-%d}+00')"
        )
    )


def refresh_statistics(connection: Connection, layer: Layer, report: LoadReport) -> None:
    """Let the planner know of a load that changed much; its estimates are shown to clients too."""
    if report.inserted + report.updated >= _MANY_ROWS:
        connection.execute(text(f"ANALYZE {layer.table.fullname}"))


def forget_simulated(connection: Connection, layer: Layer) -> int:
    """Remove the simulated rows of a layer, and say how many they were."""
    result = connection.execute(layer.table.delete().where(layer.table.c.simulated))
    return result.rowcount


def _stage(connection: Connection, layer: Layer, columns: list[Column[Any]]) -> str:
    staging = f"stage_{layer.table.name}"
    names = _names(columns)
    connection.execute(text(f"DROP TABLE IF EXISTS pg_temp.{staging}"))
    connection.execute(
        text(
            f"CREATE TEMPORARY TABLE {staging} ON COMMIT DROP AS "
            f"SELECT {names} FROM {SCHEMA}.{layer.table.name} WITH NO DATA"
        )
    )
    return staging


def _append(connection: Connection, layer: Layer, columns: list[Column[Any]], rows: gpd.GeoDataFrame) -> bool:
    """Copy events straight into their table.

    False, with nothing done, if any of them is there already or breaks a rule: the way
    through the staging table then leaves out the one and names the other.
    """
    try:
        with connection.begin_nested():
            _copy(connection, layer.table.fullname, columns, rows)
    except (DataError, IntegrityError):
        return False
    return True


def _copy(connection: Connection, table: str, columns: list[Column[Any]], rows: gpd.GeoDataFrame) -> None:
    driver = connection.connection.cursor()
    with driver.copy(f"COPY {table} ({_names(columns)}) FROM STDIN (FORMAT binary)") as copy:
        copy.write(HEADER)
        for start in range(0, len(rows), _CHUNK_ROWS):
            copy.write(encode(columns, rows.iloc[start : start + _CHUNK_ROWS]))
        copy.write(TRAILER)


def _merge(
    connection: Connection, layer: Layer, staging: str, columns: list[Column[Any]], offered: int
) -> LoadReport:
    table = f"{SCHEMA}.{layer.table.name}"
    names = _names(columns)
    key = _names(layer.table.primary_key.columns)
    # In the order of the key, so that two loads of the same rows wait for each other and never deadlock.
    rows = f"SELECT {names} FROM {staging} ORDER BY {key}"
    if layer.time_column is not None:
        done = connection.execute(
            text(f"INSERT INTO {table} ({names}) {rows} ON CONFLICT ({key}) DO NOTHING")
        )
        return LoadReport(done.rowcount, 0, offered - done.rowcount)
    rest = [_quoted(column) for column in columns if not column.primary_key]
    assignments = ", ".join(f"{name} = EXCLUDED.{name}" for name in rest)
    changed = " OR ".join(f"old.{name} IS DISTINCT FROM EXCLUDED.{name}" for name in rest)
    # xmax is 0 in a row version that an INSERT made, and the updating transaction's number otherwise.
    counts = connection.execute(
        text(
            f"WITH merged AS (INSERT INTO {table} AS old ({names}) {rows} "
            f"ON CONFLICT ({key}) DO UPDATE SET {assignments} WHERE {changed} "
            "RETURNING (old.xmax = 0) AS is_new) "
            "SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM merged"
        )
    ).one()
    return LoadReport(counts[0], counts[1], offered - counts[0] - counts[1])


def _quoted(column: Column[Any]) -> str:
    """A column's name for SQL; a layer may well have one that is an SQL word."""
    return f'"{column.name}"'


def _names(columns: Iterable[Column[Any]]) -> str:
    return ", ".join(map(_quoted, columns))


def latest(connection: Connection, layer: Layer) -> datetime | None:
    """The latest instant that a layer of events holds, or None where it is empty."""
    moment = connection.execute(select(func.max(layer.event_time))).scalar()
    return None if moment is None else moment.astimezone(UTC)
