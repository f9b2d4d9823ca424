"""Features of a layer as GeoJSON text that PostGIS makes, a page at a time.

One statement makes the whole page, so that the service hands bytes on without parsing
them. Pages follow each other by the identifier of the last feature, never by an offset:
the thousandth page costs what the first one does. Nothing counts a whole table.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Select,
    Subquery,
    cast,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects import postgresql

from gis_core.crs import CRS84_URI, STORAGE_SRID, OutputCRS, parse_crs, transformer
from gis_core.errors import FeatureNotFoundError, InvalidParameterError
from gis_core.types import Bounds
from layers.base import Layer
from layers.count import Matched, count_matches
from layers.filters import parse_value

_DIGITS_DEGREES = 7
_DIGITS_METRES = 3
_EDGE_PARTS = 32
"""A box's edge is cut into so many parts before it is transformed, for straight lines bend."""


class Interval(NamedTuple):
    """A stretch of time as a request gives it; None is an open end. Both are aware."""

    start: datetime | None
    end: datetime | None
    end_included: bool = True


@dataclass(frozen=True, slots=True)
class FeatureQuery:
    """What is wanted of a layer.

    ``bbox`` has x first whatever the authority says, in the units of ``bbox_srid``; in
    degrees a west beyond the east crosses the antimeridian. ``equals`` gives columns their
    value, of the column's type; an array column must contain it. ``cursor`` is the
    ``next_cursor`` of the page before. ``properties`` None means all of them.
    """

    layer: Layer
    limit: int
    bbox: Bounds | None = None
    bbox_srid: int = STORAGE_SRID
    interval: Interval | None = None
    equals: Mapping[str, Any] = field(default_factory=dict)
    cursor: str | None = None
    crs: OutputCRS = parse_crs(CRS84_URI)
    properties: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class FeaturePage:
    """One page: GeoJSON features with commas between them, and what is known of the rest."""

    features_json: str
    number_returned: int
    next_cursor: str | None
    matched: Matched


def read_page(connection: Connection, query: FeatureQuery, exact_count_below: int) -> FeaturePage:
    """One page of features, in the order of their identifiers.

    Raises:
        InvalidParameterError: the cursor is none of this layer's, or the box makes no sense.
    """
    conditions = _conditions(query)
    after = [] if query.cursor is None else [_after(query.layer, query.cursor)]
    features, found, last_id = connection.execute(_page_statement(query, [*conditions, *after])).one()
    more = found > query.limit
    returned = min(found, query.limit)
    if query.cursor is None and not more:
        matched = Matched(returned, is_exact=True)
    else:
        matched = count_matches(connection, query.layer, conditions, exact_count_below, at_least=returned + more)
    cursor = encode_cursor(query.layer, last_id) if more else None
    return FeaturePage(features or "", returned, cursor, matched)


def read_feature(connection: Connection, layer: Layer, feature_id: str, crs: OutputCRS) -> str:
    """One feature as GeoJSON text.

    Raises:
        FeatureNotFoundError: no feature has that identifier, or none ever could.
    """
    try:
        value = parse_value(layer.id_column, feature_id)
    except InvalidParameterError as error:
        raise FeatureNotFoundError(layer.name, feature_id[:80]) from error
    query = FeatureQuery(layer, limit=1, crs=crs)
    found: str | None = connection.execute(_page_statement(query, [layer.id_column == value])).scalar()
    if found is None:
        raise FeatureNotFoundError(layer.name, feature_id[:80])
    return found


def encode_cursor(layer: Layer, last_id: str) -> str:
    """The text with which a client asks for what comes after ``last_id``."""
    return base64.urlsafe_b64encode(_check(layer, last_id) + last_id.encode()).decode().rstrip("=")


def decode_cursor(layer: Layer, cursor: str) -> Any:
    """The identifier that a cursor of this layer stands for.

    Raises:
        InvalidParameterError: the text was cut, changed, or made for another layer.
    """
    refusal = InvalidParameterError("cursor", "this is not one that the layer gave; begin again without it.")
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), b"-_", validate=True)
        last_id = raw[_CHECK_BYTES:].decode()
    except (binascii.Error, UnicodeError) as error:
        raise refusal from error
    # The checksum keeps a cut text from passing as another, shorter identifier.
    if raw[:_CHECK_BYTES] != _check(layer, last_id):
        raise refusal
    return parse_value(layer.id_column, last_id, "cursor")


_CHECK_BYTES = 4


def _check(layer: Layer, last_id: str) -> bytes:
    return blake2b(f"{layer.name}\x1f{last_id}".encode(), digest_size=_CHECK_BYTES).digest()


