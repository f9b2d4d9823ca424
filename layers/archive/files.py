"""The files of the archive: ``<layer>/date=<day>/<layer>.parquet``, GeoParquet 1.1, one a UTC day."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyproj import CRS
from sqlalchemy import Column

from gis_core.crs import STORAGE_SRID
from gis_core.types import Bounds
from layers.archive.columns import (
    BBOX,
    columns_in,
    parquet_schema,
    times_us,
    to_parquet,
    to_rows,
)
from layers.archive.digest import Digest, digest_of_rows
from layers.archive.errors import ArchiveError
from layers.base import Layer

ROW_GROUP_ROWS = 32_768
"""A row group is read whole or not at all: few enough to skip most of a day, enough to compress well."""

_COMPRESSION_LEVEL = 6
_DAY_US = 86_400_000_000
_EPOCH = date(1970, 1, 1)
_GEOPARQUET_TYPES = {
    "POINT": "Point",
    "LINESTRING": "LineString",
    "MULTILINESTRING": "MultiLineString",
    "POLYGON": "Polygon",
    "MULTIPOLYGON": "MultiPolygon",
}


class DayFile(NamedTuple):
    """One day of a layer in the archive."""

    day: date
    path: Path


def day_path(folder: Path, layer: str, day: date) -> Path:
    """Where a day of a layer lies under the archive's folder."""
    return folder / layer / f"date={day.isoformat()}" / f"{layer}.parquet"


def part_path(path: Path) -> Path:
    """Where a file is written that is to be ``path``; readers of the whole folder pass over it."""
    return path.with_name(f".{path.name}.part")


def month_pattern(layer: str, month: pd.Period) -> str:
    """The pattern of a month's daily folders, from the archive's folder."""
    return f"{layer}/date={month.year:04d}-{month.month:02d}-*"


def days_of(folder: Path, layer: str, month: pd.Period) -> list[DayFile]:
    """The daily files of a month that are there, in order."""
    paths = sorted(folder.glob(f"{month_pattern(layer, month)}/{layer}.parquet"))
    return [DayFile(date.fromisoformat(path.parent.name.removeprefix("date=")), path) for path in paths]


def read_day(
    path: Path, layer: Layer, only: Sequence[str] | None = None
) -> Iterator[tuple[list[Column[Any]], gpd.GeoDataFrame]]:
    """The rows of a file, row group by row group, with the columns that the file holds.

    Args:
        path: the file.
        layer: whose rows it holds.
        only: the columns to read beside the geometry; all by default.

    Raises:
        ArchiveError: the file cannot be read, or holds columns that the layer does not have.
    """
    try:
        with pq.ParquetFile(path) as file:
            columns = columns_in(file.schema_arrow, layer.table)
            if only is not None:
                columns = [one for one in columns if one.name in (layer.geometry_name, *only)]
            for batch in file.iter_batches(ROW_GROUP_ROWS, columns=[column.name for column in columns]):
                yield columns, to_rows(batch, columns, layer.geometry_name)
    except (OSError, pa.ArrowException) as error:
        raise ArchiveError(f"{path} cannot be read: {error}.") from error


def digest_of_day(path: Path, layer: Layer) -> Digest:
    """The digest of a file's rows; see ``read_day`` for errors."""
    digest = Digest()
    for columns, rows in read_day(path, layer):
        digest = digest.plus(digest_of_rows(columns, rows))
    return digest


def write_days(
    batches: Iterator[pa.RecordBatch],
    columns: Sequence[Column[Any]],
    layer: Layer,
    folder: Path,
    boxes: Mapping[date, Bounds],
) -> list[DayFile]:
    """Write rows, which come in the order of their hours, as one file a day; all are on disk then.

    Args:
        batches: of ``layers.archive.columns.open_rows``; only one is in memory.
        columns: those of the batches.
        layer: whose rows they are.
        folder: that of the archive.
        boxes: the limits of each day's geometries, EPSG:4326.

    Returns:
        The files, each beside its place (``part_path``); ``place`` moves them there.
    """
    written: list[DayFile] = []
    writer: DayWriter | None = None
    try:
        for batch in batches:
            table = to_parquet(batch, columns, layer.geometry_name)
            for day, rows in _by_day(table, str(layer.time_column)):
                if writer is None or written[-1].day != day:
                    if writer is not None:
                        writer.finish()
                    written.append(DayFile(day, part_path(day_path(folder, layer.name, day))))
                    schema = parquet_schema(columns).with_metadata(geo_metadata(layer, boxes[day]))
                    writer = DayWriter(written[-1].path, schema)
                writer.add(rows)
        if writer is not None:
            writer.finish()
    finally:
        if writer is not None:
            writer.abandon()
    return written


