"""The one door into the tables: rows by COPY through a staging table, in one transaction.

Things that last (cameras, stations, roads) are known by their code and updated by a
later file; things that happened (detections, observations) are known by their event
identifier and never change. Loading the same rows twice therefore changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import pandas as pd
from psycopg.errors import DataError, IntegrityError
from sqlalchemy import Column, Connection, func, select, text

from gis_core.db import SCHEMA
from layers.base import Layer
from layers.copying import copy_rows, quoted_name, quoted_names
from layers.fresh_months import FreshMonths
from layers.identifiers import identify, order_of, which_are
from layers.partitions import ensure_partitions, months_of, partition_name
from layers.versions import bump

_MANY_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What became of the rows that were offered to a layer; ``months`` are those that new events fell in."""

    inserted: int
    updated: int
    unchanged: int
    months: frozenset[pd.Period] = field(default=frozenset(), compare=False)

    def __add__(self, other: LoadReport) -> LoadReport:
        return LoadReport(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.months | other.months,
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


def put(
    connection: Connection,
    layer: Layer,
    rows: gpd.GeoDataFrame,
    *,
    enrich: bool = True,
    fresh: FreshMonths | None = None,
) -> LoadReport:
    """Put rows that are ``complete`` into a layer, as ``load`` does.

    What the layer rolls up is rolled up in the same transaction. Without ``enrich`` both are left
    for later: that is for history in bulk, which ``huegis detections enrich`` then catches up.
    With ``fresh`` the months that are missing are made there, and attached by whoever began it.
    """
    if rows.empty:
        return LoadReport(0, 0, 0)
    if layer.time_column is None:
        bump(connection, layer.table.name)
        return _merge(connection, layer, rows)
    if fresh is None and layer.partitioned:
        ensure_partitions(connection, layer.table, rows[layer.time_column])
    # In the order of their identifiers, so that two loads of the same events wait and never deadlock.
    rows = rows.iloc[order_of(rows[layer.id_column.name])]
    if enrich and layer.enrich is not None:
        rows = layer.enrich(connection, rows)
    parts = fresh.parts(rows) if fresh is not None else {layer.table.fullname: rows}
    added = [_add_events(connection, layer, part, table) for table, part in parts.items()]
    new = added[0] if len(added) == 1 else pd.concat(added)
    roll_up = layer.roll_up if enrich else layer.postpone
    if roll_up is not None and not new.empty:
        roll_up(connection, new)
    months = months_of(new[layer.time_column]) if layer.partitioned else ()
    return LoadReport(len(new), 0, len(rows) - len(new), frozenset(months))


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
            identifiers = identify(times, rows["origin"], rows["origin_key"])
            rows = rows.assign(**{layer.id_column.name: identifiers})
    return rows


def refresh_statistics(connection: Connection, layer: Layer, report: LoadReport) -> None:
    """Let the planner know of a load that changed much; its estimates are shown to clients too.

    Of events only the months that it touched are looked at: the others may be years of them.
    """
    if report.inserted + report.updated < _MANY_ROWS:
        return
    touched = [f"{SCHEMA}.{partition_name(layer.table, month)}" for month in sorted(report.months)]
    connection.execute(text(f"ANALYZE {', '.join(touched or [layer.table.fullname])}"))


def forget_simulated(connection: Connection, layer: Layer) -> int:
    """Remove the simulated rows of a layer, and say how many they were."""
    if layer.time_column is None:
        bump(connection, layer.table.name)
    if layer.roll_back is not None:
        layer.roll_back(connection)
    result = connection.execute(layer.table.delete().where(layer.table.c.simulated))
    return result.rowcount


def _add_events(connection: Connection, layer: Layer, rows: gpd.GeoDataFrame, table: str) -> gpd.GeoDataFrame:
    """Add events to the layer's table, or to that of one month; gives back those that were new."""
    return rows if _append(connection, layer, rows, table) else _merge_events(connection, layer, rows, table)


def _append(connection: Connection, layer: Layer, rows: gpd.GeoDataFrame, table: str) -> bool:
    """Copy events straight into their table.

    False, with nothing done, if any of them is there already or breaks a rule: the way
    through the staging table then leaves out the one and names the other.
    """
    try:
        with connection.begin_nested():
            copy_rows(connection, table, _columns(layer, rows), rows)
    except (DataError, IntegrityError):
        return False
    return True


def _merge_events(
    connection: Connection, layer: Layer, rows: gpd.GeoDataFrame, table: str
) -> gpd.GeoDataFrame:
    """Insert the events that are not there yet, and give those back."""
    names, key, staging = _stage(connection, layer, rows)
    identifier = quoted_name(layer.id_column)
    # Of several rows of one event the first, which the physical order of the staging table tells.
    inserted = connection.execute(
        text(
            f"INSERT INTO {table} ({names}) "
            f"SELECT {names} FROM {staging} ORDER BY {key}, ctid "
            f"ON CONFLICT ({key}) DO NOTHING RETURNING {identifier}"
        )
    )
    return rows[which_are(rows[layer.id_column.name], inserted.scalars())]


def _merge(connection: Connection, layer: Layer, rows: gpd.GeoDataFrame) -> LoadReport:
    """Insert things that last, or update those that differ from what is there."""
    names, key, staging = _stage(connection, layer, rows)
    rest = [quoted_name(column) for column in _columns(layer, rows) if not column.primary_key]
    assignments = ", ".join(f"{name} = EXCLUDED.{name}" for name in rest)
    changed = " OR ".join(f"old.{name} IS DISTINCT FROM EXCLUDED.{name}" for name in rest)
    # In the order of the key, so that two loads of the same rows wait for each other and never deadlock.
    # xmax is 0 in a row version that an INSERT made, and the updating transaction's number otherwise.
    counts = connection.execute(
        text(
            f"WITH merged AS (INSERT INTO {layer.table.fullname} AS old ({names}) "
            f"SELECT {names} FROM {staging} ORDER BY {key} "
            f"ON CONFLICT ({key}) DO UPDATE SET {assignments} WHERE {changed} "
            "RETURNING (old.xmax = 0) AS is_new) "
            "SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM merged"
        )
    ).one()
    return LoadReport(counts[0], counts[1], len(rows) - counts[0] - counts[1])


def _stage(connection: Connection, layer: Layer, rows: gpd.GeoDataFrame) -> tuple[str, str, str]:
    """Copy rows into a temporary table; the names of their columns and of the key, and the table's own."""
    columns = _columns(layer, rows)
    staging, names = f"pg_temp.stage_{layer.table.name}", quoted_names(columns)
    connection.execute(text(f"DROP TABLE IF EXISTS {staging}"))
    connection.execute(
        text(
            f"CREATE TEMPORARY TABLE stage_{layer.table.name} ON COMMIT DROP AS "
            f"SELECT {names} FROM {layer.table.fullname} WITH NO DATA"
        )
    )
    copy_rows(connection, staging, columns, rows)
    return names, quoted_names(layer.table.primary_key.columns), staging


def _columns(layer: Layer, rows: gpd.GeoDataFrame) -> list[Column[Any]]:
    return [column for column in layer.table.columns if column.name in rows.columns]


def latest(connection: Connection, layer: Layer) -> datetime | None:
    """The latest instant that a layer of events holds, or None where it is empty."""
    moment = connection.execute(select(func.max(layer.event_time))).scalar()
    return None if moment is None else moment.astimezone(UTC)
