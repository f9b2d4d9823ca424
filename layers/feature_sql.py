"""A feature as JSON text that PostGIS writes: GeoJSON, and JSON-FG beyond it.

JSON-FG is OGC 21-045r1: ``time`` says when the feature was, ``place`` where it is in a CRS that
GeoJSON does not know; ``geometry`` is then null, or the same shape in CRS84 in profile ``jsonfg-plus``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

from pyproj import CRS
from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    DateTime,
    Float,
    FromClause,
    and_,
    case,
    cast,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy import Text as SqlText
from sqlalchemy.sql.selectable import Join, Subquery

from gis_core.crs import STORAGE_SRID
from layers.base import Layer

Form = Literal["geojson", "jsonfg", "jsonfg-plus"]
"""How a feature is written: RFC 7946, or one of the two profiles of JSON-FG."""

_DIGITS_DEGREES = 7
_DIGITS_METRES = 3


def with_properties(rows: Subquery, shown: Sequence[Column[Any]]) -> Join:
    """The rows, and beside each the record ``properties`` that ``feature_text`` makes JSON of."""
    values = (readable(rows.c[column.name]).label(column.name) for column in shown)
    return rows.join(select(*values).correlate(rows).lateral("properties"), true())


def feature_text(
    layer: Layer, rows: FromClause, form: Form, srid: int, *, y_first: bool
) -> ColumnElement[str]:
    """One feature as text, from ``rows`` with ``_id``, ``_geometry`` and, where it has one, ``_time``."""
    shape, stored = rows.c["_geometry"], geometry_text(layer, rows.c["_geometry"], STORAGE_SRID)
    if form == "geojson":
        placed = [sql_text(',"geometry":'), _or_null(geometry_text(layer, shape, srid, y_first=y_first))]
    else:
        time: ColumnElement[Any] = sql_text("null")
        if layer.time_column is not None:
            instant = func.to_json(readable(rows.c["_time"]))
            time = func.concat(sql_text('{"timestamp":'), instant, sql_text("}"))
        if srid == STORAGE_SRID and not y_first:
            place, geometry = sql_text("null"), _or_null(stored)
        else:
            place = _or_null(geometry_text(layer, shape, srid, y_first=y_first))
            geometry = _or_null(stored) if form == "jsonfg-plus" else sql_text("null")
        placed = [sql_text(',"time":'), time, sql_text(',"place":'), place,
                  sql_text(',"geometry":'), geometry]  # fmt: skip
    return func.concat(
        sql_text('{"type":"Feature","id":'),
        func.to_json(cast(rows.c["_id"], SqlText)),
        *placed,
        sql_text(',"properties":'),
        func.row_to_json(literal_column("properties")),
        sql_text("}"),
    )


def readable(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Times as ISO 8601 with Z, numbers with a point in them; the rest as PostgreSQL writes it in JSON."""
    if isinstance(column.type, DateTime):
        return iso_time(column)
    if isinstance(column.type, Float):
        # Clients that guess types take a page of 10, 20, 30 for whole numbers and cut the next page's 10.5.
        is_whole = and_(column == func.trunc(column), func.abs(column) < literal_column("1e15"))
        with_point = cast(cast(column, SqlText).op("||")(sql_text(".0")), JSON)
        return case((is_whole, with_point), else_=func.to_json(column))
    return column


def iso_time(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """An instant as ISO 8601 with Z."""
    iso = func.to_json(func.timezone(sql_text("UTC"), column)).op("#>>")(literal_column("'{}'"))
    return iso.op("||")(sql_text("Z"))


def geometry_text(
    layer: Layer, geometry: ColumnElement[Any], srid: int, *, y_first: bool = False
) -> ColumnElement[Any]:
    """A geometry of EPSG:4326 as GeoJSON text in a CRS, with as many digits as mean something."""
    shape = shaped(layer, geometry, srid)
    if y_first:
        shape = func.ST_FlipCoordinates(shape)
    return func.ST_AsGeoJSON(shape, literal_column(str(digits(srid))), literal_column("0"))


def shaped(layer: Layer, geometry: ColumnElement[Any], srid: int) -> ColumnElement[Any]:
    """A geometry of EPSG:4326 in a CRS, x first, its rings turning as RFC 7946 wants them."""
    if "POLYGON" in layer.geometry_type:
        # RFC 7946, section 3.1.6: exterior rings run counterclockwise.
        geometry = func.ST_ForcePolygonCCW(geometry)
    if srid != STORAGE_SRID:
        geometry = func.ST_Transform(geometry, literal_column(str(srid)))
    return geometry


@cache
def digits(srid: int) -> int:
    """Decimals of coordinates: 1 cm in degrees, 1 mm in metres."""
    return _DIGITS_DEGREES if is_geographic(srid) else _DIGITS_METRES


@cache
def is_geographic(srid: int) -> bool:
    """Whether coordinates are degrees."""
    return bool(CRS(srid).is_geographic)


def sql_text(constant: str) -> ColumnElement[str]:
    """A constant of this house as SQL text; never anything from outside."""
    return literal_column(f"'{constant}'", SqlText)


def _or_null(geometry: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(geometry, sql_text("null"))
