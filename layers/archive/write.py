"""Out of a table into files: one sorted pass through the database, one batch in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import reduce
from pathlib import Path

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, text

from gis_core.db import SCHEMA
from gis_core.types import Bounds
from layers.archive.columns import csv_columns, open_rows
from layers.archive.digest import Digest, digest_of_table
from layers.archive.errors import ArchiveError
from layers.archive.files import DayFile, clear_parts, digest_of_day, write_days
from layers.base import Layer
from layers.copying import Reader
from layers.partitions import partition_name

_SORT_MEMORY = "128MB"


def write_month(
    connection: Connection, layer: Layer, month: pd.Period, folder: Path
) -> tuple[Digest, list[DayFile]]:
    """Write a month's table to files beside their places, and see that they hold what it holds.

    Raises:
        ArchiveError: they do not, or a row cannot be written.
        OSError: neither can a file.
    """
    table = f"{SCHEMA}.{partition_name(layer.table, month)}"
    columns = list(layer.table.columns)
    clear_parts(layer.name, month, folder)
    expected = digest_of_table(connection, table, columns)
    if not expected.rows:
        return expected, []
    boxes = _boxes(connection, layer, table)
    connection.execute(text(f"SET LOCAL work_mem = '{_SORT_MEMORY}'"))
    time, geometry, key = (f'"{c}"' for c in (layer.time_column, layer.geometry_name, layer.id_column.name))
    # By the hour, then along the Hilbert curve by which PostGIS sorts: both prune row groups.
    ordered = (
        f"SELECT {csv_columns(columns)} FROM {table} "
        f"ORDER BY date_trunc('hour', {time}, 'UTC'), {geometry}, {time}, {key}"
    )
    with connection.connection.cursor().copy(f"COPY ({ordered}) TO STDOUT (FORMAT csv)") as copy:
        batches = open_rows(Reader(copy), columns)
        files = write_days(_read(batches), columns, layer, folder, boxes)
    found = reduce(Digest.plus, (digest_of_day(file.path, layer) for file in files), Digest())
    if found != expected:
        raise ArchiveError(
            f"The files of {month:%Y-%m} do not hold what {layer.name} holds "
            f"({found.rows:,} of {expected.rows:,} rows, or a value differs); nothing was archived."
        )
    return expected, files


def _boxes(connection: Connection, layer: Layer, table: str) -> dict[date, Bounds]:
    """The limits of every day's geometries."""
    found = connection.execute(
        text(
            "SELECT day, ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box) FROM ("
            f"SELECT CAST(\"{layer.time_column}\" AT TIME ZONE 'UTC' AS date) AS day, "
            f'ST_Extent("{layer.geometry_name}") AS box FROM {table} GROUP BY 1) AS days'
        )
    )
    return {day: Bounds(*edges) for day, *edges in found}


def _read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    try:
        yield from batches
    except pa.ArrowException as error:
        raise ArchiveError(f"A row cannot be archived: {error}.") from error
