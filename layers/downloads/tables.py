"""Features as Arrow tables, a batch at a time, and the files that are written of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
from geoalchemy2 import Geometry
from sqlalchemy import (
    ARRAY,
    Column,
    Connection,
    Integer,
    LargeBinary,
    bindparam,
    cast,
    func,
    select,
    type_coerce,
)
from sqlalchemy import Text as SqlText

from gis_core.types import Bounds
from layers.archive.columns import BBOX, csv_columns, open_rows, parquet_schema, to_parquet
from layers.archive.files import geo_metadata
from layers.copying import Reader
from layers.downloads.copying import copied
from layers.feature_sql import shaped
from layers.page_sql import Shape, compiled, rows_of
from layers.query import FeatureQuery, request_of

GEOMETRY = "geometry"
_ROW_GROUP_ROWS = 65_536
_BLOCK_BYTES = 4 << 20
_MOST_INDEXED = 500_000
"""GDAL keeps about 250 bytes for each feature of a FlatGeobuf's index until the file is whole."""
_OGR_TYPES = {
    "POINT": "Point",
    "LINESTRING": "LineString",
    "MULTILINESTRING": "MultiLineString",
    "POLYGON": "Polygon",
    "MULTIPOLYGON": "MultiPolygon",
}


def write_geopackage(connection: Connection, query: FeatureQuery, path: Path, found: int) -> None:
    """A GeoPackage of one layer, with a spatial index."""
    layer = query.layer
    said = {"IDENTIFIER": layer.title.both, "DESCRIPTION": layer.description.both}
    _write_ogr(connection, query, path, "GPKG", said)


def write_flatgeobuf(connection: Connection, query: FeatureQuery, path: Path, found: int) -> None:
    """A FlatGeobuf file, with its spatial index unless there are so many features that it takes memory."""
    layer = query.layer
    said = {"TITLE": layer.title.both, "DESCRIPTION": layer.description.both}
    said["SPATIAL_INDEX"] = "YES" if found <= _MOST_INDEXED else "NO"
    _write_ogr(connection, query, path, "FlatGeobuf", said)


def write_geoparquet(connection: Connection, query: FeatureQuery, path: Path, found: int) -> None:
    """A GeoParquet 1.1 file: WKB, the CRS as PROJJSON, and a covering column to skip row groups by."""
    shape, _, _ = request_of(query)
    columns = _columns(shape, lists=True)
    extent: Bounds | None = None
    with pq.ParquetWriter(path, parquet_schema(columns), compression="zstd", write_page_index=True) as file:
        for table in _tables(connection, query, columns):
            file.write_table(table, row_group_size=_ROW_GROUP_ROWS)
            extent = _grown(extent, table)
        file.add_key_value_metadata(geo_metadata(shape.layer, extent, GEOMETRY, shape.srid))


def _write_ogr(
    connection: Connection, query: FeatureQuery, path: Path, driver: str, said: dict[str, str]
) -> None:
    shape, _, _ = request_of(query)
    columns = _columns(shape, lists=False)
    schema = parquet_schema(columns)
    schema = schema.remove(schema.get_field_index(BBOX))
    batches = (
        batch
        for table in _tables(connection, query, columns)
        for batch in table.drop_columns(BBOX).to_batches()
    )
    pyogrio.write_arrow(
        pa.RecordBatchReader.from_batches(schema, batches),
        path,
        driver=driver,
        layer=shape.layer.name,
        geometry_name=GEOMETRY,
        geometry_type=_OGR_TYPES[shape.layer.geometry_type],
        crs=f"EPSG:{shape.srid}",
        layer_options=said,
    )


def _tables(connection: Connection, query: FeatureQuery, columns: list[Column[Any]]) -> Iterator[pa.Table]:
    shape, _, _ = request_of(query)
    lists = any(isinstance(column.type, ARRAY) for column in columns)
    statement = f"SELECT {csv_columns(columns)} FROM ({_rows_sql(shape, lists)}) AS features"
    rows = copied(connection, query, statement, "FORMAT csv")
    first = next(rows, None)
    if first is None:
        return
    for batch in open_rows(Reader(chain([first], rows)), columns, _BLOCK_BYTES):
        yield to_parquet(batch, columns, GEOMETRY)


@lru_cache(maxsize=256)
def _rows_sql(shape: Shape, lists: bool) -> str:
    """The rows under the names that ``_columns`` gives them; lists as they are, or as JSON text."""
    layer, rows = shape.layer, rows_of(shape, bindparam("_limit", type_=Integer))
    values: list[Any] = [rows.c["_id"].label(layer.id_column.name)]
    for column in shape.shown:
        value: Any = rows.c[column.name]
        if isinstance(column.type, ARRAY) and not lists:
            value = cast(func.to_json(value), SqlText)
        values.append(value.label(column.name))
    geometry = shaped(layer, rows.c["_geometry"], shape.srid)
    # As another type, since one of geometries would be made binary here already.
    return compiled(select(*values, type_coerce(geometry, LargeBinary).label(GEOMETRY)))


def _columns(shape: Shape, *, lists: bool) -> list[Column[Any]]:
    layer = shape.layer
    shown = [
        Column(column.name, SqlText if isinstance(column.type, ARRAY) and not lists else column.type)
        for column in (layer.id_column, *shape.shown)
    ]
    return [*shown, Column(GEOMETRY, Geometry(layer.geometry_type, srid=shape.srid))]


def _grown(extent: Bounds | None, table: pa.Table) -> Bounds:
    boxes = table.column(BBOX).combine_chunks().flatten()
    west, south, east, north = (edge.to_numpy() for edge in boxes)
    here = Bounds(*map(float, (west.min(), south.min(), east.max(), north.max())))
    if extent is None:
        return here
    return Bounds(
        min(extent.west, here.west), min(extent.south, here.south),
        max(extent.east, here.east), max(extent.north, here.north),
    )  # fmt: skip
