"""How a table's columns stand in Parquet, and how they come out of the database and go back.

Rows leave PostgreSQL as CSV, which pyarrow reads faster than any loop of ours could: instants
as microseconds, geometries as hexadecimal WKB, lists of texts as JSON, floats with all their digits.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from geoalchemy2 import Geometry
from pyarrow import csv
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    Integer,
    SmallInteger,
    String,
    Table,
    Uuid,
)

from gis_core.crs import STORAGE_SRID
from layers.archive.errors import ArchiveError

BBOX = "bbox"
"""The covering column that GeoParquet 1.1 names: the box of each geometry, to prune row groups by."""

_BOX = pa.struct([(edge, pa.float32()) for edge in ("xmin", "ymin", "xmax", "ymax")])
_INSTANT = pa.timestamp("us", tz="UTC")
_BLOCK_BYTES = 16 << 20


def parquet_type(column: Column[Any]) -> pa.DataType:
    """The Arrow type that a column has in the archive.

    Raises:
        ArchiveError: the archive has no place for a column of that type.
    """
    known: dict[type, pa.DataType] = {
        SmallInteger: pa.int16(),
        BigInteger: pa.int64(),
        Integer: pa.int32(),
        Float: pa.float64(),
        Boolean: pa.bool_(),
        DateTime: _INSTANT,
        # As text, since not every reader of Parquet knows its type of UUIDs.
        Uuid: pa.string(),
        String: pa.string(),
        Geometry: pa.binary(),
        ARRAY: pa.list_(pa.string()),
    }
    for kind, type_ in known.items():
        if isinstance(column.type, kind):
            return type_
    raise ArchiveError(f"Column {column.name} of {column.table.name} has a type that cannot be archived.")


def parquet_schema(columns: Sequence[Column[Any]]) -> pa.Schema:
    """The columns and the covering column behind them."""
    fields = [pa.field(column.name, parquet_type(column), nullable=column.nullable) for column in columns]
    return pa.schema([*fields, pa.field(BBOX, _BOX, nullable=False)])


def csv_columns(columns: Sequence[Column[Any]]) -> str:
    """What to SELECT so that ``open_rows`` understands it."""
    return ", ".join(_csv_column(column) for column in columns)


def open_rows(
    stream: Any, columns: Sequence[Column[Any]], block_bytes: int = _BLOCK_BYTES
) -> csv.CSVStreamingReader:
    """Batches of the rows that ``COPY … TO STDOUT (FORMAT csv)`` sends, each of so many bytes of text."""
    wire = {column.name: _wire_type(column) for column in columns}
    return csv.open_csv(
        stream,
        # Read in this very thread: the stream is a connection to the database.
        read_options=csv.ReadOptions(column_names=list(wire), block_size=block_bytes, use_threads=False),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=wire,
            # PostgreSQL writes NULL as nothing and an empty text as two quotes.
            null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False,
            true_values=["t"], false_values=["f"],
        ),
    )  # fmt: skip


def to_parquet(batch: pa.RecordBatch, columns: Sequence[Column[Any]], geometry_name: str) -> pa.Table:
    """A batch of ``open_rows`` as it stands in a file; the box is that of ``geometry_name``."""
    arrays: list[pa.Array] = []
    box = None
    for column in columns:
        array = batch.column(column.name)
        if isinstance(column.type, Geometry):
            shapes = shapely.from_wkb(array.to_numpy(zero_copy_only=False))
            array = pa.array(shapely.to_wkb(shapes), pa.binary())
            if column.name == geometry_name:
                box = _boxes(shapely.bounds(shapes))
        elif isinstance(column.type, ARRAY):
            lists = [None if text is None else json.loads(text) for text in array.to_pylist()]
            array = pa.array(lists, parquet_type(column))
        arrays.append(array.cast(parquet_type(column)))
    return pa.Table.from_arrays([*arrays, box], schema=parquet_schema(columns))


def to_rows(batch: pa.RecordBatch, columns: Sequence[Column[Any]], geometry_name: str) -> gpd.GeoDataFrame:
    """A batch of a file as rows that ``layers.binary_copy`` takes."""
    frame = batch.select([column.name for column in columns]).to_pandas(integer_object_nulls=True)
    for column in columns:
        if isinstance(column.type, Geometry):
            frame[column.name] = shapely.from_wkb(frame[column.name].to_numpy(object))
        elif isinstance(column.type, Uuid):
            frame[column.name] = frame[column.name].astype(object).map(UUID, na_action="ignore")
    return gpd.GeoDataFrame(frame, geometry=geometry_name, crs=STORAGE_SRID)


def columns_in(schema: pa.Schema, table: Table) -> list[Column[Any]]:
    """The table's columns that a file holds, in the order of the file.

    Raises:
        ArchiveError: the file holds a column that the table does not have.
    """
    names = [name for name in schema.names if name != BBOX]
    strange = [name for name in names if name not in table.columns]
    if strange:
        raise ArchiveError(
            f"The archive of {table.name} holds columns that the table no longer has: {', '.join(strange)}."
        )
    return [table.columns[name] for name in names]


def times_us(batch: pa.RecordBatch | pa.Table, time_column: str) -> np.ndarray:
    """Microseconds since 1970 of every row."""
    column = batch.column(time_column)
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    values: np.ndarray = pc.cast(whole, pa.int64()).to_numpy()
    return values


def _csv_column(column: Column[Any]) -> str:
    name = f'"{column.name}"'
    if isinstance(column.type, DateTime):
        return f"CAST(extract(epoch FROM {name}) * 1000000 AS bigint)"
    if isinstance(column.type, Geometry):
        return f"encode(ST_AsBinary({name}), 'hex')"
    return f"to_json({name})" if isinstance(column.type, ARRAY) else name


def _wire_type(column: Column[Any]) -> pa.DataType:
    if isinstance(column.type, DateTime):
        return pa.int64()
    return pa.string() if isinstance(column.type, Geometry | ARRAY) else parquet_type(column)


def _boxes(bounds: np.ndarray) -> pa.StructArray:
    """Boxes in single precision that hold those in double precision."""
    west_south = np.nextafter(bounds[:, :2].astype(np.float32), np.float32(-np.inf))
    east_north = np.nextafter(bounds[:, 2:].astype(np.float32), np.float32(np.inf))
    edges = [pa.array(edge) for edge in (*west_south.T, *east_north.T)]
    return pa.StructArray.from_arrays(edges, fields=list(_BOX))