def search_area(bbox: Bounds, srid: int) -> BaseGeometry:
    """The box in EPSG:4326, as the shape that it has there.

    Raises:
        InvalidParameterError: its south is beyond its north, or it has no place on Earth.
    """
    west, south, east, north = bbox
    geographic = CRS(srid).is_geographic
    if south > north or (west > east and not geographic):
        raise InvalidParameterError("bbox", "the lower corner comes first, then the upper one.")
    if geographic:
        west, east = max(west, -180.0), min(east, 180.0)
        south, north = max(south, -90.0), min(north, 90.0)
    if west > east:
        area = shapely.union(shapely.box(west, south, 180, north), shapely.box(-180, south, east, north))
    else:
        area = shapely.box(west, south, east, north)
    if srid == STORAGE_SRID:
        return area
    longest = max(east - west, north - south)
    if longest > 0:
        area = shapely.segmentize(area, longest / _EDGE_PARTS)
    here = shapely.transform(area, transformer(srid, STORAGE_SRID).transform, interleaved=False)
    if not shapely.is_valid(here) and area.area > 0:
        raise InvalidParameterError("bbox", f"the box reaches beyond where EPSG:{srid} is defined.")
    return here


def _conditions(query: FeatureQuery) -> list[ColumnElement[bool]]:
    layer = query.layer
    conditions: list[ColumnElement[bool]] = []
    if query.bbox is not None:
        area = func.ST_GeomFromWKB(search_area(query.bbox, query.bbox_srid).wkb, STORAGE_SRID)
        geometry = layer.geometry_column
        conditions += [geometry.op("&&")(area), func.ST_Intersects(geometry, area)]
    if query.interval is not None and layer.time_column is not None:
        conditions += _during(layer.table.c[layer.time_column], query.interval)
    for name, value in query.equals.items():
        column = layer.table.c[name]
        conditions.append(column.contains([value]) if isinstance(column.type, ARRAY) else column == value)
    return conditions


def _during(column: Column[Any], interval: Interval) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if interval.start is not None:
        conditions.append(column >= interval.start)
    if interval.end is not None:
        conditions.append(column <= interval.end if interval.end_included else column < interval.end)
    return conditions


def _after(layer: Layer, cursor: str) -> ColumnElement[bool]:
    return layer.id_column > decode_cursor(layer, cursor)


def _page_statement(query: FeatureQuery, conditions: list[ColumnElement[bool]]) -> Select[Any]:
    """The page as one row: its features in one text, how many rows were found, the last one's id.

    One row more than the limit is looked for: it says whether there is a next page, and
    is left out of the text.
    """
    layer = query.layer
    shown = [c for c in layer.properties if query.properties is None or c.name in query.properties]
    rows = (
        select(layer.id_column.label("_id"), layer.geometry_column.label("_geometry"), *shown)
        .where(*conditions)
        .order_by(layer.id_column)
        .limit(query.limit + 1)
        .subquery("rows")
    )
    properties = select(*(_readable(rows.c[c.name]).label(c.name) for c in shown)).lateral("properties")
    feature = func.concat(
        _sql_text('{"type":"Feature","id":'),
        func.to_json(cast(rows.c["_id"], SqlText)),
        _sql_text(',"geometry":'),
        func.coalesce(_geojson(layer, rows, query.crs), _sql_text("null")),
        _sql_text(',"properties":'),
        func.row_to_json(literal_column("properties")),
        _sql_text("}"),
    )
    page = (
        select(
            func.row_number().over(order_by=rows.c["_id"]).label("rank"),
            cast(rows.c["_id"], SqlText).label("id"),
            feature.label("feature"),
        )
        .select_from(rows.join(properties, literal(True)))
        .subquery("page")
    )
    in_order = postgresql.aggregate_order_by(_sql_text(","), page.c.rank)
    return select(
        func.string_agg(page.c.feature, in_order).filter(page.c.rank <= query.limit),
        func.count(),
        func.min(page.c.id).filter(page.c.rank == query.limit),
    )


def _readable(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Times as ISO 8601 with Z; everything else as PostgreSQL writes it in JSON."""
    if isinstance(column.type, DateTime):
        iso = func.to_json(func.timezone("UTC", column)).op("#>>")(literal_column("'{}'"))
        return iso.op("||")(_sql_text("Z"))
    return column


def _geojson(layer: Layer, rows: Subquery, crs: OutputCRS) -> ColumnElement[Any]:
    geometry: Any = rows.c["_geometry"]
    if "POLYGON" in layer.geometry_type:
        # RFC 7946, section 3.1.6: exterior rings run counterclockwise.
        geometry = func.ST_ForcePolygonCCW(geometry)
    if crs.srid != STORAGE_SRID:
        geometry = func.ST_Transform(geometry, crs.srid)
    if crs.y_first:
        geometry = func.ST_FlipCoordinates(geometry)
    digits = _DIGITS_DEGREES if CRS(crs.srid).is_geographic else _DIGITS_METRES
    return func.ST_AsGeoJSON(geometry, digits, 0)


def _sql_text(constant: str) -> ColumnElement[str]:
    """A constant of this module as SQL text; never anything from outside."""
    return literal_column(f"'{constant}'", SqlText)