class DayWriter:
    """One file that is being written, in row groups of equal size; ``schema`` says all of GeoParquet."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        self._waiting: list[pa.Table] = []
        self._rows = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = pq.ParquetWriter(
            path, schema, compression="zstd", compression_level=_COMPRESSION_LEVEL,
            write_page_index=True,
        )  # fmt: skip

    def add(self, table: pa.Table) -> None:
        """Take rows, whose columns are those of the schema."""
        self._waiting.append(table)
        self._rows += len(table)
        if self._rows >= ROW_GROUP_ROWS:
            self._write(self._rows - self._rows % ROW_GROUP_ROWS)

    def finish(self) -> None:
        """Have the file whole and on disk."""
        if self._rows:
            self._write(self._rows)
        self._writer.close()
        sync(self._path)
        sync(self._path.parent)

    def abandon(self) -> None:
        """Let go of the file, which may not be whole; nothing more if it is."""
        self._writer.close()

    def _write(self, rows: int) -> None:
        table = pa.concat_tables(self._waiting)
        self._writer.write_table(table.slice(0, rows), row_group_size=ROW_GROUP_ROWS)
        self._waiting = [table.slice(rows)]
        self._rows -= rows


def geo_metadata(
    layer: Layer, box: Bounds | None, name: str | None = None, srid: int = STORAGE_SRID
) -> dict[str, str]:
    """What GeoParquet 1.1 says of a file: CRS, type and limits of the geometries, and their covering.

    ``name`` is the column of the geometries, by default the layer's; ``box`` None is of no geometry.
    """
    column = {
        "encoding": "WKB",
        "geometry_types": [_GEOPARQUET_TYPES[layer.geometry_type]],
        "crs": CRS.from_epsg(srid).to_json_dict(),
        "covering": {"bbox": {edge: [BBOX, edge] for edge in ("xmin", "ymin", "xmax", "ymax")}},
    }
    if box is not None:
        column["bbox"] = list(box)
    name = name or layer.geometry_name
    return {"geo": json.dumps({"version": "1.1.0", "primary_column": name, "columns": {name: column}})}


def _by_day(table: pa.Table, time_column: str) -> Iterator[tuple[date, pa.Table]]:
    days = times_us(table, time_column) // _DAY_US
    starts = [0, *(np.flatnonzero(np.diff(days)) + 1).tolist(), len(days)]
    for start, end in pairwise(starts):
        yield _EPOCH + timedelta(days=int(days[start])), table.slice(start, end - start)


def sync(path: Path) -> None:
    """Have a file, or the entries of a folder, on disk before going on."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def place(written: Sequence[DayFile], layer: str, month: pd.Period, folder: Path) -> None:
    """Move finished files of a month to their places, and remove what else is there of that month."""
    for file in written:
        os.replace(file.path, day_path(folder, layer, file.day))
        sync(file.path.parent)
    kept = {file.day for file in written}
    for old in days_of(folder, layer, month):
        if old.day not in kept:
            old.path.unlink()
            old.path.parent.rmdir()
    if (folder / layer).is_dir():
        sync(folder / layer)


def clear_parts(layer: str, month: pd.Period, folder: Path) -> None:
    """Remove what an interrupted writing of a month left."""
    for part in folder.glob(f"{month_pattern(layer, month)}/{part_path(Path(f'{layer}.parquet')).name}"):
        part.unlink()
        if not any(part.parent.iterdir()):
            part.parent.rmdir()


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """Turn what the file system refuses into a sentence."""
    try:
        yield
    except OSError as error:
        raise ArchiveError(
            f"The archive at {folder} cannot be written: {error.strerror or error}."
        ) from error
